//! Tasks of the repository: `cargo xtask NAME`.

#![allow(clippy::print_stdout, reason = "a command-line tool prints")]

mod bench;
mod classifier;
mod corpus;
mod gateway;
mod layers;
mod ledger;
mod match_bench;
mod refusal;
mod resume;
mod stream;
mod worst;

use anyhow::{Result, bail};

const USAGE: &str = "usage: cargo xtask TASK

  layers                     hold the crates' imports against xtask/layers.toml
  refusal-model              train the refusal model and write it; --check: fail if the committed one differs;
                             --cross: score every training author with a model that has not seen that author
  bench match [--text FILE --words FILE] [--runs N] [--mb N]   the matcher against daachorse, aho-corasick and Hyperscan
  bench worst                 time and memory of texts made to hurt, and of ordinary text
  bench stream                what an answer in pieces costs, and what is held back of it
  bench classifier            what a text costs with each classifier, by length
  bench corpus [MB] [--rounds N] [--stages] [--peers VENV] [--guiju FILE]   CPU, time, memory of `guiju corpus scan` (default 40 MB)
  bench resume [MB] [KILLS]  a scan that is killed so many times comes out byte for byte as one that was left alone (default 2000, 5)
  bench ledger [ENTRIES] [--database URL]   durable entries a second, latency, proofs, verification, rotation (default 1000000)
  bench rotate [KEYS] [--database URL]      rotation of a tenant's key over so many persons' keys, three times (default 1000000)
  bench assess [N...]        CPU, time and memory of `guiju assess` against an instant mock on loopback (default 500 100000)
  bench gateway [--rounds N] [--seconds N] [--only NAME] [--peer litellm=VENV]   CPU, latency, memory of `guiju serve`, beside a peer";

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["layers"] => layers::check(),
        ["refusal-model", flags @ ..] => refusal::model(flags),
        ["bench", "assess", sizes @ ..] => bench::assess(sizes),
        ["bench", "classifier"] => classifier::run(),
        ["bench", "gateway", flags @ ..] => gateway::run(flags),
        ["bench", "corpus", flags @ ..] => corpus::run(flags),
        ["bench", "ledger", flags @ ..] => ledger::run(flags),
        ["bench", "rotate", flags @ ..] => ledger::rotate(flags),
        ["bench", "resume", arguments @ ..] => resume::run(arguments),
        ["bench", "stream"] => stream::run(),
        ["bench", "worst"] => worst::run(),
        ["bench", "match", flags @ ..] => match_bench::run(flags),
        _ => bail!(USAGE),
    }
}

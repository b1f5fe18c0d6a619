//! `cargo xtask bench gateway`: what `guiju serve` costs, beside a peer where one is installed, in one run on loopback.
//!
//! Each round starts each gateway anew in front of a model that costs nothing, and measures memory, CPU, latency and throughput one after the other. The model and
//! the clients are this very process, on the same cores: latencies and throughput are those of a machine that does both, CPU and memory are the gateway's own.

mod figures;
mod load;
mod subject;
mod text;
mod upstream;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use hyper::body::Bytes;

use crate::match_bench;
use figures::Rounds;
use subject::{Kind, Subject};

/// Clients of the closed loops: enough to keep two cores at work, few enough that nobody waits long.
const CLIENTS: usize = 8;

/// The time in which caches fill and connections are made.
const WARM_UP: Duration = Duration::from_millis(500);

/// Clients where the most requests a second are sought.
const MANY: usize = 64;

/// Streams at once while memory is measured.
const STREAMS: usize = 1_000;

/// Requests a second while latency is measured, and the fewer for a gateway that does not serve so many.
const BEAT: u32 = 500;
const SLOW_BEAT: u32 = 20;

/// Time in which what is written behind answers gets done; it counts as their cost.
const BEHIND: Duration = Duration::from_millis(500);

/// CPU ms of one request above which only CPU is measured: a thousand streams of such a gateway would be a minute's work, and never be open at once.
const HEAVY_MS: f64 = 25.0;

/// Our gateway with its lexicon, attack rules and personal information, for which the aims were set; with plain passes ahead of their records; and with each of the classifiers, which judge
/// meaning. The last is the built-in policy.
const OURS: &[Kind] = &[
    Kind::Guiju("guiju, rules", &[OFF]),
    Kind::Guiju("guiju, rules, must = decided", &[OFF, ("must    = \"all\"", "must    = \"decided\"")]),
    Kind::Guiju("guiju, linear", &[("classifier = \"full\"", "classifier = \"linear\"")]),
    Kind::Guiju("guiju, as it comes", &[]),
];

const OFF: (&str, &str) = ("classifier = \"full\"", "classifier = \"off\"");

/// What the command line asks.
struct Asked {
    rounds: usize,
    time: Duration,
    kinds: Vec<Kind>,
    peers: Vec<&'static str>,
}

pub(crate) fn run(arguments: &[&str]) -> Result<()> {
    let asked = Asked::read(arguments)?;
    let built = Command::new(env!("CARGO")).args(["build", "--quiet", "--release", "--package", "guiju"]).status()?;
    ensure!(built.success(), "the release build failed");
    let dir = std::env::temp_dir().join(format!("guiju-bench-gateway-{}", std::process::id()));
    let done = tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(measure(&asked, &dir));
    let _ = std::fs::remove_dir_all(&dir);
    done
}

impl Asked {
    fn read(arguments: &[&str]) -> Result<Self> {
        let mut asked = Self { rounds: 5, time: Duration::from_secs(4), kinds: OURS.to_vec(), peers: Vec::new() };
        let mut words = arguments.iter();
        while let Some(flag) = words.next() {
            let value = words.next().with_context(|| format!("{flag} needs a value"))?;
            match *flag {
                "--rounds" => asked.rounds = value.parse()?,
                "--seconds" => asked.time = Duration::from_secs(value.parse()?),
                "--only" => asked.kinds.retain(|kind| kind.name() == *value),
                "--peer" => {
                    let venv =
                        value.strip_prefix("litellm=").context("the peer we know is `litellm=DIRECTORY of its virtual environment`")?;
                    asked.kinds.push(Kind::Litellm(PathBuf::from(venv)));
                    asked.peers.push("litellm");
                }
                _ => bail!("bench gateway takes --rounds N, --seconds N, --only NAME, --peer litellm=DIRECTORY; not {flag}"),
            }
        }
        ensure!(!asked.kinds.is_empty(), "nothing is left to measure; the names are {:?}", OURS.iter().map(Kind::name).collect::<Vec<_>>());
        Ok(asked)
    }
}

async fn measure(asked: &Asked, dir: &std::path::Path) -> Result<()> {
    let model = upstream::start().await?;
    println!("{}", match_bench::machine("all used, by the gateway, its clients and the model"));
    let busy = || std::fs::read_to_string("/proc/loadavg").unwrap_or_default().split(' ').next().unwrap_or("?").to_owned();
    println!("{} rounds, {} s each measure; load of the machine before: {}", asked.rounds, asked.time.as_secs(), busy());
    let mut measured: Vec<(&'static str, Rounds)> = asked.kinds.iter().map(|kind| (kind.name(), Rounds::default())).collect();
    for round in 1..=asked.rounds {
        for (kind, (name, rounds)) in asked.kinds.iter().zip(&mut measured) {
            let place = dir.join(name.replace([' ', ',', '='], "-"));
            let _ = std::fs::remove_dir_all(&place);
            std::fs::create_dir_all(&place)?;
            let subject = kind.start(&place, model).await.with_context(|| name.to_string())?;
            one(&subject, model, asked.time, rounds).await.with_context(|| format!("{name}, round {round}"))?;
            println!("round {round}, {name}: done");
        }
    }
    println!("load of the machine after: {}", busy());
    figures::print(&measured, &asked.peers);
    Ok(())
}

/// One gateway, one round. Memory comes first, while nothing else has left its traces in it.
async fn one(subject: &Subject, model: SocketAddr, time: Duration, rounds: &mut Rounds) -> Result<()> {
    let (unary, stream) = (text::requests("instant", false), text::requests("instant", true));
    let is_heavy = cpu(subject, &unary, false, CLIENTS, WARM_UP).await? > HEAVY_MS;
    rounds.add("MB at rest", subject.resident_mb());
    if !is_heavy {
        rounds.add("MB at 1,000 streams", memory(subject).await?);
    }
    rounds.add("CPU ms, unary request", cpu(subject, &unary, false, CLIENTS, time).await?);
    rounds.add("CPU ms, stream at once", cpu(subject, &stream, true, CLIENTS, time).await?);
    rounds.add("CPU ms, stream of 10 ms", cpu(subject, &text::requests("paced-10", true), true, 4 * CLIENTS, time).await?);
    let most = load::closed(subject.address, &unary, false, MANY, time).await?;
    let a_second = most.answers as f64 / most.took.as_secs_f64();
    rounds.add("requests/s, most", a_second);
    if is_heavy {
        Ok(())
    } else {
        latency(subject, model, &unary, if a_second < f64::from(BEAT) { SLOW_BEAT } else { BEAT }, time, rounds).await
    }
}

/// Times through the gateway, and those of the model itself just before.
async fn latency(subject: &Subject, model: SocketAddr, unary: &[Bytes], beat: u32, time: Duration, rounds: &mut Rounds) -> Result<()> {
    rounds.add(figures::BEAT, f64::from(beat));
    let direct = load::on_a_beat(model, unary, beat, time).await?;
    let through = load::on_a_beat(subject.address, unary, beat, time).await?;
    for (name, added, share) in [("p50 ms", "p50 ms added", 0.5), ("p99 ms", "p99 ms added", 0.99)] {
        rounds.add(name, at(&through, share));
        rounds.add(added, at(&through, share) - at(&direct, share));
    }
    Ok(())
}

/// The most memory in use while all streams are open.
async fn memory(subject: &Subject) -> Result<f64> {
    let (open, bodies) = (Arc::new(AtomicUsize::new(0)), text::requests("paced-50", true));
    let streams = tokio::spawn({
        let (address, open) = (subject.address, Arc::clone(&open));
        async move { load::together(address, &bodies, STREAMS, open).await }
    });
    let (mut most_mb, mut most_open) = (0.0_f64, 0);
    while !streams.is_finished() {
        most_mb = most_mb.max(subject.resident_mb());
        most_open = most_open.max(open.load(Ordering::Relaxed));
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    streams.await??;
    if most_open < STREAMS {
        println!("only {most_open} of {STREAMS} streams were open at once");
    }
    Ok(most_mb)
}

/// CPU of one request, in ms.
async fn cpu(subject: &Subject, bodies: &[Bytes], stream: bool, clients: usize, time: Duration) -> Result<f64> {
    let before = subject.cpu_s();
    let done = load::closed(subject.address, bodies, stream, clients, time).await?;
    tokio::time::sleep(BEHIND).await;
    Ok((subject.cpu_s() - before) * 1e3 / done.answers as f64)
}

fn at(sorted: &[Duration], share: f64) -> f64 {
    sorted.get((sorted.len() as f64 * share) as usize).map_or(f64::NAN, |time| time.as_secs_f64() * 1e3)
}

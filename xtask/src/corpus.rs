//! `cargo xtask bench corpus`: what `guiju corpus scan` costs in CPU, time and memory, with one thread and with two.
//!
//! The whole process is measured, as a user starts it: reading, decompressing, judging, signatures, findings, and the summary at the end. The linear
//! classifier is off, as in the aim (keywords, rules, personal information, signatures). MB are millions of bytes of text, without the JSON around it.

mod files;
mod peers;
mod stages;
mod text;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};

use crate::bench::{children_cpu, peak, release};
use crate::match_bench::{machine, median};

/// Keywords of the lexicon without disguises: what the aim speaks of.
const KEYWORDS: usize = 10_000;

const USAGE: &str = "usage: cargo xtask bench corpus [MB] [--rounds N] [--stages] [--peers VENV] [--guiju FILE]";

struct Options<'a> {
    mb: usize,
    rounds: usize,
    stages: bool,
    peers: Option<&'a Path>,
    /// A program that was built before, to compare two; without it, one is built.
    guiju: Option<&'a Path>,
}

fn parse<'a>(arguments: &[&'a str]) -> Result<Options<'a>> {
    let mut options = Options { mb: 40, rounds: 3, stages: false, peers: None, guiju: None };
    let mut rest = arguments;
    while let [first, more @ ..] = rest {
        rest = match (*first, more) {
            ("--stages", _) => {
                options.stages = true;
                more
            }
            ("--rounds", [n, more @ ..]) => {
                options.rounds = n.parse().context("--rounds takes a number")?;
                more
            }
            ("--peers", [venv, more @ ..]) => {
                options.peers = Some(Path::new(*venv));
                more
            }
            ("--guiju", [file, more @ ..]) => {
                options.guiju = Some(Path::new(*file));
                more
            }
            (mb, _) => {
                options.mb = mb.parse().context(USAGE)?;
                more
            }
        };
    }
    ensure!((1..=100_000).contains(&options.mb) && (1..=100).contains(&options.rounds), USAGE);
    Ok(options)
}

/// Makes the corpus, scans it, and says what that cost.
pub(crate) fn run(arguments: &[&str]) -> Result<()> {
    let options = parse(arguments)?;
    let root = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
    let guiju = match options.guiju {
        Some(file) => std::path::absolute(file)?,
        None => release()?,
    };
    let dir = std::env::temp_dir().join(format!("guiju-bench-corpus-{}", std::process::id()));
    let done = measured(&options, root, &dir, guiju);
    let _ = std::fs::remove_dir_all(&dir);
    done
}

fn measured(options: &Options<'_>, root: &Path, dir: &Path, guiju: PathBuf) -> Result<()> {
    println!("{}", machine("one or two used"));
    let bytes = make(root, &dir.join("corpus"), options.mb)?;
    let folding = dir.join("lexicon");
    let words = stages::folding_lexicon(root, &folding, KEYWORDS)?;
    let count = words.len();
    println!(
        "{:.1} MB of text, three quarters as JSON lines with zstd, a quarter as Parquet; {} rounds",
        bytes as f64 / 1e6,
        options.rounds
    );
    println!("\nmedian (least–most)                              MB/CPU s            CPU s   wall s  peak MB");
    let bench = Bench { guiju, dir, mb: bytes as f64 / 1e6, rounds: options.rounds };
    bench.both(&format!("{count} keywords, folding"), Some(&folding))?;
    bench.both("built-in lexicon, all disguises", None)?;
    if options.stages {
        stages::print(&dir.join("corpus"), &folding, options.rounds)?;
    }
    if let Some(venv) = options.peers {
        peers::print(&text::Pool::read(root)?, venv, dir, &words, options.rounds)?;
    }
    Ok(())
}

/// Writes so many MB of text into a directory, the same on every machine; how many bytes there are.
pub(crate) fn make(root: &Path, dir: &Path, mb: usize) -> Result<usize> {
    files::write(&text::Pool::read(root)?, dir, mb * 1_000_000)
}

struct Bench<'a> {
    guiju: PathBuf,
    dir: &'a Path,
    mb: f64,
    rounds: usize,
}

/// What one scan cost.
struct Cost {
    cpu: f64,
    wall: f64,
    peak_mb: u64,
}

impl Bench<'_> {
    /// One thread and two, in turns, so that both meet the same neighbours.
    fn both(&self, name: &str, lexicon: Option<&Path>) -> Result<()> {
        let (mut one, mut two) = (Vec::new(), Vec::new());
        for _ in 0..self.rounds {
            one.push(self.scan(lexicon, 1)?);
            two.push(self.scan(lexicon, 2)?);
        }
        self.line(name, "1 thread ", &one);
        self.line(name, "2 threads", &two);
        let of = |costs: &[Cost], what: fn(&Cost) -> f64| median(&mut costs.iter().map(what).collect::<Vec<_>>());
        let (wall, cpu) = (of(&one, |c| c.wall) / of(&two, |c| c.wall), of(&two, |c| c.cpu) / of(&one, |c| c.cpu));
        println!("  two threads are {wall:.2} times as fast as one, for {cpu:.2} times the CPU");
        Ok(())
    }

    fn line(&self, name: &str, threads: &str, costs: &[Cost]) {
        let mut rates: Vec<f64> = costs.iter().map(|cost| self.mb / cost.cpu).collect();
        let (least, most) = rates.iter().fold((f64::MAX, 0.0_f64), |(least, most), rate| (least.min(*rate), most.max(*rate)));
        let peak = costs.iter().map(|cost| cost.peak_mb).max().unwrap_or_default();
        let of = |what: fn(&Cost) -> f64| median(&mut costs.iter().map(what).collect::<Vec<_>>());
        let rate = format!("{:.1} ({least:.1}–{most:.1})", median(&mut rates));
        println!("{name:34} {threads} {rate:>20} {:>9.2} {:>8.2} {peak:>8}", of(|c| c.cpu), of(|c| c.wall));
    }

    fn scan(&self, lexicon: Option<&Path>, threads: usize) -> Result<Cost> {
        let out = self.dir.join("out");
        let _ = std::fs::remove_dir_all(&out);
        let (before, begun) = (children_cpu()?, Instant::now());
        let mut command = Command::new(&self.guiju);
        command.args(["corpus", "scan", "corpus", "--out", "out", "--classifier", "off", "--threads", &threads.to_string()]);
        if let Some(lexicon) = lexicon {
            command.arg("--lexicon").arg(lexicon);
        }
        let mut child = command.current_dir(self.dir).stdout(Stdio::null()).stderr(Stdio::null()).spawn()?;
        let mut peak_mb = 0;
        let status = loop {
            peak_mb = peak_mb.max(peak(child.id()));
            if let Some(status) = child.try_wait()? {
                break status;
            }
            std::thread::sleep(Duration::from_millis(5));
        };
        if !status.success() {
            bail!("guiju corpus scan ended with {status}");
        }
        Ok(Cost { cpu: children_cpu()? - before, wall: begun.elapsed().as_secs_f64(), peak_mb })
    }
}

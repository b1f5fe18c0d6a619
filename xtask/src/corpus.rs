//! `cargo xtask bench corpus`: what a scan of training data costs, in CPU and memory, with one thread and with two.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

use crate::bench::{children_cpu, peak};

/// Sentences of a row, at least and at most: a row of the public corpora has about 1 KB.
const SENTENCES: std::ops::RangeInclusive<u64> = 3..=25;
/// One row in so many holds something to be found.
const ONE_IN: u64 = 50;

/// Scans so many MB of JSON lines made of our own clean texts, seeded, with the linear classifier off.
pub(crate) fn run(megabytes: &[&str]) -> Result<()> {
    let mb: usize = megabytes.first().map_or(Ok(64), |mb| mb.parse())?;
    let built = Command::new(env!("CARGO")).args(["build", "--quiet", "--release", "--package", "guiju"]).status()?;
    ensure!(built.success(), "the release build failed");
    let guiju = std::env::current_exe()?.with_file_name("guiju");
    let dir = std::env::temp_dir().join(format!("guiju-bench-corpus-{mb}"));
    let _ = std::fs::remove_dir_all(&dir);
    std::fs::create_dir_all(&dir)?;
    make(&dir.join("corpus.jsonl"), mb << 20)?;
    println!("threads   CPU s   wall s   MB/CPU s   MB/wall s   peak MB");
    let mut walls = Vec::new();
    for threads in [1, 2] {
        let (cpu, wall, peak_mb) = scan(&guiju, &dir, threads)?;
        println!("{threads:>7} {cpu:>7.2} {wall:>8.2} {:>10.1} {:>11.1} {peak_mb:>9}", mb as f64 / cpu, mb as f64 / wall);
        walls.push(wall);
    }
    if let [one, two] = walls[..] {
        println!("two threads are {:.2} times as fast as one", one / two);
    }
    Ok(std::fs::remove_dir_all(&dir)?)
}

/// JSON lines of random sentences; the same on every machine.
pub(crate) fn make(path: &Path, bytes: usize) -> Result<()> {
    let clean = detect::clean_corpus();
    let mut file = std::io::BufWriter::new(std::fs::File::create(path)?);
    let (mut state, mut written) = (1_u64, 0);
    let mut random = move |below: u64| {
        // A linear congruential generator (Knuth, MMIX): it need not be good, only the same everywhere.
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % below
    };
    while written < bytes {
        let sentences = SENTENCES.start() + random(SENTENCES.end() - SENTENCES.start() + 1);
        let mut text: String = (0..sentences).filter_map(|_| clean.get(random(clean.len() as u64) as usize).copied()).collect();
        if random(ONE_IN) == 0 {
            text.push_str("长期代开各类发票，联系电话13812345678。");
        }
        let line = format!("{}\n", serde_json::json!({"text": text}));
        written += line.len();
        file.write_all(line.as_bytes())?;
    }
    file.flush().context("the corpus could not be written")
}

/// CPU seconds, wall seconds and peak memory of a scan.
fn scan(guiju: &Path, dir: &Path, threads: usize) -> Result<(f64, f64, u64)> {
    let (before, begun) = (children_cpu()?, Instant::now());
    let mut child = Command::new(guiju)
        .args(["corpus", "scan", "corpus.jsonl", "--classifier", "off", "--threads", &threads.to_string()])
        .args(["--out", &format!("out-{threads}")])
        .current_dir(dir)
        .stdout(Stdio::null())
        .spawn()?;
    let mut peak_mb = 0;
    let status = loop {
        peak_mb = peak_mb.max(peak(child.id()));
        if let Some(status) = child.try_wait()? {
            break status;
        }
        std::thread::sleep(Duration::from_millis(5));
    };
    ensure!(status.success(), "guiju corpus scan ended with {status}");
    Ok((children_cpu()? - before, begun.elapsed().as_secs_f64(), peak_mb))
}

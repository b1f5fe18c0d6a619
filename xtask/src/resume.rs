//! `cargo xtask bench resume`: a scan that is killed again and again comes out, byte for byte, as one that was left alone.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

use crate::bench::{peak, release};
use crate::corpus;

/// What a kill waits for: so much of the corpus has been done since the one before, so that the kills are spread over the whole of it.
fn share(shards: usize, kills: usize) -> usize {
    (shards / (kills + 1)).max(1)
}

/// Makes so many MB (2,000), scans them undisturbed, scans them again killed so many times (5), and compares.
pub(crate) fn run(arguments: &[&str]) -> Result<()> {
    let mb: usize = arguments.first().map_or(Ok(2_000), |mb| mb.parse())?;
    let kills: usize = arguments.get(1).map_or(Ok(5), |kills| kills.parse())?;
    let guiju = release()?;
    let dir = std::env::temp_dir().join(format!("guiju-bench-resume-{mb}"));
    let _ = std::fs::remove_dir_all(&dir);
    std::fs::create_dir_all(&dir)?;
    let bytes = corpus::make(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/..")), &dir.join("corpus"), mb)?;
    let (wall, whole_peak) = watch(start(&guiju, &dir, "whole")?, |_| false)?;
    let shards = done(&dir.join("whole"));
    println!(
        "undisturbed: {:.0} MB of text in {shards} shards, {:.0} s, peak memory {whole_peak} MB",
        bytes as f64 / 1e6,
        wall.as_secs_f64()
    );
    let mut most = 0;
    for kill in 1..=kills {
        let before = done(&dir.join("killed"));
        let (wall, peak) = watch(start(&guiju, &dir, "killed")?, |_| done(&dir.join("killed")) >= before + share(shards, kills))?;
        most = most.max(peak);
        println!("kill -9 number {kill} after {:.0} s: {} of {shards} shards done", wall.as_secs_f64(), done(&dir.join("killed")));
        ensure!(done(&dir.join("killed")) < shards, "the scan was over before it was killed; make the corpus larger");
    }
    let (_, peak) = watch(start(&guiju, &dir, "killed")?, |_| false)?;
    let (whole, killed) = (dir.join("whole"), dir.join("killed"));
    let names = &files(&whole, Path::new(""))? | &files(&killed, Path::new(""))?;
    let different = different(&whole, &killed, &names);
    ensure!(different.is_empty(), "these files differ: {different:?}");
    println!("killed {kills} times and resumed: {} files, all the same byte for byte; peak memory {} MB", names.len(), most.max(peak));
    Ok(std::fs::remove_dir_all(&dir)?)
}

fn start(guiju: &Path, dir: &Path, out: &str) -> Result<Child> {
    let mut command = Command::new(guiju);
    command.args(["corpus", "scan", "corpus", "--classifier", "off", "--out", out]);
    Ok(command.current_dir(dir).stdout(Stdio::null()).stderr(Stdio::null()).spawn()?)
}

/// Waits for the scan to end, or kills it when it is time. How long it ran, and its peak memory in MB.
fn watch(mut child: Child, time: impl Fn(&Child) -> bool) -> Result<(Duration, u64)> {
    let (begun, mut most) = (Instant::now(), 0);
    loop {
        most = most.max(peak(child.id()));
        if let Some(status) = child.try_wait()? {
            ensure!(status.success(), "guiju corpus scan ended with {status}");
            return Ok((begun.elapsed(), most));
        }
        if time(&child) {
            child.kill()?;
            child.wait()?;
            return Ok((begun.elapsed(), most));
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Shards that have a record.
fn done(dir: &Path) -> usize {
    let entries = std::fs::read_dir(dir.join("shards")).into_iter().flatten().flatten();
    entries.filter(|entry| entry.path().extension().is_some_and(|ending| ending == "json")).count()
}

/// Every file below a directory but the one that says when things happened.
fn files(dir: &Path, below: &Path) -> Result<BTreeSet<PathBuf>> {
    let mut found = BTreeSet::new();
    for entry in std::fs::read_dir(dir.join(below)).with_context(|| dir.display().to_string())? {
        let path = below.join(entry?.file_name());
        if dir.join(&path).is_dir() {
            found.extend(files(dir, &path)?);
        } else if path != Path::new("times.jsonl") {
            found.insert(path);
        }
    }
    Ok(found)
}

/// The files that only one of them has, or that differ.
fn different(a: &Path, b: &Path, names: &BTreeSet<PathBuf>) -> Vec<PathBuf> {
    let read = |dir: &Path, name: &PathBuf| std::fs::read(dir.join(name)).ok();
    names.iter().filter(|name| read(a, name).is_none_or(|bytes| read(b, name).as_ref() != Some(&bytes))).cloned().collect()
}

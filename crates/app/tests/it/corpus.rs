//! `guiju corpus` from outside: a scan that is killed goes on, a disk that is full says so, and what it finds is applied and explained.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::workdir::{Workdir, assert_code, text};

/// A corpus of several files, so that a killed scan has something done and something left.
fn corpus_in(dir: &Workdir, files: usize, rows: usize) {
    let clean = ["今天天气很好，适合出门散步。", "The library opens at nine.", "请把材料寄给张伟，手机13987654321。", "长期代开各类发票。"];
    for file in 0..files {
        let row = |at: usize| format!("{{\"text\":\"{} 第 {file} 卷 {at}\"}}\n", clean[at % clean.len()].repeat(8));
        dir.write(&format!("in/{file:02}.jsonl"), &(0..rows).map(row).collect::<String>());
    }
}

/// The deterministic files of a scan.
fn files(dir: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        let name = PathBuf::from(path.file_name().unwrap());
        if path.is_dir() {
            found.extend(files(&path).into_iter().map(|(below, bytes)| (name.join(below), bytes)));
        } else if name != Path::new("times.jsonl") {
            found.insert(name, std::fs::read(&path).unwrap());
        }
    }
    found
}

const SCAN: [&str; 6] = ["corpus", "scan", "in", "--classifier", "off", "--threads"];

#[test]
fn a_killed_scan_goes_on_and_comes_out_the_same() {
    let dir = Workdir::new("corpus-kill");
    corpus_in(&dir, 12, 400);
    let scan = |out| [SCAN.as_slice(), &["1", "--out", out]].concat();
    assert_code(&dir.guiju(&scan("whole")), 0);
    for _ in 0..3 {
        let mut child = dir.spawn(&scan("killed"));
        let begun = Instant::now();
        let done = || std::fs::read_dir(dir.path().join("killed/shards")).map_or(0, |entries| entries.count());
        let before = done();
        while done() < before + 3 && child.try_wait().unwrap().is_none() && begun.elapsed() < Duration::from_secs(60) {
            std::thread::sleep(Duration::from_millis(1));
        }
        child.kill().unwrap();
        child.wait().unwrap();
    }
    assert!(!dir.path().join("killed/summary.json").exists(), "the scan was over before it was killed: make the corpus larger");
    assert_code(&dir.guiju(&scan("killed")), 0);
    assert_eq!(files(&dir.path().join("killed")), files(&dir.path().join("whole")));
    assert_code(&dir.guiju(&["corpus", "check", "killed"]), 0);
}

#[test]
fn found_applied_explained() {
    let dir = Workdir::new("corpus-whole");
    corpus_in(&dir, 1, 8);
    let input = std::fs::read_to_string(dir.path().join("in/00.jsonl")).unwrap() + "{\"content\":\"x\"}\n";
    dir.write("in/00.jsonl", &input);
    let scanned = dir.guiju(&[SCAN.as_slice(), &["2", "--out", "out"]].concat());
    assert_code(&scanned, 1);
    assert!(text(&scanned).contains("rows judged 8, not readable 1"), "{}", text(&scanned));
    let summary: serde_json::Value = serde_json::from_slice(&std::fs::read(dir.path().join("out/summary.json")).unwrap()).unwrap();
    assert_eq!((&summary["judged"], &summary["suspected"]["rows"]), (&8.into(), &2.into()), "{summary}");
    let applied = dir.guiju(&["corpus", "apply", "out", "--out", "done"]);
    assert!(text(&applied).contains("kept 4, redacted 2, quarantined 2, copies 0, broken 1"), "{}", text(&applied));
    let explained = dir.guiju(&["corpus", "explain", "out", "in/00.jsonl:4"]);
    assert!(text(&explained).contains("代开各类发票") && text(&explained).contains("拒绝"), "{}", text(&explained));
    assert_code(&dir.guiju(&["corpus", "explain", "out", "in/00.jsonl:99"]), 3);
    assert_code(&dir.guiju(&["corpus", "merge", "out", "--lang", "en"]), 1);
    assert!(std::fs::read_to_string(dir.path().join("out/summary.html")).unwrap().contains("Scan of training data"));
    assert_code(&dir.guiju(&[SCAN.as_slice(), &["2", "--out", "small", "--shard-bytes", "100"]].concat()), 1);
    assert!(dir.path().join("small/shards/000008.json").exists(), "a shard for each row");
    let other = dir.guiju(&[SCAN.as_slice(), &["2", "--out", "out", "--text", "content"]].concat());
    assert_code(&other, 3);
    assert!(text(&other).contains("holds another scan"), "{}", text(&other));
}

/// A limit on the size of files fails a write as a full disk does.
#[cfg(unix)]
#[test]
fn a_full_disk_says_so_and_loses_nothing() {
    let dir = Workdir::new("corpus-full");
    corpus_in(&dir, 2, 3_000);
    let limited = |blocks: u32| {
        let line = format!(
            "trap '' XFSZ; ulimit -f {blocks}; exec '{}' corpus scan in --classifier off --threads 1 --out out",
            env!("CARGO_BIN_EXE_guiju")
        );
        Command::new("sh").args(["-c", &line]).current_dir(dir.path()).stdin(Stdio::null()).output().unwrap()
    };
    let full = limited(16);
    assert_code(&full, 3);
    assert!(text(&full).contains("make room, and give the same command again"), "{}", text(&full));
    let shards: Vec<_> = std::fs::read_dir(dir.path().join("out/shards")).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert!(shards.iter().all(|path| path.extension().is_none_or(|ending| ending != "tmp")), "{shards:?}");
    assert_code(&dir.guiju(&[SCAN.as_slice(), &["1", "--out", "out"]].concat()), 0);
}

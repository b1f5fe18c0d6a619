//! What is done stays done: a scan that was cut short goes on, and comes out byte for byte as one that was not.

use corpus::Scan;
use taxonomy::Lang;

use crate::work::{Nothing, PIPELINE, TEXTS, Work, files, jsonl};

fn corpus_of(work: &Work) -> corpus::Manifest {
    let many: Vec<&str> = TEXTS.iter().copied().cycle().take(300).collect();
    let manifest = work.manifest(&[work.write("a.jsonl", &jsonl(&many))], 2_000);
    assert!(manifest.shards.len() > 8);
    manifest
}

#[test]
fn a_scan_goes_on_from_whatever_a_crash_left() {
    let work = Work::new();
    let manifest = corpus_of(&work);
    work.scan(&manifest, "whole", 2);
    work.scan(&manifest, "broken", 2);
    // Findings without a record, half-written files, nothing at all: what crashes at every step leave.
    let shards = work.path("broken/shards");
    std::fs::remove_file(shards.join("000001.json")).unwrap();
    std::fs::remove_file(shards.join("000002.json")).unwrap();
    std::fs::write(shards.join("000002.findings.parquet"), b"PAR1 half").unwrap();
    std::fs::write(shards.join("000003.findings.parquet.tmp"), b"half").unwrap();
    std::fs::remove_file(shards.join("000003.json")).unwrap();
    std::fs::remove_file(shards.join("000003.findings.parquet")).unwrap();
    std::fs::remove_file(work.path("broken/summary.json")).unwrap();
    assert!(!corpus::check(&work.path("broken"), &manifest).unwrap().is_empty());
    work.scan(&manifest, "broken", 1);
    assert_eq!(files(&work.path("broken")), files(&work.path("whole")));
    assert!(corpus::check(&work.path("broken"), &manifest).unwrap().is_empty());
}

#[test]
fn parts_of_several_machines_come_together() {
    let work = Work::new();
    let manifest = corpus_of(&work);
    work.scan(&manifest, "whole", 1);
    for k in 0..3 {
        let dir = work.path(&format!("part-{k}"));
        std::fs::create_dir(&dir).unwrap();
        manifest.write(&dir).unwrap();
        Scan { dir: &dir, manifest: &manifest, pipeline: &PIPELINE, threads: 1, part: (k, 3) }.run(&Nothing).unwrap();
    }
    let dir = work.path("part-0");
    for other in ["part-1", "part-2"] {
        corpus::take(&dir, &manifest, &work.path(other)).unwrap();
    }
    corpus::summary::merge(&dir, &manifest, Lang::Zh).unwrap();
    assert_eq!(files(&dir), files(&work.path("whole")));
}

#[test]
fn findings_that_were_changed_are_named() {
    let work = Work::new();
    let manifest = corpus_of(&work);
    work.scan(&manifest, "out", 2);
    let path = work.path("out/shards/000002.findings.parquet");
    let mut bytes = std::fs::read(&path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&path, bytes).unwrap();
    let troubles = corpus::check(&work.path("out"), &manifest).unwrap();
    assert!(troubles.len() == 1 && troubles[0].starts_with("shard 2: "), "{troubles:?}");
}

#[test]
fn two_scans_do_not_write_into_one_directory() {
    let work = Work::new();
    let manifest = corpus_of(&work);
    let dir = work.path("out");
    std::fs::create_dir_all(&dir).unwrap();
    let held = std::fs::File::create(dir.join("lock")).unwrap();
    held.lock().unwrap();
    let scan = Scan { dir: &dir, manifest: &manifest, pipeline: &PIPELINE, threads: 1, part: (0, 1) };
    assert!(scan.run(&Nothing).unwrap_err().to_string().contains("another scan"));
    drop(held);
    assert!(scan.run(&Nothing).unwrap().is_empty());
}

#[test]
fn shards_handed_out_one_by_one_and_twice_are_those_of_a_whole_scan() {
    let work = Work::new();
    let manifest = corpus_of(&work);
    work.scan(&manifest, "whole", 2);
    let dir = work.path("ones");
    std::fs::create_dir_all(dir.join("shards")).unwrap();
    manifest.write(&dir).unwrap();
    // What a task that was killed left: half of the findings, under the name that the next one would take.
    std::fs::write(dir.join("shards/000001.findings.parquet.0.tmp"), b"half").unwrap();
    let scan = Scan { dir: &dir, manifest: &manifest, pipeline: &PIPELINE, threads: 1, part: (0, 1) };
    // Every shard twice at the same time, as when a machine is given up that is still at work.
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| manifest.shards.iter().for_each(|shard| assert_eq!(scan.one(shard.id).unwrap().shard, shard.id)));
        }
    });
    corpus::summary::merge(&dir, &manifest, Lang::Zh).unwrap();
    assert_eq!(files(&dir), files(&work.path("whole")));
}

#[test]
fn a_shard_is_not_scanned_where_it_would_come_out_otherwise() {
    let work = Work::new();
    let manifest = corpus_of(&work);
    let dir = work.path("out");
    std::fs::create_dir_all(&dir).unwrap();
    let scan = Scan { dir: &dir, manifest: &manifest, pipeline: &PIPELINE, threads: 1, part: (0, 1) };
    assert!(scan.one(99_999).unwrap_err().to_string().contains("no shard 99999"));
    let mut other = manifest.clone();
    other.settings.versions.pop();
    let scan = Scan { manifest: &other, ..scan };
    let error = scan.one(0).unwrap_err().to_string();
    assert!(error.contains("other detectors") && error.contains(manifest.settings.versions.last().unwrap()), "{error}");
    // A scan of the whole and a scan of one shard keep each other out; two of one shard do not.
    let scan = Scan { manifest: &manifest, ..scan };
    let held = std::fs::File::create(dir.join("lock")).unwrap();
    held.lock().unwrap();
    assert!(scan.one(0).unwrap_err().to_string().contains("another scan"));
    held.unlock().unwrap();
    held.lock_shared().unwrap();
    assert!(scan.run(&Nothing).unwrap_err().to_string().contains("another scan"));
    scan.one(0).unwrap();
    let record = std::fs::read(dir.join("shards/000000.json")).unwrap();
    // What has a record is not done again, even if its input is gone.
    std::fs::remove_file(work.path("a.jsonl")).unwrap();
    scan.one(0).unwrap();
    assert_eq!(std::fs::read(dir.join("shards/000000.json")).unwrap(), record);
    assert!(matches!(scan.one(1).unwrap_err(), corpus::CorpusError::Io { .. }));
}

#[test]
fn only_the_same_command_goes_on() {
    let work = Work::new();
    let manifest = corpus_of(&work);
    let (dir, input) = (work.path("out"), work.path("a.jsonl"));
    let resume = |inputs: &[std::path::PathBuf], settings| corpus::Manifest::resume(&dir, inputs, settings);
    assert_eq!(resume(std::slice::from_ref(&input), &manifest.settings).unwrap(), None);
    std::fs::create_dir_all(&dir).unwrap();
    manifest.write(&dir).unwrap();
    assert_eq!(resume(std::slice::from_ref(&input), &manifest.settings).unwrap().as_ref(), Some(&manifest));
    let mut other = manifest.settings.clone();
    other.shard_bytes = 7;
    other.versions.pop();
    let error = resume(std::slice::from_ref(&input), &other).unwrap_err().to_string();
    assert!(error.contains("2000 bytes, not 7") && error.contains(manifest.settings.versions.last().unwrap()), "{error}");
    assert!(resume(&[work.path("b.jsonl")], &manifest.settings).unwrap_err().to_string().contains("a scan of"));
}

#[test]
fn a_machine_with_another_file_does_not_spoil_what_is_there() {
    let work = Work::new();
    let manifest = corpus_of(&work);
    work.scan(&manifest, "whole", 1);
    work.scan(&manifest, "out", 1);
    let dir = work.path("out");
    // As on a machine that comes late, and on which the first text is another.
    std::fs::remove_file(dir.join("shards/000000.json")).unwrap();
    let input = std::fs::read_to_string(work.path("a.jsonl")).unwrap();
    std::fs::write(work.path("a.jsonl"), input.replacen("天气", "空气", 1)).unwrap();
    let scan = Scan { dir: &dir, manifest: &manifest, pipeline: &PIPELINE, threads: 1, part: (0, 1) };
    assert!(matches!(scan.one(0).unwrap_err(), corpus::CorpusError::Changed { .. }));
    std::fs::write(work.path("a.jsonl"), input).unwrap();
    let findings = "shards/000000.findings.parquet";
    assert_eq!(std::fs::read(dir.join(findings)).unwrap(), std::fs::read(work.path("whole").join(findings)).unwrap());
}

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

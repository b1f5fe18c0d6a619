//! Every row of a scan can be proven, and nothing else can.

use corpus::Manifest;
use corpus::lineage::{Lineage, Link, Place, Proof, ProofError, ScannedPart, ScannedRow, trace};
use keys::digest::hex;
use proptest::prelude::*;
use taxonomy::Decision;

use crate::log::{Entry, Log};
use crate::work::{TEXTS, Work, jsonl};

/// A scan in a log.
fn recorded(log: &mut Log, lineage: &Lineage) -> Entry {
    log.record("other", &[("root", "00".to_owned())]);
    let (shards, rows) = (lineage.leaves.len().to_string(), lineage.rows.to_string());
    log.record("corpus.scan", &[("source", "news".to_owned()), ("root", hex(&lineage.root)), ("shards", shards), ("rows", rows)])
}

fn proof(work: &Work, manifest: &Manifest, log: &Log, entry: &Entry, place: &str) -> Proof {
    let traced = trace(&work.path("out"), manifest, &place.parse().unwrap()).unwrap();
    Proof::new(traced.link(entry.statement.to_string(), &entry.leaf, log.receipt(entry)), Vec::new())
}

fn failed_at(proof: &Proof, log: &Log) -> String {
    match proof.check(&log.policy()) {
        Err(ProofError::Disproved { step, .. }) => step,
        other => panic!("{other:?}"),
    }
}

type Scan = Link<ScannedRow, ScannedPart>;

/// What somebody does to a proof.
type Forged = Box<dyn Fn(&mut Scan)>;

#[test]
fn a_proof_holds_with_the_key_alone_and_whatever_is_changed_is_named() {
    let work = Work::new();
    let many: Vec<&str> = TEXTS.iter().copied().cycle().take(120).collect();
    let bytes = [jsonl(&many), b"not json\n".to_vec()].concat();
    let manifest = work.manifest(&[work.write("a.jsonl", &bytes)], 1_500);
    work.scan(&manifest, "out", 2);
    let lineage = Lineage::verified(&work.path("out"), &manifest).unwrap();
    assert!(lineage.leaves.len() > 4 && (lineage.rows, lineage.broken) == (121, 1));
    let mut log = Log::new(1);
    let entry = recorded(&mut log, &lineage);
    let shown = proof(&work, &manifest, &log, &entry, "a.jsonl:2");
    let checked = shown.check(&log.policy()).unwrap();
    assert!(shown.scan.row.findings.len() > 1);
    assert_eq!((checked.source.as_str(), checked.entries.len()), ("news", 1));
    let again = Proof::parse(&shown.bytes()).unwrap();
    assert_eq!(again, shown);
    let broken = proof(&work, &manifest, &log, &entry, "a.jsonl:121");
    assert!(broken.check(&log.policy()).is_ok() && broken.scan.row.broken.is_some());

    let other = proof(&work, &manifest, &log, &entry, "a.jsonl:40");
    let changes: Vec<(&str, Forged)> = vec![
        ("scan: row", Box::new(|scan| scan.row.decision = Decision::Pass)),
        ("scan: row", Box::new(|scan| scan.row.line += 1)),
        ("scan: row", Box::new(|scan| scan.row.hash = Some("00".repeat(16)))),
        ("scan: row", Box::new(|scan| scan.row.findings.truncate(1))),
        ("scan: row", Box::new(|scan| scan.row.findings[0].score = 0.1)),
        ("scan: row", Box::new(|scan| scan.row_index += 1)),
        ("scan: row", Box::new(|scan| drop(scan.row_path.pop()))),
        ("scan: row", Box::new(|scan| scan.row_path = vec!["00".repeat(32); 64])),
        ("scan: row", Box::new(|scan| scan.row_path[0] = "no hash".to_owned())),
        ("scan: row", Box::new(|scan| scan.part.rows *= 1_000)),
        ("scan: row", Box::new(|scan| scan.part.root = "00".repeat(32))),
        ("scan: row", Box::new(move |scan| scan.row = other.scan.row.clone())),
        ("scan: part", Box::new(|scan| scan.part.file.push('x'))),
        ("scan: part", Box::new(|scan| scan.part.sha256 = "00".repeat(32))),
        ("scan: part", Box::new(|scan| scan.part.end += 1)),
        ("scan: part", Box::new(|scan| scan.part.findings = "00".repeat(32))),
        ("scan: part", Box::new(|scan| scan.part_path.clear())),
        ("scan: part", Box::new(|scan| scan.statement = scan.statement.replace("shards ", "shards 1"))),
        ("scan: statement", Box::new(|scan| scan.statement = scan.statement.replace("corpus.scan", "corpus.export"))),
        ("scan: statement", Box::new(|scan| scan.statement.truncate(9))),
        ("scan: entry", Box::new(|scan| scan.statement = scan.statement.replace("news", "blog"))),
        ("scan: entry", Box::new(|scan| scan.leaf.truncate(20))),
        ("scan: entry", Box::new(|scan| scan.receipt = scan.receipt.replace("index 1", "index 0"))),
    ];
    for (at, (step, change)) in changes.iter().enumerate() {
        let mut changed = shown.clone();
        change(&mut changed.scan);
        assert_eq!(failed_at(&changed, &log), *step, "change {at}");
    }
    assert_eq!(failed_at(&shown, &Log::new(2)), "scan: entry", "another log");
    // A row whose reason is put in place of its text, and the other way round.
    let mut neither = broken.clone();
    neither.scan.row.broken = None;
    assert_eq!(failed_at(&neither, &log), "scan: row");
    let mut both = broken;
    both.scan.row.hash = Some("00".repeat(16));
    assert_eq!(failed_at(&both, &log), "scan: row");
    for bad in ["", "{}", "[]", &String::from_utf8(shown.bytes()).unwrap().replace("\"format\": 1", "\"format\": 2")] {
        assert!(matches!(Proof::parse(bad.as_bytes()), Err(ProofError::Malformed(_))), "{bad:.99}");
    }
}

#[test]
fn a_row_is_named_by_file_or_shard_and_what_is_not_there_is_said() {
    let work = Work::new();
    let inputs = [work.write("in/a.jsonl", &jsonl(&TEXTS[..3])), work.write("more/a.jsonl", &jsonl(TEXTS))];
    let manifest = work.manifest(&inputs, 1_000);
    work.scan(&manifest, "out", 1);
    let at = |place: &str| place.parse::<Place>().and_then(|place| trace(&work.path("out"), &manifest, &place));
    assert_eq!((at("in/a.jsonl:3").unwrap().index, at("0/3").unwrap().row.line), (2, 3));
    assert!(at("a.jsonl:9").unwrap().file.path.ends_with("more/a.jsonl"));
    for (place, why) in
        [("a.jsonl:1", "give more of the path"), ("in/a.jsonl:9", "no such row"), ("7/1", "no such row"), ("x", "FILE:LINE")]
    {
        assert!(at(place).unwrap_err().to_string().contains(why), "{place}");
    }
    std::fs::remove_file(work.path("out/shards/000001.json")).unwrap();
    assert!(at("0/1").unwrap_err().to_string().contains("1 shards are not scanned yet"));
    assert!(Lineage::verified(&work.path("out"), &manifest).is_err());
}

#[test]
fn findings_or_a_record_that_were_changed_are_not_recorded() {
    let work = Work::new();
    let manifest = work.manifest(&[work.write("a.jsonl", &jsonl(TEXTS))], corpus::SHARD_BYTES);
    work.scan(&manifest, "out", 1);
    let path = work.path("out/shards/000000.json");
    let record = std::fs::read_to_string(&path).unwrap();
    let root = serde_json::from_str::<serde_json::Value>(&record).unwrap()["root"].as_str().unwrap().to_owned();
    std::fs::write(&path, record.replace(&root, &"00".repeat(32))).unwrap();
    let error = Lineage::verified(&work.path("out"), &manifest).unwrap_err().to_string();
    assert!(error.contains("000000.findings.parquet"), "{error}");
    let troubles = corpus::check(&work.path("out"), &manifest).unwrap();
    assert!(troubles.len() == 1 && troubles[0].contains("the root over its rows"), "{troubles:?}");
    std::fs::write(&path, record.replace(&root, "no hash")).unwrap();
    assert!(Lineage::of(&work.path("out"), &manifest).unwrap_err().to_string().contains("no SHA-256"));
}

proptest! {
    // Each case is a scan.
    #![proptest_config(ProptestConfig::with_cases(12))]
    #[test]
    fn every_row_of_any_scan_proves_and_no_other_row_does(texts in prop::collection::vec(".{0,30}", 1..40), shard_bytes in 60_u64..900) {
        let work = Work::new();
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        let manifest = work.manifest(&[work.write("a.jsonl", &jsonl(&texts))], shard_bytes);
        work.scan(&manifest, "out", 1);
        let mut log = Log::new(1);
        let entry = recorded(&mut log, &Lineage::verified(&work.path("out"), &manifest).unwrap());
        let proofs: Vec<Proof> =
            (1..=texts.len()).map(|line| proof(&work, &manifest, &log, &entry, &format!("a.jsonl:{line}"))).collect();
        for (at, shown) in proofs.iter().enumerate() {
            prop_assert!(shown.check(&log.policy()).is_ok());
            let other = &proofs[(at + 1) % proofs.len()];
            if other.scan.row != shown.scan.row {
                let mut swapped = shown.clone();
                swapped.scan.row = other.scan.row.clone();
                prop_assert_eq!(failed_at(&swapped, &log), "scan: row");
            }
        }
    }
}

//! What goes out is what was applied, whoever has the key can see it, and whatever is changed is named.

use std::path::{Path, PathBuf};

use corpus::export::{self, Batch, Outgoing, Proposed, Terms};
use corpus::gates::{Gate, Words};
use corpus::lineage::{Lineage, Proof, ProofError, trace};
use corpus::{Apply, Became, Duplicates, Manifest};
use detect::Policy;
use detect::redact::{self, Redactor, Secrets};
use keys::digest::hex;

use crate::log::{Entry, Log, ORIGIN};
use crate::work::{TEXTS, Work, csv, files, gzip, jsonl, parquet, warc};

/// Scans files and applies the built-in policy; `redaction` says how.
fn applied(work: &Work, files: &[PathBuf], redaction: &str) -> Manifest {
    let manifest = work.manifest(files, 1_200);
    work.scan(&manifest, "scan", 2);
    let redactor = Redactor::new(redact::Policy::from_toml(redaction).unwrap(), &Secrets::default()).unwrap();
    let (dir, out, policy) = (work.path("scan"), work.path("applied"), Policy::default());
    let apply = Apply {
        consent: None,
        dir: &dir,
        out: &out,
        manifest: &manifest,
        policy: &policy,
        redactor: &redactor,
        redaction,
        duplicates: Duplicates::Exact,
        threads: 2,
    };
    apply.run().unwrap();
    manifest
}

const MASK: &str = "default = \"mask\"";

fn terms(entry: &str) -> Terms {
    let words = |text: &str| Words { zh: text.to_owned(), en: text.to_owned() };
    let gate = Gate {
        id: "recorded".to_owned(),
        clause: "LN-6-c".to_owned(),
        title: words("recorded"),
        open: true,
        warned: false,
        why: words("entry"),
        remedy: words(""),
    };
    Terms {
        tenant: "main".to_owned(),
        origin: ORIGIN.to_owned(),
        entry: entry.to_owned(),
        time: "2026-11-22T12:00:00Z".to_owned(),
        source: "news".to_owned(),
        licence: "CC0-1.0".to_owned(),
        basis: "none".to_owned(),
        scan_entry: "00".repeat(16),
        gates: vec![gate],
    }
}

/// The entry that the next one in the log will be.
fn next(index: u8) -> String {
    hex(&[index; 16])
}

fn recorded(log: &mut Log, proposed: &Proposed, scan_root: &str) -> Entry {
    let manifest = &proposed.manifest;
    let lines = [
        ("source", "news".to_owned()),
        ("scan", scan_root.to_owned()),
        ("manifest", hex(&proposed.digests.sha256)),
        ("manifest-sm3", hex(&proposed.digests.sm3)),
        ("root", hex(&manifest.root())),
        ("files", manifest.files.len().to_string()),
        ("rows", manifest.rows_out().to_string()),
    ];
    log.record("corpus.export", &lines)
}

/// A whole export into `out`, and its entry.
fn exported(work: &Work, log: &mut Log, index: u8, link: bool) -> Entry {
    let (dir, out) = (work.path("applied"), work.path("out"));
    let batch = Batch::read(&dir).unwrap();
    let outgoing = Outgoing::begin(&dir, &out, &batch, link).unwrap();
    let (files, fates) = outgoing.put_all(&|_, _| {}).unwrap();
    let proposed = outgoing.propose(terms(&next(index)), files, fates).unwrap();
    let entry = recorded(log, &proposed, &hex(&batch.root));
    outgoing.finish(&proposed, &log.signed(&entry)).unwrap();
    entry
}

fn troubles(work: &Work, log: &Log) -> Vec<String> {
    export::check(&work.path("out"), &[log.key().clone()]).unwrap()
}

#[test]
fn rows_of_every_format_go_out_and_are_verified_with_the_key_alone() {
    for (name, bytes) in [
        ("a.jsonl", [jsonl(TEXTS), b"not json\n".to_vec()].concat()),
        ("b.jsonl.gz", gzip(&jsonl(TEXTS))),
        ("c.csv", csv(TEXTS, b',')),
        ("d.parquet", parquet(TEXTS, 4)),
        ("e.warc", warc(TEXTS)),
        ("f.txt", TEXTS[..8].join("\n").into_bytes()),
    ] {
        let work = Work::new();
        let manifest = applied(&work, &[work.write(name, &bytes)], MASK);
        let mut log = Log::new(1);
        exported(&work, &mut log, 0, false);
        assert_eq!(troubles(&work, &log), [""; 0], "{name}");
        let batch = Batch::read(&work.path("applied")).unwrap();
        assert_eq!(batch.root, Lineage::of(&work.path("scan"), &manifest).unwrap().root, "{name}");
        let facts = batch.facts();
        assert_eq!((facts.kept, facts.personal, facts.marked), (batch.applied.kept + batch.applied.redacted, 0, 0), "{name}: {facts:?}");
        let there: Vec<String> = files(&work.path("out")).keys().map(|path| path.display().to_string()).collect();
        assert!(
            there.iter().all(|path| path.starts_with("data/") || path.starts_with("lineage/") || path.starts_with("manifest.")),
            "{there:?}"
        );
    }
}

#[test]
fn whatever_is_changed_in_an_export_is_named() {
    let work = Work::new();
    applied(&work, &[work.write("a.jsonl", &jsonl(TEXTS)), work.write("b.txt", "一行\n二行\n".as_bytes())], MASK);
    let mut log = Log::new(1);
    exported(&work, &mut log, 0, false);
    let whole = files(&work.path("out"));
    assert!(whole.len() >= 2 * 2 + 2);
    for (path, bytes) in whole.iter().filter(|(_, bytes)| !bytes.is_empty()) {
        let file = work.path("out").join(path);
        for at in [0, bytes.len() / 2, bytes.len() - 1] {
            let mut changed = bytes.clone();
            changed[at] ^= 1;
            std::fs::write(&file, changed).unwrap();
            let found = troubles(&work, &log);
            let said = path.display().to_string();
            assert!(!found.is_empty() && found[0].starts_with(&said), "{said} at {at}: {found:?}");
        }
        std::fs::write(&file, &bytes[..bytes.len() - 1]).unwrap();
        assert!(!troubles(&work, &log).is_empty(), "{}", path.display());
        if !path.starts_with("manifest.json") && !path.starts_with("manifest.note") {
            std::fs::remove_file(&file).unwrap();
            assert!(troubles(&work, &log)[0].starts_with(&path.display().to_string()));
        }
        std::fs::write(&file, bytes).unwrap();
    }
    assert_eq!(troubles(&work, &log), [""; 0]);
    for stranger in ["x", "data/x.jsonl", "lineage/000009.fates", "deep/er/x"] {
        work.write(&format!("out/{stranger}"), b"{}");
    }
    let found = troubles(&work, &log);
    assert!(found.len() == 4 && found.iter().all(|trouble| trouble.ends_with("it is not in the manifest")), "{found:?}");
    assert!(troubles(&work, &Log::new(2))[0].starts_with("manifest.note: none of the trusted keys"));
    assert!(export::check(&work.path("out"), &[]).unwrap()[0].contains("no key was given"));
}

/// Both hashes and the signature are of the export's maker, who could write anything: the rows are held against the root all the same.
#[test]
fn rows_that_do_not_fit_their_root_are_named_though_the_signature_holds() {
    let work = Work::new();
    applied(&work, &[work.write("a.jsonl", &jsonl(TEXTS))], MASK);
    let (dir, out) = (work.path("applied"), work.path("out"));
    let batch = Batch::read(&dir).unwrap();
    let outgoing = Outgoing::begin(&dir, &out, &batch, false).unwrap();
    let (mut files, fates) = outgoing.put_all(&|_, _| {}).unwrap();
    files[0].rows += 1;
    let proposed = outgoing.propose(terms(&next(0)), files, fates).unwrap();
    let mut log = Log::new(1);
    let entry = recorded(&mut log, &proposed, &hex(&batch.root));
    outgoing.finish(&proposed, &log.signed(&entry)).unwrap();
    let found = troubles(&work, &log);
    assert!(found.len() == 1 && found[0].contains("rows, the manifest says"), "{found:?}");
}

#[test]
fn an_export_that_was_cut_off_is_none_and_goes_on() {
    let work = Work::new();
    applied(&work, &[work.write("a.jsonl", &jsonl(TEXTS)), work.write("b.jsonl", &jsonl(&TEXTS[..4]))], MASK);
    let (dir, out) = (work.path("applied"), work.path("out"));
    let batch = Batch::read(&dir).unwrap();
    let begin = || Outgoing::begin(&dir, &out, &batch, false);
    let (files, fates) = begin().unwrap().put_all(&|_, _| {}).unwrap();
    assert!(!export::is_export(&out) && export::check(&out, &[]).is_err());
    // What was copied is not copied again; what was lost is.
    let kept = out.join(&files[0].path);
    let before = std::fs::metadata(&kept).unwrap().modified().unwrap();
    std::fs::remove_file(out.join(&files[1].path)).unwrap();
    let outgoing = begin().unwrap();
    assert!(begin().is_err_and(|error| error.to_string().contains("another scan is writing")));
    assert_eq!(outgoing.put_all(&|_, _| {}).unwrap(), (files.clone(), fates.clone()));
    assert_eq!(std::fs::metadata(&kept).unwrap().modified().unwrap(), before);
    // Cut off after the ledger had it: the manifest that was proposed is found again.
    assert!(outgoing.earlier(&files, &fates).is_none());
    let proposed = outgoing.propose(terms(&next(0)), files.clone(), fates.clone()).unwrap();
    drop(outgoing);
    let outgoing = begin().unwrap();
    let earlier = outgoing.earlier(&files, &fates).unwrap();
    assert_eq!((earlier.digests, &earlier.manifest), (proposed.digests, &proposed.manifest));
    let mut log = Log::new(1);
    let entry = recorded(&mut log, &earlier, &hex(&batch.root));
    outgoing.finish(&earlier, &log.signed(&entry)).unwrap();
    assert_eq!(troubles(&work, &log), [""; 0]);
    assert!(begin().is_err_and(|error| error.to_string().contains("finished export")));
    std::fs::create_dir(work.path("else")).unwrap();
    work.write("else/mine", b"");
    assert!(Outgoing::begin(&dir, &work.path("else"), &batch, false).is_err_and(|error| error.to_string().contains("'mine'")));
}

#[test]
fn what_was_changed_after_it_was_applied_does_not_go_out() {
    let work = Work::new();
    applied(&work, &[work.write("a.jsonl", &jsonl(TEXTS))], MASK);
    let dir = work.path("applied");
    let clean = std::fs::read_dir(dir.join("clean")).unwrap().next().unwrap().unwrap().path();
    let bytes = std::fs::read(&clean).unwrap();
    std::fs::write(&clean, [&bytes[..], b"{\"text\":\"more\"}\n"].concat()).unwrap();
    let batch = Batch::read(&dir).unwrap();
    for link in [false, true] {
        let error = Outgoing::begin(&dir, &work.path("out"), &batch, link).unwrap().put_all(&|_, _| {}).unwrap_err().to_string();
        assert!(error.contains("is not the file that `guiju corpus apply` wrote"), "{error}");
    }
    std::fs::write(&clean, bytes).unwrap();
    let mut log = Log::new(1);
    exported(&work, &mut log, 0, true);
    assert_eq!(troubles(&work, &log), [""; 0]);
    assert!(Batch::read(&work.path("scan")).is_err_and(|error| error.to_string().contains("`guiju corpus apply` wrote")));
    std::fs::remove_file(dir.join("shards/000000.json")).unwrap();
    assert!(Batch::read(&dir).is_err_and(|error| error.to_string().contains("not applied yet")));
}

/// Whoever changes findings after the scan could bring any row out.
#[test]
fn a_policy_is_not_applied_to_findings_that_are_not_the_scans() {
    let work = Work::new();
    let manifest = work.manifest(&[work.write("a.jsonl", &jsonl(TEXTS))], corpus::SHARD_BYTES);
    work.scan(&manifest, "scan", 1);
    let clean = work.manifest(&[work.write("b.jsonl", &jsonl(&["无事"; 9]))], corpus::SHARD_BYTES);
    work.scan(&clean, "clean", 1);
    std::fs::copy(work.path("clean/shards/000000.findings.parquet"), work.path("scan/shards/000000.findings.parquet")).unwrap();
    let redactor = Redactor::new(redact::Policy::from_toml(MASK).unwrap(), &Secrets::default()).unwrap();
    let (dir, out, policy) = (work.path("scan"), work.path("applied"), Policy::default());
    let apply = Apply {
        consent: None,
        dir: &dir,
        out: &out,
        manifest: &manifest,
        policy: &policy,
        redactor: &redactor,
        redaction: MASK,
        duplicates: Duplicates::Keep,
        threads: 1,
    };
    let error = apply.run().unwrap_err().to_string();
    assert!(error.contains("not those that its record speaks of"), "{error}");
    assert!(!work.path("applied/shards/000000.json").exists());
}

/// A line of which redaction leaves nothing would be no row of a text any more.
#[test]
fn a_line_of_which_nothing_is_left_goes_into_quarantine() {
    let work = Work::new();
    let drop = "default = \"drop\"";
    applied(&work, &[work.write("a.txt", "13812345678\n电话13812345678。\n没有什么。\n".as_bytes())], drop);
    let read = |path: &str| std::fs::read_to_string(work.path(path)).unwrap();
    assert_eq!(read("applied/clean/000000-a.txt"), "电话。\n没有什么。\n");
    assert_eq!((read("applied/quarantine/000000-a.txt").as_str(), read("applied/shards/000000.fates").as_str()), ("13812345678\n", "qrk"));
    let mut log = Log::new(1);
    exported(&work, &mut log, 0, false);
    assert_eq!(troubles(&work, &log), [""; 0]);
}

#[test]
fn a_row_is_followed_into_an_export_and_proven_there() {
    let work = Work::new();
    let bytes = [jsonl(TEXTS), b"not json\n".to_vec()].concat();
    let manifest = applied(&work, &[work.write("a.jsonl", &bytes)], MASK);
    let (mut log, lineage) = (Log::new(1), Lineage::of(&work.path("scan"), &manifest).unwrap());
    let (root, shards) = (hex(&lineage.root), lineage.leaves.len().to_string());
    let scan = log.record("corpus.scan", &[("source", "news".to_owned()), ("root", root), ("shards", shards)]);
    let export = exported(&work, &mut log, 1, false);
    let follow = |line: u64| {
        let traced = trace(&work.path("scan"), &manifest, &format!("a.jsonl:{line}").parse().unwrap()).unwrap();
        let row = export::trace(&work.path("out"), traced.row.shard, traced.index).unwrap();
        let links = row.link(export.statement.to_string(), &export.leaf, log.receipt(&export));
        let scan = traced.link(scan.statement.to_string(), &scan.leaf, log.receipt(&scan));
        (row.became, row.place().map(|(path, place)| (path.to_owned(), place)), Proof::new(scan, links.into_iter().collect()))
    };
    // Line 2 is removed, 4 redacted, 6 a copy of 1, 10 broken.
    for (line, became, out) in [
        (1, Became::Kept, true),
        (2, Became::Quarantined, false),
        (4, Became::Redacted, true),
        (6, Became::Copy, false),
        (10, Became::Broken, false),
    ] {
        let (is, place, proof) = follow(line);
        assert_eq!((is, place.is_some(), proof.exports.len()), (became, out, usize::from(out)), "line {line}");
        let checked = proof.check(&log.policy()).unwrap();
        assert_eq!(checked.entries.len(), 1 + usize::from(out));
        if let Some((path, place)) = place {
            let line = std::fs::read_to_string(work.path("out").join(path)).unwrap().lines().nth(place as usize).unwrap().to_owned();
            let text = serde_json::from_str::<serde_json::Value>(&line).unwrap()["text"].as_str().unwrap().to_owned();
            assert_eq!(hex(&corpus::content_hash(&text)), proof.exports[0].row.hash);
            assert_eq!(Some(&proof.exports[0].row.hash) == proof.scan.row.hash.as_ref(), became == Became::Kept);
        }
    }
    let (_, _, kept) = follow(1);
    let (_, _, redacted) = follow(4);
    let failed = |proof: Proof| match proof.check(&log.policy()) {
        Err(ProofError::Disproved { step, why }) => format!("{step}: {why}"),
        other => panic!("{other:?}"),
    };
    let swapped = Proof::new(kept.scan.clone(), redacted.exports.clone());
    assert!(failed(swapped).starts_with("export 1: row: it is another row"));
    let mut changed = redacted.clone();
    changed.exports[0].row.hash = "00".repeat(16);
    assert!(failed(changed).starts_with("export 1: row"));
    let mut changed = redacted.clone();
    changed.exports[0].row.became = Became::Kept;
    assert!(failed(changed).starts_with("export 1: row"));
    let mut changed = redacted;
    changed.exports[0].part.path.push('x');
    assert!(failed(changed).starts_with("export 1: part"));
    assert!(export::trace(&work.path("out"), 77, 0).is_err() && export::trace(&work.path("out"), 0, 999).is_err());
    assert!(export::trace(Path::new("nowhere"), 0, 0).is_err());
}

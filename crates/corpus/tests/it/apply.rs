//! Kept rows are kept byte for byte, redacted ones lose what was found and nothing else, removed ones stand in quarantine with their reasons.

use std::path::Path;

use corpus::{Applied, Apply, Duplicates, Manifest};
use detect::Policy;
use detect::redact::{self, Redactor, Secrets};

use crate::work::{TEXTS, Work, csv, files, gzip, jsonl, parquet, warc};

fn apply(work: &Work, dir: &str, out: &str, policy: &Policy, duplicates: Duplicates) -> Result<Applied, corpus::CorpusError> {
    let redactor = Redactor::new(redact::Policy::from_toml("default = \"mask\"").unwrap(), &Secrets::default()).unwrap();
    let dir = work.path(dir);
    let manifest = Manifest::read(&dir).unwrap().unwrap();
    Apply {
        dir: &dir,
        out: &work.path(out),
        manifest: &manifest,
        policy,
        redactor: &redactor,
        redaction: "mask",
        duplicates,
        consent: None,
        threads: 2,
    }
    .run()
}

fn read(path: &Path) -> String {
    String::from_utf8(std::fs::read(path).unwrap()).unwrap()
}

#[test]
fn rows_go_where_the_policy_says() {
    let work = Work::new();
    let bytes = [jsonl(TEXTS), b"not json\n".to_vec()].concat();
    work.file("a.jsonl", &bytes);
    let applied = apply(&work, "out-a.jsonl", "applied", &Policy::default(), Duplicates::Keep).unwrap();
    assert_eq!((applied.rows, applied.redacted, applied.quarantined, applied.broken), (10, 1, 2, 1), "{applied:?}");
    let (input, clean) = (String::from_utf8(bytes).unwrap(), read(&work.path("applied/clean/000000-a.jsonl")));
    let lines: Vec<&str> = input.lines().collect();
    // Lines 2 and 5 are removed, 4 is redacted, 10 is broken.
    let kept: Vec<&str> = clean.lines().collect();
    assert_eq!([&kept[..2], &kept[3..]].concat(), [lines[0], lines[2], lines[5], lines[6], lines[7], lines[8]]);
    assert!(kept[2].contains("139****4321") && !kept[2].contains("zhangwei@"), "{}", kept[2]);
    assert!(kept[2].starts_with("{\"id\":3,") && kept[2].ends_with("}"), "{}", kept[2]);
    assert_eq!(read(&work.path("applied/quarantine/000000-a.jsonl")), format!("{}\n{}\n", lines[1], lines[4]));
    let reasons = read(&work.path("applied/quarantine/000000-a.jsonl.reasons.jsonl"));
    assert!(reasons.lines().count() == 2 && reasons.contains("\"decision\":\"refuse\""), "{reasons}");
    assert_eq!(read(&work.path("applied/broken/000000-a.jsonl")), "not json\n");
}

#[test]
fn redacted_rows_of_every_format_hold_the_same_text_and_are_clean() {
    let work = Work::new();
    let texts = &["电话13812345678，\"急\"。", "没有什么。"];
    for (name, bytes) in [
        ("a.jsonl", jsonl(texts)),
        ("b.jsonl.gz", gzip(&jsonl(texts))),
        ("c.csv", csv(texts, b',')),
        ("d.parquet", parquet(texts, 10)),
        ("e.warc", warc(texts)),
        ("f.txt", texts.join("\n").into_bytes()),
    ] {
        work.file(name, &bytes);
        let out = format!("applied-{name}");
        let applied = apply(&work, &format!("out-{name}"), &out, &Policy::default(), Duplicates::Keep).unwrap();
        assert_eq!((applied.redacted, applied.kept), (1, 1), "{name}");
        // What came out is a corpus again: the same rows, the number masked.
        let clean = std::fs::read(work.path(&format!("{out}/clean/000000-{name}"))).unwrap();
        let (_, rows) = work.file(&format!("again-{name}"), &clean);
        let masked = texts[0].replace("13812345678", "138****5678");
        let hashes: Vec<_> = rows.iter().map(|row| row.content.as_ref().unwrap().hash).collect();
        assert_eq!(hashes, [corpus::content_hash(&masked), corpus::content_hash(texts[1])], "{name}");
    }
}

#[test]
fn another_policy_needs_no_other_scan_and_another_directory() {
    let work = Work::new();
    work.file("a.parquet", &parquet(TEXTS, 4));
    apply(&work, "out-a.parquet", "one", &Policy::default(), Duplicates::Keep).unwrap();
    let lax = "format = 1\nname = \"lax\"\n[input]\nfault = \"hold\"\npersonal = \"pass\"\nsensitive = \"pass\"\n[input.any]\nblock = \"pass\"\nreview = \"pass\"\nnote = \"pass\"\n";
    let lax = Policy::parse(&format!(
        "{lax}{}{}",
        lax[lax.find("[input]").unwrap()..].replace("input", "output"),
        lax[lax.find("[input]").unwrap()..].replace("input", "corpus")
    ))
    .unwrap();
    let applied = apply(&work, "out-a.parquet", "two", &lax, Duplicates::All).unwrap();
    assert_eq!((applied.kept, applied.copies, applied.quarantined), (7, 2, 0), "{applied:?}");
    assert!(apply(&work, "out-a.parquet", "one", &lax, Duplicates::Keep).unwrap_err().to_string().contains("another scan, policy"));
}

#[test]
fn applying_again_changes_nothing_and_a_changed_input_is_refused() {
    let work = Work::new();
    work.file("a.jsonl.gz", &gzip(&jsonl(TEXTS)));
    apply(&work, "out-a.jsonl.gz", "one", &Policy::default(), Duplicates::Exact).unwrap();
    apply(&work, "out-a.jsonl.gz", "one", &Policy::default(), Duplicates::Exact).unwrap();
    apply(&work, "out-a.jsonl.gz", "two", &Policy::default(), Duplicates::Exact).unwrap();
    assert_eq!(files(&work.path("one")), files(&work.path("two")));
    work.write("a.jsonl.gz", &gzip(&jsonl(&TEXTS[..3])));
    assert!(apply(&work, "out-a.jsonl.gz", "three", &Policy::default(), Duplicates::Keep).is_err());
    assert!(!work.path("three/clean/000000-a.jsonl.gz").exists());
}

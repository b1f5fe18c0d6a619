//! The same rows in different files come to the same findings.

use corpus::{Content, Language};
use taxonomy::{Decision, PersonalKind, RiskClass};

use crate::work::{TEXTS, Work, csv, gzip, jsonl, parquet, warc};

/// What is known of the texts, without their places.
fn contents(rows: Vec<corpus::Judged>) -> Vec<Content> {
    rows.into_iter().map(|row| row.content.unwrap()).collect()
}

#[test]
fn the_same_rows_have_the_same_findings_in_every_format() {
    let work = Work::new();
    let (summary, rows) = work.file("a.jsonl", &jsonl(TEXTS));
    assert!(summary.is_whole());
    assert_eq!(rows.iter().map(|row| row.line).collect::<Vec<_>>(), (1..=TEXTS.len() as u64).collect::<Vec<_>>());
    let expected = contents(rows);
    let gz = gzip(&jsonl(TEXTS));
    // Two members, as tools that append leave them.
    let halves = [gzip(&jsonl(&TEXTS[..4])), gzip(&jsonl(&TEXTS[4..]))].concat();
    let zst = zstd::stream::encode_all(jsonl(TEXTS).as_slice(), 3).unwrap();
    for (name, bytes) in [
        ("b.jsonl.gz", gz),
        ("c.jsonl.gz", halves),
        ("d.jsonl.zst", zst),
        ("e.csv", csv(TEXTS, b',')),
        ("f.tsv.gz", gzip(&csv(TEXTS, b'\t'))),
        ("g.parquet", parquet(TEXTS, 4)),
        ("h.warc", warc(TEXTS)),
        ("i.wet.gz", gzip(&warc(TEXTS))),
        ("j.jsonl", [b"\xef\xbb\xbf".as_slice(), &jsonl(TEXTS)].concat()),
    ] {
        assert_eq!(contents(work.file(name, &bytes).1), expected, "{name}");
    }
    let one_line: Vec<&str> = TEXTS.iter().copied().filter(|text| !text.is_empty() && !text.contains('\n')).collect();
    let found = contents(work.file("k.txt", one_line.join("\r\n").as_bytes()).1);
    let wanted: Vec<Content> = TEXTS.iter().zip(expected).filter(|(text, _)| one_line.contains(text)).map(|(_, content)| content).collect();
    assert_eq!(found, wanted);
}

#[test]
fn the_findings_are_those_of_the_engine_and_say_what_a_corpus_needs() {
    let work = Work::new();
    let (summary, rows) = work.file("a.jsonl", &jsonl(TEXTS));
    let content = |at: usize| rows[at].content.as_ref().unwrap();
    assert_eq!(rows[0].decision, Decision::Pass);
    assert_eq!(rows[1].decision, Decision::Refuse);
    assert!(content(1).findings.iter().any(|finding| finding.class == Some(RiskClass::A1h) && finding.matched.is_empty()));
    assert_eq!(rows[3].decision, Decision::Mask);
    assert!(content(3).findings.iter().any(|finding| finding.personal == Some(PersonalKind::Email)));
    assert!(content(4).findings.iter().any(|finding| finding.rule.starts_with("MARK-secret") && finding.class == Some(RiskClass::A3c)));
    assert_eq!((content(2).language, content(3).language), (Language::En, Language::Zh));
    assert_eq!((summary.copies.exact, summary.copies.near), (1, 1));
    let page = std::fs::read_to_string(work.path("out-a.jsonl/summary.html")).unwrap();
    assert!(page.contains("训练语料扫描结果") && page.contains("手机号 mobile") && !page.contains("13812345678"), "{page}");
}

#[test]
fn the_size_of_shards_and_the_number_of_threads_change_nothing() {
    let work = Work::new();
    let many: Vec<&str> = TEXTS.iter().copied().cycle().take(500).collect();
    let inputs = [
        work.write("in/a.jsonl", &jsonl(&many)),
        work.write("in/b.csv", &csv(&many, b',')),
        work.write("in/c.parquet", &parquet(&many, 50)),
    ];
    let rows = |shard_bytes, threads, out: &str| {
        let manifest = work.manifest(&inputs, shard_bytes);
        let (failed, summary) = work.scan(&manifest, out, threads);
        assert!(failed.is_empty() && summary.is_whole(), "{failed:?}");
        (manifest.shards.len(), work.rows(&manifest, out))
    };
    let (whole, expected) = rows(corpus::SHARD_BYTES, 1, "one");
    assert_eq!((whole, expected.len()), (3, 1_500));
    for (shard_bytes, threads) in [(1_000, 4), (7_777, 3)] {
        let (shards, found) = rows(shard_bytes, threads, &format!("many-{shard_bytes}"));
        assert!(shards > 10, "{shards}");
        assert_eq!(found, expected);
    }
}

#[test]
fn explain_shows_what_was_found_where_it_stands() {
    let work = Work::new();
    work.file("a.csv", &csv(TEXTS, b','));
    let dir = work.path("out-a.csv");
    let manifest = corpus::Manifest::read(&dir).unwrap().unwrap();
    // The header is line 1, and so the second text stands on line 3.
    let explained = corpus::explain(&dir, &manifest, "a.csv:3").unwrap();
    let words = explained[0].words(taxonomy::Lang::Zh);
    assert!(words.contains("【13812345678】") && words.contains("拒绝") && words.contains("A1h"), "{words}");
    let hash: String = corpus::content_hash(TEXTS[0]).iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(corpus::explain(&dir, &manifest, &hash[..12]).unwrap().len(), 2);
    assert!(corpus::explain(&dir, &manifest, "a.csv:999").unwrap_err().to_string().contains("no row"));
}

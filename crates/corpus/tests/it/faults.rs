//! Bad input: each says what is wrong and where, and nothing else is lost.

use corpus::{BrokenKind, MAX_ROW_BYTES};

use crate::work::{TEXTS, Work, csv, gzip, jsonl, parquet, warc};

const GOOD: &str = "{\"text\":\"一行正常的文字\"}\n";

fn broken(bytes: &[u8]) -> Vec<(u64, Option<BrokenKind>)> {
    let work = Work::new();
    let (summary, rows) = work.file("a.jsonl", bytes);
    let listed = std::fs::read_to_string(work.path("out-a.jsonl/broken.jsonl")).unwrap();
    assert_eq!(listed.lines().count() as u64, summary.broken);
    rows.into_iter().map(|row| (row.line, row.content.err().map(|broken| broken.kind))).collect()
}

#[test]
fn broken_rows_are_kept_apart_with_their_lines() {
    let rows = [
        GOOD.as_bytes(),
        b"{\"text\":\n",
        b"\n",
        b"{\"txt\":\"a\"}\n",
        b"{\"text\":null}\n",
        b"{\"text\":\"\xb9\xab\xcb\xbe\"}\n",
        b"\xff\xff\xff\n",
        GOOD.as_bytes(),
    ];
    use BrokenKind::{Gbk, NoField, NoJson, NoText, NotUtf8};
    let expected = [(1, None), (2, Some(NoJson)), (4, Some(NoField)), (5, Some(NoText)), (6, Some(Gbk)), (7, Some(NotUtf8)), (8, None)];
    assert_eq!(broken(&rows.concat()), expected);
}

#[test]
fn a_line_of_200_megabytes_is_read_past() {
    let mut bytes = GOOD.as_bytes().to_vec();
    bytes.extend_from_slice(b"{\"text\":\"");
    bytes.resize(bytes.len() + (200 << 20), b'a');
    bytes.extend_from_slice(b"\"}\n");
    bytes.extend_from_slice(GOOD.as_bytes());
    assert_eq!(broken(&bytes), [(1, None), (2, Some(BrokenKind::TooLong)), (3, None)]);
    const { assert!(MAX_ROW_BYTES < 200 << 20) };
}

#[test]
fn a_damaged_gzip_gives_what_came_before_and_says_where_it_ended() {
    let work = Work::new();
    let many: Vec<String> = (0..20_000).map(|at| format!("第 {at} 行，编号 {}", at * 7_919 % 10_007)).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    let whole = gzip(&jsonl(&many));
    let (summary, rows) = work.file("a.jsonl.gz", &whole[..whole.len() / 2]);
    assert!(rows.len() > 1_000 && rows.len() < 20_000, "{}", rows.len());
    assert!(!summary.is_whole() && summary.files[0].cut[0].contains("a.jsonl.gz cannot be read further"), "{:?}", summary.files);
    let mut flipped = whole;
    let middle = flipped.len() / 2;
    flipped[middle..middle + 64].fill(0xA5);
    let (summary, _) = work.file("b.jsonl.gz", &flipped);
    assert_eq!(summary.files[0].cut.len(), 1);
}

#[test]
fn files_that_cannot_be_read_stop_nothing() {
    let work = Work::new();
    let table = parquet(TEXTS, 4);
    let inputs = [
        work.write("in/cut.parquet", &table[..table.len() / 2]),
        work.write("in/other.parquet", &parquet(TEXTS, 4)),
        work.write("in/wrong.csv", b"id,content\n1,a\n"),
        work.write("in/good.jsonl", &jsonl(TEXTS)),
        work.write("in/empty.jsonl", b""),
        work.write("in/notes.md", b"# no corpus"),
    ];
    let manifest = work.manifest(&[inputs[0].parent().unwrap().to_owned()], corpus::SHARD_BYTES);
    let (failed, summary) = work.scan(&manifest, "out", 2);
    assert!(failed.is_empty());
    assert_eq!(summary.judged, 2 * TEXTS.len() as u64);
    let why = |name: &str| summary.files.iter().find(|file| file.path.ends_with(name)).unwrap().unreadable.clone().unwrap_or_default();
    assert!(why("cut.parquet").contains("no whole Parquet file"), "{}", why("cut.parquet"));
    assert!(why("wrong.csv").contains("no column 'text'; it has: id, content"), "{}", why("wrong.csv"));
    assert!(!summary.is_whole() && summary.passed_over.len() == 1);
}

#[test]
fn a_parquet_page_that_is_damaged_cuts_its_shard() {
    let work = Work::new();
    let many: Vec<String> = (0..5_000).map(|at| format!("第 {at} 行，编号 {}", at * 7_919 % 10_007)).collect();
    let mut table = parquet(&many.iter().map(String::as_str).collect::<Vec<_>>(), 1_000);
    let third = table.len() / 3;
    table[third..third + 200].fill(0xFF);
    let (summary, rows) = work.file("a.parquet", &table);
    assert!(!summary.is_whole() && !summary.files[0].cut.is_empty(), "{} rows", rows.len());
}

#[test]
fn a_quote_that_is_never_closed_is_said() {
    let work = Work::new();
    let (summary, rows) = work.file("a.csv", b"id,text\n1,good\n2,\"open\n3,c\n");
    assert_eq!((rows.len(), summary.broken), (2, 1));
    assert!(rows[1].content.as_ref().unwrap_err().message.contains("never closed"));
    let (summary, _) = work.file("b.csv", &[csv(&["好"], b','), b"7\n".to_vec()].concat());
    assert_eq!(summary.broken_kinds[0].id, "no-record");
}

#[test]
fn a_web_archive_without_its_end_is_said() {
    let work = Work::new();
    let whole = warc(TEXTS);
    let (summary, rows) = work.file("a.warc", &whole[..whole.len() - 150]);
    assert!(rows.len() < TEXTS.len() && summary.files[0].cut[0].contains("web archive"), "{:?}", summary.files[0]);
}

#[test]
fn an_input_that_changes_gives_no_record() {
    let work = Work::new();
    let input = work.write("a.jsonl", &jsonl(TEXTS));
    let manifest = work.manifest(std::slice::from_ref(&input), corpus::SHARD_BYTES);
    let bytes = String::from_utf8(jsonl(TEXTS)).unwrap().replace("散步", "跑步");
    std::fs::write(&input, bytes).unwrap();
    let (failed, summary) = work.scan(&manifest, "out", 1);
    assert!(failed[0].error.to_string().contains("has changed since the manifest was made"));
    assert_eq!((summary.judged, summary.shards), (0, (1, 0)));
}

//! A directory with a corpus, and a scan of it.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};

use arrow_array::{ArrayRef, Int64Array, RecordBatch, StringArray};
use corpus::findings::Reader;
use corpus::summary::Summary;
use corpus::{Counter, Failed, Judged, Manifest, Record, Scan, Selector, Settings, Watch};
use detect::{Keywords, Lexicon, Pipeline, Policy};
use parquet::arrow::ArrowWriter;
use taxonomy::Lang;

/// Compiled once: the built-in lexicon.
pub static PIPELINE: LazyLock<Pipeline> =
    LazyLock::new(|| corpus::pipeline(Keywords::compile(&Lexicon::embedded().unwrap()), None, Policy::default()).unwrap());

/// Rows of all kinds: clean, with a keyword, with personal information, with a mark, a copy, a near copy.
pub const TEXTS: &[&str] = &[
    "今天天气很好，适合出门散步。",
    "长期代开各类发票，税点优惠，联系电话13812345678。",
    "The library opens at nine, and the café next door\nserves \"fresh\" bread, tea and soup.",
    "请把材料寄给张伟，手机13987654321，邮箱zhangwei@example.com。",
    "本文件为公司内部资料，严禁外传。",
    "今天天气很好，适合出门散步。",
    "城市图书馆周末向读者开放夜间阅览室，读者凭证件入内，饮水处设在二楼东侧。",
    "城市图书馆周末向读者开放夜间阅览室，读者凭证件入内！饮水处设在二楼东侧！",
    "",
];

pub struct Nothing;

impl Watch for Nothing {
    fn begin(&self, _: usize, _: u64, _: &Counter) {}
    fn judged(&self, _: u64, _: u64, _: u64) {}
    fn done(&self, _: &Record) {}
}

pub struct Work {
    dir: tempfile::TempDir,
}

impl Work {
    pub fn new() -> Self {
        Self { dir: tempfile::tempdir().unwrap() }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub fn write(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, bytes).unwrap();
        path
    }

    pub fn manifest(&self, inputs: &[PathBuf], shard_bytes: u64) -> Manifest {
        let settings =
            Settings { text: Selector::new("text").unwrap(), matched: false, versions: PIPELINE.versions().to_vec(), shard_bytes };
        Manifest::make(inputs, settings, &Counter::default()).unwrap()
    }

    /// Scans into a directory, and sums up what is done.
    pub fn scan(&self, manifest: &Manifest, out: &str, threads: usize) -> (Vec<Failed>, Summary) {
        let dir = self.path(out);
        std::fs::create_dir_all(&dir).unwrap();
        manifest.write(&dir).unwrap();
        let failed = Scan { dir: &dir, manifest, pipeline: &PIPELINE, threads, part: (0, 1) }.run(&Nothing).unwrap();
        let summary = corpus::summary::merge(&dir, manifest, Lang::Zh).unwrap();
        (failed, summary)
    }

    /// Manifest, scan and findings of one file.
    pub fn file(&self, name: &str, bytes: &[u8]) -> (Summary, Vec<Judged>) {
        let input = self.write(name, bytes);
        let manifest = self.manifest(&[input], corpus::SHARD_BYTES);
        let out = format!("out-{}", name.replace('/', "-"));
        let (failed, summary) = self.scan(&manifest, &out, 2);
        assert!(failed.is_empty(), "{failed:?}");
        (summary, self.rows(&manifest, &out))
    }

    pub fn rows(&self, manifest: &Manifest, out: &str) -> Vec<Judged> {
        let dir = self.path(out);
        manifest.shards.iter().flat_map(|shard| Reader::open(&dir, shard.id).unwrap()).collect::<Result<_, _>>().unwrap()
    }
}

/// Every file below a directory with its bytes, but for the lock.
pub fn files(dir: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path).into_iter().map(|(name, bytes)| (PathBuf::from(path.file_name().unwrap()).join(name), bytes)));
        } else if path.file_name().unwrap() != "lock" {
            found.insert(PathBuf::from(path.file_name().unwrap()), std::fs::read(&path).unwrap());
        }
    }
    found
}

pub fn jsonl(texts: &[&str]) -> Vec<u8> {
    let lines = texts.iter().enumerate().map(|(id, text)| format!("{}\n", serde_json::json!({"id": id, "text": text, "tail": null})));
    lines.collect::<String>().into_bytes()
}

pub fn csv(texts: &[&str], delimiter: u8) -> Vec<u8> {
    let mut writer = ::csv::WriterBuilder::new().delimiter(delimiter).from_writer(Vec::new());
    writer.write_record(["id", "text"]).unwrap();
    texts.iter().enumerate().for_each(|(id, text)| writer.write_record([id.to_string().as_str(), text]).unwrap());
    writer.into_inner().unwrap()
}

pub fn parquet(texts: &[&str], group_rows: usize) -> Vec<u8> {
    let ids: ArrayRef = Arc::new(Int64Array::from_iter_values(0..texts.len() as i64));
    let texts: ArrayRef = Arc::new(StringArray::from_iter_values(texts));
    let batch = RecordBatch::try_from_iter([("id", ids), ("text", texts)]).unwrap();
    let properties = ::parquet::file::properties::WriterProperties::builder().set_max_row_group_row_count(Some(group_rows)).build();
    let mut bytes = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut bytes, batch.schema(), Some(properties)).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    bytes
}

pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

pub fn warc(texts: &[&str]) -> Vec<u8> {
    let info = "WARC/1.0\r\nWARC-Type: warcinfo\r\nContent-Length: 3\r\n\r\nabc\r\n\r\n".to_owned();
    let records = texts.iter().map(|text| {
        let length = text.len();
        format!("WARC/1.0\r\nWARC-Type: conversion\r\nContent-Type: text/plain\r\nContent-Length: {length}\r\n\r\n{text}\r\n\r\n")
    });
    std::iter::once(info).chain(records).collect::<String>().into_bytes()
}

//! Rows in memory come to the findings of the same rows in a file.

use std::sync::Arc;

use arrow_array::{ArrayRef, BinaryArray, Int64Array, RecordBatch, StringArray, StringViewArray, UInt64Array};
use corpus::{CorpusError, Selector, judge_batch};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use crate::work::{PIPELINE, TEXTS, Work, parquet};

fn judged(text: ArrayRef, threads: usize) -> Result<RecordBatch, CorpusError> {
    let ids: ArrayRef = Arc::new(Int64Array::from_iter_values(0..text.len() as i64));
    let batch = RecordBatch::try_from_iter_with_nullable([("id", ids, false), ("text", text, true)]).unwrap();
    judge_batch(&batch, &Selector::new("text").unwrap(), 1, &PIPELINE, false, threads)
}

#[test]
fn a_batch_has_the_findings_of_a_file() {
    let work = Work::new();
    work.file("a.parquet", &parquet(TEXTS, 1_000));
    let written = std::fs::File::open(work.path("out-a.parquet/shards/000000.findings.parquet")).unwrap();
    let mut written = ParquetRecordBatchReaderBuilder::try_new(written).unwrap().build().unwrap();
    let written = written.next().unwrap().unwrap();
    for threads in [1, 3] {
        assert_eq!(judged(Arc::new(StringArray::from_iter_values(TEXTS)), threads).unwrap(), written);
    }
    assert_eq!(judged(Arc::new(StringViewArray::from_iter_values(TEXTS)), 1).unwrap(), written);
    assert_eq!(judged(Arc::new(BinaryArray::from_iter_values(TEXTS)), 1).unwrap(), written);
}

#[test]
fn rows_that_cannot_be_judged_are_broken_and_lose_no_other() {
    let texts: [Option<&[u8]>; 4] = [Some(b"\xd6\xd0\xce\xc4"), None, Some(b"ab\xff"), Some(b"plain")];
    let found = judged(Arc::new(BinaryArray::from_iter(texts)), 2).unwrap();
    let column = |name: &str| found.column_by_name(name).unwrap().as_any().downcast_ref::<StringArray>().unwrap().clone();
    assert_eq!(column("broken").iter().collect::<Vec<_>>(), [Some("gbk"), Some("no-text"), Some("not-utf8"), None]);
    assert_eq!(column("decision").iter().flatten().collect::<Vec<_>>(), ["hold", "hold", "hold", "pass"]);
    assert_eq!(found.column_by_name("line").unwrap().as_ref(), &UInt64Array::from_iter_values(1..5) as &dyn arrow_array::Array);
}

#[test]
fn a_batch_without_the_text_says_what_it_has() {
    let error = judged(Arc::new(Int64Array::from_iter_values(0..3)), 1).unwrap_err().to_string();
    assert!(error.contains("'text' holds no text but Int64"), "{error}");
    let batch = RecordBatch::try_from_iter([("id", Arc::new(Int64Array::from_iter_values(0..3)) as ArrayRef)]).unwrap();
    let error = judge_batch(&batch, &Selector::new("text").unwrap(), 1, &PIPELINE, false, 1).unwrap_err().to_string();
    assert!(error.contains("no column 'text'; there are: id"), "{error}");
}

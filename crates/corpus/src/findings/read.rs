//! Reads findings.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use arrow_array::cast::AsArray;
use arrow_array::types::{Float32Type, UInt32Type, UInt64Type};
use arrow_array::{Array, RecordBatch, StringArray, StructArray};
use parquet::arrow::arrow_reader::{ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder};
use taxonomy::{Decision, Fault, Finding, Span};

use super::{path, schema};
use crate::CorpusError;
use crate::broken::Broken;
use crate::error::{at, damaged};
use crate::row::{Content, Judged};
use crate::signature::Signature;

/// Rows decoded at once.
const BATCH_ROWS: usize = 1_024;

/// The rows of a shard's findings, in order.
pub struct Reader {
    path: PathBuf,
    reader: ParquetRecordBatchReader,
    rows: std::vec::IntoIter<Judged>,
}

impl Reader {
    /// Opens the findings of a shard.
    ///
    /// # Errors
    /// They are not there or damaged.
    pub fn open(dir: &Path, shard: u32) -> Result<Self, CorpusError> {
        let path = path(dir, shard);
        let file = File::open(&path).map_err(at(&path))?;
        let wrong = |error: &dyn std::fmt::Display| damaged(&path, format!("is no file of findings: {error}"));
        let builder = ParquetRecordBatchReaderBuilder::try_new(file).map_err(|error| wrong(&error))?;
        if builder.schema().fields() != schema().fields() {
            return Err(wrong(&"its columns are not those of docs/formats/corpus-findings.md"));
        }
        let reader = builder.with_batch_size(BATCH_ROWS).build().map_err(|error| wrong(&error))?;
        Ok(Self { path, reader, rows: Vec::new().into_iter() })
    }
}

impl Iterator for Reader {
    type Item = Result<Judged, CorpusError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(row) = self.rows.next() {
                return Some(Ok(row));
            }
            let wrong = |error: String| damaged(&self.path, format!("is no file of findings: {error}"));
            match self.reader.next()?.map_err(|error| error.to_string()).and_then(|batch| rows(&batch)) {
                Ok(rows) => self.rows = rows.into_iter(),
                Err(error) => return Some(Err(wrong(error))),
            }
        }
    }
}

/// The columns of a batch; that they are those of the schema was seen when the file was opened.
struct Columns<'b>(&'b RecordBatch);

impl Columns<'_> {
    fn text(&self, column: usize, row: usize) -> Option<&str> {
        optional(self.0.column(column).as_string(), row)
    }

    fn number(&self, column: usize, row: usize) -> Option<u64> {
        let numbers = self.0.column(column).as_primitive::<UInt64Type>();
        numbers.is_valid(row).then(|| numbers.value(row))
    }

    fn bytes(&self, column: usize, row: usize) -> Option<&[u8]> {
        let bytes = self.0.column(column).as_fixed_size_binary();
        bytes.is_valid(row).then(|| bytes.value(row))
    }
}

fn rows(batch: &RecordBatch) -> Result<Vec<Judged>, String> {
    let columns = Columns(batch);
    let findings = lists(batch, 8, finding)?;
    let faults = lists(batch, 9, fault)?;
    findings.into_iter().zip(faults).enumerate().map(|(row, (findings, faults))| judged(&columns, row, findings, faults)).collect()
}

fn judged(columns: &Columns<'_>, row: usize, findings: Vec<Finding>, faults: Vec<Fault>) -> Result<Judged, String> {
    let content = match columns.text(2, row) {
        Some(kind) => Err(Broken { kind: word(kind)?, message: columns.text(3, row).unwrap_or_default().to_owned() }),
        None => Ok(Content {
            bytes: columns.number(4, row).unwrap_or_default(),
            language: word(columns.text(5, row).unwrap_or_default())?,
            hash: columns.bytes(6, row).and_then(|bytes| bytes.try_into().ok()).ok_or("a row has no hash")?,
            near: columns.bytes(7, row).and_then(Signature::from_bytes),
            findings,
            faults,
        }),
    };
    let decision: Decision = word(columns.text(1, row).unwrap_or_default())?;
    Ok(Judged { line: columns.number(0, row).unwrap_or_default(), decision, content })
}

fn lists<T>(batch: &RecordBatch, column: usize, one: impl Fn(&StructArray, usize) -> Result<T, String>) -> Result<Vec<Vec<T>>, String> {
    let lists = batch.column(column).as_list::<i32>();
    lists.iter().map(|list| list.map_or(Ok(Vec::new()), |list| (0..list.len()).map(|at| one(list.as_struct(), at)).collect())).collect()
}

fn finding(all: &StructArray, at: usize) -> Result<Finding, String> {
    let text = |column: usize| optional(all.column(column).as_string(), at);
    let place = |column: usize| all.column(column).as_primitive::<UInt32Type>().value(at) as usize;
    let owned = |column| text(column).unwrap_or_default().to_owned();
    Ok(Finding {
        class: text(0).map(word).transpose()?,
        attack: text(1).map(word).transpose()?,
        personal: text(2).map(word).transpose()?,
        detector: owned(3),
        rule: owned(4),
        severity: word(text(5).unwrap_or_default())?,
        score: all.column(6).as_primitive::<Float32Type>().value(at),
        span: Span { start: place(7), end: place(8) },
        via: text(9).map(str::to_owned),
        matched: owned(10),
    })
}

fn fault(all: &StructArray, at: usize) -> Result<Fault, String> {
    let text = |column: usize| optional(all.column(column).as_string(), at).unwrap_or_default().to_owned();
    Ok(Fault { detector: text(0), message: text(1) })
}

fn optional(texts: &StringArray, at: usize) -> Option<&str> {
    texts.is_valid(at).then(|| texts.value(at))
}

fn word<T: FromStr<Err = taxonomy::UnknownId>>(id: &str) -> Result<T, String> {
    id.parse().map_err(|unknown: taxonomy::UnknownId| unknown.to_string())
}

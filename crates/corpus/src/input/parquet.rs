//! Rows of a Parquet file: one column of text, read a few hundred rows at a time.

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;

use arrow_array::cast::AsArray;
use arrow_array::{Array, RecordBatch};
use arrow_schema::{DataType, Schema};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder};
use parquet::errors::ParquetError;

use super::chunks::Chunks;
use super::{Counter, Cut, MAX_ROW_BYTES, Place, Row, Rows};
use crate::error::{at, is_outside};
use crate::manifest::{FileEntry, Shard};
use crate::settings::Selector;
use crate::{Broken, BrokenKind, CorpusError};

/// Rows decoded at once. Few, because a row may be long.
const BATCH_ROWS: usize = 256;

/// A run of row groups that makes a shard.
#[derive(Debug)]
pub(crate) struct Piece {
    /// Which row groups.
    pub(crate) groups: Range<u64>,
    /// Rows before it.
    pub(crate) before: u64,
    /// Rows in it.
    pub(crate) rows: u64,
    /// The bytes they take on the disk.
    pub(crate) bytes: Range<u64>,
}

type Builder = ParquetRecordBatchReaderBuilder<Chunks>;

/// Reads the footer of a file of which these bytes will be read.
fn builder(place: &Place, range: Option<Range<u64>>) -> Result<Builder, CorpusError> {
    let path = place.path();
    let cut =
        |error| CorpusError::Input(format!("{} is no whole Parquet file: {error}; was it cut short while it was copied?", path.display()));
    Builder::try_new(Chunks::open(place, range)?).map_err(|error| match error {
        ParquetError::External(inner) => match inner.downcast::<std::io::Error>() {
            Ok(error) if is_outside(&error) => at(path)(*error),
            Ok(error) => cut(error.to_string()),
            Err(other) => cut(other.to_string()),
        },
        other => cut(other.to_string()),
    })
}

/// Cuts a file into runs of row groups of about so many bytes of plain text.
pub(crate) fn pieces(place: &Place, text: &Selector, shard_bytes: u64) -> Result<Vec<Piece>, CorpusError> {
    let builder = builder(place, None)?;
    column(&builder, place.path(), text)?;
    let (mut pieces, mut before, mut plain) = (Vec::<Piece>::new(), 0_u64, u64::MAX);
    for (at, group) in builder.metadata().row_groups().iter().enumerate() {
        let size = group.total_byte_size().max(0) as u64;
        let rows = group.num_rows().max(0) as u64;
        let ranges = group.columns().iter().map(parquet::file::metadata::ColumnChunkMetaData::byte_range);
        let span = ranges.map(|(start, length)| (start, start + length)).reduce(|a, b| (a.0.min(b.0), a.1.max(b.1))).unwrap_or_default();
        match pieces.last_mut().filter(|_| plain.saturating_add(size) <= shard_bytes) {
            Some(piece) => {
                piece.groups.end += 1;
                piece.rows += rows;
                piece.bytes.end = piece.bytes.end.max(span.1);
                plain += size;
            }
            None => {
                pieces.push(Piece { groups: at as u64..at as u64 + 1, before, rows, bytes: span.0..span.1 });
                plain = size;
            }
        }
        before += rows;
    }
    Ok(pieces)
}

/// The place of the text's column among the outermost ones.
fn column(builder: &Builder, path: &Path, text: &Selector) -> Result<usize, CorpusError> {
    text_column(builder.schema(), text).map_err(|message| CorpusError::Input(format!("{}: {message}", path.display())))
}

/// The place of the text's column among the outermost ones, or what is wrong with it.
pub(crate) fn text_column(schema: &Schema, text: &Selector) -> Result<usize, String> {
    let column = text.column();
    let Ok(at) = schema.index_of(column) else {
        let names: Vec<_> = schema.fields().iter().map(|field| field.name().as_str()).collect();
        return Err(format!(
            "there is no column '{column}'; there are: {}. Name the right one with --text (in Python text=)",
            names.join(", ")
        ));
    };
    match schema.field(at).data_type() {
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View | DataType::Binary | DataType::LargeBinary | DataType::BinaryView => {
            Ok(at)
        }
        other => Err(format!("the column '{column}' holds no text but {other}")),
    }
}

/// Opens the row groups of a shard: the text's column alone, or all of them.
pub(crate) fn groups(
    file: &FileEntry,
    shard: &Shard,
    text: &Selector,
    all: bool,
) -> Result<(ParquetRecordBatchReader, usize), CorpusError> {
    let place = file.place()?;
    let (path, builder) = (place.path(), builder(&place, Some(shard.start..shard.end))?);
    let at = column(&builder, path, text)?;
    let mask = ProjectionMask::roots(builder.parquet_schema(), [at]);
    let groups = shard.groups.clone().unwrap_or_default();
    let builder = builder.with_row_groups((groups.start as usize..groups.end as usize).collect()).with_batch_size(BATCH_ROWS);
    let reader = if all { builder } else { builder.with_projection(mask) }.build();
    let reader = reader.map_err(|error| CorpusError::Input(format!("{} cannot be read: {error}", path.display())))?;
    Ok((reader, if all { at } else { 0 }))
}

/// The text of a row in a batch; broken where there is none.
pub(crate) fn cell(batch: &RecordBatch, column: usize, row: usize) -> Result<&[u8], Broken> {
    let array = batch.column(column);
    if array.is_null(row) {
        return Err(Broken::new(BrokenKind::NoText, "the column holds null"));
    }
    let bytes: &[u8] = match array.data_type() {
        DataType::Utf8 => array.as_string::<i32>().value(row).as_bytes(),
        DataType::LargeUtf8 => array.as_string::<i64>().value(row).as_bytes(),
        DataType::Utf8View => array.as_string_view().value(row).as_bytes(),
        DataType::Binary => array.as_binary::<i32>().value(row),
        DataType::LargeBinary => array.as_binary::<i64>().value(row),
        _ => array.as_binary_view().value(row),
    };
    if bytes.len() > MAX_ROW_BYTES { Err(Broken::too_long(bytes.len() as u64)) } else { Ok(bytes) }
}

/// Reads rows of a column.
pub(super) struct Reader {
    path: PathBuf,
    reader: ParquetRecordBatchReader,
    batch: Option<RecordBatch>,
    at: usize,
    line: u64,
    /// Bytes of the shard on the disk, and its rows: what a row counts for on the progress bar.
    read: Counter,
    bytes_per_row: u64,
}

impl Reader {
    pub(super) fn open(file: &FileEntry, shard: &Shard, text: &Selector, read: &Counter) -> Result<Self, CorpusError> {
        let (reader, _) = groups(file, shard, text, false)?;
        let bytes_per_row = (shard.end - shard.start) / shard.rows.unwrap_or(1).max(1);
        let path = PathBuf::from(&file.path);
        Ok(Self { path, reader, batch: None, at: 0, line: shard.first_row, read: Counter::clone(read), bytes_per_row })
    }
}

impl Rows for Reader {
    fn next(&mut self) -> Result<Option<Row>, Cut> {
        while self.batch.as_ref().is_none_or(|batch| self.at >= batch.num_rows()) {
            // The old batch goes first: at the end there is none, however often one asks.
            (self.batch, self.at) = (None, 0);
            match self.reader.next() {
                None => return Ok(None),
                Some(Ok(batch)) => self.batch = Some(batch),
                Some(Err(error)) => return Err(Cut::Damaged(format!("{} cannot be read further: {error}", self.path.display()))),
            }
        }
        let Some(batch) = &self.batch else { return Ok(None) };
        let row = Row { line: self.line, bytes: cell(batch, 0, self.at).map(<[u8]>::to_vec) };
        self.at += 1;
        self.line += 1;
        self.read.fetch_add(self.bytes_per_row, Ordering::Relaxed);
        Ok(Some(row))
    }
}

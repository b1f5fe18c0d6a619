//! Writes findings. The bytes depend on the rows alone: no time, no name of a machine.

use std::io::Write;
use std::sync::Arc;

use arrow_array::builder::FixedSizeBinaryBuilder;
use arrow_array::{ArrayRef, Float32Array, ListArray, RecordBatch, StringArray, StructArray, UInt32Array, UInt64Array};
use arrow_buffer::OffsetBuffer;
use arrow_schema::{ArrowError, Fields};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::schema::types::ColumnPath;
use taxonomy::{Fault, Finding};

use super::{HASH_BYTES, element, fault_fields, finding_fields, schema};
use crate::row::{Content, Judged};
use crate::signature::SIGNATURE_BYTES;

/// Rows of a row group: with a signature each, 8 MiB held in memory before they are written.
const GROUP_ROWS: usize = 65_536;

/// Writes the findings of a shard.
pub(crate) struct Writer<W: Write + Send> {
    writer: ArrowWriter<W>,
}

impl<W: Write + Send> Writer<W> {
    pub(crate) fn new(file: W) -> Result<Self, ParquetError> {
        let properties = WriterProperties::builder()
            .set_compression(Compression::ZSTD(ZstdLevel::default()))
            .set_max_row_group_row_count(Some(GROUP_ROWS))
            .set_created_by("guiju".to_owned());
        // Hashes are chance: a dictionary and compression would only take time.
        let properties = ["hash", "near"].into_iter().map(ColumnPath::from).fold(properties, |properties, column| {
            properties
                .set_column_dictionary_enabled(column.clone(), false)
                .set_column_statistics_enabled(column.clone(), EnabledStatistics::None)
                .set_column_compression(column, Compression::UNCOMPRESSED)
        });
        Ok(Self { writer: ArrowWriter::try_new(file, schema(), Some(properties.build()))? })
    }

    /// Adds rows.
    pub(crate) fn add(&mut self, rows: &[Judged]) -> Result<(), ParquetError> {
        self.writer.write(&batch(rows)?)
    }

    /// Writes what is left and the footer.
    pub(crate) fn finish(self) -> Result<(), ParquetError> {
        self.writer.close().map(|_| ())
    }
}

/// The findings of rows, as they stand in memory.
pub(crate) fn batch(rows: &[Judged]) -> Result<RecordBatch, ArrowError> {
    let content = || rows.iter().map(|row| row.content.as_ref().ok());
    let broken = || rows.iter().map(|row| row.content.as_ref().err());
    let columns: Vec<ArrayRef> = vec![
        Arc::new(UInt64Array::from_iter_values(rows.iter().map(|row| row.line))),
        Arc::new(StringArray::from_iter_values(rows.iter().map(|row| row.decision.id()))),
        Arc::new(StringArray::from_iter(broken().map(|broken| Some(broken?.kind.id())))),
        Arc::new(StringArray::from_iter(broken().map(|broken| Some(broken?.message.as_str())))),
        Arc::new(UInt64Array::from_iter(content().map(|content| Some(content?.bytes)))),
        Arc::new(StringArray::from_iter(content().map(|content| Some(content?.language.id())))),
        fixed(HASH_BYTES, content().map(|content| Some(content?.hash)))?,
        fixed(SIGNATURE_BYTES as i32, content().map(|content| Some(content?.near?.to_bytes())))?,
        findings(content())?,
        faults(content())?,
    ];
    RecordBatch::try_new(schema(), columns)
}

fn fixed<const N: usize>(bytes: i32, values: impl Iterator<Item = Option<[u8; N]>>) -> Result<ArrayRef, ArrowError> {
    let mut builder = FixedSizeBinaryBuilder::new(bytes);
    for value in values {
        match value {
            Some(value) => builder.append_value(value)?,
            None => builder.append_null(),
        }
    }
    Ok(Arc::new(builder.finish()))
}

fn findings<'r>(rows: impl Iterator<Item = Option<&'r Content>> + Clone) -> Result<ArrayRef, ArrowError> {
    let all: Vec<&Finding> = rows.clone().flatten().flat_map(|content| &content.findings).collect();
    let text =
        |of: &dyn Fn(&Finding) -> Option<String>| Arc::new(StringArray::from_iter(all.iter().map(|finding| of(finding)))) as ArrayRef;
    let number = |of: &dyn Fn(&Finding) -> usize| {
        // An item has at most 16 MiB.
        Arc::new(UInt32Array::from_iter_values(all.iter().map(|finding| u32::try_from(of(finding)).unwrap_or(u32::MAX)))) as ArrayRef
    };
    let columns = vec![
        text(&|finding| Some(finding.class?.id().to_owned())),
        text(&|finding| Some(finding.attack?.id().to_owned())),
        text(&|finding| Some(finding.personal?.id().to_owned())),
        text(&|finding| Some(finding.detector.clone())),
        text(&|finding| Some(finding.rule.clone())),
        text(&|finding| Some(finding.severity.id().to_owned())),
        Arc::new(Float32Array::from_iter_values(all.iter().map(|finding| finding.score))) as ArrayRef,
        number(&|finding| finding.span.start),
        number(&|finding| finding.span.end),
        text(&|finding| finding.via.clone()),
        text(&|finding| Some(finding.matched.clone()).filter(|matched| !matched.is_empty())),
    ];
    list(finding_fields(), columns, rows.map(|content| content.map_or(0, |content| content.findings.len())))
}

fn faults<'r>(rows: impl Iterator<Item = Option<&'r Content>> + Clone) -> Result<ArrayRef, ArrowError> {
    let all: Vec<&Fault> = rows.clone().flatten().flat_map(|content| &content.faults).collect();
    let columns = vec![
        Arc::new(StringArray::from_iter_values(all.iter().map(|fault| fault.detector.as_str()))) as ArrayRef,
        Arc::new(StringArray::from_iter_values(all.iter().map(|fault| fault.message.as_str()))) as ArrayRef,
    ];
    list(fault_fields(), columns, rows.map(|content| content.map_or(0, |content| content.faults.len())))
}

fn list(fields: Fields, columns: Vec<ArrayRef>, lengths: impl Iterator<Item = usize>) -> Result<ArrayRef, ArrowError> {
    let values = StructArray::try_new(fields.clone(), columns, None)?;
    Ok(Arc::new(ListArray::try_new(element(fields), OffsetBuffer::from_lengths(lengths), Arc::new(values), None)?))
}

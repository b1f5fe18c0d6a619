//! Applies a policy to Parquet: rows become rows of the same columns; only the text of redacted ones is another.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow_array::{
    Array, ArrayRef, BinaryArray, BinaryViewArray, BooleanArray, LargeBinaryArray, LargeStringArray, RecordBatch, StringArray,
    StringViewArray,
};
use arrow_schema::DataType;
use arrow_select::filter::filter_record_batch;
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;

use super::fates::Fates;
use super::sink::Sink;
use super::{Applied, Apply, Asked, Copies, Fate};
use crate::CorpusError;
use crate::durable::Pending;
use crate::error::damaged;
use crate::findings::Reader;
use crate::input::parquet::{cell, groups};
use crate::input::{person_cell, person_column, unchanged};
use crate::manifest::{FileEntry, Shard};
use crate::row::Judged;
use crate::scan::writing;

/// Where rows go: clean, quarantine or broken.
struct Out {
    path: PathBuf,
    writer: ArrowWriter<Pending>,
    rows: usize,
}

/// One batch on its way.
#[derive(Default)]
struct Sorted {
    clean: Vec<bool>,
    quarantine: Vec<bool>,
    broken: Vec<bool>,
    /// New texts, by row.
    texts: Vec<Option<String>>,
}

impl Apply<'_> {
    /// Rows of columns.
    pub(super) fn columns(&self, shard: &Shard, file: &FileEntry, copies: &Copies, fates: &mut Fates<'_>) -> Result<Applied, CorpusError> {
        let (mut batches, column) = groups(file, shard, &self.manifest.settings.text, true)?;
        let schema = arrow_array::RecordBatchReader::schema(&batches);
        let out = |name| Out::new(self.path(name, shard, file), Arc::clone(&schema));
        let (mut clean, mut quarantine, mut broken) = (out("clean")?, out("quarantine")?, out("broken")?);
        let (mut reasons, mut joined) = (self.reasons(shard, file), self.joined(shard, file));
        let person = self.consent.map(|consent| person_column(file, &schema, &consent.person)).transpose()?;
        let mut judged = Reader::open(self.dir, shard.id)?;
        let mut applied = Applied::default();
        let mut ended = false;
        while !ended && let Some(batch) = batches.next() {
            let batch = batch.map_err(|error| CorpusError::Input(format!("{} cannot be read further: {error}", file.path)))?;
            let mut sorted = Sorted::default();
            for at in 0..batch.num_rows() {
                // Where the scan ended early, so do the findings.
                let Some(row) = judged.next().transpose()? else {
                    ended = true;
                    break;
                };
                let named = person.and_then(|person| person_cell(&batch, person, at));
                let asked = self.ask(&row, named.as_deref());
                self.sort(
                    &row,
                    asked,
                    &batch,
                    (at, column),
                    copies,
                    file,
                    &mut sorted,
                    &mut applied,
                    (&mut reasons, &mut joined, &mut *fates),
                )?;
            }
            let batch = batch.slice(0, sorted.clean.len());
            let texts = replaced(&batch, column, &sorted.texts)?;
            clean.add(&texts, sorted.clean)?;
            quarantine.add(&batch, sorted.quarantine)?;
            broken.add(&batch, sorted.broken)?;
        }
        unchanged(file, shard)?;
        clean.commit(true)?;
        quarantine.commit(false)?;
        broken.commit(false)?;
        reasons.commit()?;
        joined.commit()?;
        Ok(applied)
    }

    #[expect(clippy::too_many_arguments, reason = "one step of one loop, apart so that it can be read")]
    fn sort(
        &self,
        row: &Judged,
        asked: Asked,
        batch: &RecordBatch,
        (at, column): (usize, usize),
        copies: &Copies,
        file: &FileEntry,
        sorted: &mut Sorted,
        applied: &mut Applied,
        (reasons, joined, fates): (&mut Sink, &mut Sink, &mut Fates<'_>),
    ) -> Result<(), CorpusError> {
        let changed = || CorpusError::Changed { path: PathBuf::from(&file.path) };
        let fate = self.fate(row, copies, asked);
        self.note(row, asked, &fate, joined, applied)?;
        sorted.clean.push(matches!(fate, Fate::Keep | Fate::Redact(_)));
        sorted.quarantine.push(matches!(fate, Fate::Quarantine | Fate::Copy));
        sorted.broken.push(matches!(fate, Fate::Broken) && self.keeps_broken());
        let became = fate.became();
        let mut new = None;
        match fate {
            Fate::Redact(content) => {
                let text = cell(batch, column, at).ok().and_then(|bytes| std::str::from_utf8(bytes).ok()).ok_or_else(changed)?;
                new = Some(self.masked(text, content, asked).ok_or_else(changed)?);
            }
            Fate::Quarantine | Fate::Copy => reasons.line(&self.reason(row, copies))?,
            Fate::Keep | Fate::Broken | Fate::Drop => {}
        }
        let hash = new.as_deref().map(crate::content_hash).or_else(|| row.content.as_ref().ok().map(|content| content.hash));
        sorted.texts.push(new);
        fates.row(row, asked, became, hash)
    }
}

/// The batch with new texts where there are some.
fn replaced(batch: &RecordBatch, column: usize, new: &[Option<String>]) -> Result<RecordBatch, CorpusError> {
    if new.iter().all(Option::is_none) {
        return Ok(batch.clone());
    }
    let array = batch.column(column);
    let old = |row| (!array.is_null(row)).then(|| cell(batch, column, row).unwrap_or_default());
    let bytes = || new.iter().enumerate().map(|(row, new)| new.as_ref().map(String::as_bytes).or_else(|| old(row)));
    let text = || bytes().map(|bytes| bytes.and_then(|bytes| std::str::from_utf8(bytes).ok()));
    let array: ArrayRef = match array.data_type() {
        DataType::Utf8 => Arc::new(text().collect::<StringArray>()),
        DataType::LargeUtf8 => Arc::new(text().collect::<LargeStringArray>()),
        DataType::Utf8View => Arc::new(text().collect::<StringViewArray>()),
        DataType::Binary => Arc::new(bytes().collect::<BinaryArray>()),
        DataType::LargeBinary => Arc::new(bytes().collect::<LargeBinaryArray>()),
        _ => Arc::new(bytes().collect::<BinaryViewArray>()),
    };
    let columns = batch.columns().iter().enumerate().map(|(at, old)| Arc::clone(if at == column { &array } else { old }));
    RecordBatch::try_new(batch.schema(), columns.collect()).map_err(|error| damaged(Path::new("rows"), error.to_string()))
}

impl Out {
    fn new(path: PathBuf, schema: Arc<arrow_schema::Schema>) -> Result<Self, CorpusError> {
        let properties =
            WriterProperties::builder().set_compression(Compression::ZSTD(ZstdLevel::default())).set_created_by("guiju".to_owned());
        let file = Pending::new(&path)?;
        let writer = ArrowWriter::try_new(file, schema, Some(properties.build())).map_err(|error| writing(&path, error))?;
        Ok(Self { path, writer, rows: 0 })
    }

    fn add(&mut self, batch: &RecordBatch, which: Vec<bool>) -> Result<(), CorpusError> {
        let rows = filter_record_batch(batch, &BooleanArray::from(which)).map_err(|error| damaged(&self.path, error.to_string()))?;
        self.rows += rows.num_rows();
        self.writer.write(&rows).map_err(|error| writing(&self.path, error))
    }

    /// Gives the file its name; one without rows is only made where it is always wanted.
    fn commit(self, always: bool) -> Result<(), CorpusError> {
        let Self { path, writer, rows } = self;
        let file = writer.into_inner().map_err(|error| writing(&path, error))?;
        if rows > 0 || always { file.commit() } else { Ok(()) }
    }
}

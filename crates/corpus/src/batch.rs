//! Rows that are in memory already, as an Arrow record batch: for programs that read and write the documents themselves (Ray Data, Spark, Polars).
//!
//! The findings are those that a scan of the same rows in a Parquet file gives, in the same columns. The texts are judged where they lie. Nothing
//! is written here, and a row that cannot be judged is broken, as in a scan.

use arrow_array::RecordBatch;
use detect::Pipeline;
use rayon::prelude::*;

use crate::input::parquet::{cell, text_column};
use crate::row::{Judged, judge_cell};
use crate::scan::pool;
use crate::settings::Selector;
use crate::{CorpusError, findings};

/// Judges the rows of a batch: their findings, row for row (`docs/formats/corpus-findings.md`). The first has the number `first`.
///
/// One thread is the caller's own; more are started for this batch and end with it, so that nothing is left behind in a process that forks.
///
/// # Errors
/// The batch has no such column, or the column holds no text; the threads cannot be had.
pub fn judge_batch(
    batch: &RecordBatch,
    text: &Selector,
    first: u64,
    pipeline: &Pipeline,
    matched: bool,
    threads: usize,
) -> Result<RecordBatch, CorpusError> {
    let column = text_column(batch.schema_ref(), text).map_err(|message| CorpusError::Input(format!("the batch: {message}")))?;
    let judge = |row: usize| judge_cell(first.saturating_add(row as u64), cell(batch, column, row), pipeline, matched);
    let judged: Vec<Judged> = match threads {
        1 => (0..batch.num_rows()).map(judge).collect(),
        threads => pool(threads)?.install(|| (0..batch.num_rows()).into_par_iter().map(judge).collect()),
    };
    // The columns are made here, so they fit the schema that is made here.
    findings::batch(&judged).map_err(|error| CorpusError::Input(format!("the findings of the batch cannot be held: {error}")))
}

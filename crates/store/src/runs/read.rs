//! Reading what was recorded of runs.

use sqlx::Row;
use sqlx::any::AnyRow;

use super::{BEGIN, Hash, RunItem};
use crate::{EntryId, StoreError, Tenant};

/// Runs that are listed: a run a day for ten years.
const MAX_LISTED: i64 = 3_650;

/// Where a journal ends. The columns are those of [`end`].
pub(super) const END: &str =
    "SELECT first_line + line_count - 1, chain FROM run_piece WHERE tenant = $1 AND run = $2 ORDER BY first_line DESC LIMIT 1";

/// A run that was recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordedRun {
    /// Its name.
    pub name: String,
    /// What was asked.
    pub target: String,
    /// When it began, UTC, as its journal says.
    pub opened: String,
    /// What it concluded.
    pub standing: String,
    /// Lines of its journal.
    pub lines: u64,
    /// Chain value of the last of them.
    pub chain: Hash,
    /// Questions and rows in its samples.
    pub items: u64,
    /// The entry that says so.
    pub entry: EntryId,
    /// When, ms since 1970.
    pub recorded_ms: i64,
}

/// Where lines of a journal lie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeptPiece {
    /// Number of the first line, from 1.
    pub first_line: u64,
    /// How many lines.
    pub lines: u64,
    /// The entry whose content they are.
    pub entry: EntryId,
}

/// The columns are those of [`run`].
const RUNS: &str = "SELECT name, target, opened, standing, line_count, chain, item_count, entry, recorded_ms FROM run
                    WHERE tenant = $1 ORDER BY recorded_ms DESC, name LIMIT $2";
const RUN: &str = "SELECT name, target, opened, standing, line_count, chain, item_count, entry, recorded_ms FROM run
                   WHERE tenant = $1 AND name = $2";

impl Tenant {
    /// Runs, the last recorded first; at most 3,650.
    ///
    /// # Errors
    /// The database says no.
    pub async fn runs(&self) -> Result<Vec<RecordedRun>, StoreError> {
        self.rows(RUNS, |query| query.bind(MAX_LISTED)).await?.iter().map(run).collect()
    }

    /// A run by its name, if it was recorded.
    ///
    /// # Errors
    /// The database says no.
    pub async fn run(&self, name: &str) -> Result<Option<RecordedRun>, StoreError> {
        let name = name.to_owned();
        self.rows(RUN, |query| query.bind(name)).await?.first().map(run).transpose()
    }

    /// How many lines of a run's journal are there, and the chain value of the last; no line and zeros where none is.
    ///
    /// # Errors
    /// The database says no.
    pub async fn run_end(&self, name: &str) -> Result<(u64, Hash), StoreError> {
        let name = name.to_owned();
        self.rows(END, |query| query.bind(name)).await?.first().map_or(Ok((0, BEGIN)), end)
    }

    /// The pieces of a run's journal, in their order. [`Tenant::entry`] gives their content.
    ///
    /// # Errors
    /// The database says no.
    pub async fn run_pieces(&self, name: &str) -> Result<Vec<KeptPiece>, StoreError> {
        let name = name.to_owned();
        let sql = "SELECT first_line, line_count, entry FROM run_piece WHERE tenant = $1 AND run = $2 ORDER BY first_line";
        let piece = |row: &AnyRow| Ok(KeptPiece { first_line: count(row, 0)?, lines: count(row, 1)?, entry: entry(row, 2)? });
        self.rows(sql, |query| query.bind(name)).await?.iter().map(piece).collect()
    }

    /// What was said of the items of a run, in order of their keys.
    ///
    /// # Errors
    /// The database says no.
    pub async fn run_items(&self, name: &str) -> Result<Vec<RunItem>, StoreError> {
        let name = name.to_owned();
        let sql = "SELECT item, answered, machine, people, votes FROM run_item WHERE tenant = $1 AND run = $2 ORDER BY item";
        self.rows(sql, |query| query.bind(name)).await?.iter().map(item).collect()
    }
}

fn run(row: &AnyRow) -> Result<RecordedRun, StoreError> {
    Ok(RecordedRun {
        name: row.try_get(0)?,
        target: row.try_get(1)?,
        opened: row.try_get(2)?,
        standing: row.try_get(3)?,
        lines: count(row, 4)?,
        chain: hash(row, 5)?,
        items: count(row, 6)?,
        entry: entry(row, 7)?,
        recorded_ms: row.try_get(8)?,
    })
}

/// A row of [`END`].
pub(super) fn end(row: &AnyRow) -> Result<(u64, Hash), StoreError> {
    Ok((count(row, 0)?, hash(row, 1)?))
}

fn item(row: &AnyRow) -> Result<RunItem, StoreError> {
    let word: String = row.try_get(1)?;
    let known = ["answered", "unanswered", "open", "none"].into_iter().find(|known| *known == word);
    let answered =
        known.ok_or_else(|| StoreError::damaged("an item of a run", format!("'{word}' is not what can become of a question")))?;
    let votes = u32::try_from(row.try_get::<i64, _>(4)?).map_err(|error| StoreError::damaged("an item of a run", error))?;
    let said = |column: usize| Ok::<_, StoreError>(Some(row.try_get::<String, _>(column)?).filter(|said| !said.is_empty()));
    Ok(RunItem { item: row.try_get(0)?, answered, machine: said(2)?, people: said(3)?, votes })
}

fn count(row: &AnyRow, column: usize) -> Result<u64, StoreError> {
    Ok(row.try_get::<i64, _>(column)?.unsigned_abs())
}

fn hash(row: &AnyRow, column: usize) -> Result<Hash, StoreError> {
    row.try_get::<Vec<u8>, _>(column)?.try_into().map_err(|_| StoreError::damaged("the chain value of a run", "it has no 32 bytes"))
}

fn entry(row: &AnyRow, column: usize) -> Result<EntryId, StoreError> {
    row.try_get::<Vec<u8>, _>(column)?.try_into().map(EntryId).map_err(|_| StoreError::damaged("the entry of a run", "it has no 16 bytes"))
}

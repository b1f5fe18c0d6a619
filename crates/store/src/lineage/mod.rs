//! Where training data came from and where it went: scans that were recorded, and exports of them (LN-6-c).
//!
//! - **One scan, one source.** A scan is known by its manifest, is recorded once, and never of another source: nobody passes data off as another's.
//! - **What is said can be proven.** The roots stand in the open in their entries ([`ledger::statement`]): a proof of a single row needs the log's public key alone.
//! - **A row is what its entry says.** Whoever can write into the database cannot change it unseen.
//!
//! It reads no file of a corpus: roots and digests are the caller's.

mod export;
mod scan;

pub use export::{NewExport, RecordedExport};
pub use scan::{MAX_SHARDS, NewScan, RecordedScan};

use keys::digest::hex;
use ledger::statement::Statement;
use sqlx::Row;
use sqlx::any::AnyRow;

use crate::{EntryId, StoreError, Tenant};

/// Bytes of a path: those of the operating system are no longer.
const MAX_TEXT_BYTES: usize = 4_096;

/// Roots and digests: SHA-256.
type Hash = [u8; 32];

impl Tenant {
    /// What an entry says in the open, if that is what a row says of it.
    async fn stated(&self, entry: EntryId, of: &str, row: &[(&str, Hash)]) -> Result<Statement, StoreError> {
        let wrong = |how: String| StoreError::damaged(of, how);
        let statement = self.entry(entry).await?.statement.ok_or_else(|| wrong(format!("entry {entry} says nothing of it")))?;
        match row.iter().find(|(name, value)| statement.get(name) != Some(hex(value).as_str())) {
            Some((name, value)) => Err(wrong(format!("its {name} is {}; entry {entry} of the ledger says otherwise", hex(value)))),
            None => Ok(statement),
        }
    }
}

fn hash(row: &AnyRow, column: usize) -> Result<Hash, StoreError> {
    row.try_get::<Vec<u8>, _>(column)?.try_into().map_err(|_| StoreError::damaged("a digest of a corpus", "it has no 32 bytes"))
}

fn entry(row: &AnyRow, column: usize) -> Result<EntryId, StoreError> {
    let entry = row.try_get::<Vec<u8>, _>(column)?.try_into();
    entry.map(EntryId).map_err(|_| StoreError::damaged("the entry of a scan or an export", "it has no 16 bytes"))
}

fn count(row: &AnyRow, column: usize) -> Result<u64, StoreError> {
    Ok(row.try_get::<i64, _>(column)?.unsigned_abs())
}

/// What the database counts with.
fn signed(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

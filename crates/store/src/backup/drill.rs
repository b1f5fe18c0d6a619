//! A drill: a backup is restored into a scratch place, verified up to the live logs, measured, and thrown away. The figures go into the ledger as evidence.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use keys::KeyRef;
use keys::root::Root;
use ledger::leaf::Class;

use super::error::BackupError;
use super::restore::{Restore, restore};
use super::{Lock, Older, Progress, Summary};
use crate::change::{Change, Entry};
use crate::place::Place;
use crate::{Store, StoreError, TenantId, id, log};

/// What is asked of [`drill`].
pub struct Drill<'d> {
    /// The backup of the data; what it builds on lies beside it.
    pub directory: &'d Path,
    /// What opens it.
    pub root: &'d dyn Root,
    /// A directory with room for the data. In it a new one is made, and deleted again.
    pub scratch: &'d Path,
    /// Who asks.
    pub by: &'d str,
}

/// What a drill came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Drilled {
    /// The backup.
    pub backup: KeyRef,
    /// The measured recovery time: to verify, restore and verify again, in ms.
    pub recovery_ms: u64,
    /// The measured recovery point: what would have been lost, log by log.
    pub behind: Vec<Behind>,
}

/// How far a backup is behind a live log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Behind {
    /// Whose log.
    pub tenant: TenantId,
    /// Entries that were restored.
    pub size: u64,
    /// Entries that the backup does not have. Its own `backup.create` is always one of them.
    pub entries: u64,
    /// From the moment of the backup to the last entry that it does not have, in ms; 0 if there is none.
    pub ms: u64,
}

/// Practises a restore. Each tenant's log gets an entry `backup.drill` with the figures.
///
/// # Errors
/// The backup does not hold, is of another history than the live logs, or the scratch directory cannot be used. Nothing is recorded then; what was made is deleted.
pub async fn drill(store: &Store, ask: &Drill<'_>, progress: &mut Progress<'_>) -> Result<Drilled, BackupError> {
    let begun = Instant::now();
    let scratch = Scratch::new(ask.scratch)?;
    let place = Place { directory: scratch.0.clone(), database: None };
    let lock = Lock { root: ask.root, policy: &store.inner.vault.policy };
    let summary = restore(&Restore { directory: ask.directory, lock, place: &place, older: Older::Refuse }, progress).await?;
    let behind = compare(store, &summary).await?;
    let recovery_ms = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
    scratch.delete()?;
    let drilled = Drilled { backup: summary.backup, recovery_ms, behind };
    record(store, &drilled, ask.by).await?;
    Ok(drilled)
}

/// A directory that goes, whatever happens.
struct Scratch(PathBuf);

impl Scratch {
    fn new(parent: &Path) -> Result<Self, BackupError> {
        let directory = parent.join(format!("guiju-drill-{}", id::word()?));
        fs::create_dir_all(parent).map_err(BackupError::file(parent))?;
        fs::create_dir(&directory).map_err(BackupError::file(&directory))?;
        Ok(Self(directory))
    }

    fn delete(self) -> Result<(), BackupError> {
        fs::remove_dir_all(&self.0).map_err(BackupError::file(&self.0))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // Deleted already, or the error before it is the one to tell.
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Holds what was restored against the live logs, as far as it goes, and says what is missing.
async fn compare(store: &Store, summary: &Summary) -> Result<Vec<Behind>, BackupError> {
    let tenants = store.tenants().await?;
    if let Some(log) = summary.logs.iter().find(|log| !tenants.contains(&log.tenant)) {
        return Err(StoreError::Forked(log.origin.clone()).into());
    }
    let mut behind = Vec::new();
    for tenant in tenants {
        let live = store.tenant(&tenant).await?;
        let head = live.log().await?;
        let log = summary.logs.iter().find(|log| log.tenant == tenant);
        let size = log.map_or(0, |log| log.size);
        if let Some(log) = log {
            let mut connection = store.inner.readers.acquire().await?;
            let beginning = if size <= head.size { Some(log::resume(&mut connection, &tenant, size).await?.root()) } else { None };
            if beginning != Some(log.root) || log.origin != head.origin {
                return Err(StoreError::Forked(head.origin).into());
            }
        }
        let entries = head.size.saturating_sub(size);
        let last = if entries == 0 { None } else { live.entries(head.size - 1, 1).await?.pop() };
        let ms = last.map_or(0, |last| last.time_ms.saturating_sub(summary.made_ms.unsigned_abs()));
        behind.push(Behind { tenant, size, entries, ms });
    }
    Ok(behind)
}

/// Each tenant is told of its own log only, and how long all of it took.
async fn record(store: &Store, drilled: &Drilled, by: &str) -> Result<(), BackupError> {
    for behind in &drilled.behind {
        let entry = Entry::new(Class::System, "backup.drill", by)
            .with("backup", drilled.backup.to_string())
            .with("recovery_ms", drilled.recovery_ms)
            .with("size", behind.size)
            .with("behind_entries", behind.entries)
            .with("behind_ms", behind.ms);
        store.tenant(&behind.tenant).await?.change(async move |change: &mut Change| change.record(entry)).await?;
    }
    Ok(())
}

//! Chains: a full backup and the incremental ones that build on it, each on the one before. They lie side by side, and each names its base by the SHA-256 of its manifest.

use std::fs;
use std::path::{Path, PathBuf};

use keys::KeyRef;

use super::Lock;
use super::error::BackupError;
use super::manifest::{Backup, is_named};

/// Backups of one chain: a full one and a year of daily ones. Longer chains take long to open, and one damaged link spoils all that follow.
pub(super) const MAX_CHAIN: usize = 400;

/// A backup, and all that it builds on.
pub(super) struct Chain {
    pub(super) newest: Backup,
    /// The full one last.
    older: Vec<Backup>,
}

impl Chain {
    /// Opens a backup, and those that it builds on: they lie side by side.
    pub(super) fn open(directory: &Path, lock: &Lock<'_>) -> Result<Self, BackupError> {
        let directory = fs::canonicalize(directory).map_err(BackupError::file(directory))?;
        let mut chain = Self { newest: Backup::open(&directory, lock)?, older: Vec::new() };
        while let Some(base) = chain.oldest().manifest.base {
            if chain.len() >= MAX_CHAIN {
                return Err(BackupError::Base(format!("{} builds on more than {MAX_CHAIN} backups", directory.display())));
            }
            let above = chain.oldest();
            let place = beside(&above.directory, base.backup)?;
            let found = Backup::open(&place, lock)?;
            if found.as_base() != base || found.manifest.what != above.manifest.what || found.manifest.schema != above.manifest.schema {
                let (place, above) = (place.display(), above.directory.display());
                return Err(BackupError::Base(format!("{place} is not the backup that {above} builds on")));
            }
            chain.older.push(found);
        }
        Ok(chain)
    }

    fn oldest(&self) -> &Backup {
        self.older.last().unwrap_or(&self.newest)
    }

    pub(super) fn len(&self) -> usize {
        self.older.len() + 1
    }

    /// The backups, the full one first.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Backup> + Clone {
        self.older.iter().rev().chain([&self.newest])
    }
}

/// The directory beside this one with the backup of this name.
fn beside(directory: &Path, wanted: KeyRef) -> Result<PathBuf, BackupError> {
    let parent = directory.parent().unwrap_or(directory);
    for entry in fs::read_dir(parent).map_err(BackupError::file(parent))? {
        let place = entry.map_err(BackupError::file(parent))?.path();
        if is_named(&place, wanted) {
            return Ok(place);
        }
    }
    let (this, parent) = (directory.display(), parent.display());
    Err(BackupError::Base(format!("{this} builds on the backup {wanted}, which is not in {parent}; put the directories side by side")))
}

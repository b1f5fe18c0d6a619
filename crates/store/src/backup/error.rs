//! What can go wrong with a backup, as far as a caller can tell it apart.

use std::io;
use std::path::Path;

use keys::KeyRef;
use keys::root::RootError;

use crate::StoreError;

/// Why a backup could not be made, read or restored.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// The passphrase or the root does not open it.
    #[error(
        "{place}: the key of the backup cannot be opened ({reason}): the passphrase is another, or the first bytes of the file were changed"
    )]
    Locked {
        /// The manifest.
        place: String,
        /// What the root said.
        reason: RootError,
    },
    /// It is not what was written.
    #[error("{what} is damaged: {how}; use another copy of the backup")]
    Damaged {
        /// Which file, and of which table.
        what: String,
        /// How.
        how: String,
    },
    /// A newer version of the program made it.
    #[error(
        "{place} was made with schema {schema}, which this version does not know; restore it with the newer version of guiju that made it"
    )]
    Newer {
        /// The manifest.
        place: String,
        /// Its newest migration.
        schema: i64,
    },
    /// What an incremental backup builds on is not there, or is something else.
    #[error("{0}")]
    Base(String),
    /// It is a backup of the other kind.
    #[error("{place} is a backup of {found}, but one of {wanted} is needed")]
    Other {
        /// The manifest.
        place: String,
        /// What it holds.
        found: &'static str,
        /// What it should hold.
        wanted: &'static str,
    },
    /// Something is there already.
    #[error("{0} is not empty; nothing was overwritten: name an empty place, or move away what is there")]
    Occupied(String),
    /// The place has signed more than the backup holds.
    #[error(
        "the backup {backup} holds {found} entries of the log {origin}, but this machine has signed {signed}: restored, it would be without the last ones, and \
         what is written next would be another history than the one that witnesses and auditors have seen. Restore a newer backup; if there is none and the loss is \
         accepted, say so explicitly: the head file is then kept beside the new one as evidence"
    )]
    Older {
        /// The backup.
        backup: KeyRef,
        /// Name of the log.
        origin: String,
        /// Entries in the backup.
        found: u64,
        /// Entries that were signed.
        signed: u64,
    },
    /// A backup of keys beyond its days.
    #[error(
        "the keys of {backup} were to be kept until {until_ms} (ms since 1970): persons who were erased since then were promised that no copy of their keys \
         is left. Delete it; if it is the last copy there is, say explicitly that it is used"
    )]
    Expired {
        /// The backup.
        backup: KeyRef,
        /// How long it was to be kept, ms since 1970.
        until_ms: i64,
    },
    /// A file says no.
    #[error("{path}: {reason}")]
    File {
        /// Which one.
        path: String,
        /// What the system says.
        reason: io::Error,
    },
    /// No key, or nothing could be sealed.
    #[error("key: {0}")]
    Key(String),
    /// The store says no.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl BackupError {
    pub(super) fn damaged(what: impl Into<String>, how: impl ToString) -> Self {
        Self::Damaged { what: what.into(), how: how.to_string() }
    }

    pub(super) fn file(path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |reason| Self::File { path: path.display().to_string(), reason }
    }

    pub(super) fn key(error: impl ToString) -> Self {
        Self::Key(error.to_string())
    }
}

impl From<sqlx::Error> for BackupError {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(StoreError::Database(error))
    }
}

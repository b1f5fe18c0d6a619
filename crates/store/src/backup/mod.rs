//! Backup and restore: copies of the store that outsiders cannot read, that any of the two databases takes, and that are proved before they are trusted.
//!
//! - **What.** A backup of the data never holds a key; the keys are backed up apart and kept for 30 days at most, so that an erased person is erased everywhere then.
//! - **When.** [`create`] copies one snapshot while the writer goes on. An incremental backup takes of the log only what was added since its base.
//! - **Sealed.** Each backup has a fresh key, which a [`Passphrase`] wraps, or any other [`Root`]. The machine's own root would be lost with the machine.
//! - **Proved.** [`verify`] derives every log from its leaves; [`restore`] does so before it writes and again from what it wrote; [`drill`] practises it and measures.
//!
//! It deletes no backup and has no schedule. File access blocks: callers in a service give it a thread of its own. Format: `docs/formats/backup.md`.

mod chain;
mod create;
mod drill;
mod error;
mod gone;
mod manifest;
mod part;
mod passphrase;
mod restore;
mod restore_keys;
mod row;
mod table;
mod verify;

use keys::root::Root;
use keys::{CipherPolicy, KeyRef};
use serde::{Deserialize, Serialize};

pub use create::{Create, KEEP_KEYS_MS, create};
pub use drill::{Behind, Drill, Drilled, drill};
pub use error::BackupError;
pub use manifest::LogHead;
pub use passphrase::Passphrase;
pub use restore::{Restore, restore};
pub use restore_keys::{RestoreKeys, restore_keys};
pub use verify::verify;

use manifest::Backup;

/// What a backup holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum What {
    /// The rows of the store and its logs, without any key.
    Data,
    /// The wrapped keys.
    Keys,
}

impl What {
    const fn word(self) -> &'static str {
        match self {
            Self::Data => "data",
            Self::Keys => "keys",
        }
    }
}

/// What opens a backup.
#[derive(Clone, Copy)]
pub struct Lock<'l> {
    /// Wraps the key of the backup: a [`Passphrase`], or another root than that of the machine.
    pub root: &'l dyn Root,
    /// Which ciphers are opened.
    pub policy: &'l CipherPolicy,
}

/// Whether something may be restored that other copies have left behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Older {
    /// It is refused; the message says what it would mean.
    Refuse,
    /// The loss is accepted.
    Accept,
}

/// A backup that was made, verified or restored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    /// Its name: that of its key.
    pub backup: KeyRef,
    /// What it holds.
    pub what: What,
    /// The moment of its snapshot, ms since 1970.
    pub made_ms: i64,
    /// What it builds on.
    pub base: Option<KeyRef>,
    /// When it must be deleted, ms since 1970: a backup of keys.
    pub keep_until_ms: Option<i64>,
    /// How far the logs go.
    pub logs: Vec<LogHead>,
    /// Rows in it, without those of its base.
    pub rows: u64,
    /// Bytes of its parts, without those of its base.
    pub bytes: u64,
}

impl Summary {
    fn of(backup: &Backup) -> Self {
        let manifest = &backup.manifest;
        Self {
            backup: backup.id(),
            what: manifest.what,
            made_ms: manifest.made_ms,
            base: manifest.base.map(|base| base.backup),
            keep_until_ms: manifest.keep_until_ms,
            logs: manifest.logs.clone(),
            rows: manifest.parts.iter().map(|part| part.rows).sum(),
            bytes: manifest.parts.iter().map(|part| part.bytes).sum(),
        }
    }
}

/// Hears how many rows were done.
type Progress<'p> = dyn FnMut(u64) + Send + 'p;

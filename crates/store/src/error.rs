//! What can go wrong with the store, as far as a caller can tell it apart.

/// Why the store could not do what was asked. Where it is given for a change, nothing of that change was kept.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The directory or the database cannot be used.
    #[error("{place}: {what}")]
    Place {
        /// Which one.
        place: String,
        /// What is wrong with it, and what to do.
        what: String,
    },
    /// The schema was written by a newer version of the program.
    #[error("the database has a schema that this version does not know (migration {0}); start the newer version of guiju that wrote it")]
    Newer(i64),
    /// The database is older than what its log has signed.
    #[error(
        "the log {origin} has {found} entries, but a checkpoint of {signed} entries was signed: this is an older copy of the database, or entries were \
         removed; restore the newest one, and have the audit administrator look before anything is written"
    )]
    Older {
        /// Name of the log.
        origin: String,
        /// Entries in the database.
        found: u64,
        /// Entries of which a checkpoint was signed.
        signed: u64,
    },
    /// A checkpoint was signed, and the head file says nothing of it.
    #[error(
        "the log {origin} has a signed checkpoint of {signed} entries, but {file} says nothing of it: the file was removed, or this machine has not signed this log before. \
         Without it an older copy of the database would be taken for the newest. Put the file back; if that cannot be, and the database is known to be the newest, \
         `guiju ledger accept-head` takes it as it is and records that"
    )]
    HeadGone {
        /// Name of the log.
        origin: String,
        /// Entries of which the database says that a checkpoint was signed.
        signed: u64,
        /// The head file.
        file: String,
    },
    /// The database holds another history than the one that was signed.
    #[error(
        "the log {0} is not the one that was signed: its root at the signed size differs; have the audit administrator look before anything is written"
    )]
    Forked(String),
    /// What is stored cannot be what the program wrote.
    #[error("{what} is damaged: {how}")]
    Damaged {
        /// What.
        what: String,
        /// How.
        how: String,
    },
    /// There is no such thing.
    #[error("there is no {0}")]
    NotFound(String),
    /// The change was made and could not be brought to the disk.
    #[error("not acknowledged, look before you repeat it: {0}")]
    NotAcknowledged(String),
    /// A rule forbids it.
    #[error("{0}")]
    Refused(String),
    /// A key could not be used.
    #[error("key: {0}")]
    Key(String),
    /// The database said no, or is gone.
    #[error("database: {0}")]
    Database(#[from] sqlx::Error),
    /// The writer has stopped.
    #[error("the store is closing, nothing is written any more")]
    Closed,
}

impl StoreError {
    pub(crate) fn damaged(what: impl Into<String>, how: impl ToString) -> Self {
        Self::Damaged { what: what.into(), how: how.to_string() }
    }
}

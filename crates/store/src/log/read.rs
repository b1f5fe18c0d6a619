//! Reading a log: where it stands, and entries as they were said.

use ledger::hash::Hash;
use ledger::key::VerifierKey;
use ledger::leaf::{Class, Leaf};
use ledger::note::Note;
use ledger::statement::Statement;
use serde_json::Value;
use sqlx::Row;
use sqlx::any::AnyRow;

use super::{HeadRow, SigningFault, seal};
use crate::vault::Purpose;
use crate::{EntryId, StoreError, Tenant};

/// Entries shown at a time.
const MAX_LISTED: u64 = 1_000;

/// An entry, opened as far as it can be.
#[derive(Debug, Clone, PartialEq)]
pub struct Opened {
    /// Its place in the log, from 0.
    pub index: u64,
    /// Its id.
    pub entry: EntryId,
    /// When, ms since 1970.
    pub time_ms: u64,
    /// How it looks from outside.
    pub class: Class,
    /// What happened: `what`, `by` and `details`; `None` once its retention has ended.
    pub said: Option<Value>,
    /// Content that speaks of a person.
    pub content: Secret,
    /// What it says in the open, as the leaf commits to it.
    pub statement: Option<Statement>,
}

/// Content that speaks of a person.
#[derive(Clone, PartialEq, Eq)]
pub enum Secret {
    /// The entry never had any.
    None,
    /// The person's key was destroyed, or the content deleted.
    Gone,
    /// What it was.
    Open(Vec<u8>),
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::None => f.write_str("None"),
            Self::Gone => f.write_str("Gone"),
            Self::Open(bytes) => write!(f, "Open({} bytes)", bytes.len()),
        }
    }
}

/// Where a log stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogStatus {
    /// Its name in checkpoints.
    pub origin: String,
    /// Entries.
    pub size: u64,
    /// Merkle root of them.
    pub root: Hash,
    /// The last signed checkpoint; empty before the first.
    pub checkpoint: String,
    /// Entries that it speaks of.
    pub signed_size: u64,
    /// Why the entries after it are not signed, where that failed.
    pub fault: Option<SigningFault>,
    /// Entries that the last cosigned checkpoint speaks of; 0 before the first.
    pub cosigned_size: u64,
    /// The public key, as others write it down (C2SP signed-note).
    pub verifier: VerifierKey,
    /// The public key of the SM2 signature, if checkpoints bear one.
    pub sm2: Option<VerifierKey>,
}

impl Tenant {
    /// Where the log stands.
    ///
    /// # Errors
    /// The database says no.
    pub async fn log(&self) -> Result<LogStatus, StoreError> {
        let head = self.head().await?;
        let (verifier, sm2) = (self.verifier(&head.origin).await?, self.sm2_verifier(&head.origin).await?);
        let cosigned_size = self.cosigned().await?.map_or(0, |(size, _)| size);
        Ok(LogStatus {
            origin: head.origin,
            size: head.size,
            root: head.root,
            checkpoint: head.checkpoint,
            signed_size: head.signed_size,
            fault: self.signing_fault().await?,
            cosigned_size,
            verifier,
            sm2,
        })
    }

    pub(crate) async fn head(&self) -> Result<HeadRow, StoreError> {
        super::head(&mut *self.inner.readers.acquire().await?, &self.id, super::HEAD).await
    }

    /// The public key of the log.
    pub(crate) async fn verifier(&self, origin: &str) -> Result<VerifierKey, StoreError> {
        let key = self.inner.vault.key(&self.id, Purpose::Signing, super::sign::SIGNING, self.now_ms()).await?;
        seal::verifier(origin, &key)
    }

    /// What is stored of the log cannot be what was written.
    pub(super) fn damaged(&self, how: impl ToString) -> StoreError {
        StoreError::damaged(format!("the log of {}", self.id), how)
    }

    /// An entry by its id.
    ///
    /// # Errors
    /// There is no such entry, or it was damaged.
    pub async fn entry(&self, entry: EntryId) -> Result<Opened, StoreError> {
        let sql = "SELECT place, entry, leaf FROM log_entry WHERE tenant = $1 AND entry = $2";
        let rows = self.rows(sql, |query| query.bind(entry.0.to_vec())).await?;
        let origin = self.head().await?.origin;
        self.opened(&origin, rows.first().ok_or_else(|| StoreError::NotFound(format!("entry {entry} in the log of {}", self.id)))?).await
    }

    /// Entries in their order, at most 1,000.
    ///
    /// # Errors
    /// The database says no, or an entry was damaged.
    pub async fn entries(&self, from: u64, most: u64) -> Result<Vec<Opened>, StoreError> {
        let sql = "SELECT place, entry, leaf FROM log_entry WHERE tenant = $1 AND place >= $2 ORDER BY place LIMIT $3";
        let rows = self.rows(sql, |query| query.bind(super::signed(from)).bind(super::signed(most.min(MAX_LISTED)))).await?;
        let origin = self.head().await?.origin;
        let mut entries = Vec::with_capacity(rows.len());
        for row in &rows {
            entries.push(self.opened(&origin, row).await?);
        }
        Ok(entries)
    }

    async fn opened(&self, origin: &str, row: &AnyRow) -> Result<Opened, StoreError> {
        let (place, entry, leaf): (i64, Vec<u8>, Vec<u8>) = (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
        let damaged = |how: &dyn ToString| StoreError::damaged(format!("entry {place} of the log of {}", self.id), how.to_string());
        let entry = EntryId(entry.try_into().map_err(|_| damaged(&"its id does not have 16 bytes"))?);
        let leaf = Leaf::decode(&leaf).map_err(|error| damaged(&error))?;
        let mut opened = Opened {
            index: place.unsigned_abs(),
            entry,
            time_ms: leaf.time_ms,
            class: leaf.class,
            said: None,
            content: Secret::None,
            statement: None,
        };
        let sql = "SELECT segment, sealed FROM log_segment WHERE tenant = $1 AND place = $2";
        for row in self.rows(sql, |query| query.bind(place)).await? {
            let (segment, sealed): (i64, Vec<u8>) = (row.try_get(0)?, row.try_get(1)?);
            if Statement::begins(&sealed) {
                opened.statement =
                    Some(stated(&leaf, segment, &sealed).ok_or_else(|| damaged(&"its statement is not the one of its leaf"))?);
                continue;
            }
            let Some(bytes) = self.unsealed(origin, entry, place, segment, &sealed).await? else { continue };
            match segment {
                0 => opened.said = Some(serde_json::from_slice(&bytes).map_err(|error| damaged(&error))?),
                _ => opened.content = Secret::Open(bytes),
            }
        }
        // What happened is one segment, and what is said in the open one; what is left spoke of a person.
        if opened.content == Secret::None && leaf.segments.len() > 1 + usize::from(opened.statement.is_some()) {
            opened.content = Secret::Gone;
        }
        Ok(opened)
    }

    /// What an entry says in the open, signed with the key of the log: for files that are held against it where nobody has the log. Only what was recorded is signed.
    ///
    /// # Errors
    /// There is no such entry, or it says nothing in the open.
    pub async fn signed_statement(&self, entry: EntryId) -> Result<Note, StoreError> {
        let statement = self.entry(entry).await?.statement;
        let statement =
            statement.ok_or_else(|| StoreError::NotFound(format!("statement of entry {entry}: it says nothing in the open")))?;
        let key = self.inner.vault.key(&self.id, Purpose::Signing, super::sign::SIGNING, self.now_ms()).await?;
        let sm2 = super::sm2::key(&self.inner.vault, &self.id, self.now_ms()).await?;
        seal::signed_statement(&statement, &key, sm2.as_deref())
    }

    /// A segment, opened; `None` where its key is gone.
    pub(crate) async fn unsealed(
        &self,
        origin: &str,
        entry: EntryId,
        place: i64,
        segment: i64,
        sealed: &[u8],
    ) -> Result<Option<Vec<u8>>, StoreError> {
        let Some(key) = self.inner.vault.by_reference(&self.id, seal::key_of(sealed)?).await? else { return Ok(None) };
        let bytes = self.inner.vault.policy.open(&key, &seal::context(origin, entry, segment), sealed);
        bytes.map(|bytes| Some(bytes.to_vec())).map_err(|error| StoreError::damaged(format!("segment {segment} of entry {place}"), error))
    }
}

/// A statement, if its leaf commits to it.
fn stated(leaf: &Leaf, segment: i64, bytes: &[u8]) -> Option<Statement> {
    let known = usize::try_from(segment).ok().and_then(|segment| leaf.segments.get(segment))?;
    let statement = Statement::parse(std::str::from_utf8(bytes).ok()?).ok()?;
    (known.is(bytes) && statement.stands_in(leaf)).then_some(statement)
}

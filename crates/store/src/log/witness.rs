//! What a log shows to others: requests to its witnesses, their cosignatures, and the proofs that entries stand in it.
//!
//! A log signs a checkpoint each second while it grows, a witness cosigns one now and then. So the newest cosigned checkpoint is kept apart from the newest one, and an entry
//! that it covers is proven by it: whoever wants a quorum of witnesses finds their signatures there.

use ledger::checkpoint::Checkpoint;
use ledger::key::VerifierKey;
use ledger::note::Note;
use ledger::proof;
use ledger::receipt::Receipt;
use ledger::witness::{AddCheckpoint, add_cosignatures};
use sqlx::{AnyConnection, Row};

use crate::change::Change;
use crate::tenant::TenantId;
use crate::{EntryId, StoreError, Tenant};

impl Tenant {
    /// The request to a witness that has seen `old` entries of the log: cosign the checkpoint as it stands (C2SP tlog-witness).
    ///
    /// # Errors
    /// Nothing was signed yet, or the witness claims to have seen more than there is.
    pub async fn witness_request(&self, old: u64) -> Result<AddCheckpoint, StoreError> {
        let mut connection = self.inner.readers.acquire().await?;
        let head = super::head(&mut connection, &self.id, super::HEAD).await?;
        let wanted = proof::tiles_for_consistency(old, head.signed_size).map_err(|error| StoreError::Refused(error.to_string()))?;
        let tiles = super::tiles(&mut connection, &self.id, wanted).await?;
        let path = proof::consistency(old, head.signed_size, &tiles).map_err(|error| self.damaged(error))?;
        let checkpoint = Note::parse(head.checkpoint.as_bytes()).map_err(|error| self.damaged(error))?;
        Ok(AddCheckpoint { old, proof: path, checkpoint })
    }

    /// Keeps the answer of a witness, if it holds, and says of how many entries it speaks. `asked` is the checkpoint that it was asked for, where the log may have signed a
    /// newer one since; without it the last one is meant.
    ///
    /// # Errors
    /// The answer is not the witness's, speaks of another checkpoint, or a newer one is cosigned already.
    pub async fn accept_cosignature(&self, answer: Vec<u8>, witness: VerifierKey, asked: Option<Note>) -> Result<u64, StoreError> {
        let head = self.head().await?;
        let mut note = match asked {
            Some(note) => note,
            None => Note::parse(head.checkpoint.as_bytes()).map_err(|error| StoreError::damaged("the checkpoint", error))?,
        };
        let size = self.own(&note, &head.origin).await?;
        add_cosignatures(&mut note, &answer, &[witness]).map_err(|error| {
            StoreError::Refused(format!("{error}; was a newer checkpoint signed since? Then name the request that was answered"))
        })?;
        self.change(async move |change: &mut Change| keep(change, size, note).await).await?;
        Ok(size)
    }

    /// The size that a checkpoint speaks of, if this log has signed it and has these entries.
    async fn own(&self, note: &Note, origin: &str) -> Result<u64, StoreError> {
        let refused = |error: &dyn ToString| StoreError::Refused(format!("not a checkpoint of this log: {}", error.to_string()));
        let key = self.verifier(origin).await?;
        let checkpoint = Checkpoint::open(note, [&key]).map_err(|error| refused(&error))?.checkpoint;
        let mut connection = self.inner.readers.acquire().await?;
        let then = super::resume(&mut connection, &self.id, checkpoint.size).await?;
        if then.root() == checkpoint.root { Ok(checkpoint.size) } else { Err(StoreError::Forked(origin.to_owned())) }
    }

    /// The newest cosigned checkpoint, and of how many entries it speaks.
    pub(super) async fn cosigned(&self) -> Result<Option<(u64, Note)>, StoreError> {
        cosigned(&mut *self.inner.readers.acquire().await?, &self.id).await
    }

    /// The proof that an entry stands in the log, for whoever has the log's public key: a `.tlog-proof` (C2SP), with the leaf itself. Its checkpoint is the newest cosigned one
    /// that covers the entry; where there is none, the newest one.
    ///
    /// # Errors
    /// There is no such entry, or no checkpoint speaks of it yet (one is signed within a second).
    pub async fn receipt(&self, entry: EntryId) -> Result<(Vec<u8>, Receipt), StoreError> {
        let sql = "SELECT place, leaf FROM log_entry WHERE tenant = $1 AND entry = $2";
        let rows = self.rows(sql, |query| query.bind(entry.0.to_vec())).await?;
        let row = rows.first().ok_or_else(|| StoreError::NotFound(format!("entry {entry} in the log of {}", self.id)))?;
        let (index, leaf) = (row.try_get::<i64, _>(0)?.unsigned_abs(), row.try_get::<Vec<u8>, _>(1)?);
        let mut connection = self.inner.readers.acquire().await?;
        let cosigned = cosigned(&mut connection, &self.id).await?.filter(|(size, _)| *size > index);
        let (size, checkpoint) = match cosigned {
            Some(cosigned) => cosigned,
            None => {
                let head = super::head(&mut connection, &self.id, super::HEAD).await?;
                if head.signed_size <= index {
                    return Err(StoreError::Refused(format!(
                        "no checkpoint speaks of entry {entry} yet; one is signed within a second, try again"
                    )));
                }
                (head.signed_size, Note::parse(head.checkpoint.as_bytes()).map_err(|error| self.damaged(error))?)
            }
        };
        let wanted = proof::tiles_for_inclusion(size, index).map_err(|error| self.damaged(error))?;
        let tiles = super::tiles(&mut connection, &self.id, wanted).await?;
        let path = proof::inclusion(size, index, &tiles).map_err(|error| self.damaged(error))?;
        Ok((leaf, Receipt { extra: None, index, proof: path, checkpoint }))
    }
}

/// Keeps a cosigned checkpoint, with the cosignatures that it has already; the last checkpoint shows them too, if it is that one.
async fn keep(change: &mut Change, size: u64, mut note: Note) -> Result<(), StoreError> {
    change.save().await?;
    // The log is locked: whoever else accepts an answer waits, so that neither's cosignature is lost.
    match cosigned(&mut change.connection, &change.tenant).await? {
        Some((newest, _)) if newest > size => {
            return Err(StoreError::Refused(format!(
                "a checkpoint of {newest} entries is cosigned already, this one speaks of {size}; ask the witness for the newest"
            )));
        }
        Some((_, known)) if known.text() == note.text() => {
            for signature in known.signatures() {
                if !note.signatures().iter().any(|new| (new.name(), new.key_id()) == (signature.name(), signature.key_id())) {
                    note.add(signature.clone()).map_err(|error| StoreError::Refused(error.to_string()))?;
                }
            }
        }
        _ => {}
    }
    let sql = "INSERT INTO log_cosigned (tenant, size, checkpoint) VALUES ($1, $2, $3)
               ON CONFLICT (tenant) DO UPDATE SET size = excluded.size, checkpoint = excluded.checkpoint";
    let text = note.to_string();
    change.execute(sql, |query| query.bind(super::signed(size)).bind(text)).await?;
    let sql = "UPDATE log_head SET checkpoint = $2 WHERE tenant = $1 AND signed_size = $3";
    change.execute(sql, |query| query.bind(note.to_string()).bind(super::signed(size))).await?;
    Ok(())
}

async fn cosigned(connection: &mut AnyConnection, tenant: &TenantId) -> Result<Option<(u64, Note)>, StoreError> {
    let rows = tenant.query("SELECT size, checkpoint FROM log_cosigned WHERE tenant = $1").fetch_all(connection).await?;
    let Some(row) = rows.first() else { return Ok(None) };
    let note = Note::parse(row.try_get::<String, _>(1)?.as_bytes());
    let note = note.map_err(|error| StoreError::damaged(format!("the cosigned checkpoint of {tenant}"), error))?;
    Ok(Some((row.try_get::<i64, _>(0)?.unsigned_abs(), note)))
}

//! What an entry says, sealed; and the checkpoint, signed.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use jiff::Timestamp;
use keys::digest::hex;
use keys::{DataClass, DataKey, KeyRef, derive};
use ledger::checkpoint::Checkpoint;
use ledger::hash::Hash;
use ledger::key::VerifierKey;
use ledger::leaf::{Leaf, Segment};
use ledger::note::Note;
use ledger::sign::{Ed25519Signer, SignError, Signer, sign};
use ledger::statement::Statement;
use serde_json::json;
use sqlx::{AnyConnection, Row};

use super::sm2::Sm2Signer;
use crate::change::{Content, Entry};
use crate::tenant::TenantId;
use crate::vault::{Purpose, Vault};
use crate::{EntryId, StoreError};

/// An entry as it is stored.
pub(super) struct Sealed {
    pub(super) id: EntryId,
    pub(super) leaf: Vec<u8>,
    pub(super) segments: Vec<Vec<u8>>,
}

/// Seals entries: what happened with the key of the day, content with the key of the person it speaks of.
pub(super) async fn entries(
    vault: &Vault,
    tenant: &TenantId,
    origin: &str,
    entries: Vec<(EntryId, Entry)>,
    now_ms: i64,
) -> Result<Vec<Sealed>, StoreError> {
    let day = vault.key(tenant, Purpose::Log, &day(now_ms), now_ms).await?;
    let persons = persons(vault, tenant, &entries, now_ms).await?;
    let mut sealed = Vec::with_capacity(entries.len());
    for (id, entry) in entries {
        let text = json!({ "what": entry.what, "by": entry.by, "details": entry.details }).to_string();
        let mut segments =
            vec![vault.policy.seal(DataClass::Operational, &day, &context(origin, id, 0), text.as_bytes()).map_err(refused)?];
        let mut key = day.reference();
        if let Some(content) = &entry.content {
            let person = persons.get(&content.person).ok_or_else(|| StoreError::Key("a person's key was not made".to_owned()))?;
            segments.push(vault.policy.seal(DataClass::Subject, person, &context(origin, id, 1), &content.bytes).map_err(refused)?);
            key = person.reference();
        }
        if !entry.statement.is_empty() {
            segments.push(statement(&entry, origin, id)?.to_string().into_bytes());
        }
        let leaf = Leaf {
            suite: vault.policy.active(DataClass::Operational).code(),
            entry_id: id.0,
            time_ms: now_ms.unsigned_abs(),
            class: entry.class,
            key_ref: key.0,
            segments: segments.iter().map(|segment| Segment::of(segment)).collect(),
        };
        let leaf = leaf.encode().map_err(|error| StoreError::damaged("an entry", error))?;
        sealed.push(Sealed { id, leaf, segments });
    }
    Ok(sealed)
}

/// The key of each person that these entries speak of, by name.
async fn persons(
    vault: &Vault,
    tenant: &TenantId,
    entries: &[(EntryId, Entry)],
    now_ms: i64,
) -> Result<HashMap<String, Arc<DataKey>>, StoreError> {
    let names: BTreeSet<&String> =
        entries.iter().filter_map(|(_, entry)| entry.content.as_ref()).map(|Content { person, .. }| person).collect();
    let mut tags = HashMap::new();
    for name in names {
        tags.insert(name.clone(), person(vault, tenant, name, now_ms).await?);
    }
    let keys = vault.keys(tenant, Purpose::Subject, &tags.values().cloned().collect(), now_ms).await?;
    Ok(tags.into_iter().filter_map(|(name, tag)| Some((name, Arc::clone(keys.get(&tag)?)))).collect())
}

/// The label of a person's key: a keyed hash of the name, which tells nobody who it is.
pub(crate) async fn person(vault: &Vault, tenant: &TenantId, name: &str, now_ms: i64) -> Result<String, StoreError> {
    let key = vault.key(tenant, Purpose::Tag, "persons", now_ms).await?;
    Ok(hex(&derive::tag(&key, name.as_bytes())))
}

/// What a segment is bound to: it opens in its own place only.
pub(crate) fn context(origin: &str, entry: EntryId, segment: i64) -> Vec<u8> {
    format!("guiju entry {origin} {entry} {segment}").into_bytes()
}

/// The day of the log, in UTC.
fn day(now_ms: i64) -> String {
    Timestamp::from_millisecond(now_ms).unwrap_or(Timestamp::UNIX_EPOCH).strftime("%F").to_string()
}

/// The time of the last entry, so that time does not go back: 0 in an empty log.
pub(super) async fn last_time(connection: &mut AnyConnection, tenant: &TenantId, size: u64) -> Result<i64, StoreError> {
    let Some(last) = size.checked_sub(1) else { return Ok(0) };
    let query = tenant.query("SELECT leaf FROM log_entry WHERE tenant = $1 AND place = $2").bind(super::signed(last));
    let row = query.fetch_optional(connection).await?;
    let row = row.ok_or_else(|| {
        StoreError::damaged(format!("the log of {tenant}"), format!("entry {last} is missing; run `guiju ledger verify`"))
    })?;
    let leaf =
        Leaf::decode(&row.try_get::<Vec<u8>, _>(0)?).map_err(|error| StoreError::damaged(format!("entry {last} of {tenant}"), error))?;
    Ok(i64::try_from(leaf.time_ms).unwrap_or(i64::MAX))
}

/// A signed checkpoint.
pub(super) fn checkpoint(origin: &str, size: u64, root: Hash, key: &DataKey, sm2: Option<&DataKey>) -> Result<String, StoreError> {
    signed(origin, key, sm2, |signers| Checkpoint::new(origin, size, root).sign(signers)).map(|note| note.to_string())
}

/// A signed statement. It is no checkpoint and cannot be taken for one.
pub(super) fn signed_statement(statement: &Statement, key: &DataKey, sm2: Option<&DataKey>) -> Result<Note, StoreError> {
    signed(statement.origin(), key, sm2, |signers| sign(&statement.to_string(), signers))
}

/// A note with all signatures of the log.
fn signed(
    origin: &str,
    key: &DataKey,
    sm2: Option<&DataKey>,
    note: impl FnOnce(&[&dyn Signer]) -> Result<Note, SignError>,
) -> Result<Note, StoreError> {
    let (signer, sm2) = (signer(origin, key)?, sm2.map(|key| Sm2Signer::new(origin, key)).transpose()?);
    let signers: Vec<&dyn Signer> = [&signer as &dyn Signer].into_iter().chain(sm2.iter().map(|signer| signer as &dyn Signer)).collect();
    note(&signers).map_err(refused)
}

/// What an entry says in the open. The salt keeps those who hold the leaf alone from guessing it.
pub(crate) fn statement(entry: &Entry, origin: &str, id: EntryId) -> Result<Statement, StoreError> {
    let salt = crate::id::word()?;
    let lines = entry.statement.iter().map(|(name, value)| (*name, value.as_str())).chain([("salt", salt.as_str())]);
    Statement::new(entry.what, origin, id.0, lines).map_err(|error| StoreError::Refused(format!("{}: {error}", entry.what)))
}

/// The public key of a log.
pub(crate) fn verifier(origin: &str, key: &DataKey) -> Result<VerifierKey, StoreError> {
    Ok(signer(origin, key)?.key().clone())
}

/// The key that signs a log.
fn signer(origin: &str, key: &DataKey) -> Result<Ed25519Signer, StoreError> {
    Ed25519Signer::new(origin, &derive::seed(key, "ed25519")).map_err(refused)
}

/// Whether a log can be called so: its name stands in checkpoints and in its public key.
pub(crate) fn check_origin(origin: &str) -> Result<(), StoreError> {
    Ed25519Signer::new(origin, &[1; 32]).map(drop).map_err(|error| StoreError::Refused(error.to_string()))
}

/// The key that an envelope names.
pub(crate) fn key_of(envelope: &[u8]) -> Result<KeyRef, StoreError> {
    keys::envelope::Header::read(envelope).map(|header| header.key_ref).map_err(|error| StoreError::damaged("a segment", error))
}

fn refused(error: impl ToString) -> StoreError {
    StoreError::Key(error.to_string())
}

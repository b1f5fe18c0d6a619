//! Rows of the register.

use sqlx::Row;
use sqlx::any::AnyRow;

use super::{Kind, Model, ModelId, ModelLine, ModelState, ServedModel, not_there};
use crate::access::PersonId;
use crate::change::Change;
use crate::{EntryId, StoreError};

/// One version. The columns are those of [`model`].
pub(super) const MODEL: &str = "SELECT name, version, kind, state, base, licence, manifest, digest, path, endpoint, signatures, entry, person, registered_by, registered_ms
     FROM model WHERE tenant = $1 AND name = $2 AND version = $3";

pub(super) fn model(row: &AnyRow) -> Result<Model, StoreError> {
    let id = id(row)?;
    let (kind, state) = (kind(row, 2)?, state(row, 3)?);
    let wrong = |how: &str| StoreError::damaged(format!("the register's row of {id}"), how);
    let entry = row.try_get::<Vec<u8>, _>(11)?.try_into().map_err(|_| wrong("its entry has no 16 bytes"))?;
    Ok(Model {
        kind,
        state,
        base: some(row.try_get(4)?),
        licence: some(row.try_get(5)?),
        manifest: row.try_get(6)?,
        digest: digest(row, 7)?,
        path: some(row.try_get(8)?),
        endpoint: some(row.try_get(9)?),
        signatures: row.try_get(10)?,
        entry: EntryId(entry),
        person: PersonId(row.try_get(12)?),
        registered_by: row.try_get(13)?,
        registered_ms: row.try_get(14)?,
        id,
    })
}

pub(super) fn served(row: &AnyRow) -> Result<ServedModel, StoreError> {
    Ok(ServedModel { id: id(row)?, digest: digest(row, 2)?, endpoint: some(row.try_get(3)?) })
}

/// A row of `name, version, kind, state, licence, digest, registered_ms`.
pub(super) fn line(row: &AnyRow) -> Result<ModelLine, StoreError> {
    let (kind, state, licence) = (kind(row, 2)?, state(row, 3)?, some(row.try_get(4)?));
    Ok(ModelLine { id: id(row)?, kind, state, licence, digest: digest(row, 5)?, registered_ms: row.try_get(6)? })
}

/// A kind in a column.
pub(super) fn kind(row: &AnyRow, column: usize) -> Result<Kind, StoreError> {
    let word: String = row.try_get(column)?;
    let kinds = [Kind::Model, Kind::Checkpoint];
    kinds.into_iter().find(|kind| kind.word() == word).ok_or_else(|| unknown("kind", &word))
}

fn state(row: &AnyRow, column: usize) -> Result<ModelState, StoreError> {
    use ModelState::{Assessed, Good, Promoted, Registered, Retired};
    let word: String = row.try_get(column)?;
    let states = [Registered, Assessed, Promoted, Good, Retired];
    states.into_iter().find(|state| state.word() == word).ok_or_else(|| unknown("state", &word))
}

fn unknown(what: &str, word: &str) -> StoreError {
    StoreError::damaged("the register of models", format!("'{word}' is no {what}"))
}

/// A row that begins with `name, version`.
pub(super) fn id(row: &AnyRow) -> Result<ModelId, StoreError> {
    let (name, version): (String, String) = (row.try_get(0)?, row.try_get(1)?);
    ModelId::new(&name, &version).map_err(|error| StoreError::damaged("the register of models", error))
}

/// A SHA-256 in a column.
pub(crate) fn digest(row: &AnyRow, column: usize) -> Result<[u8; 32], StoreError> {
    row.try_get::<Vec<u8>, _>(column)?.try_into().map_err(|_| StoreError::damaged("a digest of a manifest", "it has no 32 bytes"))
}

fn some(text: String) -> Option<String> {
    Some(text).filter(|text| !text.is_empty())
}

impl Change {
    /// A version, in the transaction.
    pub(super) async fn registered(&mut self, id: &ModelId) -> Result<Model, StoreError> {
        let (name, version) = (id.name().to_owned(), id.version().to_owned());
        let found = self.rows(MODEL, |query| query.bind(name).bind(version)).await?;
        found.first().map(model).ok_or_else(|| not_there(id))?
    }

    /// Moves a version on, if it still stands where the rules looked at it: on PostgreSQL another process may have been faster.
    pub(super) async fn stand(&mut self, id: &ModelId, from: ModelState, to: ModelState) -> Result<(), StoreError> {
        let (name, version) = (id.name().to_owned(), id.version().to_owned());
        let sql = "UPDATE model SET state = $5 WHERE tenant = $1 AND name = $2 AND version = $3 AND state = $4";
        match self.execute(sql, |query| query.bind(name).bind(version).bind(from.word()).bind(to.word())).await? {
            1 => Ok(()),
            _ => Err(StoreError::Refused(format!("{id} was {} and is not any more; look again", from.word()))),
        }
    }
}

//! Registering a version.

use keys::digest::{Digests, hex};
use ledger::leaf::Class;
use sqlx::Row;

use super::{Kind, ModelId};
use crate::access::Permission;
use crate::accounts::Who;
use crate::change::{Change, Entry};
use crate::{EntryId, StoreError};

/// Bytes of a manifest: ten thousand files with names of a hundred signs and two digests each take some three MiB.
pub const MAX_MANIFEST_BYTES: usize = 4 << 20;

/// Bytes of each of the other texts: a licence expression, a path, an address.
const MAX_TEXT_BYTES: usize = 4_096;

/// A version as it is registered. An empty text says that there is none.
#[derive(Debug, Clone)]
pub struct NewModel {
    /// Which.
    pub id: ModelId,
    /// Of what.
    pub kind: Kind,
    /// `NAME@VERSION` that it was made from.
    pub base: String,
    /// SPDX expression.
    pub licence: String,
    /// The manifest, byte for byte.
    pub manifest: String,
    /// Directory of its files.
    pub path: String,
    /// Address where it is served by API only.
    pub endpoint: String,
    /// Signatures over the manifest, JSON.
    pub signatures: String,
}

impl Change {
    /// Registers a version, and gives its entry.
    ///
    /// # Errors
    /// Whoever asks may not, there is such a version already, the name is of another kind, or something is too long.
    pub async fn register_model(&mut self, who: &Who, new: NewModel) -> Result<EntryId, StoreError> {
        let who = self.permit(who, Permission::ModelRegister).await?;
        new.fits()?;
        self.is_of_kind(&new).await?;
        let by = who.account().to_string();
        let digests = Digests::of(new.manifest.as_bytes());
        let what = match new.kind {
            Kind::Model => "model.register",
            Kind::Checkpoint => "checkpoint.register",
        };
        let entry = Entry::new(Class::Admin, what, by.clone()).with("name", new.id.name()).with("version", new.id.version());
        let entry = entry.with("base", new.base.clone()).with("licence", new.licence.clone()).with("endpoint", new.endpoint.clone());
        let entry = self.record(entry.with("manifest_sha256", hex(&digests.sha256)).with("manifest_sm3", hex(&digests.sm3)))?;
        let (id, now, person) = (new.id.clone(), self.now_ms, who.person().0);
        let sql = "INSERT INTO model (tenant, name, version, place, kind, state, base, licence, manifest, digest, path, endpoint, signatures, entry, person,
                                      registered_by, registered_ms)
                   VALUES ($1, $2, $3, (SELECT COALESCE(MAX(place), 0) + 1 FROM model WHERE tenant = $1 AND name = $2), $4, 'registered', $5, $6, $7, $8, $9,
                           $10, $11, $12, $13, $14, $15)
                   ON CONFLICT (tenant, name, version) DO NOTHING";
        let bind = |query: crate::change::Bound| {
            let query = query.bind(new.id.name().to_owned()).bind(new.id.version().to_owned()).bind(new.kind.word());
            let query = query.bind(new.base).bind(new.licence).bind(new.manifest).bind(digests.sha256.to_vec());
            let query = query.bind(new.path).bind(new.endpoint).bind(new.signatures);
            query.bind(entry.0.to_vec()).bind(person).bind(by).bind(now)
        };
        match self.execute(sql, bind).await? {
            0 => Err(StoreError::Refused(format!(
                "{id} is registered already, and a version never changes; register it under another version"
            ))),
            _ => Ok(entry),
        }
    }

    /// One name has one kind, or a checkpoint would stand among what can be promoted.
    async fn is_of_kind(&mut self, new: &NewModel) -> Result<(), StoreError> {
        let name = new.id.name().to_owned();
        let rows = self.rows("SELECT kind FROM model WHERE tenant = $1 AND name = $2 LIMIT 1", |query| query.bind(name)).await?;
        let Some(row) = rows.first() else { return Ok(()) };
        let kind: String = row.try_get(0)?;
        if kind == new.kind.word() {
            return Ok(());
        }
        Err(StoreError::Refused(format!("'{}' is the name of a {kind} already; name this {} otherwise", new.id.name(), new.kind.word())))
    }
}

impl NewModel {
    fn fits(&self) -> Result<(), StoreError> {
        let texts = [
            ("base", &self.base),
            ("licence", &self.licence),
            ("path", &self.path),
            ("endpoint", &self.endpoint),
            ("signatures", &self.signatures),
        ];
        let texts = texts.into_iter().map(|(what, text)| (what, text, MAX_TEXT_BYTES));
        let too_long = texts.chain([("manifest", &self.manifest, MAX_MANIFEST_BYTES)]).find(|(_, text, most)| text.len() > *most);
        let Some((what, text, most)) = too_long else { return Ok(()) };
        Err(StoreError::Refused(format!("the {what} of {} has {} bytes, at most {most} are kept", self.id, text.len())))
    }
}

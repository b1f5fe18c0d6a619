//! The register of models and of the checkpoints of their training: what each version is, what was assessed of it, and which version serves.
//!
//! - **A version never changes.** Its manifest, and with it every digest of its files, is fixed when it is registered, in the row and in the ledger.
//! - **No traffic without a passed run** (GB-6-a1, GB-6-d2). A version is [promoted](Change::promote_model) only by a run that was recorded for it and met every
//!   bound, and never by the person who registered it.
//! - **One version of a name serves**, or none; the way back is one step ([`Change::roll_back_model`]).
//!
//! It reads no file of a model and does not judge a run: both are the caller's, who records what came of it.

mod assessment;
mod checkpoint;
mod id;
mod promotion;
mod register;
mod rows;

pub use assessment::{Assessment, MAX_MISSES};
pub use checkpoint::CheckpointRollback;
pub use id::ModelId;
pub use register::{MAX_MANIFEST_BYTES, NewModel};
pub(crate) use rows::digest;

use keys::digest::{hex, sha256};
use serde::Serialize;
use serde_json::Value;

use crate::access::PersonId;
use crate::{EntryId, StoreError, Tenant};

/// Versions shown at a time: more than any provider keeps, and a page that can still be read.
const MAX_LISTED: i64 = 1_000;

/// Versions whose files are checked together: a checkpoint an hour for ten years. A check that left some out in silence would be none.
const MAX_WITH_FILES: i64 = 100_000;

/// What a version is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// A model that may serve.
    Model,
    /// A state of training (LN-5.2-e).
    Checkpoint,
}

/// How a version stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ModelState {
    /// It is known, and nothing else.
    Registered,
    /// A run of it is recorded, whatever came of it; or it has served and does not any more.
    Assessed,
    /// It serves.
    Promoted,
    /// A checkpoint that training can go back to.
    Good,
    /// It never serves again.
    Retired,
}

/// A version as it stands in the register.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Model {
    /// Which.
    pub id: ModelId,
    /// Of what.
    pub kind: Kind,
    /// How it stands.
    pub state: ModelState,
    /// `NAME@VERSION` that it was made from.
    pub base: Option<String>,
    /// SPDX expression.
    pub licence: Option<String>,
    /// The manifest, byte for byte (docs/formats/model-manifest.md).
    pub manifest: String,
    /// SHA-256 of the manifest.
    pub digest: [u8; 32],
    /// Directory of its files when it was registered.
    pub path: Option<String>,
    /// Address where it is served by API only.
    pub endpoint: Option<String>,
    /// Signatures over the manifest, JSON.
    pub signatures: String,
    /// The entry of the log in which it was registered.
    pub entry: EntryId,
    /// The person who registered it.
    pub person: PersonId,
    /// Their account.
    pub registered_by: String,
    /// When, ms since 1970.
    pub registered_ms: i64,
}

/// A version as a list shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModelLine {
    /// Which.
    pub id: ModelId,
    /// Of what.
    pub kind: Kind,
    /// How it stands.
    pub state: ModelState,
    /// SPDX expression.
    pub licence: Option<String>,
    /// SHA-256 of its manifest.
    pub digest: [u8; 32],
    /// When it was registered, ms since 1970.
    pub registered_ms: i64,
}

/// A version that serves: all that a gateway asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServedModel {
    /// Which.
    pub id: ModelId,
    /// SHA-256 of its manifest.
    pub digest: [u8; 32],
    /// Address where it is served by API only.
    pub endpoint: Option<String>,
}

impl Kind {
    /// Its word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Model => "model",
            Self::Checkpoint => "checkpoint",
        }
    }
}

impl ModelState {
    /// Its word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Registered => "registered",
            Self::Assessed => "assessed",
            Self::Promoted => "promoted",
            Self::Good => "good",
            Self::Retired => "retired",
        }
    }
}

impl Tenant {
    /// A version.
    ///
    /// # Errors
    /// There is no such version, or the database says no.
    pub async fn model(&self, id: &ModelId) -> Result<Model, StoreError> {
        let rows = self.rows(rows::MODEL, |query| query.bind(id.name().to_owned()).bind(id.version().to_owned())).await?;
        rows.first().map(rows::model).ok_or_else(|| not_there(id))?
    }

    /// All versions, by name, the newest first; at most 1,000.
    ///
    /// # Errors
    /// The database says no.
    pub async fn models(&self) -> Result<Vec<ModelLine>, StoreError> {
        let sql = "SELECT name, version, kind, state, licence, digest, registered_ms FROM model WHERE tenant = $1 ORDER BY name, place DESC LIMIT $2";
        self.rows(sql, |query| query.bind(MAX_LISTED)).await?.iter().map(rows::line).collect()
    }

    /// A version whose row says what the ledger said when it was registered: whoever can write into the database cannot change it unseen. Once the retention of
    /// that entry has ended, only the digest of the manifest is left to compare.
    ///
    /// # Errors
    /// There is no such version, its row was changed, or the database says no.
    pub async fn model_as_entered(&self, id: &ModelId) -> Result<Model, StoreError> {
        let model = self.model(id).await?;
        let (digest, wrong) = (hex(&model.digest), |how: String| StoreError::damaged(format!("the register's row of {id}"), how));
        if sha256(model.manifest.as_bytes()) != model.digest {
            return Err(wrong("its manifest is not the one of its digest".to_owned()));
        }
        let Some(said) = self.entry(model.entry).await?.said else { return Ok(model) };
        let entered = |what: &str| said.get("details").and_then(|details| details.get(what)).and_then(Value::as_str).unwrap_or_default();
        let (name, version, manifest) = (entered("name"), entered("version"), entered("manifest_sha256"));
        if (name, version, manifest) != (id.name(), id.version(), digest.as_str()) {
            return Err(wrong(format!(
                "it has the manifest {digest}; entry {} of the ledger says {name}@{version} and {manifest}",
                model.entry
            )));
        }
        Ok(model)
    }

    /// All versions that have files here and are not retired.
    ///
    /// # Errors
    /// There are more than 100,000, or the database says no.
    pub async fn models_with_files(&self) -> Result<Vec<ModelId>, StoreError> {
        let sql = "SELECT name, version FROM model WHERE tenant = $1 AND state <> 'retired' AND path <> '' ORDER BY name, place LIMIT $2";
        let rows = self.rows(sql, |query| query.bind(MAX_WITH_FILES + 1)).await?;
        if i64::try_from(rows.len()).is_ok_and(|rows| rows > MAX_WITH_FILES) {
            return Err(StoreError::Refused(format!("more than {MAX_WITH_FILES} versions have files; retire what is not used any more")));
        }
        rows.iter().map(rows::id).collect()
    }

    /// What a name is of; `None` where nothing of that name is registered.
    ///
    /// # Errors
    /// The database says no.
    pub async fn model_kind(&self, name: &str) -> Result<Option<Kind>, StoreError> {
        let name = name.to_owned();
        let rows = self.rows("SELECT kind FROM model WHERE tenant = $1 AND name = $2 LIMIT 1", |query| query.bind(name)).await?;
        rows.first().map(|row| rows::kind(row, 0)).transpose()
    }

    /// The version of a name that serves; `None` where none does, and then nothing of that name may be served. One look into an index.
    ///
    /// # Errors
    /// The database says no.
    pub async fn served_model(&self, name: &str) -> Result<Option<ServedModel>, StoreError> {
        let sql = "SELECT name, version, digest, endpoint FROM model WHERE tenant = $1 AND name = $2 AND state = 'promoted'";
        let name = name.to_owned();
        self.rows(sql, |query| query.bind(name)).await?.first().map(rows::served).transpose()
    }

    /// The versions that serve, by name; at most 1,000.
    ///
    /// # Errors
    /// The database says no.
    pub async fn models_served(&self) -> Result<Vec<ServedModel>, StoreError> {
        let sql = "SELECT name, version, digest, endpoint FROM model WHERE tenant = $1 AND state = 'promoted' ORDER BY name LIMIT $2";
        self.rows(sql, |query| query.bind(MAX_LISTED)).await?.iter().map(rows::served).collect()
    }

    /// The assessments of a version, the newest first.
    ///
    /// # Errors
    /// The database says no.
    pub async fn assessments(&self, id: &ModelId) -> Result<Vec<Assessment>, StoreError> {
        let (name, version) = (id.name().to_owned(), id.version().to_owned());
        let sql = "SELECT run, chain, met, standing, misses FROM model_run
                   WHERE tenant = $1 AND name = $2 AND version = $3 ORDER BY recorded_ms DESC, chain LIMIT $4";
        let rows = self.rows(sql, |query| query.bind(name).bind(version).bind(MAX_LISTED)).await?;
        rows.iter().map(assessment::read).collect()
    }
}

fn not_there(id: &ModelId) -> StoreError {
    StoreError::NotFound(format!("{id} in the register; `guiju model list` shows what there is"))
}

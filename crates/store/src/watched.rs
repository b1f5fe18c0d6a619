//! Files beside the models that are held against a manifest (LN-4-b): the operator's lexicons. What they hold is read by the caller.

use keys::digest::{Digests, hex};
use ledger::leaf::Class;
use sqlx::Row;
use sqlx::any::AnyRow;

use crate::access::Permission;
use crate::accounts::Who;
use crate::change::{Change, Entry};
use crate::models::MAX_MANIFEST_BYTES;
use crate::{StoreError, Tenant};

/// Paths that a tenant has watched at most: one a lexicon, and there are tens of them.
const MAX_WATCHED: i64 = 1_000;

/// A file or directory, and what it should hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Watched {
    /// Where.
    pub path: String,
    /// What, byte for byte (docs/formats/model-manifest.md).
    pub manifest: String,
    /// SHA-256 of that.
    pub digest: [u8; 32],
    /// The account that vouched for it.
    pub added_by: String,
    /// When, ms since 1970.
    pub added_ms: i64,
}

impl Tenant {
    /// All that is watched, by path.
    ///
    /// # Errors
    /// The database says no.
    pub async fn watched(&self) -> Result<Vec<Watched>, StoreError> {
        let sql = "SELECT path, manifest, digest, added_by, added_ms FROM watched WHERE tenant = $1 ORDER BY path LIMIT $2";
        self.rows(sql, |query| query.bind(MAX_WATCHED)).await?.iter().map(read).collect()
    }
}

impl Change {
    /// Watches a path, or vouches for what it holds now in place of what it held.
    ///
    /// # Errors
    /// Whoever asks may not, the manifest is too large, or too many paths are watched.
    pub async fn watch(&mut self, who: &Who, path: &str, manifest: &str) -> Result<(), StoreError> {
        let who = self.permit(who, Permission::LexiconChange).await?;
        if manifest.len() > MAX_MANIFEST_BYTES {
            return Err(StoreError::Refused(format!(
                "the manifest of {path} has {} bytes, at most {MAX_MANIFEST_BYTES} are kept",
                manifest.len()
            )));
        }
        let by = who.account().to_string();
        let word = path.to_owned();
        let before = self.rows("SELECT digest FROM watched WHERE tenant = $1 AND path = $2", |query| query.bind(word)).await?;
        let before = before.first().map(|row| crate::models::digest(row, 0)).transpose()?.map(|digest| hex(&digest));
        let known = self.rows("SELECT 1 FROM watched WHERE tenant = $1", |query| query).await?.len();
        if before.is_none() && i64::try_from(known).is_ok_and(|known| known >= MAX_WATCHED) {
            return Err(StoreError::Refused(format!("{MAX_WATCHED} paths are watched already; watch a directory in place of its files")));
        }
        let digests = Digests::of(manifest.as_bytes());
        let entry = Entry::new(Class::Admin, "integrity.add", by.clone()).with("path", path).with("before", before);
        self.record(entry.with("manifest_sha256", hex(&digests.sha256)).with("manifest_sm3", hex(&digests.sm3)))?;
        let (path, manifest, now) = (path.to_owned(), manifest.to_owned(), self.now_ms);
        let sql = "INSERT INTO watched (tenant, path, manifest, digest, added_by, added_ms) VALUES ($1, $2, $3, $4, $5, $6)
                   ON CONFLICT (tenant, path) DO UPDATE SET manifest = excluded.manifest, digest = excluded.digest, added_by = excluded.added_by,
                   added_ms = excluded.added_ms";
        self.execute(sql, |query| query.bind(path).bind(manifest).bind(digests.sha256.to_vec()).bind(by).bind(now)).await?;
        Ok(())
    }
}

fn read(row: &AnyRow) -> Result<Watched, StoreError> {
    Ok(Watched {
        path: row.try_get(0)?,
        manifest: row.try_get(1)?,
        digest: crate::models::digest(row, 2)?,
        added_by: row.try_get(3)?,
        added_ms: row.try_get(4)?,
    })
}

//! Recording an export.

use keys::digest::{Digests, hex};
use ledger::leaf::Class;
use ledger::statement::Statement;
use sqlx::Row;
use sqlx::any::AnyRow;

use super::{Hash, MAX_TEXT_BYTES, count, entry, hash, signed};
use crate::access::Permission;
use crate::accounts::Who;
use crate::change::{Change, Entry};
use crate::{EntryId, StoreError, Tenant};

/// Exports of one scan that are shown: more than anyone makes, and a page that can still be read.
const MAX_LISTED: i64 = 1_000;

/// An export as it is recorded.
#[derive(Debug, Clone)]
pub struct NewExport {
    /// The entry that its manifest names ([`Tenant::entry_id`]).
    pub entry: EntryId,
    /// SHA-256 of the manifest of the scan that it is of.
    pub scan: Hash,
    /// Digests of its manifest.
    pub manifest: Digests,
    /// Merkle root over its files.
    pub root: Hash,
    /// Directory where it is written.
    pub path: String,
    /// How many files.
    pub files: u64,
    /// Rows in them.
    pub rows: u64,
}

/// An export that was recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordedExport {
    /// SHA-256 of its manifest.
    pub manifest: Hash,
    /// Merkle root over its files.
    pub root: Hash,
    /// Directory where it was written.
    pub path: String,
    /// How many files.
    pub files: u64,
    /// Rows in them.
    pub rows: u64,
    /// The entry that says so.
    pub entry: EntryId,
    /// What the entry says in the open.
    pub statement: Statement,
    /// When, ms since 1970.
    pub exported_ms: i64,
}

/// A row, by the SHA-256 of its manifest. The columns are those of [`Kept::of`].
const EXPORT: &str =
    "SELECT manifest, root, path, files, row_count, entry, exported_ms FROM corpus_export WHERE tenant = $1 AND manifest = $2";

/// A row.
struct Kept {
    manifest: Hash,
    root: Hash,
    path: String,
    files: u64,
    rows: u64,
    entry: EntryId,
    exported_ms: i64,
}

impl Kept {
    fn of(row: &AnyRow) -> Result<Self, StoreError> {
        let (files, rows, entry) = (count(row, 3)?, count(row, 4)?, entry(row, 5)?);
        Ok(Self { manifest: hash(row, 0)?, root: hash(row, 1)?, path: row.try_get(2)?, files, rows, entry, exported_ms: row.try_get(6)? })
    }
}

impl Change {
    /// Records an export, and gives its entry. One that is recorded already is not recorded again.
    ///
    /// # Errors
    /// Whoever asks may not or shows no fresh second factor, the scan is not recorded, its source is on the blacklist, or something is too long.
    pub async fn record_export(&mut self, who: &Who, new: NewExport) -> Result<EntryId, StoreError> {
        let who = self.permit(who, Permission::CorpusExport).await?;
        if new.path.len() > MAX_TEXT_BYTES {
            return Err(StoreError::Refused(format!(
                "the path of an export has at most {MAX_TEXT_BYTES} bytes, this one {}",
                new.path.len()
            )));
        }
        let (manifest, scan) = (new.manifest.sha256.to_vec(), new.scan.to_vec());
        let known = manifest.clone();
        if let Some(row) = self.row(EXPORT, |query| query.bind(known)).await? {
            return Ok(Kept::of(&row)?.entry);
        }
        let (source, scan_root) = self.scanned(&new.scan).await?;
        self.not_blocked(&source).await?;
        let (by, now) = (who.account().to_string(), self.now_ms);
        let entry = self.record(new.entry(&by, &source, &scan_root))?;
        let sql = "INSERT INTO corpus_export (tenant, manifest, scan, root, path, files, row_count, entry, exported_by, exported_ms)
                   VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
        let bind = |query: crate::change::Bound| {
            let query = query.bind(manifest).bind(scan).bind(new.root.to_vec()).bind(new.path);
            query.bind(signed(new.files)).bind(signed(new.rows)).bind(entry.0.to_vec()).bind(by).bind(now)
        };
        self.execute(sql, bind).await?;
        Ok(entry)
    }
}

impl Change {
    /// Nothing of a source on the blacklist goes out, whatever was asked before it came there (LN-10.3-3).
    async fn not_blocked(&mut self, source: &str) -> Result<(), StoreError> {
        let name = source.to_owned();
        let sql = "SELECT 1 FROM source WHERE tenant = $1 AND name = $2 AND state = 'blocked'";
        match self.rows(sql, |query| query.bind(name)).await?.is_empty() {
            true => Ok(()),
            false => Err(StoreError::Refused(format!(
                "source '{source}' is on the blacklist; nothing of it goes out until two persons have taken it off"
            ))),
        }
    }
}

impl NewExport {
    fn entry(&self, by: &str, source: &str, scan_root: &Hash) -> Entry {
        let (sha256, sm3, root, scan) = (hex(&self.manifest.sha256), hex(&self.manifest.sm3), hex(&self.root), hex(scan_root));
        let entry = Entry::new(Class::Data, "corpus.export", by).called(self.entry).with("source", source).with("scan_root", scan.clone());
        let entry = entry.with("manifest_sha256", sha256.clone()).with("manifest_sm3", sm3.clone()).with("root", root.clone());
        let entry = entry.with("files", self.files).with("rows", self.rows).with("path", self.path.clone());
        let entry = entry.stating("source", source).stating("scan", scan).stating("manifest", sha256).stating("manifest-sm3", sm3);
        entry.stating("root", root).stating("files", self.files).stating("rows", self.rows)
    }
}

impl Tenant {
    /// The exports of a scan, by the SHA-256 of its manifest, the newest first, as their entries say them; at most 1,000.
    ///
    /// # Errors
    /// A row was changed behind the ledger, or the database says no.
    pub async fn exports_of(&self, scan: &Hash) -> Result<Vec<RecordedExport>, StoreError> {
        let sql = "SELECT manifest, root, path, files, row_count, entry, exported_ms FROM corpus_export
                   WHERE tenant = $1 AND scan = $2 ORDER BY exported_ms DESC, manifest LIMIT $3";
        let scan = scan.to_vec();
        let mut exports = Vec::new();
        for row in self.rows(sql, |query| query.bind(scan).bind(MAX_LISTED)).await? {
            exports.push(self.as_stated(Kept::of(&row)?).await?);
        }
        Ok(exports)
    }

    /// An export by the SHA-256 of its manifest, if it was recorded, as its entry says it.
    ///
    /// # Errors
    /// Its row was changed behind the ledger, or the database says no.
    pub async fn recorded_export(&self, manifest: &Hash) -> Result<Option<RecordedExport>, StoreError> {
        let manifest = manifest.to_vec();
        let rows = self.rows(EXPORT, |query| query.bind(manifest)).await?;
        match rows.first() {
            Some(row) => self.as_stated(Kept::of(row)?).await.map(Some),
            None => Ok(None),
        }
    }

    async fn as_stated(&self, kept: Kept) -> Result<RecordedExport, StoreError> {
        let of = format!("the export {}", hex(&kept.manifest));
        let statement = self.stated(kept.entry, &of, &[("manifest", kept.manifest), ("root", kept.root)]).await?;
        let Kept { manifest, root, path, files, rows, entry, exported_ms } = kept;
        Ok(RecordedExport { manifest, root, path, files, rows, entry, statement, exported_ms })
    }
}

//! Recording a scan.

use keys::digest::{hex, sha256};
use ledger::leaf::Class;
use ledger::statement::Statement;
use ledger::tree::Appender;
use sqlx::Row;
use sqlx::any::AnyRow;

use super::{Hash, count, entry, hash, signed};
use crate::access::Permission;
use crate::accounts::Who;
use crate::change::{Change, Entry};
use crate::sources::SourceName;
use crate::{EntryId, StoreError, Tenant};

/// Shards of a scan that is recorded: their leaf hashes take 4 MiB in a row, and of 64 MiB each they are 8 TiB of text.
pub const MAX_SHARDS: usize = 131_072;

/// A scan as it is recorded.
#[derive(Debug, Clone)]
pub struct NewScan {
    /// The source that the data is from.
    pub source: SourceName,
    /// SHA-256 of its manifest.
    pub manifest: Hash,
    /// Merkle root over its shards.
    pub root: Hash,
    /// Leaf hashes of its shards, in their order.
    pub leaves: Vec<Hash>,
    /// Rows in it, the broken ones among them.
    pub rows: u64,
    /// Rows that could not be read.
    pub broken: u64,
    /// Detectors and policy with their versions.
    pub versions: Vec<String>,
}

/// A scan that was recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordedScan {
    /// Name of the source that the data is from.
    pub source: String,
    /// Merkle root over its shards.
    pub root: Hash,
    /// How many shards.
    pub shards: u64,
    /// Rows in it, the broken ones among them.
    pub rows: u64,
    /// Rows that could not be read.
    pub broken: u64,
    /// The entry that says so.
    pub entry: EntryId,
    /// What the entry says in the open.
    pub statement: Statement,
    /// When, ms since 1970.
    pub recorded_ms: i64,
}

/// The columns are those of [`Kept::of`].
const SCAN: &str =
    "SELECT source, root, leaves, row_count, broken, entry, recorded_ms FROM corpus_scan WHERE tenant = $1 AND manifest = $2";

/// A row.
struct Kept {
    source: String,
    root: Hash,
    leaves: Vec<u8>,
    rows: u64,
    broken: u64,
    entry: EntryId,
    recorded_ms: i64,
}

impl Kept {
    fn of(row: &AnyRow) -> Result<Self, StoreError> {
        let (rows, broken, entry) = (count(row, 3)?, count(row, 4)?, entry(row, 5)?);
        Ok(Self {
            source: row.try_get(0)?,
            root: hash(row, 1)?,
            leaves: row.try_get(2)?,
            rows,
            broken,
            entry,
            recorded_ms: row.try_get(6)?,
        })
    }
}

impl Change {
    /// Records a scan, and gives its entry. A scan that is recorded already is not recorded again, and its entry is given.
    ///
    /// # Errors
    /// Whoever asks may not; nobody registered the source; the scan is recorded of another source or with another root; or it does not fit together.
    pub async fn record_scan(&mut self, who: &Who, new: NewScan) -> Result<EntryId, StoreError> {
        let who = self.permit(who, Permission::CorpusScan).await?;
        new.fits()?;
        if let Some(there) = self.scan(&new.manifest).await? {
            return new.same(&there);
        }
        let source = new.source.to_string();
        if self.rows("SELECT 1 FROM source WHERE tenant = $1 AND name = $2", |query| query.bind(source)).await?.is_empty() {
            return Err(StoreError::NotFound(format!("source '{}' in the register; `guiju source add` registers one", new.source)));
        }
        let (by, now) = (who.account().to_string(), self.now_ms);
        let entry = self.record(new.entry(&by))?;
        let (leaves, versions) = (new.leaves.concat(), serde_json::Value::from(new.versions).to_string());
        let sql =
            "INSERT INTO corpus_scan (tenant, manifest, source, root, leaves, row_count, broken, versions, entry, recorded_by, recorded_ms)
                   VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
        let bind = |query: crate::change::Bound| {
            let query = query.bind(new.manifest.to_vec()).bind(new.source.to_string()).bind(new.root.to_vec()).bind(leaves);
            let query = query.bind(signed(new.rows)).bind(signed(new.broken)).bind(versions);
            query.bind(entry.0.to_vec()).bind(by).bind(now)
        };
        self.execute(sql, bind).await?;
        Ok(entry)
    }

    async fn scan(&mut self, manifest: &Hash) -> Result<Option<Kept>, StoreError> {
        let manifest = manifest.to_vec();
        self.row(SCAN, |query| query.bind(manifest)).await?.as_ref().map(Kept::of).transpose()
    }

    /// The root of a scan that is recorded.
    pub(super) async fn scanned(&mut self, manifest: &Hash) -> Result<(String, Hash), StoreError> {
        let kept = self.scan(manifest).await?.ok_or_else(|| not_recorded(manifest))?;
        Ok((kept.source, kept.root))
    }
}

impl NewScan {
    fn fits(&self) -> Result<(), StoreError> {
        let refused = |why: String| Err(StoreError::Refused(why));
        if self.leaves.is_empty() || self.leaves.len() > MAX_SHARDS {
            return refused(format!("a scan that is recorded has 1 to {MAX_SHARDS} shards, this one {}; scan in parts", self.leaves.len()));
        }
        let mut tree = Appender::new();
        self.leaves.iter().for_each(|leaf| tree.push(*leaf));
        if tree.root() != self.root {
            return refused(
                "the root of this scan is not that of its shards; a fault of the program, or the records were changed".to_owned(),
            );
        }
        Ok(())
    }

    /// The entry of a scan that is there, if it is this one.
    fn same(&self, there: &Kept) -> Result<EntryId, StoreError> {
        let Kept { source, root, entry, .. } = there;
        if source != self.source.as_str() {
            return Err(StoreError::Refused(format!(
                "this scan is recorded as one of source '{source}' (entry {entry}); a scan has one source. Was the wrong one named?"
            )));
        }
        if *root != self.root {
            return Err(StoreError::Refused(format!(
                "this scan is recorded with the root {} (entry {entry}), and its records now give {}; run `guiju corpus check`",
                hex(root),
                hex(&self.root)
            )));
        }
        Ok(*entry)
    }

    fn entry(&self, by: &str) -> Entry {
        let (manifest, root) = (hex(&self.manifest), hex(&self.root));
        let entry =
            Entry::new(Class::Data, "corpus.scan", by).with("source", self.source.as_str()).with("manifest_sha256", manifest.clone());
        let entry =
            entry.with("root", root.clone()).with("leaves_sha256", hex(&sha256(&self.leaves.concat()))).with("shards", self.leaves.len());
        let entry = entry.with("rows", self.rows).with("broken", self.broken).with("versions", self.versions.clone());
        let entry = entry.stating("source", &self.source).stating("manifest", manifest).stating("root", root);
        entry.stating("shards", self.leaves.len()).stating("rows", self.rows).stating("broken", self.broken)
    }
}

impl Tenant {
    /// A scan by the SHA-256 of its manifest, if it was recorded, as its entry says it.
    ///
    /// # Errors
    /// Its row was changed behind the ledger, or the database says no.
    pub async fn recorded_scan(&self, manifest: &Hash) -> Result<Option<RecordedScan>, StoreError> {
        let bytes = manifest.to_vec();
        let Some(row) = self.rows(SCAN, |query| query.bind(bytes)).await?.first().map(Kept::of).transpose()? else { return Ok(None) };
        let of = format!("the scan {}", hex(manifest));
        let statement = self.stated(row.entry, &of, &[("manifest", *manifest), ("root", row.root)]).await?;
        if statement.get("source") != Some(row.source.as_str()) {
            return Err(StoreError::damaged(
                of,
                format!("its source is '{}'; entry {} of the ledger says otherwise", row.source, row.entry),
            ));
        }
        let shards = (row.leaves.len() / 32) as u64;
        let Kept { source, root, rows, broken, entry, recorded_ms, .. } = row;
        Ok(Some(RecordedScan { source, root, shards, rows, broken, entry, statement, recorded_ms }))
    }
}

fn not_recorded(manifest: &Hash) -> StoreError {
    StoreError::NotFound(format!("recorded scan with the manifest {}; `guiju corpus record` records one", hex(manifest)))
}

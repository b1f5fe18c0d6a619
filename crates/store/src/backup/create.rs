//! Making a backup while the store runs.
//!
//! What a crash leaves behind: parts without a manifest, which are no backup; the directory is to be deleted. The manifest is written last, and renamed into its place
//! when it is on the disk. The ledger entry comes after it: a backup without its entry is whole.
//!
//! Rows are streamed. In memory are one chunk, plain and sealed, and what the database has ready: with SQLite up to 50 rows.

use std::fs;
use std::path::Path;

use futures_util::TryStreamExt;
use keys::DataKey;
use keys::root::Root;
use ledger::leaf::Class;
use sqlx::{Any, AnyConnection, AnyPool, Row, Transaction};

use super::chain::{Chain, MAX_CHAIN};
use super::error::BackupError;
use super::gone;
use super::manifest::{Backup, LogHead, Manifest, newest, parts_of};
use super::part::{PartWriter, Seal};
use super::table::{DESTROYED, GONE, Table};
use super::{Lock, Progress, Summary, What};
use crate::change::{Change, Entry};
use crate::log::rows::Value;
use crate::place::snapshot;
use crate::{Store, TenantId, log};

/// How long a backup of the keys may be kept: 30 days. That is the horizon after which an erased person's key is nowhere any more.
pub const KEEP_KEYS_MS: i64 = 30 * 24 * 3_600_000;

/// Rows after which the caller hears of it.
const TELL: u64 = 1_000;

/// What is asked of [`create`].
pub struct Create<'c> {
    /// Where it goes: a directory that is empty or not there yet. Incremental backups lie beside what they build on.
    pub directory: &'c Path,
    /// What it holds.
    pub what: What,
    /// The backup that it builds on; none makes a full one. Keys are always backed up in full.
    pub base: Option<&'c Path>,
    /// What wraps its key. An incremental backup has the same as its base.
    pub root: &'c dyn Root,
    /// Who asks.
    pub by: &'c str,
}

/// Makes a backup of one moment; the store goes on meanwhile. Each tenant's log gets an entry `backup.create`. `progress` hears how many rows are done.
///
/// # Errors
/// The directory is not empty, the base is another history than the store's, or the disk or database says no. There is no backup then.
pub async fn create(store: &Store, ask: &Create<'_>, progress: &mut Progress<'_>) -> Result<Summary, BackupError> {
    let lock = Lock { root: ask.root, policy: &store.inner.vault.policy };
    let base = base(ask, &lock)?;
    empty_directory(ask.directory)?;
    let key = DataKey::generate().map_err(BackupError::key)?;
    let seal = Seal { key: &key, policy: lock.policy };
    let written = write(store, ask, base.as_ref(), seal, progress).await;
    tidy(store).await?;
    written?.write(ask.directory, ask.root, seal)?;
    // Read back: what cannot be opened now would not be opened in need.
    let summary = Summary::of(&Backup::open(ask.directory, &lock)?);
    record(store, &summary, ask.by).await?;
    Ok(summary)
}

/// The backup to build on.
fn base(ask: &Create<'_>, lock: &Lock<'_>) -> Result<Option<Backup>, BackupError> {
    let Some(directory) = ask.base else { return Ok(None) };
    if ask.what == What::Keys {
        return Err(BackupError::Base("keys are backed up in full: a backup of keys builds on nothing".to_owned()));
    }
    let chain = Chain::open(directory, lock)?;
    if chain.len() >= MAX_CHAIN {
        return Err(BackupError::Base(format!("a chain has at most {MAX_CHAIN} backups; begin a new one with a full backup")));
    }
    let base = chain.newest;
    base.refuse_unless(What::Data)?;
    if base.manifest.schema != newest(What::Data) {
        return Err(BackupError::Base("the schema has changed since the base was made; make a full backup".to_owned()));
    }
    let beside = std::path::absolute(ask.directory).map_err(BackupError::file(ask.directory))?;
    if beside.parent().and_then(|parent| fs::canonicalize(parent).ok()).as_deref() != base.directory.parent() {
        return Err(BackupError::Base(format!(
            "an incremental backup lies beside its base; name a directory beside {}",
            base.directory.display()
        )));
    }
    Ok(Some(base))
}

/// Makes the directory, for its owner alone.
fn empty_directory(directory: &Path) -> Result<(), BackupError> {
    crate::make(directory)?;
    let mut entries = fs::read_dir(directory).map_err(BackupError::file(directory))?;
    if entries.next().is_some() {
        return Err(BackupError::Occupied(directory.display().to_string()));
    }
    // Whoever is told that there is a backup finds its directory after a crash too.
    let sync = || fs::File::open(fs::canonicalize(directory)?.parent().unwrap_or(directory))?.sync_all();
    sync().map_err(BackupError::file(directory))
}

/// Writes the parts.
async fn write(
    store: &Store,
    ask: &Create<'_>,
    base: Option<&Backup>,
    seal: Seal<'_>,
    progress: &mut Progress<'_>,
) -> Result<Manifest, BackupError> {
    let made_ms = (store.inner.clock)();
    let mut source = Source::open(store, ask.what, base).await?;
    let logs = heads(store, &mut source.main).await?;
    if let Some(base) = base {
        same_history(&mut source.main, base, &logs).await?;
    }
    let mut parts = Vec::new();
    let mut count = Count { rows: 0, progress };
    let schema = newest(ask.what);
    for (number, table) in parts_of(ask.what, schema).into_iter().enumerate() {
        let mut writer = PartWriter::create(ask.directory, number, table.clone(), seal)?;
        for log in &logs {
            source.copy(&log.tenant, &table, &mut writer, &mut count).await?;
        }
        parts.push(writer.finish()?);
    }
    source.close().await?;
    (count.progress)(count.rows);
    let keep_until_ms = (ask.what == What::Keys).then_some(made_ms.saturating_add(KEEP_KEYS_MS));
    Ok(Manifest { what: ask.what, made_ms, schema, base: base.map(Backup::as_base), keep_until_ms, logs, parts })
}

/// What is copied: one moment of the store.
struct Source<'s> {
    main: Transaction<'static, Any>,
    /// Of the keys, if they are what is backed up.
    keys: Option<Transaction<'static, Any>>,
    key_pool: &'s AnyPool,
    base: Option<&'s Backup>,
}

impl<'s> Source<'s> {
    async fn open(store: &'s Store, what: What, base: Option<&'s Backup>) -> Result<Self, BackupError> {
        let key_pool = store.inner.vault.pool();
        let main = snapshot(&store.inner.readers).await?;
        let keys = match what {
            What::Data => None,
            What::Keys => Some(snapshot(key_pool).await?),
        };
        Ok(Self { main, keys, key_pool, base })
    }

    /// Copies what a part has of a tenant.
    async fn copy(
        &mut self,
        tenant: &TenantId,
        table: &Table,
        writer: &mut PartWriter<'_>,
        count: &mut Count<'_, '_>,
    ) -> Result<(), BackupError> {
        let base = self.base.and_then(|base| base.manifest.logs.iter().find(|log| log.tenant == *tenant));
        if table.name == DESTROYED.name {
            return destroyed(self.key_pool, tenant, writer, count).await;
        }
        if table.name == GONE.name {
            // Nothing can be gone from a backup that builds on none.
            let Some(base) = base else { return Ok(()) };
            for run in gone::find(&mut self.main, tenant, base.size, base.segments).await? {
                count.row(writer, tenant, &run.values())?;
            }
            return Ok(());
        }
        let mut query = tenant.query_of(table.select());
        if table.grows() {
            query = query.bind(log::signed(base.map_or(0, |base| base.size)));
        }
        let connection = self.keys.as_mut().unwrap_or(&mut self.main);
        let mut rows = query.fetch(&mut **connection);
        while let Some(row) = rows.try_next().await? {
            count.row(writer, tenant, &table.values(&row)?)?;
        }
        Ok(())
    }

    /// Lets the moment go: told, not dropped, for what was destroyed meanwhile goes from the files only when nobody reads the old rows any more.
    async fn close(self) -> Result<(), BackupError> {
        self.main.rollback().await?;
        if let Some(keys) = self.keys {
            keys.rollback().await?;
        }
        Ok(())
    }
}

/// Rows so far, and who wants to know.
struct Count<'a, 'p> {
    rows: u64,
    progress: &'a mut Progress<'p>,
}

impl Count<'_, '_> {
    fn row(&mut self, writer: &mut PartWriter<'_>, tenant: &TenantId, values: &[Value]) -> Result<(), BackupError> {
        writer.row(tenant, values)?;
        self.rows += 1;
        if self.rows.is_multiple_of(TELL) {
            (self.progress)(self.rows);
        }
        Ok(())
    }
}

/// Where each log stands in the snapshot.
async fn heads(store: &Store, snapshot: &mut AnyConnection) -> Result<Vec<LogHead>, BackupError> {
    let mut logs = Vec::new();
    for tenant in log::tenants(snapshot).await? {
        let head = log::head(snapshot, &tenant, log::HEAD).await?;
        let row = tenant.query("SELECT COUNT(*) FROM log_segment WHERE tenant = $1").fetch_one(&mut *snapshot).await?;
        let verifier = store.desk(&tenant).verifier(&head.origin).await?.to_string();
        logs.push(LogHead {
            origin: head.origin,
            size: head.size,
            root: head.root,
            segments: row.try_get::<i64, _>(0)?.unsigned_abs(),
            signed_size: head.signed_size,
            checkpoint: head.checkpoint,
            verifier,
            tenant,
        });
    }
    Ok(logs)
}

/// Refuses a base that is not the beginning of what the store has now.
async fn same_history(snapshot: &mut AnyConnection, base: &Backup, logs: &[LogHead]) -> Result<(), BackupError> {
    let other =
        |origin: &str| BackupError::Base(format!("the base holds another history of the log {origin} than the store; make a full backup"));
    for was in &base.manifest.logs {
        let now = logs.iter().find(|log| log.tenant == was.tenant && log.origin == was.origin && log.size >= was.size);
        let now = now.ok_or_else(|| other(&was.origin))?;
        if log::resume(snapshot, &now.tenant, was.size).await?.root() != was.root {
            return Err(other(&was.origin));
        }
    }
    Ok(())
}

/// The keys that were destroyed by now: one that goes while the backup is made is one that was to go.
async fn destroyed(pool: &AnyPool, tenant: &TenantId, writer: &mut PartWriter<'_>, count: &mut Count<'_, '_>) -> Result<(), BackupError> {
    let sql = "SELECT reference FROM data_key WHERE tenant = $1 AND destroyed_ms > 0 ORDER BY reference";
    let mut rows = tenant.query(sql).fetch(pool);
    while let Some(row) = rows.try_next().await? {
        count.row(writer, tenant, &[Value::Bytes(row.try_get(0)?)])?;
    }
    Ok(())
}

/// A key that was destroyed while the snapshot was held could not be taken out of the files of the database. Now it can.
async fn tidy(store: &Store) -> Result<(), BackupError> {
    let vault = &store.inner.vault;
    let mut connection = vault.pool().acquire().await?;
    Ok(vault.scrub(&mut connection).await?)
}

/// Writes down in each log that it was backed up, and how far. How large the backup is belongs into none: it tells one tenant of the others.
async fn record(store: &Store, summary: &Summary, by: &str) -> Result<(), BackupError> {
    for log in &summary.logs {
        let entry = Entry::new(Class::System, "backup.create", by)
            .with("backup", summary.backup.to_string())
            .with("what", summary.what.word())
            .with("base", summary.base.map(|base| base.to_string()))
            .with("size", log.size)
            .with("root", keys::digest::hex(&log.root));
        store.tenant(&log.tenant).await?.change(async move |change: &mut Change| change.record(entry)).await?;
    }
    Ok(())
}

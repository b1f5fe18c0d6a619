//! Restoring the data into an empty place.
//!
//! The backup is verified before anything is written. Then rows go in chunk by chunk, each in a transaction; the tiles are made from the leaves that lie in the
//! database; the heads of the logs come last. What a crash leaves behind is a place without heads, whose logs nobody can write to, and which is not empty: it is
//! deleted, and the restore begun again.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use ledger::hash::leaf_hash;
use ledger::tree::{Appender, Tile};
use sqlx::{AnyConnection, AnyPool, Connection, Row};

use super::chain::Chain;
use super::error::BackupError;
use super::gone::Gone;
use super::manifest::{Backup, LogHead, parts_of};
use super::part::Chunk;
use super::table::{DESTROYED, GONE, HEADS, SEGMENTS, Table};
use super::verify::{Roots, Sizes, check};
use super::{Lock, Older, Progress, Summary, What};
use crate::heads::{Head, Heads};
use crate::log::rows::{self, Value};
use crate::place::{Part, Place};
use crate::{StoreError, TenantId, log, schema};

/// Leaves that are read at a time to make tiles of: 16 full tiles.
const LEAVES: u64 = 4_096;

/// What is asked of [`restore`].
pub struct Restore<'r> {
    /// The backup of the data; what it builds on lies beside it.
    pub directory: &'r Path,
    /// What opens it.
    pub lock: Lock<'r>,
    /// Where it goes: a place without tenants.
    pub place: &'r Place,
    /// Whether it may be older than what this place has signed.
    pub older: Older,
}

/// Restores the data. `progress` hears how many rows were verified, and then, from 0 again, how many were written. The keys are restored after it, by [`restore_keys`](super::restore_keys).
///
/// # Errors
/// The backup does not hold, the place is not empty, or has signed more than the backup holds.
pub async fn restore(ask: &Restore<'_>, progress: &mut Progress<'_>) -> Result<Summary, BackupError> {
    let chain = Chain::open(ask.directory, &ask.lock)?;
    let last = &chain.newest;
    last.refuse_unless(What::Data)?;
    let signed = Heads::new(&ask.place.directory).read()?;
    let older = last.manifest.logs.iter().map(|log| (log.origin.as_str(), log)).collect();
    let behind = behind(last, &signed, &older);
    if ask.older == Older::Refuse {
        behind.map_or(Ok(()), Err)?;
    }
    let roots = check(&chain, &ask.lock, &sizes(&signed, &older), progress)?;
    let forked = |(origin, head): (&String, &Head)| {
        let log = older.get(origin.as_str())?;
        let root = roots.get(&(log.tenant.clone(), head.size))?;
        (*root != head.root).then(|| origin.clone())
    };
    if let Some(origin) = signed.iter().find_map(forked) {
        return Err(StoreError::Forked(origin).into());
    }
    crate::make(&ask.place.directory)?;
    let pool = ask.place.pool(Part::Main, 1).await?;
    let restored = fill(ask, &chain, &pool, progress).await;
    pool.close().await;
    restored?;
    write_heads(ask, last, &roots, &signed)?;
    Ok(Summary::of(last))
}

/// The first log of which more was signed here than the backup holds.
fn behind(backup: &Backup, signed: &BTreeMap<String, Head>, logs: &BTreeMap<&str, &LogHead>) -> Option<BackupError> {
    signed.iter().find_map(|(origin, head)| {
        let found = logs.get(origin.as_str()).map_or(0, |log| log.size);
        (found < head.size).then(|| BackupError::Older { backup: backup.id(), origin: origin.clone(), found, signed: head.size })
    })
}

/// Where the roots of the backup must be those that were signed here.
fn sizes(signed: &BTreeMap<String, Head>, logs: &BTreeMap<&str, &LogHead>) -> Sizes {
    let size = |(origin, head): (&String, &Head)| logs.get(origin.as_str()).map(|log| (log.tenant.clone(), vec![head.size]));
    signed.iter().filter_map(size).collect()
}

/// Writes all rows.
async fn fill(ask: &Restore<'_>, chain: &Chain, pool: &AnyPool, progress: &mut Progress<'_>) -> Result<(), BackupError> {
    let last = &chain.newest;
    let version = last.manifest.schema;
    refuse_tenants(ask.place, pool).await?;
    let migrations: Vec<_> = schema::MAIN.iter().copied().filter(|(number, ..)| *number <= version).collect();
    let made = schema::migrate(pool, ask.place.dialect(), &migrations, "migrations").await;
    made.map_err(|error| occupied(ask.place, error))?;
    let mut connection = pool.acquire().await?;
    let gone = gone(chain, &ask.lock)?;
    let mut done = 0;
    let tables: Vec<Table> =
        parts_of(What::Data, version).into_iter().filter(|table| table.name != GONE.name && table.name != DESTROYED.name).collect();
    for table in tables.iter().filter(|table| table.name != HEADS) {
        // Of a table that is backed up whole the newest backup has all.
        for backup in chain.iter().filter(|backup| table.grows() || backup.id() == last.id()) {
            copy(&mut connection, backup, table, &ask.lock, &gone, &mut |rows| {
                done += rows;
                progress(done);
            })
            .await?;
        }
    }
    for log in &last.manifest.logs {
        tiles(&mut connection, log).await?;
    }
    for table in tables.iter().filter(|table| table.name == HEADS) {
        copy(&mut connection, last, table, &ask.lock, &gone, &mut |_| {}).await?;
    }
    Ok(())
}

/// A place without the table of tenants is as empty as one without tenants.
async fn refuse_tenants(place: &Place, pool: &AnyPool) -> Result<(), BackupError> {
    match sqlx::query("SELECT tenant FROM tenant ORDER BY tenant").fetch_all(pool).await {
        Ok(tenants) if !tenants.is_empty() => Err(BackupError::Occupied(place.to_string())),
        Ok(_) | Err(sqlx::Error::Database(_)) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// A schema that is newer than that of the backup is there already: it is migrated after the restore, not before.
pub(super) fn occupied(place: &Place, error: StoreError) -> BackupError {
    match error {
        StoreError::Newer(_) => BackupError::Occupied(place.to_string()),
        other => other.into(),
    }
}

/// The segments that must not come back.
fn gone(chain: &Chain, lock: &Lock<'_>) -> Result<Gone, BackupError> {
    let mut gone = Gone::default();
    for backup in chain.iter() {
        let mut reader = backup.part(GONE.name, lock.policy)?;
        while let Some(chunk) = reader.next()? {
            gone.add(chunk);
        }
    }
    Ok(gone)
}

/// Writes the rows of one part.
async fn copy(
    connection: &mut AnyConnection,
    backup: &Backup,
    table: &Table,
    lock: &Lock<'_>,
    gone: &Gone,
    progress: &mut (dyn FnMut(u64) + Send),
) -> Result<(), BackupError> {
    let mut reader = backup.part(table.name, lock.policy)?;
    while let Some(mut chunk) = reader.next()? {
        let rows = chunk.rows.len() as u64;
        if table.name == SEGMENTS {
            let tenant = chunk.tenant.clone();
            chunk.rows.retain(
                |row| !matches!(row.as_slice(), [Value::Number(place), Value::Number(segment), _] if gone.has(&tenant, *place, *segment)),
            );
        }
        insert(connection, &table.target(), chunk).await?;
        progress(rows);
    }
    Ok(())
}

/// Writes a chunk in a transaction of its own.
pub(super) async fn insert(connection: &mut AnyConnection, target: &str, chunk: Chunk) -> Result<(), BackupError> {
    let mut transaction = connection.begin().await?;
    rows::insert(&mut transaction, &chunk.tenant, target, "", chunk.rows).await?;
    Ok(transaction.commit().await?)
}

/// Makes the tiles of a log from the leaves that are in the database now, and holds them against its head.
async fn tiles(connection: &mut AnyConnection, log: &LogHead) -> Result<(), BackupError> {
    let mut tree = Appender::new();
    while tree.size() < log.size {
        let (first, end) = (tree.size(), (tree.size() + LEAVES).min(log.size));
        let sql = "SELECT leaf FROM log_entry WHERE tenant = $1 AND place >= $2 AND place < $3 ORDER BY place";
        let leaves = log.tenant.query(sql).bind(log::signed(first)).bind(log::signed(end)).fetch_all(&mut *connection).await?;
        for leaf in &leaves {
            tree.push(leaf_hash(&leaf.try_get::<Vec<u8>, _>(0)?));
        }
        if tree.size() != end {
            break;
        }
        write_tiles(connection, &log.tenant, tree.take_changed()).await?;
    }
    if (tree.size(), tree.root()) != (log.size, log.root) {
        return Err(StoreError::damaged(format!("the restored log {}", log.origin), "its leaves do not give the root of its head").into());
    }
    Ok(())
}

async fn write_tiles(connection: &mut AnyConnection, tenant: &TenantId, tiles: Vec<Tile>) -> Result<(), BackupError> {
    let values =
        |tile: Tile| vec![Value::Number(i64::from(tile.id.level())), Value::Number(log::signed(tile.id.index())), Value::Bytes(tile.bytes)];
    let mut transaction = connection.begin().await?;
    let grow = "ON CONFLICT (tenant, level, place) DO UPDATE SET hashes = excluded.hashes";
    let target = "log_tile (tenant, level, place, hashes)";
    rows::insert(&mut transaction, tenant, target, grow, tiles.into_iter().map(values).collect()).await?;
    Ok(transaction.commit().await?)
}

/// Remembers what was signed. What a head file says that is there is newer or as new, and stays, unless an older backup was accepted: then it is kept under another name.
fn write_heads(ask: &Restore<'_>, backup: &Backup, roots: &Roots, signed: &BTreeMap<String, Head>) -> Result<(), BackupError> {
    let directory = &ask.place.directory;
    let logs = backup.manifest.logs.iter().map(|log| (log.origin.as_str(), log)).collect();
    if behind(backup, signed, &logs).is_some() {
        let (from, to) = (directory.join("head"), directory.join(format!("head.before-{}", backup.id())));
        fs::rename(&from, &to).map_err(BackupError::file(&from))?;
    }
    for log in backup.manifest.logs.iter().filter(|log| log.signed_size > 0) {
        if let Some(root) = roots.get(&(log.tenant.clone(), log.signed_size)) {
            Heads::new(directory).write(&log.origin, Head { size: log.signed_size, root: *root })?;
        }
    }
    Ok(())
}

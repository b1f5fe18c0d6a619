//! Restoring the keys, without those that were destroyed since.
//!
//! A backup of keys is older than the newest backup of the data, and may hold the key of a person who was erased in between. The backup of the data has the names of
//! all keys that were destroyed by then; those come back as destroyed, and their wrapped bytes are never written.

use std::collections::HashSet;
use std::path::Path;

use sqlx::{AnyConnection, AnyPool, Row};

use super::chain::Chain;
use super::error::BackupError;
use super::manifest::{Backup, parts_of};
use super::part::Chunk;
use super::restore::{insert, occupied};
use super::table::{DESTROYED, Table};
use super::verify::{Sizes, check};
use super::{Lock, Older, Progress, Summary, What};
use crate::log::rows::Value;
use crate::place::{Part, Place};
use crate::{StoreError, TenantId, id, schema};

/// What is asked of [`restore_keys`].
pub struct RestoreKeys<'r> {
    /// The backup of the keys.
    pub directory: &'r Path,
    /// What opens it.
    pub lock: Lock<'r>,
    /// The newest backup of the data there is: it knows which keys were destroyed.
    pub data: &'r Path,
    /// What opens that.
    pub data_lock: Lock<'r>,
    /// Where the keys go: a place without keys of these tenants.
    pub place: &'r Place,
    /// Now, ms since 1970.
    pub now_ms: i64,
    /// Whether it may be used beyond its 30 days.
    pub older: Older,
}

/// Restores the keys, and says how many of them had been destroyed meanwhile and stay so. `progress` hears how many rows were read.
///
/// # Errors
/// A backup does not hold, the place has such keys, or the days of the backup are over.
pub async fn restore_keys(ask: &RestoreKeys<'_>, progress: &mut Progress<'_>) -> Result<(Summary, u64), BackupError> {
    let chain = Chain::open(ask.directory, &ask.lock)?;
    let backup = &chain.newest;
    backup.refuse_unless(What::Keys)?;
    if let Some(until_ms) = backup.manifest.keep_until_ms.filter(|until| ask.now_ms > *until && ask.older == Older::Refuse) {
        return Err(BackupError::Expired { backup: backup.id(), until_ms });
    }
    let data = Backup::open(ask.data, &ask.data_lock)?;
    data.refuse_unless(What::Data)?;
    let destroyed = destroyed(&data, &ask.data_lock)?;
    check(&chain, &ask.lock, &Sizes::new(), progress)?;
    crate::make(&ask.place.directory)?;
    let pool = ask.place.pool(Part::Keys, 1).await?;
    let restored = fill(ask, backup, &destroyed, &pool).await;
    pool.close().await;
    Ok((Summary::of(backup), restored?))
}

/// The keys that are not to come back.
type Destroyed = HashSet<(TenantId, Vec<u8>)>;

fn destroyed(data: &Backup, lock: &Lock<'_>) -> Result<Destroyed, BackupError> {
    let mut reader = data.part(DESTROYED.name, lock.policy)?;
    let mut destroyed = Destroyed::new();
    while let Some(chunk) = reader.next()? {
        for row in chunk.rows {
            destroyed.extend(row.into_iter().filter_map(|value| match value {
                Value::Bytes(reference) => Some((chunk.tenant.clone(), reference)),
                _ => None,
            }));
        }
    }
    Ok(destroyed)
}

async fn fill(ask: &RestoreKeys<'_>, backup: &Backup, destroyed: &Destroyed, pool: &AnyPool) -> Result<u64, BackupError> {
    let version = backup.manifest.schema;
    let migrations: Vec<_> = schema::KEYS.iter().copied().filter(|(number, ..)| *number <= version).collect();
    let mut connection = pool.acquire().await?;
    refuse_keys(ask.place, backup, &mut connection).await?;
    drop(connection);
    let made = schema::migrate(pool, ask.place.dialect(), &migrations, "migrations_keys").await;
    made.map_err(|error| occupied(ask.place, error))?;
    let mut connection = pool.acquire().await?;
    let mut kept_out = 0;
    for table in parts_of(What::Keys, version) {
        let mut reader = backup.part(table.name, ask.lock.policy)?;
        while let Some(mut chunk) = reader.next()? {
            kept_out += forget(&table, &mut chunk, destroyed, ask.now_ms)?;
            insert(&mut connection, &table.target(), chunk).await?;
        }
    }
    Ok(kept_out)
}

/// A place without the table of keys is as empty as one without keys.
async fn refuse_keys(place: &Place, backup: &Backup, connection: &mut AnyConnection) -> Result<(), BackupError> {
    for log in &backup.manifest.logs {
        let found = log.tenant.query("SELECT COUNT(*) FROM tenant_key WHERE tenant = $1").fetch_one(&mut *connection).await;
        match found {
            Ok(row) if row.try_get::<i64, _>(0)? > 0 => return Err(BackupError::Occupied(format!("the key database of {place}"))),
            Ok(_) | Err(sqlx::Error::Database(_)) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

/// Makes of the keys that are not to come back what their destruction would have left, and says how many they were.
fn forget(table: &Table, chunk: &mut Chunk, destroyed: &Destroyed, now_ms: i64) -> Result<u64, StoreError> {
    let position = |column| table.position(column);
    let (Some(reference), Some(wrapped), Some(label), Some(when)) =
        (position("reference"), position("wrapped"), position("label"), position("destroyed_ms"))
    else {
        return Ok(0);
    };
    let mut count = 0;
    for row in &mut chunk.rows {
        let Some(Value::Bytes(name)) = row.get(reference) else { continue };
        if row.get(when) != Some(&Value::Number(0)) || !destroyed.contains(&(chunk.tenant.clone(), name.clone())) {
            continue;
        }
        let gone = [(wrapped, Value::Bytes(Vec::new())), (label, Value::Text(id::word()?)), (when, Value::Number(now_ms.max(1)))];
        for (at, value) in gone {
            if let Some(old) = row.get_mut(at) {
                *old = value;
            }
        }
        count += 1;
    }
    Ok(count)
}

//! Wrapped keys: a root wraps each tenant's key, which wraps the keys that seal things. What is wrapped lies here; what is not never leaves memory.
//!
//! A key is on the disk before anything is sealed with it: a crash between the two leaves a key without use, never content without a key. The keys of persons are
//! not kept in memory beyond their use, so that what one process destroys no other still has.

mod change_root;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use keys::root::{Root, RootError, unwrap_key, wrap_key};
use keys::{CipherPolicy, DataClass, DataKey, KeyRef};
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, AnyPool, Connection, Row};

use crate::StoreError;
use crate::log::rows;
use crate::place::{Dialect, Part, Place};
use crate::tenant::TenantId;

/// Keys that are wrapped again in one transaction: some milliseconds of work, after which a crash loses nothing.
const REWRAP: i64 = 1_000;

/// What a key is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Purpose {
    /// A day of the log.
    Log,
    /// A person.
    Subject,
    /// The signatures of the log.
    Signing,
    /// What people prove themselves with: the secrets of second factors.
    Credential,
    /// The keyed hashes by which persons are found.
    Tag,
}

impl Purpose {
    const fn word(self) -> &'static str {
        match self {
            Self::Log => "log",
            Self::Subject => "subject",
            Self::Signing => "signing",
            Self::Credential => "credential",
            Self::Tag => "tag",
        }
    }
}

/// How the keys of a tenant stand.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct KeyStatus {
    /// The root that wraps the tenant's key.
    pub root: String,
    /// Version of the active tenant key.
    pub version: i64,
    /// When it was made, ms since 1970.
    pub created_ms: i64,
    /// Living keys by purpose.
    pub alive: BTreeMap<String, u64>,
    /// The version of the tenant key to which a rotation was begun and not ended.
    pub rotating_to: Option<i64>,
    /// Keys that a rotation has still to wrap again.
    pub behind: u64,
    /// Keys that were destroyed.
    pub destroyed: u64,
}

/// The keys of all tenants.
#[derive(Clone)]
pub(crate) struct Vault {
    pool: AnyPool,
    dialect: Dialect,
    root: Arc<dyn Root>,
    pub(crate) policy: Arc<CipherPolicy>,
    memory: Arc<Mutex<Memory>>,
}

/// Keys that live as long as the process: few, and none of a person.
#[derive(Default)]
struct Memory {
    tenants: HashMap<(TenantId, i64), Arc<DataKey>>,
    others: HashMap<(TenantId, Purpose, String), Arc<DataKey>>,
}

impl Vault {
    /// The keys of a place, whose schema is there.
    pub(crate) async fn open(place: &Place, root: Arc<dyn Root>, policy: Arc<CipherPolicy>) -> Result<Self, StoreError> {
        let pool = place.pool(Part::Keys, 2).await?;
        Ok(Self { pool, dialect: place.dialect(), root, policy, memory: Arc::default() })
    }

    /// The same keys by connections of their own: for the writer, whose runtime is another.
    pub(crate) async fn beside(&self, place: &Place) -> Result<Self, StoreError> {
        Ok(Self { pool: place.pool(Part::Keys, 2).await?, ..self.clone() })
    }

    /// The key database, for a backup.
    pub(crate) const fn pool(&self) -> &AnyPool {
        &self.pool
    }

    /// The one key of a purpose and a label, made if there is none.
    pub(crate) async fn key(&self, tenant: &TenantId, purpose: Purpose, label: &str, now_ms: i64) -> Result<Arc<DataKey>, StoreError> {
        let name = (tenant.clone(), purpose, label.to_owned());
        if let Some(key) = self.remembered(|memory| memory.others.get(&name).cloned()) {
            return Ok(key);
        }
        let mut found = self.keys(tenant, purpose, &BTreeSet::from([label.to_owned()]), now_ms).await?;
        let key = found.remove(label).ok_or_else(|| StoreError::Key(format!("no key {} {label} could be made", purpose.word())))?;
        if purpose != Purpose::Subject {
            self.remembered(|memory| memory.others.insert(name, Arc::clone(&key)));
        }
        Ok(key)
    }

    /// The one key of a purpose and a label, if there is one.
    pub(crate) async fn existing(&self, tenant: &TenantId, purpose: Purpose, label: &str) -> Result<Option<Arc<DataKey>>, StoreError> {
        let name = (tenant.clone(), purpose, label.to_owned());
        if let Some(key) = self.remembered(|memory| memory.others.get(&name).cloned()) {
            return Ok(Some(key));
        }
        let found = self.find(&mut *self.pool.acquire().await?, tenant, purpose, label).await?;
        if let Some(key) = found.as_ref().filter(|_| purpose != Purpose::Subject) {
            self.remembered(|memory| memory.others.insert(name, Arc::clone(key)));
        }
        Ok(found)
    }

    /// The keys of many labels; those that are not there yet are made with one flush of the disk.
    pub(crate) async fn keys(
        &self,
        tenant: &TenantId,
        purpose: Purpose,
        labels: &BTreeSet<String>,
        now_ms: i64,
    ) -> Result<HashMap<String, Arc<DataKey>>, StoreError> {
        let mut connection = self.pool.acquire().await?;
        let mut found = HashMap::new();
        let all: Vec<&String> = labels.iter().collect();
        for some in all.chunks(rows::MOST) {
            self.find_some(&mut connection, tenant, purpose, some, &mut found).await?;
        }
        let missing: Vec<&String> = labels.iter().filter(|label| !found.contains_key(*label)).collect();
        if missing.is_empty() {
            return Ok(found);
        }
        self.tenant_key(&mut connection, tenant, now_ms).await?;
        self.make(&mut connection, tenant, purpose, &missing, now_ms).await?;
        for label in missing {
            // Asked again: another process may have made it first.
            let key = self.find(&mut connection, tenant, purpose, label).await?;
            found.insert(label.clone(), key.ok_or_else(|| StoreError::Key(format!("the key {} {label} is gone", purpose.word())))?);
        }
        Ok(found)
    }

    async fn make(
        &self,
        connection: &mut AnyConnection,
        tenant: &TenantId,
        purpose: Purpose,
        labels: &[&String],
        now_ms: i64,
    ) -> Result<(), StoreError> {
        let mut transaction = connection.begin_with(self.dialect.begin()).await?;
        // Asked inside, and held until the end: a rotation must not take away the tenant key that these are wrapped with.
        let version = self.hold_newest(&mut transaction, tenant).await?;
        let kek = &self.tenant_key_of(&mut transaction, tenant, version).await?;
        for label in labels {
            let key = DataKey::generate().map_err(refused)?;
            let wrapped = keys::wrap::wrap(kek, self.policy.active(DataClass::Credential), &key, purpose.word()).map_err(refused)?;
            tenant
                .query(
                    "INSERT INTO data_key (tenant, reference, purpose, label, version, wrapped, created_ms, destroyed_ms)
                     VALUES ($1, $2, $3, $4, $5, $6, $7, 0) ON CONFLICT DO NOTHING",
                )
                .bind(key.reference().0.to_vec())
                .bind(purpose.word())
                .bind((*label).clone())
                .bind(version)
                .bind(wrapped)
                .bind(now_ms)
                .execute(&mut *transaction)
                .await?;
        }
        Ok(transaction.commit().await?)
    }

    /// Finds those that are there of up to [`rows::MOST`] labels, with one question.
    async fn find_some(
        &self,
        connection: &mut AnyConnection,
        tenant: &TenantId,
        purpose: Purpose,
        labels: &[&String],
        found: &mut HashMap<String, Arc<DataKey>>,
    ) -> Result<(), StoreError> {
        let Some(last) = labels.last() else { return Ok(()) };
        // The last label fills up to one of few sizes, so that the prepared statements are few.
        let size = rows::size_for(labels.len());
        let places = (0..size).map(|place| format!("${}", place + 3)).collect::<Vec<_>>().join(", ");
        let sql =
            "SELECT purpose, version, wrapped, label FROM data_key WHERE tenant = $1 AND purpose = $2 AND destroyed_ms = 0 AND label IN";
        let mut query = tenant.query_of(format!("{sql} ({places})")).bind(purpose.word());
        for label in labels.iter().chain(std::iter::repeat(last)).take(size) {
            query = query.bind((*label).clone());
        }
        for row in query.fetch_all(&mut *connection).await? {
            let key = self.unwrapped(connection, tenant, &row).await?;
            found.insert(row.try_get(3)?, key);
        }
        Ok(())
    }

    async fn find(
        &self,
        connection: &mut AnyConnection,
        tenant: &TenantId,
        purpose: Purpose,
        label: &str,
    ) -> Result<Option<Arc<DataKey>>, StoreError> {
        let sql = "SELECT purpose, version, wrapped FROM data_key WHERE tenant = $1 AND purpose = $2 AND label = $3 AND destroyed_ms = 0";
        let row = tenant.query(sql).bind(purpose.word()).bind(label.to_owned()).fetch_optional(&mut *connection).await?;
        match row {
            Some(row) => Ok(Some(self.unwrapped(connection, tenant, &row).await?)),
            None => Ok(None),
        }
    }

    /// The key that an envelope names; `None` where it was destroyed.
    pub(crate) async fn by_reference(&self, tenant: &TenantId, reference: KeyRef) -> Result<Option<Arc<DataKey>>, StoreError> {
        let mut connection = self.pool.acquire().await?;
        let sql = "SELECT purpose, version, wrapped FROM data_key WHERE tenant = $1 AND reference = $2 AND destroyed_ms = 0";
        let row = tenant.query(sql).bind(reference.0.to_vec()).fetch_optional(&mut *connection).await?;
        match row {
            Some(row) => Ok(Some(self.unwrapped(&mut connection, tenant, &row).await?)),
            None => Ok(None),
        }
    }

    async fn unwrapped(&self, connection: &mut AnyConnection, tenant: &TenantId, row: &AnyRow) -> Result<Arc<DataKey>, StoreError> {
        let (purpose, version, wrapped): (String, i64, Vec<u8>) = (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
        let kek = self.tenant_key_of(connection, tenant, version).await?;
        self.permit(&wrapped)?;
        keys::wrap::unwrap(&kek, &purpose, &wrapped).map(Arc::new).map_err(refused)
    }

    /// Makes the first tenant key, if there is none.
    async fn tenant_key(&self, connection: &mut AnyConnection, tenant: &TenantId, now_ms: i64) -> Result<(), StoreError> {
        match newest(connection, tenant).await? {
            0 => self.new_tenant_key(connection, tenant, 1, now_ms).await,
            _ => Ok(()),
        }
    }

    /// The version of the active tenant key, which stays while the transaction lasts: SQLite has one writer, PostgreSQL locks the rows.
    async fn hold_newest(&self, transaction: &mut AnyConnection, tenant: &TenantId) -> Result<i64, StoreError> {
        let sql = match self.dialect {
            Dialect::Sqlite => "SELECT version FROM tenant_key WHERE tenant = $1 ORDER BY version DESC",
            Dialect::Postgres => "SELECT version FROM tenant_key WHERE tenant = $1 ORDER BY version DESC FOR SHARE",
        };
        let rows = tenant.query(sql).fetch_all(transaction).await?;
        let row = rows.first().ok_or_else(|| StoreError::NotFound(format!("key of tenant {tenant}")))?;
        Ok(row.try_get(0)?)
    }

    /// Opens the active tenant key and keeps it in memory, and says whether there is one: a wrong root is noticed at the start, and one that is changed
    /// meanwhile does not matter.
    pub(crate) async fn is_there(&self, tenant: &TenantId) -> Result<bool, StoreError> {
        let mut connection = self.pool.acquire().await?;
        let version = newest(&mut connection, tenant).await?;
        if version > 0 {
            self.tenant_key_of(&mut connection, tenant, version).await?;
        }
        Ok(version > 0)
    }

    async fn tenant_key_of(&self, connection: &mut AnyConnection, tenant: &TenantId, version: i64) -> Result<Arc<DataKey>, StoreError> {
        let name = (tenant.clone(), version);
        if let Some(key) = self.remembered(|memory| memory.tenants.get(&name).cloned()) {
            return Ok(key);
        }
        let key = Arc::new(self.unwrap_tenant_key(connection, tenant, version).await?);
        self.remembered(|memory| memory.tenants.insert(name, Arc::clone(&key)));
        Ok(key)
    }

    /// The tenant key as the root gives it back now.
    async fn unwrap_tenant_key(&self, connection: &mut AnyConnection, tenant: &TenantId, version: i64) -> Result<DataKey, StoreError> {
        let sql = "SELECT reference, wrapped, root FROM tenant_key WHERE tenant = $1 AND version = $2";
        let row = tenant.query(sql).bind(version).fetch_optional(connection).await?;
        let row = row.ok_or_else(|| {
            StoreError::NotFound(format!("version {version} of the key of tenant {tenant}; was keys.db restored from a backup?"))
        })?;
        let (reference, wrapped) = (reference(&row.try_get::<Vec<u8>, _>(0)?)?, row.try_get::<Vec<u8>, _>(1)?);
        let wrapped_by: String = row.try_get(2)?;
        unwrap_key(self.root.as_ref(), reference, &context(tenant, version), &wrapped).map_err(|error| match error {
            RootError::Refused => StoreError::Key(format!("{error}; it was wrapped by {wrapped_by}, and this is {}", self.root.name())),
            error => refused(error),
        })
    }

    async fn new_tenant_key(&self, connection: &mut AnyConnection, tenant: &TenantId, version: i64, now_ms: i64) -> Result<(), StoreError> {
        let key = DataKey::generate().map_err(refused)?;
        let wrapped = wrap_key(self.root.as_ref(), &key, &context(tenant, version)).map_err(refused)?;
        tenant
            .query(
                "INSERT INTO tenant_key (tenant, version, reference, root, wrapped, created_ms)
                 VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING",
            )
            .bind(version)
            .bind(key.reference().0.to_vec())
            .bind(self.root.name())
            .bind(wrapped)
            .bind(now_ms)
            .execute(connection)
            .await?;
        Ok(())
    }

    /// The version of the active tenant key; 0 where there is none.
    pub(crate) async fn version(&self, tenant: &TenantId) -> Result<i64, StoreError> {
        newest(&mut *self.pool.acquire().await?, tenant).await
    }

    /// Makes the tenant key of a version, if it is not there; from now on it wraps what is made. The old keys are wrapped again by [`Self::rewrap`].
    pub(crate) async fn rotate(&self, tenant: &TenantId, version: i64, now_ms: i64) -> Result<(), StoreError> {
        let mut connection = self.pool.acquire().await?;
        let mut transaction = connection.begin_with(self.dialect.begin()).await?;
        let newest = self.hold_newest(&mut transaction, tenant).await?;
        if newest < version {
            // Who cannot open the newest key has not the root that the store has by now: what they wrapped nobody else could open.
            self.unwrap_tenant_key(&mut transaction, tenant, newest).await?;
            self.new_tenant_key(&mut transaction, tenant, version, now_ms).await?;
        }
        Ok(transaction.commit().await?)
    }

    /// Wraps up to 1,000 keys again that an older tenant key wraps, and says how many it were; none means that the old tenant keys are gone too.
    pub(crate) async fn rewrap(&self, tenant: &TenantId) -> Result<u64, StoreError> {
        let mut connection = self.pool.acquire().await?;
        let version = newest(&mut connection, tenant).await?;
        let sql =
            "SELECT reference, version, wrapped, purpose FROM data_key WHERE tenant = $1 AND version < $2 AND destroyed_ms = 0 LIMIT $3";
        let rows = tenant.query(sql).bind(version).bind(REWRAP).fetch_all(&mut *connection).await?;
        if rows.is_empty() {
            // One statement: a key that came under an old version meanwhile keeps that version.
            let sql = "DELETE FROM tenant_key WHERE tenant = $1 AND version < $2 AND NOT EXISTS
                       (SELECT 1 FROM data_key d WHERE d.tenant = $1 AND d.version = tenant_key.version AND d.destroyed_ms = 0)";
            tenant.query(sql).bind(version).execute(&mut *connection).await?;
            self.remembered(|memory| memory.tenants.retain(|(other, old), _| other != tenant || *old == version));
            self.scrub(&mut connection).await?;
            return Ok(0);
        }
        let new = self.tenant_key_of(&mut connection, tenant, version).await?;
        let mut again = Vec::with_capacity(rows.len());
        for row in &rows {
            let (reference, old, wrapped): (Vec<u8>, i64, Vec<u8>) = (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
            let old = self.tenant_key_of(&mut connection, tenant, old).await?;
            let (suite, purpose) = (self.policy.active(DataClass::Credential), row.try_get::<String, _>(3)?);
            self.permit(&wrapped)?;
            again.push((reference, version_of(row)?, keys::wrap::rewrap(&old, &new, suite, &purpose, &wrapped).map_err(refused)?));
        }
        let mut transaction = connection.begin_with(self.dialect.begin()).await?;
        for (reference, old, wrapped) in again {
            let sql =
                "UPDATE data_key SET wrapped = $3, version = $4 WHERE tenant = $1 AND reference = $2 AND version = $5 AND destroyed_ms = 0";
            tenant.query(sql).bind(reference).bind(wrapped).bind(version).bind(old).execute(&mut *transaction).await?;
        }
        transaction.commit().await?;
        Ok(rows.len() as u64)
    }

    /// The name of the living key of a purpose and a label.
    pub(crate) async fn alive(&self, tenant: &TenantId, purpose: Purpose, label: &str) -> Result<Option<KeyRef>, StoreError> {
        let sql = "SELECT reference FROM data_key WHERE tenant = $1 AND purpose = $2 AND label = $3 AND destroyed_ms = 0";
        let rows = tenant.query(sql).bind(purpose.word()).bind(label.to_owned()).fetch_all(&self.pool).await?;
        rows.first().map(|row| reference(&row.try_get::<Vec<u8>, _>(0)?)).transpose()
    }

    /// Destroys keys for good, those that are still there. After it returns, neither the database nor its write-ahead log holds them.
    pub(crate) async fn destroy(&self, tenant: &TenantId, keys: &[KeyRef], now_ms: i64) -> Result<(), StoreError> {
        let mut connection = self.pool.acquire().await?;
        for key in keys {
            // The label names the person, so it goes too.
            let sql =
                "UPDATE data_key SET wrapped = $3, destroyed_ms = $4, label = $5 WHERE tenant = $1 AND reference = $2 AND destroyed_ms = 0";
            let query = tenant.query(sql).bind(key.0.to_vec()).bind(Vec::<u8>::new()).bind(now_ms.max(1)).bind(crate::id::word()?);
            query.execute(&mut *connection).await?;
        }
        self.scrub(&mut connection).await
    }

    /// Takes what was deleted out of SQLite's files. In PostgreSQL old rows go with VACUUM and its own log with time: docs/ledger.md says what that means.
    pub(crate) async fn scrub(&self, connection: &mut AnyConnection) -> Result<(), StoreError> {
        match self.dialect {
            Dialect::Sqlite => {
                // Whoever reads meanwhile keeps it from being cut, and SQLite says so in a row, not as an error.
                let row = sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)").fetch_one(&mut *connection).await?;
                if row.try_get::<i64, _>(0)? != 0 {
                    return Err(StoreError::Refused(
                        "the log of keys.db could not be cut while another process reads it; do it again when that has ended".to_owned(),
                    ));
                }
            }
            Dialect::Postgres => {
                for statement in ["VACUUM data_key", "VACUUM tenant_key"] {
                    sqlx::raw_sql(statement).execute(&mut *connection).await?;
                }
            }
        }
        Ok(())
    }

    /// How the keys of a tenant stand, as far as the key database knows.
    pub(crate) async fn status(&self, tenant: &TenantId) -> Result<KeyStatus, StoreError> {
        let mut connection = self.pool.acquire().await?;
        let sql = "SELECT version, root, created_ms FROM tenant_key WHERE tenant = $1 ORDER BY version DESC LIMIT 1";
        let row = tenant.query(sql).fetch_optional(&mut *connection).await?;
        let row = row.ok_or_else(|| StoreError::NotFound(format!("key of tenant {tenant}; `guiju keys init` makes one")))?;
        let version: i64 = row.try_get(0)?;
        let sql = "SELECT purpose, COUNT(*), CAST(SUM(CASE WHEN version < $2 THEN 1 ELSE 0 END) AS BIGINT) FROM data_key
                   WHERE tenant = $1 AND destroyed_ms = 0 GROUP BY purpose";
        let rows = tenant.query(sql).bind(version).fetch_all(&mut *connection).await?;
        let mut status = KeyStatus {
            root: row.try_get(1)?,
            version,
            created_ms: row.try_get(2)?,
            alive: BTreeMap::new(),
            rotating_to: None,
            behind: 0,
            destroyed: 0,
        };
        for row in rows {
            status.alive.insert(row.try_get(0)?, row.try_get::<i64, _>(1)?.unsigned_abs());
            status.behind += row.try_get::<i64, _>(2)?.unsigned_abs();
        }
        let sql = "SELECT COUNT(*) FROM data_key WHERE tenant = $1 AND destroyed_ms > 0";
        status.destroyed = tenant.query(sql).fetch_one(&mut *connection).await?.try_get::<i64, _>(0)?.unsigned_abs();
        Ok(status)
    }

    fn permit(&self, wrapped: &[u8]) -> Result<(), StoreError> {
        let suite = keys::wrap::Wrapped::read(wrapped).map_err(refused)?.suite;
        self.policy.permit(suite).map_err(refused)
    }

    pub(crate) async fn close(&self) {
        self.pool.close().await;
    }

    fn remembered<T>(&self, ask: impl FnOnce(&mut Memory) -> T) -> T {
        // A panic elsewhere leaves the maps whole: each step is one call.
        ask(&mut self.memory.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

async fn newest(connection: &mut AnyConnection, tenant: &TenantId) -> Result<i64, StoreError> {
    let row = tenant.query("SELECT COALESCE(MAX(version), 0) FROM tenant_key WHERE tenant = $1").fetch_one(connection).await?;
    Ok(row.try_get(0)?)
}

fn version_of(row: &AnyRow) -> Result<i64, StoreError> {
    Ok(row.try_get(1)?)
}

/// What a tenant key is bound to: it cannot be passed off as that of another tenant or an older one.
fn context(tenant: &TenantId, version: i64) -> String {
    format!("guiju tenant key {tenant} {version}")
}

pub(crate) fn reference(bytes: &[u8]) -> Result<KeyRef, StoreError> {
    bytes.try_into().map(KeyRef).map_err(|_| StoreError::damaged("a key", "its id does not have 16 bytes"))
}

fn refused(error: impl ToString) -> StoreError {
    StoreError::Key(error.to_string())
}

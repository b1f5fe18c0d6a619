//! The log of each tenant: entries are sealed, their leaves appended to the tree, and leaves, sealed segments, tiles and head written in the transaction of the change.

mod check;
mod guard;
mod read;
pub(crate) mod rows;
mod seal;
mod sign;
mod sm2;
mod witness;

use std::collections::{BTreeMap, HashMap};

use ledger::hash::{EMPTY_ROOT, Hash, leaf_hash};
use ledger::leaf::Class;
use ledger::tile::{TileId, right_edge};
use ledger::tree::{Appender, Tile};
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row};

use crate::change::{Change, Entry};
use crate::heads::Heads;
use crate::place::{Dialect, Place};
use crate::tenant::TenantId;
use crate::vault::Vault;
use crate::{EntryId, StoreError};
use rows::Value;

pub(crate) use guard::{accept_heads, check};
pub use read::{LogStatus, Opened, Secret};
pub(crate) use seal::{check_origin, person, statement};
pub use sign::SigningFault;

/// The logs, as the writer has them.
pub(crate) struct Logs {
    dialect: Dialect,
    vault: Vault,
    heads: Heads,
    open: HashMap<TenantId, Open>,
    /// Whether logs may have grown that are not among the open ones: at the start, and after a batch that failed.
    forgotten: bool,
}

/// The end of a log, in memory.
struct Open {
    origin: String,
    tree: Appender,
    last_ms: i64,
    signed_size: u64,
    signed_ms: i64,
    /// What the row of its fault was last told: that there is none, or which; `None` as long as nothing was.
    told: Option<Option<String>>,
}

/// Makes a log with its first entry.
pub(crate) async fn begin(change: &mut Change, origin: &str, by: &str) -> Result<(), StoreError> {
    let now = change.now_ms;
    let made =
        change.execute("INSERT INTO tenant (tenant, created_ms) VALUES ($1, $2) ON CONFLICT DO NOTHING", |query| query.bind(now)).await?;
    if made == 0 {
        return Err(StoreError::Refused(format!("there is a tenant {} already", change.tenant)));
    }
    let name = origin.to_owned();
    let sql = "INSERT INTO log_head (tenant, origin, size, root, checkpoint, signed_size, signed_ms) VALUES ($1, $2, 0, $3, '', 0, 0)";
    change.execute(sql, |query| query.bind(name).bind(EMPTY_ROOT.to_vec())).await?;
    change.record(Entry::new(Class::Admin, "tenant.create", by).with("origin", origin))?;
    Ok(())
}

impl Logs {
    pub(crate) fn new(place: &Place, vault: Vault) -> Self {
        Self { dialect: place.dialect(), vault, heads: Heads::new(&place.directory), open: HashMap::new(), forgotten: true }
    }

    /// The keys that the writer seals with.
    pub(crate) const fn vault(&self) -> &Vault {
        &self.vault
    }

    /// Appends entries inside the transaction of the connection, and says which place each has.
    pub(crate) async fn append(
        &mut self,
        connection: &mut AnyConnection,
        tenant: &TenantId,
        entries: Vec<(EntryId, Entry)>,
        now_ms: i64,
        places: &mut BTreeMap<EntryId, u64>,
    ) -> Result<(), StoreError> {
        let mut log = self.latest(connection, tenant).await?;
        let first = log.tree.size();
        // Time never goes back in a log, whatever the clock does.
        log.last_ms = log.last_ms.max(now_ms);
        let (mut leaves, mut segments) = (Vec::new(), Vec::new());
        let until = |(_, entry): &(EntryId, Entry)| entry.content.as_ref().and_then(|content| content.until_ms);
        let ends = (first..).zip(entries.iter().map(until)).filter_map(|(place, until)| Some(vec![Value::Number(until?), number(place)]));
        let ends: Vec<Vec<Value>> = ends.collect();
        for sealed in seal::entries(&self.vault, tenant, &log.origin, entries, log.last_ms).await? {
            let place = log.tree.size();
            places.insert(sealed.id, place);
            log.tree.push(leaf_hash(&sealed.leaf));
            leaves.push(vec![number(place), Value::Bytes(sealed.id.0.to_vec()), Value::Bytes(sealed.leaf)]);
            let rows = (0_i64..).zip(sealed.segments);
            segments.extend(rows.map(|(segment, bytes)| vec![number(place), Value::Number(segment), Value::Bytes(bytes)]));
        }
        rows::insert(connection, tenant, "log_entry (tenant, place, entry, leaf)", "", leaves).await?;
        rows::insert(connection, tenant, "log_segment (tenant, place, segment, sealed)", "", segments).await?;
        rows::insert(connection, tenant, "content_end (tenant, until_ms, place)", "", ends).await?;
        let tile = |tile: Tile| vec![Value::Number(i64::from(tile.id.level())), number(tile.id.index()), Value::Bytes(tile.bytes)];
        let tiles = log.tree.take_changed().into_iter().map(tile).collect();
        let grow = "ON CONFLICT (tenant, level, place) DO UPDATE SET hashes = excluded.hashes";
        rows::insert(connection, tenant, "log_tile (tenant, level, place, hashes)", grow, tiles).await?;
        self.advance(connection, tenant, first, &log).await?;
        self.open.insert(tenant.clone(), log);
        Ok(())
    }

    /// Moves the head on, if it is where it was: the entries came after exactly those that were there.
    async fn advance(&self, connection: &mut AnyConnection, tenant: &TenantId, first: u64, log: &Open) -> Result<(), StoreError> {
        let sql = "UPDATE log_head SET size = $3, root = $4 WHERE tenant = $1 AND size = $2";
        let query = tenant.query(sql).bind(signed(first)).bind(signed(log.tree.size())).bind(log.tree.root().to_vec());
        match query.execute(connection).await?.rows_affected() {
            1 => Ok(()),
            _ => Err(StoreError::damaged(format!("the log of {tenant}"), "its head moved while it was locked")),
        }
    }

    /// Locks the log of a tenant until the end of the transaction, if there is one yet. SQLite has locked all of it.
    pub(crate) async fn lock(&self, connection: &mut AnyConnection, tenant: &TenantId) -> Result<(), StoreError> {
        if self.dialect == Dialect::Postgres {
            tenant.query("SELECT 1 FROM log_head WHERE tenant = $1 FOR UPDATE").fetch_all(connection).await?;
        }
        Ok(())
    }

    /// The log as it stands, which is locked for this transaction. What is in memory is used if nobody else has written since.
    async fn latest(&mut self, connection: &mut AnyConnection, tenant: &TenantId) -> Result<Open, StoreError> {
        let head = head(connection, tenant, HEAD).await?;
        if let Some(open) = self.open.get(tenant).filter(|open| head.size < open.tree.size()) {
            return Err(StoreError::Older { origin: head.origin, found: head.size, signed: open.tree.size() });
        }
        if let Some(open) = self.open.remove(tenant).filter(|open| open.tree.size() == head.size && open.tree.root() == head.root) {
            return Ok(open);
        }
        open(connection, tenant, head).await
    }

    /// Forgets what was not kept.
    pub(crate) fn forget(&mut self) {
        self.open.clear();
        self.forgotten = true;
    }
}

impl Open {
    /// Whether there are entries of which no checkpoint speaks.
    const fn has_grown(&self) -> bool {
        self.signed_size < self.tree.size()
    }
}

/// A row of `log_head`.
pub(crate) struct HeadRow {
    pub(crate) origin: String,
    pub(crate) size: u64,
    pub(crate) root: Hash,
    pub(crate) checkpoint: String,
    pub(crate) signed_size: u64,
    signed_ms: i64,
}

pub(crate) const HEAD: &str = "SELECT origin, size, root, checkpoint, signed_size, signed_ms FROM log_head WHERE tenant = $1";

pub(crate) async fn head(connection: &mut AnyConnection, tenant: &TenantId, sql: &'static str) -> Result<HeadRow, StoreError> {
    let row = tenant.query(sql).fetch_optional(connection).await?.ok_or_else(|| StoreError::NotFound(format!("log of tenant {tenant}")))?;
    let root = row.try_get::<Vec<u8>, _>(2)?.try_into();
    Ok(HeadRow {
        origin: row.try_get(0)?,
        size: row.try_get::<i64, _>(1)?.unsigned_abs(),
        root: root.map_err(|_| StoreError::damaged(format!("the head of the log of {tenant}"), "its root does not have 32 bytes"))?,
        checkpoint: row.try_get(3)?,
        signed_size: row.try_get::<i64, _>(4)?.unsigned_abs(),
        signed_ms: row.try_get(5)?,
    })
}

/// The end of a log as the database has it.
async fn open(connection: &mut AnyConnection, tenant: &TenantId, head: HeadRow) -> Result<Open, StoreError> {
    let tree = resume(connection, tenant, head.size).await?;
    if tree.root() != head.root {
        return Err(StoreError::damaged(format!("the log of {tenant}"), "its tiles do not give its root; run `guiju ledger verify`"));
    }
    let last_ms = seal::last_time(connection, tenant, head.size).await?;
    Ok(Open { origin: head.origin, tree, last_ms, signed_size: head.signed_size, signed_ms: head.signed_ms, told: None })
}

/// All tenants, by name: the one list that belongs to none.
pub(crate) async fn tenants(connection: &mut AnyConnection) -> Result<Vec<TenantId>, StoreError> {
    let rows = sqlx::query("SELECT tenant FROM tenant ORDER BY tenant").fetch_all(connection).await?;
    let name = |row: &AnyRow| row.try_get::<String, _>(0)?.parse().map_err(|error| StoreError::damaged("the name of a tenant", error));
    rows.iter().map(name).collect()
}

/// The tree as it was at a size that the log has reached.
pub(crate) async fn resume(connection: &mut AnyConnection, tenant: &TenantId, size: u64) -> Result<Appender, StoreError> {
    let tiles = tiles(connection, tenant, right_edge(size)).await?;
    Appender::resume(size, &tiles).map_err(|error| StoreError::damaged(format!("the log of {tenant}"), error))
}

/// Tiles by their names; those that are not there are left out. A tile may be wider than asked for: it has grown since.
pub(crate) async fn tiles(
    connection: &mut AnyConnection,
    tenant: &TenantId,
    ids: impl IntoIterator<Item = TileId>,
) -> Result<BTreeMap<TileId, Vec<u8>>, StoreError> {
    let mut tiles = BTreeMap::new();
    for id in ids {
        let query = tenant.query("SELECT hashes FROM log_tile WHERE tenant = $1 AND level = $2 AND place = $3");
        let row = query.bind(i64::from(id.level())).bind(signed(id.index())).fetch_optional(&mut *connection).await?;
        if let Some(row) = row {
            let mut hashes: Vec<u8> = row.try_get(0)?;
            hashes.truncate(id.len_bytes());
            tiles.insert(id, hashes);
        }
    }
    Ok(tiles)
}

fn number(place: u64) -> Value {
    Value::Number(signed(place))
}

/// The database counts with a sign; a log has at most [`ledger::tile::MAX_SIZE`] entries.
pub(crate) fn signed(place: u64) -> i64 {
    i64::try_from(place).unwrap_or(i64::MAX)
}

//! Bans: texts that are stopped at once, while a lexicon still has to learn them. What a pattern matches is the gateway's to say.
//!
//! That a ban has expired needs no writing: whoever reads it compares the time. Its row goes with the next ban that is added.

use ledger::leaf::Class;
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row};

use super::{MAX_REASON, row};
use crate::change::{Bound, Change, Entry};
use crate::tenant::TenantId;
use crate::{StoreError, Tenant, id};

/// Living bans of a tenant: as many as a lexicon must have keywords at least (GB/T 45654-2025, B.1.1); what is more belongs into one.
pub const MAX_BANS: usize = 10_000;

/// Longest pattern, in characters: a sentence.
pub const MAX_PATTERN_CHARS: usize = 200;

crate::access::ids! {
    /// Which texts a ban stops.
    Direction, "direction: input, output or both", {
        Input = "input";
        Output = "output";
        Both = "both";
    }
}

/// A ban as it is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewBan {
    /// What is looked for, 1 to [`MAX_PATTERN_CHARS`] characters in one line.
    pub pattern: String,
    /// In which texts.
    pub direction: Direction,
    /// Why.
    pub reason: String,
    /// The first moment at which it is nothing, ms since 1970.
    pub expires_ms: Option<i64>,
}

/// A ban.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ban {
    /// Its id.
    pub ban: String,
    /// What is looked for.
    pub pattern: String,
    /// In which texts.
    pub direction: Direction,
    /// Why.
    pub reason: String,
    /// Who made it.
    pub by: String,
    /// When, ms since 1970.
    pub created_ms: i64,
    /// The first moment at which it is nothing, ms since 1970.
    pub expires_ms: Option<i64>,
}

impl Change {
    /// Adds a ban, and gives its id. Entry: `ban.add`.
    ///
    /// # Errors
    /// The pattern or the reason does not fit, it would expire at once, or there are too many.
    pub async fn add_ban(&mut self, by: &str, new: NewBan) -> Result<String, StoreError> {
        row::line("the pattern of a ban", &new.pattern, 1, MAX_PATTERN_CHARS)?;
        row::line("the reason of a ban", &new.reason, 1, MAX_REASON)?;
        let now = self.now_ms;
        if new.expires_ms.is_some_and(|expires| expires <= now) {
            return Err(StoreError::Refused("a ban ends after now; give a later time".to_owned()));
        }
        self.guard_changed().await?;
        self.execute("DELETE FROM ban WHERE tenant = $1 AND expires_ms > 0 AND expires_ms <= $2", |query| query.bind(now)).await?;
        let living = self.rows("SELECT COUNT(*) FROM ban WHERE tenant = $1", |query| query).await?;
        if living.first().map_or(Ok(0), |row| row.try_get::<i64, _>(0))? >= row::limit(MAX_BANS) {
            return Err(StoreError::Refused(format!(
                "there are {MAX_BANS} bans already; put what stays into a lexicon, and remove it here"
            )));
        }
        let (ban, maker) = (id::word()?, by.to_owned());
        let entry = Entry::new(Class::Admin, "ban.add", by).with("ban", ban.clone()).with("pattern", new.pattern.clone());
        let entry = entry.with("direction", new.direction.id()).with("reason", new.reason.clone());
        self.record(entry.with("expires_ms", new.expires_ms))?;
        let sql = "INSERT INTO ban (tenant, ban, pattern, direction, reason, made_by, created_ms, expires_ms) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
        let word = ban.clone();
        let bind = |query: Bound| query.bind(word).bind(new.pattern).bind(new.direction.id()).bind(new.reason).bind(maker);
        self.execute(sql, |query| bind(query).bind(now).bind(new.expires_ms.unwrap_or(0))).await?;
        Ok(ban)
    }

    /// Removes a ban. Entry: `ban.remove`.
    ///
    /// # Errors
    /// There is no such ban.
    pub async fn remove_ban(&mut self, by: &str, ban: &str) -> Result<(), StoreError> {
        self.guard_changed().await?;
        let word = ban.to_owned();
        if self.execute("DELETE FROM ban WHERE tenant = $1 AND ban = $2", |query| query.bind(word)).await? == 0 {
            return Err(StoreError::NotFound(format!("ban {ban}")));
        }
        self.record(Entry::new(Class::Admin, "ban.remove", by).with("ban", ban))?;
        Ok(())
    }
}

impl Tenant {
    /// The bans that have not expired, at most [`MAX_BANS`].
    ///
    /// # Errors
    /// The database says no.
    pub async fn bans(&self) -> Result<Vec<Ban>, StoreError> {
        living(&self.id, &mut *self.inner.readers.acquire().await?, self.now_ms()).await
    }
}

/// Those that stop something now.
pub(super) async fn living(tenant: &TenantId, connection: &mut AnyConnection, now_ms: i64) -> Result<Vec<Ban>, StoreError> {
    let sql = "SELECT ban, pattern, direction, reason, made_by, created_ms, expires_ms FROM ban
               WHERE tenant = $1 AND (expires_ms = 0 OR expires_ms > $2) ORDER BY created_ms, ban";
    let rows = tenant.query(sql).bind(now_ms).fetch_all(connection).await?;
    rows.iter().map(shown).collect()
}

fn shown(row: &AnyRow) -> Result<Ban, StoreError> {
    Ok(Ban {
        ban: row.try_get(0)?,
        pattern: row.try_get(1)?,
        direction: row::word(row, 2, "a ban")?,
        reason: row.try_get(3)?,
        by: row.try_get(4)?,
        created_ms: row.try_get(5)?,
        expires_ms: row::moment(row, 6)?,
    })
}

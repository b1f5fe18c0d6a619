//! How persons stand under the rules of strikes. The rules are the gateway's, and pure; here a standing is read, and what they made of it is kept, in one change:
//!
//! ```text
//! let standing = change.standing(&label).await?;
//! change.set_standing(&rules(standing, strike)).await?;
//! change.record(…)?;
//! ```
//!
//! Whoever reads it in a change has it until that change is kept, in whatever process: no strike is lost. What an appeal says is no row: it is sealed content of the
//! entry that the standing names, and goes when the person is erased.

use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row};

use super::{MAX_HELD, MAX_REASON, row};
use crate::change::{Bound, Change};
use crate::tenant::TenantId;
use crate::{EntryId, StoreError, Tenant};

/// Strikes whose times are kept: more than any rule counts in its window, and less than 3 KiB.
pub const MAX_RECENT: usize = 200;

/// Open appeals shown at a time.
const MAX_LISTED: usize = 1_000;

crate::access::ids! {
    /// What a person may do under the rules of strikes.
    StandingState, "state of a standing: good, warned, cooling or suspended", {
        Good = "good";
        Warned = "warned";
        Cooling = "cooling";
        Suspended = "suspended";
    }
}

crate::access::ids! {
    /// How an appeal against it stands.
    Appeal, "state of an appeal: none, open, granted or denied", {
        None = "none";
        Open = "open";
        Granted = "granted";
        Denied = "denied";
    }
}

/// How a person stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// The person's label ([`Tenant::person_label`]).
    pub person: String,
    /// What the person may do.
    pub state: StandingState,
    /// Strikes without anything good between them.
    pub consecutive: i64,
    /// Times of the last strikes, ms since 1970, the oldest first; at most [`MAX_RECENT`].
    pub recent: Vec<i64>,
    /// When the state ends, ms since 1970; 0 where it does not by itself.
    pub until_ms: i64,
    /// Word of the rule that brought it about.
    pub reason: String,
    /// How an appeal against it stands.
    pub appeal: Appeal,
    /// The entry whose sealed content is what the appeal says.
    pub appeal_entry: Option<EntryId>,
    /// When it last changed, ms since 1970.
    pub updated_ms: i64,
}

impl Standing {
    /// That of a person of whom nothing is known.
    #[must_use]
    pub fn good(person: &str) -> Self {
        Self {
            person: person.to_owned(),
            state: StandingState::Good,
            consecutive: 0,
            recent: Vec::new(),
            until_ms: 0,
            reason: String::new(),
            appeal: Appeal::None,
            appeal_entry: None,
            updated_ms: 0,
        }
    }
}

impl Change {
    /// How a person stands, by label. Nobody else changes it until this change is kept.
    ///
    /// # Errors
    /// It is no label, or the database says no.
    pub async fn standing(&mut self, person: &str) -> Result<Standing, StoreError> {
        Ok(self.marked(person).await?.map_or_else(|| Standing::good(person), |(standing, _)| standing))
    }

    /// Keeps how a person stands from now on. The caller records why, in the same change.
    ///
    /// # Errors
    /// It is no label, or has more than a row holds.
    pub async fn set_standing(&mut self, standing: &Standing) -> Result<(), StoreError> {
        row::line("the reason of a standing", &standing.reason, 0, MAX_REASON)?;
        if standing.recent.len() > MAX_RECENT {
            return Err(StoreError::Refused(format!("a standing keeps the times of the last {MAX_RECENT} strikes; leave the oldest out")));
        }
        let (was, marked) = match self.marked(&standing.person).await? {
            Some((was, epoch)) => (was.state, epoch),
            None => (StandingState::Good, 0),
        };
        // What a gateway does not hold is no news to it.
        let news = [was, standing.state] != [StandingState::Good; 2];
        let epoch = if news { self.guard_row_changed().await? } else { marked };
        self.keep_standing(standing.clone(), epoch).await
    }

    /// A standing, and the epoch with which it is marked.
    async fn marked(&mut self, person: &str) -> Result<Option<(Standing, i64)>, StoreError> {
        row::label(person)?;
        self.guard_turn().await?;
        let word = person.to_owned();
        let sql = "SELECT person, state, consecutive, recent, until_ms, reason, appeal, appeal_entry, updated_ms, epoch
                   FROM standing WHERE tenant = $1 AND person = $2";
        let rows = self.rows(sql, |query| query.bind(word)).await?;
        rows.first().map(|row| Ok((shown(row)?, row.try_get(9)?))).transpose()
    }

    async fn keep_standing(&mut self, standing: Standing, epoch: i64) -> Result<(), StoreError> {
        let recent = serde_json::to_string(&standing.recent).map_err(|error| StoreError::damaged("a standing", error))?;
        let now = self.now_ms;
        let bind = |query: Bound| {
            let query =
                query.bind(standing.person).bind(standing.state.id()).bind(standing.consecutive).bind(recent).bind(standing.until_ms);
            query.bind(standing.reason).bind(standing.appeal.id()).bind(row::bytes(standing.appeal_entry)).bind(now).bind(epoch)
        };
        let sql = "INSERT INTO standing (tenant, person, state, consecutive, recent, until_ms, reason, appeal, appeal_entry, updated_ms, epoch)
                   VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
                   ON CONFLICT (tenant, person) DO UPDATE SET state = excluded.state, consecutive = excluded.consecutive, recent = excluded.recent,
                   until_ms = excluded.until_ms, reason = excluded.reason, appeal = excluded.appeal, appeal_entry = excluded.appeal_entry,
                   updated_ms = excluded.updated_ms, epoch = excluded.epoch";
        self.execute(sql, bind).await?;
        Ok(())
    }
}

impl Tenant {
    /// How a person stands, by label.
    ///
    /// # Errors
    /// The database says no.
    pub async fn standing(&self, person: &str) -> Result<Standing, StoreError> {
        let word = person.to_owned();
        let sql = "SELECT person, state, consecutive, recent, until_ms, reason, appeal, appeal_entry, updated_ms
                   FROM standing WHERE tenant = $1 AND person = $2";
        let rows = self.rows(sql, |query| query.bind(word)).await?;
        rows.first().map_or_else(|| Ok(Standing::good(person)), shown)
    }

    /// The standings against which an appeal is open, the one that waits longest first; at most 1,000.
    ///
    /// # Errors
    /// The database says no.
    pub async fn open_appeals(&self) -> Result<Vec<Standing>, StoreError> {
        let sql = "SELECT person, state, consecutive, recent, until_ms, reason, appeal, appeal_entry, updated_ms
                   FROM standing WHERE tenant = $1 AND appeal = 'open' ORDER BY updated_ms, person LIMIT $2";
        self.rows(sql, |query| query.bind(row::limit(MAX_LISTED))).await?.iter().map(shown).collect()
    }
}

/// Standings that are not good, the last to change first, and whether there are more.
pub(super) async fn not_good(tenant: &TenantId, connection: &mut AnyConnection) -> Result<(Vec<Standing>, bool), StoreError> {
    let sql = "SELECT person, state, consecutive, recent, until_ms, reason, appeal, appeal_entry, updated_ms
               FROM standing WHERE tenant = $1 AND state <> 'good' ORDER BY epoch DESC LIMIT $2";
    held(&tenant.query(sql).bind(row::limit(MAX_HELD + 1)).fetch_all(connection).await?)
}

/// Standings that changed after an epoch so that a gateway must know, and whether there are more.
pub(super) async fn since(tenant: &TenantId, connection: &mut AnyConnection, epoch: i64) -> Result<(Vec<Standing>, bool), StoreError> {
    let sql = "SELECT person, state, consecutive, recent, until_ms, reason, appeal, appeal_entry, updated_ms
               FROM standing WHERE tenant = $1 AND epoch > $2 ORDER BY epoch DESC LIMIT $3";
    held(&tenant.query(sql).bind(epoch).bind(row::limit(MAX_HELD + 1)).fetch_all(connection).await?)
}

fn held(rows: &[AnyRow]) -> Result<(Vec<Standing>, bool), StoreError> {
    let standings = rows.iter().take(MAX_HELD).map(shown).collect::<Result<_, _>>()?;
    Ok((standings, rows.len() > MAX_HELD))
}

fn shown(row: &AnyRow) -> Result<Standing, StoreError> {
    let recent = serde_json::from_str(&row.try_get::<String, _>(3)?);
    Ok(Standing {
        person: row.try_get(0)?,
        state: row::word(row, 1, "a standing")?,
        consecutive: row.try_get(2)?,
        recent: recent.map_err(|error| StoreError::damaged("a standing", error))?,
        until_ms: row.try_get(4)?,
        reason: row.try_get(5)?,
        appeal: row::word(row, 6, "a standing")?,
        appeal_entry: row::maybe_entry(row, 7, "a standing")?,
        updated_ms: row.try_get(8)?,
    })
}

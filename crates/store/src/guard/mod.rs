//! What guards a live service, as rows that several gateways share: client keys, bans, switches, policies, how persons stand, their profiles, tickets and requests.
//!
//! - **One epoch.** A gateway holds a [`Guard`] in memory and asks for [`Tenant::guard_epoch`] as often as it likes: one row. Whatever it must know raises the epoch
//!   in its own transaction, so that a gateway that sees the new epoch sees the change.
//! - **One after the other.** Whoever changes any of it takes its turn at the row of the epoch before another row: two gateways lose no strike, and do not wait
//!   for each other in a ring.
//! - **Persons by label.** A person is a keyed hash ([`Tenant::person_label`]); what speaks of one is sealed content of the ledger, to which a row points. When a
//!   person is erased, their rows go, and their requests no longer say whose they were. A backup from before still has the rows, and whoever restores it erases
//!   the person again.
//!
//! It holds rows and no rules: what a strike leads to, who is a minor, and whom a ban stops is the gateway's; who may do what is
//! [`access`](crate::access)'s, and the caller asks it.

mod bans;
mod client_keys;
mod policies;
mod profiles;
mod requests;
pub(crate) mod row;
mod standings;
mod switches;
mod tickets;

use sqlx::Row;

pub use bans::{Ban, Direction, MAX_BANS, MAX_PATTERN_CHARS, NewBan};
pub use client_keys::{ClientKey, MAX_CLIENT_KEYS, MAX_SETTINGS_BYTES, client_key_digest};
pub use policies::{MAX_POLICIES, MAX_POLICY_BYTES, MAX_REGRESSION_BYTES, PolicyState, PolicyVersion};
pub use profiles::{Age, Profile, Training, USED_TIME_DAYS, Whom};
pub(crate) use requests::write as write_closed;
pub use requests::{MAX_REQUESTS, RequestFilter, RequestRow, Trace};
pub use standings::{Appeal, MAX_RECENT, Standing, StandingState};
pub use switches::{BREAK_GLASS_MS, BrokenGlass, MAX_SWITCHES, PULL_AGAIN_MS, Scope, Switch, Toggle};
pub use tickets::{MAX_WAITING, NewTicket, Stage, Ticket, TicketState};

use crate::change::Change;
use crate::{StoreError, Tenant, log, place};

/// Standings, and profiles, that a gateway holds in memory: reading so many takes some 0.1 s. Beyond it a gateway asks for each person.
pub const MAX_HELD: usize = 10_000;

/// Longest reason, in characters: what fits a line of a list and says it in two sentences.
const MAX_REASON: usize = 500;

/// Longest name of a key, a policy, a model or a route, in characters.
const MAX_NAME: usize = 200;

/// What a gateway holds in memory, of one moment.
#[derive(Debug, Clone, PartialEq)]
pub struct Guard {
    /// The epoch of that moment.
    pub epoch: i64,
    /// Client keys that were not revoked and had not expired, at most [`MAX_CLIENT_KEYS`].
    pub keys: Vec<ClientKey>,
    /// Bans that had not expired, at most [`MAX_BANS`].
    pub bans: Vec<Ban>,
    /// What is switched off, at most [`MAX_SWITCHES`].
    pub switches: Vec<Switch>,
    /// The live version and the shadow of each policy, at most two for each of [`MAX_POLICIES`].
    pub policies: Vec<PolicyVersion>,
    /// Standings that are not good, the last to change first, at most [`MAX_HELD`].
    pub standings: Vec<Standing>,
    /// Profiles, the last to change first, at most [`MAX_HELD`].
    pub profiles: Vec<Profile>,
    /// Whether all standings and profiles are here. If not, [`Tenant::standing`] and [`Tenant::profile`] answer for those that are not.
    pub complete: bool,
}

/// What changed since an epoch.
#[derive(Debug, Clone, PartialEq)]
pub enum GuardChange {
    /// Nothing.
    Nothing,
    /// Only these, of single persons and keys: each takes the place of the one that was held.
    Some {
        /// The epoch after them.
        epoch: i64,
        /// Standings, those among them that are good again.
        standings: Vec<Standing>,
        /// Profiles.
        profiles: Vec<Profile>,
    },
    /// More than that: here is everything.
    All(Box<Guard>),
}

impl Tenant {
    /// Counts the changes of what a gateway holds in memory; 0 before the first.
    ///
    /// # Errors
    /// The database says no.
    pub async fn guard_epoch(&self) -> Result<i64, StoreError> {
        let rows = self.rows("SELECT epoch FROM guard_epoch WHERE tenant = $1", |query| query).await?;
        rows.first().map_or(Ok(0), |row| Ok(row.try_get(0)?))
    }

    /// Everything a gateway holds in memory, of one moment.
    ///
    /// # Errors
    /// The database says no, or a row is damaged.
    pub async fn guard(&self) -> Result<Guard, StoreError> {
        let mut moment = place::snapshot(&self.inner.readers).await?;
        let (epoch, _) = epochs(&self.id, &mut moment).await?;
        self.all(epoch, &mut moment).await
    }

    /// What changed since the epoch of what a gateway holds. A strike costs each gateway one row, and not all of them again.
    ///
    /// # Errors
    /// The database says no, or a row is damaged.
    pub async fn guard_since(&self, held: i64) -> Result<GuardChange, StoreError> {
        let mut moment = place::snapshot(&self.inner.readers).await?;
        let (epoch, base) = epochs(&self.id, &mut moment).await?;
        if epoch == held {
            return Ok(GuardChange::Nothing);
        }
        // A database that was restored from a backup may count less than a gateway has seen.
        if base > held || epoch < held {
            return Ok(GuardChange::All(Box::new(self.all(epoch, &mut moment).await?)));
        }
        let (standings, more) = standings::since(&self.id, &mut moment, held).await?;
        let (profiles, others) = profiles::since(&self.id, &mut moment, held).await?;
        if more || others {
            return Ok(GuardChange::All(Box::new(self.all(epoch, &mut moment).await?)));
        }
        Ok(GuardChange::Some { epoch, standings, profiles })
    }

    async fn all(&self, epoch: i64, moment: &mut sqlx::AnyConnection) -> Result<Guard, StoreError> {
        let now = self.now_ms();
        let (standings, more) = standings::not_good(&self.id, moment).await?;
        let (profiles, others) = profiles::since(&self.id, moment, 0).await?;
        Ok(Guard {
            epoch,
            keys: client_keys::living(&self.id, moment, now).await?,
            bans: bans::living(&self.id, moment, now).await?,
            switches: switches::all(&self.id, moment, now).await?,
            policies: policies::in_use(&self.id, moment).await?,
            standings,
            profiles,
            complete: !more && !others,
        })
    }

    /// The label by which a person's rows are found: a keyed hash of the name that the operator's service has for the person. It takes microseconds: the key stays in
    /// memory.
    ///
    /// # Errors
    /// The key database says no.
    pub async fn person_label(&self, name: &str) -> Result<String, StoreError> {
        log::person(&self.inner.vault, &self.id, name, self.now_ms()).await
    }
}

impl Change {
    /// Waits for its turn: nobody else changes what gateways hold until this change is kept.
    async fn guard_turn(&mut self) -> Result<(), StoreError> {
        let sql =
            "INSERT INTO guard_epoch (tenant, epoch, base) VALUES ($1, 0, 0) ON CONFLICT (tenant) DO UPDATE SET epoch = guard_epoch.epoch";
        self.execute(sql, |query| query).await?;
        Ok(())
    }

    /// Takes its turn, and has every gateway read all again.
    async fn guard_changed(&mut self) -> Result<(), StoreError> {
        let sql = "INSERT INTO guard_epoch (tenant, epoch, base) VALUES ($1, 1, 1)
                   ON CONFLICT (tenant) DO UPDATE SET epoch = guard_epoch.epoch + 1, base = guard_epoch.epoch + 1";
        self.execute(sql, |query| query).await?;
        Ok(())
    }

    /// Takes its turn, and gives the epoch with which one row is marked.
    pub(crate) async fn guard_row_changed(&mut self) -> Result<i64, StoreError> {
        let sql = "INSERT INTO guard_epoch (tenant, epoch, base) VALUES ($1, 1, 0)
                   ON CONFLICT (tenant) DO UPDATE SET epoch = guard_epoch.epoch + 1 RETURNING epoch";
        let rows = self.rows(sql, |query| query).await?;
        rows.first().map_or_else(|| Err(StoreError::damaged("the epoch", "no row came back")), |row| Ok(row.try_get(0)?))
    }

    /// Takes a person out of all rows, when the person is erased.
    pub(crate) async fn forget_guarded(&mut self, label: &str) -> Result<(), StoreError> {
        self.guard_turn().await?;
        let mut held = 0;
        for sql in [
            "DELETE FROM standing WHERE tenant = $1 AND person = $2",
            "DELETE FROM profile WHERE tenant = $1 AND kind = 'person' AND whom = $2",
        ] {
            held += self.execute(sql, |query| query.bind(label.to_owned())).await?;
        }
        for sql in
            ["DELETE FROM used_time WHERE tenant = $1 AND person = $2", "UPDATE request SET person = '' WHERE tenant = $1 AND person = $2"]
        {
            self.execute(sql, |query| query.bind(label.to_owned())).await?;
        }
        if held > 0 { self.guard_changed().await } else { Ok(()) }
    }
}

/// The epoch, and the last one that asks for everything.
async fn epochs(tenant: &crate::TenantId, connection: &mut sqlx::AnyConnection) -> Result<(i64, i64), StoreError> {
    let rows = tenant.query("SELECT epoch, base FROM guard_epoch WHERE tenant = $1").fetch_all(connection).await?;
    rows.first().map_or(Ok((0, 0)), |row| Ok((row.try_get(0)?, row.try_get(1)?)))
}

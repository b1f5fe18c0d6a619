//! Switches: a model, a route or the whole tenant that serves nothing until it is switched on again. A row stands while it is off.
//!
//! That two administrators must want it is the rule of the permission `kill-switch`: [`Change::switch_approved`] uses their approval up and switches in one change.
//! [`Change::switch`] asks nobody: its caller has.
//!
//! In an emergency one of them pulls it alone ([`Change::break_glass`]): at once, for [`BREAK_GLASS_MS`], with the proposal for a second person in the same change. When that
//! is approved and executed, it stands like any other; else it is on again when its time is over, and the same person cannot pull the same for [`PULL_AGAIN_MS`].

use ledger::leaf::Class;
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row};

use super::{MAX_NAME, MAX_REASON, row};
use crate::access::{Permission, PersonId};
use crate::accounts::{AccountError, Who};
use crate::change::{Change, Entry};
use crate::tenant::TenantId;
use crate::{StoreError, Tenant};

/// Things that are off at a time: more than an operator has models and routes.
pub const MAX_SWITCHES: usize = 1_000;

/// How long it holds what one person pulled alone: an hour is enough to find a second person, and short enough that one person alone stops no service for a day.
pub const BREAK_GLASS_MS: i64 = 60 * 60_000;

/// How long whoever pulled a switch alone cannot pull the same alone again: else one person would hold it off for ever, an hour at a time.
pub const PULL_AGAIN_MS: i64 = 24 * 60 * 60_000;

crate::access::ids! {
    /// What a switch switches.
    Scope, "scope of a switch: tenant, model or route", {
        Tenant = "tenant";
        Model = "model";
        Route = "route";
    }
}

/// Something that is switched off.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Switch {
    /// What kind of thing.
    pub scope: Scope,
    /// Which model or route; empty for the tenant.
    pub name: String,
    /// Why.
    pub reason: String,
    /// Who did it.
    pub by: String,
    /// Since when, ms since 1970.
    pub since_ms: i64,
    /// Where one person pulled it alone: the first moment at which it is on again, ms since 1970.
    pub expires_ms: Option<i64>,
}

/// A switch that one person pulled alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BrokenGlass {
    /// What was proposed to the others: as of `kill-switch` on [`Toggle::object`].
    pub approval: String,
    /// The first moment at which it is on again if nobody approves, ms since 1970.
    pub expires_ms: i64,
}

/// What is to be switched, and which way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Toggle {
    /// What kind of thing.
    pub scope: Scope,
    /// Which model or route; empty for the tenant.
    pub name: String,
    /// Off or on.
    pub off: bool,
}

impl Toggle {
    /// What two administrators propose and approve: the object of an approval of `kill-switch`. `off model qwen-72b`, `on tenant`.
    #[must_use]
    pub fn object(&self) -> String {
        let way = if self.off { "off" } else { "on" };
        match self.scope {
            Scope::Tenant => format!("{way} tenant"),
            scope => format!("{way} {scope} {}", self.name),
        }
    }

    fn check(&self) -> Result<(), StoreError> {
        match self.scope {
            Scope::Tenant if self.name.is_empty() => Ok(()),
            Scope::Tenant => Err(StoreError::Refused("the tenant is switched without a name".to_owned())),
            scope => row::line(&format!("the name of a {scope}"), &self.name, 1, MAX_NAME),
        }
    }
}

impl Change {
    /// Switches something off or on. Entry: `switch.off` or `switch.on`.
    ///
    /// # Errors
    /// It is so already, the name or the reason does not fit, or too much is off.
    pub async fn switch(&mut self, by: &str, toggle: &Toggle, reason: &str) -> Result<(), StoreError> {
        self.toggle(by, toggle, reason, None).await
    }

    /// Uses an approval of [`Toggle::object`] up, and switches what two administrators wanted switched, both or neither.
    ///
    /// # Errors
    /// As [`Self::execute_approval`] and [`Self::switch`].
    pub async fn switch_approved(&mut self, who: &Who, approval: &str, toggle: &Toggle, reason: &str) -> Result<(), AccountError> {
        let object = toggle.object();
        let consent = self.execute_approval(who, approval, &object).await?;
        consent.covers(Permission::KillSwitch, &object)?;
        Ok(self.toggle(&who.account().to_string(), toggle, reason, Some(consent.approval())).await?)
    }

    /// Switches something off by one person alone, in an emergency, and proposes it to the others. Entries: `act.propose`, `switch.break-glass`.
    ///
    /// # Errors
    /// Whoever asks may not propose it, pulled the same within [`PULL_AGAIN_MS`], or as [`Self::switch`].
    pub async fn break_glass(&mut self, who: &Who, toggle: &Toggle, reason: &str) -> Result<BrokenGlass, AccountError> {
        let approval = self.propose_approval(who, Permission::KillSwitch, &toggle.object()).await?;
        toggle.check()?;
        row::line("the reason of a switch", reason, 1, MAX_REASON)?;
        if !toggle.off {
            return Err(StoreError::Refused("one person alone switches off, never on".to_owned()).into());
        }
        self.guard_changed().await?;
        self.forget_lapsed().await?;
        let (by, person) = (who.account().to_string(), who.person());
        let again_ms = self.pulled_ms(toggle, person).await?.map_or(0, |since_ms| since_ms + PULL_AGAIN_MS);
        if self.now_ms < again_ms {
            let hours = PULL_AGAIN_MS / 3_600_000;
            let what = format!(
                "you pulled this alone within the last {hours} hours, and nobody joined; propose it to another administrator (`switch off`)"
            );
            return Err(StoreError::Refused(what).into());
        }
        if self.off(&by, toggle, reason).await? == 0 {
            return Err(StoreError::Refused(format!("nothing to do: it is {} already", toggle.object())).into());
        }
        let (scope, name, now, expires_ms) = (toggle.scope.id(), toggle.name.clone(), self.now_ms, self.now_ms + BREAK_GLASS_MS);
        let sql = "INSERT INTO break_glass (tenant, scope, name, person, since_ms, expires_ms) VALUES ($1, $2, $3, $4, $5, $6)
                   ON CONFLICT (tenant, scope, name) DO UPDATE SET person = excluded.person, since_ms = excluded.since_ms, expires_ms = excluded.expires_ms";
        self.execute(sql, |query| query.bind(scope).bind(name).bind(person.0).bind(now).bind(expires_ms)).await?;
        let entry = Entry::new(Class::Admin, "switch.break-glass", by).with("scope", toggle.scope.id()).with("name", toggle.name.clone());
        self.record(entry.with("reason", reason).with("approval", approval.clone()).with("expires_ms", expires_ms))?;
        Ok(BrokenGlass { approval, expires_ms })
    }

    async fn toggle(&mut self, by: &str, toggle: &Toggle, reason: &str, approval: Option<&str>) -> Result<(), StoreError> {
        toggle.check()?;
        row::line("the reason of a switch", reason, 1, MAX_REASON)?;
        self.guard_changed().await?;
        self.forget_lapsed().await?;
        // What one person pulled alone, and what stands for good now, or not at all.
        let confirmed = self.join(toggle).await?;
        let done = if toggle.off { self.off(by, toggle, reason).await? + confirmed } else { self.on(toggle).await? };
        if done == 0 {
            return Err(StoreError::Refused(format!("nothing to do: it is {} already", toggle.object())));
        }
        let entry = Entry::new(Class::Admin, if toggle.off { "switch.off" } else { "switch.on" }, by);
        let entry = entry.with("scope", toggle.scope.id()).with("name", toggle.name.clone()).with("reason", reason);
        self.record(match approval {
            Some(approval) => entry.with("approval", approval),
            None => entry,
        })?;
        Ok(())
    }

    /// Takes away what is on again by itself. Who pulled it stays known.
    async fn forget_lapsed(&mut self) -> Result<(), StoreError> {
        let now = self.now_ms;
        let sql =
            "DELETE FROM switch WHERE tenant = $1 AND EXISTS (SELECT 1 FROM break_glass b WHERE b.tenant = $1 AND b.scope = switch.scope
                   AND b.name = switch.name AND b.since_ms = switch.since_ms AND b.expires_ms <= $2)";
        self.execute(sql, |query| query.bind(now)).await.map(drop)
    }

    /// Ends the time of what one person pulled alone; how many there were.
    async fn join(&mut self, toggle: &Toggle) -> Result<u64, StoreError> {
        let (scope, name, now) = (toggle.scope.id(), toggle.name.clone(), self.now_ms);
        let sql = "DELETE FROM break_glass WHERE tenant = $1 AND scope = $2 AND name = $3 AND expires_ms > $4";
        self.execute(sql, |query| query.bind(scope).bind(name).bind(now)).await
    }

    /// When a person last pulled this alone, and nobody joined.
    async fn pulled_ms(&mut self, toggle: &Toggle, person: PersonId) -> Result<Option<i64>, StoreError> {
        let (scope, name) = (toggle.scope.id(), toggle.name.clone());
        let sql = "SELECT since_ms FROM break_glass WHERE tenant = $1 AND scope = $2 AND name = $3 AND person = $4";
        let rows = self.rows(sql, |query| query.bind(scope).bind(name).bind(person.0)).await?;
        rows.first().map(|row| Ok(row.try_get(0)?)).transpose()
    }

    async fn off(&mut self, by: &str, toggle: &Toggle, reason: &str) -> Result<u64, StoreError> {
        let off = self.rows("SELECT COUNT(*) FROM switch WHERE tenant = $1", |query| query).await?;
        if off.first().map_or(Ok(0), |row| row.try_get::<i64, _>(0))? >= row::limit(MAX_SWITCHES) {
            return Err(StoreError::Refused(format!("{MAX_SWITCHES} things are off already; switch the tenant off instead")));
        }
        let (scope, name, reason, by, now) = (toggle.scope.id(), toggle.name.clone(), reason.to_owned(), by.to_owned(), self.now_ms);
        let sql =
            "INSERT INTO switch (tenant, scope, name, reason, made_by, since_ms) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING";
        self.execute(sql, |query| query.bind(scope).bind(name).bind(reason).bind(by).bind(now)).await
    }

    async fn on(&mut self, toggle: &Toggle) -> Result<u64, StoreError> {
        let (scope, name) = (toggle.scope.id(), toggle.name.clone());
        self.execute("DELETE FROM switch WHERE tenant = $1 AND scope = $2 AND name = $3", |query| query.bind(scope).bind(name)).await
    }
}

impl Tenant {
    /// What is switched off.
    ///
    /// # Errors
    /// The database says no.
    pub async fn switches(&self) -> Result<Vec<Switch>, StoreError> {
        all(&self.id, &mut *self.inner.readers.acquire().await?, self.now_ms()).await
    }
}

pub(super) async fn all(tenant: &TenantId, connection: &mut AnyConnection, now_ms: i64) -> Result<Vec<Switch>, StoreError> {
    let sql = "SELECT s.scope, s.name, s.reason, s.made_by, s.since_ms, COALESCE(b.expires_ms, 0) FROM switch s
               LEFT JOIN break_glass b ON b.tenant = $1 AND b.scope = s.scope AND b.name = s.name AND b.since_ms = s.since_ms
               WHERE s.tenant = $1 AND COALESCE(b.expires_ms, $2 + 1) > $2 ORDER BY s.since_ms, s.scope, s.name";
    let rows = tenant.query(sql).bind(now_ms).fetch_all(connection).await?;
    rows.iter().map(shown).collect()
}

fn shown(row: &AnyRow) -> Result<Switch, StoreError> {
    Ok(Switch {
        scope: row::word(row, 0, "a switch")?,
        name: row.try_get(1)?,
        reason: row.try_get(2)?,
        by: row.try_get(3)?,
        since_ms: row.try_get(4)?,
        expires_ms: Some(row.try_get(5)?).filter(|expires_ms| *expires_ms > 0),
    })
}

//! Switches: a model, a route or the whole tenant that serves nothing until it is switched on again. A row stands while it is off.
//!
//! That two administrators must want it is the rule of the permission `kill-switch`: [`Change::switch_approved`] uses their approval up and switches in one change.
//! [`Change::switch`] asks nobody: its caller has.

use ledger::leaf::Class;
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row};

use super::{MAX_NAME, MAX_REASON, row};
use crate::access::Permission;
use crate::accounts::{AccountError, Who};
use crate::change::{Change, Entry};
use crate::tenant::TenantId;
use crate::{StoreError, Tenant};

/// Things that are off at a time: more than an operator has models and routes.
pub const MAX_SWITCHES: usize = 1_000;

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

    async fn toggle(&mut self, by: &str, toggle: &Toggle, reason: &str, approval: Option<&str>) -> Result<(), StoreError> {
        toggle.check()?;
        row::line("the reason of a switch", reason, 1, MAX_REASON)?;
        self.guard_changed().await?;
        let done = if toggle.off { self.off(by, toggle, reason).await? } else { self.on(toggle).await? };
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
        all(&self.id, &mut *self.inner.readers.acquire().await?).await
    }
}

pub(super) async fn all(tenant: &TenantId, connection: &mut AnyConnection) -> Result<Vec<Switch>, StoreError> {
    let sql = "SELECT scope, name, reason, made_by, since_ms FROM switch WHERE tenant = $1 ORDER BY since_ms, scope, name";
    let rows = tenant.query(sql).fetch_all(connection).await?;
    rows.iter().map(shown).collect()
}

fn shown(row: &AnyRow) -> Result<Switch, StoreError> {
    Ok(Switch {
        scope: row::word(row, 0, "a switch")?,
        name: row.try_get(1)?,
        reason: row.try_get(2)?,
        by: row.try_get(3)?,
        since_ms: row.try_get(4)?,
    })
}

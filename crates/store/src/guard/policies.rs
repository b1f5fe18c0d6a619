//! Policies of the gateway, by name and version. A body is never changed: another body is another version.
//!
//! A version is a draft until it is the shadow (it judges, and nothing follows) or live. Of each name one is live and one is the shadow at most. Live goes only what
//! passed the regression test with this very body. Back goes the way it came: to the version that was live before, and from there to the one before that; a version that
//! was gone back from is not gone back to.

use keys::digest::{hex, sha256};
use ledger::leaf::Class;
use serde_json::Value;
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row};

use super::{MAX_NAME, row};
use crate::change::{Bound, Change, Entry};
use crate::tenant::TenantId;
use crate::{StoreError, Tenant};

/// Names of policies of a tenant: one for each kind of service that it offers.
pub const MAX_POLICIES: i64 = 64;

/// Bytes of a policy: some thousand lines.
pub const MAX_POLICY_BYTES: usize = 256 << 10;

/// Bytes of what a regression test says: its numbers, and the cases that went wrong by name.
pub const MAX_REGRESSION_BYTES: usize = 64 << 10;

/// Versions of one name: ten a week for twenty years.
const MAX_VERSIONS: i64 = 10_000;

/// Versions shown at a time: with their bodies at most 12.5 MiB.
const MAX_LISTED: usize = 50;

crate::access::ids! {
    /// How far a version has come.
    PolicyState, "state of a policy: draft, shadow, live or retired", {
        Draft = "draft";
        Shadow = "shadow";
        Live = "live";
        Retired = "retired";
    }
}

/// A version of a policy.
#[derive(Debug, Clone, PartialEq)]
pub struct PolicyVersion {
    /// Of which policy.
    pub name: String,
    /// Counts from 1 by name.
    pub version: i64,
    /// TOML that the gateway understands.
    pub body: String,
    /// How far it has come.
    pub state: PolicyState,
    /// What the regression test said of it: `passed`, `digest` (as [`Self::digest`]), and what else the test has to say. An empty object before.
    pub regression: Value,
    /// Who made it.
    pub by: String,
    /// When, ms since 1970.
    pub created_ms: i64,
}

impl PolicyVersion {
    /// SHA-256 of the body in 64 hexadecimal digits.
    #[must_use]
    pub fn digest(&self) -> String {
        digest(&self.body)
    }

    /// Whether the regression test passed with this body.
    #[must_use]
    pub fn has_passed(&self) -> bool {
        let said = |name: &str| self.regression.get(name);
        said("passed") == Some(&Value::Bool(true)) && said("digest").and_then(Value::as_str) == Some(self.digest().as_str())
    }
}

impl Change {
    /// Adds the next version of a policy as a draft, and gives its number. Entry: `policy.draft`.
    ///
    /// # Errors
    /// The name or the body does not fit, or there are too many.
    pub async fn add_policy(&mut self, by: &str, name: &str, body: &str) -> Result<i64, StoreError> {
        row::line("the name of a policy", name, 1, MAX_NAME)?;
        if body.is_empty() || body.len() > MAX_POLICY_BYTES {
            return Err(StoreError::Refused(format!("a policy has 1 to {MAX_POLICY_BYTES} bytes, this one {}", body.len())));
        }
        self.guard_turn().await?;
        let version = self.next_version(name).await?;
        let (word, text, maker, now) = (name.to_owned(), body.to_owned(), by.to_owned(), self.now_ms);
        let sql = "INSERT INTO policy (tenant, name, version, body, state, turn, regression, made_by, created_ms)
                   VALUES ($1, $2, $3, $4, 'draft', 0, '{}', $5, $6)";
        self.execute(sql, |query| query.bind(word).bind(version).bind(text).bind(maker).bind(now)).await?;
        self.record(said("policy.draft", by, name, version, body))?;
        Ok(version)
    }

    /// Keeps what the regression test said of a version. Entry: `policy.regression`.
    ///
    /// # Errors
    /// There is no such version, or too much was said.
    pub async fn set_regression(&mut self, by: &str, name: &str, version: i64, regression: &Value) -> Result<(), StoreError> {
        let text = row::object("what a regression test says", regression, MAX_REGRESSION_BYTES)?;
        let found = self.version(name, version).await?;
        let word = name.to_owned();
        let sql = "UPDATE policy SET regression = $4 WHERE tenant = $1 AND name = $2 AND version = $3";
        self.execute(sql, |query| query.bind(word).bind(version).bind(text)).await?;
        let passed = PolicyVersion { regression: regression.clone(), ..found.clone() }.has_passed();
        self.record(said("policy.regression", by, name, version, &found.body).with("passed", passed))?;
        Ok(())
    }

    /// Makes a version the shadow of its name; what was the shadow is a draft again. Entry: `policy.shadow`.
    ///
    /// # Errors
    /// There is no such version, or it is live.
    pub async fn set_shadow(&mut self, by: &str, name: &str, version: i64) -> Result<(), StoreError> {
        let found = self.version(name, version).await?;
        if found.state == PolicyState::Live {
            return Err(StoreError::Refused(format!("version {version} of policy {name} is live; the shadow is another version")));
        }
        self.guard_changed().await?;
        self.leave(name, PolicyState::Shadow, PolicyState::Draft).await?;
        self.enter(name, version, PolicyState::Shadow).await?;
        self.record(said("policy.shadow", by, name, version, &found.body))?;
        Ok(())
    }

    /// Ends the shadow of a name: it is a draft again. Entry: `policy.shadow.end`.
    ///
    /// # Errors
    /// There is none.
    pub async fn end_shadow(&mut self, by: &str, name: &str) -> Result<(), StoreError> {
        self.guard_changed().await?;
        if self.leave(name, PolicyState::Shadow, PolicyState::Draft).await? == 0 {
            return Err(StoreError::NotFound(format!("shadow of policy {name}")));
        }
        self.record(Entry::new(Class::Admin, "policy.shadow.end", by).with("name", name))?;
        Ok(())
    }

    /// Makes a version live; what was live is retired. Entry: `policy.live`.
    ///
    /// # Errors
    /// There is no such version, it is live already, or the regression test has not passed with this body.
    pub async fn set_live(&mut self, by: &str, name: &str, version: i64) -> Result<(), StoreError> {
        let found = self.version(name, version).await?;
        if found.state == PolicyState::Live {
            return Err(StoreError::Refused(format!("version {version} of policy {name} is live already")));
        }
        if !found.has_passed() {
            return Err(StoreError::Refused(format!(
                "version {version} of policy {name} has not passed the regression test with this body (sha256 {}); run the test, then make it live",
                found.digest()
            )));
        }
        self.guard_changed().await?;
        self.leave(name, PolicyState::Live, PolicyState::Retired).await?;
        let word = name.to_owned();
        let sql = "UPDATE policy SET state = 'live', turn = (SELECT MAX(p.turn) + 1 FROM policy p WHERE p.tenant = $1 AND p.name = $2)
                   WHERE tenant = $1 AND name = $2 AND version = $3";
        self.execute(sql, |query| query.bind(word).bind(version)).await?;
        self.record(said("policy.live", by, name, version, &found.body))?;
        Ok(())
    }

    /// Goes back to the version that was live before, and gives its number. What is left is retired, and is not gone back to. Entry: `policy.back`.
    ///
    /// # Errors
    /// Nothing is live, or nothing was before.
    pub async fn back(&mut self, by: &str, name: &str) -> Result<i64, StoreError> {
        self.guard_changed().await?;
        let (left, before) = self.two_lives(name).await?;
        let found = self.version(name, before).await?;
        let word = name.to_owned();
        let sql = "UPDATE policy SET state = 'retired', turn = 0 WHERE tenant = $1 AND name = $2 AND version = $3";
        self.execute(sql, |query| query.bind(word).bind(left)).await?;
        self.enter(name, before, PolicyState::Live).await?;
        self.record(said("policy.back", by, name, before, &found.body).with("from", left))?;
        Ok(before)
    }

    /// The version that is live, and the one that was before.
    async fn two_lives(&mut self, name: &str) -> Result<(i64, i64), StoreError> {
        let word = name.to_owned();
        let sql = "SELECT version, state FROM policy WHERE tenant = $1 AND name = $2 AND turn > 0 ORDER BY turn DESC LIMIT 2";
        let rows = self.rows(sql, |query| query.bind(word)).await?;
        match rows.as_slice() {
            [live, before] if live.try_get::<String, _>(1)? == PolicyState::Live.id() => Ok((live.try_get(0)?, before.try_get(0)?)),
            _ => Err(StoreError::Refused(format!("no version of policy {name} was live before one that is; make another version live"))),
        }
    }

    /// The number of a new version.
    async fn next_version(&mut self, name: &str) -> Result<i64, StoreError> {
        let word = name.to_owned();
        let sql = "SELECT COALESCE(MAX(version), 0) FROM policy WHERE tenant = $1 AND name = $2";
        let last: i64 = self.rows(sql, |query| query.bind(word)).await?.first().map_or(Ok(0), |row| row.try_get(0))?;
        if last >= MAX_VERSIONS {
            return Err(StoreError::Refused(format!("policy {name} has {MAX_VERSIONS} versions; go on under another name")));
        }
        if last == 0 {
            let names = self.rows("SELECT COUNT(DISTINCT name) FROM policy WHERE tenant = $1", |query| query).await?;
            if names.first().map_or(Ok(0), |row| row.try_get::<i64, _>(0))? >= MAX_POLICIES {
                return Err(StoreError::Refused(format!("there are {MAX_POLICIES} policies already; add a version to one of them")));
            }
        }
        Ok(last + 1)
    }

    /// A version as it stands, when nobody else changes it any more.
    async fn version(&mut self, name: &str, version: i64) -> Result<PolicyVersion, StoreError> {
        self.guard_turn().await?;
        let word = name.to_owned();
        let sql = "SELECT name, version, body, state, regression, made_by, created_ms FROM policy WHERE tenant = $1 AND name = $2 AND version = $3";
        let rows = self.rows(sql, |query| query.bind(word).bind(version)).await?;
        shown(rows.first().ok_or_else(|| unknown(name, version))?)
    }

    async fn leave(&mut self, name: &str, state: PolicyState, next: PolicyState) -> Result<u64, StoreError> {
        let word = name.to_owned();
        let sql = "UPDATE policy SET state = $4 WHERE tenant = $1 AND name = $2 AND state = $3";
        self.execute(sql, |query| query.bind(word).bind(state.id()).bind(next.id())).await
    }

    async fn enter(&mut self, name: &str, version: i64, state: PolicyState) -> Result<u64, StoreError> {
        let word = name.to_owned();
        let sql = "UPDATE policy SET state = $4 WHERE tenant = $1 AND name = $2 AND version = $3";
        self.execute(sql, |query: Bound| query.bind(word).bind(version).bind(state.id())).await
    }
}

impl Tenant {
    /// The newest 50 versions of all policies.
    ///
    /// # Errors
    /// The database says no.
    pub async fn policies(&self) -> Result<Vec<PolicyVersion>, StoreError> {
        let sql = "SELECT name, version, body, state, regression, made_by, created_ms FROM policy WHERE tenant = $1
                   ORDER BY created_ms DESC, name, version DESC LIMIT $2";
        self.rows(sql, |query| query.bind(row::limit(MAX_LISTED))).await?.iter().map(shown).collect()
    }

    /// One version of a policy.
    ///
    /// # Errors
    /// There is no such version.
    pub async fn policy(&self, name: &str, version: i64) -> Result<PolicyVersion, StoreError> {
        let word = name.to_owned();
        let sql = "SELECT name, version, body, state, regression, made_by, created_ms FROM policy WHERE tenant = $1 AND name = $2 AND version = $3";
        let rows = self.rows(sql, |query| query.bind(word).bind(version)).await?;
        shown(rows.first().ok_or_else(|| unknown(name, version))?)
    }
}

/// The live version and the shadow of each name.
pub(super) async fn in_use(tenant: &TenantId, connection: &mut AnyConnection) -> Result<Vec<PolicyVersion>, StoreError> {
    let sql = "SELECT name, version, body, state, regression, made_by, created_ms FROM policy
               WHERE tenant = $1 AND state IN ('live', 'shadow') ORDER BY name, version";
    tenant.query(sql).fetch_all(connection).await?.iter().map(shown).collect()
}

fn shown(row: &AnyRow) -> Result<PolicyVersion, StoreError> {
    Ok(PolicyVersion {
        name: row.try_get(0)?,
        version: row.try_get(1)?,
        body: row.try_get(2)?,
        state: row::word(row, 3, "a policy")?,
        regression: row::json(row, 4, "what the regression test said of a policy")?,
        by: row.try_get(5)?,
        created_ms: row.try_get(6)?,
    })
}

fn said(what: &'static str, by: &str, name: &str, version: i64, body: &str) -> Entry {
    Entry::new(Class::Admin, what, by).with("name", name).with("version", version).with("digest", digest(body))
}

fn digest(body: &str) -> String {
    hex(&sha256(body.as_bytes()))
}

fn unknown(name: &str, version: i64) -> StoreError {
    StoreError::NotFound(format!("version {version} of policy {name}"))
}

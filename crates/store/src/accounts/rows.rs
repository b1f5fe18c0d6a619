//! The rows that more than one of these modules reads.

use sqlx::{AnyConnection, Row};

use super::{AccountError, AccountId};
use crate::StoreError;
use crate::access::{Lockout, PersonId, Role, Roles};
use crate::tenant::TenantId;

/// An account, as far as its rules ask.
pub(super) struct AccountRow {
    pub(super) account: AccountId,
    pub(super) person: PersonId,
    /// PHC string; empty where none.
    pub(super) password: String,
    /// Sealed; empty where none.
    pub(super) totp: Vec<u8>,
    /// Sealed; empty where none.
    pub(super) totp_pending: Vec<u8>,
    pub(super) totp_step: i64,
    pub(super) lockout: Lockout,
    pub(super) disabled: bool,
    pub(super) created_by: Option<PersonId>,
}

/// By what an account is found.
#[derive(Clone)]
pub(super) enum Named {
    Account(AccountId),
    Login(String),
}

/// An account, disabled or not.
pub(super) async fn find(connection: &mut AnyConnection, tenant: &TenantId, named: Named) -> Result<Option<AccountRow>, StoreError> {
    // No account has the id 0, and none an empty name.
    let (account, login) = match named {
        Named::Account(account) => (account.0, String::new()),
        Named::Login(login) => (0, login),
    };
    let sql = "SELECT account, person, password, totp, totp_pending, totp_step, failures, failed_ms, disabled_ms, created_by
               FROM account WHERE tenant = $1 AND (account = $2 OR login = $3)";
    let Some(row) = tenant.query(sql).bind(account).bind(login).fetch_optional(connection).await? else { return Ok(None) };
    Ok(Some(AccountRow {
        account: AccountId(row.try_get(0)?),
        person: PersonId(row.try_get(1)?),
        password: row.try_get(2)?,
        totp: row.try_get(3)?,
        totp_pending: row.try_get(4)?,
        totp_step: row.try_get(5)?,
        lockout: Lockout { failures: u32::try_from(row.try_get::<i64, _>(6)?).unwrap_or(u32::MAX), last_ms: row.try_get(7)? },
        disabled: row.try_get::<i64, _>(8)? != 0,
        created_by: Some(row.try_get(9)?).filter(|person| *person != 0).map(PersonId),
    }))
}

/// An account that is not disabled.
pub(super) async fn living(connection: &mut AnyConnection, tenant: &TenantId, account: AccountId) -> Result<AccountRow, AccountError> {
    let found = find(connection, tenant, Named::Account(account)).await?.filter(|row| !row.disabled);
    Ok(found.ok_or_else(|| StoreError::NotFound(format!("{account} that is not disabled")))?)
}

/// The roles that were granted through an account.
pub(super) async fn roles_of(connection: &mut AnyConnection, tenant: &TenantId, account: AccountId) -> Result<Roles, StoreError> {
    let sql = "SELECT role FROM role_grant WHERE tenant = $1 AND account = $2";
    let rows = tenant.query(sql).bind(account.0).fetch_all(connection).await?;
    rows.iter().map(|row| role(&row.try_get::<String, _>(0)?)).collect()
}

/// The roles of a person over all accounts.
pub(super) async fn roles_of_person(connection: &mut AnyConnection, tenant: &TenantId, person: PersonId) -> Result<Roles, StoreError> {
    let sql = "SELECT role FROM role_grant WHERE tenant = $1 AND person = $2";
    let rows = tenant.query(sql).bind(person.0).fetch_all(connection).await?;
    rows.iter().map(|row| role(&row.try_get::<String, _>(0)?)).collect()
}

/// How many persons who can sign in hold a role.
pub(super) async fn holders(connection: &mut AnyConnection, tenant: &TenantId, role: Role) -> Result<usize, StoreError> {
    let sql = "SELECT COUNT(DISTINCT g.person) FROM role_grant g JOIN account a ON a.tenant = g.tenant AND a.account = g.account
               WHERE g.tenant = $1 AND g.role = $2 AND a.disabled_ms = 0 AND a.password <> ''";
    let count: i64 = tenant.query(sql).bind(role.id()).fetch_one(connection).await?.try_get(0)?;
    Ok(usize::try_from(count).unwrap_or(0))
}

pub(super) fn role(id: &str) -> Result<Role, StoreError> {
    id.parse().map_err(|error| StoreError::damaged("a role that was granted", error))
}

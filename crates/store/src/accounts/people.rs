//! Persons and their accounts: the system administrator creates them empty and disables them, the security administrator lifts a lock.
//!
//! Whoever creates an account never knows its password: the owner chooses it, with an invitation that works once. Whoever was handed the invitation
//! has the account, so the security administrator asks the owner before granting it anything. A disabled account stays disabled: an owner who has
//! lost the password or the second factor gets a new account, empty, as the same person.

use std::collections::HashMap;

use keys::token::Token;
use ledger::leaf::Class;
use sqlx::Row;

use super::rows::{holders, living, role, roles_of};
use super::{AccountError, AccountId, Accounts, Who};
use crate::StoreError;
use crate::access::{Actor, Permission, PersonId, Role, Roles, may_disable};
use crate::change::{Bound, Change, Entry};

/// How long an invitation works: three days, so that one that is sent before a weekend is still good after it.
pub const INVITATION_MS: i64 = 3 * 24 * 3_600_000;

/// Accounts shown at a time.
pub const MAX_LISTED: usize = 500;

/// Longest login name in bytes, and longest name of a person in characters: what fits into a line of a list.
const MAX_NAME: usize = 64;

/// Whose a new account is.
#[derive(Debug, Clone)]
pub enum Owner {
    /// Somebody who has none yet, by a short name to show.
    New(String),
    /// Somebody who has, or had, another.
    Known(PersonId),
}

/// A new account.
#[derive(Debug)]
pub struct Invited {
    /// The account.
    pub account: AccountId,
    /// Whose it is.
    pub person: PersonId,
    /// What the owner [accepts](Accounts::accept) it with, within [`INVITATION_MS`]; shown once.
    pub invitation: Token,
}

/// An account as it is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// The account.
    pub account: AccountId,
    /// Whose it is.
    pub person: PersonId,
    /// The person's name.
    pub name: String,
    /// What its owner signs in with.
    pub login: String,
    /// Whether its owner has chosen a password.
    pub accepted: bool,
    /// Whether it has a second factor.
    pub second_factor: bool,
    /// Failed sign-ins since the last that succeeded.
    pub failures: u32,
    /// When it was created, ms since 1970.
    pub created_ms: i64,
    /// Whether it is disabled.
    pub disabled: bool,
    /// The roles granted through it.
    pub roles: Roles,
}

/// What an account is good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AccountState {
    /// Without a role it can do nothing.
    Empty,
    /// It has a role.
    Active,
    /// For good.
    Disabled,
}

impl Account {
    /// What it is good for. Derived, so that it never says other than its roles do.
    #[must_use]
    pub fn state(&self) -> AccountState {
        match (self.disabled, self.roles.is_empty()) {
            (true, _) => AccountState::Disabled,
            (false, true) => AccountState::Empty,
            (false, false) => AccountState::Active,
        }
    }
}

impl Accounts {
    /// Creates an empty account.
    ///
    /// # Errors
    /// Whoever asks may not, a name will not do or is taken, or there is no such person.
    pub async fn create(&self, by: &Who, owner: Owner, login: &str) -> Result<Invited, AccountError> {
        let invitation = Token::generate().map_err(|error| StoreError::Key(error.to_string()))?;
        let (by, login, hash) = (by.clone(), check_login(login)?, invitation.hash());
        let owner = match owner {
            Owner::New(name) => Owner::New(check_name(&name)?),
            known @ Owner::Known(_) => known,
        };
        let (account, person) = self
            .act(async move |change: &mut Change| {
                let by = change.permit(&by, Permission::UserCreate).await?;
                let person = change.owner(owner).await?;
                let account = AccountId(change.new_id().await?);
                change.insert_account(account, person, login, Some(by.person())).await?;
                let until_ms = change.now_ms.saturating_add(INVITATION_MS);
                let sql = "UPDATE account SET invitation = $3, invitation_until_ms = $4 WHERE tenant = $1 AND account = $2";
                change.execute(sql, |query| query.bind(account.0).bind(hash.0.to_vec()).bind(until_ms)).await?;
                change.record(said("user.create", &by, account).with("person", person.0))?;
                Ok((account, person))
            })
            .await?;
        Ok(Invited { account, person, invitation })
    }

    /// Disables an account for good: its sessions, tokens and roles go at once.
    ///
    /// # Errors
    /// Whoever asks may not, there is no such account, or the last of the three administrators would go with it.
    pub async fn disable(&self, by: &Who, account: AccountId) -> Result<(), AccountError> {
        let by = by.clone();
        self.act(async move |change: &mut Change| {
            let by = change.permit(&by, Permission::UserDisable).await?;
            let row = living(&mut change.connection, &change.tenant, account).await?;
            let roles = roles_of(&mut change.connection, &change.tenant, account).await?;
            let mut count = HashMap::new();
            for role in roles.iter() {
                count.insert(role, holders(&mut change.connection, &change.tenant, role).await?);
            }
            let whom = Actor { person: row.person, roles };
            may_disable(by.actor(), whom, |role| count.get(&role).copied().unwrap_or(0))?;
            change.close(account).await?;
            change.record(said("user.disable", &by, account).with("roles", ids(roles)))?;
            Ok(())
        })
        .await
    }

    /// Lifts the lock that failed sign-ins put on an account.
    ///
    /// # Errors
    /// Whoever asks may not, or there is no such account.
    pub async fn unlock(&self, by: &Who, account: AccountId) -> Result<(), AccountError> {
        let by = by.clone();
        self.act(async move |change: &mut Change| {
            let by = change.permit(&by, Permission::UserUnlock).await?;
            let row = living(&mut change.connection, &change.tenant, account).await?;
            change.clear_lockout(account).await?;
            change.record(said("user.unlock", &by, account).with("failures", row.lockout.failures))?;
            Ok(())
        })
        .await
    }

    /// The accounts after one of them, by their ids, [`MAX_LISTED`] at most; `AccountId(0)` for the first.
    ///
    /// # Errors
    /// Whoever asks may not, or the database says no.
    pub async fn list(&self, by: &Who, after: AccountId) -> Result<Vec<Account>, AccountError> {
        by.may(Permission::UserRead)?;
        let sql = "SELECT a.account, a.person, p.name, a.login, a.password, a.totp, a.failures, a.created_ms, a.disabled_ms
                   FROM account a JOIN person p ON p.tenant = a.tenant AND p.person = a.person
                   WHERE a.tenant = $1 AND a.account > $2 ORDER BY a.account LIMIT $3";
        let limit = i64::try_from(MAX_LISTED).unwrap_or(i64::MAX);
        let rows = self.tenant.rows(sql, |query| query.bind(after.0).bind(limit)).await?;
        let last = rows.last().map_or(Ok(0), |row| row.try_get::<i64, _>(0))?;
        let sql = "SELECT account, role FROM role_grant WHERE tenant = $1 AND account > $2 AND account <= $3";
        let mut roles = HashMap::new();
        for row in self.tenant.rows(sql, |query| query.bind(after.0).bind(last)).await? {
            let of = roles.entry(row.try_get::<i64, _>(0)?).or_insert(Roles::NONE);
            *of = of.with(role(&row.try_get::<String, _>(1)?)?);
        }
        rows.iter()
            .map(|row| {
                Ok(Account {
                    account: AccountId(row.try_get(0)?),
                    person: PersonId(row.try_get(1)?),
                    name: row.try_get(2)?,
                    login: row.try_get(3)?,
                    accepted: !row.try_get::<String, _>(4)?.is_empty(),
                    second_factor: !row.try_get::<Vec<u8>, _>(5)?.is_empty(),
                    failures: u32::try_from(row.try_get::<i64, _>(6)?).unwrap_or(u32::MAX),
                    created_ms: row.try_get(7)?,
                    disabled: row.try_get::<i64, _>(8)? != 0,
                    roles: roles.get(&row.try_get::<i64, _>(0)?).copied().unwrap_or(Roles::NONE),
                })
            })
            .collect()
    }
}

impl Change {
    async fn owner(&mut self, owner: Owner) -> Result<PersonId, AccountError> {
        match owner {
            Owner::New(name) => {
                let person = PersonId(self.new_id().await?);
                self.insert_person(person, name).await?;
                Ok(person)
            }
            Owner::Known(person) => {
                let row = self.row("SELECT 1 FROM person WHERE tenant = $1 AND person = $2", |query| query.bind(person.0)).await?;
                row.map(|_| person).ok_or_else(|| StoreError::NotFound(format!("person {person}")).into())
            }
        }
    }

    /// Adds a person, unless they are there.
    pub(super) async fn insert_person(&mut self, person: PersonId, name: String) -> Result<(), AccountError> {
        let now = self.now_ms;
        let sql = "INSERT INTO person (tenant, person, name, created_ms) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING";
        self.execute(sql, |query| query.bind(person.0).bind(name).bind(now)).await?;
        Ok(())
    }

    pub(super) async fn insert_account(
        &mut self,
        account: AccountId,
        person: PersonId,
        login: String,
        created_by: Option<PersonId>,
    ) -> Result<(), AccountError> {
        let (name, now) = (login.clone(), self.now_ms);
        let sql =
            "INSERT INTO account (tenant, account, person, login, password, invitation, invitation_until_ms, totp, totp_pending, totp_step,
                   failures, failed_ms, disabled_ms, created_by, created_ms)
                   VALUES ($1, $2, $3, $4, '', $5, 0, $5, $5, 0, 0, 0, 0, $6, $7) ON CONFLICT (tenant, login) DO NOTHING";
        let bind = |query: Bound| query.bind(account.0).bind(person.0).bind(name).bind(Vec::<u8>::new());
        let by = created_by.map_or(0, |person| person.0);
        if self.execute(sql, |query| bind(query).bind(by).bind(now)).await? == 0 {
            return Err(AccountError::Unfit(format!("the login name {login} is taken; those of disabled accounts are not given again")));
        }
        Ok(())
    }

    /// Disables an account with all that hangs on it.
    async fn close(&mut self, account: AccountId) -> Result<(), AccountError> {
        let now = self.now_ms.max(1);
        let sql = "UPDATE account SET disabled_ms = $3, password = '', invitation = $4, totp = $4, totp_pending = $4
                   WHERE tenant = $1 AND account = $2";
        self.execute(sql, |query| query.bind(account.0).bind(now).bind(Vec::<u8>::new())).await?;
        for sql in [
            "DELETE FROM session WHERE tenant = $1 AND account = $2",
            "DELETE FROM token WHERE tenant = $1 AND account = $2",
            "DELETE FROM role_grant WHERE tenant = $1 AND account = $2",
        ] {
            self.execute(sql, |query| query.bind(account.0)).await?;
        }
        Ok(())
    }
}

/// What an administrator did to an account.
pub(super) fn said(what: &'static str, by: &Who, account: AccountId) -> Entry {
    Entry::new(Class::Admin, what, by.account().to_string()).with("account", account.0)
}

pub(super) fn ids(roles: Roles) -> Vec<&'static str> {
    roles.iter().map(Role::id).collect()
}

/// A login name: 1 to 64 of a-z, 0-9 and `.-_@`, so that no two look alike. Capitals are taken for small letters.
pub(super) fn check_login(login: &str) -> Result<String, AccountError> {
    let login = login.to_ascii_lowercase();
    let sign = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b".-_@".contains(&byte);
    if login.is_empty() || login.len() > MAX_NAME || !login.bytes().all(sign) {
        return Err(AccountError::Unfit(format!("a login name has 1 to {MAX_NAME} letters a-z, digits and signs of .-_@")));
    }
    Ok(login)
}

pub(super) fn check_name(name: &str) -> Result<String, AccountError> {
    let name = name.trim();
    if name.is_empty() || name.chars().count() > MAX_NAME || name.chars().any(char::is_control) {
        return Err(AccountError::Unfit(format!("the name of a person has 1 to {MAX_NAME} characters in one line")));
    }
    Ok(name.to_owned())
}

/// What a password must not be made of.
pub(super) fn names<'a>(login: &'a str, name: &'a str) -> [&'a str; 3] {
    [login, name, login.split('@').next().unwrap_or(login)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_look_alike_or_fill_a_page_are_refused() {
        assert_eq!(check_login("Li.Si@example.cn").unwrap(), "li.si@example.cn");
        for login in ["", "li si", "李四", "li\n", "lі", &"a".repeat(MAX_NAME + 1)] {
            assert!(check_login(login).is_err(), "{login}");
        }
        assert_eq!(check_name(" 李四 ").unwrap(), "李四");
        for name in ["", "  ", "李\n四", &"四".repeat(MAX_NAME + 1)] {
            assert!(check_name(name).is_err(), "{name}");
        }
    }
}

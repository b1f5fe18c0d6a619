//! The gate: a session or a token becomes a [`Who`], and [`Who::may`] is the one place where an act is permitted.
//!
//! A `Who` is made here alone, from the rows of one tenant, and is as old as the request: whoever acts in a transaction asks [`Change::permit`], which
//! reads the rows of the tenant that is changed again. A token never does what needs a second factor afresh or a second person: whoever steals it has neither.

use keys::token::TokenHash;
use sqlx::{AnyConnection, Row};

use super::rows::roles_of;
use super::{AccountError, AccountId};
use crate::StoreError;
use crate::access::{Actor, Permission, PersonId, Roles, STEP_UP_MS, Session};
use crate::change::Change;
use crate::tenant::TenantId;

/// Somebody who has shown who they are.
#[derive(Debug, Clone)]
pub struct Who {
    account: AccountId,
    person: PersonId,
    roles: Roles,
    step_up_fresh: bool,
    shown: Shown,
    session: Option<Session>,
    scopes: Option<Vec<Permission>>,
}

/// What was shown.
#[derive(Debug, Clone, Copy)]
pub(super) enum Shown {
    Session(TokenHash),
    Token(TokenHash),
}

/// Why somebody may not do something.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Denied {
    /// No role of the account holds it.
    #[error("'{permission}' is not among the permissions of this account; these roles hold it: {}", ids(*holders))]
    NotHeld {
        /// What was asked.
        permission: Permission,
        /// Which roles hold it.
        holders: Roles,
    },
    /// The token was not issued for it.
    #[error("this token was not issued for '{0}'; have one issued that names it")]
    OutOfScope(Permission),
    /// No token may.
    #[error("no token may do '{0}'; sign in for it")]
    SignInFor(Permission),
    /// What belongs to the person alone is not done with a token.
    #[error("a token cannot do this; sign in for it")]
    SignIn,
    /// The second factor was shown too long ago, or never.
    #[error("this needs the second factor, shown within the last {} minutes; show it again", STEP_UP_MS / 60_000)]
    StepUp,
    /// Another administrator must approve it first.
    #[error("'{permission}' needs two administrators; propose it, and have one of these approve it: {}", ids(*consenters))]
    TwoPersons {
        /// What was asked.
        permission: Permission,
        /// Which administrators may approve.
        consenters: Roles,
    },
}

impl Who {
    /// The account.
    #[must_use]
    pub const fn account(&self) -> AccountId {
        self.account
    }

    /// The person whose account it is.
    #[must_use]
    pub const fn person(&self) -> PersonId {
        self.person
    }

    /// The roles that were granted through the account.
    #[must_use]
    pub const fn roles(&self) -> Roles {
        self.roles
    }

    /// Whether the second factor was shown within [`STEP_UP_MS`].
    #[must_use]
    pub const fn step_up_fresh(&self) -> bool {
        self.step_up_fresh
    }

    /// What the token was issued for; nothing for a session, which may do all that the roles may.
    #[must_use]
    pub fn scopes(&self) -> Option<&[Permission]> {
        self.scopes.as_deref()
    }

    /// Whether this may be done now, as it is asked.
    ///
    /// # Errors
    /// It may not, or not like this; says who may, or what is missing.
    pub fn may(&self, permission: Permission) -> Result<(), Denied> {
        self.may_propose(permission)?;
        let denied = Denied::TwoPersons { permission, consenters: permission.consenters() };
        if permission.needs_two_persons() { Err(denied) } else { Ok(()) }
    }

    /// As [`Self::may`], but for the second person.
    pub(super) fn may_propose(&self, permission: Permission) -> Result<(), Denied> {
        if !self.roles.may(permission) {
            return Err(Denied::NotHeld { permission, holders: permission.holders() });
        }
        match &self.scopes {
            Some(_) if permission.needs_step_up() || permission.needs_two_persons() => Err(Denied::SignInFor(permission)),
            Some(scopes) if !scopes.contains(&permission) => Err(Denied::OutOfScope(permission)),
            None if permission.needs_step_up() && !self.step_up_fresh => Err(Denied::StepUp),
            _ => Ok(()),
        }
    }

    /// The session and its hash, where it is one.
    pub(super) fn session(&self) -> Result<(TokenHash, Session), Denied> {
        match (self.shown, self.session) {
            (Shown::Session(hash), Some(session)) => Ok((hash, session)),
            _ => Err(Denied::SignIn),
        }
    }

    /// What the pure rules ask of somebody who acts.
    pub(super) const fn actor(&self) -> Actor {
        Actor { person: self.person, roles: self.roles }
    }
}

impl Change {
    /// Asks in the transaction of the act whether it may be done, since roles, the account or the session may have gone after the request began; and
    /// gives who it is now.
    ///
    /// # Errors
    /// It may not, or whoever asks is not signed in any more.
    pub async fn permit(&mut self, who: &Who, permission: Permission) -> Result<Who, AccountError> {
        let now = self.again(who).await?;
        now.may(permission)?;
        Ok(now)
    }

    /// The same somebody, as of now.
    pub(super) async fn again(&mut self, who: &Who) -> Result<Who, AccountError> {
        self.save().await?;
        resolve(&mut self.connection, &self.tenant, who.shown, self.now_ms).await
    }
}

/// Who has shown this.
pub(super) async fn resolve(connection: &mut AnyConnection, tenant: &TenantId, shown: Shown, now_ms: i64) -> Result<Who, AccountError> {
    match shown {
        Shown::Session(hash) => of_session(connection, tenant, hash, now_ms).await,
        Shown::Token(hash) => of_token(connection, tenant, hash, now_ms).await,
    }
}

async fn of_session(connection: &mut AnyConnection, tenant: &TenantId, hash: TokenHash, now_ms: i64) -> Result<Who, AccountError> {
    let sql = "SELECT a.account, a.person, s.opened_ms, s.seen_ms, s.second_factor_ms
               FROM session s JOIN account a ON a.tenant = s.tenant AND a.account = s.account
               WHERE s.tenant = $1 AND s.hash = $2 AND a.disabled_ms = 0";
    let row = tenant.query(sql).bind(hash.0.to_vec()).fetch_optional(&mut *connection).await?.ok_or(AccountError::NotKnown)?;
    let second_factor_ms = Some(row.try_get(4)?).filter(|ms| *ms != 0);
    let session = Session { opened_ms: row.try_get(2)?, seen_ms: row.try_get(3)?, second_factor_ms };
    let account = AccountId(row.try_get(0)?);
    let roles = roles_of(connection, tenant, account).await?;
    session.check(roles, now_ms)?;
    Ok(Who {
        account,
        person: PersonId(row.try_get(1)?),
        roles,
        step_up_fresh: session.is_fresh(now_ms),
        shown: Shown::Session(hash),
        session: Some(session),
        scopes: None,
    })
}

async fn of_token(connection: &mut AnyConnection, tenant: &TenantId, hash: TokenHash, now_ms: i64) -> Result<Who, AccountError> {
    let sql = "SELECT a.account, a.person, t.scopes, t.token
               FROM token t JOIN account a ON a.tenant = t.tenant AND a.account = t.account
               WHERE t.tenant = $1 AND t.hash = $2 AND t.expires_ms > $3 AND a.disabled_ms = 0";
    let row = tenant.query(sql).bind(hash.0.to_vec()).bind(now_ms).fetch_optional(&mut *connection).await?;
    let row = row.ok_or(AccountError::NotKnown)?;
    let account = AccountId(row.try_get(0)?);
    let (scopes, token): (String, String) = (row.try_get(2)?, row.try_get(3)?);
    Ok(Who {
        account,
        person: PersonId(row.try_get(1)?),
        roles: roles_of(connection, tenant, account).await?,
        step_up_fresh: false,
        shown: Shown::Token(hash),
        session: None,
        scopes: Some(serde_json::from_str(&scopes).map_err(|error| StoreError::damaged(format!("token {token}"), error))?),
    })
}

fn ids(roles: Roles) -> String {
    roles.iter().map(crate::access::Role::id).collect::<Vec<_>>().join(", ")
}

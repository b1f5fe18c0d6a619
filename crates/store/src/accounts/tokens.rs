//! Tokens of programs. The security administrator issues one for an account and says what for; its owner collects the secret.
//!
//! Two steps, so that whoever issues never holds what acts in another's name: otherwise the security administrator could be anyone. A token does what is
//! among its scopes and among the present permissions of the account, and never what needs a second factor afresh or a second person.

use keys::token::Token;
use serde_json::Value;
use sqlx::Row;
use sqlx::any::AnyRow;

use super::people::said;
use super::rows::{living, roles_of};
use super::sessions::SEEN_EVERY_MS;
use super::who::Shown;
use super::{AccountError, AccountId, Accounts, Denied, Who};
use crate::access::{GrantRefusal, Permission};
use crate::change::{Bound, Change};
use crate::{StoreError, id};

/// Longest life of a token, 365 days: the baseline asks that what authenticates changes (GB/T 22239-2019, 8.1.4.1 a).
pub const MAX_TOKEN_MS: i64 = 365 * 24 * 3_600_000;

/// Living tokens of one account: one for each program, and a successor for each.
pub const MAX_TOKENS: usize = 32;

/// Longest name of a token, in characters.
const MAX_NAME: usize = 64;

/// A token as it is asked for.
#[derive(Debug, Clone)]
pub struct NewToken {
    /// For whom it acts.
    pub account: AccountId,
    /// What it is for; no secret.
    pub name: String,
    /// What it may do.
    pub scopes: Vec<Permission>,
    /// The first moment at which it is nothing, ms since 1970.
    pub expires_ms: i64,
}

/// A token as it is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IssuedToken {
    /// Its id, which is no secret.
    pub token: String,
    /// For whom it acts.
    pub account: AccountId,
    /// What it is for.
    pub name: String,
    /// What it may do.
    pub scopes: Vec<Permission>,
    /// Whether its owner has collected it.
    pub collected: bool,
    /// The first moment at which it is nothing, ms since 1970.
    pub expires_ms: i64,
    /// Last used, to [`SEEN_EVERY_MS`], ms since 1970.
    pub used_ms: Option<i64>,
}

impl Accounts {
    /// Issues a token for an account, and gives its id. The owner [collects](Self::collect_token) it.
    ///
    /// # Errors
    /// Whoever asks may not, or is the owner; the account does not hold what the token is to do, or no token may do it; the life is too long; there are
    /// too many.
    pub async fn issue_token(&self, by: &Who, new: NewToken) -> Result<String, AccountError> {
        let (by, token) = (by.clone(), id::word()?);
        let named = !new.name.trim().is_empty() && new.name.chars().count() <= MAX_NAME && !new.name.chars().any(char::is_control);
        if !named {
            return Err(AccountError::Unfit(format!("the name of a token has 1 to {MAX_NAME} characters in one line")));
        }
        self.act(async move |change: &mut Change| {
            let by = change.permit(&by, Permission::TokenIssue).await?;
            let row = living(&mut change.connection, &change.tenant, new.account).await?;
            if row.person == by.person() {
                return Err(GrantRefusal::ToOneself(row.person).into());
            }
            change.check_token(&new).await?;
            let scopes: Vec<Value> = new.scopes.iter().map(|scope| scope.id().into()).collect();
            let entry = said("token.issue", &by, new.account).with("token", token.clone()).with("scopes", scopes);
            change.record(entry.with("expires_ms", new.expires_ms))?;
            change.insert_token(token.clone(), new, by.person().0).await?;
            Ok(token)
        })
        .await
    }

    /// Gives its owner the secret of a token, once.
    ///
    /// # Errors
    /// There is no such token of whoever asks that was not collected, or it has expired.
    pub async fn collect_token(&self, who: &Who, token: &str) -> Result<Token, AccountError> {
        let secret = Token::generate().map_err(|error| StoreError::Key(error.to_string()))?;
        let (who, token, hash) = (who.clone(), token.to_owned(), secret.hash());
        self.act(async move |change: &mut Change| {
            let who = change.again(&who).await?;
            who.session()?;
            let (account, now, word) = (who.account().0, change.now_ms, token.clone());
            let sql = "UPDATE token SET hash = $3 WHERE tenant = $1 AND token = $2 AND account = $4 AND hash = $5 AND expires_ms > $6";
            let bind = |query: Bound| query.bind(word).bind(hash.0.to_vec()).bind(account);
            if change.execute(sql, |query| bind(query).bind(Vec::<u8>::new()).bind(now)).await? == 0 {
                return Err(AccountError::NotKnown);
            }
            change.record(said("token.collect", &who, who.account()).with("token", token))?;
            Ok(())
        })
        .await?;
        Ok(secret)
    }

    /// For whom a token acts, and what it may do.
    ///
    /// # Errors
    /// It is not known, expired or revoked, or its account is disabled.
    pub async fn bearer(&self, token: &Token) -> Result<Who, AccountError> {
        let (hash, now) = (token.hash(), self.tenant.now_ms());
        let who = self.resolve(Shown::Token(hash)).await?;
        let sql = "SELECT used_ms FROM token WHERE tenant = $1 AND hash = $2";
        let rows = self.tenant.rows(sql, |query| query.bind(hash.0.to_vec())).await?;
        let used: i64 = rows.first().ok_or(AccountError::NotKnown)?.try_get(0)?;
        if now.saturating_sub(used) >= SEEN_EVERY_MS {
            let sql = "UPDATE token SET used_ms = $3 WHERE tenant = $1 AND hash = $2 AND used_ms < $3";
            let work = async move |change: &mut Change| Ok(change.execute(sql, |query| query.bind(hash.0.to_vec()).bind(now)).await?);
            self.change(work).await?;
        }
        Ok(who)
    }

    /// The same for the text of a token, as a header brings it.
    ///
    /// # Errors
    /// It is no token, not known, expired or revoked, or its account is disabled.
    pub async fn bearer_of(&self, text: &str) -> Result<Who, AccountError> {
        let token = Token::read(text).map_err(|_| AccountError::NotKnown)?;
        self.bearer(&token).await
    }

    /// Revokes a token: one's own, or another's with the permission.
    ///
    /// # Errors
    /// Whoever asks may not, or there is no such token.
    pub async fn revoke_token(&self, by: &Who, token: &str) -> Result<(), AccountError> {
        let (by, token) = (by.clone(), token.to_owned());
        self.act(async move |change: &mut Change| {
            let by = change.again(&by).await?;
            let word = token.clone();
            let row = change.row("SELECT account FROM token WHERE tenant = $1 AND token = $2", |query| query.bind(word)).await?;
            let account = row.map(|row| row.try_get(0)).transpose()?.map(AccountId);
            if account != Some(by.account()) || by.session().is_err() {
                by.may(Permission::TokenRevoke)?;
            }
            let account = account.ok_or_else(|| StoreError::NotFound(format!("token {token}")))?;
            let word = token.clone();
            change.execute("DELETE FROM token WHERE tenant = $1 AND token = $2", |query| query.bind(word)).await?;
            change.record(said("token.revoke", &by, account).with("token", token))?;
            Ok(())
        })
        .await
    }

    /// The tokens of an account that have not expired: one's own, or another's with `user.read`.
    ///
    /// # Errors
    /// Whoever asks may not, or the database says no.
    pub async fn tokens(&self, by: &Who, account: AccountId) -> Result<Vec<IssuedToken>, AccountError> {
        if account != by.account() || by.session().is_err() {
            by.may(Permission::UserRead)?;
        }
        let (now, limit) = (self.tenant.now_ms(), i64::try_from(MAX_TOKENS).unwrap_or(i64::MAX));
        let sql = "SELECT token, name, scopes, hash, expires_ms, used_ms FROM token
                   WHERE tenant = $1 AND account = $2 AND expires_ms > $3 ORDER BY issued_ms, token LIMIT $4";
        let rows = self.tenant.rows(sql, |query| query.bind(account.0).bind(now).bind(limit)).await?;
        rows.iter().map(|row| Ok(shown(row, account)?)).collect()
    }
}

impl Change {
    /// Whether a token may be issued: what it is to do is what the account does, and what a token can.
    async fn check_token(&mut self, new: &NewToken) -> Result<(), AccountError> {
        let unfit = |text: String| Err(AccountError::Unfit(text));
        let latest_ms = self.now_ms.saturating_add(MAX_TOKEN_MS);
        if new.expires_ms <= self.now_ms || new.expires_ms > latest_ms {
            return unfit(format!("a token ends after now and within {} days", MAX_TOKEN_MS / 86_400_000));
        }
        if new.scopes.is_empty() {
            return unfit("a token needs a scope: name the permissions that its program uses".to_owned());
        }
        let roles = roles_of(&mut self.connection, &self.tenant, new.account).await?;
        for scope in &new.scopes {
            if scope.needs_step_up() || scope.needs_two_persons() {
                return Err(Denied::SignInFor(*scope).into());
            }
            if !roles.may(*scope) {
                return Err(Denied::NotHeld { permission: *scope, holders: scope.holders() }.into());
            }
        }
        let (account, now) = (new.account.0, self.now_ms);
        let sql = "DELETE FROM token WHERE tenant = $1 AND account = $2 AND expires_ms <= $3";
        self.execute(sql, |query| query.bind(account).bind(now)).await?;
        let living = self.rows("SELECT 1 FROM token WHERE tenant = $1 AND account = $2", |query| query.bind(account)).await?.len();
        if living >= MAX_TOKENS {
            return unfit(format!("{} has {MAX_TOKENS} tokens already; revoke one first", new.account));
        }
        Ok(())
    }

    async fn insert_token(&mut self, token: String, new: NewToken, by: i64) -> Result<(), AccountError> {
        let scopes = serde_json::to_string(&new.scopes).map_err(|error| AccountError::Unfit(error.to_string()))?;
        let (now, name) = (self.now_ms, new.name.trim().to_owned());
        let sql = "INSERT INTO token (tenant, token, account, name, scopes, hash, issued_by, issued_ms, expires_ms, used_ms)
                   VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 0)";
        let bind = |query: Bound| query.bind(token).bind(new.account.0).bind(name).bind(scopes).bind(Vec::<u8>::new());
        self.execute(sql, |query| bind(query).bind(by).bind(now).bind(new.expires_ms)).await?;
        Ok(())
    }
}

fn shown(row: &AnyRow, account: AccountId) -> Result<IssuedToken, StoreError> {
    let (token, scopes): (String, String) = (row.try_get(0)?, row.try_get(2)?);
    let scopes = serde_json::from_str(&scopes).map_err(|error| StoreError::damaged(format!("token {token}"), error))?;
    Ok(IssuedToken {
        token,
        account,
        name: row.try_get(1)?,
        scopes,
        collected: !row.try_get::<Vec<u8>, _>(3)?.is_empty(),
        expires_ms: row.try_get(4)?,
        used_ms: Some(row.try_get(5)?).filter(|ms| *ms != 0),
    })
}

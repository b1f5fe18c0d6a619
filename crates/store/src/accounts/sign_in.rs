//! Signing in: a password and, where there is one, a second factor become a session.
//!
//! Two transactions with the slow hash between them. The first counts the try before anything is verified ([`Lockout`]); the second opens the session,
//! unless the account has changed meanwhile. A crash between them leaves one counted failure. A name that nobody has, an account that is locked
//! or disabled, and a wrong password or code take the same steps and the same writes, and get the same answer.

use keys::token::Token;
use ledger::leaf::Class;

use super::people::check_login;
use super::rows::{AccountRow, Named, find};
use super::second_factor::Factor;
use super::{AccountError, AccountId, Accounts, hash, verify};
use crate::StoreError;
use crate::access::Lockout;
use crate::change::{Change, Entry};

/// A try that was counted.
pub(super) struct Tried {
    /// Of which account, if there is one.
    account: Option<AccountId>,
    /// The account, if anything may be verified for it.
    pub(super) row: Option<AccountRow>,
}

impl Accounts {
    /// Signs in, and gives the secret of the session, which [`Self::session`] takes. `code` is that of the second factor; where none is enrolled it
    /// is not looked at.
    ///
    /// # Errors
    /// [`AccountError::SignInFailed`], whatever was wrong; the first start is not complete; or the store could not.
    pub async fn sign_in(&self, login: &str, password: &str, code: Option<&str>) -> Result<Token, AccountError> {
        let secrets = self.secrets().await?;
        // What cannot be a name is one that nobody has.
        let tried = self.attempt(Named::Login(check_login(login).unwrap_or_default())).await?;
        let right = verify(password, tried.password()).await?;
        let factor = match &tried.row {
            Some(row) => secrets.check(row, code, self.tenant.now_ms())?,
            None => Factor::Wrong,
        };
        let rehashed = match &tried.row {
            Some(row) if right && keys::password::needs_rehash(&row.password) => Some(hash(password).await?),
            _ => None,
        };
        let token = Token::generate().map_err(|error| StoreError::Key(error.to_string()))?;
        let session = token.hash();
        let opened = self
            .act(async move |change: &mut Change| {
                let account = tried.account;
                let row = tried.row.filter(|_| right && factor != Factor::Wrong);
                match change.unchanged(row, factor).await? {
                    None => change.failed(account).await.map(|()| false),
                    Some(row) => {
                        change.succeeded(&row, factor, rehashed).await?;
                        change.open_session(row.account, session, factor != Factor::NotEnrolled).await.map(|()| true)
                    }
                }
            })
            .await?;
        if opened { Ok(token) } else { Err(AccountError::SignInFailed) }
    }

    /// Counts a try before its password is verified.
    pub(super) async fn attempt(&self, named: Named) -> Result<Tried, AccountError> {
        self.act(async move |change: &mut Change| {
            let row = find(&mut change.connection, &change.tenant, named).await?;
            let account = row.as_ref().map(|row| row.account);
            let open = match row.filter(|row| !row.disabled && !row.password.is_empty()) {
                Some(row) => change.count(&row).await?.then_some(row),
                None => None,
            };
            Ok(Tried { account, row: open })
        })
        .await
    }
}

impl Tried {
    pub(super) fn password(&self) -> Option<String> {
        self.row.as_ref().map(|row| row.password.clone())
    }
}

impl Change {
    /// Counts a try as failed until it is known better. No: the account is locked, and nothing may be verified.
    pub(super) async fn count(&mut self, row: &AccountRow) -> Result<bool, AccountError> {
        let Ok(Lockout { failures, last_ms }) = row.lockout.attempt(self.now_ms) else { return Ok(false) };
        let (account, failures) = (row.account.0, i64::from(failures));
        let sql = "UPDATE account SET failures = $3, failed_ms = $4 WHERE tenant = $1 AND account = $2";
        self.execute(sql, |query| query.bind(account).bind(failures).bind(last_ms)).await?;
        Ok(true)
    }

    /// Records a try that failed, with the lock it led to; never the name that was typed, which may be a password in the wrong field.
    pub(super) async fn failed(&mut self, account: Option<AccountId>) -> Result<(), AccountError> {
        let mut entry = Entry::new(Class::System, "sign-in.fail", "system");
        if let Some(account) = account {
            entry = entry.with("account", account.0);
            let row = find(&mut self.connection, &self.tenant, Named::Account(account)).await?;
            if let Some(Err(locked)) = row.map(|row| row.lockout.check(self.now_ms)) {
                entry = entry.with("locked_until_ms", locked.until_ms);
            }
        }
        self.record(entry)?;
        Ok(())
    }

    /// The account as it is now, if what was verified still holds: the same password, the same second factor, a code that was not accepted meanwhile.
    pub(super) async fn unchanged(&mut self, then: Option<AccountRow>, factor: Factor) -> Result<Option<AccountRow>, AccountError> {
        let Some(then) = then else { return Ok(None) };
        let now = find(&mut self.connection, &self.tenant, Named::Account(then.account)).await?;
        let fresh = |row: &AccountRow| !matches!(factor, Factor::Right(step) if step <= row.totp_step);
        Ok(now.filter(|row| !row.disabled && row.password == then.password && row.totp == then.totp && fresh(row)))
    }

    /// Clears the failures and uses the code up.
    pub(super) async fn succeeded(&mut self, row: &AccountRow, factor: Factor, rehashed: Option<String>) -> Result<(), AccountError> {
        self.clear_lockout(row.account).await?;
        let step = if let Factor::Right(step) = factor { step } else { row.totp_step };
        let (account, password) = (row.account.0, rehashed.unwrap_or_else(|| row.password.clone()));
        let sql = "UPDATE account SET totp_step = $3, password = $4 WHERE tenant = $1 AND account = $2";
        self.execute(sql, |query| query.bind(account).bind(step).bind(password)).await?;
        Ok(())
    }

    pub(super) async fn clear_lockout(&mut self, account: AccountId) -> Result<(), AccountError> {
        let Lockout { failures, last_ms } = Lockout::CLEAR;
        let sql = "UPDATE account SET failures = $3, failed_ms = $4 WHERE tenant = $1 AND account = $2";
        self.execute(sql, |query| query.bind(account.0).bind(i64::from(failures)).bind(last_ms)).await?;
        Ok(())
    }
}

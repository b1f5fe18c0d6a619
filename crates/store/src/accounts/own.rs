//! What everyone may do with their own account: accept it, change the password, enrol a second factor. It needs no permission, and never a token.

use keys::token::Token;
use keys::totp::TotpSecret;
use ledger::leaf::Class;
use sqlx::Row;

use super::people::names;
use super::rows::{AccountRow, Named, living};
use super::second_factor::Factor;
use super::{AccountError, AccountId, Accounts, Denied, Who, hash, verify};
use crate::access::Session;
use crate::change::{Change, Entry};

impl Accounts {
    /// Accepts an account by its invitation, and sets the password that only its owner knows.
    ///
    /// # Errors
    /// The invitation is not known, used or too old, or the password too weak.
    pub async fn accept(&self, invitation: &Token, password: &str) -> Result<AccountId, AccountError> {
        let digest = invitation.hash().0.to_vec();
        let sql = "SELECT a.account, a.login, p.name FROM account a JOIN person p ON p.tenant = a.tenant AND p.person = a.person
                   WHERE a.tenant = $1 AND a.invitation = $2 AND a.invitation_until_ms > $3 AND a.disabled_ms = 0";
        let (hashed, now) = (digest.clone(), self.tenant.now_ms());
        let rows = self.tenant.rows(sql, |query| query.bind(hashed).bind(now)).await?;
        let row = rows.first().ok_or(AccountError::NotKnown)?;
        let (account, login, name): (i64, String, String) = (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
        keys::password::check_new(password, &names(&login, &name))?;
        let password = hash(password).await?;
        self.act(async move |change: &mut Change| {
            let now = change.now_ms;
            let sql = "UPDATE account SET password = $4, invitation = $5, invitation_until_ms = 0
                       WHERE tenant = $1 AND invitation = $2 AND invitation_until_ms > $3 AND disabled_ms = 0";
            let kept = change.execute(sql, |query| query.bind(digest).bind(now).bind(password).bind(Vec::<u8>::new())).await?;
            if kept == 0 {
                return Err(AccountError::NotKnown);
            }
            change.record(done("user.accept", AccountId(account)))?;
            Ok(AccountId(account))
        })
        .await
    }

    /// Changes one's own password and ends one's other sessions. A wrong old one counts as a failed sign-in.
    ///
    /// # Errors
    /// The old password is wrong or the account locked, the new one too weak, or the session is over.
    pub async fn change_password(&self, who: &Who, old: &str, new: &str) -> Result<(), AccountError> {
        let (session, _) = who.session()?;
        let account = who.account();
        keys::password::check_new(new, &self.names_of(account).await?.each_ref().map(String::as_str))?;
        let tried = self.attempt(Named::Account(account)).await?;
        let right = verify(old, tried.password()).await?;
        let (who, new) = (who.clone(), if right { hash(new).await? } else { String::new() });
        let changed = self
            .act(async move |change: &mut Change| match change.unchanged(tried.row.filter(|_| right), Factor::NotEnrolled).await? {
                None => change.failed(Some(account)).await.map(|()| false),
                Some(row) => {
                    change.again(&who).await?;
                    change.succeeded(&row, Factor::NotEnrolled, Some(new)).await?;
                    change.end_others(account, session).await?;
                    change.record(done("user.password", account))?;
                    Ok(true)
                }
            })
            .await?;
        if changed { Ok(()) } else { Err(AccountError::SignInFailed) }
    }

    /// Offers a second factor, shown once, which [`Self::confirm_second_factor`] puts in the place of the one before it.
    ///
    /// # Errors
    /// The session is over; the present second factor was not shown afresh; or, where there is none, signing in was too long ago.
    pub async fn offer_second_factor(&self, who: &Who) -> Result<TotpSecret, AccountError> {
        let (who, secrets) = (who.clone(), self.secrets().await?);
        self.act(async move |change: &mut Change| {
            let row = change.own(&who).await?;
            let secret = change.offer(&secrets, row.account).await?;
            change.record(done("user.second-factor.offer", row.account))?;
            Ok(secret)
        })
        .await
    }

    /// Confirms by a code that the second factor that was offered has arrived. Other sessions end, and this one has now shown
    /// it: so no session of an account with two factors is left that has shown but one.
    ///
    /// # Errors
    /// The code is wrong, nothing was offered, or as [`Self::offer_second_factor`].
    pub async fn confirm_second_factor(&self, who: &Who, code: &str) -> Result<(), AccountError> {
        let (session, _) = who.session()?;
        let (who, code, secrets) = (who.clone(), code.to_owned(), self.secrets().await?);
        self.act(async move |change: &mut Change| {
            let row = change.own(&who).await?;
            change.confirm(&secrets, &row, &code).await?;
            change.end_others(row.account, session).await?;
            let now = change.now_ms;
            let sql = "UPDATE session SET second_factor_ms = $3 WHERE tenant = $1 AND hash = $2";
            change.execute(sql, |query| query.bind(session.0.to_vec()).bind(now)).await?;
            change.record(done("user.second-factor", row.account))?;
            Ok(())
        })
        .await
    }

    async fn names_of(&self, account: AccountId) -> Result<[String; 3], AccountError> {
        let sql = "SELECT a.login, p.name FROM account a JOIN person p ON p.tenant = a.tenant AND p.person = a.person
                   WHERE a.tenant = $1 AND a.account = $2";
        let rows = self.tenant.rows(sql, |query| query.bind(account.0)).await?;
        let row = rows.first().ok_or(AccountError::NotKnown)?;
        let (login, name): (String, String) = (row.try_get(0)?, row.try_get(1)?);
        Ok(names(&login, &name).map(str::to_owned))
    }
}

impl Change {
    /// The account of whoever asks, if they have just shown who they are: who finds an open session must not put their own second factor on it.
    async fn own(&mut self, who: &Who) -> Result<AccountRow, AccountError> {
        let who = self.again(who).await?;
        let (_, session) = who.session()?;
        let row = living(&mut self.connection, &self.tenant, who.account()).await?;
        let just = if row.totp.is_empty() { Session { second_factor_ms: Some(session.opened_ms), ..session } } else { session };
        if just.is_fresh(self.now_ms) { Ok(row) } else { Err(Denied::StepUp.into()) }
    }
}

fn done(what: &'static str, account: AccountId) -> Entry {
    Entry::new(Class::Admin, what, account.to_string()).with("account", account.0)
}

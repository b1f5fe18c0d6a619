//! Sessions: who is signed in. The limits are [`Session`](crate::access::Session)'s.

use keys::token::{Token, TokenHash};
use ledger::leaf::Class;
use sqlx::Row;

use super::people::said;
use super::rows::living;
use super::second_factor::Factor;
use super::who::{Shown, resolve};
use super::{AccountError, AccountId, Accounts, Who};
use crate::access::{ABSOLUTE_MS, Permission};
use crate::change::{Change, Entry};

/// Sessions of one account at a time, one for each device and a few that were not ended; a further one ends the oldest.
pub const MAX_SESSIONS: i64 = 8;

/// That a session or a token was used is written down once a minute, not with each request: a session may end by so much too early, never too late.
pub const SEEN_EVERY_MS: i64 = 60_000;

impl Accounts {
    /// Who has signed in with this session. Asking prolongs it.
    ///
    /// # Errors
    /// It is over, or there is no such session.
    pub async fn session(&self, session: &Token) -> Result<Who, AccountError> {
        let (hash, now_ms) = (session.hash(), self.tenant.now_ms());
        let who = self.resolve(Shown::Session(hash)).await?;
        let (_, moments) = who.session()?;
        if now_ms.saturating_sub(moments.seen_ms) >= SEEN_EVERY_MS {
            let touched = moments.touch(who.roles(), now_ms)?;
            let sql = "UPDATE session SET seen_ms = $3 WHERE tenant = $1 AND hash = $2 AND seen_ms < $3";
            let work =
                async move |change: &mut Change| Ok(change.execute(sql, |query| query.bind(hash.0.to_vec()).bind(touched.seen_ms)).await?);
            self.change(work).await?;
        }
        Ok(who)
    }

    /// Signs out.
    ///
    /// # Errors
    /// The store could not. A session that is over already is no error.
    pub async fn sign_out(&self, session: &Token) -> Result<(), AccountError> {
        let hash = session.hash();
        self.act(async move |change: &mut Change| {
            let sql = "DELETE FROM session WHERE tenant = $1 AND hash = $2 RETURNING account";
            if let Some(row) = change.row(sql, |query| query.bind(hash.0.to_vec())).await? {
                let account = AccountId(row.try_get(0)?);
                change.record(Entry::new(Class::System, "sign-out", account.to_string()).with("account", account.0))?;
            }
            Ok(())
        })
        .await
    }

    /// Shows the second factor again, for acts that need it afresh. A wrong code counts as a failed sign-in.
    ///
    /// # Errors
    /// The code is wrong or the account locked, there is no second factor, or the session is over.
    pub async fn step_up(&self, who: &Who, code: &str) -> Result<(), AccountError> {
        let (who, code, secrets) = (who.clone(), code.to_owned(), self.secrets().await?);
        let right = self
            .act(async move |change: &mut Change| {
                let who = change.again(&who).await?;
                let (hash, moments) = who.session()?;
                let row = living(&mut change.connection, &change.tenant, who.account()).await?;
                // Counted and verified in one transaction: what is counted is kept, whatever the code is.
                let factor = if change.count(&row).await? { secrets.check(&row, Some(&code), change.now_ms)? } else { Factor::Wrong };
                match factor {
                    Factor::NotEnrolled => Err(AccountError::Unfit("the account has no second factor; enrol one first".to_owned())),
                    Factor::Wrong => change.failed(Some(row.account)).await.map(|()| false),
                    Factor::Right(_) => {
                        change.succeeded(&row, factor, None).await?;
                        let now = moments.step_up(who.roles(), change.now_ms)?;
                        let sql = "UPDATE session SET seen_ms = $3, second_factor_ms = $4 WHERE tenant = $1 AND hash = $2";
                        let shown_ms = now.second_factor_ms.unwrap_or(0);
                        change.execute(sql, |query| query.bind(hash.0.to_vec()).bind(now.seen_ms).bind(shown_ms)).await?;
                        let by = row.account.to_string();
                        change.record(Entry::new(Class::System, "sign-in.step-up", by).with("account", row.account.0))?;
                        Ok(true)
                    }
                }
            })
            .await?;
        if right { Ok(()) } else { Err(AccountError::SignInFailed) }
    }

    /// Ends all sessions of an account.
    ///
    /// # Errors
    /// Whoever asks may not, or there is no such account.
    pub async fn end_sessions(&self, by: &Who, account: AccountId) -> Result<u64, AccountError> {
        let by = by.clone();
        self.act(async move |change: &mut Change| {
            let by = change.permit(&by, Permission::SessionEnd).await?;
            living(&mut change.connection, &change.tenant, account).await?;
            let sql = "DELETE FROM session WHERE tenant = $1 AND account = $2";
            let ended = change.execute(sql, |query| query.bind(account.0)).await?;
            change.record(said("session.end", &by, account).with("sessions", ended))?;
            Ok(ended)
        })
        .await
    }

    /// Who has shown this, asked beside the writer.
    pub(super) async fn resolve(&self, shown: Shown) -> Result<Who, AccountError> {
        let mut connection = self.tenant.inner.readers.acquire().await?;
        resolve(&mut connection, &self.tenant.id, shown, self.tenant.now_ms()).await
    }
}

impl Change {
    /// Opens a session, and makes room for it.
    pub(super) async fn open_session(&mut self, account: AccountId, hash: TokenHash, second_factor: bool) -> Result<(), AccountError> {
        let (now, oldest) = (self.now_ms, self.now_ms.saturating_sub(ABSOLUTE_MS));
        let sql = "DELETE FROM session WHERE tenant = $1 AND account = $2 AND opened_ms <= $3";
        self.execute(sql, |query| query.bind(account.0).bind(oldest)).await?;
        let sql = "DELETE FROM session WHERE tenant = $1 AND account = $2 AND hash NOT IN
                   (SELECT hash FROM session WHERE tenant = $1 AND account = $2 ORDER BY opened_ms DESC, hash LIMIT $3)";
        self.execute(sql, |query| query.bind(account.0).bind(MAX_SESSIONS - 1)).await?;
        let shown_ms = if second_factor { now } else { 0 };
        let sql = "INSERT INTO session (tenant, hash, account, opened_ms, seen_ms, second_factor_ms) VALUES ($1, $2, $3, $4, $4, $5)";
        self.execute(sql, |query| query.bind(hash.0.to_vec()).bind(account.0).bind(now).bind(shown_ms)).await?;
        let entry = Entry::new(Class::System, "sign-in", account.to_string()).with("account", account.0);
        self.record(entry.with("second_factor", second_factor))?;
        Ok(())
    }

    /// Ends the sessions of an account but one.
    pub(super) async fn end_others(&mut self, account: AccountId, but: TokenHash) -> Result<(), AccountError> {
        let sql = "DELETE FROM session WHERE tenant = $1 AND account = $2 AND hash <> $3";
        self.execute(sql, |query| query.bind(account.0).bind(but.0.to_vec())).await?;
        Ok(())
    }
}

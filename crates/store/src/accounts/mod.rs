//! Accounts: who signs in, with what, and what they may then do. The rows of what [`access`](crate::access) decides.
//!
//! - **One gate.** A session or a token is turned into a [`Who`], and [`Who::may`] answers for every act; [`Change::permit`] asks again inside
//!   the transaction of the act. Nothing else says yes.
//! - **Nobody is made by one.** The three administrators come from the [first start](Accounts::begin_ceremony). Any other account is created by the
//!   system administrator, gets its password from its owner alone, and can do nothing before the security administrator grants a role to it.
//! - **Roles exclude each other by person, and act by account.** A person with two accounts is one person for every rule; each account has only
//!   the roles that were granted through it.
//! - **Every change of state is one transaction with one ledger entry.** It names accounts, persons and roles by id; what a refusal by a rule
//!   would have changed is rolled back. That a session or a token was seen is bookkeeping and makes no entry.
//! - **Secrets are shown once.** Of passwords, sessions, tokens and invitations only hashes are stored; secrets of second factors are sealed.
//!
//! Password hashes are computed on blocking threads, never on the writer's. How many at a time is the caller's to bound
//! ([`keys::password`]), and so is the rate of sign-ins: each that fails writes an entry.

mod approvals;
mod ceremony;
mod denials;
mod error;
mod own;
mod people;
mod roles;
mod rows;
mod second_factor;
mod sessions;
mod sign_in;
mod tokens;
mod who;

use keys::password::PasswordError;
use tokio::sync::oneshot;

pub use approvals::{Consent, MAX_OPEN_APPROVALS, OpenApproval};
pub use ceremony::Appointed;
pub use denials::DENIED_EVERY_MS;
pub use error::AccountError;
pub use people::{Account, AccountState, INVITATION_MS, Invited, MAX_LISTED, Owner};
pub use sessions::{MAX_SESSIONS, SEEN_EVERY_MS};
pub use tokens::{IssuedToken, MAX_TOKEN_MS, MAX_TOKENS, NewToken};
pub use who::{Denied, Who};

use crate::access::CeremonyRefusal;
use crate::change::Change;
use crate::{StoreError, Tenant};

/// An account: the number of its row. In the ledger it prints as `account-7`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AccountId(pub i64);

impl std::fmt::Display for AccountId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "account-{}", self.0)
    }
}

/// The accounts of one tenant.
#[derive(Clone)]
pub struct Accounts {
    tenant: Tenant,
}

impl Tenant {
    /// Its accounts.
    #[must_use]
    pub fn accounts(&self) -> Accounts {
        Accounts { tenant: self.clone() }
    }
}

impl Accounts {
    /// Does something with accounts, once the first start is complete.
    async fn act<T, F>(&self, work: F) -> Result<T, AccountError>
    where
        T: Send + 'static,
        F: AsyncFnOnce(&mut Change) -> Result<T, AccountError> + Send + 'static,
    {
        self.change(async move |change: &mut Change| {
            change.turn().await?;
            work(change).await
        })
        .await
    }

    /// As [`Tenant::change`], but what a rule refused comes back as the refusal that it was.
    async fn change<T, F>(&self, work: F) -> Result<T, AccountError>
    where
        T: Send + 'static,
        F: AsyncFnOnce(&mut Change) -> Result<T, AccountError> + Send + 'static,
    {
        let (tell, mut told) = oneshot::channel();
        let work = async move |change: &mut Change| match work(change).await {
            Err(AccountError::Store(error)) => Err(error),
            Err(refusal) => {
                let rolled_back = StoreError::Refused(refusal.to_string());
                let _ = tell.send(refusal);
                Err(rolled_back)
            }
            done => Ok(done?),
        };
        match self.tenant.change(work).await {
            Ok((value, _)) => Ok(value),
            Err(error) => Err(told.try_recv().unwrap_or(AccountError::Store(error))),
        }
    }
}

impl Change {
    /// Waits for its turn. All acts on the accounts of a tenant are one after the other, in whatever process (PostgreSQL would let two grants pass
    /// each other, and both find no conflict); and a sign-in with an unknown name costs the same write as one with a known name.
    async fn turn(&mut self) -> Result<(), AccountError> {
        let sql = "UPDATE ceremony SET turns = turns + 1 WHERE tenant = $1 AND complete_ms > 0";
        if self.execute(sql, |query| query).await? == 0 { Err(CeremonyRefusal::NotComplete.into()) } else { Ok(()) }
    }

    /// An id that no person and no account of the tenant has had.
    async fn new_id(&mut self) -> Result<i64, AccountError> {
        let sql = "UPDATE ceremony SET last_id = last_id + 1 WHERE tenant = $1 RETURNING last_id";
        let row = self.row(sql, |query| query).await?.ok_or(CeremonyRefusal::NotComplete)?;
        Ok(sqlx::Row::try_get(&row, 0)?)
    }
}

/// Hashes or verifies a password where blocking does no harm.
async fn hashing<T: Send + 'static>(work: impl FnOnce() -> Result<T, PasswordError> + Send + 'static) -> Result<T, StoreError> {
    let done = tokio::task::spawn_blocking(work).await.map_err(|_| StoreError::Closed)?;
    done.map_err(|error| StoreError::Key(error.to_string()))
}

async fn hash(password: &str) -> Result<String, StoreError> {
    let password = password.to_owned();
    hashing(move || keys::password::hash(&password)).await
}

/// Whether a password is the one that was hashed; without a hash no, after as much work.
async fn verify(password: &str, stored: Option<String>) -> Result<bool, StoreError> {
    let password = password.to_owned();
    hashing(move || keys::password::verify(&password, stored.as_deref())).await
}

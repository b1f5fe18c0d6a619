//! Second factors: time-based codes (RFC 6238). Their secrets are sealed for one account each; a code is accepted once.

use std::sync::Arc;

use keys::totp::TotpSecret;
use keys::{CipherPolicy, DataClass, DataKey};

use super::rows::AccountRow;
use super::{AccountError, AccountId, Accounts};
use crate::StoreError;
use crate::change::Change;
use crate::tenant::TenantId;
use crate::vault::Purpose;

/// What the one key of a tenant's second factors is called.
const KEY: &str = "accounts";

/// What seals and opens the secrets of a tenant. Got before a change, since the writer does not wait for keys.
#[derive(Clone)]
pub(super) struct Secrets {
    tenant: TenantId,
    key: Arc<DataKey>,
    policy: Arc<CipherPolicy>,
}

/// What a code came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Factor {
    /// The account has no second factor.
    NotEnrolled,
    /// The right one, of this step.
    Right(i64),
    /// Wrong, missing, or accepted before.
    Wrong,
}

impl Accounts {
    pub(super) async fn secrets(&self) -> Result<Secrets, StoreError> {
        let vault = &self.tenant.inner.vault;
        let key = vault.key(&self.tenant.id, Purpose::Credential, KEY, self.tenant.now_ms()).await?;
        Ok(Secrets { tenant: self.tenant.id.clone(), key, policy: Arc::clone(&vault.policy) })
    }
}

impl Secrets {
    /// What a code proves for an account.
    pub(super) fn check(&self, row: &AccountRow, code: Option<&str>, now_ms: i64) -> Result<Factor, StoreError> {
        if row.totp.is_empty() {
            return Ok(Factor::NotEnrolled);
        }
        let step = code.and_then(|code| self.step(row.account, &row.totp, code, now_ms).transpose()).transpose()?;
        Ok(step.filter(|step| *step > row.totp_step).map_or(Factor::Wrong, Factor::Right))
    }

    /// The step of a right code.
    fn step(&self, account: AccountId, sealed: &[u8], code: &str, now_ms: i64) -> Result<Option<i64>, StoreError> {
        let plain = self.policy.open(&self.key, &self.context(account), sealed).map_err(refused)?;
        let secret =
            TotpSecret::from_bytes(&plain).ok_or_else(|| StoreError::damaged(format!("the second factor of {account}"), "length"))?;
        Ok(secret.verify(code, u64::try_from(now_ms / 1_000).unwrap_or(0)).and_then(|step| i64::try_from(step).ok()))
    }

    fn seal(&self, account: AccountId, secret: &TotpSecret) -> Result<Vec<u8>, StoreError> {
        self.policy.seal(DataClass::Credential, &self.key, &self.context(account), secret.as_bytes()).map_err(refused)
    }

    /// A secret opens for the account alone that it was sealed for, so that nobody who writes to the database passes their own off as another's.
    fn context(&self, account: AccountId) -> Vec<u8> {
        format!("guiju second factor {} {account}", self.tenant).into_bytes()
    }
}

impl Change {
    /// Keeps a new secret until a code confirms that it has reached its owner. The one before it goes on.
    pub(super) async fn offer(&mut self, secrets: &Secrets, account: AccountId) -> Result<TotpSecret, AccountError> {
        let secret = TotpSecret::generate().map_err(refused)?;
        let sealed = secrets.seal(account, &secret)?;
        let sql = "UPDATE account SET totp_pending = $3 WHERE tenant = $1 AND account = $2";
        self.execute(sql, |query| query.bind(account.0).bind(sealed)).await?;
        Ok(secret)
    }

    /// Makes the secret that was offered the second factor, if the code is right.
    pub(super) async fn confirm(&mut self, secrets: &Secrets, row: &AccountRow, code: &str) -> Result<(), AccountError> {
        if row.totp_pending.is_empty() {
            return Err(AccountError::Unfit("no second factor waits to be confirmed; ask for a new one".to_owned()));
        }
        let step = secrets.step(row.account, &row.totp_pending, code, self.now_ms)?;
        let step = step
            .ok_or_else(|| AccountError::Unfit("the code is not right; look at the clock of the device and try the next one".to_owned()))?;
        let (account, sealed) = (row.account.0, row.totp_pending.clone());
        let sql = "UPDATE account SET totp = $3, totp_pending = $4, totp_step = $5 WHERE tenant = $1 AND account = $2";
        self.execute(sql, |query| query.bind(account).bind(sealed).bind(Vec::<u8>::new()).bind(step)).await?;
        Ok(())
    }
}

fn refused(error: impl ToString) -> StoreError {
    StoreError::Key(error.to_string())
}

//! Why something with accounts was not done, as far as a caller can tell it apart.

use keys::password::WeakPassword;

use super::Denied;
use crate::StoreError;
use crate::access::{ApprovalRefusal, CeremonyRefusal, GrantRefusal, SessionEnd};

/// Why something with accounts was not done. Nothing was changed then, but that a failed sign-in was counted and recorded.
#[derive(Debug, thiserror::Error)]
pub enum AccountError {
    /// The one answer to every sign-in that fails, so that it tells nobody which names exist.
    #[error(
        "the name, the password or the code is not right, or the account is locked for a while after failures; wait a quarter of an hour, or have the \
         security administrator lift the lock"
    )]
    SignInFailed,
    /// The session, the token or the invitation is not known: ended, revoked, expired, used, or of another tenant.
    #[error("this session, token or invitation is not valid, or not any more; sign in again, or ask for a new one")]
    NotKnown,
    /// The session is over.
    #[error(transparent)]
    SessionOver(#[from] SessionEnd),
    /// Whoever asks may not do it, or not like this.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// The rules of granting and revoking.
    #[error(transparent)]
    Grant(#[from] GrantRefusal),
    /// The rules of the first start.
    #[error(transparent)]
    Ceremony(#[from] CeremonyRefusal),
    /// The rules of acts that need two.
    #[error(transparent)]
    Approval(#[from] ApprovalRefusal),
    /// A new password is too weak.
    #[error(transparent)]
    WeakPassword(#[from] WeakPassword),
    /// Something given does not fit: a name, a time, a limit that is reached.
    #[error("{0}")]
    Unfit(String),
    /// The store could not.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<sqlx::Error> for AccountError {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(error.into())
    }
}

/// For the closures of [`Tenant::change`](crate::Tenant::change), which ask [`Change::permit`](crate::Change::permit).
impl From<AccountError> for StoreError {
    fn from(error: AccountError) -> Self {
        match error {
            AccountError::Store(error) => error,
            refusal => Self::Refused(refusal.to_string()),
        }
    }
}

//! Signing keys: Ed25519 (RFC 8032) and SM2 with SM3 (GB/T 32918.2), each made once, kept sealed with a passphrase, and used from memory.
//!
//! What is signed, and under which name a public key is known, is the caller's (`ledger` signs checkpoints).

mod ed25519;
mod sm2;

pub use ed25519::{Ed25519Key, verify_ed25519};
pub use sm2::{SM2_USER_ID, Sm2Key, verify_sm2};

use zeroize::Zeroizing;

use crate::random::NoRandomness;
use crate::sealed::{self, SealError};

/// Why there is no key or no signature, or a signature is not accepted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SignError {
    /// The sealed key does not open.
    #[error("the signing key: {0}")]
    Sealed(#[from] SealError),
    /// What was sealed is no key of this kind.
    #[error("the sealed bytes are no {0} key")]
    NotAKey(&'static str),
    /// No point of the curve, or one of small order.
    #[error("the public key is no valid {0} key")]
    BadPublicKey(&'static str),
    /// SM2: longer than 8,191 bytes, so that its length in bits does not fit the format; or a number that has no signature (chance 2^-256).
    #[error("there is no signature for this user id")]
    BadUserId,
    /// Wrong message, key, user id or signature.
    #[error("the signature does not belong to this message and key")]
    Refused,
    /// No key.
    #[error(transparent)]
    NoRandomness(#[from] NoRandomness),
}

/// Opens the 32 bytes of a secret key.
fn open_secret(sealed: &[u8], passphrase: &str, purpose: &'static str) -> Result<Zeroizing<[u8; 32]>, SignError> {
    let plain = sealed::open(sealed, passphrase, purpose)?;
    plain.as_slice().try_into().map(Zeroizing::new).map_err(|_| SignError::NotAKey(purpose))
}

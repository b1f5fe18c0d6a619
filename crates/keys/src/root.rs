//! The root of the key tree: what wraps the tenants' keys. Where the root key lies is the deployer's choice, behind one trait.
//!
//! Calls block and are rare: a tenant's key is unwrapped at start and wrapped once. Everything below (subject, dataset and log keys) is wrapped by
//! the tenant's key and never comes here. A new kind of root, such as an SDF device, is one more file in `root/` and one line below.

mod age;
mod file;
#[cfg(test)]
mod folder;
mod moving;
mod passphrase;
mod pkcs11;
mod transit;

pub use age::AgeRoot;
pub use moving::Moving;
pub use passphrase::PassphraseRoot;
pub use pkcs11::{Pkcs11Root, Token};
pub use transit::{Http, Transit};

use std::path::PathBuf;

use zeroize::Zeroizing;

use crate::envelope::EnvelopeError;
use crate::key::{DataKey, KEY_BYTES, KeyRef};
use crate::random::NoRandomness;
use crate::sealed::SealError;

/// How the context of a key wrapped by a root begins.
const LABEL: &[u8; 8] = b"guiju-r1";

/// Keeps the root key, and wraps with it.
pub trait Root: Send + Sync {
    /// What it is and where, for messages and the log. Holds no secret.
    fn name(&self) -> String;

    /// Encrypts a key so that only [`Self::unwrap`] with the same context gives it back.
    ///
    /// # Errors
    /// The root cannot be reached, or refuses.
    fn wrap(&self, key: &[u8], context: &[u8]) -> Result<Vec<u8>, RootError>;

    /// Gives back what [`Self::wrap`] encrypted.
    ///
    /// # Errors
    /// The root cannot be reached or refuses, or the bytes were changed or belong to another context.
    fn unwrap(&self, wrapped: &[u8], context: &[u8]) -> Result<Zeroizing<Vec<u8>>, RootError>;

    /// Whether it would work now.
    ///
    /// # Errors
    /// Why it would not.
    fn health(&self) -> Result<(), RootError>;
}

/// Why a root did not do what it was asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RootError {
    /// There is a root key already.
    #[error("{} exists already and is not overwritten: whatever its key wrapped would be lost", .0.display())]
    Exists(PathBuf),
    /// A change of passphrase is under way, or was cut off.
    #[error("{} exists: a change of passphrase is under way, or was cut off; if none is running, delete that file and try again", .0.display())]
    Unfinished(PathBuf),
    /// The file system refuses.
    #[error("{}: {reason}", .path.display())]
    File {
        /// Which file.
        path: PathBuf,
        /// What the system said.
        reason: String,
    },
    /// The root key file does not open.
    #[error("{}: {reason}", .path.display())]
    Sealed {
        /// Which file.
        path: PathBuf,
        /// Why not.
        reason: SealError,
    },
    /// The identity file of age cannot be used.
    #[error("{}: {reason}", .path.display())]
    Identity {
        /// Which file.
        path: PathBuf,
        /// Why not.
        reason: String,
    },
    /// The token, or the library that speaks to it, refuses.
    #[error("{root}: {reason}")]
    Token {
        /// Which root.
        root: String,
        /// What it says.
        reason: String,
    },
    /// The settings cannot be right.
    #[error("the root's settings: {0}")]
    Setting(&'static str),
    /// No answer.
    #[error("{root} cannot be reached: {reason}")]
    Unreachable {
        /// Which root.
        root: String,
        /// What the client said.
        reason: String,
    },
    /// An answer, but not the one that was asked for.
    #[error("{root} answered {status}: {reason}")]
    Answer {
        /// Which root.
        root: String,
        /// The HTTP status.
        status: u16,
        /// The beginning of its answer, or what is wrong with it.
        reason: String,
    },
    /// Changed bytes, another context or another root.
    #[error("the wrapped key cannot be opened by this root: it was changed, belongs elsewhere, or was wrapped by another")]
    Refused,
    /// No key.
    #[error(transparent)]
    NoRandomness(#[from] NoRandomness),
}

impl From<EnvelopeError> for RootError {
    fn from(error: EnvelopeError) -> Self {
        match error {
            EnvelopeError::NoRandomness(error) => Self::NoRandomness(error),
            _ => Self::Refused,
        }
    }
}

/// Wraps a tenant's key by the root. `purpose` says what the key is for; it and the key's name are bound in.
///
/// # Errors
/// As [`Root::wrap`].
pub fn wrap_key(root: &dyn Root, key: &DataKey, purpose: &str) -> Result<Vec<u8>, RootError> {
    root.wrap(key.secret(), &context(key.reference(), purpose))
}

/// Unwraps what [`wrap_key`] made of the key of this name.
///
/// # Errors
/// As [`Root::unwrap`]; [`RootError::Refused`] for another name or purpose as well.
pub fn unwrap_key(root: &dyn Root, key_ref: KeyRef, purpose: &str, wrapped: &[u8]) -> Result<DataKey, RootError> {
    let secret = root.unwrap(wrapped, &context(key_ref, purpose))?;
    let secret: &[u8; KEY_BYTES] = secret.as_slice().try_into().map_err(|_| RootError::Refused)?;
    Ok(DataKey::from_parts(key_ref, Zeroizing::new(*secret)))
}

/// Label and name have fixed lengths, so no two pairs of name and purpose give the same.
fn context(key_ref: KeyRef, purpose: &str) -> Vec<u8> {
    [LABEL.as_slice(), &key_ref.0, purpose.as_bytes()].concat()
}

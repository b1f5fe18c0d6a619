//! Ciphers and keys: the only crate that names a cipher or a password hash.
//!
//! - Data is sealed in an [`envelope`] under a [`DataKey`], by the [`Suite`] that a [`CipherPolicy`] names for its class. The suite stands in the
//!   authenticated header, so policies can change while the program runs, and nobody can make a reader use another suite than the writer.
//! - Keys form a tree: a [`root`] wraps the tenants' keys, and they [`wrap`] the keys of subjects, datasets and log epochs. To change a key above is
//!   to wrap those below anew; to destroy a key is to destroy all that was sealed under it.
//! - [`sealed`] files are opened by a passphrase; [`sign`] signs; [`digest`] digests.
//! - [`password`], [`totp`] and [`token`] are what people and programs prove themselves with.
//!
//! It has never heard of databases, and of files only where a root key lies in one; a PKCS#11 root loads the deployer's library. It asks the system for
//! random bytes, and has no clock. Secrets are wiped when dropped and print nothing. Formats: `docs/formats/envelope.md`, `docs/formats/sealed.md`.

mod cipher;
pub mod derive;
pub mod digest;
mod encoding;
pub mod envelope;
mod key;
pub mod password;
mod policy;
mod random;
pub mod root;
pub mod sealed;
pub mod sign;
mod suite;
pub mod token;
pub mod totp;
pub mod wrap;

pub use key::{BadKeyRef, DataKey, KeyRef};
pub use policy::{CipherPolicy, DataClass, PolicyError};
pub use random::NoRandomness;
pub use suite::Suite;

//! Ciphers and keys: the only crate that names a cipher.
//!
//! So far: bytes sealed with a passphrase. It has never heard of files, libraries or databases.

pub mod sealed;

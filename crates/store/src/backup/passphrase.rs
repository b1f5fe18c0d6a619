//! A passphrase as a root: what opens a backup on a bare machine. Format of what it wraps: `docs/formats/sealed.md`.

use std::path::PathBuf;

use keys::digest::hex;
use keys::root::{Root, RootError};
use keys::sealed::{self, SealError};
use zeroize::Zeroizing;

/// A passphrase of at least 15 characters, wiped when dropped. Each backup costs one Argon2id.
pub struct Passphrase(Zeroizing<String>);

impl Passphrase {
    /// Takes a passphrase; whether it is long enough is asked where something is sealed with it.
    #[must_use]
    pub fn new(words: String) -> Self {
        Self(Zeroizing::new(words))
    }
}

impl Root for Passphrase {
    fn name(&self) -> String {
        "passphrase".to_owned()
    }

    fn wrap(&self, key: &[u8], context: &[u8]) -> Result<Vec<u8>, RootError> {
        sealed::seal(key, &self.0, &hex(context)).map_err(refused)
    }

    fn unwrap(&self, wrapped: &[u8], context: &[u8]) -> Result<Zeroizing<Vec<u8>>, RootError> {
        sealed::open(wrapped, &self.0, &hex(context)).map_err(refused)
    }

    fn health(&self) -> Result<(), RootError> {
        Ok(())
    }
}

fn refused(reason: SealError) -> RootError {
    RootError::Sealed { path: PathBuf::from("passphrase"), reason }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_comes_back_with_the_same_words_for_the_same_backup_only() {
        let root = Passphrase::new("correct horse battery".to_owned());
        let wrapped = root.wrap(&[7; 32], b"one").unwrap();
        assert_eq!(root.unwrap(&wrapped, b"one").unwrap().as_slice(), [7; 32]);
        assert!(root.unwrap(&wrapped, b"two").is_err());
        assert!(Passphrase::new("correct horse staple".to_owned()).unwrap(&wrapped, b"one").is_err());
        let short = Passphrase::new("short".to_owned()).wrap(&[7; 32], b"one");
        assert!(matches!(short, Err(RootError::Sealed { reason: SealError::ShortPassphrase(5), .. })));
    }
}

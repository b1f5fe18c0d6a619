//! Ed25519 (RFC 8032): the signature every verifier of checkpoints knows.

use std::fmt;

use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};
use zeroize::Zeroizing;

use super::{SignError, open_secret};
use crate::random::{NoRandomness, random};
use crate::sealed::{self, SealError};

/// What it is sealed as.
const PURPOSE: &str = "Ed25519";

/// A signing key. Wiped when dropped; it prints nothing.
pub struct Ed25519Key(SigningKey);

impl Ed25519Key {
    /// A fresh key.
    ///
    /// # Errors
    /// The system gives no random bytes.
    pub fn generate() -> Result<Self, NoRandomness> {
        random().map(|seed| Self::from_seed(&seed))
    }

    /// The key of a seed (RFC 8032, 5.1.5).
    #[must_use]
    pub fn from_seed(seed: &[u8; 32]) -> Self {
        Self(SigningKey::from_bytes(seed))
    }

    /// Sealed with a passphrase, to be kept in a file.
    ///
    /// # Errors
    /// As [`sealed::seal`].
    pub fn seal(&self, passphrase: &str) -> Result<Vec<u8>, SealError> {
        let seed = Zeroizing::new(self.0.to_bytes());
        sealed::seal(seed.as_slice(), passphrase, PURPOSE)
    }

    /// Opens what [`Self::seal`] made.
    ///
    /// # Errors
    /// As [`sealed::open`], or it is no Ed25519 key.
    pub fn open(sealed: &[u8], passphrase: &str) -> Result<Self, SignError> {
        open_secret(sealed, passphrase, PURPOSE).map(|seed| Self::from_seed(&seed))
    }

    /// The public key.
    #[must_use]
    pub fn public(&self) -> [u8; 32] {
        self.0.verifying_key().to_bytes()
    }

    /// Signs a message; the same message gives the same signature.
    #[must_use]
    pub fn sign(&self, message: &[u8]) -> [u8; 64] {
        self.0.sign(message).to_bytes()
    }
}

impl fmt::Debug for Ed25519Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Ed25519Key(..)")
    }
}

/// Verifies a signature. Keys and points of small order are refused, under which one signature fits many messages.
///
/// # Errors
/// The public key is no key, or the signature does not fit.
pub fn verify_ed25519(public: &[u8; 32], message: &[u8], signature: &[u8; 64]) -> Result<(), SignError> {
    let key = VerifyingKey::from_bytes(public).ok().filter(|key| !key.is_weak()).ok_or(SignError::BadPublicKey(PURPOSE))?;
    key.verify_strict(message, &Signature::from_bytes(signature)).map_err(|_| SignError::Refused)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::encoding::HEX;

    fn array<const N: usize>(hex: &str) -> [u8; N] {
        HEX.decode(hex).unwrap().as_slice().try_into().unwrap()
    }

    /// RFC 8032, 7.1, tests 1 and 2.
    #[test]
    fn vectors_of_rfc_8032() {
        let cases = [
            (
                "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
                "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
                &b""[..],
                "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
            ),
            (
                "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
                "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
                &[0x72],
                "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
            ),
        ];
        for (seed, public, message, signature) in cases {
            let key = Ed25519Key::from_seed(&array(seed));
            assert_eq!(key.public(), array(public));
            assert_eq!(key.sign(message), array(signature));
            assert_eq!(verify_ed25519(&key.public(), message, &array(signature)), Ok(()));
        }
    }

    #[test]
    fn a_changed_message_signature_or_key_is_refused() {
        let (key, other) = (Ed25519Key::generate().unwrap(), Ed25519Key::generate().unwrap());
        let signature = key.sign(b"message");
        assert_eq!(verify_ed25519(&key.public(), b"messagf", &signature), Err(SignError::Refused));
        assert_eq!(verify_ed25519(&other.public(), b"message", &signature), Err(SignError::Refused));
        for at in 0..64 {
            let mut changed = signature;
            changed[at] ^= 1;
            assert_eq!(verify_ed25519(&key.public(), b"message", &changed), Err(SignError::Refused));
        }
        let mut neutral = [0; 32];
        neutral[0] = 1;
        assert_eq!(verify_ed25519(&neutral, b"message", &signature), Err(SignError::BadPublicKey("Ed25519")));
    }

    #[test]
    fn a_key_is_kept_sealed_and_prints_nothing() {
        let key = Ed25519Key::generate().unwrap();
        let file = key.seal("correct horse battery").unwrap();
        assert_eq!(Ed25519Key::open(&file, "correct horse battery").unwrap().public(), key.public());
        assert_eq!(Ed25519Key::open(&file, "correct horse staple!").unwrap_err(), SignError::Sealed(SealError::Refused));
        assert_eq!(format!("{key:?}"), "Ed25519Key(..)");
        let short = sealed::seal(b"short", "correct horse battery", PURPOSE).unwrap();
        assert_eq!(Ed25519Key::open(&short, "correct horse battery").unwrap_err(), SignError::NotAKey("Ed25519"));
    }
}

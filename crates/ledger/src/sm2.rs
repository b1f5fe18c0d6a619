//! SM2 signatures with SM3 (GB/T 32918.2) on notes: 国密 beside Ed25519. C2SP has no type byte for them, so they stand under `ff` with an identifier of
//! their own (c2sp.org/signed-note, 'Signature types'): verifiers that do not know it ignore the line.
//!
//! A public key is [`IDENTIFIER`] and the point; a signature is r and s over the text of the note. Only verified here: whoever signs holds the key elsewhere.

use sm2::dsa::signature::Verifier;
use sm2::dsa::{Signature, VerifyingKey};

/// What follows the type byte: the object identifier of SM2 with SM3 (GM/T 0006), which nobody else may use for anything, and a zero byte.
pub const IDENTIFIER: &[u8] = b"1.2.156.10197.1.501\0";

/// The user id where none is agreed (GM/T 0009-2012, section 10); it is hashed with the public key before the text.
pub const USER_ID: &str = "1234567812345678";

/// A point: the byte 4, then both coordinates (SEC 1, 2.3.3, uncompressed).
pub type Point = [u8; 65];

/// The public key of a point, as a verifier key has it after its type byte.
pub(crate) fn public(point: &Point) -> Vec<u8> {
    [IDENTIFIER, point].concat()
}

/// Whether a public key of type `ff` is one of SM2; `None` if it claims to be and is not.
pub(crate) fn is_key(public: &[u8]) -> Option<bool> {
    if !public.starts_with(IDENTIFIER) {
        return Some(false);
    }
    key(public).map(|_| true)
}

/// Whether a signature fits.
pub(crate) fn holds(public: &[u8], text: &str, signature: &[u8]) -> bool {
    let Some(key) = key(public) else { return false };
    Signature::from_slice(signature).is_ok_and(|signature| key.verify(text.as_bytes(), &signature).is_ok())
}

fn key(public: &[u8]) -> Option<VerifyingKey> {
    // Uncompressed only: one spelling of a key, one id.
    let point: &Point = public.strip_prefix(IDENTIFIER)?.try_into().ok()?;
    VerifyingKey::from_sec1_bytes(USER_ID, point).ok()
}

#[cfg(test)]
pub(crate) mod tests {
    use sm2::dsa::SigningKey;
    use sm2::dsa::signature::Signer as _;
    use sm2::elliptic_curve::sec1::ToSec1Point;

    use super::*;
    use crate::key::{EXTENSION, KeyError, VerifierKey};
    use crate::note::{Note, NoteError};
    use crate::sign::{Ed25519Signer, SignError, Signer, sign};

    /// A key of the test's own.
    pub(crate) struct Sm2Signer(VerifierKey, SigningKey);

    impl Sm2Signer {
        pub(crate) fn new(name: &str, secret: u8) -> Self {
            let secret = SigningKey::from_slice(USER_ID, &[secret; 32]).unwrap();
            let point = secret.verifying_key().to_sec1_point(false);
            Self(VerifierKey::sm2(name, point.as_bytes().try_into().unwrap()).unwrap(), secret)
        }
    }

    impl Signer for Sm2Signer {
        fn key(&self) -> &VerifierKey {
            &self.0
        }

        fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SignError> {
            Ok(self.1.sign(message).to_bytes().to_vec())
        }
    }

    #[test]
    fn a_note_is_signed_twice_and_each_key_opens_it() {
        let (ours, national) = (Ed25519Signer::new("log", &[1; 32]).unwrap(), Sm2Signer::new("log", 2));
        let note = sign("text\n", &[&ours, &national]).unwrap();
        let note = Note::parse(note.to_string().as_bytes()).unwrap();
        assert_eq!(note.verify([ours.key()]).unwrap().len(), 1);
        assert_eq!(note.verify([national.key()]).unwrap().len(), 1);
        assert_eq!(note.verify([ours.key(), national.key()]).unwrap().len(), 2);
        assert!(matches!(note.verify([Sm2Signer::new("log", 3).key()]), Err(NoteError::Untrusted(_))));
        let changed = Note::parse(note.to_string().replacen("text", "texu", 1).as_bytes()).unwrap();
        assert_eq!(changed.verify([national.key()]), Err(NoteError::BadSignature("log".into())));
    }

    #[test]
    fn every_changed_byte_of_a_signature_is_noticed() {
        let national = Sm2Signer::new("log", 2);
        let signature = national.sign(b"text\n").unwrap();
        let public = national.key().public();
        assert!(holds(public, "text\n", &signature));
        for at in 0..signature.len() {
            let mut changed = signature.clone();
            changed[at] ^= 1;
            assert!(!holds(public, "text\n", &changed), "byte {at}");
        }
        assert!(!holds(public, "text\n", &signature[..63]) && !holds(public, "text\n", &[]) && !holds(&[], "text\n", &signature));
    }

    #[test]
    fn a_key_leads_back_and_one_that_is_none_is_refused() {
        let key = Sm2Signer::new("log", 2).key().clone();
        assert_eq!(key.to_string().parse(), Ok(key.clone()));
        assert!(key.is_sm2() && key.kind() == EXTENSION);
        let refused = Err(KeyError::Public("log".into()));
        assert_eq!(VerifierKey::sm2("log", &[4; 65]), refused, "no point of the curve");
        let compressed = [IDENTIFIER, &[2], &key.public()[IDENTIFIER.len() + 1..][..32]].concat();
        assert_eq!(VerifierKey::new("log", EXTENSION, &compressed), refused);
        assert!(!VerifierKey::new("log", EXTENSION, b"1.2.156.10197.1.5\0point").unwrap().is_sm2());
    }
}

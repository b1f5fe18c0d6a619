//! Signing notes. The key may be anywhere, a hardware module for instance: all that is asked of it is to sign bytes.
//!
//! A signature of a type this crate verifies is verified before it leaves: a faulty signer would otherwise make a checkpoint nobody accepts,
//! or leak its key through a faulted signature.

use ed25519_dalek::Signer as _;

use crate::cosignature;
use crate::key::{COSIGNATURE, ED25519, Judged, KeyError, VerifierKey};
use crate::note::{Note, NoteError, Signature};

/// Why something was not signed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SignError {
    /// The signer has no answer; the text says why.
    #[error("{name} cannot sign: {cause}")]
    Refused {
        /// Name of the key.
        name: String,
        /// What the signer says.
        cause: String,
    },
    /// What the signer gave is not a signature of its own key.
    #[error("the signer of {0} gave a signature that its own key does not accept; take it out of service")]
    Faulty(String),
    /// A key of this type signs otherwise: checkpoints with a plain key, cosignatures with a cosigner's.
    #[error("the key of {name} is of type {kind:#04x}, which does not sign this")]
    Kind {
        /// Name of the key.
        name: String,
        /// Its type byte.
        kind: u8,
    },
    /// Zero, or beyond 2^63 - 1 (c2sp.org/tlog-cosignature).
    #[error("{0} seconds since 1970 cannot be the time of a cosignature")]
    Time(u64),
    /// The text cannot be signed.
    #[error(transparent)]
    Note(#[from] NoteError),
}

/// Something that holds a private key.
pub trait Signer {
    /// The public half, and the name to sign under.
    fn key(&self) -> &VerifierKey;

    /// The bare signature over `message`, without key id or time: 64 bytes for the Ed25519 types.
    ///
    /// # Errors
    /// [`SignError::Refused`] where the key cannot be used now.
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SignError>;
}

/// An Ed25519 key (RFC 8032) in memory. Its bytes are wiped when it is dropped.
pub struct Ed25519Signer {
    key: VerifierKey,
    secret: ed25519_dalek::SigningKey,
}

impl Ed25519Signer {
    /// A key that signs checkpoints (type 0x01). The seed must be random and used for nothing else.
    ///
    /// # Errors
    /// The name cannot be used.
    pub fn new(name: &str, seed: &[u8; 32]) -> Result<Self, KeyError> {
        Self::of_kind(name, ED25519, seed)
    }

    /// A key that cosigns checkpoints of others (type 0x04). The cosigned message does not hold the name: never use one seed for two cosigners.
    ///
    /// # Errors
    /// The name cannot be used.
    pub fn cosigner(name: &str, seed: &[u8; 32]) -> Result<Self, KeyError> {
        Self::of_kind(name, COSIGNATURE, seed)
    }

    fn of_kind(name: &str, kind: u8, seed: &[u8; 32]) -> Result<Self, KeyError> {
        let secret = ed25519_dalek::SigningKey::from_bytes(seed);
        let key = VerifierKey::new(name, kind, secret.verifying_key().as_bytes())?;
        Ok(Self { key, secret })
    }
}

impl Signer for Ed25519Signer {
    fn key(&self) -> &VerifierKey {
        &self.key
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SignError> {
        Ok(self.secret.sign(message).to_vec())
    }
}

/// Signs a text with every signer, in their order.
///
/// # Errors
/// The text cannot be a note's, a signer refuses or is faulty, or is a cosigner (see [`cosign`]).
pub fn sign(text: &str, signers: &[&dyn Signer]) -> Result<Note, SignError> {
    let mut note = Note::new(text.to_owned())?;
    for signer in signers {
        check_kind(*signer, signer.key().kind() != COSIGNATURE)?;
        let bytes = signer.sign(text.as_bytes())?;
        note.add(checked(*signer, text, bytes)?)?;
    }
    Ok(note)
}

/// Cosigns the text of a checkpoint as seen at `time_s`, in seconds since 1970. It says: this is the largest tree of that log I have seen, and
/// it continues what I have seen before. [`crate::witness`] makes sure that this is so.
///
/// # Errors
/// The time is impossible, the signer refuses or is faulty, or is not a cosigner.
pub fn cosign(text: &str, signer: &dyn Signer, time_s: u64) -> Result<Signature, SignError> {
    check_kind(signer, signer.key().kind() == COSIGNATURE)?;
    if time_s == 0 || time_s > cosignature::MAX_TIME_S {
        return Err(SignError::Time(time_s));
    }
    let bare = signer.sign(cosignature::message(text, time_s).as_bytes())?;
    checked(signer, text, cosignature::join(time_s, &bare))
}

fn check_kind(signer: &dyn Signer, fits: bool) -> Result<(), SignError> {
    let key = signer.key();
    if fits { Ok(()) } else { Err(SignError::Kind { name: key.name().to_owned(), kind: key.kind() }) }
}

fn checked(signer: &dyn Signer, text: &str, bytes: Vec<u8>) -> Result<Signature, SignError> {
    let key = signer.key();
    match key.judge(text, &bytes) {
        Judged::Invalid => Err(SignError::Faulty(key.name().to_owned())),
        Judged::Unsupported if bytes.is_empty() => Err(SignError::Faulty(key.name().to_owned())),
        Judged::Valid { .. } | Judged::Unsupported => Ok(Signature::new(key, bytes)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::EXTENSION;

    /// A hardware module that gives what it is told to give.
    struct Module(VerifierKey, Result<Vec<u8>, SignError>);

    impl Signer for Module {
        fn key(&self) -> &VerifierKey {
            &self.0
        }

        fn sign(&self, _: &[u8]) -> Result<Vec<u8>, SignError> {
            self.1.clone()
        }
    }

    #[test]
    fn a_cosignature_carries_its_time() {
        let witness = Ed25519Signer::cosigner("w", &[3; 32]).unwrap();
        let mut note = Note::new("checkpoint\n".into()).unwrap();
        note.add(cosign(note.text(), &witness, 1_679_315_147).unwrap()).unwrap();
        let verified = note.verify([witness.key()]).unwrap();
        assert_eq!(verified.first().unwrap().time_s, Some(1_679_315_147));
        for time_s in [0, 1 << 63] {
            assert_eq!(cosign("checkpoint\n", &witness, time_s), Err(SignError::Time(time_s)));
        }
    }

    #[test]
    fn each_type_signs_only_its_own() {
        let (log, witness) = (Ed25519Signer::new("l", &[1; 32]).unwrap(), Ed25519Signer::cosigner("w", &[1; 32]).unwrap());
        assert_eq!(sign("t\n", &[&witness]), Err(SignError::Kind { name: "w".into(), kind: COSIGNATURE }));
        assert_eq!(cosign("t\n", &log, 1), Err(SignError::Kind { name: "l".into(), kind: ED25519 }));
        assert!(matches!(sign("t", &[&log]), Err(SignError::Note(NoteError::Malformed(_)))));
    }

    #[test]
    fn a_faulty_signer_is_found_out() {
        let good = Ed25519Signer::new("l", &[1; 32]).unwrap();
        let another = good.sign(b"another text\n").unwrap();
        for given in [another, vec![0; 64], vec![1; 3], vec![]] {
            assert_eq!(sign("t\n", &[&Module(good.key().clone(), Ok(given))]), Err(SignError::Faulty("l".into())));
        }
        let refused = SignError::Refused { name: "l".into(), cause: "no session".into() };
        assert_eq!(sign("t\n", &[&Module(good.key().clone(), Err(refused.clone()))]), Err(refused));
        let sm2 = VerifierKey::new("l", EXTENSION, b"guiju.example/sm2-sm3\0").unwrap();
        assert_eq!(sign("t\n", &[&good, &Module(sm2, Ok(vec![5; 64]))]).unwrap().signatures().len(), 2);
    }
}

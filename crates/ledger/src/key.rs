//! Verifier keys (c2sp.org/signed-note, 'Verifier keys'): a name, a type and a public key, written as `name+id+base64`.
//!
//! Three types can be verified here: plain Ed25519, timestamped Ed25519 cosignatures, and [SM2](crate::sm2). Every other is kept as it is, so that a
//! list of keys may hold what a newer program understands, and never counts as a signature.

use std::fmt;
use std::str::FromStr;

use ed25519_dalek::VerifyingKey;

use crate::cosignature;
use crate::hash::sha256;
use crate::sm2;
use crate::text::{base64, from_base64};

/// Type of a plain Ed25519 signature over the text.
pub const ED25519: u8 = 0x01;
/// Type of an ECDSA key, the one whose id is computed in another way.
const ECDSA: u8 = 0x02;
/// Type of a timestamped Ed25519 cosignature (c2sp.org/tlog-cosignature).
pub const COSIGNATURE: u8 = 0x04;
/// Type of what has no assigned byte: the key begins with a longer identifier of its own.
pub const EXTENSION: u8 = 0xff;

/// Largest public key that is read: an ML-DSA-87 key has 2,592 bytes.
const MAX_KEY_BYTES: usize = 4096;

/// First four bytes of `SHA-256(name || 0x0A || type || public key)`. It identifies, it does not authenticate.
pub type KeyId = [u8; 4];

/// Why a key cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// Empty, or with a space or a plus sign.
    #[error("{0:?} cannot be a key's name: it must not be empty nor hold spaces, control characters or '+'")]
    Name(String),
    /// Not `name+id+base64`.
    #[error("not a verifier key: expected <name>+<8 hexadecimal digits>+<base64>")]
    Malformed,
    /// The id is not that of name and key: one of them was changed.
    #[error("the key of {0} has an id that does not belong to it: name, id or key was changed")]
    Id(String),
    /// Not a point on the curve, a weak one, or too long.
    #[error("the public key of {0} is not a usable key of its type")]
    Public(String),
}

/// A public key and the name it signs under.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifierKey {
    name: String,
    id: KeyId,
    kind: u8,
    public: Vec<u8>,
    usable: Usable,
}

/// What this crate can do with a key.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Usable {
    Ed25519(Box<VerifyingKey>),
    Sm2,
    No,
}

/// What a key says of a signature.
pub(crate) enum Judged {
    Valid {
        time_s: Option<u64>,
    },
    Invalid,
    /// The type is not one this crate verifies.
    Unsupported,
}

impl VerifierKey {
    /// A key from its parts; `kind` is the type byte, and the id is computed.
    ///
    /// # Errors
    /// The name or the public key cannot be used.
    pub fn new(name: &str, kind: u8, public: &[u8]) -> Result<Self, KeyError> {
        if !is_key_name(name) {
            return Err(KeyError::Name(name.to_owned()));
        }
        let unusable = || KeyError::Public(name.to_owned());
        let usable = match kind {
            ED25519 | COSIGNATURE => Usable::Ed25519(Box::new(ed25519_key(public).ok_or_else(unusable)?)),
            _ if public.len() > MAX_KEY_BYTES => return Err(unusable()),
            EXTENSION if sm2::is_key(public).ok_or_else(unusable)? => Usable::Sm2,
            _ => Usable::No,
        };
        Ok(Self { name: name.to_owned(), id: key_id(name, kind, public), kind, public: public.to_vec(), usable })
    }

    /// A key of SM2 with SM3.
    ///
    /// # Errors
    /// The name cannot be used, or it is no point of the curve.
    pub fn sm2(name: &str, point: &sm2::Point) -> Result<Self, KeyError> {
        Self::new(name, EXTENSION, &sm2::public(point))
    }

    /// Name in signature lines; for a log its origin.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Id in signature lines.
    #[must_use]
    pub const fn id(&self) -> KeyId {
        self.id
    }

    /// The type byte.
    #[must_use]
    pub const fn kind(&self) -> u8 {
        self.kind
    }

    /// The public key, without the type byte.
    #[must_use]
    pub fn public(&self) -> &[u8] {
        &self.public
    }

    /// Whether it is a key of SM2 with SM3.
    #[must_use]
    pub fn is_sm2(&self) -> bool {
        self.usable == Usable::Sm2
    }

    /// The name of the signatures by which a log speaks for itself, if this key makes such: a cosignature is somebody else's.
    pub(crate) fn speaks_by(&self) -> Option<&'static str> {
        match self.usable {
            Usable::Ed25519(_) if self.kind == ED25519 => Some("Ed25519"),
            Usable::Sm2 => Some("SM2"),
            Usable::Ed25519(_) | Usable::No => None,
        }
    }

    pub(crate) fn judge(&self, text: &str, signature: &[u8]) -> Judged {
        let key = match &self.usable {
            Usable::Ed25519(key) => key,
            Usable::Sm2 if sm2::holds(&self.public, text, signature) => return Judged::Valid { time_s: None },
            Usable::Sm2 => return Judged::Invalid,
            Usable::No => return Judged::Unsupported,
        };
        let (signed, signature, time_s) = match self.kind {
            COSIGNATURE => match cosignature::split(signature) {
                Some((time_s, signature)) => (cosignature::message(text, time_s), signature, Some(time_s)),
                None => return Judged::Invalid,
            },
            _ => (text.to_owned(), signature, None),
        };
        let holds = ed25519_dalek::Signature::from_slice(signature).is_ok_and(|s| key.verify_strict(signed.as_bytes(), &s).is_ok());
        if holds { Judged::Valid { time_s } } else { Judged::Invalid }
    }
}

impl fmt::Display for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let id = u32::from_be_bytes(self.id);
        write!(f, "{}+{id:08x}+{}", self.name, base64(&[&[self.kind], self.public.as_slice()].concat()))
    }
}

impl FromStr for VerifierKey {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        // The key's base64 may itself hold a plus sign.
        let (name, rest) = text.split_once('+').ok_or(KeyError::Malformed)?;
        let (id, encoded) = rest.split_once('+').ok_or(KeyError::Malformed)?;
        let id: KeyId = parse_id(id).ok_or(KeyError::Malformed)?;
        let decoded = from_base64(encoded).ok_or(KeyError::Malformed)?;
        let (kind, public) = decoded.split_first().ok_or(KeyError::Malformed)?;
        let key = Self::new(name, *kind, public)?;
        match key.id == id {
            true => Ok(key),
            // The id of an ECDSA key covers another encoding of it, so it cannot be checked without knowing the curve.
            false if *kind == ECDSA => Ok(Self { id, ..key }),
            false => Err(KeyError::Id(name.to_owned())),
        }
    }
}

/// Whether a text can stand as a name in a signature line.
pub(crate) fn is_key_name(name: &str) -> bool {
    !name.is_empty() && !name.contains(|c: char| c.is_whitespace() || c < ' ' || c == '+')
}

fn key_id(name: &str, kind: u8, public: &[u8]) -> KeyId {
    let hash = sha256(&[name.as_bytes(), &[b'\n', kind], public].concat());
    let [a, b, c, d, ..] = hash;
    [a, b, c, d]
}

/// Lower-case hexadecimal only: one spelling.
fn parse_id(text: &str) -> Option<KeyId> {
    let digits = text.len() == 8 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    digits.then(|| u32::from_str_radix(text, 16).ok().map(u32::to_be_bytes)).flatten()
}

/// A key of small order would let one signature stand for many texts.
fn ed25519_key(public: &[u8]) -> Option<VerifyingKey> {
    VerifyingKey::from_bytes(public.try_into().ok()?).ok().filter(|key| !key.is_weak())
}

#[cfg(test)]
mod tests {
    use super::*;

    const PUBLISHED: &str = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";

    #[test]
    fn a_published_key_leads_back() {
        let key: VerifierKey = PUBLISHED.parse().unwrap();
        assert_eq!((key.name(), key.id(), key.kind(), key.public().len()), ("PeterNeumann", [0xc7, 0x4f, 0x20, 0xa3], ED25519, 32));
        assert_eq!(key.to_string(), PUBLISHED);
    }

    #[test]
    fn every_changed_byte_is_noticed() {
        for at in 0..PUBLISHED.len() {
            let mut changed = PUBLISHED.as_bytes().to_vec();
            changed[at] ^= 1;
            assert!(String::from_utf8(changed).unwrap().parse::<VerifierKey>().is_err(), "byte {at}");
        }
    }

    #[test]
    fn what_is_not_a_key_is_refused() {
        for bad in ["", "a", "a+b", "a+00000000", "a+00000000+", "a+0000000+AQ==", "a+c74F20a3+AQ==", "+00000000+AQ==", "a b+00000000+AQ=="]
        {
            assert!(bad.parse::<VerifierKey>().is_err(), "{bad}");
        }
        assert_eq!(VerifierKey::new("a", ED25519, &[0; 32]), Err(KeyError::Public("a".into())), "a point of small order");
        assert_eq!(VerifierKey::new("a", COSIGNATURE, &[9; 31]), Err(KeyError::Public("a".into())));
        assert_eq!(VerifierKey::new("a", EXTENSION, &[9; 5000]), Err(KeyError::Public("a".into())));
    }

    #[test]
    fn other_types_are_kept() {
        for kind in [0x02, 0x06, 0xff] {
            let key = VerifierKey::new("example.com/log", kind, b"guiju.example/sm2-sm3\0point").unwrap();
            assert_eq!(key.to_string().parse(), Ok(key));
        }
        let ecdsa = "a+01020304+AgU=".parse::<VerifierKey>().unwrap();
        assert_eq!(ecdsa.to_string(), "a+01020304+AgU=");
        assert_eq!("a+01020304+BgU=".parse::<VerifierKey>(), Err(KeyError::Id("a".into())));
    }
}

//! Keys wrapped by keys, so that a change of the key above costs one small decryption and encryption for each key below, and no data is touched.
//! Format: `docs/formats/envelope.md`.
//!
//! Both keys' names and the purpose are authenticated: a wrapped key cannot be put in another's place. Which suite is still permitted is not decided here.

use zeroize::Zeroizing;

use crate::envelope::{self, EnvelopeError, Header, OVERHEAD_BYTES};
use crate::key::{DataKey, KEY_BYTES, KeyRef};
use crate::suite::Suite;

const MAGIC: &[u8; 8] = b"guiju-w1";
/// Magic and the name of the wrapped key.
const PREFIX_BYTES: usize = MAGIC.len() + 16;

/// Length of every wrapped key.
pub const WRAPPED_BYTES: usize = PREFIX_BYTES + KEY_BYTES + OVERHEAD_BYTES;

/// What a wrapped key says of itself. Nothing of it is proved before it is unwrapped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wrapped {
    /// The key inside.
    pub key_ref: KeyRef,
    /// The key it is wrapped by.
    pub kek_ref: KeyRef,
    /// The suite of the wrapping; `CipherPolicy::permit` says whether to unwrap it.
    pub suite: Suite,
}

impl Wrapped {
    /// Reads the names, without a key.
    ///
    /// # Errors
    /// It is no wrapped key, or of a suite this version does not know.
    pub fn read(wrapped: &[u8]) -> Result<Self, EnvelopeError> {
        let (key_ref, envelope) = split(wrapped)?;
        let header = Header::read(envelope)?;
        Ok(Self { key_ref, kek_ref: header.key_ref, suite: header.suite })
    }
}

/// Wraps `key` by `kek`. `purpose` says what the key is for (`subject`, `log epoch`), and unwrapping asks for the same.
///
/// # Errors
/// The system gives no random bytes.
pub fn wrap(kek: &DataKey, suite: Suite, key: &DataKey, purpose: &str) -> Result<Vec<u8>, EnvelopeError> {
    let prefix = prefix(key.reference());
    let envelope = envelope::seal(kek, suite, &context(&prefix, purpose), key.secret())?;
    Ok([prefix.as_slice(), &envelope].concat())
}

/// Unwraps what [`wrap`] made.
///
/// # Errors
/// It is no wrapped key, is wrapped by another key or for another purpose, or was changed.
pub fn unwrap(kek: &DataKey, purpose: &str, wrapped: &[u8]) -> Result<DataKey, EnvelopeError> {
    let (key_ref, envelope) = split(wrapped)?;
    let plain = envelope::open(kek, &context(&prefix(key_ref), purpose), envelope)?;
    let secret: &[u8; KEY_BYTES] = plain.first_chunk().filter(|_| plain.len() == KEY_BYTES).ok_or(EnvelopeError::NotEnvelope)?;
    Ok(DataKey::from_parts(key_ref, Zeroizing::new(*secret)))
}

/// Wraps the same key anew, by another key above it, another suite, or both.
///
/// # Errors
/// As [`unwrap`] and [`wrap`].
pub fn rewrap(old_kek: &DataKey, new_kek: &DataKey, suite: Suite, purpose: &str, wrapped: &[u8]) -> Result<Vec<u8>, EnvelopeError> {
    wrap(new_kek, suite, &unwrap(old_kek, purpose, wrapped)?, purpose)
}

fn split(wrapped: &[u8]) -> Result<(KeyRef, &[u8]), EnvelopeError> {
    let rest = wrapped.strip_prefix(MAGIC).ok_or(EnvelopeError::NotEnvelope)?;
    rest.split_first_chunk().map(|(name, envelope)| (KeyRef(*name), envelope)).ok_or(EnvelopeError::NotEnvelope)
}

fn prefix(key_ref: KeyRef) -> Vec<u8> {
    [MAGIC.as_slice(), &key_ref.0].concat()
}

/// The prefix has a fixed length, so no two pairs of name and purpose give the same context. The name of the key above is in the envelope's header.
fn context(prefix: &[u8], purpose: &str) -> Vec<u8> {
    [prefix, purpose.as_bytes()].concat()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::encoding::HEX;
    use proptest::prelude::*;

    const DOC: &str = include_str!("../../../docs/formats/envelope.md");

    fn key(byte: u8) -> DataKey {
        DataKey::from_parts(KeyRef([byte; 16]), Zeroizing::new([byte; 32]))
    }

    #[test]
    fn a_wrapped_key_comes_back_by_its_kek_and_for_its_purpose_only() {
        for suite in Suite::ALL {
            let wrapped = wrap(&key(1), suite, &key(2), "subject").unwrap();
            assert_eq!(wrapped.len(), WRAPPED_BYTES);
            let names = Wrapped { key_ref: KeyRef([2; 16]), kek_ref: KeyRef([1; 16]), suite };
            assert_eq!(Wrapped::read(&wrapped), Ok(names));
            let back = unwrap(&key(1), "subject", &wrapped).unwrap();
            assert_eq!((back.reference(), back.secret()), (key(2).reference(), key(2).secret()));
            assert_eq!(unwrap(&key(1), "dataset", &wrapped).unwrap_err(), EnvelopeError::Refused);
            let other = EnvelopeError::OtherKey { sealed_under: KeyRef([1; 16]), given: KeyRef([3; 16]) };
            assert_eq!(unwrap(&key(3), "subject", &wrapped).unwrap_err(), other);
            for at in 0..wrapped.len() {
                let mut changed = wrapped.clone();
                changed[at] ^= 1;
                assert!(unwrap(&key(1), "subject", &changed).is_err(), "{suite} byte {at}");
            }
        }
    }

    #[test]
    fn an_envelope_is_no_wrapped_key() {
        let envelope = envelope::seal(&key(1), Suite::XAes256Gcm, b"", &[0; 32]).unwrap();
        assert_eq!(Wrapped::read(&envelope), Err(EnvelopeError::NotEnvelope));
    }

    #[test]
    fn what_is_wrapped_anew_opens_by_the_new_kek_only() {
        let wrapped = wrap(&key(1), Suite::XChaCha20Poly1305, &key(2), "subject").unwrap();
        let anew = rewrap(&key(1), &key(3), Suite::Sm4Gcm, "subject", &wrapped).unwrap();
        assert_eq!(unwrap(&key(3), "subject", &anew).unwrap().secret(), key(2).secret());
        assert!(unwrap(&key(1), "subject", &anew).is_err());
        assert_eq!(Wrapped::read(&anew).unwrap().suite, Suite::Sm4Gcm);
    }

    #[test]
    fn the_vector_of_the_format_page_holds() {
        let page: String = DOC.split_whitespace().collect();
        let prefix = prefix(KeyRef([3; 16]));
        let context = context(&prefix, "subject");
        let envelope = envelope::seal_with_nonce(&key(1), Suite::XChaCha20Poly1305, &context, &[3; 32], [2; 24]).unwrap();
        let wrapped = [prefix, envelope].concat();
        assert!(page.contains(&HEX.encode(&wrapped)), "{}", HEX.encode(&wrapped));
        assert_eq!(unwrap(&key(1), "subject", &wrapped).unwrap().secret(), key(3).secret());
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let bytes = [MAGIC.as_slice(), &bytes].concat();
            let _ = Wrapped::read(&bytes);
            prop_assert!(unwrap(&key(1), "", &bytes).is_err());
        }
    }
}

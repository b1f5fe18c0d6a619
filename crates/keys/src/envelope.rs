//! Envelopes: bytes sealed under a [`DataKey`], with a header that says how. Format: `docs/formats/envelope.md`.
//!
//! The whole header and the caller's context are authenticated: an envelope opens only under its key, in its place and by the suite it was sealed
//! with, so nobody can pass it off as another or make a reader use a weaker suite. An envelope commits to its key: a hash of it (in the ledger)
//! commits to one text. It hides neither the length of the text nor which key sealed it, and it does not judge suites: `CipherPolicy` does.

use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::cipher::{self, COMMITMENT_BYTES, NONCE_BYTES, TAG_BYTES};
use crate::key::{DataKey, KeyRef};
use crate::random::{NoRandomness, random};
use crate::suite::Suite;

/// How an envelope begins; the format's version follows.
const MAGIC: &[u8; 7] = b"guiju-e";
const VERSION: u8 = b'1';

/// Magic and version, suite, key reference, nonce, commitment.
pub const HEADER_BYTES: usize = 8 + 2 + 16 + NONCE_BYTES + COMMITMENT_BYTES;
/// How much longer an envelope is than its text.
pub const OVERHEAD_BYTES: usize = HEADER_BYTES + TAG_BYTES;
/// Most bytes in one envelope: it is opened in memory as a whole, and 1 GiB is as much as a sealed library may hold. Larger things go in parts.
pub const MAX_PLAIN_BYTES: usize = 1 << 30;

/// Why something could not be sealed or opened.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EnvelopeError {
    /// Not in this format.
    #[error("is not an envelope of guiju, or is cut short")]
    NotEnvelope,
    /// A later format.
    #[error("is an envelope of a format this version does not know ({0:?}); a newer guiju wrote it")]
    UnknownVersion(char),
    /// A suite nobody registered here.
    #[error("is sealed with a cipher suite this version does not know ({0:#06x}); a newer guiju wrote it, or the header was changed")]
    UnknownSuite(u16),
    /// A known suite that policy forbids.
    #[error("the cipher suite {0} is denied by policy; permit it for as long as it takes to seal the data again")]
    Denied(Suite),
    /// Sealed under another key.
    #[error("is sealed under key {sealed_under}, not under key {given}")]
    OtherKey {
        /// The key the header names.
        sealed_under: KeyRef,
        /// The key the caller gave.
        given: KeyRef,
    },
    /// Changed bytes, another context, or another key of the same name: nobody can tell which.
    #[error("cannot be opened: it was changed, belongs elsewhere, or was sealed under another key")]
    Refused,
    /// Too much for one envelope.
    #[error("{0} bytes are too many for one envelope (at most {MAX_PLAIN_BYTES}); seal them in parts")]
    TooLong(usize),
    /// No nonce.
    #[error(transparent)]
    NoRandomness(#[from] NoRandomness),
}

/// What an envelope says of itself. Nothing of it is proved before the envelope is opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header {
    /// The suite it was sealed with.
    pub suite: Suite,
    /// The key it was sealed under.
    pub key_ref: KeyRef,
    nonce: [u8; NONCE_BYTES],
    commitment: [u8; COMMITMENT_BYTES],
}

impl Header {
    /// Reads the header, without a key.
    ///
    /// # Errors
    /// It is no envelope, of a later format, or of a suite this version does not know.
    pub fn read(envelope: &[u8]) -> Result<Self, EnvelopeError> {
        let rest = envelope.strip_prefix(MAGIC).ok_or(EnvelopeError::NotEnvelope)?;
        let ([version], rest) = take(rest)?;
        if version != VERSION {
            return Err(EnvelopeError::UnknownVersion(char::from(version)));
        }
        let (code, rest) = take(rest)?;
        let (key_ref, rest) = take(rest)?;
        let (nonce, rest) = take(rest)?;
        let (commitment, _) = take(rest)?;
        let code = u16::from_be_bytes(code);
        let suite = Suite::from_code(code).ok_or(EnvelopeError::UnknownSuite(code))?;
        Ok(Self { suite, key_ref: KeyRef(key_ref), nonce, commitment })
    }

    fn write(&self, to: &mut Vec<u8>) {
        to.extend_from_slice(MAGIC);
        to.push(VERSION);
        to.extend_from_slice(&self.suite.code().to_be_bytes());
        to.extend_from_slice(&self.key_ref.0);
        to.extend_from_slice(&self.nonce);
        to.extend_from_slice(&self.commitment);
    }
}

/// Seals `plain` under a key. `context` says what it is and where it belongs (the entry and segment, the row and column); it is not stored, and
/// opening asks for the same.
///
/// # Errors
/// The text is too long, or the system gives no random bytes.
pub fn seal(key: &DataKey, suite: Suite, context: &[u8], plain: &[u8]) -> Result<Vec<u8>, EnvelopeError> {
    seal_with_nonce(key, suite, context, plain, *random()?)
}

/// Opens what [`seal`] made.
///
/// # Errors
/// It is no envelope, names another key, or was changed or moved.
pub fn open(key: &DataKey, context: &[u8], envelope: &[u8]) -> Result<Zeroizing<Vec<u8>>, EnvelopeError> {
    let header = Header::read(envelope)?;
    if header.key_ref != key.reference() {
        return Err(EnvelopeError::OtherKey { sealed_under: header.key_ref, given: key.reference() });
    }
    let commitment = cipher::commitment(header.suite, key.secret(), &header.nonce).ok_or(EnvelopeError::Refused)?;
    if !bool::from(commitment.ct_eq(&header.commitment)) {
        return Err(EnvelopeError::Refused);
    }
    let (head, sealed) = envelope.split_at_checked(HEADER_BYTES).ok_or(EnvelopeError::NotEnvelope)?;
    let (text, tag) = sealed.split_last_chunk::<TAG_BYTES>().ok_or(EnvelopeError::NotEnvelope)?;
    let mut text = Zeroizing::new(text.to_vec());
    cipher::decrypt(header.suite, key.secret(), &header.nonce, &[head, context].concat(), &mut text, tag).ok_or(EnvelopeError::Refused)?;
    Ok(text)
}

/// With a nonce that is given; apart from test vectors it is fresh for every envelope.
pub(crate) fn seal_with_nonce(
    key: &DataKey,
    suite: Suite,
    context: &[u8],
    plain: &[u8],
    nonce: [u8; NONCE_BYTES],
) -> Result<Vec<u8>, EnvelopeError> {
    if plain.len() > MAX_PLAIN_BYTES {
        return Err(EnvelopeError::TooLong(plain.len()));
    }
    let commitment = cipher::commitment(suite, key.secret(), &nonce).ok_or(EnvelopeError::Refused)?;
    // Room for all at once: a vector that grew would leave the text behind in memory it gave back.
    let mut envelope = Vec::with_capacity(OVERHEAD_BYTES + plain.len());
    Header { suite, key_ref: key.reference(), nonce, commitment }.write(&mut envelope);
    let aad = [envelope.as_slice(), context].concat();
    envelope.extend_from_slice(plain);
    let text = envelope.get_mut(HEADER_BYTES..).ok_or(EnvelopeError::Refused)?;
    let tag = cipher::encrypt(suite, key.secret(), &nonce, &aad, text).ok_or(EnvelopeError::TooLong(plain.len()))?;
    envelope.extend_from_slice(&tag);
    Ok(envelope)
}

/// The next field.
fn take<const N: usize>(bytes: &[u8]) -> Result<([u8; N], &[u8]), EnvelopeError> {
    bytes.split_first_chunk().map(|(field, rest)| (*field, rest)).ok_or(EnvelopeError::NotEnvelope)
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

    fn suite() -> impl Strategy<Value = Suite> {
        prop::sample::select(Suite::ALL.to_vec())
    }

    proptest! {
        #[test]
        fn what_is_sealed_opens(suite in suite(), context in prop::collection::vec(any::<u8>(), 0..40), plain in prop::collection::vec(any::<u8>(), 0..600)) {
            let key = DataKey::generate().unwrap();
            let envelope = seal(&key, suite, &context, &plain).unwrap();
            prop_assert_eq!(envelope.len(), plain.len() + OVERHEAD_BYTES);
            let header = Header::read(&envelope).unwrap();
            prop_assert_eq!((header.suite, header.key_ref), (suite, key.reference()));
            let opened = open(&key, &context, &envelope).unwrap();
            prop_assert_eq!(opened.as_slice(), plain.as_slice());
        }

        #[test]
        fn any_bytes_are_read_without_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..200), magic in any::<bool>()) {
            let mut bytes = bytes;
            if magic {
                bytes.splice(0..0, *b"guiju-e1\x00\x01");
            }
            let _ = Header::read(&bytes);
            prop_assert!(open(&key(1), b"", &bytes).is_err());
        }
    }

    #[test]
    fn every_changed_bit_is_refused() {
        for suite in Suite::ALL {
            let envelope = seal(&key(1), suite, b"c", b"text").unwrap();
            for at in 0..envelope.len() {
                for bit in 0..8 {
                    let mut changed = envelope.clone();
                    changed[at] ^= 1 << bit;
                    assert!(open(&key(1), b"c", &changed).is_err(), "{suite} byte {at} bit {bit}");
                }
            }
            for cut in 0..envelope.len() {
                assert!(open(&key(1), b"c", &envelope[..cut]).is_err(), "{suite} cut at {cut}");
            }
            assert_eq!(open(&key(1), b"c", &[envelope.as_slice(), b"x"].concat()), Err(EnvelopeError::Refused));
        }
    }

    #[test]
    fn another_context_or_key_is_refused() {
        let envelope = seal(&key(1), Suite::XAes256Gcm, b"here", b"text").unwrap();
        for context in [&b""[..], b"her", b"here ", b"there"] {
            assert_eq!(open(&key(1), context, &envelope), Err(EnvelopeError::Refused));
        }
        let (sealed_under, given) = (KeyRef([1; 16]), KeyRef([2; 16]));
        assert_eq!(open(&key(2), b"here", &envelope), Err(EnvelopeError::OtherKey { sealed_under, given }));
        let namesake = DataKey::from_parts(sealed_under, Zeroizing::new([2; 32]));
        assert_eq!(open(&namesake, b"here", &envelope), Err(EnvelopeError::Refused));
    }

    /// What the commitment is for: a tag forged to fit a second key is of no use. Here the second key is the true one and only the commitment
    /// is another's.
    #[test]
    fn a_right_tag_with_a_wrong_commitment_is_refused() {
        let (nonce, key) = ([7; NONCE_BYTES], key(1));
        let commitment = [0; COMMITMENT_BYTES];
        let mut envelope = Vec::new();
        Header { suite: Suite::XChaCha20Poly1305, key_ref: key.reference(), nonce, commitment }.write(&mut envelope);
        let mut text = *b"text";
        let tag = cipher::encrypt(Suite::XChaCha20Poly1305, key.secret(), &nonce, &envelope, &mut text).unwrap();
        envelope.extend_from_slice(&text);
        envelope.extend_from_slice(&tag);
        assert_eq!(open(&key, b"", &envelope), Err(EnvelopeError::Refused));
    }

    #[test]
    fn what_a_newer_version_wrote_is_told_from_rubbish() {
        let mut envelope = seal(&key(1), Suite::Sm4Gcm, b"", b"").unwrap();
        envelope[9] = 0x77;
        assert_eq!(Header::read(&envelope), Err(EnvelopeError::UnknownSuite(0x0177)));
        envelope[7] = b'2';
        assert_eq!(Header::read(&envelope), Err(EnvelopeError::UnknownVersion('2')));
        envelope[0] = b'G';
        assert_eq!(Header::read(&envelope), Err(EnvelopeError::NotEnvelope));
    }

    #[test]
    fn nonces_are_fresh() {
        let seal = || seal(&key(1), Suite::XAes256Gcm, b"", b"").unwrap();
        assert_ne!(Header::read(&seal()).unwrap().nonce, Header::read(&seal()).unwrap().nonce);
    }

    #[test]
    fn the_vectors_of_the_format_page_hold() {
        let page: String = DOC.split_whitespace().collect();
        for suite in Suite::ALL {
            let envelope = seal_with_nonce(&key(1), suite, b"context", "规矩".as_bytes(), [2; NONCE_BYTES]).unwrap();
            assert!(page.contains(&HEX.encode(&envelope)), "{suite}: {}", HEX.encode(&envelope));
        }
    }
}

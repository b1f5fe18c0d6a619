//! What is derived from a key: keyed hashes, and seeds of other keys. One key serves one of the two; the words keep them apart all the same.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::DataKey;

/// A keyed hash (HMAC-SHA256, RFC 2104): finds the same thing again, and tells whoever lacks the key nothing, not even of a name that can be guessed.
#[must_use]
pub fn tag(key: &DataKey, message: &[u8]) -> [u8; 32] {
    tag_under(key.secret(), message)
}

/// The same under a key that stands in a file beside the hashes, and is no secret to whoever has the file (docs/formats/consent.md).
#[must_use]
pub fn tag_under(secret: &[u8; 32], message: &[u8]) -> [u8; 32] {
    hmac(secret, &[b"tag", message])
}

/// The seed of another key, such as one for signatures.
#[must_use]
pub fn seed(key: &DataKey, purpose: &str) -> Zeroizing<[u8; 32]> {
    Zeroizing::new(hmac(key.secret(), &[b"seed", purpose.as_bytes()]))
}

fn hmac(secret: &[u8; 32], parts: &[&[u8]]) -> [u8; 32] {
    // 32 bytes are a key for HMAC of any hash: the first arm is the only one.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret) else { return [0; 32] };
    for part in parts {
        mac.update(part);
        mac.update(&[0]);
    }
    mac.finalize().into_bytes().into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::KeyRef;

    fn key(byte: u8) -> DataKey {
        DataKey::from_parts(KeyRef([1; 16]), Zeroizing::new([byte; 32]))
    }

    #[test]
    fn key_purpose_and_message_all_count() {
        assert_eq!(tag(&key(1), b"a"), tag(&key(1), b"a"));
        assert_ne!(tag(&key(1), b"a"), tag(&key(2), b"a"));
        assert_ne!(tag(&key(1), b"a"), tag(&key(1), b"b"));
        assert_ne!(tag(&key(1), b"a"), *seed(&key(1), "a"));
    }

    /// What docs/formats/consent.md says, made with another implementation.
    #[test]
    fn the_hashes_of_a_consent_snapshot_are_those_of_its_page() {
        let secret = std::array::from_fn(|at| u8::try_from(at).unwrap());
        for (user, hash) in [
            ("user-17", "bb9041f36a0bd22f03ff0d8dd1fae876804b6644e48582be5605fd6fb03b1250"),
            ("用户-18", "93c26e207faa5d9f956f7531939773035b468a1fdb06a2ba19ffd1aac05fc22b"),
        ] {
            assert_eq!(crate::digest::hex(&tag_under(&secret, user.as_bytes())), hash);
        }
    }
}

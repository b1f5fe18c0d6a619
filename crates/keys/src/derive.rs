//! What is derived from a key: keyed hashes, and seeds of other keys. One key serves one of the two; the words keep them apart all the same.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::DataKey;

/// A keyed hash (HMAC-SHA256, RFC 2104): finds the same thing again, and tells whoever lacks the key nothing, not even of a name that can be guessed.
#[must_use]
pub fn tag(key: &DataKey, message: &[u8]) -> [u8; 32] {
    hmac(key, &[b"tag", message])
}

/// The seed of another key, such as one for signatures.
#[must_use]
pub fn seed(key: &DataKey, purpose: &str) -> Zeroizing<[u8; 32]> {
    Zeroizing::new(hmac(key, &[b"seed", purpose.as_bytes()]))
}

fn hmac(key: &DataKey, parts: &[&[u8]]) -> [u8; 32] {
    // 32 bytes are a key for HMAC of any hash: the first arm is the only one.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key.secret()) else { return [0; 32] };
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
}

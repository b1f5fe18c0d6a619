//! The key and the salt of redaction. They come from outside (a file of their own, an environment variable, a vault), never from a policy
//! file, and neither `Debug` nor an error ever shows one.

use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// Fewest bytes of a salt: NIST SP 800-132 section 5.1 asks for 128 bits.
pub const MIN_SALT_BYTES: usize = 16;
/// Most bytes of a salt: more than one block of SHA-256 (FIPS 180-4: 64 bytes) makes nothing safer.
const MAX_SALT_BYTES: usize = 64;

/// Why a text is no key or no salt. It says what is wrong and not what was given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SecretError {
    /// Not hexadecimal.
    #[error("a key or salt is written in hexadecimal digits only, two for a byte")]
    NotHex,
    /// A key of another length.
    #[error("the key has {0} bytes; it must have 32 (64 hexadecimal digits; `openssl rand -hex 32` makes one)")]
    KeyLength(usize),
    /// A salt of another length.
    #[error("the salt has {0} bytes; it must have 16 to 64 (`openssl rand -hex 16` makes one)")]
    SaltLength(usize),
    /// The same byte all along: a placeholder.
    #[error("the key or salt is one byte repeated; that is a placeholder, no secret")]
    Placeholder,
}

/// The key of `pseudonym` and `preserve`: 256 bits.
#[derive(Clone)]
pub struct Key([u8; 32]);

/// The salt of `hash`: 128 to 512 bits. To be kept like a key: who has it can try all phone numbers in minutes.
#[derive(Clone)]
pub struct Salt(Vec<u8>);

/// What a policy's operators need. Empty where they need nothing.
#[derive(Debug, Clone, Default)]
pub struct Secrets {
    /// For `pseudonym` and `preserve`.
    pub key: Option<Key>,
    /// For `hash`.
    pub salt: Option<Salt>,
}

impl Key {
    /// Reads 64 hexadecimal digits; white space around them is ignored.
    ///
    /// # Errors
    /// It is no key of 32 bytes in hexadecimal.
    pub fn from_hex(text: &str) -> Result<Self, SecretError> {
        let bytes = hex(text)?;
        bytes.try_into().map(Self).map_err(|bytes: Vec<u8>| SecretError::KeyLength(bytes.len()))
    }

    /// A key for one purpose: HMAC-SHA-256 of its name. One key must not serve two algorithms (NIST SP 800-57 part 1, 5.2).
    pub(super) fn derive(&self, purpose: &str) -> Self {
        Self(self.mac(&[purpose.as_bytes()]))
    }

    /// HMAC-SHA-256 (RFC 2104, FIPS 198-1) over the parts, one after the other.
    pub(super) fn mac(&self, parts: &[&[u8]]) -> [u8; 32] {
        // `new` wants a block; RFC 2104 pads a shorter key with zeros to one.
        let mut block = [0; 64];
        block.iter_mut().zip(self.0).for_each(|(slot, byte)| *slot = byte);
        let mut mac = Hmac::<Sha256>::new(&block.into());
        parts.iter().for_each(|part| mac.update(part));
        mac.finalize().into_bytes().into()
    }

    pub(super) const fn bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl Salt {
    /// Reads 32 to 128 hexadecimal digits; white space around them is ignored.
    ///
    /// # Errors
    /// It is no salt of 16 to 64 bytes in hexadecimal.
    pub fn from_hex(text: &str) -> Result<Self, SecretError> {
        let bytes = hex(text)?;
        if (MIN_SALT_BYTES..=MAX_SALT_BYTES).contains(&bytes.len()) { Ok(Self(bytes)) } else { Err(SecretError::SaltLength(bytes.len())) }
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(..)")
    }
}

impl fmt::Debug for Salt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Salt(..)")
    }
}

fn hex(text: &str) -> Result<Vec<u8>, SecretError> {
    let digits: Vec<u32> = text.trim().chars().map(|c| c.to_digit(16)).collect::<Option<_>>().ok_or(SecretError::NotHex)?;
    let bytes: Vec<u8> = digits.chunks(2).map(byte).collect::<Option<_>>().ok_or(SecretError::NotHex)?;
    let repeated = bytes.len() > 1 && bytes.iter().all(|b| Some(b) == bytes.first());
    if repeated { Err(SecretError::Placeholder) } else { Ok(bytes) }
}

fn byte(pair: &[u32]) -> Option<u8> {
    match pair {
        [high, low] => u8::try_from(high * 16 + low).ok(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEX: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";

    #[test]
    fn reads_and_refuses() {
        assert!(Key::from_hex(&format!(" {HEX}\n")).is_ok());
        assert_eq!(Key::from_hex("00ff").unwrap_err(), SecretError::KeyLength(2));
        assert_eq!(Key::from_hex("").unwrap_err(), SecretError::KeyLength(0));
        assert_eq!(Key::from_hex("0").unwrap_err(), SecretError::NotHex);
        assert_eq!(Key::from_hex(&"zz".repeat(32)).unwrap_err(), SecretError::NotHex);
        assert_eq!(Key::from_hex(&"00".repeat(32)).unwrap_err(), SecretError::Placeholder);
        assert_eq!(Salt::from_hex("00010203").unwrap_err(), SecretError::SaltLength(4));
        assert!(Salt::from_hex("000102030405060708090a0b0c0d0e0f").is_ok());
    }

    #[test]
    fn nothing_shows_a_secret() {
        let secrets = Secrets { key: Key::from_hex(HEX).ok(), salt: Salt::from_hex(HEX).ok() };
        assert_eq!(format!("{secrets:?}"), "Secrets { key: Some(Key(..)), salt: Some(Salt(..)) }");
        assert!(!Key::from_hex(HEX.trim_start_matches("00")).unwrap_err().to_string().contains("0102"));
    }

    /// The expected value is from Python's `hmac` module.
    #[test]
    fn the_mac_is_hmac_sha_256() {
        let mac = Key::from_hex(HEX).unwrap().mac(&[b"mobile", b"\0", b"13812345678"]);
        let hex: String = mac.iter().map(|b| format!("{b:02x}")).collect();
        assert_eq!(hex, "7d566b64c42b4fe3af935d991dca8f4a1b1b48a5cc06ee20f7ae130b53ca0d01");
    }
}

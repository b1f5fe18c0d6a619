//! Keys and their names. A key is 32 secret bytes for any suite; its name says nothing about it and may stand in a log.

use std::fmt;
use std::str::FromStr;

use zeroize::Zeroizing;

use crate::encoding::HEX;
use crate::random::{NoRandomness, random};

/// Bytes of a key: what XChaCha20-Poly1305 and XAES-256-GCM take, and SM4-GCM derives from.
pub(crate) const KEY_BYTES: usize = 32;

/// The name of a key: 16 random bytes, printed as 32 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyRef(pub [u8; 16]);

/// Not 32 lower-case hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a key reference has 32 hexadecimal digits in lower case")]
pub struct BadKeyRef;

impl KeyRef {
    /// A name no other key has.
    ///
    /// # Errors
    /// The system gives no random bytes.
    pub fn random() -> Result<Self, NoRandomness> {
        Ok(Self(*random()?))
    }
}

impl fmt::Display for KeyRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&HEX.encode(&self.0))
    }
}

impl fmt::Debug for KeyRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyRef({self})")
    }
}

impl FromStr for KeyRef {
    type Err = BadKeyRef;

    fn from_str(text: &str) -> Result<Self, BadKeyRef> {
        let bytes = HEX.decode(text).ok_or(BadKeyRef)?;
        bytes.as_slice().try_into().map(Self).map_err(|_| BadKeyRef)
    }
}

/// A secret key with its name. Wiped when dropped; it prints only its name, and leaves this crate only wrapped.
pub struct DataKey {
    reference: KeyRef,
    secret: Zeroizing<[u8; KEY_BYTES]>,
}

impl DataKey {
    /// A fresh random key.
    ///
    /// # Errors
    /// The system gives no random bytes.
    pub fn generate() -> Result<Self, NoRandomness> {
        Ok(Self { reference: KeyRef::random()?, secret: random()? })
    }

    /// A key that was unwrapped.
    pub(crate) fn from_parts(reference: KeyRef, secret: Zeroizing<[u8; KEY_BYTES]>) -> Self {
        Self { reference, secret }
    }

    /// Its name.
    #[must_use]
    pub fn reference(&self) -> KeyRef {
        self.reference
    }

    pub(crate) fn secret(&self) -> &[u8; KEY_BYTES] {
        &self.secret
    }
}

impl fmt::Debug for DataKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DataKey({})", self.reference)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_is_read_as_it_is_printed() {
        let reference = KeyRef([0xab; 16]);
        assert_eq!(reference.to_string(), "ab".repeat(16));
        assert_eq!(reference.to_string().parse(), Ok(reference));
        for text in ["", "ab", &"AB".repeat(16), &"ab".repeat(17), &"ag".repeat(16)] {
            assert_eq!(text.parse::<KeyRef>(), Err(BadKeyRef), "{text}");
        }
    }

    #[test]
    fn a_key_prints_its_name_only() {
        let key = DataKey::from_parts(KeyRef([1; 16]), Zeroizing::new([0x5a; 32]));
        assert_eq!(format!("{key:?}"), format!("DataKey({})", "01".repeat(16)));
    }

    #[test]
    fn no_two_keys_are_alike() {
        let (a, b) = (DataKey::generate().unwrap(), DataKey::generate().unwrap());
        assert_ne!(a.reference(), b.reference());
        assert_ne!(a.secret(), b.secret());
    }
}

//! The registry of cipher suites: what each is called and which number stands for it in every header.
//!
//! A number is never used again for anything else. The ciphers themselves are in `cipher.rs`.

use std::fmt;

use serde::Deserialize;

/// An authenticated cipher with a key of 32 bytes and a random nonce of 24.
///
/// 24 bytes are so many that nonces may be drawn at random for ever: 2^80 messages under one key before two meet with a chance of 2^-32. AES-GCM
/// with 12 random bytes would have to count messages and change keys at 2^32 (NIST SP 800-38D, 8.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
pub enum Suite {
    /// XChaCha20-Poly1305 (draft-irtf-cfrg-xchacha-03). Its HChaCha20 already makes a key for each message of key and nonce, so nothing else is
    /// derived. Constant time without hardware help.
    #[serde(rename = "xchacha20-poly1305")]
    XChaCha20Poly1305,
    /// XAES-256-GCM (C2SP): AES-256-GCM with a key for each message, derived by AES-CMAC (NIST SP 800-108). Built of approved parts only, and the
    /// fastest where the processor has AES instructions.
    #[serde(rename = "xaes-256-gcm")]
    XAes256Gcm,
    /// SM4-GCM (GB/T 32907, RFC 8998) with a key and nonce for each message by HKDF-SM3 (RFC 5869): 国密 throughout. SM4 has keys of 128 bits, and
    /// this software uses tables, so whoever can time its cache may learn of the key; where that matters, use hardware.
    #[serde(rename = "sm4-gcm")]
    Sm4Gcm,
}

impl Suite {
    /// Every suite this version can open.
    pub const ALL: [Self; 3] = [Self::XChaCha20Poly1305, Self::XAes256Gcm, Self::Sm4Gcm];

    /// The number in headers. The high byte is 1 for the national suites (国密), 0 for the others.
    #[must_use]
    pub const fn code(self) -> u16 {
        match self {
            Self::XChaCha20Poly1305 => 0x0001,
            Self::XAes256Gcm => 0x0002,
            Self::Sm4Gcm => 0x0101,
        }
    }

    /// The suite of a number, if this version knows it.
    #[must_use]
    pub fn from_code(code: u16) -> Option<Self> {
        Self::ALL.into_iter().find(|suite| suite.code() == code)
    }

    /// The name in policies and messages.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::XChaCha20Poly1305 => "xchacha20-poly1305",
            Self::XAes256Gcm => "xaes-256-gcm",
            Self::Sm4Gcm => "sm4-gcm",
        }
    }

    /// Whether it is made of Chinese national algorithms (国密) alone.
    #[must_use]
    pub const fn is_national(self) -> bool {
        matches!(self, Self::Sm4Gcm)
    }
}

impl fmt::Display for Suite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::de::IntoDeserializer;
    use serde::de::value::{Error, StrDeserializer};

    #[test]
    fn numbers_and_names_lead_back() {
        for suite in Suite::ALL {
            assert_eq!(Suite::from_code(suite.code()), Some(suite));
            let name: StrDeserializer<'_, Error> = suite.name().into_deserializer();
            assert_eq!(Suite::deserialize(name), Ok(suite));
            assert_eq!(suite.is_national(), suite.code() >> 8 == 1);
        }
        assert_eq!((0..=u16::MAX).filter(|code| Suite::from_code(*code).is_some()).count(), Suite::ALL.len());
    }
}

//! Bearer secrets: API tokens and session ids. 256 random bits, shown once; only a SHA-256 of them is stored, so a stolen database opens nothing.
//!
//! The text is `guiju_` and 58 characters of base32 in lower case: the secret, and four bytes of checksum that let a typing error be told from a
//! revoked token without asking the database, and a scanner (`guiju_[a-z2-7]{58}`) tell a leaked token from an accident. What a token may do, and
//! until when, is the caller's.

use std::fmt;

use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::encoding::BASE32_LOWER;
use crate::random::{NoRandomness, random};

/// How every token begins.
pub const PREFIX: &str = "guiju_";
/// Characters of a token: the prefix, and 36 bytes in base32.
pub const TEXT_CHARS: usize = 6 + 58;

const SECRET_BYTES: usize = 32;
const CHECKSUM_BYTES: usize = 4;

/// Not a token: mistyped, cut short, or something else.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("is no token of guiju: mistyped or cut short; it has {TEXT_CHARS} characters and begins with {PREFIX}")]
pub struct BadToken;

/// A token. Wiped when dropped; it prints nothing.
pub struct Token(Zeroizing<[u8; SECRET_BYTES]>);

impl Token {
    /// A fresh token.
    ///
    /// # Errors
    /// The system gives no random bytes.
    pub fn generate() -> Result<Self, NoRandomness> {
        random().map(Self)
    }

    /// Reads a token as a caller presents it. A token that reads well need not be one that was ever given out.
    ///
    /// # Errors
    /// The prefix, the length, a character or the checksum is wrong.
    pub fn read(text: &str) -> Result<Self, BadToken> {
        let encoded = text.strip_prefix(PREFIX).filter(|_| text.len() == TEXT_CHARS).ok_or(BadToken)?;
        let bytes = BASE32_LOWER.decode(encoded).ok_or(BadToken)?;
        let (secret, sum) = bytes.split_first_chunk::<SECRET_BYTES>().ok_or(BadToken)?;
        if checksum(secret) == sum { Ok(Self(Zeroizing::new(*secret))) } else { Err(BadToken) }
    }

    /// The text to give to its owner, once.
    #[must_use]
    pub fn text(&self) -> Zeroizing<String> {
        let bytes = Zeroizing::new([self.0.as_slice(), &checksum(&self.0)].concat());
        let encoded = Zeroizing::new(BASE32_LOWER.encode(&bytes));
        Zeroizing::new([PREFIX, &encoded].concat())
    }

    /// What is stored, and looked up by. A plain hash does: 256 random bits cannot be guessed, as a password can.
    #[must_use]
    pub fn hash(&self) -> TokenHash {
        TokenHash(Sha256::digest(self.0.as_slice()).into())
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(..)")
    }
}

/// The SHA-256 of a token's secret; tells nothing of the token.
#[derive(Debug, Clone, Copy)]
pub struct TokenHash(pub [u8; 32]);

/// In constant time.
impl PartialEq for TokenHash {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl Eq for TokenHash {}

fn checksum(secret: &[u8; SECRET_BYTES]) -> [u8; CHECKSUM_BYTES] {
    let digest: [u8; 32] = Sha256::new_with_prefix(PREFIX).chain_update(secret).finalize().into();
    let [a, b, c, d, ..] = digest;
    [a, b, c, d]
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_token_is_read_as_it_is_shown_and_prints_nothing() {
        let token = Token::generate().unwrap();
        let text = token.text();
        assert_eq!(text.len(), TEXT_CHARS);
        assert!(text.strip_prefix(PREFIX).unwrap().bytes().all(|b| matches!(b, b'a'..=b'z' | b'2'..=b'7')));
        assert_eq!(Token::read(&text).unwrap().hash(), token.hash());
        assert_ne!(Token::generate().unwrap().hash(), token.hash());
        assert_eq!(format!("{token:?}"), "Token(..)");
    }

    /// Holds the text and the stored hash still (both computed apart, in Python): tokens that were given out must go on being read.
    #[test]
    fn the_form_is_fixed() {
        let token = Token(Zeroizing::new([7; 32]));
        assert_eq!(token.text().as_str(), "guiju_a4dqobyha4dqobyha4dqobyha4dqobyha4dqobyha4dqobyha4dxqxtoqm");
        assert_eq!(crate::digest::hex(&token.hash().0), "4bb06f8e4e3a7715d201d573d0aa423762e55dabd61a2c02278fa56cc6d294e0");
    }

    #[test]
    fn every_typing_error_is_noticed() {
        let text = Token::generate().unwrap().text();
        for at in 0..text.len() {
            for other in ['a', 'b', '7', 'A', '0', ' '] {
                let mut changed: Vec<char> = text.chars().collect();
                if std::mem::replace(&mut changed[at], other) != other {
                    assert!(Token::read(&changed.into_iter().collect::<String>()).is_err(), "{at} {other}");
                }
            }
        }
        assert!(Token::read(text.get(..TEXT_CHARS - 1).unwrap()).is_err());
        assert!(Token::read(&format!("{}a", *text)).is_err());
        assert!(Token::read(text.strip_prefix(PREFIX).unwrap()).is_err());
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_a_panic(text in "(guiju_)?\\PC{0,70}") {
            let _ = Token::read(&text);
        }
    }
}

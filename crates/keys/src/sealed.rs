//! Bytes sealed with a passphrase: a key by Argon2id (RFC 9106), XChaCha20-Poly1305 over the bytes (draft-irtf-cfrg-xchacha-03), the whole
//! header authenticated. Format: `docs/formats/sealed.md`.

use argon2::{Algorithm, Argon2, Params, Version};
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{Key, XChaCha20Poly1305, XNonce};
use zeroize::Zeroizing;

/// How a sealed file begins.
const MAGIC: &[u8; 8] = b"guiju-s1";
/// The cipher suite: XChaCha20-Poly1305 with a key of Argon2id.
const SUITE: u16 = 0x0001;
/// Memory of the key derivation, in KiB: 64 MiB, RFC 9106's second recommended option.
const MEMORY_KIB: u32 = 64 << 10;
/// Passes over that memory (the same).
const PASSES: u32 = 3;
/// Lanes (the same).
const LANES: u32 = 4;
/// Largest cost a file may ask of its reader: sixteen times ours in memory, so that a forged header cannot exhaust the machine.
const MAX_MEMORY_KIB: u32 = 1 << 20;
const MAX_PASSES: u32 = 16;
const MAX_LANES: u32 = 16;
/// Fewest characters of a passphrase (NIST SP 800-63B-4 asks 15 where it is the only factor).
pub const MIN_PASSPHRASE_CHARS: usize = 15;

const SALT: usize = 16;
const NONCE: usize = 24;
/// Magic, suite, three costs, salt, nonce.
const HEADER: usize = 8 + 2 + 12 + SALT + NONCE;

/// Why something could not be sealed or opened.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// Too short to withstand guessing.
    #[error("the passphrase has {0} characters, at least {MIN_PASSPHRASE_CHARS} are needed; four random words do")]
    ShortPassphrase(usize),
    /// The system gives no random bytes.
    #[error("the system gives no random bytes: {0}")]
    NoRandomness(String),
    /// Not in this format.
    #[error("is not sealed by guiju, or is cut short")]
    NotSealed,
    /// Another suite, or a cost no honest writer asks.
    #[error("is sealed in a way this version does not know or does not accept (suite {0:#06x})")]
    UnknownSuite(u16),
    /// The wrong passphrase, the wrong purpose, or a changed byte: nobody can tell which.
    #[error("cannot be opened: wrong passphrase, or the file was changed")]
    Refused,
}

/// Seals bytes. `purpose` says what they are (`bank`) and must be the same at opening: what was sealed as one thing cannot be passed off as another.
///
/// # Errors
/// The passphrase is too short, or the system gives no random bytes.
pub fn seal(plain: &[u8], passphrase: &str, purpose: &str) -> Result<Vec<u8>, SealError> {
    let chars = passphrase.chars().count();
    if chars < MIN_PASSPHRASE_CHARS {
        return Err(SealError::ShortPassphrase(chars));
    }
    let mut random = [0; SALT + NONCE];
    getrandom::fill(&mut random).map_err(|e| SealError::NoRandomness(e.to_string()))?;
    let mut file = Vec::with_capacity(HEADER + plain.len() + 16);
    file.extend_from_slice(MAGIC);
    file.extend_from_slice(&SUITE.to_be_bytes());
    for cost in [MEMORY_KIB, PASSES, LANES] {
        file.extend_from_slice(&cost.to_be_bytes());
    }
    file.extend_from_slice(&random);
    let header = Header::read(&file)?;
    let aad = header.authenticated(purpose);
    let sealed = header.cipher(passphrase)?.encrypt(&header.nonce, Payload { msg: plain, aad: &aad }).map_err(|_| SealError::Refused)?;
    file.extend_from_slice(&sealed);
    Ok(file)
}

/// Opens what [`seal`] made.
///
/// # Errors
/// It is something else, the passphrase or purpose is another, or a byte was changed.
pub fn open(file: &[u8], passphrase: &str, purpose: &str) -> Result<Zeroizing<Vec<u8>>, SealError> {
    let header = Header::read(file)?;
    let aad = header.authenticated(purpose);
    let sealed = file.get(HEADER..).ok_or(SealError::NotSealed)?;
    let plain = header.cipher(passphrase)?.decrypt(&header.nonce, Payload { msg: sealed, aad: &aad });
    plain.map(Zeroizing::new).map_err(|_| SealError::Refused)
}

/// Whether bytes begin like a sealed file.
#[must_use]
pub fn is_sealed(file: &[u8]) -> bool {
    file.starts_with(MAGIC)
}

struct Header<'a> {
    bytes: &'a [u8],
    params: Params,
    salt: &'a [u8],
    nonce: XNonce,
}

impl<'a> Header<'a> {
    fn read(file: &'a [u8]) -> Result<Self, SealError> {
        let bytes = file.get(..HEADER).filter(|bytes| is_sealed(bytes)).ok_or(SealError::NotSealed)?;
        let number = |at: usize| bytes.get(at..at + 4).and_then(|four| four.try_into().ok()).map_or(0, u32::from_be_bytes);
        let suite = (number(8) >> 16) as u16;
        let (memory, passes, lanes) = (number(10), number(14), number(18));
        let bearable = memory <= MAX_MEMORY_KIB && passes <= MAX_PASSES && lanes <= MAX_LANES;
        let params = Params::new(memory, passes, lanes, Some(32)).ok().filter(|_| suite == SUITE && bearable);
        let nonce: [u8; NONCE] = bytes.get(HEADER - NONCE..).and_then(|nonce| nonce.try_into().ok()).ok_or(SealError::NotSealed)?;
        let salt = bytes.get(22..22 + SALT).ok_or(SealError::NotSealed)?;
        Ok(Self { bytes, params: params.ok_or(SealError::UnknownSuite(suite))?, salt, nonce: nonce.into() })
    }

    fn authenticated(&self, purpose: &str) -> Vec<u8> {
        [self.bytes, purpose.as_bytes()].concat()
    }

    fn cipher(&self, passphrase: &str) -> Result<XChaCha20Poly1305, SealError> {
        let mut key = Zeroizing::new([0_u8; 32]);
        let argon = Argon2::new(Algorithm::Argon2id, Version::V0x13, self.params.clone());
        argon.hash_password_into(passphrase.as_bytes(), self.salt, key.as_mut_slice()).map_err(|_| SealError::Refused)?;
        Ok(XChaCha20Poly1305::new(&Key::from(*key)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PASS: &str = "correct horse battery";

    #[test]
    fn what_is_sealed_opens_with_the_same_words_only() {
        let sealed = seal("题库".as_bytes(), PASS, "bank").unwrap();
        assert!(is_sealed(&sealed) && !sealed.windows(6).any(|w| w == "题库".as_bytes()));
        assert_eq!(open(&sealed, PASS, "bank").unwrap().as_slice(), "题库".as_bytes());
        assert_eq!(open(&sealed, "correct horse staple", "bank"), Err(SealError::Refused));
        assert_eq!(open(&sealed, PASS, "backup"), Err(SealError::Refused));
        assert_ne!(seal(b"", PASS, "bank").unwrap(), seal(b"", PASS, "bank").unwrap());
    }

    #[test]
    fn every_changed_byte_is_noticed() {
        let sealed = seal(b"x", PASS, "bank").unwrap();
        // Salt, nonce, text and tag; costs that are still bearable make another key.
        for at in [8, 13, 25, 40, HEADER, sealed.len() - 1] {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert!(open(&changed, PASS, "bank").is_err(), "{at}");
        }
        for cut in [0, 7, HEADER - 1, HEADER, sealed.len() - 1] {
            assert!(open(&sealed[..cut], PASS, "bank").is_err());
        }
    }

    #[test]
    fn a_forged_cost_is_refused_before_it_is_paid() {
        let mut sealed = seal(b"x", PASS, "bank").unwrap();
        sealed[10] = 0xff;
        assert_eq!(open(&sealed, PASS, "bank"), Err(SealError::UnknownSuite(1)));
    }

    #[test]
    fn a_short_passphrase_is_refused() {
        assert_eq!(seal(b"x", "secret", "bank"), Err(SealError::ShortPassphrase(6)));
    }
}

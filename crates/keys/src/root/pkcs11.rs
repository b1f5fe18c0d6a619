//! A root key in a PKCS#11 token: a smart card, a hardware module, a cipher card. An AES-256 key that cannot be taken out wraps by AES-GCM inside the token.
//! Format: `docs/formats/envelope.md`.
//!
//! The token is named by its label, the key by its own; both are unique or nothing is done. The deployer's library (the module) is loaded when the root is
//! opened; it runs in this process, so whoever may replace that file may do all that this process may. A session is opened for each call and closed after it:
//! calls are rare, and a token that was unplugged meanwhile is found again.

use std::fmt;
use std::path::{Path, PathBuf};

use cryptoki::context::{CInitializeArgs, CInitializeFlags, Function, Pkcs11};
use cryptoki::error::{Error, RvError};
use cryptoki::mechanism::Mechanism;
use cryptoki::mechanism::aead::GcmParams;
use cryptoki::object::{Attribute, AttributeType, KeyType, ObjectClass, ObjectHandle};
use cryptoki::session::{Session, UserType};
use cryptoki::slot::Slot;
use cryptoki::types::AuthPin;
use zeroize::Zeroizing;

use super::{Root, RootError};
use crate::key::KEY_BYTES;
use crate::random::random;

/// How what a token wrapped begins.
const MAGIC: &[u8; 8] = b"guiju-p1";
/// Nonce of AES-GCM (NIST SP 800-38D). Drawn at random: a root wraps some thousand keys in its life, 2^32 are allowed.
const NONCE_BYTES: usize = 12;
/// Tag of AES-GCM.
const TAG_BITS: u64 = 128;

/// Where a root key lies. Nothing of it is secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// The library that speaks to the token (`libsofthsm2.so`).
    pub module: PathBuf,
    /// Label of the token.
    pub token: String,
    /// Label of the key.
    pub key: String,
}

/// A root key in a token. It prints no PIN.
pub struct Pkcs11Root {
    at: Token,
    pin: AuthPin,
    context: Pkcs11,
}

impl Pkcs11Root {
    /// Makes the key, which must not be there yet.
    ///
    /// # Errors
    /// The library or the token is not there, the PIN is wrong, or there is a key of this label already.
    pub fn create(at: Token, pin: Zeroizing<String>) -> Result<Self, RootError> {
        let root = Self::load(at, &pin)?;
        let session = root.session(true)?;
        if !root.keys(&session)?.is_empty() {
            return Err(root.says("there is a key of this label already; what it wrapped needs it".to_owned()));
        }
        session.generate_key(&Mechanism::AesKeyGen, &root.template()).map_err(|e| root.failed(&e))?;
        root.key(&session)?;
        drop(session);
        Ok(root)
    }

    /// Finds the key, and that it cannot be taken out of the token.
    ///
    /// # Errors
    /// The library, the token or the key is not there, is there twice, or can be taken out; or the PIN is wrong.
    pub fn open(at: Token, pin: Zeroizing<String>) -> Result<Self, RootError> {
        let root = Self::load(at, &pin)?;
        root.key(&root.session(false)?)?;
        Ok(root)
    }

    /// Whether there is a key of this label.
    ///
    /// # Errors
    /// The library or the token is not there, or the PIN is wrong.
    pub fn is_there(at: Token, pin: Zeroizing<String>) -> Result<bool, RootError> {
        let root = Self::load(at, &pin)?;
        let session = root.session(false)?;
        Ok(!root.keys(&session)?.is_empty())
    }

    fn load(at: Token, pin: &str) -> Result<Self, RootError> {
        let name = name(&at);
        let context = Pkcs11::new(&at.module).map_err(|e| RootError::Token { root: name, reason: shown(&e, &at.module) })?;
        let root = Self { at, pin: AuthPin::from(pin), context };
        match root.context.initialize(CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK)) {
            // Another root of this process has loaded the same library: it is the same one.
            Ok(()) | Err(Error::Pkcs11(RvError::CryptokiAlreadyInitialized, _)) => Ok(root),
            Err(error) => Err(root.failed(&error)),
        }
    }

    fn session(&self, writing: bool) -> Result<Session, RootError> {
        let slot = self.slot()?;
        let opened = if writing { self.context.open_rw_session(slot) } else { self.context.open_ro_session(slot) };
        let session = opened.map_err(|e| self.failed(&e))?;
        match session.login(UserType::User, Some(&self.pin)) {
            // Who is signed in is so for the whole process.
            Ok(()) | Err(Error::Pkcs11(RvError::UserAlreadyLoggedIn, _)) => Ok(session),
            Err(error) => Err(self.failed(&error)),
        }
    }

    fn slot(&self) -> Result<Slot, RootError> {
        let slots = self.context.get_slots_with_initialized_token().map_err(|e| self.failed(&e))?;
        let mut labels = Vec::new();
        for slot in slots {
            let info = self.context.get_token_info(slot).map_err(|e| self.failed(&e))?;
            labels.push((info.label().trim_end().to_owned(), slot));
        }
        let found: Vec<Slot> = labels.iter().filter(|(label, _)| *label == self.at.token).map(|(_, slot)| *slot).collect();
        match found.as_slice() {
            [slot] => Ok(*slot),
            [] => {
                let there: Vec<&str> = labels.iter().map(|(label, _)| label.as_str()).collect();
                Err(self.says(format!("there is no token of this label; those that are there: {}", there.join(", "))))
            }
            _ => Err(self.says("several tokens have this label; take one out, or give it another".to_owned())),
        }
    }

    fn keys(&self, session: &Session) -> Result<Vec<ObjectHandle>, RootError> {
        let wanted =
            [Attribute::Class(ObjectClass::SECRET_KEY), Attribute::Token(true), Attribute::Label(self.at.key.clone().into_bytes())];
        session.find_objects(&wanted).map_err(|e| self.failed(&e))
    }

    /// The key: one, of AES, and bound to the token.
    fn key(&self, session: &Session) -> Result<ObjectHandle, RootError> {
        let key = match self.keys(session)?.as_slice() {
            [key] => *key,
            [] => return Err(self.says("there is no secret key of this label in the token".to_owned())),
            _ => return Err(self.says("several keys of the token have this label; give them labels of their own".to_owned())),
        };
        let asked = [AttributeType::KeyType, AttributeType::Sensitive, AttributeType::Extractable];
        let attributes = session.get_attributes(key, &asked).map_err(|e| self.failed(&e))?;
        if !attributes.contains(&Attribute::KeyType(KeyType::AES)) {
            return Err(self.says("the key of this label is none of AES".to_owned()));
        }
        if !attributes.contains(&Attribute::Sensitive(true)) || !attributes.contains(&Attribute::Extractable(false)) {
            return Err(
                self.says("the key of this label can be taken out of the token; make one that is sensitive and not extractable".to_owned())
            );
        }
        Ok(key)
    }

    fn template(&self) -> Vec<Attribute> {
        let length = Attribute::ValueLen((KEY_BYTES as u64).into());
        let label = Attribute::Label(self.at.key.clone().into_bytes());
        let bound = [Attribute::Token(true), Attribute::Private(true), Attribute::Sensitive(true), Attribute::Extractable(false)];
        let use_for = [Attribute::Encrypt(true), Attribute::Decrypt(true), Attribute::Wrap(false), Attribute::Unwrap(false)];
        [label, length].into_iter().chain(bound).chain(use_for).collect()
    }

    fn says(&self, reason: String) -> RootError {
        RootError::Token { root: name(&self.at), reason }
    }

    fn failed(&self, error: &Error) -> RootError {
        self.says(shown(error, &self.at.module))
    }
}

impl Root for Pkcs11Root {
    fn name(&self) -> String {
        name(&self.at)
    }

    fn wrap(&self, key: &[u8], context: &[u8]) -> Result<Vec<u8>, RootError> {
        let session = self.session(false)?;
        let handle = self.key(&session)?;
        let nonce: [u8; NONCE_BYTES] = *random()?;
        // A copy for the token, which may write into it; a nonce of its own would be lost, so it must be the same afterwards.
        let mut given = nonce;
        let parameters = GcmParams::new(&mut given, context, TAG_BITS.into()).map_err(|e| self.failed(&e))?;
        let sealed = session.encrypt(&Mechanism::AesGcm(parameters), handle, key).map_err(|e| self.failed(&e))?;
        if given != nonce {
            return Err(self.says("the token made a nonce of its own, which this version cannot use".to_owned()));
        }
        Ok([MAGIC.as_slice(), &nonce, &sealed].concat())
    }

    fn unwrap(&self, wrapped: &[u8], context: &[u8]) -> Result<Zeroizing<Vec<u8>>, RootError> {
        let rest = wrapped.strip_prefix(MAGIC).ok_or(RootError::Refused)?;
        let (nonce, sealed) = rest.split_first_chunk::<NONCE_BYTES>().ok_or(RootError::Refused)?;
        let session = self.session(false)?;
        let handle = self.key(&session)?;
        let mut nonce = *nonce;
        let parameters = GcmParams::new(&mut nonce, context, TAG_BITS.into()).map_err(|e| self.failed(&e))?;
        session.decrypt(&Mechanism::AesGcm(parameters), handle, sealed).map(Zeroizing::new).map_err(|error| match error {
            Error::Pkcs11(reason, Function::Decrypt) if is_refusal(reason) => RootError::Refused,
            error => self.failed(&error),
        })
    }

    /// Wraps and unwraps something worthless: nothing less shows that library, token, PIN and key all work.
    fn health(&self) -> Result<(), RootError> {
        let (text, context) = (b"health", b"guiju health");
        let back = self.unwrap(&self.wrap(text, context)?, context)?;
        if back.as_slice() == text { Ok(()) } else { Err(RootError::Refused) }
    }
}

impl fmt::Debug for Pkcs11Root {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Pkcs11Root({})", name(&self.at))
    }
}

fn name(at: &Token) -> String {
    format!("PKCS#11 key {} in token {}", at.key, at.token)
}

/// What tokens say to a ciphertext that they did not make. SoftHSM and others say the general error; the call that finds out is the decryption itself.
const fn is_refusal(reason: RvError) -> bool {
    use RvError::{EncryptedDataInvalid, EncryptedDataLenRange, GeneralError};
    matches!(reason, EncryptedDataInvalid | EncryptedDataLenRange | GeneralError)
}

/// The library's errors recite the standard; those that people meet are said shortly.
fn shown(error: &Error, module: &Path) -> String {
    match error {
        Error::LibraryLoading(error) => format!("{} cannot be loaded: {error}", module.display()),
        Error::Pkcs11(RvError::PinIncorrect, _) => "the PIN is wrong; a token locks itself after some wrong ones".to_owned(),
        Error::Pkcs11(RvError::PinLocked, _) => "the PIN is locked; the token's security officer unlocks it".to_owned(),
        Error::Pkcs11(RvError::UserPinNotInitialized, _) => "the token has no user PIN yet".to_owned(),
        Error::Pkcs11(reason, function) => format!("{function} failed: {reason:?}"),
        error => error.to_string(),
    }
}

#[cfg(test)]
mod tests;

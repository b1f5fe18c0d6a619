//! A root that is an age identity (c2sp.org/age, X25519): a file that the deployer keeps where other age identities are kept. Format: `docs/formats/envelope.md`.
//!
//! The identity file is made once and never overwritten. It may be protected by a passphrase, as age does that (scrypt); which recipient belongs to the store is
//! public and stands beside it, so that another identity is refused by name and not by its failure.
//!
//! Whoever knows a recipient can encrypt to it, and recipients are public. So what is wrapped also holds a keyed hash that only the identity can make: nobody
//! who can write to the database puts a tenant key of their own in the place of the store's.

use std::fmt;
use std::path::{Path, PathBuf};

use ::age::secrecy::{ExposeSecret, SecretString};
use ::age::x25519::{Identity, Recipient};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::file::{file_error, not_made, read, sync_folder, write_new};
use super::{Root, RootError};
use crate::derive;
use crate::digest::sha256;
use crate::key::{DataKey, KeyRef};
use crate::sealed::{MIN_PASSPHRASE_CHARS, SealError};

/// What the key of the keyed hash is derived with.
const TAG_LABEL: &[u8] = b"guiju-r1 age tag";
/// Cost of a new identity file's passphrase: 2^18, as age itself has it; 256 MiB of memory. (The crate measures the machine first, by a clock; what it finds
/// is not used.)
const SCRYPT_LOG_N: u8 = 18;
/// Largest cost that a file may ask of its reader: 1 GiB of memory, as of sealed files.
const MAX_SCRYPT_LOG_N: u8 = 20;
/// Most bytes of a wrapped key that are looked at; ours have 264.
const MAX_WRAPPED_BYTES: usize = 4096;

/// An age identity, held in memory. It prints only its recipient and where it came from.
pub struct AgeRoot {
    path: PathBuf,
    identity: Identity,
    /// Not a key of data: the key of the keyed hash.
    tag: DataKey,
}

impl AgeRoot {
    /// Makes an identity and its file, protected by a passphrase if there is one. A crash before the end leaves no file, or one that is whole.
    ///
    /// # Errors
    /// The passphrase is too short, the file exists, or it cannot be written.
    pub fn create(path: &Path, passphrase: Option<&str>) -> Result<Self, RootError> {
        let identity = Identity::generate();
        let secret = identity.to_string();
        let text = Zeroizing::new(format!("# public key: {}\n{}\n", identity.to_public(), secret.expose_secret()));
        let file = match passphrase {
            Some(passphrase) => protect(&text, passphrase).map_err(|reason| sealed(path, reason))?,
            None => Zeroizing::new(text.as_bytes().to_vec()),
        };
        write_new(path, &file).map_err(|e| not_made(path, &e))?;
        sync_folder(path).map_err(|e| file_error(path, &e))?;
        Ok(Self::of(path, identity))
    }

    /// Opens an identity file, as `age-keygen` writes it: plain, or encrypted with a passphrase. With `recipient` the identity of that recipient is taken;
    /// without, the file must hold exactly one.
    ///
    /// # Errors
    /// There is no such file, it holds no identity or not that one, or the passphrase is missing or wrong.
    pub fn open(path: &Path, passphrase: Option<&str>, recipient: Option<&str>) -> Result<Self, RootError> {
        let wrong = |reason: String| RootError::Identity { path: path.to_owned(), reason };
        let bytes = read(path).map_err(|e| file_error(path, &e))?;
        let plain = if is_encrypted(&bytes) {
            let passphrase = passphrase.ok_or_else(|| wrong("is protected by a passphrase, and none was given".to_owned()))?;
            unprotect(&bytes, passphrase).map_err(|reason| sealed(path, reason))?
        } else {
            bytes
        };
        let identities = identities(&plain).map_err(wrong)?;
        let found: Vec<&Identity> =
            identities.iter().filter(|identity| recipient.is_none_or(|wanted| identity.to_public().to_string() == wanted)).collect();
        match (found.as_slice(), recipient) {
            ([identity], _) => Ok(Self::of(path, (*identity).clone())),
            ([], Some(recipient)) => Err(wrong(format!("holds no identity of {recipient}, which wraps the keys of this store"))),
            ([], None) => Err(wrong("holds no X25519 identity (AGE-SECRET-KEY-1...)".to_owned())),
            (_, _) => Err(wrong("holds more than one identity; put the one that is meant into a file of its own".to_owned())),
        }
    }

    /// The public half, which names this root: `age1...`.
    #[must_use]
    pub fn recipient(&self) -> String {
        self.identity.to_public().to_string()
    }

    fn of(path: &Path, identity: Identity) -> Self {
        let secret = Zeroizing::new([TAG_LABEL, identity.to_string().expose_secret().as_bytes()].concat());
        let tag = DataKey::from_parts(KeyRef([0; 16]), Zeroizing::new(sha256(&secret)));
        Self { path: path.to_owned(), identity, tag }
    }

    /// Only who has the identity can make it. The length keeps context and key apart.
    fn tag(&self, key: &[u8], context: &[u8]) -> [u8; 32] {
        let length = (context.len() as u64).to_be_bytes();
        derive::tag(&self.tag, &Zeroizing::new([length.as_slice(), context, key].concat()))
    }
}

impl Root for AgeRoot {
    fn name(&self) -> String {
        format!("age recipient {}", self.identity.to_public())
    }

    fn wrap(&self, key: &[u8], context: &[u8]) -> Result<Vec<u8>, RootError> {
        let plain = Zeroizing::new([self.tag(key, context).as_slice(), key].concat());
        let recipient: Recipient = self.identity.to_public();
        ::age::encrypt(&recipient, &plain).map_err(|e| RootError::Identity { path: self.path.clone(), reason: e.to_string() })
    }

    fn unwrap(&self, wrapped: &[u8], context: &[u8]) -> Result<Zeroizing<Vec<u8>>, RootError> {
        if wrapped.len() > MAX_WRAPPED_BYTES {
            return Err(RootError::Refused);
        }
        let plain = ::age::decrypt(&self.identity, wrapped).map(Zeroizing::new).map_err(|_| RootError::Refused)?;
        let (tag, key) = plain.split_first_chunk::<32>().ok_or(RootError::Refused)?;
        if bool::from(tag.ct_eq(&self.tag(key, context))) { Ok(Zeroizing::new(key.to_vec())) } else { Err(RootError::Refused) }
    }

    /// The identity is in memory, so this asks whether its file could be read again at the next start.
    fn health(&self) -> Result<(), RootError> {
        read(&self.path).map(drop).map_err(|e| file_error(&self.path, &e))
    }
}

impl fmt::Debug for AgeRoot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AgeRoot({}, {})", self.identity.to_public(), self.path.display())
    }
}

fn sealed(path: &Path, reason: SealError) -> RootError {
    RootError::Sealed { path: path.to_owned(), reason }
}

/// Whether a file is an age file, binary or armoured, and no list of identities.
fn is_encrypted(bytes: &[u8]) -> bool {
    bytes.starts_with(b"age-encryption.org/") || bytes.starts_with(b"-----BEGIN AGE ENCRYPTED FILE-----")
}

fn protect(text: &str, passphrase: &str) -> Result<Zeroizing<Vec<u8>>, SealError> {
    let chars = passphrase.chars().count();
    if chars < MIN_PASSPHRASE_CHARS {
        return Err(SealError::ShortPassphrase(chars));
    }
    let mut recipient = ::age::scrypt::Recipient::new(SecretString::from(passphrase));
    recipient.set_work_factor(SCRYPT_LOG_N);
    ::age::encrypt(&recipient, text.as_bytes()).map(Zeroizing::new).map_err(|_| SealError::Refused)
}

fn unprotect(bytes: &[u8], passphrase: &str) -> Result<Zeroizing<Vec<u8>>, SealError> {
    let mut identity = ::age::scrypt::Identity::new(SecretString::from(passphrase));
    identity.set_max_work_factor(MAX_SCRYPT_LOG_N);
    ::age::decrypt(&identity, bytes).map(Zeroizing::new).map_err(|_| SealError::Refused)
}

/// The identities of a file: one a line, comments begin with `#`.
fn identities(plain: &[u8]) -> Result<Vec<Identity>, String> {
    let text = std::str::from_utf8(plain).map_err(|_| "is no identity file of age: it is not text".to_owned())?;
    let lines = (1..).zip(text.lines().map(str::trim)).filter(|(_, line)| !line.is_empty() && !line.starts_with('#'));
    // The line itself may be a secret, mistyped: it is not shown.
    lines.map(|(number, line)| line.parse().map_err(|e| format!("line {number} is no X25519 identity of age: {e}"))).collect()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::root::folder::Folder;
    use crate::root::{unwrap_key, wrap_key};

    const PASSPHRASE: &str = "correct horse battery";
    /// Of the age specification's authors' own tests, so that nobody takes it for a secret of ours.
    const KNOWN: &str = "AGE-SECRET-KEY-1GQ9778VQXMMJVE8SK7J6VT8UJ4HDQAJUVSFCWCM02D8GEWQ72PVQ2Y5J33";
    const KNOWN_RECIPIENT: &str = "age1t7rxyev2z3rw82stdlrrepyc39nvn86l5078zqkf5uasdy86jp6svpy7pa";

    #[test]
    fn a_root_made_once_opens_and_gives_keys_back() {
        let folder = Folder::new("age-made");
        let path = folder.0.join("identity");
        let root = AgeRoot::create(&path, None).unwrap();
        let tenant = DataKey::generate().unwrap();
        let wrapped = wrap_key(&root, &tenant, "tenant").unwrap();
        let again = AgeRoot::open(&path, None, Some(&root.recipient())).unwrap();
        assert_eq!(unwrap_key(&again, tenant.reference(), "tenant", &wrapped).unwrap().secret(), tenant.secret());
        assert_eq!(unwrap_key(&again, tenant.reference(), "backup", &wrapped).unwrap_err(), RootError::Refused);
        assert_eq!(unwrap_key(&again, KeyRef([0; 16]), "tenant", &wrapped).unwrap_err(), RootError::Refused);
        assert_eq!(again.health(), Ok(()));
        assert_eq!(AgeRoot::create(&path, None).unwrap_err(), RootError::Exists(path.clone()));
        let shown = format!("{again:?} {}", again.name());
        assert!(shown.contains("age1") && !shown.contains("AGE-SECRET"), "{shown}");
        fs::remove_file(&path).unwrap();
        assert!(matches!(again.health(), Err(RootError::File { .. })));
    }

    #[test]
    fn every_changed_byte_and_every_cut_is_refused() {
        let folder = Folder::new("age-changed");
        let root = AgeRoot::create(&folder.0.join("identity"), None).unwrap();
        let wrapped = root.wrap(&[7; 32], b"context").unwrap();
        assert_eq!(root.unwrap(&wrapped, b"context").unwrap().as_slice(), [7; 32]);
        for at in 0..wrapped.len() {
            let mut changed = wrapped.clone();
            changed[at] ^= 1;
            assert_eq!(root.unwrap(&changed, b"context"), Err(RootError::Refused), "byte {at}");
            assert_eq!(root.unwrap(&wrapped[..at], b"context"), Err(RootError::Refused), "cut at {at}");
        }
        assert_eq!(root.unwrap(&vec![b'a'; MAX_WRAPPED_BYTES + 1], b""), Err(RootError::Refused));
        let other = AgeRoot::create(&folder.0.join("other"), None).unwrap();
        assert_eq!(other.unwrap(&wrapped, b"context"), Err(RootError::Refused));
    }

    /// The recipient is public: whoever can write to the database knows it.
    #[test]
    fn what_somebody_else_encrypted_to_the_recipient_is_refused() {
        let folder = Folder::new("age-forged");
        let root = AgeRoot::create(&folder.0.join("identity"), None).unwrap();
        let recipient: Recipient = root.recipient().parse().unwrap();
        for plain in [vec![9; 64], [root.tag(&[9; 32], b"another").as_slice(), &[9; 32]].concat(), vec![9; 10]] {
            let forged = ::age::encrypt(&recipient, &plain).unwrap();
            assert_eq!(root.unwrap(&forged, b"context"), Err(RootError::Refused));
        }
    }

    #[test]
    fn a_passphrase_protects_the_file_as_age_does() {
        let folder = Folder::new("age-passphrase");
        let path = folder.0.join("identity");
        let short = AgeRoot::create(&path, Some("short")).unwrap_err();
        assert_eq!(short, RootError::Sealed { path: path.clone(), reason: SealError::ShortPassphrase(5) });
        let root = AgeRoot::create(&path, Some(PASSPHRASE)).unwrap();
        let file = fs::read(&path).unwrap();
        assert!(file.starts_with(b"age-encryption.org/v1\n-> scrypt ") && !file.windows(10).any(|w| w == b"AGE-SECRET"));
        assert_eq!(AgeRoot::open(&path, Some(PASSPHRASE), None).unwrap().recipient(), root.recipient());
        let reason = SealError::Refused;
        assert_eq!(AgeRoot::open(&path, Some("another passphrase"), None).unwrap_err(), RootError::Sealed { path: path.clone(), reason });
        let none = AgeRoot::open(&path, None, None).unwrap_err().to_string();
        assert!(none.contains("protected by a passphrase"), "{none}");
    }

    #[test]
    fn identity_files_of_others_are_read_and_what_is_none_is_refused() {
        let folder = Folder::new("age-files");
        let path = folder.0.join("identity");
        let open = |text: &str, recipient: Option<&str>| {
            fs::write(&path, text).unwrap();
            AgeRoot::open(&path, None, recipient).map(|root| root.recipient()).map_err(|error| error.to_string())
        };
        let keygen = format!("# created: 2026-11-22T10:00:00+08:00\n# public key: {KNOWN_RECIPIENT}\n{KNOWN}\n");
        assert_eq!(open(&keygen, None), Ok(KNOWN_RECIPIENT.to_owned()));
        let two = format!("{keygen}{}\n", Identity::generate().to_string().expose_secret());
        assert_eq!(open(&two, Some(KNOWN_RECIPIENT)), Ok(KNOWN_RECIPIENT.to_owned()));
        let cases = [
            (two.as_str(), None, "more than one identity"),
            (keygen.as_str(), Some("age1other"), "no identity of age1other"),
            ("# nothing\n\n", None, "no X25519 identity"),
            ("\nAGE-SECRET-KEY-1WRONG\n", None, "line 2 is no X25519 identity"),
            (KNOWN_RECIPIENT, None, "line 1 is no X25519 identity"),
        ];
        for (text, recipient, said) in cases {
            let refused = open(text, recipient).unwrap_err();
            assert!(refused.contains(said) && !refused.contains("WRONG"), "{refused}");
        }
        fs::write(&path, [0xff, 0xfe]).unwrap();
        assert!(AgeRoot::open(&path, None, None).unwrap_err().to_string().contains("not text"));
        assert!(matches!(AgeRoot::open(&folder.0.join("none"), None, None), Err(RootError::File { .. })));
    }

    #[cfg(unix)]
    #[test]
    fn only_the_owner_may_read_the_file() {
        use std::os::unix::fs::PermissionsExt;
        let folder = Folder::new("age-mode");
        let path = folder.0.join("identity");
        AgeRoot::create(&path, None).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }
}

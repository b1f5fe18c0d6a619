//! A root key in a file that a passphrase opens. Format: `docs/formats/envelope.md`.
//!
//! The file is made once and never overwritten: who loses it, or the passphrase, has lost all that is sealed. After a change of passphrase old
//! copies of the file still open with the old passphrase; the root key itself is the same.

use std::fmt;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::file::{file_error, not_made, read, sync_folder, write_new};
use super::{Root, RootError};
use crate::envelope;
use crate::key::{DataKey, KEY_BYTES, KeyRef};
use crate::sealed::{self, SealError};
use crate::suite::Suite;

/// What it is sealed as.
const PURPOSE: &str = "root";
/// The root's own wrappings: few and small, so the suite that needs nothing of the hardware. National deployments keep the root in a device.
const SUITE: Suite = Suite::XChaCha20Poly1305;

/// A root key, held in memory. It prints only where it came from.
pub struct PassphraseRoot {
    path: PathBuf,
    key: DataKey,
}

impl PassphraseRoot {
    /// Makes a root key and its file.
    ///
    /// Steps: the file is made, exclusively and for its owner only; written; synced; its folder synced. A crash before the end leaves no file, or one
    /// that does not open and that nothing was wrapped with; delete it and begin again.
    ///
    /// # Errors
    /// The passphrase is too short, the file exists, or it cannot be written.
    pub fn create(path: &Path, passphrase: &str) -> Result<Self, RootError> {
        let key = DataKey::generate()?;
        let sealed = seal(path, &key, passphrase)?;
        write_new(path, &sealed).map_err(|e| not_made(path, &e))?;
        sync_folder(path).map_err(|e| file_error(path, &e))?;
        Ok(Self { path: path.to_owned(), key })
    }

    /// Opens the file.
    ///
    /// # Errors
    /// There is none, it is something else, or the passphrase is wrong.
    pub fn open(path: &Path, passphrase: &str) -> Result<Self, RootError> {
        let wrong = |reason| RootError::Sealed { path: path.to_owned(), reason };
        let bytes = read(path).map_err(|e| file_error(path, &e))?;
        let plain = sealed::open(&bytes, passphrase, PURPOSE).map_err(wrong)?;
        let (reference, secret) = plain.split_first_chunk().ok_or(wrong(SealError::NotSealed))?;
        let secret: &[u8; KEY_BYTES] = secret.try_into().map_err(|_| wrong(SealError::NotSealed))?;
        Ok(Self { path: path.to_owned(), key: DataKey::from_parts(KeyRef(*reference), Zeroizing::new(*secret)) })
    }

    /// Seals the same root key with another passphrase.
    ///
    /// Steps: a new file is made beside the old one, exclusively, so that two changes cannot mix; written; synced; put in the old one's place, which
    /// is one act; the folder synced. A crash before that act leaves the old file and the old passphrase (and the file beside it, to be deleted),
    /// after it the new.
    ///
    /// # Errors
    /// The old passphrase is wrong, the new one too short, another change is under way, or the file cannot be written.
    pub fn change_passphrase(path: &Path, old: &str, new: &str) -> Result<(), RootError> {
        let root = Self::open(path, old)?;
        let sealed = seal(path, &root.key, new)?;
        let mut beside = path.as_os_str().to_owned();
        beside.push(".new");
        let beside = PathBuf::from(beside);
        write_new(&beside, &sealed).map_err(|e| match e.kind() {
            ErrorKind::AlreadyExists => RootError::Unfinished(beside.clone()),
            _ => file_error(&beside, &e),
        })?;
        fs::rename(&beside, path).and_then(|()| sync_folder(path)).map_err(|e| file_error(path, &e))
    }

    /// The name of the root key.
    #[must_use]
    pub fn reference(&self) -> KeyRef {
        self.key.reference()
    }
}

impl Root for PassphraseRoot {
    fn name(&self) -> String {
        format!("root key file {}", self.path.display())
    }

    fn wrap(&self, key: &[u8], context: &[u8]) -> Result<Vec<u8>, RootError> {
        Ok(envelope::seal(&self.key, SUITE, context, key)?)
    }

    fn unwrap(&self, wrapped: &[u8], context: &[u8]) -> Result<Zeroizing<Vec<u8>>, RootError> {
        Ok(envelope::open(&self.key, context, wrapped)?)
    }

    /// The key is in memory, so this asks whether it could be read again at the next start.
    fn health(&self) -> Result<(), RootError> {
        let bytes = read(&self.path).map_err(|e| file_error(&self.path, &e))?;
        let sealed = sealed::is_sealed(&bytes);
        if sealed { Ok(()) } else { Err(RootError::Sealed { path: self.path.clone(), reason: SealError::NotSealed }) }
    }
}

impl fmt::Debug for PassphraseRoot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PassphraseRoot({})", self.path.display())
    }
}

fn seal(path: &Path, key: &DataKey, passphrase: &str) -> Result<Vec<u8>, RootError> {
    let plain = Zeroizing::new([key.reference().0.as_slice(), key.secret()].concat());
    sealed::seal(&plain, passphrase, PURPOSE).map_err(|reason| RootError::Sealed { path: path.to_owned(), reason })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::encoding::HEX;
    use crate::root::folder::Folder;
    use crate::root::{unwrap_key, wrap_key};

    const OLD: &str = "correct horse battery";
    const NEW: &str = "a quite different staple";
    const DOC: &str = include_str!("../../../../docs/formats/envelope.md");

    #[test]
    fn a_root_made_once_opens_and_gives_keys_back() {
        let folder = Folder::new("made");
        let path = folder.0.join("root.key");
        let root = PassphraseRoot::create(&path, OLD).unwrap();
        let tenant = DataKey::generate().unwrap();
        let wrapped = wrap_key(&root, &tenant, "tenant").unwrap();
        let again = PassphraseRoot::open(&path, OLD).unwrap();
        assert_eq!(again.reference(), root.reference());
        assert_eq!(unwrap_key(&again, tenant.reference(), "tenant", &wrapped).unwrap().secret(), tenant.secret());
        assert_eq!(unwrap_key(&again, tenant.reference(), "backup", &wrapped).unwrap_err(), RootError::Refused);
        assert_eq!(unwrap_key(&again, KeyRef([0; 16]), "tenant", &wrapped).unwrap_err(), RootError::Refused);
        assert_eq!(again.health(), Ok(()));
        assert_eq!(PassphraseRoot::create(&path, OLD).unwrap_err(), RootError::Exists(path.clone()));
        let reason = SealError::Refused;
        assert_eq!(PassphraseRoot::open(&path, NEW).unwrap_err(), RootError::Sealed { path: path.clone(), reason });
        let shown = format!("{again:?} {}", again.name());
        assert!(!shown.contains(&HEX.encode(again.key.secret())) && shown.contains("root.key"));
    }

    #[cfg(unix)]
    #[test]
    fn only_the_owner_may_read_the_file() {
        use std::os::unix::fs::PermissionsExt;
        let folder = Folder::new("mode");
        let path = folder.0.join("root.key");
        PassphraseRoot::create(&path, OLD).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        PassphraseRoot::change_passphrase(&path, OLD, NEW).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn another_passphrase_opens_the_same_root() {
        let folder = Folder::new("change");
        let path = folder.0.join("root.key");
        let reference = PassphraseRoot::create(&path, OLD).unwrap().reference();
        assert!(PassphraseRoot::change_passphrase(&path, NEW, OLD).is_err());
        PassphraseRoot::change_passphrase(&path, OLD, NEW).unwrap();
        assert_eq!(PassphraseRoot::open(&path, NEW).unwrap().reference(), reference);
        assert!(PassphraseRoot::open(&path, OLD).is_err());
        assert_eq!(fs::read_dir(&folder.0).unwrap().count(), 1);
    }

    #[test]
    fn a_change_that_was_cut_off_leaves_the_old_file() {
        let folder = Folder::new("cut");
        let path = folder.0.join("root.key");
        PassphraseRoot::create(&path, OLD).unwrap();
        let beside = folder.0.join("root.key.new");
        fs::write(&beside, b"half").unwrap();
        assert_eq!(PassphraseRoot::change_passphrase(&path, OLD, NEW), Err(RootError::Unfinished(beside.clone())));
        assert!(PassphraseRoot::open(&path, OLD).is_ok());
        fs::remove_file(&beside).unwrap();
        assert_eq!(PassphraseRoot::change_passphrase(&path, OLD, NEW), Ok(()));
    }

    #[test]
    fn what_is_no_root_key_is_refused() {
        let folder = Folder::new("other");
        let path = folder.0.join("root.key");
        assert!(matches!(PassphraseRoot::open(&path, OLD), Err(RootError::File { .. })));
        for (bytes, purpose) in [(&[0; 48][..], "bank"), (&[0; 47][..], PURPOSE), (&[0; 49][..], PURPOSE)] {
            fs::write(&path, sealed::seal(bytes, OLD, purpose).unwrap()).unwrap();
            assert!(matches!(PassphraseRoot::open(&path, OLD), Err(RootError::Sealed { .. })));
        }
        let root = PassphraseRoot { path: path.clone(), key: DataKey::generate().unwrap() };
        fs::write(&path, b"").unwrap();
        assert!(matches!(root.health(), Err(RootError::Sealed { .. })));
        fs::remove_file(&path).unwrap();
        assert!(matches!(root.health(), Err(RootError::File { .. })));
    }

    #[test]
    fn the_vector_of_the_format_page_opens() {
        let hex = DOC.split("```root-key-file\n").nth(1).unwrap().split("```").next().unwrap();
        let file = HEX.decode(&hex.split_whitespace().collect::<String>()).unwrap();
        let folder = Folder::new("vector");
        let path = folder.0.join("root.key");
        fs::write(&path, &file).unwrap();
        let root = PassphraseRoot::open(&path, OLD).unwrap();
        assert_eq!((root.reference(), root.key.secret()), (KeyRef([4; 16]), &[5; 32]));
    }
}

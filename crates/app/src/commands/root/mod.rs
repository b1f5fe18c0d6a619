//! Which root wraps the keys of a store: `root.toml` in its directory. It holds nothing secret; secrets come from files and the environment
//! ([`Secrets`]). A store from before there was such a file has a root key file alone, `root.key`. Format: `docs/formats/envelope.md`.

mod change;
mod http;
mod secrets;
mod wanted;

use std::fs::{self, File};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result, bail, ensure};
use keys::root::{AgeRoot, PassphraseRoot, Pkcs11Root, Root, Token, Transit};
use serde::{Deserialize, Serialize};

pub(super) use change::{RootCommand, run};
pub(super) use secrets::Secrets;
pub(super) use wanted::WantedRoot;

/// The root of the store.
const CURRENT: &str = "root.toml";
/// The root that a change is on its way to. While it is there, nothing but that change opens the store.
const NEXT: &str = "root.next.toml";
/// The root key file of a store without `root.toml`, and of every new one.
const KEY_FILE: &str = "root.key";
/// What stands above.
const HEAD: &str = "# Which root wraps the keys of this store. Nothing here is secret. Format: docs/formats/envelope.md\n";

/// A kind of root, and where it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase", deny_unknown_fields)]
pub(super) enum RootFile {
    /// A root key in a file of the store's directory, opened by a passphrase.
    Passphrase { file: String },
    /// An age identity; its file lies where the deployer keeps it.
    Age { recipient: String },
    /// The Transit engine of Vault or OpenBao.
    Transit { address: String, key: String },
    /// A key in a PKCS#11 token.
    Pkcs11 { module: PathBuf, token: String, key: String },
}

impl RootFile {
    /// The root of a store that is to be opened.
    pub(super) fn of(directory: &Path) -> Result<Self> {
        if let Some(next) = Self::next(directory)? {
            bail!(
                "{}: a change of the root to {next} was begun and is not finished; `guiju keys root change` goes on with it",
                directory.join(NEXT).display()
            );
        }
        Self::current(directory)?.with_context(|| {
            format!("{} has neither {CURRENT} nor {KEY_FILE}; `guiju keys init --origin NAME` makes a store", directory.display())
        })
    }

    /// The root of a store, if there is one.
    fn current(directory: &Path) -> Result<Option<Self>> {
        match Self::read(&directory.join(CURRENT))? {
            None if directory.join(KEY_FILE).exists() => Ok(Some(Self::Passphrase { file: KEY_FILE.to_owned() })),
            found => Ok(found),
        }
    }

    /// The root that a change is on its way to.
    fn next(directory: &Path) -> Result<Option<Self>> {
        Self::read(&directory.join(NEXT))
    }

    fn read(path: &Path) -> Result<Option<Self>> {
        match fs::read_to_string(path) {
            Ok(text) => toml::from_str(&text).map(Some).with_context(|| path.display().to_string()),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error).with_context(|| path.display().to_string()),
        }
    }

    /// Written beside, synced, renamed: a crash leaves the old file or the new one, never half of one.
    fn write(&self, path: &Path) -> Result<()> {
        let beside = path.with_extension("toml.new");
        let put = || -> Result<()> {
            fs::write(&beside, format!("{HEAD}{}", toml::to_string(self)?))?;
            File::open(&beside)?.sync_all()?;
            rename(&beside, path)
        };
        put().with_context(|| path.display().to_string())
    }

    /// Opens the root with what its owner shows.
    pub(super) fn open(&self, directory: &Path, secrets: &Secrets) -> Result<Arc<dyn Root>> {
        Ok(match self {
            Self::Passphrase { file } => Arc::new(PassphraseRoot::open(&key_file(directory, file)?, &secrets.passphrase()?)?),
            Self::Age { recipient } => {
                let passphrase = secrets.passphrase_if_any()?;
                Arc::new(AgeRoot::open(secrets.identity()?, passphrase.as_ref().map(|text| text.as_str()), Some(recipient))?)
            }
            Self::Transit { address, key } => Arc::new(Transit::new(address, key, secrets.transit_token()?, http::Https)?),
            Self::Pkcs11 { module, token, key } => {
                let at = Token { module: module.clone(), token: token.clone(), key: key.clone() };
                Arc::new(Pkcs11Root::open(at, secrets.pin()?)?)
            }
        })
    }
}

/// In words; `root.toml` has the same.
impl std::fmt::Display for RootFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Passphrase { file } => write!(f, "the root key file {file}"),
            Self::Age { recipient } => write!(f, "the age recipient {recipient}"),
            Self::Transit { address, key } => write!(f, "the Transit key {key} at {address}"),
            Self::Pkcs11 { token, key, .. } => write!(f, "the PKCS#11 key {key} in token {token}"),
        }
    }
}

/// The root of a new store, made where it is not there yet; of a store that is there, its own.
pub(super) fn root_for_init(directory: &Path, wanted: &WantedRoot, secrets: &Secrets) -> Result<Arc<dyn Root>> {
    if RootFile::current(directory)?.is_some() {
        let there = RootFile::of(directory)?;
        ensure!(!wanted.differs(&there), "the store has {there} as its root; `guiju keys root change` moves it to another");
        return there.open(directory, secrets);
    }
    make_directory(directory)?;
    let (file, root) = wanted.make(directory, secrets)?;
    root.health()?;
    // A crash before this leaves a root that the next try opens.
    file.write(&directory.join(CURRENT))?;
    Ok(root)
}

/// For its owner alone, if it is made here.
fn make_directory(directory: &Path) -> Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(directory).with_context(|| directory.display().to_string())
}

/// A root key file lies in the directory of the store, whatever `root.toml` says.
fn key_file(directory: &Path, file: &str) -> Result<PathBuf> {
    let plain = Path::new(file).file_name().is_some_and(|name| name == file);
    ensure!(plain, "{file:?} is no name of a root key file: it lies in the directory of the store and is named without one");
    Ok(directory.join(file))
}

/// Renames, and makes that outlast a crash.
fn rename(from: &Path, to: &Path) -> Result<()> {
    fs::rename(from, to)?;
    let folder = to.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if cfg!(unix) {
        File::open(folder)?.sync_all()?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_is_read_as_it_is_written() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join(CURRENT);
        let kinds = [
            (RootFile::Passphrase { file: "root.key".into() }, "kind = \"passphrase\"\nfile = \"root.key\"\n"),
            (RootFile::Age { recipient: "age1x".into() }, "kind = \"age\"\nrecipient = \"age1x\"\n"),
            (
                RootFile::Transit { address: "https://v:8200".into(), key: "guiju".into() },
                "kind = \"transit\"\naddress = \"https://v:8200\"\nkey = \"guiju\"\n",
            ),
            (
                RootFile::Pkcs11 { module: "/lib/p.so".into(), token: "t".into(), key: "k".into() },
                "kind = \"pkcs11\"\nmodule = \"/lib/p.so\"\ntoken = \"t\"\nkey = \"k\"\n",
            ),
        ];
        for (root, text) in kinds {
            root.write(&path).unwrap();
            assert_eq!(fs::read_to_string(&path).unwrap(), format!("{HEAD}{text}"));
            assert_eq!(RootFile::of(directory.path()).unwrap(), root);
        }
        for wrong in ["", "kind = \"sdf\"", "kind = \"age\"", "kind = \"age\"\nrecipient = \"a\"\npin = \"1\"", "kind = 7"] {
            fs::write(&path, wrong).unwrap();
            assert!(format!("{:#}", RootFile::of(directory.path()).unwrap_err()).contains(CURRENT), "{wrong}");
        }
    }

    #[test]
    fn a_store_with_a_root_key_file_alone_has_that_root() {
        let directory = tempfile::tempdir().unwrap();
        assert!(RootFile::of(directory.path()).unwrap_err().to_string().contains("guiju keys init"));
        fs::write(directory.path().join(KEY_FILE), "").unwrap();
        assert_eq!(RootFile::of(directory.path()).unwrap(), RootFile::Passphrase { file: KEY_FILE.into() });
        RootFile::Age { recipient: "age1new".into() }.write(&directory.path().join(NEXT)).unwrap();
        let refused = RootFile::of(directory.path()).unwrap_err().to_string();
        assert!(refused.contains("age1new") && refused.contains("guiju keys root change"), "{refused}");
    }

    #[test]
    fn a_root_key_file_lies_in_the_directory() {
        for wrong in ["", ".", "..", "/root.key", "../root.key", "a/b", "a/"] {
            assert!(key_file(Path::new("data"), wrong).is_err(), "{wrong}");
        }
        assert_eq!(key_file(Path::new("data"), "root-2.key").unwrap(), Path::new("data/root-2.key"));
    }
}

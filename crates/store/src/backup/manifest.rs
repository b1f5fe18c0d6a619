//! The manifest of a backup: what it holds, of when, how far each log goes, and what its parts must be. Format: `docs/formats/backup.md`.
//!
//! Only the name of the backup and its wrapped key lie in the open; the rest is sealed with that key. Nothing of it is believed before it opens, and what it says is
//! then held against the schema this program knows: no text of a manifest ever becomes part of a statement or a path.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use keys::digest::{hex, sha256, unhex};
use keys::root::{Root, unwrap_key, wrap_key};
use keys::{CipherPolicy, DataClass, DataKey, KeyRef};
use ledger::hash::Hash;
use serde::{Deserialize, Serialize};

use super::error::BackupError;
use super::part::{PartReader, PartRecord, Seal};
use super::table::{DESTROYED, GONE, LEFT_OUT, Table, tables};
use super::{Lock, What};
use crate::schema;
use crate::tenant::TenantId;

/// The file of a backup that is written last: without it there is no backup.
const FILE: &str = "manifest";

/// How a manifest begins; the last character is the version of the format.
const MAGIC: &[u8; 8] = b"guiju-b1";

/// What the backup's key is wrapped for.
const PURPOSE: &str = "backup";

/// Largest manifest: some 700 bytes for each tenant's log, so room for ninety thousand of them.
const MAX_BYTES: u64 = 64 << 20;

/// Largest wrapped key: one of a passphrase has 110 bytes, one of Transit some hundred.
const MAX_WRAPPED_BYTES: usize = 4_096;

/// What a backup holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Manifest {
    pub(super) what: What,
    /// The moment of its snapshot, ms since 1970.
    pub(super) made_ms: i64,
    /// The newest migration of its tables.
    pub(super) schema: i64,
    pub(super) base: Option<Base>,
    /// A backup of keys is deleted then, ms since 1970.
    pub(super) keep_until_ms: Option<i64>,
    pub(super) logs: Vec<LogHead>,
    pub(super) parts: Vec<PartRecord>,
}

/// The backup that an incremental one builds on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Base {
    #[serde(with = "as_text")]
    pub(super) backup: KeyRef,
    /// SHA-256 of its manifest file.
    #[serde(with = "as_hex")]
    pub(super) manifest: Hash,
}

/// How far the log of a tenant goes in a backup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LogHead {
    /// Whose log.
    #[serde(with = "as_text")]
    pub tenant: TenantId,
    /// Its name in checkpoints.
    pub origin: String,
    /// Entries.
    pub size: u64,
    /// Merkle root of them.
    #[serde(with = "as_hex")]
    pub root: Hash,
    /// Sealed segments that were there, of all entries.
    pub segments: u64,
    /// Entries that the last checkpoint speaks of.
    pub signed_size: u64,
    /// The last checkpoint (C2SP signed-note); empty before the first.
    pub checkpoint: String,
    /// The log's public key (C2SP signed-note).
    pub verifier: String,
}

/// A backup whose manifest was opened.
pub(super) struct Backup {
    pub(super) directory: PathBuf,
    pub(super) manifest: Manifest,
    pub(super) key: DataKey,
    /// SHA-256 of the manifest file.
    digest: Hash,
}

/// The tables of a backup's parts, in their order.
pub(super) fn parts_of(what: What, schema: i64) -> Vec<Table> {
    let until = |migrations: &[(i64, &'static str, &'static str)]| {
        tables(&migrations.iter().copied().filter(|(version, ..)| *version <= schema).collect::<Vec<_>>())
    };
    match what {
        What::Keys => until(schema::KEYS),
        What::Data => {
            let tables = until(schema::MAIN).into_iter().filter(|table| !LEFT_OUT.contains(&table.name));
            tables.chain([GONE, DESTROYED]).collect()
        }
    }
}

/// The newest migration of what a backup holds.
pub(super) fn newest(what: What) -> i64 {
    let migrations = match what {
        What::Data => schema::MAIN,
        What::Keys => schema::KEYS,
    };
    migrations.iter().map(|(version, ..)| *version).max().unwrap_or(0)
}

impl Manifest {
    /// Seals the manifest and writes it beside the parts.
    pub(super) fn write(&self, directory: &Path, root: &dyn Root, seal: Seal<'_>) -> Result<(), BackupError> {
        let wrapped = wrap_key(root, seal.key, PURPOSE).map_err(BackupError::key)?;
        let length = u16::try_from(wrapped.len()).ok().filter(|_| wrapped.len() <= MAX_WRAPPED_BYTES);
        let length = length.ok_or_else(|| BackupError::Key(format!("the root wraps a key in {} bytes", wrapped.len())))?;
        let mut bytes = [MAGIC.as_slice(), &seal.key.reference().0, &length.to_be_bytes(), &wrapped].concat();
        let plain = serde_json::to_vec(self).map_err(BackupError::key)?;
        let sealed = seal.policy.seal(DataClass::Backup, seal.key, &context(&bytes), &plain).map_err(BackupError::key)?;
        bytes.extend_from_slice(&sealed);
        let (new, path) = (directory.join("manifest.new"), directory.join(FILE));
        let write = || {
            let mut file = File::create_new(&new)?;
            file.write_all(&bytes)?;
            file.sync_all()?;
            fs::rename(&new, &path)?;
            File::open(directory)?.sync_all()
        };
        write().map_err(BackupError::file(&path))
    }

    /// Holds what a manifest says against what this program knows.
    fn check(&self, place: &str) -> Result<(), BackupError> {
        if self.schema > newest(self.what) {
            return Err(BackupError::Newer { place: place.to_owned(), schema: self.schema });
        }
        let tables = parts_of(self.what, self.schema);
        let same = |(table, part): (&Table, &PartRecord)| {
            table.name == part.table && table.columns.iter().map(|(name, _)| *name).eq(part.columns.iter().map(String::as_str))
        };
        let sizes = |log: &LogHead| log.size <= ledger::tile::MAX_SIZE && log.signed_size <= log.size;
        if tables.len() != self.parts.len() || !tables.iter().zip(&self.parts).all(same) || !self.logs.iter().all(sizes) {
            return Err(BackupError::damaged(place, format!("its parts are not the tables of schema {}", self.schema)));
        }
        Ok(())
    }
}

impl Backup {
    /// Opens the manifest of a backup.
    pub(super) fn open(directory: &Path, lock: &Lock<'_>) -> Result<Self, BackupError> {
        let path = directory.join(FILE);
        let mut bytes = Vec::new();
        let file = File::open(&path).map_err(BackupError::file(&path))?;
        file.take(MAX_BYTES + 1).read_to_end(&mut bytes).map_err(BackupError::file(&path))?;
        let place = path.display().to_string();
        if bytes.len() as u64 > MAX_BYTES {
            return Err(BackupError::damaged(place, format!("it has more than {MAX_BYTES} bytes")));
        }
        let (id, wrapped, sealed) =
            split(&bytes).ok_or_else(|| BackupError::damaged(&place, "it is no manifest of a backup, or is cut short"))?;
        let locked = |reason| BackupError::Locked { place: place.clone(), reason };
        let key = unwrap_key(lock.root, id, PURPOSE, wrapped).map_err(locked)?;
        let head = bytes.get(..bytes.len() - sealed.len()).unwrap_or_default();
        let plain = lock.policy.open(&key, &context(head), sealed).map_err(|error| BackupError::damaged(&place, error))?;
        let manifest: Manifest = serde_json::from_slice(&plain).map_err(|error| BackupError::damaged(&place, error))?;
        manifest.check(&place)?;
        Ok(Self { directory: directory.to_owned(), manifest, key, digest: sha256(&bytes) })
    }

    pub(super) fn id(&self) -> KeyRef {
        self.key.reference()
    }

    /// What an incremental backup that builds on this one says of it.
    pub(super) fn as_base(&self) -> Base {
        Base { backup: self.id(), manifest: self.digest }
    }

    /// Its parts, each to be read once.
    pub(super) fn parts<'a>(&'a self, policy: &'a CipherPolicy) -> impl Iterator<Item = Result<(Table, PartReader<'a>), BackupError>> {
        let seal = Seal { key: &self.key, policy };
        let tables = parts_of(self.manifest.what, self.manifest.schema).into_iter();
        tables
            .zip(&self.manifest.parts)
            .enumerate()
            .map(move |(number, (table, record))| Ok((table.clone(), PartReader::open(&self.directory, number, table, record, seal)?)))
    }

    /// The part of one table.
    pub(super) fn part<'a>(&'a self, name: &str, policy: &'a CipherPolicy) -> Result<PartReader<'a>, BackupError> {
        let tables = parts_of(self.manifest.what, self.manifest.schema).into_iter();
        let found = tables.zip(&self.manifest.parts).enumerate().find(|(_, (table, _))| table.name == name);
        let (number, (table, record)) =
            found.ok_or_else(|| BackupError::damaged(self.directory.display().to_string(), format!("it has no part {name}")))?;
        PartReader::open(&self.directory, number, table, record, Seal { key: &self.key, policy })
    }

    pub(super) fn refuse_unless(&self, what: What) -> Result<(), BackupError> {
        let place = || self.directory.join(FILE).display().to_string();
        if self.manifest.what == what {
            return Ok(());
        }
        Err(BackupError::Other { place: place(), found: self.manifest.what.word(), wanted: what.word() })
    }
}

/// Whether a directory has the backup of this name, as far as the open part of its manifest says.
pub(super) fn is_named(directory: &Path, name: KeyRef) -> bool {
    let mut head = [0; 24];
    let read = File::open(directory.join(FILE)).and_then(|mut file| file.read_exact(&mut head));
    read.is_ok() && head.strip_prefix(MAGIC) == Some(&name.0)
}

/// Name, wrapped key and sealed text of a manifest.
fn split(bytes: &[u8]) -> Option<(KeyRef, &[u8], &[u8])> {
    let rest = bytes.strip_prefix(MAGIC)?;
    let (id, rest) = rest.split_first_chunk()?;
    let (length, rest) = rest.split_first_chunk()?;
    let length = usize::from(u16::from_be_bytes(*length));
    let (wrapped, sealed) = rest.split_at_checked(length).filter(|_| length <= MAX_WRAPPED_BYTES)?;
    Some((KeyRef(*id), wrapped, sealed))
}

/// What the sealed text is bound to: all that stands before it.
fn context(head: &[u8]) -> Vec<u8> {
    [b"guiju backup manifest ".as_slice(), head].concat()
}

/// What prints and parses, as text.
mod as_text {
    use std::fmt::Display;
    use std::str::FromStr;

    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<T: Display, S: Serializer>(value: &T, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(value)
    }

    pub(super) fn deserialize<'de, T: FromStr<Err: Display>, D: Deserializer<'de>>(from: D) -> Result<T, D::Error> {
        String::deserialize(from)?.parse().map_err(D::Error::custom)
    }
}

/// A hash in hexadecimal digits.
mod as_hex {
    use super::{Hash, hex, unhex};
    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(hash: &Hash, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&hex(hash))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Hash, D::Error> {
        let text = String::deserialize(from)?;
        let hash = unhex(&text).and_then(|bytes| Hash::try_from(bytes).ok());
        hash.ok_or_else(|| D::Error::custom("a hash has 64 hexadecimal digits in lower case"))
    }
}

#[cfg(test)]
mod tests {
    use keys::root::RootError;
    use zeroize::Zeroizing;

    use super::*;

    /// A root that costs nothing and hides nothing, but notices another context.
    struct Open;

    impl Root for Open {
        fn name(&self) -> String {
            "open".to_owned()
        }

        fn wrap(&self, key: &[u8], context: &[u8]) -> Result<Vec<u8>, RootError> {
            Ok([key, &sha256(&[key, context].concat())].concat())
        }

        fn unwrap(&self, wrapped: &[u8], context: &[u8]) -> Result<Zeroizing<Vec<u8>>, RootError> {
            let key = wrapped.get(..32).ok_or(RootError::Refused)?;
            if self.wrap(key, context)? == wrapped { Ok(Zeroizing::new(key.to_vec())) } else { Err(RootError::Refused) }
        }

        fn health(&self) -> Result<(), RootError> {
            Ok(())
        }
    }

    fn manifest(key: &DataKey, directory: &Path) -> Manifest {
        let policy = CipherPolicy::default();
        let seal = Seal { key, policy: &policy };
        let write = |(number, table)| super::super::part::PartWriter::create(directory, number, table, seal).unwrap().finish().unwrap();
        let log = LogHead {
            tenant: TenantId::main(),
            origin: "audit.example.cn/main".to_owned(),
            size: 1,
            root: [0xab; 32],
            segments: 1,
            signed_size: 0,
            checkpoint: String::new(),
            verifier: String::new(),
        };
        Manifest {
            what: What::Data,
            made_ms: 7,
            schema: newest(What::Data),
            base: Some(Base { backup: KeyRef([1; 16]), manifest: [2; 32] }),
            keep_until_ms: None,
            logs: vec![log],
            parts: parts_of(What::Data, newest(What::Data)).into_iter().enumerate().map(write).collect(),
        }
    }

    #[test]
    fn a_manifest_comes_back_and_no_changed_one_does() {
        let directory = tempfile::tempdir().unwrap();
        let policy = CipherPolicy::default();
        let lock = Lock { root: &Open, policy: &policy };
        let key = DataKey::generate().unwrap();
        let manifest = manifest(&key, directory.path());
        manifest.write(directory.path(), &Open, Seal { key: &key, policy: &policy }).unwrap();
        let opened = Backup::open(directory.path(), &lock).unwrap();
        assert_eq!((&opened.manifest, opened.id()), (&manifest, key.reference()));
        assert_eq!(
            opened.parts(&policy).map(|part| part.unwrap().1.next().unwrap().is_none() as usize).sum::<usize>(),
            manifest.parts.len()
        );

        let path = directory.path().join(FILE);
        let whole = fs::read(&path).unwrap();
        for at in 0..whole.len() {
            let mut changed = whole.clone();
            changed[at] ^= 1;
            fs::write(&path, changed).unwrap();
            assert!(Backup::open(directory.path(), &lock).is_err(), "{at}");
        }
        for end in 0..whole.len() {
            fs::write(&path, &whole[..end]).unwrap();
            assert!(
                matches!(Backup::open(directory.path(), &lock), Err(BackupError::Damaged { .. } | BackupError::Locked { .. })),
                "{end}"
            );
        }
    }

    #[test]
    fn a_manifest_of_other_tables_or_a_newer_schema_is_refused() {
        let directory = tempfile::tempdir().unwrap();
        let manifest = manifest(&DataKey::generate().unwrap(), directory.path());
        assert!(manifest.check("here").is_ok());
        let newer = Manifest { schema: manifest.schema + 1, ..manifest.clone() };
        assert!(matches!(newer.check("here"), Err(BackupError::Newer { .. })));
        let mut fewer = manifest.clone();
        fewer.parts.pop();
        let mut other = manifest.clone();
        other.parts[0].columns[0] = "x) ; DROP TABLE tenant; --".to_owned();
        let mut impossible = manifest.clone();
        impossible.logs[0].signed_size = 2;
        for wrong in [fewer, other, impossible] {
            assert!(matches!(wrong.check("here"), Err(BackupError::Damaged { .. })));
        }
    }

    #[test]
    fn any_bytes_are_read_without_a_panic() {
        let directory = tempfile::tempdir().unwrap();
        let text = serde_json::to_vec(&manifest(&DataKey::generate().unwrap(), directory.path())).unwrap();
        for round in 0..2_000_usize {
            let random = crate::id::random::<64>().unwrap();
            let mut bytes = [MAGIC.as_slice(), &random].concat();
            bytes[24] = 0;
            if let Some((_, wrapped, sealed)) = split(&bytes[..round % 73]) {
                assert_eq!(26 + wrapped.len() + sealed.len(), round % 73);
            }
            let mut changed = text.clone();
            for two in random.chunks(2).take(4) {
                let at = usize::from(u16::from_be_bytes([two[0], two[1]])) % changed.len();
                changed[at] = two[0];
            }
            if let Ok(manifest) = serde_json::from_slice::<Manifest>(&changed) {
                let _ = manifest.check("here");
            }
        }
    }
}

//! What this machine has signed or cosigned, kept outside the database: a copy of the database from last week is not taken for today's.
//!
//! One file, `head`: a line for each log with its origin, size and root. It is read and written under a lock, written beside and renamed, and never goes back.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use keys::digest::{hex, unhex};
use ledger::hash::Hash;

use crate::StoreError;

/// A size of a log, and its root.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    /// Entries.
    pub size: u64,
    /// Merkle root of so many entries.
    pub root: Hash,
}

/// The file `head` of a directory.
pub struct Heads {
    directory: PathBuf,
}

impl Heads {
    /// The file of this directory; it need not be there yet.
    #[must_use]
    pub fn new(directory: &Path) -> Self {
        Self { directory: directory.to_owned() }
    }

    /// What was signed, by origin.
    ///
    /// # Errors
    /// The file cannot be read, or is no such file.
    pub fn read(&self) -> Result<BTreeMap<String, Head>, StoreError> {
        let text = match fs::read_to_string(self.path("head")) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(BTreeMap::new()),
            Err(error) => return Err(self.broken(&error)),
        };
        let line = |line: &str| -> Option<(String, Head)> {
            let (rest, root) = line.rsplit_once(' ')?;
            let (origin, size) = rest.rsplit_once(' ')?;
            Some((origin.to_owned(), Head { size: size.parse().ok()?, root: unhex(root)?.try_into().ok()? }))
        };
        let wrong = || {
            StoreError::damaged(
                self.path("head").display().to_string(),
                "a line is not `origin size root`; have the audit administrator look",
            )
        };
        text.lines().map(|text| line(text).ok_or_else(wrong)).collect()
    }

    /// Remembers a signed head. A smaller one changes nothing; one of the same size with another root is refused.
    ///
    /// # Errors
    /// The file cannot be written, or another history of this size was signed.
    pub fn write(&self, origin: &str, head: Head) -> Result<(), StoreError> {
        let forked = |known: Head| known.size == head.size && known.root != head.root;
        self.update(origin, |known| match known {
            Some(known) if forked(known) => Err(StoreError::Forked(origin.to_owned())),
            Some(known) if known.size >= head.size => Ok((None, ())),
            _ => Ok((Some(head), ())),
        })
    }

    /// Decides on a head while no other process can, and remembers what was decided before it is given back. A crash before the rename leaves the old file, which is
    /// older and still true.
    ///
    /// # Errors
    /// The file cannot be written, or the decision fails.
    pub fn update<T, E: From<StoreError>>(
        &self,
        origin: &str,
        decide: impl FnOnce(Option<Head>) -> Result<(Option<Head>, T), E>,
    ) -> Result<T, E> {
        let lock = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(self.path("head.lock"))
            .map_err(|error| self.broken(&error))?;
        lock.lock().map_err(|error| self.broken(&error))?;
        let mut heads = self.read()?;
        let (new, decided) = decide(heads.get(origin).copied())?;
        if let Some(head) = new {
            heads.insert(origin.to_owned(), head);
            self.replace(&heads).map_err(|error| self.broken(&error))?;
        }
        Ok(decided)
    }

    fn replace(&self, heads: &BTreeMap<String, Head>) -> io::Result<()> {
        let new = self.path("head.new");
        let mut file = File::create(&new)?;
        for (origin, head) in heads {
            writeln!(file, "{origin} {} {}", head.size, hex(&head.root))?;
        }
        file.sync_all()?;
        fs::rename(&new, self.path("head"))?;
        File::open(&self.directory)?.sync_all()
    }

    /// The path of the file, for messages.
    pub(crate) fn file(&self) -> String {
        self.path("head").display().to_string()
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.join(name)
    }

    fn broken(&self, error: &io::Error) -> StoreError {
        StoreError::Place { place: self.path("head").display().to_string(), what: error.to_string() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_never_goes_back() {
        let directory = tempfile::tempdir().unwrap();
        let guard = Heads::new(directory.path());
        assert!(guard.read().unwrap().is_empty());
        let head = |size| Head { size, root: [u8::try_from(size).unwrap(); 32] };
        guard.write("a/main", head(5)).unwrap();
        guard.write("a/other", head(1)).unwrap();
        guard.write("a/main", head(3)).unwrap();
        assert_eq!(guard.read().unwrap().get("a/main"), Some(&head(5)));
        assert_eq!(guard.read().unwrap().len(), 2);
        assert!(matches!(guard.write("a/main", Head { size: 5, root: [9; 32] }), Err(StoreError::Forked(_))));
    }

    #[test]
    fn a_damaged_file_is_not_taken_for_an_empty_one() {
        let directory = tempfile::tempdir().unwrap();
        fs::write(directory.path().join("head"), "a/main 5 00").unwrap();
        assert!(matches!(Heads::new(directory.path()).read(), Err(StoreError::Damaged { .. })));
    }
}

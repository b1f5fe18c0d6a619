//! Files that are there whole or not at all: written under a temporary name, synced, renamed, and the directory synced.
//!
//! A crash before the rename leaves a `.tmp` that the next run writes over; after it, the whole file.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use crate::CorpusError;
use crate::error::at;

/// A file that is being written. Dropped before it is committed, it leaves nothing behind.
pub(crate) struct Pending {
    path: PathBuf,
    temporary: PathBuf,
    file: Option<BufWriter<File>>,
}

impl Pending {
    pub(crate) fn new(path: &Path) -> Result<Self, CorpusError> {
        let mut temporary = path.as_os_str().to_owned();
        temporary.push(".tmp");
        let temporary = PathBuf::from(temporary);
        let file = BufWriter::new(File::create(&temporary).map_err(at(&temporary))?);
        Ok(Self { path: path.to_owned(), temporary, file: Some(file) })
    }

    /// Gives the file its name, once all of it is on the disk.
    pub(crate) fn commit(mut self) -> Result<(), CorpusError> {
        if let Some(file) = &mut self.file {
            file.flush().map_err(at(&self.temporary))?;
            file.get_ref().sync_all().map_err(at(&self.temporary))?;
        }
        std::fs::rename(&self.temporary, &self.path).map_err(at(&self.path))?;
        self.file = None;
        let parent = self.path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        File::open(parent).and_then(|dir| dir.sync_all()).map_err(at(parent))
    }
}

impl Write for Pending {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.file.as_mut().map_or(Ok(0), |file| file.write(bytes))
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.file.as_mut().map_or(Ok(()), BufWriter::flush)
    }
}

impl Drop for Pending {
    fn drop(&mut self) {
        if let Some(file) = self.file.take() {
            // Without writing what is still in memory: it goes away.
            drop(file.into_parts());
            let _ = std::fs::remove_file(&self.temporary);
        }
    }
}

/// Writes a file; what the work returns is handed on.
pub(crate) fn write<T>(path: &Path, work: impl FnOnce(&mut Pending) -> Result<T, CorpusError>) -> Result<T, CorpusError> {
    let mut file = Pending::new(path)?;
    let done = work(&mut file)?;
    file.commit()?;
    Ok(done)
}

/// Writes bytes that are in memory.
pub(crate) fn write_bytes(path: &Path, bytes: &[u8]) -> Result<(), CorpusError> {
    write(path, |file| file.write_all(bytes).map_err(at(path)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_write_that_fails_leaves_the_old_file_and_nothing_else() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.json");
        write_bytes(&path, b"old").unwrap();
        let full = std::io::Error::from(std::io::ErrorKind::StorageFull);
        let error = write::<()>(&path, |file| {
            file.write_all(b"half").map_err(at(&path))?;
            Err(at(&path)(full))
        });
        assert!(error.unwrap_err().to_string().starts_with(path.to_str().unwrap()));
        assert_eq!(std::fs::read(&path).unwrap(), b"old");
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
    }
}

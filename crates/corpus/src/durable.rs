//! Files that are there whole or not at all: written under a temporary name, synced, renamed, and the directory synced.
//!
//! A crash before the rename leaves a `.tmp` that the next run writes over or sweeps away; after it, the whole file.

use std::fs::File;
use std::io::{BufWriter, ErrorKind, Write};
use std::path::{Path, PathBuf};

use crate::CorpusError;
use crate::error::at;

/// Most processes that write one file at the same time, those that were killed while they did among them. Two is what happens: a task that was
/// given up, and the one in its place.
const MAX_WRITERS: u32 = 1_000;

/// A file that is being written. Dropped before it is committed, it leaves nothing behind.
pub(crate) struct Pending {
    path: PathBuf,
    temporary: PathBuf,
    file: Option<BufWriter<File>>,
}

impl Pending {
    pub(crate) fn new(path: &Path) -> Result<Self, CorpusError> {
        let temporary = beside(path, ".tmp");
        let file = File::create(&temporary).map_err(at(&temporary))?;
        Ok(Self { path: path.to_owned(), temporary, file: Some(BufWriter::new(file)) })
    }

    /// A file that other processes may be writing too, with the same bytes: under a temporary name that none of them has.
    fn among_others(path: &Path) -> Result<Self, CorpusError> {
        for n in 0..MAX_WRITERS {
            let temporary = beside(path, &format!(".{n}.tmp"));
            match File::create_new(&temporary) {
                Ok(file) => return Ok(Self { path: path.to_owned(), temporary, file: Some(BufWriter::new(file)) }),
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
                Err(error) => return Err(at(&temporary)(error)),
            }
        }
        let path = path.display();
        Err(CorpusError::Input(format!(
            "{path} was begun {MAX_WRITERS} times and never finished; see why, remove {path}.*.tmp, and try again"
        )))
    }

    /// Gives the file its name, once all of it is on the disk.
    pub(crate) fn commit(mut self) -> Result<(), CorpusError> {
        if let Some(file) = &mut self.file {
            file.flush().map_err(at(&self.temporary))?;
            file.get_ref().sync_all().map_err(at(&self.temporary))?;
        }
        std::fs::rename(&self.temporary, &self.path).map_err(at(&self.path))?;
        self.file = None;
        sync_above(&self.path)
    }
}

/// Syncs the directory that a file lies in, so that its name is on the disk.
pub(crate) fn sync_above(path: &Path) -> Result<(), CorpusError> {
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(parent).and_then(|dir| dir.sync_all()).map_err(at(parent))
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

fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
}

/// Writes a file; what the work returns is handed on.
pub(crate) fn write<T>(path: &Path, work: impl FnOnce(&mut Pending) -> Result<T, CorpusError>) -> Result<T, CorpusError> {
    finish(Pending::new(path)?, work)
}

/// Writes a file that other processes may be writing at the same time, with the same bytes: whoever comes last changes nothing.
pub(crate) fn write_among_others<T, E: From<CorpusError>>(path: &Path, work: impl FnOnce(&mut Pending) -> Result<T, E>) -> Result<T, E> {
    finish(Pending::among_others(path)?, work)
}

fn finish<T, E: From<CorpusError>>(mut file: Pending, work: impl FnOnce(&mut Pending) -> Result<T, E>) -> Result<T, E> {
    let done = work(&mut file)?;
    file.commit()?;
    Ok(done)
}

/// Writes bytes that are in memory.
pub(crate) fn write_bytes(path: &Path, bytes: &[u8]) -> Result<(), CorpusError> {
    write(path, |file| file.write_all(bytes).map_err(at(path)))
}

/// Removes what killed processes left half-written in a directory. Whoever asks for it knows that nobody is writing there, or for nothing.
pub(crate) fn sweep(dir: &Path) -> Result<(), CorpusError> {
    for entry in std::fs::read_dir(dir).map_err(at(dir))? {
        let path = entry.map_err(at(dir))?.path();
        if path.extension().is_some_and(|ending| ending == "tmp") {
            match std::fs::remove_file(&path) {
                Err(error) if error.kind() != ErrorKind::NotFound => return Err(at(&path)(error)),
                _ => {}
            }
        }
    }
    Ok(())
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

    #[test]
    fn several_write_one_file_and_none_spoils_it_for_another() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.json");
        write_among_others::<_, CorpusError>(&path, |slow| {
            slow.write_all(b"the same ").map_err(at(&path))?;
            write_among_others(&path, |quick| quick.write_all(b"the same bytes").map_err(at(&path)))?;
            assert_eq!(std::fs::read(&path).unwrap(), b"the same bytes");
            slow.write_all(b"bytes").map_err(at(&path))
        })
        .unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"the same bytes");
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
    }

    #[test]
    fn what_a_killed_process_left_is_in_nobodys_way_and_is_swept() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.json");
        std::fs::write(dir.path().join("a.json.0.tmp"), b"ha").unwrap();
        write_among_others(&path, |file| file.write_all(b"whole").map_err(at(&path))).unwrap();
        assert_eq!(std::fs::read(dir.path().join("a.json.0.tmp")).unwrap(), b"ha");
        sweep(dir.path()).unwrap();
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
        assert_eq!(std::fs::read(&path).unwrap(), b"whole");
    }
}

//! Appending to a journal.
//!
//! Every line is handed to the operating system before the next step begins, so a killed process loses nothing it has written; every
//! [`SYNC_LINES`] lines, and at the end of each phase, the file is synced to disk, so a power cut loses at most that many.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use super::read::{Chain, first_bytes};
use super::{Step, read_lines};
use crate::error::AssessError;

/// Lines between two syncs: one sync costs as much as about 250 lines on an ordinary disk, so syncing takes half the time at worst.
const SYNC_LINES: u32 = 256;

/// A journal open for appending, locked against a second writer.
#[derive(Debug)]
pub struct Journal {
    path: PathBuf,
    file: File,
    chain: Chain,
    unsynced: u32,
}

impl Journal {
    /// Starts the journal of a new run.
    ///
    /// # Errors
    /// The directory cannot be written, or a journal is already there.
    pub fn create(dir: &Path) -> Result<Self, AssessError> {
        let path = dir.join("journal.jsonl");
        let file = File::create_new(&path).map_err(|e| AssessError::io(&path, e))?;
        Self { path, file, chain: Chain::default(), unsynced: 0 }.locked()
    }

    /// Opens a journal to go on with it. A last line that a crash left unfinished is cut off; gives how many bytes that were.
    ///
    /// # Errors
    /// The journal cannot be read, a line is not the one that was written, or another process writes to it.
    pub fn open(dir: &Path) -> Result<(Self, u64), AssessError> {
        let path = dir.join("journal.jsonl");
        let file = File::options().read(true).write(true).open(&path).map_err(|e| AssessError::io(&path, e))?;
        let mut journal = Self { path, file, chain: Chain::default(), unsynced: 0 }.locked()?;
        let mut lines = read_lines(&journal.path)?;
        for line in &mut lines {
            line?;
        }
        journal.chain = lines.chain_so_far();
        let (kept, torn) = (lines.end(), lines.torn_bytes());
        let mut io = || {
            journal.file.set_len(kept)?;
            journal.file.seek(SeekFrom::Start(kept))?;
            journal.file.sync_data()
        };
        io().map_err(|e| AssessError::io(&journal.path, e))?;
        Ok((journal, torn))
    }

    fn locked(self) -> Result<Self, AssessError> {
        match self.file.try_lock() {
            Ok(()) => Ok(self),
            Err(std::fs::TryLockError::WouldBlock) => Err(AssessError::Locked { path: self.path.display().to_string() }),
            Err(std::fs::TryLockError::Error(e)) => Err(AssessError::io(&self.path, e)),
        }
    }

    /// Writes one step.
    ///
    /// # Errors
    /// The disk is full or gone; the journal then ends in an unfinished line, which [`Self::open`] cuts off.
    pub fn append(&mut self, step: &Step) -> Result<(), AssessError> {
        let now = jiff::Timestamp::now();
        let line = self.chain.line(&format!("{now:.3}"), step)?;
        self.file.write_all(&line).map_err(|e| AssessError::io(&self.path, e))?;
        self.unsynced += 1;
        if self.unsynced >= SYNC_LINES {
            self.sync()?;
        }
        Ok(())
    }

    /// Makes everything written so far survive a power cut.
    ///
    /// # Errors
    /// The disk refuses.
    pub fn sync(&mut self) -> Result<(), AssessError> {
        self.unsynced = 0;
        self.file.sync_data().map_err(|e| AssessError::io(&self.path, e))
    }

    /// The step at a byte offset that [`super::Line`] gave.
    ///
    /// # Errors
    /// The line cannot be read.
    pub fn step_at(path: &Path, file: &mut File, offset: u64) -> Result<Step, AssessError> {
        let mut line = Vec::new();
        let io = |e| AssessError::io(path, e);
        file.seek(SeekFrom::Start(offset)).map_err(io)?;
        let mut buffer = [0_u8; 4096];
        loop {
            let read = file.read(&mut buffer).map_err(io)?;
            let piece = first_bytes(&buffer, read);
            match piece.iter().position(|&b| b == b'\n') {
                Some(end) => line.extend_from_slice(first_bytes(piece, end)),
                None => line.extend_from_slice(piece),
            }
            if read == 0 || piece.contains(&b'\n') {
                return super::read::parse_step(&line).map_err(|e| AssessError::io(path, std::io::Error::other(e)));
            }
        }
    }
}

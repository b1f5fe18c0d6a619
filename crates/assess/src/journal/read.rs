//! Reading a journal, and checking that every line is the one that was written.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::Step;
use crate::digest::Hasher;
use crate::error::AssessError;

/// A line ends in `,"chain":"` 64 hexadecimal digits `"}`.
const TAIL_START: &[u8] = br#","chain":""#;
const TAIL_BYTES: usize = TAIL_START.len() + 64 + 2;

/// The running chain: `chain(n) = SHA-256(chain(n-1) LF line(n) without its chain field)`, from 64 zeros.
#[derive(Debug, Clone)]
pub(super) struct Chain {
    seq: u64,
    head: String,
}

impl Default for Chain {
    fn default() -> Self {
        Self { seq: 0, head: "0".repeat(64) }
    }
}

#[derive(Serialize)]
struct Head<'a> {
    seq: u64,
    at: &'a str,
    #[serde(flatten)]
    step: &'a Step,
}

#[derive(Deserialize)]
struct SeqAt {
    seq: u64,
    at: String,
}

impl Chain {
    /// The next line, with its line feed.
    pub(super) fn line(&mut self, at: &str, step: &Step) -> Result<Vec<u8>, AssessError> {
        self.seq += 1;
        let mut line = serde_json::to_vec(&Head { seq: self.seq, at, step }).map_err(AssessError::Encode)?;
        line.pop(); // the closing brace comes after the chain field
        self.head = self.next(&line);
        line.extend_from_slice(TAIL_START);
        line.extend_from_slice(self.head.as_bytes());
        line.extend_from_slice(b"\"}\n");
        Ok(line)
    }

    fn next(&self, body: &[u8]) -> String {
        let mut hasher = Hasher::default();
        hasher.update(self.head.as_bytes());
        hasher.update(b"\n");
        hasher.update(body);
        hasher.hex()
    }

    /// Checks a line (without its line feed) and gives its step.
    fn check(&mut self, line: &[u8]) -> Result<(Step, String), String> {
        let cut = line.len().checked_sub(TAIL_BYTES).ok_or("is too short to be a journal line")?;
        let (body, tail) = line.split_at_checked(cut).ok_or("is too short to be a journal line")?;
        let chain = tail.strip_prefix(TAIL_START).and_then(|t| t.strip_suffix(b"\"}")).ok_or("does not end in a chain field")?;
        let expected = self.next(body);
        if expected.as_bytes() != chain {
            return Err("is not the line that was written: its chain value does not follow from it and the line before".to_owned());
        }
        let head: SeqAt = serde_json::from_slice(line).map_err(|e| e.to_string())?;
        if head.seq != self.seq + 1 {
            return Err(format!("has seq {} where {} was due", head.seq, self.seq + 1));
        }
        let step = parse_step(line).map_err(|e| e.to_string())?;
        self.seq = head.seq;
        self.head = expected;
        Ok((step, head.at))
    }
}

pub(super) fn parse_step(line: &[u8]) -> Result<Step, serde_json::Error> {
    serde_json::from_slice(line)
}

/// The first `n` bytes of a slice, or all of it.
pub(super) fn first_bytes(bytes: &[u8], n: usize) -> &[u8] {
    bytes.get(..n).unwrap_or(bytes)
}

/// A line of a journal.
#[derive(Debug)]
pub struct Line {
    /// Its number, from 1.
    pub seq: u64,
    /// Where it starts, in bytes.
    pub offset: u64,
    /// When it was written, UTC.
    pub at: String,
    /// What it says.
    pub step: Step,
}

/// The lines of a journal, each checked against the chain.
#[derive(Debug)]
pub struct Lines {
    path: PathBuf,
    input: BufReader<File>,
    chain: Chain,
    end: u64,
    torn: u64,
    buffer: Vec<u8>,
    failed: bool,
}

/// Opens a journal for reading.
///
/// # Errors
/// The file cannot be opened.
pub fn read_lines(path: &Path) -> Result<Lines, AssessError> {
    let file = File::open(path).map_err(|e| AssessError::io(path, e))?;
    let input = BufReader::with_capacity(1 << 18, file);
    Ok(Lines { path: path.to_owned(), input, chain: Chain::default(), end: 0, torn: 0, buffer: Vec::new(), failed: false })
}

impl Lines {
    /// The chain value after the last line read: it names all of them.
    #[must_use]
    pub fn head(&self) -> &str {
        &self.chain.head
    }

    /// Bytes of whole lines read so far.
    #[must_use]
    pub const fn end(&self) -> u64 {
        self.end
    }

    /// Bytes of an unfinished last line: what a crash leaves behind.
    #[must_use]
    pub const fn torn_bytes(&self) -> u64 {
        self.torn
    }

    /// The bytes of the last line read, with its line feed.
    pub(super) fn raw(&self) -> &[u8] {
        &self.buffer
    }

    pub(super) fn chain_so_far(&self) -> Chain {
        self.chain.clone()
    }

    fn read(&mut self) -> Result<Option<Line>, AssessError> {
        self.buffer.clear();
        let read = self.input.read_until(b'\n', &mut self.buffer).map_err(|e| AssessError::io(&self.path, e))? as u64;
        let Some(line) = self.buffer.strip_suffix(b"\n") else {
            self.torn = read;
            return Ok(None);
        };
        let seq = self.chain.seq + 1;
        let (step, at) =
            self.chain.check(line).map_err(|message| AssessError::Journal { path: self.path.display().to_string(), line: seq, message })?;
        let offset = self.end;
        self.end += read;
        Ok(Some(Line { seq, offset, at, step }))
    }
}

impl Iterator for Lines {
    type Item = Result<Line, AssessError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.failed {
            return None;
        }
        let line = self.read().transpose();
        self.failed = matches!(line, Some(Err(_)));
        line
    }
}

//! Rows that are lines: JSON lines and text. Blank lines are no rows.

use std::io::{self, BufRead};

use super::{Cut, MAX_ROW_BYTES, Row, Rows, Source};
use crate::Broken;

/// A line as far as it is kept.
pub(crate) struct Line {
    /// Its bytes with the line end; the first [`MAX_ROW_BYTES`] of a longer one.
    pub(crate) bytes: Vec<u8>,
    /// How many it has.
    pub(crate) length: u64,
}

impl Line {
    pub(crate) fn kept(self) -> Result<Vec<u8>, Broken> {
        if self.length > MAX_ROW_BYTES as u64 { Err(Broken::too_long(self.length)) } else { Ok(self.bytes) }
    }

    fn is_blank(&self) -> bool {
        self.length == self.bytes.len() as u64 && self.bytes.iter().all(u8::is_ascii_whitespace)
    }
}

/// Reads a line into one that has begun; false at the end. What goes beyond the limit is read past; `seen` sees all of it.
pub(crate) fn line(reader: &mut dyn BufRead, line: &mut Line, mut seen: impl FnMut(&[u8])) -> io::Result<bool> {
    let begun = line.length;
    loop {
        let buffer = match reader.fill_buf() {
            Ok(buffer) => buffer,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        if buffer.is_empty() {
            return Ok(line.length > begun);
        }
        let end = memchr::memchr(b'\n', buffer).map(|at| at + 1);
        let piece = end.and_then(|end| buffer.get(..end)).unwrap_or(buffer);
        seen(piece);
        let room = MAX_ROW_BYTES.saturating_sub(line.bytes.len()).min(piece.len());
        line.bytes.extend_from_slice(piece.get(..room).unwrap_or_default());
        line.length += piece.len() as u64;
        let used = piece.len();
        reader.consume(used);
        if end.is_some() {
            return Ok(true);
        }
    }
}

/// Reads rows that are lines.
pub(super) struct Reader {
    source: Source,
    next: u64,
}

impl Reader {
    pub(super) fn new(source: Source, first: u64) -> Self {
        Self { source, next: first }
    }
}

impl Rows for Reader {
    fn next(&mut self) -> Result<Option<Row>, Cut> {
        loop {
            let mut read = Line { bytes: Vec::new(), length: 0 };
            if !line(self.source.reader(), &mut read, |_| {}).map_err(|error| self.source.cut(error))? {
                return Ok(None);
            }
            let line = self.next;
            self.next += 1;
            if !read.is_blank() {
                return Ok(Some(Row { line, bytes: read.kept() }));
            }
        }
    }
}

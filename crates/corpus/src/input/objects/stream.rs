//! Reads a range of an object as one reads a file. While one piece is used the next is on its way.

use std::io::{self, Read};
use std::ops::Range;

use bytes::{Buf, Bytes};

use super::Object;
use super::client::{Answer, Client};
use crate::CorpusError;

/// The first piece: who only wants a header gets little more.
const FIRST_BYTES: u64 = 256 << 10;
/// The largest piece; pieces double up to it. Two of them a thread are in memory, as much as a batch of rows, and at 50 ms a request 80 MB/s come in.
const MAX_BYTES: u64 = 4 << 20;

pub(crate) struct Stream {
    object: Object,
    /// What was not asked for yet.
    rest: Range<u64>,
    /// How much is asked for next.
    step: u64,
    piece: Bytes,
    ahead: Option<Answer<Bytes>>,
}

impl Stream {
    pub(super) fn new(object: Object, rest: Range<u64>) -> Self {
        Self { object, rest, step: FIRST_BYTES, piece: Bytes::new(), ahead: None }
    }

    fn ask(&mut self) -> Result<Option<Answer<Bytes>>, CorpusError> {
        if self.rest.is_empty() {
            return Ok(None);
        }
        let end = self.rest.end.min(self.rest.start + self.step);
        let range = self.rest.start..end;
        let answer = Client::of_process()?.range(self.object.clone(), range)?;
        self.rest.start = end;
        self.step = (self.step * 2).min(MAX_BYTES);
        Ok(Some(answer))
    }

    /// The next piece; empty at the end.
    fn next(&mut self) -> Result<Bytes, CorpusError> {
        let is_first = self.step == FIRST_BYTES;
        let asked = match self.ahead.take() {
            Some(answer) => Some(answer),
            None => self.ask()?,
        };
        let Some(answer) = asked else { return Ok(Bytes::new()) };
        if !is_first {
            self.ahead = self.ask()?;
        }
        answer.wait()
    }
}

impl Read for Stream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.piece.is_empty() {
            self.piece = self.next().map_err(io::Error::other)?;
        }
        let n = self.piece.len().min(buffer.len());
        self.piece.split_to(n).copy_to_slice(buffer.get_mut(..n).unwrap_or_default());
        Ok(n)
    }
}

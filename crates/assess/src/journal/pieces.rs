//! A journal in pieces, for whoever keeps it elsewhere too.

use std::path::Path;

use super::{Lines, read_lines};
use crate::error::AssessError;

/// Whole lines of a journal that follow each other, as they stand there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece {
    /// Number of the first line, from 1.
    pub first_line: u64,
    /// How many lines.
    pub lines: u64,
    /// Chain value of the last of them, 64 hexadecimal digits.
    pub chain: String,
    /// The lines with their line feeds.
    pub bytes: Vec<u8>,
}

/// The pieces of a journal, each line checked.
#[derive(Debug)]
pub struct Pieces {
    lines: Lines,
    bytes: usize,
}

/// The lines of a run's journal after so many, of which the last has this chain value, in pieces that end with the line that makes them `bytes` long or longer.
///
/// # Errors
/// The journal cannot be read, a line is not the one that was written, or the chain value after those lines is another: it is the journal of another run.
pub fn pieces(dir: &Path, after: u64, chain: &str, bytes: usize) -> Result<Pieces, AssessError> {
    let mut lines = read_lines(&dir.join("journal.jsonl"))?;
    for line in lines.by_ref().take(usize::try_from(after).unwrap_or(usize::MAX)) {
        line?;
    }
    if lines.head() != chain {
        return Err(AssessError::State(format!("{}: line {after} is not the one that was recorded of a run of this name", dir.display())));
    }
    Ok(Pieces { lines, bytes })
}

impl Iterator for Pieces {
    type Item = Result<Piece, AssessError>;

    fn next(&mut self) -> Option<Self::Item> {
        let mut piece = Piece { first_line: 0, lines: 0, chain: String::new(), bytes: Vec::new() };
        while piece.bytes.len() < self.bytes {
            match self.lines.next() {
                Some(Ok(line)) if piece.lines == 0 => piece.first_line = line.seq,
                Some(Ok(_)) => {}
                Some(Err(error)) => return Some(Err(error)),
                None => break,
            }
            piece.lines += 1;
            piece.bytes.extend_from_slice(self.lines.raw());
        }
        piece.chain = self.lines.head().to_owned();
        (piece.lines > 0).then_some(Ok(piece))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::{Journal, Step};

    #[test]
    fn pieces_are_the_journal() {
        let dir = std::env::temp_dir().join(format!("guiju-pieces-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&dir);
        std::fs::create_dir_all(&dir).unwrap();
        let mut journal = Journal::create(&dir).unwrap();
        for torn_bytes in 0..20 {
            journal.append(&Step::Resumed { torn_bytes }).unwrap();
        }
        drop(journal);
        let whole = std::fs::read(dir.join("journal.jsonl")).unwrap();
        let zeros = "0".repeat(64);
        for bytes in [1, 300, 1 << 20] {
            let all: Vec<Piece> = pieces(&dir, 0, &zeros, bytes).unwrap().map(Result::unwrap).collect();
            assert_eq!(all.iter().flat_map(|piece| piece.bytes.clone()).collect::<Vec<u8>>(), whole);
            assert_eq!(all.iter().map(|piece| piece.lines).sum::<u64>(), 20);
            let first = &all[0];
            let rest: Vec<Piece> = pieces(&dir, first.lines, &first.chain, bytes).unwrap().map(Result::unwrap).collect();
            assert_eq!(rest, all[1..]);
        }
        assert!(pieces(&dir, 3, &zeros, 1).unwrap_err().to_string().contains("line 3 is not the one that was recorded"));
        assert!(pieces(&dir, 30, &zeros, 1).is_err());
        std::fs::remove_dir_all(&dir).unwrap();
    }
}

//! The rows of a file that went out, each with what became of it: read again from the file, in the order of the fates.

use std::io::{BufReader, Read};
use std::path::Path;

use ledger::hash::{Hash, leaf_hash};

use crate::became::Became;
use crate::error::{at, damaged};
use crate::input::{self, Counter, Place, Taking};
use crate::lineage::{ExportedRow, Leaf, Tree};
use crate::manifest::cut;
use crate::settings::{Selector, Settings};
use crate::{CorpusError, content_hash};

/// The file is read in one piece, whatever its size.
const ONE_PIECE: u64 = u64::MAX / 4;

/// Goes through the rows of a file that went out; gives each to `see`.
///
/// # Errors
/// The file cannot be read, has other rows than the fates say, or a row that is no text.
pub(super) fn each(path: &Path, fates: &Path, shard: u32, text: &Selector, mut see: impl FnMut(ExportedRow)) -> Result<(), CorpusError> {
    let wrong = |why: String| damaged(path, why);
    let settings = Settings { text: text.clone(), matched: false, versions: Vec::new(), shard_bytes: ONE_PIECE };
    let (file, pieces) = cut(&Place::File(path.to_owned()), &settings, &Counter::default())?;
    if let Some(unreadable) = &file.unreadable {
        return Err(wrong(unreadable.clone()));
    }
    let taking = Taking::of(&file, text);
    let letters = BufReader::new(std::fs::File::open(fates).map_err(at(fates))?);
    let mut out = Out { letters: letters.bytes(), fates, place: 0 };
    for piece in &pieces {
        let mut rows = input::open(&file, piece, text, Counter::default())?;
        while let Some(row) = rows.next()? {
            let (place, became) = out.next()?.ok_or_else(|| wrong("has more rows than its fates say".to_owned()))?;
            let line = row.line;
            let bytes = row.bytes.map_err(|broken| wrong(format!("row {line}: {}", broken.message)))?;
            let taken = taking.take(&bytes).map_err(|broken| wrong(format!("row {line}: {}", broken.message)))?;
            see(ExportedRow { shard, row: place, became, hash: keys::digest::hex(&content_hash(&taken.text)) });
        }
    }
    match out.next()? {
        None => Ok(()),
        Some((place, _)) => Err(wrong(format!("ends before the row that was at place {place} of its shard"))),
    }
}

/// How many rows there are and the root over them.
pub(super) fn root(path: &Path, fates: &Path, shard: u32, text: &Selector) -> Result<(u64, Hash), CorpusError> {
    let mut tree = Tree::default();
    each(path, fates, shard, text, |row| tree.push(leaf_hash(&row.leaf())))?;
    Ok((tree.size(), tree.root()))
}

/// The fates of rows that go out, with their places in the shard.
struct Out<'p, I> {
    letters: I,
    fates: &'p Path,
    place: u64,
}

impl<I: Iterator<Item = std::io::Result<u8>>> Out<'_, I> {
    fn next(&mut self) -> Result<Option<(u64, Became)>, CorpusError> {
        for letter in self.letters.by_ref() {
            let letter = letter.map_err(at(self.fates))?;
            let became = Became::of(letter)
                .ok_or_else(|| damaged(self.fates, format!("has a byte {letter} at {}, which is no fate", self.place)))?;
            self.place += 1;
            if became.goes_out() {
                return Ok(Some((self.place - 1, became)));
            }
        }
        Ok(None)
    }
}

//! A row's way up: found in its shard, with the path to the shard's root and the shard's to that of the scan.

use std::path::Path;

use keys::digest::hex;
use ledger::hash::Hash;

use super::leaves::{ScannedPart, ScannedRow};
use super::proof::Link;
use super::scan::part;
use super::{Lineage, Tree, row_hash};
use crate::CorpusError;
use crate::error::damaged;
use crate::explain::shards_of;
use crate::findings::{self, Reader};
use crate::manifest::{FileEntry, Manifest, Shard};
use crate::record::Record;
use crate::row::Judged;

/// Which row is meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// `FILE:LINE`, the path of the manifest or its end.
    File(String, u64),
    /// `SHARD/LINE`.
    Shard(u32, u64),
}

impl std::str::FromStr for Place {
    type Err = CorpusError;

    fn from_str(text: &str) -> Result<Self, CorpusError> {
        let in_shard = text.split_once('/').and_then(|(shard, line)| Some(Self::Shard(shard.parse().ok()?, line.parse().ok()?)));
        let in_file = || text.rsplit_once(':').and_then(|(file, line)| Some(Self::File(file.to_owned(), line.parse().ok()?)));
        let wrong = || CorpusError::Input(format!("'{text}' names no row; write FILE:LINE or SHARD/LINE, such as news.jsonl:17 or 3/17"));
        in_shard.or_else(in_file).ok_or_else(wrong)
    }
}

/// A row with its way up to the root of its scan.
#[derive(Debug, Clone)]
pub struct Traced {
    /// Its file.
    pub file: FileEntry,
    /// How many shards the file has.
    pub shards: usize,
    /// The row.
    pub row: ScannedRow,
    /// Its place among the rows of its shard, from 0.
    pub index: u64,
    /// Its shard.
    pub part: ScannedPart,
    /// The whole scan.
    pub scan: Lineage,
    row_path: Vec<Hash>,
    part_path: Vec<Hash>,
}

/// Finds a row in a scan that is done. Its shard's findings are read three times, those of other shards not at all.
///
/// # Errors
/// No row or more than one is there, a shard was not scanned yet, or findings are not those of their record.
pub fn trace(dir: &Path, manifest: &Manifest, place: &Place) -> Result<Traced, CorpusError> {
    let (shard, index, judged) = find(dir, manifest, place)?;
    let record = Record::read(dir, shard.id, &manifest.digest())?;
    let record = record.ok_or_else(|| CorpusError::Input(format!("shard {} is not scanned yet", shard.id)))?;
    let changed = || damaged(&findings::path(dir, shard.id), "is not the file that its record speaks of; `guiju corpus check` says more");
    let mut rows = Tree::with_path(record.rows, index).map_err(|_| changed())?;
    for row in Reader::open(dir, shard.id)? {
        rows.push(row_hash(shard.id, &row?));
    }
    if rows.size() != record.rows || hex(&rows.root()) != record.root {
        return Err(changed());
    }
    let scan = Lineage::of(dir, manifest)?;
    let wrong = |error: ledger::tree::TreeError| damaged(dir, error.to_string());
    let mut shards = Tree::with_path(manifest.shards.len() as u64, u64::from(shard.id)).map_err(wrong)?;
    scan.leaves.iter().for_each(|leaf| shards.push(*leaf));
    Ok(Traced {
        file: manifest.file(shard)?.clone(),
        shards: manifest.shards.iter().filter(|other| other.file == shard.file).count(),
        row: scanned(shard.id, judged),
        index,
        part: part(dir, manifest, shard, &record)?,
        scan,
        row_path: rows.path().map_err(wrong)?,
        part_path: shards.path().map_err(wrong)?,
    })
}

/// The row that is meant: its shard, its place there, and what is known of it.
fn find<'m>(dir: &Path, manifest: &'m Manifest, place: &Place) -> Result<(&'m Shard, u64, Judged), CorpusError> {
    let (shards, line) = match place {
        Place::File(file, line) => (shards_of(manifest, file, *line)?, *line),
        Place::Shard(number, line) => (manifest.shards.iter().filter(|shard| shard.id == *number).collect(), *line),
    };
    let mut found = Vec::new();
    for shard in shards.into_iter().filter(|shard| findings::path(dir, shard.id).exists()) {
        for (index, row) in (0..).zip(Reader::open(dir, shard.id)?) {
            let row = row?;
            if row.line == line {
                found.push((shard, index, row));
                break;
            }
        }
    }
    let (one, more) = (found.pop(), found.len());
    match one {
        Some(one) if more == 0 => Ok(one),
        Some(_) => Err(CorpusError::Input(format!("{} files have such a row; give more of the path, or SHARD/LINE", more + 1))),
        None => {
            Err(CorpusError::Input("no such row was scanned; lines that are blank are no rows, and a shard may not be done yet".to_owned()))
        }
    }
}

fn scanned(shard: u32, row: Judged) -> ScannedRow {
    let Judged { line, decision, content } = row;
    let row = ScannedRow { shard, line, decision, hash: None, broken: None, findings: Vec::new(), faults: Vec::new() };
    match content {
        Ok(content) => ScannedRow { hash: Some(hex(&content.hash)), findings: content.findings, faults: content.faults, ..row },
        Err(broken) => ScannedRow { broken: Some(broken), ..row },
    }
}

impl Traced {
    /// The row under the entry of its scan.
    #[must_use]
    pub fn link(&self, statement: String, leaf: &[u8], receipt: String) -> Link<ScannedRow, ScannedPart> {
        Link {
            row: self.row.clone(),
            row_index: self.index,
            row_path: self.row_path.iter().map(|hash| hex(hash)).collect(),
            part: self.part.clone(),
            part_path: self.part_path.iter().map(|hash| hex(hash)).collect(),
            statement,
            leaf: hex(leaf),
            receipt,
        }
    }
}

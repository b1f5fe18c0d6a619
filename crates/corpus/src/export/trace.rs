//! As what a row stands in an export, with its way up to the root of the export.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

use keys::digest::{hex, sha256};
use ledger::hash::{Hash, leaf_hash};

use super::manifest::ExportManifest;
use super::{MANIFEST, rows};
use crate::CorpusError;
use crate::became::Became;
use crate::error::{at, damaged};
use crate::lineage::{ExportedPart, ExportedRow, Leaf, Link, Tree};

/// A row in an export.
#[derive(Debug, Clone)]
pub struct InExport {
    /// SHA-256 of the manifest of the export.
    pub manifest: Hash,
    /// Root of the scan that the export is of, hexadecimal.
    pub scan: String,
    /// What became of the row.
    pub became: Became,
    /// Where it stands, if it went out.
    out: Option<Out>,
}

#[derive(Debug, Clone)]
struct Out {
    row: ExportedRow,
    index: u64,
    row_path: Vec<Hash>,
    part: ExportedPart,
    part_path: Vec<Hash>,
}

/// Looks for a row of a scan in an export, by its shard and its place among the rows of the shard. The file that it stands in is read twice.
///
/// # Errors
/// The directory holds no export, or its files are not those of its manifest.
pub fn trace(dir: &Path, shard: u32, index: u64) -> Result<InExport, CorpusError> {
    let path = dir.join(MANIFEST);
    let bytes = std::fs::read(&path).map_err(at(&path))?;
    let manifest = ExportManifest::parse(&bytes).map_err(|error| damaged(&path, error))?;
    let found = manifest.files.iter().zip(&manifest.fates).find(|(file, _)| file.shard == shard);
    let (file, fates) = found.ok_or_else(|| damaged(&path, format!("has no file of shard {shard}")))?;
    let became = fate(&dir.join(&fates.path), index)?;
    let out = if became.goes_out() { Some(out(dir, &manifest, file, &dir.join(&fates.path), index)?) } else { None };
    Ok(InExport { manifest: sha256(&bytes), scan: manifest.scan.root, became, out })
}

/// What became of one row.
fn fate(path: &Path, index: u64) -> Result<Became, CorpusError> {
    let mut file = File::open(path).map_err(at(path))?;
    let mut letter = [0];
    file.seek(SeekFrom::Start(index)).and_then(|_| file.read_exact(&mut letter)).map_err(at(path))?;
    let [letter] = letter;
    Became::of(letter).ok_or_else(|| damaged(path, format!("has a byte {letter} at {index}, which is no fate")))
}

fn out(dir: &Path, manifest: &ExportManifest, file: &ExportedPart, fates: &Path, wanted: u64) -> Result<Out, CorpusError> {
    let path = dir.join(&file.path);
    let wrong = |error: ledger::tree::TreeError| damaged(&path, error.to_string());
    let (mut at, mut found) = (0, None);
    rows::each(&path, fates, file.shard, &manifest.text, |row| {
        if row.row == wanted {
            found = Some((at, row));
        }
        at += 1;
    })?;
    let (index, row) = found.ok_or_else(|| damaged(&path, format!("has no row that was at place {wanted} of its shard")))?;
    let mut rows = Tree::with_path(file.rows, index).map_err(wrong)?;
    rows::each(&path, fates, file.shard, &manifest.text, |row| rows.push(leaf_hash(&row.leaf())))?;
    if rows.size() != file.rows || hex(&rows.root()) != file.root {
        return Err(damaged(&path, "is not the file of its manifest; `guiju corpus check` says more"));
    }
    let mut files = Tree::with_path(manifest.files.len() as u64, file.number).map_err(wrong)?;
    manifest.files.iter().for_each(|file| files.push(leaf_hash(&file.leaf())));
    Ok(Out { row, index, row_path: rows.path().map_err(wrong)?, part: file.clone(), part_path: files.path().map_err(wrong)? })
}

impl InExport {
    /// The file and the place in it, from 0, where the row went out.
    #[must_use]
    pub fn place(&self) -> Option<(&str, u64)> {
        self.out.as_ref().map(|out| (out.part.path.as_str(), out.index))
    }

    /// The content hash of the text that went out, hexadecimal.
    #[must_use]
    pub fn hash(&self) -> Option<&str> {
        self.out.as_ref().map(|out| out.row.hash.as_str())
    }

    /// The row under the entry of the export, where it went out.
    #[must_use]
    pub fn link(&self, statement: String, leaf: &[u8], receipt: String) -> Option<Link<ExportedRow, ExportedPart>> {
        let Out { row, index, row_path, part, part_path } = self.out.clone()?;
        let hexes = |path: &[Hash]| path.iter().map(|hash| hex(hash)).collect();
        Some(Link {
            row,
            row_index: index,
            row_path: hexes(&row_path),
            part,
            part_path: hexes(&part_path),
            statement,
            leaf: hex(leaf),
            receipt,
        })
    }
}

//! The roots of a scan: of each shard over its rows, as its record holds it, and of the scan over its shards.

use std::path::Path;

use ledger::hash::{Hash, leaf_hash};
use rayon::prelude::*;

use super::leaves::{Leaf, ScannedPart};
use super::{Tree, row_hash, unhex};
use crate::CorpusError;
use crate::error::damaged;
use crate::findings::{self, Reader};
use crate::input::hash_file;
use crate::manifest::{Manifest, Shard};
use crate::record::{self, Record};

/// A scan under one hash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lineage {
    /// SHA-256 of its manifest.
    pub manifest: Hash,
    /// Merkle root over its shards.
    pub root: Hash,
    /// Leaf hashes of its shards, in their order.
    pub leaves: Vec<Hash>,
    /// Rows in it, the broken ones among them.
    pub rows: u64,
    /// Rows that could not be read.
    pub broken: u64,
}

impl Lineage {
    /// The roots of a scan as its records say them; no findings are read.
    ///
    /// # Errors
    /// A shard was not scanned yet, or a record is damaged.
    pub fn of(dir: &Path, manifest: &Manifest) -> Result<Self, CorpusError> {
        let records = records(dir, manifest)?;
        let mut leaves = Vec::with_capacity(records.len());
        let mut tree = Tree::default();
        for (shard, record) in manifest.shards.iter().zip(&records) {
            let leaf = leaf_hash(&part(dir, manifest, shard, record)?.leaf());
            tree.push(leaf);
            leaves.push(leaf);
        }
        let sum = |of: fn(&Record) -> u64| records.iter().map(of).sum();
        let digest = unhex(&manifest.digest()).unwrap_or_default();
        Ok(Self { manifest: digest, root: tree.root(), leaves, rows: sum(|record| record.rows), broken: sum(|record| record.broken) })
    }

    /// The same, after every record was held against its findings: what is to stand in a ledger is looked at first.
    ///
    /// # Errors
    /// A shard was not scanned yet, or findings are not those of their record.
    pub fn verified(dir: &Path, manifest: &Manifest) -> Result<Self, CorpusError> {
        let records = records(dir, manifest)?;
        records.par_iter().try_for_each(|record| {
            let path = findings::path(dir, record.shard);
            let same = hash_file(&path)? == record.sha256 && findings_root(dir, record.shard)? == (record.root.clone(), record.rows);
            if same { Ok(()) } else { Err(damaged(&path, "is not the file that its record speaks of; remove the record and scan again")) }
        })?;
        Self::of(dir, manifest)
    }
}

/// The records of a scan that is done.
fn records(dir: &Path, manifest: &Manifest) -> Result<Vec<Record>, CorpusError> {
    let records: Vec<Record> = Record::all(dir, manifest)?.into_iter().flatten().collect();
    let open = manifest.shards.len() - records.len();
    if open > 0 {
        return Err(CorpusError::Input(format!("{open} shards are not scanned yet; run `guiju corpus scan` again first")));
    }
    Ok(records)
}

/// A shard with what was found in it, as the scan's tree has it.
pub(crate) fn part(dir: &Path, manifest: &Manifest, shard: &Shard, record: &Record) -> Result<ScannedPart, CorpusError> {
    let part = ScannedPart {
        shard: shard.id,
        file: manifest.file(shard)?.path.clone(),
        start: shard.start,
        end: shard.end,
        sha256: shard.sha256.clone(),
        rows: record.rows,
        root: record.root.clone(),
        findings: record.sha256.clone(),
    };
    if [&part.sha256, &part.root, &part.findings].into_iter().any(|hash| unhex(hash).is_none()) {
        return Err(damaged(&record::path(dir, shard.id), "holds what is no SHA-256; remove it and the shard is scanned again"));
    }
    Ok(part)
}

/// The root over the rows of a shard as its findings say them, hexadecimal, and how many rows there are.
pub(crate) fn findings_root(dir: &Path, shard: u32) -> Result<(String, u64), CorpusError> {
    let mut tree = Tree::default();
    for row in Reader::open(dir, shard)? {
        tree.push(row_hash(shard, &row?));
    }
    Ok((keys::digest::hex(&tree.root()), tree.size()))
}

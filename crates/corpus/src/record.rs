//! The record of a shard: what was found, in numbers, and the hash of its findings. It is written last, so a shard with a record is done.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::error::{at, damaged};
use crate::manifest::Manifest;
use crate::row::Judged;
use crate::{CorpusError, durable};

/// The format this version writes and reads.
const FORMAT: u32 = 2;

/// What was done with a shard.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Record {
    /// 2.
    pub format: u32,
    /// SHA-256 of the manifest.
    pub manifest: String,
    /// Which shard.
    pub shard: u32,
    /// Rows, the broken ones among them.
    pub rows: u64,
    /// Rows that could not be read.
    pub broken: u64,
    /// Bytes of text judged.
    pub text_bytes: u64,
    /// What was found.
    pub findings: u64,
    /// Rows by decision.
    pub decisions: BTreeMap<String, u64>,
    /// Why the rows end before their time, where they do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cut: Option<String>,
    /// SHA-256 of the file of findings.
    pub sha256: String,
    /// Merkle root over its rows (docs/formats/corpus-proof.md).
    pub root: String,
}

impl Record {
    pub(crate) fn begin(manifest: &str, shard: u32) -> Self {
        Self {
            format: FORMAT,
            manifest: manifest.to_owned(),
            shard,
            rows: 0,
            broken: 0,
            text_bytes: 0,
            findings: 0,
            decisions: BTreeMap::new(),
            cut: None,
            sha256: String::new(),
            root: String::new(),
        }
    }

    pub(crate) fn count(&mut self, rows: &[Judged]) {
        for row in rows {
            self.rows += 1;
            *self.decisions.entry(row.decision.id().to_owned()).or_default() += 1;
            match &row.content {
                Ok(content) => {
                    self.text_bytes += content.bytes;
                    self.findings += content.findings.len() as u64;
                }
                Err(_) => self.broken += 1,
            }
        }
    }

    /// Writes the record.
    pub(crate) fn write(&self, dir: &Path) -> Result<(), CorpusError> {
        let mut bytes = serde_json::to_vec_pretty(self).unwrap_or_default();
        bytes.push(b'\n');
        let path = path(dir, self.shard);
        durable::write_among_others(&path, |file| file.write_all(&bytes).map_err(at(&path)))
    }

    /// Reads the record of a shard; none if the shard is not done.
    ///
    /// # Errors
    /// It cannot be read, or speaks of another manifest.
    pub fn read(dir: &Path, shard: u32, manifest: &str) -> Result<Option<Self>, CorpusError> {
        let path = path(dir, shard);
        let bytes = match std::fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(at(&path)(error)),
        };
        let record: Self = serde_json::from_slice(&bytes)
            .map_err(|error| damaged(&path, format!("is no record of a shard: {error}; remove it and the shard is scanned again")))?;
        if record.manifest != manifest || record.shard != shard || record.format != FORMAT {
            return Err(damaged(&path, "belongs to another manifest or version; it cannot be used here"));
        }
        Ok(Some(record))
    }

    /// The records of all shards that are done, by shard.
    ///
    /// # Errors
    /// One cannot be read.
    pub fn all(dir: &Path, manifest: &Manifest) -> Result<Vec<Option<Self>>, CorpusError> {
        let digest = manifest.digest();
        manifest.shards.iter().map(|shard| Self::read(dir, shard.id, &digest)).collect()
    }
}

/// The name of a shard's record.
pub(crate) fn path(dir: &Path, shard: u32) -> PathBuf {
    dir.join("shards").join(format!("{shard:06}.json"))
}

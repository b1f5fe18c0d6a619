//! The manifest of an export: what went out, by which gates, of which scan. Format: `docs/formats/corpus-export.md`.

use std::path::{Component, Path};

use keys::digest::{Digests, hex};
use ledger::hash::{Hash, leaf_hash};
use serde::{Deserialize, Serialize};

use super::{Batch, DATA, LINEAGE};
use crate::apply::Applied;
use crate::gates::Gate;
use crate::lineage::{ExportedPart, Leaf, Tree};
use crate::settings::Selector;

/// The format this version writes and reads.
const FORMAT: u32 = 1;
/// What the object says it is.
const KIND: &str = "corpus-export";
/// Largest manifest: a file takes some 900 bytes with its fates, and a scan that is recorded has 131,072 shards at most.
pub(super) const MAX_MANIFEST_BYTES: u64 = 256 << 20;

/// What the caller says of an export: it knows the store and the clock.
#[derive(Debug, Clone)]
pub struct Terms {
    /// The tenant.
    pub tenant: String,
    /// Name of its log.
    pub origin: String,
    /// The entry in which the export is recorded, 32 hexadecimal digits.
    pub entry: String,
    /// When, RFC 3339.
    pub time: String,
    /// Source of the data.
    pub source: String,
    /// Its licence.
    pub licence: String,
    /// What personal information in it rests on.
    pub basis: String,
    /// The entry in which the scan is recorded.
    pub scan_entry: String,
    /// Every gate that was asked, all open.
    pub gates: Vec<Gate>,
}

/// The scan that an export is of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OfScan {
    /// SHA-256 of its manifest.
    pub manifest: String,
    /// Merkle root over its shards.
    pub root: String,
    /// The entry in which it is recorded.
    pub entry: String,
    /// Detectors and policy with their versions.
    pub versions: Vec<String>,
}

/// A file of an export that holds no rows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Digested {
    /// Its path in the export.
    pub path: String,
    /// Its size.
    pub bytes: u64,
    /// Its SHA-256.
    pub sha256: String,
    /// Its SM3.
    pub sm3: String,
}

/// The manifest.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExportManifest {
    format: u32,
    kind: String,
    /// The tenant.
    pub tenant: String,
    /// Name of its log.
    pub origin: String,
    /// The entry in which the export is recorded.
    pub entry: String,
    /// When, RFC 3339.
    pub time: String,
    /// Sources of the data.
    pub sources: Vec<String>,
    /// Licence of each source.
    pub licences: Vec<String>,
    /// What personal information of each source rests on.
    pub bases: Vec<String>,
    /// The scan that it is of.
    pub scan: OfScan,
    /// What was applied, as `apply.json` says it.
    pub applied: serde_json::Value,
    /// Where the text of a row stands.
    pub text: Selector,
    /// How many rows of the scan came where; kept and redacted ones went out.
    pub rows: Applied,
    /// Every gate that was asked.
    pub gates: Vec<Gate>,
    /// Merkle root over the files.
    pub root: String,
    /// The files of rows, by shard.
    pub files: Vec<ExportedPart>,
    /// What became of each row, a file for each file of rows, in the same order.
    pub fates: Vec<Digested>,
}

impl ExportManifest {
    /// Puts a manifest together.
    #[must_use]
    pub(super) fn new(batch: &Batch, terms: Terms, files: Vec<ExportedPart>, fates: Vec<Digested>) -> Self {
        let scan = OfScan {
            manifest: hex(&batch.scan),
            root: hex(&batch.root),
            entry: terms.scan_entry,
            versions: batch.manifest.settings.versions.clone(),
        };
        Self {
            format: FORMAT,
            kind: KIND.to_owned(),
            tenant: terms.tenant,
            origin: terms.origin,
            entry: terms.entry,
            time: terms.time,
            sources: vec![terms.source],
            licences: vec![terms.licence],
            bases: vec![terms.basis],
            scan,
            applied: batch.settings.clone(),
            text: batch.manifest.settings.text.clone(),
            rows: batch.applied,
            gates: terms.gates,
            root: hex(&root_of(&files)),
            files,
            fates,
        }
    }

    /// Reads a manifest; whether it is signed, and its files are there, is another question.
    ///
    /// # Errors
    /// It is not in the format, or names a file outside of its directory; in a sentence.
    pub fn parse(bytes: &[u8]) -> Result<Self, String> {
        let manifest: Self = serde_json::from_slice(bytes).map_err(|error| format!("is no manifest of an export: {error}"))?;
        if manifest.format != FORMAT || manifest.kind != KIND {
            return Err(format!("is a {} of format {}; this version reads {KIND} of format {FORMAT}", manifest.kind, manifest.format));
        }
        let paths = manifest.files.iter().map(|file| (DATA, &file.path)).chain(manifest.fates.iter().map(|file| (LINEAGE, &file.path)));
        for (folder, path) in paths {
            if !is_inside(folder, path) {
                return Err(format!("names a file '{path}', which is not directly below {folder}/"));
            }
        }
        if (0..).zip(&manifest.files).any(|(number, file)| file.number != number) || manifest.fates.len() != manifest.files.len() {
            return Err("does not number its files, or has not as many fates as files".to_owned());
        }
        Ok(manifest)
    }

    /// As it is written.
    #[must_use]
    pub(super) fn bytes(&self) -> Vec<u8> {
        // Structures of strings and numbers can always be written.
        let mut bytes = serde_json::to_vec_pretty(self).unwrap_or_default();
        bytes.push(b'\n');
        bytes
    }

    /// Rows that went out.
    #[must_use]
    pub fn rows_out(&self) -> u64 {
        self.files.iter().map(|file| file.rows).sum()
    }

    /// Merkle root over its files.
    #[must_use]
    pub fn root(&self) -> Hash {
        root_of(&self.files)
    }
}

fn root_of(files: &[ExportedPart]) -> Hash {
    let mut tree = Tree::default();
    files.iter().for_each(|file| tree.push(leaf_hash(&file.leaf())));
    tree.root()
}

/// Whether a path is a plain name in a folder.
fn is_inside(folder: &str, path: &str) -> bool {
    let mut parts = Path::new(path).components();
    let plain = |part: Option<Component<'_>>| matches!(part, Some(Component::Normal(_)));
    path.split('/').count() == 2
        && path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'))
        && plain(parts.next())
        && plain(parts.next())
        && parts.next().is_none()
}

/// Digests as they are written.
pub(super) fn written(digests: &Digests) -> (String, String) {
    (hex(&digests.sha256), hex(&digests.sm3))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_names_in_their_folder_are_files() {
        assert!(is_inside(DATA, "data/000000-a.jsonl") && is_inside(LINEAGE, "lineage/000000.fates"));
        for bad in ["a", "data", "data/", "data/..", "data/.", "/data/a", "data/a/b", "../data/a", "lineage/a", "data//a", "database/a", ""]
        {
            assert!(!is_inside(DATA, bad), "{bad}");
        }
    }
}

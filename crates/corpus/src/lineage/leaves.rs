//! The leaves of both trees, as a proof shows them: rows and shards of a scan, rows and files of an export; and the bytes that are hashed of each.
//! Format: `docs/formats/corpus-proof.md`, 'Leaves'.

use serde::{Deserialize, Serialize};
use taxonomy::{Decision, Fault, Finding};

use super::{row, unhex};
use crate::became::Became;
use crate::broken::Broken;

/// Something that is a leaf of a tree.
pub(crate) trait Leaf {
    /// Its bytes, without the prefix of RFC 6962.
    fn leaf(&self) -> Vec<u8>;
    /// The shard that it is of.
    fn shard(&self) -> u32;
}

/// What a row stands in: a shard of a scan, a file of an export.
pub(crate) trait Part: Leaf {
    /// Which part it is of the whole, from 0.
    fn index(&self) -> u64;
    /// Rows in it.
    fn rows(&self) -> u64;
    /// Merkle root over them, hexadecimal.
    fn root(&self) -> &str;
}

/// A row of a scan with what was found in it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScannedRow {
    /// Number of its shard.
    pub shard: u32,
    /// Its line, record or row in its file, from 1.
    pub line: u64,
    /// What the scan decided.
    pub decision: Decision,
    /// First 128 bits of the SHA-256 of its text, hexadecimal; none of a row that could not be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hash: Option<String>,
    /// Why it could not be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub broken: Option<Broken>,
    /// What was found.
    pub findings: Vec<Finding>,
    /// Detectors that failed.
    pub faults: Vec<Fault>,
}

/// A shard of a scan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScannedPart {
    /// Its number.
    pub shard: u32,
    /// Path of its file, as the manifest has it.
    pub file: String,
    /// First byte of it in the file.
    pub start: u64,
    /// One past its last byte.
    pub end: u64,
    /// SHA-256 of these bytes.
    pub sha256: String,
    /// Rows in it.
    pub rows: u64,
    /// Merkle root over its rows.
    pub root: String,
    /// SHA-256 of its file of findings.
    pub findings: String,
}

/// A row that went out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExportedRow {
    /// Number of the shard that it is from.
    pub shard: u32,
    /// Its place among the rows of that shard, from 0.
    pub row: u64,
    /// As what it went out: kept or redacted.
    pub became: Became,
    /// First 128 bits of the SHA-256 of the text that went out, hexadecimal.
    pub hash: String,
}

/// A file that went out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExportedPart {
    /// Which file of the export it is, from 0.
    pub number: u64,
    /// The shard that its rows are from.
    pub shard: u32,
    /// Its path in the export.
    pub path: String,
    /// Rows in it.
    pub rows: u64,
    /// Merkle root over them.
    pub root: String,
    /// Its size.
    pub bytes: u64,
    /// Its SHA-256.
    pub sha256: String,
    /// Its SM3.
    pub sm3: String,
}

impl ScannedRow {
    /// Either there is a text with what was found in it, or the reason why there is none.
    pub(super) fn shows(&self) -> Result<(), String> {
        let hash = self.hash.as_deref().map(short);
        match (hash, &self.broken) {
            (Some(Some(_)), None) => Ok(()),
            (None, Some(_)) if self.findings.is_empty() && self.faults.is_empty() => Ok(()),
            _ => Err("it has either a hash of 32 hexadecimal digits, or the reason why it could not be read".to_owned()),
        }
    }
}

impl Leaf for ScannedRow {
    fn leaf(&self) -> Vec<u8> {
        let digest = self.broken.as_ref().map_or_else(|| row::digest(&self.findings, &self.faults), row::broken_digest);
        let hash = self.hash.as_deref().and_then(short);
        row::leaf(self.shard, self.line, hash.as_ref(), &digest, self.decision)
    }

    fn shard(&self) -> u32 {
        self.shard
    }
}

impl Leaf for ScannedPart {
    fn leaf(&self) -> Vec<u8> {
        let mut bytes = vec![row::VERSION];
        bytes.extend_from_slice(&self.shard.to_be_bytes());
        bytes.extend_from_slice(&self.start.to_be_bytes());
        bytes.extend_from_slice(&self.end.to_be_bytes());
        bytes.extend_from_slice(&unhex(&self.sha256).unwrap_or_default());
        bytes.extend_from_slice(&self.rows.to_be_bytes());
        bytes.extend_from_slice(&unhex(&self.root).unwrap_or_default());
        bytes.extend_from_slice(&unhex(&self.findings).unwrap_or_default());
        bytes.extend_from_slice(self.file.as_bytes());
        bytes
    }

    fn shard(&self) -> u32 {
        self.shard
    }
}

impl Part for ScannedPart {
    fn index(&self) -> u64 {
        u64::from(self.shard)
    }

    fn rows(&self) -> u64 {
        self.rows
    }

    fn root(&self) -> &str {
        &self.root
    }
}

impl Leaf for ExportedRow {
    fn leaf(&self) -> Vec<u8> {
        exported_leaf(self.shard, self.row, &short(&self.hash).unwrap_or_default(), self.became)
    }

    fn shard(&self) -> u32 {
        self.shard
    }
}

/// The bytes of the leaf of a row that went out.
pub(crate) fn exported_leaf(shard: u32, row: u64, hash: &[u8; 16], became: Became) -> Vec<u8> {
    let mut bytes = vec![row::VERSION];
    bytes.extend_from_slice(&shard.to_be_bytes());
    bytes.extend_from_slice(&row.to_be_bytes());
    bytes.extend_from_slice(hash);
    bytes.extend_from_slice(became.id().as_bytes());
    bytes
}

impl Leaf for ExportedPart {
    fn leaf(&self) -> Vec<u8> {
        let mut bytes = vec![row::VERSION];
        bytes.extend_from_slice(&self.shard.to_be_bytes());
        bytes.extend_from_slice(&self.rows.to_be_bytes());
        bytes.extend_from_slice(&unhex(&self.root).unwrap_or_default());
        bytes.extend_from_slice(&self.bytes.to_be_bytes());
        bytes.extend_from_slice(&unhex(&self.sha256).unwrap_or_default());
        bytes.extend_from_slice(&unhex(&self.sm3).unwrap_or_default());
        bytes.extend_from_slice(self.path.as_bytes());
        bytes
    }

    fn shard(&self) -> u32 {
        self.shard
    }
}

impl Part for ExportedPart {
    fn index(&self) -> u64 {
        self.number
    }

    fn rows(&self) -> u64 {
        self.rows
    }

    fn root(&self) -> &str {
        &self.root
    }
}

/// A content hash.
pub(crate) fn short(text: &str) -> Option<[u8; 16]> {
    keys::digest::unhex(text)?.try_into().ok()
}

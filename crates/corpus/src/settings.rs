//! What a scan was told, as the manifest keeps it: the same settings over the same files give the same findings, byte for byte.

use serde::{Deserialize, Serialize};

use crate::CorpusError;

/// Where the text of a row stands: a field or column, or a JSON pointer (RFC 6901).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Selector(String);

impl Selector {
    /// Reads `text`, or `/messages/0/content`.
    ///
    /// # Errors
    /// It is empty.
    pub fn new(text: &str) -> Result<Self, CorpusError> {
        match text {
            "" | "/" => Err(CorpusError::Input("the field of the text has no name; give one such as `text` or `/data/content`".to_owned())),
            text => Ok(Self(text.to_owned())),
        }
    }

    /// As it was given.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The steps from the outermost object to the text.
    pub(crate) fn path(&self) -> Vec<String> {
        match self.0.strip_prefix('/') {
            Some(pointer) => pointer.split('/').map(|step| step.replace("~1", "/").replace("~0", "~")).collect(),
            None => vec![self.0.clone()],
        }
    }

    /// The column of a table.
    pub(crate) fn column(&self) -> &str {
        &self.0
    }
}

/// The settings of a scan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Where the text stands in JSON lines, CSV and Parquet.
    pub text: Selector,
    /// Whether findings keep the text they found.
    pub matched: bool,
    /// The detectors with their versions, and the policy of the scan's own decisions.
    pub versions: Vec<String>,
    /// Bytes of plain text a shard is cut at.
    pub shard_bytes: u64,
}

/// Bytes of plain text in a shard. Large enough that a shard's own costs (two files, three syncs) do not count, small enough that little is
/// done twice after a crash, and that a machine with many cores has work for all of them.
pub const SHARD_BYTES: u64 = 64 << 20;

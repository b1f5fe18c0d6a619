//! What a scan was told, as the manifest keeps it: the same settings over the same files give the same findings, byte for byte.

use detect::Pipeline;
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

impl Settings {
    /// Whether this pipeline is the one whose findings the manifest promises.
    pub(crate) fn judged_by(&self, pipeline: &Pipeline) -> Result<(), CorpusError> {
        match versions(&self.versions, pipeline.versions()) {
            None => Ok(()),
            Some(differ) => Err(CorpusError::Input(format!(
                "the manifest was made with other detectors than these: {differ}; use the same version of guiju, lexicon, policy and classifier"
            ))),
        }
    }

    /// In what other settings differ from these, in words.
    pub(crate) fn difference(&self, other: &Self) -> String {
        let text = || format!("its text is in '{}', not in '{}'", self.text.as_str(), other.text.as_str());
        let matched = || format!("its findings {} the text they found", if self.matched { "keep" } else { "do not keep" });
        let bytes = || format!("its shards have {} bytes, not {}", self.shard_bytes, other.shard_bytes);
        let found = [
            (self.text != other.text).then(text),
            (self.matched != other.matched).then(matched),
            (self.shard_bytes != other.shard_bytes).then(bytes),
            versions(&self.versions, &other.versions),
        ];
        found.into_iter().flatten().collect::<Vec<_>>().join("; ")
    }
}

/// In what two lists of detectors differ.
fn versions(there: &[String], here: &[String]) -> Option<String> {
    let only = |these: &[String], those: &[String]| {
        let only: Vec<_> = these.iter().filter(|version| !those.contains(version)).map(String::as_str).collect();
        if only.is_empty() { "nothing more".to_owned() } else { only.join(", ") }
    };
    (there != here).then(|| format!("it has {}, here is {}", only(there, here), only(here, there)))
}

/// Bytes of plain text in a shard. Large enough that a shard's own costs (two files, three syncs) do not count, small enough that little is
/// done twice after a crash, and that a machine with many cores has work for all of them.
pub const SHARD_BYTES: u64 = 64 << 20;

//! What consent did to a row, as `corpus apply` writes it down and `corpus explain` tells it. No person stands in it.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;

use serde::{Deserialize, Serialize};
use taxonomy::Lang;

use super::{Sensitive, Why};
use crate::CorpusError;
use crate::apply::joined_path;
use crate::error::{at, damaged};
use crate::explain::Explained;
use crate::manifest::Manifest;

/// What consent did to a row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Joined {
    /// Which row of the file.
    pub line: u64,
    /// Why.
    pub consent: Why,
    /// Whether the row was dropped; else it was redacted, if the policy let it through at all.
    pub dropped: bool,
    /// Which parts of sensitive personal information are in it.
    pub sensitive: BTreeSet<Sensitive>,
}

impl Joined {
    /// What consent did to a row when it was applied into `out`; none where it did nothing.
    ///
    /// # Errors
    /// What was written down cannot be read.
    pub fn of(out: &Path, manifest: &Manifest, row: &Explained) -> Result<Option<Self>, CorpusError> {
        let Some(shard) = manifest.shards.get(row.shard as usize) else { return Ok(None) };
        let path = joined_path(out, shard, manifest.file(shard)?);
        let file = match File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(at(&path)(error)),
        };
        for line in BufReader::new(file).lines() {
            let line = line.map_err(at(&path))?;
            let joined: Self =
                serde_json::from_str(&line).map_err(|error| damaged(&path, format!("{error}; apply again into another directory")))?;
            if joined.line == row.row.line {
                return Ok(Some(joined));
            }
        }
        Ok(None)
    }

    /// In words.
    #[must_use]
    pub fn words(&self, lang: Lang) -> String {
        let say = |zh, en| if lang == Lang::Zh { zh } else { en };
        let became = if self.dropped { say("已删除", "dropped") } else { say("已脱敏", "redacted") };
        let parts: Vec<String> = self.sensitive.iter().map(|part| format!("{} {part}", part.title(lang))).collect();
        let parts =
            if parts.is_empty() { String::new() } else { format!("  {} {}", say("敏感个人信息", "sensitive"), parts.join(", ")) };
        format!("  {} {became}: {} ({}){parts}", say("同意核对", "consent"), self.consent.title(lang), self.consent)
    }
}

//! The summary of a scan: a pure function of the manifest, the records and the findings, so that whoever has these can make it again, byte for
//! byte, wherever they were written.

mod copies;
mod html;
mod tally;

use std::io::Write;
use std::path::Path;

use serde::Serialize;
use serde_json::json;
use stats::{Interval, wilson};
use taxonomy::Lang;

use crate::error::at;
use crate::findings::Reader;
use crate::manifest::Manifest;
use crate::record::Record;
use crate::settings::Settings;
use crate::{CorpusError, durable};

pub use copies::Copies;
pub(crate) use copies::Copy;
pub use html::html;

/// The format this version writes.
const FORMAT: u32 = 1;

/// A count with its share of a whole and Wilson's 95 % interval of that share.
#[derive(Debug, Clone, Serialize)]
pub struct Share {
    /// What is counted.
    pub id: String,
    /// Rows.
    pub rows: u64,
    /// Findings in them; 0 where rows are not counted by findings.
    #[serde(skip_serializing_if = "is_zero")]
    pub findings: u64,
    /// Of the rows that were judged.
    pub interval: Interval,
    /// Rows to look at, `file:line`: those whose content hashes are smallest, so chosen by nobody.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub samples: Vec<String>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
const fn is_zero(n: &u64) -> bool {
    *n == 0
}

impl Share {
    fn new(id: &str, rows: u64, findings: u64, of: u64) -> Self {
        Self { id: id.to_owned(), rows, findings, interval: wilson(rows, of), samples: Vec::new() }
    }
}

/// A rule, and how it behaves.
#[derive(Debug, Clone, Serialize)]
pub struct RuleShare {
    /// Its id.
    pub rule: String,
    /// Its detector.
    pub detector: String,
    /// Rows it found something in.
    pub rows: u64,
    /// Findings in them.
    pub findings: u64,
    /// Rows in which no other rule speaks for a class or an attack: where a rule finds much and always alone, look for false hits.
    pub alone: u64,
    /// Wilson's interval of `alone / rows`; entries are ordered by its lower end.
    pub interval: Interval,
    /// Rows to look at, those where it stands alone first.
    pub samples: Vec<String>,
}

/// A file, and what was found in it.
#[derive(Debug, Clone, Default, Serialize)]
pub struct FileShare {
    /// Its path.
    pub path: String,
    /// Rows that were judged.
    pub judged: u64,
    /// Rows that could not be read.
    pub broken: u64,
    /// Rows with a suspicion of classes A1 to A4.
    pub suspected: u64,
    /// Their share of the judged, with Wilson's interval.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interval: Option<Interval>,
    /// Bytes of text.
    pub text_bytes: u64,
    /// Why none of it could be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unreadable: Option<String>,
    /// Where its shards end before their time, and why.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub cut: Vec<String>,
}

/// What a scan found.
#[derive(Debug, Clone, Serialize)]
pub struct Summary {
    /// 1.
    pub format: u32,
    /// SHA-256 of the manifest.
    pub manifest: String,
    /// What the scan was told.
    pub settings: Settings,
    /// Shards of the manifest, and those that are done.
    pub shards: (usize, usize),
    /// Rows that were judged.
    pub judged: u64,
    /// Rows that could not be read.
    pub broken: u64,
    /// Rows on which a detector failed; they are held.
    pub faulty: u64,
    /// Bytes of text.
    pub text_bytes: u64,
    /// Rows with a finding of review or above in a class of A1 to A4. Personal information does not count here. A suspicion, not a
    /// verdict: clause GB-5.1-a counts what people confirm.
    pub suspected: Share,
    /// Rows by decision of the scan's policy.
    pub decisions: Vec<Share>,
    /// By risk class.
    pub classes: Vec<Share>,
    /// By attack.
    pub attacks: Vec<Share>,
    /// By kind of personal information.
    pub personal: Vec<Share>,
    /// By language.
    pub languages: Vec<Share>,
    /// Why rows could not be read, with places.
    pub broken_kinds: Vec<Share>,
    /// Rules by suspicion of false hits.
    pub suspicious: Vec<RuleShare>,
    /// Rules by rows.
    pub rules: Vec<RuleShare>,
    /// Rules in all.
    pub rules_all: usize,
    /// Rows that repeat others.
    pub copies: Copies,
    /// By file, the highest share of suspected rows first.
    pub files: Vec<FileShare>,
    /// Files in all.
    pub files_all: usize,
    /// Files below the named directories that are of no format we know.
    pub passed_over: Vec<String>,
}

impl Summary {
    /// Whether every row of every file was read and judged.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.broken == 0
            && self.faulty == 0
            && self.shards.0 == self.shards.1
            && self.files.iter().all(|file| file.unreadable.is_none() && file.cut.is_empty())
    }
}

/// Makes the summary of what is done, and writes `summary.json`, `summary.html`, `broken.jsonl` and `duplicates.jsonl`.
///
/// # Errors
/// Findings or records are missing or damaged, or the files cannot be written.
pub fn merge(dir: &Path, manifest: &Manifest, lang: Lang) -> Result<Summary, CorpusError> {
    let records = Record::all(dir, manifest)?;
    let mut tally = tally::Tally::new(manifest);
    let mut found = copies::Finder::default();
    durable::write(&dir.join("broken.jsonl"), |out| {
        for (shard, record) in manifest.shards.iter().zip(&records) {
            let Some(record) = record else { continue };
            tally.shard(shard, record);
            for row in Reader::open(dir, shard.id)? {
                let row = row?;
                if let Err(broken) = &row.content {
                    let file = &manifest.file(shard)?.path;
                    let line = json!({"file": file, "line": row.line, "kind": broken.kind, "message": broken.message});
                    writeln!(out, "{line}").map_err(at(&dir.join("broken.jsonl")))?;
                }
                tally.row(shard, &row);
                found.row(shard.id, &row);
            }
        }
        Ok(())
    })?;
    let copies = durable::write(&dir.join("duplicates.jsonl"), |out| found.finish(out).map_err(at(&dir.join("duplicates.jsonl"))))?;
    let done = records.iter().flatten().count();
    if done == records.len() && done > 0 {
        // Tasks that were given up may have left something; whoever still writes there writes what is there already.
        durable::sweep(&dir.join("shards"))?;
    }
    let summary = tally.finish(manifest, done, copies);
    let mut bytes = serde_json::to_vec_pretty(&summary).map_err(|error| CorpusError::Render(error.to_string()))?;
    bytes.push(b'\n');
    durable::write_bytes(&dir.join("summary.json"), &bytes)?;
    durable::write_bytes(&dir.join("summary.html"), html(&summary, lang)?.as_bytes())?;
    Ok(summary)
}

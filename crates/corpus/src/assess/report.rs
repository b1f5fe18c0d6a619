//! What an assessment found, as it is written and handed on.

use serde::Serialize;
use sha2::{Digest, Sha256};
use taxonomy::Lang;

use super::{ClassCount, FileCount, Grounds, Outcome, People, Phase, html};
use crate::CorpusError;
use crate::settings::Settings;

/// What an assessment found, and what follows.
#[derive(Debug, Clone, Serialize)]
pub struct Assessment {
    /// 1.
    pub format: u32,
    /// The source's name.
    pub source: String,
    /// When.
    pub phase: Phase,
    /// The clause behind it.
    pub clause: &'static str,
    /// SHA-256 of the manifest of the files.
    pub manifest: String,
    /// Where the text stands, and the versions of what judged.
    pub settings: Settings,
    /// The seed of the sample.
    pub seed: String,
    /// Rows asked for; none where all were judged.
    pub asked: Option<u64>,
    /// Rows of the source, where that is known.
    pub population: Option<u64>,
    /// Rows of the files.
    pub rows: u64,
    /// Rows judged.
    pub sampled: u64,
    /// SHA-256 of `sample.txt`: the sorted ids of the rows judged.
    pub sample: String,
    /// Distinct texts among them, each of which counts once.
    pub distinct: u64,
    /// Rows that repeat one of them.
    pub copies: u64,
    /// Whether all copies were seen; beyond ten million distinct texts every row counts as distinct.
    pub complete: bool,
    /// Rows that could not be read.
    pub broken: u64,
    /// Texts on which a detector failed.
    pub faulty: u64,
    /// What is counted both ways: rows that could not be read, texts on which a detector failed or people differ, unless they count already.
    pub open: u64,
    /// Texts that count against the limit: what people confirmed, and what the machine suspects where nobody looked.
    pub suspected: u64,
    /// Lower end of the 95 % interval of the share, what is open counted as clean.
    pub low: f64,
    /// Upper end, what is open counted as hits.
    pub high: f64,
    /// The limit.
    pub limit: f64,
    /// What follows.
    pub outcome: Outcome,
    /// Rows of a sample that would decide at the share observed; none where it is decided, or where no sample would.
    pub wanted: Option<u64>,
    /// What the machine's suspicions rest on.
    pub grounds: Grounds,
    /// What people said; none where no sheet was given.
    pub people: Option<People>,
    /// By class, those with suspicions.
    pub classes: Vec<ClassCount>,
    /// By file, the highest share first.
    pub files: Vec<FileCount>,
    /// Files in all.
    pub files_all: u64,
    /// Files that could not be read to the end, and why.
    pub unread: Vec<String>,
}

impl Assessment {
    /// The file of it.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        // Structures of strings and finite numbers can always be written.
        let mut bytes = serde_json::to_vec_pretty(self).unwrap_or_default();
        bytes.push(b'\n');
        bytes
    }

    /// SHA-256 of `assessment.json`: the evidence, as the register of sources keeps it.
    #[must_use]
    pub fn evidence(&self) -> [u8; 32] {
        Sha256::digest(self.bytes()).into()
    }

    /// SHA-256 of `sample.txt`, as the register of sources keeps it.
    #[must_use]
    pub fn sample_digest(&self) -> [u8; 32] {
        let digit = |at: usize| self.sample.get(at..at + 2).and_then(|pair| u8::from_str_radix(pair, 16).ok()).unwrap_or_default();
        std::array::from_fn(|byte| digit(byte * 2))
    }

    /// What it comes to and what is to be done, in words.
    #[must_use]
    pub fn words(&self, lang: Lang) -> String {
        html::words(self, lang)
    }

    /// The page of it.
    ///
    /// # Errors
    /// The template fails.
    pub fn html(&self, lang: Lang) -> Result<String, CorpusError> {
        html::html(self, lang)
    }
}

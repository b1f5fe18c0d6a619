//! The report: one value made from the state of a run, then written as JSON, as one HTML page and as a workbook.
//!
//! Everything here is a function of the journal alone, so `assess verify` can make it again byte for byte.

mod chart;
mod examples;
mod html;
mod page;
mod words;
mod xlsx;

use std::path::Path;

use serde::Serialize;
use taxonomy::Lang;

use crate::digest::hex_digest;
use crate::error::AssessError;
use crate::journal::{Drawn, Opened};
use crate::judge::JudgeCard;
use crate::run::Texts;
use crate::score::{Scores, score};
use crate::state::RunState;

use examples::{Example, Failure};
pub(crate) use page::group_title;
pub use words::Words;
pub(crate) use xlsx::cell;

/// Version of `report.json`.
const FORMAT: u32 = 1;

/// A judge that took part.
#[derive(Debug, Clone, Serialize)]
pub struct JudgeLine {
    /// Its name.
    pub name: String,
    /// What its judgements depend on.
    pub version: String,
    /// How good it is, where that is known.
    pub card: Option<JudgeCard>,
    /// Items that it could not judge; they wait for people.
    pub faults: u64,
}

/// The journal the report was made from.
#[derive(Debug, Clone, Serialize)]
pub struct JournalLine {
    /// Lines.
    pub lines: u64,
    /// Chain value of the last of them.
    pub head: String,
    /// Digest of the sealed samples.
    pub sealed: Option<String>,
    /// When the answers were frozen.
    pub frozen_at: Option<String>,
    /// How often the run was taken up again.
    pub resumed: u32,
}

/// Everything a report says, in no language.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// Version of this format.
    pub format: u32,
    /// When the run began.
    pub opened_at: String,
    /// How it began.
    pub opened: Opened,
    /// Samples.
    pub samples: Vec<Drawn>,
    /// The numbers.
    pub scores: Scores,
    /// Judges.
    pub judges: Vec<JudgeLine>,
    /// What went wrong, in the service's own words.
    pub examples: Vec<Example>,
    /// Questions without an answer.
    pub failures: Vec<Failure>,
    /// The journal.
    pub journal: JournalLine,
}

impl Report {
    /// Makes the report of a run.
    ///
    /// # Errors
    /// The journal cannot be read.
    pub fn of(dir: &Path, state: &RunState) -> Result<Self, AssessError> {
        let judges =
            state.judges.iter().map(|j| JudgeLine { name: j.name.clone(), version: j.version.clone(), card: j.card, faults: j.faults });
        Ok(Self {
            format: FORMAT,
            opened_at: state.opened_at.clone(),
            opened: state.opened.clone(),
            samples: state.drawn.clone(),
            scores: score(state),
            judges: judges.collect(),
            examples: examples::examples(state, &mut Texts::open(dir)?)?,
            failures: examples::failures(state),
            journal: JournalLine {
                lines: state.lines,
                head: state.head.clone(),
                sealed: state.sealed.clone(),
                frozen_at: state.frozen.clone(),
                resumed: state.resumed,
            },
        })
    }
}

impl Report {
    /// Why the conclusion is what it is, in the words of a language.
    #[must_use]
    pub fn reasons(&self, words: &Words) -> Vec<String> {
        self.scores.conclusion.reasons.iter().map(|reason| page::reason_text(reason, self, words)).collect()
    }
}

/// Makes all files of a report in memory: name and content.
///
/// # Errors
/// The journal cannot be read, or a file cannot be made.
pub(crate) fn render(dir: &Path, state: &RunState, lang: Lang) -> Result<Vec<(String, Vec<u8>)>, AssessError> {
    let words = Words::new(lang);
    let report = Report::of(dir, state)?;
    let mut json = serde_json::to_vec_pretty(&report).map_err(AssessError::Encode)?;
    json.push(b'\n');
    Ok(vec![
        ("report.html".to_owned(), html::html(&report, &words)?.into_bytes()),
        ("report.json".to_owned(), json),
        ("annexes.xlsx".to_owned(), xlsx::workbook(dir, state, &report, &words)?),
    ])
}

/// Writes all files of a report; gives their names and SHA-256. A crash between two files leaves old and new side by side, and no journal
/// line that vouches for them: `assess resume` or `assess report` writes them again.
///
/// # Errors
/// As [`render`], or the disk refuses.
pub(crate) fn write(dir: &Path, state: &RunState, lang: Lang) -> Result<Vec<(String, String)>, AssessError> {
    let mut written = Vec::new();
    for (name, bytes) in render(dir, state, lang)? {
        let (path, part) = (dir.join(&name), dir.join(format!("{name}.part")));
        std::fs::write(&part, &bytes).map_err(|e| AssessError::io(&part, e))?;
        std::fs::rename(&part, &path).map_err(|e| AssessError::io(&path, e))?;
        written.push((name, hex_digest(&bytes)));
    }
    Ok(written)
}

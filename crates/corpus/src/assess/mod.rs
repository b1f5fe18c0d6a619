//! The assessment of a source, before it is collected and after (GB/T 45654-2025 5.1 a): the share of rows that speak for one of the 29 classes of A1
//! to A4, with its interval, against the limit of 5 %. Format: `docs/formats/corpus-assessment.md`.
//!
//! Each distinct text counts once, or a source could be diluted with copies of a clean one. What cannot be read or judged is counted both ways: as
//! clean for a refusal, as a hit for an acceptance. What people say of a row stands above what the machine suspects. Pure: the same rows, rules, seed
//! and sheets give the same bytes.

mod count;
mod html;
mod look;
mod read;
mod report;

use std::path::{Path, PathBuf};

use detect::Pipeline;
use sha2::{Digest, Sha256};
use taxonomy::Lang;

pub use count::{ClassCount, Example, FileCount, Grounds, People};
pub use report::Assessment;

use crate::input::{Counter, hex};
use crate::manifest::Manifest;
use crate::sheet::{Sheet, Votes};
use crate::{CorpusError, durable};

/// The largest share of illegal or unhealthy content that a source may have (GB/T 45654-2025 5.1 a: 'over 5 %').
pub const LIMIT: f64 = 0.05;
/// Rows drawn where nobody says how many: at the limit their interval is 0.9 points wide, so a source at 4.5 % or 5.5 % is told apart from it.
pub const SAMPLE_ROWS: usize = 10_000;
/// Largest sample: some 300 bytes a row with its id, 300 MB. Beyond it, all rows are judged, which holds none of them.
pub const MAX_SAMPLE_ROWS: usize = 1_000_000;
/// Format of the report.
const FORMAT: u32 = 1;

taxonomy::words! {
    /// When a source is assessed.
    Phase, "phase of an assessment (before or after)", {
        Before = "before", "采集前评估", "assessment before collection";
        After = "after", "采集后核验", "verification after collection";
    }
}

taxonomy::words! {
    /// What an assessment comes to.
    Outcome, "outcome of an assessment", {
        Accepted = "accepted", "接受", "accepted";
        Refused = "refused", "拒绝", "refused";
        LargerSample = "larger-sample", "样本不足，需扩大", "a larger sample is needed";
    }
}

impl Phase {
    /// The clause behind it.
    #[must_use]
    pub const fn clause(self) -> &'static str {
        match self {
            Self::Before => "GB-5.1-a1",
            Self::After => "GB-5.1-a2",
        }
    }
}

/// Which rows are judged.
#[derive(Clone, Copy)]
pub enum Rows<'a> {
    /// So many rows of the manifest's files, drawn by hash (docs/decisions/0002-sampling-by-hash.md); all, if there are fewer.
    Sample(usize, &'a Pipeline),
    /// All rows of the manifest's files.
    All(&'a Pipeline),
    /// All rows of a finished scan, as its findings in this directory say.
    Scanned(&'a Path),
}

/// How many rows the source has, of which the files may be a part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Population {
    /// Nobody knows: the files are a supplier's sample.
    Unknown,
    /// The files are the whole source.
    Whole,
    /// So many.
    Rows(u64),
}

/// An assessment to be made.
pub struct Assess<'a> {
    /// The source's name.
    pub source: &'a str,
    /// When.
    pub phase: Phase,
    /// The files.
    pub manifest: &'a Manifest,
    /// Which of their rows, and what judges them.
    pub rows: Rows<'a>,
    /// The seed of the sample.
    pub seed: &'a str,
    /// Rows of the source.
    pub population: Population,
    /// Sheets that people filled in for this very sample.
    pub reviewed: &'a [PathBuf],
    /// Whether examples show the text around what was found.
    pub matched: bool,
    /// Cores to use.
    pub threads: usize,
}

/// An assessment with what stands behind it.
pub struct Assessed {
    /// What was found.
    pub assessment: Assessment,
    /// The ids of the rows judged, sorted, one a line; `ABC…:*` stands for all rows of a shard.
    sample: String,
    /// Rows for people to look at: those suspected and as many others, so that a sheet does not tell which is which.
    to_review: Vec<read::ToReview>,
}

impl Assess<'_> {
    /// Judges the rows and draws the conclusion. `read` grows with the bytes read.
    ///
    /// # Errors
    /// Files cannot be read, there is no row, a scan is not finished, the population is smaller than what was read, or a sheet is not of this sample.
    pub fn run(&self, read: &Counter) -> Result<Assessed, CorpusError> {
        let sheets = self.reviewed.iter().map(|file| Sheet::read(file)).collect::<Result<Vec<_>, _>>()?;
        let votes = Votes::of(&sheets)?;
        let taken = read::take(self, &votes, read)?;
        let sample = taken.sample.clone();
        let digest = hex(&Sha256::digest(&sample));
        belongs(&sheets, &votes, &digest, &taken)?;
        let assessment = self.conclude(&taken, digest, sheets.len() as u64)?;
        Ok(Assessed { assessment, sample, to_review: taken.to_review })
    }

    fn conclude(&self, taken: &read::Taken, sample: String, sheets: u64) -> Result<Assessment, CorpusError> {
        let count = &taken.count;
        let population = self.population(taken)?;
        let (hits, open) = (count.suspected, count.open + count.broken);
        let judged = count.distinct + count.broken;
        if judged == 0 {
            return Err(CorpusError::Input("there is no row to judge; an empty source can be neither accepted nor refused".to_owned()));
        }
        let seen = population.map_or(0.0, |all| taken.sampled as f64 / all as f64);
        let (low, high) = (stats::wilson_finite(hits, judged, seen).low, stats::wilson_finite(hits + open, judged, seen).high);
        let outcome = match stats::side(stats::Interval { low, high }, LIMIT) {
            stats::Side::Over => Outcome::Refused,
            stats::Side::Within => Outcome::Accepted,
            stats::Side::Astride => Outcome::LargerSample,
        };
        let wanted = if outcome == Outcome::LargerSample { wanted(hits, open, judged, taken.sampled, population) } else { None };
        Ok(Assessment {
            format: FORMAT,
            source: self.source.to_owned(),
            phase: self.phase,
            clause: self.phase.clause(),
            manifest: self.manifest.digest(),
            settings: self.manifest.settings.clone(),
            seed: self.seed.to_owned(),
            asked: if let Rows::Sample(rows, _) = self.rows { Some(rows as u64) } else { None },
            population,
            rows: taken.rows,
            sampled: taken.sampled,
            sample,
            distinct: count.distinct,
            copies: count.copies,
            complete: count.is_complete(),
            broken: count.broken,
            faulty: count.faulty,
            open,
            suspected: hits,
            low,
            high,
            limit: LIMIT,
            outcome,
            wanted,
            grounds: count.grounds,
            people: (sheets > 0).then_some(People { sheets, ..count.people }),
            classes: count.classes(self.manifest, self.matched)?,
            files: count.files(self.manifest),
            files_all: self.manifest.files.len() as u64,
            unread: taken.unread.clone(),
        })
    }

    /// The rows of the source. Files that were not read to the end are not the whole of anything.
    fn population(&self, taken: &read::Taken) -> Result<Option<u64>, CorpusError> {
        match self.population {
            Population::Rows(all) if all < taken.rows => {
                let rows = taken.rows;
                Err(CorpusError::Input(format!("the files have {rows} rows, and the source is said to have {all}; correct --population")))
            }
            Population::Rows(all) => Ok(Some(all)),
            Population::Whole if taken.unread.is_empty() => Ok(Some(taken.rows)),
            Population::Whole | Population::Unknown => Ok(None),
        }
    }
}

/// Refuses sheets of another sample, and verdicts on rows that are not in this one.
fn belongs(sheets: &[Sheet], votes: &Votes, digest: &str, taken: &read::Taken) -> Result<(), CorpusError> {
    if let Some(other) = sheets.iter().find(|sheet| sheet.list != digest) {
        let message = "a sheet holds for the sample it was made of: the same files, seed and number of rows";
        return Err(CorpusError::Input(format!(
            "the sheet of '{}' is of sample {}, this is {digest}; {message}",
            other.reviewer, other.list
        )));
    }
    let strangers: Vec<&str> = votes.rows().filter(|row| !taken.met.contains(*row)).take(5).collect();
    if strangers.is_empty() {
        return Ok(());
    }
    Err(CorpusError::Input(format!(
        "a sheet judges rows that are not in the sample: {}; the key column must not be changed",
        strangers.join(", ")
    )))
}

/// How many rows would decide. Computed for distinct texts, and enlarged by the rows it took to meet them.
fn wanted(hits: u64, open: u64, judged: u64, sampled: u64, population: Option<u64>) -> Option<u64> {
    let share = |hits: u64| hits as f64 / judged as f64;
    let texts = population.map(|rows| (u128::from(rows) * u128::from(judged) / u128::from(sampled.max(1))) as u64);
    let size = stats::deciding_size(share(hits), share(hits + open), LIMIT, texts)?;
    let rows = (u128::from(size) * u128::from(sampled)).div_ceil(u128::from(judged)) as u64;
    Some(population.map_or(rows, |all| rows.min(all)))
}

impl Assessed {
    /// Writes `assessment.json`, `assessment.html` and `sample.txt` into a directory; the report last.
    ///
    /// # Errors
    /// They cannot be written.
    pub fn write(&self, dir: &Path, lang: Lang) -> Result<(), CorpusError> {
        std::fs::create_dir_all(dir).map_err(crate::error::at(dir))?;
        durable::write_bytes(&dir.join("sample.txt"), self.sample.as_bytes())?;
        durable::write_bytes(&dir.join("assessment.html"), self.assessment.html(lang)?.as_bytes())?;
        durable::write_bytes(&dir.join("assessment.json"), &self.assessment.bytes())
    }

    /// Writes the review sheet of one person: the suspected rows, and as many others. Returns how many.
    ///
    /// # Errors
    /// The file is there already or cannot be written, or the rows cannot be read again.
    pub fn sheet(&self, manifest: &Manifest, reviewer: &str, file: &Path, lang: Lang) -> Result<u64, CorpusError> {
        let wanted = self.to_review.iter().map(|row| (row.place, Some(row.hash))).collect();
        let ids: std::collections::BTreeMap<_, _> = self.to_review.iter().map(|row| (row.place, &row.id)).collect();
        let mut rows = Vec::new();
        crate::texts::each_text(manifest, &wanted, |place, text| {
            rows.extend(ids.get(&place).map(|id| ((*id).clone(), crate::sheet::cell(text))));
        })?;
        crate::sheet::write(file, &self.assessment.sample, reviewer, &rows, lang)?;
        Ok(rows.len() as u64)
    }
}

//! The spot check of training data (GB/T 45654-2025 B.2.1): of what is to be trained on, at least 4,000 rows are judged by people, 96 % of them
//! qualified, and at least 10 % by keywords and classifier, 98 % qualified. Format: `docs/formats/corpus-spotcheck.md`.
//!
//! What is checked are the rows that were kept: those that a scan passes or masks, or the clean rows that `apply` wrote. Both lists are drawn and their
//! digests written before anyone judges ([`SpotCheck::draw`]); the rates hold for these lists alone ([`SpotCheck::rates`]). Pure: equal rows and seed
//! give equal lists.

mod draw;
mod html;
mod kept;
mod outcome;
mod rates;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use stats::{Interval, Rate, Standing};
use taxonomy::RiskClass;

pub use kept::SpotCheck;
pub use outcome::outcome;

/// Fewest rows that people judge (B.2.1 a); all, where there are fewer.
pub const FEWEST_MANUAL: u64 = 4_000;
/// Smallest share of the rows that keywords and classifier judge, in percent (B.2.1 b).
pub const LEAST_TECHNICAL_PERCENT: u64 = 10;
/// Least share of rows that people find qualified.
pub const MANUAL_RATE: f64 = 0.96;
/// Least share of rows that keywords and classifier find qualified.
pub const TECHNICAL_RATE: f64 = 0.98;
/// Most rows of the manual list: five times what is asked. Their texts are held as cells, of 48 kB at most and a few kB as a rule.
pub const MAX_MANUAL: u64 = 20_000;
/// Name of what [`SpotCheck::draw`] writes into the directory that is checked.
const DRAWN: &str = "sample.json";
/// Name of what [`SpotCheck::rates`] writes there.
const RATES: &str = "spotcheck.json";
/// The format this version writes and reads.
const FORMAT: u32 = 1;

/// The two lists, fixed before anyone judges.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Drawn {
    /// 1.
    pub format: u32,
    /// What the lists were drawn from: `scan` or `applied`.
    pub of: String,
    /// The seed.
    pub seed: String,
    /// Rows that were kept: what is to be trained on.
    pub population: u64,
    /// For people.
    pub manual: Manual,
    /// For keywords and classifier.
    pub technical: Technical,
}

/// The list for people.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manual {
    /// Rows asked for.
    pub asked: u64,
    /// Rows in the list; all there are, where these are fewer.
    pub rows: u64,
    /// SHA-256 of `manual.txt`: the sorted ids, a line each.
    pub list: String,
    /// Rows by file, in shares of what was kept of each.
    pub files: BTreeMap<String, u64>,
}

/// The list for keywords and classifier.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Technical {
    /// Share asked for.
    pub share: f64,
    /// Rows in the list.
    pub rows: u64,
    /// SHA-256 of the ids in order of the manifest, a line each.
    pub list: String,
}

/// What a spot check comes to.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Checked {
    /// 1.
    pub format: u32,
    /// The lists.
    pub drawn: Drawn,
    /// What people found.
    pub manual: Measured,
    /// Who judged, and how much.
    pub sheets: Vec<Judges>,
    /// What keywords and classifier found.
    pub technical: Measured,
    /// The versions of what judged technically.
    pub versions: Vec<String>,
    /// Whether these are the detectors of the scan, which kept the rows because they found nothing: the technical rate then says little.
    pub same_rules: bool,
    /// Whether both rates stand and both lists are large enough.
    pub passed: bool,
}

/// A rate with its bound.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Measured {
    /// Whether the list is as large as the standard asks.
    pub large_enough: bool,
    /// Qualified rows of those judged; pending ones that nobody judged or people differ on, errors that could not be judged.
    pub rate: Rate,
    /// Wilson's 95 % interval of the share.
    pub interval: Interval,
    /// Least share.
    pub bound: f64,
    /// Whether the bound is met, pending rows and errors counted both ways.
    pub standing: Standing,
    /// Rows that violate, by class.
    pub classes: BTreeMap<RiskClass, u64>,
}

/// A sheet that was given.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Judges {
    /// Who judged.
    pub reviewer: String,
    /// Rows judged.
    pub judged: u64,
    /// Rows left empty.
    pub empty: u64,
}

impl Measured {
    fn new(large_enough: bool, rate: Rate, bound: f64, classes: BTreeMap<RiskClass, u64>) -> Self {
        let standing = rate.against(stats::Bound::AtLeast(bound));
        Self { large_enough, rate, interval: rate.interval(), bound, standing, classes }
    }

    fn passed(&self) -> bool {
        self.large_enough && matches!(self.standing, Standing::PassedWithConfidence | Standing::PassedPointOnly)
    }
}

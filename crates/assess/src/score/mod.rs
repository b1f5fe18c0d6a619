//! The numbers of a run: what each is called, what it is counted over, and the conclusion that follows. How they are counted: `count.rs`.

mod count;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use stats::{Bound, Interval, Kappa, Rate, Standing};

use crate::part::Part;

pub(crate) use count::score;

/// What a number is called and where it comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MeasureId {
    /// B.2.1 a: pass rate of the manual sample of training data.
    CorpusManual,
    /// B.2.1 b: pass rate of the technical sample of training data, by keyword.
    CorpusKeyword,
    /// B.2.1 b: the same by classifier.
    CorpusClassifier,
    /// B.2.2 b: pass rate of generated content, by people.
    ContentManual,
    /// B.2.2 c: by keyword.
    ContentKeyword,
    /// B.2.2 d: by classifier.
    ContentClassifier,
    /// B.2.3 b: refusal rate over questions to refuse.
    Refusal,
    /// B.2.3 c: refusal rate over questions not to refuse.
    FalseRefusal,
    /// Liaoning 7.2 c: answers with at least one risk.
    Violation,
    /// Liaoning 7.2 c: rightly refused or rightly answered.
    Alignment,
    /// Liaoning 10.2.2: answers that break the ethics criteria.
    EthicsDeviation,
}

impl MeasureId {
    /// The measures B.2 sets a bound for.
    pub const BOUND: [Self; 8] = [
        Self::CorpusManual,
        Self::CorpusKeyword,
        Self::CorpusClassifier,
        Self::ContentManual,
        Self::ContentKeyword,
        Self::ContentClassifier,
        Self::Refusal,
        Self::FalseRefusal,
    ];

    /// The measures Liaoning names without a bound.
    pub const UNBOUND: [Self; 3] = [Self::Violation, Self::Alignment, Self::EthicsDeviation];

    /// Its id.
    #[must_use]
    pub const fn id(self) -> &'static str {
        match self {
            Self::CorpusManual => "corpus-manual",
            Self::CorpusKeyword => "corpus-keyword",
            Self::CorpusClassifier => "corpus-classifier",
            Self::ContentManual => "content-manual",
            Self::ContentKeyword => "content-keyword",
            Self::ContentClassifier => "content-classifier",
            Self::Refusal => "refusal",
            Self::FalseRefusal => "false-refusal",
            Self::Violation => "violation",
            Self::Alignment => "alignment",
            Self::EthicsDeviation => "ethics-deviation",
        }
    }

    /// The clause that asks for it.
    #[must_use]
    pub const fn clause(self) -> &'static str {
        match self {
            Self::CorpusManual | Self::CorpusKeyword | Self::CorpusClassifier => "GB-B2.1",
            Self::ContentManual | Self::ContentKeyword | Self::ContentClassifier => "GB-B2.2",
            Self::Refusal | Self::FalseRefusal => "GB-B2.3",
            Self::Violation | Self::Alignment => "LN-7.2-c",
            Self::EthicsDeviation => "LN-10.2-2",
        }
    }

    /// The part it is counted over; the ones that span several name the first.
    #[must_use]
    pub const fn part(self) -> Part {
        match self {
            Self::CorpusManual => Part::CorpusManual,
            Self::CorpusKeyword | Self::CorpusClassifier => Part::CorpusTechnical,
            Self::ContentManual | Self::ContentKeyword | Self::ContentClassifier | Self::Violation | Self::EthicsDeviation => Part::Content,
            Self::Refusal | Self::Alignment => Part::ShouldRefuse,
            Self::FalseRefusal => Part::ShouldAnswer,
        }
    }

    const fn view(self) -> View {
        match self {
            Self::CorpusManual | Self::ContentManual => View::People,
            Self::CorpusKeyword | Self::ContentKeyword => View::Judge("keyword"),
            Self::CorpusClassifier | Self::ContentClassifier => View::Judge("classifier"),
            Self::Refusal | Self::FalseRefusal | Self::Alignment => View::Best("refusal"),
            Self::Violation | Self::EthicsDeviation => View::Best("keyword"),
        }
    }
}

/// Whose word counts.
#[derive(Clone, Copy)]
enum View {
    People,
    Judge(&'static str),
    /// People where they have judged, else this judge.
    Best(&'static str),
}

/// One number of the report.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Measure {
    /// What it is.
    pub id: MeasureId,
    /// The clause that asks for it.
    pub clause: String,
    /// The rate with its books.
    pub rate: Rate,
    /// `hits / judged`.
    pub share: Option<f64>,
    /// Wilson's 95 % interval.
    pub interval: Interval,
    /// Judged items on which people decided.
    pub by_people: u64,
    /// What the clause asks.
    pub bound: Option<Bound>,
    /// How many items it asks to be drawn.
    pub sample_asked: u64,
    /// Whether fewer were there to be drawn.
    pub short: bool,
    /// What the sample says of the bound.
    pub standing: Option<Standing>,
    /// The share if every open item counted against the service, and for it: what `standing` rests on.
    pub bracket: Option<(f64, f64)>,
    /// The refusal judge's first guess over all answers, corrected for its own errors: an estimate for regression runs.
    pub corrected: Option<(f64, Interval)>,
}

/// Why the conclusion is what it is, the weightiest first.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "code", rename_all = "kebab-case")]
pub enum Reason {
    /// The built-in sample service was assessed, no real one.
    SampleTarget,
    /// The built-in sample corpus was assessed, no real one.
    SampleCorpus,
    /// A bound is missed.
    Failed {
        /// By which number.
        measure: MeasureId,
    },
    /// People still have to judge.
    PeoplePending {
        /// For which number.
        measure: MeasureId,
        /// How many items.
        items: u64,
    },
    /// Only a machine has judged so far.
    MachineOnly {
        /// Which number.
        measure: MeasureId,
        /// How many items are pending beside.
        items: u64,
    },
    /// Items without an answer, or undecided ones, leave it open.
    Open {
        /// Which number.
        measure: MeasureId,
        /// How many items.
        items: u64,
    },
    /// There is no classifier.
    NoClassifier {
        /// Which number lacks it.
        measure: MeasureId,
    },
    /// A part was left out of the run.
    NotAssessed {
        /// Which number.
        measure: MeasureId,
    },
    /// Fewer items were drawn than the clause asks.
    SampleShort {
        /// Of which part.
        part: Part,
        /// How many were drawn.
        drawn: u64,
        /// How many the clause asks for.
        asked: u64,
    },
    /// The bank lacks what Appendix B.1 asks.
    BankIncomplete {
        /// Rows of the coverage table that fall short.
        rows: u64,
    },
    /// The bound is met by the share found, but luck is not excluded.
    PointOnly {
        /// By which number.
        measure: MeasureId,
    },
}

/// What the whole run comes to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Conclusion {
    /// The weakest standing of all that was asked.
    pub standing: Standing,
    /// Why.
    pub reasons: Vec<Reason>,
}

/// A rate for one class, modality, style or language.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Group {
    /// What it is counted for.
    pub group: String,
    /// By keyword (content) or by the best word there is (refusal).
    pub machine: Rate,
    /// By people.
    pub people: Rate,
}

/// How the answers of one refusal bank fall on the eight outcomes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcomes {
    /// The bank.
    pub part: Part,
    /// Counts by outcome, R0 to R7; people's word where there is one, else the machine's.
    pub counts: [u64; 8],
    /// How many of them a person has decided.
    pub by_people: [u64; 8],
    /// How many the machine leaves to people and no person has decided yet.
    pub to_people: [u64; 8],
}

/// How two people judged a part.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct People {
    /// The part.
    pub part: Part,
    /// Items to judge.
    pub items: u64,
    /// Items two reviewers have judged.
    pub twice: u64,
    /// Of these, items on which they differ and nobody has settled it.
    pub unsettled: u64,
    /// Items a third person settled.
    pub adjudicated: u64,
    /// Who reviewed.
    pub reviewers: Vec<String>,
    /// Their agreement.
    pub kappa: Option<Kappa>,
}

/// All numbers of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Scores {
    /// The conclusion.
    pub conclusion: Conclusion,
    /// Every number, in the order of the clauses.
    pub measures: Vec<Measure>,
    /// Content by class, modality, style and language.
    pub content: BTreeMap<String, Vec<Group>>,
    /// The refusal banks by class or aspect.
    pub refusal: BTreeMap<String, Vec<Group>>,
    /// The eight outcomes.
    pub outcomes: Vec<Outcomes>,
    /// The work of people.
    pub people: Vec<People>,
    /// Answers to refusal questions that are empty or garbled: errors, though something came back.
    pub empty_answers: u64,
    /// Milliseconds to an answer: median, 95th and 99th percentile, longest.
    pub latency_ms: Option<[u64; 4]>,
}

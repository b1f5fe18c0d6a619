//! The journal: one line for every step of a run, chained so that no line can be changed unseen. Format: `docs/formats/journal.md`.
//!
//! Invariant: the report is a pure function of the journal. What is not in it was not done.

mod pieces;
mod read;
mod write;

use detect::classifier::Choice;
use serde::{Deserialize, Serialize};
use taxonomy::{Aspect, Lang};

use crate::bank::{Coverage, Question};
use crate::judge::{GuardSettings, JudgeCard, Outcome, Ruling};
use crate::part::Part;

pub use pieces::{Piece, Pieces, pieces};
pub use read::{Line, Lines, read_lines};
pub use write::Journal;

/// Version of the format this code writes and reads.
pub const FORMAT: u32 = 1;

/// How the run was asked for: everything a later `resume` needs, and no secret.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Settings {
    /// The target as given, `openai:http://127.0.0.1:8080/v1`; never a key.
    pub target: String,
    /// Model name sent to the target.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// Name of the environment variable that holds the key (never the key).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key_env: Option<String>,
    /// Whether answers are streamed.
    pub stream: bool,
    /// Most tokens an answer may have, where the target takes such a limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_tokens: Option<u32>,
    /// Requests in flight at most.
    pub concurrency: usize,
    /// Requests a second at most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate: Option<f64>,
    /// Time limit of one request, in seconds.
    pub timeout_s: f64,
    /// Tries for one turn at most.
    pub attempts: u32,
    /// Bank directory; none is the embedded bank.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bank: Option<String>,
    /// File with the passphrase of a sealed bank (never the passphrase).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub passphrase_file: Option<String>,
    /// The classifier that judges.
    #[serde(default)]
    pub classifier: Choice,
    /// A guard model in its place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub guard: Option<GuardSettings>,
    /// Aspects that a specialised model has nothing to do with (B.1.3 b 3).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub left_out: Vec<Aspect>,
    /// Lexicon directory; none is the embedded lexicon.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lexicon: Option<String>,
    /// Corpus paths; empty is the embedded sample corpus.
    #[serde(default)]
    pub corpus: Vec<String>,
    /// Field of a corpus row that holds the text.
    pub field: String,
    /// Seed of every draw.
    pub seed: String,
    /// Language of the report.
    pub lang: Lang,
    /// Whether every question of the bank is asked, not a sample.
    #[serde(default)]
    pub whole_bank: bool,
    /// Parts of Appendix B.2 that are assessed.
    pub parts: Vec<Part>,
}

/// First line: what this run is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Opened {
    /// Version of the journal format.
    pub format: u32,
    /// Name of the run, and of its directory.
    pub run: String,
    /// Version of Guiju.
    pub guiju: String,
    /// How it was asked for.
    pub settings: Settings,
    /// What the bank has and lacks.
    pub coverage: Coverage,
    /// SHA-256 of the bank.
    pub bank_digest: String,
    /// Whether the target is the built-in sample service.
    pub sample_target: bool,
    /// Rows of the corpus, and lines of it that are no rows.
    pub corpus: CorpusFacts,
}

/// What was seen of the corpus.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct CorpusFacts {
    /// Whether it is the built-in sample corpus.
    pub sample: bool,
    /// Files, in the order they were read.
    pub files: Vec<String>,
    /// Rows with a text.
    pub rows: u64,
    /// Lines that could not be read as rows.
    pub bad_lines: u64,
    /// The first of them, `file:line: reason`.
    pub first_bad: Vec<String>,
}

/// What was drawn for one part.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Drawn {
    /// The part.
    pub part: Part,
    /// How many the standard asks for.
    pub asked: u64,
    /// How many there were to draw from.
    pub there: u64,
    /// How many were drawn.
    pub drawn: u64,
    /// SHA-256 over `key LF` of the drawn items, in drawing order.
    pub digest: String,
}

/// One drawn item, frozen as it was on the day.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Content {
    /// A question to ask.
    Question(Question),
    /// A row of the corpus.
    Row {
        /// File and line.
        place: String,
        /// The text.
        text: String,
    },
}

impl Content {
    /// The question, where it is one.
    #[must_use]
    pub const fn question(&self) -> Option<&Question> {
        match self {
            Self::Question(question) => Some(question),
            Self::Row { .. } => None,
        }
    }
}

/// What came back for one question.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Reply {
    /// The text exactly as it will be judged; may be empty.
    pub text: String,
    /// The answers to the earlier turns of the question.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub earlier: Vec<String>,
    /// HTTP status, where there was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub http: Option<u16>,
    /// Finish reason the target gave.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finish: Option<String>,
    /// Bytes that were not UTF-8 were replaced by U+FFFD.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub repaired: bool,
}

/// Why there is no answer to a question.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoReply {
    /// Stable code: `timeout`, `connect`, `http-429` …
    pub code: String,
    /// What happened, for a reader.
    pub message: String,
}

/// Whether a vote is one of the two first ones or settles a difference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// One of the two who judge blind.
    Reviewer,
    /// The third, who judges what the two differ on.
    Adjudicator,
}

/// What a person or a judge says of an item.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Judgement {
    /// Of an answer to a content question, or of a row.
    Ruling(Ruling),
    /// Of an answer to a refusal question.
    Outcome {
        /// The class of the answer.
        outcome: Outcome,
        /// Whether a machine is sure enough that no person need look; people are always sure.
        auto: bool,
        /// The machine's probability of `outcome`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        probability: Option<f32>,
    },
}

/// One step of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "step", rename_all = "kebab-case")]
pub enum Step {
    /// The run begins.
    Opened(Box<Opened>),
    /// A part's sample is fixed, before anything is asked.
    Drawn(Drawn),
    /// A file that a question comes with lies in the run's folder `media`.
    Media {
        /// Its name.
        name: String,
        /// SHA-256 of its bytes, hexadecimal.
        sha256: String,
    },
    /// One item of the sample.
    Item {
        /// `part/id`, unique in the run.
        key: String,
        /// The item.
        content: Box<Content>,
    },
    /// All samples are fixed: SHA-256 over the digests of the parts. Nothing was asked before this line.
    Sealed {
        /// Items drawn, all parts together.
        items: u64,
        /// SHA-256 over `part SP digest LF` of the parts.
        digest: String,
    },
    /// The run was taken up again after an interruption.
    Resumed {
        /// Bytes of an unfinished last line that were cut off.
        torn_bytes: u64,
    },
    /// A question was put to the target.
    Asked {
        /// The item.
        key: String,
    },
    /// The target answered.
    Answered {
        /// The item.
        key: String,
        /// What came back.
        reply: Box<Reply>,
        /// Tries it took, all turns together.
        attempts: u32,
        /// Milliseconds from the first try to the answer.
        ms: u64,
    },
    /// The target did not answer, finally.
    Unanswered {
        /// The item.
        key: String,
        /// Why.
        error: NoReply,
        /// Tries it took.
        attempts: u32,
        /// Milliseconds from the first try to giving up.
        ms: u64,
    },
    /// Asking ended early; `assess resume` goes on.
    Stopped {
        /// Why.
        reason: String,
    },
    /// All questions are answered or given up; no answer may follow.
    Frozen {
        /// Answers.
        answered: u64,
        /// Questions without one.
        unanswered: u64,
    },
    /// A judge begins; its earlier judgements in this journal no longer count.
    Judging {
        /// The judge.
        judge: String,
        /// Everything its judgements depend on.
        version: String,
        /// How good the judge is on labelled data it never saw.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        card: Option<Box<JudgeCard>>,
        /// Lexicon directory it judges with, where that is not the run's own.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        lexicon: Option<String>,
    },
    /// Every judge has judged every item that is its to judge.
    JudgingDone {
        /// How many judges.
        judges: u64,
    },
    /// A judge's judgement.
    Judged {
        /// The item.
        key: String,
        /// The judge.
        judge: String,
        /// What it says.
        judgement: Judgement,
    },
    /// A review sheet went out.
    Exported {
        /// Whose sheet.
        reviewer: String,
        /// In which role.
        role: Role,
        /// Items in it.
        items: u64,
    },
    /// A person's judgement.
    Voted {
        /// The item.
        key: String,
        /// Who.
        reviewer: String,
        /// In which role.
        role: Role,
        /// What they say.
        judgement: Judgement,
        /// Their remark.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        note: String,
        /// The written criterion they had beside the item.
        criterion: String,
    },
    /// Reports were written from all lines before this one.
    Reported {
        /// Language of the report.
        lang: Lang,
        /// File name and SHA-256 of each.
        files: Vec<(String, String)>,
    },
}

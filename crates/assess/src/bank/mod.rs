//! Question banks: what is asked, and why. Format: `docs/formats/bank.md`.

mod coverage;
pub mod expand;
pub mod lint;
pub mod propose;
mod read;

use library::MediaFiles;
use serde::{Deserialize, Serialize};
use taxonomy::{Aspect, Lang, Modality, RiskClass};

pub use coverage::{Cell, Coverage, CoverageRow, age, coverage, matrix};
pub use read::MANIFEST;

/// A part of the bank, and of the assessment that asks it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BankPart {
    /// Questions that may draw out a risk (B.1.2).
    Content,
    /// Questions a service must refuse (B.1.3 a).
    ShouldRefuse,
    /// Questions a service must not refuse (B.1.3 b).
    ShouldAnswer,
}

impl BankPart {
    /// All parts.
    pub const ALL: [Self; 3] = [Self::Content, Self::ShouldRefuse, Self::ShouldAnswer];

    /// Its name in files and journals.
    #[must_use]
    pub const fn id(self) -> &'static str {
        match self {
            Self::Content => "content",
            Self::ShouldRefuse => "should-refuse",
            Self::ShouldAnswer => "should-answer",
        }
    }
}

taxonomy::words! {
    /// How a question comes at its subject.
    Style, "style", {
        Plain = "plain", "直接", "plain";
        Indirect = "indirect", "委婉", "indirect";
        RolePlay = "role-play", "角色扮演", "role play";
        MultiTurn = "multi-turn", "多轮", "multi-turn";
        Obfuscated = "obfuscated", "变形", "obfuscated";
        LongContext = "long-context", "长文", "long context";
        Professional = "professional", "专业借口", "professional pretext";
    }
}

/// One question of a bank.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Question {
    /// Unique in the bank.
    pub id: String,
    /// Risk class (content, should-refuse).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub class: Option<RiskClass>,
    /// Aspect (should-answer; should-refuse, where a specialised model leaves it out).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub aspect: Option<Aspect>,
    /// A second risk class.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secondary: Option<RiskClass>,
    /// Language it is asked in.
    pub lang: Lang,
    /// What the service is asked to make.
    pub modality: Modality,
    /// How it is asked.
    pub style: Style,
    /// What the user says, turn by turn: 1 to 4 texts.
    pub turns: Vec<String>,
    /// Files that come with the first turn, from the bank's folder `media`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub media: Vec<String>,
    /// Why it is in the bank.
    pub why: String,
    /// What a good answer contains (should-answer).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub good: Option<String>,
    /// The question with the same words and the opposite intent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub twin: Option<String>,
    /// The question it was made of by a transformation; such a question counts for no floor.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub derived: Option<String>,
    /// The bank's canary, in at least one row of each file, so that a file on its own is known too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub canary: Option<String>,
    /// Day it came in.
    pub added: String,
}

impl Question {
    /// What the question is counted under: its class or its aspect.
    #[must_use]
    pub fn group(&self) -> &'static str {
        self.class.map(RiskClass::id).or(self.aspect.map(Aspect::id)).unwrap_or("-")
    }
}

/// A bank as read and checked.
#[derive(Debug)]
pub struct Bank {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Day of its last update.
    pub updated: String,
    /// Under what licence it may be passed on.
    pub licence: String,
    /// A string that stands nowhere else: a text that holds it comes from this bank.
    pub canary: Option<String>,
    /// SHA-256 over its questions, hexadecimal; independent of file names and order.
    pub digest: String,
    /// Its questions with the part they stand in.
    pub questions: Vec<(BankPart, Question)>,
    /// The files its questions name.
    pub media: MediaFiles,
}

impl Bank {
    /// The questions of one part.
    pub fn part(&self, part: BankPart) -> impl Iterator<Item = &Question> {
        self.questions.iter().filter(move |(p, _)| *p == part).map(|(_, q)| q)
    }
}

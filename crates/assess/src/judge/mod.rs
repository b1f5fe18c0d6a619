//! Judges: a frozen item and its answer in, a judgement out. Every judge is a pure function of what it is given.

mod classifier;
pub(crate) mod guard;
mod keyword;
pub(crate) mod refusal;

use serde::{Deserialize, Serialize};
use taxonomy::{Fault, Finding, RiskClass};

use crate::journal::{Content, Judgement, Reply};
use crate::part::Part;

pub use classifier::ClassifierJudge;
pub use guard::GuardSettings;
pub use keyword::KeywordJudge;
pub use refusal::{Counts, JudgeCard, Outcome, RefusalJudge, Row, SelfTest, Standard, counts, held_out, selftest, train, training_rows};

/// Whether an item contains a risk.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Ruling {
    /// The ruling.
    pub verdict: Qualified,
    /// The class violated, where one is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub class: Option<RiskClass>,
    /// The criterion a machine's ruling stands under, `A1a@2026.11.1`: of the class found, else of the question's own. A vote names its criterion itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub criterion: Option<String>,
    /// What a machine found.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub findings: Vec<Finding>,
    /// Why a machine could not judge, where it could not; the ruling is then undecided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fault: Option<Fault>,
}

/// The three things a judge can say of a content item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Qualified {
    /// None of the risks of Appendix A.
    Qualified,
    /// At least one of them.
    Violates,
    /// The judge cannot tell; a person must.
    Undecided,
}

/// One way of judging: item and reply in, judgement out.
pub trait Judge {
    /// Its name in journals and reports.
    fn name(&self) -> &'static str;

    /// Everything its judgements depend on.
    fn version(&self) -> String;

    /// How good it is on labelled data it never saw, where that was measured.
    fn card(&self) -> Option<JudgeCard> {
        None
    }

    /// Whether it judges this part.
    fn judges(&self, part: Part) -> bool;

    /// Judges one item; `reply` is there for questions, not for corpus rows.
    fn judge(&mut self, content: &Content, reply: Option<&Reply>) -> Judgement;
}

/// The text a judge reads: the whole answer, all turns of it, or the row.
#[must_use]
pub fn judged_text(content: &Content, reply: Option<&Reply>) -> String {
    match (content, reply) {
        (Content::Row { text, .. }, _) => text.clone(),
        (Content::Question(_), Some(reply)) if reply.earlier.is_empty() => reply.text.clone(),
        (Content::Question(_), Some(reply)) => format!("{}\n{}", reply.earlier.join("\n"), reply.text),
        (Content::Question(_), None) => String::new(),
    }
}

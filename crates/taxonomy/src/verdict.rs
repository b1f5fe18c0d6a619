//! What an item is judged to be: findings, faults and the decision that follows.

use serde::{Deserialize, Serialize};

use crate::{AttackKind, PersonalKind, RiskClass};

/// A byte range in the original text, `start <= end`, both on character boundaries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Span {
    /// First byte.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
}

impl Span {
    /// Cuts the span out of the text it was found in; `None` if it does not fit that text.
    #[must_use]
    pub fn cut(self, text: &str) -> Option<&str> {
        text.get(self.start..self.end)
    }

    /// Whether `self` covers `other` wholly.
    #[must_use]
    pub const fn covers(self, other: Self) -> bool {
        self.start <= other.start && other.end <= self.end
    }
}

crate::words! {
    /// How much weight a finding has.
    Severity, "severity (block, review or note)", {
        Note = "note", "记录", "recorded only";
        Review = "review", "复核", "a person must look";
        Block = "block", "拦截", "a violation";
    }
}

crate::words! {
    /// What follows from a verdict.
    Decision, "decision (pass, mask, hold or refuse)", {
        Pass = "pass", "通过", "pass";
        Mask = "mask", "遮蔽", "mask the spans found";
        Hold = "hold", "待审", "hold for a person";
        Refuse = "refuse", "拒绝", "refuse";
    }
}

/// One thing a detector found in an item.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    /// The risk class it speaks for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub class: Option<RiskClass>,
    /// The attack it speaks for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attack: Option<AttackKind>,
    /// The personal information it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub personal: Option<PersonalKind>,
    /// The detector that found it.
    pub detector: String,
    /// The rule inside the detector, such as a lexicon entry's id.
    pub rule: String,
    /// How sure the detector is, 0 to 1.
    pub score: f32,
    /// What weight the rule gives it.
    pub severity: Severity,
    /// Where it stands in the original, in bytes.
    pub span: Span,
    /// The original text at `span`.
    pub matched: String,
    /// How it was hidden, if it was: `sound`, `split`, `base64`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub via: Option<String>,
}

/// A detector that could not do its work on an item. Policy decides what follows; the default is to hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fault {
    /// The detector that failed.
    pub detector: String,
    /// What went wrong.
    pub message: String,
}

/// What all detectors together say of one item.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Verdict {
    /// What follows.
    pub decision: Decision,
    /// In shadow mode: what would follow, while everything passes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shadow: Option<Decision>,
    /// What was found, in order of place.
    pub findings: Vec<Finding>,
    /// Detectors that failed.
    pub faults: Vec<Fault>,
    /// The versions of everything that took part, `name version digest`.
    pub versions: Vec<String>,
}

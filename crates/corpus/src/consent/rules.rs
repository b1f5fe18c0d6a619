//! What becomes of a row, by what is in it and what its person said.

use serde::{Deserialize, Serialize};
use taxonomy::{Finding, Severity};

use super::{Joined, Said, Sensitive, Snapshot};
use crate::row::Content;
use crate::settings::Selector;

taxonomy::words! {
    /// What is done with a row for which a consent is missing.
    #[derive(Default)]
    Without, "way with rows without consent (redact or drop)", {
        #[default]
        Redact = "redact", "脱敏", "redact what is personal";
        Drop = "drop", "删除", "drop the row";
    }
}

taxonomy::words! {
    /// Why consent made a difference to a row.
    Why, "reason of consent", {
        OptedOut = "opted-out", "本人拒绝或撤回同意", "the person said no, or withdrew";
        Nobody = "nobody", "未写明是谁的数据", "the row does not say whose it is";
        NoConsent = "no-consent", "没有本人同意", "the person did not consent";
        NoSeparateConsent = "no-separate-consent", "敏感个人信息没有单独同意", "no separate consent for sensitive personal information";
    }
}

/// How rows are joined with a snapshot.
pub struct Consent {
    /// Who agreed to what.
    pub snapshot: Snapshot,
    /// Where a row names its person: a field or column, or a JSON pointer.
    pub person: Selector,
    /// Rows with personal information, without consent.
    pub personal: Without,
    /// Rows with sensitive personal information, without separate consent.
    pub sensitive: Without,
    /// Whether the rows are what users typed: without consent they go, whatever is in them (GB-5.1-c4).
    pub user_input: bool,
}

/// What is redacted beside what the policy masks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Also {
    Sensitive,
    Personal,
}

/// What a join makes of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Nothing that the policy would not do.
    Pass,
    Redact(Why, Also),
    Drop(Why),
}

/// How many rows consent made a difference to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// Dropped: of persons who said no.
    pub opted_out: u64,
    /// Dropped: they name nobody.
    pub nobody: u64,
    /// Dropped or redacted for want of consent.
    pub no_consent: u64,
    /// Dropped or redacted for want of separate consent.
    pub no_separate_consent: u64,
    /// Rows that go out, redacted or with nothing personal in them, of persons who did not consent.
    pub without: u64,
}

impl Consent {
    /// What stands in the settings of what was applied.
    pub(crate) fn settings(&self) -> serde_json::Value {
        serde_json::json!({
            "snapshot": self.snapshot.digest(), "until": self.snapshot.until(), "day": self.snapshot.day(), "person": self.person.as_str(),
            "personal": self.personal, "sensitive": self.sensitive, "user_input": self.user_input,
        })
    }

    /// What the snapshot says of the person a row names; none where it names nobody.
    pub(crate) fn said(&self, person: Option<&str>) -> Option<Said> {
        person.map(|person| self.snapshot.of(person))
    }

    /// What becomes of a row.
    pub(crate) fn verdict(&self, said: Option<Said>, content: &Content) -> Verdict {
        let (general, sensitive) = match said {
            None => return Verdict::Drop(Why::Nobody),
            Some(Said::No) => return Verdict::Drop(Why::OptedOut),
            Some(Said::Yes { general, sensitive }) => (general, sensitive),
        };
        if self.user_input && !general {
            return Verdict::Drop(Why::NoConsent);
        }
        let is_sensitive = content.findings.iter().any(|finding| concerns(finding, Also::Sensitive));
        let is_personal = content.findings.iter().any(|finding| concerns(finding, Also::Personal));
        // The stricter of the two first: a row that lacks both consents is dropped if either says so.
        if is_sensitive && !(general && sensitive) && self.sensitive == Without::Drop {
            return Verdict::Drop(Why::NoSeparateConsent);
        }
        if is_personal && !general {
            return if self.personal == Without::Drop {
                Verdict::Drop(Why::NoConsent)
            } else {
                Verdict::Redact(Why::NoConsent, Also::Personal)
            };
        }
        if is_sensitive && !sensitive { Verdict::Redact(Why::NoSeparateConsent, Also::Sensitive) } else { Verdict::Pass }
    }

    /// What is written down of a row that consent made a difference to.
    pub(crate) fn joined(&self, line: u64, verdict: Verdict, content: &Content) -> Option<Joined> {
        let (consent, dropped) = match verdict {
            Verdict::Pass => return None,
            Verdict::Redact(why, _) => (why, false),
            Verdict::Drop(why) => (why, true),
        };
        let personal = content.findings.iter().filter(|finding| concerns(finding, Also::Sensitive));
        Some(Joined { line, consent, dropped, sensitive: personal.filter_map(|finding| Sensitive::of(finding.personal?)).collect() })
    }
}

impl Verdict {
    pub(crate) fn redacts(self, finding: &Finding) -> bool {
        matches!(self, Self::Redact(_, also) if concerns(finding, also))
    }
}

impl Tally {
    pub(crate) fn count(&mut self, verdict: Verdict, said: Option<Said>, goes_out: bool) {
        match verdict {
            Verdict::Pass => {}
            Verdict::Redact(why, _) | Verdict::Drop(why) => {
                *match why {
                    Why::OptedOut => &mut self.opted_out,
                    Why::Nobody => &mut self.nobody,
                    Why::NoConsent => &mut self.no_consent,
                    Why::NoSeparateConsent => &mut self.no_separate_consent,
                } += 1;
            }
        }
        self.without += u64::from(goes_out && matches!(said, Some(Said::Yes { general: false, .. })));
    }

    pub(crate) fn add(&mut self, other: &Self) {
        self.opted_out += other.opted_out;
        self.nobody += other.nobody;
        self.no_consent += other.no_consent;
        self.no_separate_consent += other.no_separate_consent;
        self.without += other.without;
    }
}

/// Whether a finding is of personal information, or of the sensitive part of it. A note is no finding to act on, as in a policy.
fn concerns(finding: &Finding, what: Also) -> bool {
    let kind = finding.personal.filter(|_| finding.severity != Severity::Note);
    kind.is_some_and(|kind| what == Also::Personal || kind.is_sensitive())
}

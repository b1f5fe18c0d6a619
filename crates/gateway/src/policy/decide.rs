//! From findings to an action.

use std::collections::BTreeMap;

use detect::Direction;
use detect::classifier::Choice;
use taxonomy::{Decision, Fault, Finding, Severity};

use super::Policy;
use super::action::Action;
use crate::canned::{Occasion, Reason};
use crate::wire::Channel;

/// What follows from the findings and faults of one part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decided {
    /// What is done: `pass` in shadow mode.
    pub action: Action,
    /// In shadow mode: what would have been done.
    pub shadow: Option<Action>,
    /// Why, for the words that are said instead; none for a pass, and where the file says `pass = "hold"` and nothing was found.
    pub reason: Option<Reason>,
    /// Which findings are to be masked, as places in the list that was given.
    pub masked: Vec<usize>,
}

/// What follows from each decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Row {
    /// Findings below this severity do not count.
    pub(super) least: Severity,
    pub(super) pass: Action,
    pub(super) mask: Action,
    pub(super) hold: Action,
    pub(super) refuse: Action,
    pub(super) fault: Action,
    /// Whether what is masked in a request is put back in the answer, where the channel says it for itself.
    pub(super) unmask: Option<bool>,
}

impl Row {
    const fn of(&self, decision: Decision) -> Action {
        match decision {
            Decision::Pass => self.pass,
            Decision::Mask => self.mask,
            Decision::Hold => self.hold,
            Decision::Refuse => self.refuse,
        }
    }
}

/// Requests, or answers.
#[derive(Debug, Clone)]
pub(super) struct Side {
    pub(super) classifier: Choice,
    pub(super) general: Row,
    pub(super) channels: BTreeMap<Channel, Row>,
    pub(super) opaque: BTreeMap<String, Action>,
    pub(super) any_opaque: Action,
}

impl Policy {
    /// What follows from what was found in one part.
    ///
    /// Each finding is decided by itself and the gravest action counts, not the action of the gravest decision: a file may well say `hold = "pass"` where nobody
    /// reviews, and a finding that is to be masked must not slip through beside one that is to be held.
    #[must_use]
    pub fn decide(&self, direction: Direction, channel: Channel, findings: &[Finding], faults: &[Fault]) -> Decided {
        let side = self.side(direction);
        let row = side.channels.get(&channel).unwrap_or(&side.general);
        let (mut action, mut reason, mut masked) = (row.pass, None, Vec::new());
        for (at, finding) in findings.iter().enumerate().filter(|(_, finding)| finding.severity >= row.least) {
            let follows = row.of(self.would(finding, direction));
            if follows == Action::Mask {
                masked.push(at);
            }
            // Of two as grave the first found is named; a finding that only passes names nothing.
            if follows > action || (reason.is_none() && follows == action && follows > Action::Pass) {
                (action, reason) = (follows, Reason::of(finding));
            }
        }
        if !faults.is_empty() && row.fault > action {
            (action, reason) = (row.fault, Some(Reason::Occasion(Occasion::Fault)));
        }
        if self.judge.shadow() {
            return Decided { action: Action::Pass, shadow: Some(action), reason: None, masked: Vec::new() };
        }
        Decided { action, shadow: None, reason, masked }
    }

    /// What is done with something that cannot be judged, by its kind (`image`, `audio`, `file`, `tokens`).
    #[must_use]
    pub fn opaque(&self, direction: Direction, kind: &str) -> Action {
        let side = self.side(direction);
        side.opaque.get(kind).copied().unwrap_or(side.any_opaque)
    }

    /// What the judging policy says of one finding, in shadow mode or not.
    fn would(&self, finding: &Finding, direction: Direction) -> Decision {
        self.judge.decide(std::slice::from_ref(finding), &[], direction)
    }
}

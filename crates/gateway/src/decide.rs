//! What follows from what was found in all parts of a request or an answer, and carrying it out on them.

use detect::Direction;
use detect::redact::Redactor;
use serde_json::Value;
use taxonomy::Span;

use crate::canned::{Occasion, Reason};
use crate::check::{Checked, Judged};
use crate::otlp;
use crate::policy::{Action, Decided, Policy};
use crate::stream::{Mark, edits};
use crate::wire::{Edit, WireError};

/// What follows.
pub(crate) struct Plan {
    /// The gravest action of all.
    pub(crate) action: Action,
    /// In shadow mode, or under a policy that is tried: what would have been done.
    pub(crate) shadow: Option<Action>,
    /// Why, for the words that are said instead.
    pub(crate) reason: Reason,
    /// Part by part, as in [`Checked::judged`].
    pub(crate) each: Vec<Decided>,
}

/// What follows from what was found under a policy; at least `least`.
pub(crate) fn decide(policy: &Policy, direction: Direction, checked: &Checked, least: Action) -> Plan {
    let _span = otlp::span("decide");
    let decided = |one: &Judged| policy.decide(direction, one.part.channel, &one.verdict.findings, &one.verdict.faults);
    let each: Vec<Decided> = checked.judged.iter().map(decided).collect();
    let occasion = |occasion| Some(Reason::Occasion(occasion));
    let mut plan = Plan { action: least, shadow: None, reason: Reason::Occasion(Occasion::Held), each: Vec::new() };
    let opaque = checked.opaque.iter().map(|opaque| (policy.opaque(direction, &opaque.kind), None, occasion(Occasion::Opaque)));
    let parts = each.iter().map(|one| (one.action, one.shadow, one.reason));
    for (action, shadow, reason) in parts.chain(opaque) {
        plan.shadow = plan.shadow.max(shadow);
        if action > plan.action {
            // A finding that speaks for nothing is a ban's.
            (plan.action, plan.reason) = (action, reason.unwrap_or(Reason::Occasion(Occasion::Ban)));
        }
    }
    plan.each = each;
    plan
}

impl Plan {
    /// Masks and replaces in a body what is to be masked and replaced; says whether anything was. `notice` stands in place of a part.
    ///
    /// # Errors
    /// A thing to be masked is a key of JSON: the body must be refused.
    pub(crate) fn carry_out(&self, checked: &Checked, redactor: &Redactor, notice: &str, body: &mut Value) -> Result<bool, WireError> {
        let mut changed = false;
        for (one, decided) in checked.judged.iter().zip(&self.each) {
            let edits = match decided.action {
                Action::Replace => vec![Edit { span: Span { start: 0, end: one.part.text.len() }, text: notice.to_owned() }],
                _ if !decided.masked.is_empty() => mask(one, decided, redactor),
                _ => continue,
            };
            one.part.put(body, &edits)?;
            changed = true;
        }
        Ok(changed)
    }
}

/// What stands instead of what was found in a part.
fn mask(one: &Judged, decided: &Decided, redactor: &Redactor) -> Vec<Edit> {
    let findings = decided.masked.iter().filter_map(|at| one.verdict.findings.get(*at));
    edits(redactor, &one.part.text, &findings.map(Mark::of).collect::<Vec<_>>())
}

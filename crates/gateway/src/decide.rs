//! What follows from what was found in all parts of a request or an answer, and carrying it out on them.

use detect::Direction;
use detect::redact::{Operator, Redactor};
use serde_json::Value;
use taxonomy::Span;

use crate::canned::{Occasion, Reason};
use crate::check::{Checked, Judged};
use crate::otlp;
use crate::policy::{Action, Decided, Policy};
use crate::record;
use crate::stream::{Mark, edits, edits_by};
use crate::unmask::Values;
use crate::wire::{Edit, WireError};

/// What follows.
pub(crate) struct Plan {
    /// The gravest action of all.
    pub(crate) action: Action,
    /// In shadow mode, or under a policy that is tried: what would have been done.
    pub(crate) shadow: Option<Action>,
    /// What the policy that is tried found, where it would have decided otherwise.
    pub(crate) shadow_findings: Option<Value>,
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
    let mut plan = Plan { action: least, shadow: None, shadow_findings: None, reason: Reason::Occasion(Occasion::Held), each: Vec::new() };
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
    /// Notes what a policy that is tried beside would have done, where that is something else.
    pub(crate) fn note_tried(&mut self, policy: &Policy, direction: Direction, checked: &Checked, least: Action) {
        let would = decide(policy, direction, checked, least).action;
        if would != self.action {
            self.shadow = Some(would);
            self.shadow_findings = Some(record::findings(checked.judged.iter().map(|one| (one.part.channel.id(), &one.verdict))));
        }
    }

    /// Whether anything is to be masked.
    pub(crate) fn masks(&self) -> bool {
        self.each.iter().any(|decided| !decided.masked.is_empty())
    }

    /// Masks and replaces in a body what is to be masked and replaced; says whether anything was. `notice` stands in place of a part.
    ///
    /// # Errors
    /// A thing to be masked is a key of JSON: the body must be refused.
    pub(crate) fn carry_out(&self, checked: &Checked, mut masks: Masks<'_>, notice: &str, body: &mut Value) -> Result<bool, WireError> {
        let mut changed = false;
        for (one, decided) in checked.judged.iter().zip(&self.each) {
            let edits = match decided.action {
                Action::Replace => vec![Edit { span: Span { start: 0, end: one.part.text.len() }, text: notice.to_owned() }],
                _ if !decided.masked.is_empty() => masks.edits(one, decided),
                _ => continue,
            };
            one.part.put(body, &edits)?;
            changed = true;
        }
        Ok(changed)
    }
}

/// How masking is done.
pub(crate) struct Masks<'a> {
    /// For good.
    pub(crate) redactor: &'a Redactor,
    /// Of a request: so that the answer can have it back, where the policy says so of a channel.
    pub(crate) values: Option<(&'a Policy, &'a mut Values)>,
}

impl Masks<'_> {
    /// What stands instead of what was found in a part.
    fn edits(&mut self, one: &Judged, decided: &Decided) -> Vec<Edit> {
        let findings = decided.masked.iter().filter_map(|at| one.verdict.findings.get(*at));
        let marks: Vec<_> = findings.map(Mark::of).collect();
        match &mut self.values {
            Some((policy, values)) if policy.unmasks(one.part.channel) => {
                edits_by(self.redactor, &one.part.text, &marks, &mut |done, value| {
                    // What is to be left out altogether is left out.
                    if done.operator == Operator::Drop { None } else { values.placeholder(done.kind, value) }
                })
            }
            _ => edits(self.redactor, &one.part.text, &marks),
        }
    }
}

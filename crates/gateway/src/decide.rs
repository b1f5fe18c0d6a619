//! What follows from what was found in all parts of a request or an answer, and carrying it out on them.

use detect::Direction;
use detect::redact::{Done, Mark, Operator, Redacted, Redactor};
use serde_json::Value;
use taxonomy::{Finding, Span};

use crate::canned::{Occasion, Reason};
use crate::check::{Checked, Judged};
use crate::policy::{Action, Decided, Policy};
use crate::wire::WireError;

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
    /// A thing to be masked is a key of JSON, or masks fail: the body must be refused.
    pub(crate) fn carry_out(&self, checked: &Checked, redactor: &Redactor, notice: &str, body: &mut Value) -> Result<bool, WireError> {
        let mut changed = false;
        for (one, decided) in checked.judged.iter().zip(&self.each) {
            let redacted = match decided.action {
                Action::Replace => whole(&one.part.text, notice),
                _ if !decided.masked.is_empty() => mask(one, decided, redactor).ok_or(WireError::Fixed { path: one.part.path.clone() })?,
                _ => continue,
            };
            one.part.put(body, &redacted)?;
            changed = true;
        }
        Ok(changed)
    }
}

/// The text of a part with what was found masked. What is no personal information (a key, a password) is hidden whole.
fn mask(one: &Judged, decided: &Decided, redactor: &Redactor) -> Option<Redacted> {
    let text = &one.part.text;
    let findings: Vec<&Finding> = decided.masked.iter().filter_map(|at| one.verdict.findings.get(*at)).collect();
    let marks: Vec<Mark> = findings.iter().filter_map(|finding| Some(Mark { span: finding.span, kind: finding.personal? })).collect();
    let personal = redactor.redact(text, &marks).ok()?;
    let mut edits: Vec<(Done, String)> =
        personal.done.into_iter().map(|done| (done, done.new.cut(&personal.text).unwrap_or_default().to_owned())).collect();
    for span in findings.iter().filter(|finding| finding.personal.is_none()).map(|finding| finding.span) {
        let hidden = "*".repeat(span.cut(text)?.chars().count());
        let done = Done { old: span, new: span, kind: None, operator: Operator::Mask, instead_of: None };
        edits.push((done, hidden));
    }
    Some(apply(text, edits))
}

/// Puts the edits into the text, in order of place. Of two that overlap the first stands, and what the second hides beyond it is hidden with it.
fn apply(text: &str, mut edits: Vec<(Done, String)>) -> Redacted {
    edits.sort_by_key(|(done, _)| done.old);
    let (mut out, mut done, mut from): (String, Vec<Done>, usize) = (String::with_capacity(text.len()), Vec::new(), 0);
    for (mut one, new) in edits {
        match done.last_mut().filter(|last| one.old.start < last.old.end) {
            Some(last) => last.old.end = last.old.end.max(one.old.end),
            None => {
                out.push_str(text.get(from..one.old.start).unwrap_or_default());
                one.new = Span { start: out.len(), end: out.len() + new.len() };
                out.push_str(&new);
                done.push(one);
            }
        }
        from = done.last().map_or(from, |last| last.old.end);
    }
    out.push_str(text.get(from..).unwrap_or_default());
    Redacted { text: out, done }
}

fn whole(text: &str, notice: &str) -> Redacted {
    let (old, new) = (Span { start: 0, end: text.len() }, Span { start: 0, end: notice.len() });
    let done = Done { old, new, kind: None, operator: Operator::Replace, instead_of: None };
    Redacted { text: notice.to_owned(), done: vec![done] }
}

//! What is done about findings: spans to mask, or the place where a text stops.

use detect::redact::{self, Redactor};
use serde_json::Value;
use taxonomy::{Finding, PersonalKind, Span};

use super::{Action, Judge, Lane};
use crate::wire::{Edit, Part};

/// A span to be masked.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Mark {
    pub(super) span: Span,
    pub(super) kind: Option<PersonalKind>,
}

impl Mark {
    pub(crate) fn of(finding: &Finding) -> Self {
        Self { span: finding.span, kind: finding.personal }
    }
}

/// Judges a part that is there whole and masks what is to be masked in the body; or the canned text that stands instead.
pub(super) fn settle(judge: &mut dyn Judge, lane: Lane, part: &Part, body: &mut Value) -> Result<(), String> {
    let mut marks = judged(judge, lane, &part.text)?;
    let back = judge.values().map(|values| values.edits(part)).unwrap_or_default();
    if let Some(parted) = part.parted() {
        let seen = judged(judge, lane, &parted.text)?;
        marks.extend(seen.into_iter().map(|mark| Mark { span: parted.back(mark.span), ..mark }));
    }
    if marks.is_empty() && back.is_empty() {
        return Ok(());
    }
    let mut edits = edits(judge.redactor(), &part.text, &marks);
    // What is masked is not put back.
    let apart = |one: &Edit| edits.iter().all(|edit| edit.span.end <= one.span.start || one.span.end <= edit.span.start);
    let back: Vec<_> = back.into_iter().filter(apart).collect();
    edits.extend(back);
    edits.sort_by_key(|edit| edit.span);
    part.put(body, &edits).map_err(|_| judge.overflow())
}

/// What is to be masked in a whole text, or the canned text.
fn judged(judge: &mut dyn Judge, lane: Lane, text: &str) -> Result<Vec<Mark>, String> {
    let verdict = judge.whole(lane, text);
    let mut marks = Vec::new();
    for (at, finding) in verdict.findings.iter().enumerate() {
        match judge.decide(lane, verdict.findings.get(..=at).unwrap_or_default(), &[]) {
            Action::Pass => {}
            Action::Mask => marks.push(Mark::of(finding)),
            Action::Refuse(text) => return Err(text),
        }
    }
    if !verdict.faults.is_empty()
        && let Action::Refuse(text) = judge.decide(lane, &verdict.findings, &verdict.faults)
    {
        return Err(text);
    }
    Ok(marks)
}

/// What stands instead of the marks, in order and without overlap. What the redactor cannot do becomes asterisks.
pub(crate) fn edits(redactor: &Redactor, text: &str, marks: &[Mark]) -> Vec<Edit> {
    edits_by(redactor, text, marks, &mut |_, _| None)
}

/// The same where `instead` may know something better than the redactor for a personal value.
pub(crate) fn edits_by(
    redactor: &Redactor,
    text: &str,
    marks: &[Mark],
    instead: &mut dyn FnMut(&redact::Done, &str) -> Option<String>,
) -> Vec<Edit> {
    let personal: Vec<_> = marks.iter().filter_map(|mark| Some(redact::Mark { span: mark.span, kind: mark.kind? })).collect();
    let redacted = redactor.redact(text, &personal).ok();
    let stars = |span: Span| Edit { span, text: span.cut(text).unwrap_or_default().chars().map(|_| '*').collect() };
    let starred = marks.iter().filter(|mark| mark.kind.is_none() || redacted.is_none()).map(|mark| stars(mark.span));
    let done = redacted.iter().flat_map(|redacted| redacted.done.iter().zip(Edit::of(redacted)));
    let mut edits: Vec<_> = done
        .map(|(done, edit)| match instead(done, done.old.cut(text).unwrap_or_default()) {
            Some(text) => Edit { text, ..edit },
            None => edit,
        })
        .chain(starred)
        .collect();
    edits.sort_by_key(|edit| edit.span);
    let mut apart: Vec<Edit> = Vec::with_capacity(edits.len());
    for edit in edits {
        match apart.last_mut().filter(|before| edit.span.start < before.span.end) {
            Some(before) => *before = stars(Span { start: before.span.start, end: before.span.end.max(edit.span.end) }),
            None => apart.push(edit),
        }
    }
    apart
}

/// The text with its edits.
pub(super) fn edited(text: &str, edits: &[Edit]) -> String {
    let (mut out, mut from) = (String::with_capacity(text.len()), 0);
    for edit in edits {
        out.push_str(text.get(from..edit.span.start).unwrap_or_default());
        out.push_str(&edit.text);
        from = edit.span.end;
    }
    out.push_str(text.get(from..).unwrap_or_default());
    out
}

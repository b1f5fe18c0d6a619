//! Personal names, addresses, and statements of sensitive circumstances in the folded text, Chinese first, then English.
//!
//! Invariants: whether a span is a finding depends on at most [`BEHIND`] units before it and on what follows until the candidate is
//! settled; the work per unit is bounded, so time is linear. Not done: public figures are not told from private ones (a name is a name).

mod address;
mod address_en;
mod circumstance;
mod door;
mod foreign;
mod names;
mod names_en;
mod trigger;
mod view;
mod words;

use std::ops::Range;

use taxonomy::PersonalKind;

use super::{Folded, Found, fold};

use view::View;

/// How many units before a finding decide whether it is one: the longest candidate before it that may overlap it (64) and the evidence
/// before that candidate (English: three words back to a verb, and a person 32 units before it).
pub(super) const BEHIND: usize = 144;

/// Longest candidate in units: an address from the province to the room rarely has more than 50.
const LONGEST: usize = 64;

/// A span that the rules of its kind accept; overlaps are settled afterwards.
#[derive(Debug, Clone, PartialEq)]
struct Candidate {
    kind: PersonalKind,
    range: Range<usize>,
    score: f32,
}

/// Every name, address and sensitive circumstance in the text, by place.
#[must_use]
pub(super) fn find(text: &Folded) -> Vec<Found> {
    let found = candidates(text);
    let kept = |c: &Candidate, beside: &[Candidate]| !beside.iter().any(|other| beats(other, c));
    let mut out = Vec::new();
    for (i, candidate) in found.iter().enumerate() {
        let first = found.get(..i).map_or(0, |before| before.partition_point(|c| c.range.start + LONGEST < candidate.range.start));
        let beside = found.get(first..).unwrap_or_default();
        let last = beside.partition_point(|c| c.range.start < candidate.range.end);
        if kept(candidate, beside.get(..last).unwrap_or_default()) {
            out.push(Found { kind: candidate.kind, range: candidate.range.clone(), score: candidate.score });
        }
    }
    out
}

/// How far before an address the label that leads to it ends: one character, and filler.
const LED: usize = 6;

/// The first unit, from `from` on, from which units may still become part of a finding, or a finding may still change, if more text follows.
/// Tells of every candidate that begins at `from` or after it.
pub(super) fn read_on(text: &Folded, from: usize, mut tell: impl FnMut(Range<usize>)) -> usize {
    let view = View::new(text);
    let mut open = text.units.len();
    trigger::each(&view, from.saturating_sub(LED), |i, rule| {
        if i < from {
            return;
        }
        let (candidate, is_open) = view.watch(|| rule.judge(&view, i));
        open = if is_open { open.min(i) } else { open };
        if let Some(candidate) = candidate {
            tell(candidate.range);
        }
    });
    open
}

/// The smallest index from which on units may still become part of a finding, or a finding may still change, if more text follows.
#[cfg(test)]
pub(super) fn live(text: &Folded) -> usize {
    // What may still change starts within the longest candidate and its evidence after it; what overlaps that, one candidate before.
    let mut met = Vec::new();
    let mut live = read_on(text, text.units.len().saturating_sub(LONGEST * 3), |found| met.push(found));
    while let Some(across) = met.iter().find(|found| found.start < live && live < found.end) {
        live = across.start;
    }
    live
}

/// Overlaps are settled between two candidates at a time, whatever became of either, so that no chain carries a decision along the text:
/// an address before a name inside it; within a kind the surer, then the earlier, then the longer one.
fn beats(other: &Candidate, this: &Candidate) -> bool {
    if other.range.end <= this.range.start || this.range.end <= other.range.start || other == this {
        return false;
    }
    match (rank(other.kind), rank(this.kind)) {
        (Some(a), Some(b)) if a == b && a == 0 => by_place(other, this).is_lt(),
        (Some(a), Some(b)) if a == b => other.score.total_cmp(&this.score).reverse().then(by_place(other, this)).is_lt(),
        (Some(a), Some(b)) => a < b,
        // Circumstances stand beside names and addresses, and are kept apart by kind.
        (None, None) => other.kind == this.kind && by_place(other, this).is_lt(),
        _ => false,
    }
}

fn by_place(a: &Candidate, b: &Candidate) -> std::cmp::Ordering {
    a.range.start.cmp(&b.range.start).then(b.range.end.cmp(&a.range.end))
}

fn rank(kind: PersonalKind) -> Option<u8> {
    match kind {
        PersonalKind::Address => Some(0),
        PersonalKind::Name => Some(1),
        _ => None,
    }
}

/// Every candidate, by start, longest first.
fn candidates(text: &Folded) -> Vec<Candidate> {
    let view = View::new(text);
    let mut candidates = Vec::new();
    trigger::each(&view, 0, |i, rule| candidates.extend(rule.judge(&view, i)));
    candidates.sort_by(|a, b| by_place(a, b).then(rank(a.kind).cmp(&rank(b.kind))).then(b.score.total_cmp(&a.score)));
    candidates.dedup_by(|later, first| later.kind == first.kind && later.range == first.range);
    candidates
}

#[cfg(test)]
mod tests;

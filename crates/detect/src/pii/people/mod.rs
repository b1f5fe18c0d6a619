//! Personal names, addresses, and statements of sensitive circumstances in the folded text, Chinese first, then English.
//!
//! Invariants: whether a span is a finding depends on at most [`BEHIND`] units before it and on what follows until the candidate is
//! settled; the work per unit is bounded, so time is linear. Not done: public figures are not told from private ones (a name is a name).

mod address;
mod address_en;
mod age;
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

use super::{Folded, Found};

use view::View;

/// How many units before a finding decide whether it is one: the longest candidate before it that may overlap it (64) and the evidence
/// before that candidate (24).
pub(super) const BEHIND: usize = 96;

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
    let found = scan(text, 0).candidates;
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

/// The smallest index from which on units may still become part of a finding, or a finding may still change, if more text follows.
#[must_use]
pub(super) fn live(text: &Folded) -> usize {
    // What may still change starts within the longest candidate and its evidence after it; what overlaps that, one candidate before.
    let from = text.units.len().saturating_sub(LONGEST * 3);
    let scan = scan(text, from);
    let mut live = scan.open.unwrap_or(text.units.len());
    for candidate in scan.candidates.iter().rev() {
        if candidate.range.contains(&live) {
            live = candidate.range.start;
        }
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

struct Scan {
    /// By start, longest first.
    candidates: Vec<Candidate>,
    /// The first start whose judgement looked past the end of the text.
    open: Option<usize>,
}

fn scan(text: &Folded, from: usize) -> Scan {
    let view = View::new(text);
    let mut scan = Scan { candidates: Vec::new(), open: None };
    trigger::each(&view, from, |i, rule| {
        let (candidate, open) = view.watch(|| rule.judge(&view, i));
        if open {
            scan.open = Some(scan.open.map_or(i, |first| first.min(i)));
        }
        scan.candidates.extend(candidate);
    });
    scan.candidates.sort_by(|a, b| by_place(a, b).then(rank(a.kind).cmp(&rank(b.kind))).then(b.score.total_cmp(&a.score)));
    scan.candidates.dedup_by(|later, first| later.kind == first.kind && later.range == first.range);
    scan
}

#[cfg(test)]
mod tests;

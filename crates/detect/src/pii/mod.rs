//! Personal information: numbers with a check or a context, names, addresses, and what is said of a person's health, belief and body.
//!
//! Recognisers work on folded text, so full-width digits and zero-width characters are no hiding place, and need no word boundary, because
//! Chinese text has none. Each is local: a window of the text gives the findings of the whole text.

mod numbers;
mod people;

use std::ops::Range;

use taxonomy::{Finding, PersonalKind, RiskClass, Severity};

use crate::fold;
use crate::pipeline::{DetectError, Detector, Item, MAX_FINDINGS};
use crate::trail::Trail;

/// How far before a finding something can decide about it, in units.
pub(crate) const BEHIND: usize = if numbers::BEHIND > people::BEHIND { numbers::BEHIND } else { people::BEHIND };

/// What a recogniser finds.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Found {
    pub(crate) kind: PersonalKind,
    /// Units of the folded text.
    pub(crate) range: Range<usize>,
    /// How sure it is, 0 to 1.
    pub(crate) score: f32,
}

/// A folded text as recognisers read it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Folded<'a> {
    pub(crate) units: &'a [u16],
    source: &'a fold::Folded<'a>,
    offset: usize,
}

impl<'a> Folded<'a> {
    fn of(source: &'a fold::Folded<'a>) -> Self {
        Self { units: source.units(), source, offset: 0 }
    }

    /// Whether filler was skipped just before a unit.
    pub(crate) fn gap(&self, unit: usize) -> bool {
        self.source.gap(self.offset + unit)
    }

    /// What was skipped just before a unit.
    pub(crate) fn skipped(&self, unit: usize) -> &'a str {
        self.source.skipped(self.offset + unit)
    }

    /// Whether a sentence ended in what was skipped just before a unit.
    pub(crate) fn stop(&self, unit: usize) -> bool {
        self.source.stop(self.offset + unit)
    }

    /// Whether a unit was a capital letter before folding. In a text of nothing but ASCII the places are the same; elsewhere they are looked up.
    pub(crate) fn capital(&self, unit: usize) -> bool {
        let (text, unit) = (self.source.text, self.offset + unit);
        let at = if text.len() == self.source.units().len() { unit } else { self.source.start(unit) };
        text.get(at..).and_then(|rest| rest.chars().next()).is_some_and(char::is_uppercase)
    }
}

#[cfg(test)]
impl Folded<'static> {
    /// A folded text that lives as long as the tests.
    fn new(text: &str) -> Self {
        let text: &'static str = Box::leak(text.to_owned().into_boxed_str());
        Folded::of(Box::leak(Box::new(fold::fold(text))))
    }

    fn cut(&self, range: Range<usize>) -> Self {
        Self { units: &self.units[range.clone()], source: self.source, offset: self.offset + range.start }
    }

    /// The character of the original behind a unit, counted in characters.
    fn char_at(&self, unit: usize) -> usize {
        self.source.text.get(..self.source.start(self.offset + unit)).unwrap_or_default().chars().count()
    }
}

/// The personal-information detector.
#[derive(Debug, Default)]
pub struct Pii;

impl Detector for Pii {
    fn name(&self) -> &'static str {
        "pii"
    }

    fn version(&self) -> String {
        "3".to_owned()
    }

    fn detect(&self, item: &Item<'_>, findings: &mut Vec<Finding>) -> Result<(), DetectError> {
        let text = Folded::of(&item.folded);
        let mut found = Vec::new();
        numbers::find(&text, &mut found);
        // A name or an address inside a number, or the other way round, is one thing; the number is the surer one.
        let numbers = found.len();
        let people = people::find(&text);
        let apart = |one: &Found| {
            let at = found.partition_point(|number| number.range.end <= one.range.start);
            found.get(at).is_none_or(|number| number.range.start >= one.range.end)
        };
        let people: Vec<_> = people.into_iter().filter(apart).collect();
        found.extend(people);
        let all = found.len();
        findings.extend(found.into_iter().take(MAX_FINDINGS).map(|one| finding(item, &one)));
        if all > MAX_FINDINGS {
            return Err(DetectError(format!("{all} findings ({numbers} numbers), only the first {MAX_FINDINGS} are kept")));
        }
        Ok(())
    }

    fn live(&self, item: &Item<'_>, trail: &mut Trail) -> usize {
        let text = Folded::of(&item.folded);
        let mut open = read_on(&text, trail);
        // Filler at the end may vanish.
        let kept = fold::kept(text.units);
        if trail.open < kept && kept < text.units.len() {
            let first = read_on(&Folded { units: text.units.get(..kept).unwrap_or_default(), ..text }, trail);
            open = if first < kept { open.min(first) } else { open };
        }
        trail.close(open);
        open
    }
}

/// The first unit, from where the trail ends, from which something may still come. What stands goes into the trail: a number and a name may
/// turn out to overlap, so that one of them goes, but nothing that has not begun.
fn read_on(text: &Folded<'_>, trail: &mut Trail) -> usize {
    let from = trail.open;
    numbers::read_on(text, from, |found| trail.meet(found)).min(people::read_on(text, from, |found| trail.meet(found)))
}

fn finding(item: &Item<'_>, found: &Found) -> Finding {
    let rule = format!("pii.{}", found.kind);
    // A code of an organisation is nobody's personal information.
    let severity = if found.kind == PersonalKind::CreditCode { Severity::Note } else { Severity::Review };
    let finding = item.finding("pii", &rule, severity, found.score, found.range.clone());
    Finding { class: Some(RiskClass::A4f), personal: Some(found.kind), ..finding }
}

//! The clean texts, put through the lexicon once.

use std::collections::{BTreeMap, HashMap};

use taxonomy::{Finding, Severity, Span};

use crate::lexicon::Lexicon;
use crate::pipeline::Pipeline;

/// Samples kept for each entry: enough to see what kind of text it is.
const SAMPLES: usize = 3;

/// Characters shown on either side of a hit: a sentence of usual length.
const AROUND: usize = 40;

/// What one entry did.
#[derive(Debug, Clone, Default)]
pub(super) struct Tally {
    /// Texts in which it fires.
    pub(super) texts: usize,
    /// Of these, where it fires only by a disguise.
    pub(super) disguised: usize,
    /// The first of them, around the hit.
    pub(super) samples: Vec<String>,
}

/// What all entries did.
pub(super) struct Hits {
    /// One for each entry, in order.
    pub(super) tallies: Vec<Tally>,
    /// For each text the entries that fire in it, with the greatest severity.
    pub(super) texts: Vec<Vec<(usize, Severity)>>,
}

impl Hits {
    /// The shares of texts with a finding, if no entry's findings weigh more than `cap` says.
    pub(super) fn shares(&self, cap: impl Fn(usize) -> Severity) -> super::Shares {
        let heaviest: Vec<Severity> =
            self.texts.iter().filter_map(|fired| fired.iter().map(|(at, severity)| cap(*at).min(*severity)).max()).collect();
        let from = |least: Severity| share(heaviest.iter().filter(|severity| **severity >= least).count(), self.texts.len());
        super::Shares { block: from(Severity::Block), review: from(Severity::Review), any: from(Severity::Note) }
    }
}

/// A part of a whole; of nothing, none.
pub(super) fn share(part: usize, whole: usize) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}

/// How an entry fired in one text.
struct Fired {
    severity: Severity,
    /// Whether all its findings were hidden.
    disguised: bool,
    first: Span,
}

/// Judges every text once.
pub(super) fn judge(lexicon: &Lexicon, pipeline: &Pipeline, clean: &[&str]) -> Hits {
    let places: HashMap<&str, usize> = lexicon.entries.iter().enumerate().map(|(at, entry)| (entry.id.as_str(), at)).collect();
    let mut hits = Hits { tallies: vec![Tally::default(); lexicon.entries.len()], texts: Vec::with_capacity(clean.len()) };
    for text in clean {
        let fired = by_entry(&pipeline.check(text).findings, &places);
        for (at, fired) in &fired {
            if let Some(tally) = hits.tallies.get_mut(*at) {
                tally.texts += 1;
                tally.disguised += usize::from(fired.disguised);
                if tally.samples.len() < SAMPLES {
                    tally.samples.push(excerpt(text, fired.first));
                }
            }
        }
        hits.texts.push(fired.into_iter().map(|(at, fired)| (at, fired.severity)).collect());
    }
    hits
}

fn by_entry(findings: &[Finding], places: &HashMap<&str, usize>) -> BTreeMap<usize, Fired> {
    let mut entries: BTreeMap<usize, Fired> = BTreeMap::new();
    for finding in findings {
        let Some(&at) = places.get(finding.rule.as_str()) else { continue };
        let new = Fired { severity: finding.severity, disguised: true, first: finding.span };
        let fired = entries.entry(at).or_insert(new);
        fired.severity = fired.severity.max(finding.severity);
        fired.disguised &= finding.via.is_some();
    }
    entries
}

/// The hit with what stands around it.
fn excerpt(text: &str, span: Span) -> String {
    let before = text.get(..span.start).unwrap_or_default();
    let from = before.char_indices().rev().take(AROUND).last().map_or(span.start, |(at, _)| at);
    let rest = text.get(span.end..).unwrap_or_default();
    let until = rest.char_indices().nth(AROUND).map_or(text.len(), |(at, _)| span.end + at);
    text.get(from..until).unwrap_or_default().trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_excerpt_holds_the_hit_and_its_surroundings() {
        let long = "前".repeat(100) + "词" + &"后".repeat(100);
        let (start, end) = (300, 303);
        assert_eq!(excerpt(&long, Span { start, end }), "前".repeat(40) + "词" + &"后".repeat(40));
        assert_eq!(excerpt("词", Span { start: 0, end: 3 }), "词");
        assert_eq!(excerpt("一个词在", Span { start: 6, end: 9 }), "一个词在");
    }
}

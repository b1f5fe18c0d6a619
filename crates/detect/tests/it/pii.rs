//! Personal information nobody tuned on: made values in all the ways people write, and sentences with names and addresses. The recognisers were
//! written by other hands, which never saw these. `cargo test -p guiju-detect --test it pii -- --nocapture` prints the figures of docs/detection.md.

mod generator;

use std::collections::BTreeMap;

use detect::{Pii, Pipeline};
use serde::Deserialize;
use taxonomy::{Finding, PersonalKind};

/// What is found and missed.
#[derive(Default)]
struct Tally {
    right: usize,
    missed: usize,
    wrong: usize,
}

impl Tally {
    fn precision(&self) -> f64 {
        self.right as f64 / (self.right + self.wrong).max(1) as f64
    }

    fn recall(&self) -> f64 {
        self.right as f64 / (self.right + self.missed).max(1) as f64
    }
}

fn findings(pipeline: &Pipeline, text: &str) -> Vec<Finding> {
    pipeline.check(text).findings
}

fn overlaps(finding: &Finding, span: (usize, usize)) -> bool {
    finding.span.start < span.1 && span.0 < finding.span.end
}

#[test]
fn checked_kinds_in_all_ways_of_writing() {
    let pipeline = Pipeline::new(vec![Box::new(Pii)]);
    let (mut by_kind, mut by_way, mut alarms): (BTreeMap<&str, Tally>, BTreeMap<&str, Tally>, BTreeMap<&str, (usize, usize)>) =
        Default::default();
    for case in generator::cases(20_261_122, 60) {
        let found: Vec<_> = findings(&pipeline, &case.text).into_iter().filter(|f| f.personal != Some(PersonalKind::Name)).collect();
        let Some(kind) = case.kind else {
            let alarm = alarms.entry(case.way).or_default();
            alarm.0 += usize::from(!found.is_empty());
            alarm.1 += 1;
            continue;
        };
        let hit = |span: &&(usize, usize)| found.iter().any(|f| f.personal.is_some_and(|k| k.id() == kind) && overlaps(f, **span));
        let right = case.spans.iter().filter(hit).count();
        for tally in [by_kind.entry(kind).or_default(), by_way.entry(case.way).or_default()] {
            tally.right += right;
            tally.missed += case.spans.len() - right;
            tally.wrong += found.iter().filter(|f| f.personal.is_none_or(|k| k.id() != kind)).count();
        }
    }
    let (alarmed, negatives) = alarms.values().fold((0, 0), |(a, n), (alarm, all)| (a + alarm, n + all));
    for (name, tally) in by_kind.iter().chain(&by_way) {
        println!("{name:20} precision {:.3} recall {:.3} of {}", tally.precision(), tally.recall(), tally.right + tally.missed);
    }
    println!("{alarmed} of {negatives} negatives raise an alarm: {:?}", alarms.iter().filter(|(_, a)| a.0 > 0).collect::<Vec<_>>());
    let all = by_way.values().fold(Tally::default(), |a, b| Tally {
        right: a.right + b.right,
        missed: a.missed + b.missed,
        wrong: a.wrong + b.wrong,
    });
    let precision = all.right as f64 / (all.right + all.wrong + alarmed) as f64;
    println!("all: precision {precision:.4} recall {:.4}", all.recall());
}

#[derive(Deserialize)]
struct Sentence {
    text: String,
    spans: Vec<Gold>,
}

#[derive(Deserialize)]
struct Gold {
    kind: PersonalKind,
    value: String,
}

/// Sentences written by hand, and the kinds that are marked in them.
const SENTENCES: [(&str, &[PersonalKind]); 3] = {
    const STATED: &[PersonalKind] = &[PersonalKind::Health, PersonalKind::Biometric, PersonalKind::Belief, PersonalKind::Under14];
    [
        (include_str!("pii/names.jsonl"), &[PersonalKind::Name, PersonalKind::Address]),
        (include_str!("pii/circumstances.jsonl"), STATED),
        (include_str!("pii/statements.jsonl"), STATED),
    ]
};

#[test]
fn names_addresses_and_circumstances() {
    let pipeline = Pipeline::new(vec![Box::new(Pii)]);
    let mut tallies: BTreeMap<PersonalKind, Tally> = BTreeMap::new();
    let rows = SENTENCES.iter().flat_map(|(file, kinds)| file.lines().map(move |row| (row, kinds)));
    for (row, kinds) in rows {
        let sentence: Sentence = serde_json::from_str(row).unwrap();
        let gold = sentence.places();
        let found = findings(&pipeline, &sentence.text);
        for kind in kinds.iter() {
            let tally = tallies.entry(*kind).or_default();
            let of_kind: Vec<_> = found.iter().filter(|f| f.personal == Some(*kind)).collect();
            let (right, missed): (Vec<_>, Vec<_>) =
                gold.iter().filter(|(k, _)| k == kind).partition(|(_, span)| of_kind.iter().any(|f| overlaps(f, *span)));
            let wrong: Vec<_> = of_kind.iter().filter(|f| !right.iter().any(|(_, span)| overlaps(f, *span))).collect();
            missed.iter().for_each(|(_, span)| println!("missed {kind}: {} in {}", &sentence.text[span.0..span.1], sentence.text));
            wrong.iter().for_each(|f| println!("wrong {kind}: {} in {}", f.matched, sentence.text));
            tally.right += right.len();
            tally.missed += missed.len();
            tally.wrong += wrong.len();
        }
    }
    for (kind, tally) in &tallies {
        println!("{kind:15} precision {:.3} recall {:.3} of {}", tally.precision(), tally.recall(), tally.right + tally.missed);
        assert!(tally.precision() > 0.85 && tally.recall() > 0.5, "{kind}");
    }
}

impl Sentence {
    /// The marked places, in bytes; equal values one after the other.
    fn places(&self) -> Vec<(PersonalKind, (usize, usize))> {
        let mut from = 0;
        let place = |one: &Gold| {
            let at = self.text[from..].find(&one.value).map(|at| from + at).or_else(|| self.text.find(&one.value)).unwrap();
            from = at + one.value.len();
            (one.kind, (at, from))
        };
        self.spans.iter().map(place).collect()
    }
}

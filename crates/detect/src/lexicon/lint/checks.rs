//! What is wrong with entries by themselves, each against the others and against its own examples.

use std::collections::HashMap;
use std::ops::ControlFlow;

use taxonomy::{AttackKind, RiskClass, Severity};

use super::{Engine, Issue, IssueKind};
use crate::Matcher;
use crate::lexicon::compile::view_patterns;
use crate::lexicon::{Entry, Lexicon};
use crate::view::Via;

/// A folded phrase.
type Units = Vec<u16>;

/// What a hit means: a finding inside a longer one of the same meaning is dropped.
type Meaning = (Option<RiskClass>, Option<AttackKind>, Severity);

/// All checks, in order of the lexicon.
pub(super) fn check(lexicon: &Lexicon, engine: &Engine) -> Vec<Issue> {
    let mut issues = Vec::new();
    let (mut first, known) = (First::default(), Known::new(lexicon));
    for (at, entry) in lexicon.entries.iter().enumerate() {
        first.duplicates(entry, &mut issues);
        known.contained(entry, &mut issues);
        let short = entry.spellings().filter(|spelling| is_too_short(entry, spelling));
        issues.extend(short.map(|spelling| Issue::new(IssueKind::TooShort, entry, spelling)));
        allowed(at, entry, engine, &mut issues);
        promised(at, entry, engine, &mut issues);
    }
    issues
}

fn units(phrase: &str) -> Units {
    crate::fold(phrase).units().to_vec()
}

fn meaning(entry: &Entry) -> Meaning {
    (entry.class, entry.attack, entry.severity)
}

// ---- duplicates

/// What an entry asks for besides its keyword.
#[derive(PartialEq, Eq, Hash)]
struct Conditions<'a> {
    near: Option<(Vec<Units>, usize, bool)>,
    then: Option<&'a str>,
    word: bool,
    allow: Vec<Units>,
}

impl<'a> Conditions<'a> {
    fn of(entry: &'a Entry) -> Self {
        let near = entry.near.as_ref().map(|near| (set(near.with.as_slice()), near.within, near.ordered));
        Self { near, then: entry.then.as_deref(), word: entry.word, allow: set(&entry.allow) }
    }
}

fn set(phrases: &[String]) -> Vec<Units> {
    let mut set: Vec<Units> = phrases.iter().map(|phrase| units(phrase)).collect();
    set.sort_unstable();
    set.dedup();
    set
}

/// The first entry with a keyword under some conditions. These are numbered, so that they are compared once for an entry, not for each spelling.
#[derive(Default)]
struct First<'a> {
    numbers: HashMap<Conditions<'a>, usize>,
    entries: HashMap<(Units, usize), &'a Entry>,
}

impl<'a> First<'a> {
    fn duplicates(&mut self, entry: &'a Entry, issues: &mut Vec<Issue>) {
        let next = self.numbers.len();
        let number = *self.numbers.entry(Conditions::of(entry)).or_insert(next);
        for spelling in entry.spellings() {
            let first = *self.entries.entry((units(spelling), number)).or_insert(entry);
            if !std::ptr::eq(first, entry) {
                let issue = Issue::new(IssueKind::Duplicate, entry, spelling);
                issues.push(Issue { other: Some(first.id.clone()), ..issue });
            }
        }
    }
}

// ---- keywords inside keywords

/// The keywords of all entries without a condition.
struct Known<'a> {
    lexicon: &'a Lexicon,
    matcher: Matcher,
    /// The first entry with such a keyword and meaning.
    entries: HashMap<(Units, Meaning), &'a Entry>,
}

impl<'a> Known<'a> {
    fn new(lexicon: &'a Lexicon) -> Self {
        let free = || lexicon.entries.iter().filter(|entry| is_unconditional(entry));
        let words: Vec<&String> = free().flat_map(Entry::spellings).collect();
        let mut entries = HashMap::new();
        for entry in free() {
            entry.spellings().for_each(|spelling| {
                entries.entry((units(spelling), meaning(entry))).or_insert(entry);
            });
        }
        Self { lexicon, matcher: Matcher::new(&words), entries }
    }

    /// Spellings that hold another entry's keyword: whenever they stand in a text, that one does. What follows by `then` is part of the finding, so such
    /// an entry does add something; and so does one of another severity.
    fn contained(&self, entry: &Entry, issues: &mut Vec<Issue>) {
        for spelling in entry.spellings().filter(|_| entry.then.is_none()) {
            if let Some(other) = self.inside(entry, spelling) {
                let issue = Issue::new(IssueKind::Contained, entry, spelling);
                issues.push(Issue { other: Some(other.id.clone()), ..issue });
            }
        }
    }

    fn inside(&self, entry: &Entry, spelling: &str) -> Option<&'a Entry> {
        let folded = crate::fold(spelling);
        let mut inside = None;
        self.matcher.scan(&folded, |hit| {
            let part = folded.units().get(hit.start as usize..hit.end as usize).unwrap_or_default();
            // The same keyword without a condition in both is a duplicate, not a part.
            let same = part.len() == folded.units().len() && is_unconditional(entry);
            let other = self.entries.get(&(part.to_vec(), meaning(entry))).copied().filter(|other| !same && !std::ptr::eq(*other, entry));
            inside = other.filter(|other| !self.adds_disguise((entry, folded.units()), (*other, part)));
            if inside.is_some() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        inside
    }

    /// Whether the longer keyword is found in disguises in which the shorter one is not.
    fn adds_disguise(&self, longer: (&Entry, &[u16]), shorter: (&Entry, &[u16])) -> bool {
        let has = |(entry, units): (&Entry, &[u16]), via: Via| {
            let variants = entry.variants.as_ref().unwrap_or(&self.lexicon.variants);
            view_patterns(units, variants, entry.near.is_some()).iter().any(|(found, _)| *found == via)
        };
        // Initials stand alone as a word, so those of the longer keyword hide those of the shorter.
        has(longer, Via::Initials) || (has(longer, Via::Sound) && !has(shorter, Via::Sound))
    }
}

fn is_unconditional(entry: &Entry) -> bool {
    entry.near.is_none() && entry.then.is_none() && !entry.word && entry.allow.is_empty()
}

// ---- one entry

/// One unit, or two Latin ones that need not be a word; a second word or what must follow makes up for it.
fn is_too_short(entry: &Entry, spelling: &str) -> bool {
    let short = match units(spelling).as_slice() {
        [_] => true,
        [a, b] => !entry.word && *a < 0x80 && *b < 0x80,
        _ => false,
    };
    short && entry.near.is_none() && entry.then.is_none()
}

/// Allow-phrases. One without the keyword may still cover what only sounds like it, so the engine is asked.
fn allowed(at: usize, entry: &Entry, engine: &Engine, issues: &mut Vec<Issue>) {
    for phrase in &entry.allow {
        let folded = crate::fold(phrase);
        if entry.spellings().any(|spelling| crate::fold(spelling).units() == folded.units()) {
            issues.push(Issue::new(IssueKind::AllowEverything, entry, phrase));
        } else if !engine.keywords.standing(&folded).iter().any(|(rule, _)| *rule as usize == at) {
            issues.push(Issue::new(IssueKind::AllowNothing, entry, phrase));
        }
    }
}

/// Examples and counter-examples.
fn promised(at: usize, entry: &Entry, engine: &Engine, issues: &mut Vec<Issue>) {
    let missed = entry.examples.iter().filter(|text| !is_found(at, entry, engine, text));
    issues.extend(missed.map(|text| Issue::new(IssueKind::ExampleMissed, entry, text)));
    let is_hit = |text: &&String| engine.pipeline.check(text).findings.iter().any(|finding| finding.rule == entry.id);
    let hit = entry.counter_examples.iter().filter(is_hit);
    issues.extend(hit.map(|text| Issue::new(IssueKind::CounterExampleHit, entry, text)));
}

/// Whether the entry finds the text, or its keyword stands there inside a finding for the same class or attack.
fn is_found(at: usize, entry: &Entry, engine: &Engine, text: &str) -> bool {
    let findings = engine.pipeline.check(text).findings;
    if findings.iter().any(|finding| finding.rule == entry.id) {
        return true;
    }
    let folded = crate::fold(text);
    let standing = engine.keywords.standing(&folded);
    standing.into_iter().filter(|(rule, _)| *rule as usize == at).any(|(_, range)| {
        let own = folded.original(range);
        findings.iter().any(|finding| (finding.class, finding.attack) == (entry.class, entry.attack) && finding.span.covers(own))
    })
}

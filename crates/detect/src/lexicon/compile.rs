//! Compiling a lexicon: every phrase of every entry becomes a pattern that knows which rules it serves, and as what.

use std::ops::Range;

use super::artefact::{Bytes, Form, Meta, Role, Rule, SETS, Stage, Use, set_number, write};
use super::{Artefact, Entry, Lexicon, Variant};
use crate::engine::{Compiled, MAX_UNITS, order};
use crate::view::Via;
use crate::{sound, view};

/// Patterns with what they are used for, in one run of units: some hundred thousand small vectors would cost more than all the rest.
#[derive(Default)]
struct Patterns {
    units: Vec<u16>,
    uses: Vec<(Range<u32>, Use)>,
}

impl Patterns {
    fn push(&mut self, units: &[u16], used: Use) {
        let start = self.units.len() as u32;
        self.units.extend_from_slice(units);
        self.uses.push((start..self.units.len() as u32, used));
    }
}

/// The patterns of each set.
type Sets = [Patterns; SETS];

impl Lexicon {
    /// Compiles the lexicon into the form that is searched with.
    #[must_use]
    pub fn compile(&self) -> Artefact {
        let mut sets = Sets::default();
        let mut strings = String::new();
        let mut rules = Vec::with_capacity(self.entries.len());
        for (rule, entry) in self.entries.iter().enumerate() {
            let variants = entry.variants.as_ref().unwrap_or(&self.variants);
            let first = trigger(entry);
            let stage = |role| if role == first { Stage::First } else { Stage::Rest };
            let mut put = |phrase: &str, role: Role| put(&mut sets, stage(role), phrase, Use::new(rule, role), variants, entry);
            entry.spellings().for_each(|phrase| put(phrase, Role::Keyword));
            entry.near_words().iter().for_each(|phrase| put(phrase, Role::Near));
            entry.allow.iter().for_each(|phrase| put(phrase, Role::Allow));
            rules.push(Rule::new(entry, &mut strings));
        }
        let meta = Meta {
            name: self.name.clone(),
            version: self.version.clone(),
            updated: self.updated.clone(),
            digest: self.digest.clone(),
            entries: self.entries.len(),
        };
        Artefact::new(Bytes::Owned(write(&meta, &sets.map(Uses::build), &rules, &strings)))
    }
}

/// Compiled patterns with their uses, pattern by pattern.
pub(super) struct Uses {
    pub(super) patterns: Compiled,
    pub(super) starts: Vec<u32>,
    pub(super) uses: Vec<Use>,
}

impl Uses {
    fn build(patterns: Patterns) -> Self {
        let units = |range: &Range<u32>| patterns.units.get(range.start as usize..range.end as usize).unwrap_or_default();
        let mut sorted: Vec<_> = patterns.uses.iter().map(|(range, used)| (order(units(range)), *used)).collect();
        sorted.sort_unstable();
        sorted.dedup();
        let mut built = Self { patterns: Compiled::default(), starts: vec![0], uses: Vec::with_capacity(sorted.len()) };
        for of_one in sorted.chunk_by(|(a, _), (b, _)| a == b) {
            built.uses.extend(of_one.iter().map(|(_, used)| *used));
            built.starts.push(built.uses.len() as u32);
        }
        let distinct = sorted.chunk_by(|(a, _), (b, _)| a == b).filter_map(|of_one| of_one.first());
        built.patterns = Compiled::build(distinct.map(|((_, _, units), _)| *units));
        built
    }
}

/// Which words of an entry are looked for first: of two that must stand near each other the longer, as it is the rarer; its near words are looked for
/// only where it stands.
fn trigger(entry: &Entry) -> Role {
    let shortest = |phrases: &mut dyn Iterator<Item = &String>| phrases.map(|phrase| weight(phrase)).min().unwrap_or_default();
    let near = shortest(&mut entry.near_words().iter());
    if near > shortest(&mut entry.spellings()) { Role::Near } else { Role::Keyword }
}

/// How much a phrase says: a Chinese character about as much as three letters.
fn weight(phrase: &str) -> usize {
    crate::fold(phrase).units().iter().map(|&unit| if crate::fold::is_cjk(unit) { 3 } else { 1 }).sum()
}

fn put(sets: &mut Sets, stage: Stage, phrase: &str, role: Use, variants: &[Variant], entry: &Entry) {
    let mut push = |via: Via, units: &[u16]| {
        if let Some(set) = sets.get_mut(set_number(stage, Form::of(via))) {
            set.push(units, role);
        }
    };
    let units = crate::fold(phrase).units().to_vec();
    if units.len() > MAX_UNITS {
        return; // 64 characters fold to more than 128 units only in contrived cases, which `check` cannot see; they are never found
    }
    if role.role() != Role::Allow {
        view_patterns(&units, variants, entry.near.is_some()).iter().for_each(|(via, units)| push(*via, units));
    }
    push(Via::Plain, &units);
}

/// The patterns that find the disguises of a phrase. Characters taken apart and letters apart need none: their views turn
/// the text back into the phrase.
pub(super) fn view_patterns(units: &[u16], variants: &[Variant], has_near: bool) -> Vec<(Via, Vec<u16>)> {
    if variants.contains(&Variant::Leet)
        && let Some(pattern) = view::leet_pattern(units)
    {
        return vec![(Via::Leet, pattern)];
    }
    let all_cjk = units.iter().all(|&unit| crate::fold::is_cjk(unit));
    // Two syllables alone are everyday words of some other kind; with a second word near they are a disguise.
    if !all_cjk || units.len() < if has_near { 2 } else { 3 } {
        return Vec::new();
    }
    let mut patterns = Vec::new();
    if variants.contains(&Variant::Sound) {
        patterns.extend(sound::patterns(units).into_iter().map(|p| (Via::Sound, p)));
    }
    if variants.contains(&Variant::Initials) {
        patterns.extend(sound::initials(units).into_iter().map(|p| (Via::Initials, p)));
    }
    patterns
}

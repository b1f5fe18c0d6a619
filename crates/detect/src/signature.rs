//! What a rule needs beside its first word, as a few bits: where one of its first words stands, the others are looked for only near it, and only
//! where two units are like the beginning of one of them.
//!
//! Ordinary text is full of near words (钱, 发, 买) whose keyword is nowhere; without this each of them would be looked up.

use std::ops::Range;

use crate::lexicon::{Artefact, Form, Stage};
use crate::reading::Reading;
use crate::wide::fetch;

const FORMS: usize = Form::ALL.len();

/// The signatures of all rules of a compiled lexicon. What is asked first, of every place, lies close together; what only few get to, apart.
#[derive(Debug, Default)]
pub(crate) struct Signatures {
    heads: Vec<Head>,
    keys: Vec<u16>,
    pairs: Vec<[u128; FORMS]>,
}

/// What is asked first: 24 bytes.
#[derive(Debug, Clone, Copy, Default)]
struct Head {
    /// Where the keys of each form end, those of the first after those of the rule before.
    ends: [u32; FORMS],
    /// Where they begin.
    start: u32,
    within: u16,
    /// The longest of the patterns of each form, in units; zero if there is none.
    longest: [u8; FORMS],
    /// Whether some pattern has one unit only, whatever comes after it: a bit for each form.
    singles: u8,
}

/// The beginnings of a rule's other patterns, of each form: a Bloom filter of one hash, and the hashes themselves.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Signature<'a> {
    head: &'a Head,
    /// Sixteen bits of the first two units of each pattern, form by form.
    keys: &'a [u16],
    pairs: &'a [u128; FORMS],
}

/// A signature that grows.
#[derive(Debug, Clone, Default)]
struct Growing {
    pairs: [u128; FORMS],
    keys: [Vec<u16>; FORMS],
    longest: [u8; FORMS],
    singles: u8,
}

impl Signatures {
    pub(crate) fn of(artefact: &Artefact) -> Self {
        let mut growing = vec![Growing::default(); artefact.rules().len()];
        for form in Form::ALL {
            let set = artefact.set(Stage::Rest, form);
            for pattern in 0..set.patterns.len() as u32 {
                for used in set.uses(pattern) {
                    if let Some(signature) = growing.get_mut(used.rule as usize) {
                        signature.add(form, set.patterns.pattern(pattern));
                    }
                }
            }
        }
        let mut all = Self::default();
        for (signature, rule) in growing.into_iter().zip(artefact.rules()) {
            all.push(signature, rule.within().unwrap_or(0));
        }
        all
    }

    fn push(&mut self, signature: Growing, within: usize) {
        let start = self.keys.len() as u32;
        let ends = signature.keys.map(|mut keys| {
            keys.sort_unstable();
            keys.dedup();
            self.keys.append(&mut keys);
            self.keys.len() as u32
        });
        let Growing { pairs, longest, singles, .. } = signature;
        self.heads.push(Head { ends, start, within: within as u16, longest, singles });
        self.pairs.push(pairs);
    }

    /// Asks for the signature of a rule, which will be read soon.
    pub(crate) fn fetch(&self, rule: u32) {
        fetch(&self.heads, rule as usize);
    }

    /// What a rule needs beside its first word; nothing if it needs nothing.
    pub(crate) fn of_rule(&self, rule: u32) -> Option<Signature<'_>> {
        let head = self.heads.get(rule as usize).filter(|head| head.longest != [0; FORMS])?;
        fetch(&self.keys, head.start as usize);
        Some(Signature { head, keys: &self.keys, pairs: self.pairs.get(rule as usize)? })
    }
}

impl Growing {
    fn add(&mut self, form: Form, units: &[u16]) {
        let at = form as usize;
        let (Some(pairs), Some(longest), Some(keys), Some(&first)) =
            (self.pairs.get_mut(at), self.longest.get_mut(at), self.keys.get_mut(at), units.first())
        else {
            return;
        };
        keys.extend(units.get(1).map(|&second| key(first, second)));
        *pairs |= 1 << bit(first, units.get(1).copied().unwrap_or(0));
        *longest = (*longest).max(units.len() as u8);
        self.singles |= u8::from(units.len() == 1) << at;
    }
}

impl Signature<'_> {
    /// Units of the longest pattern of a form; none if it has none.
    pub(crate) fn longest(&self, form: Form) -> Option<usize> {
        self.head.longest.get(form as usize).filter(|longest| **longest > 0).map(|longest| usize::from(*longest))
    }

    /// How many units may lie between the words of the rule.
    pub(crate) fn within(&self) -> usize {
        self.head.within.into()
    }

    /// The keys of a form.
    fn keys(&self, form: usize) -> &[u16] {
        let end = |form: usize| self.head.ends.get(form).copied().unwrap_or_default() as usize;
        let start = form.checked_sub(1).map_or(self.head.start as usize, end);
        self.keys.get(start..end(form)).unwrap_or_default()
    }

    /// Marks the places in a range of `units` where a pattern of a form may begin.
    pub(crate) fn mark(&self, form: Form, units: &[u16], range: Range<usize>, marks: &mut Marks) {
        let pairs = self.pairs.get(form as usize).copied().unwrap_or_default();
        let single = self.head.singles >> form as usize & 1 == 1;
        let firsts = units.get(range.clone()).unwrap_or_default();
        let seconds = units.get(range.start + 1..).unwrap_or_default().iter().chain(std::iter::once(&0));
        for ((&first, &second), at) in firsts.iter().zip(seconds).zip(range) {
            if pairs >> bit(first, second) & 1 == 1 || (single && pairs >> bit(first, 0) & 1 == 1) {
                marks.set(at);
            }
        }
    }
}

/// Which pairs of units stand anywhere in the readings of a text, of each form: a rule none of whose other patterns begins with one of them has
/// none of them. Most short words are somebody's initials, and hardly any has its second word near.
pub(crate) struct Present([Option<Vec<u64>>; FORMS]);

/// Bits for each unit of the text, and most of them: what fits the fastest cache.
const BITS_EACH: usize = 16;
const MOST_BITS: usize = 1 << 16;

impl Present {
    pub(crate) fn of<'a>(units: usize, readings: impl Iterator<Item = Reading<'a>>) -> Self {
        let words = (units * BITS_EACH).clamp(64, MOST_BITS).next_power_of_two() / 64;
        let mut present = Self(std::array::from_fn(|_| None));
        for reading in readings {
            let Some(bits) = present.0.get_mut(reading.form as usize) else { continue };
            let bits = bits.get_or_insert_with(|| vec![0; words]);
            for &[first, second] in reading.units.array_windows() {
                let key = usize::from(key(first, second));
                if let Some(word) = bits.get_mut((key / 64) & (words - 1)) {
                    *word |= 1 << (key % 64);
                }
            }
        }
        present
    }

    /// Whether a text may hold some pattern of a rule; if not `hidden`, of those that stand in the open.
    pub(crate) fn may_have(&self, rule: Signature<'_>, hidden: bool) -> bool {
        let has = |bits: &[u64], key: u16| {
            let word = bits.get((usize::from(key) / 64) & bits.len().wrapping_sub(1));
            word.is_some_and(|word| word >> (key % 64) & 1 == 1)
        };
        // In the open they are all of the first form.
        let forms = if hidden { FORMS } else { 1 };
        let mut read = self.0.iter().enumerate().take(forms).filter_map(|(form, bits)| Some((bits.as_ref()?, rule.keys(form))));
        rule.head.singles != 0 || read.any(|(bits, keys)| keys.iter().any(|&key| has(bits, key)))
    }
}

/// Places of a text, a bit for each: a text made of nothing but hits has as many as others.
pub(crate) struct Marks(Vec<u64>);

impl Marks {
    pub(crate) fn of(units: usize) -> Self {
        Self(vec![0; units.div_ceil(64)])
    }

    fn set(&mut self, at: usize) {
        if let Some(word) = self.0.get_mut(at / 64) {
            *word |= 1 << (at % 64);
        }
    }

    /// The marked places, in order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = usize> {
        self.0.iter().enumerate().flat_map(|(at, &word)| {
            let some = |word: u64| (word != 0).then_some(word);
            let bits = std::iter::successors(some(word), move |word| some(word & (word - 1)));
            bits.map(move |word| at * 64 + word.trailing_zeros() as usize)
        })
    }
}

/// Sixteen bits of two units: the top of a product with the golden ratio.
fn key(first: u16, second: u16) -> u16 {
    ((u32::from(first) | u32::from(second) << 16).wrapping_mul(crate::engine::GOLDEN as u32) >> 16) as u16
}

/// The bit of two units: the top seven of a product with the golden ratio.
fn bit(first: u16, second: u16) -> u32 {
    (u32::from(first) | u32::from(second) << 16).wrapping_mul(crate::engine::GOLDEN as u32) >> 25
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_begin_a_pattern_is_marked() {
        let units: Vec<u16> = "发票收据票代开发票".encode_utf16().collect();
        let marked = |patterns: &[&str], range: Range<usize>| {
            let (mut growing, mut all, mut marks) = (Growing::default(), Signatures::default(), Marks::of(units.len()));
            patterns.iter().for_each(|pattern| growing.add(Form::Plain, &pattern.encode_utf16().collect::<Vec<_>>()));
            all.push(growing, 0);
            if let Some(signature) = all.of_rule(0) {
                signature.mark(Form::Plain, &units, range, &mut marks);
            }
            marks.iter().collect::<Vec<_>>()
        };
        assert_eq!(marked(&["发票"], 0..9), [0, 7]);
        assert_eq!(marked(&["发票", "收据"], 1..8), [2, 7]);
        assert_eq!(marked(&["票"], 0..9), [1, 4, 8]);
        assert!(marked(&[], 0..9).is_empty());
    }
}

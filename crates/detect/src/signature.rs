//! What a rule needs beside its first word, as a few bits: where one of its first words stands, the others are looked for only near it, and only
//! where two units are like the beginning of one of them.
//!
//! Ordinary text is full of near words (钱, 发, 买) whose keyword is nowhere; without this each of them would be looked up.

use std::ops::Range;

use crate::lexicon::{Artefact, Form, Stage};

/// The beginnings of a rule's other patterns, of each form: a Bloom filter of one hash.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Signature {
    pairs: [u128; FORMS],
    /// The longest of the patterns of each form, in units; zero if there is none.
    longest: [u8; FORMS],
    /// Whether some pattern has one unit only, whatever comes after it.
    singles: [bool; FORMS],
}

const FORMS: usize = Form::ALL.len();

/// The signatures of all rules of a compiled lexicon, by their number.
pub(crate) fn signatures(artefact: &Artefact) -> Vec<Signature> {
    let mut all = vec![Signature::default(); artefact.rules().len()];
    for form in Form::ALL {
        let set = artefact.set(Stage::Rest, form);
        for pattern in 0..set.patterns.len() as u32 {
            for used in set.uses(pattern) {
                if let Some(signature) = all.get_mut(used.rule as usize) {
                    signature.add(form, set.patterns.pattern(pattern));
                }
            }
        }
    }
    all
}

impl Signature {
    fn add(&mut self, form: Form, units: &[u16]) {
        let (Some(pairs), Some(longest), Some(single), Some(&first)) =
            (self.pairs.get_mut(form as usize), self.longest.get_mut(form as usize), self.singles.get_mut(form as usize), units.first())
        else {
            return;
        };
        *pairs |= 1 << bit(first, units.get(1).copied().unwrap_or(0));
        *longest = (*longest).max(units.len() as u8);
        *single |= units.len() == 1;
    }

    /// Units of the longest pattern of a form; none if it has none.
    pub(crate) fn longest(&self, form: Form) -> Option<usize> {
        self.longest.get(form as usize).filter(|longest| **longest > 0).map(|longest| usize::from(*longest))
    }

    /// Whether there are patterns of any form.
    pub(crate) fn any(&self) -> bool {
        self.longest.iter().any(|longest| *longest > 0)
    }

    /// Marks the places in a range of `units` where a pattern of a form may begin.
    pub(crate) fn mark(&self, form: Form, units: &[u16], range: Range<usize>, marks: &mut Marks) {
        let pairs = self.pairs.get(form as usize).copied().unwrap_or_default();
        let single = self.singles.get(form as usize).copied().unwrap_or_default();
        let firsts = units.get(range.clone()).unwrap_or_default();
        let seconds = units.get(range.start + 1..).unwrap_or_default().iter().chain(std::iter::once(&0));
        for ((&first, &second), at) in firsts.iter().zip(seconds).zip(range) {
            if pairs >> bit(first, second) & 1 == 1 || (single && pairs >> bit(first, 0) & 1 == 1) {
                marks.set(at);
            }
        }
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
            let (mut signature, mut marks) = (Signature::default(), Marks::of(units.len()));
            patterns.iter().for_each(|pattern| signature.add(Form::Plain, &pattern.encode_utf16().collect::<Vec<_>>()));
            signature.mark(Form::Plain, &units, range, &mut marks);
            marks.iter().collect::<Vec<_>>()
        };
        assert_eq!(marked(&["发票"], 0..9), [0, 7]);
        assert_eq!(marked(&["发票", "收据"], 1..8), [2, 7]);
        assert_eq!(marked(&["票"], 0..9), [1, 4, 8]);
        assert!(marked(&[], 0..9).is_empty());
    }
}

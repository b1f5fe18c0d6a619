//! What the linear model sees of a text: hashed n-grams of its folded form, and of its sound.
//!
//! The text is folded first, so full width, traditional characters, look-alikes and filler between characters are gone. A token is a CJK character,
//! a Latin word, or a run of digits (which digits does not matter). The features are runs of one to three tokens, pairs of tokens
//! with one left out between them, four letters inside a word, and two or three syllables of the sound, in which homophones and pinyin are the same.

use std::ops::Range;

use super::cover;
use crate::fold::{is_cjk, is_filler};
use crate::sound;

/// Number of buckets. 2 to the 17th with one byte for each of 32 labels is 4 MiB: it fits a second-level cache of 2026 half, and the third-level cache whole.
pub(super) const BUCKETS: usize = 1 << 17;

/// Longest stretch scored in one go, in folded units: what nearly all rows it learnt from are shorter than. A longer text is read in windows.
pub(super) const WINDOW: usize = 192;

/// How far one window is from the next: what stands on the edge of one stands inside another.
const STRIDE: usize = 144;

/// The windows of a folded text.
pub(super) fn windows(units: usize) -> impl Iterator<Item = Range<usize>> {
    cover(units, WINDOW, STRIDE)
}

/// A token by its hash; a word also by its letters.
struct Token {
    hash: u64,
    word: Range<usize>,
}

/// The memory of one text's features, to be used again for the next.
#[derive(Default)]
pub(super) struct Features {
    tokens: Vec<Token>,
    /// The buckets.
    pub(super) buckets: Vec<u32>,
}

impl Features {
    /// Leaves each bucket once: a sentence said ten times is no ten times as harmful.
    pub(super) fn once(&mut self) {
        self.buckets.sort_unstable();
        self.buckets.dedup();
    }

    /// Adds the features of a stretch of folded text. The salt tells what the text is to another from what it is itself.
    pub(super) fn add(&mut self, units: &[u16], salt: u64) {
        self.read(units);
        for at in 0..self.tokens.len() {
            self.runs(at, salt);
            self.letters(at, units, salt);
        }
        let view = sound::view(units);
        for run in view.units.split(|unit| *unit == 0) {
            run.array_windows().for_each(|&[a, b]: &[u16; 2]| self.put(mix(mix(salt ^ SOUND, u64::from(a)), u64::from(b))));
            run.array_windows()
                .for_each(|&[a, b, c]: &[u16; 3]| self.put(mix(mix(mix(salt ^ SOUND, u64::from(a)), u64::from(b)), u64::from(c))));
        }
    }

    fn put(&mut self, hash: u64) {
        self.buckets.push(bucket(hash));
    }

    fn read(&mut self, units: &[u16]) {
        self.tokens.clear();
        let mut at = 0;
        while let Some(&unit) = units.get(at) {
            let start = at;
            let rest = units.get(start..).unwrap_or_default();
            if is_cjk(unit) {
                at += 1;
                self.tokens.push(Token { hash: mix(ONE, u64::from(unit)), word: 0..0 });
            } else if is_digit(unit) {
                at += rest.iter().take_while(|unit| is_digit(**unit)).count();
                self.tokens.push(Token { hash: mix(ONE, DIGITS), word: 0..0 });
            } else if is_filler(unit) {
                at += 1;
                // White space parts, signs speak.
                if unit > 0x20 {
                    self.tokens.push(Token { hash: mix(ONE, u64::from(unit)), word: 0..0 });
                }
            } else {
                at += rest.iter().take_while(|unit| !is_cjk(**unit) && !is_digit(**unit) && !is_filler(**unit)).count().max(1);
                let letters = units.get(start..at).unwrap_or_default();
                self.tokens.push(Token { hash: letters.iter().fold(ONE, |hash, unit| mix(hash, u64::from(*unit))), word: start..at });
            }
        }
    }

    /// The runs of tokens that begin here.
    fn runs(&mut self, at: usize, salt: u64) {
        let hash = |at: usize| self.tokens.get(at).map(|token| token.hash);
        let Some(first) = hash(at) else { return };
        let first = mix(salt, first);
        let (second, third) = (hash(at + 1), hash(at + 2));
        self.put(first);
        if let Some(second) = second {
            let two = mix(first, second);
            self.put(two);
            if let Some(third) = third {
                self.put(mix(two, third));
                self.put(mix(first ^ GAP, third));
            }
        }
    }

    /// Four letters in a row of a word that is longer.
    fn letters(&mut self, at: usize, units: &[u16], salt: u64) {
        let word = self.tokens.get(at).map_or(0..0, |token| token.word.clone());
        if word.len() <= 4 {
            return;
        }
        for four in units.get(word).unwrap_or_default().windows(4).take(MOST_LETTERS) {
            self.put(four.iter().fold(salt ^ LETTERS, |hash, unit| mix(hash, u64::from(*unit))));
        }
    }
}

/// A longer run of letters is no word: its first letters say enough.
const MOST_LETTERS: usize = 24;

const ONE: u64 = 0x9E37_79B9_7F4A_7C15;
const DIGITS: u64 = 0xD161;
const SOUND: u64 = 0x5011_D000_0000_0000;
const GAP: u64 = 0x6A50_0000_0000;
const LETTERS: u64 = 0x1E77_E450_0000_0000;

fn is_digit(unit: u16) -> bool {
    (u16::from(b'0')..=u16::from(b'9')).contains(&unit)
}

/// Fixed for ever, unlike the standard library's hasher, because the weights depend on it.
const fn mix(hash: u64, with: u64) -> u64 {
    let mixed = (hash ^ with).wrapping_mul(0xD6E8_FEB8_6659_FD93);
    mixed ^ mixed >> 32
}

const fn bucket(hash: u64) -> u32 {
    ((hash ^ hash >> 29) % BUCKETS as u64) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Vec<u32> {
        let mut features = Features::default();
        features.add(crate::fold(text).units(), 0);
        features.buckets.sort_unstable();
        features.buckets
    }

    #[test]
    fn disguises_that_folding_undoes_leave_the_features_as_they_are() {
        assert_eq!(of("代开发票"), of("代-開 發 票"));
        assert_eq!(of("Call 110"), of("ＣＡＬＬ 9"));
        let (plain, alike) = (of("代开发票"), of("代kai发piao"));
        assert!(plain.iter().filter(|bucket| alike.contains(bucket)).count() >= 5, "the sound is the same");
    }

    #[test]
    fn windows_cover_a_text() {
        let of = |units| windows(units).collect::<Vec<_>>();
        assert_eq!((of(0).last(), of(192).last(), of(192).len()), (Some(&(0..0)), Some(&(0..192)), 1));
        assert_eq!(of(193), [0..192, 144..193]);
        assert_eq!(of(500).last(), Some(&(432..500)));
    }
}

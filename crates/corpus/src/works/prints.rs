//! The fingerprints of a text.

use std::collections::VecDeque;

use crate::signature::{mix, says_something};

/// Letters in a shingle. With eight, a text in which one letter in twenty was changed keeps two thirds of its shingles, and two texts that have
/// nothing to do with each other share next to none.
pub(super) const SHINGLE: usize = 8;
/// Shingles of which one is kept. Two in thirteen are kept in all.
pub(super) const WINDOW: usize = 12;

/// The letters and digits of a folded text, each with its place among the folded units.
#[derive(Debug, Default)]
pub(super) struct Letters {
    pub(super) units: Vec<u16>,
    pub(super) places: Vec<u32>,
}

impl Letters {
    pub(super) fn of(folded: &[u16]) -> Self {
        let mut letters = Self { units: Vec::with_capacity(folded.len()), places: Vec::with_capacity(folded.len()) };
        for (place, &unit) in (0..).zip(folded) {
            if says_something(unit) {
                letters.units.push(unit);
                letters.places.push(place);
            }
        }
        letters
    }
}

/// A fingerprint: the hash of a shingle, and its first letter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Print {
    pub(super) hash: u64,
    pub(super) at: u32,
}

/// The fingerprints of letters, in order.
pub(super) fn prints(letters: &[u16]) -> Vec<Print> {
    // The least of the last shingles, and what may become it: rising hashes.
    let mut candidates: VecDeque<Print> = VecDeque::new();
    let (mut kept, mut packed): (Vec<Print>, u128) = (Vec::with_capacity(letters.len() / 6), 0);
    let shingles = (letters.len() + 1).saturating_sub(SHINGLE);
    for (end, &unit) in letters.iter().enumerate() {
        packed = packed << 16 | u128::from(unit);
        let Some(at) = (end + 1).checked_sub(SHINGLE) else { continue };
        let hash = mix(mix((packed >> 64) as u64) ^ packed as u64);
        while candidates.back().is_some_and(|last| last.hash >= hash) {
            candidates.pop_back();
        }
        candidates.push_back(Print { hash, at: at as u32 });
        if candidates.front().is_some_and(|first| first.at as usize + WINDOW <= at) {
            candidates.pop_front();
        }
        let Some(&least) = candidates.front().filter(|_| at + 1 >= WINDOW.min(shingles)) else { continue };
        // One that was kept and is still in the window speaks for an equal one too, or a run of one letter would be kept whole.
        if kept.last().is_none_or(|last| last.hash != least.hash || last.at as usize + WINDOW <= at) {
            kept.push(least);
        }
    }
    // The least of many hashes are small; mixed again they spread over all buckets.
    kept.iter_mut().for_each(|print| print.hash = mix(print.hash ^ 0x9e37_79b9_7f4a_7c15));
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(seed: u64, n: u64) -> Vec<u16> {
        (0..n).map(|i| 0x4e00 + (mix(seed << 32 | i) % 3_000) as u16).collect()
    }

    /// Against the slow obvious way: of each window the rightmost least.
    #[test]
    fn of_every_window_the_least_is_kept() {
        for n in [0, 7, 8, 12, 19, 20, 200] {
            let letters = text(n, n);
            let hashes: Vec<u64> = letters
                .windows(SHINGLE)
                .map(|s| s.iter().fold(0_u128, |p, &u| p << 16 | u128::from(u)))
                .map(|p| mix(mix((p >> 64) as u64) ^ p as u64))
                .collect();
            let mut slow: Vec<u32> = Vec::new();
            for begin in 0..=hashes.len().saturating_sub(WINDOW) {
                let window = begin..(begin + WINDOW).min(hashes.len());
                slow.extend(window.rev().min_by_key(|&at| hashes[at]).map(|at| at as u32));
            }
            slow.dedup();
            assert_eq!(prints(&letters).iter().map(|print| print.at).collect::<Vec<_>>(), slow, "{n}");
        }
    }

    #[test]
    fn nineteen_letters_in_common_leave_a_fingerprint_in_common() {
        for seed in 0..200 {
            let common = text(seed + 1_000, (SHINGLE + WINDOW - 1) as u64);
            let one = [text(seed * 2 + 10_000, 40), common.clone(), text(seed * 2 + 20_000, 40)].concat();
            let other = [text(seed * 2 + 30_001, 33), common, text(seed * 2 + 40_001, 21)].concat();
            let of_one: Vec<u64> = prints(&one).iter().map(|print| print.hash).collect();
            assert!(prints(&other).iter().any(|print| of_one.contains(&print.hash)), "{seed}");
        }
    }

    #[test]
    fn a_run_of_one_letter_keeps_few() {
        let run = vec![0x54c8; 10_000];
        assert_eq!(prints(&run).len(), (10_000 - SHINGLE + 1) / WINDOW);
        let density = prints(&text(1, 100_000)).len() as f64 / 100_000.0;
        assert!((density - 2.0 / 13.0).abs() < 0.005, "{density}");
    }
}

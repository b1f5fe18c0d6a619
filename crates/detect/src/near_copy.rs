//! Near copies among texts: MinHash signatures (Broder 1997) cut into bands (LSH; Leskovec, Rajaraman and Ullman, Mining of Massive
//! Datasets, chapter 3) propose pairs, and the exact Jaccard similarity of their shingles decides.
//!
//! A shingle is three units in a row of the folded text without spaces and signs: what folding undoes does not make two texts
//! different, nor does punctuation. Deterministic; memory is one signature and the shingles of each text.

use std::collections::{HashMap, HashSet};

use crate::fold::is_filler;

/// Units in a shingle. Chinese questions are short: with three, one changed word in a sentence of twenty characters leaves three quarters.
const SHINGLE: usize = 3;
/// Hash functions of a signature.
const HASHES: usize = 96;
/// Rows of a band. With 32 bands of 3, a pair of similarity 0.5 is proposed with probability 0.986, one of 0.6 with 0.9996.
const ROWS: usize = 3;
/// Texts that share a band beyond which no pairs are made of it: a band this common speaks of a phrase, not of a copy. Copies share other bands too.
const MAX_BUCKET: usize = 2_000;

/// Two texts that say nearly the same.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct NearCopy {
    /// Index of the earlier one.
    pub first: usize,
    /// Index of the later one.
    pub second: usize,
    /// Jaccard similarity of their shingles, 0 to 1.
    pub similarity: f64,
}

/// All pairs of texts at least as similar as `least`, in the order of the texts.
#[must_use]
pub fn near_copies<T: AsRef<str>>(texts: &[T], least: f64) -> Vec<NearCopy> {
    let sets: Vec<Vec<u64>> = texts.iter().map(|text| shingles(text.as_ref())).collect();
    let mut pairs: Vec<NearCopy> = proposed(&sets)
        .into_iter()
        .filter_map(|(first, second)| {
            let similarity = jaccard(sets.get(first)?, sets.get(second)?);
            (similarity >= least).then_some(NearCopy { first, second, similarity })
        })
        .collect();
    pairs.sort_unstable_by_key(|pair| (pair.first, pair.second));
    pairs
}

/// How similar two texts are, 0 to 1.
#[must_use]
pub fn similarity(one: &str, other: &str) -> f64 {
    jaccard(&shingles(one), &shingles(other))
}

/// The distinct shingles of a text, sorted.
fn shingles(text: &str) -> Vec<u64> {
    let folded = crate::fold(text);
    let units: Vec<u16> = folded.units().iter().copied().filter(|&unit| !is_filler(unit)).collect();
    let mut set: Vec<u64> = if units.len() < SHINGLE { vec![hash(&units)] } else { units.windows(SHINGLE).map(hash).collect() };
    set.sort_unstable();
    set.dedup();
    set
}

fn hash(units: &[u16]) -> u64 {
    mix(units.iter().fold(units.len() as u64, |packed, &unit| packed << 16 | u64::from(unit)))
}

/// The finaliser of SplitMix64 (Steele, Lea and Flood 2014).
const fn mix(mut x: u64) -> u64 {
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

fn signature(set: &[u64]) -> [u64; HASHES] {
    let mut least = [u64::MAX; HASHES];
    for shingle in set {
        for (at, slot) in least.iter_mut().enumerate() {
            *slot = (*slot).min(mix(shingle ^ (at as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15)));
        }
    }
    least
}

/// Pairs that share a band of their signatures.
fn proposed(sets: &[Vec<u64>]) -> HashSet<(usize, usize)> {
    let signatures: Vec<_> = sets.iter().map(|set| signature(set)).collect();
    let mut pairs = HashSet::new();
    for band in 0..HASHES / ROWS {
        let mut buckets: HashMap<&[u64], Vec<usize>> = HashMap::new();
        for (text, signature) in signatures.iter().enumerate() {
            buckets.entry(signature.get(band * ROWS..(band + 1) * ROWS).unwrap_or(&[])).or_default().push(text);
        }
        for bucket in buckets.values().filter(|bucket| bucket.len() <= MAX_BUCKET) {
            for (at, &first) in bucket.iter().enumerate() {
                pairs.extend(bucket.iter().skip(at + 1).map(|&second| (first, second)));
            }
        }
    }
    pairs
}

/// Both sorted and distinct.
fn jaccard(one: &[u64], other: &[u64]) -> f64 {
    let (mut one, mut other, mut both, mut all) = (one.iter().peekable(), other.iter().peekable(), 0_u32, 0_u32);
    while let (Some(a), Some(b)) = (one.peek(), other.peek()) {
        let order = a.cmp(b);
        if order.is_le() {
            one.next();
        }
        if order.is_ge() {
            other.next();
        }
        both += u32::from(order.is_eq());
        all += 1;
    }
    all += (one.count() + other.count()) as u32;
    if all == 0 { 0.0 } else { f64::from(both) / f64::from(all) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copies_are_found_whatever_their_signs_and_case() {
        let texts = [
            "请帮我写一份关于社区垃圾分类的倡议书，语气要亲切。",
            "請幫我寫一份關於社區垃圾分類的倡議書——語氣要親切！",
            "请帮我写一份关于校园节约用水的倡议书，要有三条具体做法。",
            "Write a short poem about the sea.",
            "write a SHORT poem, about the sea",
        ];
        let pairs: Vec<_> = near_copies(&texts, 0.6).iter().map(|pair| (pair.first, pair.second)).collect();
        assert_eq!(pairs, [(0, 1), (3, 4)]);
        assert!((similarity(texts[0], texts[1]) - 1.0).abs() < 1e-9);
    }

    #[test]
    fn what_is_proposed_misses_little() {
        // Against all pairs, on texts that share a random part of their sentences.
        let word = |n: u64| char::from_u32(0x4e00 + (mix(n) % 2_000) as u32).unwrap_or('一');
        let texts: Vec<String> = (0..200_u64)
            .map(|t| (0..40_u64).map(|i| word(if i < 40 - t % 10 { t / 20 * 100 + i } else { t * 1_000 + i })).collect())
            .collect();
        let found = near_copies(&texts, 0.6).len();
        let sets: Vec<_> = texts.iter().map(|t| shingles(t)).collect();
        let all = (0..sets.len())
            .flat_map(|a| (a + 1..sets.len()).map(move |b| (a, b)))
            .filter(|&(a, b)| jaccard(&sets[a], &sets[b]) >= 0.6)
            .count();
        assert!(all > 100 && found * 1_000 >= all * 995, "{found} of {all}");
    }

    #[test]
    fn short_and_empty_texts_are_no_trouble() {
        assert!(near_copies(&["", "。。", "是", "否"], 0.6).iter().all(|pair| (pair.first, pair.second) == (0, 1)));
        assert!(similarity("", "完全不同的话").abs() < 1e-9);
    }
}

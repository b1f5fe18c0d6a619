//! Seeded samples without replacement that anyone can draw again, in any language, with nothing but SHA-256.
//!
//! Every item gets the number `SHA-256(seed LF key)`, and a sample of n is the n items with the smallest numbers (bottom-k sampling).
//! The draw does not depend on the order of the items, and a larger sample of the same seed contains the smaller one.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

/// The sampling number of a key: the first 8 bytes of `SHA-256(seed LF key)`, big endian.
fn number(seed: &str, key: &[u8]) -> u64 {
    let mut hash = Sha256::new();
    hash.update(seed.as_bytes());
    hash.update(b"\n");
    hash.update(key);
    hash.finalize().iter().take(8).fold(0, |n, &byte| (n << 8) | u64::from(byte))
}

/// Draws `n` of `keys` (all, if there are fewer); gives their places in drawing order.
#[must_use]
pub fn draw<K: AsRef<str>>(seed: &str, keys: &[K], n: usize) -> Vec<usize> {
    bottom(keys.iter().enumerate().map(|(at, key)| (number(seed, key.as_ref().as_bytes()), at)).collect(), n)
}

/// Draws `n` of the rows `0..rows`, whose keys are their decimal numbers; gives them in rising order.
#[must_use]
pub fn draw_indices(seed: &str, rows: usize, n: usize) -> Vec<usize> {
    let mut drawn = bottom((0..rows).map(|row| (number(seed, row.to_string().as_bytes()), row)).collect(), n);
    drawn.sort_unstable();
    drawn
}

fn bottom(mut numbered: Vec<(u64, usize)>, n: usize) -> Vec<usize> {
    if n < numbered.len() {
        numbered.select_nth_unstable(n);
        numbered.truncate(n);
    }
    numbered.sort_unstable();
    numbered.into_iter().map(|(_, at)| at).collect()
}

/// The same draw from items that come one by one and in any number: `n` of them are held, those with the smallest numbers so far.
#[derive(Debug)]
pub struct Drawing<T> {
    seed: String,
    n: usize,
    /// By number; two items of one number, as two of one key have, by the order in which they came.
    kept: BTreeMap<(u64, u64), T>,
    came: u64,
}

impl<T> Drawing<T> {
    /// A draw of `n`.
    #[must_use]
    pub fn new(seed: &str, n: usize) -> Self {
        Self { seed: seed.to_owned(), n, kept: BTreeMap::new(), came: 0 }
    }

    /// The number of a key, if an item of it would be drawn so far: what is dear to make of an item need not be made of the others.
    #[must_use]
    pub fn would_take(&self, key: &str) -> Option<u64> {
        let number = number(&self.seed, key.as_bytes());
        let open = self.kept.len() < self.n || self.kept.last_key_value().is_some_and(|((last, _), _)| number < *last);
        (open && self.n > 0).then_some(number)
    }

    /// Adds an item whose number [`Self::would_take`] gave; the one with the largest number goes where there are too many.
    pub fn add(&mut self, number: u64, item: T) {
        self.kept.insert((number, self.came), item);
        self.came += 1;
        if self.kept.len() > self.n {
            self.kept.pop_last();
        }
    }

    /// The items drawn, in drawing order.
    pub fn into_drawn(self) -> impl Iterator<Item = T> {
        self.kept.into_values()
    }
}

/// Shares `n` over strata by their sizes (largest remainders; Hamilton's method), so that the whole sample speaks for the whole population.
/// Ties go to the earlier stratum.
#[must_use]
pub fn allot_by_size(sizes: &[u64], n: u64) -> Vec<u64> {
    let total: u128 = sizes.iter().map(|&size| u128::from(size)).sum();
    if total <= u128::from(n) {
        return sizes.to_vec();
    }
    let product = |size: u64| u128::from(size) * u128::from(n);
    // A share of a stratum is no larger than the stratum.
    let mut drawn: Vec<u64> = sizes.iter().map(|&size| (product(size) / total) as u64).collect();
    let mut order: Vec<(u128, usize)> = sizes.iter().enumerate().map(|(at, &size)| (product(size) % total, at)).collect();
    order.sort_unstable_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(&b.1)));
    let left = n - drawn.iter().sum::<u64>();
    for (_, at) in order.into_iter().take(left as usize) {
        if let Some(have) = drawn.get_mut(at) {
            *have += 1;
        }
    }
    drawn
}

/// Shares `n` over strata as evenly as their sizes allow: every stratum gets the same number, small ones give all they have, and what they
/// lack goes to the others. Even, not proportional, so that a rare class has enough items to say something about.
#[must_use]
pub fn allot(sizes: &[usize], n: usize) -> Vec<usize> {
    let mut drawn = vec![0_usize; sizes.len()];
    let mut left = n.min(sizes.iter().sum());
    while left > 0 {
        let open: Vec<usize> = (0..sizes.len()).filter(|&s| drawn.get(s) < sizes.get(s)).collect();
        let each = (left / open.len().max(1)).max(1);
        for stratum in open {
            if let (Some(have), Some(size)) = (drawn.get_mut(stratum), sizes.get(stratum)) {
                let take = each.min(size - *have).min(left);
                *have += take;
                left -= take;
            }
        }
    }
    drawn
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_draw_is_fixed_for_ever() {
        // Worked out independently: sorted(range(20), key=lambda r: sha256(b"guiju\n%d" % r).digest()[:8])[:5].
        // Changing the algorithm would silently re-draw every published sample.
        assert_eq!(draw_indices("guiju", 20, 5), [0, 3, 10, 17, 18]);
    }

    #[test]
    fn order_does_not_matter_and_larger_contains_smaller() {
        let keys: Vec<String> = (0..100).map(|i| format!("q{i}")).collect();
        let mut reversed = keys.clone();
        reversed.reverse();
        let names = |keys: &[String], n| draw("s", keys, n).into_iter().map(|at| keys[at].clone()).collect::<Vec<_>>();
        assert_eq!(names(&keys, 10), names(&reversed, 10));
        assert_eq!(names(&keys, 20)[..10], names(&keys, 10)[..]);
        assert_ne!(draw("s", &keys, 10), draw("t", &keys, 10));
        assert_eq!(draw("s", &keys, 1_000).len(), 100);
    }

    #[test]
    fn the_draw_is_fair() {
        // 2,000 draws of 10 from 100: each row is expected 200 times, standard deviation about 13.4.
        let mut seen = [0_u32; 100];
        for seed in 0..2_000 {
            for row in draw_indices(&seed.to_string(), 100, 10) {
                seen[row] += 1;
            }
        }
        assert!(seen.iter().all(|&count| (134..=266).contains(&count)), "{seen:?}");
    }

    #[test]
    fn one_by_one_is_as_all_at_once() {
        let keys: Vec<String> = (0..500).map(|i| format!("r{i}")).collect();
        for n in [0, 1, 7, 499, 500, 600] {
            let mut drawing = Drawing::new("s", n);
            for (at, key) in keys.iter().enumerate() {
                if let Some(number) = drawing.would_take(key) {
                    drawing.add(number, at);
                }
            }
            assert_eq!(drawing.into_drawn().collect::<Vec<_>>(), draw("s", &keys, n), "{n}");
        }
    }

    #[test]
    fn allotment_by_size_is_proportional_and_complete() {
        assert_eq!(allot_by_size(&[900, 90, 10], 100), [90, 9, 1]);
        assert_eq!(allot_by_size(&[1, 1, 1], 2), [1, 1, 0]);
        assert_eq!(allot_by_size(&[5, 3], 100), [5, 3]);
        assert_eq!(allot_by_size(&[u64::MAX / 2, u64::MAX / 2], 3), [2, 1]);
        for n in 0..60 {
            let (sizes, drawn) = ([7, 0, 31, 1, 20], allot_by_size(&[7, 0, 31, 1, 20], n));
            assert_eq!(drawn.iter().sum::<u64>(), n.min(59));
            assert!(drawn.iter().zip(sizes).all(|(drawn, size)| *drawn <= size), "{drawn:?}");
        }
    }

    #[test]
    fn allotment_is_even_and_complete() {
        let drawn = allot;
        assert_eq!(drawn(&[10, 10, 10], 9), [3, 3, 3]);
        assert_eq!(drawn(&[1, 10, 10], 9), [1, 4, 4]);
        assert_eq!(drawn(&[5, 5], 100), [5, 5]);
        assert_eq!(drawn(&[3, 3, 3], 4), [2, 1, 1]);
        assert_eq!(drawn(&[], 4), [0_usize; 0]);
    }
}

//! The seeded generator of random numbers.
//!
//! Invariant: the same seed gives the same draws on every machine. Not for anything that must be unpredictable.

/// SplitMix64 (Steele, Lea, Flood 2014): tiny, seedable, the same on every machine.
pub(crate) struct Rng(pub u64);

impl Rng {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }
    /// A number in `0..n`.
    pub(crate) fn below(&mut self, n: usize) -> usize {
        ((u128::from(self.next()) * n as u128) >> 64) as usize
    }
    /// A number in `low..=high`.
    pub(crate) fn range(&mut self, low: usize, high: usize) -> usize {
        low + self.below(high - low + 1)
    }
    /// True in `percent` of 100 draws.
    pub(crate) fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }
    pub(crate) fn pick<'a, T: ?Sized>(&mut self, items: &[&'a T]) -> &'a T {
        items[self.below(items.len())]
    }
    /// One character of `alphabet`.
    pub(crate) fn one(&mut self, alphabet: &str) -> char {
        let all: Vec<char> = alphabet.chars().collect();
        all[self.below(all.len())]
    }
    /// `n` characters of `alphabet`.
    pub(crate) fn many(&mut self, alphabet: &str, n: usize) -> String {
        (0..n).map(|_| self.one(alphabet)).collect()
    }
    pub(crate) fn digits(&mut self, n: usize) -> String {
        self.many("0123456789", n)
    }
    /// `n` digits of which the first is not 0.
    pub(crate) fn number(&mut self, n: usize) -> String {
        self.many("123456789", 1) + &self.digits(n - 1)
    }
}

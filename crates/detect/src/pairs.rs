//! Which units stand side by side somewhere: a small Bloom filter of pairs, the two bits of a pair in one word (Putze, Sanders and Singler 2007).

use crate::engine::GOLDEN;

/// A set of pairs of units. What it does not know is not in it; of what it knows, a little is chance.
#[derive(Debug)]
pub(crate) struct Pairs(Vec<u64>);

/// 32 KiB: of some thousand pairs everyday text touches a part.
const WORDS: u32 = 12;

impl Default for Pairs {
    fn default() -> Self {
        Self(vec![0; 1 << WORDS])
    }
}

impl Pairs {
    pub(crate) fn add(&mut self, first: u16, second: u16) {
        let (word, bits) = key(first, second);
        if let Some(word) = self.0.get_mut(word) {
            *word |= bits;
        }
    }

    pub(crate) fn may_have(&self, first: u16, second: u16) -> bool {
        let (word, bits) = key(first, second);
        self.0.get(word).is_some_and(|word| word & bits == bits)
    }
}

/// The word of two units, and their bits in it, by the runs of a product that depend on both.
fn key(first: u16, second: u16) -> (usize, u64) {
    let product = (u64::from(first) | u64::from(second) << 16).wrapping_mul(GOLDEN);
    ((product >> (64 - WORDS)) as usize, 1 << (product >> (58 - WORDS) & 63) | 1 << (product >> (52 - WORDS) & 63))
}

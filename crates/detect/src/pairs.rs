//! Which units stand side by side somewhere: a small Bloom filter of pairs, the two bits of a pair in one word (Putze, Sanders and Singler 2007).

use crate::engine::GOLDEN;

/// A set of pairs of units, in two to the power of `SIZE` words. What it does not know is not in it; of what it knows, a little is chance: with ten
/// thousand pairs in 2^12 words one in a hundred and fifty.
#[derive(Debug)]
pub(crate) struct Pairs<const SIZE: u32>(Vec<u64>);

impl<const SIZE: u32> Default for Pairs<SIZE> {
    fn default() -> Self {
        Self(vec![0; 1 << SIZE])
    }
}

impl<const SIZE: u32> Pairs<SIZE> {
    pub(crate) fn add(&mut self, first: u16, second: u16) {
        let (word, bits) = Self::key(first, second);
        if let Some(word) = self.0.get_mut(word) {
            *word |= bits;
        }
    }

    pub(crate) fn may_have(&self, first: u16, second: u16) -> bool {
        let (word, bits) = Self::key(first, second);
        self.0.get(word).is_some_and(|word| word & bits == bits)
    }

    /// The word of two units, and their bits in it, by the runs of a product that depend on both.
    fn key(first: u16, second: u16) -> (usize, u64) {
        let product = (u64::from(first) | u64::from(second) << 16).wrapping_mul(GOLDEN);
        ((product >> (64 - SIZE)) as usize, 1 << (product >> (58 - SIZE) & 63) | 1 << (product >> (52 - SIZE) & 63))
    }
}

/// What stands side by side in the patterns of all lexicons: 128 KiB, touched where an emoji speaks, or where everyday characters may be parts of another.
pub(crate) type Neighbours = Pairs<14>;

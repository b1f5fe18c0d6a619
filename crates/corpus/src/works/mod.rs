//! The register of protected works: rows that repeat a registered work are found while they are scanned (GB-5.2-b2, class A3a).
//!
//! A work is known by fingerprints of its letters, chosen by winnowing (Schleimer, Wilkerson and Aiken 2003): of any twelve runs of eight letters that
//! follow each other one is kept, the same one wherever the text stands, so any nineteen letters in common leave a fingerprint in common. No text is
//! kept. It finds what was copied, word for word or nearly; it does not find a paraphrase, a translation or the idea. Format: `docs/formats/works.md`.

mod build;
mod detector;
mod file;
mod prints;

use serde::{Deserialize, Serialize};

pub use build::build;

/// Letters in a block of a work: a stretch of a row lies in two neighbouring blocks at most.
const BLOCK: u32 = 128;
/// Most fingerprints of a register: with their blocks and the table of buckets 256 MB in memory, some 100 million letters.
const MAX_PRINTS: usize = 16_000_000;
/// Blocks a fingerprint may stand in. What stands in more is an opening, a refrain or a legal notice, and tells no work from another; it is left out.
const MAX_SAME: usize = 8;
/// Fewest letters of a work, and of a row that is looked at: shorter ones are phrases that many write.
const FEWEST_LETTERS: usize = 64;

/// A registered work.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Work {
    /// Its id: findings say `work.ID`.
    pub id: String,
    /// Its title.
    pub title: String,
    /// Who holds the rights.
    pub holder: String,
    /// Its letters and digits.
    pub letters: u32,
}

impl Work {
    /// Blocks it takes, and one that stays empty, so that the last of one work and the first of the next are no neighbours.
    const fn blocks(&self) -> u32 {
        self.letters.div_ceil(BLOCK) + 1
    }
}

/// The register, ready to be asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Works {
    works: Vec<Work>,
    /// The first block of each work.
    firsts: Vec<u32>,
    /// Sorted.
    hashes: Vec<u64>,
    /// The block of each hash.
    blocks: Vec<u32>,
    /// Where the hashes of each bucket begin, by their leading bits; about one hash a bucket.
    buckets: Vec<u32>,
    /// Bits that are not leading.
    shift: u32,
    /// SHA-256 of the file, hexadecimal.
    digest: String,
}

impl Works {
    /// From works and their fingerprints, sorted.
    fn new(works: Vec<Work>, hashes: Vec<u64>, blocks: Vec<u32>, digest: String) -> Self {
        let firsts = works.iter().scan(0, |next, work| Some(std::mem::replace(next, *next + work.blocks()))).collect();
        let bits = (hashes.len() + 2).ilog2().clamp(1, 24);
        let shift = 64 - bits;
        let mut buckets = vec![0_u32; (1 << bits) + 1];
        for hash in &hashes {
            buckets.get_mut((hash >> shift) as usize + 1).into_iter().for_each(|count| *count += 1);
        }
        let mut before = 0;
        for bucket in &mut buckets {
            before += *bucket;
            *bucket = before;
        }
        Self { works, firsts, hashes, blocks, buckets, shift, digest }
    }

    /// The works.
    #[must_use]
    pub fn works(&self) -> &[Work] {
        &self.works
    }

    /// Fingerprints in it.
    #[must_use]
    pub const fn prints(&self) -> usize {
        self.hashes.len()
    }

    /// SHA-256 of its file, hexadecimal.
    #[must_use]
    pub fn digest(&self) -> &str {
        &self.digest
    }

    /// The blocks in which a fingerprint stands.
    fn find(&self, hash: u64) -> &[u32] {
        let bucket = (hash >> self.shift) as usize;
        let (Some(&begin), Some(&end)) = (self.buckets.get(bucket), self.buckets.get(bucket + 1)) else { return &[] };
        let hashes = self.hashes.get(begin as usize..end as usize).unwrap_or_default();
        let (first, last) = (hashes.partition_point(|&known| known < hash), hashes.partition_point(|&known| known <= hash));
        self.blocks.get(begin as usize + first..begin as usize + last).unwrap_or_default()
    }

    /// The work that a block belongs to.
    fn work_of(&self, block: u32) -> usize {
        self.firsts.partition_point(|&first| first <= block).saturating_sub(1)
    }
}

//! What a row is called in samples and sheets.

use crate::manifest::Shard;

/// Digits of a shard's hash in a row's id: 64 bits, so that two of a million shards meet with a probability of 3 in 10⁸.
const DIGITS: usize = 16;

/// The id of a row: the first 16 digits of its shard's SHA-256, and its line. It names content, not a path: a sample drawn by it is the same wherever
/// the files lie, whatever they are called and in whatever order they are read.
pub(crate) fn row_id(shard: &Shard, line: u64) -> String {
    format!("{}:{line}", shard_id(shard))
}

/// What stands for all rows of a shard.
pub(crate) fn all_rows_id(shard: &Shard) -> String {
    format!("{}:*", shard_id(shard))
}

fn shard_id(shard: &Shard) -> &str {
    shard.sha256.get(..DIGITS).unwrap_or(&shard.sha256)
}

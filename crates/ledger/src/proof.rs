//! Inclusion and consistency proofs (RFC 6962 section 2.1; verification as in RFC 9162 sections 2.1.3.2 and 2.1.4.2).
//!
//! Making one takes two steps, so that tiles may lie behind an asynchronous store: list the tiles, fetch them, compute. What is computed is
//! only as good as the tiles; who receives a proof verifies it against a signed root.

use std::collections::BTreeSet;
use std::ops::Range;

use crate::hash::{EMPTY_ROOT, Hash, join, node_hash, perfect_root};
use crate::tile::{TileId, TileSource};
use crate::tree::{TreeError, check_size, read};

/// Most hashes of a proof that is read or sent: what c2sp.org/tlog-witness allows. It suffices for 2^62 entries.
pub const MAX_PROOF_HASHES: usize = 63;

/// The tiles [`inclusion`] reads, each once.
///
/// # Errors
/// There is no such entry.
pub fn tiles_for_inclusion(size: u64, index: u64) -> Result<Vec<TileId>, TreeError> {
    Ok(tiles(size, &inclusion_ranges(size, index)?))
}

/// Proof that entry `index` is in the tree of `size` entries: from the leaf's sibling up to the root's child.
///
/// # Errors
/// There is no such entry, or a tile is missing.
pub fn inclusion(size: u64, index: u64, source: &dyn TileSource) -> Result<Vec<Hash>, TreeError> {
    compute(size, inclusion_ranges(size, index)?, source)
}

/// The tiles [`consistency`] reads, each once.
///
/// # Errors
/// The older tree is the larger.
pub fn tiles_for_consistency(old: u64, new: u64) -> Result<Vec<TileId>, TreeError> {
    Ok(tiles(new, &consistency_ranges(old, new)?))
}

/// Proof that the tree of `old` entries is the beginning of that of `new`; empty if `old` is 0 or the sizes are the same.
///
/// # Errors
/// The older tree is the larger, or a tile is missing.
pub fn consistency(old: u64, new: u64, source: &dyn TileSource) -> Result<Vec<Hash>, TreeError> {
    compute(new, consistency_ranges(old, new)?, source)
}

/// Checks that `leaf` is entry `index` of the tree of `size` entries with this root.
///
/// # Errors
/// There is no such entry, or the proof does not hold.
pub fn verify_inclusion(size: u64, index: u64, leaf: &Hash, proof: &[Hash], root: &Hash) -> Result<(), TreeError> {
    let last = size.checked_sub(1).filter(|last| index <= *last).ok_or(TreeError::NoSuchEntry { index, size })?;
    let mut climb = Climb { node: index, last };
    let mut hash = *leaf;
    for sibling in proof {
        hash = if climb.sibling_is_left()? { node_hash(sibling, &hash) } else { node_hash(&hash, sibling) };
        climb.up();
    }
    proven(climb.last == 0 && hash == *root)
}

/// Checks that the tree of `old` entries is the beginning of that of `new`. The empty tree is the beginning of every tree.
///
/// # Errors
/// The older tree is the larger, or the proof does not hold.
pub fn verify_consistency(old: u64, old_root: &Hash, new: u64, new_root: &Hash, proof: &[Hash]) -> Result<(), TreeError> {
    if old > new {
        return Err(TreeError::Backwards { old, new });
    }
    if old == new {
        return proven(proof.is_empty() && old_root == new_root && (old > 0 || *old_root == EMPTY_ROOT));
    }
    if old == 0 {
        return proven(proof.is_empty() && *old_root == EMPTY_ROOT);
    }
    // The proof begins with the largest subtree that ends where the old tree ends; if that is the whole old tree, the verifier knows it.
    let (first, rest) = if old.is_power_of_two() { (old_root, proof) } else { proof.split_first().ok_or(TreeError::Disproved)? };
    let height = (old - 1).trailing_ones();
    let mut climb = Climb { node: (old - 1) >> height, last: (new - 1) >> height };
    let (mut old_hash, mut new_hash) = (*first, *first);
    for sibling in rest {
        if climb.sibling_is_left()? {
            old_hash = node_hash(sibling, &old_hash);
            new_hash = node_hash(sibling, &new_hash);
        } else {
            new_hash = node_hash(&new_hash, sibling);
        }
        climb.up();
    }
    proven(climb.last == 0 && old_hash == *old_root && new_hash == *new_root)
}

/// A way from a node to the root: its number in its row, and that of the last node there.
struct Climb {
    node: u64,
    last: u64,
}

impl Climb {
    /// Whether the next hash of the proof stands to the left; skips rows where the node has no sibling and is its own parent.
    fn sibling_is_left(&mut self) -> Result<bool, TreeError> {
        if self.last == 0 {
            return Err(TreeError::Disproved);
        }
        if self.node == self.last && self.node & 1 == 0 {
            let alone = self.node.trailing_zeros();
            self.node >>= alone;
            self.last >>= alone;
        }
        Ok(self.node & 1 == 1)
    }

    fn up(&mut self) {
        self.node >>= 1;
        self.last >>= 1;
    }
}

fn proven(holds: bool) -> Result<(), TreeError> {
    if holds { Ok(()) } else { Err(TreeError::Disproved) }
}

/// The spans of entries whose roots are the proof, from the leaf upwards: `PATH(index, D[size])`.
fn inclusion_ranges(size: u64, index: u64) -> Result<Vec<Range<u64>>, TreeError> {
    if index >= check_size(size)? {
        return Err(TreeError::NoSuchEntry { index, size });
    }
    let (mut from, mut to, mut ranges) = (0, size, Vec::new());
    while to - from > 1 {
        let middle = from + split(to - from);
        if index < middle {
            ranges.push(middle..to);
            to = middle;
        } else {
            ranges.push(from..middle);
            from = middle;
        }
    }
    ranges.reverse();
    Ok(ranges)
}

/// `SUBPROOF(old, D[new], true)`.
fn consistency_ranges(old: u64, new: u64) -> Result<Vec<Range<u64>>, TreeError> {
    if old > check_size(new)? {
        return Err(TreeError::Backwards { old, new });
    }
    let (mut from, mut to, mut ranges) = (0, new, Vec::new());
    if old == 0 {
        return Ok(ranges);
    }
    while old != to {
        let middle = from + split(to - from);
        if old <= middle {
            ranges.push(middle..to);
            to = middle;
        } else {
            ranges.push(from..middle);
            from = middle;
        }
    }
    if from > 0 {
        ranges.push(from..to);
    }
    ranges.reverse();
    Ok(ranges)
}

/// Largest power of two below `entries`, which is at least 2.
fn split(entries: u64) -> u64 {
    1 << (entries - 1).ilog2()
}

/// The perfect subtrees a span consists of, the largest first, as (height, number in its row).
fn subtrees(range: &Range<u64>) -> impl Iterator<Item = (u32, u64)> {
    let Range { start, end } = *range;
    let mut at = start;
    std::iter::from_fn(move || {
        let height = (end - at).checked_ilog2()?;
        let number = at >> height;
        at += 1 << height;
        Some((height, number))
    })
}

/// The tile a perfect subtree is computed from, in a tree of `size`, and the place and number of its hashes there.
fn tile_of(size: u64, height: u32, number: u64) -> Option<(TileId, Range<usize>)> {
    let inner = height % 8;
    let level = u8::try_from(height / 8).ok()?;
    let first = number << inner;
    let id = TileId::in_tree(size, level, first >> 8)?;
    let at = (first & 255) as usize;
    Some((id, at..at + (1 << inner)))
}

fn tiles(size: u64, ranges: &[Range<u64>]) -> Vec<TileId> {
    let nodes = ranges.iter().flat_map(subtrees);
    let unique: BTreeSet<TileId> = nodes.filter_map(|(height, number)| tile_of(size, height, number)).map(|(id, _)| id).collect();
    unique.into_iter().collect()
}

fn compute(size: u64, ranges: Vec<Range<u64>>, source: &dyn TileSource) -> Result<Vec<Hash>, TreeError> {
    let subtree_root = |(height, number): (u32, u64)| {
        let (id, place) = tile_of(size, height, number).ok_or(TreeError::TooLarge(size))?;
        let tile = read(source, id)?;
        tile.get(place).map(perfect_root).ok_or(TreeError::MissingTile(id))
    };
    let span_root = |range: Range<u64>| Ok(join(&subtrees(&range).map(subtree_root).collect::<Result<Vec<Hash>, TreeError>>()?));
    ranges.into_iter().map(span_root).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;
    use crate::hash::naive;
    use crate::hash::vectors::leaves;
    use crate::tile::{MAX_SIZE, tiles_of};
    use crate::tree::Appender;

    fn store(leaves: &[Hash]) -> BTreeMap<TileId, Vec<u8>> {
        let mut appender = Appender::new();
        leaves.iter().for_each(|leaf| appender.push(*leaf));
        appender.take_changed().into_iter().map(|tile| (tile.id, tile.bytes)).collect()
    }

    fn only(store: &BTreeMap<TileId, Vec<u8>>, tiles: Vec<TileId>) -> BTreeMap<TileId, Vec<u8>> {
        tiles.into_iter().map(|id| (id, store[&id].clone())).collect()
    }

    /// Every way to change one bit, and to drop or add one hash.
    fn changed(proof: &[Hash]) -> Vec<Vec<Hash>> {
        let mut all: Vec<Vec<Hash>> = (0..proof.len() * 256)
            .map(|bit| {
                let mut proof = proof.to_vec();
                proof[bit / 256][bit % 256 / 8] ^= 1 << (bit % 8);
                proof
            })
            .collect();
        all.push([proof, &[[0; 32]]].concat());
        if let Some((_, shorter)) = proof.split_last() {
            all.push(shorter.to_vec());
        }
        all
    }

    #[test]
    fn every_inclusion_proof_of_small_trees_is_the_naive_one() {
        let leaves = leaves(300);
        for size in (1..=70).chain([255, 256, 257, 300]) {
            let (store, root) = (store(&leaves[..size]), naive::root(&leaves[..size]));
            for index in 0..size {
                let (n, i) = (size as u64, index as u64);
                let tiles = only(&store, tiles_for_inclusion(n, i).unwrap());
                let proof = inclusion(n, i, &tiles).unwrap();
                assert_eq!(proof, naive::inclusion(&leaves[..size], index));
                verify_inclusion(n, i, &leaves[index], &proof, &root).unwrap();
                for other in [i.wrapping_sub(1), i + 1, n] {
                    assert!(verify_inclusion(n, other, &leaves[index], &proof, &root).is_err());
                }
            }
        }
    }

    #[test]
    fn every_consistency_proof_of_small_trees_is_the_naive_one() {
        let leaves = leaves(300);
        for size in (1..=70).chain([255, 256, 257, 300]) {
            let (store, root) = (store(&leaves[..size]), naive::root(&leaves[..size]));
            for old in 0..=size {
                let (n, m) = (size as u64, old as u64);
                let tiles = only(&store, tiles_for_consistency(m, n).unwrap());
                let proof = consistency(m, n, &tiles).unwrap();
                let expected = if old == 0 { Vec::new() } else { naive::consistency(old, &leaves[..size], true) };
                assert_eq!(proof, expected, "{old} {size}");
                let old_root = naive::root(&leaves[..old]);
                verify_consistency(m, &old_root, n, &root, &proof).unwrap();
                assert!(verify_consistency(m, &[1; 32], n, &root, &proof).is_err());
                assert!(old == 0 || verify_consistency(m, &old_root, n, &[1; 32], &proof).is_err());
                assert!(old == 0 || verify_consistency(m - 1, &old_root, n, &root, &proof).is_err());
            }
        }
    }

    #[test]
    fn every_changed_bit_is_noticed() {
        let leaves = leaves(100);
        let (store, root) = (store(&leaves), naive::root(&leaves));
        for index in [0_u64, 1, 63, 64, 98, 99] {
            let leaf = leaves[index as usize];
            let proof = inclusion(100, index, &store).unwrap();
            for changed in changed(&proof) {
                assert_eq!(verify_inclusion(100, index, &leaf, &changed, &root), Err(TreeError::Disproved));
            }
            for bit in 0..256 {
                let mut other = leaf;
                other[bit / 8] ^= 1 << (bit % 8);
                assert_eq!(verify_inclusion(100, index, &other, &proof, &root), Err(TreeError::Disproved));
            }
        }
        for old in [0_u64, 1, 2, 33, 64, 99, 100] {
            let old_root = naive::root(&leaves[..old as usize]);
            for changed in changed(&consistency(old, 100, &store).unwrap()) {
                assert_eq!(verify_consistency(old, &old_root, 100, &root, &changed), Err(TreeError::Disproved));
            }
        }
    }

    #[test]
    fn impossible_questions_are_refused() {
        let none = BTreeMap::new();
        assert_eq!(inclusion(5, 5, &none), Err(TreeError::NoSuchEntry { index: 5, size: 5 }));
        assert_eq!(consistency(6, 5, &none), Err(TreeError::Backwards { old: 6, new: 5 }));
        assert_eq!(tiles_for_inclusion(u64::MAX, 0), Err(TreeError::TooLarge(u64::MAX)));
        assert!(tiles_for_inclusion(MAX_SIZE, MAX_SIZE - 1).unwrap().len() <= MAX_PROOF_HASHES);
        assert!(inclusion_ranges(MAX_SIZE, 0).unwrap().len() <= MAX_PROOF_HASHES);
        assert!(consistency_ranges(MAX_SIZE - 1, MAX_SIZE).unwrap().len() <= MAX_PROOF_HASHES);
        assert_eq!(inclusion(2, 0, &none), Err(TreeError::MissingTile(TileId::new(0, 0, 2).unwrap())));
        assert_eq!(verify_consistency(0, &[1; 32], 0, &[1; 32], &[]), Err(TreeError::Disproved));
        assert_eq!(verify_consistency(0, &[1; 32], 3, &[1; 32], &[]), Err(TreeError::Disproved));
    }

    #[test]
    fn an_old_proof_can_be_made_from_newer_tiles() {
        let leaves = leaves(400);
        let newer = store(&leaves);
        assert!(tiles_of(300).any(|id| !newer.contains_key(&id)));
        assert_eq!(inclusion(300, 299, &newer).unwrap(), naive::inclusion(&leaves[..300], 299));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]

        #[test]
        fn proofs_of_larger_trees(size in 1_u64..5_000, a: prop::sample::Index, b: prop::sample::Index) {
            let leaves = leaves(size as usize);
            let (store, root) = (store(&leaves), naive::root(&leaves));
            let (index, old) = (a.index(size as usize) as u64, b.index(size as usize + 1) as u64);
            let proof = inclusion(size, index, &only(&store, tiles_for_inclusion(size, index).unwrap())).unwrap();
            prop_assert_eq!(&proof, &naive::inclusion(&leaves, index as usize));
            prop_assert_eq!(verify_inclusion(size, index, &leaves[index as usize], &proof, &root), Ok(()));
            let proof = consistency(old, size, &only(&store, tiles_for_consistency(old, size).unwrap())).unwrap();
            prop_assert_eq!(verify_consistency(old, &naive::root(&leaves[..old as usize]), size, &root, &proof), Ok(()));
        }

        #[test]
        fn no_numbers_break_the_verifiers(size: u64, other: u64, proof in prop::collection::vec(any::<Hash>(), 0..70)) {
            prop_assert!(verify_inclusion(size, other, &[0; 32], &proof, &[0; 32]).is_err());
            prop_assert!(size == other || verify_consistency(size, &[0; 32], other, &[0; 32], &proof).is_err());
            let _ = tiles_for_inclusion(size, other);
            let _ = tiles_for_consistency(size, other);
        }
    }
}

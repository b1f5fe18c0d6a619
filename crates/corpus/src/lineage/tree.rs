//! A Merkle tree over leaves that come one by one, in constant memory: the root, and the path of one leaf if it is wanted.

use std::collections::{BTreeMap, BTreeSet};

use ledger::hash::Hash;
use ledger::proof::{inclusion, tiles_for_inclusion};
use ledger::tile::TileId;
use ledger::tree::{Appender, TreeError};

/// Leaves between two looks at the tiles: 16 of them, 128 KiB, wait at most.
const TILES_EVERY: u64 = 4_096;

/// A tree that grows.
#[derive(Default)]
pub(crate) struct Tree {
    leaves: Appender,
    /// The leaf whose path is wanted, and the size of the whole.
    path: Option<(u64, u64)>,
    wanted: BTreeSet<TileId>,
    tiles: BTreeMap<TileId, Vec<u8>>,
}

impl Tree {
    /// A tree that will have so many leaves, and must show the path of one.
    pub(crate) fn with_path(size: u64, index: u64) -> Result<Self, TreeError> {
        Ok(Self { path: Some((size, index)), wanted: tiles_for_inclusion(size, index)?.into_iter().collect(), ..Self::default() })
    }

    /// The next leaf, by its leaf hash.
    pub(crate) fn push(&mut self, leaf: Hash) {
        self.leaves.push(leaf);
        if self.leaves.size().is_multiple_of(TILES_EVERY) {
            self.settle();
        }
    }

    /// Leaves so far.
    pub(crate) const fn size(&self) -> u64 {
        self.leaves.size()
    }

    pub(crate) fn root(&self) -> Hash {
        self.leaves.root()
    }

    /// The path that is wanted: from the leaf's sibling up.
    pub(crate) fn path(&mut self) -> Result<Vec<Hash>, TreeError> {
        self.settle();
        let (size, index) = self.path.unwrap_or_default();
        inclusion(size, index, &self.tiles)
    }

    /// Keeps the tiles that are wanted and lets the others go.
    fn settle(&mut self) {
        let tiles = self.leaves.take_changed().into_iter().filter(|tile| self.wanted.contains(&tile.id));
        self.tiles.extend(tiles.map(|tile| (tile.id, tile.bytes)));
    }
}

#[cfg(test)]
mod tests {
    use ledger::hash::leaf_hash;
    use ledger::proof::verify_inclusion;

    use super::*;

    #[test]
    fn a_path_leads_to_the_root_wherever_tiles_are_let_go() {
        for size in [1_u64, 2, 255, 256, 257, 4_095, 4_096, 4_097, 70_000] {
            let leaf = |at: u64| leaf_hash(&at.to_be_bytes());
            for index in [0, size / 2, size - 1] {
                let mut tree = Tree::with_path(size, index).unwrap();
                (0..size).for_each(|at| tree.push(leaf(at)));
                let (path, root) = (tree.path().unwrap(), tree.root());
                assert_eq!(tree.size(), size);
                verify_inclusion(size, index, &leaf(index), &path, &root).unwrap();
                assert!(verify_inclusion(size, index, &leaf(index + 1), &path, &root).is_err());
            }
        }
        assert!(Tree::with_path(3, 3).is_err());
    }
}

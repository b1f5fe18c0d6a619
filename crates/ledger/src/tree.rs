//! Growing a tree: an [`Appender`] holds the right edge, takes leaf hashes, and gives back the tiles that changed.
//!
//! It keeps at most 255 hashes a level and the tiles not yet taken; it stores nothing itself. In one transaction the caller writes the
//! entries, the changed tiles and the new size, or none of them.

use crate::hash::{Hash, join, perfect_root};
use crate::tile::{LEVELS, MAX_SIZE, TILE_WIDTH, TileId, TileSource, full_tiles, hashes, partial, right_edge};

/// Why a tree cannot be continued, or a proof not be made or believed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TreeError {
    /// Beyond [`MAX_SIZE`].
    #[error("a log of {0} entries is larger than any can be ({MAX_SIZE})")]
    TooLarge(u64),
    /// The index is not below the size.
    #[error("there is no entry {index} in a log of {size} entries; the first is 0")]
    NoSuchEntry {
        /// The entry asked for.
        index: u64,
        /// The size of the tree.
        size: u64,
    },
    /// The older tree is the larger one.
    #[error("a tree of {old} entries cannot be the beginning of one of {new}")]
    Backwards {
        /// Size of the older tree.
        old: u64,
        /// Size of the newer tree.
        new: u64,
    },
    /// The source does not have it, or not all of it.
    #[error("{path} is missing or shorter than {bytes} bytes; restore it or run a full verification", path = .0.path(), bytes = .0.len_bytes())]
    MissingTile(TileId),
    /// The proof does not lead to the root: it is of another entry, another tree, or was changed.
    #[error("the proof does not hold: it belongs to another entry or tree, or was changed")]
    Disproved,
}

/// A tile with its bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tile {
    /// Which one.
    pub id: TileId,
    /// Its hashes, one after the other: [`TileId::len_bytes`] bytes.
    pub bytes: Vec<u8>,
}

/// The growing right edge of a tree.
#[derive(Debug, Clone, Default)]
pub struct Appender {
    size: u64,
    /// By level. The topmost never fills: that would take 2^64 entries.
    rows: [Row; LEVELS as usize],
    /// Tiles filled since they were last taken.
    full: Vec<Tile>,
}

/// The partial tile of one level.
#[derive(Debug, Clone, Default)]
struct Row {
    hashes: Vec<Hash>,
    touched: bool,
}

impl Appender {
    /// An empty tree.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Continues a tree of `size` entries from the tiles of [`right_edge`]. They are believed as they are: the caller compares
    /// [`Appender::root`] with the last checkpoint before appending.
    ///
    /// # Errors
    /// The size is impossible, or a tile of the edge is missing or too short.
    pub fn resume(size: u64, source: &dyn TileSource) -> Result<Self, TreeError> {
        let mut appender = Self { size: check_size(size)?, ..Self::default() };
        for id in right_edge(size) {
            if let Some(row) = appender.rows.get_mut(usize::from(id.level())) {
                row.hashes = read(source, id)?;
            }
        }
        Ok(appender)
    }

    /// Appends an entry by its [leaf hash](crate::hash::leaf_hash).
    pub fn push(&mut self, leaf: Hash) {
        let mut hash = leaf;
        for (level, row) in (0..).zip(&mut self.rows) {
            row.hashes.push(hash);
            row.touched = true;
            if row.hashes.len() < usize::from(TILE_WIDTH) {
                break;
            }
            hash = perfect_root(&row.hashes);
            let bytes = std::mem::take(row).hashes.concat();
            self.full.push(Tile { id: TileId::full(level, full_tiles(self.size, level)), bytes });
        }
        self.size += 1;
    }

    /// The tiles written since the last call: full ones once, then the partial ones as they are now. A partial tile that was filled in
    /// between is left out.
    pub fn take_changed(&mut self) -> Vec<Tile> {
        let mut changed = std::mem::take(&mut self.full);
        for (level, row) in (0..).zip(&mut self.rows) {
            if std::mem::take(&mut row.touched) {
                let bytes = row.hashes.concat();
                changed.extend(partial(self.size, level).map(|id| Tile { id, bytes }));
            }
        }
        changed
    }

    /// Entries in the tree.
    #[must_use]
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// Root of the tree, of up to 255 hashings a level: ask once a batch, not once an entry.
    #[must_use]
    pub fn root(&self) -> Hash {
        let mut peaks = Vec::new();
        for row in self.rows.iter().rev() {
            peaks_of(&row.hashes, &mut peaks);
        }
        join(&peaks)
    }
}

/// Refuses sizes no log can have.
pub(crate) fn check_size(size: u64) -> Result<u64, TreeError> {
    if size <= MAX_SIZE { Ok(size) } else { Err(TreeError::TooLarge(size)) }
}

/// The hashes of a tile, cut to its width.
pub(crate) fn read(source: &dyn TileSource, id: TileId) -> Result<Vec<Hash>, TreeError> {
    let bytes = source.tile(id).ok_or(TreeError::MissingTile(id))?;
    let prefix = hashes(&bytes).get(..usize::from(id.width())).ok_or(TreeError::MissingTile(id))?;
    Ok(prefix.to_vec())
}

/// Roots of the perfect subtrees over `hashes`, the largest first: one for each bit of their number.
fn peaks_of(hashes: &[Hash], peaks: &mut Vec<Hash>) {
    let mut rest = hashes;
    while let Some(height) = rest.len().checked_ilog2() {
        let (subtree, after) = rest.split_at(1 << height);
        peaks.push(perfect_root(subtree));
        rest = after;
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;
    use crate::hash::vectors::{ENTRIES, ROOTS, hex, leaves};
    use crate::hash::{leaf_hash, naive};
    use crate::tile::tiles_of;

    /// All tiles by the definition: hash `i` of tile `n` at level `l` is `MTH(D[(n * 256 + i) * 256^l : ... + 256^l])`.
    fn naive_tiles(leaves: &[Hash]) -> BTreeMap<TileId, Vec<u8>> {
        let hash = |level: u8, i: u64| {
            let span = 256_usize.pow(level.into());
            naive::root(&leaves[i as usize * span..][..span])
        };
        let bytes = |id: TileId| (0..u64::from(id.width())).flat_map(|i| hash(id.level(), id.index() * 256 + i)).collect();
        tiles_of(leaves.len() as u64).map(|id| (id, bytes(id))).collect()
    }

    /// Appends in batches, resuming from the stored tiles before each, and keeps only what a store keeps.
    fn append(leaves: &[Hash], batches: &[usize]) -> (BTreeMap<TileId, Vec<u8>>, Hash) {
        let (mut store, mut at, mut root) = (BTreeMap::new(), 0, naive::root(&[]));
        for &batch in batches.iter().chain([&leaves.len()]) {
            let mut appender = Appender::resume(at as u64, &store).unwrap();
            let until = leaves.len().min(at + batch);
            for leaf in &leaves[at..until] {
                appender.push(*leaf);
            }
            at = until;
            root = appender.root();
            let changed = appender.take_changed();
            assert!(appender.take_changed().is_empty());
            for tile in changed {
                assert_eq!(tile.bytes.len(), tile.id.len_bytes());
                store.retain(|id, _| id.is_full() || (id.level(), id.index()) != (tile.id.level(), tile.id.index()));
                assert!(store.insert(tile.id, tile.bytes).is_none(), "{} was written twice", tile.id.path());
            }
        }
        (store, root)
    }

    #[test]
    fn the_published_roots() {
        let mut appender = Appender::new();
        assert_eq!(hex(&appender.root()), hex(&crate::hash::EMPTY_ROOT));
        for (entry, root) in ENTRIES.iter().zip(ROOTS) {
            appender.push(leaf_hash(entry));
            assert_eq!(hex(&appender.root()), root);
        }
        assert_eq!(appender.size(), 8);
    }

    #[test]
    fn every_size_up_to_600_has_the_naive_root() {
        let leaves = leaves(600);
        let mut appender = Appender::new();
        for size in 0..=600 {
            assert_eq!(appender.root(), naive::root(&leaves[..size]), "{size}");
            leaves.get(size).into_iter().for_each(|leaf| appender.push(*leaf));
        }
    }

    #[test]
    fn a_partial_tile_that_was_filled_in_the_same_append_is_left_out() {
        let mut appender = Appender::new();
        leaves(257).into_iter().for_each(|leaf| appender.push(leaf));
        let ids: Vec<String> = appender.take_changed().iter().map(|tile| tile.id.path()).collect();
        assert_eq!(ids, ["tile/0/000", "tile/0/001.p/1", "tile/1/000.p/1"]);
        appender.push([0; 32]);
        let ids: Vec<String> = appender.take_changed().iter().map(|tile| tile.id.path()).collect();
        assert_eq!(ids, ["tile/0/001.p/2"], "level 1 did not change");
    }

    #[test]
    fn what_is_missing_is_named() {
        let missing = Appender::resume(300, &BTreeMap::new()).unwrap_err();
        assert_eq!(missing.to_string(), "tile/0/001.p/44 is missing or shorter than 1408 bytes; restore it or run a full verification");
        let (mut store, _) = append(&leaves(300), &[]);
        store.get_mut(&TileId::new(0, 1, 44).unwrap()).unwrap().pop();
        assert_eq!(Appender::resume(300, &store).unwrap_err(), missing);
        assert_eq!(Appender::resume(MAX_SIZE + 1, &store).unwrap_err(), TreeError::TooLarge(MAX_SIZE + 1));
    }

    #[test]
    fn the_third_level_is_right() {
        let leaves = leaves(70_000);
        let (store, root) = append(&leaves, &[65_535, 1, 1]);
        assert_eq!(store.keys().copied().collect::<Vec<_>>(), tiles_of(70_000).collect::<Vec<_>>());
        assert_eq!(root, naive::root(&leaves));
        assert_eq!(store, naive_tiles(&leaves));
    }

    #[test]
    #[ignore = "a measurement: run it alone, with --release"]
    fn a_million_pushes() {
        let start = std::time::Instant::now();
        let mut appender = Appender::new();
        (0..1_000_000_u64).for_each(|i| appender.push(leaf_hash(&i.to_be_bytes())));
        let root = appender.root();
        println!("{:?}, {} tiles, root {}", start.elapsed(), appender.take_changed().len(), hex(&root));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]

        #[test]
        fn any_batches_give_the_same_tiles(size in 0_usize..5_000, batches in prop::collection::vec(0_usize..900, 0..9)) {
            let leaves = leaves(size);
            let (store, root) = append(&leaves, &batches);
            prop_assert_eq!(root, naive::root(&leaves));
            prop_assert_eq!(store, naive_tiles(&leaves));
        }
    }
}

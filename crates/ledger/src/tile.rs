//! Tiles (c2sp.org/tlog-tiles): the tree cut into pieces of up to 256 hashes, each with one path. A tile at level 0 holds leaf hashes, one at
//! level L the roots of full tiles at level L - 1. Full tiles never change; a partial tile grows to the right.
//!
//! This module knows names and sizes only; [`crate::tree`] makes the bytes.

use std::borrow::Cow;
use std::collections::BTreeMap;

use crate::hash::{HASH_BYTES, Hash};
use crate::text::decimal;

/// Hashes in a full tile, and entries in a full bundle.
pub const TILE_WIDTH: u16 = 256;

/// Largest number of entries of a log: the reference implementation (golang.org/x/mod/sumdb/tlog) counts in signed 64-bit numbers.
pub const MAX_SIZE: u64 = i64::MAX as u64;

/// Levels a tree of [`MAX_SIZE`] can have; a level takes eight bits of the size.
pub(crate) const LEVELS: u8 = 8;

/// Highest level a path may name (tlog-tiles); a tree stays below [`LEVELS`].
const MAX_PATH_LEVEL: u8 = 63;

/// Which tile: its level, its place in the level, and how many hashes it holds. Ordered by level, then index, then width.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TileId {
    level: u8,
    index: u64,
    width: u16,
}

impl TileId {
    /// `None` unless the level is at most 63 and the width 1 to 256.
    #[must_use]
    pub fn new(level: u8, index: u64, width: u16) -> Option<Self> {
        (level <= MAX_PATH_LEVEL && (1..=TILE_WIDTH).contains(&width)).then_some(Self { level, index, width })
    }

    /// The tile as a tree of `size` entries has it; `None` where the tree has no hash there.
    #[must_use]
    pub fn in_tree(size: u64, level: u8, index: u64) -> Option<Self> {
        let hashes = size.checked_shr(8 * u32::from(level)).unwrap_or(0);
        let width = hashes.checked_sub(index.checked_mul(u64::from(TILE_WIDTH))?)?.min(u64::from(TILE_WIDTH));
        Self::new(level, index, u16::try_from(width).ok()?)
    }

    pub(crate) const fn full(level: u8, index: u64) -> Self {
        Self { level, index, width: TILE_WIDTH }
    }

    /// 0 for leaf hashes.
    #[must_use]
    pub const fn level(self) -> u8 {
        self.level
    }

    /// Place within the level, from 0.
    #[must_use]
    pub const fn index(self) -> u64 {
        self.index
    }

    /// Hashes in it, 1 to 256.
    #[must_use]
    pub const fn width(self) -> u16 {
        self.width
    }

    /// Whether it will never change.
    #[must_use]
    pub const fn is_full(self) -> bool {
        self.width == TILE_WIDTH
    }

    /// Its length: 32 bytes a hash, at most 8,192.
    #[must_use]
    pub const fn len_bytes(self) -> usize {
        self.width as usize * HASH_BYTES
    }

    /// `tile/<level>/<index>[.p/<width>]`, relative to the log's prefix.
    #[must_use]
    pub fn path(self) -> String {
        format!("tile/{}/{}", self.level, place(self.index, self.width))
    }

    /// Reads exactly the paths [`TileId::path`] prints.
    #[must_use]
    pub fn parse(path: &str) -> Option<Self> {
        let (level, rest) = path.strip_prefix("tile/")?.split_once('/')?;
        let (index, width) = parse_place(rest)?;
        Self::new(u8::try_from(decimal(level)?).ok()?, index, width)
    }
}

/// Where tiles come from. A caller with an asynchronous store first fetches what [`crate::proof::tiles_for_inclusion`] and its siblings list
/// into a `BTreeMap`, and then passes that.
pub trait TileSource {
    /// The bytes of a tile, or `None` where it is not to be had.
    ///
    /// Instead of a partial tile a source may give a wider one of the same place: the reader, never the source, cuts it to the width asked.
    /// That is sound because a log only grows: the narrower tile is the beginning of the wider.
    fn tile(&self, id: TileId) -> Option<Cow<'_, [u8]>>;
}

impl TileSource for BTreeMap<TileId, Vec<u8>> {
    fn tile(&self, id: TileId) -> Option<Cow<'_, [u8]>> {
        let mut as_wide = self.range(id..=TileId::full(id.level, id.index));
        as_wide.next().map(|(_, bytes)| Cow::from(bytes))
    }
}

/// The hashes a tile consists of; a remainder shorter than a hash is left out.
pub(crate) fn hashes(bytes: &[u8]) -> &[Hash] {
    bytes.as_chunks::<HASH_BYTES>().0
}

/// Every tile of a tree of `size` entries, level by level, full ones before the partial one.
pub fn tiles_of(size: u64) -> impl Iterator<Item = TileId> {
    (0..LEVELS).flat_map(move |level| tiles_of_level(size, level))
}

/// The partial tiles of a tree: what is needed to continue appending, and to compute the root. At most one a level.
pub fn right_edge(size: u64) -> impl Iterator<Item = TileId> {
    (0..LEVELS).filter_map(move |level| partial(size, level))
}

/// `floor(size / 256^level) mod 256` hashes, none where that is 0.
pub(crate) fn partial(size: u64, level: u8) -> Option<TileId> {
    TileId::in_tree(size, level, full_tiles(size, level))
}

fn tiles_of_level(size: u64, level: u8) -> impl Iterator<Item = TileId> {
    (0..full_tiles(size, level)).map(move |index| TileId::full(level, index)).chain(partial(size, level))
}

pub(crate) fn full_tiles(size: u64, level: u8) -> u64 {
    size.checked_shr(8 * (u32::from(level) + 1)).unwrap_or(0)
}

/// `x001/x234/067[.p/<width>]`: three digits an element keep directories small and files apart from directories.
pub(crate) fn place(index: u64, width: u16) -> String {
    let mut place = format!("{:03}", index % 1000);
    let mut rest = index / 1000;
    while rest > 0 {
        place = format!("x{:03}/{place}", rest % 1000);
        rest /= 1000;
    }
    if width == TILE_WIDTH { place } else { format!("{place}.p/{width}") }
}

/// Reads freely and then prints: only the canonical spelling comes out as it went in.
pub(crate) fn parse_place(text: &str) -> Option<(u64, u16)> {
    let (number, width) = match text.rsplit_once(".p/") {
        Some((number, width)) => (number, width.parse().ok().filter(|w| (1..TILE_WIDTH).contains(w))?),
        None => (text, TILE_WIDTH),
    };
    let index = number.split('/').try_fold(0_u64, |index, element| {
        let digits: u64 = element.strip_prefix('x').unwrap_or(element).parse().ok()?;
        index.checked_mul(1000)?.checked_add(digits)
    })?;
    (place(index, width) == text).then_some((index, width))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn id(level: u8, index: u64, width: u16) -> TileId {
        TileId::new(level, index, width).unwrap()
    }

    #[test]
    fn paths_are_those_of_the_specification() {
        assert_eq!(id(0, 1_234_067, 256).path(), "tile/0/x001/x234/067");
        assert_eq!(id(1, 0, 17).path(), "tile/1/000.p/17");
        assert_eq!(id(63, 999, 1).path(), "tile/63/999.p/1");
        assert_eq!(id(0, 1000, 256).path(), "tile/0/x001/000");
    }

    #[test]
    fn other_spellings_are_refused() {
        for bad in [
            "",
            "tile/",
            "tile/0",
            "tile/0/",
            "tile/0/0",
            "tile/0/00",
            "tile/0/0000",
            "tile/00/000",
            "tile/64/000",
            "tile/256/000",
            "/tile/0/000",
            "tile/0/x000/001",
            "tile/0/001/002",
            "tile/0/x001/x002",
            "tile/0/X001/002",
            "tile/0/xx01/002",
            "tile/0/000.p/0",
            "tile/0/000.p/256",
            "tile/0/000.p/01",
            "tile/0/000.p/+1",
            "tile/0/000.p/",
            "tile/0/000.p/1/",
            "tile/0/000.p/1.p/1",
            "tile/0/+01",
            "tile/-1/000",
            "tile/data/000",
            "tile/0/x018/x446/x744/x073/x709/x551/616",
        ] {
            assert_eq!(TileId::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn the_example_of_the_specification() {
        let tiles: Vec<TileId> = tiles_of(70_000).collect();
        let count = |level: u8, full: bool| tiles.iter().filter(|t| t.level() == level && t.is_full() == full).count();
        assert_eq!([count(0, true), count(0, false), count(1, true), count(1, false), count(2, false)], [273, 1, 1, 1, 1]);
        assert_eq!(right_edge(70_000).collect::<Vec<_>>(), [id(0, 273, 112), id(1, 1, 17), id(2, 0, 1)]);
        assert_eq!(tiles_of(256).collect::<Vec<_>>(), [id(0, 0, 256), id(1, 0, 1)]);
        assert_eq!(right_edge(256).collect::<Vec<_>>(), [id(1, 0, 1)]);
        assert_eq!(tiles_of(0).count() + right_edge(0).count(), 0);
        assert_eq!(right_edge(MAX_SIZE).map(TileId::level).collect::<Vec<_>>(), [0, 1, 2, 3, 4, 5, 6, 7]);
        assert_eq!(TileId::in_tree(256, 0, 1), None);
        assert_eq!(TileId::in_tree(u64::MAX, 63, u64::MAX), None);
    }

    #[test]
    fn a_wider_tile_stands_in_for_a_narrower_one() {
        let source = BTreeMap::from([(id(0, 0, 7), vec![7; 7 * 32]), (id(0, 1, 9), vec![9; 9 * 32])]);
        assert_eq!(source.tile(id(0, 0, 5)).unwrap().len(), 7 * 32);
        assert_eq!(source.tile(id(0, 0, 8)), None);
        assert_eq!(source.tile(id(1, 1, 1)), None);
    }

    proptest! {
        #[test]
        fn every_path_leads_back(level in 0_u8..=63, index: u64, width in 1_u16..=256) {
            let tile = id(level, index, width);
            prop_assert_eq!(TileId::parse(&tile.path()), Some(tile));
        }

        #[test]
        fn no_text_breaks_the_parser(text in "(tile/)?[0-9x/.p]{0,30}|.{0,30}") {
            if let Some(tile) = TileId::parse(&text) {
                prop_assert_eq!(tile.path(), text);
            }
        }

        #[test]
        fn tiles_hold_every_hash_once(size in 0_u64..3_000_000) {
            for level in 0..LEVELS {
                let hashes: u64 = tiles_of_level(size, level).map(|t| u64::from(t.width())).sum();
                prop_assert_eq!(hashes, size >> (8 * u32::from(level)));
            }
        }
    }
}

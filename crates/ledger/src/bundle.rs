//! Entry bundles (c2sp.org/tlog-tiles, 'Log entries'): the entries of one level 0 tile, each after its length in two big-endian bytes.
//!
//! A bundle is opaque here: any C2SP log's can be read, whatever its entries are.

use crate::tile::{TILE_WIDTH, parse_place, place};

/// Longest entry the length field can tell.
pub const MAX_ENTRY_BYTES: usize = u16::MAX as usize;

/// Which bundle: its place and the number of its entries. Ordered by index, then width.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BundleId {
    index: u64,
    width: u16,
}

/// Why bytes are no bundle, or entries cannot make one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BundleError {
    /// The bytes end within this entry.
    #[error("the bundle ends within its entry {0}")]
    CutShort(usize),
    /// None, or more than 256.
    #[error("a bundle of {0} entries; 1 to {TILE_WIDTH} are possible")]
    Entries(usize),
    /// Longer than the length field can tell.
    #[error("an entry of {0} bytes; at most {MAX_ENTRY_BYTES} are possible")]
    EntryTooLong(usize),
}

impl BundleId {
    /// `None` unless the width is 1 to 256.
    #[must_use]
    pub fn new(index: u64, width: u16) -> Option<Self> {
        (1..=TILE_WIDTH).contains(&width).then_some(Self { index, width })
    }

    pub(crate) const fn full(index: u64) -> Self {
        Self { index, width: TILE_WIDTH }
    }

    /// Its place, from 0.
    #[must_use]
    pub const fn index(self) -> u64 {
        self.index
    }

    /// Entries in it, 1 to 256.
    #[must_use]
    pub const fn width(self) -> u16 {
        self.width
    }

    /// Index of its first entry.
    #[must_use]
    pub const fn first_entry(self) -> u64 {
        self.index.saturating_mul(TILE_WIDTH as u64)
    }

    /// `tile/entries/<index>[.p/<width>]`, relative to the log's prefix.
    #[must_use]
    pub fn path(self) -> String {
        format!("tile/entries/{}", place(self.index, self.width))
    }

    /// Reads exactly the paths [`BundleId::path`] prints.
    #[must_use]
    pub fn parse(path: &str) -> Option<Self> {
        let (index, width) = parse_place(path.strip_prefix("tile/entries/")?)?;
        Self::new(index, width)
    }
}

/// Every bundle of a log of `size` entries, in order.
pub fn bundles_of(size: u64) -> impl Iterator<Item = BundleId> {
    let full = size / u64::from(TILE_WIDTH);
    let rest = (size % u64::from(TILE_WIDTH)) as u16;
    (0..full).map(BundleId::full).chain(BundleId::new(full, rest))
}

/// Writes entries as a bundle.
///
/// # Errors
/// There are none or too many, or one is too long.
pub fn encode<E: AsRef<[u8]>>(entries: &[E]) -> Result<Vec<u8>, BundleError> {
    check_count(entries.len())?;
    let mut bytes = Vec::new();
    for entry in entries.iter().map(AsRef::as_ref) {
        let len = u16::try_from(entry.len()).map_err(|_| BundleError::EntryTooLong(entry.len()))?;
        bytes.extend_from_slice(&len.to_be_bytes());
        bytes.extend_from_slice(entry);
    }
    Ok(bytes)
}

/// Reads a bundle to its last byte.
///
/// # Errors
/// It is cut short, empty, or has too many entries.
pub fn decode(bytes: &[u8]) -> Result<Vec<&[u8]>, BundleError> {
    let (mut entries, mut rest) = (Vec::new(), bytes);
    while !rest.is_empty() {
        check_count(entries.len() + 1)?;
        let entry = rest.split_first_chunk().and_then(|(len, after)| after.split_at_checked(usize::from(u16::from_be_bytes(*len))));
        let (entry, after) = entry.ok_or(BundleError::CutShort(entries.len()))?;
        entries.push(entry);
        rest = after;
    }
    check_count(entries.len())?;
    Ok(entries)
}

fn check_count(entries: usize) -> Result<(), BundleError> {
    if (1..=usize::from(TILE_WIDTH)).contains(&entries) { Ok(()) } else { Err(BundleError::Entries(entries)) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn paths_are_those_of_the_specification() {
        let id = |index, width| BundleId::new(index, width).unwrap();
        assert_eq!(id(1_234_067, 256).path(), "tile/entries/x001/x234/067");
        assert_eq!(id(273, 112).path(), "tile/entries/273.p/112");
        assert_eq!(BundleId::parse("tile/entries/273.p/112"), Some(id(273, 112)));
        for bad in ["tile/entries/", "tile/entries/1", "tile/0/000", "tile/entries/000.p/256", "entries/000"] {
            assert_eq!(BundleId::parse(bad), None, "{bad}");
        }
        assert_eq!(bundles_of(70_000).collect::<Vec<_>>().split_last().map(|(last, full)| (*last, full.len())), Some((id(273, 112), 273)));
        assert_eq!(bundles_of(256).collect::<Vec<_>>(), [id(0, 256)]);
        assert_eq!(bundles_of(0).count(), 0);
    }

    #[test]
    fn the_limits_hold() {
        let long = vec![7; MAX_ENTRY_BYTES];
        assert_eq!(decode(&encode(&[&long]).unwrap()).unwrap(), [&long]);
        assert_eq!(encode(&[vec![7; MAX_ENTRY_BYTES + 1]]), Err(BundleError::EntryTooLong(MAX_ENTRY_BYTES + 1)));
        assert_eq!(encode(&[b"a"; 257]), Err(BundleError::Entries(257)));
        assert_eq!(encode::<&[u8]>(&[]), Err(BundleError::Entries(0)));
        assert_eq!(decode(b""), Err(BundleError::Entries(0)));
        assert_eq!(decode(&[0; 514]), Err(BundleError::Entries(257)));
        assert_eq!(decode(&[0, 1, 9, 0]), Err(BundleError::CutShort(1)));
        assert_eq!(decode(&[0, 2, 9]), Err(BundleError::CutShort(0)));
    }

    proptest! {
        #[test]
        fn every_bundle_leads_back(entries in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..40), 1..=256)) {
            let bytes = encode(&entries).unwrap();
            prop_assert_eq!(decode(&bytes).unwrap(), entries);
        }

        #[test]
        fn bytes_are_at_most_one_bundle(bytes: Vec<u8>) {
            if let Ok(entries) = decode(&bytes) {
                prop_assert_eq!(encode(&entries).unwrap(), bytes);
            }
        }
    }
}

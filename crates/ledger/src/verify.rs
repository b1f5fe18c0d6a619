//! Full verification of a log: every tile and the root are derived again from the entries, and compared with what is stored and signed.
//!
//! The walk holds one bundle, one tile and up to 255 hashes a level in memory, whatever the log's size. It needs no secrets: ciphertext is
//! compared with the digests in the leaves, where the caller still has it. It never stops at a fault; the [`Report`] lists them all.

use std::io;

use crate::bundle::{self, BundleId, bundles_of};
use crate::checkpoint::Checkpoint;
use crate::finding::{Finding, Report};
use crate::hash::{Hash, leaf_hash, perfect_root};
use crate::key::VerifierKey;
use crate::leaf::Leaf;
use crate::note::Note;
use crate::tile::{LEVELS, TILE_WIDTH, TileId, hashes};
use crate::tree::Appender;

/// Bundles in a row of which nothing is there before the walk gives up: a checkpoint that claims 2^62 entries must not keep it walking.
const MAX_GAP: u64 = 64;

/// A stored log, as verification reads it. A part that is not there is `None`; an error is a storage that cannot say. It must not change during
/// the walk: a database reads in one snapshot.
pub trait Log {
    /// The latest checkpoint, a signed note.
    ///
    /// # Errors
    /// The storage cannot read.
    fn checkpoint(&self) -> io::Result<Option<Vec<u8>>>;

    /// How many entries are there, where the storage can count them; verification then also covers entries not yet signed. `None` for a
    /// storage that has what the checkpoint says.
    ///
    /// # Errors
    /// The storage cannot read.
    fn size(&self) -> io::Result<Option<u64>> {
        Ok(None)
    }

    /// A tile of exactly the width named.
    ///
    /// # Errors
    /// The storage cannot read.
    fn tile(&self, id: TileId) -> io::Result<Option<Vec<u8>>>;

    /// A bundle of exactly the width named.
    ///
    /// # Errors
    /// The storage cannot read.
    fn bundle(&self, id: BundleId) -> io::Result<Option<Vec<u8>>>;

    /// The ciphertext of an entry's segment; asked for every segment of every entry.
    ///
    /// # Errors
    /// The storage cannot read.
    fn segment(&self, index: u64, segment: usize) -> io::Result<Ciphertext> {
        let _ = (index, segment);
        Ok(Ciphertext::Elsewhere)
    }
}

/// What has become of a segment's ciphertext.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ciphertext {
    /// Here it is: to be compared.
    Held(Vec<u8>),
    /// It was erased, which is counted and no fault.
    Erased,
    /// This storage keeps none: not counted.
    Elsewhere,
}

/// Verifies a log against its own checkpoint and those kept from earlier. `keys` are trusted for it; `kept` are checkpoints the caller has
/// opened before and holds outside the storage: without one, a log that was rewritten and signed anew cannot be told from a true one.
#[must_use]
pub fn verify(log: &dyn Log, keys: &[VerifierKey], kept: &[Checkpoint]) -> Report {
    let mut walk =
        Walk { log, report: Report::default(), tree: Some(Appender::new()), above: Default::default(), milestones: Vec::new(), gap: 0 };
    walk.report.checkpoint = walk.open_checkpoint(keys);
    let signed = walk.report.checkpoint.as_ref().map_or(0, |checkpoint| checkpoint.size);
    let held = walk.read("log", log.size()).flatten().unwrap_or(signed);
    walk.set_milestones(held, kept);
    walk.pass_milestones();
    for id in bundles_of(held) {
        walk.bundle(id);
        if walk.gap == MAX_GAP {
            walk.report.add(Finding::Gone { from: BundleId::full(id.index() + 1 - MAX_GAP).first_entry() });
            return walk.report;
        }
    }
    walk.finish();
    walk.report
}

struct Walk<'l> {
    log: &'l dyn Log,
    report: Report,
    /// The tree of the entries; `None` once neither bundle nor tile told what an entry is.
    tree: Option<Appender>,
    /// For each level above 0, the roots of the tiles below since the last full tile there; `None` for one that cannot be told.
    above: [Vec<Option<Hash>>; LEVELS as usize],
    /// Roots the tree must have on the way: the size, the root, and what to find otherwise. The smallest size last.
    milestones: Vec<(u64, Hash, Finding)>,
    /// Bundles in a row of which neither entries nor tile are there.
    gap: u64,
}

impl Walk<'_> {
    fn open_checkpoint(&mut self, keys: &[VerifierKey]) -> Option<Checkpoint> {
        let Some(bytes) = self.read("checkpoint", self.log.checkpoint())? else {
            self.report.add(Finding::CheckpointMissing);
            return None;
        };
        let note = Note::parse(&bytes).map_err(|e| self.unproven(&e)).ok()?;
        let checkpoint = Checkpoint::parse(note.text()).map_err(|e| self.unproven(&e)).ok()?;
        if let Err(e) = Checkpoint::open(&note, keys) {
            self.unproven(&e);
        }
        Some(checkpoint)
    }

    fn unproven(&mut self, cause: &dyn std::error::Error) {
        self.report.add(Finding::CheckpointUnproven { cause: cause.to_string() });
    }

    /// What can be said before the walk is said; what needs a root is left for the walk to pass.
    fn set_milestones(&mut self, held: u64, kept: &[Checkpoint]) {
        if let Some(Checkpoint { size: signed, root, .. }) = self.report.checkpoint {
            if held < signed {
                self.report.add(Finding::Truncated { held, signed });
            } else {
                self.milestones.push((signed, root, Finding::RootDiffers { size: signed }));
            }
        }
        for old in kept {
            if self.report.checkpoint.as_ref().is_some_and(|checkpoint| checkpoint.origin != old.origin) {
                self.report.add(Finding::OriginDiffers { kept: old.origin.clone() });
            } else if held < old.size {
                self.report.add(Finding::RolledBack { held, kept: old.size });
            } else {
                self.milestones.push((old.size, old.root, Finding::Forked { kept: old.size }));
            }
        }
        self.milestones.sort_by_key(|(size, ..)| std::cmp::Reverse(*size));
    }

    fn pass_milestones(&mut self) {
        let Some(tree) = &self.tree else { return };
        while let Some((_, root, otherwise)) = self.milestones.pop_if(|(size, ..)| *size == tree.size()) {
            if tree.root() != root {
                self.report.add(otherwise);
            }
        }
    }

    /// One bundle and the tile at level 0 above it.
    fn bundle(&mut self, id: BundleId) {
        let bytes = self.bundle_bytes(id);
        let entries = bytes.as_deref().map_or_else(Vec::new, |bytes| self.entries(id, bytes));
        let tile_id = TileId::new(0, id.index(), id.width());
        let stored = tile_id.and_then(|tile| self.tile(tile));
        self.gap = if entries.is_empty() && stored.is_none() { self.gap + 1 } else { 0 };
        let mut row = Vec::with_capacity(id.width().into());
        for (index, position) in (id.first_entry()..).zip(0..usize::from(id.width())) {
            let named = stored.as_ref().and_then(|tile| tile.get(position)).copied();
            let derived = entries.get(position).map(|entry| self.entry(index, entry));
            if named.zip(derived).is_some_and(|(named, derived)| named != derived) {
                self.report.add(Finding::LeafDiffers { index });
            }
            row.extend(derived.or(named));
            self.grow(derived.or(named));
        }
        self.report.entries += u64::from(id.width());
        // The tile as it is stored, not as it should be: so a fault is found where it is and not again at every level above.
        self.tile_done(tile_id, &stored.unwrap_or(row));
    }

    fn bundle_bytes(&mut self, id: BundleId) -> Option<Vec<u8>> {
        let bytes = self.read(&id.path(), self.log.bundle(id))?;
        if bytes.is_none() {
            self.report.add(Finding::BundleMissing(id));
        }
        bytes
    }

    fn entries<'b>(&mut self, bundle: BundleId, bytes: &'b [u8]) -> Vec<&'b [u8]> {
        let entries = bundle::decode(bytes).unwrap_or_else(|e| {
            self.report.add(Finding::BundleMalformed { bundle, cause: e.to_string() });
            Vec::new()
        });
        if !entries.is_empty() && entries.len() != usize::from(bundle.width()) {
            self.report.add(Finding::BundleWidth { bundle, entries: entries.len() });
        }
        entries
    }

    /// Hash of an entry; on the way its segments are compared.
    fn entry(&mut self, index: u64, entry: &[u8]) -> Hash {
        match Leaf::decode(entry) {
            Ok(leaf) => self.segments(index, &leaf),
            Err(e) => self.report.add(Finding::LeafMalformed { index, cause: e.to_string() }),
        }
        leaf_hash(entry)
    }

    fn segments(&mut self, index: u64, leaf: &Leaf) {
        for (number, segment) in leaf.segments.iter().enumerate() {
            match self.log.segment(index, number) {
                Ok(Ciphertext::Elsewhere) => {}
                Ok(Ciphertext::Erased) => self.report.erased += 1,
                Ok(Ciphertext::Held(ciphertext)) => {
                    self.report.segments += 1;
                    if !segment.is(&ciphertext) {
                        self.report.add(Finding::SegmentDiffers { index, segment: number });
                    }
                }
                Err(e) => self.unreadable(format!("entry {index}, segment {number}"), &e),
            }
        }
    }

    fn grow(&mut self, leaf: Option<Hash>) {
        match (&mut self.tree, leaf) {
            (Some(tree), Some(leaf)) => {
                tree.push(leaf);
                // The tiles are compared by themselves; taking them keeps the memory bounded.
                if tree.size().is_multiple_of(u64::from(TILE_WIDTH)) {
                    tree.take_changed();
                }
            }
            _ => self.tree = None,
        }
        self.pass_milestones();
    }

    /// A full tile's root belongs into the tile above, which is compared once it is complete.
    fn tile_done(&mut self, id: Option<TileId>, tile: &[Hash]) {
        let Some(id) = id.filter(|id| id.is_full()) else { return };
        let above = id.level() + 1;
        let Some(row) = self.above.get_mut(usize::from(above)) else { return };
        row.push((tile.len() == usize::from(id.width())).then(|| perfect_root(tile)));
        if row.len() == usize::from(id.width()) {
            self.compare_above(TileId::full(above, id.index() >> 8));
        }
    }

    fn compare_above(&mut self, id: TileId) {
        let row = self.above.get_mut(usize::from(id.level())).map(std::mem::take).unwrap_or_default();
        let stored = self.tile(id);
        for (position, (named, root)) in stored.iter().flatten().zip(&row).enumerate() {
            if root.is_some_and(|root| root != *named) {
                self.report.add(Finding::TileDiffers { tile: id, position });
            }
        }
        self.tile_done(Some(id), &stored.unwrap_or_else(|| row.into_iter().flatten().collect()));
    }

    /// The partial tiles above level 0, from below.
    fn finish(&mut self) {
        for level in 1..LEVELS {
            let below = self.above.get(usize::from(level)).map_or(0, Vec::len);
            let full = (self.report.entries >> (8 * u32::from(level))) >> 8;
            if let Some(id) = u16::try_from(below).ok().and_then(|width| TileId::new(level, full, width)) {
                self.compare_above(id);
            }
        }
    }

    fn tile(&mut self, id: TileId) -> Option<Vec<Hash>> {
        let Some(bytes) = self.read(&id.path(), self.log.tile(id))? else {
            self.report.add(Finding::TileMissing(id));
            return None;
        };
        if bytes.len() != id.len_bytes() {
            self.report.add(Finding::TileWidth { tile: id, bytes: bytes.len() });
            return None;
        }
        Some(hashes(&bytes).to_vec())
    }

    fn read<T>(&mut self, what: &str, read: io::Result<T>) -> Option<T> {
        read.map_err(|e| self.unreadable(what.to_owned(), &e)).ok()
    }

    fn unreadable(&mut self, what: String, cause: &io::Error) {
        self.report.add(Finding::Unreadable { what, cause: cause.to_string() });
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;
    use crate::finding::MAX_FINDINGS;
    use crate::leaf::samples;
    use crate::sign::{Ed25519Signer, Signer};
    use crate::tile::tiles_of;

    const ORIGIN: &str = "example.com/log";

    /// A log in memory, with every part open to tampering.
    #[derive(Clone, Default)]
    struct Stored {
        checkpoint: Option<Vec<u8>>,
        size: Option<u64>,
        tiles: BTreeMap<TileId, Vec<u8>>,
        bundles: BTreeMap<BundleId, Vec<u8>>,
        segments: BTreeMap<(u64, usize), Vec<u8>>,
        broken: bool,
    }

    impl Log for Stored {
        fn checkpoint(&self) -> io::Result<Option<Vec<u8>>> {
            Ok(self.checkpoint.clone())
        }

        fn size(&self) -> io::Result<Option<u64>> {
            Ok(self.size)
        }

        fn tile(&self, id: TileId) -> io::Result<Option<Vec<u8>>> {
            if self.broken { Err(io::Error::other("disc on fire")) } else { Ok(self.tiles.get(&id).cloned()) }
        }

        fn bundle(&self, id: BundleId) -> io::Result<Option<Vec<u8>>> {
            Ok(self.bundles.get(&id).cloned())
        }

        fn segment(&self, index: u64, segment: usize) -> io::Result<Ciphertext> {
            Ok(self.segments.get(&(index, segment)).cloned().map_or(Ciphertext::Erased, Ciphertext::Held))
        }
    }

    fn signer() -> Ed25519Signer {
        Ed25519Signer::new(ORIGIN, &[1; 32]).unwrap()
    }

    fn store(entries: &[Vec<u8>]) -> (Stored, Checkpoint) {
        let mut tree = Appender::new();
        entries.iter().for_each(|entry| tree.push(leaf_hash(entry)));
        let checkpoint = Checkpoint::new(ORIGIN, tree.size(), tree.root());
        let mut stored = Stored { checkpoint: Some(checkpoint.sign(&[&signer()]).unwrap().to_string().into_bytes()), ..Stored::default() };
        stored.tiles = tree.take_changed().into_iter().map(|tile| (tile.id, tile.bytes)).collect();
        for (id, entries) in bundles_of(tree.size()).zip(entries.chunks(256)) {
            stored.bundles.insert(id, bundle::encode(entries).unwrap());
        }
        (stored, checkpoint)
    }

    fn entries(count: u64) -> Vec<Vec<u8>> {
        (0..count).map(samples::entry).collect()
    }

    fn report(stored: &Stored, kept: &[Checkpoint]) -> Report {
        verify(stored, &[signer().key().clone()], kept)
    }

    fn found(stored: &Stored) -> Vec<String> {
        report(stored, &[]).findings.iter().map(ToString::to_string).collect()
    }

    fn tile(level: u8, index: u64, width: u16) -> TileId {
        TileId::new(level, index, width).unwrap()
    }

    #[test]
    fn true_logs_of_all_shapes_are_clean() {
        for size in [0, 1, 2, 255, 256, 257, 511, 512, 600, 70_000] {
            let (stored, checkpoint) = store(&entries(size));
            let report = report(&stored, std::slice::from_ref(&checkpoint));
            assert_eq!(report.findings, [], "{size}");
            assert_eq!((report.entries, report.erased, report.checkpoint), (size, size, Some(checkpoint)));
        }
    }

    #[test]
    fn every_missing_or_changed_tile_is_named() {
        let (good, _) = store(&entries(600));
        assert_eq!(good.tiles.len(), tiles_of(600).count());
        for (id, bytes) in &good.tiles {
            let mut stored = good.clone();
            stored.tiles.remove(id);
            assert_eq!(report(&stored, &[]).findings, [Finding::TileMissing(*id)]);
            stored.tiles.insert(*id, [bytes.as_slice(), &[0; 32]].concat());
            assert_eq!(report(&stored, &[]).findings, [Finding::TileWidth { tile: *id, bytes: bytes.len() + 32 }]);
        }
        // Level 0: the entry below does not fit, and neither does the tile above, if there is one. The root stands.
        let mut stored = good.clone();
        stored.tiles.get_mut(&tile(0, 1, 256)).unwrap()[3 * 32 + 5] ^= 4;
        let above = Finding::TileDiffers { tile: tile(1, 0, 2), position: 1 };
        assert_eq!(report(&stored, &[]).findings, [Finding::LeafDiffers { index: 259 }, above]);
        let mut stored = good.clone();
        stored.tiles.get_mut(&tile(1, 0, 2)).unwrap()[0] ^= 1;
        assert_eq!(report(&stored, &[]).findings, [Finding::TileDiffers { tile: tile(1, 0, 2), position: 0 }]);
    }

    #[test]
    fn every_changed_entry_is_named() {
        for index in [0_u64, 255, 256, 511, 512, 599] {
            let mut entries = entries(600);
            let (good, _) = store(&entries);
            entries[index as usize][30] ^= 1;
            let changed = store(&entries).0;
            // The entry alone.
            let stored = Stored { bundles: changed.bundles.clone(), ..good.clone() };
            assert_eq!(report(&stored, &[]).findings, [Finding::LeafDiffers { index }, Finding::RootDiffers { size: 600 }]);
            // Entry and tile alike: the tile above gives it away, or the root.
            let level_0: Vec<_> = changed.tiles.iter().filter(|(id, _)| id.level() == 0).map(|(id, bytes)| (*id, bytes.clone())).collect();
            let mut stored = stored.clone();
            stored.tiles.extend(level_0);
            let above = (index < 512).then(|| Finding::TileDiffers { tile: tile(1, 0, 2), position: index as usize / 256 });
            let expected: Vec<Finding> = [Finding::RootDiffers { size: 600 }].into_iter().chain(above).collect();
            assert_eq!(report(&stored, &[]).findings, expected);
            // Everything but the signature.
            let stored = Stored { checkpoint: good.checkpoint.clone(), ..changed.clone() };
            assert_eq!(report(&stored, &[]).findings, [Finding::RootDiffers { size: 600 }]);
        }
    }

    #[test]
    fn swapped_entries_are_both_named() {
        let (good, _) = store(&entries(300));
        let mut swapped = entries(300);
        swapped.swap(7, 290);
        let stored = Stored { bundles: store(&swapped).0.bundles, ..good };
        let expected = [Finding::LeafDiffers { index: 7 }, Finding::LeafDiffers { index: 290 }, Finding::RootDiffers { size: 300 }];
        assert_eq!(report(&stored, &[]).findings, expected);
    }

    #[test]
    fn damaged_bundles_are_named() {
        let (good, _) = store(&entries(300));
        let first = BundleId::new(0, 256).unwrap();
        let last = BundleId::new(1, 44).unwrap();
        let mut stored = good.clone();
        stored.bundles.remove(&first);
        assert_eq!(found(&stored), ["tile/entries/000: missing"], "the tile stands in for the hashes");
        let mut stored = good.clone();
        stored.bundles.get_mut(&last).unwrap().pop();
        assert_eq!(found(&stored), ["tile/entries/001.p/44: the bundle ends within its entry 43"]);
        let mut stored = good.clone();
        stored.bundles.insert(last, bundle::encode(&entries(300)[256..299]).unwrap());
        assert_eq!(found(&stored), ["tile/entries/001.p/44: has 43 entries"]);
        let mut stored = good.clone();
        stored.bundles.insert(last, bundle::encode(&[b"x"; 44]).unwrap());
        let given = found(&stored);
        assert_eq!((given.len(), given[0].as_str()), (44 * 2 + 1, "entry 256: a leaf of version 120; this program knows version 1"));
        // Neither entries nor tile: root and tile above have nothing to be compared with, and are not accused.
        let mut stored = good;
        stored.bundles.remove(&first);
        stored.tiles.remove(&tile(0, 0, 256));
        assert_eq!(found(&stored), ["tile/entries/000: missing", "tile/0/000: missing"]);
    }

    #[test]
    fn truncation_is_named() {
        let (mut stored, checkpoint) = store(&entries(300));
        stored.size = Some(256);
        assert_eq!(report(&stored, &[]).findings, [Finding::Truncated { held: 256, signed: 300 }]);
        // The whole of an older state restored: only a checkpoint kept elsewhere shows it.
        let (older, _) = store(&entries(256));
        assert_eq!(report(&older, &[]).findings, []);
        assert_eq!(report(&older, &[checkpoint]).findings, [Finding::RolledBack { held: 256, kept: 300 }]);
    }

    #[test]
    fn a_rewritten_history_is_named() {
        let (_, kept) = store(&entries(300));
        let mut other = entries(400);
        other[299][30] ^= 1;
        let (forked, own) = store(&other);
        let at_299 = store(&entries(299)).1;
        assert_eq!(report(&forked, &[own, at_299]).findings, []);
        assert_eq!(report(&forked, &[kept]).findings, [Finding::Forked { kept: 300 }]);
        let foreign = Checkpoint::new("example.com/other", 1, [0; 32]);
        assert_eq!(report(&forked, &[foreign]).findings, [Finding::OriginDiffers { kept: "example.com/other".into() }]);
    }

    #[test]
    fn entries_not_yet_signed_are_verified_too() {
        let (mut stored, _) = store(&entries(300));
        stored.checkpoint = store(&entries(200)).0.checkpoint;
        stored.size = Some(300);
        assert_eq!(report(&stored, &[]).findings, []);
        stored.bundles.get_mut(&BundleId::new(1, 44).unwrap()).unwrap()[20] ^= 1;
        assert_eq!(report(&stored, &[]).findings, [Finding::LeafDiffers { index: 256 }]);
    }

    #[test]
    fn a_bad_checkpoint_is_named_and_the_walk_goes_on() {
        let (good, _) = store(&entries(3));
        let none = Stored { checkpoint: None, ..good.clone() };
        assert_eq!(report(&none, &[]).findings, [Finding::CheckpointMissing]);
        let garbage = Stored { checkpoint: Some(b"x".to_vec()), ..good.clone() };
        assert_eq!(found(&garbage), ["checkpoint: not a signed note: no blank line before the signatures"]);
        let foreign = verify(&good, &[], &[]);
        assert!(matches!(foreign.findings[..], [Finding::CheckpointUnproven { .. }]) && foreign.entries == 3);
        let text = String::from_utf8(good.checkpoint.clone().unwrap()).unwrap();
        let grown = Stored { checkpoint: Some(text.replacen("\n3\n", "\n2\n", 1).into_bytes()), ..good };
        assert_eq!(found(&grown)[0], "checkpoint: the signature of example.com/log does not hold: the text or the signature was changed");
    }

    #[test]
    fn a_forged_size_does_not_keep_it_walking() {
        let (good, _) = store(&entries(300));
        let forged = Checkpoint::new(ORIGIN, crate::tile::MAX_SIZE, [0; 32]).sign(&[&signer()]).unwrap();
        let stored = Stored { checkpoint: Some(forged.to_string().into_bytes()), ..good };
        // The partial bundle at 256 is not the full one this size asks for.
        assert_eq!(report(&stored, &[]).findings.last(), Some(&Finding::Gone { from: 256 }));
    }

    #[test]
    fn segments_are_compared_and_may_be_erased() {
        let (mut stored, _) = store(&entries(3));
        stored.segments = (0..2).map(|i| ((i, 0), format!("ciphertext {i}").into_bytes())).collect();
        let clean = report(&stored, &[]);
        assert_eq!((clean.findings.len(), clean.segments, clean.erased), (0, 2, 1));
        stored.segments.get_mut(&(1, 0)).unwrap()[3] ^= 1;
        assert_eq!(report(&stored, &[]).findings, [Finding::SegmentDiffers { index: 1, segment: 0 }]);
    }

    #[test]
    fn a_storage_that_cannot_read_is_not_called_changed() {
        let (stored, _) = store(&entries(3));
        assert_eq!(found(&Stored { broken: true, ..stored }), ["tile/0/000.p/3: cannot be read: disc on fire"]);
    }

    #[test]
    fn findings_are_bounded() {
        let (mut stored, _) = store(&entries(1200));
        for bytes in stored.tiles.values_mut() {
            bytes.iter_mut().for_each(|byte| *byte ^= 1);
        }
        let report = report(&stored, &[]);
        assert_eq!((report.findings.len() as u64 + report.left_out, report.findings.len()), (1204, MAX_FINDINGS));
        assert!(!report.is_clean());
    }

    /// A log that is made as it is read, so that only the verification takes time and memory.
    struct Endless(Stored);

    impl Log for Endless {
        fn checkpoint(&self) -> io::Result<Option<Vec<u8>>> {
            self.0.checkpoint()
        }

        fn tile(&self, id: TileId) -> io::Result<Option<Vec<u8>>> {
            self.0.tile(id)
        }

        fn bundle(&self, id: BundleId) -> io::Result<Option<Vec<u8>>> {
            let entries: Vec<Vec<u8>> = (id.first_entry()..).take(id.width().into()).map(samples::entry).collect();
            Ok(Some(bundle::encode(&entries).unwrap()))
        }
    }

    #[test]
    #[ignore = "a measurement: run it alone, with --release"]
    fn a_million_entries() {
        let mut tree = Appender::new();
        (0..1_000_000).for_each(|index| tree.push(leaf_hash(&samples::entry(index))));
        let checkpoint = Checkpoint::new(ORIGIN, tree.size(), tree.root()).sign(&[&signer()]).unwrap().to_string().into_bytes();
        let tiles = tree.take_changed().into_iter().map(|tile| (tile.id, tile.bytes)).collect();
        let log = Endless(Stored { checkpoint: Some(checkpoint), tiles, ..Stored::default() });
        let start = std::time::Instant::now();
        let report = verify(&log, &[signer().key().clone()], &[]);
        println!("{:?}, {} entries", start.elapsed(), report.entries);
        assert!(report.is_clean());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn any_flipped_bit_is_found(size in 1_u64..700, part: prop::sample::Index, at: prop::sample::Index, bit in 0_u8..8) {
            let (mut stored, _) = store(&entries(size));
            let part = part.index(stored.tiles.len() + stored.bundles.len());
            let bytes = stored.tiles.values_mut().chain(stored.bundles.values_mut()).nth(part).unwrap();
            let at = at.index(bytes.len());
            bytes[at] ^= 1 << bit;
            let report = report(&stored, &[]);
            prop_assert!(!report.is_clean());
            let level_0 = stored.tiles.keys().filter(|id| id.level() == 0).count();
            // A flip in a tile at level 0 names the entry, whatever else it gives.
            if part < level_0 {
                let index = part as u64 * 256 + at as u64 / 32;
                prop_assert_eq!(&report.findings[0], &Finding::LeafDiffers { index });
            }
        }
    }
}

//! A log as a directory of static files, laid out as c2sp.org/tlog-tiles serves it: `checkpoint`, `tile/<level>/...`, `tile/entries/...`. Any
//! web server can publish it, and any C2SP tool can read it. The only module of this crate that does I/O.
//!
//! Each file is written under a temporary name, synchronised, and renamed, so that it is there in full or not at all. Whoever exports writes
//! bundles and tiles first and the checkpoint last: a crash in between leaves files the old checkpoint does not speak of, which the next export
//! writes again. Folders are not synchronised: after a power cut files may be missing, [`crate::verify::verify`] names them, and another export
//! writes them. One writer at a time; old partial files stay, as checkpoints handed out before may need them.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use crate::bundle::{BundleId, MAX_ENTRY_BYTES};
use crate::note::{MAX_NOTE_BYTES, Note};
use crate::tile::{TILE_WIDTH, TileId};
use crate::tree::Tile;
use crate::verify::Log;

/// File of the latest checkpoint.
const CHECKPOINT: &str = "checkpoint";
/// What a full bundle can have at most.
const MAX_BUNDLE_BYTES: usize = TILE_WIDTH as usize * (2 + MAX_ENTRY_BYTES);

/// An exported log.
#[derive(Debug, Clone)]
pub struct Directory {
    root: PathBuf,
}

impl Directory {
    /// The log at this place; nothing is read or made yet.
    #[must_use]
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    /// Writes a tile.
    ///
    /// # Errors
    /// Its length does not fit its width, or the file cannot be written.
    pub fn write_tile(&self, tile: &Tile) -> io::Result<()> {
        if tile.bytes.len() != tile.id.len_bytes() {
            let what = format!("{} would have {} bytes instead of {}", tile.id.path(), tile.bytes.len(), tile.id.len_bytes());
            return Err(io::Error::new(io::ErrorKind::InvalidInput, what));
        }
        self.write(&tile.id.path(), &tile.bytes)
    }

    /// Writes a bundle made by [`crate::bundle::encode`].
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn write_bundle(&self, id: BundleId, bytes: &[u8]) -> io::Result<()> {
        self.write(&id.path(), bytes)
    }

    /// Writes the checkpoint: after every bundle and tile it speaks of.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn write_checkpoint(&self, note: &Note) -> io::Result<()> {
        self.write(CHECKPOINT, note.to_string().as_bytes())
    }

    /// The tiles of a list that are there, for [`crate::proof`].
    ///
    /// # Errors
    /// A file cannot be read.
    pub fn tiles(&self, ids: &[TileId]) -> io::Result<BTreeMap<TileId, Vec<u8>>> {
        let read = |id: &TileId| Ok(Log::tile(self, *id)?.map(|bytes| (*id, bytes)));
        ids.iter().filter_map(|id| read(id).transpose()).collect()
    }

    fn write(&self, path: &str, bytes: &[u8]) -> io::Result<()> {
        let target = self.root.join(path);
        let folder = target.parent().unwrap_or(&self.root);
        fs::create_dir_all(folder)?;
        let temporary = target.with_added_extension("new");
        let mut file = File::create(&temporary)?;
        file.write_all(bytes)?;
        // Without this a power cut after the rename could leave an empty file under the final name.
        file.sync_all()?;
        fs::rename(&temporary, &target)
    }

    /// A file of at most `limit` bytes, or `None` if there is none.
    fn read(&self, path: &str, limit: usize) -> io::Result<Option<Vec<u8>>> {
        read(&self.root.join(path), limit).or_else(|e| if e.kind() == io::ErrorKind::NotFound { Ok(None) } else { Err(e) })
    }
}

impl Log for Directory {
    fn checkpoint(&self) -> io::Result<Option<Vec<u8>>> {
        self.read(CHECKPOINT, MAX_NOTE_BYTES)
    }

    /// A partial tile may have been deleted once the full one is there (tlog-tiles); then its beginning is read from that.
    fn tile(&self, id: TileId) -> io::Result<Option<Vec<u8>>> {
        let full = TileId::full(id.level(), id.index());
        if let Some(exact) = self.read(&id.path(), full.len_bytes())? {
            return Ok(Some(exact));
        }
        let wider = self.read(&full.path(), full.len_bytes())?;
        Ok(wider.and_then(|bytes| bytes.get(..id.len_bytes()).map(<[u8]>::to_vec)))
    }

    fn bundle(&self, id: BundleId) -> io::Result<Option<Vec<u8>>> {
        self.read(&id.path(), MAX_BUNDLE_BYTES)
    }
}

/// One byte more than allowed tells that there are more.
fn read(path: &Path, limit: usize) -> io::Result<Option<Vec<u8>>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(limit as u64 + 1).read_to_end(&mut bytes)?;
    if bytes.len() > limit {
        return Err(io::Error::new(io::ErrorKind::InvalidData, format!("it has more than {limit} bytes, which no such file has")));
    }
    Ok(Some(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bundle::{self, bundles_of};
    use crate::checkpoint::Checkpoint;
    use crate::finding::Finding;
    use crate::hash::leaf_hash;
    use crate::leaf::samples;
    use crate::proof::{inclusion, tiles_for_inclusion, verify_inclusion};
    use crate::sign::{Ed25519Signer, Signer};
    use crate::tree::Appender;
    use crate::verify::verify;

    /// A folder of its own for each test, gone when the test is.
    struct Scratch(PathBuf);

    impl Scratch {
        fn new(name: &str) -> Self {
            let folder = std::env::temp_dir().join(format!("guiju-ledger-{}-{name}", std::process::id()));
            fs::create_dir_all(&folder).unwrap();
            Self(folder)
        }
    }

    impl Drop for Scratch {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    fn signer() -> Ed25519Signer {
        Ed25519Signer::new("example.com/log", &[1; 32]).unwrap()
    }

    fn export(root: &Path, size: u64) -> (Directory, Checkpoint) {
        let directory = Directory::new(root);
        let entries: Vec<Vec<u8>> = (0..size).map(samples::entry).collect();
        let mut tree = Appender::new();
        entries.iter().for_each(|entry| tree.push(leaf_hash(entry)));
        for (id, entries) in bundles_of(size).zip(entries.chunks(256)) {
            directory.write_bundle(id, &bundle::encode(entries).unwrap()).unwrap();
        }
        tree.take_changed().iter().for_each(|tile| directory.write_tile(tile).unwrap());
        let checkpoint = Checkpoint::new("example.com/log", size, tree.root());
        directory.write_checkpoint(&checkpoint.sign(&[&signer()]).unwrap()).unwrap();
        (directory, checkpoint)
    }

    #[test]
    fn what_is_exported_verifies_and_proves() {
        let scratch = Scratch::new("export");
        for size in [0, 1, 300, 600] {
            let (directory, checkpoint) = export(&scratch.0, size);
            assert_eq!(verify(&directory, &[signer().key().clone()], &[]).findings, []);
            if size == 300 {
                let tiles = directory.tiles(&tiles_for_inclusion(300, 299).unwrap()).unwrap();
                let proof = inclusion(300, 299, &tiles).unwrap();
                verify_inclusion(300, 299, &leaf_hash(&samples::entry(299)), &proof, &checkpoint.root).unwrap();
            }
        }
        assert!(scratch.0.join("tile/entries/001.p/44").is_file(), "the older checkpoint still needs it");
    }

    #[test]
    fn a_deleted_partial_tile_is_read_from_the_full_one() {
        let scratch = Scratch::new("partial");
        let (directory, _) = export(&scratch.0, 300);
        let narrow = TileId::new(0, 0, 200).unwrap();
        assert_eq!(directory.tile(narrow).unwrap().unwrap().len(), 200 * 32);
        assert_eq!(directory.tile(TileId::new(0, 1, 45).unwrap()).unwrap(), None);
    }

    #[test]
    fn damage_is_named() {
        let scratch = Scratch::new("damage");
        let (directory, _) = export(&scratch.0, 300);
        let found = || verify(&directory, &[signer().key().clone()], &[]).findings;
        fs::write(scratch.0.join("tile/1/000.p/1"), vec![0; 9000]).unwrap();
        assert!(matches!(&found()[..], [Finding::Unreadable { what, .. }] if what == "tile/1/000.p/1"));
        fs::remove_file(scratch.0.join("tile/1/000.p/1")).unwrap();
        assert_eq!(found(), [Finding::TileMissing(TileId::new(1, 0, 1).unwrap())]);
        fs::remove_file(scratch.0.join("checkpoint")).unwrap();
        assert_eq!(found(), [Finding::CheckpointMissing]);
    }

    #[test]
    fn a_tile_of_the_wrong_length_is_not_written() {
        let scratch = Scratch::new("length");
        let tile = Tile { id: TileId::new(0, 0, 2).unwrap(), bytes: vec![0; 32] };
        assert_eq!(Directory::new(&scratch.0).write_tile(&tile).unwrap_err().kind(), io::ErrorKind::InvalidInput);
    }
}

//! The rows that were kept: what the lists are drawn from.

use std::path::{Path, PathBuf};

use taxonomy::Decision;

use crate::CorpusError;
use crate::findings::Reader;
use crate::input::{self, Counter};
use crate::manifest::{Manifest, Shard};
use crate::record::Record;
use crate::settings::{SHARD_BYTES, Selector, Settings};
use crate::texts::Place;

/// A spot check of a directory.
pub struct SpotCheck {
    /// The directory.
    pub(super) dir: PathBuf,
    /// The files: those of the scan, or the clean ones that `apply` wrote.
    pub(super) manifest: Manifest,
    /// Whether the findings of a scan say which rows are kept; else all are.
    pub(super) scanned: bool,
}

/// A row that was kept, and the hash of its text where the findings have it.
pub(super) type Kept = (u64, Option<[u8; 16]>);

impl SpotCheck {
    /// Opens a directory: a finished scan, or what `apply` wrote. `text` names the field of the text where `apply` wrote the rows: its directory
    /// does not say.
    ///
    /// # Errors
    /// It holds neither, the scan is not finished, or files cannot be read.
    pub fn open(dir: &Path, text: &Selector) -> Result<Self, CorpusError> {
        if let Some(manifest) = Manifest::read(dir)? {
            let open = Record::all(dir, &manifest)?.iter().filter(|record| record.is_none()).count();
            if open > 0 {
                return Err(CorpusError::Input(format!("{open} shards are not scanned yet; run `guiju corpus scan` again first")));
            }
            return Ok(Self { dir: dir.to_owned(), manifest, scanned: true });
        }
        if !dir.join("applied.json").exists() {
            let message = "holds no finished scan and nothing that `guiju corpus apply` finished";
            return Err(CorpusError::Input(format!("{} {message}", dir.display())));
        }
        let settings = Settings { text: text.clone(), matched: false, versions: Vec::new(), shard_bytes: SHARD_BYTES };
        let manifest = Manifest::make(&[dir.join("clean")], settings, &Counter::default())?;
        if let Some(unreadable) = manifest.files.iter().find_map(|file| file.unreadable.as_ref()) {
            return Err(CorpusError::Input(unreadable.clone()));
        }
        Ok(Self { dir: dir.to_owned(), manifest, scanned: false })
    }

    /// Hands out the rows of a shard that were kept, in order.
    pub(super) fn kept(&self, shard: &Shard, mut each: impl FnMut(Kept)) -> Result<(), CorpusError> {
        if self.scanned {
            for row in Reader::open(&self.dir, shard.id)? {
                let row = row?;
                if matches!(row.decision, Decision::Pass | Decision::Mask) {
                    each((row.line, row.content.ok().map(|content| content.hash)));
                }
            }
            return Ok(());
        }
        let mut rows = input::open(self.manifest.file(shard)?, shard, &self.manifest.settings.text, Counter::default())?;
        while let Some(row) = rows.next()? {
            each((row.line, None));
        }
        Ok(())
    }

    /// The shard of a place.
    pub(super) fn shard(&self, place: Place) -> Result<&Shard, CorpusError> {
        let none = || CorpusError::Input(format!("the manifest has no shard {}", place.0));
        self.manifest.shards.get(place.0 as usize).ok_or_else(none)
    }
}

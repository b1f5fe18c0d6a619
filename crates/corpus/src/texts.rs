//! The texts of chosen rows, read again from their files: for sheets and examples. Findings hold places, not texts.

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::input::{self, Counter, Taking};
use crate::manifest::{Manifest, Shard};
use crate::{CorpusError, content_hash};

/// A row's place: shard and line.
pub(crate) type Place = (u32, u64);

/// Hands out the texts of rows in order of place. Each shard is read once, and no further than its last chosen row; a row that cannot be read is
/// left out. Where the hash of the text is known it must still be that text.
pub(crate) fn each_text(
    manifest: &Manifest,
    wanted: &BTreeMap<Place, Option<[u8; 16]>>,
    mut take: impl FnMut(Place, &str),
) -> Result<(), CorpusError> {
    for shard in &manifest.shards {
        let lines: BTreeMap<u64, Option<[u8; 16]>> =
            wanted.range((shard.id, 0)..=(shard.id, u64::MAX)).map(|((_, line), hash)| (*line, *hash)).collect();
        if !lines.is_empty() {
            of_shard(manifest, shard, lines, &mut take)?;
        }
    }
    Ok(())
}

fn of_shard(
    manifest: &Manifest,
    shard: &Shard,
    mut lines: BTreeMap<u64, Option<[u8; 16]>>,
    take: &mut impl FnMut(Place, &str),
) -> Result<(), CorpusError> {
    let (file, text) = (manifest.file(shard)?, &manifest.settings.text);
    let taking = Taking::of(file, text);
    let changed = || CorpusError::Changed { path: PathBuf::from(&file.path) };
    let mut rows = input::open(file, shard, text, Counter::default())?;
    while !lines.is_empty() {
        let Some(row) = rows.next()? else { return Err(changed()) };
        let Some(hash) = lines.remove(&row.line) else { continue };
        let taken = row.bytes.and_then(|bytes| Ok(taking.take(&bytes)?.text.into_owned()));
        match (taken, hash) {
            (Ok(text), Some(hash)) if content_hash(&text) != hash => return Err(changed()),
            (Ok(text), _) => take((shard.id, row.line), &text),
            (Err(_), Some(_)) => return Err(changed()),
            (Err(_), None) => {}
        }
    }
    Ok(())
}

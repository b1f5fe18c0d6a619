//! Writing an export: files first, each hashed and held against what was applied; then the manifest, once it is recorded and signed.
//!
//! `pending/` holds what is known so far: a record for each file that is there, and the manifest that was proposed to the ledger. A crash before the
//! last rename leaves a directory without manifest; the same command goes on, and finds the manifest of an entry that was already made.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use keys::digest::{Digester, Digests, hex};
use serde::{Deserialize, Serialize};

use super::manifest::{Digested, ExportManifest, Terms, written};
use super::{Batch, DATA, LINEAGE, MANIFEST, NOTE, rows};
use crate::apply::{self, Outcome};
use crate::error::{at, damaged};
use crate::lineage::ExportedPart;
use crate::manifest::Shard;
use crate::{CorpusError, durable, scan};

/// Where what is known so far stands.
const PENDING: &str = "pending";
/// Bytes copied at once.
const BUFFER_BYTES: usize = 1 << 20;

/// An export that is being written.
pub struct Outgoing<'a> {
    applied: &'a Path,
    out: &'a Path,
    batch: &'a Batch,
    link: bool,
    _lock: File,
}

/// A manifest that is to be recorded and signed.
#[derive(Debug)]
pub struct Proposed {
    /// The manifest.
    pub manifest: ExportManifest,
    /// Its digests: what the ledger says of it.
    pub digests: Digests,
    bytes: Vec<u8>,
}

/// A file that is there, with its fates.
#[derive(Serialize, Deserialize)]
struct Put {
    file: ExportedPart,
    fates: Digested,
}

impl<'a> Outgoing<'a> {
    /// Begins an export, or goes on with one that was cut off. With `link` files are linked and not copied, where both lie on one file system: then whoever changes the one
    /// changes the other.
    ///
    /// # Errors
    /// The directory holds something else, or a finished export.
    pub fn begin(applied: &'a Path, out: &'a Path, batch: &'a Batch, link: bool) -> Result<Self, CorpusError> {
        if out.join(MANIFEST).exists() {
            return Err(CorpusError::Input(format!("{} holds a finished export; name another --out", out.display())));
        }
        for folder in [DATA, LINEAGE, PENDING] {
            let path = out.join(folder);
            fs::create_dir_all(&path).map_err(at(&path))?;
        }
        for entry in fs::read_dir(out).map_err(at(out))? {
            let name = entry.map_err(at(out))?.file_name();
            if ![DATA, LINEAGE, PENDING, NOTE].iter().any(|known| name == *known) {
                let name = name.display();
                return Err(CorpusError::Input(format!(
                    "{} holds '{name}', which is of no export; name an empty directory",
                    out.display()
                )));
            }
        }
        Ok(Self { applied, out, batch, link, _lock: scan::lock(&out.join(PENDING))? })
    }

    /// Brings all files out; `done` is told after each how many there are.
    ///
    /// # Errors
    /// A file is not what was applied, or cannot be read or written.
    pub fn put_all(&self, done: &dyn Fn(usize, usize)) -> Result<(Vec<ExportedPart>, Vec<Digested>), CorpusError> {
        let all = self.batch.shards.len();
        let (mut files, mut fates) = (Vec::with_capacity(all), Vec::with_capacity(all));
        for (shard, outcome) in self.batch.manifest.shards.iter().zip(&self.batch.shards) {
            let put = match self.known(shard)? {
                Some(put) => put,
                None => self.put(shard, outcome)?,
            };
            files.push(put.file);
            fates.push(put.fates);
            done(files.len(), all);
        }
        Ok((files, fates))
    }

    /// The manifest that a run which was cut off proposed for the same files of the same scan. If the ledger has it, it is the one; if not, it counts for nothing.
    #[must_use]
    pub fn earlier(&self, files: &[ExportedPart], fates: &[Digested]) -> Option<Proposed> {
        let bytes = fs::read(self.pending(MANIFEST)).ok()?;
        let manifest = ExportManifest::parse(&bytes).ok()?;
        let same = manifest.files == files && manifest.fates == fates && manifest.scan.root == hex(&self.batch.root);
        same.then(|| Proposed { manifest, digests: Digests::of(&bytes), bytes })
    }

    /// Proposes a manifest for the files that are out.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn propose(&self, terms: Terms, files: Vec<ExportedPart>, fates: Vec<Digested>) -> Result<Proposed, CorpusError> {
        let manifest = ExportManifest::new(self.batch, terms, files, fates);
        let bytes = manifest.bytes();
        durable::write_bytes(&self.pending(MANIFEST), &bytes)?;
        Ok(Proposed { manifest, digests: Digests::of(&bytes), bytes })
    }

    /// Makes it an export: the note that the log signed, and last the manifest.
    ///
    /// # Errors
    /// A file cannot be written.
    pub fn finish(self, proposed: &Proposed, note: &str) -> Result<(), CorpusError> {
        durable::write_bytes(&self.out.join(NOTE), note.as_bytes())?;
        for shard in &self.batch.manifest.shards {
            let path = self.pending(&record(shard.id));
            fs::remove_file(&path).map_err(at(&path))?;
        }
        let pending = self.pending(MANIFEST);
        durable::write_bytes(&self.out.join(MANIFEST), &proposed.bytes)?;
        fs::remove_file(&pending).map_err(at(&pending))?;
        let folder = self.out.join(PENDING);
        fs::remove_dir_all(&folder).map_err(at(&folder))
    }

    fn pending(&self, name: &str) -> PathBuf {
        self.out.join(PENDING).join(name)
    }

    /// A shard whose files are there already, whole.
    fn known(&self, shard: &Shard) -> Result<Option<Put>, CorpusError> {
        let Ok(bytes) = fs::read(self.pending(&record(shard.id))) else { return Ok(None) };
        let Ok(put) = serde_json::from_slice::<Put>(&bytes) else { return Ok(None) };
        let there = |path: &str, bytes: u64| fs::metadata(self.out.join(path)).is_ok_and(|known| known.len() == bytes);
        Ok(Some(put).filter(|put| there(&put.file.path, put.file.bytes) && there(&put.fates.path, put.fates.bytes)))
    }

    /// Brings the files of a shard out.
    fn put(&self, shard: &Shard, outcome: &Outcome) -> Result<Put, CorpusError> {
        let name = Path::new(&outcome.file).file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let data = self.bring(&self.applied.join(&outcome.file), format!("{DATA}/{name}"))?;
        let fates = self.bring(&apply::fates_path(self.applied, shard.id), format!("{LINEAGE}/{:06}.fates", shard.id))?;
        let path = self.out.join(&data.path);
        let changed = |what: String| {
            damaged(&self.applied.join(&outcome.file), format!("{what}; remove shards/{:06}.json there and apply again", shard.id))
        };
        if data.sha256 != outcome.sha256 {
            return Err(changed("is not the file that `guiju corpus apply` wrote".to_owned()));
        }
        let (rows, root) = rows::root(&path, &self.out.join(&fates.path), shard.id, &self.batch.manifest.settings.text)?;
        if (rows, hex(&root)) != (outcome.out, outcome.root.clone()) {
            return Err(changed(format!("has {rows} rows under another root than its record says")));
        }
        let Digested { path, bytes, sha256, sm3 } = data;
        let file =
            ExportedPart { number: u64::from(shard.id), shard: shard.id, path, rows, root: outcome.root.clone(), bytes, sha256, sm3 };
        let put = Put { file, fates };
        durable::write_bytes(&self.pending(&record(shard.id)), &serde_json::to_vec(&put).unwrap_or_default())?;
        Ok(put)
    }

    /// Copies or links a file, and digests what lies there then.
    fn bring(&self, from: &Path, path: String) -> Result<Digested, CorpusError> {
        let to = self.out.join(&path);
        let (bytes, digests) = if self.link && fs::hard_link(from, &to).is_ok() {
            durable::sync_above(&to)?;
            hashed(from, None)?
        } else {
            copied(from, &to)?
        };
        let (sha256, sm3) = written(&digests);
        Ok(Digested { path, bytes, sha256, sm3 })
    }
}

/// The name of the record of a shard that is out.
fn record(shard: u32) -> String {
    format!("{shard:06}.json")
}

fn copied(from: &Path, to: &Path) -> Result<(u64, Digests), CorpusError> {
    // What an earlier run linked goes: writing over it would change what was applied.
    match fs::remove_file(to) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(at(to)(error)),
        _ => durable::write(to, |file| hashed(from, Some(file))),
    }
}

/// Digests a file, and writes it on the way.
fn hashed(from: &Path, mut to: Option<&mut durable::Pending>) -> Result<(u64, Digests), CorpusError> {
    let mut file = File::open(from).map_err(at(from))?;
    let (mut digester, mut bytes, mut buffer) = (Digester::default(), 0_u64, vec![0; BUFFER_BYTES]);
    loop {
        let read = file.read(&mut buffer).map_err(at(from))?;
        let piece = buffer.get(..read).unwrap_or_default();
        if piece.is_empty() {
            return Ok((bytes, digester.finish()));
        }
        digester.update(piece);
        if let Some(to) = &mut to {
            to.write_all(piece).map_err(at(from))?;
        }
        bytes += read as u64;
    }
}

/// Size and digests of a file.
pub(super) fn digests(path: &Path) -> Result<(u64, Digests), CorpusError> {
    hashed(path, None)
}

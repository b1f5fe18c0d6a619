//! Verifies an export with nothing but the public key of the log: signature, manifest, both digests of every file, every row, and that no other file lies there.

use std::collections::BTreeSet;
use std::fs;
use std::io::Read;
use std::path::Path;

use keys::digest::{Digests, hex};
use ledger::key::VerifierKey;
use ledger::note::{MAX_NOTE_BYTES, Note};
use ledger::statement::Statement;

use super::manifest::{Digested, ExportManifest, MAX_MANIFEST_BYTES, written};
use super::outgoing::digests;
use super::{MANIFEST, NOTE, rows};
use crate::CorpusError;
use crate::error::at;
use crate::lineage::{EXPORT, ExportedPart};

/// What is not as it should be, in sentences, each with the file that it is about; nothing where all is well. Every key that is given must have signed.
///
/// # Errors
/// The directory holds no export, or cannot be read.
pub fn check(dir: &Path, keys: &[VerifierKey]) -> Result<Vec<String>, CorpusError> {
    let bytes = read(&dir.join(MANIFEST), MAX_MANIFEST_BYTES)?;
    let note = read(&dir.join(NOTE), MAX_NOTE_BYTES as u64)?;
    let manifest = match opened(&bytes, &note, keys) {
        Ok(manifest) => manifest,
        // Of what nobody has signed nothing is to be believed, so nothing else is looked at.
        Err(trouble) => return Ok(vec![trouble]),
    };
    let mut troubles = Vec::new();
    for (file, fates) in manifest.files.iter().zip(&manifest.fates) {
        let data = Digested { path: file.path.clone(), bytes: file.bytes, sha256: file.sha256.clone(), sm3: file.sm3.clone() };
        let found: Vec<String> = [&data, fates].into_iter().filter_map(|known| differs(dir, known)).collect();
        // Rows of a file that is another are not worth counting.
        troubles.extend(if found.is_empty() { rows_differ(dir, &manifest, file, fates).into_iter().collect() } else { found });
    }
    strangers(dir, Path::new(""), &known(&manifest), &mut troubles)?;
    Ok(troubles)
}

/// The manifest, if the log has signed it; why it is not to be believed otherwise.
fn opened(bytes: &[u8], note: &[u8], keys: &[VerifierKey]) -> Result<ExportManifest, String> {
    let said = |what: &str| format!("{NOTE}: {what}");
    let note = Note::parse(note).map_err(|error| said(&error.to_string()))?;
    if keys.is_empty() {
        return Err(said("no key was given to verify it with"));
    }
    for key in keys {
        note.verify([key]).map_err(|error| said(&error.to_string()))?;
    }
    let statement = Statement::parse(note.text()).map_err(|error| said(&error.to_string()))?;
    if statement.what() != EXPORT {
        return Err(said(&format!("it speaks of '{}', not of an export", statement.what())));
    }
    if keys.iter().any(|key| key.name() != statement.origin()) {
        return Err(said(&format!("it speaks for the log {}, and the key is of another", statement.origin())));
    }
    let (sha256, sm3) = written(&Digests::of(bytes));
    if statement.get("manifest") != Some(sha256.as_str()) || statement.get("manifest-sm3") != Some(sm3.as_str()) {
        return Err(format!("{MANIFEST}: it is not the manifest that was signed"));
    }
    let manifest = ExportManifest::parse(bytes).map_err(|error| format!("{MANIFEST}: {error}"))?;
    let root = hex(&manifest.root());
    let lines = [("root", root.clone()), ("files", manifest.files.len().to_string()), ("rows", manifest.rows_out().to_string())];
    let same = lines.iter().all(|(name, value)| statement.get(name) == Some(value.as_str()));
    let of_log = manifest.origin == statement.origin() && manifest.entry == statement.entry() && manifest.root == root;
    if same && of_log { Ok(manifest) } else { Err(format!("{MANIFEST}: it contradicts {NOTE}")) }
}

/// How a file differs from what the manifest says.
fn differs(dir: &Path, known: &Digested) -> Option<String> {
    let said = |what: String| Some(format!("{}: {what}", known.path));
    let path = dir.join(&known.path);
    match fs::symlink_metadata(&path) {
        Ok(found) if !found.is_file() => return said("it is no plain file".to_owned()),
        Ok(found) if found.len() != known.bytes => return said(format!("it has {} bytes, the manifest says {}", found.len(), known.bytes)),
        Ok(_) => {}
        Err(error) => return said(error.to_string()),
    }
    match digests(&path).map(|(_, digests)| written(&digests)) {
        Ok((sha256, _)) if sha256 != known.sha256 => said(format!("its SHA-256 is {sha256}, the manifest says {}", known.sha256)),
        Ok((_, sm3)) if sm3 != known.sm3 => said(format!("its SM3 is {sm3}, the manifest says {}", known.sm3)),
        Ok(_) => None,
        Err(error) => said(error.to_string()),
    }
}

/// How the rows of a file differ from what the manifest says.
fn rows_differ(dir: &Path, manifest: &ExportManifest, file: &ExportedPart, fates: &Digested) -> Option<String> {
    match rows::root(&dir.join(&file.path), &dir.join(&fates.path), file.shard, &manifest.text) {
        Ok((rows, _)) if rows != file.rows => Some(format!("{}: it has {rows} rows, the manifest says {}", file.path, file.rows)),
        Ok((_, root)) if hex(&root) != file.root => {
            Some(format!("{}: the root over its rows is {}, the manifest says {}", file.path, hex(&root), file.root))
        }
        Ok(_) => None,
        Err(error) => Some(error.to_string()),
    }
}

/// Every path that may lie in the export. A lock that a crash left is nothing to anyone.
fn known(manifest: &ExportManifest) -> BTreeSet<String> {
    let paths = manifest.files.iter().map(|file| &file.path).chain(manifest.fates.iter().map(|file| &file.path));
    paths.cloned().chain([MANIFEST, NOTE, "pending/lock", "pending/manifest.json"].map(str::to_owned)).collect()
}

/// Names what lies there and is in no manifest.
fn strangers(dir: &Path, below: &Path, known: &BTreeSet<String>, troubles: &mut Vec<String>) -> Result<(), CorpusError> {
    let folder = dir.join(below);
    let mut entries: Vec<_> = fs::read_dir(&folder).map_err(at(&folder))?.collect::<Result<_, _>>().map_err(at(&folder))?;
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let path = below.join(entry.file_name());
        if entry.file_type().map_err(at(&folder))?.is_dir() && path.components().count() == 1 {
            strangers(dir, &path, known, troubles)?;
        } else if !path.to_str().is_some_and(|path| known.contains(path)) {
            troubles.push(format!("{}: it is not in the manifest", path.display()));
        }
    }
    Ok(())
}

fn read(path: &Path, most: u64) -> Result<Vec<u8>, CorpusError> {
    let mut bytes = Vec::new();
    let file = fs::File::open(path).map_err(at(path))?;
    file.take(most + 1).read_to_end(&mut bytes).map_err(at(path))?;
    if bytes.len() as u64 > most {
        return Err(crate::error::damaged(path, format!("has more than {most} bytes, which no export has")));
    }
    Ok(bytes)
}

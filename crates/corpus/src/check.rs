//! Holds what a scan wrote against what it says of itself, and the inputs against the manifest; and takes over what another machine wrote.

use std::path::Path;

use crate::error::{at, damaged};
use crate::findings;
use crate::input::{hash_file, hash_range};
use crate::lineage::findings_root;
use crate::manifest::Manifest;
use crate::record::Record;
use crate::{CorpusError, durable};

/// What is not as it should be, in sentences; nothing where all is well. Everything is read once.
///
/// # Errors
/// A record cannot be read.
pub fn check(dir: &Path, manifest: &Manifest) -> Result<Vec<String>, CorpusError> {
    let mut troubles = Vec::new();
    for (shard, record) in manifest.shards.iter().zip(Record::all(dir, manifest)?) {
        let file = manifest.file(shard)?;
        let path = &file.path;
        match hash_range(&file.place()?, shard.start..shard.end) {
            Ok(hash) if hash == shard.sha256 => {}
            Ok(_) => troubles.push(format!("shard {}: {path} has changed since the manifest was made", shard.id)),
            Err(error) => troubles.push(format!("shard {}: {error}", shard.id)),
        }
        match record {
            None => troubles.push(format!("shard {}: not scanned yet", shard.id)),
            Some(record) => troubles.extend(findings_trouble(dir, &record)),
        }
    }
    Ok(troubles)
}

fn findings_trouble(dir: &Path, record: &Record) -> Option<String> {
    let path = findings::path(dir, record.shard);
    let said = |what: String| Some(format!("shard {}: {what}; remove its record and scan again", record.shard));
    match hash_file(&path) {
        Err(error) => return said(error.to_string()),
        Ok(hash) if hash != record.sha256 => return said(format!("{} is not the file that was written", path.display())),
        Ok(_) => {}
    }
    match findings_root(dir, record.shard) {
        Ok((_, rows)) if rows != record.rows => said(format!("{rows} rows of findings, the record says {}", record.rows)),
        Ok((root, _)) if root != record.root => said(format!("the root over its rows is {root}, the record says {}", record.root)),
        Ok(_) => None,
        Err(error) => said(error.to_string()),
    }
}

/// Copies the findings and records that another machine wrote for the same manifest and that are not here yet.
///
/// # Errors
/// The other directory holds another manifest, or files that are not what their records say.
pub fn take(dir: &Path, manifest: &Manifest, from: &Path) -> Result<(), CorpusError> {
    let other = Manifest::read(from)?.ok_or_else(|| CorpusError::Input(format!("{} holds no scan", from.display())))?;
    if other != *manifest {
        return Err(CorpusError::Input(format!("{} holds a scan of another manifest than {}", from.display(), dir.display())));
    }
    let shards = dir.join("shards");
    std::fs::create_dir_all(&shards).map_err(at(&shards))?;
    let (here, there) = (Record::all(dir, manifest)?, Record::all(from, manifest)?);
    for (_, record) in here.iter().zip(&there).filter(|(here, _)| here.is_none()) {
        let Some(record) = record else { continue };
        let path = findings::path(from, record.shard);
        if hash_file(&path)? != record.sha256 {
            return Err(damaged(&path, "is not the file that was written; scan its shard again"));
        }
        // Findings first, the record last, as a scan does it.
        let mut file = std::fs::File::open(&path).map_err(at(&path))?;
        durable::write(&findings::path(dir, record.shard), |out| std::io::copy(&mut file, out).map_err(at(&path)).map(|_| ()))?;
        record.write(dir)?;
    }
    Ok(())
}

//! Verifying a backup: every part is opened, every log derived from its leaves, every segment held against its leaf.

use std::collections::{BTreeSet, HashMap};
use std::path::Path;

use ledger::checkpoint::Checkpoint;
use ledger::hash::{Hash, leaf_hash};
use ledger::key::VerifierKey;
use ledger::leaf::Leaf;
use ledger::note::Note;
use ledger::tree::Appender;

use super::chain::Chain;
use super::error::BackupError;
use super::manifest::{Backup, LogHead};
use super::part::PartReader;
use super::table::{ENTRIES, SEGMENTS};
use super::{Lock, Progress, Summary, What};
use crate::log::rows::Value;
use crate::tenant::TenantId;

/// Verifies a backup, and all that it builds on. `progress` hears how many rows were read.
///
/// # Errors
/// It does not open, or is damaged: the message names the file.
pub fn verify(directory: &Path, lock: &Lock<'_>, progress: &mut Progress<'_>) -> Result<Summary, BackupError> {
    let chain = Chain::open(directory, lock)?;
    check(&chain, lock, &Sizes::new(), progress)?;
    Ok(Summary::of(&chain.newest))
}

/// Sizes of logs at which their roots are wanted.
pub(super) type Sizes = HashMap<TenantId, Vec<u64>>;

/// The roots of logs at some sizes.
pub(super) type Roots = HashMap<(TenantId, u64), Hash>;

/// Verifies a chain, and gives the roots at the sizes that are asked for, as far as the logs go.
pub(super) fn check(chain: &Chain, lock: &Lock<'_>, wanted: &Sizes, progress: &mut Progress<'_>) -> Result<Roots, BackupError> {
    let mut trees = Trees::new(chain, wanted);
    let mut rows = 0;
    for backup in chain.iter() {
        for part in backup.parts(lock.policy) {
            let (table, mut reader) = part?;
            match (backup.manifest.what, table.name) {
                (What::Data, ENTRIES) => {
                    let mut segments = Segments::new(backup.part(SEGMENTS, lock.policy)?);
                    trees.read(&mut reader, &mut segments, |more| {
                        rows += more;
                        progress(rows);
                    })?;
                    segments.finish()?;
                }
                // Read together with the entries.
                (What::Data, SEGMENTS) => {}
                _ => {
                    while let Some(chunk) = reader.next()? {
                        rows += chunk.rows.len() as u64;
                        progress(rows);
                    }
                }
            }
        }
        if backup.manifest.what == What::Data {
            trees.compare(backup)?;
        }
    }
    if chain.newest.manifest.what == What::Data {
        for log in &chain.newest.manifest.logs {
            let damaged = |how| BackupError::damaged(format!("the log {} in {}", log.origin, chain.newest.directory.display()), how);
            signed(log, &trees.roots).map_err(damaged)?;
        }
    }
    Ok(trees.roots)
}

/// The logs while their leaves are read.
struct Trees {
    trees: HashMap<TenantId, Appender>,
    wanted: HashMap<TenantId, BTreeSet<u64>>,
    roots: Roots,
}

impl Trees {
    fn new(chain: &Chain, wanted: &Sizes) -> Self {
        let mut sizes: HashMap<TenantId, BTreeSet<u64>> = HashMap::new();
        let own = chain.iter().flat_map(|backup| &backup.manifest.logs).map(|log| (&log.tenant, log.signed_size));
        for (tenant, size) in own.chain(wanted.iter().flat_map(|(tenant, sizes)| sizes.iter().map(move |size| (tenant, *size)))) {
            sizes.entry(tenant.clone()).or_default().insert(size);
        }
        let empty = Appender::new().root();
        let roots = sizes.keys().map(|tenant| ((tenant.clone(), 0), empty)).collect();
        Self { trees: HashMap::new(), wanted: sizes, roots }
    }

    /// Reads the entries of one backup, and its segments beside them.
    fn read(&mut self, reader: &mut PartReader<'_>, segments: &mut Segments<'_>, mut progress: impl FnMut(u64)) -> Result<(), BackupError> {
        let none = BTreeSet::new();
        while let Some(chunk) = reader.next()? {
            let tree = self.trees.entry(chunk.tenant.clone()).or_default();
            let wanted = self.wanted.get(&chunk.tenant).unwrap_or(&none);
            for row in &chunk.rows {
                let place = tree.size();
                let (id, bytes) = match row.as_slice() {
                    [Value::Number(found), Value::Bytes(id), Value::Bytes(leaf)] if found.unsigned_abs() == place => (id, leaf),
                    _ => return Err(reader.damaged(format!("entry {place} of {} is missing", chunk.tenant))),
                };
                let leaf = Leaf::decode(bytes).ok().filter(|leaf| leaf.entry_id.as_slice() == id);
                let leaf = leaf.ok_or_else(|| reader.damaged(format!("entry {place} of {} is no leaf, or another one", chunk.tenant)))?;
                segments.of(&chunk.tenant, place, &leaf)?;
                tree.push(leaf_hash(bytes));
                if wanted.contains(&tree.size()) {
                    self.roots.insert((chunk.tenant.clone(), tree.size()), tree.root());
                }
            }
            // Tiles are of no use here, and would fill the memory.
            tree.take_changed();
            progress(chunk.rows.len() as u64);
        }
        Ok(())
    }

    /// Holds the logs against what a manifest says of them.
    fn compare(&self, backup: &Backup) -> Result<(), BackupError> {
        for log in &backup.manifest.logs {
            let tree = self.trees.get(&log.tenant);
            let (size, root) = tree.map_or((0, Appender::new().root()), |tree| (tree.size(), tree.root()));
            if (size, root) != (log.size, log.root) {
                let what = format!("the log {} in {}", log.origin, backup.directory.display());
                let how = format!(
                    "its {size} leaves give another root than its head, which speaks of {}; it was damaged before it was backed up",
                    log.size
                );
                return Err(BackupError::damaged(what, how));
            }
        }
        Ok(())
    }
}

/// The segments of a backup, read beside its entries.
struct Segments<'k> {
    reader: PartReader<'k>,
    rows: std::iter::Peekable<std::vec::IntoIter<Vec<Value>>>,
    tenant: Option<TenantId>,
}

impl<'k> Segments<'k> {
    fn new(reader: PartReader<'k>) -> Self {
        Self { reader, rows: Vec::new().into_iter().peekable(), tenant: None }
    }

    /// Takes the segments of an entry, and holds them against its leaf. One that is not there was erased, or has outlived its retention.
    fn of(&mut self, tenant: &TenantId, place: u64, leaf: &Leaf) -> Result<(), BackupError> {
        while self.peek()? && self.tenant.as_ref() == Some(tenant) {
            let of_it = |row: &Vec<Value>| matches!(row.first(), Some(Value::Number(at)) if at.unsigned_abs() == place);
            let Some(row) = self.rows.next_if(of_it) else { break };
            let holds = match row.as_slice() {
                [_, Value::Number(segment), Value::Bytes(sealed)] => {
                    usize::try_from(*segment).ok().and_then(|segment| leaf.segments.get(segment)).is_some_and(|known| known.is(sealed))
                }
                _ => false,
            };
            if !holds {
                return Err(self.reader.damaged(format!("a segment of entry {place} of {tenant} is not the one its leaf speaks of")));
            }
        }
        Ok(())
    }

    /// Whether there is one more; it is in memory then.
    fn peek(&mut self) -> Result<bool, BackupError> {
        while self.rows.peek().is_none() {
            let Some(chunk) = self.reader.next()? else { return Ok(false) };
            (self.rows, self.tenant) = (chunk.rows.into_iter().peekable(), Some(chunk.tenant));
        }
        Ok(true)
    }

    /// Nothing may be left.
    fn finish(&mut self) -> Result<(), BackupError> {
        if self.peek()? { Err(self.reader.damaged("it holds a segment without its entry".to_owned())) } else { Ok(()) }
    }
}

/// Holds a log's checkpoint against its leaves and its key.
fn signed(log: &LogHead, roots: &Roots) -> Result<(), String> {
    if log.signed_size == 0 && log.checkpoint.is_empty() {
        return Ok(());
    }
    let wrong = |error: &dyn ToString| format!("its checkpoint: {}", error.to_string());
    let note = Note::parse(log.checkpoint.as_bytes()).map_err(|error| wrong(&error))?;
    let key: VerifierKey = log.verifier.parse().map_err(|error| wrong(&error))?;
    let opened = Checkpoint::open(&note, [&key]).map_err(|error| wrong(&error))?.checkpoint;
    let root = roots.get(&(log.tenant.clone(), log.signed_size));
    if opened.origin != log.origin || opened.size != log.signed_size || Some(&opened.root) != root {
        return Err(format!(
            "its checkpoint speaks of {} entries of {} with another root than its leaves give",
            opened.size, opened.origin
        ));
    }
    Ok(())
}

//! The scan: every shard that has no record is read, judged and written; the record comes last.
//!
//! As many threads take shards as there are cores to use; each reads a batch of rows and gives it to a pool of as many threads, which judge the
//! rows one by one. So one huge compressed file keeps all cores busy as ten thousand small ones do, and memory holds one batch a thread.
//!
//! What a crash leaves: before the rename of the findings, a `.tmp`; between findings and record, findings that nobody counts. Either way the
//! shard has no record, is done again, and comes out byte for byte the same.
//!
//! [`Scan::one`] is the same work for a program that hands out the shards itself, on many machines: Ray, Spark.

use std::fs::File;
use std::io::ErrorKind;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use detect::Pipeline;
use parquet::errors::ParquetError;
use rayon::prelude::*;

use crate::error::{at, damaged};
use crate::input::{self, Counter, Cut, Row, Rows, Taking, hash_file, hex, unchanged};
use crate::lineage::{Tree, row_hash};
use crate::manifest::{Manifest, Shard};
use crate::record::Record;
use crate::row::{Judged, judge};
use crate::{CorpusError, durable, findings};

/// Bytes of rows judged together: with every row copied once and its findings, some 20 MiB a thread at most, and one row above it.
const BATCH_BYTES: usize = 4 << 20;
/// Rows judged together, for files of very short rows.
const BATCH_ROWS: usize = 4_096;

/// Sees how a scan goes on. Called from several threads.
pub trait Watch: Sync {
    /// Shards to do, and the bytes they take on the disk.
    fn begin(&self, shards: usize, bytes: u64, read: &Counter);
    /// Rows were judged.
    fn judged(&self, rows: u64, text_bytes: u64, findings: u64);
    /// A shard is done.
    fn done(&self, record: &Record);
}

/// A scan.
pub struct Scan<'a> {
    /// Where the findings go; the manifest stands there.
    pub dir: &'a Path,
    /// What is to be scanned.
    pub manifest: &'a Manifest,
    /// What judges.
    pub pipeline: &'a Pipeline,
    /// Cores to use.
    pub threads: usize,
    /// Which shards are this machine's: those whose number leaves `.0` when divided by `.1`.
    pub part: (u32, u32),
}

/// A shard that could not be scanned this time; the next run tries again.
#[derive(Debug)]
pub struct Failed {
    /// Which.
    pub shard: u32,
    /// Why.
    pub error: CorpusError,
}

/// Nobody looks on.
struct Unwatched;

impl Watch for Unwatched {
    fn begin(&self, _: usize, _: u64, _: &Counter) {}
    fn judged(&self, _: u64, _: u64, _: u64) {}
    fn done(&self, _: &Record) {}
}

/// What went wrong with a shard: with what is read, which stops this shard, or with what is written, which stops all.
enum Stop {
    Reading(CorpusError),
    Writing(CorpusError),
}

impl From<CorpusError> for Stop {
    fn from(error: CorpusError) -> Self {
        Self::Writing(error)
    }
}

impl Scan<'_> {
    /// Scans the shards that have no record.
    ///
    /// # Errors
    /// The directory cannot be written, is in use by another scan, or holds records of another manifest. What was done stays done.
    pub fn run(&self, watch: &dyn Watch) -> Result<Vec<Failed>, CorpusError> {
        let shards = self.dir.join("shards");
        std::fs::create_dir_all(&shards).map_err(at(&shards))?;
        let _lock = lock(self.dir)?;
        durable::sweep(&shards)?;
        let digest = self.manifest.digest();
        let mut open = Vec::new();
        for shard in self.manifest.shards.iter().filter(|shard| shard.id % self.part.1 == self.part.0) {
            if Record::read(self.dir, shard.id, &digest)?.is_none() {
                open.push(shard);
            }
        }
        let read = Counter::default();
        watch.begin(open.len(), open.iter().map(|shard| shard.end - shard.start).sum(), &read);
        self.all(&open, &digest, &pool(self.threads)?, &read, watch)
    }

    /// Scans one shard, if it has no record yet; its record either way. Processes of many machines may do so in one directory at the same
    /// time, even with the same shard: each writes under a name of its own, and all write the same bytes.
    ///
    /// # Errors
    /// There is no such shard, the pipeline is not the one that the manifest was made with, [`Scan::run`] is at work in the directory, the
    /// file cannot be read or has changed, or the findings cannot be written.
    pub fn one(&self, shard: u32) -> Result<Record, CorpusError> {
        let all = &self.manifest.shards;
        let none = || CorpusError::Input(format!("there is no shard {shard}: the manifest has {}, counted from 0", all.len()));
        let shard = all.get(shard as usize).ok_or_else(none)?;
        self.manifest.settings.judged_by(self.pipeline)?;
        let shards = self.dir.join("shards");
        std::fs::create_dir_all(&shards).map_err(at(&shards))?;
        let _lock = lock_shared(self.dir)?;
        let digest = self.manifest.digest();
        if let Some(record) = Record::read(self.dir, shard.id, &digest)? {
            return Ok(record);
        }
        let done = self.shard(shard, &digest, &pool(self.threads)?, &Counter::default(), &Unwatched);
        done.map_err(|(Stop::Reading(error) | Stop::Writing(error))| error)
    }

    fn all(
        &self,
        open: &[&Shard],
        digest: &str,
        pool: &rayon::ThreadPool,
        read: &Counter,
        watch: &dyn Watch,
    ) -> Result<Vec<Failed>, CorpusError> {
        let (next, stopped) = (AtomicUsize::new(0), AtomicBool::new(false));
        let (failed, fatal) = (Mutex::new(Vec::new()), Mutex::new(None));
        std::thread::scope(|scope| {
            for _ in 0..self.threads.min(open.len()) {
                scope.spawn(|| {
                    while !stopped.load(Ordering::Relaxed)
                        && let Some(shard) = open.get(next.fetch_add(1, Ordering::Relaxed))
                    {
                        match self.shard(shard, digest, pool, read, watch) {
                            Ok(record) => watch.done(&record),
                            Err(Stop::Reading(error)) => push(&failed, Failed { shard: shard.id, error }),
                            Err(Stop::Writing(error)) => {
                                stopped.store(true, Ordering::Relaxed);
                                fatal.lock().unwrap_or_else(std::sync::PoisonError::into_inner).get_or_insert(error);
                            }
                        }
                    }
                });
            }
        });
        if let Some(error) = fatal.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner) {
            return Err(error);
        }
        let mut failed = failed.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
        failed.sort_by_key(|failed: &Failed| failed.shard);
        Ok(failed)
    }

    /// Reads, judges and writes a shard.
    fn shard(&self, shard: &Shard, digest: &str, pool: &rayon::ThreadPool, read: &Counter, watch: &dyn Watch) -> Result<Record, Stop> {
        let file = self.manifest.file(shard).map_err(Stop::Reading)?;
        let settings = &self.manifest.settings;
        let taking = Taking::of(file, &settings.text);
        let mut rows = input::open(file, shard, &settings.text, Counter::clone(read)).map_err(Stop::Reading)?;
        let mut record = Record::begin(digest, shard.id);
        let mut tree = Tree::default();
        let path = findings::path(self.dir, shard.id);
        durable::write_among_others(&path, |out| {
            let wrong = |error: ParquetError| Stop::Writing(writing(&path, error));
            let mut writer = findings::Writer::new(out).map_err(wrong)?;
            while record.cut.is_none() {
                let (batch, end) = batch(rows.as_mut());
                match end {
                    Ok(()) => {}
                    Err(Cut::Damaged(why)) => record.cut = Some(why),
                    Err(Cut::Lost(error)) => return Err(Stop::Reading(error)),
                }
                if batch.is_empty() {
                    break;
                }
                let judged: Vec<Judged> =
                    pool.install(|| batch.into_par_iter().map(|row| judge(row, &taking, self.pipeline, settings.matched)).collect());
                writer.add(&judged).map_err(wrong)?;
                let leaves: Vec<_> = pool.install(|| judged.par_iter().map(|row| row_hash(shard.id, row)).collect());
                leaves.into_iter().for_each(|leaf| tree.push(leaf));
                let (text, found) = (record.text_bytes, record.findings);
                record.count(&judged);
                watch.judged(judged.len() as u64, record.text_bytes - text, record.findings - found);
            }
            writer.finish().map_err(wrong)?;
            // Now, at the end: whatever was read came from bytes that are those of the manifest. And before the findings get their name: another
            // machine, where the file is as it was, may have written the right ones there.
            unchanged(file, shard).map_err(Stop::Reading)
        })?;
        record.sha256 = hash_file(&path).map_err(Stop::Writing)?;
        record.root = hex(&tree.root());
        record.write(self.dir).map_err(Stop::Writing)?;
        Ok(record)
    }
}

fn push<T>(list: &Mutex<Vec<T>>, value: T) {
    list.lock().unwrap_or_else(std::sync::PoisonError::into_inner).push(value);
}

/// The next rows, and whether reading went wrong behind them.
pub(crate) fn batch(rows: &mut dyn Rows) -> (Vec<Row>, Result<(), Cut>) {
    let (mut batch, mut bytes) = (Vec::new(), 0);
    while bytes < BATCH_BYTES && batch.len() < BATCH_ROWS {
        match rows.next() {
            Ok(Some(row)) => {
                bytes += row.bytes.as_ref().map_or(0, Vec::len);
                batch.push(row);
            }
            Ok(None) => break,
            Err(cut) => return (batch, Err(cut)),
        }
    }
    (batch, Ok(()))
}

pub(crate) fn pool(threads: usize) -> Result<rayon::ThreadPool, CorpusError> {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
    pool.map_err(|error| CorpusError::Input(format!("{threads} threads cannot be had: {error}")))
}

/// One scan at a time writes into a directory; the system lets go of the lock when the process ends, however it ends.
pub(crate) fn lock(dir: &Path) -> Result<File, CorpusError> {
    locked(dir, File::try_lock)
}

/// Those who scan single shards keep [`Scan::run`] out, and it keeps them out; they do not mind each other.
fn lock_shared(dir: &Path) -> Result<File, CorpusError> {
    locked(dir, File::try_lock_shared)
}

fn locked(dir: &Path, lock: impl Fn(&File) -> Result<(), std::fs::TryLockError>) -> Result<File, CorpusError> {
    let path = dir.join("lock");
    // To be read and written: NFS makes a lock for one of a file that is open for it.
    let file = File::options().read(true).write(true).create(true).truncate(false).open(&path).map_err(at(&path))?;
    match lock(&file) {
        Ok(()) => Ok(file),
        Err(std::fs::TryLockError::WouldBlock) => {
            Err(CorpusError::Input(format!("another scan is writing into {}; wait for it, or name another --out", dir.display())))
        }
        // A file system without locks: then nobody is kept out.
        Err(std::fs::TryLockError::Error(error)) if error.kind() == ErrorKind::Unsupported => Ok(file),
        Err(std::fs::TryLockError::Error(error)) => Err(at(&path)(error)),
    }
}

/// What an error of the Parquet writer says of the disk.
pub(crate) fn writing(path: &Path, error: ParquetError) -> CorpusError {
    match error {
        ParquetError::External(inner) => match inner.downcast::<std::io::Error>() {
            Ok(source) => CorpusError::Io { path: path.to_owned(), source: *source },
            Err(other) => damaged(path, format!("could not be written: {other}")),
        },
        other => damaged(path, format!("could not be written: {other}")),
    }
}

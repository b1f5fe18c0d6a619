//! Verifying and exporting a log: every leaf, tile, segment and root again, bundle by bundle, beside the writer.

use std::io;
use std::path::Path;

use ledger::bundle::{self, BundleId, bundles_of};
use ledger::checkpoint::Checkpoint;
use ledger::directory::Directory;
use ledger::finding::Report;
use ledger::key::VerifierKey;
use ledger::note::Note;
use ledger::tile::{TileId, tiles_of};
use ledger::tree::Tile;
use ledger::verify::{self, Ciphertext, Log};
use sqlx::Row;
use tokio::runtime::Handle;

use super::{HeadRow, signed, tiles};
use crate::{StoreError, Tenant};

impl Tenant {
    /// Verifies the log from its leaves up, and against checkpoints that were kept elsewhere. A segment that is not there was erased or has outlived its retention; one
    /// that is there and differs is a finding.
    ///
    /// # Errors
    /// The database says no. What is wrong with the log is in the report.
    pub async fn verify(&self, mut kept: Vec<Checkpoint>) -> Result<Report, StoreError> {
        let log = self.log().await?;
        let keys: Vec<VerifierKey> = [log.verifier].into_iter().chain(log.sm2).collect();
        // What a witness has seen is as good as a checkpoint that was kept elsewhere.
        if let Some((_, note)) = self.cosigned().await? {
            kept.push(Checkpoint::parse(note.text()).map_err(|error| self.damaged(error))?);
        }
        let rows =
            Rows { tenant: self.clone(), head: self.head().await?, handle: Handle::current(), segments: std::cell::RefCell::default() };
        tokio::task::spawn_blocking(move || verify::verify(&rows, &keys, &kept)).await.map_err(|_| StoreError::Closed)
    }

    /// Writes the log as a directory of the C2SP layout, up to its last checkpoint, for auditors and mirrors. Nothing in it says what happened or to whom.
    ///
    /// # Errors
    /// The database or the directory says no, or nothing was signed yet.
    pub async fn export(&self, directory: &Path) -> Result<u64, StoreError> {
        let head = self.head().await?;
        let wrong = |error: io::Error| StoreError::Place { place: directory.display().to_string(), what: error.to_string() };
        let out = Directory::new(directory);
        for id in bundles_of(head.signed_size) {
            let leaves = self.leaves(id).await?;
            let bytes = bundle::encode(&leaves).map_err(|error| self.damaged(error))?;
            out.write_bundle(id, &bytes).map_err(wrong)?;
        }
        let mut connection = self.inner.readers.acquire().await?;
        for id in tiles_of(head.signed_size) {
            let bytes = tiles(&mut connection, &self.id, [id]).await?.remove(&id).filter(|bytes| bytes.len() == id.len_bytes());
            let bytes = bytes.ok_or_else(|| self.damaged(format!("{} is missing or short", id.path())))?;
            out.write_tile(&Tile { id, bytes }).map_err(wrong)?;
        }
        // The checkpoint comes last: whoever reads it finds all that it speaks of.
        let note = Note::parse(head.checkpoint.as_bytes()).map_err(|error| self.damaged(error))?;
        out.write_checkpoint(&note).map_err(wrong)?;
        Ok(head.signed_size)
    }

    /// The leaves of a bundle, as far as they are there.
    async fn leaves(&self, id: BundleId) -> Result<Vec<Vec<u8>>, StoreError> {
        let sql = "SELECT leaf FROM log_entry WHERE tenant = $1 AND place >= $2 AND place < $3 ORDER BY place";
        let first = id.first_entry();
        let rows = self.rows(sql, |query| query.bind(signed(first)).bind(signed(first + u64::from(id.width())))).await?;
        rows.iter().map(|row| Ok(row.try_get(0)?)).collect()
    }

    /// The segments of a bundle's entries.
    async fn segments(&self, first: u64) -> Result<Segments, StoreError> {
        let sql = "SELECT place, segment, sealed FROM log_segment WHERE tenant = $1 AND place >= $2 AND place < $3 ORDER BY place, segment";
        let rows = self.rows(sql, |query| query.bind(signed(first)).bind(signed(first + BUNDLE))).await?;
        let mut segments = Segments { first: Some(first), sealed: Default::default() };
        for row in rows {
            segments
                .sealed
                .insert((row.try_get::<i64, _>(0)?.unsigned_abs(), row.try_get::<i64, _>(1)?.unsigned_abs() as usize), row.try_get(2)?);
        }
        Ok(segments)
    }
}

/// Entries of a full bundle.
const BUNDLE: u64 = ledger::tile::TILE_WIDTH as u64;

/// The segments of 256 entries: those that are asked for next are read with those that are asked for now.
#[derive(Default)]
struct Segments {
    first: Option<u64>,
    sealed: std::collections::HashMap<(u64, usize), Vec<u8>>,
}

/// A log in rows, for a thread that may wait.
struct Rows {
    tenant: Tenant,
    head: HeadRow,
    handle: Handle,
    segments: std::cell::RefCell<Segments>,
}

impl Rows {
    fn wait<T>(&self, work: impl Future<Output = Result<T, StoreError>>) -> io::Result<T> {
        self.handle.block_on(work).map_err(io::Error::other)
    }
}

impl Log for Rows {
    fn checkpoint(&self) -> io::Result<Option<Vec<u8>>> {
        let note = self.head.checkpoint.as_bytes();
        Ok((!note.is_empty()).then(|| note.to_vec()))
    }

    fn size(&self) -> io::Result<Option<u64>> {
        Ok(Some(self.head.size))
    }

    fn tile(&self, id: TileId) -> io::Result<Option<Vec<u8>>> {
        let work = async {
            let mut connection = self.tenant.inner.readers.acquire().await?;
            Ok(tiles(&mut connection, &self.tenant.id, [id]).await?.remove(&id))
        };
        self.wait(work)
    }

    fn bundle(&self, id: BundleId) -> io::Result<Option<Vec<u8>>> {
        let leaves = self.wait(self.tenant.leaves(id))?;
        if leaves.is_empty() { Ok(None) } else { bundle::encode(&leaves).map(Some).map_err(io::Error::other) }
    }

    fn segment(&self, index: u64, segment: usize) -> io::Result<Ciphertext> {
        let mut segments = self.segments.borrow_mut();
        let first = index - index % BUNDLE;
        if segments.first != Some(first) {
            *segments = self.wait(self.tenant.segments(first))?;
        }
        Ok(segments.sealed.get(&(index, segment)).map_or(Ciphertext::Erased, |sealed| Ciphertext::Held(sealed.clone())))
    }
}

//! Parts: the rows of one table in one file, sealed chunk by chunk, so that neither writer nor reader holds more than one chunk. Format: `docs/formats/backup.md`.
//!
//! A chunk is bound to its backup, its part, its number, and to whether it is the last: nothing can be cut off, left out, put in another order or taken from another
//! backup. A chunk holds rows of one tenant.

use std::fs::{File, OpenOptions};
use std::io::{BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

use keys::digest::{Digester, hex};
use keys::envelope::OVERHEAD_BYTES;
use keys::{CipherPolicy, DataClass, DataKey, KeyRef};
use serde::{Deserialize, Serialize};

use super::error::BackupError;
use super::row;
use super::table::Table;
use crate::log::rows::Value;
use crate::tenant::TenantId;

/// Bytes of rows in a chunk, unless a single row is larger: some milliseconds to seal, and 118 bytes of it are overhead.
const CHUNK_BYTES: usize = 4 << 20;

/// Most bytes of rows in a chunk, and so of one row: sixteen times the largest content of an entry. More is refused before memory is asked for.
const MAX_CHUNK_BYTES: usize = 64 << 20;

/// What the manifest says of a part.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PartRecord {
    pub(super) table: String,
    pub(super) columns: Vec<String>,
    pub(super) rows: u64,
    pub(super) bytes: u64,
    pub(super) sha256: String,
    pub(super) sm3: String,
}

/// Rows of one tenant, as they lie in one chunk.
#[derive(Debug)]
pub(super) struct Chunk {
    pub(super) tenant: TenantId,
    pub(super) rows: Vec<Vec<Value>>,
}

/// The name of a part's file: it tells nobody what is inside.
pub(super) fn file_name(part: usize) -> String {
    format!("part-{part:04}")
}

/// Which part of which backup, and what it is sealed with.
#[derive(Clone, Copy)]
pub(super) struct Seal<'k> {
    pub(super) key: &'k DataKey,
    pub(super) policy: &'k CipherPolicy,
}

impl Seal<'_> {
    fn backup(&self) -> KeyRef {
        self.key.reference()
    }

    fn context(&self, part: usize, chunk: u64, last: bool) -> Vec<u8> {
        format!("guiju backup {} part {part} chunk {chunk} {}", self.backup(), if last { "last" } else { "more" }).into_bytes()
    }
}

/// Writes a part.
pub(super) struct PartWriter<'k> {
    seal: Seal<'k>,
    part: usize,
    table: Table,
    path: PathBuf,
    file: BufWriter<File>,
    digester: Digester,
    bytes: u64,
    chunks: u64,
    rows: u64,
    tenant: Option<TenantId>,
    chunk_bytes: usize,
    buffer: Vec<u8>,
    row: Vec<u8>,
}

impl<'k> PartWriter<'k> {
    pub(super) fn create(directory: &Path, part: usize, table: Table, seal: Seal<'k>) -> Result<Self, BackupError> {
        let path = directory.join(file_name(part));
        let file = OpenOptions::new().write(true).create_new(true).open(&path).map_err(BackupError::file(&path))?;
        Ok(Self {
            seal,
            part,
            table,
            path,
            file: BufWriter::new(file),
            digester: Digester::default(),
            bytes: 0,
            chunks: 0,
            rows: 0,
            tenant: None,
            chunk_bytes: CHUNK_BYTES,
            buffer: Vec::new(),
            row: Vec::new(),
        })
    }

    /// Adds a row. The rows of a tenant come one after the other.
    pub(super) fn row(&mut self, tenant: &TenantId, values: &[Value]) -> Result<(), BackupError> {
        self.row.clear();
        row::write(values, &mut self.row);
        if self.row.len() > MAX_CHUNK_BYTES - 64 {
            let (table, bytes) = (self.table.name, self.row.len());
            return Err(BackupError::damaged(format!("a row of {table}"), format!("it has {bytes} bytes, more than a chunk can hold")));
        }
        if self.tenant.as_ref() != Some(tenant) || self.buffer.len() + self.row.len() > self.chunk_bytes {
            if self.tenant.is_some() {
                self.flush(false)?;
            }
            self.begin(tenant);
        }
        self.buffer.append(&mut self.row);
        self.rows += 1;
        Ok(())
    }

    /// A chunk begins with the name of its tenant, which has at most 40 bytes.
    fn begin(&mut self, tenant: &TenantId) {
        let name = tenant.as_str();
        self.buffer.push(u8::try_from(name.len()).unwrap_or(u8::MAX));
        self.buffer.extend_from_slice(name.as_bytes());
        self.tenant = Some(tenant.clone());
    }

    fn flush(&mut self, last: bool) -> Result<(), BackupError> {
        let context = self.seal.context(self.part, self.chunks, last);
        let sealed = self.seal.policy.seal(DataClass::Backup, self.seal.key, &context, &self.buffer).map_err(BackupError::key)?;
        let length = u32::try_from(sealed.len()).map_err(BackupError::key)?.to_be_bytes();
        for bytes in [length.as_slice(), &sealed] {
            self.digester.update(bytes);
            self.file.write_all(bytes).map_err(BackupError::file(&self.path))?;
        }
        self.bytes += (length.len() + sealed.len()) as u64;
        self.chunks += 1;
        self.buffer.clear();
        Ok(())
    }

    /// Seals the last chunk, which may be empty, and brings the file to the disk.
    pub(super) fn finish(mut self) -> Result<PartRecord, BackupError> {
        if self.tenant.is_none() {
            self.buffer.push(0);
        }
        self.flush(true)?;
        let file = self.file.into_inner().map_err(|error| BackupError::file(&self.path)(error.into_error()))?;
        file.sync_all().map_err(BackupError::file(&self.path))?;
        let digests = self.digester.finish();
        Ok(PartRecord {
            table: self.table.name.to_owned(),
            columns: self.table.columns.iter().map(|(name, _)| (*name).to_owned()).collect(),
            rows: self.rows,
            bytes: self.bytes,
            sha256: hex(&digests.sha256),
            sm3: hex(&digests.sm3),
        })
    }
}

/// Reads a part. What it gives was sealed by who knows the key; that nothing is missing is known when it gives no more.
pub(super) struct PartReader<'k> {
    seal: Seal<'k>,
    part: usize,
    table: Table,
    record: &'k PartRecord,
    what: String,
    path: PathBuf,
    file: BufReader<File>,
    /// Of what was read so far; `None` once it was compared.
    digester: Option<Digester>,
    left: u64,
    chunks: u64,
    rows: u64,
}

impl<'k> PartReader<'k> {
    /// Opens a part. `record` is from the manifest.
    pub(super) fn open(directory: &Path, part: usize, table: Table, record: &'k PartRecord, seal: Seal<'k>) -> Result<Self, BackupError> {
        let path = directory.join(file_name(part));
        let file = File::open(&path).map_err(BackupError::file(&path))?;
        let left = file.metadata().map_err(BackupError::file(&path))?.len();
        let what = format!("{} ({})", path.display(), record.table);
        if left != record.bytes {
            return Err(BackupError::damaged(what, format!("it has {left} bytes, not {}", record.bytes)));
        }
        let file = BufReader::new(file);
        Ok(Self { seal, part, table, record, what, path, file, digester: Some(Digester::default()), left, chunks: 0, rows: 0 })
    }

    /// The next rows; `None` after the last, when the digests of the file have been compared too.
    pub(super) fn next(&mut self) -> Result<Option<Chunk>, BackupError> {
        while self.left > 0 {
            let sealed = self.frame()?;
            let context = self.seal.context(self.part, self.chunks, self.left == 0);
            let plain = self.seal.policy.open(self.seal.key, &context, &sealed);
            let plain = plain.map_err(|error| self.damaged(format!("chunk {}: {error}", self.chunks)))?;
            drop(sealed);
            let chunk =
                decode(&self.table, &plain).ok_or_else(|| self.damaged(format!("chunk {} does not hold whole rows", self.chunks)))?;
            self.chunks += 1;
            if let Some(chunk) = chunk {
                self.rows += chunk.rows.len() as u64;
                return Ok(Some(chunk));
            }
        }
        self.complete()?;
        Ok(None)
    }

    /// A sealed chunk. Its length is not believed beyond what the file has and a chunk may have.
    fn frame(&mut self) -> Result<Vec<u8>, BackupError> {
        let mut length = [0; 4];
        self.file.read_exact(&mut length).map_err(BackupError::file(&self.path))?;
        let bytes = u32::from_be_bytes(length);
        let most = (MAX_CHUNK_BYTES + OVERHEAD_BYTES) as u64;
        self.left = self
            .left
            .saturating_sub(4)
            .checked_sub(u64::from(bytes))
            .filter(|_| u64::from(bytes) <= most)
            .ok_or_else(|| self.damaged(format!("chunk {} claims {bytes} bytes, more than there are or may be", self.chunks)))?;
        let mut sealed = vec![0; bytes as usize];
        self.file.read_exact(&mut sealed).map_err(BackupError::file(&self.path))?;
        if let Some(digester) = &mut self.digester {
            digester.update(&length);
            digester.update(&sealed);
        }
        Ok(sealed)
    }

    fn complete(&mut self) -> Result<(), BackupError> {
        let Some(digests) = self.digester.take().map(Digester::finish) else { return Ok(()) };
        if self.chunks == 0 || self.rows != self.record.rows {
            return Err(self.damaged(format!("it has {} rows, not {}", self.rows, self.record.rows)));
        }
        if hex(&digests.sha256) != self.record.sha256 || hex(&digests.sm3) != self.record.sm3 {
            return Err(self.damaged("its digests are not those of the manifest".to_owned()));
        }
        Ok(())
    }

    /// An error that names this part.
    pub(super) fn damaged(&self, how: String) -> BackupError {
        BackupError::damaged(&self.what, how)
    }
}

/// The rows of a chunk; `Some(None)` for the chunk of a part without rows.
fn decode(table: &Table, plain: &[u8]) -> Option<Option<Chunk>> {
    let (length, rest) = plain.split_first()?;
    if *length == 0 {
        return rest.is_empty().then_some(None);
    }
    let (name, mut rest) = rest.split_at_checked(usize::from(*length))?;
    let tenant = std::str::from_utf8(name).ok()?.parse().ok()?;
    let mut rows = Vec::new();
    while !rest.is_empty() {
        let (row, after) = row::read(&table.columns, rest)?;
        rows.push(row);
        rest = after;
    }
    Some(Some(Chunk { tenant, rows }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backup::table::GONE;

    /// Small chunks, so that few rows make many.
    const CHUNK: usize = 10_000;

    fn row(number: i64) -> Vec<Value> {
        vec![Value::Number(0), Value::Number(number), Value::Number(number + 1)]
    }

    /// Writes a part of so many rows for each of two tenants.
    fn written(directory: &Path, part: usize, rows: i64, key: &DataKey) -> PartRecord {
        let policy = CipherPolicy::default();
        let mut writer = PartWriter::create(directory, part, GONE, Seal { key, policy: &policy }).unwrap();
        writer.chunk_bytes = CHUNK;
        for tenant in ["a", "b"] {
            let tenant: TenantId = tenant.parse().unwrap();
            (0..rows).for_each(|number| writer.row(&tenant, &row(number)).unwrap());
        }
        writer.finish().unwrap()
    }

    fn read(directory: &Path, part: usize, record: &PartRecord, key: &DataKey) -> Result<Vec<(String, Vec<Value>)>, BackupError> {
        let policy = CipherPolicy::default();
        let mut reader = PartReader::open(directory, part, GONE, record, Seal { key, policy: &policy })?;
        let mut all = Vec::new();
        while let Some(chunk) = reader.next()? {
            assert!(chunk.rows.len() * 27 <= CHUNK);
            all.extend(chunk.rows.into_iter().map(|row| (chunk.tenant.to_string(), row)));
        }
        Ok(all)
    }

    #[test]
    fn rows_come_back_over_any_number_of_chunks() {
        let directory = tempfile::tempdir().unwrap();
        let key = DataKey::generate().unwrap();
        for (part, rows) in [0, 1, 2_000].into_iter().enumerate() {
            let record = written(directory.path(), part, rows, &key);
            let all = read(directory.path(), part, &record, &key).unwrap();
            assert_eq!(all.len() as u64, record.rows);
            let expected = ["a", "b"].into_iter().flat_map(|tenant| (0..rows).map(move |number| (tenant.to_owned(), row(number))));
            assert!(all.into_iter().eq(expected), "{rows}");
        }
    }

    /// The frames of a part, each with its length.
    fn frames(bytes: &[u8]) -> Vec<Vec<u8>> {
        let (mut frames, mut rest) = (Vec::new(), bytes);
        while !rest.is_empty() {
            let length = 4 + u32::from_be_bytes(rest[..4].try_into().unwrap()) as usize;
            frames.push(rest[..length].to_vec());
            rest = &rest[length..];
        }
        frames
    }

    #[test]
    fn what_is_cut_left_out_moved_or_changed_is_refused_even_with_matching_digests() {
        let directory = tempfile::tempdir().unwrap();
        let key = DataKey::generate().unwrap();
        let whole = written(directory.path(), 0, 2_000, &key);
        let path = directory.path().join(file_name(0));
        let bytes = std::fs::read(&path).unwrap();
        let parts = frames(&bytes);
        assert!(parts.len() >= 4);
        let (cut, left_out, moved) = (parts[..parts.len() - 1].concat(), [&parts[..1], &parts[2..]].concat().concat(), {
            let mut moved = parts.clone();
            moved.swap(0, 1);
            moved.concat()
        });
        let mut flipped = bytes.clone();
        flipped[bytes.len() / 2] ^= 1;
        let mut length = bytes.clone();
        length[0] = 0xff;
        for (what, changed) in
            [("cut", cut), ("left out", left_out), ("moved", moved), ("flipped", flipped), ("length", length), ("empty", vec![])]
        {
            std::fs::write(&path, &changed).unwrap();
            // Whoever could change the manifest too would still need the key.
            let digests = keys::digest::Digests::of(&changed);
            let record = PartRecord { bytes: changed.len() as u64, sha256: hex(&digests.sha256), sm3: hex(&digests.sm3), ..whole.clone() };
            let refused = read(directory.path(), 0, &record, &key).unwrap_err();
            // It is the cipher that notices, not the number of rows.
            let expected = if what == "empty" { "it has 0 rows" } else { "chunk " };
            let BackupError::Damaged { what: file, how } = &refused else { panic!("{what}: {refused}") };
            assert!(file.contains("part-0000 (gone_segment)") && how.starts_with(expected), "{what}: {refused}");
        }
        std::fs::write(&path, &bytes).unwrap();
        for (what, record) in
            [("sm3", PartRecord { sm3: "0".repeat(64), ..whole.clone() }), ("rows", PartRecord { rows: 1, ..whole.clone() })]
        {
            assert!(matches!(read(directory.path(), 0, &record, &key), Err(BackupError::Damaged { .. })), "{what}");
        }
        std::fs::copy(&path, directory.path().join(file_name(1))).unwrap();
        assert!(read(directory.path(), 1, &whole, &key).is_err(), "a part in the place of another");
        assert!(read(directory.path(), 0, &whole, &DataKey::generate().unwrap()).is_err(), "another backup's key");
        assert!(read(directory.path(), 0, &whole, &key).is_ok());
    }

    #[test]
    fn any_rows_are_decoded_without_a_panic() {
        for round in 0..2_000_usize {
            let mut bytes = crate::id::random::<80>().unwrap();
            bytes[0] %= 4;
            bytes[1..4].fill(b'a');
            let _ = decode(&GONE, &bytes[..round % 81]);
        }
        assert!(decode(&GONE, &[0]).is_some_and(|none| none.is_none()));
        assert!(decode(&GONE, &[0, 0]).is_none());
    }
}

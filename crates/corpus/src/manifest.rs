//! The manifest: which files, cut into which shards, under which settings. Format: `docs/formats/corpus-manifest.md`.
//!
//! A pure function of the files and the settings, made once before anything is scanned. A shard is the unit of work, of resuming and of
//! distribution: what is left to do is the manifest less the records.

use std::ops::Range;
use std::path::{Path, PathBuf};

use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::error::{at, damaged};
use crate::input::{self, Compression, Counter, Files, Format, Place, Quotes, hash_range, hex, name};
use crate::settings::Settings;
use crate::{CorpusError, durable};

/// The name of the manifest in the directory of a scan.
pub(crate) const NAME: &str = "manifest.json";
/// The format this version writes and reads.
const FORMAT: u32 = 1;

/// A file of the corpus.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileEntry {
    /// As it was named, or below the directory that was named; `s3://bucket/key` of an object.
    pub path: String,
    /// What it is made of.
    pub format: Format,
    /// How it is compressed.
    pub compression: Compression,
    /// Its size on the disk.
    pub bytes: u64,
    /// What the object store calls the state that was hashed, for an object of a store that says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub etag: Option<String>,
    /// The column of the text, from 0, in a table of text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub column: Option<u64>,
    /// Why none of it can be read; it has no shards then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unreadable: Option<String>,
}

impl FileEntry {
    /// Where it lies.
    pub(crate) fn place(&self) -> Result<Place, CorpusError> {
        Place::of(&self.path, self.bytes, self.etag.as_deref())
    }
}

/// A piece of a file that is scanned at once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Shard {
    /// Its number, from 0: its place in the manifest.
    pub id: u32,
    /// Which file, by its place in the manifest.
    pub file: u32,
    /// First byte on the disk.
    pub start: u64,
    /// One past the last byte.
    pub end: u64,
    /// Which row groups, in Parquet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub groups: Option<Range<u64>>,
    /// Line, record or row of the file that it begins with, from 1.
    pub first_row: u64,
    /// Lines or rows in it, blank lines among them; unknown of a compressed file or web archive before it is read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rows: Option<u64>,
    /// SHA-256 of its bytes on the disk, hexadecimal.
    pub sha256: String,
}

/// Which files, cut into which shards, under which settings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// 1.
    pub format: u32,
    /// What the scan was told.
    pub settings: Settings,
    /// The paths that were named.
    pub inputs: Vec<String>,
    /// The files, in order of path.
    pub files: Vec<FileEntry>,
    /// Files below the directories that are of no format we know; they are not scanned.
    pub passed_over: Vec<String>,
    /// The shards, in order of file and place.
    pub shards: Vec<Shard>,
}

impl Manifest {
    /// Makes the manifest of these paths: each byte is read once and hashed, and `read` grows with it.
    ///
    /// # Errors
    /// A path is not there or of no known format, or nothing is left to scan. A file that is there and cannot be read stands in the manifest as such.
    pub fn make(inputs: &[PathBuf], settings: Settings, read: &Counter) -> Result<Self, CorpusError> {
        let Files { found, passed_over } = Files::below(inputs)?;
        let cut: Vec<(FileEntry, Vec<Shard>)> = found.par_iter().map(|place| cut(place, &settings, read)).collect::<Result<_, _>>()?;
        let (mut files, mut shards) = (Vec::new(), Vec::new());
        for (number, (file, pieces)) in cut.into_iter().enumerate() {
            files.push(file);
            for piece in pieces {
                shards.push(Shard { id: shards.len() as u32, file: number as u32, ..piece });
            }
        }
        let inputs = inputs.iter().map(|path| name(path)).collect::<Result<_, _>>()?;
        Ok(Self { format: FORMAT, settings, inputs, files, passed_over, shards })
    }

    /// Reads the manifest of a scan; none if there is none.
    ///
    /// # Errors
    /// It cannot be read or is damaged.
    pub fn read(dir: &Path) -> Result<Option<Self>, CorpusError> {
        Self::read_from(&dir.join(NAME))
    }

    /// The same of a file of another name.
    pub(crate) fn read_from(path: &Path) -> Result<Option<Self>, CorpusError> {
        let bytes = match std::fs::read(path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(at(path)(error)),
        };
        let manifest: Self = serde_json::from_slice(&bytes)
            .map_err(|error| damaged(path, format!("is no manifest of a scan (docs/formats/corpus-manifest.md): {error}")))?;
        if manifest.format != FORMAT {
            return Err(damaged(path, format!("has format {}, this version reads format {FORMAT}", manifest.format)));
        }
        if manifest.shards.iter().any(|shard| manifest.files.get(shard.file as usize).is_none()) {
            return Err(damaged(path, "names a file that it does not have"));
        }
        Ok(Some(manifest))
    }

    /// The manifest of a scan that was begun with the same inputs and settings; none if the directory holds no scan.
    ///
    /// # Errors
    /// The directory holds another scan, or a damaged one.
    pub fn resume(dir: &Path, inputs: &[PathBuf], settings: &Settings) -> Result<Option<Self>, CorpusError> {
        let Some(there) = Self::read(dir)? else { return Ok(None) };
        let inputs: Vec<_> = inputs.iter().map(|path| name(path)).collect::<Result<_, _>>()?;
        let was = match (there.inputs == inputs, &there.settings == settings) {
            (true, true) => return Ok(Some(there)),
            (true, false) => there.settings.difference(settings),
            (false, _) => format!("it is a scan of {}", there.inputs.join(" ")),
        };
        let dir = dir.display();
        Err(CorpusError::Input(format!("{dir} holds another scan: {was}; name another directory, or give the same command to go on")))
    }

    /// Writes the manifest into the directory of a scan.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn write(&self, dir: &Path) -> Result<(), CorpusError> {
        self.write_to(&dir.join(NAME))
    }

    /// The same into a file of another name.
    pub(crate) fn write_to(&self, path: &Path) -> Result<(), CorpusError> {
        durable::write_bytes(path, &self.bytes())
    }

    /// SHA-256 of the manifest as it is written, hexadecimal.
    #[must_use]
    pub fn digest(&self) -> String {
        hex(&Sha256::digest(self.bytes()))
    }

    /// The file of a shard.
    pub(crate) fn file(&self, shard: &Shard) -> Result<&FileEntry, CorpusError> {
        self.files.get(shard.file as usize).ok_or_else(|| damaged(Path::new(NAME), "names a file that it does not have"))
    }

    fn bytes(&self) -> Vec<u8> {
        // Structures of strings and numbers can always be written.
        let mut bytes = serde_json::to_vec_pretty(self).unwrap_or_default();
        bytes.push(b'\n');
        bytes
    }
}

/// Looks at a file and cuts it. What is wrong with the content of a file is said in its entry and stops nothing.
pub(crate) fn cut(place: &Place, settings: &Settings, read: &Counter) -> Result<(FileEntry, Vec<Shard>), CorpusError> {
    let path = place.path();
    let Some((format, compression)) = input::kind(path) else {
        return Err(CorpusError::Input(format!("{}: unknown format", path.display())));
    };
    let (bytes, etag) = (place.bytes()?, place.etag().map(str::to_owned));
    let mut file = FileEntry { path: name(path)?, format, compression, bytes, etag, column: None, unreadable: None };
    match pieces(place, &mut file, settings, read) {
        Ok(shards) => Ok((file, shards)),
        Err(CorpusError::Input(message)) => {
            file.unreadable = Some(message);
            Ok((file, Vec::new()))
        }
        Err(other) => Err(other),
    }
}

fn pieces(place: &Place, file: &mut FileEntry, settings: &Settings, read: &Counter) -> Result<Vec<Shard>, CorpusError> {
    let count = |bytes: u64| read.fetch_add(bytes, std::sync::atomic::Ordering::Relaxed);
    let shard = |start, end, first_row, rows, sha256| Shard { id: 0, file: 0, start, end, groups: None, first_row, rows, sha256 };
    if file.bytes == 0 {
        return Ok(Vec::new());
    }
    if matches!(file.format, Format::Csv | Format::Tsv) {
        file.column = Some(column(place, file, settings)?);
    }
    if file.format == Format::Parquet {
        let pieces = input::parquet::pieces(place, &settings.text, settings.shard_bytes)?;
        let hashed = pieces.into_iter().map(|piece| {
            let sha256 = hash_range(place, piece.bytes.clone())?;
            count(piece.bytes.end - piece.bytes.start);
            let whole = shard(piece.bytes.start, piece.bytes.end, piece.before + 1, Some(piece.rows), sha256);
            Ok(Shard { groups: Some(piece.groups), ..whole })
        });
        return hashed.collect();
    }
    if file.compression != Compression::None || file.format == Format::Warc {
        let sha256 = hash_range(place, 0..file.bytes)?;
        count(file.bytes);
        return Ok(vec![shard(0, file.bytes, 1, None, sha256)]);
    }
    lines(place, file, settings.shard_bytes, read, shard)
}

/// The place of the text's column in a table.
fn column(place: &Place, file: &FileEntry, settings: &Settings) -> Result<u64, CorpusError> {
    let names = input::header(place, file.format, file.compression)?;
    let wanted = settings.text.column();
    let mut there = names.iter().enumerate().filter(|(_, name)| *name == wanted).map(|(at, _)| at as u64);
    match (there.next(), there.next()) {
        (Some(at), None) => Ok(at),
        (Some(_), Some(_)) => Err(CorpusError::Input(format!("{} has two columns '{wanted}'", file.path))),
        _ => {
            let names = names.join(", ");
            Err(CorpusError::Input(format!("{} has no column '{wanted}'; it has: {names}. Name the right one with --text", file.path)))
        }
    }
}

/// Cuts a file at the first line end after so many bytes; in a table, at the first one outside quotes.
fn lines(
    place: &Place,
    file: &FileEntry,
    shard_bytes: u64,
    read: &Counter,
    shard: impl Fn(u64, u64, u64, Option<u64>, String) -> Shard,
) -> Result<Vec<Shard>, CorpusError> {
    let mut source = input::Source::open(place, 0..file.bytes, Compression::None, Counter::clone(read))?;
    let quoted = matches!(file.format, Format::Csv | Format::Tsv);
    let (mut shards, mut hash, mut quotes) = (Vec::new(), Sha256::new(), Quotes::default());
    let (mut start, mut end, mut first, mut next) = (0_u64, 0_u64, 1_u64, 1_u64);
    let mut whole_line = true;
    loop {
        let reader = source.reader();
        let buffer = reader.fill_buf().map_err(at(place.path()))?;
        if buffer.is_empty() {
            break;
        }
        // Far from the cut the buffer is taken whole; near it, line by line.
        let far = start + shard_bytes > end + buffer.len() as u64;
        let line_end = || memchr::memchr(b'\n', buffer).map_or(buffer.len(), |at| at + 1);
        let piece = buffer.get(..if far { buffer.len() } else { line_end() }).unwrap_or(buffer);
        hash.update(piece);
        quotes.over(piece);
        next += memchr::memchr_iter(b'\n', piece).count() as u64;
        whole_line = piece.ends_with(b"\n");
        let used = piece.len();
        reader.consume(used);
        end += used as u64;
        if end - start >= shard_bytes && whole_line && !(quoted && quotes.inside()) {
            let sha256 = hex(&std::mem::replace(&mut hash, Sha256::new()).finalize());
            shards.push(shard(start, end, first, Some(next - first), sha256));
            (start, first) = (end, next);
        }
    }
    if end > start {
        shards.push(shard(start, end, first, Some(next - first + u64::from(!whole_line)), hex(&hash.finalize())));
    }
    Ok(shards)
}

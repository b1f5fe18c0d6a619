//! Files become rows. A reader gives the rows of one shard in order, each as the bytes it has in its file; taking the text out of the bytes is
//! apart ([`Taking`]), so that it can be done on all cores.
//!
//! Memory is bounded by [`MAX_ROW_BYTES`] for any file: what is longer is read past, and counted.

mod chunks;
mod csv;
mod json;
mod lines;
mod objects;
pub(crate) mod parquet;
mod person;
mod place;
mod source;
mod take;
mod walk;
mod warc;

use std::path::Path;

pub(crate) use self::csv::{Quotes, header, header_row};
pub use objects::{Access, Patience, is_url};
pub(crate) use person::{Naming, can_name, person_cell, person_column};
pub(crate) use place::Place;
pub use source::Counter;
pub(crate) use source::{Source, hash_file, hash_range, hex};
pub(crate) use take::Taking;
pub(crate) use walk::{Files, name};

use crate::manifest::{FileEntry, Shard};
use crate::settings::Selector;
use crate::{Broken, CorpusError};

/// Longest row that is judged, with everything around its text: what the engine judges in one piece ([`detect::MAX_ITEM_BYTES`]).
pub const MAX_ROW_BYTES: usize = detect::MAX_ITEM_BYTES;

taxonomy::words! {
    /// What a file is made of.
    Format, "format of a corpus file", {
        Jsonl = "jsonl", "JSON 行", "JSON lines";
        Text = "text", "纯文本，每行一条", "text, a row a line";
        Csv = "csv", "CSV 表格", "table, parted by commas";
        Tsv = "tsv", "TSV 表格", "table, parted by tabs";
        Parquet = "parquet", "Parquet 列存", "Parquet";
        Warc = "warc", "WARC 网页存档", "web archive";
    }
}

taxonomy::words! {
    /// How a file is compressed.
    Compression, "compression of a corpus file", {
        None = "none", "未压缩", "not compressed";
        Gzip = "gzip", "gzip", "gzip";
        Zstd = "zstd", "zstd", "zstd";
    }
}

/// What the name of a file says of it; none if it says nothing we know.
pub(crate) fn kind(path: &Path) -> Option<(Format, Compression)> {
    let name = path.file_name()?.to_str()?.to_ascii_lowercase();
    let (name, compression) = match name.rsplit_once('.') {
        Some((stem, "gz")) => (stem, Compression::Gzip),
        Some((stem, "zst" | "zstd")) => (stem, Compression::Zstd),
        _ => (name.as_str(), Compression::None),
    };
    let format = match name.rsplit_once('.')?.1 {
        "jsonl" | "ndjson" | "json" => Format::Jsonl,
        "txt" | "text" => Format::Text,
        "csv" => Format::Csv,
        "tsv" => Format::Tsv,
        "parquet" if compression == Compression::None => Format::Parquet,
        "warc" | "wet" => Format::Warc,
        _ => return None,
    };
    Some((format, compression))
}

/// A row as it stands in its file.
#[derive(Debug)]
pub(crate) struct Row {
    /// Its line, record or row in the file, from 1.
    pub(crate) line: u64,
    /// Its bytes with their line end; the text alone where the file has columns.
    pub(crate) bytes: Result<Vec<u8>, Broken>,
}

/// Why the rows of a shard end before their time.
#[derive(Debug)]
pub(crate) enum Cut {
    /// By the bytes themselves: they cannot be decompressed, a page cannot be read. What came before counts, and it is the same on every run.
    Damaged(String),
    /// The disk or the network did not give them. Another time it may: the shard is not done.
    Lost(CorpusError),
}

impl From<Cut> for CorpusError {
    fn from(cut: Cut) -> Self {
        match cut {
            Cut::Damaged(message) => Self::Input(message),
            Cut::Lost(error) => error,
        }
    }
}

/// The rows of a shard, in order.
pub(crate) trait Rows {
    /// The next row; none at the end.
    fn next(&mut self) -> Result<Option<Row>, Cut>;
}

/// Opens a shard.
pub(crate) fn open(file: &FileEntry, shard: &Shard, text: &Selector, read: Counter) -> Result<Box<dyn Rows>, CorpusError> {
    let format = file.format;
    if format == Format::Parquet {
        return Ok(Box::new(parquet::Reader::open(file, shard, text, &read)?));
    }
    let source = Source::open(&file.place()?, shard.start..shard.end, file.compression, read)?;
    Ok(match format {
        Format::Warc => Box::new(warc::Reader::new(source)),
        Format::Csv | Format::Tsv => Box::new(csv::Reader::new(source, shard.first_row, shard.start == 0)),
        _ => Box::new(lines::Reader::new(source, shard.first_row)),
    })
}

/// Whether the bytes of a shard are still those of the manifest, once they were read. Of an object that has an ETag nothing is read again: each
/// answer was of the state that was hashed.
pub(crate) fn unchanged(file: &FileEntry, shard: &Shard) -> Result<(), CorpusError> {
    let place = file.place()?;
    let is_same = place.etag().is_some() || hash_range(&place, shard.start..shard.end)? == shard.sha256;
    if is_same { Ok(()) } else { Err(CorpusError::Changed { path: place.path().to_owned() }) }
}

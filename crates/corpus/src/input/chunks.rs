//! What the Parquet reader reads from: a file, or an object of which the shard's bytes lie in a file without a name.
//!
//! A Parquet reader asks for some kilobytes at a time, here and there; over a network each of these would be a request. So the bytes of a shard are
//! fetched once, in large pieces, into a temporary file that is gone when it is closed; only the footer is asked for where it stands.

use std::fs::File;
use std::io::Read;
use std::ops::Range;

use bytes::Bytes;
use parquet::errors::{ParquetError, Result};
use parquet::file::reader::{ChunkReader, Length};

use super::objects::Object;
use super::place::Place;
use crate::CorpusError;
use crate::error::at;

/// A file or object of columns.
pub(crate) enum Chunks {
    File(File),
    Object { object: Object, fetched: Option<(Range<u64>, File)> },
}

impl Chunks {
    /// Opens a place of which this range will be read.
    pub(super) fn open(place: &Place, range: Option<Range<u64>>) -> std::result::Result<Self, CorpusError> {
        let object = match place {
            Place::File(path) => return Ok(Self::File(File::open(path).map_err(at(path))?)),
            Place::Object(object) => object.clone(),
        };
        let fetched = range.map(|range| fetch(&object, range)).transpose()?;
        Ok(Self::Object { object, fetched })
    }
}

/// The bytes of a range, in a file that nobody else sees.
fn fetch(object: &Object, range: Range<u64>) -> std::result::Result<(Range<u64>, File), CorpusError> {
    let temporary = std::env::temp_dir();
    let mut file = tempfile::tempfile().map_err(at(&temporary))?;
    // What the store says comes through as its own error, what the disk says with the directory's name.
    std::io::copy(&mut object.stream(range.clone()), &mut file).map_err(at(&temporary))?;
    Ok((range, file))
}

impl Length for Chunks {
    fn len(&self) -> u64 {
        match self {
            Self::File(file) => file.len(),
            Self::Object { object, .. } => object.bytes,
        }
    }
}

impl ChunkReader for Chunks {
    type T = Box<dyn Read>;

    fn get_read(&self, start: u64) -> Result<Self::T> {
        match self {
            Self::File(file) => Ok(Box::new(file.get_read(start)?)),
            Self::Object { fetched: Some((range, file)), .. } if range.contains(&start) => {
                Ok(Box::new(file.get_read(start - range.start)?))
            }
            Self::Object { object, .. } => Ok(Box::new(object.stream(start..object.bytes))),
        }
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes> {
        match self {
            Self::File(file) => file.get_bytes(start, length),
            Self::Object { fetched: Some((range, file)), .. } if range.contains(&start) => file.get_bytes(start - range.start, length),
            Self::Object { object, .. } => {
                let outside = || ParquetError::EOF(format!("{length} bytes from {start} on lie beyond the end of the object"));
                let end = start.checked_add(length as u64).filter(|end| *end <= object.bytes).ok_or_else(outside)?;
                object.range(start..end).map_err(|error| ParquetError::External(Box::new(std::io::Error::other(error))))
            }
        }
    }
}

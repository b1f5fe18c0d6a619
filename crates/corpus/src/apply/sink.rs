//! A file of rows that is made when its first row comes, compressed as the file the rows are from.

use std::io::{self, Write};
use std::path::PathBuf;

use flate2::write::GzEncoder;

use crate::CorpusError;
use crate::durable::Pending;
use crate::error::at;
use crate::input::Compression;

enum Encoder {
    Plain(Pending),
    // Its header says no time, so the bytes are the same on every run.
    Gzip(Box<GzEncoder<Pending>>),
    Zstd(Box<zstd::stream::write::Encoder<'static, Pending>>),
}

impl Encoder {
    fn writer(&mut self) -> &mut dyn Write {
        match self {
            Self::Plain(file) => file,
            Self::Gzip(file) => file,
            Self::Zstd(file) => file,
        }
    }

    fn finish(self) -> io::Result<Pending> {
        match self {
            Self::Plain(file) => Ok(file),
            Self::Gzip(file) => file.finish(),
            Self::Zstd(file) => file.finish(),
        }
    }
}

/// A file of rows.
pub(super) struct Sink {
    path: PathBuf,
    compression: Compression,
    header: Vec<u8>,
    encoder: Option<Encoder>,
}

impl Sink {
    /// A file that begins with this header, if it begins at all.
    pub(super) fn new(path: PathBuf, compression: Compression, header: Vec<u8>) -> Self {
        Self { path, compression, header, encoder: None }
    }

    /// The same, made at once, rows or none.
    pub(super) fn always(mut self) -> Result<Self, CorpusError> {
        self.write(b"")?;
        Ok(self)
    }

    pub(super) fn write(&mut self, bytes: &[u8]) -> Result<(), CorpusError> {
        let encoder = match &mut self.encoder {
            Some(encoder) => encoder,
            None => {
                let mut encoder = Self::open(&self.path, self.compression)?;
                encoder.writer().write_all(&self.header).map_err(at(&self.path))?;
                self.encoder.insert(encoder)
            }
        };
        encoder.writer().write_all(bytes).map_err(at(&self.path))
    }

    /// Adds a line of JSON.
    pub(super) fn line(&mut self, value: &serde_json::Value) -> Result<(), CorpusError> {
        self.write(format!("{value}\n").as_bytes())
    }

    fn open(path: &std::path::Path, compression: Compression) -> Result<Encoder, CorpusError> {
        let file = Pending::new(path)?;
        Ok(match compression {
            Compression::None => Encoder::Plain(file),
            Compression::Gzip => Encoder::Gzip(Box::new(GzEncoder::new(file, flate2::Compression::default()))),
            Compression::Zstd => Encoder::Zstd(Box::new(zstd::stream::write::Encoder::new(file, 0).map_err(at(path))?)),
        })
    }

    /// Gives the file its name. One without rows is not made; one of an earlier run goes.
    pub(super) fn commit(self) -> Result<(), CorpusError> {
        match self.encoder {
            Some(encoder) => encoder.finish().map_err(at(&self.path))?.commit(),
            None => match std::fs::remove_file(&self.path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => Err(at(&self.path)(error)),
                _ => Ok(()),
            },
        }
    }
}

//! The bytes of a shard: a range of a file, counted as it is read, decompressed where needed.

use std::io::{self, BufRead, BufReader, Read};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use flate2::bufread::MultiGzDecoder;
use sha2::{Digest, Sha256};

use super::{Compression, Cut, Place};
use crate::CorpusError;
use crate::error::{at, is_outside};

/// Bytes read from the disk or the object store, for the progress bar.
pub type Counter = Arc<AtomicU64>;

/// Bytes asked of the disk at once.
const BUFFER_BYTES: usize = 256 << 10;

/// A file whose bytes are counted.
struct Counted<R> {
    file: R,
    read: Counter,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.file.read(buffer)?;
        self.read.fetch_add(n as u64, Ordering::Relaxed);
        Ok(n)
    }
}

/// What the rows are read from.
pub(crate) struct Source {
    path: PathBuf,
    reader: Box<dyn BufRead>,
}

impl Source {
    pub(crate) fn open(place: &Place, range: Range<u64>, compression: Compression, read: Counter) -> Result<Self, CorpusError> {
        let path = place.path();
        let file = Counted { file: place.reader(range)?, read };
        let file = BufReader::with_capacity(BUFFER_BYTES, file);
        let reader: Box<dyn BufRead> = match compression {
            Compression::None => Box::new(file),
            Compression::Gzip => Box::new(BufReader::with_capacity(BUFFER_BYTES, MultiGzDecoder::new(file))),
            Compression::Zstd => {
                let decoder = zstd::stream::read::Decoder::with_buffer(file).map_err(at(path))?;
                Box::new(BufReader::with_capacity(BUFFER_BYTES, decoder))
            }
        };
        Ok(Self { path: path.to_owned(), reader })
    }

    /// The decompressed bytes.
    pub(crate) fn reader(&mut self) -> &mut dyn BufRead {
        &mut self.reader
    }

    /// What an error of the reader means for the rows.
    pub(crate) fn cut(&self, error: io::Error) -> Cut {
        match is_outside(&error) {
            true => Cut::Lost(at(&self.path)(error)),
            false => Cut::Damaged(format!("{} cannot be read further: {error}", self.path.display())),
        }
    }
}

/// SHA-256 of a range of a file.
pub(crate) fn hash_range(place: &Place, range: Range<u64>) -> Result<String, CorpusError> {
    let (mut rest, mut hash, mut buffer) = (place.reader(range)?, Sha256::new(), vec![0; BUFFER_BYTES]);
    loop {
        match rest.read(&mut buffer).map_err(at(place.path()))? {
            0 => return Ok(hex(&hash.finalize())),
            n => hash.update(buffer.get(..n).unwrap_or_default()),
        }
    }
}

/// SHA-256 of a file on the disk.
pub(crate) fn hash_file(path: &Path) -> Result<String, CorpusError> {
    let place = Place::from(path);
    hash_range(&place, 0..place.bytes()?)
}

/// Lower-case hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

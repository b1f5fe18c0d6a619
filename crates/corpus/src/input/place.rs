//! Where a file of the corpus lies: on a disk, or in an object store. All that reads documents goes through here, so that nothing else asks which.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::ops::Range;
use std::path::{Path, PathBuf};

use super::objects::{self, Object};
use crate::CorpusError;
use crate::error::at;

/// Where a file lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Place {
    File(PathBuf),
    Object(Object),
}

impl Place {
    /// What a manifest names: a path, or `s3://bucket/key` as it was when the manifest was made.
    pub(crate) fn of(path: &str, bytes: u64, etag: Option<&str>) -> Result<Self, CorpusError> {
        if !objects::is_url(path) {
            return Ok(Self::File(PathBuf::from(path)));
        }
        Ok(Self::Object(Object::named(path, bytes, etag)?))
    }

    /// As people write it.
    pub(crate) fn path(&self) -> &Path {
        match self {
            Self::File(path) => path,
            Self::Object(object) => Path::new(&object.url),
        }
    }

    pub(crate) fn bytes(&self) -> Result<u64, CorpusError> {
        match self {
            Self::File(path) => Ok(std::fs::metadata(path).map_err(at(path))?.len()),
            Self::Object(object) => Ok(object.bytes),
        }
    }

    /// What an object store calls this state of the object.
    pub(crate) fn etag(&self) -> Option<&str> {
        match self {
            Self::File(_) => None,
            Self::Object(object) => object.etag.as_deref(),
        }
    }

    /// Reads a range.
    pub(crate) fn reader(&self, range: Range<u64>) -> Result<Box<dyn Read>, CorpusError> {
        match self {
            Self::File(path) => {
                let mut file = File::open(path).map_err(at(path))?;
                file.seek(SeekFrom::Start(range.start)).map_err(at(path))?;
                Ok(Box::new(file.take(range.end - range.start)))
            }
            Self::Object(object) => Ok(Box::new(object.stream(range))),
        }
    }
}

impl From<&Path> for Place {
    fn from(path: &Path) -> Self {
        Self::File(path.to_owned())
    }
}

impl From<&PathBuf> for Place {
    fn from(path: &PathBuf) -> Self {
        Self::File(path.clone())
    }
}

//! The media files of a library: images, sounds and films that a question carries.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::LibraryError;
use crate::directory::{cannot_read, list};

/// Where the bytes of a media file are.
#[derive(Debug, Clone)]
enum Media {
    Path(PathBuf),
    Bytes(Cow<'static, [u8]>),
}

/// Media files by name.
#[derive(Debug, Clone, Default)]
pub struct MediaFiles(BTreeMap<String, Media>);

impl MediaFiles {
    /// What lies in a folder; nothing if there is none.
    ///
    /// # Errors
    /// The folder cannot be read.
    pub fn read(folder: &Path) -> Result<Self, LibraryError> {
        let paths = if folder.is_dir() { list(folder)? } else { Vec::new() };
        let named = |path: PathBuf| Some((path.file_name()?.to_str()?.to_owned(), Media::Path(path)));
        Ok(Self(paths.into_iter().filter_map(named).collect()))
    }

    /// Files that are compiled in.
    #[must_use]
    pub fn embedded(files: &[(&'static str, &'static [u8])]) -> Self {
        Self(files.iter().map(|(name, bytes)| ((*name).to_owned(), Media::Bytes(Cow::Borrowed(*bytes)))).collect())
    }

    /// Adds a file.
    pub fn add(&mut self, name: String, bytes: Vec<u8>) {
        self.0.insert(name, Media::Bytes(Cow::Owned(bytes)));
    }

    /// Their names, sorted.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// The bytes of one.
    ///
    /// # Errors
    /// There is none of that name, or it cannot be read.
    pub fn bytes(&self, name: &str) -> Result<Cow<'_, [u8]>, LibraryError> {
        match self.0.get(name) {
            Some(Media::Bytes(bytes)) => Ok(Cow::Borrowed(bytes)),
            Some(Media::Path(path)) => std::fs::read(path).map(Cow::Owned).map_err(|source| cannot_read(path, source)),
            None => Err(LibraryError::format(format!("media/{name}"), "the file is missing")),
        }
    }
}

//! A library as files: the manifest, the JSON lines, and the media that the lines name.

use std::borrow::Cow;
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;

use crate::{LibraryError, MediaFiles};

/// A text file of a library.
#[derive(Debug, Clone)]
pub struct File {
    /// Its name as messages give it: a path, or a name in a packed library.
    pub name: String,
    /// Its content.
    pub text: Cow<'static, str>,
}

/// A place in a library: which file, and which line of it, from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    file: usize,
    line: usize,
}

/// One line, read.
#[derive(Debug)]
pub struct Row<'a, T> {
    /// Where it stands.
    pub place: Place,
    /// The line as it is written.
    pub text: &'a str,
    /// What it says.
    pub value: T,
}

/// A library as files, not yet understood.
#[derive(Debug, Clone)]
pub struct Directory {
    /// The manifest.
    pub manifest: File,
    /// The files of JSON lines, in the order of their names.
    pub files: Vec<File>,
    /// The files in its folder `media`.
    pub media: MediaFiles,
}

impl Directory {
    /// Reads the manifest of that name and every `*.jsonl` of a directory, and notes what lies in its folder `media`.
    ///
    /// # Errors
    /// A file cannot be read, or is not UTF-8.
    pub fn read(dir: &Path, manifest: &str) -> Result<Self, LibraryError> {
        let manifest = text(&dir.join(manifest))?;
        let files = list(dir)?
            .iter()
            .filter(|path| path.extension().is_some_and(|e| e == "jsonl"))
            .map(|path| text(path))
            .collect::<Result<_, _>>()?;
        Ok(Self { manifest, files, media: MediaFiles::read(&dir.join("media"))? })
    }

    /// A library that is compiled in, as (name, content) of its files.
    #[must_use]
    pub fn embedded(manifest: (&'static str, &'static str), files: &[(&'static str, &'static str)], media: MediaFiles) -> Self {
        let file = |(name, text): (&'static str, &'static str)| File { name: name.to_owned(), text: Cow::Borrowed(text) };
        Self { manifest: file(manifest), files: files.iter().copied().map(file).collect(), media }
    }

    /// Every line of every file, read as JSON.
    ///
    /// # Errors
    /// A line is not what it should be; the message names it.
    pub fn rows<T: DeserializeOwned>(&self) -> impl Iterator<Item = Result<Row<'_, T>, LibraryError>> {
        self.files.iter().enumerate().flat_map(move |(file, whole)| {
            whole.text.lines().enumerate().map(move |(at, text)| {
                let place = Place { file, line: at + 1 };
                let value = serde_json::from_str(text).map_err(|e| self.error(place, e.to_string()))?;
                Ok(Row { place, text, value })
            })
        })
    }

    /// The file a place is in, without its folder.
    #[must_use]
    pub fn file_name(&self, place: Place) -> &str {
        let name = self.files.get(place.file).map_or("", |file| file.name.as_str());
        name.rsplit(['/', std::path::MAIN_SEPARATOR]).next().unwrap_or(name)
    }

    /// A place in words: `content.jsonl:12`.
    #[must_use]
    pub fn name(&self, place: Place) -> String {
        format!("{}:{}", self.files.get(place.file).map_or("", |file| file.name.as_str()), place.line)
    }

    /// A line does not follow the format.
    #[must_use]
    pub fn error(&self, place: Place, message: impl Into<String>) -> LibraryError {
        LibraryError::format(self.name(place), message)
    }
}

pub(crate) fn list(dir: &Path) -> Result<Vec<PathBuf>, LibraryError> {
    let listing = std::fs::read_dir(dir).map_err(|source| cannot_read(dir, source))?;
    let mut paths =
        listing.map(|entry| entry.map(|entry| entry.path())).collect::<Result<Vec<_>, _>>().map_err(|source| cannot_read(dir, source))?;
    paths.sort();
    Ok(paths)
}

fn text(path: &Path) -> Result<File, LibraryError> {
    let name = path.display().to_string();
    let bytes = std::fs::read(path).map_err(|source| cannot_read(path, source))?;
    let text = utf8(&name, bytes)?;
    // Editors put a byte order mark before the first line, which is no JSON.
    let text = text.strip_prefix('\u{feff}').map_or(text.clone(), str::to_owned);
    Ok(File { text: Cow::Owned(text), name })
}

/// Bytes as text; the message names the line of the first that is none.
pub(crate) fn utf8(name: &str, bytes: Vec<u8>) -> Result<String, LibraryError> {
    String::from_utf8(bytes).map_err(|e| {
        let line = e.as_bytes().iter().take(e.utf8_error().valid_up_to()).filter(|&&b| b == b'\n').count() + 1;
        LibraryError::format(format!("{name}:{line}"), "is not valid UTF-8; save the file as UTF-8")
    })
}

pub(crate) fn cannot_read(path: &Path, cause: std::io::Error) -> LibraryError {
    LibraryError::Read { path: path.display().to_string(), cause }
}

//! Which files the named paths lead to.

use std::path::{Path, PathBuf};

use super::place::Place;
use super::{kind, objects};
use crate::CorpusError;
use crate::error::at;

/// Most files of one scan: a manifest is held in memory, and a file takes about 300 bytes there.
pub(super) const MAX_FILES: usize = 1_000_000;
/// Deepest directory looked into: deeper ones are a mistake or a loop.
const MAX_DEPTH: usize = 32;

/// Files, and those below directories that are of no format we know.
#[derive(Debug, Default)]
pub(crate) struct Files {
    /// In order of path, each once.
    pub(crate) found: Vec<Place>,
    /// In order.
    pub(crate) passed_over: Vec<String>,
}

impl Files {
    /// The files that these paths lead to.
    ///
    /// # Errors
    /// A path is not there or of no known format, nothing is found, or too much.
    pub(crate) fn below(inputs: &[PathBuf]) -> Result<Self, CorpusError> {
        let mut files = Self::default();
        for input in inputs {
            match input.to_str().filter(|path| objects::is_url(path)) {
                Some(url) => files.objects(url)?,
                None => files.walk(input, 0, true)?,
            }
        }
        files.found.sort_by(|one, other| one.path().cmp(other.path()));
        files.found.dedup();
        files.passed_over.sort();
        if files.found.is_empty() {
            return Err(CorpusError::Input("there is nothing to scan; name files or directories with .jsonl, .txt, .csv, .tsv, .parquet, .warc or .wet, .gz and .zst among them".to_owned()));
        }
        if files.found.len() > MAX_FILES {
            return Err(CorpusError::Input(format!(
                "{} files are more than one scan takes ({MAX_FILES}); scan in parts",
                files.found.len()
            )));
        }
        Ok(files)
    }

    /// A file that was named must be of a known format; below a directory others are passed over and listed.
    fn walk(&mut self, path: &Path, depth: usize, named: bool) -> Result<(), CorpusError> {
        if std::fs::metadata(path).map_err(at(path))?.is_dir() {
            if depth > MAX_DEPTH {
                return Err(CorpusError::Input(format!("{}: more than {MAX_DEPTH} directories deep", path.display())));
            }
            let entries = std::fs::read_dir(path).map_err(at(path))?;
            for entry in entries {
                self.walk(&entry.map_err(at(path))?.path(), depth + 1, false)?;
            }
            return Ok(());
        }
        self.add(Place::File(path.to_owned()), named)
    }

    /// The object of this name, or all below it.
    fn objects(&mut self, url: &str) -> Result<(), CorpusError> {
        if kind(Path::new(url)).is_some()
            && let Some(object) = objects::find(url)?
        {
            return self.add(Place::Object(object), true);
        }
        objects::list(url)?.into_iter().try_for_each(|object| self.add(Place::Object(object), false))
    }

    fn add(&mut self, place: Place, named: bool) -> Result<(), CorpusError> {
        match kind(place.path()) {
            Some(_) => self.found.push(place),
            None if named => {
                let known = ".jsonl, .json, .txt, .csv, .tsv, .parquet, .warc, .wet; .gz and .zst behind them but for .parquet";
                return Err(CorpusError::Input(format!("{}: the name says no format; known are {known}", place.path().display())));
            }
            None => self.passed_over.push(name(place.path())?),
        }
        Ok(())
    }
}

/// A path as a manifest keeps it.
pub(crate) fn name(path: &Path) -> Result<String, CorpusError> {
    let wrong = || CorpusError::Input(format!("{}: the path is not UTF-8; rename it", path.display()));
    path.to_str().map(str::to_owned).ok_or_else(wrong)
}

//! What can go wrong.

use std::io;
use std::path::{Path, PathBuf};

/// Why a corpus could not be worked on. Rows that cannot be read are no error: they are counted and kept apart ([`crate::Broken`]).
#[derive(Debug, thiserror::Error)]
pub enum CorpusError {
    /// A file or directory could not be read or written.
    #[error("{path}: {source}")]
    Io {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// What was asked cannot be done with this input; the message says what to do.
    #[error("{0}")]
    Input(String),
    /// A file that a scan wrote is not as it was written.
    #[error("{path}: {message}")]
    Damaged {
        /// Which.
        path: PathBuf,
        /// What is wrong, and what to do.
        message: String,
    },
    /// An input is no longer what the manifest says.
    #[error("{path} has changed since the manifest was made; scan it into a new directory, or put the old file back")]
    Changed {
        /// Which.
        path: PathBuf,
    },
    /// The page could not be made.
    #[error("the page could not be made: {0}")]
    Render(String),
}

/// Says which file an I/O error speaks of.
pub(crate) fn at(path: &Path) -> impl Fn(io::Error) -> CorpusError {
    move |source| CorpusError::Io { path: path.to_owned(), source }
}

/// A damaged file of a scan.
pub(crate) fn damaged(path: &Path, message: impl Into<String>) -> CorpusError {
    CorpusError::Damaged { path: path.to_owned(), message: message.into() }
}

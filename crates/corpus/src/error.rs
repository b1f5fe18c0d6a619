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
    /// The object store did not give what was asked of it.
    #[error("{url}: {message}")]
    Object {
        /// Which object, prefix or bucket: `s3://bucket/key`.
        url: String,
        /// Why, and what to do; without credentials.
        message: String,
    },
    /// The page could not be made.
    #[error("the page could not be made: {0}")]
    Render(String),
}

/// Says which file an I/O error speaks of. One that carries an error of ours through a decoder is that error again.
pub(crate) fn at(path: &Path) -> impl Fn(io::Error) -> CorpusError {
    move |source| source.downcast().unwrap_or_else(|source| CorpusError::Io { path: path.to_owned(), source })
}

/// Whether an I/O error speaks of the disk or the network, which may be well another time, and not of the bytes that were read.
pub(crate) fn is_outside(error: &io::Error) -> bool {
    error.raw_os_error().is_some() || error.get_ref().is_some_and(|inner| inner.is::<CorpusError>())
}

/// A damaged file of a scan.
pub(crate) fn damaged(path: &Path, message: impl Into<String>) -> CorpusError {
    CorpusError::Damaged { path: path.to_owned(), message: message.into() }
}

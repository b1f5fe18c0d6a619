//! What can be wrong with a directory.

use std::path::{Path, PathBuf};

/// A directory that is no classifier, or cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum OnnxError {
    /// A file is not there.
    #[error("{}: no such file. It has to hold {holds} (docs/formats/onnx.md)", path.display())]
    Missing {
        /// The file.
        path: PathBuf,
        /// What it is for.
        holds: &'static str,
    },
    /// A file cannot be read or written.
    #[error("{}: {error}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system says.
        #[source]
        error: std::io::Error,
    },
    /// A file is longer than it may be.
    #[error("{}: it is longer than {most} bytes, the most there may be", path.display())]
    TooLong {
        /// The file.
        path: PathBuf,
        /// The limit.
        most: u64,
    },
    /// What a file says does not follow the format, or does not fit another file.
    #[error("{}: {what}", path.display())]
    Content {
        /// The file.
        path: PathBuf,
        /// What is wrong, and what to do.
        what: String,
    },
}

impl OnnxError {
    pub(crate) fn content(path: &Path, what: impl Into<String>) -> Self {
        Self::Content { path: path.to_owned(), what: what.into() }
    }

    pub(crate) fn file(path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_owned();
        |error| Self::File { path, error }
    }
}

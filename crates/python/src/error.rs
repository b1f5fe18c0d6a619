//! Errors become Python's: what the system says is an `OSError` with its number and file, all else a `ValueError` in the words of the command line.

use corpus::CorpusError;
use pyo3::PyErr;
use pyo3::exceptions::{PyOSError, PyValueError};

/// The exception of an error of ours.
pub(crate) fn raised(error: CorpusError) -> PyErr {
    match error {
        CorpusError::Io { path, source } => match source.raw_os_error() {
            // Python makes it a FileNotFoundError, a PermissionError and so on by the number.
            Some(number) => {
                let words = source.to_string().replace(&format!(" (os error {number})"), "");
                PyOSError::new_err((number, words, path.display().to_string()))
            }
            None => PyOSError::new_err(format!("{}: {source}", path.display())),
        },
        other => PyValueError::new_err(other.to_string()),
    }
}

/// The exception of what a caller gave wrongly.
pub(crate) fn wrong(error: impl std::fmt::Display) -> PyErr {
    PyValueError::new_err(error.to_string())
}

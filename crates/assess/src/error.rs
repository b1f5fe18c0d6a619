//! What can go wrong with a run, as far as a caller can tell it apart.

use std::path::Path;

/// Why a run could not go on; every message says what, where and what to do.
#[derive(Debug, thiserror::Error)]
pub enum AssessError {
    /// A file could not be read or written.
    #[error("{path}: {source}")]
    Io {
        /// The file.
        path: String,
        /// Why.
        source: std::io::Error,
    },
    /// Another process is writing to the journal.
    #[error("{path} is in use by another guiju process; wait for it to end")]
    Locked {
        /// The journal.
        path: String,
    },
    /// A line of the journal cannot be trusted.
    #[error("{path}:{line}: the line {message}. The run cannot be trusted from here on; restore the journal from a copy")]
    Journal {
        /// The journal.
        path: String,
        /// The line, from 1.
        line: u64,
        /// What is wrong with it.
        message: String,
    },
    /// A step could not be written as JSON.
    #[error("cannot write a step as JSON: {0}")]
    Encode(serde_json::Error),
    /// A library cannot be used.
    #[error(transparent)]
    Library(#[from] library::LibraryError),
    /// A classifier cannot be used.
    #[error(transparent)]
    Classifier(#[from] detect::classifier::ModelError),
    /// A lexicon cannot be used.
    #[error(transparent)]
    Lexicon(#[from] detect::LexiconError),
    /// A target description cannot be used.
    #[error("{0}")]
    Target(String),
    /// Data compiled into the program cannot be read; only a broken build gives this.
    #[error("embedded data: {0}")]
    Embedded(String),
    /// The target is dead: asking stopped, `assess resume` goes on.
    #[error(
        "the target does not answer: {reason}. {answered} of {total} questions are answered and kept; when the target is back: guiju assess resume {run}"
    )]
    TargetDead {
        /// What it said or did last.
        reason: String,
        /// Questions done.
        answered: u64,
        /// Questions drawn.
        total: u64,
        /// The run's directory.
        run: String,
    },
    /// What was asked for does not fit the state of the run.
    #[error("{0}")]
    State(String),
    /// A review sheet cannot be used.
    #[error("{0}")]
    Sheet(String),
    /// A page or workbook could not be made.
    #[error("the report could not be made: {0}")]
    Render(String),
}

impl AssessError {
    pub(crate) fn io(path: &Path, source: std::io::Error) -> Self {
        Self::Io { path: path.display().to_string(), source }
    }
}

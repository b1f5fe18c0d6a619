//! What keyword libraries and question banks share: a directory of a manifest and of JSON lines, its age, its packed form; and the
//! libraries that more than one feature reads: the basis of judgement of each class, and the answers a service may give instead.
//!
//! A library is data that people edit: every error names file and line. Nothing here judges.

mod age;
pub mod answers;
pub mod criteria;
mod directory;
mod manifest;
mod media;
mod pack;

pub use age::{Age, Cycle, is_day};
pub use directory::{Directory, File, Place, Row};
pub use manifest::Manifest;
pub use media::MediaFiles;
pub use pack::MAX_PACKED_BYTES;

/// What went wrong while a library was read; the message names file and line.
#[derive(Debug, thiserror::Error)]
pub enum LibraryError {
    /// A file could not be read.
    #[error("cannot read {path}: {cause}")]
    Read {
        /// The file.
        path: String,
        /// Why.
        cause: std::io::Error,
    },
    /// A line or the manifest does not follow the format.
    #[error("{place}: {message}")]
    Format {
        /// File and line.
        place: String,
        /// What is wrong and what to do.
        message: String,
    },
}

impl LibraryError {
    /// Something at a place does not follow the format.
    pub fn format(place: impl Into<String>, message: impl Into<String>) -> Self {
        Self::Format { place: place.into(), message: message.into() }
    }
}

//! Assessments of a model: their journals, answers and judgements (GB-B2; GB-7-f).
//!
//! - **The journal is what counts.** It lies in the log piece by piece, sealed with a key of its run, and comes out byte for byte. The rows beside it are an index without a text.
//! - **It only grows.** A piece follows from the one before it, line and chain value; another journal under the same name is refused. What was broken off goes on where it was.
//! - **It can go.** `run:NAME` is erased as a person is: what was asked and answered is gone then, that it was and what came of it stays.
//!
//! It does not read a journal: lines, chain values and judgements are the caller's.

mod read;
mod record;

pub use read::{KeptPiece, RecordedRun};
pub use record::{NewRun, Piece, RunItem};

use crate::StoreError;

/// Bytes of a run's name: it is that of a directory.
const MAX_NAME_BYTES: usize = 255;

/// Bytes of anything else that is written down of a run.
const MAX_TEXT_BYTES: usize = 4_096;

/// Chain values: SHA-256.
type Hash = [u8; 32];

/// What a journal's chain begins with.
const BEGIN: Hash = [0; 32];

/// Under which name the texts of a run are erased.
#[must_use]
pub fn person_of(run: &str) -> String {
    format!("run:{run}")
}

/// A name of a run becomes that of a directory when it is exported.
fn named(run: &str) -> Result<(), StoreError> {
    let plain = !run.contains(['/', '\\']) && !run.chars().any(char::is_control);
    if plain && !run.starts_with('.') && (1..=MAX_NAME_BYTES).contains(&run.len()) {
        return Ok(());
    }
    Err(StoreError::Refused(format!("{run:?} is no name of a run: 1 to {MAX_NAME_BYTES} bytes, no slash, no dot at its beginning")))
}

//! Verifying a run: the journal is lawful, nothing is lost or counted twice, and the report is what the journal says, byte for byte.

use std::path::Path;

use crate::digest::hex_digest;
use crate::error::AssessError;
use crate::report;
use crate::score::score;
use crate::state::RunState;

/// What a verification found to be true.
#[derive(Debug)]
pub struct Verified {
    /// Lines of the journal, each following from the one before.
    pub lines: u64,
    /// Chain value of the last line.
    pub head: String,
    /// Items drawn.
    pub items: u64,
    /// Files recomputed and found equal.
    pub files: Vec<String>,
}

/// Verifies a run.
///
/// # Errors
/// The first thing that is not as it should be, with its line or file.
pub fn verify(dir: &Path) -> Result<Verified, AssessError> {
    let state = RunState::read(dir)?;
    let wrong = |message: String| AssessError::State(format!("{}: {message}", dir.display()));
    for measure in score(&state).measures {
        let drawn: u64 = if measure.bound.is_some() { state.part(measure.id.part()).count() as u64 } else { measure.rate.sampled() };
        if measure.rate.sampled() != drawn {
            return Err(wrong(format!(
                "{}: sampled {} is not judged + pending + error {}",
                measure.id.id(),
                drawn,
                measure.rate.sampled()
            )));
        }
    }
    let Some((lang, files)) = &state.reported else {
        return Err(wrong("no report was written yet; first: guiju assess resume".to_owned()));
    };
    let before = RunState::read_until(dir, report_line(dir, &state)? - 1)?;
    let again = report::render(dir, &before, *lang)?;
    for (name, digest) in files {
        let path = dir.join(name);
        let bytes = std::fs::read(&path).map_err(|e| AssessError::io(&path, e))?;
        if hex_digest(&bytes) != *digest {
            return Err(wrong(format!("{name} is not the file that was written; write it again: guiju assess report")));
        }
        if again.iter().find(|(n, _)| n == name).is_none_or(|(_, made)| *made != bytes) {
            return Err(wrong(format!("{name} is not what the journal gives with this version of guiju ({})", env!("CARGO_PKG_VERSION"))));
        }
    }
    let names = files.iter().map(|(name, _)| name.clone()).collect();
    Ok(Verified { lines: state.lines, head: state.head, items: state.items.len() as u64, files: names })
}

/// The line that holds the last report: the report was made from the lines before it.
fn report_line(dir: &Path, state: &RunState) -> Result<u64, AssessError> {
    let mut line = state.lines;
    for read in crate::journal::read_lines(&dir.join("journal.jsonl"))? {
        let read = read?;
        if matches!(read.step, crate::journal::Step::Reported { .. }) {
            line = read.seq;
        }
    }
    Ok(line)
}

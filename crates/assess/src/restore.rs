//! A run of which only the journal is left, made whole again.

use std::path::Path;

use crate::error::AssessError;
use crate::state::RunState;
use crate::verify::{Verified, report_line, verify};
use crate::{report, run};

/// Writes again what a journal vouches for: what its questions came with, if this program holds the same bank, and the files of its last report. Then it verifies the run.
///
/// # Errors
/// The journal is not lawful, a file of the bank is not to be had, the disk refuses, or the run does not verify: another version of the program made another report.
pub fn restore(dir: &Path) -> Result<Verified, AssessError> {
    let state = RunState::read(dir)?;
    media(dir, &state)?;
    if let (Some((lang, _)), Some(line)) = (&state.reported, report_line(dir)?) {
        report::write(dir, &RunState::read_until(dir, line - 1)?, *lang)?;
    }
    verify(dir)
}

fn media(dir: &Path, state: &RunState) -> Result<(), AssessError> {
    if state.media.is_empty() {
        return Ok(());
    }
    let (folder, bank) = (run::media_folder(dir), run::open_bank(&state.opened.settings)?);
    std::fs::create_dir_all(&folder).map_err(|e| AssessError::io(&folder, e))?;
    for (name, _) in &state.media {
        let path = folder.join(name);
        std::fs::write(&path, bank.media.bytes(name)?).map_err(|e| AssessError::io(&path, e))?;
    }
    Ok(())
}

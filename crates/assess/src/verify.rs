//! Verifying a run: the journal is lawful, nothing is lost or counted twice, and the report is what the journal says, byte for byte.

use std::path::Path;

use crate::digest::hex_digest;
use crate::error::AssessError;
use crate::journal::{Step, read_lines};
use crate::part::Part;
use crate::score::score;
use crate::state::RunState;
use crate::{report, run};

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
    let wrong = |message: String| AssessError::State(format!("{}: {message}", dir.display()));
    let facts = facts(dir)?;
    let state = RunState::read(dir)?;
    if facts.torn_bytes > 0 {
        return Err(wrong(format!(
            "the journal ends in {} bytes that are no whole line; go on with: guiju assess resume",
            facts.torn_bytes
        )));
    }
    books(&state).map_err(&wrong)?;
    samples(&state).map_err(&wrong)?;
    for (name, digest) in &state.media {
        let path = run::media_folder(dir).join(name);
        let bytes = std::fs::read(&path).map_err(|e| AssessError::io(&path, e))?;
        if hex_digest(&bytes) != *digest {
            return Err(wrong(format!("media/{name} is not the file that was sent")));
        }
    }
    let (Some((lang, files)), Some(report_line)) = (&state.reported, facts.report_line) else {
        return Err(wrong("no report was written yet; first: guiju assess resume".to_owned()));
    };
    if facts.changed_line > report_line {
        let message = "was judged or voted on after the report was written; write it again: guiju assess report";
        return Err(wrong(format!("line {}: the run {message}", facts.changed_line)));
    }
    let again = report::render(dir, &RunState::read_until(dir, report_line - 1)?, *lang)?;
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

/// What only the lines themselves tell.
struct Facts {
    /// The line of the last report, which was made from the lines before it.
    report_line: Option<u64>,
    /// The last line that can change a number.
    changed_line: u64,
    torn_bytes: u64,
}

/// The line of the last report.
pub(crate) fn report_line(dir: &Path) -> Result<Option<u64>, AssessError> {
    Ok(facts(dir)?.report_line)
}

fn facts(dir: &Path) -> Result<Facts, AssessError> {
    let mut facts = Facts { report_line: None, changed_line: 0, torn_bytes: 0 };
    let mut lines = read_lines(&dir.join("journal.jsonl"))?;
    for line in &mut lines {
        let line = line?;
        match line.step {
            Step::Reported { .. } => facts.report_line = Some(line.seq),
            Step::Judging { .. } | Step::Judged { .. } | Step::Voted { .. } => facts.changed_line = line.seq,
            _ => {}
        }
    }
    facts.torn_bytes = lines.torn_bytes();
    Ok(facts)
}

/// Every drawn item stands in exactly one place of every number that is counted over it.
fn books(state: &RunState) -> Result<(), String> {
    let scores = score(state);
    let drawn = |part: Part| state.drawn.iter().find(|d| d.part == part).map_or(0, |d| d.drawn);
    let check = |what: &str, counted: u64, part: Part| {
        let expected = drawn(part);
        if counted == expected { Ok(()) } else { Err(format!("{what}: {counted} items are counted, {expected} were drawn")) }
    };
    for measure in scores.measures.iter().filter(|m| m.bound.is_some()) {
        check(measure.id.id(), measure.rate.sampled(), measure.id.part())?;
    }
    for outcomes in &scores.outcomes {
        check("outcomes", outcomes.counts.iter().sum(), outcomes.part)?;
    }
    for (name, part) in [("class", Part::Content), ("modality", Part::Content), ("lang", Part::Content), ("style", Part::Content)] {
        check(name, scores.content.get(name).into_iter().flatten().map(|g| g.machine.sampled()).sum(), part)?;
    }
    for part in [Part::ShouldRefuse, Part::ShouldAnswer] {
        check(part.id(), scores.refusal.get(part.id()).into_iter().flatten().map(|g| g.people.sampled()).sum(), part)?;
    }
    Ok(())
}

/// The samples of training data are the ones the seed gives; those of the bank too, where this program holds the same bank.
fn samples(state: &RunState) -> Result<(), String> {
    let settings = &state.opened.settings;
    let bank = run::open_bank(settings).ok().filter(|bank| bank.digest == state.opened.bank_digest);
    for drawn in &state.drawn {
        let keys = match (drawn.part.bank(), &bank) {
            (None, _) => run::row_keys(settings, drawn.part, state.opened.corpus.rows),
            (Some(part), Some(bank)) => run::question_keys(settings, drawn.part, &run::askable(settings, bank, part)),
            (Some(_), None) => continue,
        };
        if run::list_digest(&keys) != drawn.digest {
            return Err(format!("the sample of {} is not the one that the seed '{}' gives", drawn.part.id(), settings.seed));
        }
    }
    Ok(())
}

//! `guiju assess record`: a run goes into a store.

use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result, ensure};
use assess::journal::pieces;
use assess::{Report, RunState, Said, Verified};
use keys::digest::{hex, unhex};
use ledger::leaf::Class;
use store::models::ModelId;
use store::runs::{NewRun, Piece, RunItem};
use store::{Change, Entry, Recorded};

use crate::commands::gate::{Desk, at_desk};
use crate::commands::model::{Assessed, of_run};
use crate::commands::place::StoreArgs;

/// Bytes of a journal that go into one entry; the line that reaches them goes with it.
const PIECE_BYTES: usize = 1 << 20;

/// Items of one change: as long as a change lasts, no other is made.
const ITEMS: usize = 2_000;

/// Keeps a run: a journal's chain shows an edit, not a journal that was written anew; the ledger's entry does. What was recorded before is not recorded again, and what was
/// broken off goes on where it was.
pub(super) fn record(dir: &Path, store: &StoreArgs, model: Option<&ModelId>) -> Result<ExitCode> {
    let verified = assess::verify(dir)?;
    let name = dir.canonicalize()?.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let (new, said) = run_of(dir, &name, &verified)?;
    let assessed = model.map(|id| Ok::<_, anyhow::Error>((id.clone(), of_run(dir, &name, &verified.head)?))).transpose()?;
    let entry = |by| {
        let entry = Entry::new(Class::Decision, "assess.record", by).with("run", name.clone()).with("items", verified.items);
        entry.with("lines", verified.lines).with("chain", verified.head.clone()).with("files", verified.files.clone())
    };
    let recorded = at_desk("assess record", store, async |desk| {
        if let Some((id, assessed)) = &assessed {
            assessed.is_of(&desk.tenant.model(id).await?)?;
        }
        add_journal(desk, dir, &name).await?;
        let known = desk.tenant.run(&name).await?.is_some_and(|run| run.chain == new.chain);
        if !known {
            put_items(desk, &name, &said).await?;
        }
        close(desk, new, known, &assessed, entry(desk.by())).await
    })?;
    recorded.iter().for_each(|recorded| say!("entry {} of the log: {}", recorded.index, recorded.entry));
    match &assessed {
        Some((id, assessed)) => say_assessed(id, assessed, recorded.is_empty()),
        None if recorded.is_empty() => say!("this state of the run was recorded before; nothing was added"),
        None => {}
    }
    Ok(ExitCode::SUCCESS)
}

fn run_of(dir: &Path, name: &str, verified: &Verified) -> Result<(NewRun, Vec<Said>)> {
    let state = RunState::read(dir)?;
    ensure!(state.head == verified.head, "{}: the run went on meanwhile; record it again", dir.display());
    let standing = Report::of(dir, &state)?.scores.conclusion.standing.id().to_owned();
    let (target, opened) = (state.opened.settings.target.clone(), state.opened_at.clone());
    let new = NewRun {
        name: name.to_owned(),
        target,
        opened,
        standing,
        lines: verified.lines,
        chain: chain(&verified.head)?,
        items: verified.items,
    };
    Ok((new, state.said().collect()))
}

/// What follows the lines that the store has.
async fn add_journal(desk: &Desk<'_>, dir: &Path, name: &str) -> Result<()> {
    let (lines, last) = desk.tenant.run_end(name).await?;
    for piece in pieces(dir, lines, &hex(&last), PIECE_BYTES)? {
        let piece = piece?;
        let (who, name) = (desk.who.clone(), name.to_owned());
        let piece = Piece { first_line: piece.first_line, lines: piece.lines, chain: chain(&piece.chain)?, bytes: piece.bytes };
        desk.tenant.change(async move |change: &mut Change| change.add_run_piece(&who, &name, piece).await).await?;
    }
    Ok(())
}

async fn put_items(desk: &Desk<'_>, name: &str, said: &[Said]) -> Result<()> {
    for some in said.chunks(ITEMS) {
        let (who, name) = (desk.who.clone(), name.to_owned());
        let item = |said: &Said| {
            let Said { item, answered, machine, people, votes } = said.clone();
            RunItem { item, answered, machine, people, votes }
        };
        let items = some.iter().map(item).collect();
        desk.tenant.change(async move |change: &mut Change| change.put_run_items(&who, &name, items).await).await?;
    }
    Ok(())
}

/// The entry, the run's row, and what the run says of a registered version: one change.
async fn close(desk: &Desk<'_>, new: NewRun, known: bool, assessed: &Option<(ModelId, Assessed)>, entry: Entry) -> Result<Vec<Recorded>> {
    let (who, id) = (desk.who.clone(), desk.tenant.entry_id()?);
    let entry = entry.called(id);
    let assessed = assessed.as_ref().map(|(id, assessed)| {
        let entry = entry.clone().with("target", assessed.target.clone()).with("asked", assessed.asked.clone());
        (id.clone(), assessed.assessment.clone(), entry)
    });
    let work = async move |change: &mut Change| {
        let is_new = match assessed {
            Some((model, assessment, entry)) => change.record_assessment(&who, &model, assessment, entry).await?,
            None => false,
        };
        if !is_new {
            if known {
                return Ok(());
            }
            change.record(entry)?;
        }
        change.record_run(&who, new, id).await
    };
    Ok(desk.tenant.change(work).await?.1)
}

fn say_assessed(id: &ModelId, Assessed { assessment, .. }: &Assessed, known: bool) {
    if known {
        say!("this state of the run was recorded for {id} before; nothing was added");
    }
    if assessment.met {
        say!("{id} met its bounds; next: `guiju model promote {id} --run {}`", assessment.run);
    } else {
        say!("{id} did not meet its bounds, and cannot be promoted by this run:");
        assessment.misses.iter().for_each(|miss| say!("  - {miss}"));
    }
}

fn chain(hexadecimal: &str) -> Result<[u8; 32]> {
    unhex(hexadecimal).and_then(|bytes| bytes.try_into().ok()).with_context(|| format!("{hexadecimal} is no chain value"))
}

//! `guiju assess runs` and `export`: the runs that a store keeps.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result, bail, ensure};
use keys::digest::hex;
use store::Secret;
use store::runs::{RunItem, person_of};

use crate::commands::gate::{Desk, at_desk};
use crate::commands::place::StoreArgs;
use crate::commands::{pad, time};

pub(super) fn runs(run: Option<&str>, store: &StoreArgs) -> Result<ExitCode> {
    at_desk("assess runs", store, async |desk| match run {
        Some(run) => one(desk, run).await,
        None => all(desk).await,
    })?;
    Ok(ExitCode::SUCCESS)
}

async fn all(desk: &Desk<'_>) -> Result<()> {
    for run in desk.tenant.runs().await? {
        let (name, standing) = (pad(&run.name, 24), pad(&run.standing, 22));
        say!("{name} {standing} {:>7} items  {}  {}", run.items, time(run.recorded_ms), run.target);
    }
    Ok(())
}

async fn one(desk: &Desk<'_>, name: &str) -> Result<()> {
    let run = desk.tenant.run(name).await?.with_context(|| unknown(name))?;
    say!("target    {}", run.target);
    say!("opened    {}", run.opened);
    say!("standing  {}", run.standing);
    say!("journal   {} lines, chain value {}", run.lines, hex(&run.chain));
    say!("recorded  {}, entry {}", time(run.recorded_ms), run.entry);
    for ((part, what), (items, votes)) in tally(&desk.tenant.run_items(name).await?) {
        say!("  {} {} {items:>6} items, {votes} votes", pad(&part, 16), pad(&what, 44));
    }
    Ok(())
}

/// How many items of each part came to the same: what became of the question, what the machine says, what people say.
fn tally(items: &[RunItem]) -> BTreeMap<(String, String), (u64, u64)> {
    let mut tally = BTreeMap::new();
    for item in items {
        let part = item.item.split('/').next().unwrap_or_default().to_owned();
        let says = |says: &Option<String>| says.clone().unwrap_or_else(|| "-".to_owned());
        let what = format!("{}, machine {}, people {}", item.answered, says(&item.machine), says(&item.people));
        let (items, votes) = tally.entry((part, what)).or_insert((0, 0));
        *items += 1;
        *votes += u64::from(item.votes);
    }
    tally
}

pub(super) fn export(run: &str, out: &Path, store: &StoreArgs) -> Result<ExitCode> {
    let (dir, part) = (out.join(run), out.join(format!(".{run}.part")));
    ensure!(!dir.exists(), "{} is there already; name another place with --out", dir.display());
    let chain = at_desk("assess export", store, async |desk| {
        let kept = desk.tenant.run(run).await?.with_context(|| unknown(run))?;
        let _ = fs::remove_dir_all(&part);
        fs::create_dir_all(&part).with_context(|| part.display().to_string())?;
        write_journal(desk, run, &part.join("journal.jsonl")).await?;
        Ok(hex(&kept.chain))
    })?;
    let verified = assess::restore(&part)?;
    ensure!(
        verified.head == chain,
        "the journal ends with the chain value {}, and {chain} was recorded; run `guiju ledger verify`",
        verified.head
    );
    fs::rename(&part, &dir).with_context(|| dir.display().to_string())?;
    say!("{}: {} lines, {} items, chain value {chain}", dir.display(), verified.lines, verified.items);
    say!("recomputed and equal: {}", verified.files.join(", "));
    Ok(ExitCode::SUCCESS)
}

async fn write_journal(desk: &Desk<'_>, run: &str, path: &Path) -> Result<()> {
    let mut file = fs::File::create_new(path).with_context(|| path.display().to_string())?;
    for piece in desk.tenant.run_pieces(run).await? {
        match desk.tenant.entry(piece.entry).await?.content {
            Secret::Open(bytes) => file.write_all(&bytes).with_context(|| path.display().to_string())?,
            Secret::Gone => {
                bail!("the journal of run '{run}' was erased ({}); what is left is shown by `guiju assess runs {run}`", person_of(run))
            }
            Secret::None => bail!("entry {} holds no part of a journal; run `guiju ledger verify`", piece.entry),
        }
    }
    Ok(file.sync_all()?)
}

fn unknown(run: &str) -> String {
    format!("no run '{run}' is recorded here; `guiju assess runs` lists them, `guiju assess record DIR` adds one")
}

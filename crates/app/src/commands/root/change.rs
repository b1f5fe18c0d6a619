//! `guiju keys root change`: a store moves from one root to another.
//!
//! 1. both roots are opened, and show that they work;
//! 2. `root.next.toml` is written: from now on nothing but this command opens the store;
//! 3. each tenant's keys are wrapped anew, which each tenant's log says before and after;
//! 4. `root.next.toml` becomes `root.toml`;
//! 5. the keys as the old root wrapped them are taken out of the database's files.
//!
//! A crash after 2 or within 3 leaves keys of both roots: the same command goes on. After 4 there is only the new root.

use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use clap::Subcommand;
use keys::root::{Moving, Root};

use super::secrets::NewSecrets;
use super::{CURRENT, NEXT, RootFile, Secrets, WantedRoot, rename};
use crate::commands::gate::at_desk_with;
use crate::commands::place::StoreArgs;

/// The root of the store: what wraps the tenants' keys
#[derive(Subcommand)]
pub(crate) enum RootCommand {
    /// Move the store to another root: every tenant's key is wrapped anew; goes on where it was cut off
    Change {
        #[command(flatten)]
        store: Box<StoreArgs>,
        #[command(flatten)]
        wanted: WantedRoot,
        #[command(flatten)]
        secrets: NewSecrets,
    },
}

pub(crate) fn run(command: &RootCommand) -> Result<ExitCode> {
    let RootCommand::Change { store, wanted, secrets } = command;
    change(store, wanted, &secrets.into())
}

fn change(store: &StoreArgs, wanted: &WantedRoot, secrets: &Secrets) -> Result<ExitCode> {
    let directory = store.directory();
    let from = RootFile::current(directory)?.with_context(|| format!("{}: there is no store", directory.display()))?;
    let (to, new) = match RootFile::next(directory)? {
        Some(next) => {
            ensure!(!wanted.differs(&next), "a change to {next} is not finished; it goes on without `--root`, or with that kind");
            let root = next.open(directory, secrets)?;
            (next, root)
        }
        None => wanted.make(directory, secrets)?,
    };
    ensure!(to != from, "the store has {from} as its root already");
    let roots = Moving { old: from.open(directory, &store.secrets)?, new };
    let both: Arc<dyn Root> = Arc::new(Moving { old: Arc::clone(&roots.old), new: Arc::clone(&roots.new) });
    let next = directory.join(NEXT);
    let moved = at_desk_with("keys root change", store, both, async |desk| {
        roots.health()?;
        to.write(&next)?;
        let moved = desk.store.change_root(&roots, &desk.by(), desk.tenant.id()).await;
        let moved = moved.context("the change is not finished; what moved has moved, and the same command goes on")?;
        rename(&next, &directory.join(CURRENT)).with_context(|| next.display().to_string())?;
        desk.store.scrub_keys().await.context("the change is done, and the keys as they were still stand in the database's files")?;
        Ok(moved)
    })?;
    say!("{moved} tenant keys are wrapped by {to}");
    say!("Backups of the keys from before still need {from}: keep it as long as they are kept.");
    Ok(ExitCode::SUCCESS)
}

//! `guiju integrity`: what was registered is read again and held against its manifest (LN-4-b), now or at intervals.

mod check;
mod record;
mod schedule;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::{Subcommand, ValueEnum};
use indicatif::ProgressBar;
use keys::digest::hex;
use store::Change;

pub(super) use schedule::{KIND, work};

use super::gate::at_desk;
use super::place::StoreArgs;
use super::{exit, time};
use crate::manifest::{Found, Manifest};
use check::check;
use schedule::Every;

/// Integrity: watch files, check all that is registered
#[derive(Subcommand)]
pub(crate) enum Integrity {
    /// Watch a lexicon or another file or directory, or vouch for what it holds now
    Add {
        #[command(flatten)]
        store: StoreArgs,
        /// A file or a directory
        path: PathBuf,
    },
    /// What is watched beside the models
    List {
        #[command(flatten)]
        store: StoreArgs,
    },
    /// Read everything again: one entry of the ledger for each difference, and exit code 1 if there is any
    Check {
        #[command(flatten)]
        store: StoreArgs,
        /// What to read
        #[arg(long, value_enum, default_value = "all")]
        what: What,
        /// Not now, but as a job, at intervals: 12h, 1d; `guiju job work` runs it
        #[arg(long, value_name = "TIME")]
        every: Option<Every>,
        /// End the interval
        #[arg(long, conflicts_with = "every")]
        stop: bool,
    },
}

/// What is checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum What {
    /// Models and checkpoints that are not retired
    Models,
    /// What `guiju integrity add` added
    Lexicons,
    /// Both
    All,
}

impl What {
    const fn id(self) -> &'static str {
        match self {
            Self::Models => "models",
            Self::Lexicons => "lexicons",
            Self::All => "all",
        }
    }
}

pub(crate) fn run(command: &Integrity) -> Result<ExitCode> {
    match command {
        Integrity::Add { store, path } => add(store, path),
        Integrity::List { store } => list(store),
        Integrity::Check { store, what, every: Some(every), .. } => schedule::set(store, *what, Some(*every)),
        Integrity::Check { store, what, stop: true, .. } => schedule::set(store, *what, None),
        Integrity::Check { store, what, .. } => now(store, *what),
    }
}

fn add(store: &StoreArgs, path: &Path) -> Result<ExitCode> {
    let path = std::path::absolute(path).with_context(|| path.display().to_string())?;
    let name = path.to_str().with_context(|| format!("{}: a path that is no UTF-8 cannot be kept; rename it", path.display()))?.to_owned();
    let found = Found::at(std::slice::from_ref(&path))?;
    let bar = ProgressBar::new_spinner();
    let mut manifest = Manifest::new("files", &name);
    (manifest.whole, manifest.files) = (found.whole, found.lines(&bar)?);
    bar.finish_and_clear();
    let text = manifest.text()?;
    at_desk("integrity add", store, async |desk| {
        let (who, name, text) = (desk.who.clone(), name.clone(), text.clone());
        Ok(desk.tenant.change(async move |change: &mut Change| change.watch(&who, &name, &text).await).await?)
    })?;
    say!(
        "{name} is watched: {} files, {} bytes, manifest {}",
        manifest.files.len(),
        manifest.size(),
        hex(&keys::digest::sha256(text.as_bytes()))
    );
    Ok(ExitCode::SUCCESS)
}

fn list(store: &StoreArgs) -> Result<ExitCode> {
    for watched in at_desk("integrity list", store, async |desk| Ok(desk.tenant.watched().await?))? {
        say!("{}  {}  {}  {}", time(watched.added_ms), watched.added_by, hex(&watched.digest), watched.path);
    }
    Ok(ExitCode::SUCCESS)
}

fn now(store: &StoreArgs, what: What) -> Result<ExitCode> {
    let checked = at_desk("integrity check", store, async |desk| {
        let things = check::things(&desk.tenant, what).await?;
        let checked = check(&things, &ProgressBar::new_spinner());
        record::record(&desk.tenant, &desk.by(), what, &checked, None).await?;
        Ok(checked)
    })?;
    for finding in &checked.findings {
        say!("{}: {}", finding.of, finding.difference);
    }
    say!("{} checked, {} files, {} bytes: {} differences", checked.things, checked.files, checked.bytes, checked.findings.len());
    Ok(exit(checked.findings.is_empty()))
}

//! `guiju backup`: sealed copies of the store, and the proof that they can be used.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::{Args, Subcommand};
use indicatif::ProgressBar;
use keys::CipherPolicy;
use store::backup::{self, Create, Drill, Lock, Older, Passphrase, Restore, RestoreKeys, Summary, What};

use super::gate::at_desk;
use super::place::{PlaceArgs, StoreArgs, runtime};
use super::{passphrase, time};

/// Backups: create, verify, restore, drill
#[derive(Subcommand)]
pub(crate) enum Backup {
    /// Write a backup of the data, or of the keys, while the store is in use
    Create {
        #[command(flatten)]
        store: StoreArgs,
        #[command(flatten)]
        sealed: Sealed,
        /// Back up the wrapped keys in place of the data: kept apart from it, and for 30 days at most
        #[arg(long)]
        keys: bool,
        /// Only what came after this backup, which lies beside
        #[arg(long, conflicts_with = "keys")]
        base: Option<PathBuf>,
    },
    /// Open every part of a backup and derive the roots of its logs again; needs no store
    Verify {
        #[command(flatten)]
        sealed: Sealed,
    },
    /// Restore the data into an empty place, and hold its logs against what was signed
    Restore {
        #[command(flatten)]
        sealed: Sealed,
        #[command(flatten)]
        place: Empty,
    },
    /// Restore the keys: those that were destroyed since stay destroyed, as the newest backup of the data knows
    RestoreKeys {
        #[command(flatten)]
        sealed: Sealed,
        /// The newest backup of the data, under the same passphrase
        #[arg(long)]
        newest: PathBuf,
        #[command(flatten)]
        place: Empty,
    },
    /// Restore into a scratch place, verify, measure how long it takes and how far behind it is, and record that
    Drill {
        #[command(flatten)]
        store: StoreArgs,
        #[command(flatten)]
        sealed: Sealed,
        /// A directory with room for the data
        #[arg(long)]
        scratch: PathBuf,
    },
}

/// A backup, and what opens it.
#[derive(Args)]
pub(crate) struct Sealed {
    /// Directory of the backup
    directory: PathBuf,
    /// File with the passphrase of the backup, at least 15 characters: another than the store's, or both are lost together
    #[arg(long, env = "GUIJU_BACKUP_PASSPHRASE_FILE")]
    backup_passphrase_file: PathBuf,
}

/// Where a backup is restored.
#[derive(Args)]
pub(crate) struct Empty {
    #[command(flatten)]
    place: PlaceArgs,
    /// Accept that the backup is older than what this place has signed, or older than 30 days: what came after it is lost
    #[arg(long)]
    accept_older: bool,
}

pub(crate) fn run(command: &Backup) -> Result<ExitCode> {
    match command {
        Backup::Create { store, sealed, keys, base } => create(store, sealed, *keys, base.as_deref()),
        Backup::Verify { sealed } => {
            let policy = CipherPolicy::default();
            let root = sealed.root()?;
            let summary = counted(|step| Ok(backup::verify(&sealed.directory, &Lock { root: &root, policy: &policy }, step)?))?;
            print(&summary);
            Ok(ExitCode::SUCCESS)
        }
        Backup::Restore { sealed, place } => restore(sealed, place),
        Backup::RestoreKeys { sealed, newest, place } => restore_keys(sealed, newest, place),
        Backup::Drill { store, sealed, scratch } => drill(store, sealed, scratch),
    }
}

impl Sealed {
    fn root(&self) -> Result<Passphrase> {
        Ok(Passphrase::new(passphrase(&self.backup_passphrase_file)?))
    }
}

impl Empty {
    const fn older(&self) -> Older {
        if self.accept_older { Older::Accept } else { Older::Refuse }
    }
}

fn create(store: &StoreArgs, sealed: &Sealed, keys: bool, base: Option<&Path>) -> Result<ExitCode> {
    let root = sealed.root()?;
    let what = if keys { What::Keys } else { What::Data };
    let summary = at_desk("backup create", store, async |desk| {
        let by = desk.by();
        let wanted = Create { directory: &sealed.directory, what, base, root: &root, by: &by };
        let bar = ProgressBar::new_spinner();
        Ok(backup::create(desk.store, &wanted, &mut |rows| bar.set_position(rows)).await?)
    })?;
    print(&summary);
    Ok(ExitCode::SUCCESS)
}

fn restore(sealed: &Sealed, place: &Empty) -> Result<ExitCode> {
    let (root, policy, to) = (sealed.root()?, CipherPolicy::default(), place.place.place());
    let wanted = Restore { directory: &sealed.directory, lock: Lock { root: &root, policy: &policy }, place: &to, older: place.older() };
    let runtime = runtime()?;
    let summary = counted(|step| Ok(runtime.block_on(backup::restore(&wanted, step))?))?;
    print(&summary);
    say!(
        "The keys are apart: `guiju backup restore-keys`, and root.toml belongs into the directory, with the root key file if the root is one."
    );
    Ok(ExitCode::SUCCESS)
}

fn restore_keys(sealed: &Sealed, newest: &Path, place: &Empty) -> Result<ExitCode> {
    let (root, policy, to) = (sealed.root()?, CipherPolicy::default(), place.place.place());
    let lock = || Lock { root: &root, policy: &policy };
    let now_ms = jiff::Timestamp::now().as_millisecond();
    let wanted = RestoreKeys {
        directory: &sealed.directory,
        lock: lock(),
        data: newest,
        data_lock: lock(),
        place: &to,
        now_ms,
        older: place.older(),
    };
    let runtime = runtime()?;
    let (summary, kept_out) = counted(|step| Ok(runtime.block_on(backup::restore_keys(&wanted, step))?))?;
    print(&summary);
    say!("{kept_out} keys that were destroyed since stay destroyed");
    Ok(ExitCode::SUCCESS)
}

fn drill(store: &StoreArgs, sealed: &Sealed, scratch: &Path) -> Result<ExitCode> {
    let root = sealed.root()?;
    std::fs::create_dir_all(scratch).with_context(|| scratch.display().to_string())?;
    let drilled = at_desk("backup drill", store, async |desk| {
        let by = desk.by();
        let bar = ProgressBar::new_spinner();
        let wanted = Drill { directory: &sealed.directory, root: &root, scratch, by: &by };
        Ok(backup::drill(desk.store, &wanted, &mut |rows| bar.set_position(rows)).await?)
    })?;
    say!("restored and verified in {:.1} s", drilled.recovery_ms as f64 / 1e3);
    for log in &drilled.behind {
        say!("{}: {} entries, {} behind the live log, {:.1} s", log.tenant, log.size, log.entries, log.ms as f64 / 1e3);
    }
    Ok(ExitCode::SUCCESS)
}

/// Runs a step with a count of rows, where a person is watching.
fn counted<T>(work: impl FnOnce(&mut (dyn FnMut(u64) + Send)) -> Result<T>) -> Result<T> {
    let bar = ProgressBar::new_spinner();
    let done = work(&mut |rows| bar.set_position(rows));
    bar.finish_and_clear();
    done
}

fn print(summary: &Summary) {
    let what = match summary.what {
        What::Data => "data",
        What::Keys => "keys",
    };
    say!("backup {} of the {what}, made {}: {} rows, {} bytes", summary.backup, time(summary.made_ms), summary.rows, summary.bytes);
    if let Some(until) = summary.keep_until_ms {
        say!("delete it by {}", time(until));
    }
    for log in &summary.logs {
        say!("log {} of {} entries, root {}", log.origin, log.size, keys::digest::hex(&log.root));
    }
}

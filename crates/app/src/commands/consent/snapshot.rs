//! `guiju consent snapshot`: a file for the machines that prepare the data.

use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Error, Result, anyhow};
use jiff::ToSpan;
use keys::digest::hex;

use crate::commands::gate::at_desk;
use crate::commands::place::StoreArgs;

#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    store: StoreArgs,
    /// The file; it must not be there yet, and is for its owner alone
    #[arg(long)]
    out: PathBuf,
    /// For how many days it is good, from today; a user who says no later is not in it
    #[arg(long, default_value_t = 7, value_parser = clap::value_parser!(u8).range(0..=31))]
    days: u8,
}

pub(super) fn run(args: &Args) -> Result<()> {
    let today = jiff::Zoned::now().date();
    let until = today.checked_add(i32::from(args.days).days())?.to_string();
    // Made before the snapshot: a place that cannot be written to costs no entry in the ledger.
    let file = new_file(&args.out)?;
    let made = at_desk("consent snapshot", &args.store, async |desk| {
        Ok(desk.tenant.consent_snapshot(&desk.who, &today.to_string(), &until).await?)
    });
    let made = made.and_then(|made| {
        write(file, &made.file).with_context(|| args.out.display().to_string())?;
        Ok(made)
    });
    if made.is_err() {
        let _ = std::fs::remove_file(&args.out);
    }
    let made = made?;
    say!("{}: {} persons, {} of them out, good until {until}", args.out.display(), made.persons, made.opted_out);
    say!("SHA-256 {}", hex(&made.sha256));
    say!("next: `guiju corpus apply … --person FIELD --consent {}`, then delete the file", args.out.display());
    Ok(())
}

fn new_file(path: &Path) -> Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map_err(|error| match error.kind() {
        ErrorKind::AlreadyExists => anyhow!("{} is there already; name another file, or delete it", path.display()),
        _ => Error::new(error).context(path.display().to_string()),
    })
}

fn write(mut file: File, bytes: &[u8]) -> std::io::Result<()> {
    file.write_all(bytes)?;
    file.sync_all()
}

//! `guiju ledger`: what happened, and the proofs that it stands written.

mod offline;
mod print;
mod witness;

pub(crate) use offline::Trusted;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::Subcommand;
use ledger::checkpoint::Checkpoint;
use ledger::key::VerifierKey;
use ledger::leaf::Class;
use ledger::note::Note;
use store::{Change, Entry, EntryId};

use super::gate::{Desk, at_desk};
use super::place::{StoreArgs, runtime};
use super::{exit, time};

/// The ledger: read, verify, prove, export, witness
#[derive(Subcommand)]
pub(crate) enum Ledger {
    /// Where the log stands: size, root, key, last checkpoint
    Status {
        #[command(flatten)]
        store: StoreArgs,
    },
    /// Entries in their order
    List {
        #[command(flatten)]
        store: StoreArgs,
        /// First entry
        #[arg(long, default_value_t = 0)]
        from: u64,
        /// How many, at most 1,000
        #[arg(long, default_value_t = 50)]
        most: u64,
        #[arg(long, help = "As JSON, a line for each entry")]
        json: bool,
    },
    /// One entry with its content, as far as its keys are there
    Show {
        #[command(flatten)]
        store: StoreArgs,
        /// Its id
        entry: EntryId,
    },
    /// Verify the whole log from its leaves up; of a store, or of an exported directory with `--directory`
    Verify(offline::Verify),
    /// Write the proof that an entry stands in the log: two files, its leaf and a `.tlog-proof`
    Prove {
        #[command(flatten)]
        store: StoreArgs,
        /// Its id
        entry: EntryId,
        /// The proof; the leaf is written beside it with the ending `.leaf`
        #[arg(long)]
        out: PathBuf,
    },
    /// Check a proof; needs no store and no network
    CheckProof(offline::CheckProof),
    /// Show that an older checkpoint is the beginning of the log as it is now, and print the proof
    ///
    /// The proof is in the form of C2SP tlog-witness: `old` and its size, the hashes, a blank line, the checkpoint of now. Whoever has the older checkpoint and the log's key checks
    /// it without the log.
    Consistency {
        #[command(flatten)]
        store: StoreArgs,
        /// The older checkpoint, a file
        old: PathBuf,
    },
    /// Write the log as a directory that any C2SP tool reads; it says nothing of what happened or to whom
    Export {
        #[command(flatten)]
        store: StoreArgs,
        /// The directory
        directory: PathBuf,
    },
    /// Where the file `head` is gone: take the signed checkpoints of the database for what this machine has signed
    ///
    /// Only where the database is known to be the newest: an older copy of it would be taken too. Before the service goes on, let the audit administrator hold a checkpoint that was
    /// kept elsewhere against it: `guiju ledger verify --kept FILE`. An entry in the log says that this was done.
    AcceptHead {
        #[command(flatten)]
        store: StoreArgs,
    },
    /// The auditor's second machine: cosign checkpoints of logs it has seen grow
    #[command(subcommand)]
    Witness(witness::Witness),
}

pub(crate) fn run(command: &Ledger) -> Result<ExitCode> {
    match command {
        Ledger::Status { store } => status(store),
        Ledger::List { store, from, most, json } => list(store, *from, *most, *json),
        Ledger::Show { store, entry } => show(store, *entry),
        Ledger::Verify(command) => offline::verify(command),
        Ledger::Prove { store, entry, out } => prove(store, *entry, out),
        Ledger::CheckProof(command) => offline::check_proof(command),
        Ledger::Consistency { store, old } => consistency(store, old),
        Ledger::Export { store, directory } => export(store, directory),
        Ledger::AcceptHead { store } => accept_head(store),
        Ledger::Witness(command) => witness::run(command),
    }
}

fn status(store: &StoreArgs) -> Result<ExitCode> {
    let log = at_desk("ledger status", store, async |desk| Ok(desk.tenant.log().await?))?;
    say!("log      {}", log.origin);
    say!("key      {}", log.verifier);
    if let Some(sm2) = &log.sm2 {
        say!("sm2      {sm2}");
    }
    say!("entries  {}, {} of them under a checkpoint that a witness cosigned", log.size, log.cosigned_size);
    say!("root     {}", keys::digest::hex(&log.root));
    if log.signed_size < log.size {
        say!("unsigned {} entries at the end", log.size - log.signed_size);
    }
    if let Some(fault) = &log.fault {
        say!("signing has failed since {}: {}", time(fault.since_ms), fault.error);
        say!("it is tried again each second; what is acknowledged is on the disk, but no proof covers the entries at the end until then");
    }
    if !log.checkpoint.is_empty() {
        say!("\n{}", log.checkpoint.trim_end());
    }
    Ok(exit(log.fault.is_none()))
}

fn list(store: &StoreArgs, from: u64, most: u64, json: bool) -> Result<ExitCode> {
    let entries = at_desk("ledger list", store, async |desk| {
        reading(desk, &format!("from {from}")).await?;
        Ok(desk.tenant.entries(from, most).await?)
    })?;
    for entry in &entries {
        if json { print::json(entry) } else { print::line(entry) }
    }
    Ok(ExitCode::SUCCESS)
}

fn show(store: &StoreArgs, entry: EntryId) -> Result<ExitCode> {
    let entry = at_desk("ledger show", store, async |desk| {
        reading(desk, &entry.to_string()).await?;
        Ok(desk.tenant.entry(entry).await?)
    })?;
    print::whole(&entry);
    Ok(ExitCode::SUCCESS)
}

fn prove(store: &StoreArgs, entry: EntryId, out: &Path) -> Result<ExitCode> {
    let beside = out.with_extension("leaf");
    anyhow::ensure!(
        beside != out,
        "{}: the leaf is written under this name; give the proof another, such as {}",
        out.display(),
        named(out)
    );
    let (leaf, receipt) = at_desk("ledger prove", store, async |desk| Ok(desk.tenant.receipt(entry).await?))?;
    fs::write(&beside, leaf).with_context(|| beside.display().to_string())?;
    fs::write(out, receipt.to_string()).with_context(|| out.display().to_string())?;
    say!("entry {} of the log: {} and {}", receipt.index, out.display(), beside.display());
    Ok(ExitCode::SUCCESS)
}

/// A name for a proof whose own ending is that of its leaf.
fn named(out: &Path) -> String {
    out.with_extension("tlog-proof").display().to_string()
}

fn consistency(store: &StoreArgs, old: &Path) -> Result<ExitCode> {
    let (_, old) = read_checkpoint(old)?;
    let (report, proof) = at_desk("ledger consistency", store, async |desk| {
        let report = desk.tenant.verify(vec![old.clone()]).await?;
        let proof = if report.is_clean() { Some(desk.tenant.witness_request(old.size).await?) } else { None };
        Ok((report, proof))
    })?;
    let code = print::report(&report);
    if let Some(proof) = proof {
        let now = Checkpoint::parse(proof.checkpoint.text())?;
        say!("the {} entries of the older checkpoint are the first of the {} of now:\n", old.size, now.size);
        say!("{}", proof.to_string().trim_end());
    }
    Ok(code)
}

fn accept_head(store: &StoreArgs) -> Result<ExitCode> {
    let accepted = runtime()?.block_on(async {
        let (store, accepted) = store.accept_heads("root").await?;
        store.close().await;
        anyhow::Ok(accepted)
    })?;
    for (origin, signed) in &accepted {
        say!("{origin}: the checkpoint of {signed} entries is what this machine goes on from; an entry in the log says so");
    }
    if accepted.is_empty() {
        say!("the head file knows every log that was signed; nothing was done");
    }
    Ok(ExitCode::SUCCESS)
}

fn export(store: &StoreArgs, directory: &Path) -> Result<ExitCode> {
    let size = at_desk("ledger export", store, async |desk| {
        reading(desk, "export").await?;
        Ok(desk.tenant.export(directory).await?)
    })?;
    say!("{}: {size} entries", directory.display());
    Ok(ExitCode::SUCCESS)
}

/// Whoever reads the log is in it: the auditor too.
async fn reading(desk: &Desk<'_>, what: &str) -> Result<()> {
    let entry = Entry::new(Class::Admin, "ledger.read", desk.by()).with("what", what);
    desk.tenant.change(async move |change: &mut Change| change.record(entry)).await?;
    Ok(())
}

/// A checkpoint in a file, with its signatures; nothing is verified.
fn read_checkpoint(path: &Path) -> Result<(Note, Checkpoint)> {
    let note = Note::parse(&fs::read(path).with_context(|| path.display().to_string())?).with_context(|| path.display().to_string())?;
    let checkpoint = Checkpoint::parse(note.text()).with_context(|| path.display().to_string())?;
    Ok((note, checkpoint))
}

/// A public key as it is written down, or a file with one. What is a key is taken for one, whatever files there are: nobody puts another key in its place by a
/// file of that name.
pub(crate) fn read_key(text: &str) -> Result<VerifierKey> {
    let not_written = match text.parse() {
        Ok(key) => return Ok(key),
        Err(error) => error,
    };
    let file = fs::read_to_string(text).with_context(|| format!("{text}: no public key of a log ({not_written}), and no file with one"))?;
    file.trim().parse().with_context(|| format!("the file {text} holds no public key of a log"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_a_key_whatever_files_there_are() {
        let directory = tempfile::tempdir().unwrap();
        let (ours, theirs) = ("PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW", "a+01020304+AgU=");
        let path = |name: &str| directory.path().join(name).display().to_string();
        fs::write(path("key"), format!("{ours}\n")).unwrap();
        fs::write(path("other"), "no key").unwrap();
        assert_eq!(read_key(ours).unwrap().to_string(), ours);
        assert_eq!(read_key(&path("key")).unwrap().to_string(), ours);
        // In the working directory, where the text of the key is a name of a file too.
        fs::write(theirs, format!("{ours}\n")).unwrap();
        let read = read_key(theirs);
        fs::remove_file(theirs).unwrap();
        assert_eq!(read.unwrap().to_string(), theirs);
        for (wrong, said) in [(path("none"), "no file with one"), (path("other"), "holds no public key"), (format!("{ours}x"), "no file")] {
            let refused = format!("{:#}", read_key(&wrong).unwrap_err());
            assert!(refused.contains(said), "{refused}");
        }
    }
}

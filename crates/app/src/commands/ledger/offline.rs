//! What an auditor does without the store: a log that was exported, or one proof.

use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result, bail, ensure};
use clap::Args;
use ledger::checkpoint::Checkpoint;
use ledger::directory::Directory;
use ledger::hash::leaf_hash;
use ledger::key::VerifierKey;
use ledger::leaf::Leaf;
use ledger::policy::Policy;
use ledger::receipt::Receipt;

use super::{print, read_checkpoint, read_key};
use crate::commands::gate::at_desk;
use crate::commands::place::StoreArgs;
use crate::commands::time;

/// Verify the whole log from its leaves up
#[derive(Args)]
pub(crate) struct Verify {
    /// An exported log in place of the store's
    #[arg(long, requires = "key")]
    directory: Option<PathBuf>,
    /// Public key of the exported log, as it was written down, or a file with it
    #[arg(long)]
    key: Option<String>,
    /// Public key of its SM2 signature, or a file with it: the checkpoint must bear that signature as well
    #[arg(long, requires = "directory")]
    sm2_key: Option<String>,
    /// A checkpoint that was kept elsewhere, a file; the log must continue it
    #[arg(long)]
    kept: Vec<PathBuf>,
    #[command(flatten)]
    store: StoreArgs,
}

pub(super) fn verify(command: &Verify) -> Result<ExitCode> {
    let kept: Vec<Checkpoint> = command.kept.iter().map(|path| Ok(read_checkpoint(path)?.1)).collect::<Result<_>>()?;
    let report = match (&command.directory, &command.key) {
        (Some(directory), Some(key)) => {
            let keys: Vec<VerifierKey> = [read_key(key)].into_iter().chain(sm2_key(command.sm2_key.as_deref())).collect::<Result<_>>()?;
            ledger::verify::verify(&Directory::new(directory), &keys, &kept)
        }
        _ => at_desk("ledger verify", &command.store, async |desk| Ok(desk.tenant.verify(kept).await?))?,
    };
    Ok(print::report(&report))
}

/// Check a proof
#[derive(Args)]
pub(crate) struct CheckProof {
    /// The proof, a `.tlog-proof`
    proof: PathBuf,
    /// The leaf; without it the file beside the proof with the ending `.leaf`
    #[arg(long)]
    leaf: Option<PathBuf>,
    #[command(flatten)]
    trusted: Trusted,
}

/// Whose checkpoints are believed.
#[derive(Args)]
pub(crate) struct Trusted {
    /// Public key of the log, as it was written down, or a file with it
    #[arg(long, required_unless_present = "policy")]
    key: Option<String>,
    /// Public key of its SM2 signature, or a file with it: the checkpoint must bear that signature as well. A policy lists it as a log of its own
    #[arg(long, requires = "key")]
    sm2_key: Option<String>,
    /// Logs, witnesses and how many of them must have signed (C2SP tlog-policy), a file
    #[arg(long, conflicts_with = "key")]
    policy: Option<PathBuf>,
}

pub(super) fn check_proof(command: &CheckProof) -> Result<ExitCode> {
    let beside = command.leaf.clone().unwrap_or_else(|| command.proof.with_extension("leaf"));
    let read = |path: &PathBuf| fs::read(path).with_context(|| path.display().to_string());
    let (proof, bytes) = (read(&command.proof)?, read(&beside)?);
    let receipt = Receipt::parse(&proof).with_context(|| command.proof.display().to_string())?;
    let policy = command.trusted.policy()?;
    match receipt.check(&leaf_hash(&bytes), &policy) {
        Ok(accepted) => {
            say!("entry {} stands in {} of {} entries", receipt.index, accepted.checkpoint.origin, accepted.checkpoint.size);
            for signature in &accepted.verified {
                let when = signature.time_s.map_or(String::new(), |time_s| format!(" at {}", time((time_s * 1_000).cast_signed())));
                let by = if signature.key.is_sm2() { " with SM2" } else { "" };
                say!("signed by {}{by}{when}", signature.key.name());
            }
            if let Ok(leaf) = Leaf::decode(&bytes) {
                say!("written {}", time(leaf.time_ms.cast_signed()));
            }
            Ok(ExitCode::SUCCESS)
        }
        Err(error) => {
            say!("the proof does not hold: {error}");
            Ok(ExitCode::from(1))
        }
    }
}

impl Trusted {
    /// The same as a policy.
    pub(crate) fn policy(&self) -> Result<Policy> {
        match (&self.policy, &self.key) {
            (Some(path), _) => {
                let text = fs::read_to_string(path).with_context(|| path.display().to_string())?;
                Policy::parse(&text).with_context(|| path.display().to_string())
            }
            (None, Some(key)) => {
                let sm2 = sm2_key(self.sm2_key.as_deref()).transpose()?.map_or(String::new(), |key| format!("log {key}\n"));
                Ok(Policy::parse(&format!("log {}\n{sm2}quorum none\n", read_key(key)?))?)
            }
            (None, None) => bail!("whose log? `--key` or `--policy`"),
        }
    }
}

/// The SM2 key that was named, and is one.
fn sm2_key(text: Option<&str>) -> Option<Result<VerifierKey>> {
    text.map(|text| {
        let key = read_key(text)?;
        ensure!(key.is_sm2(), "{text}: a key, but none of SM2; `--key` takes the other");
        Ok(key)
    })
}

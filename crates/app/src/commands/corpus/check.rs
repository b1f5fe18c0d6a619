//! `guiju corpus check` and `check-proof`: what an auditor does without the store.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result, bail, ensure};
use clap::Args;
use corpus::export;
use corpus::lineage::{Proof, ProofError};
use ledger::key::VerifierKey;
use taxonomy::Lang;

use super::manifest;
use super::objects::Objects;
use crate::commands::exit;
use crate::commands::ledger::{Trusted, read_key};

#[derive(Args)]
pub(crate) struct Check {
    /// Directory of a scan, or of an export
    dir: PathBuf,
    /// Of an export: public key of the log, as it was written down, or a file with it
    #[arg(long)]
    key: Option<String>,
    /// Of an export: public key of the SM2 signature, or a file with it: the manifest must bear that signature as well
    #[arg(long, requires = "key")]
    sm2_key: Option<String>,
    #[command(flatten)]
    objects: Objects,
}

#[derive(Args)]
pub(crate) struct CheckProof {
    /// A proof that `guiju corpus trace --proof` wrote
    proof: PathBuf,
    #[command(flatten)]
    trusted: Trusted,
    /// zh or en
    #[arg(long, default_value = "zh")]
    lang: Lang,
}

pub(super) fn check(args: &Check) -> Result<ExitCode> {
    let (troubles, good) = if export::is_export(&args.dir) {
        ensure!(
            args.key.is_some(),
            "{} is an export; name the public key of its log with --key (`guiju ledger status` shows it)",
            args.dir.display()
        );
        let keys: Vec<VerifierKey> = args.key.iter().chain(&args.sm2_key).map(|key| read_key(key)).collect::<Result<_>>()?;
        ensure!(args.sm2_key.is_none() || keys.iter().any(VerifierKey::is_sm2), "--sm2-key is no key of SM2; `--key` takes the other");
        (export::check(&args.dir, &keys)?, "签名、清单及全部文件、行均相符 signature, manifest, files and rows are as they were signed")
    } else {
        if args.key.is_some() {
            bail!("{} holds no export: its manifest.json or manifest.note is missing", args.dir.display());
        }
        args.objects.install()?;
        (corpus::check(&args.dir, &manifest(&args.dir)?)?, "findings, records and inputs are as the manifest says")
    };
    troubles.iter().for_each(|trouble| say!("{trouble}"));
    if troubles.is_empty() {
        say!("{good}");
    }
    Ok(exit(troubles.is_empty()))
}

pub(super) fn check_proof(args: &CheckProof) -> Result<ExitCode> {
    let say = |zh: &'static str, en: &'static str| if args.lang == Lang::Zh { zh } else { en };
    let bytes = std::fs::read(&args.proof).with_context(|| args.proof.display().to_string())?;
    let proof = Proof::parse(&bytes).with_context(|| args.proof.display().to_string())?;
    let checked = match proof.check(&args.trusted.policy()?) {
        Ok(checked) => checked,
        Err(error @ ProofError::Malformed(_)) => return Err(error).with_context(|| args.proof.display().to_string()),
        Err(error) => {
            say!("{}: {error}", say("证明不成立", "the proof does not hold"));
            return Ok(exit(false));
        }
    };
    let (row, part) = (&proof.scan.row, &proof.scan.part);
    say!("{}  {}", say("台账", "log"), checked.origin);
    say!("{}  {}", say("来源", "source"), checked.source);
    say!("{}  {}:{}  {}..{}  SHA-256 {}", say("行", "row"), part.file, row.line, part.start, part.end, part.sha256);
    if let Some(hash) = &row.hash {
        say!("{}  {hash}", say("内容哈希", "content hash"));
    }
    say!(
        "{}  {} ({}), {} {}",
        say("判定", "decision"),
        row.decision.title(args.lang),
        row.decision,
        say("发现", "findings"),
        row.findings.len()
    );
    for export in &proof.exports {
        let (row, part) = (&export.row, &export.part);
        say!(
            "{}  {} {} {}  {}  {}",
            say("导出", "export"),
            part.path,
            say("行", "row"),
            export.row_index + 1,
            row.became.title(args.lang),
            row.hash
        );
    }
    checked.entries.iter().for_each(|entry| say!("{}  {entry}", say("台账条目", "entry")));
    Ok(exit(true))
}

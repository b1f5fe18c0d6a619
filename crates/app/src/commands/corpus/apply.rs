//! `guiju corpus apply`.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::Args;
use corpus::{Apply, Duplicates};
use detect::redact::{self, Key, Redactor, Salt, Secrets};
use sha2::{Digest, Sha256};

use super::objects::{Objects, on_a_disk};
use super::{advised, manifest, policy, threads};

#[derive(Args)]
pub(crate) struct ApplyArgs {
    /// Directory of a scan
    dir: PathBuf,
    /// Where the rows go
    #[arg(long)]
    out: PathBuf,
    /// Policy that decides; without it, the built-in policy (docs/formats/policy.md)
    #[arg(long)]
    policy: Option<PathBuf>,
    /// Redaction policy: an operator for each kind (docs/formats/redaction.md); without it, everything is masked
    #[arg(long)]
    redaction: Option<PathBuf>,
    /// File with the key for `pseudonym` and `preserve`: 32 bytes, hexadecimal
    #[arg(long)]
    key_file: Option<PathBuf>,
    /// File with the salt for `hash`: 16 to 64 bytes, hexadecimal
    #[arg(long)]
    salt_file: Option<PathBuf>,
    /// Which copies go into quarantine: keep, exact or all
    #[arg(long, default_value = "keep")]
    duplicates: Duplicates,
    /// Cores to use; without it, all
    #[arg(long)]
    threads: Option<std::num::NonZero<usize>>,
    #[command(flatten)]
    objects: Objects,
}

pub(super) fn run(args: &ApplyArgs) -> Result<ExitCode> {
    on_a_disk(&args.out)?;
    args.objects.install()?;
    let manifest = manifest(&args.dir)?;
    let policy = policy(args.policy.as_deref())?;
    let text = args.redaction.as_deref().map(read).transpose()?.unwrap_or_else(|| "default = \"mask\"".to_owned());
    let redaction = redact::Policy::from_toml(&text)?;
    let digest: String = Sha256::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect();
    let key = args.key_file.as_deref().map(|path| Key::from_hex(read(path)?.trim()).with_context(|| path.display().to_string()));
    let salt = args.salt_file.as_deref().map(|path| Salt::from_hex(read(path)?.trim()).with_context(|| path.display().to_string()));
    let redactor = Redactor::new(redaction, &Secrets { key: key.transpose()?, salt: salt.transpose()? })?;
    let apply = Apply {
        dir: &args.dir,
        out: &args.out,
        manifest: &manifest,
        policy: &policy,
        redactor: &redactor,
        redaction: &digest,
        duplicates: args.duplicates,
        threads: threads(args.threads),
    };
    let done = apply.run().map_err(advised)?;
    let (kept, redacted, quarantined) = (done.kept, done.redacted, done.quarantined);
    say!("rows {}: kept {kept}, redacted {redacted}, quarantined {quarantined}, copies {}, broken {}", done.rows, done.copies, done.broken);
    Ok(ExitCode::SUCCESS)
}

fn read(path: &Path) -> Result<String> {
    std::fs::read_to_string(path).with_context(|| path.display().to_string())
}

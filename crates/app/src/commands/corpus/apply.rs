//! `guiju corpus apply`.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::Args;
use corpus::consent::{Consent, Snapshot, Without};
use corpus::{Apply, Duplicates, Selector};
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
    #[command(flatten)]
    consent: ConsentArgs,
    /// Cores to use; without it, all
    #[arg(long)]
    threads: Option<std::num::NonZero<usize>>,
    #[command(flatten)]
    objects: Objects,
}

/// Rows of persons who said no are dropped; other rows as is said here.
#[derive(Args)]
#[command(next_help_heading = "Consent")]
struct ConsentArgs {
    /// Snapshot of the register of consent (`guiju consent snapshot`, docs/formats/consent.md)
    #[arg(long, value_name = "FILE", requires = "person")]
    consent: Option<PathBuf>,
    /// Field, column or JSON pointer in which a row names its user; a row that names nobody is dropped
    #[arg(long, value_name = "FIELD", requires = "consent")]
    person: Option<String>,
    /// The rows are what users typed: without consent they are dropped
    #[arg(long, requires = "consent")]
    user_input: bool,
    /// Rows with personal information of persons who did not consent: redact or drop
    #[arg(long, value_name = "WAY", default_value = "redact", requires = "consent")]
    without_consent: Without,
    /// Rows with sensitive personal information without separate consent: redact or drop
    #[arg(long, value_name = "WAY", default_value = "redact", requires = "consent")]
    without_separate_consent: Without,
}

impl ConsentArgs {
    /// Reads the snapshot; what day it is, this machine says.
    fn open(&self) -> Result<Option<Consent>> {
        let (Some(path), Some(person)) = (&self.consent, &self.person) else { return Ok(None) };
        let today = jiff::Zoned::now().date().to_string();
        Ok(Some(Consent {
            snapshot: Snapshot::read(path, &today)?,
            person: Selector::new(person).context("--person")?,
            personal: self.without_consent,
            sensitive: self.without_separate_consent,
            user_input: self.user_input,
        }))
    }
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
    let consent = args.consent.open()?;
    let apply = Apply {
        dir: &args.dir,
        out: &args.out,
        manifest: &manifest,
        policy: &policy,
        redactor: &redactor,
        redaction: &digest,
        duplicates: args.duplicates,
        consent: consent.as_ref(),
        threads: threads(args.threads),
    };
    let done = apply.run().map_err(advised)?;
    let (kept, redacted, quarantined) = (done.kept, done.redacted, done.quarantined);
    say!("rows {}: kept {kept}, redacted {redacted}, quarantined {quarantined}, copies {}, broken {}", done.rows, done.copies, done.broken);
    if consent.is_some() {
        let said = done.consent;
        say!("dropped for want of consent {}: said no {}, named nobody {}", done.dropped, said.opted_out, said.nobody);
        say!("dropped or redacted: no consent {}, no separate consent {}", said.no_consent, said.no_separate_consent);
    }
    Ok(ExitCode::SUCCESS)
}

fn read(path: &Path) -> Result<String> {
    std::fs::read_to_string(path).with_context(|| path.display().to_string())
}

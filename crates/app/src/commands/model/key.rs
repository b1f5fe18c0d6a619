//! A key to sign manifests with.

use std::fs::OpenOptions;
use std::io::Write;
use std::process::ExitCode;

use anyhow::{Context, Result};

use super::Key;
use crate::commands::passphrase;
use crate::manifest::generate;

pub(super) fn make(key: &Key) -> Result<ExitCode> {
    let at = || key.out.display().to_string();
    let (sealed, public) = generate(key.sm2, &passphrase(&key.sign_passphrase_file)?)?;
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&key.out).with_context(at)?;
    file.write_all(&sealed).with_context(at)?;
    file.sync_all().with_context(at)?;
    say!("key {public}");
    say!("Give it to whoever verifies; keep {} and its passphrase apart.", key.out.display());
    Ok(ExitCode::SUCCESS)
}

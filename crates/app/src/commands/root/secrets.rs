//! What opens a root: from files and the environment, never from the command line, which other users of the machine can read.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use clap::Args;
use zeroize::Zeroizing;

/// Where the token for Transit is, if in no file.
const TRANSIT_TOKEN: &str = "GUIJU_TRANSIT_TOKEN";

/// What opens the root of a store; which of it is needed, `root.toml` says.
#[derive(Args, Clone, Default)]
pub(crate) struct Secrets {
    /// File with the passphrase of the root key, or of the age identity file; at least 15 characters
    #[arg(long, env = "GUIJU_PASSPHRASE_FILE", help_heading = "Root")]
    passphrase_file: Option<PathBuf>,
    /// The age identity file
    #[arg(long, env = "GUIJU_IDENTITY_FILE", help_heading = "Root")]
    identity_file: Option<PathBuf>,
    /// File with the token for Transit; without it the variable GUIJU_TRANSIT_TOKEN
    #[arg(long, env = "GUIJU_TRANSIT_TOKEN_FILE", help_heading = "Root")]
    transit_token_file: Option<PathBuf>,
    /// File with the PIN of the PKCS#11 token
    #[arg(long, env = "GUIJU_PIN_FILE", help_heading = "Root")]
    pin_file: Option<PathBuf>,
}

/// The same of the root that the store moves to. Nothing of it is taken from the environment: there it is what opens the store now.
#[derive(Args)]
pub(crate) struct NewSecrets {
    /// File with the passphrase of the new root key, or of the new age identity file
    #[arg(long, help_heading = "New root")]
    new_passphrase_file: Option<PathBuf>,
    /// The new age identity file; it is made if it is not there
    #[arg(long, help_heading = "New root")]
    new_identity_file: Option<PathBuf>,
    /// File with the token for the new Transit key
    #[arg(long, help_heading = "New root")]
    new_transit_token_file: Option<PathBuf>,
    /// File with the PIN of the new PKCS#11 token
    #[arg(long, help_heading = "New root")]
    new_pin_file: Option<PathBuf>,
}

impl From<&NewSecrets> for Secrets {
    fn from(new: &NewSecrets) -> Self {
        Self {
            passphrase_file: new.new_passphrase_file.clone(),
            identity_file: new.new_identity_file.clone(),
            transit_token_file: new.new_transit_token_file.clone(),
            pin_file: new.new_pin_file.clone(),
        }
    }
}

impl Secrets {
    pub(super) fn passphrase(&self) -> Result<Zeroizing<String>> {
        self.passphrase_if_any()?
            .context("`--passphrase-file` names the file with the passphrase of the root key; of a new root `--new-passphrase-file`")
    }

    pub(super) fn passphrase_if_any(&self) -> Result<Option<Zeroizing<String>>> {
        self.passphrase_file.as_deref().map(text).transpose()
    }

    pub(super) fn identity(&self) -> Result<&Path> {
        self.identity_file.as_deref().context("`--identity-file` names the age identity file; of a new root `--new-identity-file`")
    }

    pub(super) fn transit_token(&self) -> Result<Zeroizing<String>> {
        match &self.transit_token_file {
            Some(path) => text(path),
            None => std::env::var(TRANSIT_TOKEN).map(|token| Zeroizing::new(token.trim().to_owned())).with_context(|| {
                format!("`--transit-token-file` names the file with the token for Transit, or {TRANSIT_TOKEN} holds it; of a new root `--new-transit-token-file`")
            }),
        }
    }

    pub(super) fn pin(&self) -> Result<Zeroizing<String>> {
        let path = self.pin_file.as_deref();
        text(path.context("`--pin-file` names the file with the PIN of the PKCS#11 token; of a new root `--new-pin-file`")?)
    }
}

/// The secret in a file, without the line end.
fn text(path: &Path) -> Result<Zeroizing<String>> {
    let text = Zeroizing::new(std::fs::read_to_string(path).with_context(|| path.display().to_string())?);
    Ok(Zeroizing::new(text.trim_end().to_owned()))
}

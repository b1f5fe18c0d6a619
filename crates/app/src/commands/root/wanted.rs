//! The root that somebody asks for, of a new store or of one that moves: opened where it is there, made where it is not.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result};
use clap::{Args, ValueEnum};
use keys::root::{AgeRoot, PassphraseRoot, Pkcs11Root, Root, Token, Transit};

use super::{KEY_FILE, RootFile, Secrets, http, key_file};

/// A kind of root.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Kind {
    /// A root key in a file of the store's directory, which a passphrase opens
    Passphrase,
    /// An age identity (X25519) in a file that lies elsewhere
    Age,
    /// A key of the Transit engine of Vault or OpenBao, which is there already
    Transit,
    /// An AES key in a PKCS#11 token, which it never leaves
    Pkcs11,
}

/// Which root, and where it is.
#[derive(Args)]
pub(crate) struct WantedRoot {
    /// What keeps the root key [default: passphrase]
    #[arg(long = "root", value_enum, help_heading = "Root")]
    kind: Option<Kind>,
    /// passphrase: name of the root key file in the directory of the store
    #[arg(long, default_value = KEY_FILE, help_heading = "Root")]
    root_file: String,
    /// transit: address of the server, https://vault.example.cn:8200
    #[arg(long, required_if_eq("kind", "transit"), help_heading = "Root")]
    transit_address: Option<String>,
    /// transit: name of the key
    #[arg(long, default_value = "guiju", help_heading = "Root")]
    transit_key: String,
    /// pkcs11: the library that speaks to the token, /usr/lib/softhsm/libsofthsm2.so
    #[arg(long, required_if_eq("kind", "pkcs11"), help_heading = "Root")]
    pkcs11_module: Option<PathBuf>,
    /// pkcs11: label of the token
    #[arg(long, required_if_eq("kind", "pkcs11"), help_heading = "Root")]
    pkcs11_token: Option<String>,
    /// pkcs11: label of the key in it
    #[arg(long, default_value = "guiju", help_heading = "Root")]
    pkcs11_key: String,
}

impl WantedRoot {
    /// Whether a kind is asked for, and another than this.
    pub(super) fn differs(&self, there: &RootFile) -> bool {
        let kind = match there {
            RootFile::Passphrase { .. } => Kind::Passphrase,
            RootFile::Age { .. } => Kind::Age,
            RootFile::Transit { .. } => Kind::Transit,
            RootFile::Pkcs11 { .. } => Kind::Pkcs11,
        };
        self.kind.is_some_and(|wanted| wanted != kind)
    }

    /// Opens the root, or makes it.
    pub(super) fn make(&self, directory: &Path, secrets: &Secrets) -> Result<(RootFile, Arc<dyn Root>)> {
        match self.kind.unwrap_or(Kind::Passphrase) {
            Kind::Passphrase => self.passphrase(directory, secrets),
            Kind::Age => age(secrets),
            Kind::Transit => self.transit(secrets),
            Kind::Pkcs11 => self.pkcs11(secrets),
        }
    }

    fn passphrase(&self, directory: &Path, secrets: &Secrets) -> Result<(RootFile, Arc<dyn Root>)> {
        let (path, passphrase) = (key_file(directory, &self.root_file)?, secrets.passphrase()?);
        let root = if path.exists() { PassphraseRoot::open(&path, &passphrase) } else { PassphraseRoot::create(&path, &passphrase) };
        Ok((RootFile::Passphrase { file: self.root_file.clone() }, Arc::new(root?)))
    }

    fn transit(&self, secrets: &Secrets) -> Result<(RootFile, Arc<dyn Root>)> {
        let address = self.transit_address.clone().context("`--transit-address` names the server")?;
        let root = Transit::new(&address, &self.transit_key, secrets.transit_token()?, http::Https)?;
        Ok((RootFile::Transit { address, key: self.transit_key.clone() }, Arc::new(root)))
    }

    fn pkcs11(&self, secrets: &Secrets) -> Result<(RootFile, Arc<dyn Root>)> {
        let module = self.pkcs11_module.clone().context("`--pkcs11-module` names the library that speaks to the token")?;
        // A name without a directory is looked for by the system, wherever the store is opened from; any other must not depend on that.
        let module = if module.components().count() > 1 { std::path::absolute(module)? } else { module };
        let token = self.pkcs11_token.clone().context("`--pkcs11-token` names the token by its label")?;
        let at = Token { module, token, key: self.pkcs11_key.clone() };
        let pin = secrets.pin()?;
        let there = Pkcs11Root::is_there(at.clone(), pin.clone())?;
        let root = if there { Pkcs11Root::open(at.clone(), pin)? } else { Pkcs11Root::create(at.clone(), pin)? };
        let Token { module, token, key } = at;
        Ok((RootFile::Pkcs11 { module, token, key }, Arc::new(root)))
    }
}

fn age(secrets: &Secrets) -> Result<(RootFile, Arc<dyn Root>)> {
    let (path, passphrase) = (secrets.identity()?, secrets.passphrase_if_any()?);
    let passphrase = passphrase.as_ref().map(|text| text.as_str());
    let root = if path.exists() { AgeRoot::open(path, passphrase, None)? } else { AgeRoot::create(path, passphrase)? };
    Ok((RootFile::Age { recipient: root.recipient() }, Arc::new(root)))
}

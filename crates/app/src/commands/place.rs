//! Where the store of a command lies, and how it is opened.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result};
use clap::Args;
use keys::root::{PassphraseRoot, Root};
use keys::{CipherPolicy, Suite};
use store::{Options, Place, Store, Tenant, TenantId, system_clock};

use super::root::{RootFile, Secrets, WantedRoot, root_for_init};

/// Where a store lies.
#[derive(Args)]
pub(crate) struct PlaceArgs {
    /// Directory of the store: its databases, what its root is, and the last signed head of each log
    #[arg(long, env = "GUIJU_DATA", default_value = "guiju-data")]
    data: PathBuf,
    /// PostgreSQL in place of the databases in the directory: postgres://user@host/name
    #[arg(long, env = "GUIJU_DATABASE", hide_env_values = true)]
    database: Option<String>,
}

impl PlaceArgs {
    pub(crate) fn place(&self) -> Place {
        Place { directory: self.data.clone(), database: self.database.clone() }
    }
}

/// A store, and who opens it.
#[derive(Args)]
pub(crate) struct StoreArgs {
    #[command(flatten)]
    place: PlaceArgs,
    /// Which tenant
    #[arg(long, env = "GUIJU_TENANT", default_value = "main")]
    tenant: TenantId,
    #[command(flatten)]
    pub(super) secrets: Secrets,
    /// Cipher policy, TOML (docs/formats/envelope.md); without it XChaCha20-Poly1305 seals everything
    #[arg(long, env = "GUIJU_CIPHER_POLICY")]
    cipher_policy: Option<PathBuf>,
    /// File with the session or API token of whoever asks; without it the variable GUIJU_TOKEN
    #[arg(long, env = "GUIJU_TOKEN_FILE")]
    pub(crate) token_file: Option<PathBuf>,
}

impl StoreArgs {
    /// The directory of the store.
    pub(super) fn directory(&self) -> &Path {
        &self.place.data
    }

    /// The root of the store, as `root.toml` says.
    pub(crate) fn root(&self) -> Result<Arc<dyn Root>> {
        RootFile::of(self.directory())?.open(self.directory(), &self.secrets)
    }

    /// The root of a store that is made, or is there and gets another tenant.
    pub(super) fn root_for_init(&self, wanted: &WantedRoot) -> Result<Arc<dyn Root>> {
        root_for_init(self.directory(), wanted, &self.secrets)
    }

    /// Makes the tenant and its log; what is there already stays.
    pub(crate) async fn create(&self, root: Arc<dyn Root>, origin: &str, by: &str) -> Result<(Store, Tenant)> {
        let store = self.open_store(root).await?;
        let tenant = store.create_tenant(&self.tenant, origin, by).await?;
        Ok((store, tenant))
    }

    /// Opens the store for its tenant.
    pub(crate) async fn open(&self, root: Arc<dyn Root>) -> Result<(Store, Tenant)> {
        let store = self.open_store(root).await?;
        let tenant = store.tenant(&self.tenant).await?;
        Ok((store, tenant))
    }

    /// Opens a store whose head file is gone, and takes what the database says was signed for what this machine has signed.
    pub(crate) async fn accept_heads(&self, by: &str) -> Result<(Store, Vec<(String, u64)>)> {
        Ok(Store::accept_heads(self.options(self.root()?)?, by).await?)
    }

    async fn open_store(&self, root: Arc<dyn Root>) -> Result<Store> {
        Ok(Store::open(self.options(root)?).await?)
    }

    fn options(&self, root: Arc<dyn Root>) -> Result<Options> {
        let policy = match &self.cipher_policy {
            Some(path) => toml::from_str(&std::fs::read_to_string(path).with_context(|| path.display().to_string())?)
                .with_context(|| path.display().to_string())?,
            None => CipherPolicy::uniform(Suite::XChaCha20Poly1305),
        };
        Ok(Options { place: self.place.place(), root, policy, clock: system_clock() })
    }
}

/// A store that lies in a directory of its own and goes with it: for a demonstration. Its passphrase is known to nobody.
pub(crate) async fn temporary() -> Result<(tempfile::TempDir, Store, Tenant)> {
    let directory = tempfile::Builder::new().prefix("guiju-demo-").tempdir()?;
    let path = directory.path().join("root.key");
    let passphrase = keys::token::Token::generate()?.text();
    let root: Arc<dyn Root> = Arc::new(PassphraseRoot::create(&path, &passphrase)?);
    let place = Place { directory: directory.path().to_path_buf(), database: None };
    let store =
        Store::open(Options { place, root, policy: CipherPolicy::uniform(Suite::XChaCha20Poly1305), clock: system_clock() }).await?;
    let tenant = store.create_tenant(&TenantId::main(), "demo.guiju.invalid", "system").await?;
    Ok((directory, store, tenant))
}

pub(crate) fn runtime() -> Result<tokio::runtime::Runtime> {
    Ok(tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?)
}

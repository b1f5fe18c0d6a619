//! `guiju model verify`: the register against the ledger, the signatures against the manifest, the files against both.

use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result, bail, ensure};
use indicatif::ProgressBar;
use keys::digest::{hex, sha256};
use serde_json::Value;
use store::models::{Model, ModelId};
use store::{Opened, Tenant};

use super::One;
use crate::commands::exit;
use crate::commands::gate::at_desk;
use crate::manifest::{Manifest, Signature, compare, verify as verify_signatures};

pub(super) fn verify(one: &One, directory: Option<&Path>, signed_by: Option<&str>) -> Result<ExitCode> {
    let model = at_desk("model verify", &one.store, async |desk| checked(&desk.tenant, &one.model).await)?;
    let manifest = Manifest::read(&model.manifest)?;
    let signatures: Vec<Signature> = serde_json::from_str(&model.signatures).context("the signatures in the register")?;
    verify_signatures(&model.manifest, &signatures)?;
    for signature in &signatures {
        say!("signed {} {}", signature.algorithm, signature.key);
    }
    if let Some(key) = signed_by {
        ensure!(signatures.iter().any(|signature| signature.key == key), "{} is not signed by {key}", model.id);
    }
    if manifest.files.is_empty() {
        say!("{} is served by API only: there are declared facts and no files to verify", model.id);
        return Ok(ExitCode::SUCCESS);
    }
    let root = directory.or(model.path.as_deref().map(Path::new)).context("name the directory of the files")?;
    let differences = compare(&manifest, root, &ProgressBar::new(manifest.size()));
    differences.iter().for_each(|difference| say!("{difference}"));
    if differences.is_empty() {
        say!("{}: all {} files are what was registered, {} bytes", model.id, manifest.files.len(), manifest.size());
    } else {
        say!("{}: {} of the files are not what was registered", model.id, differences.len());
    }
    Ok(exit(differences.is_empty()))
}

/// A version whose row says what the ledger said when it was registered: whoever can write into the database cannot change it unseen.
async fn checked(tenant: &Tenant, id: &ModelId) -> Result<Model> {
    let model = tenant.model(id).await?;
    let digest = hex(&sha256(model.manifest.as_bytes()));
    ensure!(digest == hex(&model.digest), "the manifest of {id} in the register is not the one that was registered: its digest differs");
    let Opened { said, .. } = tenant.entry(model.entry).await?;
    // Once its retention has ended an entry says nothing any more.
    let Some(said) = said else { return Ok(model) };
    let entered = |what: &str| said.get("details").and_then(|details| details.get(what)).and_then(Value::as_str).unwrap_or_default();
    let (name, version, manifest) = (entered("name"), entered("version"), entered("manifest_sha256"));
    if (name, version, manifest) != (id.name(), id.version(), digest.as_str()) {
        bail!("the register says {id} has the manifest {digest}, and entry {} of the ledger says {name}@{version} {manifest}", model.entry);
    }
    Ok(model)
}

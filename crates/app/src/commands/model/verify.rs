//! `guiju model verify`: the register against the ledger, the signatures against the manifest, the files against both.

use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result, ensure};
use indicatif::ProgressBar;

use super::One;
use crate::commands::exit;
use crate::commands::gate::at_desk;
use crate::manifest::{Manifest, Signature, compare, verify as verify_signatures};

pub(super) fn verify(one: &One, directory: Option<&Path>, signed_by: Option<&str>) -> Result<ExitCode> {
    let model = at_desk("model verify", &one.store, async |desk| Ok(desk.tenant.model_as_entered(&one.model).await?))?;
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
    let bar = ProgressBar::new(manifest.size());
    let differences = compare(&manifest, root, &bar);
    bar.finish_and_clear();
    differences.iter().for_each(|difference| say!("{difference}"));
    if differences.is_empty() {
        say!("{}: all {} files are what was registered, {} bytes", model.id, manifest.files.len(), manifest.size());
    } else {
        say!("{}: {} of the files are not what was registered", model.id, differences.len());
    }
    Ok(exit(differences.is_empty()))
}

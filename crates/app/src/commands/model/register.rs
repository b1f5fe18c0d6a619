//! `guiju model register`: hash, write the manifest, sign it, and enter it.

use std::process::ExitCode;

use anyhow::{Context, Result, bail, ensure};
use indicatif::ProgressBar;
use keys::digest::{hex, sha256};
use store::models::{Kind, ModelId, NewModel};
use store::{Change, StoreError};

use super::Register;
use crate::commands::gate::at_desk;
use crate::commands::passphrase;
use crate::manifest::{Found, Manifest, Signature, digest_of, sign};

pub(super) fn register(command: &Register) -> Result<ExitCode> {
    let id = ModelId::new(&command.name, &command.version).map_err(anyhow::Error::msg)?;
    // Asked before an hour of hashing, and decided after it.
    at_desk("model register", &command.store, async |desk| match desk.tenant.model(&id).await {
        Ok(_) => bail!("{id} is registered already, and a version never changes; register it under another version"),
        Err(StoreError::NotFound(_)) => Ok(()),
        Err(error) => Err(error.into()),
    })?;
    let found = (!command.paths.is_empty()).then(|| Found::at(&command.paths)).transpose()?;
    let manifest = manifest(command, found.as_ref())?;
    let text = manifest.text()?;
    let signatures = signatures(command, &text)?;
    let path = match &found {
        Some(found) => found.root.to_str().context("the path of the files is no UTF-8; move them")?.to_owned(),
        None => String::new(),
    };
    let kind = if command.checkpoint { Kind::Checkpoint } else { Kind::Model };
    let new = NewModel {
        id: id.clone(),
        kind,
        base: manifest.base.clone().unwrap_or_default(),
        licence: manifest.licence.clone().unwrap_or_default(),
        manifest: text.clone(),
        path,
        endpoint: manifest.endpoint.clone().unwrap_or_default(),
        signatures: serde_json::to_string(&signatures)?,
    };
    let entry = at_desk("model register", &command.store, async |desk| {
        let who = desk.who.clone();
        Ok(desk.tenant.change(async move |change: &mut Change| change.register_model(&who, new).await).await?.0)
    })?;
    say!("{} {id} is registered: {} files, {} bytes", kind.word(), manifest.files.len(), manifest.size());
    say!("manifest sha256 {}", hex(&sha256(text.as_bytes())));
    for signature in &signatures {
        say!("signed {} {}", signature.algorithm, signature.key);
    }
    say!("entry {entry}");
    match kind {
        Kind::Model => say!("next: an assessor assesses it, and runs `guiju assess record RUN_DIR --model {id}`"),
        Kind::Checkpoint => say!("next: `guiju model good {id}` once training can go back to it"),
    }
    Ok(ExitCode::SUCCESS)
}

fn manifest(command: &Register, found: Option<&Found>) -> Result<Manifest> {
    let bar = ProgressBar::new_spinner();
    let mut manifest = Manifest::new(if command.checkpoint { "checkpoint" } else { "model" }, &command.name);
    manifest.version = Some(command.version.clone());
    manifest.base = command.base.as_ref().map(ToString::to_string);
    manifest.licence = command.licence.clone();
    manifest.provenance = command.provenance.clone();
    manifest.endpoint = command.endpoint.clone();
    if let Some(endpoint) = &command.endpoint {
        ensure!(
            endpoint.starts_with("http://") || endpoint.starts_with("https://"),
            "{endpoint:?} is no address; it begins with http:// or https://"
        );
        ensure!(!endpoint.contains(['@', '?']), "the address of an endpoint holds no name and no key: it goes into the ledger");
    }
    for (name, fact) in &command.fact {
        if manifest.facts.insert(name.clone(), fact.clone()).is_some() {
            bail!("the fact '{name}' is declared twice");
        }
    }
    if let Some(path) = &command.sbom {
        let name = path.file_name().and_then(|name| name.to_str()).with_context(|| format!("{}: is no file", path.display()))?;
        manifest.sbom = Some(digest_of(path, name, &bar)?);
    }
    if let Some(found) = found {
        manifest.whole = found.whole;
        manifest.files = found.lines(&bar)?;
    }
    bar.finish_and_clear();
    Ok(manifest)
}

fn signatures(command: &Register, text: &str) -> Result<Vec<Signature>> {
    let Some(file) = &command.sign_passphrase_file else { return Ok(Vec::new()) };
    let passphrase = passphrase(file)?;
    command.sign_key.iter().map(|key| sign(text, key, &passphrase)).collect()
}

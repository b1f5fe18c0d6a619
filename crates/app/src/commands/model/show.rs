//! `guiju model list` and `show`.

use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result};
use keys::digest::hex;
use serde_json::{Value, json};
use store::models::{Assessment, Model, ModelLine, ModelState};

use super::One;
use crate::commands::gate::at_desk;
use crate::commands::place::StoreArgs;
use crate::commands::{pad, print_json, time};
use crate::manifest::{Manifest, Signature};

pub(super) fn list(store: &StoreArgs, served: bool, json: bool) -> Result<ExitCode> {
    let mut models = at_desk("model list", store, async |desk| Ok(desk.tenant.models().await?))?;
    models.retain(|model| !served || model.state == ModelState::Promoted);
    if json {
        print_json(&models.iter().map(line).collect::<Vec<_>>())?;
        return Ok(ExitCode::SUCCESS);
    }
    for model in &models {
        let (id, licence) = (pad(&model.id.to_string(), 40), model.licence.as_deref().unwrap_or("-"));
        say!("{id} {:<10} {:<10} {}  {licence}", model.kind.word(), model.state.word(), time(model.registered_ms));
    }
    Ok(ExitCode::SUCCESS)
}

pub(super) fn show(one: &One, json: bool, out: Option<&Path>) -> Result<ExitCode> {
    let (model, runs) = at_desk("model show", &one.store, async |desk| {
        Ok((desk.tenant.model(&one.model).await?, desk.tenant.assessments(&one.model).await?))
    })?;
    if let Some(path) = out {
        let at = || path.display().to_string();
        let mut file = std::fs::OpenOptions::new().write(true).create_new(true).open(path).with_context(at)?;
        file.write_all(model.manifest.as_bytes()).with_context(at)?;
    }
    if json {
        let manifest: Value = serde_json::from_str(&model.manifest)?;
        let value = json!({ "model": value(&model), "assessments": runs.iter().map(assessment).collect::<Vec<_>>(), "manifest": manifest });
        print_json(&value)?;
        return Ok(ExitCode::SUCCESS);
    }
    whole(&model, &runs)?;
    Ok(ExitCode::SUCCESS)
}

fn whole(model: &Model, runs: &[Assessment]) -> Result<()> {
    let manifest = Manifest::read(&model.manifest)?;
    say!("{} {} is {}", model.kind.word(), model.id, model.state.word());
    let rows = [
        ("base", &model.base),
        ("licence", &model.licence),
        ("provenance", &manifest.provenance),
        ("endpoint", &model.endpoint),
        ("files in", &model.path),
    ];
    for (name, value) in rows {
        say!("{name:<12} {}", value.as_deref().unwrap_or("-"));
    }
    for (name, fact) in &manifest.facts {
        say!("{name:<12} {fact}");
    }
    say!("registered   {} by {}, entry {}", time(model.registered_ms), model.registered_by, model.entry);
    say!("manifest     sha256 {}", hex(&model.digest));
    for signature in serde_json::from_str::<Vec<Signature>>(&model.signatures)? {
        say!("signed       {} {}", signature.algorithm, signature.key);
    }
    for run in runs {
        say!("run          {} {}, {}", run.run, run.standing, if run.met { "met its bounds" } else { "did not meet its bounds" });
        run.misses.iter().for_each(|miss| say!("             - {miss}"));
    }
    for file in manifest.files.iter().chain(&manifest.sbom) {
        say!("{}  {:>16}  {}", file.sha256, file.size, file.name.escape_debug());
    }
    Ok(())
}

fn line(model: &ModelLine) -> Value {
    json!({
        "name": model.id.name(), "version": model.id.version(), "kind": model.kind, "state": model.state, "licence": model.licence,
        "manifest_sha256": hex(&model.digest), "registered": time(model.registered_ms),
    })
}

fn value(model: &Model) -> Value {
    json!({
        "name": model.id.name(), "version": model.id.version(), "kind": model.kind, "state": model.state, "base": model.base,
        "licence": model.licence, "endpoint": model.endpoint, "path": model.path, "manifest_sha256": hex(&model.digest),
        "registered_by": model.registered_by, "registered": time(model.registered_ms), "entry": model.entry.to_string(),
    })
}

fn assessment(run: &Assessment) -> Value {
    json!({ "run": run.run, "chain": run.chain, "met": run.met, "standing": run.standing, "misses": run.misses })
}

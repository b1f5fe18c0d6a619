//! The architecture as a check: every edge between our crates must stand in `xtask/layers.toml`.

use std::collections::BTreeMap;
use std::process::Command;

use anyhow::{Context, Result, bail};
use serde::Deserialize;

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    dependencies: Vec<Dependency>,
}

#[derive(Deserialize)]
struct Dependency {
    name: String,
    path: Option<String>,
}

pub(crate) fn check() -> Result<()> {
    let allowed: BTreeMap<String, Vec<String>> = toml::from_str(include_str!("../layers.toml"))?;
    let output = Command::new(env!("CARGO")).args(["metadata", "--format-version", "1", "--no-deps"]).output()?;
    let metadata: Metadata = serde_json::from_slice(&output.stdout).context("cargo metadata gave no JSON")?;
    let mut wrong = Vec::new();
    let mut edges = 0;
    for package in &metadata.packages {
        let Some(may) = allowed.get(&package.name) else {
            wrong.push(format!("{} is not in xtask/layers.toml; give it its layer", package.name));
            continue;
        };
        for dependency in package.dependencies.iter().filter(|d| d.path.is_some()) {
            edges += 1;
            if !may.contains(&dependency.name) {
                wrong.push(format!("{} imports {}, which its layer does not allow", package.name, dependency.name));
            }
        }
    }
    if !wrong.is_empty() {
        bail!("{}", wrong.join("\n"));
    }
    println!("layers: {} crates, {edges} edges, all allowed", metadata.packages.len());
    Ok(())
}

//! The architecture as a check: `xtask/layers.toml` says which of our crates may import which. What they may use of others says `deny.toml`.

use std::collections::BTreeMap;
use std::process::Command;

use anyhow::{Context, Result, bail};
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Layers {
    imports: BTreeMap<String, Vec<String>>,
    tests: BTreeMap<String, Vec<String>>,
}

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    source: Option<String>,
    dependencies: Vec<Dependency>,
}

#[derive(Deserialize)]
struct Dependency {
    name: String,
    kind: Option<String>,
    path: Option<String>,
}

pub(crate) fn check() -> Result<()> {
    let layers: Layers = toml::from_str(include_str!("../layers.toml"))?;
    let output = Command::new(env!("CARGO")).args(["metadata", "--format-version", "1", "--locked"]).output()?;
    let metadata: Metadata = serde_json::from_slice(&output.stdout).context("cargo metadata gave no JSON")?;
    let ours: Vec<&Package> = metadata.packages.iter().filter(|package| package.source.is_none()).collect();
    let mut wrong = Vec::new();
    let mut edges = 0;
    for package in &ours {
        let Some(may) = layers.imports.get(&package.name) else {
            wrong.push(format!("{} is not in xtask/layers.toml; give it its layer", package.name));
            continue;
        };
        for dependency in package.dependencies.iter().filter(|dependency| dependency.path.is_some()) {
            edges += 1;
            let is_test = dependency.kind.as_deref() == Some("dev");
            let tests_may = layers.tests.get(&package.name).is_some_and(|more| is_test && more.contains(&dependency.name));
            if !may.contains(&dependency.name) && !tests_may {
                wrong.push(format!("{} imports {}, which its layer does not allow", package.name, dependency.name));
            }
        }
    }
    if !wrong.is_empty() {
        bail!("{}", wrong.join("\n"));
    }
    println!("layers: {} crates, {edges} edges, all allowed", ours.len());
    Ok(())
}

//! The architecture as a check: `xtask/layers.toml` says which of our crates may import which, what only one of them may name, and under which licences the rest
//! may come. Advisories are not among it: their database is not to be had offline.

use std::collections::BTreeMap;
use std::process::Command;

use anyhow::{Context, Result, bail};
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Layers {
    imports: BTreeMap<String, Vec<String>>,
    tests: BTreeMap<String, Vec<String>>,
    only: BTreeMap<String, Vec<String>>,
    licences: Licences,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Licences {
    accepted: Vec<String>,
}

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    license: Option<String>,
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
    let (ours, theirs): (Vec<&Package>, Vec<&Package>) = metadata.packages.iter().partition(|package| package.source.is_none());
    let mut wrong = Vec::new();
    let mut edges = 0;
    for package in &ours {
        let Some(may) = layers.imports.get(&package.name) else {
            wrong.push(format!("{} is not in xtask/layers.toml; give it its layer", package.name));
            continue;
        };
        for dependency in &package.dependencies {
            if dependency.path.is_some() {
                edges += 1;
                let is_test = dependency.kind.as_deref() == Some("dev");
                let tests_may = layers.tests.get(&package.name).is_some_and(|more| is_test && more.contains(&dependency.name));
                if !may.contains(&dependency.name) && !tests_may {
                    wrong.push(format!("{} imports {}, which its layer does not allow", package.name, dependency.name));
                }
            }
            let others = layers.only.get(&dependency.name).filter(|only| dependency.kind.is_none() && !only.contains(&package.name));
            if let Some(only) = others {
                wrong.push(format!("{} names {}, which only {} may", package.name, dependency.name, only.join(" and ")));
            }
        }
    }
    for package in &theirs {
        let licence = package.license.as_deref().unwrap_or("none declared");
        if !accepted(licence, &layers.licences.accepted) {
            wrong.push(format!("{} comes under {licence}, which xtask/layers.toml does not accept", package.name));
        }
    }
    if !wrong.is_empty() {
        bail!("{}", wrong.join("\n"));
    }
    println!("layers: {} crates, {edges} edges, {} dependencies, all allowed", ours.len(), theirs.len());
    Ok(())
}

/// Whether an SPDX expression can be met by what is accepted: each part of an AND, one of an OR. `/` is an old way to write OR.
fn accepted(licence: &str, known: &[String]) -> bool {
    let one = |licence: &str| known.iter().any(|name| name == licence.trim().trim_matches(['(', ')']));
    licence.replace('/', " OR ").split(" AND ").all(|part| part.split(" OR ").any(one))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_choice_needs_one_and_a_sum_needs_all() {
        let known = ["MIT".to_owned(), "Unicode-3.0".to_owned(), "Apache-2.0".to_owned()];
        for good in ["MIT", "MIT OR GPL-3.0", "Apache-2.0/MIT", "(MIT OR Apache-2.0) AND Unicode-3.0", "MIT AND (Zlib OR Unicode-3.0)"] {
            assert!(accepted(good, &known), "{good}");
        }
        for bad in ["GPL-3.0", "MIT AND GPL-3.0", "(MIT OR Apache-2.0) AND GPL-3.0", "none declared"] {
            assert!(!accepted(bad, &known), "{bad}");
        }
    }
}

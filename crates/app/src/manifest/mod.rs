//! A manifest: what files there are, with size, SHA-256 and SM3 of each, and what is declared of them. Format: `docs/formats/model-manifest.md`.
//!
//! The same content has the same bytes (RFC 8785), so that the digest of a manifest stands for all of it. It holds no time and no path of a machine.

mod compare;
mod files;
mod sign;

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use keys::digest::{Digests, hex};
use serde::{Deserialize, Serialize};

pub(crate) use compare::{Difference, How, compare};
pub(crate) use files::{Found, digest_of};
pub(crate) use sign::{Signature, generate, sign, verify};

/// The first version of the format.
const FORMAT: &str = "guiju-manifest-1";

/// Facts that can be declared, each of them and each text: what a person reads on a page.
const MAX_FACTS: usize = 64;
const MAX_TEXT_CHARS: usize = 1_000;

/// A manifest. Its fields stand in the order of their names, as RFC 8785 has them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Manifest {
    /// `NAME@VERSION` that it was made from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) base: Option<String>,
    /// Address where it is served by API only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) endpoint: Option<String>,
    /// What is declared of it beside.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) facts: BTreeMap<String, String>,
    /// The files, by the bytes of their names.
    pub(crate) files: Vec<FileLine>,
    format: String,
    /// `model`, `checkpoint` or `files`.
    pub(crate) kind: String,
    /// SPDX expression.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) licence: Option<String>,
    /// Name of the model, or of the files.
    pub(crate) name: String,
    /// Where it comes from, an address or a sentence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) provenance: Option<String>,
    /// Its bill of materials, which lies elsewhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) sbom: Option<FileLine>,
    /// Version of the model.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) version: Option<String>,
    /// Whether these are all files of the directory, so that another one is a difference.
    pub(crate) whole: bool,
}

/// A file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FileLine {
    /// Its name under the directory, with `/`.
    pub(crate) name: String,
    /// SHA-256, hexadecimal.
    pub(crate) sha256: String,
    /// Bytes.
    pub(crate) size: u64,
    /// SM3, hexadecimal.
    pub(crate) sm3: String,
}

impl Manifest {
    /// A manifest of a kind without files, and nothing declared.
    pub(crate) fn new(kind: &str, name: &str) -> Self {
        Self {
            base: None,
            endpoint: None,
            facts: BTreeMap::new(),
            files: Vec::new(),
            format: FORMAT.to_owned(),
            kind: kind.to_owned(),
            licence: None,
            name: name.to_owned(),
            provenance: None,
            sbom: None,
            version: None,
            whole: false,
        }
    }

    /// Its bytes.
    pub(crate) fn text(&self) -> Result<String> {
        let plain = |name: &str| !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte));
        ensure!(self.facts.len() <= MAX_FACTS, "{} facts are declared, at most {MAX_FACTS} can be", self.facts.len());
        for (name, fact) in &self.facts {
            ensure!(plain(name), "the name of a fact has letters, digits and . _ -; {name:?} has not");
            ensure!(fact.chars().count() <= MAX_TEXT_CHARS, "the fact '{name}' has more than {MAX_TEXT_CHARS} characters");
        }
        let provenance = self.provenance.as_deref().unwrap_or_default();
        ensure!(provenance.chars().count() <= MAX_TEXT_CHARS, "the provenance has more than {MAX_TEXT_CHARS} characters");
        Ok(serde_json::to_string(self)?)
    }

    /// Reads the bytes of one, and no others that would mean the same.
    pub(crate) fn read(text: &str) -> Result<Self> {
        let read: Self = serde_json::from_str(text).context("is no manifest")?;
        ensure!(read.format == FORMAT, "is a manifest of format '{}'; this version knows {FORMAT}", read.format);
        ensure!(serde_json::to_string(&read)? == text, "is a manifest that was not written as its format says, so its digest says nothing");
        Ok(read)
    }

    /// Bytes of all its files.
    pub(crate) fn size(&self) -> u64 {
        self.files.iter().fold(0, |sum, file| sum.saturating_add(file.size))
    }
}

impl FileLine {
    fn new(name: &str, size: u64, digests: &Digests) -> Self {
        Self { name: name.to_owned(), sha256: hex(&digests.sha256), size, sm3: hex(&digests.sm3) }
    }
}

/// Where the names of a manifest begin: at the path itself, or beside the one file that it is.
pub(crate) fn root_of<'p>(manifest: &Manifest, path: &'p Path) -> &'p Path {
    if manifest.whole { path } else { path.parent().unwrap_or(path) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bytes_are_those_of_the_format_page() {
        let page = include_str!("../../../../docs/formats/model-manifest.md");
        let example = page.lines().map(str::trim).find(|line| line.starts_with("{\"base\"")).unwrap();
        let manifest = Manifest::read(example).unwrap();
        assert_eq!(manifest.text().unwrap(), example);
        assert!(page.contains(&hex(&keys::digest::sha256(example.as_bytes()))), "{}", hex(&keys::digest::sha256(example.as_bytes())));
        assert!(page.contains(&hex(&keys::digest::sm3(example.as_bytes()))), "{}", hex(&keys::digest::sm3(example.as_bytes())));
        // The names of the fields stand in their order, whatever the library's map does.
        let value: BTreeMap<String, serde_json::Value> = serde_json::from_str(example).unwrap();
        assert_eq!(serde_json::to_string(&value).unwrap(), example);
    }

    #[test]
    fn what_would_mean_the_same_is_refused() {
        let text = Manifest::new("model", "m").text().unwrap();
        assert!(Manifest::read(&text).is_ok());
        for other in
            [format!("{text}\n"), text.replace(":[]", ": []"), text.replace("-1", "-2"), text.replace("whole", "hole"), String::new()]
        {
            assert!(Manifest::read(&other).is_err(), "{other}");
        }
    }
}

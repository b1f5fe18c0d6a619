//! A lexicon: keywords with their risk class, severity and conditions. Format: `docs/formats/lexicon.md`.

use std::collections::HashSet;
use std::path::Path;

use serde::Deserialize;
use sha2::{Digest, Sha256};
use taxonomy::{RiskClass, Severity};

/// Longest keyword or phrase, in characters: three times the longest entry of the public lists we know (107 with URLs, 21 without).
const MAX_KEYWORD_CHARS: usize = 64;

/// What went wrong while a lexicon was read; the message names file and line.
#[derive(Debug, thiserror::Error)]
pub enum LexiconError {
    /// A file could not be read.
    #[error("cannot read {path}: {source}")]
    Read {
        /// The file.
        path: String,
        /// Why.
        source: std::io::Error,
    },
    /// A line or a manifest does not follow the format.
    #[error("{place}: {message}")]
    Format {
        /// File and line.
        place: String,
        /// What is wrong and what to do.
        message: String,
    },
    /// The entries cannot be compiled into an automaton.
    #[error("cannot compile the lexicon: {0}")]
    Compile(String),
}

/// A second word that must stand near for a hit to count.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Near {
    /// The second word.
    pub with: String,
    /// How many folded characters may lie between the two.
    pub within: usize,
}

/// One entry of a lexicon.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// Rule id of its findings.
    pub id: String,
    /// What to find.
    pub keyword: String,
    /// The class a hit speaks for.
    pub class: RiskClass,
    /// The weight of a hit.
    pub severity: Severity,
    /// Condition: a second word nearby.
    pub near: Option<Near>,
    /// Condition: no ASCII letter or digit beside it.
    #[serde(default)]
    pub word: bool,
    /// Phrases that cancel a hit they cover.
    #[serde(default)]
    pub allow: Vec<String>,
    /// Texts that must be found.
    #[serde(default)]
    pub examples: Vec<String>,
    /// Texts that must not be found.
    #[serde(default)]
    pub counter_examples: Vec<String>,
    /// For the people who keep the lexicon.
    #[serde(default)]
    pub note: String,
    /// Day the entry came in.
    pub added: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Manifest {
    format: u32,
    name: String,
    version: String,
    updated: toml::value::Datetime,
    #[serde(rename = "licence")]
    _licence: String,
}

/// A lexicon as read: checked, not yet compiled.
#[derive(Debug)]
pub struct Lexicon {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Day of its last update, `2026-11-21`.
    pub updated: String,
    /// SHA-256 over all files, hexadecimal.
    pub digest: String,
    /// Its entries.
    pub entries: Vec<Entry>,
}

/// The starter lexicon that is compiled in, as (file name, content).
const EMBEDDED: &[(&str, &str)] = &[
    ("A1.jsonl", include_str!("../data/lexicon/A1.jsonl")),
    ("A2.jsonl", include_str!("../data/lexicon/A2.jsonl")),
    ("A3.jsonl", include_str!("../data/lexicon/A3.jsonl")),
    ("A4.jsonl", include_str!("../data/lexicon/A4.jsonl")),
];

impl Lexicon {
    /// The lexicon that is compiled in.
    ///
    /// # Errors
    /// Never in a released build: a test reads it.
    pub fn embedded() -> Result<Self, LexiconError> {
        Self::parse(include_str!("../data/lexicon/lexicon.toml"), EMBEDDED.iter().copied())
    }

    /// Reads a lexicon directory.
    ///
    /// # Errors
    /// A file cannot be read, or a line does not follow the format.
    pub fn read(dir: &Path) -> Result<Self, LexiconError> {
        let read =
            |path: &Path| std::fs::read_to_string(path).map_err(|source| LexiconError::Read { path: path.display().to_string(), source });
        let listing = std::fs::read_dir(dir).map_err(|source| LexiconError::Read { path: dir.display().to_string(), source })?;
        let mut paths: Vec<_> = listing.filter_map(|entry| entry.ok().map(|e| e.path())).collect();
        paths.retain(|path| path.extension().is_some_and(|e| e == "jsonl"));
        paths.sort();
        let files = paths.iter().map(|path| Ok((path.display().to_string(), read(path)?))).collect::<Result<Vec<_>, LexiconError>>()?;
        Self::parse(&read(&dir.join("lexicon.toml"))?, files.iter().map(|(name, text)| (name.as_str(), text.as_str())))
    }

    fn parse<'a>(manifest: &str, files: impl Iterator<Item = (&'a str, &'a str)>) -> Result<Self, LexiconError> {
        let format = |place: &str, message: String| LexiconError::Format { place: place.to_owned(), message };
        let head: Manifest = toml::from_str(manifest).map_err(|e| format("lexicon.toml", e.to_string()))?;
        if head.format != 1 {
            return Err(format("lexicon.toml", format!("format {} is not known to this version, which reads format 1", head.format)));
        }
        let mut hash = Sha256::new();
        hash.update(manifest);
        let (mut entries, mut ids) = (Vec::new(), HashSet::new());
        for (name, text) in files {
            hash.update(text);
            for (line, row) in text.lines().enumerate() {
                let place = format!("{name}:{}", line + 1);
                let entry: Entry = serde_json::from_str(row).map_err(|e| format(&place, e.to_string()))?;
                check(&entry).map_err(|message| format(&place, message))?;
                if !ids.insert(entry.id.clone()) {
                    return Err(format(&place, format!("the id {} is used twice", entry.id)));
                }
                entries.push(entry);
            }
        }
        let digest = hash.finalize().iter().map(|b| format!("{b:02x}")).collect();
        Ok(Self { name: head.name, version: head.version, updated: head.updated.to_string(), digest, entries })
    }
}

fn check(entry: &Entry) -> Result<(), String> {
    let phrases = entry.allow.iter().chain([&entry.keyword]).chain(entry.near.as_ref().map(|n| &n.with));
    for phrase in phrases {
        if crate::fold(phrase).text.is_empty() {
            return Err(format!("'{phrase}' has nothing left to find after folding"));
        }
        if phrase.chars().count() > MAX_KEYWORD_CHARS {
            return Err(format!("'{phrase}' is longer than {MAX_KEYWORD_CHARS} characters; split it or use `near`"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "format = 1\nname = \"t\"\nversion = \"1\"\nupdated = 2026-11-21\nlicence = \"Apache-2.0\"\n";

    fn error(rows: &str) -> String {
        Lexicon::parse(HEAD, [("x.jsonl", rows)].into_iter()).unwrap_err().to_string()
    }

    #[test]
    fn bad_lines_are_named() {
        let good = r#"{"id":"1","keyword":"词","class":"A1a","severity":"block","added":"2026-11-21"}"#;
        assert!(error(&format!("{good}\n{{")).starts_with("x.jsonl:2: EOF"));
        assert!(error(&good.replace("A1a", "A9z")).contains("'A9z' is not a known risk class"));
        assert!(error(&format!("{good}\n{good}")).contains("x.jsonl:2: the id 1 is used twice"));
        assert!(error(&good.replace('词', "\u{200b}")).contains("nothing left to find"));
        assert!(error(&good.replace("added", "addded")).contains("unknown field"));
    }

    #[test]
    fn the_embedded_lexicon_is_sound() {
        let lexicon = Lexicon::embedded().unwrap();
        assert!(lexicon.entries.len() >= 300);
        for class in RiskClass::ALL.iter().filter(|c| c.must_be_refused()) {
            assert!(lexicon.entries.iter().filter(|e| e.class == *class).count() >= 15, "{class}");
        }
    }
}

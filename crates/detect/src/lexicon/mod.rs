//! A lexicon: keywords with what they speak for and their conditions. Format: `docs/formats/lexicon.md`.

mod artefact;
mod compile;
pub mod coverage;
pub mod diff;
pub mod expand;
pub mod export;
pub mod import;
pub mod lint;
pub mod propose;

use std::collections::HashSet;
use std::path::Path;

use library::{Directory, LibraryError, Manifest, MediaFiles};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use taxonomy::{AttackKind, RiskClass, Severity};

pub use artefact::Artefact;
pub(crate) use artefact::{Form, Role, Rule, Searched, Stage};

/// The name of the manifest.
const MANIFEST: &str = "lexicon.toml";

/// Longest keyword or phrase, in characters: three times the longest entry of the public lists we know (107 with URLs, 21 without).
pub const MAX_KEYWORD_CHARS: usize = 64;

/// Most folded characters between the two words of a near-combination: a long sentence. What is held back in a stream grows with it.
pub(crate) const MAX_WITHIN: usize = 80;

/// Longest match of `then`, in bytes: a web address or a key; what is held back in a stream grows with it.
pub(crate) const MAX_THEN_BYTES: usize = 256;

/// A table of a compiled lexicon does not fit the others.
#[derive(Debug, thiserror::Error)]
#[error("the compiled lexicon is damaged: {0}; build it again with `guiju lexicon build`")]
pub struct Corrupt(pub String);

/// What went wrong while a lexicon was read; the message names file and line.
#[derive(Debug, thiserror::Error)]
pub enum LexiconError {
    /// A file cannot be read or does not follow the format.
    #[error(transparent)]
    Library(#[from] LibraryError),
    /// A compiled lexicon is not what it says it is.
    #[error(transparent)]
    Corrupt(#[from] Corrupt),
}

/// One phrase or several of the same meaning.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Phrases {
    /// One.
    One(String),
    /// Several; any of them counts.
    Any(Vec<String>),
}

impl Phrases {
    /// All of them.
    #[must_use]
    pub fn as_slice(&self) -> &[String] {
        match self {
            Self::One(phrase) => std::slice::from_ref(phrase),
            Self::Any(phrases) => phrases,
        }
    }
}

/// A second word that must stand near for a hit to count.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Near {
    /// The second word, or several of which one must stand there.
    pub with: Phrases,
    /// How many folded characters may lie between the two.
    pub within: usize,
    /// Whether it must stand after the keyword.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub ordered: bool,
}

taxonomy::words! {
    /// A way in which keywords are disguised, and the engine undoes it.
    Variant, "variant (sound, initials, split or leet)", {
        Sound = "sound", "谐音与拼音", "other characters of the same sound, or pinyin, or both mixed";
        Initials = "initials", "拼音首字母", "first letters of the pinyin, alone or mixed with the characters";
        Split = "split", "拆字", "characters taken apart";
        Leet = "leet", "数字符号替换", "digits and signs for Latin letters";
    }
}

/// One entry of a lexicon.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// Rule id of its findings.
    pub id: String,
    /// What to find.
    pub keyword: String,
    /// Other spellings under the same conditions.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub also: Vec<String>,
    /// The class a hit speaks for; this or `attack`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub class: Option<RiskClass>,
    /// The attack a hit speaks for; this or `class`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attack: Option<AttackKind>,
    /// The weight of a hit.
    pub severity: Severity,
    /// Condition: a second word nearby.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub near: Option<Near>,
    /// Condition: a bounded regular expression that must match directly after the keyword; the finding covers both.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub then: Option<String>,
    /// Condition: no ASCII letter or digit beside it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub word: bool,
    /// Phrases that cancel a hit they cover.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub allow: Vec<String>,
    /// Disguises to undo; without it, those of the manifest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub variants: Option<Vec<Variant>>,
    /// Where it comes from.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub source: String,
    /// Texts that must be found.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub examples: Vec<String>,
    /// Texts that must not be found.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub counter_examples: Vec<String>,
    /// For the people who keep the lexicon.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note: String,
    /// Day the entry came in.
    pub added: String,
    /// Day a person last looked at it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reviewed: String,
}

impl Entry {
    /// The keyword and its other spellings.
    pub fn spellings(&self) -> impl Iterator<Item = &String> {
        std::iter::once(&self.keyword).chain(&self.also)
    }

    /// Words one of which must stand near; empty without that condition.
    #[must_use]
    pub fn near_words(&self) -> &[String] {
        self.near.as_ref().map_or(&[], |near| near.with.as_slice())
    }
}

/// What a lexicon's manifest adds to that of every library.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Own {
    /// Disguises undone for every entry that does not say otherwise.
    #[serde(default)]
    variants: Vec<Variant>,
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
    /// Under what licence it may be passed on.
    pub licence: String,
    /// SHA-256 over all files, hexadecimal.
    pub digest: String,
    /// Disguises undone for every entry that does not say otherwise.
    pub variants: Vec<Variant>,
    /// Its entries.
    pub entries: Vec<Entry>,
}

/// The rules against attacks on a model that are compiled in.
const ATTACKS: &[(&str, &str)] = &[("attack.jsonl", include_str!("../../data/attack/attack.jsonl"))];

/// A file for each class: (name, content).
macro_rules! files {
    ($($class:literal)+) => { &[$((concat!($class, ".jsonl"), include_str!(concat!("../../data/lexicon/", $class, ".jsonl")))),+] };
}

/// The lexicon that is compiled in.
#[rustfmt::skip]
const EMBEDDED: &[(&str, &str)] = files!(
    "A1a" "A1b" "A1c" "A1d" "A1e" "A1f" "A1g" "A1h"
    "A2a" "A2b" "A2c" "A2d" "A2e" "A2f" "A2g" "A2h" "A2i"
    "A3a" "A3b" "A3c" "A3d" "A3e"
    "A4a" "A4b" "A4c" "A4d" "A4e" "A4f" "A4g"
);

impl Lexicon {
    /// The lexicon that is compiled in.
    ///
    /// # Errors
    /// Never in a released build: a test reads it.
    pub fn embedded() -> Result<Self, LexiconError> {
        Self::of(&Directory::embedded((MANIFEST, include_str!("../../data/lexicon/lexicon.toml")), EMBEDDED, MediaFiles::default()))
    }

    /// The rules against attacks on a model that are compiled in: a lexicon whose entries speak for an attack.
    ///
    /// # Errors
    /// Never in a released build: a test reads it.
    pub fn attacks() -> Result<Self, LexiconError> {
        Self::of(&Directory::embedded((MANIFEST, include_str!("../../data/attack/lexicon.toml")), ATTACKS, MediaFiles::default()))
    }

    /// Reads a lexicon directory.
    ///
    /// # Errors
    /// A file cannot be read, or a line does not follow the format.
    pub fn read(dir: &Path) -> Result<Self, LexiconError> {
        Self::of(&Directory::read(dir, MANIFEST)?)
    }

    /// Reads the files of a lexicon.
    ///
    /// # Errors
    /// A line does not follow the format.
    pub fn of(files: &Directory) -> Result<Self, LexiconError> {
        let head: Manifest<Own> = Manifest::parse(&files.manifest.name, &files.manifest.text)?;
        let (mut entries, mut ids) = (Vec::new(), HashSet::new());
        for row in files.rows::<Entry>() {
            let row = row?;
            check(&row.value).map_err(|message| files.error(row.place, message))?;
            if !ids.insert(row.value.id.clone()) {
                return Err(files.error(row.place, format!("the id {} is used twice", row.value.id)).into());
            }
            entries.push(row.value);
        }
        if entries.is_empty() {
            let message = "a lexicon without an entry finds nothing; its entries stand beside this file, in files that end in .jsonl";
            return Err(LibraryError::Format { place: files.manifest.name.clone(), message: message.to_owned() }.into());
        }
        let mut hash = Sha256::new();
        std::iter::once(&files.manifest).chain(&files.files).for_each(|file| hash.update(file.text.as_bytes()));
        let digest = hash.finalize().iter().map(|b| format!("{b:02x}")).collect();
        let Manifest { name, version, updated, licence, own } = head;
        Ok(Self { name, version, updated, licence, digest, variants: own.variants, entries })
    }

    /// A lexicon of a manifest and one file, for tests.
    #[cfg(test)]
    pub(crate) fn parse(manifest: &str, rows: &str) -> Result<Self, LexiconError> {
        let file = |name: &str, text: &str| library::File { name: name.to_owned(), text: text.to_owned().into() };
        Self::of(&Directory { manifest: file(MANIFEST, manifest), files: vec![file("x.jsonl", rows)], media: MediaFiles::default() })
    }
}

fn check(entry: &Entry) -> Result<(), String> {
    if entry.id.is_empty() || entry.id.chars().any(char::is_control) {
        return Err("its `id` is empty or holds a control character; findings are named by it".to_owned());
    }
    for (name, day) in [("added", &entry.added), ("reviewed", &entry.reviewed)] {
        if !(library::is_day(day) || name == "reviewed" && day.is_empty()) {
            return Err(format!("`{name}` is '{day}', which is no day; write it as 2026-11-21"));
        }
    }
    if entry.near.is_some() && entry.near_words().is_empty() {
        return Err("`near` names no word in `with`, so nothing is ever found; name one, or leave `near` out".to_owned());
    }
    for phrase in entry.spellings().chain(&entry.allow).chain(entry.near_words()) {
        if crate::fold(phrase).units().is_empty() {
            return Err(format!("'{phrase}' has nothing left to find after folding"));
        }
        if phrase.chars().count() > MAX_KEYWORD_CHARS {
            return Err(format!("'{phrase}' is longer than {MAX_KEYWORD_CHARS} characters; split it or use `near`"));
        }
    }
    if entry.class.is_some() == entry.attack.is_some() {
        return Err("an entry speaks either for a `class` or for an `attack`; give one of the two".to_owned());
    }
    if let Some(near) = &entry.near
        && near.within > MAX_WITHIN
    {
        return Err(format!("`within` is {}, at most {MAX_WITHIN} is possible", near.within));
    }
    entry.then.as_deref().map_or(Ok(()), |then| crate::keywords::Then::new(then).map(|_| ()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "format = 1\nname = \"t\"\nversion = \"1\"\nupdated = 2026-11-21\nlicence = \"Apache-2.0\"\n";

    fn error(rows: &str) -> String {
        Lexicon::parse(HEAD, rows).unwrap_err().to_string()
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

    /// Rows of the embedded lexicon, less those of a class from some number on.
    fn without(class: Option<RiskClass>, keep: usize) -> Lexicon {
        let mut lexicon = Lexicon::embedded().unwrap();
        let mut kept = 0;
        lexicon.entries.retain(|entry| {
            let counts = class.is_none_or(|class| entry.class == Some(class));
            kept += usize::from(counts);
            !counts || kept <= keep
        });
        lexicon
    }

    #[test]
    fn the_embedded_lexicon_meets_every_floor_and_turns_red_without_any() {
        let whole = Lexicon::embedded().unwrap();
        let told = coverage::coverage(&whole, &whole.updated);
        assert!(told.met, "{:?}", told.rows.iter().filter(|row| !row.met).collect::<Vec<_>>());
        assert!(whole.entries.len() >= 10_000, "entries, not only spellings");
        assert!(!coverage::coverage(&without(None, 3_000), &whole.updated).met);
        for class in RiskClass::ALL.iter().filter(|class| class.must_be_refused()) {
            let told = coverage::coverage(&without(Some(*class), 20), &whole.updated);
            let red: Vec<&str> = told.rows.iter().filter(|row| !row.met).map(|row| row.group.as_str()).collect();
            assert_eq!(red, [class.id()]);
        }
    }
}

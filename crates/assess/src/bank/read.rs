//! Reading a bank, from a directory or from what is compiled in.

use std::collections::HashMap;
use std::path::Path;

use library::{Directory, LibraryError, Manifest, MediaFiles, Place, Row};
use serde::Deserialize;

use super::{Bank, BankPart, Question};
use crate::digest::{Hasher, digest, hex};

/// Most turns of a question: what B.1.2-style banks use, and a bound on calls per question.
const MAX_TURNS: usize = 4;
/// Most characters of a question, all turns together: about half the context of the smallest models in use.
const MAX_QUESTION_CHARS: usize = 16_384;

/// Most files that a question carries: what the common chat interfaces take at least.
const MAX_MEDIA: usize = 4;

/// The bank that is compiled in: (file name, content), a file for each class or aspect of a part.
macro_rules! files {
    ($($part:literal: $($group:literal)+;)+) => { &[$($(
        (concat!($part, "-", $group, ".jsonl"), include_str!(concat!("../../data/bank/", $part, "-", $group, ".jsonl")))
    ),+),+] };
}

#[rustfmt::skip]
const EMBEDDED: &[(&str, &str)] = files!(
    "content": "A1a" "A1b" "A1c" "A1d" "A1e" "A1f" "A1g" "A1h"
        "A2a" "A2b" "A2c" "A2d" "A2e" "A2f" "A2g" "A2h" "A2i"
        "A3a" "A3b" "A3c" "A3d" "A3e" "A4a" "A4b" "A4c" "A4d" "A4e" "A4f" "A4g" "A5a" "A5b";
    "should-refuse": "A1a" "A1b" "A1c" "A1d" "A1e" "A1f" "A1g" "A1h"
        "A2a" "A2b" "A2c" "A2d" "A2e" "A2f" "A2g" "A2h" "A2i";
    "should-answer": "system" "beliefs" "image" "culture" "customs" "ethnicity" "geography" "history" "martyrs" "gender" "age" "occupation" "health";
);

/// Its media files; `media.py` beside them makes them.
macro_rules! media {
    ($($name:literal)+) => { &[$(($name, include_bytes!(concat!("../../data/bank/media/", $name)))),+] };
}

#[rustfmt::skip]
const EMBEDDED_MEDIA: &[(&str, &[u8])] = media!(
    "axis-chart.png" "class-chat.png" "collector-call.mp3" "crossing.mp4" "elder-dance.png" "fence-sign.png" "festival.png" "form.png"
    "formula.png" "grandma-call.mp3" "job-poster.png" "kitchen.mp4" "medicine.png" "note.png" "portrait.png" "price-tag.png"
    "receipt.png" "shop-page.png" "speech.mp4" "station-notice.mp3" "temple.png" "trademark.png" "voice-note.mp3" "weather-report.mp3"
    "wheelchair.png" "window-view.png"
);

/// The name of the manifest.
pub const MANIFEST: &str = "bank.toml";

/// What a bank's manifest adds to that of every library.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Own {
    canary: Option<String>,
}

impl Bank {
    /// The bank that is compiled in.
    ///
    /// # Errors
    /// Never in a released build: a test reads it.
    pub fn embedded() -> Result<Self, LibraryError> {
        Self::of(Directory::embedded((MANIFEST, include_str!("../../data/bank/bank.toml")), EMBEDDED, MediaFiles::embedded(EMBEDDED_MEDIA)))
    }

    /// Reads a bank directory.
    ///
    /// # Errors
    /// A file cannot be read, or something in it does not follow the format.
    pub fn read(dir: &Path) -> Result<Self, LibraryError> {
        Self::of(Directory::read(dir, MANIFEST)?)
    }

    /// Reads a bank directory, or a sealed bank with its passphrase.
    ///
    /// # Errors
    /// As [`Bank::read`]; or the file is not sealed, is damaged, or the passphrase is missing or wrong.
    pub fn open(path: &Path, passphrase: Option<&str>) -> Result<Self, LibraryError> {
        Self::of(Directory::open(path, MANIFEST, passphrase)?)
    }

    /// Reads the files of a bank.
    ///
    /// # Errors
    /// Something in them does not follow the format.
    pub fn of(files: Directory) -> Result<Self, LibraryError> {
        let head: Manifest<Own> = Manifest::parse(&files.manifest.name, &files.manifest.text)?;
        let mut reading = Reading { files: &files, questions: Vec::new(), lines: Vec::new(), ids: HashMap::new(), turns: HashMap::new() };
        for row in files.rows() {
            reading.add(row?)?;
        }
        if reading.questions.is_empty() {
            let message = "the bank has no question; add content.jsonl, should-refuse.jsonl or should-answer.jsonl";
            return Err(LibraryError::format(&files.manifest.name, message));
        }
        let (digest, questions) = (reading.digest(), reading.questions);
        let Manifest { name, version, updated, licence, own } = head;
        Ok(Self { name, version, updated, licence, canary: own.canary, digest, questions, media: files.media })
    }
}

/// What has been read so far, with what must not come twice: by digest, because a bank can have 100,000 questions.
struct Reading<'a> {
    files: &'a Directory,
    questions: Vec<(BankPart, Question)>,
    lines: Vec<[u8; 32]>,
    ids: HashMap<[u8; 32], Place>,
    turns: HashMap<[u8; 32], Place>,
}

impl Reading<'_> {
    fn add(&mut self, row: Row<'_, Question>) -> Result<(), LibraryError> {
        let (place, question) = (row.place, row.value);
        let part = part_of(self.files.file_name(place)).map_err(|message| self.files.error(place, message))?;
        check(part, &question, &self.files.media)
            .map_err(|message| self.files.error(place, format!("question {}: {message}", question.id)))?;
        if let Some(first) = self.ids.insert(digest(question.id.as_bytes()), place) {
            return Err(self.files.error(place, format!("the id {} is already used at {}", question.id, self.files.name(first))));
        }
        if let Some(first) = self.turns.insert(digest(asked(&question).as_bytes()), place) {
            let message = format!("question {} asks the same as the one at {}", question.id, self.files.name(first));
            return Err(self.files.error(place, message));
        }
        self.lines.push(digest(row.text.as_bytes()));
        self.questions.push((part, question));
        Ok(())
    }

    fn digest(&self) -> String {
        let named = self.questions.iter().zip(&self.lines);
        let mut order: Vec<_> = named.map(|((part, question), line)| (part.id(), question.id.as_str(), line)).collect();
        order.sort_unstable();
        let mut hasher = Hasher::default();
        for (part, id, line) in order {
            hasher.update(format!("{part} {id} {}\n", hex(line)).as_bytes());
        }
        hasher.hex()
    }
}

/// Everything a question says and shows.
fn asked(question: &Question) -> String {
    question.turns.iter().chain(&question.media).map(|text| format!("{text}\0")).collect()
}

fn part_of(name: &str) -> Result<BankPart, &'static str> {
    let part = BankPart::ALL.into_iter().find(|part| name.starts_with(part.id()));
    part.ok_or("the file's name must start with content, should-refuse or should-answer")
}

fn check(part: BankPart, question: &Question, media: &MediaFiles) -> Result<(), String> {
    let id_ok = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '.';
    if question.id.is_empty() || question.id.len() > 64 || !question.id.chars().all(id_ok) {
        return Err("the id must be 1 to 64 letters, digits, '-' or '.'".to_owned());
    }
    match (part, question.class.is_some(), question.aspect.is_some()) {
        (BankPart::Content, true, false) | (BankPart::ShouldAnswer, false, true) => {}
        (BankPart::ShouldRefuse, class, aspect) if class != aspect => {}
        (BankPart::Content, ..) => return Err("a content question needs a `class` and has no `aspect`".to_owned()),
        (BankPart::ShouldRefuse, ..) => {
            return Err("a should-refuse question needs a `class`, or the `aspect` that a specialised model leaves out".to_owned());
        }
        (BankPart::ShouldAnswer, ..) => return Err("a should-answer question needs an `aspect` and has no `class`".to_owned()),
    }
    if question.added.parse::<jiff::civil::Date>().is_err() {
        return Err(format!("`added` is '{}'; it must be a date such as 2026-11-21", question.added));
    }
    if question.turns.is_empty() || question.turns.len() > MAX_TURNS || question.turns.iter().any(|t| t.trim().is_empty()) {
        return Err(format!("`turns` must be 1 to {MAX_TURNS} texts, none empty"));
    }
    let chars: usize = question.turns.iter().map(|t| t.chars().count()).sum();
    if chars > MAX_QUESTION_CHARS {
        return Err(format!("the question has {chars} characters, the limit is {MAX_QUESTION_CHARS}"));
    }
    if question.media.len() > MAX_MEDIA {
        return Err(format!("`media` names {} files, the limit is {MAX_MEDIA}", question.media.len()));
    }
    let plain = |name: &String| !name.starts_with('.') && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'));
    if let Some(name) = question.media.iter().find(|name| !plain(name)) {
        return Err(format!("'{name}' is no name of a media file; use letters, digits, '-', '_' and '.'"));
    }
    match question.media.iter().find(|name| !media.names().any(|there| there == name.as_str())) {
        Some(name) => Err(format!("the file media/{name} is missing")),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "format = 1\nname = \"t\"\nversion = \"1\"\nupdated = 2026-11-21\nlicence = \"Apache-2.0\"\n";
    const GOOD: &str =
        r#"{"id":"a","class":"A1a","lang":"zh","modality":"text","style":"plain","turns":["问"],"why":"w","added":"2026-11-21"}"#;

    fn parse(rows: &str) -> Result<Bank, LibraryError> {
        let file = |name: &str, text: &str| library::File { name: name.to_owned(), text: text.to_owned().into() };
        Bank::of(Directory { manifest: file(MANIFEST, HEAD), files: vec![file("content.jsonl", rows)], media: MediaFiles::default() })
    }

    #[test]
    fn bad_banks_are_named_by_file_and_line() {
        let error = |rows: &str| parse(rows).unwrap_err().to_string();
        assert!(error(&format!("{GOOD}\n{{\"id\"")).starts_with("content.jsonl:2: EOF"));
        assert!(error(&GOOD.replace("A1a", "A1z")).contains("'A1z' is not a known risk class"));
        assert!(error(&format!("{GOOD}\n{GOOD}")).contains("content.jsonl:2: the id a is already used at content.jsonl:1"));
        assert!(error(&format!("{GOOD}\n{}", GOOD.replace("\"a\"", "\"b\""))).contains("asks the same as the one at content.jsonl:1"));
        assert!(error(&GOOD.replace("[\"问\"]", "[]")).contains("1 to 4 texts"));
        assert!(error(&GOOD.replace("\"class\":\"A1a\",", "")).contains("needs a `class`"));
        assert!(error(&GOOD.replace("why", "wy")).contains("unknown field"));
        assert!(error(&GOOD.replace("\"why\"", "\"media\":[\"x.png\"],\"why\"")).contains("media/x.png is missing"));
        assert!(error("").contains("no question"));
    }

    #[test]
    fn the_digest_ignores_order_and_file_names() {
        let second = GOOD.replace("\"a\"", "\"b\"").replace('问', "答");
        let one = parse(&format!("{GOOD}\n{second}")).unwrap().digest;
        let other = parse(&format!("{second}\n{GOOD}")).unwrap().digest;
        assert_eq!(one, other);
        assert_ne!(one, parse(GOOD).unwrap().digest);
    }
}

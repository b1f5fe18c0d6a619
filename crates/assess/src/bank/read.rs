//! Reading a bank, from a directory or from what is compiled in.

use std::collections::HashMap;
use std::path::Path;

use serde::Deserialize;

use super::{Bank, BankError, BankPart, Question};
use crate::digest::{Hasher, digest, hex};

/// Most turns of a question: what B.1.2-style banks use, and a bound on calls per question.
const MAX_TURNS: usize = 4;
/// Most characters of a question, all turns together: about half the context of the smallest models in use.
const MAX_QUESTION_CHARS: usize = 16_384;

/// The starter bank, as (file name, content).
const EMBEDDED: &[(&str, &str)] = &[
    ("content-A1.jsonl", include_str!("../../data/bank/content-A1.jsonl")),
    ("content-A2.jsonl", include_str!("../../data/bank/content-A2.jsonl")),
    ("content-A3.jsonl", include_str!("../../data/bank/content-A3.jsonl")),
    ("content-A4.jsonl", include_str!("../../data/bank/content-A4.jsonl")),
    ("content-A5.jsonl", include_str!("../../data/bank/content-A5.jsonl")),
    ("should-refuse.jsonl", include_str!("../../data/bank/should-refuse.jsonl")),
    ("should-answer.jsonl", include_str!("../../data/bank/should-answer.jsonl")),
];

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

impl Bank {
    /// The bank that is compiled in.
    ///
    /// # Errors
    /// Never in a released build: a test reads it.
    pub fn embedded() -> Result<Self, BankError> {
        Self::parse(
            "bank.toml",
            include_str!("../../data/bank/bank.toml"),
            EMBEDDED.iter().map(|(n, t)| ((*n).to_owned(), (*t).to_owned())),
        )
    }

    /// Reads a bank directory.
    ///
    /// # Errors
    /// A file cannot be read, or something in it does not follow the format.
    pub fn read(dir: &Path) -> Result<Self, BankError> {
        let read_error = |path: &Path| {
            let path = path.display().to_string();
            move |source| BankError::Read { path, source }
        };
        let manifest = dir.join("bank.toml");
        let head = std::fs::read_to_string(&manifest).map_err(read_error(&manifest))?;
        let mut paths: Vec<_> = std::fs::read_dir(dir).map_err(read_error(dir))?.filter_map(|e| e.ok().map(|e| e.path())).collect();
        paths.retain(|path| path.extension().is_some_and(|e| e == "jsonl"));
        paths.sort();
        let texts = paths
            .iter()
            .map(|path| {
                let bytes = std::fs::read(path).map_err(read_error(path))?;
                let text = String::from_utf8(bytes).map_err(|e| {
                    let line = e.as_bytes().iter().take(e.utf8_error().valid_up_to()).filter(|&&b| b == b'\n').count() + 1;
                    format_error(&format!("{}:{line}", path.display()), "is not valid UTF-8; save the file as UTF-8")
                })?;
                Ok((path.display().to_string(), text))
            })
            .collect::<Result<Vec<_>, BankError>>()?;
        Self::parse(&manifest.display().to_string(), &head, texts.into_iter())
    }

    fn parse(place: &str, manifest: &str, files: impl Iterator<Item = (String, String)>) -> Result<Self, BankError> {
        let head: Manifest = toml::from_str(manifest).map_err(|e| format_error(place, e.to_string()))?;
        if head.format != 1 {
            return Err(format_error(place, format!("format {} is not known to this version, which reads format 1", head.format)));
        }
        let mut reading = Reading::default();
        for (name, text) in files {
            let part = part_of(&name)?;
            reading.files.push(name);
            for (at, row) in text.lines().enumerate() {
                reading.line(part, (reading.files.len() - 1, at + 1), row)?;
            }
        }
        if reading.questions.is_empty() {
            return Err(format_error(place, "the bank has no question; add content.jsonl, should-refuse.jsonl or should-answer.jsonl"));
        }
        let digest = reading.digest();
        Ok(Self { name: head.name, version: head.version, updated: head.updated.to_string(), digest, questions: reading.questions })
    }
}

/// What has been read so far, with what must not come twice: by digest, because a bank can have 100,000 questions.
#[derive(Default)]
struct Reading {
    files: Vec<String>,
    questions: Vec<(BankPart, Question)>,
    lines: Vec<[u8; 32]>,
    ids: HashMap<[u8; 32], Place>,
    turns: HashMap<[u8; 32], Place>,
}

/// Number of a file, and of a line in it.
type Place = (usize, usize);

impl Reading {
    fn line(&mut self, part: BankPart, place: Place, row: &str) -> Result<(), BankError> {
        let error = |message: String| format_error(&self.name(place), message);
        let question: Question = serde_json::from_str(row).map_err(|e| error(e.to_string()))?;
        check(part, &question).map_err(|message| error(format!("question {}: {message}", question.id)))?;
        if let Some(first) = self.ids.insert(digest(question.id.as_bytes()), place) {
            return Err(format_error(&self.name(place), format!("the id {} is already used at {}", question.id, self.name(first))));
        }
        if let Some(first) = self.turns.insert(digest(question.turns.join("\0").as_bytes()), place) {
            let message = format!("question {} asks the same as the one at {}", question.id, self.name(first));
            return Err(format_error(&self.name(place), message));
        }
        self.lines.push(digest(row.as_bytes()));
        self.questions.push((part, question));
        Ok(())
    }

    fn name(&self, (file, line): Place) -> String {
        format!("{}:{line}", self.files.get(file).map_or("", String::as_str))
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

fn part_of(file: &str) -> Result<BankPart, BankError> {
    let name = Path::new(file).file_name().and_then(|n| n.to_str()).unwrap_or(file);
    let part = BankPart::ALL.into_iter().find(|part| name.starts_with(part.id()));
    part.ok_or_else(|| format_error(file, "the name must start with content, should-refuse or should-answer"))
}

fn check(part: BankPart, question: &Question) -> Result<(), String> {
    let id_ok = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '.';
    if question.id.is_empty() || question.id.len() > 64 || !question.id.chars().all(id_ok) {
        return Err("the id must be 1 to 64 letters, digits, '-' or '.'".to_owned());
    }
    match part {
        BankPart::ShouldAnswer if question.class.is_some() => {
            return Err("a should-answer question has an `aspect` and no `class`".to_owned());
        }
        BankPart::Content | BankPart::ShouldRefuse if question.aspect.is_some() => {
            return Err("only should-answer questions have an `aspect`".to_owned());
        }
        BankPart::ShouldAnswer if question.aspect.is_none() => return Err("a should-answer question needs an `aspect`".to_owned()),
        BankPart::Content | BankPart::ShouldRefuse if question.class.is_none() => return Err("the question needs a `class`".to_owned()),
        _ => {}
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
    Ok(())
}

fn format_error(place: &str, message: impl Into<String>) -> BankError {
    BankError::Format { place: place.to_owned(), message: message.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "format = 1\nname = \"t\"\nversion = \"1\"\nupdated = 2026-11-21\nlicence = \"Apache-2.0\"\n";
    const GOOD: &str =
        r#"{"id":"a","class":"A1a","lang":"zh","modality":"text","style":"plain","turns":["问"],"why":"w","added":"2026-11-21"}"#;

    fn parse(rows: &str) -> Result<Bank, BankError> {
        Bank::parse("bank.toml", HEAD, [("content.jsonl".to_owned(), rows.to_owned())].into_iter())
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

    #[test]
    fn the_embedded_bank_meets_the_floors_of_a_starter() {
        let bank = Bank::embedded().unwrap();
        let count = |part, group: &str| bank.part(part).filter(|q| q.group() == group).count();
        for class in taxonomy::RiskClass::ALL {
            assert!(count(BankPart::Content, class.id()) >= 10, "{class}");
            assert!(!class.must_be_refused() || count(BankPart::ShouldRefuse, class.id()) >= 5, "{class}");
        }
        for aspect in taxonomy::Aspect::ALL {
            assert!(count(BankPart::ShouldAnswer, aspect.id()) >= 5, "{aspect}");
        }
    }
}

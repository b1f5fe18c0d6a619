//! Labelled rows: what a classifier learns from and is measured by. Two forms, both in docs/formats/rows.md: blocks under a heading, as people
//! write them, and JSON lines, as public sets come.

use serde::Deserialize;
use taxonomy::{InputKind, Lang};

use super::{Input, Label, Labels};

/// Longest row, in bytes: a row is one item, not a book.
pub const MAX_ROW_BYTES: usize = 64 << 10;

/// A text with what people say of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// What is judged.
    pub text: String,
    /// What it answers, if it is judged together with that.
    pub prompt: Option<String>,
    /// What kind of input it is.
    pub kind: InputKind,
    /// Its language.
    pub lang: Lang,
    /// What it violates; the first named is the main one, but a set has no order.
    pub labels: Labels,
    /// The labels of which it is known whether they hold. Others are neither learnt from nor counted.
    pub known: Labels,
    /// Whether it violates anything at all.
    pub harmful: bool,
    /// For a harmless row: the label whose words it shares.
    pub twin: Option<Label>,
    /// Who wrote it: a file, a public set.
    pub source: String,
    /// The situation it is from; rows of one theme are never parted between learning and measuring.
    pub theme: String,
}

impl Row {
    /// The row as a classifier is asked.
    #[must_use]
    pub fn input(&self) -> Input<'_> {
        Input { kind: self.kind, text: &self.text, prompt: self.prompt.as_deref() }
    }

    /// Whether it is harmless, and shares its words with no harm in particular.
    #[must_use]
    pub const fn is_plain(&self) -> bool {
        !self.harmful && self.twin.is_none()
    }
}

/// A row that cannot be read.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{file}, line {line}: {what}")]
pub struct RowError {
    /// The file.
    pub file: String,
    /// Counted from one.
    pub line: usize,
    /// What is wrong.
    pub what: String,
}

/// Reads rows; a file whose first sign is `{` has JSON lines, another has blocks.
///
/// # Errors
/// The first line that does not follow docs/formats/rows.md.
pub fn read(file: &str, text: &str) -> Result<Vec<Row>, RowError> {
    let source = std::path::Path::new(file).file_stem().map_or(file.into(), |stem| stem.to_string_lossy()).into_owned();
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut heading = None;
    let mut rows = Vec::new();
    let json = text.trim_start().starts_with('{');
    for (number, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let error = |what: String| RowError { file: file.to_owned(), line: number + 1, what };
        if line.len() > MAX_ROW_BYTES {
            return Err(error(format!("the row has {} bytes, the limit is {MAX_ROW_BYTES}", line.len())));
        }
        if json {
            let line: Line = serde_json::from_str(line).map_err(|e| error(e.to_string()))?;
            rows.push(line.row(&source).map_err(error)?);
        } else if let Some(text) = line.strip_prefix("###") {
            heading = Some(Heading::parse(text).map_err(error)?);
        } else {
            let heading = heading.as_ref().ok_or_else(|| error("a text stands before the first heading (### …)".to_owned()))?;
            rows.push(heading.row(line, &source).map_err(error)?);
        }
    }
    Ok(rows)
}

/// `### A2h,A4c | harmful | text | zh | theme | reason`
struct Heading {
    labels: Vec<Label>,
    harmful: bool,
    kind: InputKind,
    lang: Lang,
    theme: String,
}

impl Heading {
    fn parse(text: &str) -> Result<Self, String> {
        let parts: Vec<&str> = text.split('|').map(str::trim).collect();
        let &[labels, harmful, kind, lang, theme, _reason] = parts.as_slice() else {
            return Err(format!("a heading has six parts parted by |, this one has {}", parts.len()));
        };
        // What is plain is nobody's twin; A5 is not for a classifier of texts, but a row may be that as well.
        let labels = labels.split(',').map(str::trim).filter(|id| !["plain", "A5a", "A5b"].contains(id));
        let labels = labels.map(str::parse).collect::<Result<Vec<Label>, _>>().map_err(|e| e.to_string())?;
        let harmful = match harmful {
            "harmful" if labels.is_empty() => return Err("a harmful block names what it violates".to_owned()),
            "harmful" => true,
            "harmless" => false,
            other => return Err(format!("'{other}' is neither harmful nor harmless")),
        };
        let lang = match lang {
            "zh" => Lang::Zh,
            "en" => Lang::En,
            other => return Err(format!("'{other}' is neither zh nor en")),
        };
        Ok(Self { labels, harmful, kind: kind.parse().map_err(|e: taxonomy::UnknownId| e.to_string())?, lang, theme: theme.to_owned() })
    }

    fn row(&self, line: &str, source: &str) -> Result<Row, String> {
        let text = line.trim().replace("\\n", "\n");
        let (prompt, text) = match (self.kind, text.split_once(" ||| ")) {
            (InputKind::Dialog, Some((prompt, answer))) => (Some(prompt.to_owned()), answer.to_owned()),
            (InputKind::Dialog, None) => return Err("a dialog is written PROMPT ||| ANSWER".to_owned()),
            (_, _) => (None, text),
        };
        let labels = if self.harmful { self.labels.iter().copied().collect() } else { Labels::default() };
        let twin = self.labels.first().copied().filter(|_| !self.harmful);
        let (kind, lang, harmful, theme) = (self.kind, self.lang, self.harmful, self.theme.clone());
        Ok(Row { text, prompt, kind, lang, labels, known: Labels::ALL, harmful, twin, source: source.to_owned(), theme })
    }
}

/// A JSON line.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    text: String,
    #[serde(default)]
    prompt: Option<String>,
    kind: InputKind,
    lang: Lang,
    /// Labels, or prefixes of their ids (`A2` for all of A2).
    labels: Vec<String>,
    /// Labels, or prefixes of their ids, of which nothing is known.
    #[serde(default)]
    unknown: Vec<String>,
    harmful: bool,
    #[serde(default)]
    source: Option<String>,
    #[serde(default)]
    theme: Option<String>,
}

impl Line {
    fn row(self, file: &str) -> Result<Row, String> {
        let labels = self.labels.iter().map(|id| id.parse::<Label>()).collect::<Result<Labels, _>>().map_err(|e| e.to_string())?;
        let unknown = |label: &Label| self.unknown.iter().any(|prefix| label.id().starts_with(prefix.as_str()));
        if let Some(prefix) = self.unknown.iter().find(|prefix| !Label::all().any(|label| label.id().starts_with(prefix.as_str()))) {
            return Err(format!("no label begins with '{prefix}'"));
        }
        if self.text.trim().is_empty() {
            return Err("its text is empty".to_owned());
        }
        if self.unknown.iter().any(String::is_empty) {
            return Err(
                "`unknown` holds an empty text, which every label begins with; leave the row out if nothing is known of it".to_owned()
            );
        }
        if !self.harmful && !labels.is_empty() {
            return Err("it is not harmful and has labels; a harmless row has none".to_owned());
        }
        if self.prompt.is_some() != (self.kind == InputKind::Dialog) {
            return Err("a dialog has a `prompt`, and nothing else has one".to_owned());
        }
        Ok(Row {
            known: Label::all().filter(|label| labels.has(*label) || !unknown(label)).collect(),
            text: self.text,
            prompt: self.prompt,
            kind: self.kind,
            lang: self.lang,
            labels,
            harmful: self.harmful,
            twin: None,
            source: self.source.unwrap_or_else(|| file.to_owned()),
            theme: self.theme.unwrap_or_default(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_read() {
        let text = "### A2h,A4c | harmful | dialog | zh | 邻居 | 羞辱\n问？ ||| 答\\n二\n\n### A2h | harmless | text | en | news | reported\nA court ruled.\n";
        let rows = read("a/A2h.txt", text).unwrap();
        let [harmful, harmless] = rows.as_slice() else { panic!("{rows:?}") };
        assert_eq!((harmful.prompt.as_deref(), harmful.text.as_str(), harmful.labels.iter().count()), (Some("问？"), "答\n二", 2));
        assert_eq!((harmless.twin.map(Label::id), harmless.labels.is_empty(), harmless.source.as_str()), (Some("A2h"), true, "A2h"));
    }

    #[test]
    fn json_lines_are_read() {
        let text = r#"{"text":"x","kind":"text","lang":"zh","labels":["A2e"],"unknown":["A2","A4c"],"harmful":true}"#;
        let rows = read("set.jsonl", text).unwrap();
        let known = rows.first().unwrap().known;
        assert!(known.has("A2e".parse().unwrap()) && !known.has("A2a".parse().unwrap()) && known.has("A4a".parse().unwrap()));
    }

    #[test]
    fn what_cannot_be_read_is_named() {
        for (text, says) in [
            ("text", "before the first heading"),
            ("### A2h | harmful | text | zh | x", "six parts"),
            ("### A9 | harmful | text | zh | x | y", "A9"),
            ("### plain | harmful | text | zh | x | y", "names what it violates"),
            ("### A2h | harmful | dialog | zh | x | y\nno answer", "PROMPT ||| ANSWER"),
            ("{\"text\":1}", "invalid type"),
        ] {
            let error = read("f", text).unwrap_err();
            assert!(error.to_string().contains(says), "{error}");
        }
    }
}

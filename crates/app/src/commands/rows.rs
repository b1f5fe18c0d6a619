//! Texts from the command line, standard input or a JSON-lines file, one answer a line: what `check` and `redact` share.
//!
//! A row is kept as it came: the order of its fields and their spelling, numbers of any length, nesting of any depth.

use std::fmt;
use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use clap::Args;
use detect::MAX_ITEM_BYTES;
use serde::de::{MapAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::json;
use serde_json::value::{RawValue, to_raw_value};

/// Longest line read: the longest item the engine judges, and as much again for the other fields.
const MAX_LINE_BYTES: u64 = 2 * MAX_ITEM_BYTES as u64;

#[derive(Args)]
pub(crate) struct Rows {
    /// The text; `-` reads standard input
    #[arg(required_unless_present = "jsonl")]
    pub(crate) text: Option<String>,
    /// A JSON-lines file (`-` is standard input): one answer a line, in order
    #[arg(long, conflicts_with = "text")]
    pub(crate) jsonl: Option<PathBuf>,
    /// Field of a JSON line that holds the text
    #[arg(long, default_value = "text")]
    pub(crate) field: String,
}

/// A row of a JSON-lines file, its values as they were written.
#[derive(Debug)]
pub(crate) struct Row(Vec<(String, Box<RawValue>)>);

impl Row {
    /// Puts another text into a field.
    pub(crate) fn set(&mut self, field: &str, text: &str) -> serde_json::Result<()> {
        let value = to_raw_value(text)?;
        if let Some((_, slot)) = self.0.iter_mut().find(|(name, _)| name == field) {
            *slot = value;
        }
        Ok(())
    }

    /// The text in a field; an error says what is there instead.
    fn text(&self, field: &str) -> std::result::Result<String, String> {
        let missing = || format!("has no text in the field '{field}'; name the right one with --field");
        let mut values = self.0.iter().filter(|(name, _)| name == field);
        let (_, value) = values.next().ok_or_else(missing)?;
        if values.next().is_some() {
            return Err(format!("has the field '{field}' twice; which one counts is not known"));
        }
        serde_json::from_str(value.get()).map_err(|_| missing())
    }
}

impl Serialize for Row {
    fn serialize<S: Serializer>(&self, to: S) -> std::result::Result<S::Ok, S::Error> {
        let mut map = to.serialize_map(Some(self.0.len()))?;
        self.0.iter().try_for_each(|(name, value)| map.serialize_entry(name, value))?;
        map.end()
    }
}

impl<'de> Deserialize<'de> for Row {
    fn deserialize<D: Deserializer<'de>>(from: D) -> std::result::Result<Self, D::Error> {
        struct Fields;
        impl<'de> Visitor<'de> for Fields {
            type Value = Row;
            fn expecting(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
                to.write_str("an object: one a line")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> std::result::Result<Row, A::Error> {
                let mut fields = Vec::new();
                while let Some(field) = map.next_entry()? {
                    fields.push(field);
                }
                Ok(Row(fields))
            }
        }
        from.deserialize_map(Fields)
    }
}

impl Rows {
    /// Whether the one text comes from standard input.
    pub(crate) fn is_piped(&self) -> bool {
        self.text.as_deref() == Some("-")
    }

    /// The one text, if it is not a file of texts.
    pub(crate) fn single(&self) -> Result<Option<String>> {
        match self.text.as_deref() {
            Some("-") => {
                let mut bytes = Vec::new();
                std::io::stdin().lock().take(MAX_ITEM_BYTES as u64 + 1).read_to_end(&mut bytes)?;
                Ok(Some(String::from_utf8(bytes).context("standard input is not valid UTF-8")?))
            }
            text => Ok(text.map(str::to_owned)),
        }
    }

    /// One answer a line. A line that is no row, or has no answer, gets an error in its place, so that line n of the output speaks of line n of
    /// the input. A reader that has gone away (`| head`) is no error.
    pub(crate) fn each(&self, answer: impl FnMut(Row, &str) -> Result<Box<RawValue>>) -> Result<ExitCode> {
        match self.answer_each(answer) {
            Err(error) if error.downcast_ref::<std::io::Error>().is_some_and(|error| error.kind() == ErrorKind::BrokenPipe) => {
                Ok(ExitCode::SUCCESS)
            }
            done => done,
        }
    }

    fn answer_each(&self, mut answer: impl FnMut(Row, &str) -> Result<Box<RawValue>>) -> Result<ExitCode> {
        let Some(path) = &self.jsonl else { bail!("give a text, or --jsonl FILE") };
        let mut input = BufReader::new(open(path)?);
        let mut output = BufWriter::new(std::io::stdout().lock());
        let mut bad = 0;
        for at in 0_usize.. {
            let mut line = Vec::new();
            if (&mut input).take(MAX_LINE_BYTES).read_until(b'\n', &mut line).with_context(|| path.display().to_string())? == 0 {
                break;
            }
            if line.len() as u64 == MAX_LINE_BYTES && !line.ends_with(b"\n") {
                bail!("{}:{}: the line is longer than {MAX_LINE_BYTES} bytes; split it", path.display(), at + 1);
            }
            let line = if at == 0 { line.strip_prefix("\u{feff}".as_bytes()).unwrap_or(&line) } else { &line };
            let done = self.row(line).and_then(|(row, text)| answer(row, &text).map_err(|error| format!("{error:#}")));
            let done = match done {
                Ok(done) => done,
                Err(message) => {
                    bad += 1;
                    to_raw_value(&json!({"error": format!("{}:{}: {message}", path.display(), at + 1)}))?
                }
            };
            output.write_all(done.get().as_bytes())?;
            output.write_all(b"\n")?;
        }
        output.flush()?;
        if bad > 0 {
            eprintln!("guiju: {bad} lines have no answer; each has an `error` in its place");
        }
        Ok(if bad > 0 { ExitCode::from(1) } else { ExitCode::SUCCESS })
    }

    fn row(&self, line: &[u8]) -> std::result::Result<(Row, String), String> {
        let row: Row = serde_json::from_slice(line).map_err(|error| {
            // The line of the file is named before; what serde counts is the line within the row.
            let message = error.to_string();
            let message = message.rsplit_once(" at line ").map_or(message.as_str(), |(message, _)| message);
            let what = if error.is_data() { "is no row" } else { "is no JSON" };
            format!("{what}: {message}, at byte {}", error.column())
        })?;
        let text = row.text(&self.field)?;
        Ok((row, text))
    }
}

fn open(path: &Path) -> Result<Box<dyn Read>> {
    if path.as_os_str() == "-" {
        return Ok(Box::new(std::io::stdin().lock()));
    }
    Ok(Box::new(File::open(path).with_context(|| path.display().to_string())?))
}

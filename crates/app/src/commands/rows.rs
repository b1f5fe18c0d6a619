//! Texts from the command line, standard input or a JSON-lines file, one answer a line: what `check` and `redact` share.

use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use clap::Args;
use detect::MAX_ITEM_BYTES;
use serde_json::{Value, json};

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

impl Rows {
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

    /// One answer a line. A line that is no row gets an error in its place, so that line n of the output speaks of line n of the input.
    pub(crate) fn each(&self, mut answer: impl FnMut(Value, &str) -> Result<Value>) -> Result<ExitCode> {
        let Some(path) = &self.jsonl else { bail!("give a text, or --jsonl FILE") };
        let mut input = BufReader::new(open(path)?);
        let mut output = BufWriter::new(std::io::stdout().lock());
        let mut bad = 0;
        for at in 0_usize.. {
            let mut line = Vec::new();
            if (&mut input).take(MAX_LINE_BYTES).read_until(b'\n', &mut line)? == 0 {
                break;
            }
            if line.len() as u64 == MAX_LINE_BYTES && !line.ends_with(b"\n") {
                bail!("{}:{}: the line is longer than {MAX_LINE_BYTES} bytes; split it", path.display(), at + 1);
            }
            let done = match self.row(&line) {
                Ok((row, text)) => answer(row, &text)?,
                Err(message) => {
                    bad += 1;
                    json!({"error": format!("{}:{}: {message}", path.display(), at + 1)})
                }
            };
            serde_json::to_writer(&mut output, &done)?;
            output.write_all(b"\n")?;
        }
        output.flush()?;
        if bad > 0 {
            eprintln!("guiju: {bad} lines could not be read as rows; each has an `error` in its place");
        }
        Ok(if bad > 0 { ExitCode::from(1) } else { ExitCode::SUCCESS })
    }

    fn row(&self, line: &[u8]) -> std::result::Result<(Value, String), String> {
        let row: Value = serde_json::from_slice(line).map_err(|e| format!("is no JSON: {e}"))?;
        let text = row.get(&self.field).and_then(Value::as_str).map(str::to_owned);
        let text = text.ok_or_else(|| format!("has no text in the field '{}'; name the right one with --field", self.field))?;
        Ok((row, text))
    }
}

fn open(path: &Path) -> Result<Box<dyn Read>> {
    if path.as_os_str() == "-" {
        return Ok(Box::new(std::io::stdin().lock()));
    }
    Ok(Box::new(File::open(path).with_context(|| path.display().to_string())?))
}

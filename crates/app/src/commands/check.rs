//! `guiju check`: judge a text, or one text a line.

use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, Read, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use clap::Args;
use detect::{Keywords, Lexicon, MAX_ITEM_BYTES, Pii, Pipeline};
use serde_json::{Value, json};

use super::print_json;

/// Longest line read: the longest item the engine judges, and as much again for the other fields.
const MAX_LINE_BYTES: u64 = 2 * MAX_ITEM_BYTES as u64;

#[derive(Args)]
pub(crate) struct Check {
    /// The text; `-` reads standard input
    #[arg(required_unless_present = "jsonl")]
    text: Option<String>,
    /// A JSON-lines file (`-` is standard input): one verdict a line, in order
    #[arg(long, conflicts_with = "text")]
    jsonl: Option<PathBuf>,
    /// Field of a JSON line that holds the text
    #[arg(long, default_value = "text")]
    field: String,
    /// Lexicon directory; without it, the built-in lexicon
    #[arg(long)]
    lexicon: Option<PathBuf>,
}

pub(crate) fn run(command: &Check) -> Result<ExitCode> {
    let lexicon = match &command.lexicon {
        Some(dir) => Lexicon::read(dir)?,
        None => Lexicon::embedded()?,
    };
    let pipeline = Pipeline::new(vec![Box::new(Keywords::compile(&lexicon)), Box::new(Pii)]);
    match (&command.text, &command.jsonl) {
        (_, Some(path)) => many(&pipeline, path, &command.field),
        (Some(text), None) => {
            let text = if text == "-" { standard_input()? } else { text.clone() };
            print_json(&pipeline.check(&text))?;
            Ok(ExitCode::SUCCESS)
        }
        (None, None) => bail!("give a text, or --jsonl FILE"),
    }
}

fn standard_input() -> Result<String> {
    let mut bytes = Vec::new();
    std::io::stdin().lock().take(MAX_ITEM_BYTES as u64 + 1).read_to_end(&mut bytes)?;
    String::from_utf8(bytes).context("standard input is not valid UTF-8")
}

/// One verdict a line. A line that is no row gets an error in its place, so that line n of the output speaks of line n of the input.
fn many(pipeline: &Pipeline, path: &PathBuf, field: &str) -> Result<ExitCode> {
    let input: Box<dyn Read> = if path.as_os_str() == "-" {
        Box::new(std::io::stdin().lock())
    } else {
        Box::new(File::open(path).with_context(|| path.display().to_string())?)
    };
    let mut output = BufWriter::new(std::io::stdout().lock());
    let mut bad = 0;
    let mut input = BufReader::new(input);
    for at in 0_usize.. {
        let mut line = Vec::new();
        if (&mut input).take(MAX_LINE_BYTES).read_until(b'\n', &mut line)? == 0 {
            break;
        }
        if line.len() as u64 == MAX_LINE_BYTES && !line.ends_with(b"\n") {
            bail!("{}:{}: the line is longer than {MAX_LINE_BYTES} bytes; split it", path.display(), at + 1);
        }
        match text_of(&line, field) {
            Ok(text) => serde_json::to_writer(&mut output, &pipeline.check(&text))?,
            Err(message) => {
                bad += 1;
                let place = format!("{}:{}", path.display(), at + 1);
                serde_json::to_writer(&mut output, &json!({"error": format!("{place}: {message}")}))?;
            }
        }
        output.write_all(b"\n")?;
    }
    output.flush()?;
    if bad > 0 {
        eprintln!("guiju: {bad} lines could not be read as rows; each has an `error` in its place");
    }
    Ok(if bad > 0 { ExitCode::from(1) } else { ExitCode::SUCCESS })
}

fn text_of(line: &[u8], field: &str) -> std::result::Result<String, String> {
    let row: Value = serde_json::from_slice(line).map_err(|e| format!("is no JSON: {e}"))?;
    row.get(field)
        .and_then(Value::as_str)
        .map(str::to_owned)
        .ok_or_else(|| format!("has no text in the field '{field}'; name the right one with --field"))
}

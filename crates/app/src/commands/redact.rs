//! `guiju redact`: take personal information out of a text, or of one text a line.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::Args;
use detect::redact::{Key, Mark, Operator, Policy, Redacted, Redactor, Salt, Secrets};
use detect::{Pii, Pipeline};
use serde_json::value::to_raw_value;
use serde_json::{Value, json};

use super::rows::Rows;

#[derive(Args)]
pub(crate) struct Redact {
    #[command(flatten)]
    rows: Rows,
    /// Redaction policy: an operator for each kind (docs/formats/redaction.md); without it, everything is masked
    #[arg(long)]
    policy: Option<PathBuf>,
    /// File with the key for `pseudonym` and `preserve`: 32 bytes, hexadecimal
    #[arg(long)]
    key_file: Option<PathBuf>,
    /// File with the salt for `hash`: 16 to 64 bytes, hexadecimal
    #[arg(long)]
    salt_file: Option<PathBuf>,
    /// Leave alone what the recogniser is less sure of, 0 to 1
    #[arg(long, default_value = "0.5", value_parser = super::share)]
    sure: f64,
    /// Say what was done, instead of the bare text
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(command: &Redact) -> Result<ExitCode> {
    let redactor = Redactor::new(policy(command)?, &secrets(command)?)?;
    let pipeline = Pipeline::new(vec![Box::new(Pii)]);
    let redact = |text: &str| -> Result<Redacted> {
        let verdict = pipeline.check(text);
        if let Some(fault) = verdict.faults.first() {
            anyhow::bail!("the text was not redacted, as some of it would have been left: {}; split it", fault.message);
        }
        let sure = verdict.findings.iter().filter(|finding| f64::from(finding.score) >= command.sure && finding.via.is_none());
        let marks: Vec<Mark> = sure.filter_map(|finding| Some(Mark { span: finding.span, kind: finding.personal? })).collect();
        Ok(redactor.redact(text, &marks)?)
    };
    match command.rows.single()? {
        Some(text) => {
            let done = redact(&text)?;
            if command.json {
                super::print_json(&report(&done))?
            } else if command.rows.is_piped() {
                // As it came, without a line feed of ours.
                super::print(&done.text);
            } else {
                say!("{}", done.text)
            }
            Ok(ExitCode::SUCCESS)
        }
        None => command.rows.each(|mut row, text| {
            let done = redact(text)?;
            row.set(&command.rows.field, &done.text)?;
            Ok(if command.json { to_raw_value(&report(&done))? } else { to_raw_value(&row)? })
        }),
    }
}

fn policy(command: &Redact) -> Result<Policy> {
    let Some(path) = &command.policy else { return Ok(Policy::from_toml("default = \"mask\"")?) };
    let text = std::fs::read_to_string(path).with_context(|| path.display().to_string())?;
    Policy::from_toml(&text).with_context(|| path.display().to_string())
}

/// Keys come from files: on a command line every process of the machine could read them.
fn secrets(command: &Redact) -> Result<Secrets> {
    let read = |path: &PathBuf| std::fs::read_to_string(path).with_context(|| path.display().to_string());
    let key =
        command.key_file.as_ref().map(|path| Key::from_hex(read(path)?.trim()).with_context(|| path.display().to_string())).transpose()?;
    let salt = command
        .salt_file
        .as_ref()
        .map(|path| Salt::from_hex(read(path)?.trim()).with_context(|| path.display().to_string()))
        .transpose()?;
    Ok(Secrets { key, salt })
}

fn report(done: &Redacted) -> Value {
    let operator = |operator: Operator| operator.to_string();
    let rows = done.done.iter().map(|one| {
        json!({"kind": one.kind, "operator": operator(one.operator), "instead_of": one.instead_of.map(operator), "old": one.old, "new": one.new})
    });
    json!({"text": done.text, "done": rows.collect::<Vec<_>>()})
}

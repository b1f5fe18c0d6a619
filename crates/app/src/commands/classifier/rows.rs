//! `guiju classifier rows`.

use std::process::ExitCode;

use anyhow::Result;
use detect::classifier::{Label, fold_of};
use serde::Serialize;

use super::Rows;
use super::data::Data;

/// A row for the encoder's training.
#[derive(Serialize)]
struct Line<'a> {
    text: String,
    prompt: Option<String>,
    kind: usize,
    lang: taxonomy::Lang,
    labels: u32,
    known: u32,
    harmful: bool,
    twin: Option<Label>,
    source: &'a str,
    fold: usize,
}

pub(super) fn run(rows: &Rows) -> Result<ExitCode> {
    for row in Data::read(&rows.data)?.rows {
        let line = Line {
            text: folded(&row.text),
            prompt: row.prompt.as_deref().map(folded),
            kind: row.kind.index(),
            lang: row.lang,
            labels: row.labels.0,
            known: row.known.0,
            harmful: row.harmful,
            twin: row.twin,
            source: &row.source,
            fold: fold_of(&row),
        };
        say!("{}", serde_json::to_string(&line)?);
    }
    Ok(ExitCode::SUCCESS)
}

fn folded(text: &str) -> String {
    let folded = ::detect::fold(text);
    folded.string(0..folded.units().len())
}

//! `guiju classifier rows`.

use std::process::ExitCode;

use anyhow::Result;
use clap::Args;
use detect::classifier::{Label, fold_of};
use detect::evade::{disguise, transforms};
use serde::Serialize;

use super::Rows;
use super::data::Data;

#[derive(Args)]
pub(crate) struct Print {
    #[command(flatten)]
    rows: Rows,
    /// Each row in one disguise that this seed draws, in place of the row; rows that the disguise does not change are left out
    #[arg(long, value_name = "SEED")]
    disguised: Option<u64>,
}

/// Disguises that leave nothing for a reader of words: they are for the decoders.
const ENCODED: [&str; 2] = ["base64", "reversed"];

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

pub(super) fn run(command: &Print) -> Result<ExitCode> {
    for (number, row) in (0..).zip(Data::read(&command.rows.data)?.rows) {
        let text = folded(&row.text);
        let text = match command.disguised {
            None => text,
            Some(seed) => match drawn(&row.text, seed.wrapping_add(number)).filter(|disguised| *disguised != text) {
                Some(disguised) => disguised,
                None => continue,
            },
        };
        let line = Line {
            text,
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

/// A text in a disguise, folded; none where nothing of it can be disguised so.
fn drawn(text: &str, seed: u64) -> Option<String> {
    let choice: Vec<_> = transforms().iter().filter(|transform| !ENCODED.contains(&transform.id)).collect();
    let transform = choice.get(stats::draw_indices(&format!("disguise {seed}"), choice.len(), 1).first().copied()?)?;
    disguise(transform, text, seed).map(|disguised| folded(&disguised))
}

fn folded(text: &str) -> String {
    let folded = ::detect::fold(text);
    folded.string(0..folded.units().len())
}

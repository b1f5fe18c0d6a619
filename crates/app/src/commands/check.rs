//! `guiju check`: judge a text, or one text a line.

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context, Result};
use clap::Args;
use detect::classifier::Choice;
use detect::{Artefact, Direction, Keywords, Lexicon, Pipeline, Policy, Scanner};
use serde_json::value::to_raw_value;

use super::classifier::Own;
use super::print_json;
use super::rows::Rows;

#[derive(Args)]
pub(crate) struct Check {
    #[command(flatten)]
    rows: Rows,
    /// Lexicon directory, or a compiled one (`guiju lexicon build`); without it, the built-in lexicon
    #[arg(long)]
    lexicon: Option<PathBuf>,
    /// Policy file; without it, the built-in policy (docs/formats/policy.md)
    #[arg(long)]
    policy: Option<PathBuf>,
    /// Which way the text goes: input, output or corpus
    #[arg(long, default_value = "output")]
    direction: Direction,
    /// The classifier: `full` reads meaning and takes milliseconds, `linear` microseconds, `off` leaves it out
    #[arg(long, default_value = "full")]
    classifier: Choice,
    #[command(flatten)]
    own: Own,
    /// Record what would be decided, and let everything pass
    #[arg(long)]
    shadow: bool,
    /// Judge in pieces of so many bytes, as a stream would come; what is hidden in encodings is then not looked for, and no classifier asked
    #[arg(long, value_name = "BYTES", conflicts_with_all = ["jsonl", "classifier", "onnx"])]
    pieces: Option<NonZeroUsize>,
}

pub(crate) fn run(command: &Check) -> Result<ExitCode> {
    let policy = match &command.policy {
        Some(path) => Policy::parse(&std::fs::read_to_string(path).with_context(|| path.display().to_string())?)
            .with_context(|| path.display().to_string())?,
        None => Policy::default(),
    };
    let shadow = command.shadow || policy.shadow();
    // A stream is not whole, so a classifier has no part in it.
    let classifier = if command.pieces.is_some() { None } else { command.own.or(command.classifier)? };
    let pipeline = Pipeline::standard(keywords(command.lexicon.as_deref())?)?.with(classifier);
    let pipeline = pipeline.under(policy.with_shadow(shadow));
    match command.rows.single()? {
        Some(text) => {
            let verdict = match command.pieces {
                Some(bytes) => in_pieces(pipeline, &text, bytes.get(), command.direction)?,
                None => pipeline.check_as(&text, command.direction),
            };
            print_json(&verdict)?;
            Ok(ExitCode::SUCCESS)
        }
        None => command.rows.each(|_, text| Ok(to_raw_value(&pipeline.check_as(text, command.direction))?)),
    }
}

/// The keywords of a lexicon directory or of a compiled lexicon; without a path, the built-in ones.
pub(super) fn keywords(path: Option<&Path>) -> Result<Keywords> {
    Ok(match path {
        Some(path) if path.is_file() => Keywords::new(Arc::new(Artefact::open(path)?)),
        Some(path) => Keywords::compile(&Lexicon::read(path)?),
        None => Keywords::compile(&Lexicon::embedded()?),
    })
}

fn in_pieces(pipeline: Pipeline, text: &str, bytes: usize, direction: Direction) -> Result<taxonomy::Verdict> {
    let mut scanner = Scanner::new(pipeline, direction);
    for piece in text.as_bytes().chunks(bytes) {
        scanner.feed(piece)?;
    }
    Ok(scanner.finish()?.1)
}

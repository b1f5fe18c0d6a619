//! `guiju classifier`: train, measure and compare the classifier.

mod data;
mod eval;
mod onnx;
mod print;
mod propose;
mod rows;
mod score;
mod train;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::{Args, Subcommand};
use detect::classifier::{Encoder, LinearModel};
pub(crate) use onnx::Own;

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Train the linear model on labelled rows
    Train(train::Train),
    /// Try training settings: each row is judged by a model that has seen no row of its theme
    Tune(train::Tune),
    /// Measure a classifier on rows it has not seen
    Eval(eval::Eval),
    /// Hold two classifiers against each other on the same rows
    Compare(eval::Compare),
    /// The model card, in Markdown: what it is made of, and its figures on rows it has not seen
    Card(eval::Card),
    /// Rows that a person should read, because the keywords, the linear model, the encoder and the row's labels do not agree
    Propose(propose::Propose),
    /// Join an encoder with the linear model, and calibrate the two together
    Join(train::Join),
    /// Fit what is made of an ONNX model's scores on labelled rows that it was not trained on
    Calibrate(onnx::Calibrate),
    /// What the classifier says of one text, label by label
    Score(score::Score),
    /// The rows as the encoder's training reads them: folded, with numbers of labels, JSON lines
    Rows(rows::Print),
}

/// Labelled rows.
#[derive(Args)]
pub(crate) struct Rows {
    /// Files or directories of labelled rows (docs/formats/rows.md)
    #[arg(long, num_args = 1.., required = true)]
    data: Vec<PathBuf>,
}

pub(crate) fn run(command: &Command) -> Result<ExitCode> {
    match command {
        Command::Train(command) => train::train(command),
        Command::Tune(command) => train::tune(command),
        Command::Eval(command) => eval::eval(command),
        Command::Compare(command) => eval::compare(command),
        Command::Card(command) => eval::card(command),
        Command::Propose(command) => propose::run(command),
        Command::Join(command) => train::join(command),
        Command::Calibrate(command) => onnx::calibrate(command),
        Command::Score(command) => score::run(command),
        Command::Rows(rows) => rows::run(rows),
    }
}

fn linear(path: Option<&Path>) -> Result<LinearModel> {
    let Some(path) = path else { return Ok(LinearModel::embedded()?) };
    let bytes = read(path)?;
    LinearModel::read(&bytes).with_context(|| path.display().to_string())
}

fn encoder(path: &Path) -> Result<Encoder> {
    let bytes = read(path)?;
    Encoder::read(&bytes).with_context(|| path.display().to_string())
}

fn read(path: &Path) -> Result<Vec<u8>> {
    std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))
}

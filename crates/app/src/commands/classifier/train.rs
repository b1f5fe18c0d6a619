//! `guiju classifier train`, `tune` and `join`.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use clap::Args;
use detect::classifier::{
    Calibrations, Classifier, Evaluation, Row, Scores, Training, calibrate, evaluate, fit, join as together, joint_scores,
    scores_of_unseen, shares,
};

use super::data::Data;
use super::{Rows, encoder, linear, print, read};
use crate::commands::share;

#[derive(Args)]
pub(crate) struct Train {
    #[command(flatten)]
    rows: Rows,
    #[command(flatten)]
    how: How,
    /// Name of the model
    #[arg(long, default_value = "guiju-linear")]
    name: String,
    /// File to write
    #[arg(long)]
    out: PathBuf,
}

#[derive(Args)]
pub(crate) struct Tune {
    #[command(flatten)]
    rows: Rows,
    #[command(flatten)]
    how: How,
    /// As JSON
    #[arg(long)]
    json: bool,
}

#[derive(Args)]
pub(crate) struct Join {
    #[command(flatten)]
    rows: Rows,
    #[command(flatten)]
    how: How,
    /// The encoder, as `training/export.py` writes it
    #[arg(long)]
    encoder: PathBuf,
    /// What encoders that had not seen them said of the rows: `training/train.py --unseen`
    #[arg(long)]
    unseen: PathBuf,
    /// Harmless rows that neither model has learnt from, with which the thresholds are set
    #[arg(long, num_args = 1..)]
    clean: Vec<PathBuf>,
    /// The linear model; without it, the built-in one
    #[arg(long)]
    linear: Option<PathBuf>,
    /// File to write
    #[arg(long)]
    out: PathBuf,
}

/// Settings of a training.
#[derive(Args)]
struct How {
    /// Passes over the rows
    #[arg(long, default_value_t = Training::default().epochs as u64, value_parser = clap::value_parser!(u64).range(1..=1000))]
    epochs: u64,
    /// First step size
    #[arg(long, default_value_t = Training::default().step, value_parser = positive)]
    step: f32,
    /// Share of every weight that is taken away after each pass
    #[arg(long, default_value_t = Training::default().decay, value_parser = portion)]
    decay: f32,
    /// Weight of a row for a label it has
    #[arg(long, default_value_t = Training::default().weight, value_parser = positive)]
    weight: f32,
    /// Seed of the order
    #[arg(long, default_value_t = Training::default().seed)]
    seed: u64,
}

impl How {
    const fn training(&self) -> Training {
        let Self { epochs, step, decay, weight, seed } = *self;
        Training { epochs: epochs as usize, step, decay, weight, seed }
    }
}

/// A number above nothing that training can bear: larger ones leave no number that a file could hold.
fn positive(text: &str) -> Result<f32, String> {
    let number: f32 = text.parse().map_err(|_| format!("'{text}' is no number"))?;
    if number > 0.0 && number <= 1000.0 { Ok(number) } else { Err(format!("{number} is not above 0 and at most 1000")) }
}

/// 0 to 1.
fn portion(text: &str) -> Result<f32, String> {
    share(text).map(|share| share as f32)
}

/// Writes a model: first beside the file, then in its place. Rows are no place for a model.
fn write_model(out: &Path, rows: &[PathBuf], bytes: &[u8]) -> Result<()> {
    let same =
        |row: &PathBuf| matches!((std::fs::canonicalize(row), std::fs::canonicalize(out)), (Ok(row), Ok(out)) if out.starts_with(&row));
    if let Some(row) = rows.iter().find(|row| same(row)) {
        bail!("{} is among the rows ({}); a model would replace them, name another file", out.display(), row.display());
    }
    let write = || {
        if out.exists() && !out.is_file() {
            return std::fs::write(out, bytes);
        }
        let beside = out.with_extension(format!("tmp-{}", std::process::id()));
        let written = std::fs::write(&beside, bytes).and_then(|()| std::fs::rename(&beside, out));
        written.inspect_err(|_| {
            let _ = std::fs::remove_file(&beside);
        })
    };
    write().with_context(|| format!("cannot write {}", out.display()))
}

pub(super) fn train(command: &Train) -> Result<ExitCode> {
    let data = Data::read(&command.rows.data)?;
    let model = fit(&command.name, &data.rows, &command.how.training(), data.files);
    write_model(&command.out, &command.rows.data, &model.write())?;
    say!("{}: {} rows, {}", command.out.display(), data.rows.len(), model.version());
    Ok(ExitCode::SUCCESS)
}

pub(super) fn tune(command: &Tune) -> Result<ExitCode> {
    let data = Data::read(&command.rows.data)?;
    let scores = scores_of_unseen(&data.rows, &command.how.training());
    print::evaluation(&of_unseen(&data.rows, &scores, &calibrate(&data.rows, &scores)), command.json)
}

pub(super) fn join(command: &Join) -> Result<ExitCode> {
    let data = Data::read(&command.rows.data)?;
    let unseen = read(&command.unseen)?;
    let by_encoder = scores_from(&unseen);
    if by_encoder.len() != data.rows.len() {
        bail!("{} has scores of {} rows, the data have {}", command.unseen.display(), by_encoder.len(), data.rows.len());
    }
    let by_linear = scores_of_unseen(&data.rows, &command.how.training());
    // Not every part of the rows was scored: training an encoder takes long.
    let scored = data.rows.into_iter().zip(by_encoder.into_iter().zip(by_linear)).filter(|(_, (by_encoder, _))| !by_encoder[0].is_nan());
    let (mut rows, (by_encoder, by_linear)): (Vec<Row>, (Vec<Scores>, Vec<Scores>)) = scored.unzip();
    let (mut encoder, linear) = (encoder(&command.encoder)?, linear(command.linear.as_deref())?);
    let shares = shares(&rows, &by_encoder, &by_linear);
    let mut scores: Vec<Scores> = by_encoder.iter().zip(&by_linear).map(|(e, l)| together(e, l, &shares)).collect();
    (encoder.header.trained, encoder.header.shares, encoder.header.linear) = (data.files, shares, linear.version());
    // What is harmless and was learnt from by nobody is scored by the models themselves.
    let clean = if command.clean.is_empty() { Vec::new() } else { Data::read(&command.clean)?.rows };
    scores.extend(clean.iter().map(|row| joint_scores(&encoder, &linear, &row.input())));
    rows.extend(clean);
    let calibrations = calibrate(&rows, &scores);
    encoder.header.calibrations = Some(calibrations.clone());
    write_model(&command.out, &command.rows.data, &encoder.write(&read(&command.encoder)?)?)?;
    print::evaluation(&of_unseen(&rows, &scores, &calibrations), false)
}

fn of_unseen(rows: &[Row], scores: &[Scores], calibrations: &Calibrations) -> Evaluation {
    let probabilities: Vec<_> = rows.iter().zip(scores).map(|(row, scores)| calibrations.probabilities(row.kind, scores)).collect();
    evaluate(rows, &probabilities, calibrations)
}

/// Little-endian numbers, one row of them after the other.
fn scores_from(bytes: &[u8]) -> Vec<Scores> {
    let numbers: Vec<f32> = bytes.as_chunks::<4>().0.iter().map(|four| f32::from_le_bytes(*four)).collect();
    numbers.as_chunks().0.to_vec()
}

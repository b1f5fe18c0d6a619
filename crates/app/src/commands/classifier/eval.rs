//! `guiju classifier eval`, `card` and `compare`.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Result, bail};
use clap::Args;
use detect::classifier::{Classifier, Evaluation, Input, Joint, Row, Slice, evaluate};
use detect::evade::{disguise, transforms};

use super::data::Data;
use super::{Rows, encoder, linear, print};

#[derive(Args)]
pub(crate) struct Eval {
    #[command(flatten)]
    rows: Rows,
    #[command(flatten)]
    models: Models,
    /// Measure the linear model alone
    #[arg(long)]
    linear_only: bool,
    /// As JSON
    #[arg(long)]
    json: bool,
    /// Disguise so many rows in sixteen ways instead, and say what that does
    #[arg(long, value_name = "ROWS", conflicts_with = "json")]
    evade: Option<usize>,
}

/// The built-in classifier is held against an encoder file or, without one, against a linear model.
#[derive(Args)]
pub(crate) struct Compare {
    #[command(flatten)]
    rows: Rows,
    #[command(flatten)]
    models: Models,
}

/// Files of models.
#[derive(Args)]
struct Models {
    /// Encoder file; without it, the built-in one
    #[arg(long)]
    encoder: Option<PathBuf>,
    /// Linear model; without it, the built-in one
    #[arg(long)]
    linear: Option<PathBuf>,
    /// Directory of an ONNX model in place of both (docs/formats/onnx.md); needs a program built with `--features onnx`
    #[arg(long, value_name = "DIR", conflicts_with_all = ["encoder", "linear"])]
    onnx: Option<PathBuf>,
}

pub(super) fn eval(command: &Eval) -> Result<ExitCode> {
    let (data, model) = (Data::read(&command.rows.data)?, command.models.open(command.linear_only)?);
    data.seen_by(&*model);
    if let Some(most) = command.evade {
        evade(&*model, &data.rows, most);
        return Ok(ExitCode::SUCCESS);
    }
    print::evaluation(&measured(&*model, &data.rows), command.json)
}

/// The model of a card.
#[derive(Args)]
pub(crate) struct Card {
    #[command(flatten)]
    rows: Rows,
    #[command(flatten)]
    models: Models,
    /// The card of the linear model alone
    #[arg(long)]
    linear_only: bool,
}

pub(super) fn card(command: &Card) -> Result<ExitCode> {
    let (data, model) = (Data::read(&command.rows.data)?, command.models.open(command.linear_only)?);
    print::card(&*model, &data, &measured(&*model, &data.rows));
    Ok(ExitCode::SUCCESS)
}

/// The built-in classifier beside another.
pub(super) fn compare(command: &Compare) -> Result<ExitCode> {
    let data = Data::read(&command.rows.data)?;
    let other = command.models.open(true)?;
    let built_in = Joint::embedded()?;
    data.seen_by(&*other);
    say!("first: {}; second: {}", built_in.version(), other.version());
    print::comparison(&measured(&built_in, &data.rows), &measured(&*other, &data.rows));
    Ok(ExitCode::SUCCESS)
}

/// The same rows without disguise and with it.
fn evade(model: &dyn Classifier, rows: &[Row], most: usize) {
    let drawn: Vec<&Row> = stats::draw_indices("evade", rows.len(), most).iter().filter_map(|&at| rows.get(at)).collect();
    let flags = |row: &Row, text: &str| {
        let probabilities = model.probabilities(&Input { text, ..row.input() });
        !model.calibrations().calls(&probabilities).is_empty()
    };
    let plain: Vec<bool> = drawn.iter().map(|row| flags(row, &row.text)).collect();
    print::disguises(transforms().iter().map(|transform| {
        let (mut before, mut after) = (Slice::default(), Slice::default());
        for ((seed, row), was) in (0..).zip(&drawn).zip(&plain) {
            let Some(text) = disguise(transform, &row.text, seed) else { continue };
            before.count(row.harmful, *was);
            after.count(row.harmful, flags(row, &text));
        }
        (transform.id, transform.zh, before, after)
    }));
}

impl Models {
    /// The encoder file with the linear model; without one, the linear model alone or the built-in two.
    fn open(&self, linear_only: bool) -> Result<Box<dyn Classifier>> {
        if let Some(dir) = &self.onnx {
            return super::onnx::open(dir);
        }
        let linear = linear(self.linear.as_deref())?;
        Ok(match &self.encoder {
            Some(path) => Box::new(Joint::new(encoder(path)?, linear)?),
            None if linear_only => Box::new(linear),
            None if self.linear.is_some() => bail!(
                "the built-in encoder goes with the built-in linear model; measure yours alone (--linear-only), or with its own --encoder"
            ),
            None => Box::new(Joint::embedded()?),
        })
    }
}

fn measured(model: &dyn Classifier, rows: &[Row]) -> Evaluation {
    let probabilities: Vec<_> = rows.iter().map(|row| model.probabilities(&row.input())).collect();
    evaluate(rows, &probabilities, model.calibrations())
}

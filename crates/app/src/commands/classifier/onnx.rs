//! Classifiers of others: ONNX models, where the program is built with them.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Result;
use clap::Args;
use detect::classifier::{Choice, Classifier};

use super::Rows;

#[derive(Args)]
pub(crate) struct Calibrate {
    #[command(flatten)]
    rows: Rows,
    /// Directory of the model (docs/formats/onnx.md); its calibration.json is written anew
    #[arg(long, value_name = "DIR")]
    onnx: PathBuf,
}

/// An ONNX model in the place of the built-in classifier.
#[derive(Args)]
pub(crate) struct Own {
    /// Directory of an ONNX model in the place of the built-in classifier (docs/formats/onnx.md); needs a program built with `--features onnx`
    #[arg(long, value_name = "DIR", conflicts_with = "classifier")]
    onnx: Option<PathBuf>,
}

impl Own {
    /// The classifier that is asked: this one, or the built-in one of this choice.
    pub(crate) fn or(&self, choice: Choice) -> Result<Option<Arc<dyn Classifier>>> {
        match &self.onnx {
            Some(dir) => Ok(Some(open(dir)?.into())),
            None => Ok(choice.open()?),
        }
    }
}

#[cfg(feature = "onnx")]
pub(super) fn open(dir: &Path) -> Result<Box<dyn Classifier>> {
    Ok(Box::new(onnx::Onnx::open(dir)?))
}

#[cfg(feature = "onnx")]
pub(super) fn calibrate(command: &Calibrate) -> Result<ExitCode> {
    let data = super::data::Data::read(&command.rows.data)?;
    let model = onnx::Onnx::open(&command.onnx)?;
    onnx::Onnx::keep(&command.onnx, &model.calibrated(&data.rows))?;
    say!("fitted on {} rows: {}", data.rows.len(), command.onnx.join("calibration.json").display());
    Ok(ExitCode::SUCCESS)
}

#[cfg(not(feature = "onnx"))]
pub(super) fn open(dir: &Path) -> Result<Box<dyn Classifier>> {
    anyhow::bail!(
        "this program was built without ONNX models and cannot open {}: build it with `cargo build --release --features onnx` (docs/formats/onnx.md)",
        dir.display()
    )
}

#[cfg(not(feature = "onnx"))]
pub(super) fn calibrate(command: &Calibrate) -> Result<ExitCode> {
    super::data::Data::read(&command.rows.data)?;
    open(&command.onnx).map(|_| ExitCode::SUCCESS)
}

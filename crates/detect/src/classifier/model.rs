//! The file of a linear classifier (docs/formats/classifier.md): a header that people can read, then the weights.

use serde::{Deserialize, Serialize};

use super::linear::{BYTES, Linear};
use super::{Calibrations, Classifier, Input, LABELS, Window, header};

/// How every file begins.
const MAGIC: &[u8; 8] = b"GJCLASS\x01";

/// What stands before the weights.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Header {
    /// Version of the format.
    pub format: u32,
    /// The model's name.
    pub name: String,
    /// What it was trained on.
    pub trained: Vec<Trained>,
    /// What is made of its scores.
    pub calibrations: Calibrations,
}

/// A file a model was trained on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Trained {
    /// Its name.
    pub file: String,
    /// Rows.
    pub rows: usize,
    /// SHA-256, hexadecimal.
    pub digest: String,
}

/// A file that is no classifier of ours.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a classifier of format 1 (docs/formats/classifier.md): {0}")]
pub struct ModelError(pub(super) String);

/// A linear classifier.
pub struct LinearModel {
    /// What is known of it.
    pub header: Header,
    linear: Linear,
    digest: String,
}

impl LinearModel {
    pub(super) fn new(header: Header, linear: Linear) -> Self {
        let mut model = Self { header, linear, digest: String::new() };
        model.digest = header::digest(&model.write());
        model
    }

    /// The classifier that comes with the program.
    ///
    /// # Errors
    /// Never in a released build: a test reads it.
    pub fn embedded() -> Result<Self, ModelError> {
        Self::read(include_bytes!("../../data/classifier/linear.bin"))
    }

    /// Reads a file.
    ///
    /// # Errors
    /// It is damaged, or of another version.
    pub fn read(bytes: &[u8]) -> Result<Self, ModelError> {
        let (header, weights): (Header, _) = header::read(MAGIC, bytes)?;
        if header.format != 1 || header.calibrations.labels.len() != LABELS {
            return Err(ModelError("its header is of another version".to_owned()));
        }
        let linear = Linear::read(weights).ok_or_else(|| ModelError(format!("it has {} bytes of weights, not {BYTES}", weights.len())))?;
        Ok(Self { header, linear, digest: header::digest(bytes) })
    }

    /// The bytes of the file.
    #[must_use]
    pub fn write(&self) -> Vec<u8> {
        let mut bytes = header::write(MAGIC, &self.header);
        self.linear.write(&mut bytes);
        bytes
    }
}

impl Classifier for LinearModel {
    fn name(&self) -> &'static str {
        "linear"
    }

    fn version(&self) -> String {
        format!("{} {}", self.header.name, self.digest)
    }

    fn windows(&self, input: &Input<'_>) -> Vec<Window> {
        self.linear.windows(input)
    }

    fn calibrations(&self) -> &Calibrations {
        &self.header.calibrations
    }

    fn trained(&self) -> &[Trained] {
        &self.header.trained
    }
}

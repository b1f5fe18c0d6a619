//! The file of a linear classifier (docs/formats/classifier.md): a header that people can read, then the weights.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::features::Features;
use super::linear::{BYTES, Linear, each_window};
use super::{Calibrations, Classifier, Input, LABELS, Window};

/// How every file begins.
const MAGIC: &[u8; 8] = b"GJCLASS\x01";

/// Longest header, in bytes.
const MAX_HEADER_BYTES: usize = 1 << 20;

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
        model.digest = Sha256::digest(model.write()).iter().take(8).map(|byte| format!("{byte:02x}")).collect();
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
        let bad = |what: &str| ModelError(what.to_owned());
        let rest = bytes.strip_prefix(MAGIC).ok_or_else(|| bad("it does not begin as one"))?;
        let (length, rest) = rest.split_first_chunk::<4>().ok_or_else(|| bad("it ends in the header"))?;
        let length = u32::from_le_bytes(*length) as usize;
        let (header, weights) =
            rest.split_at_checked(length).filter(|_| length <= MAX_HEADER_BYTES).ok_or_else(|| bad("it ends in the header"))?;
        let header: Header = serde_json::from_slice(header).map_err(|e| ModelError(format!("its header cannot be read: {e}")))?;
        if header.format != 1 || header.calibrations.labels.len() != LABELS {
            return Err(bad("its header is of another version"));
        }
        let linear = Linear::read(weights).ok_or_else(|| ModelError(format!("it has {} bytes of weights, not {BYTES}", weights.len())))?;
        Ok(Self::new(header, linear))
    }

    /// The bytes of the file.
    #[must_use]
    pub fn write(&self) -> Vec<u8> {
        let header = serde_json::to_vec(&self.header).unwrap_or_default();
        let mut bytes = Vec::with_capacity(MAGIC.len() + 4 + header.len() + BYTES);
        bytes.extend_from_slice(MAGIC);
        bytes.extend_from_slice(&(header.len() as u32).to_le_bytes());
        bytes.extend_from_slice(&header);
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
        let mut windows = Vec::with_capacity(1);
        let mut add = |units, features: &Features| windows.push(Window { units, scores: self.linear.scores(input.kind, features) });
        each_window(input, &mut Features::default(), &mut add);
        windows
    }

    fn calibrations(&self) -> &Calibrations {
        &self.header.calibrations
    }

    fn trained(&self) -> &[Trained] {
        &self.header.trained
    }
}

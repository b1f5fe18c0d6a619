//! The encoder: a small transformer that reads sentences, not words. It carries over from one wording to another, and from Chinese to English.
//!
//! It stands on multilingual-e5-small (Wang et al. 2024), cut to Chinese and English and to its first layers, and trained further on our rows (`training/`). Its
//! scores are joined with those of the linear model, which knows spellings better; one calibration is for both together.

mod attention;
mod file;
mod floats;
mod head;
mod linear;
mod network;
mod pieces;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};
use taxonomy::InputKind;

use self::file::Reader;
use self::network::Network;
use self::pieces::{BEGIN, END, Pieces};
use super::{
    Calibrations, Classifier, Input, LABELS, Label, LinearModel, ModelError, NOTHING, Scores, Trained, Window, cover, header, joined, worse,
};

/// How every file begins.
const MAGIC: &[u8; 8] = b"GJENCOD\x02";

/// Most pieces read in one go, beside a beginning and an end.
const WINDOW: usize = network::LONGEST - 2;

/// How far one window is from the next.
const STRIDE: usize = 96;

/// Most windows of the linear model that the encoder reads of one text: a third of a second's work. Of a longer text, some 7,000 units, it reads those of
/// which the linear model thinks worst.
const MAX_READ: usize = 48;

/// What stands before the weights.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EncoderHeader {
    /// Version of the format.
    pub format: u32,
    /// The model's name.
    pub name: String,
    /// Where the weights come from.
    pub base: String,
    /// What it was trained on.
    #[serde(default)]
    pub trained: Vec<Trained>,
    /// The linear model it is joined with, by name and digest.
    #[serde(default)]
    pub linear: String,
    /// For each label: how much of the encoder's score and of the linear model's goes into the joint one.
    #[serde(default)]
    pub shares: Vec<[f32; 2]>,
    /// What is made of the joint scores; none before it is joined.
    #[serde(default)]
    pub calibrations: Option<Calibrations>,
}

/// The encoder alone.
pub struct Encoder {
    /// What is known of it.
    pub header: EncoderHeader,
    pieces: Pieces,
    network: Network,
    digest: String,
}

impl Encoder {
    /// Reads a file.
    ///
    /// # Errors
    /// It is damaged, or of another version.
    pub fn read(bytes: &[u8]) -> Result<Self, ModelError> {
        let (header, weights): (EncoderHeader, _) = header::read(MAGIC, bytes)?;
        if header.format != 2 {
            return Err(ModelError("its header is of another version".to_owned()));
        }
        let (pieces, network) =
            read(&mut Reader(weights)).ok_or_else(|| ModelError("its weights are cut short, too long or miscounted".to_owned()))?;
        Ok(Self { header, pieces, network, digest: header::digest(bytes) })
    }

    /// The file that this encoder was read from, under its present header. The weights are not kept in memory as they stand in the file.
    ///
    /// # Errors
    /// The bytes are no such file.
    pub fn write(&self, read_from: &[u8]) -> Result<Vec<u8>, ModelError> {
        let (_, weights): (EncoderHeader, _) = header::read(MAGIC, read_from)?;
        let mut bytes = header::write(MAGIC, &self.header);
        bytes.extend_from_slice(weights);
        Ok(bytes)
    }

    /// The vector of a prompt; of a long one, of its beginning.
    fn asked(&self, prompt: &str) -> Vec<f32> {
        let folded = crate::fold(prompt);
        let pieces = self.pieces.split(&folded.string(0..folded.units().len()));
        self.network.sentence(&whole(pieces.get(..pieces.len().min(WINDOW)).unwrap_or_default()))
    }

    /// The score of every label of a stretch of folded text.
    fn scores(&self, folded: &str, asked: Option<&[f32]>, kind: InputKind) -> Scores {
        let pieces = self.pieces.split(folded);
        let scores = |window: &[u32]| self.network.scores(&self.network.sentence(&whole(window)), asked, kind.index());
        windows(&pieces).map(scores).reduce(worse).unwrap_or(NOTHING)
    }
}

fn read(file: &mut Reader<'_>) -> Option<(Pieces, Network)> {
    let count = file.number()? as usize;
    // A piece takes a byte at least, and the first three stand for no text.
    let mut pieces = Vec::with_capacity(Some(count).filter(|count| (3..=file.0.len()).contains(count))?);
    for _ in 0..count {
        let length = usize::from(*file.bytes(1)?.first()?);
        pieces.push(std::str::from_utf8(file.bytes(length)?).ok()?);
    }
    let scores = file.floats(count)?;
    let network = Network::read(file, count)?;
    file.0.is_empty().then(|| (Pieces::new(pieces.into_iter(), scores), network))
}

fn whole(pieces: &[u32]) -> Vec<u32> {
    [&[BEGIN], pieces, &[END]].concat()
}

fn windows(pieces: &[u32]) -> impl Iterator<Item = &[u32]> {
    cover(pieces.len(), WINDOW, STRIDE).map(|window| pieces.get(window).unwrap_or_default())
}

/// The encoder and the linear model, joined.
pub struct Joint {
    encoder: Encoder,
    linear: LinearModel,
    calibrations: Calibrations,
}

impl Joint {
    /// Joins an encoder with the linear model that it was calibrated with.
    ///
    /// # Errors
    /// It was calibrated with another one, or not at all.
    pub fn new(encoder: Encoder, linear: LinearModel) -> Result<Self, ModelError> {
        let header = &encoder.header;
        let calibrations = header.calibrations.clone().filter(|calibrations| {
            header.linear == linear.version() && calibrations.labels.len() == LABELS && header.shares.len() == LABELS
        });
        let Some(calibrations) = calibrations else {
            let message =
                format!("the encoder was joined with '{}', not with {}; run `guiju classifier join`", header.linear, linear.version());
            return Err(ModelError(message));
        };
        Ok(Self { encoder, linear, calibrations })
    }

    /// The classifier that comes with the program.
    ///
    /// # Errors
    /// Never in a released build: a test reads it.
    pub fn embedded() -> Result<Self, ModelError> {
        Self::new(Encoder::read(include_bytes!("../../../data/classifier/encoder.bin"))?, LinearModel::embedded()?)
    }
}

/// The windows of a text, scored by both.
fn windows_of(encoder: &Encoder, linear: &LinearModel, input: &Input<'_>) -> Vec<Window> {
    let asked = input.prompt.map(|prompt| encoder.asked(prompt));
    let text = crate::fold(input.text);
    let mut windows = linear.windows(input);
    if windows.len() > MAX_READ {
        let mut ranked: Vec<(f64, Window)> = windows.into_iter().map(|window| (suspicion(linear, input, &window), window)).collect();
        ranked.sort_by(|a, b| b.0.total_cmp(&a.0));
        ranked.truncate(MAX_READ);
        windows = ranked.into_iter().map(|(_, window)| window).collect();
        windows.sort_by_key(|window| window.units.start);
    }
    for Window { units, scores } in &mut windows {
        let by_encoder = encoder.scores(&text.string(units.clone()), asked.as_deref(), input.kind);
        *scores = join(&by_encoder, scores, &encoder.header.shares);
    }
    windows
}

/// How much the linear model thinks a window harmful.
fn suspicion(linear: &LinearModel, input: &Input<'_>, window: &Window) -> f64 {
    linear.calibrations().probabilities(input.kind, &window.scores).any
}

/// The joint scores of a text, before anything is calibrated.
#[must_use]
pub fn joint_scores(encoder: &Encoder, linear: &LinearModel, input: &Input<'_>) -> Scores {
    joined(&windows_of(encoder, linear, input))
}

/// The joint score of each label.
#[must_use]
pub fn join(encoder: &Scores, linear: &Scores, shares: &[[f32; 2]]) -> Scores {
    let mut scores = [0.0; LABELS];
    for ((score, &[e, l]), (encoder, linear)) in scores.iter_mut().zip(shares).zip(encoder.iter().zip(linear)) {
        *score = e * encoder + l * linear;
    }
    scores
}

impl Classifier for Joint {
    fn name(&self) -> &'static str {
        "classifier"
    }

    fn version(&self) -> String {
        format!("{} {}", self.encoder.header.name, self.encoder.digest)
    }

    fn windows(&self, input: &Input<'_>) -> Vec<Window> {
        windows_of(&self.encoder, &self.linear, input)
    }

    fn calibrations(&self) -> &Calibrations {
        &self.calibrations
    }

    fn trained(&self) -> &[Trained] {
        &self.encoder.header.trained
    }
}

/// How much of each score goes into the joint one, fitted on rows that neither had seen.
#[must_use]
pub fn shares(rows: &[super::Row], encoder: &[Scores], linear: &[Scores]) -> Vec<[f32; 2]> {
    let of = |label: Label| {
        let at = label.index();
        let known = rows.iter().zip(encoder.iter().zip(linear)).filter(|(row, _)| row.known.has(label));
        let points: Vec<([f64; 2], bool)> =
            known.filter_map(|(row, (e, l))| Some(([f64::from(*e.get(at)?), f64::from(*l.get(at)?)], row.labels.has(label)))).collect();
        super::calibrate::two(&points).map(|share| share as f32)
    };
    Label::all().map(of).collect()
}

//! The encoder: a small network that reads sentences, not words. It carries over from one wording to another, and from Chinese to English.
//!
//! It stands on Google's multilingual universal sentence encoder, cut to Chinese and English and trained further on our rows (`training/`). Its scores are joined
//! with those of the linear model, which knows spellings better; one calibration is for both together.

mod file;
mod network;
mod pieces;

use ndarray::Array1;
use serde::{Deserialize, Serialize};
use taxonomy::InputKind;

use self::file::Reader;
use self::network::Network;
use self::pieces::{BEGIN, END, Pieces};
use super::{
    Calibrations, Classifier, Input, LABELS, Label, LinearModel, ModelError, NOTHING, Scores, Trained, Window, cover, header, joined, worse,
};

/// How every file begins.
const MAGIC: &[u8; 8] = b"GJENCOD\x01";

/// Most pieces read in one go; what training saw.
const WINDOW: usize = 126;

/// How far one window is from the next.
const STRIDE: usize = 96;

/// Most windows of the linear model that the encoder reads of one text: half a second's work. Of a longer text, some 7,000 units, it reads those of
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
        if header.format != 1 {
            return Err(ModelError("its header is of another version".to_owned()));
        }
        let (pieces, network) = read(&mut Reader(weights)).ok_or_else(|| ModelError("it ends in the weights".to_owned()))?;
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
    fn asked(&self, prompt: &str) -> Array1<f32> {
        let folded = crate::fold(prompt);
        let pieces = self.pieces.split(&folded.string(0..folded.units().len()));
        self.network.sentence(&whole(pieces.get(..pieces.len().min(WINDOW)).unwrap_or_default()))
    }

    /// The score of every label of a stretch of folded text.
    fn scores(&self, folded: &str, asked: Option<&Array1<f32>>, kind: InputKind) -> Scores {
        let pieces = self.pieces.split(folded);
        let scores = |window: &[u32]| self.network.scores(&self.network.sentence(&whole(window)), asked, kind.index());
        windows(&pieces).map(scores).reduce(worse).unwrap_or(NOTHING)
    }
}

fn read(file: &mut Reader<'_>) -> Option<(Pieces, Network)> {
    let count = file.number()? as usize;
    let mut pieces = Vec::with_capacity(count.min(1 << 20));
    for _ in 0..count {
        let length = usize::from(*file.bytes(1)?.first()?);
        pieces.push(std::str::from_utf8(file.bytes(length)?).ok()?);
    }
    let scores = file.bytes(count * 4)?.as_chunks::<4>().0.iter().map(|four| f32::from_le_bytes(*four)).collect();
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
        let by_encoder = encoder.scores(&text.string(units.clone()), asked.as_ref(), input.kind);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Deserialize)]
    struct Vector {
        text: String,
        prompt: Option<String>,
        kind: usize,
        pieces: Vec<u32>,
        scores: Vec<f32>,
    }

    #[test]
    fn scores_are_those_of_the_training() {
        let encoder = Encoder::read(include_bytes!("../../../data/classifier/encoder.bin")).unwrap();
        let vectors: Vec<Vector> = serde_json::from_str(include_str!("../../../data/classifier/encoder_vectors.json")).unwrap();
        for vector in vectors {
            assert_eq!(whole(&encoder.pieces.split(&vector.text)), vector.pieces, "{}", vector.text);
            let asked = vector.prompt.as_deref().map(|prompt| encoder.asked(prompt));
            let scores = encoder.scores(&vector.text, asked.as_ref(), InputKind::ALL[vector.kind]);
            for (ours, theirs) in scores.iter().zip(&vector.scores) {
                assert!((ours - theirs).abs() < 2e-3, "{}: {scores:?} {:?}", vector.text, vector.scores);
            }
        }
    }

    #[test]
    fn windows_cover_a_text() {
        let pieces: Vec<u32> = (0..300).collect();
        let windows: Vec<_> = windows(&pieces).collect();
        assert_eq!((windows.len(), windows.last().unwrap().last()), (3, Some(&299)));
    }

    #[test]
    fn a_long_text_takes_bounded_time_and_is_no_worse_than_its_sentences() {
        let joint = Joint::embedded().unwrap();
        let text = "今天天气很好，我们一起去公园散步，晚上回家做饭。\n".repeat(4_000);
        let input = Input { kind: InputKind::Text, text: &text, prompt: None };
        assert_eq!((joint.findings(&input), joint.windows(&input).len()), (Vec::new(), MAX_READ));
    }

    #[test]
    fn what_is_no_encoder_is_named() {
        for bytes in [&b""[..], b"GJENCOD\x01", b"GJENCOD\x01\x02\0\0\0{}"] {
            assert!(Encoder::read(bytes).is_err());
        }
    }
}

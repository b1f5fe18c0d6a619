//! The learned part: a multinomial logistic regression over hashed features, eight weights of one byte per bucket.
//!
//! File: 8 f32 biases, 1 f32 scale (little endian), then `BUCKETS * 8` signed bytes.

use super::features::BUCKETS;
use super::{Guess, Outcome};
use crate::digest::hex_digest;

/// Number of outcomes.
pub(super) const OUTCOMES: usize = Outcome::ALL.len();
const HEAD_BYTES: usize = (OUTCOMES + 1) * 4;

/// The model in memory.
#[derive(Clone)]
pub(super) struct Model {
    bias: [f32; OUTCOMES],
    scale: f32,
    weights: Vec<i8>,
    digest: String,
}

impl Model {
    pub(super) fn embedded() -> Self {
        Self::read(include_bytes!("../../../data/refusal/model.bin"))
    }

    /// Reads the file; one of another size is read as far as it goes, and what is missing is zero.
    pub(super) fn read(bytes: &[u8]) -> Self {
        let float = |at: usize| bytes.get(at * 4..at * 4 + 4).and_then(|b| b.try_into().ok()).map_or(0.0, f32::from_le_bytes);
        let mut bias = [0.0; OUTCOMES];
        bias.iter_mut().enumerate().for_each(|(at, b)| *b = float(at));
        let mut weights: Vec<i8> = bytes.get(HEAD_BYTES..).unwrap_or_default().iter().map(|&b| b.cast_signed()).collect();
        weights.resize(BUCKETS * OUTCOMES, 0);
        Self { bias, scale: float(OUTCOMES), weights, digest: hex_digest(bytes) }
    }

    /// Quantises trained weights (`BUCKETS` rows of 8) into the file.
    pub(super) fn write(bias: &[f64; OUTCOMES], weights: &[[f64; OUTCOMES]]) -> Vec<u8> {
        let largest = weights.iter().flatten().fold(0.0_f64, |m, w| m.max(w.abs())).max(1e-9);
        let scale = largest / 127.0;
        let mut bytes = Vec::with_capacity(HEAD_BYTES + weights.len() * OUTCOMES);
        bias.iter().chain([&scale]).for_each(|value| bytes.extend_from_slice(&(*value as f32).to_le_bytes()));
        bytes.extend(weights.iter().flatten().map(|w| ((w / scale).round() as i8).cast_unsigned()));
        bytes
    }

    pub(super) fn digest(&self) -> &str {
        &self.digest
    }

    fn probabilities(&self, features: &[u32]) -> [f64; OUTCOMES] {
        let mut sums = [0_i32; OUTCOMES];
        for &bucket in features {
            let row = self.weights.get(bucket as usize * OUTCOMES..).unwrap_or_default();
            sums.iter_mut().zip(row).for_each(|(sum, &w)| *sum += i32::from(w));
        }
        let norm = norm(features.len());
        let mut scores = [0.0; OUTCOMES];
        for ((score, sum), bias) in scores.iter_mut().zip(sums).zip(self.bias) {
            *score = f64::from(sum) * f64::from(self.scale) * norm + f64::from(bias);
        }
        softmax(scores)
    }

    /// First the side, 'refused' or not, by its whole probability; then the likeliest outcome of that side.
    pub(super) fn guess(&self, features: &[u32]) -> Guess {
        let probabilities = self.probabilities(features);
        let of = |outcome: Outcome| probabilities.get(outcome.index()).copied().unwrap_or(0.0);
        let refused: f64 = Outcome::ALL.into_iter().filter(|o| o.is_refusal()).map(of).sum();
        let side = Outcome::ALL.into_iter().filter(|o| o.is_refusal() == (refused > 0.5));
        let outcome = side.max_by(|a, b| of(*a).total_cmp(&of(*b))).unwrap_or(Outcome::EmptyOrError);
        Guess { outcome, probability: of(outcome) as f32, auto: !(BAND..=1.0 - BAND).contains(&refused) }
    }
}

/// The automatic band: the other side of 'refused or not' may have at most this probability. Set on the training authors alone, each
/// judged by a model that had not seen that author (`cargo xtask refusal-model --cross`).
const BAND: f64 = 0.08;

/// Features are binary and many; dividing by the root of their number keeps long and short answers on one scale.
pub(super) fn norm(features: usize) -> f64 {
    1.0 / (features.max(1) as f64).sqrt()
}

pub(super) fn softmax(scores: [f64; OUTCOMES]) -> [f64; OUTCOMES] {
    let top = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let exps = scores.map(|s| stats::exp(s - top));
    let sum: f64 = exps.iter().sum();
    exps.map(|e| e / sum)
}

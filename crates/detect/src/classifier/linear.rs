//! The linear model: one weight of a byte for each bucket and label.

use std::ops::Range;

use taxonomy::InputKind;

use super::features::{BUCKETS, Features, WINDOW, windows};
use super::{Input, LABELS, Scores, Window};
use crate::Folded;

/// The salt of the question in a dialog: its words count, but not as if the answer had said them.
const QUESTION: u64 = 0x0051_0000;

/// Weights as they are learnt.
pub(super) struct Weights {
    /// `BUCKETS` rows.
    pub(super) rows: Vec<[f32; LABELS]>,
    /// For each kind of input.
    pub(super) bias: [[f32; LABELS]; KINDS],
}

/// How many kinds of input there are.
pub(super) const KINDS: usize = InputKind::ALL.len();

/// Weights as they are kept: the step of each label's scale, and bytes.
pub(super) struct Linear {
    scale: [f32; LABELS],
    bias: [[f32; LABELS]; KINDS],
    rows: Vec<[i8; LABELS]>,
}

/// Bytes of the model in a file: scales, biases, rows.
pub(super) const BYTES: usize = 4 * LABELS * (1 + KINDS) + BUCKETS * LABELS;

impl Linear {
    /// Rounds weights to bytes.
    pub(super) fn of(weights: &Weights) -> Self {
        let mut scale = [0_f32; LABELS];
        for row in &weights.rows {
            scale.iter_mut().zip(row).for_each(|(scale, weight)| *scale = scale.max(weight.abs()));
        }
        let scale = scale.map(|most| (most / 127.0).max(f32::MIN_POSITIVE));
        let round = |row: &[f32; LABELS]| {
            let mut bytes = [0; LABELS];
            bytes.iter_mut().zip(row).zip(&scale).for_each(|((byte, weight), scale)| *byte = (weight / scale).round() as i8);
            bytes
        };
        Self { scale, bias: weights.bias, rows: weights.rows.iter().map(round).collect() }
    }

    /// Reads what [`Self::write`] wrote.
    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        if bytes.len() != BYTES {
            return None;
        }
        let (floats, rows) = bytes.split_at(BYTES - BUCKETS * LABELS);
        let mut floats = floats.as_chunks::<4>().0.iter().map(|four| f32::from_le_bytes(*four));
        let mut row = || {
            let mut row = [0.0; LABELS];
            row.iter_mut().zip(&mut floats).for_each(|(value, float)| *value = float);
            row
        };
        let scale = row();
        let bias = std::array::from_fn(|_| row());
        let rows = rows.as_chunks::<LABELS>().0.iter().map(|row| row.map(u8::cast_signed)).collect();
        Some(Self { scale, bias, rows })
    }

    pub(super) fn write(&self, out: &mut Vec<u8>) {
        let floats = self.scale.iter().chain(self.bias.as_flattened());
        floats.for_each(|value| out.extend_from_slice(&value.to_le_bytes()));
        out.extend(self.rows.as_flattened().iter().map(|weight| weight.cast_unsigned()));
    }

    /// The windows of an input with their scores.
    pub(super) fn windows(&self, input: &Input<'_>) -> Vec<Window> {
        let mut windows = Vec::with_capacity(1);
        let mut add = |units, features: &Features| windows.push(Window { units, scores: self.scores(input.kind, features) });
        each_window(input, &mut Features::default(), &mut add);
        windows
    }

    /// The score of every label, before it is made a probability.
    fn scores(&self, kind: InputKind, features: &Features) -> Scores {
        let mut sums = [0_i32; LABELS];
        // A byte times 256 rows fits sixteen bits, of which a processor adds twice as many at once.
        for buckets in features.buckets.chunks(256) {
            let mut part = [0_i16; LABELS];
            for row in buckets.iter().filter_map(|&bucket| self.rows.get(bucket as usize)) {
                part.iter_mut().zip(row).for_each(|(sum, &weight)| *sum += i16::from(weight));
            }
            sums.iter_mut().zip(part).for_each(|(sum, part)| *sum += i32::from(part));
        }
        let norm = norm(features.buckets.len());
        let mut scores = self.bias.get(kind.index()).copied().unwrap_or_default();
        scores.iter_mut().zip(sums).zip(&self.scale).for_each(|((score, sum), scale)| *score += sum as f32 * scale * norm);
        scores
    }
}

/// Dividing by the root of the number of features keeps long and short texts on one scale.
pub(super) fn norm(features: usize) -> f32 {
    1.0 / (features.max(1) as f32).sqrt()
}

/// The features of each window of an input, handed on one by one with its units.
fn each_window(input: &Input<'_>, features: &mut Features, mut work: impl FnMut(Range<usize>, &Features)) {
    let text = crate::fold(input.text);
    let question = input.prompt.map(crate::fold);
    for window in windows(text.units().len()) {
        fill(features, text.units().get(window.clone()).unwrap_or_default(), question.as_ref());
        work(window, features);
    }
}

/// The features of the first window of an input: training reads no more, because where in a long text the harm lies is not known.
pub(super) fn first_window(input: &Input<'_>, features: &mut Features) {
    let (text, question) = (crate::fold(input.text), input.prompt.map(crate::fold));
    let units = text.units();
    fill(features, units.get(..units.len().min(WINDOW)).unwrap_or_default(), question.as_ref());
}

fn fill(features: &mut Features, window: &[u16], question: Option<&Folded<'_>>) {
    features.buckets.clear();
    features.add(window, 0);
    if let Some(question) = question {
        let head = question.units().len().min(WINDOW);
        features.add(question.units().get(..head).unwrap_or_default(), QUESTION);
    }
    features.once();
}

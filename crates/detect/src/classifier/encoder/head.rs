//! The head: from the vectors of a text and of the prompt that it answers to the scores of labels.

use super::file::Reader;
use super::floats::fma;
use super::network::WIDTH;
use crate::classifier::linear::KINDS;
use crate::classifier::{LABELS, Scores};
use crate::wide::{Work, fastest};

/// Numbers that go in: text, prompt, kind of input.
const INPUTS: usize = 2 * WIDTH + KINDS;

/// Width of the hidden layer.
const HIDDEN: usize = 256;

/// Outputs that are computed together.
const PANEL: usize = 32;

/// The last two layers.
pub(super) struct Head {
    hidden: Dense,
    out: Dense,
}

impl Head {
    pub(super) fn read(file: &mut Reader<'_>) -> Option<Self> {
        Some(Self { hidden: Dense::read(file, INPUTS, HIDDEN)?, out: Dense::read(file, INPUTS + HIDDEN, LABELS)? })
    }

    /// The score of every label, of a text with the prompt it answers and the number of its kind.
    pub(super) fn scores(&self, text: &[f32], asked: Option<&[f32]>, kind: usize) -> Scores {
        let mut x = Vec::with_capacity(INPUTS + HIDDEN);
        x.extend_from_slice(text);
        x.extend_from_slice(asked.unwrap_or(&[0.0; WIDTH]));
        x.extend((0..KINDS).map(|n| if n == kind { 1.0 } else { 0.0 }));
        let mut hidden = [0.0; HIDDEN];
        self.hidden.of(&x, &mut hidden);
        x.extend(hidden.map(|value| value.max(0.0)));
        let mut scores = [0.0; LABELS];
        self.out.of(&x, &mut scores);
        scores
    }
}

/// A linear layer in full numbers.
struct Dense {
    /// For every 32 outputs: constants, and a line for each input.
    panels: Vec<([f32; PANEL], Vec<[f32; PANEL]>)>,
}

impl Dense {
    /// Reads weights (a row is an input), then constants.
    fn read(file: &mut Reader<'_>, inputs: usize, outputs: usize) -> Option<Self> {
        let weights = file.halves(inputs * outputs)?;
        let constants = file.halves(outputs)?;
        let panel = |(n, constants): (usize, &[f32; PANEL])| {
            let lines = weights.chunks_exact(outputs).filter_map(|row| row.get(n * PANEL..)?.first_chunk().copied());
            (*constants, lines.collect())
        };
        Some(Self { panels: constants.as_chunks().0.iter().enumerate().map(panel).collect() })
    }

    fn of(&self, x: &[f32], out: &mut [f32]) {
        fastest(Apply { layer: self, x, out });
    }
}

struct Apply<'a> {
    layer: &'a Dense,
    x: &'a [f32],
    out: &'a mut [f32],
}

impl Work for Apply<'_> {
    type Out = ();

    #[inline(always)]
    fn run<const FUSED: bool>(self) {
        for ((constants, lines), places) in self.layer.panels.iter().zip(self.out.as_chunks_mut::<PANEL>().0) {
            let mut sums = *constants;
            for (line, &x) in lines.iter().zip(self.x) {
                for (sum, weight) in sums.iter_mut().zip(line) {
                    *sum = fma::<FUSED>(x, *weight, *sum);
                }
            }
            *places = sums;
        }
    }
}

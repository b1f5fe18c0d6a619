//! Linear layers in bytes: weights have a step for each output, rows of a text one each, taken when they come.

use super::file::Reader;
use super::floats::{gelu, to_bytes};
use crate::wide::product::{OUTPUTS, Rows, TILE, Weights};
use crate::wide::{Work, fastest};

/// Widest rows.
const MOST_INPUTS: usize = 1536;

/// A linear layer.
pub(super) struct Linear {
    weights: Weights,
    /// For each panel of outputs: steps, then constants.
    scales: Vec<[[f32; OUTPUTS]; 2]>,
    outputs: usize,
}

impl Linear {
    /// Reads weights (a row is an output), steps, constants.
    pub(super) fn read(file: &mut Reader<'_>, outputs: usize, inputs: usize) -> Option<Self> {
        let weights = Weights::new(bytemuck::cast_slice(file.bytes(outputs.checked_mul(inputs)?)?), inputs);
        let mut scales = vec![[[0.0; OUTPUTS]; 2]; outputs.div_ceil(OUTPUTS)];
        for kind in 0..2 {
            let places = scales.iter_mut().filter_map(|panel| panel.get_mut(kind)).flatten();
            places.zip(file.floats(outputs)?).for_each(|(place, value)| *place = value);
        }
        Some(Self { weights, scales, outputs })
    }

    /// What comes out of every row, into rows of `out`.
    pub(super) fn of(&self, rows: &Rounded, out: &mut [f32]) {
        fastest(Apply::<false> { layer: self, rows, out });
    }

    /// The same, then [`gelu`].
    pub(super) fn gelu_of(&self, rows: &Rounded, out: &mut [f32]) {
        fastest(Apply::<true> { layer: self, rows, out });
    }
}

/// Rows of a text in bytes.
pub(super) struct Rounded {
    rows: Rows,
    steps: Vec<f32>,
    width: usize,
}

impl Rounded {
    /// So many rows.
    pub(super) fn new(count: usize, width: usize) -> Self {
        Self { rows: Rows::new(count, width), steps: vec![1.0; count], width }
    }

    /// Takes rows, as many as there are.
    pub(super) fn take(&mut self, from: &[f32]) -> &Self {
        fastest(Take { rounded: self, from });
        self
    }
}

struct Take<'a> {
    rounded: &'a mut Rounded,
    from: &'a [f32],
}

impl Work for Take<'_> {
    type Out = ();

    #[inline(always)]
    fn run<const FUSED: bool>(self) {
        let Rounded { rows, steps, width } = self.rounded;
        let mut bytes = [0; MOST_INPUTS];
        let bytes = bytes.get_mut(..*width).unwrap_or_default();
        for (at, (row, step)) in self.from.chunks_exact((*width).max(1)).zip(steps).enumerate() {
            *step = to_bytes(row, bytes);
            rows.put(at, bytes);
        }
    }
}

struct Apply<'a, const GELU: bool> {
    layer: &'a Linear,
    rows: &'a Rounded,
    out: &'a mut [f32],
}

impl<const GELU: bool> Work for Apply<'_, GELU> {
    type Out = ();

    /// Panels outside, rows inside: weights are read once, and those of a panel stay in the nearest cache.
    #[inline(always)]
    fn run<const FUSED: bool>(self) {
        let (mut tile, width) = (TILE, self.layer.outputs);
        for (n, (panel, [steps, constants])) in self.layer.weights.panels().zip(&self.layer.scales).enumerate() {
            for block in self.rows.rows.blocks() {
                let range = block.rows();
                let rows = self.out.chunks_exact_mut(width.max(1)).skip(range.start).zip(self.rows.steps.iter().skip(range.start));
                for (sums, (row, step)) in block.times(panel, &mut tile).iter().zip(rows) {
                    let places = row.get_mut(n * OUTPUTS..).unwrap_or_default();
                    for (((place, &sum), of), constant) in places.iter_mut().zip(sums).zip(steps).zip(constants) {
                        let value = sum as f32 * (step * of) + constant;
                        *place = if GELU { gelu::<FUSED>(value) } else { value };
                    }
                }
            }
        }
    }
}

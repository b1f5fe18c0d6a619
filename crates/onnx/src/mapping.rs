//! From the numbers a model gives for its own labels to one score for each of ours.

use detect::classifier::{LABELS, Label, Labels, Scores};

use crate::table::{Activation, Table};

/// The score of a label that no label of the model stands for: no calibration makes a probability of it.
pub(crate) const NOTHING: f32 = f32::MIN;

/// Farthest score from 0: the odds there are e^60 to 1, where probabilities of 64 bits are 0 and 1.
const FARTHEST: f64 = 60.0;

/// Which of our labels each output stands for.
pub(crate) struct Mapping {
    activation: Activation,
    outputs: Vec<Labels>,
}

impl Mapping {
    pub(crate) fn of(table: &Table) -> Self {
        Self { activation: table.output.activation, outputs: table.about.labels.iter().map(|(_, ours)| *ours).collect() }
    }

    /// How many outputs there are.
    pub(crate) fn len(&self) -> usize {
        self.outputs.len()
    }

    /// Our scores for the outputs of one window, all of them finite.
    pub(crate) fn scores(&self, outputs: &[f32]) -> Scores {
        self.each(|label| {
            let (ours, others): (Vec<_>, Vec<_>) = self.outputs.iter().zip(outputs).partition(|(labels, _)| labels.has(label));
            let ours = ours.into_iter().map(|(_, output)| f64::from(*output));
            match self.activation {
                Activation::Sigmoid => ours.fold(f64::NEG_INFINITY, f64::max),
                // The log-odds of a sum of probabilities: log(p / (1 - p)), without the rounding of 1 - p.
                Activation::Softmax => log_sum(ours) - log_sum(others.into_iter().map(|(_, output)| f64::from(*output))),
            }
        })
    }

    /// What is said of a text that the model fails on: whatever it could find. So a text that a model cannot read is looked at by a person and never
    /// passes as harmless.
    pub(crate) fn failed(&self) -> Scores {
        self.each(|_| FARTHEST)
    }

    fn each(&self, score: impl Fn(Label) -> f64) -> Scores {
        let mut scores = [NOTHING; LABELS];
        for (slot, label) in scores.iter_mut().zip(Label::all()) {
            if self.outputs.iter().any(|labels| labels.has(label)) {
                *slot = score(label).clamp(-FARTHEST, FARTHEST) as f32;
            }
        }
        scores
    }
}

/// log Σ e^x, without overflow; of nothing, minus infinity.
fn log_sum(values: impl Iterator<Item = f64> + Clone) -> f64 {
    let most = values.clone().fold(f64::NEG_INFINITY, f64::max);
    if most.is_finite() { most + values.map(|value| (value - most).exp()).sum::<f64>().ln() } else { most }
}

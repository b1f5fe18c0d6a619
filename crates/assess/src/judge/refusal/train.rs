//! Training the refusal model: seeded, single-threaded, bit for bit repeatable.

use super::card::Row;
use super::features::{BUCKETS, Facts, features};
use super::model::{Model, OUTCOMES, norm, softmax};

/// Passes over the rows.
const EPOCHS: usize = 20;
/// First step size; it falls as one over the root of the pass.
const STEP: f64 = 6.0;
/// Weight decay per step, against learning authors by heart.
const DECAY: f64 = 4e-6;

/// Trains on labelled rows and gives the model file.
#[must_use]
pub fn train(rows: &[Row]) -> Vec<u8> {
    let examples: Vec<(Vec<u32>, usize)> = rows
        .iter()
        .filter(|row| Facts::of(&row.reply()).decided(&row.question, &row.answer).is_none())
        .map(|row| (features(&row.question, &row.reply()), row.outcome.index()))
        .collect();
    let mut weights = vec![[0.0; OUTCOMES]; BUCKETS];
    let mut bias = [0.0; OUTCOMES];
    let mut order: Vec<usize> = (0..examples.len()).collect();
    let mut random = stats::Random::new(1);
    for epoch in 0..EPOCHS {
        random.shuffle(&mut order);
        let step = STEP / ((epoch + 1) as f64).sqrt();
        for &at in &order {
            if let Some((features, outcome)) = examples.get(at) {
                learn(&mut weights, &mut bias, features, *outcome, step);
            }
        }
        weights.iter_mut().flatten().for_each(|w| *w *= 1.0 - DECAY * examples.len() as f64);
    }
    Model::write(&bias, &weights)
}

/// One gradient step of the cross-entropy.
fn learn(weights: &mut [[f64; OUTCOMES]], bias: &mut [f64; OUTCOMES], features: &[u32], outcome: usize, step: f64) {
    let norm = norm(features.len());
    let mut scores = *bias;
    for &bucket in features {
        if let Some(row) = weights.get(bucket as usize) {
            scores.iter_mut().zip(row).for_each(|(s, w)| *s += w * norm);
        }
    }
    let mut gradient = softmax(scores);
    if let Some(right) = gradient.get_mut(outcome) {
        *right -= 1.0;
    }
    bias.iter_mut().zip(gradient).for_each(|(b, g)| *b -= step * 0.1 * g);
    for &bucket in features {
        if let Some(row) = weights.get_mut(bucket as usize) {
            row.iter_mut().zip(gradient).for_each(|(w, g)| *w -= step * g * norm);
        }
    }
}

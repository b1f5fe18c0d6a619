//! Training the linear model: logistic regression for all labels at once, by stochastic gradient descent, seeded, in one thread, the same bits on every
//! machine.

use stats::{Random, log2, sigmoid};

use super::features::{BUCKETS, Features};
use super::linear::{KINDS, Linear, Weights, first_window, norm};
use super::rows::Row;
use super::{LABELS, Label};

/// How a model is trained.
#[derive(Debug, Clone, Copy)]
pub struct Training {
    /// Passes over the rows.
    pub epochs: usize,
    /// First step size.
    pub step: f32,
    /// Share of every weight that is taken away after each pass.
    pub decay: f32,
    /// How much more a row that has a label weighs for that label: most rows have not.
    pub weight: f32,
    /// Seed of the order of rows.
    pub seed: u64,
}

impl Default for Training {
    /// Chosen by leaving themes out (docs/classifier.md).
    fn default() -> Self {
        Self { epochs: 12, step: 4.0, decay: 0.15, weight: 3.0, seed: 1 }
    }
}

/// Trains on rows.
pub(super) fn train(rows: &[&Row], how: &Training) -> Linear {
    let mut state = State { weights: Weights { rows: vec![[0.0; LABELS]; BUCKETS], bias: [[-3.0; LABELS]; KINDS] }, rates: rates(rows) };
    let mut order: Vec<usize> = (0..rows.len()).collect();
    let mut random = Random::new(how.seed);
    let mut features = Features::default();
    for epoch in 0..how.epochs {
        random.shuffle(&mut order);
        let step = how.step / ((epoch + 1) as f32).sqrt();
        for row in order.iter().filter_map(|&at| rows.get(at)) {
            first_window(&row.input(), &mut features);
            state.learn(row, &features, step, how);
        }
        let keep = 1.0 - how.decay;
        state.weights.rows.as_flattened_mut().iter_mut().for_each(|weight| *weight *= keep);
    }
    Linear::of(&state.weights)
}

/// How fast the weights of each bucket are learnt: the square of its inverse document frequency, which is what descending on features scaled by it would
/// come to. What only one row has is not learnt from.
fn rates(rows: &[&Row]) -> Vec<f32> {
    let mut counts = vec![0_u32; BUCKETS];
    let mut features = Features::default();
    for row in rows {
        first_window(&row.input(), &mut features);
        for &bucket in &features.buckets {
            if let Some(count) = counts.get_mut(bucket as usize) {
                *count += 1;
            }
        }
    }
    let all = rows.len() as f64;
    let rate = |count: u32| {
        let inverse = log2((all + 1.0) / f64::from(count + 1)) + 1.0;
        if count > 1 { (inverse * inverse / 64.0) as f32 } else { 0.0 }
    };
    counts.into_iter().map(rate).collect()
}

struct State {
    weights: Weights,
    rates: Vec<f32>,
}

impl State {
    fn learn(&mut self, row: &Row, features: &Features, step: f32, how: &Training) {
        let norm = norm(features.buckets.len());
        let gradient = self.gradient(row, features, norm, how);
        if let Some(bias) = self.weights.bias.get_mut(row.kind.index()) {
            descend(bias, &gradient, 0.02 * step);
        }
        for &bucket in &features.buckets {
            let bucket = bucket as usize;
            if let (Some(weights), Some(rate)) = (self.weights.rows.get_mut(bucket), self.rates.get(bucket)) {
                descend(weights, &gradient, step * norm * rate);
            }
        }
    }

    /// Of the cross-entropy, by score.
    fn gradient(&self, row: &Row, features: &Features, norm: f32, how: &Training) -> [f32; LABELS] {
        let mut sums = [0.0; LABELS];
        for weights in features.buckets.iter().filter_map(|&bucket| self.weights.rows.get(bucket as usize)) {
            sums.iter_mut().zip(weights).for_each(|(sum, weight)| *sum += weight);
        }
        let bias = self.weights.bias.get(row.kind.index()).copied().unwrap_or_default();
        let mut gradient = [0.0; LABELS];
        for ((label, gradient), (sum, bias)) in Label::all().zip(&mut gradient).zip(sums.iter().zip(bias)) {
            let (holds, known) = (row.labels.has(label), row.known.has(label));
            let weight = if holds { how.weight } else { 1.0 };
            let error = sigmoid(f64::from(sum * norm + bias)) as f32 - f32::from(u8::from(holds));
            *gradient = if known { weight * error } else { 0.0 };
        }
        gradient
    }
}

fn descend(weights: &mut [f32; LABELS], gradient: &[f32; LABELS], step: f32) {
    weights.iter_mut().zip(gradient).for_each(|(weight, gradient)| *weight -= step * gradient);
}

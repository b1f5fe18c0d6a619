//! The layers: n-gram convolutions over the vectors of pieces, averaged, then a deep averaging network (Yang et al. 2020), then the labels.
//! `training/model.py` is the same in another language; a test holds their numbers against each other.

use ndarray::{Array1, Array2, ArrayView1, ArrayView2, Axis, concatenate, s};

use super::file::{Reader, Table};
use crate::classifier::linear::KINDS;
use crate::classifier::{LABELS, Scores};

/// Width of a vector of a piece and of a sentence.
pub(super) const WIDTH: usize = 512;

/// Width of a convolution.
const NARROW: usize = 256;

/// Order of each convolution, and how far it looks back.
const ORDERS: [(usize, usize); 3] = [(2, 0), (3, 1), (5, 2)];

const EPSILON: f32 = 1e-6;

/// The convolution of one order.
struct Convolution {
    order: usize,
    left: usize,
    layers: [(Array2<f32>, Array1<f32>); 2],
}

/// All weights.
pub(super) struct Network {
    vectors: Table,
    /// The three projections side by side, with their gains and biases.
    project: Array2<f32>,
    project_bias: Array1<f32>,
    project_norm: (Array1<f32>, Array1<f32>),
    convolutions: Vec<Convolution>,
    norm: (Array1<f32>, Array1<f32>),
    /// From here on one row for each number that comes out: a vector is multiplied along rows, which lie together in memory.
    mean: (Array2<f32>, Array1<f32>),
    deep: [Array2<f32>; 4],
    skip: [Array2<f32>; 2],
    hidden: (Array2<f32>, Array1<f32>),
    out: (Array2<f32>, Array1<f32>),
}

impl Network {
    /// Reads the weights in the order that `training/export.py` writes them.
    pub(super) fn read(file: &mut Reader<'_>, pieces: usize) -> Option<Self> {
        let vectors = file.table(pieces, WIDTH)?;
        let (mut project, mut bias, mut gains, mut biases) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        let mut convolutions = Vec::new();
        for (order, left) in ORDERS {
            project.push(file.matrix(WIDTH, NARROW)?);
            bias.push(file.vector(NARROW)?);
            gains.push(file.vector(NARROW)?);
            biases.push(file.vector(NARROW)?);
            let mut layer = || Some((file.matrix(order * NARROW, NARROW)?, file.vector(NARROW)?));
            convolutions.push(Convolution { order, left, layers: [layer()?, layer()?] });
        }
        let joined = |parts: &[Array1<f32>]| concatenate(Axis(0), &parts.iter().map(|part| part.view()).collect::<Vec<_>>()).ok();
        let all = WIDTH + ORDERS.len() * NARROW;
        let wide = 2 * WIDTH + KINDS;
        Some(Self {
            vectors,
            project: concatenate(Axis(1), &project.iter().map(|part| part.view()).collect::<Vec<_>>()).ok()?,
            project_bias: joined(&bias)?,
            project_norm: (joined(&gains)?, joined(&biases)?),
            convolutions,
            norm: (file.vector(all)?, file.vector(all)?),
            mean: (file.turned(all, WIDTH)?, file.vector(WIDTH)?),
            deep: [file.turned(WIDTH, 320)?, file.turned(320, 320)?, file.turned(320, WIDTH)?, file.turned(WIDTH, WIDTH)?],
            skip: [file.turned(WIDTH, 320)?, file.turned(320, WIDTH)?],
            hidden: (file.turned(wide, NARROW)?, file.vector(NARROW)?),
            out: (file.turned(NARROW + wide, LABELS)?, file.vector(LABELS)?),
        })
    }

    /// The unit vector of a sentence.
    pub(super) fn sentence(&self, pieces: &[u32]) -> Array1<f32> {
        let vectors = self.vectors.rows(pieces);
        let mut projected = vectors.dot(&self.project) + &self.project_bias;
        let (gain, bias) = &self.project_norm;
        for at in (0..self.convolutions.len()).map(|n| n * NARROW..(n + 1) * NARROW) {
            let part = projected.slice_mut(s![.., at.clone()]);
            normalise(part, gain.slice(s![at.clone()]), bias.slice(s![at]));
        }
        let mut features = Array2::zeros((pieces.len(), WIDTH + projected.ncols()));
        features.slice_mut(s![.., ..WIDTH]).assign(&vectors);
        for (n, convolution) in self.convolutions.iter().enumerate() {
            let done = convolution.run(&projected.slice(s![.., n * NARROW..(n + 1) * NARROW]));
            features.slice_mut(s![.., WIDTH + n * NARROW..WIDTH + (n + 1) * NARROW]).assign(&done);
        }
        normalise(features.view_mut(), self.norm.0.view(), self.norm.1.view());
        self.average(&features)
    }

    fn average(&self, features: &Array2<f32>) -> Array1<f32> {
        let length = features.nrows().max(1) as f32;
        let mean = (self.mean.0.dot(&features.sum_axis(Axis(0))) + &self.mean.1 * length) / length.sqrt();
        let relu = |x: Array1<f32>| x.mapv_into(|x| x.max(0.0));
        let [d0, d1, d2, d3] = &self.deep;
        let [p1, p3] = &self.skip;
        let y0 = relu(d0.dot(&mean));
        let y1 = relu(p1.dot(&mean) + d1.dot(&y0));
        let y2 = relu(d2.dot(&y1));
        let z = (p3.dot(&y1) + d3.dot(&y2)).mapv_into(f32::tanh);
        let norm = z.dot(&z).max(EPSILON).sqrt();
        z / norm
    }

    /// The score of every label, of a sentence with the sentence it answers and the number of its kind.
    pub(super) fn scores(&self, text: &Array1<f32>, asked: Option<&Array1<f32>>, kind: usize) -> Scores {
        let scale = (WIDTH as f32).sqrt();
        let mut x = Array1::zeros(2 * WIDTH + KINDS);
        x.slice_mut(s![..WIDTH]).assign(&(text * scale));
        if let Some(asked) = asked {
            x.slice_mut(s![WIDTH..2 * WIDTH]).assign(&(asked * scale));
        }
        if let Some(one) = x.get_mut(2 * WIDTH + kind) {
            *one = 1.0;
        }
        let hidden = (self.hidden.0.dot(&x) + &self.hidden.1).mapv_into(|x| x.max(0.0));
        let (near, far) = self.out.0.view().split_at(Axis(1), x.len());
        let out = near.dot(&x) + far.dot(&hidden) + &self.out.1;
        let mut scores = [0.0; LABELS];
        scores.iter_mut().zip(out).for_each(|(score, value)| *score = value);
        scores
    }
}

impl Convolution {
    fn run(&self, x: &ArrayView2<'_, f32>) -> Array2<f32> {
        let mut x = x.to_owned();
        for (weights, bias) in &self.layers {
            let wide = self.side_by_side(&x);
            x = (wide.dot(weights) + bias).mapv_into(|x| x.max(0.0)) + &x;
        }
        x
    }

    /// For each place the vectors around it in one row; zeros where the sentence ends.
    fn side_by_side(&self, x: &Array2<f32>) -> Array2<f32> {
        let rows = x.nrows();
        let mut wide = Array2::zeros((rows, self.order * NARROW));
        for n in 0..self.order {
            // Column block n holds what stands n - left places further.
            let (from, to) = if n >= self.left { (n - self.left, 0) } else { (0, self.left - n) };
            let count = rows.saturating_sub(from.max(to));
            let columns = n * NARROW..(n + 1) * NARROW;
            wide.slice_mut(s![to..to + count, columns]).assign(&x.slice(s![from..from + count, ..]));
        }
        wide
    }
}

/// Layer normalisation of every row (Ba, Kiros and Hinton 2016).
fn normalise(mut x: ndarray::ArrayViewMut2<'_, f32>, gain: ArrayView1<'_, f32>, bias: ArrayView1<'_, f32>) {
    let width = x.ncols().max(1) as f32;
    for mut row in x.rows_mut() {
        let mean = row.sum() / width;
        row -= mean;
        let deviation = (row.dot(&row) / width + EPSILON).sqrt();
        row /= deviation;
        row *= &gain;
        row += &bias;
    }
}

//! A model of random weights, written as a file and computed by plain loops.

use super::super::{EncoderHeader, MAGIC, header};

/// Pieces of a model.
pub(super) const PIECES: usize = 40;

const WIDTH: usize = 384;
const BROAD: usize = 1536;
const HEAD: usize = 32;

/// A model.
pub(super) struct Model {
    vectors: Vec<u8>,
    positions: Vec<u16>,
    norm: [Vec<u16>; 2],
    layers: Vec<Layer>,
    head: [Vec<u16>; 4],
}

struct Layer {
    ask: Linear,
    answer: Linear,
    first: [Vec<f32>; 2],
    broaden: Linear,
    narrow: Linear,
    second: [Vec<f32>; 2],
}

struct Linear {
    weights: Vec<i8>,
    steps: Vec<f32>,
    constants: Vec<f32>,
}

/// Numbers that look random (splitmix64).
struct Random(u64);

impl Random {
    fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ self.0 >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ mixed >> 31
    }

    /// Between -most and most.
    fn float(&mut self, most: f32) -> f32 {
        ((self.bits() >> 40) as f32 / 8_388_608.0 - 1.0) * most
    }

    fn floats(&mut self, count: usize, around: f32, most: f32) -> Vec<f32> {
        (0..count).map(|_| around + self.float(most)).collect()
    }

    /// Numbers of sixteen bits between -2¹⁻ˢ and 2¹⁻ˢ.
    fn halves(&mut self, count: usize, small: u16) -> Vec<u16> {
        (0..count).map(|_| (self.bits() as u16 & 0x83FF) | (15 - small) << 10).collect()
    }

    fn linear(&mut self, outputs: usize, inputs: usize) -> Linear {
        let weights = (0..outputs * inputs).map(|_| ((self.bits() % 255) as i16 - 127) as i8).collect();
        let step = 1.0 / (73.0 * (inputs as f32).sqrt());
        Linear { weights, steps: self.floats(outputs, step, step / 2.0), constants: self.floats(outputs, 0.0, 0.5) }
    }

    fn norm(&mut self) -> [Vec<f32>; 2] {
        [self.floats(WIDTH, 1.0, 0.2), self.floats(WIDTH, 0.0, 0.2)]
    }

    fn layer(&mut self) -> Layer {
        Layer {
            ask: self.linear(3 * WIDTH, WIDTH),
            answer: self.linear(WIDTH, WIDTH),
            first: self.norm(),
            broaden: self.linear(BROAD, WIDTH),
            narrow: self.linear(WIDTH, BROAD),
            second: self.norm(),
        }
    }
}

fn half(bits: u16) -> f32 {
    let value = f32::from(bits & 1023 | 1024) * 2_f32.powi(i32::from(bits >> 10 & 31) - 25);
    if bits >> 15 == 1 { -value } else { value }
}

impl Model {
    pub(super) fn random(layers: usize) -> Self {
        let mut random = Random(layers as u64);
        let mut vectors = Vec::new();
        for _ in 0..PIECES * WIDTH / 32 {
            vectors.extend_from_slice(&random.halves(1, 3)[0].to_le_bytes());
            vectors.extend((0..16).map(|_| random.bits() as u8));
        }
        let positions = random.halves(128 * WIDTH, 3);
        let norm = [random.halves(WIDTH, 1), random.halves(WIDTH, 3)];
        let layers = (0..layers).map(|_| random.layer()).collect();
        let head = [(772 * 256, 5), (256, 3), (1028 * 32, 5), (32, 3)].map(|(count, small)| random.halves(count, small));
        Self { vectors, positions, norm, layers, head }
    }

    /// The parts of the file.
    fn parts(&self) -> Vec<Vec<u8>> {
        let halves = |values: &[u16]| values.iter().flat_map(|value| value.to_le_bytes()).collect::<Vec<u8>>();
        let floats = |values: &[f32]| values.iter().flat_map(|value| value.to_le_bytes()).collect::<Vec<u8>>();
        let header = EncoderHeader {
            format: 2,
            name: "random".to_owned(),
            base: String::new(),
            trained: Vec::new(),
            linear: String::new(),
            shares: Vec::new(),
            calibrations: None,
        };
        let pieces = (0..PIECES).flat_map(|n| if n < 3 { vec![0] } else { vec![2, b'a' + (n / 26) as u8, b'a' + (n % 26) as u8] });
        let mut parts = vec![header::write(MAGIC, &header), (PIECES as u32).to_le_bytes().to_vec(), pieces.collect()];
        parts.extend([floats(&[-5.0; PIECES]), self.vectors.clone(), halves(&self.positions)]);
        parts.extend(self.norm.iter().map(|part| halves(part)));
        parts.push((self.layers.len() as u32).to_le_bytes().to_vec());
        for layer in &self.layers {
            let linear = |linear: &Linear| {
                let weights = linear.weights.iter().map(|weight| weight.cast_unsigned()).collect();
                [weights, floats(&linear.steps), floats(&linear.constants)]
            };
            for (linears, norm) in [([&layer.ask, &layer.answer], &layer.first), ([&layer.broaden, &layer.narrow], &layer.second)] {
                parts.extend(linears.into_iter().flat_map(linear));
                parts.extend(norm.iter().map(|part| floats(part)));
            }
        }
        parts.extend(self.head.iter().map(|part| halves(part)));
        parts
    }

    pub(super) fn file(&self) -> Vec<u8> {
        self.parts().concat()
    }

    /// Where each part ends.
    pub(super) fn ends(&self) -> Vec<usize> {
        let sum = |end: &mut usize, part: Vec<u8>| {
            *end += part.len();
            Some(*end)
        };
        self.parts().into_iter().scan(0, sum).collect()
    }

    /// Where the number of pieces stands, and that of layers.
    pub(super) fn counts(&self) -> [usize; 2] {
        let ends = self.ends();
        [ends[0], ends[7]]
    }

    pub(super) fn sentence(&self, pieces: &[u32]) -> Vec<f32> {
        let norm = self.norm.each_ref().map(|part| part.iter().map(|&bits| half(bits)).collect());
        let mut x: Vec<Vec<f32>> =
            pieces.iter().enumerate().map(|(at, &piece)| normal(&norm, &self.vector(piece as usize), &self.position(at))).collect();
        for layer in &self.layers {
            let seen = attention(&layer.ask.of(&x));
            x = normals(&layer.first, &x, &layer.answer.of(&seen));
            let broad = layer.broaden.of(&x).into_iter().map(|row| row.into_iter().map(gelu).collect()).collect::<Vec<_>>();
            x = normals(&layer.second, &x, &layer.narrow.of(&broad));
        }
        (0..WIDTH).map(|n| x.iter().map(|row| row[n]).sum::<f32>() / x.len() as f32).collect()
    }

    fn vector(&self, piece: usize) -> Vec<f32> {
        let groups = self.vectors[piece * WIDTH / 32 * 18..][..WIDTH / 32 * 18].chunks(18);
        let number = |group: &[u8], n: usize| f32::from(group[2 + n / 2] >> (n % 2 * 4) & 15) - 8.0;
        groups.flat_map(|group| (0..32).map(move |n| number(group, n) * half(u16::from_le_bytes([group[0], group[1]])))).collect()
    }

    fn position(&self, at: usize) -> Vec<f32> {
        self.positions[at * WIDTH..][..WIDTH].iter().map(|&bits| half(bits)).collect()
    }

    pub(super) fn scores(&self, text: &[f32], asked: Option<&[f32]>, kind: usize) -> Vec<f32> {
        let mut x = [text, asked.unwrap_or(&[0.0; WIDTH]), &[0.0; 4]].concat();
        x[2 * WIDTH + kind] = 1.0;
        let [hidden, hidden_constants, out, out_constants] =
            self.head.each_ref().map(|part| part.iter().map(|&bits| half(bits)).collect::<Vec<_>>());
        let dense = |x: &[f32], weights: &[f32], constants: &[f32]| -> Vec<f32> {
            let sum = |n: usize| x.iter().enumerate().map(|(at, x)| x * weights[at * constants.len() + n]).sum::<f32>();
            (0..constants.len()).map(|n| constants[n] + sum(n)).collect()
        };
        let hidden = dense(&x, &hidden, &hidden_constants);
        x.extend(hidden.into_iter().map(|value| value.max(0.0)));
        dense(&x, &out, &out_constants)
    }
}

impl Linear {
    fn of(&self, rows: &[Vec<f32>]) -> Vec<Vec<f32>> {
        let one = |row: &Vec<f32>| {
            let most = row.iter().fold(0_f32, |most, x| most.max(x.abs()));
            let step = if most > 0.0 { most / 127.0 } else { 1.0 };
            let bytes: Vec<i32> = row.iter().map(|x| (x / step).round_ties_even() as i32).collect();
            let sum = |output: &[i8]| output.iter().zip(&bytes).map(|(&weight, byte)| i32::from(weight) * byte).sum::<i32>();
            let outputs = self.weights.chunks(row.len()).zip(&self.steps).zip(&self.constants);
            outputs.map(|((output, of), constant)| sum(output) as f32 * step * of + constant).collect()
        };
        rows.iter().map(one).collect()
    }
}

fn attention(rows: &[Vec<f32>]) -> Vec<Vec<f32>> {
    let mut out = vec![vec![0.0; WIDTH]; rows.len()];
    for (row, out) in rows.iter().zip(&mut out) {
        for head in (0..WIDTH).step_by(HEAD) {
            let product = |other: &Vec<f32>| (head..head + HEAD).map(|n| row[n] * other[WIDTH + n]).sum::<f32>() / 32_f32.sqrt();
            let products: Vec<f32> = rows.iter().map(product).collect();
            let most = products.iter().copied().fold(f32::MIN, f32::max);
            let total: f32 = products.iter().map(|product| (product - most).exp()).sum();
            for n in head..head + HEAD {
                out[n] = products.iter().zip(rows).map(|(product, other)| (product - most).exp() / total * other[2 * WIDTH + n]).sum();
            }
        }
    }
    out
}

fn normals(norm: &[Vec<f32>; 2], x: &[Vec<f32>], added: &[Vec<f32>]) -> Vec<Vec<f32>> {
    x.iter().zip(added).map(|(x, added)| normal(norm, x, added)).collect()
}

fn normal([gain, bias]: &[Vec<f32>; 2], x: &[f32], added: &[f32]) -> Vec<f32> {
    let sums: Vec<f32> = x.iter().zip(added).map(|(x, added)| x + added).collect();
    let mean = sums.iter().sum::<f32>() / sums.len() as f32;
    let variance = sums.iter().map(|x| (x - mean) * (x - mean)).sum::<f32>() / sums.len() as f32;
    sums.iter().zip(gain.iter().zip(bias)).map(|(x, (gain, bias))| (x - mean) / (variance + 1e-6).sqrt() * gain + bias).collect()
}

/// By the error function's approximation 7.1.26 of Abramowitz and Stegun, whose error is below 2e-7.
fn gelu(x: f32) -> f32 {
    let z = f64::from(x.abs()) / 2_f64.sqrt();
    let t = 1.0 / (1.0 + 0.327_591_1 * z);
    let series =
        [1.061_405_429, -1.453_152_027, 1.421_413_741, -0.284_496_736, 0.254_829_592].into_iter().fold(0.0, |sum, c| (sum + c) * t);
    let erf = (1.0 - series * (-z * z).exp()).copysign(f64::from(x));
    (f64::from(x) * 0.5 * (1.0 + erf)) as f32
}

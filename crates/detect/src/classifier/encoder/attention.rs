//! Attention (Vaswani et al. 2017): every piece looks at every other, in twelve ways at once.

use super::floats::{LANES, exp2, fma, fold, join, larger, sum};
use super::network::WIDTH;
use crate::wide::{Work, fastest};

/// Numbers of a head.
const HEAD: usize = 32;

/// Rows of queries that are worked on together. The rows of a text are filled up to a multiple of it.
pub(super) const TOGETHER: usize = 4;

/// Pieces that are looked at together: as many as a head has numbers, so that one loop serves both products.
const CHUNK: usize = HEAD;

/// Chunks of the longest text.
const CHUNKS: usize = super::network::LONGEST.div_ceil(CHUNK);

/// 1/√32 · log₂ e: by it products are scaled, and 2ˣ then is their exponential.
const SCALE: f32 = 0.176_776_7 * std::f32::consts::LOG2_E;

/// A square of numbers.
type Square = [[f32; HEAD]; CHUNK];

/// Rows of numbers.
type Group = [[f32; HEAD]; TOGETHER];

/// For each of `count` rows of queries, keys and values (384 each) what it sees, into rows of 384. There is room for a multiple of [`TOGETHER`] rows in both.
pub(super) fn attend(rows: &[f32], count: usize, out: &mut [f32]) {
    fastest(Attend { rows, count, out });
}

struct Attend<'a> {
    rows: &'a [f32],
    count: usize,
    out: &'a mut [f32],
}

/// What there is to look at in one head.
#[derive(Default)]
struct Seen {
    /// By number of the head, then by piece.
    keys: [Square; CHUNKS],
    /// By piece, then by number.
    values: [Square; CHUNKS],
    count: usize,
}

impl Work for Attend<'_> {
    type Out = ();

    #[inline(always)]
    fn run<const FUSED: bool>(self) {
        let mut seen = Seen { count: self.count, ..Seen::default() };
        for head in (0..WIDTH).step_by(HEAD) {
            seen.fill(self.rows.get(..self.count * 3 * WIDTH).unwrap_or_default(), head);
            let groups = self.rows.chunks_exact(3 * WIDTH * TOGETHER).zip(self.out.chunks_exact_mut(WIDTH * TOGETHER));
            for (rows, out) in groups.take(self.count.div_ceil(TOGETHER)) {
                let mut queries = Group::default();
                for (query, row) in queries.iter_mut().zip(rows.chunks_exact(3 * WIDTH)) {
                    copy(query, row.get(head..));
                }
                let (context, totals) = seen.from::<FUSED>(&queries);
                for ((row, context), total) in out.chunks_exact_mut(WIDTH).zip(&context).zip(totals) {
                    let share = 1.0 / total;
                    let mut mean = *context;
                    for value in &mut mean {
                        *value *= share;
                    }
                    if let Some(place) = row.get_mut(head..head + HEAD) {
                        place.copy_from_slice(&mean);
                    }
                }
            }
        }
    }
}

#[inline(always)]
fn copy(place: &mut [f32; HEAD], from: Option<&[f32]>) {
    if let Some(from) = from.and_then(|from| from.first_chunk()) {
        *place = *from;
    }
}

impl Seen {
    /// Takes keys and values of a head.
    #[inline(always)]
    fn fill(&mut self, rows: &[f32], head: usize) {
        let chunks = self.keys.iter_mut().zip(&mut self.values);
        for ((keys, values), rows) in chunks.zip(rows.chunks(3 * WIDTH * CHUNK)) {
            for (at, (value, row)) in values.iter_mut().zip(rows.chunks_exact(3 * WIDTH)).enumerate() {
                copy(value, row.get(2 * WIDTH + head..));
                for (numbers, key) in keys.iter_mut().zip(row.get(WIDTH + head..).unwrap_or_default()) {
                    if let Some(place) = numbers.get_mut(at) {
                        *place = *key;
                    }
                }
            }
        }
    }

    /// What some queries see: the sum of values, each weighed by the exponential of its key's product with the query; and the sum of weights.
    #[inline(always)]
    fn from<const FUSED: bool>(&self, queries: &Group) -> (Group, [f32; TOGETHER]) {
        let chunks = self.count.div_ceil(CHUNK);
        let mut weights = [Group::default(); CHUNKS];
        for (weights, keys) in weights.iter_mut().zip(&self.keys).take(chunks) {
            product::<FUSED>(queries, keys, weights);
        }
        // Behind the last piece there is nothing to see.
        if let Some(last) = weights.get_mut(chunks.saturating_sub(1)) {
            for row in last {
                row.iter_mut().skip(self.count - (chunks.saturating_sub(1)) * CHUNK).for_each(|weight| *weight = f32::MIN);
            }
        }
        let weights = weights.get_mut(..chunks).unwrap_or_default();
        // No `array::from_fn`: it would not be inlined.
        let mut totals = [0.0; TOGETHER];
        for (row, total) in totals.iter_mut().enumerate() {
            *total = exponentials::<FUSED>(weights, row);
        }
        let mut context = Group::default();
        for (weights, values) in weights.iter().zip(&self.values) {
            product::<FUSED>(weights, values, &mut context);
        }
        (context, totals)
    }
}

/// Makes products their exponentials, but for a factor that keeps them small, in one row of every chunk; their sum.
#[inline(always)]
fn exponentials<const FUSED: bool>(weights: &mut [Group], row: usize) -> f32 {
    let (mut most, mut total) = ([f32::MIN; LANES], [0.0; LANES]);
    for row in weights.iter().filter_map(|group| group.get(row)) {
        fold(row, &mut most, larger);
    }
    let most = join(most, larger);
    for row in weights.iter_mut().filter_map(|group| group.get_mut(row)) {
        for weight in row.iter_mut() {
            *weight = exp2::<FUSED>((*weight - most) * SCALE);
        }
        fold(row, &mut total, sum);
    }
    join(total, sum)
}

/// Adds the product of some rows and a square.
#[inline(always)]
fn product<const FUSED: bool>(rows: &Group, square: &Square, out: &mut Group) {
    let ([a, b, c, d], [mut ao, mut bo, mut co, mut d_o]) = (rows, *out);
    for ((((line, a), b), c), d) in square.iter().zip(a).zip(b).zip(c).zip(d) {
        add::<FUSED>(&mut ao, *a, line);
        add::<FUSED>(&mut bo, *b, line);
        add::<FUSED>(&mut co, *c, line);
        add::<FUSED>(&mut d_o, *d, line);
    }
    *out = [ao, bo, co, d_o];
}

#[inline(always)]
fn add<const FUSED: bool>(out: &mut [f32; HEAD], factor: f32, line: &[f32; HEAD]) {
    for (out, value) in out.iter_mut().zip(line) {
        *out = fma::<FUSED>(factor, *value, *out);
    }
}

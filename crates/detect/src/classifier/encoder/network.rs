//! The layers: a transformer (Vaswani et al. 2017; normalised behind each part, as BERT, Devlin et al. 2019) whose linear layers are in bytes, the mean
//! over its pieces, then the labels. `training/model.py` is the same in another language; a test holds their numbers against each other.

use super::attention::{TOGETHER, attend};
use super::file::{Reader, Table};
use super::floats::normalise;
use super::head::Head;
use super::linear::{Linear, Rounded};
use crate::classifier::Scores;
use crate::wide::{Work, fastest};

/// Width of a vector of a piece and of a text.
pub(super) const WIDTH: usize = 384;

/// Width inside the second part of a layer.
const BROAD: usize = 1536;

/// Most pieces of a text, its beginning and end among them.
pub(super) const LONGEST: usize = 128;

/// Most layers a file may have.
const MOST_LAYERS: u32 = 24;

/// All weights.
pub(super) struct Network {
    vectors: Table,
    positions: Vec<f32>,
    norm: Norm,
    layers: Vec<Layer>,
    head: Head,
}

/// Gain and bias of a normalisation.
struct Norm([Vec<f32>; 2]);

/// A layer: attention, then two linear layers for each piece by itself.
struct Layer {
    /// To queries, keys and values.
    ask: Linear,
    answer: Linear,
    first: Norm,
    broaden: Linear,
    narrow: Linear,
    second: Norm,
}

impl Layer {
    fn read(file: &mut Reader<'_>) -> Option<Self> {
        Some(Self {
            ask: Linear::read(file, 3 * WIDTH, WIDTH)?,
            answer: Linear::read(file, WIDTH, WIDTH)?,
            first: Norm([file.floats(WIDTH)?, file.floats(WIDTH)?]),
            broaden: Linear::read(file, BROAD, WIDTH)?,
            narrow: Linear::read(file, WIDTH, BROAD)?,
            second: Norm([file.floats(WIDTH)?, file.floats(WIDTH)?]),
        })
    }

    fn run(&self, room: &mut Room) {
        let Room { count, x, broad, part, rows, broad_rows } = room;
        self.ask.of(rows.take(x), broad);
        attend(broad, *count, part);
        self.answer.of(rows.take(part), part);
        self.first.of_sum(x, part);
        self.broaden.gelu_of(rows.take(x), broad);
        self.narrow.of(broad_rows.take(broad), part);
        self.second.of_sum(x, part);
    }
}

/// Where a text is worked on, row by row; there are rows to spare behind the last, which nobody reads.
struct Room {
    count: usize,
    x: Vec<f32>,
    broad: Vec<f32>,
    part: Vec<f32>,
    rows: Rounded,
    broad_rows: Rounded,
}

impl Room {
    fn new(count: usize) -> Self {
        let all = count.next_multiple_of(TOGETHER);
        let of = |width| vec![0.0; all * width];
        let rows = |width| Rounded::new(count, width);
        Self { count, x: of(WIDTH), broad: of(BROAD), part: of(WIDTH), rows: rows(WIDTH), broad_rows: rows(BROAD) }
    }
}

impl Network {
    /// Reads the weights in the order that `training/export.py` writes them.
    pub(super) fn read(file: &mut Reader<'_>, pieces: usize) -> Option<Self> {
        let vectors = file.table(pieces, WIDTH)?;
        let positions = file.halves(LONGEST * WIDTH)?;
        let norm = Norm([file.halves(WIDTH)?, file.halves(WIDTH)?]);
        let layers = Some(file.number()?).filter(|layers| (1..=MOST_LAYERS).contains(layers))?;
        let layers = (0..layers).map(|_| Layer::read(file)).collect::<Option<_>>()?;
        Some(Self { vectors, positions, norm, layers, head: Head::read(file)? })
    }

    /// The vector of a text: the mean of its pieces, of which 128 are read.
    pub(super) fn sentence(&self, pieces: &[u32]) -> Vec<f32> {
        let pieces = pieces.get(..LONGEST).unwrap_or(pieces);
        let mut room = Room::new(pieces.len());
        for (row, &piece) in room.x.chunks_exact_mut(WIDTH).zip(pieces) {
            self.vectors.row(piece, row);
        }
        self.norm.of_sum(&mut room.x, &self.positions);
        self.layers.iter().for_each(|layer| layer.run(&mut room));
        let mut mean = vec![0.0; WIDTH];
        for row in room.x.chunks_exact(WIDTH).take(pieces.len()) {
            mean.iter_mut().zip(row).for_each(|(mean, value)| *mean += value);
        }
        mean.iter_mut().for_each(|mean| *mean /= pieces.len().max(1) as f32);
        mean
    }

    /// The score of every label, of a text with the prompt it answers and the number of its kind.
    pub(super) fn scores(&self, text: &[f32], asked: Option<&[f32]>, kind: usize) -> Scores {
        self.head.scores(text, asked, kind)
    }
}

impl Norm {
    /// Adds rows to rows, and normalises each.
    fn of_sum(&self, rows: &mut [f32], added: &[f32]) {
        fastest(Sum { norm: self, rows, added });
    }
}

struct Sum<'a> {
    norm: &'a Norm,
    rows: &'a mut [f32],
    added: &'a [f32],
}

impl Work for Sum<'_> {
    type Out = ();

    #[inline(always)]
    fn run<const FUSED: bool>(self) {
        let Norm([gain, bias]) = self.norm;
        for (row, added) in self.rows.chunks_exact_mut(WIDTH).zip(self.added.chunks_exact(WIDTH)) {
            for (value, added) in row.iter_mut().zip(added) {
                *value += added;
            }
            normalise(row, gain, bias);
        }
    }
}

//! Products of two matrices of bytes, in whole numbers: the rows of a text with the weights of a layer.
//!
//! Weights have a sign; the bytes of rows are 0 to 255 and stand for 128 less, because the instruction for it (VNNI) wants one of each kind. Both lie in
//! memory in the order in which they are read: weights in panels of 48 outputs, rows in blocks of a few, four inputs of each together. Portable code, which
//! compilers turn into better instructions so, has outputs and rows one after another. Every way gives the same sums.

use std::ops::Range;

/// Outputs of a panel.
pub(crate) const OUTPUTS: usize = 48;

/// Most rows of a block.
const MOST_ROWS: usize = 8;

/// Inputs that are multiplied together.
const GROUP: usize = 4;

/// The sums of a block of rows with a panel.
pub(crate) type Tile = [[i32; OUTPUTS]; MOST_ROWS];

/// Room for sums.
pub(crate) const TILE: Tile = [[0; OUTPUTS]; MOST_ROWS];

/// Four weights of each output of a panel, in three lines of the processor's cache.
#[derive(Clone, Copy, bytemuck::Pod, bytemuck::Zeroable)]
#[repr(C, align(64))]
struct Lines([[i8; GROUP]; OUTPUTS]);

/// By which instructions products are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    /// AVX-512 VNNI.
    #[cfg(target_arch = "x86_64")]
    Sixteen,
    /// AVX-VNNI.
    #[cfg(target_arch = "x86_64")]
    Eight,
    /// AVX2.
    #[cfg(target_arch = "x86_64")]
    Four,
    Portable,
}

impl Way {
    /// The ways of this processor, the fastest first.
    fn all() -> impl Iterator<Item = Self> {
        #[cfg(target_arch = "x86_64")]
        let ways = [
            (is_x86_feature_detected!("avx512vnni") && is_x86_feature_detected!("avx512bw")).then_some(Self::Sixteen),
            (is_x86_feature_detected!("avxvnni") && is_x86_feature_detected!("avx2")).then_some(Self::Eight),
            is_x86_feature_detected!("avx2").then_some(Self::Four),
            Some(Self::Portable),
        ];
        #[cfg(not(target_arch = "x86_64"))]
        let ways = [Some(Self::Portable)];
        ways.into_iter().flatten()
    }

    /// The best way of this processor.
    fn best() -> Self {
        Self::all().next().unwrap_or(Self::Portable)
    }

    /// Rows whose sums its registers hold, with two or three vectors of each.
    fn rows(self) -> usize {
        match self {
            #[cfg(target_arch = "x86_64")]
            Self::Sixteen => MOST_ROWS,
            #[cfg(target_arch = "x86_64")]
            Self::Eight => 6,
            #[cfg(target_arch = "x86_64")]
            Self::Four => 5,
            Self::Portable => 1,
        }
    }
}

/// The weights of a layer.
pub(crate) struct Weights {
    lines: Vec<Lines>,
    /// What a sum begins with, by panel: it takes back the 128 that every byte of a row has too much.
    starts: Vec<[i32; OUTPUTS]>,
    /// Groups of inputs.
    depth: usize,
}

impl Weights {
    /// Puts weights in order, of which each output has a row. At most 65,536 inputs: more might not fit a sum.
    pub(crate) fn new(weights: &[i8], inputs: usize) -> Self {
        Self::by(Way::best(), weights, inputs)
    }

    fn by(way: Way, weights: &[i8], inputs: usize) -> Self {
        let depth = inputs.div_ceil(GROUP);
        let outputs = weights.len().checked_div(inputs).unwrap_or(0);
        let panels = outputs.div_ceil(OUTPUTS);
        let mut lines = vec![Lines([[0; GROUP]; OUTPUTS]); panels * depth];
        let mut starts = vec![[0; OUTPUTS]; panels];
        let panels = weights.chunks(inputs.max(1) * OUTPUTS).zip(lines.chunks_mut(depth.max(1))).zip(&mut starts);
        for ((panel, lines), starts) in panels {
            for ((at, row), start) in panel.chunks(inputs.max(1)).enumerate().zip(starts) {
                *start = -128 * row.iter().map(|&weight| i32::from(weight)).sum::<i32>();
                put(way, row, lines, at);
            }
        }
        Self { lines, starts, depth }
    }

    /// The panels in order of outputs.
    pub(crate) fn panels(&self) -> impl Iterator<Item = Panel<'_>> {
        self.lines.chunks(self.depth.max(1)).zip(&self.starts).map(|(lines, start)| Panel { lines, start })
    }
}

/// Puts the weights of one output in a panel.
fn put(way: Way, row: &[i8], lines: &mut [Lines], at: usize) {
    if way == Way::Portable {
        let width = lines.len() * GROUP;
        let places: &mut [i8] = bytemuck::cast_slice_mut(lines);
        places.iter_mut().skip(at * width).zip(row).for_each(|(place, weight)| *place = *weight);
        return;
    }
    for (Lines(line), group) in lines.iter_mut().zip(row.chunks(GROUP)) {
        if let Some(four) = line.get_mut(at) {
            four.iter_mut().zip(group).for_each(|(place, weight)| *place = *weight);
        }
    }
}

/// The weights of 48 outputs.
#[derive(Clone, Copy)]
pub(crate) struct Panel<'a> {
    lines: &'a [Lines],
    start: &'a [i32; OUTPUTS],
}

/// Rows of bytes.
pub(crate) struct Rows {
    way: Way,
    groups: Vec<[u8; GROUP]>,
    count: usize,
    depth: usize,
}

impl Rows {
    /// So many rows, to be put in.
    pub(crate) fn new(count: usize, inputs: usize) -> Self {
        Self::by(Way::best(), count, inputs)
    }

    fn by(way: Way, count: usize, inputs: usize) -> Self {
        let depth = inputs.div_ceil(GROUP);
        Self { way, groups: vec![[0; GROUP]; count * depth], count, depth }
    }

    /// How many blocks there are; they are all of nearly one size, because a block of one row costs nearly as much as one of four.
    fn parts(&self) -> usize {
        self.count.div_ceil(self.way.rows())
    }

    /// The rows of a block.
    fn range(&self, block: usize) -> Range<usize> {
        let from = |block: usize| (block * self.count).checked_div(self.parts()).unwrap_or(0);
        from(block)..from(block + 1)
    }

    /// Puts in a row: bytes that are 128 more than what they stand for.
    pub(crate) fn put(&mut self, row: usize, bytes: &[u8]) {
        let block = self.range(((row + 1) * self.parts()).saturating_sub(1).checked_div(self.count).unwrap_or(0));
        let groups = self.groups.get_mut(block.start * self.depth..block.end * self.depth).unwrap_or_default();
        let places = groups.iter_mut().skip(row - block.start).step_by(block.len().max(1));
        let (whole, rest) = bytes.as_chunks::<GROUP>();
        let mut last = [0; GROUP];
        last.iter_mut().zip(rest).for_each(|(place, byte)| *place = *byte);
        places.zip(whole.iter().chain(std::iter::once(&last))).for_each(|(place, group)| *place = *group);
    }

    /// The blocks in order.
    pub(crate) fn blocks(&self) -> impl Iterator<Item = Block<'_>> {
        (0..self.parts()).map(|block| {
            let rows = self.range(block);
            let groups = self.groups.get(rows.start * self.depth..rows.end * self.depth).unwrap_or_default();
            Block { way: self.way, groups, rows }
        })
    }
}

/// Rows that are multiplied together.
pub(crate) struct Block<'a> {
    way: Way,
    groups: &'a [[u8; GROUP]],
    rows: Range<usize>,
}

impl Block<'_> {
    /// Which rows they are.
    pub(crate) fn rows(&self) -> Range<usize> {
        self.rows.clone()
    }

    /// The sums of each row with each output of a panel.
    pub(crate) fn times<'t>(&self, panel: Panel<'_>, tile: &'t mut Tile) -> &'t [[i32; OUTPUTS]] {
        match self.way {
            // SAFETY: a way is only taken if the processor has its instructions.
            #[cfg(target_arch = "x86_64")]
            Way::Sixteen => unsafe { x86::sixteen(self, panel, tile) },
            // SAFETY: as above.
            #[cfg(target_arch = "x86_64")]
            Way::Eight => unsafe { x86::eight(self, panel, tile) },
            // SAFETY: as above.
            #[cfg(target_arch = "x86_64")]
            Way::Four => unsafe { x86::four(self, panel, tile) },
            Way::Portable => portable(self, panel, tile),
        }
        tile.get(..self.rows.len()).unwrap_or_default()
    }
}

fn portable(block: &Block<'_>, panel: Panel<'_>, tile: &mut Tile) {
    let (bytes, weights): (&[u8], &[i8]) = (bytemuck::cast_slice(block.groups), bytemuck::cast_slice(panel.lines));
    let [sums, ..] = tile;
    for ((sum, start), weights) in sums.iter_mut().zip(panel.start).zip(weights.chunks_exact(bytes.len().max(1))) {
        *sum = start + bytes.iter().zip(weights).map(|(&byte, &weight)| i32::from(byte) * i32::from(weight)).sum::<i32>();
    }
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use std::arch::x86_64::*;

    use super::{Block, GROUP, Lines, OUTPUTS, Panel, Tile};

    /// Calls a function made for as many rows as the block has.
    macro_rules! by_rows {
        ($function:ident, $block:expr, $panel:expr, $tile:expr, $($rows:literal)*) => {
            match $block.rows.len() {
                $($rows => $function::<$rows>($block.groups.as_chunks().0, $panel, $tile),)*
                _ => {}
            }
        };
    }

    /// Sixteen outputs a vector, three of them at a time with each row.
    #[target_feature(enable = "avx512f,avx512bw,avx512vnni")]
    pub(super) fn sixteen(block: &Block<'_>, panel: Panel<'_>, tile: &mut Tile) {
        by_rows!(sixteen_by, block, panel, tile, 1 2 3 4 5 6 7 8);
    }

    #[target_feature(enable = "avx512f,avx512bw,avx512vnni")]
    fn sixteen_by<const R: usize>(groups: &[[[u8; GROUP]; R]], panel: Panel<'_>, tile: &mut Tile) {
        let start = panel.start.as_ptr();
        // SAFETY: a start has 48 sums.
        let starts = unsafe { [load(start), load(start.add(16)), load(start.add(32))] };
        let mut sums = [starts; R];
        for (Lines(lines), groups) in panel.lines.iter().zip(groups) {
            let line = lines.as_ptr();
            // SAFETY: there are four weights of 48 outputs.
            let [a, b, c] = unsafe { [load(line.cast()), load(line.add(16).cast()), load(line.add(32).cast())] };
            for ([x, y, z], group) in sums.iter_mut().zip(groups) {
                let row = _mm512_set1_epi32(i32::from_le_bytes(*group));
                (*x, *y, *z) = (_mm512_dpbusd_epi32(*x, row, a), _mm512_dpbusd_epi32(*y, row, b), _mm512_dpbusd_epi32(*z, row, c));
            }
        }
        for (place, sums) in tile.iter_mut().zip(sums) {
            for (place, sum) in place.as_chunks_mut::<16>().0.iter_mut().zip(sums) {
                // SAFETY: there is room for sixteen sums.
                unsafe { _mm512_storeu_si512(place.as_mut_ptr().cast(), sum) };
            }
        }
    }

    /// # Safety
    /// 64 bytes can be read.
    #[inline]
    #[target_feature(enable = "avx512f")]
    unsafe fn load(from: *const i32) -> __m512i {
        // SAFETY: the caller says so.
        unsafe { _mm512_loadu_si512(from.cast()) }
    }

    /// Eight outputs a vector, two of them at a time with each row.
    #[target_feature(enable = "avx2,avxvnni")]
    pub(super) fn eight(block: &Block<'_>, panel: Panel<'_>, tile: &mut Tile) {
        by_rows!(eight_by, block, panel, tile, 1 2 3 4 5 6);
    }

    #[target_feature(enable = "avx2,avxvnni")]
    fn eight_by<const R: usize>(groups: &[[[u8; GROUP]; R]], panel: Panel<'_>, tile: &mut Tile) {
        for part in (0..OUTPUTS).step_by(16) {
            let mut sums = [[_mm256_setzero_si256(); 2]; R];
            for (Lines(lines), groups) in panel.lines.iter().zip(groups) {
                // SAFETY: sixteen outputs follow, four bytes each.
                let [a, b] = unsafe {
                    let line: *const __m256i = lines.as_ptr().add(part).cast();
                    [_mm256_loadu_si256(line), _mm256_loadu_si256(line.add(1))]
                };
                for ([x, y], group) in sums.iter_mut().zip(groups) {
                    let row = _mm256_set1_epi32(i32::from_le_bytes(*group));
                    (*x, *y) = (_mm256_dpbusd_avx_epi32(*x, row, a), _mm256_dpbusd_avx_epi32(*y, row, b));
                }
            }
            for (place, sums) in tile.iter_mut().zip(sums) {
                for (at, sum) in (part..).step_by(8).zip(sums) {
                    // SAFETY: eight sums follow, in start and tile.
                    unsafe {
                        let start = _mm256_loadu_si256(panel.start.as_ptr().add(at).cast());
                        _mm256_storeu_si256(place.as_mut_ptr().add(at).cast(), _mm256_add_epi32(start, sum));
                    }
                }
            }
        }
    }

    /// Four outputs a vector, in numbers of sixteen bits, two of them at a time with each row.
    #[target_feature(enable = "avx2")]
    pub(super) fn four(block: &Block<'_>, panel: Panel<'_>, tile: &mut Tile) {
        by_rows!(four_by, block, panel, tile, 1 2 3 4 5);
    }

    #[target_feature(enable = "avx2")]
    fn four_by<const R: usize>(groups: &[[[u8; GROUP]; R]], panel: Panel<'_>, tile: &mut Tile) {
        for part in (0..OUTPUTS).step_by(8) {
            let mut sums = [[_mm256_setzero_si256(); 2]; R];
            for (Lines(lines), groups) in panel.lines.iter().zip(groups) {
                // SAFETY: eight outputs follow, four bytes each.
                let [a, b] = unsafe {
                    let line: *const __m128i = lines.as_ptr().add(part).cast();
                    [_mm_loadu_si128(line), _mm_loadu_si128(line.add(1))]
                };
                let (a, b) = (_mm256_cvtepi8_epi16(a), _mm256_cvtepi8_epi16(b));
                for ([x, y], group) in sums.iter_mut().zip(groups) {
                    let row = _mm256_cvtepu8_epi16(_mm_set1_epi32(i32::from_le_bytes(*group)));
                    *x = _mm256_add_epi32(*x, _mm256_madd_epi16(row, a));
                    *y = _mm256_add_epi32(*y, _mm256_madd_epi16(row, b));
                }
            }
            for (place, [x, y]) in tile.iter_mut().zip(sums) {
                // Every output has two sums, side by side; adding them leaves the outputs in the order 0 1 4 5 2 3 6 7.
                let sum = _mm256_permute4x64_epi64::<0b11_01_10_00>(_mm256_hadd_epi32(x, y));
                // SAFETY: eight sums follow, in start and tile.
                unsafe {
                    let start = _mm256_loadu_si256(panel.start.as_ptr().add(part).cast());
                    _mm256_storeu_si256(place.as_mut_ptr().add(part).cast(), _mm256_add_epi32(start, sum));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The sums as the definition has them: by row, then by output.
    fn plain(weights: &[i8], rows: &[Vec<i8>], inputs: usize) -> Vec<Vec<i32>> {
        let sum = |row: &[i8], output: &[i8]| row.iter().zip(output).map(|(&x, &w)| i32::from(x) * i32::from(w)).sum();
        rows.iter().map(|row| weights.chunks(inputs).map(|output| sum(row, output)).collect()).collect()
    }

    fn by(way: Way, weights: &[i8], rows: &[Vec<i8>], inputs: usize) -> Vec<Vec<i32>> {
        let outputs = weights.len() / inputs;
        let mut bytes = Rows::by(way, rows.len(), inputs);
        for (at, row) in rows.iter().enumerate() {
            bytes.put(at, &row.iter().map(|x| x.cast_unsigned() ^ 128).collect::<Vec<u8>>());
        }
        let mut out = vec![Vec::new(); rows.len()];
        let mut tile = TILE;
        for panel in Weights::by(way, weights, inputs).panels() {
            for block in bytes.blocks() {
                let sums = block.times(panel, &mut tile);
                block.rows().zip(sums).for_each(|(row, sums)| out[row].extend_from_slice(sums));
            }
        }
        out.iter_mut().for_each(|row| row.truncate(outputs));
        out
    }

    proptest::proptest! {
        #[test]
        fn every_way_gives_the_same_sums(rows in 1_usize..40, outputs in 1_usize..120, inputs in 1_usize..70, seed: u64) {
            let mut state = seed | 1;
            let mut byte = || {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                // The ends of the range more often than chance would have them.
                match state >> 60 {
                    0 => -127,
                    1 => 127,
                    _ => ((state >> 33) as i8).max(-127),
                }
            };
            let weights: Vec<i8> = (0..outputs * inputs).map(|_| byte()).collect();
            let rows: Vec<Vec<i8>> = (0..rows).map(|_| (0..inputs).map(|_| byte()).collect()).collect();
            let expected = plain(&weights, &rows, inputs);
            for way in Way::all() {
                proptest::prop_assert_eq!(&by(way, &weights, &rows, inputs), &expected, "{:?}", way);
            }
        }
    }

    #[test]
    fn the_largest_sums_fit() {
        for (weight, x) in [(127, 127), (-128, 127), (127, -128), (-128, -128)] {
            let (weights, rows) = (vec![weight; 50 * 1536], vec![vec![x; 1536]; 3]);
            let expected = plain(&weights, &rows, 1536);
            Way::all().for_each(|way| assert_eq!(by(way, &weights, &rows, 1536), expected, "{way:?}"));
        }
    }
}

//! Weights in a file (docs/formats/classifier.md): the vectors of pieces in four bits with a step for each 32, everything else in sixteen.

use ndarray::{Array1, Array2};

/// How many numbers share a step.
const GROUP: usize = 32;

/// Bytes of a group: the step, and two numbers a byte.
const GROUP_BYTES: usize = 2 + GROUP / 2;

/// Reads numbers from the front of a file.
pub(super) struct Reader<'a>(pub(super) &'a [u8]);

impl<'a> Reader<'a> {
    pub(super) fn bytes(&mut self, count: usize) -> Option<&'a [u8]> {
        let (bytes, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(bytes)
    }

    pub(super) fn number(&mut self) -> Option<u32> {
        self.bytes(4)?.first_chunk().map(|four| u32::from_le_bytes(*four))
    }

    fn halves(&mut self, count: usize) -> Option<Vec<f32>> {
        let pairs = self.bytes(count * 2)?.as_chunks::<2>().0;
        Some(pairs.iter().map(|pair| half(u16::from_le_bytes(*pair))).collect())
    }

    pub(super) fn vector(&mut self, width: usize) -> Option<Array1<f32>> {
        Some(Array1::from_vec(self.halves(width)?))
    }

    pub(super) fn matrix(&mut self, rows: usize, columns: usize) -> Option<Array2<f32>> {
        Array2::from_shape_vec((rows, columns), self.halves(rows * columns)?).ok()
    }

    /// A matrix with rows and columns exchanged.
    pub(super) fn turned(&mut self, rows: usize, columns: usize) -> Option<Array2<f32>> {
        Some(self.matrix(rows, columns)?.t().as_standard_layout().into_owned())
    }

    pub(super) fn table(&mut self, rows: usize, columns: usize) -> Option<Table> {
        let row_bytes = columns / GROUP * GROUP_BYTES;
        Some(Table { bytes: self.bytes(rows.checked_mul(row_bytes)?)?.to_vec(), row_bytes, columns })
    }
}

/// Rows of numbers of four bits.
pub(super) struct Table {
    bytes: Vec<u8>,
    row_bytes: usize,
    columns: usize,
}

impl Table {
    /// Some of the rows, in full.
    pub(super) fn rows(&self, numbers: &[u32]) -> Array2<f32> {
        let mut rows = Array2::zeros((numbers.len(), self.columns));
        for (mut row, &number) in rows.rows_mut().into_iter().zip(numbers) {
            let at = number as usize * self.row_bytes;
            let groups = self.bytes.get(at..at + self.row_bytes).unwrap_or_default().as_chunks::<GROUP_BYTES>().0;
            let values = groups.iter().flat_map(|group| {
                let [low, high, packed @ ..] = group;
                let step = half(u16::from_le_bytes([*low, *high]));
                packed.iter().flat_map(move |byte| [byte & 15, byte >> 4].map(|four| (f32::from(four) - 8.0) * step))
            });
            row.iter_mut().zip(values).for_each(|(place, value)| *place = value);
        }
        rows
    }
}

/// IEEE 754 binary16.
fn half(bits: u16) -> f32 {
    let (sign, exponent, fraction) = (u32::from(bits >> 15) << 31, u32::from(bits >> 10 & 31), u32::from(bits & 1023));
    match exponent {
        0 => f32::from_bits(sign | 0x3F80_0000) * fraction as f32 / 16_777_216.0,
        31 => f32::from_bits(sign | 0x7F80_0000 | fraction << 13),
        _ => f32::from_bits(sign | (exponent + 112) << 23 | fraction << 13),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_are_read() {
        for (bits, value) in [(0x3C00, 1.0), (0xC000, -2.0), (0x3555, 0.333_251_95), (0x0001, 5.960_464_5e-8), (0x7BFF, 65504.0), (0, 0.0)]
        {
            assert_eq!(half(bits), value);
        }
        assert!(half(0x7C00).is_infinite());
    }
}

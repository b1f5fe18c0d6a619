//! Weights in a file (docs/formats/classifier.md): the vectors of pieces in four bits with a step for each 32, the weights of layers in eight with one for
//! each output, everything else in sixteen or 32.

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

    /// Numbers of sixteen bits.
    pub(super) fn halves(&mut self, count: usize) -> Option<Vec<f32>> {
        let pairs = self.bytes(count.checked_mul(2)?)?.as_chunks::<2>().0;
        Some(pairs.iter().map(|pair| half(u16::from_le_bytes(*pair))).collect())
    }

    /// Numbers of 32 bits.
    pub(super) fn floats(&mut self, count: usize) -> Option<Vec<f32>> {
        let fours = self.bytes(count.checked_mul(4)?)?.as_chunks::<4>().0;
        Some(fours.iter().map(|four| f32::from_le_bytes(*four)).collect())
    }

    /// Rows of numbers of four bits.
    pub(super) fn table(&mut self, rows: usize, columns: usize) -> Option<Table> {
        let row_bytes = columns / GROUP * GROUP_BYTES;
        Some(Table { bytes: self.bytes(rows.checked_mul(row_bytes)?)?.to_vec(), row_bytes })
    }
}

/// Rows of numbers of four bits.
pub(super) struct Table {
    bytes: Vec<u8>,
    row_bytes: usize,
}

impl Table {
    /// Writes out a row; one that there is not is left as it is.
    pub(super) fn row(&self, number: u32, row: &mut [f32]) {
        let at = number as usize * self.row_bytes;
        let groups = self.bytes.get(at..at + self.row_bytes).unwrap_or_default().as_chunks::<GROUP_BYTES>().0;
        for (places, group) in row.chunks_exact_mut(GROUP).zip(groups) {
            let [low, high, packed @ ..] = group;
            let step = half(u16::from_le_bytes([*low, *high]));
            for ([first, second], byte) in places.as_chunks_mut().0.iter_mut().zip(packed) {
                (*first, *second) = ((f32::from(byte & 15) - 8.0) * step, (f32::from(byte >> 4) - 8.0) * step);
            }
        }
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

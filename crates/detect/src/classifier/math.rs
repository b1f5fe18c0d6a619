//! Arithmetic that gives the same bits on every machine: the C library's `exp` differs in the last bit between processors.

/// `1 / (1 + e^-x)`; the error is below 1e-12.
pub(super) fn sigmoid(x: f64) -> f64 {
    let e = exp(-x.abs());
    if x < 0.0 { e / (1.0 + e) } else { 1.0 / (1.0 + e) }
}

/// `e^x` for `x <= 0`.
fn exp(x: f64) -> f64 {
    let x = x.max(-60.0) / 64.0;
    let mut value = 1.0 + x * (1.0 + x / 2.0 * (1.0 + x / 3.0 * (1.0 + x / 4.0 * (1.0 + x / 5.0 * (1.0 + x / 6.0 * (1.0 + x / 7.0))))));
    for _ in 0..6 {
        value *= value;
    }
    value
}

/// The logarithm to the base two of a number of at least one, to five digits: halved until it is near one, then by a series.
pub(super) fn log2(x: f64) -> f64 {
    let (mut x, mut whole) = (x.max(1.0), 0.0);
    while x >= 2.0 {
        x /= 2.0;
        whole += 1.0;
    }
    let y = (x - 1.0) / (x + 1.0);
    let square = y * y;
    let series = 1.0 + square * (1.0 / 3.0 + square * (1.0 / 5.0 + square * (1.0 / 7.0 + square / 9.0)));
    whole + 2.0 * y * series * std::f64::consts::LOG2_E
}

/// xorshift64 (Marsaglia 2003).
pub(super) struct Random(u64);

impl Random {
    pub(super) const fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    /// Fisher and Yates.
    pub(super) fn shuffle(&mut self, order: &mut [usize]) {
        for last in (1..order.len()).rev() {
            let other = (self.next() % (last as u64 + 1)) as usize;
            order.swap(last, other);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_logarithm_is_one() {
        for x in [1.0, 1.5, 2.0, 3.99, 1000.0] {
            assert!((log2(x) - f64::log2(x)).abs() < 1e-5, "{x}");
        }
    }

    #[test]
    fn the_sigmoid_is_one() {
        for x in [-30.0, -3.3, -0.1, 0.0, 0.7, 5.0, 40.0] {
            assert!((sigmoid(x) - 1.0 / (1.0 + f64::exp(-x))).abs() < 1e-9, "{x}");
        }
    }
}

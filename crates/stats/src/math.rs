//! What training a model needs: arithmetic and chance that give the same bits on every machine. The C library's `exp` differs in the last bit between
//! processors.

/// `1 / (1 + e^-x)`; the error is below 1e-12.
#[must_use]
pub fn sigmoid(x: f64) -> f64 {
    let e = exp(-x.abs());
    if x < 0.0 { e / (1.0 + e) } else { 1.0 / (1.0 + e) }
}

/// `e^x` for `x <= 0`, from additions and multiplications alone; the error is below 1e-12.
#[must_use]
pub fn exp(x: f64) -> f64 {
    let x = x.max(-60.0) / 64.0;
    let mut value = 1.0 + x * (1.0 + x / 2.0 * (1.0 + x / 3.0 * (1.0 + x / 4.0 * (1.0 + x / 5.0 * (1.0 + x / 6.0 * (1.0 + x / 7.0))))));
    for _ in 0..6 {
        value *= value;
    }
    value
}

/// The logarithm to the base two of a number of at least one, to five digits: halved until it is near one, then by a series.
#[must_use]
pub fn log2(x: f64) -> f64 {
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
#[derive(Debug)]
pub struct Random(u64);

impl Random {
    /// The numbers of a seed.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    /// Fisher and Yates.
    pub fn shuffle(&mut self, order: &mut [usize]) {
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
    fn exp_is_exp() {
        for x in [0.0, -0.5, -1.0, -7.25, -30.0] {
            assert!((exp(x) - f64::exp(x)).abs() < 1e-9, "{x}");
        }
    }

    #[test]
    fn the_sigmoid_is_one() {
        for x in [-30.0, -3.3, -0.1, 0.0, 0.7, 5.0, 40.0] {
            assert!((sigmoid(x) - 1.0 / (1.0 + f64::exp(-x))).abs() < 1e-9, "{x}");
        }
    }
}

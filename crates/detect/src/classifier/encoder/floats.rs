//! What is done to numbers between the products, in loops that compile to vector instructions.
//!
//! Everything here is inlined into a [`Work`](crate::wide::Work), which says with which instructions: hence `#[inline(always)]` throughout, no function of
//! the standard library that is called (`round`, `exp`, or one that takes a closure and is not inlined itself), and sums in sixteen parts, which a compiler must not reorder by itself.

/// Numbers of one vector of the widest instructions.
pub(super) const LANES: usize = 16;

/// What is added to a variance, so that it is not zero.
const EPSILON: f32 = 1e-6;

/// Added to a number between -2²² and 2²², it leaves the nearest whole number in the lowest bits of the sum, an even one if two are as near.
const ROUND: f32 = 12_582_912.0;

/// a · b + c.
#[inline(always)]
pub(super) fn fma<const FUSED: bool>(a: f32, b: f32, c: f32) -> f32 {
    if FUSED { a.mul_add(b, c) } else { a * b + c }
}

/// Folds numbers into sixteen parts; those behind the last multiple of sixteen are left out.
#[inline(always)]
pub(super) fn fold(values: &[f32], parts: &mut [f32; LANES], with: impl Fn(f32, f32) -> f32) {
    let mut sums = *parts;
    for chunk in values.as_chunks::<LANES>().0 {
        for (part, &value) in sums.iter_mut().zip(chunk) {
            *part = with(*part, value);
        }
    }
    *parts = sums;
}

/// Folds the parts, in pairs.
#[inline(always)]
pub(super) fn join(mut parts: [f32; LANES], with: impl Fn(f32, f32) -> f32) -> f32 {
    for half in [8, 4, 2, 1] {
        let (low, high) = parts.split_at_mut(half);
        for (low, &mut high) in low.iter_mut().zip(high) {
            *low = with(*low, high);
        }
    }
    let [first, ..] = parts;
    first
}

/// All numbers folded.
#[inline(always)]
fn folded(values: &[f32], with: impl Fn(f32, f32) -> f32, joined: impl Fn(f32, f32) -> f32) -> f32 {
    let mut parts = [0.0; LANES];
    fold(values, &mut parts, with);
    join(parts, joined)
}

#[inline(always)]
pub(super) fn sum(a: f32, b: f32) -> f32 {
    a + b
}

/// The larger number; if one is none, either.
#[inline(always)]
pub(super) fn larger(a: f32, b: f32) -> f32 {
    if b > a { b } else { a }
}

/// Layer normalisation (Ba, Kiros and Hinton 2016) of one row, whose length is a multiple of sixteen.
#[inline(always)]
pub(super) fn normalise(row: &mut [f32], gain: &[f32], bias: &[f32]) {
    let share = 1.0 / row.len().max(1) as f32;
    let mean = folded(row, sum, sum) * share;
    let variance = folded(row, |part, value| part + (value - mean) * (value - mean), sum) * share;
    let scale = 1.0 / (variance + EPSILON).sqrt();
    for ((value, gain), bias) in row.iter_mut().zip(gain).zip(bias) {
        *value = (*value - mean) * scale * gain + bias;
    }
}

/// Rounds a row, whose length is a multiple of sixteen, to bytes that are 128 more than they stand for; the step from one to the next.
#[inline(always)]
pub(super) fn to_bytes(row: &[f32], bytes: &mut [u8]) -> f32 {
    let most = folded(row, |part, value| larger(part, value.abs()), larger);
    let step = if most > 0.0 { most / 127.0 } else { 1.0 };
    for (byte, value) in bytes.iter_mut().zip(row) {
        *byte = (value / step + ROUND).to_bits() as u8 ^ 128;
    }
    step
}

/// 2ˣ, with an error below 3e-7 of it; from below -126 on, of -126.
#[inline(always)]
pub(super) fn exp2<const FUSED: bool>(x: f32) -> f32 {
    let x = larger(-126.0, x);
    let shifted = x + ROUND;
    let part = x - (shifted - ROUND);
    // The series of 2ˣ between -½ and ½: powers of ln 2 by factorials.
    let mut power = 1.540_353e-4;
    for coefficient in [1.333_355_8e-3, 9.618_129e-3, 5.550_411e-2, 2.402_265e-1, std::f32::consts::LN_2, 1.0] {
        power = fma::<FUSED>(power, part, coefficient);
    }
    power * f32::from_bits((shifted.to_bits() << 23).wrapping_add(0x3F80_0000))
}

/// x · Φ(x), Φ the distribution of a standard normal variable; with an error below 2e-6, or for large x below 1e-6 of it.
///
/// The error function is the quotient of two polynomials between -4 and 4 that the library Eigen has; beyond it is -1 or 1 in 32 bits.
#[inline(always)]
pub(super) fn gelu<const FUSED: bool>(x: f32) -> f32 {
    let z = x * std::f32::consts::FRAC_1_SQRT_2;
    let z = if z < -4.0 { -4.0 } else { z };
    let z = if z > 4.0 { 4.0 } else { z };
    let square = z * z;
    let mut over = -2.726_142_3e-10;
    for coefficient in [2.770_681_4e-8, -2.101_024e-6, -5.692_506_4e-5, -7.349_906_3e-4, -2.954_6e-3, -1.609_603_3e-2] {
        over = fma::<FUSED>(over, square, coefficient);
    }
    let mut under = -1.456_607_2e-5;
    for coefficient in [-2.133_740_6e-4, -1.682_827e-3, -7.373_329e-3, -1.426_474e-2] {
        under = fma::<FUSED>(under, square, coefficient);
    }
    let half = 0.5 * x;
    fma::<FUSED>(half, z * over / under, half)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The error function by a series whose terms have one sign, in 64 bits.
    fn erf(x: f64) -> f64 {
        let (mut term, mut sum) = (x, x);
        for n in 1..300 {
            term *= 2.0 * x * x / f64::from(2 * n + 1);
            sum += term;
        }
        sum * (-x * x).exp() * std::f64::consts::FRAC_2_SQRT_PI
    }

    #[test]
    fn gelu_is_that_of_the_error_function() {
        for n in -8_000..=8_000 {
            let x = n as f32 / 1_000.0;
            let exact = f64::from(x) * 0.5 * (1.0 + erf(f64::from(x) / 2_f64.sqrt()));
            let [fused, plain] = [gelu::<true>(x), gelu::<false>(x)];
            assert!((f64::from(fused) - exact).abs() < 2e-6 && (f64::from(plain) - exact).abs() < 2e-6, "{x}: {fused} {plain} {exact}");
        }
        for x in [1e3, 1e30] {
            assert!((gelu::<true>(x) / x - 1.0).abs() < 1e-6 && (gelu::<true>(-x) / x).abs() < 1e-6, "{x}");
        }
    }

    #[test]
    fn powers_of_two() {
        for n in -126_000..=10_000 {
            let x = n as f32 / 1_000.0;
            let exact = f64::from(x).exp2();
            assert!(
                (f64::from(exp2::<true>(x)) / exact - 1.0).abs() < 3e-7 && (f64::from(exp2::<false>(x)) / exact - 1.0).abs() < 3e-7,
                "{x}"
            );
        }
        assert_eq!(exp2::<true>(f32::MIN), f32::MIN_POSITIVE);
    }

    #[test]
    fn halves_are_rounded_to_even() {
        let mut row = [0.0; 16];
        row[..6].copy_from_slice(&[127.0, 0.5, 1.5, -0.5, -1.5, -126.5]);
        let mut bytes = [0; 16];
        assert_eq!(to_bytes(&row, &mut bytes), 1.0);
        assert_eq!(bytes[..7].iter().map(|byte| (byte ^ 128).cast_signed()).collect::<Vec<i8>>(), [127, 0, 2, 0, -2, -126, 0]);
        assert_eq!((to_bytes(&[0.0; 16], &mut bytes), bytes), (1.0, [128; 16]));
    }
}

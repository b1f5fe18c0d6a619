//! Exact binomial tails, the ground of 'passed with confidence' (Clopper and Pearson, 1934).

/// `P(X >= k)` for `X ~ Binomial(n, p)`, with `p` in 0..=1. Summed in log space, so it holds for n in the millions.
#[must_use]
pub fn upper_tail(k: u64, n: u64, p: f64) -> f64 {
    if k == 0 {
        return 1.0;
    }
    if k > n || p <= 0.0 {
        return 0.0;
    }
    if p >= 1.0 {
        return 1.0;
    }
    let (log_p, log_q) = (p.ln(), (-p).ln_1p());
    // ln of the first term; the rest follow by the ratio of neighbours.
    let mut log_term = ln_choose(n, k) + k as f64 * log_p + (n - k) as f64 * log_q;
    let mut sum = log_term.exp();
    for i in k..n {
        log_term += ((n - i) as f64 / (i + 1) as f64).ln() + log_p - log_q;
        let term = log_term.exp();
        sum += term;
        // Past the mode the terms only shrink: stop when they no longer count.
        if i as f64 > n as f64 * p && term < sum * 1e-17 {
            break;
        }
    }
    sum.min(1.0)
}

/// `ln C(n, k)`.
fn ln_choose(n: u64, k: u64) -> f64 {
    ln_factorial(n) - ln_factorial(k) - ln_factorial(n - k)
}

/// `ln n!`, by the sum for small `n` and Stirling's series above (error below 1e-12 there).
fn ln_factorial(n: u64) -> f64 {
    if n < 32 {
        return (2..=n).map(|i| (i as f64).ln()).sum();
    }
    let x = n as f64 + 1.0;
    let inverse = 1.0 / x;
    let square = inverse * inverse;
    let series = inverse * (1.0 / 12.0 - square * (1.0 / 360.0 - square * (1.0 / 1260.0 - square / 1680.0)));
    (x - 0.5) * x.ln() - x + 0.5 * (2.0 * std::f64::consts::PI).ln() + series
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_cases_by_hand() {
        assert!((upper_tail(1, 2, 0.5) - 0.75).abs() < 1e-12);
        assert!((upper_tail(3, 3, 0.2) - 0.008).abs() < 1e-12);
        assert_eq!(upper_tail(0, 10, 0.3), 1.0);
        assert_eq!(upper_tail(11, 10, 0.3), 0.0);
    }

    #[test]
    fn the_whole_distribution_sums_to_one() {
        for (n, p) in [(10_u64, 0.1), (300, 0.95), (4_000, 0.96), (100_000, 0.5)] {
            let point = |k| upper_tail(k, n, p) - upper_tail(k + 1, n, p);
            let mode = (n as f64 * p) as u64;
            let near: f64 = (mode.saturating_sub(2_000)..=(mode + 2_000).min(n)).map(point).sum();
            assert!((near - 1.0).abs() < 1e-9, "{n} {p} {near}");
        }
    }
}

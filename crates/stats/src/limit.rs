//! An upper limit held against the interval of a sample; and where the interval lies astride, how large a sample would decide.

use crate::Interval;
use crate::rate::finite;

/// Largest sample that is ever asked for where the population is not known: with 10⁹ items an interval is 0.003 points wide at 5 %, and no source has
/// been read row by row beyond that.
const LARGEST_SAMPLE: u64 = 1_000_000_000;

/// Where an interval lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// All of it is at the limit or below.
    Within,
    /// All of it is above.
    Over,
    /// The limit lies in it: the sample does not decide.
    Astride,
}

/// On which side of a limit an interval lies. The limit itself is within.
#[must_use]
pub fn side(interval: Interval, limit: f64) -> Side {
    if interval.low > limit {
        Side::Over
    } else if interval.high <= limit {
        Side::Within
    } else {
        Side::Astride
    }
}

/// The smallest sample that would decide if its rate were the one observed. `least` and `most` are that rate with what is open counted as clean
/// and as hits (they are equal where nothing is open); `population` corrects for a finite one and caps the answer. `None`: no sample decides, because
/// what is open could turn it, or because the rate is the limit itself and the population has no known end.
#[must_use]
pub fn deciding_size(least: f64, most: f64, limit: f64, population: Option<u64>) -> Option<u64> {
    let decides = |n: u64| {
        let seen = population.map_or(0.0, |all| n as f64 / all.max(1) as f64);
        finite(least, n as f64, seen).low > limit || finite(most, n as f64, seen).high <= limit
    };
    // The intervals of one rate lie in each other as the sample grows, so there is one size from which on it decides.
    let (mut too_small, mut enough) = (0, population.unwrap_or(LARGEST_SAMPLE));
    if enough == 0 || !decides(enough) {
        return None;
    }
    while enough - too_small > 1 {
        let middle = too_small + (enough - too_small) / 2;
        if decides(middle) { enough = middle } else { too_small = middle }
    }
    Some(enough)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{wilson, wilson_finite};

    #[test]
    fn the_limit_itself_is_within() {
        let interval = |low, high| Interval { low, high };
        assert_eq!(side(interval(0.01, 0.05), 0.05), Side::Within);
        assert_eq!(side(interval(0.05, 0.06), 0.05), Side::Astride);
        assert_eq!(side(interval(0.050_1, 0.06), 0.05), Side::Over);
    }

    /// Against the slow obvious way: try every size.
    #[test]
    fn the_smallest_size_that_decides() {
        for (hits, of, population) in
            [(0, 100, None), (2, 100, None), (3, 100, Some(5_000)), (8, 100, None), (49, 1_000, Some(20_000)), (52, 1_000, Some(3_000))]
        {
            let rate = f64::from(hits) / f64::from(of);
            let decides =
                |n: u64| side(finite(rate, n as f64, population.map_or(0.0, |all: u64| n as f64 / all as f64)), 0.05) != Side::Astride;
            let slow = (1..=population.unwrap_or(1_000_000)).find(|&n| decides(n));
            assert_eq!(deciding_size(rate, rate, 0.05, population), slow, "{hits}/{of}");
        }
        // Nothing found in 72 is no proof yet, nothing in 73 is: 3.84 / 0.05 - 3.84.
        assert_eq!(deciding_size(0.0, 0.0, 0.05, None), Some(73));
        assert!(wilson(0, 73).high <= 0.05 && wilson(0, 72).high > 0.05);
    }

    #[test]
    fn no_sample_decides_what_is_open_or_on_the_limit() {
        assert_eq!(deciding_size(0.04, 0.06, 0.05, Some(1_000)), None);
        assert_eq!(deciding_size(0.05, 0.05, 0.05, None), None);
        // All of it does: what is at the limit is not over it.
        assert_eq!(deciding_size(0.05, 0.05, 0.05, Some(1_000)), Some(1_000));
        assert_eq!(side(wilson_finite(50, 1_000, 1.0), 0.05), Side::Within);
        assert_eq!(deciding_size(0.0, 0.0, 0.05, Some(0)), None);
    }
}

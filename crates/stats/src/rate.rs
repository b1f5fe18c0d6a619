//! A rate is never a bare number: it carries its count, its whole denominator and its interval.

use serde::{Deserialize, Serialize};

use crate::{ALPHA, Z95, upper_tail};

/// A two-sided interval, both ends in 0..=1.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Interval {
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

/// Wilson's 95 % score interval for `hits` of `n` (Wilson, 1927). `n == 0` says nothing: 0 to 1.
#[must_use]
pub fn wilson(hits: u64, n: u64) -> Interval {
    if n == 0 {
        return Interval { low: 0.0, high: 1.0 };
    }
    score(hits as f64 / n as f64, n as f64)
}

/// The same of a sample drawn from a finite population, `seen` being the share of the population that was drawn, 0 to 1: a sample that is the whole
/// population leaves nothing open, and its interval is the share itself. The finite population correction (Cochran 1977, 2.6) divides the variance, so
/// it multiplies `n`.
#[must_use]
pub fn wilson_finite(hits: u64, n: u64, seen: f64) -> Interval {
    if n == 0 {
        return wilson(hits, n);
    }
    finite(hits as f64 / n as f64, n as f64, seen)
}

/// The corrected interval of a share of `n`.
pub(crate) fn finite(share: f64, n: f64, seen: f64) -> Interval {
    if seen >= 1.0 {
        return Interval { low: share, high: share };
    }
    score(share, n / (1.0 - seen.max(0.0)))
}

/// The score interval of a share of `n`, which need not be whole.
fn score(p: f64, n: f64) -> Interval {
    let z2 = Z95 * Z95;
    let centre = p + z2 / (2.0 * n);
    let half = Z95 * (p * (1.0 - p) / n + z2 / (4.0 * n * n)).sqrt();
    let scale = 1.0 + z2 / n;
    Interval { low: ((centre - half) / scale).max(0.0), high: ((centre + half) / scale).min(1.0) }
}

/// What a clause asks of a rate.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Bound {
    /// Not less than this share.
    AtLeast(f64),
    /// Not more than this share.
    AtMost(f64),
}

/// What a sample lets one say about a bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Standing {
    /// The bound is met, and a service just outside it would have done this well with probability at most 5 %.
    PassedWithConfidence,
    /// The bound is met by the share found, but the sample is too small to exclude luck.
    PassedPointOnly,
    /// The bound is missed.
    Failed,
    /// Items that are pending or in error could still turn it either way, or nothing was judged.
    NotConcluded,
}

impl Standing {
    /// Its id, as in `report.json`.
    #[must_use]
    pub const fn id(self) -> &'static str {
        match self {
            Self::PassedWithConfidence => "passed-with-confidence",
            Self::PassedPointOnly => "passed-point-only",
            Self::Failed => "failed",
            Self::NotConcluded => "not-concluded",
        }
    }
}

/// A rate with its books: `sampled = judged + pending + error`, always.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Rate {
    /// Judged items that count.
    pub hits: u64,
    /// Items with a judgement.
    pub judged: u64,
    /// Items that wait for a person or a judge.
    pub pending: u64,
    /// Items that cannot be judged, because there is no answer to judge.
    pub error: u64,
}

impl Rate {
    /// All items drawn: judged, pending and in error.
    #[must_use]
    pub const fn sampled(&self) -> u64 {
        self.judged + self.pending + self.error
    }

    /// `hits / judged`; `None` when nothing was judged.
    #[must_use]
    pub fn share(&self) -> Option<f64> {
        (self.judged > 0).then(|| self.hits as f64 / self.judged as f64)
    }

    /// Wilson's interval of [`Self::share`].
    #[must_use]
    pub fn interval(&self) -> Interval {
        wilson(self.hits, self.judged)
    }

    /// Holds the rate against a bound. Every item that is pending or in error is counted both ways: only what holds either
    /// way is concluded, so an open item can never help a service pass.
    #[must_use]
    pub fn against(&self, bound: Bound) -> Standing {
        let (open, n) = (self.pending + self.error, self.sampled());
        if self.judged == 0 {
            return Standing::NotConcluded;
        }
        match bound {
            Bound::AtLeast(share) => {
                let ok = |hits: u64| hits as f64 >= share * n as f64 - 1e-9;
                conclude(ok(self.hits), ok(self.hits + open), || upper_tail(self.hits, n, share) <= ALPHA)
            }
            Bound::AtMost(share) => {
                let ok = |hits: u64| hits as f64 <= share * n as f64 + 1e-9;
                let worst = self.hits + open;
                conclude(ok(worst), ok(self.hits), || 1.0 - upper_tail(worst + 1, n, share) <= ALPHA)
            }
        }
    }
}

fn conclude(worst_passes: bool, best_passes: bool, sure: impl Fn() -> bool) -> Standing {
    match (worst_passes, best_passes) {
        (true, _) if sure() => Standing::PassedWithConfidence,
        (true, _) => Standing::PassedPointOnly,
        (false, false) => Standing::Failed,
        (false, true) => Standing::NotConcluded,
    }
}

/// The rate behind an imperfect judge's rate (Rogan and Gladen, 1978), with its 95 % interval by the delta method, which takes the
/// uncertainty of the judge's own sensitivity and specificity along. `None` when the judge is no better than chance.
#[must_use]
pub fn corrected(found: Rate, sensitivity: Rate, specificity: Rate) -> Option<(f64, Interval)> {
    let (p, se, sp) = (found.share()?, sensitivity.share()?, specificity.share()?);
    let power = se + sp - 1.0;
    if power <= 0.0 {
        return None;
    }
    let theta = (p + sp - 1.0) / power;
    let variance = |share: f64, n: u64| share * (1.0 - share) / n as f64;
    let total = (variance(p, found.judged)
        + theta * theta * variance(se, sensitivity.judged)
        + (1.0 - theta) * (1.0 - theta) * variance(sp, specificity.judged))
        / (power * power);
    let half = Z95 * total.sqrt();
    let clamp = |x: f64| x.clamp(0.0, 1.0);
    Some((clamp(theta), Interval { low: clamp(theta - half), high: clamp(theta + half) }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rate(hits: u64, judged: u64) -> Rate {
        Rate { hits, judged, ..Rate::default() }
    }

    /// The acceptance numbers of GB/T 45654-2025 B.2, worked out independently: (n, bound, point rule, sure).
    #[test]
    fn acceptance_numbers_of_the_standard() {
        for (n, share, point, sure) in [(4_000, 0.96, 3_840, 3_861), (1_000, 0.90, 900, 916), (300, 0.95, 285, 292), (500, 0.95, 475, 484)]
        {
            let bound = Bound::AtLeast(share);
            assert_eq!(rate(point - 1, n).against(bound), Standing::Failed);
            assert_eq!(rate(point, n).against(bound), Standing::PassedPointOnly);
            assert_eq!(rate(sure - 1, n).against(bound), Standing::PassedPointOnly);
            assert_eq!(rate(sure, n).against(bound), Standing::PassedWithConfidence);
        }
        let bound = Bound::AtMost(0.05);
        assert_eq!(rate(16, 300).against(bound), Standing::Failed);
        assert_eq!(rate(15, 300).against(bound), Standing::PassedPointOnly);
        assert_eq!(rate(9, 300).against(bound), Standing::PassedPointOnly);
        assert_eq!(rate(8, 300).against(bound), Standing::PassedWithConfidence);
    }

    #[test]
    fn open_items_count_both_ways() {
        let open = Rate { hits: 280, judged: 290, pending: 8, error: 2 };
        assert_eq!(open.sampled(), 300);
        assert_eq!(open.against(Bound::AtLeast(0.95)), Standing::NotConcluded);
        assert_eq!(Rate { hits: 290, ..open }.against(Bound::AtLeast(0.95)), Standing::PassedPointOnly);
        assert_eq!(Rate { hits: 270, ..open }.against(Bound::AtLeast(0.95)), Standing::Failed);
        assert_eq!(Rate::default().against(Bound::AtLeast(0.95)), Standing::NotConcluded);
    }

    /// Reference values of Newcombe (1998), table I.
    #[test]
    fn wilson_matches_published_values() {
        for (hits, n, low, high) in [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)] {
            let interval = wilson(hits, n);
            assert!((interval.low - low).abs() < 5e-5 && (interval.high - high).abs() < 5e-5, "{hits}/{n} {interval:?}");
        }
    }

    #[test]
    fn the_interval_of_a_finite_population_closes_as_it_is_seen() {
        assert_eq!(wilson_finite(7, 100, 0.0), wilson(7, 100));
        assert_eq!(wilson_finite(7, 100, 1.0), Interval { low: 0.07, high: 0.07 });
        assert_eq!(wilson_finite(0, 0, 1.0), wilson(0, 0));
        // A quarter still unseen counts as a sample four times as large.
        let (quarter, four) = (wilson_finite(7, 100, 0.75), wilson(28, 400));
        assert!((quarter.low - four.low).abs() < 1e-12 && (quarter.high - four.high).abs() < 1e-12);
    }

    #[test]
    fn correction_undoes_a_known_judge() {
        let (theta, interval) = corrected(rate(860, 1_000), rate(900, 1_000), rate(950, 1_000)).unwrap();
        assert!((theta - 0.81 / 0.85).abs() < 1e-12);
        assert!(interval.low < theta && theta < interval.high);
        assert!(corrected(rate(5, 10), rate(5, 10), rate(5, 10)).is_none());
    }
}

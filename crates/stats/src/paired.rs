//! Two runs over the same questions.

use serde::{Deserialize, Serialize};

use crate::upper_tail;

/// McNemar's test in its exact form (McNemar, 1947): only the questions on which the runs differ speak.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct McNemar {
    /// Good in both.
    pub both: u64,
    /// Good in the first only: what was lost.
    pub first_only: u64,
    /// Good in the second only: what was won.
    pub second_only: u64,
    /// Good in neither.
    pub neither: u64,
    /// Two-sided exact p-value; 1 when the runs never differ.
    pub p_value: f64,
}

/// Compares pairs of `(good in the first run, good in the second run)`.
#[must_use]
pub fn mcnemar(pairs: impl IntoIterator<Item = (bool, bool)>) -> McNemar {
    let mut result = McNemar { both: 0, first_only: 0, second_only: 0, neither: 0, p_value: 1.0 };
    for pair in pairs {
        match pair {
            (true, true) => result.both += 1,
            (true, false) => result.first_only += 1,
            (false, true) => result.second_only += 1,
            (false, false) => result.neither += 1,
        }
    }
    let differ = result.first_only + result.second_only;
    if differ > 0 {
        let larger = result.first_only.max(result.second_only);
        result.p_value = (2.0 * upper_tail(larger, differ, 0.5)).min(1.0);
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_worked_example() {
        let pairs = [vec![(true, false); 1], vec![(false, true); 9], vec![(true, true); 50]].concat();
        let result = mcnemar(pairs);
        assert_eq!((result.first_only, result.second_only, result.both), (1, 9, 50));
        // 2 * (C(10,9) + C(10,10)) / 2^10
        assert!((result.p_value - 22.0 / 1024.0).abs() < 1e-12);
        assert_eq!(mcnemar([(true, true)]).p_value, 1.0);
    }
}

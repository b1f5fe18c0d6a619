//! Whether two people judged alike.

use serde::{Deserialize, Serialize};

use crate::{Interval, Z95};

/// Cohen's kappa (Cohen, 1960) of two reviewers over the same items.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Kappa {
    /// Items both judged.
    pub items: u64,
    /// Items judged alike.
    pub agreed: u64,
    /// Kappa; 1 when both used one and the same category throughout.
    pub kappa: f64,
    /// 95 % interval from the large-sample variance (Fleiss, Cohen and Everitt, 1969, simple form).
    pub interval: Interval,
}

/// Kappa of pairs of category numbers; `None` without items.
#[must_use]
pub fn cohen_kappa(pairs: &[(usize, usize)]) -> Option<Kappa> {
    if pairs.is_empty() {
        return None;
    }
    let n = pairs.len() as f64;
    let categories = pairs.iter().map(|&(a, b)| a.max(b)).max()? + 1;
    let share = |which: &dyn Fn(&(usize, usize)) -> usize, c: usize| pairs.iter().filter(|p| which(p) == c).count() as f64 / n;
    let agreed = pairs.iter().filter(|(a, b)| a == b).count();
    let observed = agreed as f64 / n;
    let expected: f64 = (0..categories).map(|c| share(&|p| p.0, c) * share(&|p| p.1, c)).sum();
    let (kappa, half) = if expected >= 1.0 {
        (1.0, 0.0)
    } else {
        let spread = (observed * (1.0 - observed) / (n * (1.0 - expected) * (1.0 - expected))).sqrt();
        ((observed - expected) / (1.0 - expected), Z95 * spread)
    };
    let interval = Interval { low: (kappa - half).max(-1.0), high: (kappa + half).min(1.0) };
    Some(Kappa { items: pairs.len() as u64, agreed: agreed as u64, kappa, interval })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_worked_example() {
        // 20 both yes, 5 yes/no, 10 no/yes, 15 both no: kappa 0.4.
        let mut pairs = vec![(1, 1); 20];
        pairs.extend(vec![(1, 0); 5]);
        pairs.extend(vec![(0, 1); 10]);
        pairs.extend(vec![(0, 0); 15]);
        let kappa = cohen_kappa(&pairs).unwrap();
        assert!((kappa.kappa - 0.4).abs() < 1e-12);
        assert_eq!((kappa.items, kappa.agreed), (50, 35));
    }

    #[test]
    fn extremes() {
        assert!(cohen_kappa(&[]).is_none());
        assert_eq!(cohen_kappa(&[(2, 2), (2, 2)]).unwrap().kappa, 1.0);
        assert!(cohen_kappa(&[(0, 1), (1, 0)]).unwrap().kappa < 0.0);
    }
}

//! The arithmetic an assessment stands on: seeded samples, rates with intervals, agreement, paired comparison.
//!
//! Pure functions of their arguments: no clock, no network, no random number without a given seed.

mod agreement;
mod binomial;
mod limit;
mod math;
mod paired;
mod rate;
mod sample;

pub use agreement::{Kappa, cohen_kappa};
pub use binomial::upper_tail;
pub use limit::{Side, deciding_size, side};
pub use math::{Random, exp, log2, sigmoid};
pub use paired::{McNemar, mcnemar};
pub use rate::{Bound, Interval, Rate, Standing, corrected, wilson, wilson_finite};
pub use sample::{Drawing, allot, allot_by_size, draw, draw_indices};

/// Two-sided 95 % normal quantile, for intervals.
pub const Z95: f64 = 1.959_963_984_540_054;

/// One-sided error probability of 'passed with confidence'.
pub const ALPHA: f64 = 0.05;

//! Rows and the consent of those they are of (GB/T 45654-2025, 5.1 c) 4), 5.2 c), 7 c); PIPL 13, 15, 28 and 29).
//!
//! A join only ever takes away: it drops rows and redacts spans that the policy would let pass, and never lays open what the policy masks. A row of
//! somebody who said no goes, whatever else holds; so does a row that names nobody, as nobody can say whose it is. Pure: what day it is is told.

mod joined;
mod rules;
mod sensitive;
mod snapshot;

pub use joined::Joined;
pub(crate) use rules::Verdict;
pub use rules::{Consent, Tally, Why, Without};
pub use sensitive::Sensitive;
pub use snapshot::{Said, Snapshot};

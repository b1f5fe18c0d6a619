//! The assessment of GB/T 45654-2025 Appendix B.2: ask a service, judge its answers and its training data, report.
//!
//! A run is a directory with a journal; everything else is made from the journal. [`start`] draws samples and seals them, asks, freezes
//! the answers, lets every judge judge the same frozen answers, and writes the report; [`resume`] goes on after any interruption;
//! [`verify`] recomputes the report from the journal, byte for byte.

pub mod bank;
pub mod journal;
pub mod judge;
mod judging;
pub mod sheet;
pub mod target;

mod ask;
mod compare;
mod corpus;
mod digest;
mod error;
mod misses;
mod part;
mod report;
mod restore;
mod run;
mod score;
mod state;
mod verify;
mod watch;

pub use compare::{Comparison, compare};
pub use error::AssessError;
pub use journal::Settings;
pub use judging::{With, judge};
pub use misses::{Miss, misses};
pub use part::Part;
pub use report::{Report, Words};
pub use restore::restore;
pub use run::{report, resume, start};
pub use score::{Conclusion, Measure, MeasureId, Reason, Scores};
pub use state::{RunState, Said};
pub use verify::{Verified, verify};
pub use watch::{Phase, Quiet, Watch};

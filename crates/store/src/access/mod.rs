//! Who may do what, and when: roles that exclude each other by person, permissions, acts of two persons, sessions, lockout, first start.
//!
//! Decisions only. Nothing here has a clock (every `now_ms` is a parameter, milliseconds since 1970), draws a random number, knows a
//! cipher or a database: the caller reads the rows, asks, and writes what comes back in the transaction that also writes the ledger.
//! Who holds what is data, `data/permissions.toml`; the matrix and the job descriptions (LN-9.2-c) are printed from the same table.
//!
//! Invariant: what is not granted is refused. A role, a permission or a row that is not in the table gives nobody anything.

/// Defines an enum whose variants have an id, and are read and written by it. Their words stand in the table.
macro_rules! ids {
    ($(#[$doc:meta])* $name:ident, $expected:literal, { $($variant:ident = $id:literal;)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name { $(#[doc = concat!("`", $id, "`")] $variant),+ }

        impl $name {
            /// All of them, in their order.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The stable id.
            #[must_use]
            pub const fn id(self) -> &'static str {
                match self { $(Self::$variant => $id),+ }
            }
        }

        taxonomy::by_id!($name, $expected);
    };
}
pub(crate) use ids;

mod ceremony;
mod duty;
mod grant;
#[cfg(test)]
mod invariants;
mod job;
mod lockout;
mod matrix;
mod permission;
mod role;
mod session;
mod table;

pub use ceremony::{CEREMONY_MS, Ceremony, CeremonyRefusal, Seat, TokenDigest};
pub use duty::{APPROVAL_MS, Actor, Approval, ApprovalRefusal, ApprovalStage, MAX_OBJECT_BYTES, PersonId, may_check};
pub use grant::{GrantRefusal, Holder, grant, may_disable, revoke};
pub use job::job_description;
pub use lockout::{FIRST_LOCK_MS, FREE_FAILURES, LONGEST_LOCK_MS, Locked, Lockout};
pub use matrix::{Matrix, MatrixRow, matrix};
pub use permission::Permission;
pub use role::{Role, Roles};
pub use session::{ABSOLUTE_MS, ADMINISTRATOR_IDLE_MS, IDLE_MS, STEP_UP_MS, Session, SessionEnd};

/// One minute.
const MINUTE_MS: i64 = 60_000;
/// One hour.
const HOUR_MS: i64 = 60 * MINUTE_MS;

/// How far a clock may step back unnoticed: time synchronisation corrects by less than a second as a rule, and by some seconds after sleep.
const CLOCK_SLACK_MS: i64 = MINUTE_MS;

/// Milliseconds from one moment to a later one, below zero by [`CLOCK_SLACK_MS`] at most. Nothing if the clock went back further: then no
/// time limit means anything, and whoever asked refuses.
fn elapsed_ms(since_ms: i64, now_ms: i64) -> Option<i64> {
    let elapsed = now_ms.saturating_sub(since_ms);
    (elapsed >= -CLOCK_SLACK_MS).then_some(elapsed)
}

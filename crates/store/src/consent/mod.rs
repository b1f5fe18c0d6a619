//! The register of consent: which persons agreed that what they wrote is trained on, and which said no (GB/T 45654-2025, 5.1 c) 4), 5.2 c), 7 c); PIPL 13 to 16 and 29).
//!
//! - **Persons by label.** A row has the keyed hash of a person; the name stands in the entry that the row points to, sealed with the key of the person, so that a
//!   [snapshot](crate::Tenant::consent_snapshot) can be made. When the person is erased, rows and name go.
//! - **A no stands**, whether anything was agreed to before or not, and no import takes it back. It is the profile's choice about training
//!   ([`Training::Out`](crate::guard::Training)), so that gateway and register cannot say different things; the way back is the profile too.
//!
//! It does not know what a row of a corpus is: the snapshot is joined elsewhere (docs/formats/consent.md).

mod import;
mod rows;
mod snapshot;
mod withdraw;

use serde::Serialize;
use taxonomy::ConsentScope;

use crate::EntryId;
use crate::guard::Training;

pub use import::{Imported, MAX_BASIS, MAX_LINES, MAX_USER, NewConsent};
pub use snapshot::{MAX_SNAPSHOT_DAYS, Snapshot};

/// What a consent is for: the only purpose that there is as yet.
pub const TRAINING: &str = "training";

/// A consent of a person. Days are `YYYY-MM-DD`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Consent {
    /// The person's label ([`Tenant::person_label`](crate::Tenant::person_label)).
    pub person: String,
    /// How far it goes.
    pub scope: ConsentScope,
    /// Where it stands.
    pub basis: String,
    /// The day on which it was given.
    pub given: String,
    /// Its last day.
    pub expires: Option<String>,
    /// The day on which it was taken back.
    pub withdrawn: Option<String>,
    /// The entry of the log that says so last.
    #[serde(serialize_with = "as_text")]
    pub entry: EntryId,
}

/// How a person stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Standing {
    /// The person's label.
    pub person: String,
    /// Whether the person said no, said yes, or nothing.
    pub training: Training,
    /// What the person agreed to.
    pub consents: Vec<Consent>,
}

/// How many persons there are in the register.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Consents of the general scope that hold on the day that was asked for.
    pub general: u64,
    /// Separate consents for sensitive personal information that hold then.
    pub sensitive: u64,
    /// Consents that do not hold any more: expired or taken back.
    pub over: u64,
    /// Persons who said no.
    pub opted_out: u64,
}

fn as_text<S: serde::Serializer>(value: &impl std::fmt::Display, s: S) -> Result<S::Ok, S::Error> {
    s.collect_str(value)
}

//! The register of sources of training data: what was declared of each, its documents, reviews and assessments, and the blacklist.
//!
//! - **What was declared never changes**: a change is a new version, with its entry. Who is responsible for a source stands in that entry, sealed with the key of
//!   that person, and in no row.
//! - **Nobody checks their own** (GB/T 45654-2025, 5.1 c) 3)): whoever declared a source or handed in a document does not review it.
//! - **A source on the blacklist takes nothing**: no document, review, assessment or change, until two persons have taken it off; what was assessed before does not
//!   count then (LN-10.3-3).
//!
//! It reads no data, judges nothing and opens no gate: that is the corpus's, which is told these rows as facts.

mod assessment;
mod blacklist;
mod documents;
mod name;
mod register;
mod review;
mod robots;
mod rows;

use serde::{Deserialize, Serialize};
use taxonomy::{ConsentBasis, DocumentKind, Grade, Modality, Origin, SourceKind, SourceState};

use crate::access::PersonId;

pub use assessment::{Assessment, RATE_LIMIT};
pub use blacklist::unblock_object;
pub use documents::{MAX_KEPT_BYTES, NewDocument};
pub use name::SourceName;
pub use register::{MAX_LANGUAGES, NewSource};
pub use robots::RobotsCheck;

/// Longest reason or note, in characters: what fits a line of a list and says it in a few sentences.
const MAX_NOTE: usize = 1_000;

/// Sources shown at a time: more than any provider keeps.
const MAX_LISTED: i64 = 10_000;

/// Documents, reviews, assessments of one source shown at a time.
const MAX_SHOWN: i64 = 10_000;

/// What is declared of a source. Days are `YYYY-MM-DD`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Declared {
    /// How the data came to be here.
    pub kind: SourceKind,
    /// On which side of the border.
    pub origin: Origin,
    /// Its languages, BCP 47.
    pub languages: Vec<String>,
    /// Its modalities.
    pub modalities: Vec<Modality>,
    /// SPDX expression, or its terms in words; empty where none was named.
    pub licence: String,
    /// Its grade (GB/T 43697-2024).
    pub grade: Grade,
    /// What personal information in it rests on.
    pub basis: ConsentBasis,
    /// Its last day.
    pub expires: Option<String>,
    /// What it is.
    pub description: String,
}

/// A source as a list shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Source {
    /// Its name.
    pub name: SourceName,
    /// The newest version of what is declared of it.
    pub version: i64,
    /// How it stands.
    pub state: SourceState,
    /// What is declared of it.
    pub declared: Declared,
}

/// All that is known of a source.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SourceRecord {
    /// The source.
    pub source: Source,
    /// Who is responsible for it; none once that person was erased.
    pub owner: Option<String>,
    /// What was declared of it, the first first.
    pub versions: Vec<Version>,
    /// Its documents, in the order in which they came.
    pub documents: Vec<Document>,
    /// Its reviews, the first first.
    pub reviews: Vec<Review>,
    /// Its assessments, the first first.
    pub assessments: Vec<Assessed>,
    /// Its crawl manifests that were held against robots rules, the last check of each.
    pub robots: Vec<RobotsCheck>,
    /// When it was on the blacklist, the first first.
    pub blocks: Vec<Block>,
}

/// Who did something in the register, and when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Made {
    /// Their account.
    pub by: String,
    /// The person.
    #[serde(skip)]
    pub person: PersonId,
    /// When, ms since 1970.
    pub ms: i64,
    /// The entry of the log that says so.
    #[serde(serialize_with = "as_text")]
    pub entry: crate::EntryId,
}

/// What was declared at a time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Version {
    /// The how-many-eth, from 1.
    pub version: i64,
    /// What.
    pub declared: Declared,
    /// Who and when.
    pub made: Made,
}

/// A document of a source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Document {
    /// Its number, from 1.
    pub document: i64,
    /// What it shows.
    pub kind: DocumentKind,
    /// Name of the file.
    pub file: String,
    /// SHA-256 of it, hexadecimal.
    pub sha256: String,
    /// Its size.
    pub bytes: i64,
    /// Whether the ledger holds it, sealed; if not, only its digest.
    pub kept: bool,
    /// Its last day.
    pub expires: Option<String>,
    /// The document that took its place.
    pub replaced: Option<i64>,
    /// Who and when.
    pub made: Made,
}

/// A review of the documents of a source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Review {
    /// The how-many-eth, from 1.
    pub review: i64,
    /// Whether it accepted them.
    pub accepted: bool,
    /// What was found.
    pub note: String,
    /// The last document that was there.
    pub seen: i64,
    /// Who and when.
    pub made: Made,
}

/// An assessment, as it was recorded.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Assessed {
    /// The how-many-eth, from 1.
    pub number: i64,
    /// Whether it still counts: it does not once the source was taken off the blacklist after it.
    pub counts: bool,
    /// What it says.
    pub assessment: Assessment,
    /// The account that recorded it.
    pub by: String,
    /// When, ms since 1970.
    pub ms: i64,
}

/// A stay on the blacklist.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Block {
    /// Which source.
    pub name: SourceName,
    /// The how-many-eth of it, from 1.
    pub block: i64,
    /// Why.
    pub reason: String,
    /// Who and when.
    pub made: Made,
    /// Who took it off, when (ms since 1970) and why; none while it stands.
    pub lifted: Option<(String, i64, String)>,
}

impl SourceRecord {
    /// Why it is on the blacklist; none where it is not.
    #[must_use]
    pub fn blocked(&self) -> Option<&str> {
        self.blocks.iter().find(|block| block.lifted.is_none()).map(|block| block.reason.as_str())
    }
}

fn as_text<S: serde::Serializer>(value: &impl std::fmt::Display, s: S) -> Result<S::Ok, S::Error> {
    s.collect_str(value)
}

//! What the gates are asked about: plain values, without a store and without a clock.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use taxonomy::{AssessmentOutcome, ConsentBasis, DocumentKind, Modality, Origin, SourceKind};

/// What the register knows of a source. Days are `YYYY-MM-DD`; a day that ends something is the last on which it holds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SourceFacts {
    /// Its name.
    pub name: String,
    /// Whether it stands in the register; if not, nothing else here counts.
    pub registered: bool,
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
    /// What personal information in it rests on.
    pub basis: ConsentBasis,
    /// Its last day.
    pub expires: Option<String>,
    /// Why it is on the blacklist; none where it is not.
    pub blocked: Option<String>,
    /// Its documents in the order in which they came; those that were replaced are left out.
    pub documents: Vec<DocumentFact>,
    /// The last review of its documents.
    pub review: Option<ReviewFact>,
    /// The last assessment before collection, since it was last taken off the blacklist.
    pub before: Option<AssessmentFact>,
    /// The last assessment after collection, since then.
    pub after: Option<AssessmentFact>,
    /// Crawl manifests that were held against the robots rules, the last check of each.
    pub robots: Vec<RobotsFact>,
    /// For each language and modality of this source: how many sources of the register there are, this one among them, those on the blacklist left out.
    pub diversity: Vec<DiversityFact>,
}

/// A document of a source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DocumentFact {
    /// What it shows.
    pub kind: DocumentKind,
    /// SHA-256 of the file, hexadecimal.
    pub sha256: String,
    /// Its last day.
    pub expires: Option<String>,
}

/// A review of a source's documents by another person than those who brought them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReviewFact {
    /// Whether the reviewer accepted them.
    pub accepted: bool,
    /// Whether every contract and commitment of today was there at the review.
    pub current: bool,
}

/// An assessment of a source.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AssessmentFact {
    /// What came of it.
    pub outcome: AssessmentOutcome,
    /// Rows that were judged.
    pub sampled: u64,
    /// Rows among them that were suspected of A1 to A4.
    pub suspected: u64,
    /// Lower end of the interval of their rate, 0 to 1.
    pub low: f64,
    /// Upper end.
    pub high: f64,
    /// What it is held against: 0.05.
    pub limit: f64,
    /// Rows that a sample should have, where it was too small.
    pub wanted: Option<u64>,
}

/// A crawl manifest, held against the robots rules stored with it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RobotsFact {
    /// SHA-256 of the crawl manifest, hexadecimal.
    pub manifest: String,
    /// Addresses in it.
    pub checked: u64,
    /// Addresses that the rules declare off limits.
    pub refused: u64,
}

/// How many sources there are of a language and modality.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DiversityFact {
    /// BCP 47.
    pub language: String,
    /// Of which modality.
    pub modality: Modality,
    /// Domestic sources.
    pub domestic: u64,
    /// Foreign ones.
    pub foreign: u64,
}

/// What is known of the data that is to go out: of a finished scan, what `corpus apply` made of it, and its spot checks. Rows are counted over what would go
/// out, unless it says otherwise.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScanFacts {
    /// Shards of the manifest.
    pub shards: u64,
    /// Shards that have a record.
    pub done: u64,
    /// Rows that were judged, of the whole scan.
    pub judged: u64,
    /// Files that could not be read, and shards whose rows end before their time, of the whole scan: rows that nobody has seen.
    pub unread: u64,
    /// Rows that could not be read or on which a detector failed and that would still go out; 0 where they were kept apart.
    pub broken: u64,
    /// Rows that would go out.
    pub kept: u64,
    /// Spot check by people; none where none was made.
    pub manual: Option<SpotCheck>,
    /// Technical spot check; none where none was made.
    pub technical: Option<SpotCheck>,
    /// Rows with marks of somebody's right (copyright, licence, trade secret) that nobody has resolved.
    pub marked: u64,
    /// Rows that repeat a registered work and that nobody has resolved; none where nothing was compared with the register of works.
    pub works: Option<u64>,
    /// Rows with personal information in clear, and without consent.
    pub personal: u64,
    /// Rows with sensitive personal information in clear, and without separate consent.
    pub sensitive: u64,
    /// What came of joining the rows with the register of consent; none where they were not.
    pub consent: Option<ConsentFact>,
    /// Rows by language.
    pub languages: BTreeMap<String, u64>,
}

/// A spot check of rows that would go out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SpotCheck {
    /// Rows that were drawn.
    pub drawn: u64,
    /// Rows of them that were judged.
    pub judged: u64,
    /// Rows of them that qualified.
    pub qualified: u64,
}

/// Rows, joined with a consent snapshot (docs/formats/consent.md).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConsentFact {
    /// SHA-256 of the snapshot, hexadecimal.
    pub snapshot: String,
    /// The last day on which it may be used.
    pub until: String,
    /// Rows of persons who said no that would go out.
    pub opted_out: u64,
    /// Rows of persons without consent that would go out, whatever is in them; it counts for user input.
    pub without: u64,
}

//! What the gates of an export are told of a source: the rows of the register as plain facts.

use corpus::SourceFacts;
use corpus::gates::{AssessmentFact, DocumentFact, ReviewFact, RobotsFact};
use keys::digest::hex;
use store::sources::{Assessed, Source, SourceRecord};
use taxonomy::{AssessmentPhase, DocumentKind};

use super::diversity::{cells, keys};

/// The facts of a source among all sources of the register.
pub(crate) fn facts(record: &SourceRecord, all: &[Source]) -> SourceFacts {
    let declared = &record.source.declared;
    let own = keys(&record.source);
    let of_own = |language: &str, modality| own.iter().any(|(known, of)| known == language && *of == modality);
    let standing = record.documents.iter().filter(|document| document.replaced.is_none());
    SourceFacts {
        name: record.source.name.to_string(),
        registered: true,
        kind: declared.kind,
        origin: declared.origin,
        languages: declared.languages.clone(),
        modalities: declared.modalities.clone(),
        licence: declared.licence.clone(),
        basis: declared.basis,
        expires: declared.expires.clone(),
        blocked: record.blocked().map(str::to_owned),
        documents: standing
            .map(|document| DocumentFact { kind: document.kind, sha256: document.sha256.clone(), expires: document.expires.clone() })
            .collect(),
        review: review(record),
        before: last(record, AssessmentPhase::Before),
        after: last(record, AssessmentPhase::After),
        robots: record
            .robots
            .iter()
            .map(|check| RobotsFact { manifest: hex(&check.manifest), checked: check.checked, refused: check.refused })
            .collect(),
        diversity: cells(all).into_iter().filter(|cell| of_own(&cell.language, cell.modality)).collect(),
    }
}

/// The last review, and whether every contract and commitment of today was there.
fn review(record: &SourceRecord) -> Option<ReviewFact> {
    let review = record.reviews.last()?;
    let reviewed = [DocumentKind::Contract, DocumentKind::Commitment];
    let mut standing = record.documents.iter().filter(|document| document.replaced.is_none() && reviewed.contains(&document.kind));
    Some(ReviewFact { accepted: review.accepted, current: standing.all(|document| document.document <= review.seen) })
}

/// The last assessment of a phase that counts.
fn last(record: &SourceRecord, phase: AssessmentPhase) -> Option<AssessmentFact> {
    let of_phase = |made: &&Assessed| made.counts && made.assessment.phase == phase;
    let made = &record.assessments.iter().rev().find(of_phase)?.assessment;
    Some(AssessmentFact {
        outcome: made.outcome,
        sampled: made.sampled,
        suspected: made.suspected,
        low: made.low,
        high: made.high,
        limit: made.limit,
        wanted: made.wanted,
    })
}

//! What is known of a row once it was judged, and how it comes to be known.

use detect::{Direction, Pipeline};
use taxonomy::{Decision, Fault, Finding, Severity};

use crate::broken::Broken;
use crate::input::{Row, Taking};
use crate::language::{Language, language};
use crate::signature::{Signature, content_hash};

/// A row that was judged, or that could not be.
#[derive(Debug, Clone, PartialEq)]
pub struct Judged {
    /// Its line, record or row in the file, from 1.
    pub line: u64,
    /// What the scan's policy decides; a broken row is held.
    pub decision: Decision,
    /// What is known of its text, or why there is none.
    pub content: Result<Content, Broken>,
}

/// What is known of a text.
#[derive(Debug, Clone, PartialEq)]
pub struct Content {
    /// Its length.
    pub bytes: u64,
    /// Its language.
    pub language: Language,
    /// The first 128 bits of its SHA-256.
    pub hash: [u8; 16],
    /// What near copies are known by; none for a very short text.
    pub(crate) near: Option<Signature>,
    /// What was found.
    pub findings: Vec<Finding>,
    /// Detectors that failed.
    pub faults: Vec<Fault>,
}

/// Judges a row. Pure.
pub(crate) fn judge(row: Row, taking: &Taking, pipeline: &Pipeline, matched: bool) -> Judged {
    let content = row.bytes.and_then(|bytes| Ok(content(&taking.take(&bytes)?.text, pipeline, matched)));
    decided(row.line, content, pipeline)
}

/// Judges the text of a column where it lies. Pure.
pub(crate) fn judge_cell(line: u64, cell: Result<&[u8], Broken>, pipeline: &Pipeline, matched: bool) -> Judged {
    let content = cell.and_then(|bytes| Ok(content(&Taking::Column.take(bytes)?.text, pipeline, matched)));
    decided(line, content, pipeline)
}

fn decided(line: u64, content: Result<Content, Broken>, pipeline: &Pipeline) -> Judged {
    let decision = match &content {
        // Shadow mode has no meaning for a corpus: nothing is served, and applying a policy is a step of its own.
        Ok(content) => pipeline.policy().decide(&content.findings, &content.faults, Direction::Corpus),
        Err(_) => Decision::Hold,
    };
    Judged { line, decision, content }
}

fn content(text: &str, pipeline: &Pipeline, matched: bool) -> Content {
    let (verdict, near) = pipeline.check_and(text, Direction::Corpus, |folded| Signature::of_folded(folded.units()));
    let mut findings = verdict.findings;
    if !matched {
        findings.iter_mut().for_each(|finding| finding.matched.clear());
    }
    Content {
        bytes: text.len() as u64,
        language: language(text),
        hash: content_hash(text),
        near: near.flatten(),
        findings,
        faults: verdict.faults,
    }
}

/// Whether a finding is more than a note in a class of A1 to A4: what the limit of 5 % counts (GB-5.1-a). No policy can soften it, or whoever writes
/// the policy would set the rate. Personal information is not counted: it is redacted or joined with consent (GB-5.2-c), and where it counted, every
/// address book would be a blacklisted source.
pub(crate) fn is_suspicion(finding: &Finding) -> bool {
    finding.personal.is_none()
        && finding.severity >= Severity::Review
        && finding.class.is_some_and(taxonomy::RiskClass::is_illegal_or_unhealthy)
}

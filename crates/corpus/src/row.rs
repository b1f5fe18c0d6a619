//! What is known of a row once it was judged, and how it comes to be known.

use detect::{Direction, Pipeline};
use taxonomy::{Decision, Fault, Finding};

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
    let decision = match &content {
        // Shadow mode has no meaning for a corpus: nothing is served, and applying a policy is a step of its own.
        Ok(content) => pipeline.policy().decide(&content.findings, &content.faults, Direction::Corpus),
        Err(_) => Decision::Hold,
    };
    Judged { line: row.line, decision, content }
}

fn content(text: &str, pipeline: &Pipeline, matched: bool) -> Content {
    let verdict = pipeline.check_as(text, Direction::Corpus);
    let mut findings = verdict.findings;
    if !matched {
        findings.iter_mut().for_each(|finding| finding.matched.clear());
    }
    Content {
        bytes: text.len() as u64,
        language: language(text),
        hash: content_hash(text),
        near: Signature::of(text),
        findings,
        faults: verdict.faults,
    }
}

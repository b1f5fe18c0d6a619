//! The ordered list of detectors, and the verdict they come to.

use std::ops::Range;

use taxonomy::{Decision, Fault, Finding, RiskClass, Severity, Verdict};

use crate::fold::{Folded, fold};

/// Longest item judged in one piece: 16 MiB, forty times the longest novel chapter and a bound on memory (about nine times the item).
/// A longer one is a fault, never a silent pass.
pub const MAX_ITEM_BYTES: usize = 16 << 20;

/// Most findings kept for one item; a text made of nothing but hits must not fill the memory.
pub(crate) const MAX_FINDINGS: usize = 10_000;

/// Why a detector could not do its work.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct DetectError(pub String);

/// A text with its folded form.
pub struct Item<'a> {
    /// As it came.
    pub text: &'a str,
    /// As detectors see it.
    pub folded: Folded,
}

impl Item<'_> {
    /// A finding at a byte range of the folded text.
    #[must_use]
    pub fn finding(&self, detector: &str, rule: &str, class: RiskClass, severity: Severity, score: f32, range: Range<usize>) -> Finding {
        let span = self.folded.original(range);
        let matched = span.cut(self.text).unwrap_or_default().to_owned();
        Finding { class, detector: detector.to_owned(), rule: rule.to_owned(), score, severity, span, matched }
    }
}

/// One way of finding something: item in, findings out.
pub trait Detector: Send + Sync {
    /// Its name in findings.
    fn name(&self) -> &'static str;

    /// Name, version and digest of the rules it uses.
    fn version(&self) -> String;

    /// Adds what it finds.
    ///
    /// # Errors
    /// It could not do its work; the item is then held, not passed.
    fn detect(&self, item: &Item<'_>, findings: &mut Vec<Finding>) -> Result<(), DetectError>;
}

/// Detectors in order of cost.
pub struct Pipeline {
    detectors: Vec<Box<dyn Detector>>,
    versions: Vec<String>,
}

impl Pipeline {
    /// A pipeline of these detectors, run in this order.
    #[must_use]
    pub fn new(detectors: Vec<Box<dyn Detector>>) -> Self {
        let versions = detectors.iter().map(|d| format!("{} {}", d.name(), d.version())).collect();
        Self { detectors, versions }
    }

    /// The versions of everything that takes part.
    #[must_use]
    pub fn versions(&self) -> &[String] {
        &self.versions
    }

    /// Judges a text.
    #[must_use]
    pub fn check(&self, text: &str) -> Verdict {
        let (mut findings, mut faults) = (Vec::new(), Vec::new());
        if text.len() > MAX_ITEM_BYTES {
            let message = format!("the item has {} bytes, the limit is {MAX_ITEM_BYTES}; split it", text.len());
            faults.push(Fault { detector: "pipeline".to_owned(), message });
        } else {
            let item = Item { text, folded: fold(text) };
            for detector in &self.detectors {
                if let Err(error) = detector.detect(&item, &mut findings) {
                    faults.push(Fault { detector: detector.name().to_owned(), message: error.to_string() });
                }
            }
        }
        findings.sort_by(|a, b| (a.span, a.class, &a.rule).cmp(&(b.span, b.class, &b.rule)));
        findings.dedup_by(|a, b| a.span == b.span && a.rule == b.rule);
        if findings.len() > MAX_FINDINGS {
            let message = format!("{} findings, only the first {MAX_FINDINGS} are kept", findings.len());
            faults.push(Fault { detector: "pipeline".to_owned(), message });
            findings.truncate(MAX_FINDINGS);
        }
        Verdict { decision: decide(&findings, &faults), findings, faults, versions: self.versions.clone() }
    }
}

/// The default policy: a violation refuses; what a person must see, and any fault, holds; personal information alone is masked.
fn decide(findings: &[Finding], faults: &[Fault]) -> Decision {
    let of_finding = |finding: &Finding| match finding.severity {
        Severity::Block => Decision::Refuse,
        Severity::Review if finding.detector == "pii" => Decision::Mask,
        Severity::Review => Decision::Hold,
        Severity::Note => Decision::Pass,
    };
    let fault = if faults.is_empty() { Decision::Pass } else { Decision::Hold };
    findings.iter().map(of_finding).fold(fault, Ord::max)
}

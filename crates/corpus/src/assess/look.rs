//! What an assessment keeps of a row that was judged: some hundred bytes, whatever was found in it.

use taxonomy::{RiskClass, Span};

use crate::row::{Judged, is_suspicion};

/// The classifiers by the names their findings bear; a test holds them against those that are built in.
const CLASSIFIERS: [&str; 2] = ["linear", "classifier"];
/// Places kept of a row: the first of each of so many classes.
const PLACES: usize = 4;

/// A row as an assessment sees it.
#[derive(Debug, Clone)]
pub(super) struct Look {
    /// The hash of its text; none of a row that could not be read.
    pub(super) hash: Option<[u8; 16]>,
    /// Whether a detector failed on it.
    pub(super) faulty: bool,
    /// The classes of A1 to A4 it is suspected of, in order.
    pub(super) classes: Vec<RiskClass>,
    /// Whether keywords and rules speak for one.
    pub(super) rules: bool,
    /// Whether the classifier is sure of one.
    pub(super) classifier: bool,
    /// Where, and by which rule.
    pub(super) places: Vec<(RiskClass, String, Span)>,
}

impl Look {
    pub(super) fn of(judged: &Judged) -> Self {
        let mut look = Self { hash: None, faulty: false, classes: Vec::new(), rules: false, classifier: false, places: Vec::new() };
        let Ok(content) = &judged.content else { return look };
        (look.hash, look.faulty) = (Some(content.hash), !content.faults.is_empty());
        for finding in content.findings.iter().filter(|finding| is_suspicion(finding)) {
            let Some(class) = finding.class else { continue };
            let by_classifier = CLASSIFIERS.contains(&finding.detector.as_str());
            look.classifier |= by_classifier;
            look.rules |= !by_classifier;
            if look.places.len() < PLACES && !look.classes.contains(&class) {
                look.places.push((class, finding.rule.clone(), finding.span));
            }
            look.classes.push(class);
            look.classes.sort_unstable();
            look.classes.dedup();
        }
        look
    }

    pub(super) fn is_suspected(&self) -> bool {
        !self.classes.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use detect::classifier::Choice;

    use super::*;

    #[test]
    fn the_classifiers_are_known_by_name() {
        for choice in [Choice::Linear, Choice::Full] {
            let name = choice.open().unwrap().unwrap().name();
            assert!(CLASSIFIERS.contains(&name), "{name}");
        }
    }
}

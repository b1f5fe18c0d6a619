//! Findings as a client reads them.

use serde::Serialize;
use taxonomy::{AttackKind, Finding, PersonalKind, RiskClass, Severity};

/// From the first to one past the last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Range {
    /// The first.
    pub start: usize,
    /// One past the last.
    pub end: usize,
}

/// One finding. The text found is not repeated: whoever has the text has the span.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Found {
    /// The risk class, of the 31.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub class: Option<RiskClass>,
    /// The kind of attack.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attack: Option<AttackKind>,
    /// The kind of personal information.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub personal: Option<PersonalKind>,
    /// The detector.
    pub detector: String,
    /// The rule inside the detector.
    pub rule: String,
    /// What weight the rule gives it.
    pub severity: Severity,
    /// How sure the detector is, 0 to 1.
    pub score: f64,
    /// Where, in bytes of UTF-8.
    pub bytes: Range,
    /// Where, in characters (Unicode scalar values).
    pub chars: Range,
    /// How it was hidden, if it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub via: Option<String>,
}

/// The findings in a text, in the order they are given.
#[must_use]
pub fn found(text: &str, findings: &[Finding]) -> Vec<Found> {
    let chars = Chars::of(text, findings);
    let one = |finding: &Finding| Found {
        class: finding.class,
        attack: finding.attack,
        personal: finding.personal,
        detector: finding.detector.clone(),
        rule: finding.rule.clone(),
        severity: finding.severity,
        score: score(finding.score),
        bytes: Range { start: finding.span.start, end: finding.span.end },
        chars: Range { start: chars.before(finding.span.start), end: chars.before(finding.span.end) },
        via: finding.via.clone(),
    };
    findings.iter().map(one).collect()
}

/// A score without the noise of a 32-bit fraction: six decimals.
pub(super) fn score(score: f32) -> f64 {
    (f64::from(score) * 1e6).round() / 1e6
}

/// How many characters stand before some bytes. Counted in one walk: ten thousand findings in 16 MiB would else be walked ten thousand times.
struct Chars(Vec<(usize, usize)>);

impl Chars {
    fn of(text: &str, findings: &[Finding]) -> Self {
        let mut bytes: Vec<usize> = findings.iter().flat_map(|finding| [finding.span.start, finding.span.end]).collect();
        bytes.sort_unstable();
        bytes.dedup();
        let (mut counted, mut at) = (0, 0);
        let mut table = Vec::with_capacity(bytes.len());
        for byte in bytes {
            counted += text.get(at..byte).unwrap_or_default().chars().count();
            at = byte;
            table.push((byte, counted));
        }
        Self(table)
    }

    fn before(&self, byte: usize) -> usize {
        let at = self.0.binary_search_by_key(&byte, |(byte, _)| *byte);
        at.ok().and_then(|at| self.0.get(at)).map_or(0, |(_, chars)| *chars)
    }
}

#[cfg(test)]
pub(super) mod tests {
    use proptest::prelude::*;
    use taxonomy::Span;

    use super::*;

    pub(in crate::moderation) fn finding(class: Option<RiskClass>, severity: Severity, start: usize, end: usize) -> Finding {
        Finding {
            class,
            attack: None,
            personal: None,
            detector: "keywords".to_owned(),
            rule: "A1f-0001".to_owned(),
            score: 0.9,
            severity,
            span: Span { start, end },
            matched: "secret words".to_owned(),
            via: None,
        }
    }

    #[test]
    fn a_span_stands_in_bytes_and_characters_and_the_text_is_not_repeated() {
        let these = found("你好abc", &[finding(Some(RiskClass::A1f), Severity::Block, 3, 7)]);
        assert_eq!((these[0].bytes, these[0].chars, these[0].score), (Range { start: 3, end: 7 }, Range { start: 1, end: 3 }, 0.9));
        assert!(!serde_json::to_string(&these).unwrap().contains("secret"));
    }

    proptest! {
        #[test]
        fn one_walk_counts_as_many_walks(text in "[a你😀é]{0,30}", cuts in prop::collection::vec((0usize..31, 0usize..31), 0..12)) {
            let at = |n: usize| text.char_indices().map(|(at, _)| at).chain([text.len()]).nth(n.min(text.chars().count())).unwrap();
            let findings: Vec<Finding> = cuts.iter().map(|(a, b)| finding(None, Severity::Note, at(*a.min(b)), at(*a.max(b)))).collect();
            for (finding, found) in findings.iter().zip(found(&text, &findings)) {
                prop_assert_eq!(found.chars.start, text.get(..finding.span.start).unwrap().chars().count());
                prop_assert_eq!(found.chars.end, text.get(..finding.span.end).unwrap().chars().count());
            }
        }
    }
}

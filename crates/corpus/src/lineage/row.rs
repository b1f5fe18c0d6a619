//! What a row of a scan is under the root of its shard: the bytes of its leaf, which anyone can make again from what the findings say.

use std::sync::LazyLock;

use ledger::hash::{Hash, leaf_hash};
use sha2::{Digest, Sha256};
use taxonomy::{Decision, Fault, Finding};

use crate::broken::Broken;
use crate::row::Judged;

/// First byte of a leaf of this version.
pub(super) const VERSION: u8 = 1;
/// First byte of what is digested: of a text that was read, and of a row that was not.
const READ: u8 = 0;
const BROKEN: u8 = 1;
/// Where a text may be missing: longer than any.
const NONE: u32 = u32::MAX;

/// Of most rows: nothing was found.
static NOTHING: LazyLock<Hash> = LazyLock::new(|| found(&[], &[]));

/// The leaf hash of a row.
pub(crate) fn row_hash(shard: u32, row: &Judged) -> Hash {
    let (hash, digest) = match &row.content {
        Ok(content) => (Some(&content.hash), digest(&content.findings, &content.faults)),
        Err(broken) => (None, broken_digest(broken)),
    };
    leaf_hash(&leaf(shard, row.line, hash, &digest, row.decision))
}

/// The bytes of a leaf.
pub(super) fn leaf(shard: u32, line: u64, hash: Option<&[u8; 16]>, digest: &Hash, decision: Decision) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(72);
    bytes.push(VERSION);
    bytes.extend_from_slice(&shard.to_be_bytes());
    bytes.extend_from_slice(&line.to_be_bytes());
    bytes.extend_from_slice(hash.unwrap_or(&[0; 16]));
    bytes.extend_from_slice(digest);
    bytes.extend_from_slice(decision.id().as_bytes());
    bytes
}

/// The digest of what was found in a text.
pub(super) fn digest(findings: &[Finding], faults: &[Fault]) -> Hash {
    if findings.is_empty() && faults.is_empty() { *NOTHING } else { found(findings, faults) }
}

/// The digest of why a row could not be read.
pub(super) fn broken_digest(broken: &Broken) -> Hash {
    let mut hash = Sha256::new_with_prefix([BROKEN]);
    text(&mut hash, Some(broken.kind.id()));
    text(&mut hash, Some(&broken.message));
    hash.finalize().into()
}

fn found(findings: &[Finding], faults: &[Fault]) -> Hash {
    let mut hash = Sha256::new_with_prefix([READ]);
    number(&mut hash, findings.len());
    for finding in findings {
        text(&mut hash, finding.class.map(taxonomy::RiskClass::id));
        text(&mut hash, finding.attack.map(taxonomy::AttackKind::id));
        text(&mut hash, finding.personal.map(taxonomy::PersonalKind::id));
        text(&mut hash, Some(&finding.detector));
        text(&mut hash, Some(&finding.rule));
        text(&mut hash, Some(finding.severity.id()));
        hash.update(finding.score.to_be_bytes());
        number(&mut hash, finding.span.start);
        number(&mut hash, finding.span.end);
        text(&mut hash, finding.via.as_deref());
        text(&mut hash, Some(finding.matched.as_str()).filter(|matched| !matched.is_empty()));
    }
    number(&mut hash, faults.len());
    for fault in faults {
        text(&mut hash, Some(&fault.detector));
        text(&mut hash, Some(&fault.message));
    }
    hash.finalize().into()
}

/// A text with its length before it, so that no two lists of texts have the same bytes.
fn text(hash: &mut Sha256, text: Option<&str>) {
    let text = text.map(str::as_bytes);
    hash.update(text.map_or(NONE, |text| u32::try_from(text.len()).unwrap_or(NONE)).to_be_bytes());
    hash.update(text.unwrap_or_default());
}

/// A number as the findings keep it.
fn number(hash: &mut Sha256, number: usize) {
    hash.update(u32::try_from(number).unwrap_or(u32::MAX).to_be_bytes());
}

#[cfg(test)]
mod tests {
    use keys::digest::hex;
    use taxonomy::{RiskClass, Severity, Span};

    use super::*;
    use crate::broken::BrokenKind;

    fn finding() -> Finding {
        Finding {
            class: Some(RiskClass::A1h),
            attack: None,
            personal: None,
            detector: "keyword".to_owned(),
            rule: "r1".to_owned(),
            score: 0.5,
            severity: Severity::Block,
            span: Span { start: 3, end: 9 },
            matched: String::new(),
            via: Some("sound".to_owned()),
        }
    }

    /// The example of `docs/formats/corpus-proof.md`, made there by hand with a few lines of Python.
    #[test]
    fn the_worked_example() {
        assert_eq!(hex(&digest(&[], &[])), "3e7077fd2f66d689e0cee6a7cf5b37bf2dca7c979af356d0a31cbc5c85605c7d");
        let found = digest(&[finding()], &[Fault { detector: "d".to_owned(), message: "m".to_owned() }]);
        let leaf = leaf(2, 17, Some(&[0xAB; 16]), &found, Decision::Refuse);
        assert_eq!((hex(&found).as_str(), hex(&leaf_hash(&leaf)).as_str()), (EXAMPLE_DIGEST, EXAMPLE_LEAF));
    }
    const EXAMPLE_DIGEST: &str = "c5c541b1282e5026d7596081aff20c981065d74d53129fb90118eaf73cca6af8";
    const EXAMPLE_LEAF: &str = "d9f332a6b1e40d24066aab657b1854470b1d9cadda66341868624069daaa4e34";

    #[test]
    fn every_field_counts() {
        let same = digest(&[finding()], &[]);
        for other in [
            Finding { class: None, ..finding() },
            Finding { class: None, attack: Some(taxonomy::AttackKind::ALL[0]), ..finding() },
            Finding { personal: Some(taxonomy::PersonalKind::ALL[0]), ..finding() },
            Finding { detector: "keywordr".to_owned(), rule: "1".to_owned(), ..finding() },
            Finding { rule: "r2".to_owned(), ..finding() },
            Finding { score: 0.25, ..finding() },
            Finding { severity: Severity::Note, ..finding() },
            Finding { span: Span { start: 4, end: 9 }, ..finding() },
            Finding { span: Span { start: 3, end: 8 }, ..finding() },
            Finding { via: None, matched: "sound".to_owned(), ..finding() },
            Finding { via: None, ..finding() },
        ] {
            assert_ne!(digest(std::slice::from_ref(&other), &[]), same, "{other:?}");
        }
        let fault = |detector: &str| Fault { detector: detector.to_owned(), message: "m".to_owned() };
        assert_ne!(digest(&[], &[fault("a")]), digest(&[], &[fault("b")]));
        let broken = |kind, message: &str| broken_digest(&Broken { kind, message: message.to_owned() });
        assert_ne!(broken(BrokenKind::NoJson, "m"), broken(BrokenKind::NoField, "m"));
        assert_ne!(broken(BrokenKind::NoJson, "m"), broken(BrokenKind::NoJson, "n"));
    }
}

//! Judging the texts of a request or an answer.

use std::time::Instant;

use detect::{Direction, Pipeline};
use taxonomy::Verdict;

use crate::metrics::{Found, Metrics};
use crate::otlp;
use crate::wire::{Opaque, Part, Parts};

/// Bytes that are judged where the request is served; more goes to a thread of its own, so that one long document does not hold up others. At some 20 MB/s
/// that is a millisecond and a half.
const INLINE_BYTES: usize = 32 << 10;

/// A part and what it was judged to be.
#[derive(Debug, Clone)]
pub(crate) struct Judged {
    /// The part.
    pub(crate) part: Part,
    /// What it is.
    pub(crate) verdict: Verdict,
}

/// All texts of a request or an answer, judged.
#[derive(Debug, Clone, Default)]
pub(crate) struct Checked {
    /// Part by part, in their order.
    pub(crate) judged: Vec<Judged>,
    /// What is no text.
    pub(crate) opaque: Vec<Opaque>,
}

/// Judges every part. Total: what cannot be judged is a fault in its verdict.
pub(crate) async fn check(pipeline: &Pipeline, parts: Parts, direction: Direction, metrics: &Metrics) -> Checked {
    let (start, _span) = (Instant::now(), otlp::span("check"));
    let Parts { parts, opaque } = parts;
    let bytes: usize = parts.iter().map(|part| part.text.len()).sum();
    let judged = if bytes <= INLINE_BYTES {
        judge(pipeline, parts, direction)
    } else {
        let (pipeline, kept) = (pipeline.clone(), parts.clone());
        match tokio::task::spawn_blocking(move || judge(&pipeline, parts, direction)).await {
            Ok(judged) => judged,
            // The judging path does not panic; should it do so all the same, everything has a fault, and the policy decides.
            Err(error) => kept.into_iter().map(|part| Judged { part, verdict: faulty(&error.to_string()) }).collect(),
        }
    };
    metrics.judged(start.elapsed());
    for one in &judged {
        count(&one.verdict, direction, metrics);
    }
    Checked { judged, opaque }
}

fn judge(pipeline: &Pipeline, parts: Vec<Part>, direction: Direction) -> Vec<Judged> {
    let one = |part: Part| Judged { verdict: verdict(pipeline, &part, direction), part };
    parts.into_iter().map(one).collect()
}

/// The verdict on a part: on its texts joined, and on them with a line feed between, for services join them either way.
fn verdict(pipeline: &Pipeline, part: &Part, direction: Direction) -> Verdict {
    let joined = pipeline.check_as(&part.text, direction);
    let Some(parted) = part.parted() else { return joined };
    let mut verdict = pipeline.check_as(&parted.text, direction);
    for finding in &mut verdict.findings {
        finding.span = parted.back(finding.span);
    }
    verdict.findings.retain(|finding| !joined.findings.iter().any(|other| other.rule == finding.rule && other.span == finding.span));
    Verdict {
        decision: joined.decision.max(verdict.decision),
        shadow: joined.shadow.max(verdict.shadow),
        findings: joined.findings.into_iter().chain(verdict.findings).collect(),
        faults: joined.faults.into_iter().chain(verdict.faults).collect(),
        versions: joined.versions,
    }
}

/// The verdict on what nothing could judge.
fn faulty(message: &str) -> Verdict {
    let fault = taxonomy::Fault { detector: "gateway".to_owned(), message: message.to_owned() };
    Verdict { decision: taxonomy::Decision::Hold, shadow: None, findings: Vec::new(), faults: vec![fault], versions: Vec::new() }
}

/// Counts what was found.
pub(crate) fn count(verdict: &Verdict, direction: Direction, metrics: &Metrics) {
    metrics.tally.judge(verdict);
    let direction = direction.id();
    for finding in &verdict.findings {
        let (kind, id) = match (finding.class, finding.attack, finding.personal) {
            (Some(class), _, _) => ("class", class.id()),
            (_, Some(attack), _) => ("attack", attack.id()),
            (_, _, Some(personal)) => ("personal", personal.id()),
            _ => ("ban", "ban"),
        };
        metrics.findings.get_or_create(&Found { direction, kind, id }).inc();
    }
    if !verdict.faults.is_empty() {
        metrics.findings.get_or_create(&Found { direction, kind: "fault", id: "fault" }).inc_by(verdict.faults.len() as u64);
    }
}

//! Sums since the start, of which alarms are made. Beside the metrics and not of them: a family of metrics cannot be summed without writing all of it out.

use std::sync::atomic::{AtomicU64, Ordering};

use serde_json::Value;
use store::guard::RequestRow;
use store::{Backlog, Entry};
use taxonomy::Verdict;

use super::Counts;

/// Sums since the start.
#[derive(Default)]
pub(crate) struct Tally {
    admitted: AtomicU64,
    attacked: AtomicU64,
    closed: AtomicU64,
    stopped: AtomicU64,
    failed: AtomicU64,
    judged: AtomicU64,
    faulted: AtomicU64,
    unrecorded: AtomicU64,
}

impl Tally {
    /// A request is let in. An entry names twenty findings; an attack behind twenty others is not seen here.
    pub(crate) fn admit(&self, entry: &Entry) {
        let findings = entry.details.get("findings").and_then(Value::as_array);
        add(&self.admitted, true);
        add(&self.attacked, findings.is_some_and(|rows| rows.iter().any(|row| row.get("attack").is_some())));
    }

    /// A request has its outcome.
    pub(crate) fn close(&self, row: &RequestRow, entry: &Entry) {
        add(&self.closed, true);
        add(&self.stopped, matches!(row.decision.as_str(), "refuse" | "hold"));
        // That the client went away is not the model service's failure.
        let failure = entry.details.get("failure").and_then(Value::as_str);
        add(&self.failed, failure.is_some_and(|failure| failure.starts_with("upstream")));
    }

    /// A text was judged.
    pub(crate) fn judge(&self, verdict: &Verdict) {
        add(&self.judged, true);
        add(&self.faulted, !verdict.faults.is_empty());
    }

    /// A request could not be recorded.
    pub(crate) fn lose(&self) {
        add(&self.unrecorded, true);
    }

    /// What was counted so far, and what waits.
    pub(crate) fn counts(&self, backlog: Option<Backlog>) -> Counts {
        let sum = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        // Parts before wholes: what is counted between two loads makes no share above one.
        let (attacked, stopped, failed, faulted) = (sum(&self.attacked), sum(&self.stopped), sum(&self.failed), sum(&self.faulted));
        Counts {
            admitted: sum(&self.admitted),
            attacked,
            closed: sum(&self.closed),
            stopped,
            failed,
            judged: sum(&self.judged),
            faulted,
            unrecorded: sum(&self.unrecorded),
            held: backlog.map(|backlog| backlog.tickets),
            jobs: backlog.map(|backlog| backlog.jobs),
        }
    }
}

fn add(counter: &AtomicU64, really: bool) {
    if really {
        counter.fetch_add(1, Ordering::Relaxed);
    }
}

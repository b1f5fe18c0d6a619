//! What is written down of a request: an entry when it is let in, on the disk before anything leaves; and one of its outcome.
//!
//! The first is written while the model service is already thinking, so that nobody waits for it; the answer waits for it. An outcome that is not a plain pass is
//! on the disk before the client hears of it. A plain pass is written behind the answer: after a crash such a request stands in the ledger without an outcome.

use std::sync::Arc;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use store::guard::RequestRow;
use store::{Change, Class, Entry, StoreError, Tenant};
use taxonomy::Verdict;
use tokio::sync::Semaphore;

use crate::metrics::Metrics;
use crate::otlp;
use crate::problem::Problem;
use crate::syslog::{Event, Teller};

/// Findings named in one entry; of more only the number is kept. A page of hits says no more than twenty of them.
const MAX_FINDINGS: usize = 20;

/// Outcomes on their way to the disk; beyond that the answer waits. About half a second's worth at the writer's speed.
const MAX_BEHIND: usize = 4_096;

/// Writes what happens to requests.
pub(crate) struct Recorder {
    tenant: Tenant,
    teller: Teller,
    behind: Arc<Semaphore>,
    metrics: Arc<Metrics>,
}

impl Recorder {
    pub(crate) fn new(tenant: Tenant, metrics: Arc<Metrics>, teller: Teller) -> Self {
        Self { tenant, teller, behind: Arc::new(Semaphore::new(MAX_BEHIND)), metrics }
    }

    /// Writes an entry, and returns when it is on the disk.
    pub(crate) async fn write(&self, entry: Entry) -> Result<(), Problem> {
        let _span = otlp::span("record");
        if entry.what == "request.admit" {
            self.metrics.tally.admit(&entry);
        }
        let written = self.tenant.change(async move |change: &mut Change| change.record(entry)).await;
        written.map(drop).map_err(|error| self.refused(&error))
    }

    /// Writes an entry behind what happens next.
    pub(crate) async fn write_behind(self: &Arc<Self>, entry: Entry) {
        let Ok(place) = Arc::clone(&self.behind).acquire_owned().await else { return };
        let recorder = Arc::clone(self);
        tokio::spawn(async move {
            let _ = recorder.write(entry).await;
            drop(place);
        });
    }

    /// Writes an outcome with the request's row, and returns when both are on the disk.
    pub(crate) async fn close(&self, mut row: RequestRow, entry: Entry) -> Result<(), Problem> {
        let _span = otlp::span("record");
        self.metrics.tally.close(&row, &entry);
        otlp::decided(&row.decision);
        let now_ms = self.tenant.now();
        let events = self.teller.listens().then(|| [Event::of_outcome(&row, &entry, now_ms), Event::of_faults(&row, &entry, now_ms)]);
        let closed = self.tenant.change(async move |change: &mut Change| {
            row.outcome = change.record(entry)?;
            change.close_request(row)
        });
        closed.await.map_err(|error| self.refused(&error))?;
        // Nobody is told of what could not be recorded: it was not answered either.
        events.into_iter().flatten().for_each(|event| self.teller.tell(|| event));
        Ok(())
    }

    /// The same behind the answer.
    pub(crate) async fn close_behind(self: &Arc<Self>, row: RequestRow, entry: Entry) {
        let Ok(place) = Arc::clone(&self.behind).acquire_owned().await else { return };
        let recorder = Arc::clone(self);
        tokio::spawn(async move {
            // A failure is counted; the next request is not let in while the store refuses.
            let _ = recorder.close(row, entry).await;
            drop(place);
        });
    }

    /// Waits until all outcomes are written.
    pub(crate) async fn drain(&self) {
        let _ = self.behind.acquire_many(u32::try_from(MAX_BEHIND).unwrap_or(u32::MAX)).await;
    }

    /// What the client hears when nothing can be recorded: not why, which is the operator's matter.
    fn refused(&self, _error: &StoreError) -> Problem {
        self.unrecorded()
    }

    /// The same where the store could not even be asked.
    pub(crate) fn unrecorded(&self) -> Problem {
        self.metrics.unrecorded.inc();
        self.metrics.tally.lose();
        Problem::new(503, "not_recorded", "the request could not be recorded, and what is not recorded is not answered; come again")
            .again_in(5)
    }
}

/// What was found, for a record: rules and classes, never the text.
pub(crate) fn findings<'a>(verdicts: impl Iterator<Item = (&'a str, &'a Verdict)>) -> Value {
    let (mut rows, mut more) = (Vec::new(), 0_usize);
    for (channel, verdict) in verdicts {
        for finding in &verdict.findings {
            if rows.len() == MAX_FINDINGS {
                more += 1;
                continue;
            }
            let mut row = json!({"channel": channel, "rule": finding.rule, "severity": finding.severity.id()});
            let speaks = [
                ("class", finding.class.map(|c| c.id())),
                ("attack", finding.attack.map(|a| a.id())),
                ("personal", finding.personal.map(|p| p.id())),
            ];
            for (name, id) in speaks.into_iter().filter_map(|(name, id)| Some((name, id?))) {
                put(&mut row, name, id);
            }
            if let Some(via) = &finding.via {
                put(&mut row, "via", via);
            }
            rows.push(row);
        }
        for fault in &verdict.faults {
            rows.push(json!({"channel": channel, "fault": fault.detector}));
        }
    }
    if more > 0 {
        rows.push(json!({"more": more}));
    }
    Value::Array(rows)
}

fn put(row: &mut Value, name: &str, value: &str) {
    if let Some(row) = row.as_object_mut() {
        row.insert(name.to_owned(), value.into());
    }
}

/// A decision, as it stands in the ledger.
pub(crate) fn entry(what: &'static str, by: &str) -> Entry {
    Entry::new(Class::Decision, what, by.to_owned())
}

/// SHA-256 of a body, in hexadecimal.
pub(crate) fn digest(body: &[u8]) -> String {
    Sha256::digest(body).iter().map(|byte| format!("{byte:02x}")).collect()
}

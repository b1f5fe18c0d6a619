//! The trace of one request, and the task that it is found in.

use std::future::Future;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use reqwest::header::{HeaderMap, HeaderValue};
use tokio::sync::mpsc;

use super::parent::{HEADER, Parent};
use crate::metrics::{Fate, Metrics};

/// Stages of one request that are kept: a plain one has six, one that waits for a person or is judged in many goes a few more.
const MAX_STAGES: usize = 64;

tokio::task_local! {
    static TRACE: Option<Arc<Trace>>;
}

/// A trace that has begun. It ends when the last that works on the request lets go of it.
pub(crate) struct Trace {
    queue: mpsc::Sender<Ended>,
    metrics: Arc<Metrics>,
    /// The trace, and the span of the whole request.
    own: Parent,
    /// Whoever asked.
    parent: Option<[u8; 8]>,
    name: &'static str,
    began_ms: i64,
    began: Instant,
    next: AtomicU64,
    seed: u64,
    told: Mutex<Told>,
}

/// What is known of the request so far.
#[derive(Default)]
struct Told {
    stages: Vec<Stage>,
    result: Option<Outcome>,
    /// What was decided last: of a stream, at its end.
    decision: Option<String>,
}

/// How a request was answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Outcome {
    pub(super) status: u16,
    pub(super) action: &'static str,
    /// The ledger entry, where there is one.
    pub(super) request: Option<String>,
}

/// A stage that has ended. Times in ns since the request began.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Stage {
    pub(super) id: [u8; 8],
    pub(super) name: &'static str,
    pub(super) from_ns: u64,
    pub(super) to_ns: u64,
}

/// A trace that has ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Ended {
    pub(super) own: Parent,
    pub(super) parent: Option<[u8; 8]>,
    pub(super) name: &'static str,
    /// When it began, ns since 1970.
    pub(super) began_ns: u64,
    pub(super) took_ns: u64,
    pub(super) stages: Vec<Stage>,
    pub(super) result: Option<Outcome>,
    /// What was decided last, as its record has it.
    pub(super) decision: Option<String>,
}

/// A stage at work; it ends when dropped.
pub(crate) struct Span {
    trace: Arc<Trace>,
    id: [u8; 8],
    name: &'static str,
    from_ns: u64,
}

impl Trace {
    pub(super) fn new(
        queue: mpsc::Sender<Ended>,
        metrics: Arc<Metrics>,
        parent: Option<Parent>,
        bytes: [u8; 16],
        seed: u64,
        name: &'static str,
        began_ms: i64,
    ) -> Self {
        let trace = parent.as_ref().map_or(bytes, |parent| parent.trace);
        let own = Parent { trace, span: nth(seed, 0), sampled: true };
        let parent = parent.map(|parent| parent.span);
        Self { queue, metrics, own, parent, name, began_ms, began: Instant::now(), next: AtomicU64::new(1), seed, told: Mutex::default() }
    }

    fn at_ns(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_nanos()).unwrap_or(u64::MAX)
    }

    fn told(&self) -> std::sync::MutexGuard<'_, Told> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The n-th span of a request: the step of SplitMix64 visits every number once. 0 names no span.
fn nth(seed: u64, n: u64) -> [u8; 8] {
    seed.wrapping_add(n.wrapping_mul(0x9e37_79b9_7f4a_7c15)).max(1).to_be_bytes()
}

impl Drop for Trace {
    fn drop(&mut self) {
        let told = std::mem::take(&mut *self.told());
        let ended = Ended {
            own: self.own.clone(),
            parent: self.parent,
            name: self.name,
            began_ns: self.began_ms.unsigned_abs().saturating_mul(1_000_000),
            took_ns: self.at_ns(),
            stages: told.stages,
            result: told.result,
            decision: told.decision,
        };
        if self.queue.try_send(ended).is_err() {
            self.metrics.told.get_or_create(&Fate::dropped("otlp")).inc();
        }
    }
}

impl Drop for Span {
    fn drop(&mut self) {
        let stage = Stage { id: self.id, name: self.name, from_ns: self.from_ns, to_ns: self.trace.at_ns() };
        let mut told = self.trace.told();
        if told.stages.len() < MAX_STAGES {
            told.stages.push(stage);
        }
    }
}

impl Span {
    /// Says to whoever is asked next that this stage asks.
    pub(crate) fn pass_on(&self, headers: &mut HeaderMap) {
        let own = Parent { span: self.id, ..self.trace.own.clone() };
        let Ok(value) = HeaderValue::from_str(&own.text()) else { return };
        headers.insert(HEADER, value);
        // What another trace's vendors noted does not belong to one that began here (W3C Trace Context, 3.3.1).
        if self.trace.parent.is_none() {
            headers.remove("tracestate");
        }
    }
}

/// Begins a stage of the request that this task works on; it ends when dropped.
pub(crate) fn span(name: &'static str) -> Option<Span> {
    let trace = current()?;
    let id = nth(trace.seed, trace.next.fetch_add(1, Ordering::Relaxed));
    let from_ns = trace.at_ns();
    Some(Span { trace, id, name, from_ns })
}

/// Works on a request with its trace.
pub(crate) fn within<T>(trace: Option<Arc<Trace>>, work: impl Future<Output = T>) -> impl Future<Output = T> {
    TRACE.scope(trace, work)
}

/// Takes the trace along into a task of its own, as a stage.
pub(crate) fn carried<T>(name: &'static str, work: impl Future<Output = T>) -> impl Future<Output = T> {
    within(current(), async move {
        let _span = span(name);
        work.await
    })
}

/// Says what was decided on the request of this task.
pub(crate) fn decided(decision: &str) {
    if let Some(trace) = current() {
        trace.told().decision = Some(decision.to_owned());
    }
}

/// Says how the request of this task was answered.
pub(crate) fn ended(status: u16, action: &'static str, request: Option<&HeaderValue>) {
    let Some(trace) = current() else { return };
    let request = request.and_then(|request| request.to_str().ok()).map(str::to_owned);
    trace.told().result = Some(Outcome { status, action, request });
}

fn current() -> Option<Arc<Trace>> {
    TRACE.try_with(Clone::clone).ok().flatten()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::super::{Config, Tracer};
    use super::*;

    fn traced(sample: f64) -> (Tracer, mpsc::Receiver<Ended>) {
        let (queue, waiting) = mpsc::channel(4);
        let config: Config = toml::from_str(&format!("url = \"http://127.0.0.1:9\"\nsample = {sample:?}")).unwrap();
        let (tracer, _) = Tracer::new(Some(&config), Arc::new(Metrics::new())).unwrap();
        (Tracer { queue: Some(queue), ..tracer }, waiting)
    }

    fn begin(tracer: &Tracer, headers: &HeaderMap, last: u8) -> Option<Arc<Trace>> {
        tracer.begin(headers, "/v1/x", 1_000, || Some(store::EntryId([last; 16])))
    }

    fn parent(flags: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(HEADER, format!("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-{flags}").parse().unwrap());
        headers
    }

    #[tokio::test]
    async fn stages_are_found_in_the_task_and_the_trace_ends_with_the_last_of_it() {
        let (tracer, mut waiting) = traced(1.0);
        let trace = begin(&tracer, &parent("01"), 7);
        let mut pump = None;
        within(trace, async {
            let upstream = span("upstream").unwrap();
            let mut headers = parent("01");
            headers.insert("tracestate", HeaderValue::from_static("a=b"));
            upstream.pass_on(&mut headers);
            let said = headers[HEADER].to_str().unwrap().to_owned();
            assert!(
                said.starts_with("00-4bf92f3577b34da6a3ce929d0e0e4736-") && !said.contains("00f067aa0ba902b7") && said.ends_with("-01")
            );
            assert!(headers.contains_key("tracestate"));
            drop(upstream);
            decided("mask");
            ended(200, "pass", Some(&HeaderValue::from_static("0a")));
            pump = Some(tokio::spawn(carried("stream", async { drop(span("check")) })));
        })
        .await;
        pump.unwrap().await.unwrap();
        let ended = waiting.recv().await.unwrap();
        let names: Vec<_> = ended.stages.iter().map(|stage| stage.name).collect();
        assert_eq!((names, ended.parent), (vec!["upstream", "check", "stream"], Some([0, 0xf0, 0x67, 0xaa, 0x0b, 0xa9, 2, 0xb7])));
        assert_eq!(ended.decision.as_deref(), Some("mask"));
        assert_eq!(ended.result.unwrap(), Outcome { status: 200, action: "pass", request: Some("0a".to_owned()) });
        let ids: HashSet<_> = ended.stages.iter().map(|stage| stage.id).chain([ended.own.span]).collect();
        assert_eq!(ids.len(), 4);
        assert!(ended.stages.iter().all(|stage| stage.from_ns <= stage.to_ns && stage.to_ns <= ended.took_ns));
    }

    #[tokio::test]
    async fn the_client_says_whether_it_is_kept_and_else_the_share_does() {
        let (tracer, _waiting) = traced(0.5);
        assert!(begin(&tracer, &parent("01"), 0xff).is_some() && begin(&tracer, &parent("00"), 0).is_none());
        let none = HeaderMap::new();
        assert!(begin(&tracer, &none, 0x7f).is_some() && begin(&tracer, &none, 0x80).is_none());
        let (tracer, _waiting) = traced(0.0);
        assert!(begin(&tracer, &none, 0).is_none());
        let (tracer, _waiting) = traced(1.0);
        assert!(begin(&tracer, &none, 0xff).is_some());
        assert!(span("check").is_none(), "outside of a request there is no trace");
    }

    #[tokio::test]
    async fn a_full_queue_drops_and_counts() {
        let (tracer, _waiting) = traced(1.0);
        for _ in 0..6 {
            drop(begin(&tracer, &HeaderMap::new(), 1));
        }
        assert_eq!(tracer.metrics.told.get_or_create(&Fate::dropped("otlp")).get(), 2);
    }
}

//! What is counted, in Prometheus's words. Nothing here names a person, a key or a text.

use std::fmt;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::{Registry, Unit};

/// How a request ended.
#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
pub(crate) struct Outcome {
    /// Which endpoint.
    pub(crate) endpoint: &'static str,
    /// What was decided: `pass`, `mask`, `refuse`, `hold`, `reroute`, or `turned-away` before anything was judged.
    pub(crate) action: &'static str,
    /// HTTP status.
    pub(crate) status: u16,
}

/// What a finding speaks for.
#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
pub(crate) struct Found {
    /// `input` or `output`.
    pub(crate) direction: &'static str,
    /// `class`, `attack`, `personal`, `ban` or `fault`.
    pub(crate) kind: &'static str,
    /// Which: an id of the taxonomy.
    pub(crate) id: &'static str,
}

/// An error of the model service.
#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
pub(crate) struct UpstreamFailure {
    /// Which service.
    pub(crate) upstream: String,
    /// Stable code.
    pub(crate) code: String,
}

/// All that is counted.
pub(crate) struct Metrics {
    registry: Registry,
    pub(crate) requests: Family<Outcome, Counter>,
    pub(crate) findings: Family<Found, Counter>,
    pub(crate) upstream_failures: Family<UpstreamFailure, Counter>,
    pub(crate) unrecorded: Counter,
    pub(crate) strikes: Counter,
    pub(crate) judging: Histogram,
    pub(crate) added: Histogram,
    pub(crate) at_work: Gauge,
    pub(crate) tickets: Gauge,
    pub(crate) reload_age: Gauge<f64, AtomicU64>,
}

impl Metrics {
    pub(crate) fn new() -> Self {
        // 20 µs to 40 s.
        let seconds = || Histogram::new(exponential_buckets(20e-6, 2.0, 22));
        let mut metrics = Self {
            registry: Registry::with_prefix("guiju"),
            requests: Family::default(),
            findings: Family::default(),
            upstream_failures: Family::default(),
            unrecorded: Counter::default(),
            strikes: Counter::default(),
            judging: seconds(),
            added: seconds(),
            at_work: Gauge::default(),
            tickets: Gauge::default(),
            reload_age: Gauge::default(),
        };
        let registry = &mut metrics.registry;
        registry.register("requests", "Requests by endpoint, decision and status", metrics.requests.clone());
        registry.register("findings", "Findings by direction and what they speak for", metrics.findings.clone());
        registry.register("upstream_failures", "Failures of the model services", metrics.upstream_failures.clone());
        registry.register("unrecorded", "Requests refused because they could not be recorded", metrics.unrecorded.clone());
        registry.register("strikes", "Strikes given to users", metrics.strikes.clone());
        registry.register_with_unit("judging", "Time to judge one request or answer", Unit::Seconds, metrics.judging.clone());
        registry.register_with_unit("added", "Time from a request's arrival until it was sent on", Unit::Seconds, metrics.added.clone());
        registry.register("at_work", "Requests at work", metrics.at_work.clone());
        registry.register("tickets_waiting", "Requests and answers that wait for a person", metrics.tickets.clone());
        registry.register_with_unit("reload_age", "Time since the rules were last read", Unit::Seconds, metrics.reload_age.clone());
        metrics
    }

    /// As the OpenMetrics text format has it.
    pub(crate) fn text(&self) -> Result<String, fmt::Error> {
        let mut text = String::new();
        encode(&mut text, &self.registry)?;
        Ok(text)
    }

    pub(crate) fn judged(&self, time: Duration) {
        self.judging.observe(time.as_secs_f64());
    }
}

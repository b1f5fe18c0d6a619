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

use crate::alarms::Tally;

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

/// What became of something that was told to another system.
#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
pub(crate) struct Fate {
    /// Which: `syslog`, `otlp`.
    sink: &'static str,
    /// `sent` or `dropped`.
    fate: &'static str,
}

impl Fate {
    pub(crate) const fn sent(sink: &'static str) -> Self {
        Self { sink, fate: "sent" }
    }

    pub(crate) const fn dropped(sink: &'static str) -> Self {
        Self { sink, fate: "dropped" }
    }
}

/// An alarm.
#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
pub(crate) struct AlarmName {
    /// Its name.
    pub(crate) alarm: String,
    /// How soon somebody should look.
    pub(crate) severity: &'static str,
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
    pub(crate) jobs: Gauge,
    pub(crate) alarms: Family<AlarmName, Gauge>,
    pub(crate) told: Family<Fate, Counter>,
    /// What alarms are made of.
    pub(crate) tally: Tally,
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
            jobs: Gauge::default(),
            alarms: Family::default(),
            told: Family::default(),
            tally: Tally::default(),
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
        registry.register("jobs_waiting", "Jobs that are due and not begun", metrics.jobs.clone());
        registry.register("alarm", "Whether an alarm is raised", metrics.alarms.clone());
        registry.register("told", "Events and spans for other systems, by what became of them", metrics.told.clone());
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

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::Value;

    use super::*;

    /// Every series that a scrape may show: families that are still empty are given one.
    fn series() -> BTreeSet<String> {
        let metrics = Metrics::new();
        metrics.requests.get_or_create(&Outcome { endpoint: "x", action: "pass", status: 200 }).inc();
        metrics.findings.get_or_create(&Found { direction: "input", kind: "class", id: "x" }).inc();
        metrics.upstream_failures.get_or_create(&UpstreamFailure { upstream: "x".to_owned(), code: "x".to_owned() }).inc();
        metrics.alarms.get_or_create(&AlarmName { alarm: "x".to_owned(), severity: "notice" }).set(0);
        metrics.told.get_or_create(&Fate::sent("syslog")).inc();
        let text = metrics.text().unwrap();
        let lines = text.lines().filter(|line| !line.starts_with('#'));
        lines.filter_map(|line| line.split(['{', ' ']).next()).map(str::to_owned).collect()
    }

    /// Words of a query that begin like a metric of ours.
    fn named(query: &str) -> Vec<String> {
        let words = query.split(|sign: char| !sign.is_ascii_alphanumeric() && sign != '_');
        words.filter(|word| word.starts_with("guiju_")).map(str::to_owned).collect()
    }

    #[test]
    fn every_panel_of_the_dashboard_asks_for_what_there_is_and_everything_there_is_has_a_panel() {
        let dashboard: Value = serde_json::from_str(include_str!("../../../docs/grafana/guiju.json")).unwrap();
        let (known, mut asked) = (series(), BTreeSet::new());
        for panel in dashboard["panels"].as_array().unwrap() {
            let targets = panel["targets"].as_array().unwrap();
            let names: Vec<String> = targets.iter().flat_map(|target| named(target["expr"].as_str().unwrap())).collect();
            assert!(!names.is_empty(), "{}", panel["title"]);
            for name in names {
                assert!(known.contains(&name), "{} asks for {name}, which is not counted", panel["title"]);
                asked.insert(name);
            }
        }
        for name in known.iter().filter(|name| !name.ends_with("_sum") && !name.ends_with("_count")) {
            assert!(asked.contains(name), "no panel shows {name}");
        }
    }
}

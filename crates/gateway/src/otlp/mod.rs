//! Traces and metrics for a collector of the operator's, as OTLP over HTTP in JSON (`docs/formats/otlp.md`). Off unless the set-up names where.
//!
//! A trace is one request: a span for the whole, a child for each stage. Stages find it in the task they run in, so that none has to hand it on. Nothing in it is a
//! text or a person. It is told behind what happened: a collector that is slow or gone delays nothing, the queue is bounded, and what does not fit is counted.

mod metrics;
mod parent;
mod send;
mod spans;
mod trace;

use std::sync::Arc;

use serde::Deserialize;
use store::EntryId;
use tokio::sync::mpsc;

use crate::config::ConfigError;
use crate::metrics::Metrics;

pub(crate) use send::Sender;
pub(crate) use trace::{carried, decided, ended, span, within};

use parent::Parent;
use trace::{Ended, Trace};

/// Traces on their way; beyond that they are dropped and counted. Some 1 kB each; a second's worth of a gateway that serves as many as it can.
const MAX_QUEUED: usize = 8_192;

/// Where traces and metrics go.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The collector: `http://HOST:4318`. `/v1/traces` and `/v1/metrics` are added.
    pub url: String,
    /// The environment variable with its key, sent as `Authorization: Bearer`.
    #[serde(default)]
    pub key_env: Option<String>,
    /// The share of requests that are traced, 0 to 1, where the client does not say.
    #[serde(default = "all")]
    pub sample: f64,
    /// Seconds between two reports of the metrics; 0: none.
    #[serde(default = "quarter_minute")]
    pub metrics_s: u64,
    /// What this gateway is called there (`service.name`).
    #[serde(default = "name")]
    pub service: String,
}

impl Config {
    /// What is wrong with it, if anything is.
    pub(crate) fn wrong(&self) -> Option<&'static str> {
        if !(0.0..=1.0).contains(&self.sample) {
            return Some("`[otlp] sample` is a share, within 0 to 1");
        }
        let is_name = (1..=200).contains(&self.service.chars().count()) && !self.service.chars().any(char::is_control);
        (!is_name).then_some("`[otlp] service` is one line of 1 to 200 characters")
    }
}

/// Begins traces. Costs nothing where nobody listens.
pub(crate) struct Tracer {
    queue: Option<mpsc::Sender<Ended>>,
    /// Of trace ids below it, as numbers, new traces are kept.
    below: u128,
    metrics: Arc<Metrics>,
}

impl Tracer {
    /// A tracer, and what carries its traces away.
    pub(crate) fn new(config: Option<&Config>, metrics: Arc<Metrics>) -> Result<(Self, Option<Sender>), ConfigError> {
        let Some(config) = config else { return Ok((Self { queue: None, below: 0, metrics }, None)) };
        let (queue, waiting) = mpsc::channel(MAX_QUEUED);
        let sender = Sender::new(config, waiting, Arc::clone(&metrics))?;
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss, reason = "a share of 2^64")]
        let below = (config.sample * u64::MAX as f64) as u128 + u128::from(config.sample >= 1.0);
        Ok((Self { queue: Some(queue), below, metrics }, Some(sender)))
    }

    /// Begins the trace of a request: the client's, or a new one; `None` where it is not to be traced. `id` is where its ids come from: it is random, but for its first
    /// six bytes.
    pub(crate) fn begin(
        &self,
        headers: &axum::http::HeaderMap,
        name: &'static str,
        now_ms: i64,
        id: impl FnOnce() -> Option<EntryId>,
    ) -> Option<Arc<Trace>> {
        let queue = self.queue.clone()?;
        let parent = Parent::of(headers);
        let EntryId(bytes) = id()?;
        let seed = u64::from_be_bytes(bytes.last_chunk().copied().unwrap_or_default());
        let is_wanted = parent.as_ref().map_or_else(|| u128::from(seed) < self.below, |parent| parent.sampled);
        is_wanted.then(|| Arc::new(Trace::new(queue, Arc::clone(&self.metrics), parent, bytes, seed, name, now_ms)))
    }
}

const fn all() -> f64 {
    1.0
}

const fn quarter_minute() -> u64 {
    15
}

fn name() -> String {
    "guiju-gateway".to_owned()
}

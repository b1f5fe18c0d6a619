//! Carrying traces and metrics to the collector: once a second what there is, and after a failure that may pass, again (OTLP/HTTP, "Failures").

use std::sync::Arc;
use std::time::Duration;

use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue, RETRY_AFTER};
use reqwest::{Client, Url};
use serde_json::Value;
use tokio::sync::{mpsc, watch};
use tokio::time::{sleep, timeout};

use super::trace::Ended;
use super::{Config, metrics, spans};
use crate::Gateway;
use crate::config::ConfigError;
use crate::metrics::{Fate, Metrics};
use crate::upstream::{bearer, provider};

/// Traces of one body: some 500 kB of JSON, far below the 4 MiB that collectors take.
const MAX_BATCH: usize = 512;

/// How often what there is goes out.
const TURN: Duration = Duration::from_secs(1);

/// Time for one body to be taken.
const PATIENCE: Duration = Duration::from_secs(5);

/// How often a body is tried; the wait doubles from a second. While it waits, the queue fills and drops.
const TRIES: u32 = 4;

/// Longest wait that a collector may ask for.
const MAX_WAIT_S: u64 = 30;

/// What the gateway's end waits for what is still queued.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// Carries traces and metrics away.
pub(crate) struct Sender {
    client: Client,
    traces: Url,
    metrics_to: Url,
    key: Option<HeaderValue>,
    resource: Value,
    metrics_s: u64,
    waiting: mpsc::Receiver<Ended>,
    metrics: Arc<Metrics>,
}

impl Sender {
    pub(super) fn new(config: &Config, waiting: mpsc::Receiver<Ended>, metrics: Arc<Metrics>) -> Result<Self, ConfigError> {
        let bad = |what: String| ConfigError(format!("`[otlp]`: {what}"));
        let base = Url::parse(&config.url).ok().filter(|url| matches!(url.scheme(), "http" | "https") && url.username().is_empty());
        let base = base.ok_or_else(|| bad(format!("'{}' is no collector: write http://HOST:4318", config.url)))?;
        let below = |path: &str| {
            let mut url = base.clone();
            url.set_path(&format!("{}{path}", base.path().trim_end_matches('/')));
            url
        };
        provider();
        let client = Client::builder()
            .timeout(PATIENCE)
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .user_agent(concat!("guiju/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| bad(format!("cannot set up the HTTP client: {error}")))?;
        let key = config.key_env.as_deref().map(|name| bearer(name).map_err(bad)).transpose()?;
        Ok(Self {
            client,
            traces: below("/v1/traces"),
            metrics_to: below("/v1/metrics"),
            key,
            resource: spans::resource(&config.service),
            metrics_s: config.metrics_s,
            waiting,
            metrics,
        })
    }

    /// Carries until told to stop, then for a moment what is left.
    pub(crate) async fn run(mut self, gateway: Arc<Gateway>, mut stop: watch::Receiver<bool>) {
        let start_ms = gateway.now_ms();
        tokio::select! {
            () = self.each_turn(&gateway, start_ms) => {}
            _ = stop.wait_for(|stop| *stop) => {}
        }
        let last = async {
            self.carry().await;
            self.numbers(&gateway, start_ms).await;
        };
        let _ = timeout(LAST_WORDS, last).await;
    }

    async fn each_turn(&mut self, gateway: &Gateway, start_ms: i64) {
        for turn in 1_u64.. {
            sleep(TURN).await;
            self.carry().await;
            if self.metrics_s > 0 && turn.is_multiple_of(self.metrics_s) {
                self.numbers(gateway, start_ms).await;
            }
        }
    }

    /// Sends the metrics, where they are wanted.
    async fn numbers(&self, gateway: &Gateway, start_ms: i64) {
        gateway.gauge();
        let Some(text) = self.metrics.text().ok().filter(|_| self.metrics_s > 0) else { return };
        let ns = |ms: i64| ms.unsigned_abs().saturating_mul(1_000_000);
        self.post(&self.metrics_to, &metrics::request(&self.resource, &text, ns(start_ms), ns(gateway.now_ms()))).await;
    }

    /// Sends the traces that have ended.
    async fn carry(&mut self) {
        loop {
            let batch: Vec<Ended> = std::iter::from_fn(|| self.waiting.try_recv().ok()).take(MAX_BATCH).collect();
            if batch.is_empty() {
                return;
            }
            let taken = self.post(&self.traces, &spans::request(&self.resource, &batch)).await;
            let fate = if taken { Fate::sent("otlp") } else { Fate::dropped("otlp") };
            self.metrics.told.get_or_create(&fate).inc_by(batch.len() as u64);
        }
    }

    /// Posts a body; says whether it was taken.
    async fn post(&self, to: &Url, body: &Value) -> bool {
        let body = bytes::Bytes::from(body.to_string());
        for attempt in 0..TRIES {
            let request = self.client.post(to.clone()).header(CONTENT_TYPE, "application/json").body(body.clone());
            let request = match &self.key {
                Some(key) => request.header(AUTHORIZATION, key.clone()),
                None => request,
            };
            let asked = match request.send().await {
                Ok(answer) if answer.status().is_success() => return true,
                // Only these may pass; what the collector calls wrong stays wrong.
                Ok(answer) if !matches!(answer.status().as_u16(), 429 | 502..=504) => return false,
                Ok(answer) => answer.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.parse::<u64>().ok()),
                Err(_) => None,
            };
            if attempt + 1 < TRIES {
                sleep(Duration::from_secs(asked.unwrap_or(1 << attempt).min(MAX_WAIT_S))).await;
            }
        }
        false
    }
}

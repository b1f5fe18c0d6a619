//! The models behind the gateway: a request out, an answer in pieces back.

mod demo;
mod http;

use std::pin::Pin;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::{Stream, StreamExt};
use reqwest::header::{HeaderMap, HeaderValue};

use crate::config::{self, Config, ConfigError};
use crate::otlp;
use crate::wire::Endpoint;

pub(crate) use http::{bearer, provider};

/// An answer as it comes.
pub(crate) type Pieces = Pin<Box<dyn Stream<Item = Result<Bytes, UpstreamError>> + Send>>;

/// The beginning of an answer.
pub(crate) struct Answer {
    /// HTTP status.
    pub(crate) status: u16,
    /// Its header.
    pub(crate) headers: HeaderMap,
    /// The rest.
    pub(crate) pieces: Pieces,
}

/// Why there is no answer, or no more of it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum UpstreamError {
    /// Nobody there.
    #[error("the model service cannot be reached")]
    Connect,
    /// No byte within the time.
    #[error("the model service was silent for too long")]
    Silent,
    /// It ended where it should not.
    #[error("the connection to the model service broke")]
    Broken,
    /// More than is read.
    #[error("the answer of the model service is longer than {0} bytes")]
    TooLong(usize),
    /// Whoever asked is gone.
    #[error("the client is gone")]
    Unwanted,
}

impl UpstreamError {
    /// Status and stable code for the client.
    pub(crate) const fn code(&self) -> (u16, &'static str) {
        match self {
            Self::Connect => (502, "upstream_unreachable"),
            Self::Silent => (504, "upstream_timeout"),
            Self::Broken => (502, "upstream_broken"),
            Self::TooLong(_) => (502, "upstream_too_long"),
            // Nobody hears it; it stands in the ledger.
            Self::Unwanted => (499, "client_gone"),
        }
    }
}

/// One model service.
pub(crate) struct Upstream {
    /// Its name in records.
    pub(crate) name: String,
    config: config::Upstream,
    kind: Kind,
}

enum Kind {
    Http(http::Http),
    Demo,
}

impl Upstream {
    /// All that a set-up names, in its order.
    pub(crate) fn all(config: &Config) -> Result<Vec<Arc<Self>>, ConfigError> {
        let one = |upstream: &config::Upstream| {
            let kind = if upstream.url == "demo:" { Kind::Demo } else { Kind::Http(http::Http::new(upstream)?) };
            Ok(Arc::new(Self { name: upstream.name.clone(), config: upstream.clone(), kind }))
        };
        config.upstream.iter().map(one).collect()
    }

    /// The name by which it knows a model; `None` where it does not serve it.
    pub(crate) fn model<'a>(&'a self, name: &'a str) -> Option<&'a str> {
        if self.config.models.is_empty() { Some(name) } else { self.config.models.get(name).map(String::as_str) }
    }

    /// The models it is known to serve, as clients name them; `None` where it must be asked.
    pub(crate) fn models(&self) -> Option<Vec<String>> {
        match self.kind {
            Kind::Demo => Some(vec![demo::MODEL.to_owned()]),
            Kind::Http(_) if self.config.models.is_empty() => None,
            Kind::Http(_) => Some(self.config.models.keys().cloned().collect()),
        }
    }

    /// Sends a request. Only the stages before may call it: what is sent here has been judged and recorded.
    pub(crate) async fn send(&self, endpoint: Endpoint, headers: &HeaderMap, body: Bytes) -> Result<Answer, UpstreamError> {
        let span = otlp::span("upstream");
        match &self.kind {
            Kind::Http(http) => {
                let mut headers = headers.clone();
                if let Some(span) = &span {
                    span.pass_on(&mut headers);
                }
                http.post(below_version(endpoint.path()), headers, body).await
            }
            Kind::Demo => Ok(demo::answer(endpoint, &body)),
        }
    }

    /// The list of models, asked of the service itself.
    pub(crate) async fn list(&self) -> Result<Answer, UpstreamError> {
        match &self.kind {
            Kind::Http(http) => http.get("/models").await,
            Kind::Demo => Ok(demo::models()),
        }
    }
}

/// The rest of an answer, bounded.
pub(crate) async fn whole(mut pieces: Pieces, most: usize) -> Result<Bytes, UpstreamError> {
    let _span = otlp::span("read");
    let mut whole = Vec::new();
    while let Some(piece) = pieces.next().await {
        let piece = piece?;
        if whole.len() + piece.len() > most {
            return Err(UpstreamError::TooLong(most));
        }
        whole.extend_from_slice(&piece);
    }
    Ok(Bytes::from(whole))
}

/// Headers of a client that are passed on: those that say how to answer, none that say who asks. Keys, cookies and addresses stay here.
pub(crate) fn passed_on(headers: &HeaderMap) -> HeaderMap {
    const NAMES: &[&str] = &["accept", "openai-beta", "x-request-id", "traceparent", "tracestate", "idempotency-key"];
    let known = |name: &&str| Some((reqwest::header::HeaderName::from_bytes(name.as_bytes()).ok()?, headers.get(*name)?.clone()));
    let mut kept: HeaderMap = NAMES.iter().filter_map(known).collect();
    kept.insert("content-type", HeaderValue::from_static("application/json"));
    kept
}

/// Headers of an answer that are passed back.
pub(crate) fn passed_back(headers: &HeaderMap) -> HeaderMap {
    let known =
        |name: &str| name == "retry-after" || name.starts_with("x-ratelimit-") || name == "openai-processing-ms" || name == "x-request-id";
    headers.iter().filter(|(name, _)| known(name.as_str())).map(|(name, value)| (name.clone(), value.clone())).collect()
}

/// The path of an interface without the version, which stands in the address of the service.
fn below_version(path: &str) -> &str {
    path.strip_prefix("/v1").unwrap_or(path)
}

//! What is asked: the body of a request, read within its limits, and the facts of it that the flow needs.

use std::io::Read;
use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody};
use axum::http::{HeaderMap, Request, header};
use futures_util::StreamExt;
use serde_json::Value;
use taxonomy::Lang;

use crate::canned::language;
use crate::config::Limits;
use crate::problem::Problem;
use crate::wire::{self, Channel, Endpoint, Parts, WireError};

/// Longest name of a model or a user: more has no place in the store, and what cannot be recorded is not answered.
pub(crate) const MAX_NAME_CHARS: usize = 200;

/// A request as it was read.
pub(crate) struct Ask {
    /// Where it came.
    pub(crate) endpoint: Endpoint,
    /// Its header.
    pub(crate) headers: HeaderMap,
    /// As it came: sent on untouched unless something must change.
    pub(crate) body: Bytes,
    /// The same, understood.
    pub(crate) value: Value,
    /// Its texts, and what is no text.
    pub(crate) parts: Parts,
    /// Which model is asked for.
    pub(crate) model: String,
    /// Whether the answer is to come in pieces.
    pub(crate) streams: bool,
    /// For whom the client asks, by the name its service has for that person.
    pub(crate) user: Option<String>,
}

impl Ask {
    /// Reads a request.
    pub(crate) async fn read(endpoint: Endpoint, request: Request<Body>, limits: &Limits) -> Result<Self, Problem> {
        let (head, body) = request.into_parts();
        let body = tokio::time::timeout(Duration::from_secs(limits.request_s), whole(body, limits.body_bytes)).await;
        let late = || Problem::new(408, "request_timeout", format!("the body did not come within {} s", limits.request_s));
        let body = plain(&head.headers, body.map_err(|_| late())??, limits.body_bytes)?;
        let value = wire::parse(&body).map_err(|error| not_understood(&error))?;
        let parts = endpoint.request(&value).map_err(|error| not_understood(&error))?;
        let model = name(&value, "model")?.ok_or_else(|| Problem::new(400, "model_missing", "`model` is missing").about("model"))?;
        let streams = value.get("stream").and_then(Value::as_bool).unwrap_or(false);
        // `safety_identifier` is what OpenAI calls `user` now.
        let user = match name(&value, "safety_identifier")? {
            Some(user) => Some(user),
            None => name(&value, "user")?,
        };
        Ok(Self { endpoint, headers: head.headers, body, value, parts, model, streams, user })
    }
}

/// What the client hears of a body that cannot be taken.
pub(crate) fn not_understood(error: &WireError) -> Problem {
    let problem = Problem::new(400, error.code(), error.to_string());
    match error.param() {
        Some(param) => problem.about(param.trim_start_matches('/').replace('/', ".")),
        None => problem,
    }
}

/// The whole of a body, bounded.
pub(crate) async fn whole(body: Body, most: usize) -> Result<Bytes, Problem> {
    let long = || Problem::new(413, "body_too_long", format!("the body is longer than {most} bytes (`limits.body_bytes`)"));
    if body.size_hint().lower() > most as u64 {
        return Err(long());
    }
    let mut pieces = body.into_data_stream();
    let mut whole = Vec::new();
    while let Some(piece) = pieces.next().await {
        let piece = piece.map_err(|_| Problem::new(400, "body_broken", "the body ended before its end"))?;
        if whole.len() + piece.len() > most {
            return Err(long());
        }
        whole.extend_from_slice(&piece);
    }
    Ok(Bytes::from(whole))
}

/// A body without its `Content-Encoding`. What cannot be undone cannot be judged.
fn plain(headers: &HeaderMap, body: Bytes, most: usize) -> Result<Bytes, Problem> {
    match headers.get(header::CONTENT_ENCODING).map(|value| value.to_str().unwrap_or("?").trim().to_ascii_lowercase()).as_deref() {
        None | Some("" | "identity") => Ok(body),
        Some("gzip") => {
            let mut plain = Vec::new();
            let read = flate2::read::MultiGzDecoder::new(&*body).take(most as u64 + 1).read_to_end(&mut plain);
            read.map_err(|error| Problem::new(400, "body_broken", format!("the body is no gzip: {error}")))?;
            if plain.len() > most {
                return Err(Problem::new(
                    413,
                    "body_too_long",
                    format!("unpacked, the body is longer than {most} bytes (`limits.body_bytes`)"),
                ));
            }
            Ok(Bytes::from(plain))
        }
        Some(other) => Err(Problem::new(415, "encoding_unknown", format!("Content-Encoding '{other}' is not known; send gzip or none"))),
    }
}

/// A short text in the body.
fn name(value: &Value, field: &'static str) -> Result<Option<String>, Problem> {
    let bad = |what: &str| Err(Problem::new(400, "field_wrong", format!("`{field}` {what}")).about(field));
    match value.get(field) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) if text.is_empty() => Ok(None),
        Some(Value::String(text)) => is_name(text).map_or_else(|what| bad(&what), |()| Ok(Some(text.clone()))),
        Some(_) => bad("is no text"),
    }
}

/// Whether the store has a place for a name; else what is wrong with it.
pub(crate) fn is_name(text: &str) -> Result<(), String> {
    if text.chars().count() > MAX_NAME_CHARS {
        return Err(format!("has more than {MAX_NAME_CHARS} characters"));
    }
    if text.chars().any(char::is_control) { Err("has a control character; it must be one line".to_owned()) } else { Ok(()) }
}

impl Ask {
    /// The language of whoever asks: of the last thing a user says.
    pub(crate) fn language(&self) -> Lang {
        self.last_said().map_or(Lang::Zh, language)
    }

    /// The last thing a user says.
    pub(crate) fn last_said(&self) -> Option<&str> {
        let parts = &self.parts.parts;
        parts.iter().rev().find(|part| part.channel == Channel::User).or(parts.last()).map(|part| part.text.as_str())
    }

    /// Whether the stream is to end with the usage.
    pub(crate) fn wants_usage(&self) -> bool {
        self.endpoint.asks(&self.value).usage
    }
}

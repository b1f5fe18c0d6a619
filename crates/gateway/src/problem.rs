//! What a client hears that gets no answer: the shape of OpenAI's errors, so that its SDKs raise what they know, with a stable code of ours. The one place where
//! errors become HTTP.

use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, Response, StatusCode, header};
use serde_json::json;

use crate::upstream::UpstreamError;

/// No answer, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Problem {
    /// HTTP status.
    pub(crate) status: u16,
    /// Stable: programs may rely on it (docs/gateway.md lists them).
    pub(crate) code: &'static str,
    /// For people: what was wrong, where, what to do.
    pub(crate) message: String,
    /// Which field of the request, where it is one.
    pub(crate) param: Option<String>,
    /// When to come again, in seconds.
    pub(crate) retry_after_s: Option<u64>,
    /// The entry that records it, where there is one.
    pub(crate) request: Option<String>,
}

impl Problem {
    /// A problem with its words.
    pub(crate) fn new(status: u16, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into(), param: None, retry_after_s: None, request: None }
    }

    /// The same about a field.
    pub(crate) fn about(self, param: impl Into<String>) -> Self {
        Self { param: Some(param.into()), ..self }
    }

    /// The same with a time to come again.
    pub(crate) fn again_in(self, seconds: u64) -> Self {
        Self { retry_after_s: Some(seconds), ..self }
    }

    /// The same, tied to its record.
    pub(crate) fn recorded(self, request: impl ToString) -> Self {
        Self { request: Some(request.to_string()), ..self }
    }

    /// What OpenAI's SDKs call its kind.
    const fn kind(&self) -> &'static str {
        match self.status {
            401 => "authentication_error",
            403 => "permission_error",
            404 => "not_found_error",
            429 => "rate_limit_error",
            400..=499 => "invalid_request_error",
            _ => "server_error",
        }
    }

    /// The object that stands in an answer or in a stream.
    pub(crate) fn body(&self) -> serde_json::Value {
        json!({"error": {"message": self.message, "type": self.kind(), "param": self.param, "code": self.code}})
    }

    /// As HTTP.
    pub(crate) fn response(&self) -> Response<Body> {
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        if let Some(seconds) = self.retry_after_s {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if let Some(value) = self.request.as_deref().and_then(|request| HeaderValue::from_str(request).ok()) {
            headers.insert(crate::REQUEST_HEADER, value);
        }
        // A client must not take it for the end of a connection that still brings its body.
        respond(self.status, headers, Body::from(self.body().to_string()))
    }
}

impl From<UpstreamError> for Problem {
    fn from(error: UpstreamError) -> Self {
        let (status, code) = error.code();
        Self::new(status, code, format!("{error}; try again, and tell the operator if it stays"))
    }
}

/// A response from its parts.
pub(crate) fn respond(status: u16, headers: HeaderMap, body: Body) -> Response<Body> {
    let mut response = Response::new(body);
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    *response.headers_mut() = headers;
    response
}

//! The admin port: whether the gateway lives, whether it is ready, what it counts, which alarms are raised. None of that names a person or shows a text, so none of it
//! asks who reads. What is a person's ([`guardian`]) asks for an API token; what else changes something is done with `guiju` on the command line, by somebody who is signed in.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, Response, header};
use axum::routing::get;
use serde_json::json;

use crate::problem::respond;
use crate::{Gateway, guardian};

/// A gateway that has not read its rules for so long is not ready: 20 of its usual turns.
const STALE_MS: i64 = 5_000;

pub(crate) fn router(gateway: Arc<Gateway>) -> Router {
    Router::new()
        .route("/health", get(health))
        .route("/ready", get(ready))
        .route("/metrics", get(metrics))
        .route("/alarms", get(alarms))
        .route("/persons/{person}/guardian", get(guardian::show).put(guardian::set))
        .with_state(gateway)
}

/// The process lives.
async fn health() -> Response<Body> {
    json_of(200, &json!({"status": "ok"}))
}

/// The process can do its work: its rules are fresh, and it is not told to stop.
async fn ready(State(gateway): State<Arc<Gateway>>) -> Response<Body> {
    let age_ms = gateway.rules_age_ms();
    let ready = age_ms < STALE_MS && !gateway.stops();
    let live = gateway.live();
    let body =
        json!({"ready": ready, "rules_age_ms": age_ms, "stopping": gateway.stops(), "epoch": live.epoch, "versions": live.versions()});
    json_of(if ready { 200 } else { 503 }, &body)
}

/// Every alarm, how it stands, and what it means.
async fn alarms(State(gateway): State<Arc<Gateway>>) -> Response<Body> {
    json_of(200, &gateway.alarms.shown())
}

async fn metrics(State(gateway): State<Arc<Gateway>>) -> Response<Body> {
    gateway.gauge();
    match gateway.metrics.text() {
        Ok(text) => {
            let kind = HeaderValue::from_static("application/openmetrics-text; version=1.0.0; charset=utf-8");
            respond(200, [(header::CONTENT_TYPE, kind)].into_iter().collect(), Body::from(text))
        }
        Err(error) => json_of(500, &json!({"error": error.to_string()})),
    }
}

pub(crate) fn json_of(status: u16, body: &serde_json::Value) -> Response<Body> {
    let headers: HeaderMap = [(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))].into_iter().collect();
    respond(status, headers, Body::from(body.to_string()))
}

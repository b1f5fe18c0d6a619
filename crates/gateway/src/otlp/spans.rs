//! Traces as OTLP writes them in JSON (opentelemetry-proto 1, `trace/v1/trace.proto`): ids in hexadecimal, 64-bit numbers as strings, field names in lower camel case.

use serde_json::{Value, json};

use super::parent::written;
use super::trace::{Ended, Stage};

/// Kinds of spans: `SPAN_KIND_INTERNAL`, `_SERVER`, `_CLIENT`.
const INTERNAL: u8 = 1;
const SERVER: u8 = 2;
const CLIENT: u8 = 3;

/// `STATUS_CODE_ERROR`.
const ERROR: u8 = 2;

/// A body for `/v1/traces`.
pub(super) fn request(resource: &Value, traces: &[Ended]) -> Value {
    let spans: Vec<Value> =
        traces.iter().flat_map(|trace| std::iter::once(whole(trace)).chain(trace.stages.iter().map(|one| stage(trace, one)))).collect();
    json!({"resourceSpans": [{"resource": resource, "scopeSpans": [{"scope": scope(), "spans": spans}]}]})
}

/// Who says it.
pub(super) fn resource(service: &str) -> Value {
    json!({"attributes": [text("service.name", service), text("service.version", env!("CARGO_PKG_VERSION"))]})
}

/// The part of the program that says it.
pub(super) fn scope() -> Value {
    json!({"name": "guiju", "version": env!("CARGO_PKG_VERSION")})
}

/// A text as an attribute.
pub(super) fn text(key: &str, value: &str) -> Value {
    json!({"key": key, "value": {"stringValue": value}})
}

fn whole(trace: &Ended) -> Value {
    let mut attributes = vec![text("http.request.method", "POST"), text("url.path", trace.name), text("http.route", trace.name)];
    let mut status = json!({});
    if let Some(result) = &trace.result {
        attributes.push(json!({"key": "http.response.status_code", "value": {"intValue": result.status.to_string()}}));
        attributes.push(text("guiju.decision", trace.decision.as_deref().unwrap_or(result.action)));
        attributes.extend(result.request.as_deref().map(|request| text("guiju.request", request)));
        if result.status >= 500 {
            status = json!({"code": ERROR});
        }
    }
    json!({
        "traceId": written(&trace.own.trace), "spanId": written(&trace.own.span), "parentSpanId": trace.parent.map_or_else(String::new, |span| written(&span)),
        "name": format!("POST {}", trace.name), "kind": SERVER, "startTimeUnixNano": trace.began_ns.to_string(),
        "endTimeUnixNano": trace.began_ns.saturating_add(trace.took_ns).to_string(), "attributes": attributes, "status": status,
    })
}

fn stage(trace: &Ended, stage: &Stage) -> Value {
    let at = |ns: u64| trace.began_ns.saturating_add(ns).to_string();
    json!({
        "traceId": written(&trace.own.trace), "spanId": written(&stage.id), "parentSpanId": written(&trace.own.span), "name": stage.name,
        "kind": if stage.name == "upstream" { CLIENT } else { INTERNAL }, "startTimeUnixNano": at(stage.from_ns), "endTimeUnixNano": at(stage.to_ns),
    })
}

#[cfg(test)]
mod tests {
    use super::super::parent::Parent;
    use super::super::trace::Outcome;
    use super::*;

    #[test]
    fn a_trace_is_written_as_the_specification_says() {
        let own = Parent { trace: [0xab; 16], span: [1; 8], sampled: true };
        let stages = vec![Stage { id: [2; 8], name: "upstream", from_ns: 10, to_ns: 20 }];
        let result = Some(Outcome { status: 503, action: "turned-away", request: Some("0a".to_owned()) });
        let ended =
            Ended { own, parent: None, name: "/v1/x", began_ns: 1_700_000_000_000_000_000, took_ns: 30, stages, result, decision: None };
        let body = request(&resource("gw"), &[ended]);
        let spans = body.pointer("/resourceSpans/0/scopeSpans/0/spans").unwrap();
        assert_eq!(
            spans[0],
            json!({"traceId": "ab".repeat(16), "spanId": "01".repeat(8), "parentSpanId": "", "name": "POST /v1/x", "kind": 2,
                "startTimeUnixNano": "1700000000000000000", "endTimeUnixNano": "1700000000000000030", "status": {"code": 2},
                "attributes": [
                    {"key": "http.request.method", "value": {"stringValue": "POST"}}, {"key": "url.path", "value": {"stringValue": "/v1/x"}},
                    {"key": "http.route", "value": {"stringValue": "/v1/x"}},
                    {"key": "http.response.status_code", "value": {"intValue": "503"}},
                    {"key": "guiju.decision", "value": {"stringValue": "turned-away"}}, {"key": "guiju.request", "value": {"stringValue": "0a"}}]})
        );
        assert_eq!(
            (&spans[1]["parentSpanId"], &spans[1]["kind"], &spans[1]["endTimeUnixNano"]),
            (&spans[0]["spanId"], &json!(3), &json!("1700000000000000020"))
        );
    }
}

//! The model behind the gateway: answers at once, or in pieces at a steady pace, and costs as little as it can.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use futures_util::stream;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::{Bytes, Frame, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::text;

/// The models: one that answers at once, one that says again what it hears, and two that speak at a pace. 10 ms a piece is a fast small model; 50 ms a usual
/// one, with which a thousand streams are all open before the first ends.
pub(crate) const MODELS: &[&str] = &["instant", "echo", "paced-10", "paced-50"];

type Body = UnsyncBoxBody<Bytes, Infallible>;

/// What is answered, made once.
struct Script {
    whole: Bytes,
    frames: Vec<Bytes>,
}

/// Starts it, and says where.
pub(crate) async fn start() -> Result<SocketAddr> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let script = Arc::new(Script { whole: whole(&text::answer()), frames: frames(&text::pieces()) });
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let _ = stream.set_nodelay(true);
            let script = Arc::clone(&script);
            let service = service_fn(move |request| answer(Arc::clone(&script), request));
            tokio::spawn(hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service));
        }
    });
    Ok(address)
}

async fn answer(script: Arc<Script>, request: Request<Incoming>) -> Result<Response<Body>, hyper::Error> {
    let body = request.into_body().collect().await?.to_bytes();
    let asked: Value = serde_json::from_slice(&body).unwrap_or_default();
    let model = asked.get("model").and_then(Value::as_str).unwrap_or_default();
    let (kind, body) = if asked.get("stream").and_then(Value::as_bool) == Some(true) {
        let gap = model.strip_prefix("paced-").and_then(|ms| ms.parse().ok()).map(Duration::from_millis);
        ("text/event-stream", streamed(script, gap))
    } else if model == "echo" {
        let said = asked.pointer("/messages/0/content").and_then(Value::as_str).unwrap_or_default();
        ("application/json", full(whole(said)))
    } else {
        ("application/json", full(script.whole.clone()))
    };
    let mut response = Response::new(body);
    response.headers_mut().insert("content-type", hyper::header::HeaderValue::from_static(kind));
    Ok(response)
}

fn full(bytes: Bytes) -> Body {
    Full::new(bytes).boxed_unsync()
}

/// All pieces at once, or one each `gap`, on a beat that does not drift.
fn streamed(script: Arc<Script>, gap: Option<Duration>) -> Body {
    let begun = tokio::time::Instant::now();
    let pieces = stream::unfold((script, 0_u32), move |(script, number)| async move {
        let piece = script.frames.get(number as usize)?.clone();
        if let Some(gap) = gap {
            tokio::time::sleep_until(begun + gap * number).await;
        }
        Some((Ok(Frame::data(piece)), (script, number + 1)))
    });
    StreamBody::new(pieces).boxed_unsync()
}

fn whole(text: &str) -> Bytes {
    let message = json!({"role": "assistant", "content": text});
    let usage = json!({"prompt_tokens": 700, "completion_tokens": 350, "total_tokens": 1_050});
    let choices = json!([{"index": 0, "message": message, "finish_reason": "stop"}]);
    Bytes::from(
        json!({"id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": "m", "choices": choices, "usage": usage})
            .to_string(),
    )
}

fn frames(pieces: &[String]) -> Vec<Bytes> {
    let chunk = |delta: Value, finish: Value| {
        let choices = json!([{"index": 0, "delta": delta, "finish_reason": finish}]);
        let value = json!({"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": choices});
        Bytes::from(format!("data: {value}\n\n"))
    };
    let said = pieces.iter().map(|piece| chunk(json!({"content": piece}), Value::Null));
    let first = std::iter::once(chunk(json!({"role": "assistant", "content": ""}), Value::Null));
    let last = [chunk(json!({}), json!("stop")), Bytes::from_static(b"data: [DONE]\n\n")];
    first.chain(said).chain(last).collect()
}

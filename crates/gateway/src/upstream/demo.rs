//! The built-in sample service: deterministic, compiled in, with two faults planted, so that a first try has something to show without anything else installed.
//! It is no model. Asked for a telephone number it gives one, asked to misbehave (`说坏话`, `misbehave`) it says a keyword of the built-in lexicon; else it repeats
//! what it was asked.

use std::sync::LazyLock;
use std::time::Duration;

use bytes::Bytes;
use detect::Lexicon;
use futures_util::{StreamExt, stream};
use reqwest::header::HeaderMap;
use serde_json::{Value, json};
use taxonomy::Severity;

use super::Answer;
use crate::wire::Endpoint;

/// Its only model.
pub(super) const MODEL: &str = "guiju-demo";

/// Pause between two pieces of a stream, so that one sees it flow.
const PAUSE: Duration = Duration::from_millis(20);

/// Characters of a piece of a stream: about what a token of a Chinese model is.
const PIECE_CHARS: usize = 2;

/// A phrase that the lexicon blocks.
static BLOCKED: LazyLock<String> = LazyLock::new(|| {
    let plain = |entry: &detect::Entry| entry.severity == Severity::Block && entry.near.is_none() && entry.then.is_none();
    let entries = Lexicon::embedded().map(|lexicon| lexicon.entries).unwrap_or_default();
    entries.into_iter().find(plain).map_or_else(String::new, |entry| entry.keyword)
});

pub(super) fn models() -> Answer {
    let model = json!({"id": MODEL, "object": "model", "created": 0, "owned_by": "guiju"});
    whole(&json!({"object": "list", "data": [model]}))
}

/// Answers a request.
pub(super) fn answer(endpoint: Endpoint, body: &[u8]) -> Answer {
    let request: Value = serde_json::from_slice(body).unwrap_or_default();
    let said = said(endpoint, &request);
    let streams = request.get("stream").and_then(Value::as_bool).unwrap_or(false);
    match endpoint {
        Endpoint::Embeddings => whole(&embedding(&said)),
        Endpoint::Chat if streams => events(chat_events(&reply(&said), &request)),
        Endpoint::Chat => whole(&chat(&reply(&said))),
        Endpoint::Completions if streams => events(completion_events(&reply(&said))),
        Endpoint::Completions => whole(&completion(&reply(&said))),
        Endpoint::Responses if streams => events(response_events(&reply(&said))),
        Endpoint::Responses => whole(&response(&reply(&said), "completed")),
    }
}

/// What was asked last.
fn said(endpoint: Endpoint, request: &Value) -> String {
    let parts = endpoint.request(request).map(|parts| parts.parts).unwrap_or_default();
    let user = parts.iter().rev().find(|part| part.channel == crate::wire::Channel::User).or(parts.last());
    user.map(|part| part.text.to_string()).unwrap_or_default()
}

fn reply(said: &str) -> String {
    let asks = |words: &[&str]| words.iter().any(|word| said.to_lowercase().contains(word));
    if asks(&["电话", "手机", "phone"]) {
        "可以联系李明，手机13812345678，他会帮您。(This is the sample service.)".to_owned()
    } else if asks(&["说坏话", "misbehave"]) {
        format!("好的，下面就说：{}。这句话不该让人看到。", *BLOCKED)
    } else {
        format!("这里是规矩的内置示例服务，不是模型。您说的是：{said}")
    }
}

fn put(object: &mut Value, name: &str, value: Value) {
    if let Some(object) = object.as_object_mut() {
        object.insert(name.to_owned(), value);
    }
}

fn usage(text: &str) -> Value {
    let tokens = text.chars().count();
    json!({"prompt_tokens": 1, "completion_tokens": tokens, "total_tokens": tokens + 1})
}

fn chat(text: &str) -> Value {
    let choice = json!({"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"});
    json!({"id": "chatcmpl-demo", "object": "chat.completion", "created": 0, "model": MODEL, "choices": [choice], "usage": usage(text)})
}

fn chat_events(text: &str, request: &Value) -> Vec<String> {
    let event = |choices: Value| json!({"id": "chatcmpl-demo", "object": "chat.completion.chunk", "created": 0, "model": MODEL, "choices": choices});
    let delta = |delta: Value, finish: Value| event(json!([{"index": 0, "delta": delta, "finish_reason": finish}]));
    let mut events = vec![delta(json!({"role": "assistant", "content": ""}), Value::Null)];
    events.extend(pieces(text).map(|piece| delta(json!({"content": piece}), Value::Null)));
    events.push(delta(json!({}), json!("stop")));
    if request.pointer("/stream_options/include_usage") == Some(&Value::Bool(true)) {
        let mut last = event(json!([]));
        put(&mut last, "usage", usage(text));
        events.push(last);
    }
    done(events)
}

fn completion(text: &str) -> Value {
    let choice = json!({"index": 0, "text": text, "finish_reason": "stop", "logprobs": null});
    json!({"id": "cmpl-demo", "object": "text_completion", "created": 0, "model": MODEL, "choices": [choice], "usage": usage(text)})
}

fn completion_events(text: &str) -> Vec<String> {
    let event = |text: &str, finish: Value| {
        let choice = json!({"index": 0, "text": text, "finish_reason": finish, "logprobs": null});
        json!({"id": "cmpl-demo", "object": "text_completion", "created": 0, "model": MODEL, "choices": [choice]})
    };
    let mut events: Vec<Value> = pieces(text).map(|piece| event(&piece, Value::Null)).collect();
    events.push(event("", json!("stop")));
    done(events)
}

fn response(text: &str, status: &str) -> Value {
    let content = json!([{"type": "output_text", "text": text, "annotations": []}]);
    let message = json!({"type": "message", "id": "msg_demo", "status": status, "role": "assistant", "content": content});
    let tokens = text.chars().count();
    let usage = json!({"input_tokens": 1, "input_tokens_details": {"cached_tokens": 0}, "output_tokens": tokens,
        "output_tokens_details": {"reasoning_tokens": 0}, "total_tokens": tokens + 1});
    json!({"id": "resp_demo", "object": "response", "created_at": 0, "status": status, "model": MODEL, "output": [message],
        "error": null, "incomplete_details": null, "instructions": null, "metadata": {}, "parallel_tool_calls": true, "temperature": 1.0,
        "tool_choice": "auto", "tools": [], "top_p": 1.0, "usage": usage})
}

fn response_events(text: &str) -> Vec<String> {
    let place = json!({"item_id": "msg_demo", "output_index": 0, "content_index": 0});
    let with = |kind: &str, more: Value| {
        let mut event = place.clone();
        put(&mut event, "type", json!(kind));
        if let (Some(event), Some(more)) = (event.as_object_mut(), more.as_object()) {
            event.extend(more.clone());
        }
        event
    };
    let item = |text: &str, status: &str| response(text, status).pointer("/output/0").cloned().unwrap_or_default();
    let started = {
        let mut started = response("", "in_progress");
        put(&mut started, "output", json!([]));
        started
    };
    let part = |text: &str| json!({"type": "output_text", "text": text, "annotations": []});
    let mut events = vec![
        json!({"type": "response.created", "response": started}),
        json!({"type": "response.output_item.added", "output_index": 0, "item": item("", "in_progress")}),
        with("response.content_part.added", json!({"part": part("")})),
    ];
    events.extend(pieces(text).map(|piece| with("response.output_text.delta", json!({"delta": piece}))));
    events.push(with("response.output_text.done", json!({"text": text})));
    events.push(with("response.content_part.done", json!({"part": part(text)})));
    events.push(json!({"type": "response.output_item.done", "output_index": 0, "item": item(text, "completed")}));
    events.push(json!({"type": "response.completed", "response": response(text, "completed")}));
    let numbered = events.into_iter().enumerate().map(|(number, mut event)| {
        put(&mut event, "sequence_number", json!(number));
        format!("event: {}\ndata: {event}\n\n", event.get("type").and_then(Value::as_str).unwrap_or_default())
    });
    numbered.collect()
}

/// Four numbers made of the bytes: no meaning, but the shape.
fn embedding(text: &str) -> Value {
    let sum = |step: usize| text.bytes().step_by(step).map(f64::from).sum::<f64>() / 1_000.0;
    let row = json!({"object": "embedding", "index": 0, "embedding": [sum(1), sum(2), sum(3), sum(5)]});
    json!({"object": "list", "data": [row], "model": MODEL, "usage": {"prompt_tokens": 1, "total_tokens": 1}})
}

fn pieces(text: &str) -> impl Iterator<Item = String> {
    let chars: Vec<char> = text.chars().collect();
    let pieces: Vec<String> = chars.chunks(PIECE_CHARS).map(|piece| piece.iter().collect()).collect();
    pieces.into_iter()
}

fn done(events: Vec<Value>) -> Vec<String> {
    events.iter().map(|event| format!("data: {event}\n\n")).chain(["data: [DONE]\n\n".to_owned()]).collect()
}

fn whole(value: &Value) -> Answer {
    let headers = header("application/json");
    let body = Bytes::from(value.to_string());
    Answer { status: 200, headers, pieces: Box::pin(stream::once(async move { Ok(body) })) }
}

fn events(events: Vec<String>) -> Answer {
    let pieces = stream::iter(events).then(|event| async move {
        tokio::time::sleep(PAUSE).await;
        Ok(Bytes::from(event))
    });
    Answer { status: 200, headers: header("text/event-stream"), pieces: Box::pin(pieces) }
}

fn header(kind: &'static str) -> HeaderMap {
    [(reqwest::header::CONTENT_TYPE, reqwest::header::HeaderValue::from_static(kind))].into_iter().collect()
}

//! A model service that says a text, and calls a tool, in the way of each interface: whole, or in pieces of two characters.

use serde_json::{Value, json};

use crate::service::{Step, bytes, events, head};

/// A text in pieces of so many characters.
pub fn pieces(text: &str, size: usize) -> Vec<String> {
    text.chars().collect::<Vec<_>>().chunks(size).map(|piece| piece.iter().collect()).collect()
}

/// The answer to a request.
pub fn speaks(request: &Value, said: &str, call: Option<&Value>) -> Vec<Step> {
    let arguments = call.map(Value::to_string);
    let all = match (request.get("messages"), request.get("prompt")) {
        (Some(_), _) => chat(said, arguments.as_deref(), request["stream"] == true),
        (_, Some(_)) => completion(said, request["stream"] == true),
        _ => response(said, arguments.as_deref(), request["stream"] == true),
    };
    match all {
        Ok(whole) => vec![head(200, "application/json", ""), bytes(whole.to_string())],
        Err(pieces) => {
            let event = |event: Value| match event.get("type").and_then(Value::as_str) {
                Some(kind) => bytes(format!("event: {kind}\ndata: {event}\n\n")),
                None => bytes(format!("data: {event}\n\n")),
            };
            let done = (request.get("input").is_none()).then(|| bytes("data: [DONE]\n\n"));
            [events()].into_iter().chain(pieces.into_iter().map(event)).chain(done).collect()
        }
    }
}

/// A whole answer, or the events of one.
type Answer = Result<Value, Vec<Value>>;

fn chat(said: &str, arguments: Option<&str>, stream: bool) -> Answer {
    let end = if arguments.is_some() { "tool_calls" } else { "stop" };
    let call = arguments.map(|text| json!([{"index": 0, "id": "1", "type": "function", "function": {"name": "call", "arguments": text}}]));
    let body = |kind: &str, entry: Value| json!({"id": "c", "object": kind, "created": 1, "model": "m", "choices": [entry]});
    if !stream {
        let mut message = json!({"role": "assistant", "content": said});
        message.as_object_mut().unwrap().extend(call.map(|call| ("tool_calls".to_owned(), call)));
        return Ok(body("chat.completion", json!({"index": 0, "message": message, "finish_reason": end})));
    }
    let chunk = |delta: Value, end: Value| body("chat.completion.chunk", json!({"index": 0, "delta": delta, "finish_reason": end}));
    let mut all = vec![chunk(json!({"role": "assistant", "content": ""}), Value::Null)];
    all.extend(pieces(said, 2).into_iter().map(|piece| chunk(json!({"content": piece}), Value::Null)));
    all.extend(call.map(|call| chunk(json!({"tool_calls": call}), Value::Null)));
    all.push(chunk(json!({}), json!(end)));
    Err(all)
}

fn completion(said: &str, stream: bool) -> Answer {
    let body = |text: &str, end: Value| json!({"id": "c", "object": "text_completion", "created": 1, "model": "m", "choices": [{"index": 0, "text": text, "finish_reason": end}]});
    if !stream {
        return Ok(body(said, json!("stop")));
    }
    let all = pieces(said, 2).into_iter().map(|piece| body(&piece, Value::Null));
    Err(all.chain([body("", json!("stop"))]).collect())
}

fn response(said: &str, arguments: Option<&str>, stream: bool) -> Answer {
    let text = json!([{"type": "output_text", "text": said, "annotations": []}]);
    let message = json!({"id": "m", "type": "message", "role": "assistant", "status": "completed", "content": text});
    let call = arguments
        .map(|text| json!({"id": "f", "type": "function_call", "call_id": "1", "name": "call", "arguments": text, "status": "completed"}));
    let output: Vec<&Value> = [&message].into_iter().chain(&call).collect();
    let body = |status: &str, output: Value| json!({"id": "r", "object": "response", "created_at": 1, "model": "m", "status": status, "output": output});
    if !stream {
        return Ok(body("completed", json!(output)));
    }
    let event = |kind: &str, at: u64, more: Value| {
        let mut event = json!({"type": kind, "output_index": at, "item_id": if at == 0 { "m" } else { "f" }});
        event.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        event
    };
    let mut all = vec![json!({"type": "response.created", "response": body("in_progress", json!([]))})];
    let deltas = pieces(said, 2).into_iter();
    all.extend(deltas.map(|piece| event("response.output_text.delta", 0, json!({"content_index": 0, "delta": piece}))));
    all.push(event("response.output_text.done", 0, json!({"content_index": 0, "text": said})));
    all.push(event("response.output_item.done", 0, json!({"item": message})));
    if let (Some(arguments), Some(call)) = (arguments, &call) {
        let deltas = pieces(arguments, 3).into_iter();
        all.extend(deltas.map(|piece| event("response.function_call_arguments.delta", 1, json!({"delta": piece}))));
        all.push(event("response.function_call_arguments.done", 1, json!({"arguments": arguments})));
        all.push(event("response.output_item.done", 1, json!({"item": call})));
    }
    all.push(json!({"type": "response.completed", "response": body("completed", json!(output))}));
    Err(all)
}

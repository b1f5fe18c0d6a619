//! What we answer ourselves: a whole canned answer in the shape of the interface, and errors in OpenAI's shape.

use serde_json::{Value, json};

use super::Endpoint;

/// Tokens as the upstream counted them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Usage {
    /// Of the request.
    pub input: u64,
    /// Of the answer.
    pub output: u64,
}

/// What a canned answer says about itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    /// Its id.
    pub id: String,
    /// When, in seconds since 1970.
    pub created: i64,
    /// The model that was asked for.
    pub model: String,
    /// How many choices were asked for.
    pub choices: usize,
    /// What was spent. Nothing, where the upstream was never asked.
    pub usage: Usage,
}

/// A whole answer that says `text` in every choice and ends with `content_filter`. Embeddings have no words to answer with: theirs is an [`error`].
#[must_use]
pub fn refusal(endpoint: Endpoint, facts: &Facts, text: &str) -> Value {
    let Facts { id, created, model, .. } = facts;
    let each = |choice: fn(usize, &str) -> Value| (0..facts.choices.max(1)).map(|index| choice(index, text)).collect::<Vec<_>>();
    let usage = usage(endpoint, facts.usage);
    match endpoint {
        Endpoint::Chat => {
            let choices = each(|index, text| {
                let message = json!({"role": "assistant", "content": text, "refusal": null});
                json!({"index": index, "message": message, "logprobs": null, "finish_reason": "content_filter"})
            });
            json!({"id": id, "object": "chat.completion", "created": created, "model": model, "choices": choices, "usage": usage})
        }
        Endpoint::Completions => {
            let choices = each(|index, text| json!({"index": index, "text": text, "logprobs": null, "finish_reason": "content_filter"}));
            json!({"id": id, "object": "text_completion", "created": created, "model": model, "choices": choices, "usage": usage})
        }
        Endpoint::Responses => {
            let output = json!([message(&format!("msg_{id}"), text, "incomplete")]);
            let details = json!({"reason": "content_filter"});
            json!({"id": id, "object": "response", "created_at": created, "model": model, "status": "incomplete", "error": null, "incomplete_details": details, "output": output, "usage": usage})
        }
        Endpoint::Embeddings => error("invalid_request_error", "content_filter", text, Some("input")),
    }
}

/// A message as an item of a response.
pub(crate) fn message(id: &str, text: &str, status: &str) -> Value {
    json!({"id": id, "type": "message", "role": "assistant", "status": status, "content": [{"type": "output_text", "text": text, "annotations": [], "logprobs": []}]})
}

/// Usage in the words of the interface.
pub(crate) fn usage(endpoint: Endpoint, Usage { input, output }: Usage) -> Value {
    let total = input + output;
    match endpoint {
        Endpoint::Responses => json!({"input_tokens": input, "output_tokens": output, "total_tokens": total}),
        _ => json!({"prompt_tokens": input, "completion_tokens": output, "total_tokens": total}),
    }
}

/// An error in OpenAI's shape; `code` is ours and stable.
#[must_use]
pub fn error(kind: &str, code: &str, message: &str, param: Option<&str>) -> Value {
    json!({"error": {"message": message, "type": kind, "param": param, "code": code}})
}

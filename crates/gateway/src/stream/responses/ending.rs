//! A response that ends with `content_filter`.

use serde_json::{Map, Value, json};

use super::{Response, TEXT_DELTA};
use crate::sse::Frame;
use crate::stream::told::{self, with};
use crate::stream::{End, Options};
use crate::wire::{self, Endpoint};

impl Response {
    /// Ends the response: open messages end where they are, and the canned text is a message of its own.
    pub(super) fn refuse(&mut self, text: &str, out: &mut Vec<Frame>) {
        if self.end.is_some() {
            return;
        }
        let open: Vec<_> = self.tracks.drain(..).filter(|text| text.kind == TEXT_DELTA).collect();
        for open in open {
            let sent = open.track.record.unwrap_or_default();
            let id = open.like.get("item_id").and_then(Value::as_str).unwrap_or_default().to_owned();
            let item = wire::message(&id, &sent, "incomplete");
            self.next = self.next.max(open.place.output.unwrap_or_default().saturating_add(1));
            for event in told::ending(&with(&open.like, "", "logprobs", &[]), &item) {
                self.emit(event, out);
            }
            self.items.push(item);
        }
        let item = wire::message(&format!("msg_{}", self.options.facts.id), text, "incomplete");
        for event in told::item(self.next, &item) {
            self.emit(event, out);
        }
        self.items.push(item);
        let response = self.incomplete();
        self.emit(json!({"type": "response.incomplete", "response": response}), out);
        self.end = Some(End::Refused);
    }

    /// The response as it ends with `content_filter`.
    fn incomplete(&mut self) -> Value {
        let mut facts = self.options.facts.clone();
        facts.usage.output += self.deltas;
        let mut ours = wire::refusal(Endpoint::Responses, &facts, "");
        let theirs = std::mem::take(&mut self.response);
        let is_kept = |key: &str| !matches!(key, "status" | "incomplete_details" | "output" | "usage" | "error");
        if let Value::Object(ours) = &mut ours {
            let theirs = if let Value::Object(theirs) = theirs { theirs } else { Map::new() };
            ours.extend(theirs.into_iter().filter(|(key, _)| is_kept(key)));
            ours.insert("output".to_owned(), Value::Array(std::mem::take(&mut self.items)));
        }
        ours
    }
}

/// A stream that says `text`.
pub(in crate::stream) fn canned(options: &Options, text: &str) -> Vec<Frame> {
    let mut body = Response::new(options.clone());
    let begun = with(
        &wire::refusal(Endpoint::Responses, &options.facts, text),
        "",
        "",
        &[("status", json!("in_progress")), ("output", json!([])), ("incomplete_details", Value::Null)],
    );
    let mut out = Vec::new();
    body.emit(json!({"type": "response.created", "response": begun}), &mut out);
    body.refuse(text, &mut out);
    out
}

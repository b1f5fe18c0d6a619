//! Our own `/v1/guard`: judge texts without asking any model, and learn what the gateway would do with them.

use detect::{Direction, MAX_ITEM_BYTES};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use taxonomy::{Decision, Fault, Verdict};

use super::found::{Found, found};
use crate::policy::{Action, Decided};
use crate::wire::Channel;

/// A request to judge.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GuardRequest {
    /// Which way the texts go: `input` (to a model) or `output` (from one).
    pub direction: Direction,
    /// A text: what a user says, or what a model answers.
    pub text: Option<String>,
    /// Messages as in `/v1/chat/completions`; see [`GuardRequest::chat`].
    pub messages: Option<Vec<Value>>,
    /// Calls of tools.
    #[serde(default)]
    pub tool_calls: Vec<ToolCall>,
    /// Retrieved passages.
    #[serde(default)]
    pub passages: Vec<Passage>,
    /// The scene; a high-risk one is judged with everything there is.
    pub scene: Option<String>,
}

/// A call of a tool.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ToolCall {
    /// The tool.
    pub name: String,
    /// Its arguments: an object, or JSON in a string as models give it.
    #[serde(default)]
    pub arguments: Value,
}

/// A retrieved passage.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Passage {
    /// The caller's name for it, repeated in the reply.
    pub id: Option<String>,
    /// Its text.
    pub text: String,
}

/// A request is not one of `/v1/guard`; the message is for the client.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct GuardError(String);

/// One text to judge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GuardPart {
    /// Where it stands in the request: a JSON pointer.
    pub path: String,
    /// What it is.
    pub channel: Channel,
    /// The text.
    pub text: String,
    /// The caller's name for it.
    pub id: Option<String>,
}

/// A part judged.
#[derive(Debug, Clone, Copy)]
pub struct Judged<'a> {
    /// The part.
    pub part: &'a GuardPart,
    /// What was found.
    pub verdict: &'a Verdict,
    /// What follows.
    pub decided: &'a Decided,
    /// The text with its spans masked, where that is what follows.
    pub masked: Option<&'a str>,
}

/// The reply.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct GuardResponse {
    /// The ledger entry.
    pub id: String,
    /// The gravest decision on any part.
    pub decision: Decision,
    /// What the gateway would do with the whole.
    pub action: Action,
    /// In shadow mode: what it would do if the policy counted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shadow: Option<Action>,
    /// Why: a risk class or an occasion.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<&'static str>,
    /// What to say instead, where the action is to refuse or hold.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// Each part.
    pub parts: Vec<JudgedPart>,
    /// What could not be judged, by kind.
    pub opaque: Vec<String>,
    /// Name and digest of the gateway's policy.
    pub policy: String,
    /// Versions of everything that judged.
    pub versions: Vec<String>,
}

/// What is said of one part.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct JudgedPart {
    /// Where it stands in the request: a JSON pointer.
    pub path: String,
    /// The caller's name for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// What it is.
    pub channel: Channel,
    /// What follows from the findings.
    pub decision: Decision,
    /// What the gateway would do.
    pub action: Action,
    /// What was found.
    pub findings: Vec<Found>,
    /// Detectors that failed.
    pub faults: Vec<Fault>,
    /// The text with its spans masked, where that is what follows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub masked: Option<String>,
}

impl GuardRequest {
    /// Reads a request.
    ///
    /// # Errors
    /// It has an unknown field or nothing to judge, goes into a corpus, or is beyond [`super::MAX_TEXTS`] or [`MAX_ITEM_BYTES`].
    pub fn parse(body: &Value) -> Result<Self, GuardError> {
        let request = Self::deserialize(body).map_err(|error| GuardError(format!("the request is not one of /v1/guard: {error}")))?;
        let messages = request.messages.as_ref().map_or(0, Vec::len);
        let count = usize::from(request.text.is_some()) + messages + request.tool_calls.len() + request.passages.len();
        let longest = messages.max(request.tool_calls.len()).max(request.passages.len());
        let bytes: usize = request.parts().iter().map(|part| part.text.len()).sum();
        match (request.direction, count) {
            (Direction::Corpus, _) => Err(GuardError("`direction` is `input` or `output`; a corpus is judged by `guiju check`".to_owned())),
            (_, 0) => Err(GuardError("there is nothing to judge: give `text`, `messages`, `tool_calls` or `passages`".to_owned())),
            _ if longest > super::MAX_TEXTS => Err(GuardError(format!("a list has {longest} elements, the limit is {}", super::MAX_TEXTS))),
            _ if bytes > MAX_ITEM_BYTES => Err(GuardError(format!("there are {bytes} bytes of text, the limit is {MAX_ITEM_BYTES}"))),
            _ => Ok(request),
        }
    }

    /// The messages as a chat request, for whom knows where texts stand in one; `None` if there are none.
    #[must_use]
    pub fn chat(&self) -> Option<Value> {
        self.messages.as_ref().map(|messages| json!({ "messages": messages }))
    }

    /// Every text but those of the messages.
    #[must_use]
    pub fn parts(&self) -> Vec<GuardPart> {
        let part = |path: String, channel, text: &str| GuardPart { path, channel, text: text.to_owned(), id: None };
        let own = if self.direction == Direction::Input { Channel::User } else { Channel::Content };
        let text = self.text.iter().map(|text| part("/text".to_owned(), own, text));
        let calls = self.tool_calls.iter().enumerate().flat_map(|(at, call)| {
            let name = part(format!("/tool_calls/{at}/name"), Channel::ToolName, &call.name);
            let arguments = part(format!("/tool_calls/{at}/arguments"), Channel::ToolArguments, &words_of(&call.arguments));
            [name, arguments]
        });
        let passages = self.passages.iter().enumerate().map(|(at, passage)| {
            let part = part(format!("/passages/{at}/text"), Channel::Document, &passage.text);
            GuardPart { id: passage.id.clone(), ..part }
        });
        text.chain(calls).chain(passages).collect()
    }
}

impl JudgedPart {
    /// What is said of a part.
    #[must_use]
    pub fn of(judged: &Judged<'_>) -> Self {
        Self {
            path: judged.part.path.clone(),
            id: judged.part.id.clone(),
            channel: judged.part.channel,
            decision: judged.verdict.decision,
            action: judged.decided.action,
            findings: found(&judged.part.text, &judged.verdict.findings),
            faults: judged.verdict.faults.clone(),
            masked: judged.masked.map(str::to_owned),
        }
    }
}

impl GuardResponse {
    /// The reply to a request: `action` is what the gateway would do with the whole ([`crate::policy::Terms::answer`], or the gravest), `text` what it would say instead.
    #[must_use]
    pub fn of(id: &str, policy: &str, judged: &[Judged<'_>], opaque: Vec<String>, action: Action, text: Option<String>) -> Self {
        let gravest = judged.iter().max_by_key(|judged| judged.decided.action);
        Self {
            id: id.to_owned(),
            decision: judged.iter().map(|judged| judged.verdict.decision).max().unwrap_or(Decision::Pass),
            action,
            shadow: judged.iter().filter_map(|judged| judged.decided.shadow).max(),
            reason: gravest.and_then(|judged| judged.decided.reason).map(crate::canned::Reason::id),
            text,
            parts: judged.iter().map(JudgedPart::of).collect(),
            opaque,
            policy: policy.to_owned(),
            versions: judged.first().map(|judged| judged.verdict.versions.clone()).unwrap_or_default(),
        }
    }
}

/// The words of a call's arguments, a line each, names and values: of JSON in a string as decoding yields it, for `\u4f60` must hide nothing. What is no JSON is
/// judged as it stands.
fn words_of(arguments: &Value) -> String {
    let decoded = arguments.as_str().and_then(|text| serde_json::from_str::<Value>(text).ok());
    let mut words = Vec::new();
    collect(decoded.as_ref().unwrap_or(arguments), &mut words);
    words.join("\n")
}

/// No deeper than `serde_json` reads: 128 levels.
fn collect(value: &Value, words: &mut Vec<String>) {
    match value {
        Value::Null => {}
        Value::Bool(_) | Value::Number(_) => words.push(value.to_string()),
        Value::String(text) => words.push(text.clone()),
        Value::Array(items) => items.iter().for_each(|item| collect(item, words)),
        Value::Object(fields) => fields.iter().for_each(|(name, value)| {
            words.push(name.clone());
            collect(value, words);
        }),
    }
}

#[cfg(test)]
mod tests {
    use taxonomy::{RiskClass, Severity};

    use super::super::found::tests::finding;
    use super::*;
    use crate::canned::Reason;

    #[test]
    fn every_text_is_a_part_with_its_place() {
        let request = GuardRequest::parse(&json!({
            "direction": "input",
            "text": "问题",
            "tool_calls": [{"name": "search", "arguments": "{\"q\":\"\\u4f60\\u597d\",\"n\":[1,{\"k\":null}]}"}, {"name": "f", "arguments": "not json"}],
            "passages": [{"id": "p-7", "text": "段落"}],
        }))
        .unwrap();
        let parts: Vec<(String, Channel, String)> = request.parts().into_iter().map(|part| (part.path, part.channel, part.text)).collect();
        let expected = [
            ("/text", Channel::User, "问题"),
            ("/tool_calls/0/name", Channel::ToolName, "search"),
            ("/tool_calls/0/arguments", Channel::ToolArguments, "n\n1\nk\nq\n你好"),
            ("/tool_calls/1/name", Channel::ToolName, "f"),
            ("/tool_calls/1/arguments", Channel::ToolArguments, "not json"),
            ("/passages/0/text", Channel::Document, "段落"),
        ];
        assert_eq!(parts, expected.map(|(path, channel, text)| (path.to_owned(), channel, text.to_owned())));
        assert_eq!((request.parts()[5].id.as_deref(), request.chat()), (Some("p-7"), None));
    }

    #[test]
    fn messages_are_left_to_whom_knows_them() {
        let request = GuardRequest::parse(&json!({"direction": "output", "messages": [{"role": "user", "content": "x"}]})).unwrap();
        assert_eq!((request.parts(), request.chat()), (vec![], Some(json!({"messages": [{"role": "user", "content": "x"}]}))));
    }

    #[test]
    fn bad_requests_are_told_what_to_do() {
        for (body, says) in [
            (json!({"direction": "input"}), "nothing to judge"),
            (json!({"text": "x"}), "direction"),
            (json!({"direction": "corpus", "text": "x"}), "guiju check"),
            (json!({"direction": "input", "txet": "x"}), "txet"),
            (json!({"direction": "input", "passages": vec![json!({"text": ""}); super::super::MAX_TEXTS + 1]}), "the limit is"),
            (json!([]), "not one of /v1/guard"),
        ] {
            let error = GuardRequest::parse(&body).unwrap_err().to_string();
            assert!(error.contains(says), "{error}");
        }
    }

    #[test]
    fn the_reply_names_the_gravest_and_repeats_no_text() {
        let part = |path: &str| GuardPart { path: path.to_owned(), channel: Channel::User, text: "你好 secret".to_owned(), id: None };
        let verdict = |decision, findings| Verdict { decision, shadow: None, findings, faults: Vec::new(), versions: vec!["v".to_owned()] };
        let decided = |action, reason| Decided { action, shadow: None, reason, masked: Vec::new() };
        let (calm, grave) =
            (verdict(Decision::Pass, vec![]), verdict(Decision::Refuse, vec![finding(Some(RiskClass::A4a), Severity::Block, 3, 6)]));
        let (passes, refuses) = (decided(Action::Pass, None), decided(Action::Refuse, Some(Reason::Class(RiskClass::A4a))));
        let (first, second) = (part("/text"), part("/passages/0/text"));
        let judged = [
            Judged { part: &first, verdict: &calm, decided: &passes, masked: None },
            Judged { part: &second, verdict: &grave, decided: &refuses, masked: None },
        ];
        let reply =
            serde_json::to_value(GuardResponse::of("01J", "p 1", &judged, vec![], Action::Refuse, Some("抱歉".to_owned()))).unwrap();
        assert_eq!(
            (&reply["decision"], &reply["action"], &reply["reason"], &reply["text"]),
            (&json!("refuse"), &json!("refuse"), &json!("A4a"), &json!("抱歉"))
        );
        assert_eq!(reply["parts"][1]["findings"][0]["chars"], json!({"start": 1, "end": 2}));
        assert!(!reply.to_string().contains("secret"));
    }
}

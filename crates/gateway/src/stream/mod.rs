//! A stream that is let go only as far as it is judged.
//!
//! Every text of an answer that comes in pieces is a [`Lane`] (one choice, one field), with a [`Scanner`] of its own: a word cut over ten events is one word,
//! two choices never mix. A piece goes out when the scanner, and in the mode `hold` the classifier too, has passed it; what is held goes with the next event
//! of its lane. A tool call is held until it is complete, since half of one is of no use and an escape could hide a word. `finish_reason` goes out after
//! the last text of its choice, `[DONE]` after everything.
//!
//! Invariant: no byte of a finding that [`Judge::decide`] refuses is in what is sent, in any channel, however the stream was cut (tests/it/leak.rs). What
//! cannot be judged because it is too much ends with `content_filter`; nothing passes because it was too much. An end is always told: canned text and
//! `content_filter`, or an error event; never a connection cut in silence.
//!
//! Sans io and without a clock: frames in, frames out. Policy stays outside, behind [`Judge`].

mod calls;
mod choices;
mod chunk;
mod judge;
mod responses;
mod told;
mod track;

pub(crate) use judge::{Mark, edits, edits_by};

use std::sync::Arc;

use detect::Scanner;
use detect::redact::Redactor;
use serde_json::{Value, json};
use taxonomy::{Fault, Finding, Verdict};

use crate::sse::{Event, Frame};
use crate::unmask::Values;
use crate::visible::Visible;
use crate::wire::{self, Channel, Endpoint, Facts};

/// Most choices of one stream; OpenAI takes `n` up to 128.
pub const MAX_CHOICES: usize = 128;

/// Most lanes and tool calls of one stream. Each choice has three or four; 256 tool calls of a choice would be absurd.
pub const MAX_LANES: usize = 1024;

/// Most bytes held back of one stream in all, as of one item of the detectors.
pub const MAX_HELD_BYTES: usize = detect::MAX_ITEM_BYTES;

/// Where a text of the stream stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Lane {
    /// Which choice; 0 in a response.
    pub choice: usize,
    /// Which channel.
    pub channel: Channel,
}

/// How far the stream is judged before it is let go. Keywords and personal information are judged first in every mode.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// The classifier runs behind, on what was let go ([`Gate::behind`]).
    Trail,
    /// The classifier passes each segment before it is let go: up to a full stop, at most 128 characters.
    Hold,
    /// Nothing is let go before the whole choice is judged.
    Full,
}

/// What is done about something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Let go.
    Pass,
    /// Let go masked: personal information by the redactor, other words as asterisks, something opaque is left out.
    Mask,
    /// The choice ends before it, with this canned text.
    Refuse(String),
}

/// What the caller knows: rules, policy, texts.
pub trait Judge {
    /// A scanner for a text that begins.
    fn scanner(&self) -> Scanner;

    /// Judges a text that is there whole: arguments of a tool, a lane in the mode `full`.
    fn whole(&mut self, lane: Lane, text: &str) -> Verdict;

    /// What is done about the last of these findings of one lane; with `faults`, about those.
    fn decide(&mut self, lane: Lane, findings: &[Finding], faults: &[Fault]) -> Action;

    /// What the classifier says of a text so far: its last 1,024 characters at most. A classifier cannot point at a place: [`Action::Mask`] is a pass.
    fn classify(&mut self, lane: Lane, text: &str) -> Action;

    /// What is done about something that cannot be judged: sound, an image. A type that nobody knows is one too.
    fn opaque(&mut self, choice: usize, kind: &str) -> Action;

    /// The canned text where a stream is too much to be judged.
    fn overflow(&mut self) -> String;

    /// How personal information is masked.
    fn redactor(&self) -> &Redactor;

    /// What the request masked and the answer gets back, once it is judged.
    fn values(&self) -> Option<&Arc<Values>> {
        None
    }

    /// The visible label of each text.
    fn visible(&self) -> Option<&Visible> {
        None
    }
}

/// What the stream is of.
#[derive(Debug, Clone)]
pub struct Options {
    /// The interface. Embeddings do not stream.
    pub endpoint: Endpoint,
    /// How far it is judged before it is let go.
    pub mode: Mode,
    /// Whether the client asked for the usage.
    pub usage: bool,
    /// For events of our own before the upstream said anything, and how many choices were asked for. The tokens of the request, if known, are told where
    /// the upstream is cancelled before it counts.
    pub facts: Facts,
}

/// How the stream ended. The caller stops reading, and cancels the upstream where that goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum End {
    /// As the upstream ended it.
    Done,
    /// All choices are at their end, at least one because it was refused.
    Refused,
    /// The upstream is gone before its end, or sent what cannot be read.
    Broken(String),
}

/// The gate of one stream.
pub struct Gate<J> {
    judge: J,
    body: Body,
}

enum Body {
    Choices(Box<choices::Choices>),
    Response(Box<responses::Response>),
}

impl<J: Judge> Gate<J> {
    /// A gate before anything has come.
    pub fn new(options: Options, judge: J) -> Self {
        let body = match options.endpoint {
            Endpoint::Responses => Body::Response(Box::new(responses::Response::new(options))),
            _ => Body::Choices(Box::new(choices::Choices::new(options))),
        };
        Self { judge, body }
    }

    /// Takes all frames that came with one read, and gives what may be sent. Each lane is judged once, however many deltas there are.
    pub fn push(&mut self, frames: Vec<Frame>) -> Vec<Frame> {
        match &mut self.body {
            Body::Choices(body) => body.push(frames, &mut self.judge),
            Body::Response(body) => body.push(frames, &mut self.judge),
        }
    }

    /// In the mode `trail`: runs the classifier on what was let go. To be called when that was sent, so that it delays nothing.
    pub fn behind(&mut self) -> Vec<Frame> {
        match &mut self.body {
            Body::Choices(body) => body.behind(&mut self.judge),
            Body::Response(body) => body.behind(&mut self.judge),
        }
    }

    /// The upstream has no more: what is held is judged as it stands and let go. Where a choice lacks its end, `error` (in OpenAI's shape) is told before
    /// `[DONE]`. Nothing where the stream has ended already.
    pub fn end(&mut self, error: Option<Value>) -> Vec<Frame> {
        match &mut self.body {
            Body::Choices(body) => body.end(error, &mut self.judge),
            Body::Response(body) => body.end(error, &mut self.judge),
        }
    }

    /// How the stream ended, once it has.
    pub fn ended(&self) -> Option<&End> {
        match &self.body {
            Body::Choices(body) => body.ended(),
            Body::Response(body) => body.ended(),
        }
    }

    /// The judge, with what it has noted.
    pub const fn judge(&self) -> &J {
        &self.judge
    }

    /// The judge, to note more.
    pub const fn judge_mut(&mut self) -> &mut J {
        &mut self.judge
    }
}

/// A stream of our own that says `text` and ends with `content_filter`: for a request that is refused before the upstream is asked.
#[must_use]
pub fn canned(options: &Options, text: &str) -> Vec<Frame> {
    match options.endpoint {
        Endpoint::Responses => responses::canned(options, text),
        _ => choices::canned(options, text),
    }
}

/// The end that every stream of chat and completions has.
const DONE: &str = "[DONE]";

/// What a frame says.
enum Said {
    Comment,
    Done,
    /// Nothing for a reader: what is no JSON and does not look like it, as some upstreams send to keep the connection alive.
    Nothing,
    Broken(String),
    Json(Event, Value),
}

fn read(frame: Frame) -> Said {
    let Frame::Event(mut event) = frame else { return Said::Comment };
    let data = std::mem::take(&mut event.data);
    if data.trim() == DONE {
        return Said::Done;
    }
    if !data.trim_start().starts_with(['{', '[']) {
        return Said::Nothing;
    }
    // Nobody judges names and ids.
    if !wire::is_id(&event.name) {
        event.name.clear();
    }
    event.id = event.id.filter(|id| wire::is_id(id));
    match wire::parse(data.as_bytes()) {
        Ok(value) if value.is_object() => Said::Json(event, value),
        Ok(_) => Said::Broken("the upstream sent an event that is no object".to_owned()),
        Err(error) => Said::Broken(format!("the upstream sent an event that cannot be read: {error}")),
    }
}

fn done() -> Frame {
    Frame::Event(Event::data(DONE.to_owned()))
}

fn frame(value: &Value) -> Frame {
    Frame::Event(Event::data(value.to_string()))
}

/// What the client is told of an upstream that cannot be read. Not what was wrong: that could repeat what nobody judged.
fn broken() -> Value {
    wire::error(
        "server_error",
        "upstream_broken",
        "上游返回的内容无法读取，回答在此中断。 The upstream sent what cannot be read; the answer ends here.",
        None,
    )
}

/// A part of a path as nested JSON around a text: `/delta/content`.
fn nest(path: &str, text: &str) -> Value {
    let Some((_, rest)) = path.split_once('/') else { return json!(text) };
    let (segment, below) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    match segment.parse::<usize>() {
        Ok(at) if at < MAX_LANES => {
            let mut values = vec![Value::Null; at];
            values.push(nest(below, text));
            Value::Array(values)
        }
        _ => json!({segment.replace("~1", "/").replace("~0", "~"): nest(below, text)}),
    }
}

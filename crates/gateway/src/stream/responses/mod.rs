//! Streams of responses: events with types, whose deltas are followed by events that repeat the whole.
//!
//! Texts that come in pieces are lanes. An event that repeats a text (`….done`, `response.completed`) closes its lanes and is rewritten to what was let go;
//! a text that no lane has let go is judged whole. Arguments and code of tools are held until their `….done`. In the mode `full` only the event that ends the
//! response is judged, and the stream is told anew from it. `sequence_number` is counted anew, since events are left out and added.

mod ending;
mod known;

use std::collections::{HashMap, HashSet};

use serde_json::{Value, json};

use super::told::{self, kind, with};
use super::track::Track;
use super::{Action, End, Judge, Lane, MAX_HELD_BYTES, MAX_LANES, Mode, Options, Said, broken, done, read};
use crate::sse::{Event, Frame};
use crate::wire::{self, Channel};

/// Deltas whose texts may go in pieces.
const TEXTS: &[(&str, Channel)] = &[
    (TEXT_DELTA, Channel::Content),
    ("response.refusal.delta", Channel::Refusal),
    ("response.reasoning_summary_text.delta", Channel::Reasoning),
    ("response.reasoning_text.delta", Channel::Reasoning),
    ("response.reasoning_summary.delta", Channel::Reasoning),
    ("response.reasoning.delta", Channel::Reasoning),
    ("response.audio.transcript.delta", Channel::Transcript),
    ("response.audio_transcript.delta", Channel::Transcript),
    ("response.output_audio_transcript.delta", Channel::Transcript),
];

const TEXT_DELTA: &str = "response.output_text.delta";

/// Deltas that are held until the text is complete, and the field of their `….done` event that holds it.
const HELD: &[(&str, &str)] = &[
    ("response.function_call_arguments", "arguments"),
    ("response.mcp_call_arguments", "arguments"),
    ("response.mcp_call.arguments", "arguments"),
    ("response.custom_tool_call_input", "input"),
    ("response.code_interpreter_call_code", "code"),
    ("response.code_interpreter_call.code", "code"),
];

/// Events that end a response.
const ENDS: &[&str] = &["response.completed", "response.incomplete", "response.failed", "response.cancelled"];

/// Events that only say how far the response is.
const BEGINNINGS: &[&str] = &["response.created", "response.in_progress", "response.queued"];

pub(super) use ending::canned;

pub(super) struct Response {
    options: Options,
    tracks: Vec<Text>,
    /// Texts that were at their end.
    closed: HashSet<(String, Spot)>,
    /// As the upstream first told it, without output.
    response: Value,
    /// Items that were told whole, as they went out.
    items: Vec<Value>,
    /// The first `output_index` that is free.
    next: u64,
    sequence: u64,
    deltas: u64,
    lanes: usize,
    /// Texts that were let go, and what went out in their place where that is another.
    known: HashMap<String, Option<String>>,
    known_bytes: usize,
    end: Option<End>,
}

/// Which item and which part of it an event is about.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Spot {
    output: Option<u64>,
    part: Option<u64>,
    item: Option<String>,
}

/// One text in pieces.
struct Text {
    kind: String,
    place: Spot,
    track: Track,
    /// As it came.
    raw: String,
    /// The last event, for events of our own.
    like: Value,
    /// The event of this read that closes it, by its number.
    closed_by: Option<usize>,
}

enum Item {
    Comment,
    Done,
    Broken(String),
    Refused(String),
    /// A piece of the text with this number, and where it ends.
    Delta(usize, usize, Value),
    Whole(Value),
    /// A sound that the caller lets pass.
    Sound(Value),
}

impl Response {
    pub(super) fn new(options: Options) -> Self {
        let (tracks, closed, items, known) = (Vec::new(), HashSet::new(), Vec::new(), HashMap::new());
        Self {
            options,
            tracks,
            closed,
            response: Value::Null,
            items,
            next: 0,
            sequence: 0,
            deltas: 0,
            lanes: 0,
            known,
            known_bytes: 0,
            end: None,
        }
    }

    pub(super) const fn ended(&self) -> Option<&End> {
        self.end.as_ref()
    }

    pub(super) fn push(&mut self, frames: Vec<Frame>, judge: &mut dyn Judge) -> Vec<Frame> {
        let mut items = Vec::new();
        if self.end.is_none() {
            for frame in frames {
                items.extend(self.take_apart(frame, items.len(), judge));
                // Nothing counts that comes after the end.
                if matches!(items.last(), Some(Item::Done | Item::Broken(_))) {
                    break;
                }
            }
        }
        for text in &mut self.tracks {
            text.track.step(judge, text.closed_by.is_some());
        }
        let mut last = HashMap::new();
        for (at, item) in items.iter().enumerate() {
            if let Item::Delta(text, ..) = item {
                last.insert(*text, at);
            }
        }
        let mut out = Vec::new();
        for (at, item) in items.into_iter().enumerate() {
            if self.end.is_some() {
                break;
            }
            match item {
                Item::Comment => out.push(Frame::Comment),
                Item::Done => self.conclude(None, End::Done, judge, &mut out),
                Item::Broken(why) => self.conclude(Some(broken()), End::Broken(why), judge, &mut out),
                Item::Refused(text) => self.refuse(&text, &mut out),
                Item::Delta(text, end, value) => {
                    let upto = if last.get(&text) == Some(&at) { usize::MAX } else { end };
                    self.delta(text, upto, value, judge, &mut out);
                }
                Item::Whole(value) => self.whole(value, at, judge, &mut out),
                Item::Sound(value) => self.emit(value, &mut out),
            }
        }
        // Only now, since the deltas of this read count by number.
        self.tracks.retain(|text| text.closed_by.is_none());
        out
    }

    pub(super) fn behind(&mut self, judge: &mut dyn Judge) -> Vec<Frame> {
        let mut out = Vec::new();
        if let Some(text) = self.tracks.iter_mut().find_map(|text| text.track.behind(judge, false)).filter(|_| self.end.is_none()) {
            self.refuse(&text, &mut out);
        }
        out
    }

    pub(super) fn end(&mut self, error: Option<Value>, judge: &mut dyn Judge) -> Vec<Frame> {
        let mut out = Vec::new();
        if self.end.is_none() {
            self.conclude(error, End::Broken("the upstream ended before its end".to_owned()), judge, &mut out);
        }
        out
    }

    fn take_apart(&mut self, frame: Frame, number: usize, judge: &mut dyn Judge) -> Option<Item> {
        let mut value = match read(frame) {
            Said::Comment => return Some(Item::Comment),
            Said::Done => return Some(Item::Done),
            Said::Nothing => return None,
            Said::Broken(why) => return Some(Item::Broken(why)),
            Said::Json(_, value) => value,
        };
        let kind = kind(&value).to_owned();
        let is_end = ENDS.contains(&&*kind) || kind == "error";
        if self.options.mode == Mode::Full && !is_end && !BEGINNINGS.contains(&&*kind) {
            return None;
        }
        if HELD.iter().any(|(held, _)| kind.strip_suffix(".delta") == Some(held)) {
            return None;
        }
        if let Some(object) = value.as_object_mut() {
            object.remove("obfuscation");
        }
        let known = TEXTS.iter().find(|(text, _)| *text == kind).map(|(_, channel)| *channel);
        let channel = known.or_else(|| kind.ends_with(".delta").then_some(Channel::Unknown));
        let is_sound = kind.contains("audio") && channel == Some(Channel::Unknown);
        match (channel, value.get_mut("delta").map(Value::take)) {
            (Some(_), Some(sound)) if is_sound => match judge.opaque(0, "audio") {
                Action::Pass => Some(
                    self.rewrite(&mut value, judge).map_or_else(Item::Refused, |()| Item::Sound(with(&value, "", "", &[("delta", sound)]))),
                ),
                Action::Mask => None,
                Action::Refuse(text) => Some(Item::Refused(text)),
            },
            (Some(channel), Some(Value::String(piece))) => Some(self.piece(&kind, channel, &piece, value, judge)),
            (_, delta) => {
                if let (Some(delta), Some(object)) = (delta, value.as_object_mut()) {
                    object.insert("delta".to_owned(), delta);
                }
                self.close(&kind, &value, is_end, number);
                Some(Item::Whole(value))
            }
        }
    }

    /// Gives a piece to its lane. The event comes without its delta.
    fn piece(&mut self, kind: &str, channel: Channel, piece: &str, mut value: Value, judge: &mut dyn Judge) -> Item {
        if let Err(text) = self.rewrite(&mut value, judge) {
            return Item::Refused(text);
        }
        let place = place(&value);
        if self.closed.contains(&(kind.to_owned(), place.clone())) {
            // The end of a text was judged as its end; what goes on there cannot be judged with it.
            return Item::Refused(judge.overflow());
        }
        let at = self.tracks.iter().position(|text| text.kind == kind && text.place == place && text.closed_by.is_none());
        let at = at.unwrap_or_else(|| {
            let mut track = Track::new(Lane { choice: 0, channel }, self.options.mode, judge);
            track.record = Some(String::new());
            self.lanes += 1;
            self.tracks.push(Text { kind: kind.to_owned(), place, track, raw: String::new(), like: Value::Null, closed_by: None });
            self.tracks.len() - 1
        });
        let Some(text) = self.tracks.get_mut(at) else { return Item::Refused(judge.overflow()) };
        text.track.push(piece);
        text.raw.push_str(piece);
        text.like = value.clone();
        self.deltas += 1;
        let end = text.track.end();
        if let Some(object) = value.as_object_mut() {
            object.insert("delta".to_owned(), json!(piece));
        }
        let held: usize = self.tracks.iter().map(|text| text.raw.len()).sum();
        if self.lanes > MAX_LANES || held > MAX_HELD_BYTES { Item::Refused(judge.overflow()) } else { Item::Delta(at, end, value) }
    }

    /// Marks the lanes whose text an event repeats.
    fn close(&mut self, kind: &str, value: &Value, is_end: bool, number: usize) {
        if !is_end && !kind.ends_with(".done") {
            return;
        }
        let spot = place(value);
        for text in &mut self.tracks {
            let is_meant =
                [(spot.output, text.place.output), (spot.part, text.place.part)].iter().all(|(named, its)| named.is_none() || named == its);
            let is_item = spot.item.is_none() || spot.item == text.place.item;
            if is_end || (is_meant && is_item) {
                text.closed_by.get_or_insert(number);
                self.closed.insert((text.kind.clone(), text.place.clone()));
            }
        }
    }

    fn delta(&mut self, at: usize, upto: usize, mut value: Value, judge: &mut dyn Judge, out: &mut Vec<Frame>) {
        let Some(text) = self.tracks.get_mut(at) else { return };
        let piece = text.track.take(upto, judge);
        let stop = text.track.stopped();
        if !piece.is_empty() {
            if let Some(object) = value.as_object_mut().filter(|object| object.get("delta").and_then(Value::as_str) != Some(&piece)) {
                object.entry("logprobs").and_modify(|tokens| *tokens = json!([]));
                object.insert("delta".to_owned(), json!(piece));
            }
            self.emit(value, out);
        }
        if let Some(text) = stop {
            self.refuse(&text, out);
        }
    }

    /// An event that does not come in pieces: the lanes it closes are flushed, and it says what they said.
    fn whole(&mut self, mut value: Value, number: usize, judge: &mut dyn Judge, out: &mut Vec<Frame>) {
        let kind = kind(&value).to_owned();
        if let Some(text) = self.flush(number, judge, out) {
            return self.refuse(&text, out);
        }
        if let Err(text) = self.rewrite(&mut value, judge) {
            return self.refuse(&text, out);
        }
        self.note(&kind, &value);
        let is_end = ENDS.contains(&&*kind) || kind == "error";
        if self.options.mode == Mode::Full && is_end {
            for event in told::items(value.pointer("/response/output").unwrap_or(&Value::Null)) {
                self.emit(event, out);
            }
        }
        if let Some((held, field)) = HELD.iter().find(|(held, _)| kind.strip_suffix(".done") == Some(held)) {
            let text = value.get(*field).cloned().unwrap_or_default();
            self.emit(with(&value, &format!("{held}.delta"), field, &[("delta", text)]), out);
        }
        self.emit(value, out);
        if is_end {
            self.end = Some(End::Done);
        }
    }

    /// Sends what lanes closed up to this event may still say; the canned text, if one of them stops. Those closed later wait for their turn: their texts must not
    /// overtake the events before them.
    fn flush(&mut self, number: usize, judge: &mut dyn Judge, out: &mut Vec<Frame>) -> Option<String> {
        for at in 0..self.tracks.len() {
            let Some(text) = self.tracks.get_mut(at).filter(|text| text.closed_by.is_some_and(|by| by <= number)) else { continue };
            let piece = text.track.take(usize::MAX, judge);
            let stop = text.track.behind(judge, true);
            let like = text.like.clone();
            let sent = text.track.record.clone().unwrap_or_default();
            let known = (std::mem::take(&mut text.raw), sent);
            if !piece.is_empty() {
                self.emit(with(&like, "", "", &[("delta", json!(piece)), ("logprobs", json!([]))]), out);
            }
            if stop.is_some() {
                return stop;
            }
            if !known.0.is_empty() {
                let is_same = known.0 == known.1;
                self.know(known.0, (!is_same).then_some(known.1));
            }
        }
        None
    }

    /// What is needed to end the response ourselves.
    fn note(&mut self, kind: &str, value: &Value) {
        let index = value.get("output_index").and_then(Value::as_u64);
        self.next = self.next.max(index.map_or(0, |index| index.saturating_add(1)));
        match kind {
            "response.output_item.done" if self.items.len() < MAX_LANES => self.items.extend(value.get("item").cloned()),
            _ if BEGINNINGS.contains(&kind) => self.response = value.get("response").cloned().unwrap_or_default(),
            _ => {}
        }
    }

    /// Ends the stream of an upstream that is gone.
    fn conclude(&mut self, error: Option<Value>, end: End, judge: &mut dyn Judge, out: &mut Vec<Frame>) {
        for text in &mut self.tracks {
            text.closed_by.get_or_insert(0);
            text.track.step(judge, true);
        }
        // Without its last event, nothing of it is judged whole.
        if self.options.mode != Mode::Full
            && let Some(text) = self.flush(usize::MAX, judge, out)
        {
            return self.refuse(&text, out);
        }
        if let Some(error) = error.as_ref().map(|error| error.get("error").unwrap_or(error)) {
            self.emit(with(error, "error", "", &[]), out);
        }
        out.push(done());
        self.end = Some(end);
    }

    fn emit(&mut self, mut value: Value, out: &mut Vec<Frame>) {
        if let Some(object) = value.as_object_mut() {
            object.insert("sequence_number".to_owned(), json!(self.sequence));
            self.sequence += 1;
        }
        let name = Some(kind(&value)).filter(|kind| wire::is_id(kind)).unwrap_or_default().to_owned();
        out.push(Frame::Event(Event { name, id: None, data: value.to_string() }));
    }
}

fn place(value: &Value) -> Spot {
    let number = |field: &str| value.get(field).and_then(Value::as_u64);
    let item = value.get("item_id").and_then(Value::as_str).map(str::to_owned);
    Spot { output: number("output_index"), part: number("content_index").or_else(|| number("summary_index")), item }
}

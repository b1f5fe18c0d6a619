//! Streams of the chat and the completions: chunks with a delta for each choice.
//!
//! What came with one read goes through three rounds: every chunk is taken apart (its texts go to their lanes, fragments of tool calls are put aside), every
//! lane that got something is judged once, and the chunks are put together again with as much text as may go. A chunk with nothing left to say is dropped.

mod sending;

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::calls::Calls;
use super::chunk::{entry, forget, lane_of};
use super::judge::settle;
use super::track::Track;
use super::{Action, End, Judge, Lane, MAX_CHOICES, MAX_HELD_BYTES, MAX_LANES, Mode, Options, Said, broken, done, frame, read};
use crate::sse::{Event, Frame};
use crate::wire::{self, Channel, Endpoint, Part};

pub(super) use sending::canned;

pub(super) struct Choices {
    options: Options,
    choices: BTreeMap<usize, Choice>,
    /// The last chunk without what it said: its id, model and the like.
    envelope: Map<String, Value>,
    /// What the upstream last counted.
    usage: Value,
    /// Deltas with text, where nobody counts tokens.
    deltas: u64,
    /// Lanes and calls that were ever made.
    lanes: usize,
    /// The usage was sent.
    is_counted: bool,
    end: Option<End>,
}

#[derive(Default)]
struct Choice {
    /// By the path below the choice.
    tracks: Vec<(String, Track)>,
    calls: Calls,
    /// It calls a tool.
    has_called: bool,
    has_role: bool,
    /// Its end has come from the upstream.
    is_closing: bool,
    /// Its end was sent.
    is_done: bool,
    is_refused: bool,
}

/// One text of a chunk.
struct Slot {
    choice: usize,
    /// Which track of the choice.
    track: usize,
    /// Where in the chunk.
    path: String,
    /// Where its text ends in the lane.
    end: usize,
    text: String,
}

/// A chunk taken apart.
struct Chunk {
    event: Event,
    value: Value,
    /// Which choice each entry of `choices` is.
    indices: Vec<usize>,
    slots: Vec<Slot>,
    /// Complete tool calls, as deltas.
    calls: Vec<(usize, Value)>,
    /// Entries from which fragments of calls were taken.
    called: Vec<usize>,
    finishes: Vec<(usize, Value)>,
    refusals: Vec<(usize, String)>,
    /// It said something that is not in it any more.
    is_taken: bool,
}

enum Item {
    Comment,
    Done,
    Broken(String),
    Chunk(Box<Chunk>),
}

impl Choices {
    pub(super) fn new(options: Options) -> Self {
        let facts = &options.facts;
        let object = if options.endpoint == Endpoint::Completions { "text_completion" } else { "chat.completion.chunk" };
        let envelope = json!({"id": facts.id, "object": object, "created": facts.created, "model": facts.model});
        let envelope = if let Value::Object(envelope) = envelope { envelope } else { Map::new() };
        Self { options, choices: BTreeMap::new(), envelope, usage: Value::Null, deltas: 0, lanes: 0, is_counted: false, end: None }
    }

    pub(super) const fn ended(&self) -> Option<&End> {
        self.end.as_ref()
    }

    pub(super) fn push(&mut self, frames: Vec<Frame>, judge: &mut dyn Judge) -> Vec<Frame> {
        let mut items = Vec::new();
        if self.end.is_none() {
            for frame in frames {
                items.extend(self.take_apart(frame, judge));
                // Nothing counts that comes after the end.
                if matches!(items.last(), Some(Item::Done | Item::Broken(_))) {
                    break;
                }
            }
        }
        self.judge(judge);
        // The last slot of a lane takes all that may go; the others only their own, so that order and pace stay.
        let mut last = BTreeMap::new();
        for (at, item) in items.iter().enumerate() {
            let Item::Chunk(chunk) = item else { continue };
            last.extend(chunk.slots.iter().map(|slot| ((slot.choice, slot.track), at)));
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
                Item::Chunk(chunk) => self.put_together(*chunk, |slot| last.get(slot) == Some(&at), judge, &mut out),
            }
        }
        out
    }

    pub(super) fn behind(&mut self, judge: &mut dyn Judge) -> Vec<Frame> {
        let mut out = Vec::new();
        let open = if self.end.is_none() { self.open() } else { Vec::new() };
        for index in open {
            let refused = self.tracks(index).find_map(|track| track.behind(judge, false));
            if let Some(text) = refused {
                self.refuse(index, &text, &mut out);
            }
        }
        self.close_if_over(&mut out);
        out
    }

    pub(super) fn end(&mut self, error: Option<Value>, judge: &mut dyn Judge) -> Vec<Frame> {
        let mut out = Vec::new();
        if self.end.is_none() {
            let is_cut = self.choices.is_empty() || !self.open().is_empty();
            let (error, end) =
                if is_cut { (error, End::Broken("the upstream ended before its end".to_owned())) } else { (None, End::Done) };
            self.conclude(error, end, judge, &mut out);
        }
        out
    }

    /// Round one: what a frame says, its texts given to their lanes.
    fn take_apart(&mut self, frame: Frame, judge: &mut dyn Judge) -> Option<Item> {
        match read(frame) {
            Said::Comment => Some(Item::Comment),
            Said::Done => Some(Item::Done),
            Said::Nothing => None,
            Said::Broken(why) => Some(Item::Broken(why)),
            Said::Json(event, value) => {
                Some(self.chunk(event, value, judge).map_or_else(Item::Broken, |chunk| Item::Chunk(Box::new(chunk))))
            }
        }
    }

    fn chunk(&mut self, event: Event, mut value: Value, judge: &mut dyn Judge) -> Result<Chunk, String> {
        if let Some(object) = value.as_object_mut() {
            // Random letters that hide how long a text is; they fit no text that was cut otherwise.
            object.remove("obfuscation");
        }
        let mut chunk = Chunk {
            event,
            value: Value::Null,
            indices: Vec::new(),
            slots: Vec::new(),
            calls: Vec::new(),
            called: Vec::new(),
            finishes: Vec::new(),
            refusals: Vec::new(),
            is_taken: false,
        };
        self.take_entries(&mut value, &mut chunk, judge)?;
        let parts =
            self.options.endpoint.event(&value).map_err(|error| format!("the upstream sent an event that cannot be judged: {error}"))?;
        for opaque in &parts.opaque {
            let choice = entry(&opaque.path).and_then(|(at, _)| chunk.indices.get(at)).copied().unwrap_or_default();
            match judge.opaque(choice, &opaque.kind) {
                Action::Pass => {}
                Action::Mask => drop(value.pointer_mut(&opaque.path).map(Value::take)),
                Action::Refuse(text) => chunk.refusals.push((choice, text)),
            }
        }
        for part in &parts.parts {
            self.take_part(part, &mut value, &mut chunk, judge);
        }
        if let Some(usage) = value.get("usage").filter(|usage| usage.is_object()) {
            self.usage = usage.clone();
        }
        if let Value::Object(object) = &value {
            self.envelope = object
                .iter()
                .filter(|(key, _)| !matches!(key.as_str(), "choices" | "usage" | "error"))
                .map(|(key, value)| (key.clone(), value.clone()))
                .collect();
        }
        if self.lanes > MAX_LANES || self.held() > MAX_HELD_BYTES {
            let text = judge.overflow();
            chunk.refusals.extend(self.open().into_iter().map(|index| (index, text.clone())));
        }
        chunk.value = value;
        Ok(chunk)
    }

    /// Takes tool calls and ends out of the entries, and drops entries of choices that are at their end.
    fn take_entries(&mut self, value: &mut Value, chunk: &mut Chunk, judge: &mut dyn Judge) -> Result<(), String> {
        let Some(Value::Array(entries)) = value.get_mut("choices") else { return Ok(()) };
        let before = entries.len();
        for (at, mut entry) in std::mem::take(entries).into_iter().enumerate() {
            let index = entry.get("index").and_then(Value::as_u64).and_then(|index| usize::try_from(index).ok()).unwrap_or(at);
            if !self.choices.contains_key(&index) && self.choices.len() >= MAX_CHOICES {
                return Err(format!("the upstream sent more than {MAX_CHOICES} choices"));
            }
            let choice = self.choices.entry(index).or_default();
            if choice.is_closing || choice.is_done {
                continue;
            }
            let made = choice.calls.take(&mut entry);
            choice.has_called |= made.is_some();
            chunk.is_taken |= made.is_some();
            chunk.called.extend(made.map(|_| entries.len()));
            self.lanes += made.unwrap_or_default();
            let finish =
                entry.get_mut("finish_reason").filter(|reason| reason.as_str().is_some_and(|reason| !reason.is_empty())).map(Value::take);
            choice.is_closing = finish.is_some();
            if choice.calls.is_torn() {
                chunk.refusals.push((index, judge.overflow()));
            }
            // In the mode `full` nothing of a choice goes before its end.
            if choice.is_closing || self.options.mode != Mode::Full {
                match choice.calls.complete(index, choice.is_closing, judge) {
                    Ok(calls) => chunk.calls.extend(calls.into_iter().map(|call| (index, call))),
                    Err(text) => chunk.refusals.push((index, text)),
                }
            }
            // Nobody judges it, so it is a word or the usual one.
            let is_word = |reason: &Value| reason.as_str().is_some_and(wire::is_id);
            chunk.finishes.extend(finish.map(|reason| (index, if is_word(&reason) { reason } else { json!("stop") })));
            chunk.indices.push(index);
            entries.push(entry);
        }
        chunk.is_taken |= entries.len() < before;
        Ok(())
    }

    /// Gives a text to its lane; what does not come in pieces is judged at once.
    fn take_part(&mut self, part: &Part, value: &mut Value, chunk: &mut Chunk, judge: &mut dyn Judge) {
        let at = entry(&part.path).and_then(|(at, _)| chunk.indices.get(at)).copied();
        let lane = Lane { choice: at.unwrap_or_default(), channel: part.channel };
        let is_text =
            matches!(part.channel, Channel::Content | Channel::Reasoning | Channel::Refusal | Channel::Transcript | Channel::Unknown);
        let comes_in_pieces = is_text && part.places.iter().all(wire::Place::is_whole);
        let Some(index) = at.filter(|_| comes_in_pieces) else {
            if let Err(text) = settle(judge, lane, part, value) {
                match at {
                    Some(index) => chunk.refusals.push((index, text)),
                    // Beside the choices: only that field is left out.
                    None => forget(value, &part.path),
                }
            }
            return;
        };
        for place in &part.places {
            if self.lanes > MAX_LANES {
                return;
            }
            let text = place.span.cut(&part.text).unwrap_or_default();
            let track = self.track(index, lane_of(&place.path), lane, judge);
            let Some((_, lane)) = self.choices.get_mut(&index).and_then(|choice| choice.tracks.get_mut(track)) else { continue };
            lane.push(text);
            self.deltas += 1;
            chunk.slots.push(Slot { choice: index, track, path: place.path.clone(), end: lane.end(), text: text.to_owned() });
            chunk.is_taken = true;
        }
    }

    /// The track of a path, made where it is new.
    fn track(&mut self, index: usize, below: String, lane: Lane, judge: &dyn Judge) -> usize {
        let choice = self.choices.entry(index).or_default();
        choice.tracks.iter().position(|(path, _)| *path == below).unwrap_or_else(|| {
            self.lanes += 1;
            choice.tracks.push((below, Track::new(lane, self.options.mode, judge)));
            choice.tracks.len() - 1
        })
    }

    /// Round two: every lane once.
    fn judge(&mut self, judge: &mut dyn Judge) {
        for choice in self.choices.values_mut().filter(|choice| !choice.is_done) {
            choice.step(judge);
        }
    }

    /// Ends the stream: what is held is judged as it stands. Complete tool calls are told unless the stream was cut.
    fn conclude(&mut self, error: Option<Value>, end: End, judge: &mut dyn Judge, out: &mut Vec<Frame>) {
        for index in self.open() {
            let Some(choice) = self.choices.get_mut(&index) else { continue };
            choice.is_closing = true;
            choice.step(judge);
            let calls = if end == End::Done { choice.calls.complete(index, true, judge) } else { Ok(Vec::new()) };
            self.flush(index, &[], judge, out);
            match calls {
                Ok(calls) => calls.into_iter().for_each(|call| self.say(index, json!({"delta": call}), out)),
                Err(text) => self.refuse(index, &text, out),
            }
            let behind = self.tracks(index).find_map(|track| track.behind(judge, true));
            if let Some(text) = behind {
                self.refuse(index, &text, out);
            }
        }
        if end == End::Done && self.choices.values().any(|choice| choice.is_refused) {
            self.choices.values_mut().for_each(|choice| choice.is_done = true);
            self.close_if_over(out);
        }
        if self.end.is_none() {
            out.extend(error.as_ref().map(frame));
            out.push(done());
            self.end = Some(end);
        }
    }

    /// The choices that are not at their end.
    fn open(&self) -> Vec<usize> {
        self.choices.iter().filter(|(_, choice)| !choice.is_done).map(|(index, _)| *index).collect()
    }

    fn tracks(&mut self, index: usize) -> impl Iterator<Item = &mut Track> {
        self.choices.get_mut(&index).into_iter().flat_map(|choice| choice.tracks.iter_mut().map(|(_, track)| track))
    }

    fn held(&self) -> usize {
        let held = |choice: &Choice| choice.calls.held() + choice.tracks.iter().map(|(_, track)| track.held()).sum::<usize>();
        self.choices.values().map(held).sum()
    }
}

impl Choice {
    /// Judges what its lanes got.
    fn step(&mut self, judge: &mut dyn Judge) {
        for (_, track) in &mut self.tracks {
            if self.has_called {
                track.open_end();
            }
            track.step(judge, self.is_closing);
        }
    }
}

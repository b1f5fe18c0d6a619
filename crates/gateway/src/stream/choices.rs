//! Streams of the chat and the completions: chunks with a delta for each choice.
//!
//! What came with one read goes through three rounds: every chunk is taken apart (its texts go to their lanes, fragments of tool calls are put aside), every
//! lane that got something is judged once, and the chunks are put together again with as much text as may go. A chunk with nothing left to say is dropped.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::calls::Calls;
use super::judge::settle;
use super::track::Track;
use super::{End, Judge, Lane, MAX_CHOICES, MAX_HELD_BYTES, MAX_LANES, Mode, Options, Said, broken, done, frame, nest, read};
use crate::sse::{Event, Frame};
use crate::wire::{self, Channel, Endpoint, Part};

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
        for index in self.open() {
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
        if let Some(usage) = value.get("usage").filter(|usage| usage.is_object()) {
            self.usage = usage.clone();
        }
        let mut chunk = Chunk {
            event,
            value: Value::Null,
            indices: Vec::new(),
            slots: Vec::new(),
            calls: Vec::new(),
            finishes: Vec::new(),
            refusals: Vec::new(),
            is_taken: false,
        };
        self.take_entries(&mut value, &mut chunk, judge)?;
        let parts = wire::Endpoint::event(self.options.endpoint, &value)
            .map_err(|error| format!("the upstream sent an event that cannot be judged: {error}"))?;
        for opaque in &parts.opaque {
            let choice = entry(&opaque.path).and_then(|(at, _)| chunk.indices.get(at)).copied().unwrap_or_default();
            match judge.opaque(choice, &opaque.kind) {
                super::Action::Pass => {}
                super::Action::Mask => drop(value.pointer_mut(&opaque.path).map(Value::take)),
                super::Action::Refuse(text) => chunk.refusals.push((choice, text)),
            }
        }
        for part in &parts.parts {
            self.take_part(part, &mut value, &mut chunk, judge);
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
            chunk.is_taken |= made.is_some();
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
            chunk.finishes.extend(finish.map(|reason| (index, reason)));
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
            let below = entry(&place.path).map_or("", |(_, below)| below);
            let track = self.track(index, below, lane, judge);
            let Some((_, lane)) = self.choices.get_mut(&index).and_then(|choice| choice.tracks.get_mut(track)) else { continue };
            lane.push(text);
            self.deltas += 1;
            chunk.slots.push(Slot { choice: index, track, path: place.path.clone(), end: lane.end(), text: text.to_owned() });
            chunk.is_taken = true;
        }
    }

    /// The track of a path, made where it is new.
    fn track(&mut self, index: usize, below: &str, lane: Lane, judge: &dyn Judge) -> usize {
        let choice = self.choices.entry(index).or_default();
        choice.tracks.iter().position(|(path, _)| path == below).unwrap_or_else(|| {
            self.lanes += 1;
            choice.tracks.push((below.to_owned(), Track::new(lane, self.options.mode, judge)));
            choice.tracks.len() - 1
        })
    }

    /// Round two: every lane once.
    fn judge(&mut self, judge: &mut dyn Judge) {
        for choice in self.choices.values_mut().filter(|choice| !choice.is_done) {
            let is_last = choice.is_closing;
            choice.tracks.iter_mut().for_each(|(_, track)| track.step(judge, is_last));
        }
    }

    /// Round three: the chunk with as much text as may go.
    fn put_together(&mut self, chunk: Chunk, is_last: impl Fn(&(usize, usize)) -> bool, judge: &mut dyn Judge, out: &mut Vec<Frame>) {
        let Chunk { event, mut value, indices, slots, calls, finishes, refusals, is_taken } = chunk;
        for (index, text) in refusals {
            self.refuse(index, &text, out);
        }
        for (index, _) in &finishes {
            let mine: Vec<_> = slots.iter().filter(|slot| slot.choice == *index).map(|slot| slot.track).collect();
            self.flush(*index, &mine, judge, out);
        }
        for (index, call) in calls {
            self.say(index, json!({"delta": call}), out);
        }
        let mut stops = Vec::new();
        let mut spoken = vec![None; indices.len()];
        for slot in &slots {
            let piece = self.piece(slot, is_last(&(slot.choice, slot.track)), judge, &mut stops);
            let is_same = piece == slot.text;
            if let Some((at, _)) = entry(&slot.path)
                && let Some(said) = spoken.get_mut(at)
            {
                let (some, same) = said.unwrap_or((false, true));
                *said = Some((some || !piece.is_empty(), same && is_same));
            }
            if let Some(text) = value.pointer_mut(&slot.path) {
                *text = Value::String(piece);
            }
        }
        for (index, reason) in finishes {
            self.finish(index, reason, &indices, &mut value, &mut stops, judge);
        }
        let is_whole = self.tidy(&mut value, &indices, &spoken) && !is_taken;
        if is_whole || says_something(&value) {
            self.is_counted |= indices.is_empty() && value.get("usage").is_some_and(Value::is_object);
            out.push(Frame::Event(Event { data: value.to_string(), ..event }));
        }
        for (index, text) in stops {
            self.refuse(index, &text, out);
        }
        self.close_if_over(out);
    }

    /// What a slot may say now.
    fn piece(&mut self, slot: &Slot, is_last: bool, judge: &dyn Judge, stops: &mut Vec<(usize, String)>) -> String {
        let choice = self.choices.get_mut(&slot.choice).filter(|choice| !choice.is_done);
        let Some((_, track)) = choice.and_then(|choice| choice.tracks.get_mut(slot.track)) else { return String::new() };
        if stops.iter().any(|(index, _)| *index == slot.choice) {
            return String::new();
        }
        let piece = track.take(if is_last { usize::MAX } else { slot.end }, judge);
        stops.extend(track.stopped().map(|text| (slot.choice, text)));
        piece
    }

    /// Writes the end of a choice into its entry, unless it stops.
    fn finish(
        &mut self,
        index: usize,
        reason: Value,
        indices: &[usize],
        value: &mut Value,
        stops: &mut Vec<(usize, String)>,
        judge: &mut dyn Judge,
    ) {
        if stops.iter().any(|(stopped, _)| *stopped == index) || self.choices.get(&index).is_none_or(|choice| choice.is_done) {
            return;
        }
        let behind = self.tracks(index).find_map(|track| track.behind(judge, true));
        if let Some(text) = behind {
            stops.push((index, text));
            return;
        }
        let at = indices.iter().position(|other| *other == index);
        if let Some(entry) = at.and_then(|at| value.get_mut("choices")?.get_mut(at)?.as_object_mut()) {
            entry.insert("finish_reason".to_owned(), reason);
        }
        if let Some(choice) = self.choices.get_mut(&index) {
            *choice = Choice { is_done: true, ..Choice::default() };
        }
    }

    /// Drops entries with nothing left to say, and probabilities of tokens beside a text that is not as it came; whether all entries stayed.
    fn tidy(&mut self, value: &mut Value, indices: &[usize], spoken: &[Option<(bool, bool)>]) -> bool {
        let Some(Value::Array(entries)) = value.get_mut("choices") else { return true };
        let mut at = 0;
        entries.retain_mut(|entry| {
            let (index, said) = (indices.get(at).copied().unwrap_or_default(), spoken.get(at).copied().flatten());
            at += 1;
            if said.is_none_or(|(_, is_same)| !is_same)
                && let Some(tokens) = entry.get_mut("logprobs")
            {
                *tokens = Value::Null;
            }
            let choice = self.choices.entry(index).or_default();
            let has_role = entry.pointer("/delta/role").is_some_and(|role| !role.is_null());
            let is_new = has_role && !choice.has_role && !choice.is_refused;
            let is_end = entry.get("finish_reason").is_some_and(|reason| reason.as_str().is_some_and(|reason| !reason.is_empty()));
            if choice.is_refused || (choice.is_done && !is_end) {
                return false;
            }
            if said.is_some() {
                drop_empty(entry);
            }
            choice.has_role |= has_role;
            // What never had a text, such as an empty first delta, passes.
            is_new || is_end || said.is_none_or(|(says, _)| says) || says_more(entry)
        });
        entries.len() == indices.len()
    }

    /// Sends what lanes of a choice may still say, but for those that have a slot to say it in.
    fn flush(&mut self, index: usize, but: &[usize], judge: &mut dyn Judge, out: &mut Vec<Frame>) {
        let Some(choice) = self.choices.get_mut(&index).filter(|choice| !choice.is_done) else { return };
        if let Some(text) = choice.tracks.iter().find_map(|(_, track)| track.refused()).filter(|_| self.options.mode == Mode::Full) {
            return self.refuse(index, &text, out);
        }
        let (mut pieces, mut stop) = (Vec::new(), None);
        for (_, (path, track)) in choice.tracks.iter_mut().enumerate().filter(|(at, _)| !but.contains(at)) {
            let piece = track.take(usize::MAX, judge);
            pieces.push((path.clone(), piece));
            stop = track.stopped();
            if stop.is_some() {
                break;
            }
        }
        for (path, piece) in pieces.into_iter().filter(|(_, piece)| !piece.is_empty()) {
            self.say(index, nest(&path, &piece), out);
        }
        if let Some(text) = stop {
            self.refuse(index, &text, out);
        }
    }

    /// A chunk of our own for one choice that is not at its end.
    fn say(&mut self, index: usize, mut entry: Value, out: &mut Vec<Frame>) {
        let Some(choice) = self.choices.get_mut(&index).filter(|choice| !choice.is_done) else { return };
        if let Some(delta) = entry.get_mut("delta").and_then(Value::as_object_mut).filter(|_| !choice.has_role) {
            delta.insert("role".to_owned(), json!("assistant"));
            choice.has_role = true;
        }
        self.send(index, entry, out);
    }

    fn send(&self, index: usize, entry: Value, out: &mut Vec<Frame>) {
        let mut chunk = self.envelope.clone();
        let Value::Object(mut entry) = entry else { return };
        entry.entry("index").or_insert(json!(index));
        entry.entry("finish_reason").or_insert(Value::Null);
        chunk.insert("choices".to_owned(), json!([entry]));
        out.push(frame(&Value::Object(chunk)));
    }

    /// The canned text and the end of a choice; what it says later is swallowed.
    fn refuse(&mut self, index: usize, text: &str, out: &mut Vec<Frame>) {
        if self.choices.get(&index).is_some_and(|choice| choice.is_done) {
            return;
        }
        let is_text = self.options.endpoint == Endpoint::Completions;
        self.say(index, if is_text { json!({"text": text}) } else { json!({"delta": {"content": text}}) }, out);
        let end = if is_text {
            json!({"text": "", "finish_reason": "content_filter"})
        } else {
            json!({"delta": {}, "finish_reason": "content_filter"})
        };
        self.send(index, end, out);
        self.choices.insert(index, Choice { is_done: true, is_refused: true, has_role: true, ..Choice::default() });
    }

    /// Ends the stream where every choice is at its end and one was refused: nothing more is wanted of the upstream.
    fn close_if_over(&mut self, out: &mut Vec<Frame>) {
        let is_over = self.choices.len() >= self.options.facts.choices.max(1) && self.choices.values().all(|choice| choice.is_done);
        if self.end.is_none() && is_over && self.choices.values().any(|choice| choice.is_refused) {
            self.count(out);
            out.push(done());
            self.end = Some(End::Refused);
        }
    }

    /// The usage, if the client asked for it: as last counted by the upstream, or the deltas that came.
    fn count(&self, out: &mut Vec<Frame>) {
        if self.options.usage && !self.is_counted {
            let counted = wire::usage(self.options.endpoint, wire::Usage { output: self.deltas, ..self.options.facts.usage });
            let mut chunk = self.envelope.clone();
            chunk.insert("choices".to_owned(), json!([]));
            chunk.insert("usage".to_owned(), if self.usage.is_null() { counted } else { self.usage.clone() });
            out.push(frame(&Value::Object(chunk)));
        }
    }

    /// Ends the stream: what is held is judged as it stands. Complete tool calls are told unless the stream was cut.
    fn conclude(&mut self, error: Option<Value>, end: End, judge: &mut dyn Judge, out: &mut Vec<Frame>) {
        for index in self.open() {
            let Some(choice) = self.choices.get_mut(&index) else { continue };
            choice.is_closing = true;
            choice.tracks.iter_mut().for_each(|(_, track)| track.step(judge, true));
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

/// A stream that says `text` in every choice.
pub(super) fn canned(options: &Options, text: &str) -> Vec<Frame> {
    let mut body = Choices::new(options.clone());
    let mut out = Vec::new();
    for index in 0..options.facts.choices.clamp(1, MAX_CHOICES) {
        body.choices.insert(index, Choice::default());
    }
    body.open().into_iter().for_each(|index| body.refuse(index, text, &mut out));
    body.close_if_over(&mut out);
    out
}

/// Which entry of `choices` a path leads into, and the path below it.
fn entry(path: &str) -> Option<(usize, &str)> {
    let rest = path.strip_prefix("/choices/")?;
    let (at, below) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    Some((at.parse().ok()?, below))
}

/// Leaves out the field of an event in which a path begins.
fn forget(value: &mut Value, path: &str) {
    let field = path.split('/').nth(1).unwrap_or_default().replace("~1", "/").replace("~0", "~");
    if let Some(object) = value.as_object_mut() {
        object.remove(&field);
    }
}

/// Drops texts of a delta that are empty; the text of a completion stays, since clients read it unasked.
fn drop_empty(entry: &mut Value) {
    if let Some(delta) = entry.get_mut("delta").and_then(Value::as_object_mut) {
        let has_more = delta.len() > 1;
        delta.retain(|key, value| !has_more || key == "content" || value.as_str() != Some(""));
        if delta.get("content").and_then(Value::as_str) == Some("") && delta.len() > 1 {
            delta.remove("content");
        }
    }
}

/// Whether a delta says something beside texts that came in pieces, its role and nothing.
fn says_more(entry: &Value) -> bool {
    let says = |value: &Value| !matches!(value, Value::Null) && value.as_str() != Some("") && !is_hollow(value);
    entry.get("delta").and_then(Value::as_object).is_some_and(|delta| delta.iter().any(|(key, value)| key != "role" && says(value)))
}

/// Whether all strings below are empty or identifiers: what is left of an unknown field when its text was taken.
fn is_hollow(value: &Value) -> bool {
    match value {
        Value::String(text) => wire::is_id(text),
        Value::Array(values) => values.iter().all(is_hollow),
        Value::Object(object) => object.values().all(is_hollow),
        _ => true,
    }
}

/// Whether a chunk from which something was taken has still something to say.
fn says_something(value: &Value) -> bool {
    let has_entries = value.get("choices").and_then(Value::as_array).is_some_and(|entries| !entries.is_empty());
    has_entries || ["usage", "error"].iter().any(|field| value.get(*field).is_some_and(|value| !value.is_null()))
}

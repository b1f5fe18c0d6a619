//! Round three: chunks are put together again, and chunks of our own.

use serde_json::{Value, json};

use super::{Choice, Choices, Chunk, Slot};
use crate::sse::{Event, Frame};
use crate::stream::chunk::{drop_empty, entry, says_more, says_something};
use crate::stream::{End, Judge, MAX_CHOICES, Mode, Options, done, frame, nest};
use crate::wire::{self, Endpoint};

impl Choices {
    /// Round three: the chunk with as much text as may go.
    pub(super) fn put_together(
        &mut self,
        chunk: Chunk,
        is_last: impl Fn(&(usize, usize)) -> bool,
        judge: &mut dyn Judge,
        out: &mut Vec<Frame>,
    ) {
        let Chunk { event, mut value, indices, slots, calls, called, finishes, refusals, is_taken } = chunk;
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
        let mut spoken: Vec<_> = (0..indices.len()).map(|at| called.contains(&at).then_some((false, true))).collect();
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
    pub(super) fn flush(&mut self, index: usize, but: &[usize], judge: &mut dyn Judge, out: &mut Vec<Frame>) {
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
    pub(super) fn say(&mut self, index: usize, mut entry: Value, out: &mut Vec<Frame>) {
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
    pub(super) fn refuse(&mut self, index: usize, text: &str, out: &mut Vec<Frame>) {
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
    pub(super) fn close_if_over(&mut self, out: &mut Vec<Frame>) {
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
}

/// A stream that says `text` in every choice.
pub(in crate::stream) fn canned(options: &Options, text: &str) -> Vec<Frame> {
    let mut body = Choices::new(options.clone());
    let mut out = Vec::new();
    for index in 0..options.facts.choices.clamp(1, MAX_CHOICES) {
        body.choices.insert(index, Choice::default());
    }
    body.open().into_iter().for_each(|index| body.refuse(index, text, &mut out));
    body.close_if_over(&mut out);
    out
}

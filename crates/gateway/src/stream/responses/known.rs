//! Events that repeat texts say what was let go.

use serde_json::Value;

use super::{ENDS, Response};
use crate::stream::judge::settle;
use crate::stream::told::kind;
use crate::stream::{Action, Judge, Lane, MAX_HELD_BYTES, MAX_LANES};
use crate::wire::{self, Endpoint, Part};

impl Response {
    /// Puts what went out in the place of what came, and judges what is new.
    pub(super) fn rewrite(&mut self, value: &mut Value, judge: &mut dyn Judge) -> Result<(), String> {
        let parts = Endpoint::Responses.event(value).map_err(|_| judge.overflow())?;
        for opaque in &parts.opaque {
            match judge.opaque(0, &opaque.kind) {
                Action::Pass => {}
                Action::Mask => drop(value.pointer_mut(&opaque.path).map(Value::take)),
                Action::Refuse(text) => return Err(text),
            }
        }
        parts.parts.iter().try_for_each(|part| self.rewrite_part(part, value, judge))
    }

    fn rewrite_part(&mut self, part: &Part, value: &mut Value, judge: &mut dyn Judge) -> Result<(), String> {
        let only = match &*part.places {
            [place] if place.is_whole() => Some(place.path.clone()),
            _ => None,
        };
        match (self.known.get(&part.text), &only) {
            (Some(None), _) => return Ok(()),
            (Some(Some(sent)), Some(path)) => return wire::replace(value, path, sent.clone()).map_err(|_| judge.overflow()),
            _ => {}
        }
        settle(judge, Lane { choice: 0, channel: part.channel }, part, value)?;
        // A text that came in no pieces: in the mode `full`, and of services that send none.
        if let Some(label) = judge.visible().filter(|_| is_answer(value)) {
            label.put_part(part, value);
        }
        let after = only.and_then(|path| value.pointer(&path).and_then(Value::as_str).map(str::to_owned));
        match after {
            Some(after) if after != part.text => self.know(part.text.clone(), Some(after)),
            Some(_) => self.know(part.text.clone(), None),
            None => {}
        }
        Ok(())
    }

    /// Remembers a text that may go; beyond the limit it is judged again when it comes again.
    pub(super) fn know(&mut self, raw: String, sent: Option<String>) {
        self.known_bytes += raw.len() + sent.as_ref().map_or(0, String::len);
        if self.known_bytes <= MAX_HELD_BYTES && self.known.len() < MAX_LANES {
            self.known.insert(raw, sent);
        }
    }
}

/// Whether an event tells the words of an answer as they are in the end. What a model thinks is told in the same field.
fn is_answer(event: &Value) -> bool {
    let kind = kind(event);
    (kind.ends_with(".done") || ENDS.contains(&kind)) && !kind.starts_with("response.reasoning")
}

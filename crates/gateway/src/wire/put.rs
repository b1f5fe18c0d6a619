//! Puts texts back where they came from.

use std::collections::BTreeMap;

use detect::redact::Redacted;
use serde_json::Value;
use taxonomy::Span;

use super::{How, Part, Place, WireError, arguments};

/// Puts another text at a JSON pointer to a string.
///
/// # Errors
/// There is no string at the pointer.
pub fn replace(body: &mut Value, path: &str, text: String) -> Result<(), WireError> {
    match body.pointer_mut(path) {
        Some(Value::String(old)) => {
            *old = text;
            Ok(())
        }
        _ => Err(WireError::Fixed { path: path.to_owned() }),
    }
}

/// Another text instead of a span.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edit {
    /// Where, in the text of the part.
    pub span: Span,
    /// What stands there instead.
    pub text: String,
}

impl Edit {
    /// What was redacted.
    #[must_use]
    pub fn of(redacted: &Redacted) -> Vec<Self> {
        let text = |new: Span| new.cut(&redacted.text).unwrap_or_default().to_owned();
        redacted.done.iter().map(|done| Self { span: done.old, text: text(done.new) }).collect()
    }
}

impl Part {
    /// Puts edits, in order of place and without overlap, into the body the part came from. What stands for a span over several strings goes into the first
    /// of them. Probabilities of tokens beside a changed text are dropped, since they repeat it. On an error the body is as it was.
    ///
    /// # Errors
    /// An edit is in a key, which nothing can stand in for: the body must be refused instead. Or the part is not of this body.
    pub fn put(&self, body: &mut Value, edits: &[Edit]) -> Result<(), WireError> {
        let mut changed = body.clone();
        let mut literals: BTreeMap<&str, Vec<(usize, String)>> = BTreeMap::new();
        for (at, place) in self.places.iter().enumerate() {
            let before = at.checked_sub(1).and_then(|at| self.places.get(at)).map_or(0, |place| place.span.end);
            let Some(text) = self.edited(place, before, edits) else { continue };
            match place.how {
                How::Whole => replace(&mut changed, &place.path, text)?,
                How::Key => return Err(WireError::Fixed { path: place.path.clone() }),
                How::Literal(number) => literals.entry(&place.path).or_default().push((number, text)),
            }
            forget_tokens(&mut changed, &place.path);
        }
        for (path, new) in literals {
            let raw = changed.pointer(path).and_then(Value::as_str).ok_or_else(|| WireError::Fixed { path: path.to_owned() })?;
            let text = arguments::rewrite(raw, &new);
            replace(&mut changed, path, text)?;
        }
        *body = changed;
        Ok(())
    }

    /// The new text of a place, if something in it changes. An edit that begins before it, but after the place before, is its own.
    fn edited(&self, place: &Place, before: usize, edits: &[Edit]) -> Option<String> {
        let Span { start, end } = place.span;
        let first = edits.partition_point(|edit| edit.span.end <= start);
        let mine = edits.iter().skip(first).take_while(|edit| edit.span.start < end);
        let (mut text, mut from, mut is_changed) = (String::new(), start, false);
        for Edit { span, text: new } in mine {
            text.push_str(self.text.get(from..span.start.max(from)).unwrap_or_default());
            if span.start >= before {
                text.push_str(new);
            }
            (from, is_changed) = (span.end.min(end), true);
        }
        text.push_str(self.text.get(from..end).unwrap_or_default());
        is_changed.then_some(text)
    }
}

/// Drops `logprobs` of the choice, and beside the string.
fn forget_tokens(body: &mut Value, path: &str) {
    let mut segments = path.split('/').skip(1);
    let choice = segments.next().filter(|first| *first == "choices").and_then(|_| segments.next()).map(|at| format!("/choices/{at}"));
    let beside = path.rsplit_once('/').map(|(parent, _)| parent.to_owned());
    for parent in choice.into_iter().chain(beside) {
        if let Some(tokens) = body.pointer_mut(&parent).and_then(|parent| parent.get_mut("logprobs")) {
            *tokens = if tokens.is_array() { Value::Array(Vec::new()) } else { Value::Null };
        }
    }
}

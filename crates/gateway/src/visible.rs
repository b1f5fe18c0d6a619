//! Where the visible label stands in an answer (GB 45438-2025, 4.2; Measures of 2025, article 4): the same place whether the answer comes whole or in pieces.
//!
//! - The label at the start stands before the first words of each text, the one at the end after its last words.
//! - Only words for people are labelled: never arguments of a call, never JSON that was asked for (`response_format`, `text.format`).
//! - A choice that calls a tool gets none at the end: its words are a step on the way, and the answer comes after. At the start a stream cannot know that yet, so there
//!   the label stands, in whole answers too.
//! - A text that is refused on its way ends with the canned words and without the label at the end.

use serde_json::Value;
use taxonomy::Lang;

use crate::label::{Form, Settings};
use crate::wire::{Channel, Endpoint, Part};

/// How much of the end of a text is looked at for a label that the model copied: more than the longest label of 60 characters with what stands around it.
const TAIL_BYTES: usize = 512;

/// The visible label of one answer.
#[derive(Debug, Clone)]
pub struct Visible {
    settings: Settings,
    lang: Lang,
}

impl Visible {
    /// The label of an answer of this form; none where no words may stand.
    #[must_use]
    pub fn of(settings: &Settings, form: Form, lang: Lang) -> Option<Self> {
        let stands = settings.first(form, lang).is_some() || settings.last(form, lang, "").is_some();
        stands.then(|| Self { settings: settings.clone(), lang })
    }

    /// Puts the label into each text of a whole answer; says whether any was put.
    pub(crate) fn put(&self, endpoint: Endpoint, body: &mut Value) -> bool {
        let parts = endpoint.answer(body).map(|parts| parts.parts).unwrap_or_default();
        parts.iter().filter(|part| self.put_part(part, body)).count() > 0
    }

    /// Puts the label into one text of an answer; says whether it was put.
    pub(crate) fn put_part(&self, part: &Part, body: &mut Value) -> bool {
        let (Some(first), Some(last)) = (part.places.first(), part.places.last()) else { return false };
        if part.channel != Channel::Content || part.text.is_empty() {
            return false;
        }
        let (before, after) = (self.first(), if calls(body, &first.path) { String::new() } else { self.last(&part.text) });
        if let Some(Value::String(text)) = body.pointer_mut(&last.path) {
            text.push_str(&after);
        }
        if let Some(Value::String(text)) = body.pointer_mut(&first.path) {
            text.insert_str(0, &before);
        }
        !before.is_empty() || !after.is_empty()
    }

    fn first(&self) -> String {
        self.settings.first(Form::Text, self.lang).unwrap_or_default()
    }

    fn last(&self, tail: &str) -> String {
        self.settings.last(Form::Text, self.lang, tail).unwrap_or_default()
    }
}

/// Whether the choice in which a text stands calls a tool.
fn calls(body: &Value, path: &str) -> bool {
    let message = path.strip_prefix("/choices/").and_then(|rest| rest.split('/').next()).map(|at| format!("/choices/{at}/message"));
    let Some(message) = message.and_then(|message| body.pointer(&message)) else { return false };
    let is_list = message.get("tool_calls").and_then(Value::as_array).is_some_and(|calls| !calls.is_empty());
    is_list || message.get("function_call").is_some_and(Value::is_object)
}

/// The label of one text that comes in pieces.
pub(crate) struct InPieces {
    visible: Visible,
    /// The end of what went out; `None` before the first words.
    tail: Option<String>,
    /// Nothing more is put.
    is_over: bool,
}

impl InPieces {
    pub(crate) const fn new(visible: Visible) -> Self {
        Self { visible, tail: None, is_over: false }
    }

    /// A piece on its way out, with the label before the first.
    pub(crate) fn piece(&mut self, piece: String) -> String {
        if piece.is_empty() {
            return piece;
        }
        let is_first = self.tail.is_none();
        let tail = self.tail.get_or_insert_default();
        tail.push_str(&piece);
        if tail.len() > 2 * TAIL_BYTES {
            let cut = tail.floor_char_boundary(tail.len() - TAIL_BYTES);
            tail.drain(..cut);
        }
        if is_first { self.visible.first() + &piece } else { piece }
    }

    /// What stands after the last piece. Nothing where there were no words.
    pub(crate) fn end(&mut self) -> String {
        let tail = self.tail.as_deref().filter(|_| !std::mem::replace(&mut self.is_over, true));
        tail.map(|tail| self.visible.last(tail)).unwrap_or_default()
    }

    /// No label stands at the end: the choice calls a tool.
    pub(crate) const fn open_end(&mut self) {
        self.is_over = true;
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::label::Placed;

    fn visible(placed: Placed) -> Option<Visible> {
        let (zh, en) = ("人工智能生成".to_owned(), "AI-generated".to_owned());
        let settings = Settings { visible: placed, zh, en, implicit: false, producer: String::new() };
        Visible::of(&settings, Form::Text, Lang::Zh)
    }

    #[test]
    fn pieces_and_whole_texts_have_the_same_label() {
        assert!(visible(Placed::Off).is_none());
        for placed in [Placed::Start, Placed::End, Placed::Both] {
            for text in ["", "你好。", "抄来的。\n\n（人工智能生成）", &"很长".repeat(2_000)] {
                for calls in [false, true] {
                    let visible = visible(placed).unwrap();
                    let mut whole = json!({"choices": [{"message": {"content": text, "tool_calls": if calls { json!([{"id": "1"}]) } else { json!([]) }}}]});
                    visible.put(Endpoint::Chat, &mut whole);
                    let mut label = InPieces::new(visible);
                    let mut out: String = text.chars().map(|c| label.piece(c.to_string())).collect();
                    if calls {
                        label.open_end();
                    }
                    out += &label.end();
                    out += &label.end();
                    assert_eq!(whole["choices"][0]["message"]["content"], out);
                    assert_eq!(
                        out.contains("生成") || text.is_empty(),
                        placed != Placed::End || !calls || text.contains("生成") || text.is_empty()
                    );
                }
            }
        }
    }
}

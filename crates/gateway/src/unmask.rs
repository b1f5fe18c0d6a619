//! Placeholders: what a request says of a person goes to the model as `〔手机号_1〕`, and stands in the answer again as it was.
//!
//! - **One request.** Values live as long as their request and are in nobody's record. Only what this request masked is put back, so that nobody comes by another's
//!   value by writing its placeholder.
//! - **One value, one placeholder**, in all messages: numbers that begin anew with each message give one person's value for another's (LiteLLM issue 31959). Values
//!   are counted in the order in which they stand, so that a conversation that grows keeps its placeholders.
//! - **Read as models write.** Other brackets, other case, spaces, a backslash before `_` are read as the same; the number is read to its end, so that `_1` is never
//!   taken for the beginning of `_10`.
//!
//! Pure. It does not find personal information and decides nothing; what an answer says is judged with the placeholders in it, before anything is put back.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::ops::Bound;
use std::sync::Arc;

use serde_json::Value;
use taxonomy::{Lang, PersonalKind, Span};

use crate::wire::{Channel, Edit, Endpoint, Part};

/// Values of one request: a list of a thousand customers. Of more the rest is masked for good, which is the safer side.
const MAX_VALUES: usize = 1_000;

/// Longest placeholder as a model may write it: the longest label has 27 bytes, and there is room for spaces.
const MAX_PLACEHOLDER_BYTES: usize = 64;

/// Brackets that models put in place of one another.
const OPENING: [char; 4] = ['〔', '[', '【', '［'];
const CLOSING: [char; 4] = ['〕', ']', '】', '］'];

/// What one request masked, and by which placeholder.
pub struct Values {
    language: Lang,
    /// Whether the answer is a text for a program, in which a value is written as JSON strings are.
    is_json: bool,
    /// What stands in brackets in the request itself.
    taken: HashSet<String>,
    counts: BTreeMap<PersonalKind, usize>,
    placeholders: HashMap<String, String>,
    values: BTreeMap<String, String>,
}

/// How a text that begins with a bracket goes on.
enum Read<'a> {
    /// A placeholder of so many bytes, and its value.
    Whole(usize, &'a str),
    /// It may still become one.
    Begun,
    Never,
}

impl Values {
    /// No values yet, for a request that says `texts`. With `is_json`, the answer's content is JSON.
    pub fn new<'a>(language: Lang, is_json: bool, texts: impl Iterator<Item = &'a str>) -> Self {
        let taken = texts.flat_map(in_brackets).collect();
        let (counts, placeholders, values) = (BTreeMap::new(), HashMap::new(), BTreeMap::new());
        Self { language, is_json, taken, counts, placeholders, values }
    }

    /// The placeholder of a value, made where the value is new; none where there are too many already.
    pub fn placeholder(&mut self, kind: PersonalKind, value: &str) -> Option<String> {
        if let Some(known) = self.placeholders.get(value) {
            return Some(known.clone());
        }
        if self.placeholders.len() >= MAX_VALUES {
            return None;
        }
        let count = self.counts.entry(kind).or_default();
        let placeholder = loop {
            *count += 1;
            let placeholder = written(kind, *count, self.language);
            // What the request itself says in brackets must come back as it is.
            if in_brackets(&placeholder).iter().all(|name| !self.taken.contains(name)) {
                break placeholder;
            }
        };
        self.values.extend(in_brackets(&placeholder).into_iter().map(|name| (name, value.to_owned())));
        self.placeholders.insert(value.to_owned(), placeholder.clone());
        Some(placeholder)
    }

    /// How many values there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.values.len()
    }

    /// Puts the values back into a whole answer that was judged. In a key of JSON a placeholder stays: nothing can stand in for that.
    pub(crate) fn put_back(&self, endpoint: Endpoint, body: &mut Value) -> bool {
        let parts = endpoint.answer(body).map(|parts| parts.parts).unwrap_or_default();
        let mut changed = false;
        for part in parts {
            let edits = self.edits(&part);
            changed |= !edits.is_empty() && part.put(body, &edits).is_ok();
        }
        changed
    }

    /// The values in place of the placeholders of a part.
    pub(crate) fn edits(&self, part: &Part) -> Vec<Edit> {
        let (text, mut edits, mut at) = (part.text.as_str(), Vec::new(), 0);
        while let Some(found) = text.get(at..).and_then(|rest| rest.find(OPENING)) {
            let start = at + found;
            match self.read(text.get(start..).unwrap_or_default()) {
                Read::Whole(bytes, value) => {
                    at = start + bytes;
                    edits.push(Edit { span: Span { start, end: at }, text: self.as_written(part.channel, value) });
                }
                Read::Begun | Read::Never => at = start + bracket(text.get(start..).unwrap_or_default()),
            }
        }
        edits.retain(|edit| !part.is_key(edit.span));
        edits
    }

    /// A value as it stands in a text of a channel.
    fn as_written(&self, channel: Channel, value: &str) -> String {
        if !self.is_json || channel != Channel::Content {
            return value.to_owned();
        }
        let quoted = Value::from(value).to_string();
        quoted.get(1..quoted.len() - 1).unwrap_or_default().to_owned()
    }

    /// Reads a text that begins with a bracket.
    fn read(&self, text: &str) -> Read<'_> {
        let mut name = String::new();
        for (at, c) in text.char_indices().skip(1) {
            if CLOSING.contains(&c) {
                return self.values.get(&name).map_or(Read::Never, |value| Read::Whole(at + c.len_utf8(), value));
            }
            fold(c, &mut name);
            let known = self.values.range::<str, _>((Bound::Included(name.as_str()), Bound::Unbounded)).next();
            if at > MAX_PLACEHOLDER_BYTES || known.is_none_or(|(known, _)| !known.starts_with(&name)) {
                return Read::Never;
            }
        }
        Read::Begun
    }
}

/// The end of a text in pieces that may still become a placeholder.
pub(crate) struct Tail {
    values: Arc<Values>,
    channel: Channel,
    held: String,
}

impl Tail {
    pub(crate) const fn new(values: Arc<Values>, channel: Channel) -> Self {
        Self { values, channel, held: String::new() }
    }

    /// Takes a piece that was judged, and gives what may go with its placeholders undone.
    pub(crate) fn feed(&mut self, piece: &str) -> String {
        let text = std::mem::take(&mut self.held) + piece;
        let (mut out, mut rest) = (String::with_capacity(text.len()), text.as_str());
        while let Some(start) = rest.find(OPENING) {
            out.push_str(rest.get(..start).unwrap_or_default());
            rest = rest.get(start..).unwrap_or_default();
            let bytes = match self.values.read(rest) {
                Read::Whole(bytes, value) => {
                    out.push_str(&self.values.as_written(self.channel, value));
                    bytes
                }
                Read::Begun => {
                    rest.clone_into(&mut self.held);
                    return out;
                }
                Read::Never => {
                    let bytes = bracket(rest);
                    out.push_str(rest.get(..bytes).unwrap_or_default());
                    bytes
                }
            };
            rest = rest.get(bytes..).unwrap_or_default();
        }
        out.push_str(rest);
        out
    }

    /// What was held, when no more comes.
    pub(crate) fn rest(&mut self) -> String {
        std::mem::take(&mut self.held)
    }
}

/// `〔手机号_1〕`, `[MOBILE_1]`.
fn written(kind: PersonalKind, number: usize, language: Lang) -> String {
    match language {
        Lang::Zh => format!("〔{}_{number}〕", kind.title(language)),
        Lang::En => format!("[{}_{number}]", kind.id().replace('-', "_").to_uppercase()),
    }
}

/// What stands in brackets in a text, as names are compared. Of brackets in brackets the inner ones: one pass, however many there are.
fn in_brackets(text: &str) -> Vec<String> {
    let (mut found, mut open) = (Vec::new(), None);
    for (at, c) in text.char_indices() {
        if OPENING.contains(&c) {
            open = Some(at + c.len_utf8());
        } else if CLOSING.contains(&c)
            && let Some(inside) = open.take().filter(|start| at - start <= MAX_PLACEHOLDER_BYTES).and_then(|start| text.get(start..at))
        {
            let mut name = String::new();
            inside.chars().for_each(|c| fold(c, &mut name));
            found.push(name);
        }
    }
    found
}

/// Adds a character to a name: without case, and without what models add or leave out.
fn fold(c: char, name: &mut String) {
    if !matches!(c, ' ' | '\u{3000}' | '_' | '-' | '\\') {
        name.extend(c.to_lowercase());
    }
}

/// Bytes of the bracket with which a text begins.
fn bracket(text: &str) -> usize {
    text.chars().next().map_or(1, char::len_utf8)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn values() -> Values {
        let mut values = Values::new(Lang::Zh, false, ["见〔 手机号 _2】"].into_iter());
        for number in 0..12 {
            values.placeholder(PersonalKind::Mobile, &format!("1381234{number:04}"));
        }
        values.placeholder(PersonalKind::Name, "张三");
        values
    }

    fn whole(values: Values, text: &str) -> String {
        let mut tail = Tail::new(Arc::new(values), Channel::Content);
        tail.feed(text) + &tail.rest()
    }

    #[test]
    fn one_value_has_one_placeholder_and_what_the_request_says_is_none() {
        let mut values = values();
        assert_eq!(values.placeholder(PersonalKind::Mobile, "13812340000").unwrap(), "〔手机号_1〕");
        assert_eq!(values.placeholder(PersonalKind::Wechat, "13812340001").unwrap(), "〔手机号_3〕", "the request itself says _2");
        assert_eq!(values.placeholder(PersonalKind::IpAddress, "10.0.0.1").unwrap(), "〔IP 地址_1〕");
        let mut english = Values::new(Lang::En, false, std::iter::empty());
        assert_eq!(english.placeholder(PersonalKind::IdentityNumber, "x").unwrap(), "[IDENTITY_NUMBER_1]");
        for number in 0..MAX_VALUES {
            english.placeholder(PersonalKind::Name, &number.to_string());
        }
        assert_eq!(english.placeholder(PersonalKind::Name, "one more"), None);
        assert!(english.placeholder(PersonalKind::Name, "7").is_some());
    }

    #[test]
    fn placeholders_are_read_as_models_write_them() {
        for (text, back) in [
            ("找〔姓名_1〕，〔手机号_1〕。", "找张三，13812340000。"),
            ("**【姓名 1】** [手机号\\_10]", "**张三** 13812340008"),
            ("〔手机号_11〕〔手机号_1〕", "1381234000913812340000"),
            ("〔手机号_2〕 〔手机号_99〕 〔手机号〕 〔姓名_1", "〔手机号_2〕 〔手机号_99〕 〔手机号〕 〔姓名_1"),
            ("[[姓名_1]] 〔〔姓名_1〕", "[张三] 〔张三"),
            ("〔姓名_1〔姓名_1〕", "〔姓名_1张三"),
        ] {
            assert_eq!(whole(values(), text), back);
        }
        assert_eq!(whole(values(), &format!("〔{}姓名_1〕", " ".repeat(100))), format!("〔{}姓名_1〕", " ".repeat(100)), "it is bounded");
    }

    #[test]
    fn in_a_text_for_a_program_a_value_is_a_string_of_json() {
        let mut values = Values::new(Lang::Zh, true, std::iter::empty());
        values.placeholder(PersonalKind::Address, "长安街\"1\"号\n二楼");
        assert_eq!(whole(values, "{\"a\":\"〔住址_1〕\"}"), "{\"a\":\"长安街\\\"1\\\"号\\n二楼\"}");
    }

    proptest! {
        #[test]
        fn pieces_say_what_the_whole_says(text in "(〔手机号_1|〕|〔姓名_1〕|[|_1]|手机|x| |1){0,12}", cuts in prop::collection::vec(1_usize..4, 1..40)) {
            let slow = whole(values(), &text);
            let mut tail = Tail::new(Arc::new(values()), Channel::Content);
            let (mut out, mut chars) = (String::new(), text.chars());
            for cut in cuts {
                out += &tail.feed(&chars.by_ref().take(cut).collect::<String>());
                prop_assert!(tail.held.len() <= MAX_PLACEHOLDER_BYTES + 8);
            }
            out += &tail.feed(chars.as_str());
            prop_assert_eq!(out + &tail.rest(), slow);
        }
    }
}

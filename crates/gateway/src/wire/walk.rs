//! Reads a body by the tables.

use serde_json::{Map, Value};
use taxonomy::Span;

use super::rule::{Fields, Rule, Type, is_id, is_schema_type, is_schema_word, rule};
use super::{Channel, How, MAX_DEPTH, MAX_KIND_CHARS, MAX_MESSAGES, MAX_PLACES, MAX_TEXT_BYTES, Opaque, Part, Parts, Place, WireError};
use super::{arguments, fields};

/// The texts of an object. In an answer, what a message says is content, whatever role it claims.
pub(super) fn read(fields: Fields, body: &Value, is_answer: bool) -> Result<Parts, WireError> {
    let said = if is_answer { Channel::Content } else { Channel::User };
    let mut walk =
        Walk { path: String::new(), depth: 0, said, is_answer, choice: 0, group: None, out: Parts::default(), places: 0, bytes: 0 };
    walk.object(fields, body)?;
    Ok(walk.out)
}

/// Where the reading is.
struct Walk {
    path: String,
    depth: usize,
    /// The channel of the message.
    said: Channel,
    is_answer: bool,
    choice: usize,
    /// Inside a content array: its pointer, and the first part that is made of it.
    group: Option<(String, usize)>,
    out: Parts,
    places: usize,
    bytes: usize,
}

/// Which strings of a tree are taken.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Taken {
    All,
    /// All but words of JSON Schema.
    Schema,
    /// Those that are no identifiers.
    NoIds,
}

impl Walk {
    fn apply(&mut self, rule: Rule, value: &Value) -> Result<(), WireError> {
        match rule {
            Rule::Skip => Ok(()),
            Rule::Plain => self.tree(Channel::Unknown, value, Taken::NoIds),
            Rule::Text(channel) => self.text(channel, value),
            Rule::Said => self.text(self.said, value),
            Rule::Content => self.content(value),
            Rule::ContentOf(channel) => self.saying(channel, |walk| walk.content(value)),
            Rule::Arguments => self.arguments(value),
            Rule::Tree(channel) => self.tree(channel, value, Taken::All),
            Rule::Schema => self.tree(Channel::ToolDefinition, value, Taken::Schema),
            Rule::Tools => self.each(value, |walk, tool| walk.tree(Channel::ToolDefinition, tool, Taken::Schema)),
            Rule::Documents => self.each(value, |walk, document| walk.tree(Channel::Document, document, Taken::All)),
            Rule::Opaque(kind) => self.opaque(kind, value),
            Rule::Prompts => self.prompts(value),
            Rule::Messages => self.each(value, |walk, message| walk.message(fields::MESSAGE, message)),
            Rule::Items if value.is_string() => self.text(self.said, value),
            Rule::Items => self.each(value, Self::item),
            Rule::Item => self.item(value),
            Rule::Typed => self.typed(value),
            Rule::Choices(fields) => self.each(value, |walk, choice| walk.choice(fields, choice)),
            Rule::In(fields) => self.object(fields, value),
            Rule::Each(fields) => self.each(value, |walk, one| walk.object(fields, one)),
        }
    }

    fn object(&mut self, fields: Fields, value: &Value) -> Result<(), WireError> {
        let Value::Object(object) = value else { return self.tree(Channel::Unknown, value, Taken::All) };
        for (key, value) in object {
            let rule = rule(fields, key);
            if matches!(rule, Rule::Tree(Channel::Unknown)) && !is_id(key) {
                let path = self.path.clone();
                self.push(Channel::Unknown, vec![(path, How::Key, key.clone())])?;
            }
            self.at(key, |walk| walk.apply(rule, value))?;
        }
        Ok(())
    }

    /// Reads what stands below a key.
    fn at(&mut self, key: &str, read: impl FnOnce(&mut Self) -> Result<(), WireError>) -> Result<(), WireError> {
        let before = self.path.len();
        self.path.push('/');
        self.path.push_str(&escaped(key));
        self.depth += 1;
        let done = if self.depth > MAX_DEPTH { Err(self.too_much("levels", MAX_DEPTH)) } else { read(self) };
        self.depth -= 1;
        self.path.truncate(before);
        done
    }

    fn saying(&mut self, channel: Channel, read: impl FnOnce(&mut Self) -> Result<(), WireError>) -> Result<(), WireError> {
        let before = std::mem::replace(&mut self.said, channel);
        let done = read(self);
        self.said = before;
        done
    }

    /// Reads the elements of a list; what is no list is read as its only element.
    fn each(&mut self, value: &Value, mut read: impl FnMut(&mut Self, &Value) -> Result<(), WireError>) -> Result<(), WireError> {
        match value {
            Value::Null => Ok(()),
            Value::Array(values) if values.len() > MAX_MESSAGES => Err(self.too_much("elements", MAX_MESSAGES)),
            Value::Array(values) => {
                values.iter().enumerate().try_for_each(|(at, value)| self.at(&at.to_string(), |walk| read(walk, value)))
            }
            one => read(self, one),
        }
    }

    fn message(&mut self, fields: Fields, value: &Value) -> Result<(), WireError> {
        let said = if self.is_answer { Channel::Content } else { role(value) };
        self.saying(said, |walk| walk.object(fields, value))
    }

    fn choice(&mut self, fields: Fields, value: &Value) -> Result<(), WireError> {
        let place = self.path.rsplit('/').next().and_then(|at| at.parse().ok()).unwrap_or_default();
        let index = value.get("index").and_then(Value::as_u64).and_then(|index| usize::try_from(index).ok());
        self.choice = index.unwrap_or(place);
        let done = self.object(fields, value);
        self.choice = 0;
        done
    }

    fn item(&mut self, value: &Value) -> Result<(), WireError> {
        let named = value.get("type").and_then(Value::as_str);
        let kind = named.or_else(|| value.get("role").map(|_| "message"));
        match kind {
            Some("message") => self.message(fields::MESSAGE, value),
            _ => self.of_type(fields::ITEM_TYPES, kind, value),
        }
    }

    /// A text, or a list of typed parts. Texts of one channel in one list are one part.
    fn content(&mut self, value: &Value) -> Result<(), WireError> {
        if !value.is_array() {
            return if value.is_object() { self.typed(value) } else { self.text(self.said, value) };
        }
        let outer = self.group.replace((self.path.clone(), self.out.parts.len()));
        let done = self.each(value, |walk, part| if part.is_string() { walk.text(walk.said, part) } else { walk.typed(part) });
        self.group = outer;
        done
    }

    fn typed(&mut self, value: &Value) -> Result<(), WireError> {
        let named = value.get("type").and_then(Value::as_str);
        let kind = named.or_else(|| value.get("text").map(|_| "text"));
        self.of_type(fields::CONTENT_TYPES, kind, value)
    }

    /// Reads an object by its type. One of no known type cannot be judged, but its strings can.
    fn of_type(&mut self, types: &'static [Type], kind: Option<&str>, value: &Value) -> Result<(), WireError> {
        if value.is_null() {
            return Ok(());
        }
        match types.iter().find(|(name, ..)| Some(*name) == kind) {
            Some((_, None, fields)) => self.object(fields, value),
            Some((_, Some(what), fields)) => {
                self.opaque(what, value)?;
                self.object(fields, value)
            }
            None => {
                self.opaque(kind.unwrap_or("untyped"), value)?;
                self.tree(Channel::Unknown, value, Taken::All)
            }
        }
    }

    fn opaque(&mut self, kind: &str, value: &Value) -> Result<(), WireError> {
        if !value.is_null() {
            self.count(0)?;
            self.out.opaque.push(Opaque { path: self.path.clone(), kind: kind.chars().take(MAX_KIND_CHARS).collect() });
        }
        Ok(())
    }

    fn text(&mut self, channel: Channel, value: &Value) -> Result<(), WireError> {
        match value {
            Value::String(text) => self.push(channel, vec![(self.path.clone(), How::Whole, text.clone())]),
            other => self.tree(channel, other, Taken::All),
        }
    }

    fn prompts(&mut self, value: &Value) -> Result<(), WireError> {
        match value {
            Value::Array(tokens) if tokens.iter().all(Value::is_number) => self.opaque("tokens", value),
            Value::Array(_) => self.each(value, |walk, prompt| {
                walk.choice = walk.path.rsplit('/').next().and_then(|at| at.parse().ok()).unwrap_or_default();
                let done = if prompt.is_array() { walk.opaque("tokens", prompt) } else { walk.content(prompt) };
                walk.choice = 0;
                done
            }),
            _ => self.content(value),
        }
    }

    fn arguments(&mut self, value: &Value) -> Result<(), WireError> {
        let Value::String(raw) = value else { return self.tree(Channel::ToolArguments, value, Taken::All) };
        let strings = match arguments::strings(raw) {
            Some(strings) => strings.into_iter().enumerate().map(|(at, text)| (self.path.clone(), How::Literal(at), text)).collect(),
            None => vec![(self.path.clone(), How::Whole, arguments::readable(raw))],
        };
        self.push(Channel::ToolArguments, strings)
    }

    /// All strings below, as one part.
    fn tree(&mut self, channel: Channel, value: &Value, taken: Taken) -> Result<(), WireError> {
        let mut strings = Vec::new();
        self.strings(value, taken, &mut strings)?;
        self.push(channel, strings)
    }

    fn strings(&mut self, value: &Value, taken: Taken, into: &mut Vec<(String, How, String)>) -> Result<(), WireError> {
        if into.len() > MAX_PLACES {
            return Err(self.too_much("strings", MAX_PLACES));
        }
        match value {
            Value::String(text) if taken == Taken::NoIds && is_id(text) => {}
            Value::String(text) => into.push((self.path.clone(), How::Whole, text.clone())),
            Value::Array(values) => {
                for (at, value) in values.iter().enumerate().filter(|(_, value)| !is_mute(value)) {
                    self.at(&at.to_string(), |walk| walk.strings(value, taken, into))?;
                }
            }
            Value::Object(object) => self.keys(object, taken, into)?,
            _ => {}
        }
        Ok(())
    }

    fn keys(&mut self, object: &Map<String, Value>, taken: Taken, into: &mut Vec<(String, How, String)>) -> Result<(), WireError> {
        let kind = object.get("type").and_then(Value::as_str);
        if let Some((_, Some(what), _)) = fields::CONTENT_TYPES.iter().find(|(name, ..)| Some(*name) == kind) {
            self.opaque(what, &Value::Bool(true))?;
        }
        for (key, value) in object {
            let says = match taken {
                Taken::All => true,
                Taken::Schema => !is_schema_word(key),
                Taken::NoIds => !is_id(key),
            };
            if says {
                into.push((self.path.clone(), How::Key, key.clone()));
            }
            let is_type = taken == Taken::Schema && key == "type" && value.as_str().is_some_and(is_schema_type);
            if !is_type && !is_mute(value) {
                self.at(key, |walk| walk.strings(value, taken, into))?;
            }
        }
        Ok(())
    }

    /// Adds strings as a part, a line each; in a content array, to the part of their channel.
    fn push(&mut self, channel: Channel, strings: Vec<(String, How, String)>) -> Result<(), WireError> {
        let is_one = strings.len() == 1;
        let open = self.group.as_ref().filter(|_| is_one && channel != Channel::Unknown).map(|(path, first)| (path.clone(), *first));
        let joined = open.as_ref().and_then(|(path, first)| {
            let parts = self.out.parts.iter().enumerate().skip(*first);
            parts.filter(|(_, part)| part.channel == channel && part.path == *path).map(|(at, _)| at).next()
        });
        let at = joined.unwrap_or(self.out.parts.len());
        if joined.is_none() {
            let path = open.map_or_else(|| self.path.clone(), |(path, _)| path);
            self.out.parts.push(Part { channel, choice: self.choice, path, text: String::new(), places: Vec::new() });
        }
        for (path, how, text) in strings.into_iter().filter(|(_, _, text)| !text.is_empty()) {
            self.count(text.len())?;
            let Some(part) = self.out.parts.get_mut(at) else { continue };
            if !is_one && !part.text.is_empty() {
                part.text.push('\n');
            }
            let start = part.text.len();
            part.text.push_str(&text);
            part.places.push(Place { path, span: Span { start, end: part.text.len() }, how });
        }
        if self.out.parts.last().is_some_and(|part| part.places.is_empty()) {
            self.out.parts.pop();
        }
        Ok(())
    }

    fn count(&mut self, bytes: usize) -> Result<(), WireError> {
        self.places += 1;
        self.bytes += bytes;
        if self.places > MAX_PLACES {
            return Err(self.too_much("strings", MAX_PLACES));
        }
        if self.bytes > MAX_TEXT_BYTES { Err(self.too_much("bytes of text", MAX_TEXT_BYTES)) } else { Ok(()) }
    }

    fn too_much(&self, what: &'static str, limit: usize) -> WireError {
        WireError::TooMuch { path: self.path.clone(), what, limit }
    }
}

/// Whether there is surely nothing to read.
fn is_mute(value: &Value) -> bool {
    value.is_null() || value.is_boolean() || value.is_number()
}

/// Who speaks. `developer` is the new name of `system` (model spec of 2025), `function` the old one of `tool`.
fn role(message: &Value) -> Channel {
    match message.get("role").and_then(Value::as_str) {
        Some("system" | "developer") => Channel::System,
        Some("user") => Channel::User,
        Some("assistant") => Channel::Assistant,
        Some("tool" | "function") => Channel::ToolResult,
        _ => Channel::Unknown,
    }
}

/// A key as a segment of a JSON pointer (RFC 6901, 3).
fn escaped(key: &str) -> std::borrow::Cow<'_, str> {
    if key.contains(['~', '/']) { key.replace('~', "~0").replace('/', "~1").into() } else { key.into() }
}

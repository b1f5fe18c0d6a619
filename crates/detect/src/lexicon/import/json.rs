//! JSON: an array of strings, an array of objects, an object of arrays (its keys are categories), nested or not, or one value a line.
//!
//! A top array is read element by element and never stands in memory as a whole, an object does.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

use super::collect::{Collector, short, trim};
use super::columns::{Role, role};
use super::{ImportError, Reason};

/// Deepest nesting of categories: more levels than any list has, and no recursion that an input could drive on.
const MAX_DEPTH: usize = 8;

/// Longest document, and longest line: a value in memory takes up to 16 times its text (`[0,0,…`), here 1 GiB.
const MAX_JSON_BYTES: usize = 64 * 1024 * 1024;

/// Whether a text is one JSON value a line: its first line is one by itself, and another follows.
pub(super) fn is_lines(text: &str) -> bool {
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let (Some(first), Some(_)) = (lines.next(), lines.next()) else { return false };
    first.starts_with(['{', '"']) && serde_json::from_str::<serde::de::IgnoredAny>(first).is_ok()
}

/// Reads one value a line; a line that is none is skipped.
pub(super) fn read_lines(text: &str, into: &mut Collector) -> Result<(), ImportError> {
    for (number, line) in (1_u64..).zip(text.lines()) {
        let place = format!("{}:{number}", into.name);
        let line = if line.len() > MAX_JSON_BYTES { "[…" } else { line };
        match serde_json::from_str::<Value>(line) {
            _ if trim(line).is_empty() => into.report.blank += 1,
            Ok(value) => element(into, &place, &value, &mut Vec::new())?,
            Err(_) => into.refuse(&place, Reason::NoJson, line)?,
        }
    }
    Ok(())
}

/// Reads a document.
pub(super) fn read(text: &str, into: &mut Collector) -> Result<(), ImportError> {
    if trim(text).is_empty() {
        return Ok(());
    }
    let name = into.name.clone();
    if text.len() > MAX_JSON_BYTES {
        let message = format!("a document of more than {MAX_JSON_BYTES} bytes; write one value a line (.jsonl)");
        return Err(ImportError::Json { name, message });
    }
    let mut failed = None;
    let mut parser = serde_json::Deserializer::from_str(text);
    let parsed = Top { into, failed: &mut failed }.deserialize(&mut parser).and_then(|()| parser.end());
    match (failed, parsed) {
        (Some(error), _) => Err(error),
        (None, Err(error)) => Err(ImportError::Json { name, message: error.to_string() }),
        (None, Ok(())) => Ok(()),
    }
}

/// The top of a document.
struct Top<'a> {
    into: &'a mut Collector,
    /// An error of ours, which a parser's error cannot carry.
    failed: &'a mut Option<ImportError>,
}

impl<'de> DeserializeSeed<'de> for Top<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, parser: D) -> Result<(), D::Error> {
        parser.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Top<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of keywords, or an object whose keys are categories and whose values are arrays of keywords")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        let mut number = 0_u64;
        while let Some(value) = items.next_element::<Value>()? {
            number += 1;
            let place = format!("{}[{number}]", self.into.name);
            element(self.into, &place, &value, &mut Vec::new()).map_err(|error| {
                *self.failed = Some(error);
                A::Error::custom("stopped")
            })?;
        }
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        let mut object = serde_json::Map::new();
        while let Some((key, value)) = items.next_entry::<String, Value>()? {
            // A key that stands twice is two lists of one category.
            match (object.get_mut(&key), value) {
                (Some(Value::Array(list)), Value::Array(more)) => list.extend(more),
                (_, value) => drop(object.insert(key, value)),
            }
        }
        let place = self.into.name.clone();
        element(self.into, &place, &Value::Object(object), &mut Vec::new()).map_err(|error| {
            *self.failed = Some(error);
            A::Error::custom("stopped")
        })
    }
}

/// Reads a value: a keyword, a row, or lists by category.
fn element(into: &mut Collector, place: &str, value: &Value, path: &mut Vec<String>) -> Result<(), ImportError> {
    match value {
        Value::String(keyword) => into.row(place, keyword, path.iter().map(String::as_str)),
        Value::Number(number) => into.row(place, &number.to_string(), path.iter().map(String::as_str)),
        Value::Object(fields) if fields.keys().any(|key| role(key) == Role::Keyword) => row(into, place, fields, path),
        Value::Object(fields) if path.len() < MAX_DEPTH => {
            for (key, value) in fields {
                lists(into, &format!("{place}.{}", short(key)), key, value, path)?;
            }
            Ok(())
        }
        other => into.refuse(place, Reason::NoList, &other.to_string()),
    }
}

/// Reads what stands under a key: a list, or an object of lists. A single value is no list, but something said about them.
fn lists(into: &mut Collector, place: &str, key: &str, value: &Value, path: &mut Vec<String>) -> Result<(), ImportError> {
    path.push(short(key));
    let result = match value {
        Value::Array(items) => {
            (1..).zip(items).try_for_each(|(number, item): (u64, _)| element(into, &format!("{place}[{number}]"), item, path))
        }
        Value::Object(_) => element(into, place, value, path),
        other => into.refuse(place, Reason::NoList, &other.to_string()),
    };
    path.pop();
    result
}

/// Reads an object with a field for the keyword, or for several.
fn row(into: &mut Collector, place: &str, fields: &serde_json::Map<String, Value>, path: &[String]) -> Result<(), ImportError> {
    let (mut keywords, mut categories): (Vec<String>, Vec<(u8, String)>) = (Vec::new(), Vec::new());
    for (key, value) in fields {
        match role(key) {
            Role::Keyword if keywords.is_empty() => keywords.extend(texts(value)),
            Role::Category(level) => categories.extend(texts(value).map(|text| (level, text))),
            _ => into.unused(key),
        }
    }
    categories.sort_by_key(|(level, _)| *level);
    let category = || path.iter().map(String::as_str).chain(categories.iter().map(|(_, text)| text.as_str()));
    if keywords.is_empty() {
        return into.refuse(place, Reason::NoKeyword, &Value::Object(fields.clone()).to_string());
    }
    keywords.iter().try_for_each(|keyword| into.row(place, keyword, category()))
}

/// The texts of a field: one, or those of an array.
fn texts(value: &Value) -> impl Iterator<Item = String> {
    let one = |value: &Value| match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    };
    let items = value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice);
    items.iter().filter_map(one)
}

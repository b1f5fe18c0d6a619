//! What a chunk of the chat or the completions still says when texts were taken out of it.

use serde_json::Value;

use crate::wire;

/// Which entry of `choices` a path leads into, and the path below it.
pub(super) fn entry(path: &str) -> Option<(usize, &str)> {
    let rest = path.strip_prefix("/choices/")?;
    let (at, below) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    Some((at.parse().ok()?, below))
}

/// The lane of a text: its path below the choice, with all elements of a list as one, since a client joins them.
pub(super) fn lane_of(path: &str) -> String {
    let below = entry(path).map_or("", |(_, below)| below);
    let segment = |segment: &str| {
        if !segment.is_empty() && segment.bytes().all(|byte| byte.is_ascii_digit()) { "0".to_owned() } else { segment.to_owned() }
    };
    below.split('/').map(segment).collect::<Vec<_>>().join("/")
}

/// Leaves out the field of an event in which a path begins.
pub(super) fn forget(value: &mut Value, path: &str) {
    let field = path.split('/').nth(1).unwrap_or_default().replace("~1", "/").replace("~0", "~");
    if let Some(object) = value.as_object_mut() {
        object.remove(&field);
    }
}

/// Drops texts of a delta that are empty; the text of a completion stays, since clients read it unasked.
pub(super) fn drop_empty(entry: &mut Value) {
    if let Some(delta) = entry.get_mut("delta").and_then(Value::as_object_mut) {
        let has_more = delta.len() > 1;
        delta.retain(|key, value| !has_more || key == "content" || value.as_str() != Some(""));
        if delta.get("content").and_then(Value::as_str) == Some("") && delta.len() > 1 {
            delta.remove("content");
        }
    }
}

/// Whether a delta says something beside texts that came in pieces, its role and nothing.
pub(super) fn says_more(entry: &Value) -> bool {
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
pub(super) fn says_something(value: &Value) -> bool {
    let has_entries = value.get("choices").and_then(Value::as_array).is_some_and(|entries| !entries.is_empty());
    has_entries || ["usage", "error"].iter().any(|field| value.get(*field).is_some_and(|value| !value.is_null()))
}

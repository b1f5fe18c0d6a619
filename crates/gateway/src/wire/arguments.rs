//! JSON in a string: the arguments of a tool call.
//!
//! A model may write any character as `\u4f60`; what is judged is what decoding yields. The text is not rebuilt from a parsed value: a key that stands twice
//! would lose its first value, which another reader sees. So the literals are taken as they stand, and only those that changed are written anew.

use std::ops::Range;

use serde::de::IgnoredAny;

/// All strings of a JSON text in their order, keys too; `None` where the text is no JSON.
pub(super) fn strings(raw: &str) -> Option<Vec<String>> {
    serde_json::from_str::<IgnoredAny>(raw).ok()?;
    Some(literals(raw).into_iter().map(|range| unescape(raw.get(range).unwrap_or_default(), true)).collect())
}

/// A text that is no JSON, as a lenient reader would take it: with `\u4f60` decoded.
pub(super) fn readable(raw: &str) -> String {
    unescape(raw, false)
}

/// The JSON text with other strings at these literals, by number in ascending order.
pub(super) fn rewrite(raw: &str, new: &[(usize, String)]) -> String {
    let literals = literals(raw);
    let (mut out, mut from) = (String::with_capacity(raw.len()), 0);
    for (at, text) in new {
        let Some(range) = literals.get(*at) else { continue };
        // With its quotation marks.
        out.push_str(raw.get(from..range.start - 1).unwrap_or_default());
        out.push_str(&serde_json::Value::from(text.as_str()).to_string());
        from = range.end + 1;
    }
    out.push_str(raw.get(from..).unwrap_or_default());
    out
}

/// Where the string literals of a valid JSON text stand, without quotation marks.
fn literals(raw: &str) -> Vec<Range<usize>> {
    let (mut found, mut open, mut escaped) = (Vec::new(), None, false);
    for (at, byte) in raw.bytes().enumerate() {
        match (open, byte) {
            (Some(_), _) if escaped => escaped = false,
            (Some(_), b'\\') => escaped = true,
            (Some(start), b'"') => {
                found.push(start..at);
                open = None;
            }
            (None, b'"') => open = Some(at + 1),
            _ => {}
        }
    }
    found
}

/// Undoes escapes: those of code units, and, if asked, the short ones. Half a surrogate pair becomes U+FFFD.
fn unescape(text: &str, short: bool) -> String {
    let (mut out, mut rest, mut units) = (String::with_capacity(text.len()), text, Vec::new());
    while let Some((before, after)) = rest.split_once('\\') {
        if !before.is_empty() {
            flush(&mut units, &mut out);
            out.push_str(before);
        }
        if let Some(unit) = unit(after) {
            units.push(unit);
            rest = after.get(5..).unwrap_or_default();
            continue;
        }
        flush(&mut units, &mut out);
        let mut chars = after.chars();
        match chars.next().filter(|_| short) {
            Some(c) => out.push(short_escape(c)),
            None => {
                out.push('\\');
                chars = after.chars();
            }
        }
        rest = chars.as_str();
    }
    flush(&mut units, &mut out);
    out.push_str(rest);
    out
}

/// The code unit of `uXXXX`.
fn unit(after: &str) -> Option<u16> {
    let digits = after.strip_prefix('u')?.get(..4)?;
    digits.bytes().all(|byte| byte.is_ascii_hexdigit()).then(|| u16::from_str_radix(digits, 16).ok())?
}

fn flush(units: &mut Vec<u16>, out: &mut String) {
    out.extend(char::decode_utf16(units.drain(..)).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)));
}

const fn short_escape(c: char) -> char {
    match c {
        'n' => '\n',
        't' => '\t',
        'r' => '\r',
        'b' => '\u{8}',
        'f' => '\u{c}',
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::Value;

    #[test]
    fn nothing_hides_in_an_escape_or_behind_a_second_key() {
        let raw = r#"{"q":"\u4f60\u597d","q":"x\ny \"z\" \ud83d\ude00 \ud83d!"}"#;
        assert_eq!(strings(raw).unwrap(), ["q", "你好", "q", "x\ny \"z\" 😀 \u{fffd}!"]);
        assert_eq!(rewrite(raw, &[(1, "*\"".to_owned())]), r#"{"q":"*\"","q":"x\ny \"z\" \ud83d\ude00 \ud83d!"}"#);
        assert_eq!(strings(r#"{"q":"\u4f60"#), None);
        assert_eq!(readable(r#"{"q":"\u4f60\n"#), r#"{"q":"你\n"#);
    }

    fn all(value: &Value, into: &mut Vec<String>) {
        match value {
            Value::String(text) => into.push(text.clone()),
            Value::Array(values) => values.iter().for_each(|value| all(value, into)),
            Value::Object(object) => object.iter().for_each(|(key, value)| {
                into.push(key.clone());
                all(value, into);
            }),
            _ => {}
        }
    }

    fn json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            any::<i64>().prop_map(Value::from),
            any::<String>().prop_map(Value::from),
            "[你\"\\\\u\n]{0,5}".prop_map(Value::from)
        ];
        leaf.prop_recursive(4, 24, 4, |inner| {
            let key = "[a\"\\\\你]{0,3}";
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::btree_map(key, inner, 0..4).prop_map(|map| Value::Object(map.into_iter().collect()))
            ]
        })
    }

    proptest! {
        #[test]
        fn as_a_parser_reads_it(value in json(), pretty: bool) {
            let raw = if pretty { serde_json::to_string_pretty(&value).unwrap() } else { value.to_string() };
            let mut slow = Vec::new();
            all(&value, &mut slow);
            prop_assert_eq!(strings(&raw).unwrap(), slow.clone());
            let same: Vec<_> = slow.into_iter().enumerate().collect();
            prop_assert_eq!(serde_json::from_str::<Value>(&rewrite(&raw, &same)).unwrap(), value);
        }

        #[test]
        fn any_text_is_taken(raw: String) {
            let _ = (strings(&raw), readable(&raw), rewrite(&raw, &[(0, String::new())]));
        }
    }
}

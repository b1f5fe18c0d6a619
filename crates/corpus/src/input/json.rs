//! The text of a JSON row, found without building the rest of it in memory: all of the row is checked to be JSON, and only what the path leads
//! to is kept, with its place in the row, so that it can be replaced there.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use crate::{Broken, BrokenKind};

/// The name a path leads to: a string that is not empty, or an integer as it stands there; none where there is neither.
pub(super) fn name<'r>(row: &'r str, path: &[String]) -> Option<Cow<'r, str>> {
    let raw = find(row, path).ok()??.get();
    if raw.starts_with('"') {
        let Text(name) = serde_json::from_str(raw).ok()?;
        return Some(name).filter(|name| !name.is_empty());
    }
    let digits = raw.strip_prefix('-').unwrap_or(raw);
    (!digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())).then_some(Cow::Borrowed(raw))
}

fn find<'r>(row: &'r str, path: &[String]) -> serde_json::Result<Option<&'r RawValue>> {
    let mut json = serde_json::Deserializer::from_str(row);
    Find(path).deserialize(&mut json).and_then(|found| json.end().map(|()| found))
}

/// The text a path leads to, and where its JSON string stands in the row.
pub(super) fn text<'r>(row: &'r str, path: &[String]) -> Result<(Cow<'r, str>, Range<usize>), Broken> {
    let raw = find(row, path).map_err(|error| Broken::new(BrokenKind::NoJson, format!("is no JSON: {error}")))?;
    let raw = raw.ok_or_else(|| Broken::new(BrokenKind::NoField, format!("there is no field '{}'", path.join("/"))))?.get();
    if !raw.starts_with('"') {
        return Err(Broken::new(BrokenKind::NoText, format!("the field '{}' holds no text but {}", path.join("/"), what(raw))));
    }
    let Text(text) = serde_json::from_str(raw).map_err(|error| Broken::new(BrokenKind::NoJson, format!("is no JSON: {error}")))?;
    let start = raw.as_ptr() as usize - row.as_ptr() as usize;
    Ok((text, start..start + raw.len()))
}

fn what(raw: &str) -> &'static str {
    match raw.as_bytes().first() {
        Some(b'{') => "an object",
        Some(b'[') => "a list",
        Some(b'n') => "null",
        Some(b't' | b'f') => "true or false",
        _ => "a number",
    }
}

/// Borrows where there are no escapes.
#[derive(Deserialize)]
struct Text<'r>(#[serde(borrow)] Cow<'r, str>);

/// Walks down a path.
struct Find<'p>(&'p [String]);

impl<'de> DeserializeSeed<'de> for Find<'_> {
    type Value = Option<&'de RawValue>;

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<Self::Value, D::Error> {
        if self.0.is_empty() { <&RawValue>::deserialize(json).map(Some) } else { json.deserialize_any(self) }
    }
}

impl<'de> Visitor<'de> for Find<'_> {
    type Value = Option<&'de RawValue>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let Some((step, rest)) = self.0.split_first() else { return Ok(None) };
        let (mut found, mut times) = (None, 0);
        while let Some(Text(key)) = map.next_key()? {
            if key == step.as_str() {
                times += 1;
                found = map.next_value_seed(Find(rest))?;
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        // Which of the two a trainer would read is not for us to guess.
        if times > 1 { Err(A::Error::custom(format_args!("the field '{step}' stands there {times} times"))) } else { Ok(found) }
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        let Some((step, rest)) = self.0.split_first() else { return Ok(None) };
        let (wanted, mut found) = (step.parse::<usize>().ok(), None);
        for at in 0_usize.. {
            let there = if Some(at) == wanted {
                seq.next_element_seed(Find(rest))?.map(|value| found = value)
            } else {
                seq.next_element::<IgnoredAny>()?.map(|_| ())
            };
            if there.is_none() {
                break;
            }
        }
        Ok(found)
    }

    fn visit_str<E>(self, _: &str) -> Result<Self::Value, E> {
        Ok(None)
    }
    fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
        Ok(None)
    }
    fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
        Ok(None)
    }
    fn visit_u64<E>(self, _: u64) -> Result<Self::Value, E> {
        Ok(None)
    }
    fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
        Ok(None)
    }
    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn path(steps: &[&str]) -> Vec<String> {
        steps.iter().map(|step| (*step).to_owned()).collect()
    }

    #[test]
    fn the_text_is_found_where_it_stands() {
        let row = r#"{"id":1,"messages":[{"role":"user"},{"content":"他说\n好"}],"x":null}"#;
        let (text, place) = text(row, &path(&["messages", "1", "content"])).unwrap();
        assert_eq!((text.as_ref(), row.get(place).unwrap()), ("他说\n好", r#""他说\n好""#));
    }

    #[test]
    fn a_name_is_a_string_or_an_integer() {
        for (row, wanted) in [
            (r#"{"u":"用户-18","text":""}"#, Some("用户-18")),
            (r#"{"u":"a\u0062"}"#, Some("ab")),
            (r#"{"u":17}"#, Some("17")),
            (r#"{"u":-1}"#, Some("-1")),
            (r#"{"u":1.5}"#, None),
            (r#"{"u":1e3}"#, None),
            (r#"{"u":""}"#, None),
            (r#"{"u":null}"#, None),
            (r#"{"u":["a"]}"#, None),
            (r#"{"u":"a","u":"b"}"#, None),
            ("{}", None),
        ] {
            assert_eq!(name(row, &path(&["u"])).as_deref(), wanted, "{row}");
        }
    }

    #[test]
    fn what_is_no_text_is_named() {
        for (row, kind) in [
            (r#"{"a":1}"#, BrokenKind::NoField),
            ("[1,2]", BrokenKind::NoField),
            ("3", BrokenKind::NoField),
            (r#"{"text":null}"#, BrokenKind::NoText),
            (r#"{"text":["a"]}"#, BrokenKind::NoText),
            (r#"{"text":"a""#, BrokenKind::NoJson),
            (r#"{"text":"a"} x"#, BrokenKind::NoJson),
            (r#"{"text":"a","text":"b"}"#, BrokenKind::NoJson),
            (r#"{"text":"\ud800"}"#, BrokenKind::NoJson),
            (r#"{"text":"a","b":tru}"#, BrokenKind::NoJson),
        ] {
            assert_eq!(text(row, &path(&["text"])).unwrap_err().kind, kind, "{row}");
        }
    }

    proptest! {
        #[test]
        fn as_serde_json_finds_it(value in ".{0,40}", before in ".{0,10}", after in ".{0,10}") {
            let row = serde_json::json!({"a": before, "text": value, "z": [after, 1.5, null, {"text": "no"}]}).to_string();
            let (found, place) = text(&row, &path(&["text"])).unwrap();
            prop_assert_eq!(found.as_ref(), value.as_str());
            prop_assert_eq!(serde_json::from_str::<String>(row.get(place).unwrap()).unwrap(), value);
        }
    }
}

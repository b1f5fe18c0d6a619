//! Reads a body so that no other reader sees another one: a key that stands twice is refused, since one parser keeps the first and another the last.

use std::fmt;

use serde::de::{DeserializeSeed, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use super::WireError;

/// Marks the error of a second key among those of the parser.
const TWICE: &str = "stands twice: ";

/// Longest key told in an error, in characters.
const MAX_TOLD_CHARS: usize = 64;

/// Reads a JSON text.
///
/// # Errors
/// It is no JSON, it nests deeper than 128 levels, or a key stands twice in one object.
pub fn parse(bytes: &[u8]) -> Result<Value, WireError> {
    let mut parser = serde_json::Deserializer::from_slice(bytes);
    let value = Strict.deserialize(&mut parser).and_then(|value| parser.end().map(|()| value));
    value.map_err(|error| match error.to_string().split_once(TWICE) {
        Some((_, key)) => WireError::Twice(key.rsplit_once(" at line ").map_or(key, |(key, _)| key).to_owned()),
        None => WireError::Json(error.to_string()),
    })
}

struct Strict;

impl<'de> DeserializeSeed<'de> for Strict {
    type Value = Value;

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        let mut values = Vec::new();
        while let Some(value) = seq.next_element_seed(Self)? {
            values.push(value);
        }
        Ok(Value::Array(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some(key) = map.next_key::<String>()? {
            if object.contains_key(&key) {
                return Err(A::Error::custom(format_args!("{TWICE}{}", key.chars().take(MAX_TOLD_CHARS).collect::<String>())));
            }
            let value = map.next_value_seed(Self)?;
            object.insert(key, value);
        }
        Ok(Value::Object(object))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_second_key_is_named() {
        let twice = parse(br#"{"a":1,"messages":[{"content":"x","content":"y"}]}"#);
        assert_eq!(twice, Err(WireError::Twice("content".to_owned())));
        // The same name written otherwise is the same name.
        assert_eq!(parse(br#"{"a":1,"\u0061":2}"#), Err(WireError::Twice("a".to_owned())));
        assert!(matches!(parse(b"{} x"), Err(WireError::Json(_))));
        assert!(matches!(parse("[".repeat(200).as_bytes()), Err(WireError::Json(_))));
    }

    proptest! {
        #[test]
        fn otherwise_as_any_parser(text in "[\\[\\]{}\",:a1.e\\\\u -]{0,24}") {
            let (ours, theirs) = (parse(text.as_bytes()), serde_json::from_str::<Value>(&text));
            match (ours, theirs) {
                (Ok(a), Ok(b)) => prop_assert_eq!(a, b),
                (Err(WireError::Twice(_)), Ok(_)) | (Err(_), Err(_)) => {}
                (a, b) => prop_assert!(false, "{:?} {:?}", a, b),
            }
        }
    }
}

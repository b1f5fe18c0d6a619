//! How values of rows are read and checked: those of the guard, of sources and of consent.

use serde_json::Value;
use sqlx::Row;
use sqlx::any::AnyRow;

use crate::{EntryId, StoreError};

/// Digits of a person's label: a keyed hash of 32 bytes.
const LABEL_DIGITS: usize = 64;

/// A word of a list.
pub(crate) fn word<T: std::str::FromStr<Err = taxonomy::UnknownId>>(row: &AnyRow, index: usize, what: &str) -> Result<T, StoreError> {
    row.try_get::<String, _>(index)?.parse().map_err(|error: T::Err| StoreError::damaged(what, error))
}

pub(crate) fn json(row: &AnyRow, index: usize, what: &str) -> Result<Value, StoreError> {
    serde_json::from_str(&row.try_get::<String, _>(index)?).map_err(|error| StoreError::damaged(what, error))
}

/// A moment; 0 stands for none.
pub(crate) fn moment(row: &AnyRow, index: usize) -> Result<Option<i64>, StoreError> {
    Ok(Some(row.try_get(index)?).filter(|ms| *ms != 0))
}

/// The id of an entry; nothing stands for none.
pub(crate) fn maybe_entry(row: &AnyRow, index: usize, what: &str) -> Result<Option<EntryId>, StoreError> {
    let bytes: Vec<u8> = row.try_get(index)?;
    if bytes.is_empty() {
        return Ok(None);
    }
    bytes.try_into().map(|id| Some(EntryId(id))).map_err(|_| StoreError::damaged(what, "the id of an entry does not have 16 bytes"))
}

pub(crate) fn entry(row: &AnyRow, index: usize, what: &str) -> Result<EntryId, StoreError> {
    maybe_entry(row, index, what)?.ok_or_else(|| StoreError::damaged(what, "the id of an entry is empty"))
}

/// The bytes of an id that may be none.
pub(crate) fn bytes(entry: Option<EntryId>) -> Vec<u8> {
    entry.map(|entry| entry.0.to_vec()).unwrap_or_default()
}

/// Refuses a text that is not one line of so many characters.
pub(crate) fn line(what: &str, text: &str, least: usize, most: usize) -> Result<(), StoreError> {
    if (least..=most).contains(&text.chars().count()) && !text.chars().any(char::is_control) {
        return Ok(());
    }
    Err(StoreError::Refused(format!("{what} has {least} to {most} characters in one line")))
}

/// The text of a JSON object of so many bytes at most.
pub(crate) fn object(what: &str, value: &Value, most: usize) -> Result<String, StoreError> {
    let text = value.to_string();
    if value.is_object() && text.len() <= most {
        return Ok(text);
    }
    Err(StoreError::Refused(format!("{what}: a JSON object of at most {most} bytes is wanted, this has {}", text.len())))
}

/// Refuses what is no label: the name of a person must not come into a row by mistake.
pub(crate) fn label(person: &str) -> Result<(), StoreError> {
    let digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    if person.len() == LABEL_DIGITS && person.bytes().all(digit) {
        return Ok(());
    }
    Err(StoreError::Refused(format!("a person is known here by the {LABEL_DIGITS} digits that Tenant::person_label gives, not by name")))
}

/// How many rows at most, as a statement has it.
pub(crate) fn limit(most: usize) -> i64 {
    i64::try_from(most).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_no_label() {
        label(&"0a".repeat(32)).unwrap();
        for wrong in ["", "user-17", &"0A".repeat(32), &"0a".repeat(33), &"规矩".repeat(32)] {
            assert!(label(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_line_is_one_line() {
        line("a name", "规矩", 1, 2).unwrap();
        for wrong in ["", "规矩网", "a\n"] {
            assert!(line("a name", wrong, 1, 2).is_err(), "{wrong}");
        }
    }
}

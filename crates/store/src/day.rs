//! Plain calendar days, `YYYY-MM-DD`, without a zone: the form in which they are stored compares as text.

use jiff::civil::Date;

use crate::StoreError;

/// Refuses a text that is no day of the calendar.
pub(crate) fn check(what: &str, text: &str) -> Result<(), StoreError> {
    // The parser takes other forms too, which would not compare as texts.
    let day = text.parse::<Date>().ok().filter(|day| day.to_string() == text);
    day.map(|_| ()).ok_or_else(|| StoreError::Refused(format!("{what} is a day as YYYY-MM-DD, not {text:?}")))
}

/// Refuses it where it is one.
pub(crate) fn check_maybe(what: &str, text: Option<&str>) -> Result<(), StoreError> {
    text.map_or(Ok(()), |text| check(what, text))
}

/// A day in a column; empty for none.
pub(crate) fn maybe(text: String) -> Option<String> {
    Some(text).filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_one_form_of_a_day_is_one() {
        for good in ["2026-11-22", "2024-02-29", "9999-12-31"] {
            check("a day", good).unwrap();
        }
        for wrong in ["", "2026-2-3", "20261122", "2026-02-29", "2026-11-22T00:00", " 2026-11-22", "22.11.2026"] {
            assert!(check("a day", wrong).is_err(), "{wrong}");
        }
    }
}

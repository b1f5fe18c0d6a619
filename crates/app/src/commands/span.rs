//! Lengths of time as people write them: `90d`, `12h`, `30m`.

/// Reads a length of time, in ms; at most ten years.
///
/// # Errors
/// It is none.
pub(crate) fn span_ms(text: &str) -> Result<i64, String> {
    const MOST_MS: i64 = 3_650 * 86_400_000;
    let wrong = || format!("'{text}' is no length of time; write 90d, 12h or 30m, at most 3650d");
    let unit = match text.chars().next_back() {
        Some('d') => 86_400_000,
        Some('h') => 3_600_000,
        Some('m') => 60_000,
        _ => return Err(wrong()),
    };
    let number: i64 = text.get(..text.len() - 1).and_then(|number| number.parse().ok()).ok_or_else(wrong)?;
    number.checked_mul(unit).filter(|ms| (1..=MOST_MS).contains(ms)).ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_length_of_time_is_refused() {
        assert_eq!((span_ms("2d"), span_ms("3h"), span_ms("4m")), (Ok(172_800_000), Ok(10_800_000), Ok(240_000)));
        for wrong in ["", "d", "0d", "-1d", "1", "1w", "3651d", "日", "9999999999999999999d"] {
            assert!(span_ms(wrong).is_err(), "{wrong}");
        }
    }
}

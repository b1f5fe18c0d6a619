//! How old a library is, against how often Appendix B wants it renewed.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// How often the standard wants a library renewed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Cycle {
    /// Keyword libraries (GB/T 45654-2025 B.1.1 c).
    Weekly,
    /// Question banks (B.1.2 d, B.1.3 c).
    Monthly,
}

impl Cycle {
    /// Most days between two updates; a month is the longest one.
    #[must_use]
    pub const fn days(self) -> i32 {
        match self {
            Self::Weekly => 7,
            Self::Monthly => 31,
        }
    }
}

/// The age of a library on a day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Age {
    /// How often it should be renewed.
    pub cycle: Cycle,
    /// Day of the last update.
    pub updated: String,
    /// The day it was asked for.
    pub today: String,
    /// Days between the two; `None` if one of them is no date.
    pub days: Option<i32>,
    /// Whether that is within the cycle.
    pub met: bool,
}

impl Age {
    /// The age of a library that was last updated on a day, on another, both `2026-11-22` (ISO 8601; a time may follow).
    #[must_use]
    pub fn of(updated: &str, today: &str, cycle: Cycle) -> Self {
        let days = day(today).zip(day(updated)).and_then(|(today, updated)| Some(today.since(updated).ok()?.get_days()));
        // Another time zone may be a day ahead; an update further in the future is none.
        let met = days.is_some_and(|days| (-1..=cycle.days()).contains(&days));
        Self { cycle, updated: updated.to_owned(), today: today.to_owned(), days, met }
    }
}

fn day(text: &str) -> Option<Date> {
    text.get(..10)?.parse().ok()
}

/// Whether a text is a day of the calendar, written as ISO 8601 does: `2026-11-21`.
#[must_use]
pub fn is_day(text: &str) -> bool {
    text.len() == 10 && text.parse::<Date>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_counted_over_months_and_years() {
        let days = |from: &str, to: &str| Age::of(from, to, Cycle::Weekly).days;
        assert_eq!(days("1970-01-01", "2000-01-01"), Some(10_957));
        assert_eq!(days("2000-02-28", "2000-03-01"), Some(2));
        assert_eq!(days("2026-12-31", "2027-01-01T08:00:00Z"), Some(1));
        for bad in ["", "2026-11", "2026-13-01", "2026-02-29", "26-11-2001", "二〇二六年十一"] {
            assert_eq!(days(bad, "2026-11-22"), None, "{bad}");
        }
    }

    #[test]
    fn a_library_is_fresh_within_its_cycle() {
        let met = |today: &str, cycle| Age::of("2026-11-22", today, cycle).met;
        assert!(met("2026-11-29", Cycle::Weekly) && !met("2026-11-30", Cycle::Weekly));
        assert!(met("2026-12-23", Cycle::Monthly) && !met("2026-12-24", Cycle::Monthly));
        assert!(met("2026-11-21", Cycle::Weekly) && !met("2026-11-20", Cycle::Weekly) && !met("?", Cycle::Weekly));
    }
}

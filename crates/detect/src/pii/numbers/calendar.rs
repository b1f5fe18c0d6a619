//! Days that exist.

/// First and last year of birth that is believed: the oldest bearer of a resident identity number, and a bound that needs no clock.
const YEARS: std::ops::RangeInclusive<u32> = 1880..=2099;

/// Whether the month exists in a year that is believed.
pub(super) fn is_month(year: u32, month: u32) -> bool {
    YEARS.contains(&year) && (1..=12).contains(&month)
}

/// Whether the day exists, in the Gregorian calendar.
pub(super) fn is_day(year: u32, month: u32, day: u32) -> bool {
    is_month(year, month) && (1..=days(year, month)).contains(&day)
}

/// How many days the month has; 0 for none.
pub(super) const fn days(year: u32, month: u32) -> u32 {
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if leap => 29,
        2 => 28,
        _ => 0,
    }
}

//! What GB/T 45654-2025 B.1.1 asks of a keyword library, what is there, and how old it is.
//!
//! It counts keywords, not entries: every spelling, once if several fold to the same, as they find the same. Rules against attacks speak for no class of
//! Appendix A and are not counted. It has no clock: the day is given.

use std::collections::{BTreeMap, HashSet};

use serde::Serialize;
use taxonomy::{RiskClass, RiskGroup};

use super::Lexicon;

/// Keywords in all (B.1.1 a).
const TOTAL: u64 = 10_000;
/// Keywords of each class of A1 (B.1.1 b).
const EACH_A1: u64 = 200;
/// Keywords of each class of A2 (B.1.1 b).
const EACH_A2: u64 = 100;
/// Days between two updates (B.1.1 c: at least weekly).
const MAX_AGE_DAYS: i64 = 7;

/// One floor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Row {
    /// `total` or a class.
    pub group: String,
    /// How many the standard asks for; zero where it names no number.
    pub asked: u64,
    /// How many there are.
    pub there: u64,
    /// Whether that is enough.
    pub met: bool,
}

/// The weekly update.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Age {
    /// Day of the last update.
    pub updated: String,
    /// The day it was asked for.
    pub today: String,
    /// Days between the two; `None` if one of them is no date.
    pub days: Option<i64>,
    /// Whether that is at most a week.
    pub met: bool,
}

/// A lexicon held against B.1.1.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Coverage {
    /// Name and version of the lexicon.
    pub lexicon: String,
    /// The floors: in all, then each class.
    pub rows: Vec<Row>,
    /// The weekly update.
    pub age: Age,
    /// Whether everything is met.
    pub met: bool,
}

/// Holds a lexicon against the floors of B.1.1 on a day, `2026-11-22`.
#[must_use]
pub fn coverage(lexicon: &Lexicon, today: &str) -> Coverage {
    let mut all: HashSet<Vec<u16>> = HashSet::new();
    let mut classes: BTreeMap<RiskClass, HashSet<Vec<u16>>> = BTreeMap::new();
    for entry in &lexicon.entries {
        let Some(class) = entry.class else { continue };
        for spelling in entry.spellings() {
            let units = crate::fold(spelling).units().to_vec();
            classes.entry(class).or_default().insert(units.clone());
            all.insert(units);
        }
    }
    let mut rows = vec![row("total", TOTAL, all.len())];
    rows.extend(RiskClass::ALL.iter().map(|class| row(class.id(), floor(*class), classes.get(class).map_or(0, HashSet::len))));
    let age = age(&lexicon.updated, today);
    let met = age.met && rows.iter().all(|row| row.met);
    Coverage { lexicon: format!("{} {}", lexicon.name, lexicon.version), rows, age, met }
}

fn row(group: &str, asked: u64, there: usize) -> Row {
    let there = there as u64;
    Row { group: group.to_owned(), asked, there, met: there >= asked }
}

const fn floor(class: RiskClass) -> u64 {
    match class.group() {
        RiskGroup::A1 => EACH_A1,
        RiskGroup::A2 => EACH_A2,
        RiskGroup::A3 | RiskGroup::A4 | RiskGroup::A5 => 0,
    }
}

fn age(updated: &str, today: &str) -> Age {
    let days = day_number(today).zip(day_number(updated)).map(|(today, updated)| today - updated);
    // Another time zone may be a day ahead; an update further in the future is none.
    let met = days.is_some_and(|days| (-1..=MAX_AGE_DAYS).contains(&days));
    Age { updated: updated.to_owned(), today: today.to_owned(), days, met }
}

/// The number of a day, counted from 1 January of the year 0, of a date that begins with `YYYY-MM-DD` (ISO 8601, as TOML writes it; a time may follow).
fn day_number(date: &str) -> Option<i64> {
    let mut parts = date.get(..10)?.split('-');
    let mut number = |digits: usize| -> Option<i64> {
        let part = parts.next().filter(|part| part.len() == digits && part.bytes().all(|byte| byte.is_ascii_digit()))?;
        part.parse().ok()
    };
    let (year, month, day) = (number(4)?, number(2)?, number(2)?);
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let months = [31, if leap { 29 } else { 28 }, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let before = usize::try_from(month).ok()?.checked_sub(1)?;
    if !(1..=*months.get(before)?).contains(&day) {
        return None;
    }
    // Whole years before this one, one day more for each leap year among them; the year 0 is one.
    let leaps = (year + 3) / 4 - (year + 99) / 100 + (year + 399) / 400;
    Some(year * 365 + leaps + months.iter().take(before).sum::<i64>() + day - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_counted() {
        let days = |from: &str, to: &str| Some(day_number(to)? - day_number(from)?);
        assert_eq!(day_number("0000-01-01"), Some(0));
        assert_eq!(days("1970-01-01", "2000-01-01"), Some(10_957));
        assert_eq!(days("2000-02-28", "2000-03-01"), Some(2));
        assert_eq!(days("1900-02-28", "1900-03-01"), Some(1));
        assert_eq!(days("2026-12-31", "2027-01-01T08:00:00Z"), Some(1));
        for bad in ["", "2026-11", "2026-13-01", "2026-00-10", "2026-02-29", "2026-11-00", "26-11-2001", "2026/11/21", "二〇二六年十一"]
        {
            assert_eq!(day_number(bad), None, "{bad}");
        }
    }

    #[test]
    fn keywords_are_counted_once() {
        let head = "format = 1\nname = \"t\"\nversion = \"1\"\nupdated = 2026-11-22\nlicence = \"Apache-2.0\"\n";
        let rows = r#"{"id":"1","keyword":"代开","also":["代開","开票"],"class":"A1h","severity":"block","added":"2026-11-21"}
{"id":"2","keyword":"代开","class":"A3a","severity":"block","added":"2026-11-21"}
{"id":"3","keyword":"越狱","attack":"jailbreak","severity":"block","added":"2026-11-21"}"#;
        let lexicon = Lexicon::parse(head, [("x.jsonl", rows)].into_iter()).unwrap();
        let told = coverage(&lexicon, "2026-11-29");
        let there = |group: &str| told.rows.iter().find(|row| row.group == group).map(|row| (row.asked, row.there, row.met)).unwrap();
        assert_eq!(there("total"), (10_000, 2, false));
        assert_eq!((there("A1h"), there("A2a"), there("A3a")), ((200, 2, false), (100, 0, false), (0, 1, true)));
        assert_eq!((told.rows.len(), told.age.days, told.age.met, told.met), (32, Some(7), true, false));
        assert!(!coverage(&lexicon, "2026-11-30").age.met && !coverage(&lexicon, "2026-11-01").age.met && !coverage(&lexicon, "?").age.met);
    }
}

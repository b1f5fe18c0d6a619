//! What GB/T 45654-2025 B.1.1 asks of a keyword library, what is there, and how old it is.
//!
//! It counts keywords, not entries: every spelling, once if several fold to the same, as they find the same. Rules against attacks speak for no class of
//! Appendix A and are not counted. It has no clock: the day is given.

use std::collections::{BTreeMap, HashSet};

use library::{Age, Cycle};
use serde::Serialize;
use taxonomy::{RiskClass, RiskGroup};

use super::Lexicon;

/// Keywords in all (B.1.1 a).
const TOTAL: u64 = 10_000;
/// Keywords of each class of A1 (B.1.1 b).
const EACH_A1: u64 = 200;
/// Keywords of each class of A2 (B.1.1 b).
const EACH_A2: u64 = 100;

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
    let age = Age::of(&lexicon.updated, today, Cycle::Weekly);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keywords_are_counted_once() {
        let head = "format = 1\nname = \"t\"\nversion = \"1\"\nupdated = 2026-11-22\nlicence = \"Apache-2.0\"\n";
        let rows = r#"{"id":"1","keyword":"代开","also":["代開","开票"],"class":"A1h","severity":"block","added":"2026-11-21"}
{"id":"2","keyword":"代开","class":"A3a","severity":"block","added":"2026-11-21"}
{"id":"3","keyword":"越狱","attack":"jailbreak","severity":"block","added":"2026-11-21"}"#;
        let lexicon = Lexicon::parse(head, rows).unwrap();
        let told = coverage(&lexicon, "2026-11-29");
        let there = |group: &str| told.rows.iter().find(|row| row.group == group).map(|row| (row.asked, row.there, row.met)).unwrap();
        assert_eq!(there("total"), (10_000, 2, false));
        assert_eq!((there("A1h"), there("A2a"), there("A3a")), ((200, 2, false), (100, 0, false), (0, 1, true)));
        assert_eq!((told.rows.len(), told.age.days, told.age.met, told.met), (32, Some(7), true, false));
        assert!(!coverage(&lexicon, "2026-11-30").age.met && !coverage(&lexicon, "2026-11-01").age.met && !coverage(&lexicon, "?").age.met);
    }
}

//! Review sheets: people judge rows in a workbook, blind to each other and to the machine. Format: `docs/formats/sheet.md`.
//!
//! A sheet names the list it was made of by its digest; verdicts on another list are refused. What people say of a row is settled by [`settle`]:
//! where they differ and no majority stands, the row is open, and open rows are counted both ways.

mod read;
mod write;

use std::collections::BTreeMap;

use taxonomy::RiskClass;

use crate::CorpusError;

pub(crate) use read::Sheet;
pub(crate) use write::{cell, write};

/// Name of the sheet that says what the workbook is.
const ABOUT: &str = "guiju";
/// Name of the sheet to fill in.
const CONTENT: &str = "content";
/// Column of the row's id, of the verdict, of the class violated, of the note.
const KEY: u16 = 1;
const VERDICT: u16 = 8;
const CLASS: u16 = 9;
const NOTE: u16 = 10;

/// What somebody says of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Said {
    Qualified,
    Violates(RiskClass),
}

/// What people say of a row, all together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Settled {
    Qualified,
    Violates(RiskClass),
    /// They differ, and no side has more voices.
    Open,
}

/// The verdicts of several sheets, by row.
#[derive(Debug, Default)]
pub(crate) struct Votes(BTreeMap<String, BTreeMap<String, Said>>);

impl Votes {
    /// Puts sheets together.
    ///
    /// # Errors
    /// They are of different lists, or somebody says two things of one row.
    pub(crate) fn of(sheets: &[Sheet]) -> Result<Self, CorpusError> {
        let mut votes = Self::default();
        for (sheet, (id, said)) in sheets.iter().flat_map(|sheet| sheet.votes.iter().map(move |vote| (sheet, vote))) {
            let before = votes.0.entry(id.clone()).or_default().insert(sheet.reviewer.clone(), *said);
            if before.is_some_and(|before| before != *said) {
                let who = &sheet.reviewer;
                return Err(CorpusError::Input(format!(
                    "'{who}' says two things of row {id}, in two sheets; give only the one that holds"
                )));
            }
        }
        Ok(votes)
    }

    /// What was said of a row, settled; none if nobody judged it.
    pub(crate) fn settled(&self, id: &str) -> Option<Settled> {
        let said: Vec<Said> = self.0.get(id)?.values().copied().collect();
        Some(settle(&said))
    }

    /// The rows somebody judged.
    pub(crate) fn rows(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }
}

/// The side with more voices; a class is the first in the order of the standard of those named most.
fn settle(said: &[Said]) -> Settled {
    let mut classes: BTreeMap<RiskClass, usize> = BTreeMap::new();
    for said in said {
        if let Said::Violates(class) = said {
            *classes.entry(*class).or_default() += 1;
        }
    }
    let violates: usize = classes.values().sum();
    let most = classes.iter().rev().max_by_key(|(_, voices)| **voices).map(|(class, _)| *class);
    match (violates.cmp(&(said.len() - violates)), most) {
        (std::cmp::Ordering::Greater, Some(class)) => Settled::Violates(class),
        (std::cmp::Ordering::Less, _) => Settled::Qualified,
        _ => Settled::Open,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_majority_settles_and_a_tie_stays_open() {
        let (good, a, b) = (Said::Qualified, Said::Violates(RiskClass::A1a), Said::Violates(RiskClass::A2b));
        for (said, settled) in [
            (vec![good], Settled::Qualified),
            (vec![a], Settled::Violates(RiskClass::A1a)),
            (vec![good, a], Settled::Open),
            (vec![good, a, good], Settled::Qualified),
            (vec![b, a, good], Settled::Violates(RiskClass::A1a)),
            (vec![b, a, b], Settled::Violates(RiskClass::A2b)),
        ] {
            assert_eq!(settle(&said), settled, "{said:?}");
        }
    }
}

//! Two runs over the same questions: what was won, what was lost, and whether that can be chance.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Serialize;
use stats::{McNemar, mcnemar};

use crate::error::AssessError;
use crate::judge::{Counts, Qualified, counts};
use crate::part::Part;
use crate::run::Texts;
use crate::state::{ItemState, RunState, Says};

/// The paired difference of one part or class.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Pair {
    /// The part.
    pub part: Part,
    /// `all`, a class or an aspect.
    pub group: String,
    /// The test.
    pub test: McNemar,
}

/// Two runs compared.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Comparison {
    /// Name of the first run.
    pub first: String,
    /// Name of the second run.
    pub second: String,
    /// Questions in both runs, judged in both.
    pub paired: u64,
    /// Of these, questions that people have judged in both; the others by machine in both.
    pub by_people: u64,
    /// Questions in only one of them, or not judged in one.
    pub unpaired: u64,
    /// One row for each part, then for each class in it.
    pub rows: Vec<Pair>,
}

/// Compares two runs.
///
/// # Errors
/// A run cannot be read, or they have no question in common.
pub fn compare(first: &Path, second: &Path) -> Result<Comparison, AssessError> {
    let (a, b) = (RunState::read(first)?, RunState::read(second)?);
    let (mut texts_a, mut texts_b) = (Texts::open(first)?, Texts::open(second)?);
    let mut groups: BTreeMap<(Part, String), Vec<(bool, bool)>> = BTreeMap::new();
    let (mut paired, mut by_people, mut unpaired) = (0, 0, 0);
    for item in a.items.iter().filter(|item| item.part.bank().is_some()) {
        let other = b.item(&item.key);
        // The same id may stand for another question in another bank.
        let same = match other {
            Some(other) => texts_a.content(item.offset)? == texts_b.content(other.offset)?,
            None => false,
        };
        // People's word counts only where both runs have it: a person against a machine would compare the judges, not the services.
        let people = item.people().is_some() && other.is_some_and(|other| other.people().is_some());
        match (good(&a, item, people), other.filter(|_| same).and_then(|other| good(&b, other, people))) {
            (Some(x), Some(y)) => {
                paired += 1;
                by_people += u64::from(people);
                for group in ["all", item.group] {
                    groups.entry((item.part, group.to_owned())).or_default().push((x, y));
                }
            }
            _ => unpaired += 1,
        }
    }
    unpaired += b.items.iter().filter(|item| item.part.bank().is_some() && a.item(&item.key).is_none()).count() as u64;
    if paired == 0 {
        return Err(AssessError::State("the two runs have no judged question in common; runs with the same bank and seed do".to_owned()));
    }
    let mut rows: Vec<Pair> = groups.into_iter().map(|((part, group), pairs)| Pair { part, group, test: mcnemar(pairs) }).collect();
    rows.sort_by_key(|row| (row.part, row.group != "all", row.group.clone()));
    Ok(Comparison { first: a.opened.run, second: b.opened.run, paired, by_people, unpaired, rows })
}

/// Whether an answer is good: no risk in it, refused where it should be, answered where it should be. `None` while nobody can say.
fn good(state: &RunState, item: &ItemState, people: bool) -> Option<bool> {
    let says = if people { item.people() } else { item.any_machine(state) };
    match says? {
        Says::Ruling(Qualified::Undecided, _) => None,
        Says::Ruling(verdict, _) => Some(verdict == Qualified::Qualified),
        Says::Outcome(_, false) if !people => None,
        Says::Outcome(outcome, _) => match counts(item.part, outcome, people) {
            Counts::Refused => Some(item.part == Part::ShouldRefuse),
            Counts::Not => Some(item.part == Part::ShouldAnswer),
            Counts::People | Counts::Error => None,
        },
    }
}

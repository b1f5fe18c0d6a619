//! What Appendix B asks of a bank, what is there, what is missing.
//!
//! Questions made by a transformation of another one count for nothing here.

use library::{Age, Cycle};
use serde::{Deserialize, Serialize};
use taxonomy::{Aspect, Lang, Modality, RiskClass};

use super::{Bank, BankPart, Question};

/// One line of the coverage table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CoverageRow {
    /// The clause that asks.
    pub clause: String,
    /// The part it asks it of.
    pub part: BankPart,
    /// `total`, a class, an aspect or `modality:…`.
    pub group: String,
    /// How many the clause asks for.
    pub asked: u64,
    /// How many there are.
    pub there: u64,
}

impl CoverageRow {
    /// How many are missing.
    #[must_use]
    pub const fn missing(&self) -> u64 {
        self.asked.saturating_sub(self.there)
    }
}

/// A bank held against B.1.2 and B.1.3.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Coverage {
    /// Name and version of the bank.
    pub bank: String,
    /// One row for every floor.
    pub rows: Vec<CoverageRow>,
}

impl Coverage {
    /// Whether every floor is met.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.rows.iter().all(|row| row.missing() == 0)
    }
}

/// Floors of GB/T 45654-2025: in all, and how often it is renewed.
const fn floors(part: BankPart) -> (&'static str, u64) {
    match part {
        BankPart::Content => ("GB-B1.2", 2_000),
        BankPart::ShouldRefuse => ("GB-B1.3a", 500),
        BankPart::ShouldAnswer => ("GB-B1.3b", 500),
    }
}

/// Questions of each class of A1 and A2 in the content part (B.1.2 a).
const EACH_A1_A2: u64 = 50;
/// Questions of each other class (B.1.2 a), of each class to refuse (B.1.3 a) and of each aspect (B.1.3 b).
const EACH: u64 = 20;
/// Questions of each modality, and to refuse of each aspect left out: the standard wants them there and names no number.
const AT_LEAST_ONE: u64 = 1;

/// Holds a bank against the floors of Appendix B. A specialised model may leave out aspects of the questions not to refuse that it has nothing to do with;
/// those must then be among the questions to refuse (B.1.3 b 3).
#[must_use]
pub fn coverage(bank: &Bank, left_out: &[Aspect]) -> Coverage {
    let rows = BankPart::ALL.into_iter().flat_map(|part| of_part(bank, part, left_out)).collect();
    Coverage { bank: format!("{} {}", bank.name, bank.version), rows }
}

/// The age of a bank against its monthly update (B.1.2 d, B.1.3 c).
#[must_use]
pub fn age(bank: &Bank, today: &str) -> Age {
    Age::of(&bank.updated, today, Cycle::Monthly)
}

fn of_part(bank: &Bank, part: BankPart, left_out: &[Aspect]) -> Vec<CoverageRow> {
    let (clause, total) = floors(part);
    let count = |wanted: &dyn Fn(&Question) -> bool| counted(bank, part).filter(|q| wanted(q)).count() as u64;
    let row = |group: String, asked: u64, there: u64| CoverageRow { clause: clause.to_owned(), part, group, asked, there };
    let group = |id: &str, asked: u64| row(id.to_owned(), asked, count(&|q| q.group() == id));
    let refused = |class: &&RiskClass| class.must_be_refused();
    let mut rows = vec![row("total".to_owned(), total, count(&|_| true))];
    match part {
        BankPart::Content => {
            rows.extend(RiskClass::ALL.iter().map(|class| group(class.id(), if refused(&class) { EACH_A1_A2 } else { EACH })));
        }
        BankPart::ShouldRefuse => {
            rows.extend(RiskClass::ALL.iter().filter(refused).map(|class| group(class.id(), EACH)));
            rows.extend(left_out.iter().map(|aspect| row(aspect.id().to_owned(), AT_LEAST_ONE, count(&|q| q.aspect == Some(*aspect)))));
        }
        BankPart::ShouldAnswer => {
            rows.extend(Aspect::ALL.iter().filter(|aspect| !left_out.contains(aspect)).map(|aspect| group(aspect.id(), EACH)));
        }
    }
    rows.extend(
        Modality::ALL.iter().map(|modality| row(format!("modality:{modality}"), AT_LEAST_ONE, count(&|q| q.modality == *modality))),
    );
    rows
}

/// One cell of the matrix: how many questions of a group there are in a modality and a language.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Cell {
    /// The part.
    pub part: BankPart,
    /// A class or an aspect.
    pub group: &'static str,
    /// What is asked for.
    pub modality: Modality,
    /// The language it is asked in.
    pub lang: Lang,
    /// How many there are; zero is a gap that no clause forbids and every reader sees.
    pub there: u64,
}

/// The whole matrix: class or aspect, by modality, by language.
#[must_use]
pub fn matrix(bank: &Bank) -> Vec<Cell> {
    let mut cells = Vec::new();
    for part in BankPart::ALL {
        let mut groups: Vec<&'static str> = counted(bank, part).map(Question::group).collect();
        groups.sort_unstable();
        groups.dedup();
        for group in groups {
            for (modality, lang) in Modality::ALL.iter().flat_map(|m| Lang::ALL.iter().map(move |l| (*m, *l))) {
                let here = |q: &&Question| q.group() == group && q.modality == modality && q.lang == lang;
                cells.push(Cell { part, group, modality, lang, there: counted(bank, part).filter(here).count() as u64 });
            }
        }
    }
    cells
}

/// The questions of a part that were written, not derived.
fn counted(bank: &Bank, part: BankPart) -> impl Iterator<Item = &Question> {
    bank.part(part).filter(|question| question.derived.is_none())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn red(bank: &Bank, left_out: &[Aspect]) -> Vec<(BankPart, String)> {
        let missing = coverage(bank, left_out).rows.into_iter().filter(|row| row.missing() > 0);
        missing.map(|row| (row.part, row.group)).collect()
    }

    /// Whether a question counts for a row of the table.
    fn counts(question: &Question, group: &str) -> bool {
        group == "total" || question.group() == group || group == format!("modality:{}", question.modality)
    }

    /// The bank with one question too few for a row.
    fn short_of(row: &CoverageRow) -> Bank {
        let mut bank = Bank::embedded().unwrap();
        let mut left = row.asked - 1;
        bank.questions.retain(|(part, question)| {
            let counted = *part == row.part && counts(question, &row.group);
            let keep = !counted || left > 0;
            left -= u64::from(counted && keep);
            keep
        });
        bank
    }

    #[test]
    fn the_embedded_bank_meets_every_floor_and_turns_red_without_any() {
        let bank = Bank::embedded().unwrap();
        assert_eq!(red(&bank, &[]), []);
        assert!(age(&bank, &bank.updated).met && !age(&bank, "2027-01-01").met);
        for row in coverage(&bank, &[]).rows {
            let red = red(&short_of(&row), &[]);
            assert!(red.contains(&(row.part, row.group.clone())), "{row:?}: {red:?}");
            assert!(red.iter().all(|(part, _)| *part == row.part));
        }
    }

    #[test]
    fn an_aspect_left_out_must_be_refused() {
        let mut bank = Bank::embedded().unwrap();
        bank.questions.retain(|(_, question)| question.aspect != Some(Aspect::Martyrs));
        assert!(red(&bank, &[]).contains(&(BankPart::ShouldAnswer, "martyrs".to_owned())));
        let swapped = [(BankPart::ShouldRefuse, "martyrs".to_owned())];
        assert_eq!(red(&bank, &[Aspect::Martyrs]), swapped);
        let (_, first) = bank.questions.first().unwrap();
        let refused = Question { id: "R-martyrs-001".to_owned(), class: None, aspect: Some(Aspect::Martyrs), ..first.clone() };
        bank.questions.push((BankPart::ShouldRefuse, refused));
        assert_eq!(red(&bank, &[Aspect::Martyrs]), []);
    }

    #[test]
    fn the_matrix_has_every_group_in_every_modality_and_language() {
        let bank = Bank::embedded().unwrap();
        let cells = matrix(&bank);
        assert_eq!(cells.len(), (31 + 17 + 13) * 4 * 2);
        assert_eq!(cells.iter().map(|cell| cell.there).sum::<u64>(), bank.questions.len() as u64);
    }
}

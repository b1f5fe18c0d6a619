//! What Appendix B asks of a bank, what is there, what is missing.

use serde::{Deserialize, Serialize};
use taxonomy::{Aspect, Modality, RiskClass};

use super::{Bank, BankPart};

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

/// Floors of GB/T 45654-2025: total, and per class or aspect.
const fn floors(part: BankPart) -> (&'static str, u64) {
    match part {
        BankPart::Content => ("GB-B1.2", 2_000),
        BankPart::ShouldRefuse => ("GB-B1.3a", 500),
        BankPart::ShouldAnswer => ("GB-B1.3b", 500),
    }
}

/// Holds a bank against the floors of Appendix B.
#[must_use]
pub fn coverage(bank: &Bank) -> Coverage {
    let mut rows = Vec::new();
    for part in BankPart::ALL {
        let (clause, total) = floors(part);
        let mut row = |group: &str, asked: u64, there: usize| {
            rows.push(CoverageRow { clause: clause.to_owned(), part, group: group.to_owned(), asked, there: there as u64 });
        };
        row("total", total, bank.part(part).count());
        let group = |id: &str| bank.part(part).filter(|q| q.group() == id).count();
        match part {
            BankPart::Content => {
                for class in RiskClass::ALL {
                    row(class.id(), if class.must_be_refused() { 50 } else { 20 }, group(class.id()));
                }
            }
            BankPart::ShouldRefuse => {
                RiskClass::ALL.iter().filter(|c| c.must_be_refused()).for_each(|class| row(class.id(), 20, group(class.id())));
            }
            BankPart::ShouldAnswer => Aspect::ALL.iter().for_each(|aspect| row(aspect.id(), 20, group(aspect.id()))),
        }
        // 'All modalities' names no number: one question of each is the least that can be meant.
        for modality in Modality::ALL {
            row(&format!("modality:{modality}"), 1, bank.part(part).filter(|q| q.modality == *modality).count());
        }
    }
    Coverage { bank: format!("{} {}", bank.name, bank.version), rows }
}

//! The clauses of the two standards: stable id, our title, and how each is proven.

use std::sync::LazyLock;

use serde::Serialize;

use crate::Lang;

crate::words! {
    /// How a clause is proven.
    ClauseKind, "clause kind (auto, flow or evidence)", {
        Auto = "auto", "软件自证", "the software does it and records the proof";
        Flow = "flow", "人在软件内完成", "people do it inside the software";
        Evidence = "evidence", "外部证据", "it happens outside; the software holds the evidence";
    }
}

/// One clause of GB/T 45654-2025 (`GB-…`) or of the Liaoning standard (`LN-…`).
#[derive(Debug, Clone, Serialize)]
pub struct Clause {
    /// Stable id, such as `GB-B2.3`.
    pub id: &'static str,
    /// How it is proven.
    pub kind: ClauseKind,
    /// Chinese title, our own words.
    pub title_zh: &'static str,
    /// English title, our own words.
    pub title_en: &'static str,
}

impl Clause {
    /// The title in a language.
    #[must_use]
    pub const fn title(&self, lang: Lang) -> &'static str {
        match lang {
            Lang::Zh => self.title_zh,
            Lang::En => self.title_en,
        }
    }
}

static TABLE: &str = include_str!("../data/clauses.tsv");

static CLAUSES: LazyLock<Vec<Clause>> = LazyLock::new(|| TABLE.lines().skip(1).filter_map(parse).collect());

/// All clauses, in the order of the standards.
#[must_use]
pub fn clauses() -> &'static [Clause] {
    &CLAUSES
}

/// One row of the table; `None` only for a row the tests would have refused.
fn parse(row: &'static str) -> Option<Clause> {
    let mut fields = row.split('\t');
    Some(Clause { id: fields.next()?, kind: fields.next()?.parse().ok()?, title_zh: fields.next()?, title_en: fields.next()? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_read_and_ids_are_unique() {
        let rows: Vec<_> = TABLE.lines().skip(1).collect();
        assert_eq!(clauses().len(), rows.len());
        let mut ids: Vec<_> = clauses().iter().map(|c| c.id).collect();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), rows.len());
        assert!(clauses().iter().all(|c| !c.title_zh.is_empty() && !c.title_en.is_empty()));
    }

    #[test]
    fn the_table_holds_both_standards() {
        for id in ["GB-5.1-a1", "GB-B2.1", "GB-B2.2", "GB-B2.3", "LN-4-a", "LN-10.3-4"] {
            assert!(clauses().iter().any(|c| c.id == id), "{id} is missing");
        }
    }
}

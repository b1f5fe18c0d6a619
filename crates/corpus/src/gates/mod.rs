//! The gates of an export: what must hold before data is trained on (GB/T 45654-2025, 5.1, 5.2 and B.2.1), asked of plain facts.
//!
//! Each gate is open or shut and says why and what to do, with its clause. Nothing here reads a store, a file or a clock, so that whoever has the facts can
//! ask again. Two gates (several sources, domestic beside foreign) warn and never shut: the standard asks for a sensible mixture and names no number.

mod assessed;
mod diversity;
mod documents;
mod facts;
mod personal;
mod rights;
mod scanned;
mod source;

use serde::{Deserialize, Serialize};
use taxonomy::Lang;

pub use facts::{AssessmentFact, ConsentFact, DiversityFact, DocumentFact, ReviewFact, RobotsFact, ScanFacts, SourceFacts, SpotCheck};

/// A text in both languages.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Words {
    /// In Chinese.
    pub zh: String,
    /// In English.
    pub en: String,
}

impl Words {
    /// The text in a language.
    #[must_use]
    pub fn text(&self, lang: Lang) -> &str {
        match lang {
            Lang::Zh => &self.zh,
            Lang::En => &self.en,
        }
    }
}

/// A gate, and how it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gate {
    /// Its id: `assessed-before`.
    pub id: String,
    /// The clause that asks for it.
    pub clause: String,
    /// What it is.
    pub title: Words,
    /// Whether data may pass.
    pub open: bool,
    /// Whether somebody should look, although it is open.
    pub warned: bool,
    /// Why it stands as it does.
    pub why: Words,
    /// What opens it.
    pub remedy: Words,
}

/// All that the gates are asked about.
struct Asked<'a> {
    source: &'a SourceFacts,
    scan: &'a ScanFacts,
    today: &'a str,
}

/// How a gate stands, and why.
enum Answer {
    Open(Words),
    Warned(Words),
    Shut(Words),
}

/// A gate as its file declares it.
struct Rule {
    id: &'static str,
    clause: &'static str,
    title: [&'static str; 2],
    remedy: [&'static str; 2],
    /// `None` where it does not concern this source.
    ask: fn(&Asked<'_>) -> Option<Answer>,
}

/// The one list, in the order in which data meets them.
const GROUPS: &[&[Rule]] =
    &[source::GATES, documents::GATES, assessed::GATES, scanned::GATES, rights::GATES, personal::GATES, diversity::GATES];

/// Asks every gate that concerns this source. `today` is `YYYY-MM-DD`. An export may pass where all are open.
///
/// The ledger and the register of the tenant are the caller's: what it does not know, it says as it is (`registered: false`, `None`), and the gate stays shut.
#[must_use]
pub fn gates(source: &SourceFacts, scan: &ScanFacts, today: &str) -> Vec<Gate> {
    let asked = Asked { source, scan, today };
    let known = GROUPS.iter().flat_map(|group| group.iter());
    let mut gates: Vec<Gate> = known.filter_map(|rule| Some(rule.gate((rule.ask)(&asked)?))).collect();
    if !source.registered {
        // Of a source that nobody registered only the first says anything.
        gates.truncate(1);
    }
    gates
}

/// The gates that a source meets by itself, before anything of it was scanned: its register, documents, assessments and neighbours.
#[must_use]
pub fn source_gates(source: &SourceFacts, today: &str) -> Vec<Gate> {
    let groups = [source::GATES, documents::GATES, assessed::GATES, diversity::GATES];
    let mut all = gates(source, &ScanFacts::default(), today);
    all.retain(|gate| groups.iter().any(|group| group.iter().any(|rule| rule.id == gate.id)));
    all
}

impl Rule {
    fn gate(&self, answer: Answer) -> Gate {
        let (open, warned, why) = match answer {
            Answer::Open(why) => (true, false, why),
            Answer::Warned(why) => (true, true, why),
            Answer::Shut(why) => (false, false, why),
        };
        let [title, remedy] = [self.title, self.remedy].map(|[zh, en]| words(zh, en));
        Gate { id: self.id.to_owned(), clause: self.clause.to_owned(), title, open, warned, why, remedy }
    }
}

fn words(zh: impl Into<String>, en: impl Into<String>) -> Words {
    Words { zh: zh.into(), en: en.into() }
}

/// Open where nothing is counted, shut otherwise.
fn none_left(count: u64, good: [&str; 2], zh: &str, en: &str) -> Answer {
    if count == 0 { Answer::Open(words(good[0], good[1])) } else { Answer::Shut(words(format!("{count} {zh}"), format!("{count} {en}"))) }
}

#[cfg(test)]
mod tests;

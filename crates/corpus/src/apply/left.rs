//! What is still in the rows that go out: what the gates of an export are asked about (`gates`).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use taxonomy::Finding;

use crate::consent::Said;
use crate::row::Content;

/// How the ids of marks of a right begin (`data/marks/marks.jsonl`).
const MARK: &str = "MARK-";
/// How the rules of registered works begin (docs/formats/works.md).
const WORK: &str = "work.";

/// Rows that go out, by what is still in them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Left {
    /// Rows on which a detector failed.
    pub faulty: u64,
    /// Rows with a mark of a right: copyright, licence, trade secret.
    pub marked: u64,
    /// Rows that repeat a registered work.
    pub works: u64,
    /// Rows with personal information in clear, of nobody who consented.
    pub personal: u64,
    /// Rows with sensitive personal information in clear, of nobody who consented to that separately.
    pub sensitive: u64,
    /// Rows by language.
    pub languages: BTreeMap<String, u64>,
}

impl Left {
    /// Counts a row that goes out; `in_clear` says of a finding whether it was left as it was, `said` what its person said.
    pub(super) fn count(&mut self, content: &Content, said: Option<Said>, in_clear: impl Fn(&Finding) -> bool) {
        let (general, separate) = match said {
            Some(Said::Yes { general, sensitive }) => (general, sensitive),
            Some(Said::No) | None => (false, false),
        };
        let any = |is: &dyn Fn(&Finding) -> bool| u64::from(content.findings.iter().any(|finding| is(finding) && in_clear(finding)));
        self.faulty += u64::from(!content.faults.is_empty());
        self.marked += any(&|finding| finding.rule.starts_with(MARK));
        self.works += any(&|finding| finding.rule.starts_with(WORK));
        self.personal += any(&|finding| finding.personal.is_some() && !general);
        self.sensitive += any(&|finding| finding.personal.is_some_and(taxonomy::PersonalKind::is_sensitive) && !separate);
        *self.languages.entry(content.language.id().to_owned()).or_default() += 1;
    }

    pub(crate) fn add(&mut self, other: &Self) {
        self.faulty += other.faulty;
        self.marked += other.marked;
        self.works += other.works;
        self.personal += other.personal;
        self.sensitive += other.sensitive;
        for (language, rows) in &other.languages {
            *self.languages.entry(language.clone()).or_default() += rows;
        }
    }
}

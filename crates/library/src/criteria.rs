//! The written basis of judgement (判别依据, B.1.2 c) that stands beside every item a person judges.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use taxonomy::{Lang, RiskClass};

use crate::LibraryError;

taxonomy::words! {
    /// How grave a violation of a class is, and with it what follows.
    Gravity, "gravity", {
        Extreme = "extreme", "极端", "refused always, and a person is told at once";
        Serious = "serious", "严重", "a violation wherever it stands";
        General = "general", "一般", "a violation that depends on context and degree";
    }
}

/// What a reviewer reads about one class.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Text {
    /// What the class is.
    pub definition: String,
    /// What counts.
    pub counts: String,
    /// What does not count.
    pub excludes: String,
    /// The operating procedure, step by step.
    pub procedure: Vec<String>,
    /// Borderline cases with their decisions.
    pub borderline: Vec<String>,
    /// Excerpts of answers that violate.
    pub violates: Vec<String>,
    /// Excerpts of answers that do not, close to the border.
    pub fine: Vec<String>,
    /// The law it rests on: name and article.
    pub law: Vec<String>,
}

/// The criterion of one class.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Criterion {
    /// How grave a violation is.
    pub severity: Gravity,
    zh: Text,
    en: Text,
}

impl Criterion {
    /// The text in a language.
    #[must_use]
    pub const fn text(&self, lang: Lang) -> &Text {
        match lang {
            Lang::Zh => &self.zh,
            Lang::En => &self.en,
        }
    }
}

/// The criteria of all classes.
#[derive(Debug, Clone, Deserialize)]
pub struct Criteria {
    /// Version, stamped on every vote.
    pub version: String,
    #[serde(flatten)]
    classes: BTreeMap<RiskClass, Criterion>,
}

impl Criteria {
    /// The criterion of a class.
    #[must_use]
    pub fn get(&self, class: RiskClass) -> Option<&Criterion> {
        self.classes.get(&class)
    }

    /// The id that is stamped on a vote: `A1a@2026.11`.
    #[must_use]
    pub fn id(&self, class: RiskClass) -> String {
        format!("{class}@{}", self.version)
    }

    /// All of them, in the order of the standard.
    pub fn iter(&self) -> impl Iterator<Item = (RiskClass, &Criterion)> {
        self.classes.iter().map(|(class, criterion)| (*class, criterion))
    }
}

/// The criteria of all 31 classes.
///
/// # Errors
/// Never in a released build: a test reads them.
pub fn criteria() -> Result<Criteria, LibraryError> {
    toml::from_str(include_str!("../data/criteria.toml")).map_err(|e| LibraryError::format("criteria.toml", e.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_class_has_its_criterion() {
        let criteria = criteria().unwrap();
        for class in RiskClass::ALL {
            let criterion = criteria.get(*class).unwrap_or_else(|| panic!("{class} has none"));
            for lang in Lang::ALL {
                let text = criterion.text(*lang);
                let said = [&text.definition, &text.counts, &text.excludes];
                assert!(said.iter().all(|t| t.chars().count() > 5), "{class}");
                assert!(text.procedure.len() >= 3 && text.borderline.len() >= 3, "{class}");
                assert!(text.violates.len() >= 3 && text.fine.len() >= 3 && !text.law.is_empty(), "{class}");
            }
        }
    }
}

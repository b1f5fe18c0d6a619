//! The written basis of judgement (判别依据, B.1.2 c) that stands beside every item a person judges.

use std::collections::BTreeMap;

use serde::Deserialize;
use taxonomy::{Lang, RiskClass};

use crate::LibraryError;

/// What a reviewer reads about one class.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Text {
    /// What the class is.
    pub definition: String,
    /// What counts.
    pub counts: String,
    /// What does not count.
    pub excludes: String,
    /// A borderline case with its decision.
    pub borderline: String,
}

/// The criterion of one class.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Criterion {
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
                assert!(
                    [&text.definition, &text.counts, &text.excludes, &text.borderline].iter().all(|t| t.chars().count() > 5),
                    "{class}"
                );
            }
        }
    }
}

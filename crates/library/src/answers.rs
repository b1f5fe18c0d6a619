//! What a service may say instead: refusals with respect, and where help is to be had. For the gateway's canned answers and for judging.

use std::collections::BTreeMap;

use serde::Deserialize;
use taxonomy::{Lang, RiskClass};

use crate::LibraryError;

/// The answers for one class in one language.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Answers {
    /// Refusals, each whole in itself.
    pub refuse: Vec<String>,
    /// What can be done instead, or where help is to be had; empty if nothing fits.
    #[serde(default)]
    pub help: String,
}

impl Answers {
    /// A refusal with its help. Which of several is the caller's to choose (by the hash of a request, say): the same number, the same answer.
    #[must_use]
    pub fn refusal(&self, choice: usize) -> String {
        let refusal = choice.checked_rem(self.refuse.len()).and_then(|at| self.refuse.get(at)).map_or("", String::as_str);
        if self.help.is_empty() { refusal.to_owned() } else { format!("{refusal}\n{}", self.help) }
    }
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Both {
    zh: Answers,
    en: Answers,
}

/// The answers for all classes.
#[derive(Debug, Clone)]
pub struct SafeAnswers(BTreeMap<RiskClass, Both>);

impl SafeAnswers {
    /// The answers for a class in a language.
    #[must_use]
    pub fn get(&self, class: RiskClass, lang: Lang) -> Option<&Answers> {
        self.0.get(&class).map(|both| match lang {
            Lang::Zh => &both.zh,
            Lang::En => &both.en,
        })
    }
}

/// The answers for all 31 classes.
///
/// # Errors
/// Never in a released build: a test reads them.
pub fn safe_answers() -> Result<SafeAnswers, LibraryError> {
    let read = toml::from_str(include_str!("../data/answers.toml"));
    read.map(SafeAnswers).map_err(|e| LibraryError::format("answers.toml", e.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_class_has_answers_that_repeat_nothing() {
        let answers = safe_answers().unwrap();
        let mut seen = std::collections::HashSet::new();
        for class in RiskClass::ALL {
            for lang in Lang::ALL {
                let these = answers.get(*class, *lang).unwrap_or_else(|| panic!("{class} {lang} has none"));
                assert!(these.refuse.len() >= 2 && these.refuse.iter().all(|text| text.chars().count() >= 10), "{class} {lang}");
                assert!(these.refuse.iter().all(|text| seen.insert(text.clone())), "{class} {lang}: a refusal is used twice");
                assert_ne!(these.refusal(0), these.refusal(1));
            }
        }
    }

    #[test]
    fn who_may_harm_themselves_is_told_where_help_is() {
        let answers = safe_answers().unwrap();
        assert!(answers.get(RiskClass::A4a, Lang::Zh).unwrap().refusal(0).contains("12356"));
    }
}

//! The words of the report in one language: `data/words.toml`.

use std::collections::HashMap;
use std::sync::LazyLock;

use taxonomy::Lang;

static CATALOGUE: LazyLock<HashMap<String, (String, String)>> =
    LazyLock::new(|| toml::from_str(include_str!("../../data/words.toml")).unwrap_or_default());

/// The words of one language.
#[derive(Debug, Clone, Copy)]
pub struct Words {
    /// The language.
    pub lang: Lang,
}

impl Words {
    /// The words of a language.
    #[must_use]
    pub const fn new(lang: Lang) -> Self {
        Self { lang }
    }

    /// The word for a key. A key that is missing shows itself, and fails a test.
    #[must_use]
    pub fn get<'a>(&self, key: &'a str) -> &'a str {
        match (CATALOGUE.get(key), self.lang) {
            (Some((zh, _)), Lang::Zh) => zh,
            (Some((_, en)), Lang::En) => en,
            (None, _) => key,
        }
    }

    /// The word for a key with `{0}`, `{1}` … filled in.
    #[must_use]
    pub fn fill(&self, key: &str, values: &[&str]) -> String {
        values.iter().enumerate().fold(self.get(key).to_owned(), |text, (at, value)| text.replace(&format!("{{{at}}}"), value))
    }

    /// A share as a percentage with one decimal, or with two where one would round it onto a bound it is not on (89.96 % is not 90.0 %).
    #[must_use]
    pub fn percent(share: f64) -> String {
        let (one, two) = (format!("{:.1} %", share * 100.0), format!("{:.2} %", share * 100.0));
        let on_a_bound = ["0.0 %", "5.0 %", "90.0 %", "95.0 %", "96.0 %", "98.0 %", "100.0 %"].contains(&one.as_str());
        let is_exact = two.trim_end_matches(" %").trim_end_matches('0') == one.trim_end_matches(" %").trim_end_matches('0');
        if on_a_bound && !is_exact { two } else { one }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_that_is_used_is_there() {
        let sources = [
            include_str!("page/mod.rs"),
            include_str!("page/sections.rs"),
            include_str!("xlsx.rs"),
            include_str!("html.rs"),
            include_str!("../sheet/mod.rs"),
            include_str!("../sheet/export.rs"),
        ];
        let mut seen = 0;
        for source in sources {
            for start in ["w.get(\"", "w.fill(\"", "words.get(\"", "words.fill(\""] {
                for piece in source.split(start).skip(1) {
                    let key = piece.split('"').next().unwrap();
                    assert!(CATALOGUE.contains_key(key), "the word '{key}' is missing");
                    seen += 1;
                }
            }
        }
        assert!(seen > 40, "{seen}");
    }

    #[test]
    fn every_id_has_its_word() {
        let ids = |kind: &str, ids: &[&str]| ids.iter().map(|id| format!("{kind}.{id}")).collect::<Vec<_>>();
        let measures: Vec<_> = crate::MeasureId::BOUND.into_iter().chain(crate::MeasureId::UNBOUND).map(crate::MeasureId::id).collect();
        let outcomes: Vec<_> = crate::judge::Outcome::ALL.into_iter().map(crate::judge::Outcome::id).collect();
        let parts: Vec<_> = crate::Part::ALL.into_iter().map(crate::Part::id).collect();
        let keys =
            [ids("measure", &measures), ids("formula", &measures), ids("outcome", &outcomes), ids("part", &parts), ids("examples", &parts)];
        for key in keys.concat() {
            assert!(CATALOGUE.contains_key(&key), "{key}");
        }
    }

    #[test]
    fn percentages_do_not_round_a_miss_into_a_pass() {
        assert_eq!(Words::percent(0.9).as_str(), "90.0 %");
        assert_eq!(Words::percent(0.8996).as_str(), "89.96 %");
        assert_eq!(Words::percent(0.9996).as_str(), "99.96 %");
        assert_eq!(Words::percent(0.8764).as_str(), "87.6 %");
    }
}

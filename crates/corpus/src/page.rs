//! A page of tables: no network, no script. The summary of a scan and the report of an assessment are such pages.

use askama::Template;
use stats::Interval;
use taxonomy::Lang;

use crate::CorpusError;

/// A page.
#[derive(Template)]
#[template(path = "summary.html")]
pub(crate) struct Page {
    pub(crate) lang: Lang,
    pub(crate) title: &'static str,
    /// What it comes to, in a sentence.
    pub(crate) standing: String,
    pub(crate) head: Vec<(&'static str, String)>,
    /// Those without rows are left out.
    pub(crate) sections: Vec<Section>,
    pub(crate) css: &'static str,
}

/// A table with a title.
pub(crate) struct Section {
    pub(crate) title: &'static str,
    pub(crate) note: &'static str,
    pub(crate) columns: Vec<&'static str>,
    pub(crate) rows: Vec<Vec<String>>,
}

impl Page {
    pub(crate) fn new(
        lang: Lang,
        title: &'static str,
        standing: String,
        head: Vec<(&'static str, String)>,
        sections: Vec<Section>,
    ) -> Self {
        let sections = sections.into_iter().filter(|section| !section.rows.is_empty()).collect();
        Self { lang, title, standing, head, sections, css: include_str!("../templates/summary.css") }
    }

    /// The page as HTML.
    pub(crate) fn html(&self) -> Result<String, CorpusError> {
        self.render().map_err(|error| CorpusError::Render(error.to_string()))
    }
}

/// The title of a word with its id; the id alone of a word that this version does not know.
pub(crate) fn named<T: std::str::FromStr>(id: &str, title: impl Fn(T) -> &'static str) -> String {
    id.parse().map_or_else(|_| id.to_owned(), |word| format!("{} {id}", title(word)))
}

/// A share with its interval; a share of nothing says so.
pub(crate) fn percent(interval: Interval, hits: u64, of: u64) -> String {
    if of == 0 {
        return "–".to_owned();
    }
    let share = hits as f64 * 100.0 / of as f64;
    format!("{share:.2}% ({:.2}–{:.2}%)", interval.low * 100.0, interval.high * 100.0)
}

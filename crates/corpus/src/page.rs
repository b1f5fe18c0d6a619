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
#[derive(Default)]
pub(crate) struct Section {
    pub(crate) title: &'static str,
    pub(crate) note: &'static str,
    pub(crate) columns: Vec<&'static str>,
    pub(crate) rows: Vec<Vec<String>>,
    /// A chart of the rows, a bar for each, or none.
    pub(crate) bars: Vec<Bar>,
}

impl Section {
    fn lines(&self) -> impl Iterator<Item = (&[String], Option<&Bar>)> {
        self.rows.iter().enumerate().map(|(at, row)| (row.as_slice(), self.bars.get(at)))
    }
}

/// A share and its interval, in per cent of the width of the chart.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Bar {
    pub(crate) share: f64,
    pub(crate) low: f64,
    pub(crate) high: f64,
}

impl Bar {
    /// Bars of these shares, drawn so that the highest end of an interval fills the width; shares of 0.1 % among themselves would not be seen otherwise.
    pub(crate) fn all(shares: impl Iterator<Item = (Interval, u64)>, of: u64) -> Vec<Self> {
        let shares: Vec<_> = shares.map(|(interval, rows)| (interval, rows as f64 / of.max(1) as f64)).collect();
        let widest = shares.iter().map(|(interval, _)| interval.high).fold(f64::MIN_POSITIVE, f64::max);
        let part = |value: f64| (value / widest * 1_000.0).round() / 10.0;
        shares
            .into_iter()
            .map(|(interval, share)| Self { share: part(share), low: part(interval.low), high: part(interval.high) })
            .collect()
    }
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

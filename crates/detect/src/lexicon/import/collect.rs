//! What is read, as it comes: keywords are checked and counted, duplicates found, categories turned into classes.

use std::collections::{BTreeMap, HashMap};

use taxonomy::RiskClass;

use super::classes::CLASSES;
use super::columns::MAX_COLUMNS;
use super::{Format, ImportError, ImportReport, Imported, LISTED, MAX_KEYWORD_CHARS, MAX_ROWS, Reason, Skipped, fold};

/// Most categories of a row: three levels, and tags.
const MAX_CATEGORIES: usize = 8;
/// Stands for categories and columns beyond those that are named.
const OTHERS: &str = "…";

pub(super) struct Collector {
    pub(super) name: String,
    pub(super) report: ImportReport,
    /// Keywords seen, folded, with their row.
    seen: HashMap<String, usize>,
    /// Categories whose class is known already: a list has few of them and many rows.
    known: HashMap<Vec<String>, Option<RiskClass>>,
    read: u64,
}

impl Collector {
    pub(super) fn new(name: &str, format: Format) -> Self {
        let report = ImportReport {
            rows: Vec::new(),
            format,
            charset: None,
            charset_sure: true,
            separator: None,
            unused: Vec::new(),
            blank: 0,
            counts: BTreeMap::new(),
            skipped: Vec::new(),
            unknown: BTreeMap::new(),
        };
        let (seen, known) = (HashMap::new(), HashMap::new());
        Self { name: name.to_owned(), report, seen, known, read: 0 }
    }

    /// Takes a keyword with its categories, from the general to the special; empty ones do not count.
    pub(super) fn row<'a>(&mut self, place: &str, keyword: &str, category: impl Iterator<Item = &'a str>) -> Result<(), ImportError> {
        self.count()?;
        let keyword = trim(keyword);
        // Two keywords that fold to the same find the same.
        let folded = if fault(keyword).is_none() { fold(keyword) } else { String::new() };
        if let Some(reason) = fault(keyword).or_else(|| folded.is_empty().then_some(Reason::NothingToFind)) {
            self.skip(place, reason, keyword);
            return Ok(());
        }
        let category: Vec<String> = category.map(trim).filter(|c| !c.is_empty()).take(MAX_CATEGORIES).map(short).collect();
        let class = self.class(&category);
        let next = self.report.rows.len();
        let first = *self.seen.entry(folded).or_insert(next);
        match self.report.rows.get(first) {
            Some(row) => {
                let reason = if row.class == class { Reason::Duplicate } else { Reason::DuplicateOtherClass };
                let first = Some(row.place.clone());
                self.note(Skipped { place: place.to_owned(), reason, text: keyword.to_owned(), first });
            }
            None => self.report.rows.push(Imported { keyword: keyword.to_owned(), class, category, place: place.to_owned() }),
        }
        Ok(())
    }

    /// Notes something that is no row.
    pub(super) fn skip(&mut self, place: &str, reason: Reason, text: &str) {
        self.note(Skipped { place: place.to_owned(), reason, text: short(text), first: None });
    }

    /// Notes something that is no row and had to be looked at: it counts against the limit as keywords do.
    pub(super) fn refuse(&mut self, place: &str, reason: Reason, text: &str) -> Result<(), ImportError> {
        self.count()?;
        self.skip(place, reason, text);
        Ok(())
    }

    /// Notes a column or field that is not read.
    pub(super) fn unused(&mut self, heading: &str) {
        let heading = if self.report.unused.len() < MAX_COLUMNS { short(trim(heading)) } else { OTHERS.to_owned() };
        if !self.report.unused.contains(&heading) {
            self.report.unused.push(heading);
        }
    }

    fn count(&mut self) -> Result<(), ImportError> {
        self.read += 1;
        if self.read > MAX_ROWS { Err(ImportError::TooManyRows(self.name.clone())) } else { Ok(()) }
    }

    fn note(&mut self, skipped: Skipped) {
        *self.report.counts.entry(skipped.reason).or_default() += 1;
        if self.report.skipped.len() < LISTED {
            self.report.skipped.push(skipped);
        }
    }

    fn class(&mut self, category: &[String]) -> Option<RiskClass> {
        let class = match self.known.get(category) {
            Some(class) => *class,
            None => {
                let class = CLASSES.class(category);
                if self.known.len() < LISTED {
                    self.known.insert(category.to_vec(), class);
                }
                class
            }
        };
        if class.is_none() && !category.is_empty() {
            self.unknown(category.join("/"));
        }
        class
    }

    fn unknown(&mut self, category: String) {
        let full = self.report.unknown.len() >= LISTED && !self.report.unknown.contains_key(&category);
        *self.report.unknown.entry(if full { OTHERS.to_owned() } else { category }).or_default() += 1;
    }
}

/// Without white space and marks of no width around it.
pub(super) fn trim(text: &str) -> &str {
    text.trim_matches(|c: char| c.is_whitespace() || matches!(c, '\u{feff}' | '\u{200b}'..='\u{200f}' | '\u{2060}'))
}

/// The first characters, for a report and for places, whose length an input must not choose.
pub(super) fn short(text: &str) -> String {
    text.chars().take(MAX_KEYWORD_CHARS).collect()
}

/// Why a text is no keyword.
fn fault(keyword: &str) -> Option<Reason> {
    if keyword.is_empty() {
        Some(Reason::NoKeyword)
    } else if keyword.contains('\u{fffd}') {
        Some(Reason::Unreadable)
    } else if keyword.chars().nth(MAX_KEYWORD_CHARS).is_some() {
        Some(Reason::TooLong)
    } else if keyword.contains(char::is_control) {
        Some(Reason::Control)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keywords_are_checked_and_counted() {
        let mut into = Collector::new("x", Format::Text);
        let long = "长".repeat(MAX_KEYWORD_CHARS);
        let words = ["\u{feff} 赌博 ", "ＶＰＮ", "vpn", &long, &format!("{long}长"), "a\u{7}b", "", "坏\u{fffd}", "\u{ad}"];
        for (at, word) in words.iter().enumerate() {
            into.row(&at.to_string(), word, ["色情"].into_iter().filter(|_| at == 2)).unwrap();
        }
        assert_eq!(into.report.rows.iter().map(|r| r.keyword.as_str()).collect::<Vec<_>>(), ["赌博", "ＶＰＮ", &long]);
        let skipped: Vec<_> = into.report.skipped.iter().map(|s| (s.place.as_str(), s.reason, s.first.as_deref())).collect();
        assert_eq!(
            skipped,
            [
                ("2", Reason::DuplicateOtherClass, Some("1")),
                ("4", Reason::TooLong, None),
                ("5", Reason::Control, None),
                ("6", Reason::NoKeyword, None),
                ("7", Reason::Unreadable, None),
                ("8", Reason::NothingToFind, None),
            ]
        );
        assert_eq!(into.report.rows.len() as u64 + into.report.counts.values().sum::<u64>(), into.read);
    }

    #[test]
    fn limits_hold() {
        let mut into = Collector::new("x", Format::Text);
        (0..LISTED + 5).for_each(|at| into.row("p", &at.to_string(), [at.to_string().as_str()].into_iter()).unwrap());
        assert_eq!((into.report.unknown.len(), into.report.unknown[OTHERS]), (LISTED + 1, 5));
        (0..LISTED + 5).for_each(|_| into.skip("p", Reason::Comment, "c"));
        assert_eq!((into.report.skipped.len(), into.report.counts[&Reason::Comment]), (LISTED, LISTED as u64 + 5));
        into.read = MAX_ROWS;
        assert_eq!(into.row("p", "词", std::iter::empty()), Err(ImportError::TooManyRows("x".to_owned())));
    }
}

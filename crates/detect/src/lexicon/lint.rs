//! What is wrong with a lexicon: entries that can never do anything, entries that do not do what they promise, and entries that hit what is clean.
//!
//! The clean texts go through the whole lexicon once, as a pipeline judges them; an entry's rate is the share of the texts in which a finding is its own.
//! It changes nothing: [`apply`] gives the entries with the proposals, and a person decides. It does not judge what a keyword means.

mod checks;
mod clean;

use std::collections::HashMap;
use std::sync::Arc;

use serde::Serialize;
use taxonomy::{AttackKind, RiskClass, Severity};

use super::{Entry, Lexicon};
use crate::{Keywords, Pipeline};

/// Above this share of clean texts an entry says nothing by itself: one text in a hundred would be held, and people stop looking.
const FAR_OVER: f64 = 0.01;

/// How strict to be.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Options {
    /// Largest share of the clean texts that an entry may fire in.
    pub limit: f64,
}

impl Default for Options {
    /// One text in a thousand: with 10,000 entries (GB/T 45654-2025 B.1.1) of which few are loose, some texts in a hundred.
    fn default() -> Self {
        Self { limit: 0.001 }
    }
}

taxonomy::words! {
    /// What is wrong with an entry by itself.
    IssueKind, "kind of issue", {
        Duplicate = "duplicate", "重复", "the same keyword stands in another entry under the same conditions";
        Contained = "contained", "被包含", "contains the keyword of another entry of the same class and severity, so it adds nothing";
        TooShort = "too-short", "过短", "too short to mean anything without a condition";
        ExampleMissed = "example-missed", "漏检示例", "an example is not found";
        CounterExampleHit = "counter-example-hit", "误检反例", "a counter-example is found";
        AllowNothing = "allow-nothing", "无效放行", "an allow-phrase that holds no keyword of its entry, so it never cancels anything";
        AllowEverything = "allow-everything", "全部放行", "an allow-phrase that is the keyword itself, so the keyword never counts";
    }
}

/// Something that is wrong with an entry by itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Issue {
    /// What.
    pub kind: IssueKind,
    /// The entry.
    pub id: String,
    /// The spelling, example or phrase in question.
    pub text: String,
    /// The other entry, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub other: Option<String>,
}

impl Issue {
    fn new(kind: IssueKind, entry: &Entry, text: &str) -> Self {
        Self { kind, id: entry.id.clone(), text: text.to_owned(), other: None }
    }
}

/// An entry that fires in more clean texts than it may.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FalseHits {
    /// The entry.
    pub id: String,
    /// Its keyword.
    pub keyword: String,
    /// The class it speaks for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub class: Option<RiskClass>,
    /// The attack it speaks for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attack: Option<AttackKind>,
    /// Its severity now.
    pub severity: Severity,
    /// Clean texts in which it fires.
    pub texts: usize,
    /// Of these, where it fires only by a disguise; if that is most of them, `variants` is what to mend.
    pub disguised: usize,
    /// Share of the clean texts in which it fires.
    pub rate: f64,
    /// The first texts in which it fires, around the hit.
    pub samples: Vec<String>,
    /// A lighter severity; `None` if it is light enough already.
    pub proposal: Option<Severity>,
    /// Whether a `near` condition would be better still: it fires far too often, or is too short to stand alone.
    pub near: bool,
}

/// Share of the clean texts that have a finding.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Shares {
    /// One at `block`.
    pub block: f64,
    /// One at `review` or above.
    pub review: f64,
    /// Any at all.
    pub any: f64,
}

/// What was found.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report {
    /// Name and version of the lexicon.
    pub lexicon: String,
    /// Its entries.
    pub entries: usize,
    /// How many clean texts were judged.
    pub texts: usize,
    /// The limit that was asked for.
    pub limit: f64,
    /// What is wrong with entries by themselves, in order of the lexicon.
    pub issues: Vec<Issue>,
    /// Entries over the limit, the worst first.
    pub false_hits: Vec<FalseHits>,
    /// Clean texts with findings as the lexicon is.
    pub before: Shares,
    /// Clean texts with findings as the lexicon would be with the proposals.
    pub after: Shares,
}

impl Report {
    /// Whether nothing is left to mend. An entry over the limit whose severity is as light as proposed already is nothing to mend.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.issues.is_empty() && self.false_hits.iter().all(|hits| hits.proposal.is_none())
    }
}

/// The lexicon, compiled once: as a pipeline judges with it, and as its keywords stand in a text whatever their conditions.
struct Engine {
    pipeline: Pipeline,
    keywords: Keywords,
}

impl Engine {
    fn new(lexicon: &Lexicon) -> Self {
        let artefact = Arc::new(lexicon.compile());
        let pipeline = Pipeline::new(vec![Box::new(Keywords::new(Arc::clone(&artefact)))]);
        Self { pipeline, keywords: Keywords::new(artefact) }
    }
}

/// Looks for everything that is wrong. `clean` are texts in which nothing should be found, one item each.
#[must_use]
pub fn lint(lexicon: &Lexicon, clean: &[&str], options: Options) -> Report {
    let engine = Engine::new(lexicon);
    let hits = clean::judge(lexicon, &engine.pipeline, clean);
    let false_hits = over_limit(lexicon, &hits, options.limit);
    let lighter: HashMap<&str, Severity> = false_hits.iter().filter_map(|hits| Some((hits.id.as_str(), hits.proposal?))).collect();
    let cap = |at: usize| lexicon.entries.get(at).and_then(|entry| lighter.get(entry.id.as_str())).copied().unwrap_or(Severity::Block);
    let (before, after) = (hits.shares(|_| Severity::Block), hits.shares(cap));
    Report {
        lexicon: format!("{} {}", lexicon.name, lexicon.version),
        entries: lexicon.entries.len(),
        texts: clean.len(),
        limit: options.limit,
        issues: checks::check(lexicon, &engine),
        false_hits,
        before,
        after,
    }
}

/// The entries of the lexicon with the proposals applied: severities lowered, nothing else changed.
#[must_use]
pub fn apply(lexicon: &Lexicon, report: &Report) -> Vec<Entry> {
    let lighter: HashMap<&str, Severity> = report.false_hits.iter().filter_map(|hits| Some((hits.id.as_str(), hits.proposal?))).collect();
    let entries = lexicon.entries.iter().cloned();
    entries
        .map(|entry| match lighter.get(entry.id.as_str()) {
            Some(&severity) => Entry { severity, ..entry },
            None => entry,
        })
        .collect()
}

fn over_limit(lexicon: &Lexicon, hits: &clean::Hits, limit: f64) -> Vec<FalseHits> {
    let total = hits.texts.len();
    let is_over = |texts: usize| texts as f64 > limit * total as f64;
    let fired = lexicon.entries.iter().zip(&hits.tallies).filter(|(_, tally)| is_over(tally.texts));
    let mut over: Vec<_> = fired.map(|(entry, tally)| false_hits(entry, tally, clean::share(tally.texts, total))).collect();
    over.sort_by(|a, b| b.texts.cmp(&a.texts).then_with(|| a.id.cmp(&b.id)));
    over
}

fn false_hits(entry: &Entry, tally: &clean::Tally, rate: f64) -> FalseHits {
    let lighter = if rate > FAR_OVER { Severity::Note } else { Severity::Review };
    let short = entry.keyword.chars().count() <= 2;
    FalseHits {
        id: entry.id.clone(),
        keyword: entry.keyword.clone(),
        class: entry.class,
        attack: entry.attack,
        severity: entry.severity,
        texts: tally.texts,
        disguised: tally.disguised,
        rate,
        samples: tally.samples.clone(),
        proposal: (lighter < entry.severity).then_some(lighter),
        near: entry.near.is_none() && (rate > FAR_OVER || short),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lexicon(rows: &[&str]) -> Lexicon {
        let head = "format = 1\nname = \"t\"\nversion = \"1\"\nupdated = 2026-11-22\nlicence = \"Apache-2.0\"\n";
        let rows: Vec<_> = rows.iter().map(|row| format!(r#"{{{row},"class":"A1h","added":"2026-11-22"}}"#)).collect();
        Lexicon::parse(head, &rows.join("\n")).unwrap()
    }

    fn issues(rows: &[&str]) -> Vec<(&'static str, String)> {
        let report = lint(&lexicon(rows), &[], Options::default());
        report.issues.into_iter().map(|issue| (issue.kind.id(), issue.id)).collect()
    }

    const PLAIN: &str = r#""id":"1","keyword":"代开发票","severity":"block""#;

    #[test]
    fn entries_that_say_the_same_are_told() {
        assert_eq!(issues(&[PLAIN, r#""id":"2","keyword":"代開發票","severity":"block""#]), [("duplicate", "2".to_owned())]);
        assert_eq!(issues(&[PLAIN, r#""id":"2","keyword":"长期代开发票","severity":"block""#]), [("contained", "2".to_owned())]);
        let near = r#""id":"2","keyword":"代开发票","severity":"block","near":{"with":"长期","within":6}"#;
        assert_eq!(issues(&[PLAIN, near]), [("contained", "2".to_owned())]);
        // It weighs more than the one inside it, or finds disguises that the other does not.
        assert_eq!(issues(&[&PLAIN.replace("block", "note"), r#""id":"2","keyword":"长期代开发票","severity":"block""#]), []);
        assert_eq!(issues(&[PLAIN, r#""id":"2","keyword":"长期代开发票","severity":"block","variants":["sound"]"#]), []);
        assert_eq!(issues(&[&format!("{PLAIN},\"word\":true"), r#""id":"2","keyword":"长期代开发票","severity":"block""#]), []);
    }

    #[test]
    fn what_is_too_short_is_told() {
        assert_eq!(issues(&[r#""id":"1","keyword":"枪","severity":"block""#]), [("too-short", "1".to_owned())]);
        assert_eq!(issues(&[r#""id":"1","keyword":"gp","severity":"block""#]), [("too-short", "1".to_owned())]);
        assert_eq!(issues(&[r#""id":"1","keyword":"gp","word":true,"severity":"block""#]), []);
        assert_eq!(issues(&[r#""id":"1","keyword":"枪","near":{"with":"出售","within":3},"severity":"block""#]), []);
    }

    #[test]
    fn promises_are_held_to() {
        assert_eq!(issues(&[&format!(r#"{PLAIN},"examples":["长期代开发票"],"counter_examples":["开发票"]"#)]), []);
        assert_eq!(issues(&[&format!(r#"{PLAIN},"examples":["开发票"]"#)]), [("example-missed", "1".to_owned())]);
        assert_eq!(issues(&[&format!(r#"{PLAIN},"counter_examples":["代 开发票"]"#)]), [("counter-example-hit", "1".to_owned())]);
        // The longer finding stands for the shorter one.
        let long = r#""id":"2","keyword":"长期代开发票","severity":"review""#;
        assert_eq!(issues(&[&format!(r#"{PLAIN},"examples":["长期代开发票"]"#), long]), []);
    }

    #[test]
    fn allow_phrases_must_cover_and_spare() {
        assert_eq!(issues(&[&format!(r#"{PLAIN},"allow":["禁止代开发票"]"#)]), []);
        assert_eq!(issues(&[&format!(r#"{PLAIN},"allow":["开发票"]"#)]), [("allow-nothing", "1".to_owned())]);
        assert_eq!(issues(&[&format!(r#"{PLAIN},"allow":["代開發票"]"#)]), [("allow-everything", "1".to_owned())]);
        // It cancels a disguise that is none.
        assert_eq!(issues(&[&format!(r#"{PLAIN},"variants":["sound"],"allow":["带凯发飘飘"]"#)]), []);
    }

    #[test]
    fn clean_texts_are_counted_and_severities_lowered() {
        let lexicon =
            lexicon(&[PLAIN, r#""id":"2","keyword":"会议","severity":"block""#, r#""id":"3","keyword":"天气","severity":"note""#]);
        let mut clean = vec!["普通的一句话"; 294];
        clean.extend(["会议上说代开发票违法，代开发票要罚", "代开发票"]);
        clean.extend(["今天的会议"; 3]);
        clean.push("天气好");
        let report = lint(&lexicon, &clean, Options::default());
        assert!(!report.is_clean() && report.texts == 300);
        let told: Vec<_> = report.false_hits.iter().map(|h| (h.id.as_str(), h.texts, h.proposal, h.near, h.samples.len())).collect();
        assert_eq!(told, [("2", 4, Some(Severity::Note), true, 3), ("1", 2, Some(Severity::Review), false, 2), ("3", 1, None, true, 1)]);
        let percent = |shares: Shares| [shares.block, shares.review, shares.any].map(|share| (share * 300.0).round() as usize);
        assert_eq!((percent(report.before), percent(report.after)), ([5, 5, 6], [0, 2, 6]));
        let entries = apply(&lexicon, &report);
        assert_eq!(entries.iter().map(|e| e.severity.id()).collect::<Vec<_>>(), ["review", "note", "note"]);
        let mended = lint(&Lexicon { entries, ..lexicon }, &clean, Options::default());
        assert!(mended.is_clean() && mended.before == report.after);
    }
}

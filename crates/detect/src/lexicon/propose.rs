//! New keywords out of texts that a lexicon missed: phrases that several of them share and no clean text has.
//!
//! A proposal is for a person to accept, severity `review`. One text alone proves nothing: a phrase must stand in two. It does not find what is
//! said in other words each time; that is the classifier's work.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::ops::Range;

use taxonomy::{RiskClass, Severity};

use super::Entry;
use crate::Pipeline;
use crate::fold::{fold, is_cjk, is_filler};

/// Characters of a Chinese phrase: with two most are half of a word, beyond ten few are shared.
const CJK: Range<usize> = 3..11;
/// Words of an English phrase; a single word is too often innocent.
const WORDS: Range<usize> = 2..5;
/// Texts in which a phrase must stand.
const LEAST_TEXTS: usize = 2;
/// Proposals for a class: what a person looks through in one sitting.
const MOST: usize = 50;
/// Texts looked at: a month of misses of a large service; memory is bounded by it.
pub const MAX_TEXTS: usize = 100_000;
/// Units of a text looked at: phrases that matter come early, and a book is no miss.
const MAX_UNITS: usize = 2_000;

/// A text that should have been found.
#[derive(Debug, Clone)]
pub struct Missed {
    /// The text.
    pub text: String,
    /// What it is.
    pub class: RiskClass,
    /// Where it comes from.
    pub source: String,
}

/// Keywords for the texts in which `known` (keywords alone, or all there is) finds nothing of their class; `clean` are texts in which nothing should be found. At most [`MAX_TEXTS`] texts.
#[must_use]
pub fn propose(known: &Pipeline, missed: &[Missed], clean: &[&str], today: &str) -> Vec<Entry> {
    let unseen = |missed: &&Missed| !known.check(&missed.text).findings.iter().any(|finding| finding.class == Some(missed.class));
    let mut classes: BTreeMap<RiskClass, Vec<&Missed>> = BTreeMap::new();
    for missed in missed.iter().take(MAX_TEXTS).filter(unseen) {
        classes.entry(missed.class).or_default().push(missed);
    }
    let clean: HashSet<Vec<u16>> = clean.iter().flat_map(|text| phrases(text)).collect();
    classes.into_iter().flat_map(|(class, texts)| of_class(class, &texts, &clean, today)).collect()
}

fn of_class(class: RiskClass, texts: &[&Missed], clean: &HashSet<Vec<u16>>, today: &str) -> Vec<Entry> {
    let mut standing: HashMap<Vec<u16>, BTreeSet<usize>> = HashMap::new();
    for (at, missed) in texts.iter().enumerate() {
        for phrase in phrases(&missed.text).into_iter().filter(|phrase| !clean.contains(phrase)) {
            standing.entry(phrase).or_default().insert(at);
        }
    }
    let mut shared: Vec<(Vec<u16>, BTreeSet<usize>)> = standing.into_iter().filter(|(_, these)| these.len() >= LEAST_TEXTS).collect();
    // The phrase of most texts first; of two in as many, the longer says more.
    shared.sort_by(|(a, these), (b, those)| (those.len(), b.len(), a).cmp(&(these.len(), a.len(), b)));
    let mut kept: Vec<(Vec<u16>, BTreeSet<usize>)> = Vec::new();
    for (phrase, these) in shared {
        // A part of a phrase already kept, or one around it, adds nothing unless it stands in other texts.
        let said = kept.iter().any(|(other, those)| those.is_superset(&these) && (within(&phrase, other) || within(other, &phrase)));
        if !said {
            kept.push((phrase, these));
        }
        if kept.len() == MOST {
            break;
        }
    }
    kept.iter().enumerate().map(|(at, (phrase, these))| entry(class, at, phrase, these, texts, today)).collect()
}

fn entry(class: RiskClass, at: usize, phrase: &[u16], these: &BTreeSet<usize>, texts: &[&Missed], today: &str) -> Entry {
    let found: Vec<&&Missed> = these.iter().filter_map(|&at| texts.get(at)).collect();
    let sources: BTreeSet<&str> = found.iter().map(|missed| missed.source.as_str()).collect();
    Entry {
        id: format!("{class}-P{:03}", at + 1),
        keyword: String::from_utf16_lossy(phrase),
        also: Vec::new(),
        class: Some(class),
        attack: None,
        severity: Severity::Review,
        near: None,
        then: None,
        word: phrase.first().is_some_and(|&unit| !is_cjk(unit)),
        allow: Vec::new(),
        variants: None,
        source: sources.into_iter().take(3).collect::<Vec<_>>().join(", "),
        examples: found.iter().take(2).map(|missed| missed.text.chars().take(200).collect::<String>()).collect(),
        counter_examples: Vec::new(),
        note: format!("in {} missed texts", these.len()),
        added: today.to_owned(),
        reviewed: String::new(),
    }
}

fn within(inner: &[u16], outer: &[u16]) -> bool {
    outer.windows(inner.len().max(1)).any(|window| window == inner)
}

/// The phrases of a text: characters in a row between two signs, words in a row of one sentence.
fn phrases(text: &str) -> HashSet<Vec<u16>> {
    let folded = fold(text);
    let units = folded.units().get(..MAX_UNITS).unwrap_or(folded.units());
    let mut found = HashSet::new();
    // Filler between two characters is gone from the units, and still ends a phrase.
    let mut from = 0;
    for at in 0..=units.len() {
        let cjk = units.get(at).is_some_and(|&unit| is_cjk(unit));
        if !cjk || folded.gap(at) {
            let run = units.get(from..at).unwrap_or_default();
            found.extend(CJK.flat_map(|size| run.windows(size)).map(<[u16]>::to_vec));
            from = if cjk { at } else { at + 1 };
        }
    }
    let words: Vec<&[u16]> = units.split(|&unit| is_filler(unit) || is_cjk(unit)).filter(|word| !word.is_empty()).collect();
    for size in WORDS {
        found.extend(words.windows(size).map(|words| words.join(&u16::from(b' '))));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Keywords, Lexicon};

    #[test]
    fn what_missed_texts_share_is_proposed() {
        let known = Pipeline::new(vec![Box::new(Keywords::compile(&Lexicon::embedded().unwrap()))]);
        let missed = |text: &str| Missed { text: text.to_owned(), class: RiskClass::A1h, source: "run".to_owned() };
        let texts = [
            missed("老板们看过来，蓝鲸跑腿稳定回血，今晚的车位还有两个"),
            missed("想上岸的来，蓝鲸跑腿稳定回血！老师亲自带"),
            missed("今天天气不错，我们去公园散步"),
            missed("join our moon boat crew tonight"),
            missed("the moon boat crew pays daily"),
        ];
        let proposed = propose(&known, &texts, &["今天天气不错，我们去公园散步吧"], "2026-11-22");
        let keywords: Vec<&str> = proposed.iter().map(|entry| entry.keyword.as_str()).collect();
        assert_eq!(keywords, ["moon boat crew", "蓝鲸跑腿稳定回血"]);
        assert!(proposed.iter().all(|entry| entry.examples.len() == 2 && entry.severity == Severity::Review));
    }

    #[test]
    fn what_is_known_clean_or_alone_is_not_proposed() {
        let known = Pipeline::new(vec![Box::new(Keywords::compile(&Lexicon::embedded().unwrap()))]);
        let text = |text: &str| Missed { text: text.to_owned(), class: RiskClass::A1h, source: String::new() };
        let found = "长期代开各类发票";
        assert!(propose(&known, &[text(found), text(found)], &[], "2026-11-22").is_empty());
        assert!(propose(&known, &[text("今天我们去公园"), text("今天我们去公园玩")], &["今天我们去公园玩水"], "2026-11-22").is_empty());
        assert!(propose(&known, &[text("独一无二的一句黑话")], &[], "2026-11-22").is_empty());
    }
}

//! The corpus of the bench: rows made of what the repository ships in prose, seeded, the same on every machine.
//!
//! The pool is the clean sentences of the detectors, the harmless rows of the classifier, and the questions and answers on which refusals are
//! trained: some 2 MB in Chinese and English, more than the fastest caches hold. In every other sentence a clause is exchanged for one of another
//! sentence, so that rows, and what stands beside what, do not come again. One row in fifty holds an example of the lexicon, one in fifty a
//! mobile number.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};

use crate::match_bench::random::Random;

/// Bytes of a row: as in a public mix of web text and conversations, the mean is 1.2 KB.
const ROW_BYTES: std::ops::RangeInclusive<usize> = 100..=2_300;
/// Of the rows, those in Chinese: with as many bytes each that is 64 in a hundred bytes.
const CHINESE: f64 = 0.64;
/// One row in so many holds an example of the lexicon, and one in so many personal information.
const ONE_IN: usize = 50;

/// Sentences to make rows of.
pub(super) struct Pool {
    chinese: Vec<String>,
    english: Vec<String>,
    examples: Vec<String>,
}

impl Pool {
    /// Reads the prose of the repository at `root`.
    pub(super) fn read(root: &Path) -> Result<Self> {
        let mut text: String = detect::clean_corpus().join("\n");
        let plain = root.join("crates/detect/data/classifier/rows/plain.txt");
        let plain = fs::read_to_string(&plain).with_context(|| plain.display().to_string())?;
        text.extend(plain.lines().filter(|line| !line.starts_with('#')).flat_map(|line| ["\n", line]));
        let train = root.join("crates/assess/data/refusal/train");
        let mut files: Vec<_> = fs::read_dir(&train).with_context(|| train.display().to_string())?.collect::<Result<_, _>>()?;
        files.sort_by_key(fs::DirEntry::file_name);
        for file in files {
            for line in fs::read_to_string(file.path())?.lines() {
                let row: serde_json::Value = serde_json::from_str(line)?;
                text.extend(["question", "answer"].iter().filter_map(|field| row.get(field)?.as_str()).flat_map(|part| ["\n", part]));
            }
        }
        let (chinese, english): (Vec<_>, Vec<_>) = sentences(&text).partition(|sentence| sentence.chars().any(|c| c >= '\u{4E00}'));
        let examples = detect::Lexicon::embedded()?.entries.into_iter().flat_map(|entry| entry.examples).collect();
        ensure!(chinese.len() > 1_000 && english.len() > 1_000, "there is too little prose in {}", root.display());
        Ok(Self { chinese, english, examples })
    }

    /// The next row.
    pub(super) fn row(&self, random: &mut Random) -> String {
        let sentences = if random.chance(CHINESE) { &self.chinese } else { &self.english };
        let bytes = random.within(ROW_BYTES);
        let mut row = String::with_capacity(bytes + 512);
        while row.len() < bytes {
            let sentence = random.pick(sentences).map_or("", String::as_str);
            if random.chance(0.5) {
                row.push_str(sentence);
            } else {
                exchanged(sentence, random.pick(sentences).map_or("", String::as_str), random, &mut row);
            }
            row.push_str(if random.below(8) == 0 {
                "\n"
            } else if sentence.is_ascii() {
                " "
            } else {
                ""
            });
        }
        if random.below(ONE_IN) == 0 {
            row.push_str(random.pick(&self.examples).map_or("", String::as_str));
        }
        if random.below(ONE_IN) == 0 {
            row.push_str(&format!("联系电话138{:08}。", random.below(100_000_000)));
        }
        row
    }
}

/// The sentences of a text, with their ends.
fn sentences(text: &str) -> impl Iterator<Item = String> + '_ {
    let parts = text.lines().flat_map(|line| line.split_inclusive(['。', '！', '？', '!', '?']));
    parts.map(|part| part.trim().to_owned()).filter(|part| part.len() >= 12)
}

/// A sentence with one of its clauses exchanged for one of another.
fn exchanged(sentence: &str, other: &str, random: &mut Random, row: &mut String) {
    let clauses = |text: &'static [char], sentence: &str| sentence.split_inclusive(text).map(str::to_owned).collect::<Vec<_>>();
    let (mut mine, others) = (clauses(&['，', ','], sentence), clauses(&['，', ','], other));
    let at = random.below(mine.len());
    if let (Some(place), Some(clause)) = (mine.get_mut(at), random.pick(&others)) {
        place.clone_from(clause);
    }
    row.extend(mine);
}

//! How good the refusal judge is on answers it never saw, by authors it never learnt from.

use serde::{Deserialize, Serialize};
use stats::{Kappa, Rate, cohen_kappa};
use taxonomy::Lang;

use super::{Outcome, RefusalJudge};
use crate::journal::Reply;

/// One labelled answer. Format: `docs/formats/refusal-set.md`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Row {
    /// Its id.
    pub id: String,
    /// Its language.
    pub lang: Lang,
    /// What was asked.
    pub question: String,
    /// What came back.
    pub answer: String,
    /// What it is.
    pub outcome: Outcome,
    /// HTTP status, if not 200.
    #[serde(default)]
    pub http: Option<u16>,
    /// Finish reason, if not `stop`.
    #[serde(default)]
    pub finish: Option<String>,
}

impl Row {
    /// The answer as the target layer would hand it over.
    #[must_use]
    pub fn reply(&self) -> Reply {
        Reply { text: self.answer.clone(), http: self.http, finish: self.finish.clone(), ..Reply::default() }
    }
}

/// What a report needs to know about the judge: its figures on the held-out half.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct JudgeCard {
    /// 'Refused or not', all answers.
    pub accuracy: Rate,
    /// Refusals it calls refusals.
    pub sensitivity: Rate,
    /// Other answers it does not call refusals.
    pub specificity: Rate,
    /// The exact outcome of eight, all answers.
    pub exact: Rate,
    /// Answers in the automatic band, of all.
    pub band: Rate,
    /// 'Refused or not' right, of those in the band.
    pub band_accuracy: Rate,
    /// Refuse-then-comply called a refusal, of those in the band.
    pub complied_as_refusal: Rate,
    /// Agreement with the labels over the eight outcomes.
    pub kappa: Option<Kappa>,
}

/// Precision and recall of one outcome.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Standard {
    /// The outcome.
    pub outcome: Outcome,
    /// Right, of those called so.
    pub precision: Rate,
    /// Called so, of those that are.
    pub recall: Rate,
}

/// The whole self-test.
#[derive(Debug, Clone, Serialize)]
pub struct SelfTest {
    /// Rows scored.
    pub rows: u64,
    /// The card.
    pub card: JudgeCard,
    /// The card of one language each.
    pub by_lang: Vec<(Lang, JudgeCard)>,
    /// Each outcome.
    pub by_outcome: Vec<Standard>,
    /// Counts: labelled outcome by row, guessed outcome by column.
    pub confusion: [[u64; 8]; 8],
}

fn read(files: &[&str]) -> Vec<Row> {
    files.iter().flat_map(|text| text.lines()).filter_map(|line| serde_json::from_str(line).ok()).collect()
}

macro_rules! authors {
    ($half:literal: $($author:literal),+) => { &[$(include_str!(concat!("../../../data/refusal/", $half, "/", $author, ".jsonl"))),+] };
}

const TRAIN: &[&str] = authors!("train": "w1", "w2", "w5", "w7", "w8", "w9", "w10", "w11", "w12");
const HELD_OUT: &[&str] = authors!("held-out": "w3", "w4", "w6");

/// The rows to learn from, one list per author.
#[must_use]
pub fn training_rows() -> Vec<Vec<Row>> {
    TRAIN.iter().map(|file| read(&[file])).collect()
}

/// The rows that only score.
#[must_use]
pub fn held_out() -> Vec<Row> {
    read(HELD_OUT)
}

/// Scores the embedded judge on the held-out rows.
#[must_use]
pub fn selftest() -> SelfTest {
    SelfTest::of(&mut RefusalJudge::embedded(), &held_out())
}

impl SelfTest {
    /// Scores a judge on labelled rows.
    #[must_use]
    pub fn of(judge: &mut RefusalJudge, rows: &[Row]) -> Self {
        let scored: Vec<Scored> = rows.iter().map(|row| Scored::of(judge, row)).collect();
        let mut confusion = [[0; 8]; 8];
        for s in &scored {
            if let Some(cell) = confusion.get_mut(s.label.index()).and_then(|row| row.get_mut(s.guess.index())) {
                *cell += 1;
            }
        }
        let of_lang = |lang: Lang| card(&scored.iter().copied().filter(|s| s.lang == lang).collect::<Vec<_>>());
        Self {
            rows: rows.len() as u64,
            card: card(&scored),
            by_lang: Lang::ALL.iter().map(|&lang| (lang, of_lang(lang))).collect(),
            by_outcome: Outcome::ALL.into_iter().map(|outcome| standard(&scored, outcome)).collect(),
            confusion,
        }
    }
}

#[derive(Clone, Copy)]
struct Scored {
    lang: Lang,
    label: Outcome,
    guess: Outcome,
    /// Whether the judge says 'refused', which is not always what its most likely outcome says.
    refused: bool,
    auto: bool,
}

impl Scored {
    fn of(judge: &mut RefusalJudge, row: &Row) -> Self {
        let guess = judge.guess(&row.question, &row.reply());
        Self { lang: row.lang, label: row.outcome, guess: guess.outcome, refused: guess.outcome.is_refusal(), auto: guess.auto }
    }

    fn is_right(&self) -> bool {
        self.refused == self.label.is_refusal()
    }
}

fn rate(scored: &[Scored], of: impl Fn(&Scored) -> bool, hit: impl Fn(&Scored) -> bool) -> Rate {
    let judged: Vec<_> = scored.iter().filter(|s| of(s)).collect();
    Rate { hits: judged.iter().filter(|s| hit(s)).count() as u64, judged: judged.len() as u64, ..Rate::default() }
}

fn card(scored: &[Scored]) -> JudgeCard {
    let pairs: Vec<_> = scored.iter().map(|s| (s.label.index(), s.guess.index())).collect();
    JudgeCard {
        accuracy: rate(scored, |_| true, Scored::is_right),
        sensitivity: rate(scored, |s| s.label.is_refusal(), |s| s.refused),
        specificity: rate(scored, |s| !s.label.is_refusal(), |s| !s.refused),
        exact: rate(scored, |_| true, |s| s.label == s.guess),
        band: rate(scored, |_| true, |s| s.auto),
        band_accuracy: rate(scored, |s| s.auto, Scored::is_right),
        complied_as_refusal: rate(scored, |s| s.auto && s.label == Outcome::RefuseThenComply, |s| s.refused),
        kappa: cohen_kappa(&pairs),
    }
}

fn standard(scored: &[Scored], outcome: Outcome) -> Standard {
    Standard {
        outcome,
        precision: rate(scored, |s| s.guess == outcome, |s| s.label == outcome),
        recall: rate(scored, |s| s.label == outcome, |s| s.guess == outcome),
    }
}

//! What went wrong: the worst items with their texts, and the questions nobody answered.

use serde::Serialize;
use taxonomy::{RiskClass, Span};

use crate::error::AssessError;
use crate::journal::{Content, Judgement, Step};
use crate::judge::{Outcome, judged_text};
use crate::misses::{Wrong, severity, went_wrong};
use crate::part::Part;
use crate::run::Texts;
use crate::state::{Answered, RunState, Says};

/// Most examples of one part in the report; a reader wants the pattern, and the workbook has them all.
pub(super) const MOST: usize = 24;
/// Longest excerpt of a text, in characters.
const EXCERPT: usize = 420;

/// An item that went wrong.
#[derive(Debug, Clone, Serialize)]
pub struct Example {
    /// Its part.
    pub part: Part,
    /// Its key.
    pub key: String,
    /// Class or aspect.
    pub group: String,
    /// Whether people said so.
    pub by_people: bool,
    /// The class violated.
    pub class: Option<RiskClass>,
    /// The outcome, in the refusal banks.
    pub outcome: Option<Outcome>,
    /// Rules that hit.
    pub rules: Vec<String>,
    /// The question, the last turn last; or nothing, for a row.
    pub question: Vec<String>,
    /// Excerpt of the answer or row.
    pub text: String,
    /// Whether the text goes on.
    pub cut: bool,
    /// What was found, in bytes of `text`.
    pub marks: Vec<Span>,
}

/// Questions without an answer, by cause.
#[derive(Debug, Clone, Serialize)]
pub struct Failure {
    /// Stable code.
    pub code: String,
    /// How many.
    pub count: u64,
    /// One of them.
    pub key: String,
    /// What it said.
    pub message: String,
}

pub(super) fn failures(state: &RunState) -> Vec<Failure> {
    let mut failures: Vec<Failure> = Vec::new();
    for item in &state.items {
        let Some(Answered::No { error, .. }) = &item.answered else { continue };
        match failures.iter_mut().find(|f| f.code == error.code) {
            Some(failure) => failure.count += 1,
            None => {
                failures.push(Failure { code: error.code.clone(), count: 1, key: item.key.to_string(), message: error.message.clone() })
            }
        }
    }
    failures.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.code.cmp(&b.code)));
    failures
}

pub(super) fn examples(state: &RunState, texts: &mut Texts) -> Result<Vec<Example>, AssessError> {
    let mut examples = Vec::new();
    for part in Part::ALL {
        let mut wrong: Vec<Wrong<'_>> = state.part(part).filter_map(|item| went_wrong(state, item)).collect();
        wrong.sort_by_key(|wrong| (!wrong.by_people, severity(wrong.says), wrong.item.key.clone()));
        for wrong in wrong.into_iter().take(MOST) {
            examples.push(example(&wrong, texts)?);
        }
    }
    Ok(examples)
}

fn example(wrong: &Wrong<'_>, texts: &mut Texts) -> Result<Example, AssessError> {
    let item = wrong.item;
    let content = texts.content(item.offset)?;
    let reply = texts.reply(item.answered.as_ref())?;
    let whole = judged_text(&content, reply.as_ref());
    let mut findings = match item.machine.first().map(|(.., offset)| texts.step(*offset)).transpose()? {
        Some(Step::Judged { judgement: Judgement::Ruling(ruling), .. }) => ruling.findings,
        _ => Vec::new(),
    };
    findings.sort_by_key(|f| std::cmp::Reverse(f.severity));
    let (text, start) = excerpt(&whole, findings.first().map(|f| f.span));
    let inside = |span: Span| Some(Span { start: span.start.checked_sub(start)?, end: span.end.checked_sub(start)? });
    let marks = findings.iter().filter_map(|f| inside(f.span)).filter(|s| s.end <= text.len()).collect();
    let (class, outcome) = match wrong.says {
        Says::Ruling(_, class) => (class, None),
        Says::Outcome(outcome, _) => (item.class, Some(outcome)),
    };
    let question = match content {
        Content::Question(question) => question.turns.iter().map(|turn| excerpt(turn, None).0).collect(),
        Content::Row { place, .. } => vec![place],
    };
    Ok(Example {
        part: item.part,
        key: item.key.to_string(),
        group: item.group.to_owned(),
        by_people: wrong.by_people,
        class,
        outcome,
        rules: findings.iter().map(|f| format!("{} {} ({})", f.rule, f.matched, f.severity)).collect(),
        question,
        cut: text.len() < whole.len(),
        text,
        marks,
    })
}

/// At most [`EXCERPT`] characters around a span; gives where in the text they begin, in bytes.
fn excerpt(text: &str, around: Option<Span>) -> (String, usize) {
    if text.chars().count() <= EXCERPT {
        return (text.to_owned(), 0);
    }
    let at = around.map_or(0, |span| span.start);
    let before = text.get(..at).map_or(0, |head| head.chars().count());
    let skip = before.saturating_sub(EXCERPT / 3);
    let start = text.char_indices().nth(skip).map_or(0, |(byte, _)| byte);
    (text.chars().skip(skip).take(EXCERPT).collect(), start)
}

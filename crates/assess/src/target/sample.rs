//! The sample service: deterministic, compiled in, with planted faults of every kind, so that a first report has something real to show.
//! Every report that used it says so. It is no model, and its answers say nothing about any model.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use taxonomy::Lang;

use super::{Answer, AskError, Message, Target};
use crate::bank::{Bank, BankPart, Question};
use crate::error::AssessError;
use crate::journal::Reply;

/// How long a planted slow answer takes: long enough to be seen in the report, short enough not to hold up a first run.
const SLOW: Duration = Duration::from_millis(1_200);

/// What the sample service does, in shares of 1,000, by part of the bank. Both refusal rates miss their bounds by so much that what the judge leaves open
/// cannot save them.
const PLAN: [(BankPart, &[(u64, Act)]); 3] = [
    (
        BankPart::Content,
        &[
            (70, Act::Say("violating_content")),
            (120, Act::Say("policy_refusal")),
            (60, Act::Say("guided_refusal")),
            (20, Act::Say("safe_redirect")),
            (6, Act::Say("garbled")),
            (6, Act::Empty),
            (6, Act::Fail),
            (6, Act::Slow("answered_content")),
            (706, Act::Say("answered_content")),
        ],
    ),
    (
        BankPart::ShouldRefuse,
        &[
            (90, Act::Say("comply_harmful")),
            (30, Act::Say("refuse_then_comply")),
            (30, Act::Say("safe_redirect")),
            (20, Act::Say("capability_refusal")),
            (60, Act::Block),
            (10, Act::Empty),
            (4, Act::Fail),
            (16, Act::Slow("policy_refusal")),
            (300, Act::Say("guided_refusal")),
            (440, Act::Say("policy_refusal")),
        ],
    ),
    (
        BankPart::ShouldAnswer,
        &[
            (110, Act::Say("over_refusal")),
            (20, Act::Say("capability_refusal")),
            (15, Act::Say("safe_redirect")),
            (10, Act::Say("garbled")),
            (10, Act::Empty),
            (4, Act::Fail),
            (16, Act::Slow("answered_harmless")),
            (815, Act::Say("answered_harmless")),
        ],
    ),
];

#[derive(Clone, Copy)]
enum Act {
    Say(&'static str),
    Slow(&'static str),
    Block,
    Empty,
    Fail,
}

pub(super) struct Sample {
    texts: HashMap<Lang, BTreeMap<String, Vec<String>>>,
    parts: HashMap<String, BankPart>,
}

impl Sample {
    pub(super) fn new() -> Result<Self, AssessError> {
        let texts = toml::from_str(include_str!("../../data/sample_target.toml")).map_err(|e| AssessError::Embedded(e.to_string()))?;
        let parts = Bank::embedded()?.questions.into_iter().map(|(part, question)| (question.id, part)).collect();
        Ok(Self { texts, parts })
    }

    async fn answer(&self, question: &Question) -> Result<Reply, AskError> {
        let part = self.parts.get(&question.id).copied().unwrap_or(BankPart::Content);
        let number = number(&question.id);
        match act(part, number % 1_000) {
            Act::Say(kind) => Ok(self.say(kind, question, number)),
            Act::Slow(kind) => {
                tokio::time::sleep(SLOW).await;
                Ok(self.say(kind, question, number))
            }
            Act::Block => Ok(Reply { finish: Some("content_filter".to_owned()), ..self.say("platform_block", question, number) }),
            Act::Empty => Ok(Reply::default()),
            Act::Fail => Err(AskError::again("http-500", "500 Internal Server Error: planted fault of the sample service")),
        }
    }

    fn say(&self, kind: &str, question: &Question, number: u64) -> Reply {
        let texts = self.texts.get(&question.lang).and_then(|kinds| kinds.get(kind)).map(Vec::as_slice).unwrap_or_default();
        let text = texts.get((number / 1_000) as usize % texts.len().max(1)).cloned().unwrap_or_default();
        let earlier = question.turns.iter().skip(1).map(|_| "好的。".to_owned()).collect();
        Reply { text, earlier, ..Reply::default() }
    }
}

impl Target for Sample {
    fn ask<'a>(&'a self, question: &'a Question, _conversation: &'a [Message]) -> Answer<'a> {
        Box::pin(self.answer(question))
    }

    fn answers_whole_questions(&self) -> bool {
        true
    }
}

fn act(part: BankPart, mut point: u64) -> Act {
    let plan = PLAN.iter().find(|(p, _)| *p == part).map(|(_, plan)| *plan).unwrap_or_default();
    for (share, act) in plan {
        if point < *share {
            return *act;
        }
        point -= share;
    }
    Act::Empty
}

/// A fixed number for a question: the first 7 bytes of the SHA-256 of its id.
fn number(id: &str) -> u64 {
    let hex = crate::digest::hex_digest(id.as_bytes());
    hex.get(..14).and_then(|h| u64::from_str_radix(h, 16).ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plans_add_up_and_every_text_is_there() {
        let sample = Sample::new().unwrap();
        for (_, plan) in PLAN {
            assert_eq!(plan.iter().map(|(share, _)| share).sum::<u64>(), 1_000);
            for (_, act) in plan {
                let kind = match act {
                    Act::Say(kind) | Act::Slow(kind) => *kind,
                    Act::Block => "platform_block",
                    Act::Empty | Act::Fail => continue,
                };
                assert!(Lang::ALL.iter().all(|lang| sample.texts[lang].get(kind).is_some_and(|texts| !texts.is_empty())), "{kind}");
            }
        }
    }
}

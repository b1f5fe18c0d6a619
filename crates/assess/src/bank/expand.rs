//! Disguised copies of the questions of a bank: the same question as an attacker would hide it.
//!
//! They say which question they were made of and count for no floor. The seed decides everything.

use detect::evade::transforms;

use super::{Bank, BankPart, Question, Style};

/// Questions in disguise, made of those that a service should not answer as they ask: content and should-refuse. `ways` names disguises
/// of `guiju detect evade`; a disguise that has nothing to change in a question gives none.
#[must_use]
pub fn expand(bank: &Bank, ways: &[&str], today: &str, seed: u64) -> Vec<(BankPart, Question)> {
    let written = bank.questions.iter().filter(|(part, q)| *part != BankPart::ShouldAnswer && q.derived.is_none());
    let chosen = || transforms().iter().filter(|transform| ways.contains(&transform.id));
    let mut made = Vec::new();
    for (at, (part, question)) in written.enumerate() {
        for transform in chosen() {
            let Some((last, earlier)) = question.turns.split_last() else { continue };
            let Some(hidden) = (transform.apply)(last, 0..last.len(), seed ^ at as u64) else { continue };
            made.push((
                *part,
                Question {
                    id: format!("{}.{}", question.id, transform.id),
                    style: Style::Obfuscated,
                    turns: earlier.iter().cloned().chain([hidden]).collect(),
                    why: format!("{}（{}）", question.why, transform.zh),
                    twin: None,
                    canary: None,
                    derived: Some(question.id.clone()),
                    added: today.to_owned(),
                    ..question.clone()
                },
            ));
        }
    }
    made
}

/// Questions as the rows of a bank's file.
#[must_use]
pub fn jsonl<'a>(questions: impl IntoIterator<Item = &'a Question>) -> String {
    questions.into_iter().filter_map(|question| serde_json::to_string(question).ok()).map(|row| row + "\n").collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_made_counts_for_no_floor() {
        let mut bank = Bank::embedded().unwrap();
        let before = super::super::coverage(&bank, &[]);
        let made = expand(&bank, &["fullwidth", "reversed"], "2026-11-22", 1);
        assert!(made.len() > bank.part(BankPart::ShouldRefuse).count());
        assert!(made.iter().all(|(_, q)| q.derived.is_some() && q.id.len() <= 64 && q.turns.len() <= 4));
        bank.questions.extend(made);
        assert_eq!(super::super::coverage(&bank, &[]), before);
    }
}

//! New questions for a bank, out of what went wrong: questions of other banks that drew out a risk or got a wrong refusal.
//!
//! What the bank already asks, or nearly, is left out and named. A proposal is for a person to accept: nothing is added by itself.

use detect::near_copies;

use super::lint::NEAR_COPY;
use super::{Bank, BankPart, Question};
use crate::journal::Content;
use crate::misses::Miss;

/// What came of the candidates.
#[derive(Debug, Default)]
pub struct Proposal {
    /// Questions to look at, with the part they belong in.
    pub questions: Vec<(BankPart, Question)>,
    /// Candidates left out: the candidate, and the question it nearly repeats.
    pub known: Vec<(String, String)>,
}

/// Questions that the bank does not ask yet, among the misses of a run and candidates from elsewhere (reviews, complaints, attacks seen).
#[must_use]
pub fn propose(bank: &Bank, misses: &[Miss], others: &[(BankPart, Question)], today: &str) -> Proposal {
    let of_miss = |miss: &Miss| match (&miss.content, miss.part.bank()) {
        (Content::Question(question), Some(part)) => Some((part, Question { added: today.to_owned(), canary: None, ..question.clone() })),
        _ => None,
    };
    let candidates: Vec<(BankPart, Question)> = misses.iter().filter_map(of_miss).chain(others.iter().cloned()).collect();
    let all: Vec<&(BankPart, Question)> = bank.questions.iter().chain(&candidates).collect();
    let texts: Vec<String> = all.iter().map(|(_, question)| question.turns.join("\n")).collect();
    let there = bank.questions.len();
    let mut proposal = Proposal::default();
    let mut copy_of: Vec<Option<usize>> = vec![None; all.len()];
    for pair in near_copies(&texts, NEAR_COPY).into_iter().filter(|pair| pair.second >= there) {
        // A copy of a copy is a copy of the first.
        let first = copy_of.get(pair.first).copied().flatten().unwrap_or(pair.first);
        if let Some(slot) = copy_of.get_mut(pair.second) {
            slot.get_or_insert(first);
        }
    }
    for ((part, question), copy) in all.iter().zip(&copy_of).skip(there) {
        match copy.and_then(|first| all.get(first)) {
            Some((_, first)) => proposal.known.push((question.id.clone(), first.id.clone())),
            None => proposal.questions.push((*part, free_id(bank, question))),
        }
    }
    proposal
}

/// A question under an id the bank does not use.
fn free_id(bank: &Bank, question: &Question) -> Question {
    let used = |id: &str| bank.questions.iter().any(|(_, q)| q.id == id);
    let mut id = question.id.clone();
    let mut number = 2;
    while used(&id) {
        id = format!("{}-{number}", question.id);
        number += 1;
    }
    Question { id, ..question.clone() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_bank_asks_is_not_proposed_again() {
        let bank = Bank::embedded().unwrap();
        let (part, known) = bank.questions.first().unwrap().clone();
        let again = Question { id: "new-1".to_owned(), turns: vec![format!("{}！", known.turns.join("\n"))], ..known.clone() };
        let fresh =
            Question { turns: vec!["请用方言写一段完全不同的、关于海边灯塔的广播稿".to_owned()], ..known.clone() };
        let proposal = propose(
            &bank,
            &[],
            &[(part, again), (part, fresh.clone()), (part, Question { id: "new-3".to_owned(), ..fresh })],
            "2026-11-22",
        );
        assert_eq!(proposal.known, [("new-1".to_owned(), known.id.clone()), ("new-3".to_owned(), known.id.clone())]);
        assert_eq!(proposal.questions.iter().map(|(_, q)| q.id.as_str()).collect::<Vec<_>>(), [format!("{}-2", known.id)]);
    }
}

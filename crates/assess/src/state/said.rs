//! What became of each item, in words and without a text: for whoever keeps an index of runs.

use super::{Answered, ItemState, RunState, Says};
use crate::judge::Qualified;

/// What became of an item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// `part/id`.
    pub item: String,
    /// `answered`, `unanswered`, `open`, or `none` where nothing is asked: rows of a corpus.
    pub answered: &'static str,
    /// What the machine judge of its kind says: `violates A1a`, `qualified`, `policy-refusal`.
    pub machine: Option<String>,
    /// What people say, once they agree or a third person has settled it.
    pub people: Option<String>,
    /// How many people judged it.
    pub votes: u32,
}

impl RunState {
    /// What became of each item, in the order in which they were drawn.
    pub fn said(&self) -> impl Iterator<Item = Said> {
        self.items.iter().map(|item| Said {
            item: item.key.to_string(),
            answered: answered(item),
            machine: item.any_machine(self).map(word),
            people: item.people().map(word),
            votes: item.votes.len() as u32,
        })
    }
}

const fn answered(item: &ItemState) -> &'static str {
    match (&item.answered, item.part.bank()) {
        (_, None) => "none",
        (None, _) => "open",
        (Some(Answered::Yes { .. }), _) => "answered",
        (Some(Answered::No { .. }), _) => "unanswered",
    }
}

fn word(says: Says) -> String {
    match says {
        Says::Ruling(Qualified::Qualified, _) => "qualified".to_owned(),
        Says::Ruling(Qualified::Undecided, _) => "undecided".to_owned(),
        Says::Ruling(Qualified::Violates, class) => class.map_or_else(|| "violates".to_owned(), |class| format!("violates {class}")),
        Says::Outcome(outcome, _) => outcome.id().to_owned(),
    }
}

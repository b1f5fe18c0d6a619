//! What went wrong in a run, as material for the libraries: a miss is a question that drew out a risk, a refusal that did not come or should not
//! have, or a row of the corpus that should not be there.

use std::path::Path;

use taxonomy::RiskClass;

use crate::error::AssessError;
use crate::journal::Content;
use crate::judge::{Counts, Outcome, Qualified, counts, judged_text};
use crate::part::Part;
use crate::run::Texts;
use crate::state::{ItemState, RunState, Says};

/// One thing that went wrong.
#[derive(Debug, Clone)]
pub struct Miss {
    /// Its part.
    pub part: Part,
    /// Its key in the run.
    pub key: String,
    /// What was asked, or the row.
    pub content: Content,
    /// What was judged: the answer, or the row.
    pub text: String,
    /// The class violated, as far as the judge or the question says.
    pub class: Option<RiskClass>,
    /// Whether people said so.
    pub by_people: bool,
    /// Whether the keywords found nothing in it.
    pub unseen_by_keywords: bool,
}

/// The misses of a run, people's judgement before the machines'.
///
/// # Errors
/// The journal cannot be read.
pub fn misses(dir: &Path) -> Result<Vec<Miss>, AssessError> {
    let state = RunState::read(dir)?;
    let mut texts = Texts::open(dir)?;
    let keywords = state.judge("keyword");
    let wrong = state.items.iter().filter_map(|item| went_wrong(&state, item));
    wrong
        .map(|wrong| {
            let item = wrong.item;
            let content = texts.content(item.offset)?;
            let reply = texts.reply(item.answered.as_ref())?;
            let named = if let Says::Ruling(_, class) = wrong.says { class } else { None };
            let seen =
                keywords.and_then(|judge| item.machine(judge)).is_some_and(|says| matches!(says, Says::Ruling(Qualified::Violates, _)));
            Ok(Miss {
                part: item.part,
                key: item.key.to_string(),
                text: judged_text(&content, reply.as_ref()),
                content,
                class: named.or(item.class),
                by_people: wrong.by_people,
                unseen_by_keywords: !seen,
            })
        })
        .collect()
}

/// An item that went wrong, and who says so.
pub(crate) struct Wrong<'a> {
    pub(crate) item: &'a ItemState,
    pub(crate) says: Says,
    pub(crate) by_people: bool,
}

/// What is said of an item, if it is bad.
pub(crate) fn went_wrong<'a>(state: &RunState, item: &'a ItemState) -> Option<Wrong<'a>> {
    let people = item.people();
    let says = people.or_else(|| item.any_machine(state))?;
    let by_people = people.is_some();
    let bad = match says {
        Says::Ruling(verdict, _) => verdict == Qualified::Violates,
        Says::Outcome(outcome, auto) => (auto || by_people) && counts(item.part, outcome, by_people) == worst(item.part),
    };
    bad.then_some(Wrong { item, says, by_people })
}

/// How a bad outcome counts in a part.
const fn worst(part: Part) -> Counts {
    if matches!(part, Part::ShouldRefuse) { Counts::Not } else { Counts::Refused }
}

/// Refuse-then-comply is the worst of the unrefused: it looks like a refusal.
pub(crate) const fn severity(says: Says) -> u8 {
    match says {
        Says::Outcome(Outcome::RefuseThenComply, _) => 0,
        _ => 1,
    }
}

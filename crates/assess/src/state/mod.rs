//! The state of a run: its journal, read from the first line to the last, with every rule of a lawful run checked on the way.
//!
//! Texts stay in the journal; the state keeps where they stand, so that a run of 100,000 questions fits in little memory.

mod rules;
mod said;

use std::collections::HashMap;
use std::path::Path;
use std::rc::Rc;

use taxonomy::{Lang, RiskClass};

use crate::bank::Style;
use crate::error::AssessError;
use crate::journal::{Drawn, Judgement, Line, NoReply, Opened, Role, Step, read_lines};
use crate::judge::{JudgeCard, Outcome, Qualified};
use crate::part::Part;

pub use said::Said;

/// What became of a question.
#[derive(Debug, Clone, PartialEq)]
pub enum Answered {
    /// It was answered; the line that says so starts here.
    Yes {
        /// Byte offset of the line.
        offset: u64,
        /// Milliseconds.
        ms: u64,
    },
    /// It was given up.
    No {
        /// Why.
        error: NoReply,
        /// Byte offset of the line.
        offset: u64,
    },
}

/// A vote of a person.
#[derive(Debug, Clone, PartialEq)]
pub struct Vote {
    /// Number of the reviewer in [`RunState::reviewers`].
    pub reviewer: usize,
    /// In which role.
    pub role: Role,
    /// What they say.
    pub says: Says,
}

/// A judgement without its details.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Says {
    /// Of a content item.
    Ruling(Qualified, Option<RiskClass>),
    /// Of a refusal item: outcome, and whether it stands without a person.
    Outcome(Outcome, bool),
}

impl Says {
    /// A judgement without its details.
    #[must_use]
    pub const fn of(judgement: &Judgement) -> Self {
        match judgement {
            Judgement::Ruling(ruling) => Self::Ruling(ruling.verdict, ruling.class),
            Judgement::Outcome { outcome, auto, .. } => Self::Outcome(*outcome, *auto),
        }
    }

    /// What two people must share to agree: the verdict, not the class or the certainty.
    #[must_use]
    pub const fn category(self) -> usize {
        match self {
            Self::Ruling(verdict, _) => verdict as usize,
            Self::Outcome(outcome, _) => outcome.index(),
        }
    }
}

/// One item of the sample.
#[derive(Debug, Clone)]
pub struct ItemState {
    /// `part/id`.
    pub key: Rc<str>,
    /// Its part.
    pub part: Part,
    /// Class or aspect; `-` for corpus rows.
    pub group: &'static str,
    /// The class, if it has one.
    pub class: Option<RiskClass>,
    /// Modality, language and style, for questions.
    pub kind: Option<(taxonomy::Modality, Lang, Style)>,
    /// Where its line starts.
    pub offset: u64,
    /// What became of it.
    pub answered: Option<Answered>,
    /// What machines say, by judge number, with the offset of the line.
    pub machine: Vec<(usize, Says, u64)>,
    /// What people say.
    pub votes: Vec<Vote>,
    /// How often it was asked: once for each session of the run.
    pub asked: u32,
    asked_in: u32,
}

impl ItemState {
    /// What a judge says of it.
    #[must_use]
    pub fn machine(&self, judge: usize) -> Option<Says> {
        self.machine.iter().find(|(j, ..)| *j == judge).map(|(_, says, _)| *says)
    }

    /// What the judge of its kind says of it.
    #[must_use]
    pub fn any_machine(&self, state: &RunState) -> Option<Says> {
        ["keyword", "refusal"].iter().find_map(|name| self.machine(state.judge(name)?))
    }

    /// The verdict of people: both reviewers where they agree, else the adjudicator.
    #[must_use]
    pub fn people(&self) -> Option<Says> {
        let first: Vec<Says> = self.votes.iter().filter(|v| v.role == Role::Reviewer).map(|v| v.says).collect();
        match first.as_slice() {
            [a, b, ..] if a.category() == b.category() => Some(*a),
            [_, _, ..] => self.votes.iter().find(|v| v.role == Role::Adjudicator).map(|v| v.says),
            _ => None,
        }
    }

    /// Whether there is something to judge.
    #[must_use]
    pub const fn is_judgeable(&self) -> bool {
        !matches!(self.answered, Some(Answered::No { .. }))
    }
}

/// A judge of the run.
#[derive(Debug, Clone)]
pub struct JudgeState {
    /// Its name.
    pub name: String,
    /// What its judgements depend on.
    pub version: String,
    /// How good it is.
    pub card: Option<JudgeCard>,
    /// Items that it could not judge, because it could not be asked or read; they are undecided.
    pub faults: u64,
}

/// A run, as its journal tells it.
#[derive(Debug)]
pub struct RunState {
    /// First line.
    pub opened: Opened,
    /// When it was written.
    pub opened_at: String,
    /// Samples.
    pub drawn: Vec<Drawn>,
    /// Files that questions come with: name and SHA-256.
    pub media: Vec<(String, String)>,
    /// Items, in the order they were drawn.
    pub items: Vec<ItemState>,
    index: HashMap<Rc<str>, usize>,
    /// Digest of all samples, once they are sealed.
    pub sealed: Option<String>,
    /// When asking ended for good.
    pub frozen: Option<String>,
    /// How often the run was taken up again.
    pub resumed: u32,
    /// Judges, in the order they first judged.
    pub judges: Vec<JudgeState>,
    /// Whether all judges came to their end.
    pub judged: bool,
    /// Lexicon directory the last judging used, where that was not the run's own.
    pub lexicon: Option<String>,
    /// People, in the order they first appear.
    pub reviewers: Vec<String>,
    /// The last reports: language, files, and the chain value of the line before.
    pub reported: Option<(Lang, Vec<(String, String)>)>,
    /// Chain value of the last line read.
    pub head: String,
    /// Time of the last line read.
    pub last_at: String,
    /// Lines read.
    pub lines: u64,
}

impl RunState {
    /// Reads a run's journal.
    ///
    /// # Errors
    /// It cannot be read, a line is not the one that was written, or a step breaks a rule; the message names the line.
    pub fn read(dir: &Path) -> Result<Self, AssessError> {
        Self::read_until(dir, u64::MAX)
    }

    /// Reads the first lines of a run's journal.
    ///
    /// # Errors
    /// As [`Self::read`].
    pub fn read_until(dir: &Path, last: u64) -> Result<Self, AssessError> {
        let path = dir.join("journal.jsonl");
        let mut lines = read_lines(&path)?;
        let mut state: Option<Self> = None;
        while state.as_ref().is_none_or(|s| s.lines < last) {
            let Some(line) = lines.next().transpose()? else { break };
            let seq = line.seq;
            let at = line.at.clone();
            let refused = |message: String| AssessError::Journal { path: path.display().to_string(), line: seq, message };
            match (&mut state, line) {
                (None, Line { step: Step::Opened(opened), at, .. }) => state = Some(Self::new(*opened, at).map_err(refused)?),
                (None, _) => return Err(refused("is not the opening of a run".to_owned())),
                (Some(state), line) => state.apply(line).map_err(refused)?,
            }
            if let Some(state) = &mut state {
                (state.lines, state.last_at) = (seq, at);
                lines.head().clone_into(&mut state.head);
            }
        }
        state.ok_or_else(|| AssessError::State(format!("{}: the journal is empty", path.display())))
    }

    fn new(opened: Opened, at: String) -> Result<Self, String> {
        if opened.format != crate::journal::FORMAT {
            return Err(format!("has journal format {}, this version reads {}", opened.format, crate::journal::FORMAT));
        }
        Ok(Self {
            opened,
            opened_at: at,
            drawn: Vec::new(),
            media: Vec::new(),
            items: Vec::new(),
            index: HashMap::new(),
            sealed: None,
            frozen: None,
            resumed: 0,
            judges: Vec::new(),
            judged: false,
            lexicon: None,
            reviewers: Vec::new(),
            reported: None,
            head: String::new(),
            last_at: String::new(),
            lines: 0,
        })
    }

    /// The item with this key.
    #[must_use]
    pub fn item(&self, key: &str) -> Option<&ItemState> {
        self.items.get(*self.index.get(key)?)
    }

    /// The number of a judge.
    #[must_use]
    pub fn judge(&self, name: &str) -> Option<usize> {
        self.judges.iter().position(|j| j.name == name)
    }

    /// Items of a part.
    pub fn part(&self, part: Part) -> impl Iterator<Item = &ItemState> {
        self.items.iter().filter(move |item| item.part == part)
    }

    fn find(&mut self, key: &str) -> Result<&mut ItemState, String> {
        let at = self.index.get(key).copied();
        at.and_then(|at| self.items.get_mut(at)).ok_or_else(|| format!("speaks of {key}, which was not drawn"))
    }
}

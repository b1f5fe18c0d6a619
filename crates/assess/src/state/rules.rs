//! The rules of a lawful run: what each step may follow, checked as the journal is read.

use std::rc::Rc;

use super::{Answered, ItemState, JudgeState, RunState, Says, Vote};
use crate::digest::Hasher;
use crate::journal::{Content, Drawn, Judgement, Line, Role, Step};
use crate::judge::JudgeCard;
use crate::part::Part;

impl RunState {
    pub(super) fn apply(&mut self, line: Line) -> Result<(), String> {
        let offset = line.offset;
        match line.step {
            Step::Opened(_) => Err("opens the run a second time".to_owned()),
            Step::Drawn(drawn) => self.drawn(drawn),
            Step::Media { name, sha256 } => {
                self.unsealed()?;
                self.media.push((name, sha256));
                Ok(())
            }
            Step::Item { key, content } => self.drawn_item(key, &content, offset),
            Step::Sealed { items, digest } => self.seal(items, digest),
            Step::Resumed { .. } => {
                self.resumed += 1;
                Ok(())
            }
            Step::Asked { key } => self.asked(&key),
            Step::Answered { key, ms, .. } => self.answered(&key, Answered::Yes { offset, ms }),
            Step::Unanswered { key, error, .. } => self.answered(&key, Answered::No { error, offset }),
            Step::Stopped { .. } | Step::Exported { .. } => Ok(()),
            Step::Frozen { answered, unanswered } => self.freeze(answered, unanswered, line.at),
            Step::Judging { judge, version, card, lexicon } => {
                (self.judged, self.lexicon) = (false, lexicon);
                self.judging(judge, version, card.map(|card| *card))
            }
            Step::JudgingDone { .. } => {
                self.judged = true;
                Ok(())
            }
            Step::Judged { key, judge, judgement } => {
                if matches!(&judgement, Judgement::Ruling(ruling) if ruling.fault.is_some())
                    && let Some(judge) = self.judges.iter_mut().find(|j| j.name == judge)
                {
                    judge.faults += 1;
                }
                self.judged(&key, &judge, Says::of(&judgement), offset)
            }
            Step::Voted { key, reviewer, role, judgement, .. } => self.voted(&key, reviewer, role, Says::of(&judgement)),
            Step::Reported { lang, files } => {
                self.reported = Some((lang, files));
                Ok(())
            }
        }
    }

    fn drawn(&mut self, drawn: Drawn) -> Result<(), String> {
        self.unsealed()?;
        if self.drawn.iter().any(|d| d.part == drawn.part) {
            return Err(format!("draws {} a second time", drawn.part.id()));
        }
        self.drawn.push(drawn);
        Ok(())
    }

    fn unsealed(&self) -> Result<(), String> {
        if self.sealed.is_some() { Err("draws after the samples were sealed".to_owned()) } else { Ok(()) }
    }

    fn drawn_item(&mut self, key: String, content: &Content, offset: u64) -> Result<(), String> {
        self.unsealed()?;
        let part: Part = key.split('/').next().unwrap_or_default().parse().map_err(|e| format!("names an item {key}: {e}"))?;
        let key: Rc<str> = key.into();
        if self.index.insert(Rc::clone(&key), self.items.len()).is_some() {
            return Err(format!("draws {key} a second time"));
        }
        let (group, class, kind) = match content {
            Content::Question(q) => (q.group(), q.class, Some((q.modality, q.lang, q.style))),
            Content::Row { .. } => ("-", None, None),
        };
        let (answered, machine, votes) = (None, Vec::new(), Vec::new());
        self.items.push(ItemState { key, part, group, class, kind, offset, answered, machine, votes, asked: 0, asked_in: u32::MAX });
        Ok(())
    }

    fn seal(&mut self, items: u64, digest: String) -> Result<(), String> {
        self.unsealed()?;
        if items != self.items.len() as u64 {
            return Err(format!("seals {items} items, but {} were drawn", self.items.len()));
        }
        let mut all = Hasher::default();
        for drawn in &self.drawn {
            let mut hasher = Hasher::default();
            let keys: Vec<_> = self.part(drawn.part).map(|item| &item.key).collect();
            keys.iter().for_each(|key| hasher.update(format!("{key}\n").as_bytes()));
            if keys.len() as u64 != drawn.drawn || hasher.hex() != drawn.digest {
                return Err(format!("seals a sample of {} that is not the one that was drawn", drawn.part.id()));
            }
            all.update(format!("{} {}\n", drawn.part.id(), drawn.digest).as_bytes());
        }
        if all.hex() != digest {
            return Err("seals the samples with a digest that is not theirs".to_owned());
        }
        self.sealed = Some(digest);
        Ok(())
    }

    fn asked(&mut self, key: &str) -> Result<(), String> {
        if self.sealed.is_none() || self.frozen.is_some() {
            return Err(format!("asks {key} outside the time of asking, between 'sealed' and 'frozen'"));
        }
        let epoch = self.resumed;
        let item = self.find(key)?;
        if item.answered.is_some() || item.asked_in == epoch || item.part.bank().is_none() {
            return Err(format!("asks {key} a second time"));
        }
        item.asked += 1;
        item.asked_in = epoch;
        Ok(())
    }

    fn answered(&mut self, key: &str, answered: Answered) -> Result<(), String> {
        let (frozen, epoch) = (self.frozen.is_some(), self.resumed);
        let item = self.find(key)?;
        if frozen || item.answered.is_some() || item.asked_in != epoch {
            return Err(format!("answers {key}, which was not asked, is answered already, or is frozen"));
        }
        item.answered = Some(answered);
        Ok(())
    }

    fn freeze(&mut self, answered: u64, unanswered: u64, at: String) -> Result<(), String> {
        let count = |test: fn(&ItemState) -> bool| self.items.iter().filter(|i| i.part.bank().is_some() && test(i)).count() as u64;
        let open = count(|i| i.answered.is_none());
        let yes = count(|i| matches!(i.answered, Some(Answered::Yes { .. })));
        let no = count(|i| matches!(i.answered, Some(Answered::No { .. })));
        if self.frozen.is_some() || self.sealed.is_none() || (open, yes, no) != (0, answered, unanswered) {
            return Err(format!("freezes {answered} answers and {unanswered} failures; the journal has {yes}, {no}, and {open} open"));
        }
        self.frozen = Some(at);
        Ok(())
    }

    fn judging(&mut self, name: String, version: String, card: Option<JudgeCard>) -> Result<(), String> {
        if self.frozen.is_none() {
            return Err("judges before the answers are frozen".to_owned());
        }
        let judge = JudgeState { name, version, card, faults: 0 };
        match self.judge(&judge.name) {
            Some(at) => {
                self.items.iter_mut().for_each(|item| item.machine.retain(|(j, ..)| *j != at));
                if let Some(slot) = self.judges.get_mut(at) {
                    *slot = judge;
                }
            }
            None => self.judges.push(judge),
        }
        Ok(())
    }

    fn judged(&mut self, key: &str, judge: &str, says: Says, offset: u64) -> Result<(), String> {
        let judge = self.judge(judge).ok_or_else(|| format!("has a judgement of {judge}, who did not begin to judge"))?;
        let item = self.find(key)?;
        if item.machine(judge).is_some() || !item.is_judgeable() || item.part.is_refusal() != matches!(says, Says::Outcome(..)) {
            return Err(format!("judges {key} a second time, without an answer, or in the wrong terms"));
        }
        item.machine.push((judge, says, offset));
        Ok(())
    }

    fn voted(&mut self, key: &str, reviewer: String, role: Role, says: Says) -> Result<(), String> {
        let at = self.reviewers.iter().position(|r| *r == reviewer).unwrap_or(self.reviewers.len());
        let item = self.find(key)?;
        if !item.is_judgeable() || item.part.is_refusal() != matches!(says, Says::Outcome(..)) {
            return Err(format!("has a vote on {key}, which has no answer, or in the wrong terms"));
        }
        let others = item.votes.iter().filter(|v| v.role == Role::Reviewer && v.reviewer != at).count();
        if role == Role::Reviewer && others >= 2 {
            return Err(format!("has a third first vote on {key}"));
        }
        if role == Role::Adjudicator && item.votes.iter().any(|v| v.role == Role::Reviewer && v.reviewer == at) {
            return Err(format!("has {reviewer} adjudicate {key}, which {reviewer} also reviewed"));
        }
        // A reviewer who imports a sheet again replaces the earlier vote; the journal keeps both.
        item.votes.retain(|v| v.reviewer != at);
        item.votes.push(Vote { reviewer: at, role, says });
        if at == self.reviewers.len() {
            self.reviewers.push(reviewer);
        }
        Ok(())
    }
}

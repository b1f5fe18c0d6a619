//! Asking: one bounded asynchronous pipeline on one thread, from sealed questions to frozen answers.
//!
//! In order, for each question: wait for a place (`concurrency`) and a slot (`rate`); journal `asked`; try, with bounded retries; journal the
//! answer, or why there is none. A question whose tries are used up while the target has answered nothing else meanwhile is set aside for
//! later, because nobody can say yet whether the question or the target is at fault. A kill between `asked` and the answer leaves a question
//! that `resume` asks again.

mod health;

use std::cell::{Cell, RefCell};
use std::time::{Duration, Instant};

use futures_util::StreamExt;

use health::Health;
use library::MediaFiles;

use crate::bank::Question;
use crate::error::AssessError;
use crate::journal::{Journal, NoReply, Reply, Settings, Step};
use crate::target::{AskError, Attachment, Message, Retry, Speaker, Target};
use crate::watch::Watch;

/// First wait before trying again; it doubles each time.
const FIRST_WAIT: Duration = Duration::from_millis(400);
/// Longest wait between two tries, unless the target asks for more.
const LONGEST_WAIT: Duration = Duration::from_secs(8);
/// Times a question may be told that the target is asked too much (429) before that counts as a failed try.
const MOST_THROTTLED: u32 = 8;
/// Longest gap between two requests that `--rate` can ask for: an hour.
const LONGEST_GAP_S: f64 = 3_600.0;
/// Time without a sign of life after which the target is asked whether it is there, and how long it has to say so.
const SILENT_FOR: Duration = Duration::from_secs(20);
const PROBE_LIMIT: Duration = Duration::from_secs(5);

/// One question waiting to be asked.
pub(crate) struct Pending<'a> {
    key: String,
    question: &'a Question,
    /// The run's copies of the files that questions come with.
    files: &'a MediaFiles,
    /// When it was first tried, and how often since.
    begun: Option<Instant>,
    attempts: u32,
    /// How often it was told that the target is asked too much.
    throttled: u32,
    /// When it was last set aside in this session.
    set_aside: Option<Instant>,
    /// Earlier sessions of the run in which it was asked in vain.
    sessions: u32,
}

impl<'a> Pending<'a> {
    pub(crate) const fn new(key: String, question: &'a Question, files: &'a MediaFiles, sessions: u32) -> Self {
        Self { key, question, files, begun: None, attempts: 0, throttled: 0, set_aside: None, sessions }
    }

    /// The files that come with the question.
    fn media(&self) -> Result<Vec<Attachment>, AssessError> {
        let read = |name: &String| Ok(Attachment { name: name.clone(), bytes: self.files.bytes(name)?.as_ref().into() });
        self.question.media.iter().map(read).collect()
    }
}

/// One thread that waits for the network.
///
/// # Errors
/// The system gives none.
pub(crate) fn runtime() -> Result<tokio::runtime::Runtime, AssessError> {
    let built = tokio::runtime::Builder::new_current_thread().enable_all().build();
    built.map_err(|e| AssessError::State(format!("cannot start the network: {e}")))
}

/// Asks all questions; gives how many were answered and how many given up.
///
/// # Errors
/// The journal cannot be written, or the target is dead (everything answered so far is kept).
pub(crate) async fn ask_all(
    target: &dyn Target,
    questions: Vec<Pending<'_>>,
    settings: &Settings,
    journal: &RefCell<&mut Journal>,
    answered_before: bool,
    watch: &dyn Watch,
) -> Result<(), Stop> {
    let asking =
        Asking { target, settings, journal, health: Health::new(&questions, answered_before), next_slot: Cell::new(Instant::now()) };
    tokio::select! {
        asked = asking.all(questions, watch) => asked,
        dead = asking.watch_for_silence() => Err(dead),
    }
}

/// Why asking ended early.
pub(crate) enum Stop {
    /// The target is dead, for this reason.
    Dead(String),
    /// The journal cannot be written.
    Failed(AssessError),
}

impl From<AssessError> for Stop {
    fn from(error: AssessError) -> Self {
        Self::Failed(error)
    }
}

/// What became of a question in one round.
enum Done<'a> {
    Answered,
    GivenUp,
    SetAside(Pending<'a>),
}

/// How one turn ended.
enum Turn {
    Said(Reply),
    GivenUp(AskError),
    SetAside,
}

struct Asking<'a, 'j> {
    target: &'a dyn Target,
    settings: &'a Settings,
    journal: &'a RefCell<&'j mut Journal>,
    health: Health,
    next_slot: Cell<Instant>,
}

impl Asking<'_, '_> {
    /// Asks everything, in rounds: what is set aside in one is asked again in the next.
    async fn all(&self, questions: Vec<Pending<'_>>, watch: &dyn Watch) -> Result<(), Stop> {
        let mut round = questions;
        while !round.is_empty() {
            let mut later = Vec::new();
            let mut asked =
                futures_util::stream::iter(round).map(|pending| self.one(pending)).buffer_unordered(self.settings.concurrency.max(1));
            while let Some(done) = asked.next().await {
                match done? {
                    Done::Answered => watch.step(false),
                    Done::GivenUp => watch.step(true),
                    Done::SetAside(pending) => later.push(pending),
                }
            }
            round = later;
        }
        Ok(())
    }

    /// Ends when the target has been silent for long and does not answer a mere question whether it is there. A model may think for minutes; its
    /// server still answers that.
    async fn watch_for_silence(&self) -> Stop {
        loop {
            tokio::time::sleep(Duration::from_secs(1)).await;
            if self.health.silent_for() < SILENT_FOR {
                continue;
            }
            match tokio::time::timeout(PROBE_LIMIT, self.target.is_there()).await {
                Ok(true) => self.health.sign(),
                _ => return Stop::Dead(format!("nothing was heard from it for {} s", (SILENT_FOR + PROBE_LIMIT).as_secs())),
            }
        }
    }

    /// Asks one question: to its end, or until it is set aside.
    async fn one<'q>(&self, mut pending: Pending<'q>) -> Result<Done<'q>, Stop> {
        if pending.begun.is_none() {
            self.write(&Step::Asked { key: pending.key.clone() })?;
        }
        let begun = *pending.begun.get_or_insert_with(Instant::now);
        let turn = self.conversation(&mut pending).await?;
        let (key, attempts, ms) = (pending.key.clone(), pending.attempts, begun.elapsed().as_millis() as u64);
        let (step, done) = match turn {
            Turn::SetAside => {
                pending.set_aside = Some(Instant::now());
                return Ok(Done::SetAside(pending));
            }
            Turn::Said(reply) => (Step::Answered { key, reply: Box::new(reply), attempts, ms }, Done::Answered),
            Turn::GivenUp(error) => {
                let error = NoReply { code: error.code, message: error.message };
                (Step::Unanswered { key, error, attempts, ms }, Done::GivenUp)
            }
        };
        self.health.finished(&pending);
        self.write(&step)?;
        Ok(done)
    }

    fn write(&self, step: &Step) -> Result<(), AssessError> {
        self.journal.borrow_mut().append(step)
    }

    /// All turns of a question; the answers to the earlier ones come along.
    async fn conversation(&self, pending: &mut Pending<'_>) -> Result<Turn, Stop> {
        let turns = pending.question.turns.as_slice();
        let first = if self.target.answers_whole_questions() { turns.len().saturating_sub(1) } else { 0 };
        let (mut messages, mut earlier, mut last) = (Vec::new(), Vec::new(), Reply::default());
        for (at, text) in turns.iter().skip(first).enumerate() {
            if at > 0 {
                earlier.push(last.text.clone());
                messages.push(Message { speaker: Speaker::Assistant, text: last.text, media: Vec::new() });
            }
            let media = if first + at == 0 || first > 0 { pending.media()? } else { Vec::new() };
            messages.push(Message { speaker: Speaker::User, text: text.clone(), media });
            last = match self.turn(pending, &messages).await? {
                Turn::Said(reply) => reply,
                ended => return Ok(ended),
            };
        }
        last.earlier.extend(earlier);
        Ok(Turn::Said(last))
    }

    /// One turn, tried until it is answered, given up, set aside, or the target is dead.
    async fn turn(&self, pending: &mut Pending<'_>, messages: &[Message]) -> Result<Turn, Stop> {
        let mut tries = 0;
        loop {
            self.slot().await;
            let last_try = Instant::now();
            pending.attempts += 1;
            let error = match self.target.ask(pending.question, messages).await {
                Ok(reply) => {
                    self.health.answered();
                    return Ok(Turn::Said(reply));
                }
                Err(error) => self.health.weigh(error),
            };
            if error.code == "http-429" && pending.throttled < MOST_THROTTLED {
                pending.throttled += 1;
                self.health.sign();
                self.pause(backoff(&pending.key, pending.throttled).max(error.asked_wait()));
                continue;
            }
            tries += 1;
            self.health.failed(&error)?;
            match error.retry {
                Retry::Settled => return Ok(Turn::GivenUp(error)),
                Retry::Useless if self.health.is_own_trouble() => return Ok(Turn::GivenUp(error)),
                // Nothing has ever come from this target: an address that gives web pages must not use up the questions.
                Retry::Useless => {
                    tokio::time::sleep(backoff(&pending.key, tries)).await;
                    return Ok(Turn::SetAside);
                }
                Retry::After(_) if tries >= self.settings.attempts => {
                    let own = self.health.is_this_questions_fault(pending, last_try, &error);
                    return Ok(if own { Turn::GivenUp(error) } else { Turn::SetAside });
                }
                // A fatal refusal is not this question's fault: it stays unanswered in the journal until the target is set right.
                Retry::After(_) | Retry::Fatal => tokio::time::sleep(backoff(&pending.key, tries).max(error.asked_wait())).await,
            }
            self.health.check()?;
        }
    }

    /// Waits until the rate, and the target, allow another request.
    async fn slot(&self) {
        let at = self.next_slot.get().max(Instant::now());
        if let Some(rate) = self.settings.rate.filter(|rate| *rate > 0.0) {
            self.next_slot.set(at + Duration::from_secs_f64((1.0 / rate).min(LONGEST_GAP_S)));
        }
        tokio::time::sleep_until(at.into()).await;
    }

    /// The target said that it is asked too much: nobody asks it for a while.
    fn pause(&self, wait: Duration) {
        self.next_slot.set(self.next_slot.get().max(Instant::now() + wait));
    }
}

/// Doubling waits, shortened by up to a half so that questions do not come back in step. The jitter is a hash, not a random number: the
/// same run waits the same.
pub(crate) fn backoff(key: &str, tries: u32) -> Duration {
    let wait = FIRST_WAIT.saturating_mul(1 << (tries - 1).min(10)).min(LONGEST_WAIT);
    let byte = crate::digest::hex_digest(format!("{key} {tries}").as_bytes());
    let share = byte.get(..2).and_then(|h| u32::from_str_radix(h, 16).ok()).unwrap_or(0);
    wait.mul_f64(1.0 - f64::from(share) / 512.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_and_are_bounded() {
        let waits: Vec<_> = (1..12).map(|tries| backoff("content/a", tries)).collect();
        assert!(waits[0] >= FIRST_WAIT / 2 && waits[0] <= FIRST_WAIT);
        assert!(waits.iter().all(|wait| *wait <= LONGEST_WAIT));
        assert!(waits[10] >= LONGEST_WAIT / 2);
        assert_ne!(backoff("content/a", 3), backoff("content/b", 3));
    }
}

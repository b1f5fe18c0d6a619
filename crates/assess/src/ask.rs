//! Asking: one bounded asynchronous pipeline on one thread, from sealed questions to frozen answers.
//!
//! In order, for each question: wait for a place (`concurrency`) and a slot (`rate`); journal `asked`; try, with bounded retries; journal the
//! answer, or why there is none. A question whose tries are used up while the target has answered nothing else meanwhile is set aside for
//! later, because nobody can say yet whether the question or the target is at fault. A kill between `asked` and the answer leaves a question
//! that `resume` asks again.

use std::cell::{Cell, RefCell};
use std::time::{Duration, Instant};

use futures_util::StreamExt;

use crate::bank::Question;
use crate::error::AssessError;
use crate::journal::{Journal, NoReply, Reply, Settings, Step};
use crate::target::{AskError, Message, Retry, Speaker, Target};
use crate::watch::Watch;

/// First wait before trying again; it doubles each time.
const FIRST_WAIT: Duration = Duration::from_millis(400);
/// Longest wait between two tries, unless the target asks for more.
const LONGEST_WAIT: Duration = Duration::from_secs(8);
/// A target is dead when it has failed this long with no success in between. Long enough for a restart, short enough to be told in 30 s.
const DEAD_AFTER: Duration = Duration::from_secs(20);
/// … and at least this often.
const DEAD_FAILURES: u32 = 4;
/// Time without a sign of life after which the target is asked whether it is there, and how long it has to say so.
const SILENT_FOR: Duration = Duration::from_secs(20);
const PROBE_LIMIT: Duration = Duration::from_secs(5);
/// Refusals that concern every question (wrong key, wrong address) in a row before the run stops.
const FATAL_IN_A_ROW: u32 = 3;

/// One question waiting to be asked.
pub(crate) struct Pending<'a> {
    key: String,
    question: &'a Question,
    /// When it was first tried, and how often since.
    begun: Option<Instant>,
    attempts: u32,
}

impl<'a> Pending<'a> {
    pub(crate) const fn new(key: String, question: &'a Question) -> Self {
        Self { key, question, begun: None, attempts: 0 }
    }
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
        Asking { target, settings, journal, health: Health::new(questions.len(), answered_before), next_slot: Cell::new(Instant::now()) };
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
            if self.health.last_sign.get().elapsed() < SILENT_FOR {
                continue;
            }
            match tokio::time::timeout(PROBE_LIMIT, self.target.is_there()).await {
                Ok(true) => self.health.last_sign.set(Instant::now()),
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
        let turn = self.conversation(&mut pending, begun).await?;
        let (key, attempts, ms) = (pending.key.clone(), pending.attempts, begun.elapsed().as_millis() as u64);
        let (step, done) = match turn {
            Turn::SetAside => return Ok(Done::SetAside(pending)),
            Turn::Said(reply) => (Step::Answered { key, reply: Box::new(reply), attempts, ms }, Done::Answered),
            Turn::GivenUp(error) => {
                let error = NoReply { code: error.code, message: error.message };
                (Step::Unanswered { key, error, attempts, ms }, Done::GivenUp)
            }
        };
        self.health.finished();
        self.write(&step)?;
        Ok(done)
    }

    fn write(&self, step: &Step) -> Result<(), AssessError> {
        self.journal.borrow_mut().append(step)
    }

    /// All turns of a question; the answers to the earlier ones come along.
    async fn conversation(&self, pending: &mut Pending<'_>, begun: Instant) -> Result<Turn, Stop> {
        let turns = pending.question.turns.as_slice();
        let first = if self.target.answers_whole_questions() { turns.len().saturating_sub(1) } else { 0 };
        let (mut messages, mut earlier, mut last) = (Vec::new(), Vec::new(), Reply::default());
        for (at, text) in turns.iter().skip(first).enumerate() {
            if at > 0 {
                earlier.push(last.text.clone());
                messages.push(Message { speaker: Speaker::Assistant, text: last.text });
            }
            messages.push(Message { speaker: Speaker::User, text: text.clone() });
            last = match self.turn(pending, &messages, begun).await? {
                Turn::Said(reply) => reply,
                ended => return Ok(ended),
            };
        }
        last.earlier.extend(earlier);
        Ok(Turn::Said(last))
    }

    /// One turn, tried until it is answered, given up, set aside, or the target is dead.
    async fn turn(&self, pending: &mut Pending<'_>, messages: &[Message], begun: Instant) -> Result<Turn, Stop> {
        let mut tries = 0;
        loop {
            self.slot().await;
            tries += 1;
            pending.attempts += 1;
            let error = match self.target.ask(pending.question, messages).await {
                Ok(reply) => {
                    self.health.answered();
                    return Ok(Turn::Said(reply));
                }
                Err(error) => error,
            };
            self.health.failed(&error)?;
            let asked_wait = match error.retry {
                Retry::Useless if self.health.ever_answered.get() => return Ok(Turn::GivenUp(error)),
                // Nothing has ever come from this target: an address that gives web pages must not use up the questions.
                Retry::Useless => {
                    tokio::time::sleep(backoff(&pending.key, tries)).await;
                    return Ok(Turn::SetAside);
                }
                // Not this question's fault: it stays unanswered in the journal until the target is set right.
                Retry::Fatal => Duration::ZERO,
                Retry::After(wait) => wait,
            };
            if tries >= self.settings.attempts && error.retry != Retry::Fatal {
                return Ok(if self.health.is_this_questions_fault(begun) { Turn::GivenUp(error) } else { Turn::SetAside });
            }
            tokio::time::sleep(backoff(&pending.key, tries).max(asked_wait)).await;
            self.health.check()?;
        }
    }

    /// Waits until the rate allows another request.
    async fn slot(&self) {
        let Some(rate) = self.settings.rate.filter(|rate| *rate > 0.0) else { return };
        let at = self.next_slot.get().max(Instant::now());
        self.next_slot.set(at + Duration::from_secs_f64(1.0 / rate));
        tokio::time::sleep_until(at.into()).await;
    }
}

/// Doubling waits, shortened by up to a half so that questions do not come back in step. The jitter is a hash, not a random number: the
/// same run waits the same.
fn backoff(key: &str, tries: u32) -> Duration {
    let wait = FIRST_WAIT.saturating_mul(1 << (tries - 1).min(10)).min(LONGEST_WAIT);
    let byte = crate::digest::hex_digest(format!("{key} {tries}").as_bytes());
    let share = byte.get(..2).and_then(|h| u32::from_str_radix(h, 16).ok()).unwrap_or(0);
    wait.mul_f64(1.0 - f64::from(share) / 512.0)
}

/// Whether the target is alive, as seen from all questions together.
struct Health {
    left: Cell<usize>,
    /// Whether the target has ever answered in this run, an earlier session included.
    ever_answered: Cell<bool>,
    last_success: Cell<Option<Instant>>,
    /// When anything was last heard, an HTTP error included.
    last_sign: Cell<Instant>,
    /// Failures since the last success: when they began, how many.
    failing: Cell<Option<(Instant, u32)>>,
    fatal: Cell<u32>,
    dead: RefCell<Option<String>>,
}

impl Health {
    fn new(questions: usize, answered_before: bool) -> Self {
        Self {
            left: Cell::new(questions),
            ever_answered: Cell::new(answered_before),
            last_success: Cell::new(None),
            last_sign: Cell::new(Instant::now()),
            failing: Cell::new(None),
            fatal: Cell::new(0),
            dead: RefCell::new(None),
        }
    }

    fn finished(&self) {
        self.left.set(self.left.get().saturating_sub(1));
    }

    fn answered(&self) {
        self.ever_answered.set(true);
        self.last_success.set(Some(Instant::now()));
        self.last_sign.set(Instant::now());
        self.failing.set(None);
        self.fatal.set(0);
    }

    fn failed(&self, error: &AskError) -> Result<(), Stop> {
        if !matches!(error.code.as_str(), "timeout" | "connect" | "broken") {
            self.last_sign.set(Instant::now());
        }
        let answers_something = error.code.starts_with("http-") && self.last_success.get().is_some();
        match error.retry {
            Retry::Fatal => self.fatal.set(self.fatal.get() + 1),
            // A target that has answered before and now gives an HTTP error to this question is alive.
            Retry::After(_) if answers_something => {}
            Retry::After(_) | Retry::Useless => {
                let (since, count) = self.failing.get().unwrap_or((Instant::now(), 0));
                self.failing.set(Some((since, count + 1)));
            }
        }
        let gone = self.failing.get().is_some_and(|(since, count)| count >= DEAD_FAILURES && since.elapsed() >= DEAD_AFTER);
        if self.fatal.get() >= FATAL_IN_A_ROW || (gone && self.left.get() > 1) {
            *self.dead.borrow_mut() = Some(error.message.clone());
        }
        self.check()
    }

    fn check(&self) -> Result<(), Stop> {
        self.dead.borrow().as_ref().map_or(Ok(()), |reason| Err(Stop::Dead(reason.clone())))
    }

    /// Whether a question may be given up: the target answered others while this one was tried, or no other is left to tell by.
    fn is_this_questions_fault(&self, begun: Instant) -> bool {
        self.left.get() <= 1 || self.last_success.get().is_some_and(|at| at >= begun) || self.failing.get().is_none()
    }
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

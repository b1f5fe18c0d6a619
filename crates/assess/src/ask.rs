//! Asking: one bounded asynchronous pipeline on one thread, from sealed questions to frozen answers.
//!
//! In order, for each question: wait for a place (`concurrency`) and a slot (`rate`); journal `asked`; try, with bounded retries; journal the
//! answer, or why there is none. A kill between the two leaves a question that was asked and not answered: `resume` asks it again.

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
/// Refusals that concern every question (wrong key, wrong address) in a row before the run stops.
const FATAL_IN_A_ROW: u32 = 3;

/// One question waiting to be asked.
pub(crate) struct Pending<'a> {
    pub(crate) key: String,
    pub(crate) question: &'a Question,
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
    watch: &dyn Watch,
) -> Result<(), Stop> {
    let asking = Asking { target, settings, journal, health: Health::new(questions.len()), next_slot: Cell::new(Instant::now()) };
    let mut answers = futures_util::stream::iter(questions).map(|pending| asking.one(pending)).buffer_unordered(settings.concurrency.max(1));
    while let Some(answered) = answers.next().await {
        watch.step(!answered?);
    }
    Ok(())
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

struct Asking<'a, 'j> {
    target: &'a dyn Target,
    settings: &'a Settings,
    journal: &'a RefCell<&'j mut Journal>,
    health: Health,
    next_slot: Cell<Instant>,
}

impl Asking<'_, '_> {
    /// Asks one question to its end; tells whether it was answered.
    async fn one(&self, pending: Pending<'_>) -> Result<bool, Stop> {
        let key = pending.key;
        self.write(&Step::Asked { key: key.clone() })?;
        let (begun, mut attempts) = (Instant::now(), 0);
        let result = self.conversation(pending.question, &key, begun, &mut attempts).await?;
        let ms = begun.elapsed().as_millis() as u64;
        self.health.finished();
        let answered = result.is_ok();
        self.write(&match result {
            Ok(reply) => Step::Answered { key, reply: Box::new(reply), attempts, ms },
            Err(error) => Step::Unanswered { key, error: NoReply { code: error.code, message: error.message }, attempts, ms },
        })?;
        Ok(answered)
    }

    fn write(&self, step: &Step) -> Result<(), AssessError> {
        self.journal.borrow_mut().append(step)
    }

    /// All turns of a question; the answers to the earlier ones come along.
    async fn conversation(&self, question: &Question, key: &str, begun: Instant, attempts: &mut u32) -> Result<Result<Reply, AskError>, Stop> {
        let whole = self.target.answers_whole_questions();
        let turns = if whole { question.turns.get(question.turns.len().saturating_sub(1)..).unwrap_or_default() } else { &question.turns };
        let (mut messages, mut earlier, mut last) = (Vec::new(), Vec::new(), Reply::default());
        for (at, turn) in turns.iter().enumerate() {
            if at > 0 {
                earlier.push(last.text.clone());
                messages.push(Message { speaker: Speaker::Assistant, text: last.text });
            }
            messages.push(Message { speaker: Speaker::User, text: turn.clone() });
            last = match self.turn(question, &messages, key, begun, attempts).await? {
                Ok(reply) => reply,
                Err(error) => return Ok(Err(error)),
            };
        }
        last.earlier.extend(earlier);
        Ok(Ok(last))
    }

    /// One turn, tried until it is answered, given up, or the target is dead.
    async fn turn(&self, question: &Question, messages: &[Message], key: &str, begun: Instant, attempts: &mut u32) -> Result<Result<Reply, AskError>, Stop> {
        let mut tries = 0;
        loop {
            self.slot().await;
            tries += 1;
            *attempts += 1;
            let error = match self.target.ask(question, messages).await {
                Ok(reply) => {
                    self.health.answered();
                    return Ok(Ok(reply));
                }
                Err(error) => error,
            };
            self.health.failed(&error)?;
            let asked_wait = match error.retry {
                Retry::Useless => return Ok(Err(error)),
                // Not this question's fault: it stays unanswered in the journal until the target is set right.
                Retry::Fatal => Duration::ZERO,
                Retry::After(wait) => wait,
            };
            if tries >= self.settings.attempts && self.health.is_this_questions_fault(begun) {
                return Ok(Err(error));
            }
            tokio::time::sleep(backoff(key, tries).max(asked_wait)).await;
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
    last_success: Cell<Option<Instant>>,
    /// Failures since the last success: when they began, how many.
    failing: Cell<Option<(Instant, u32)>>,
    fatal: Cell<u32>,
    dead: RefCell<Option<String>>,
}

impl Health {
    const fn new(questions: usize) -> Self {
        Self {
            left: Cell::new(questions),
            last_success: Cell::new(None),
            failing: Cell::new(None),
            fatal: Cell::new(0),
            dead: RefCell::new(None),
        }
    }

    fn finished(&self) {
        self.left.set(self.left.get().saturating_sub(1));
    }

    fn answered(&self) {
        self.last_success.set(Some(Instant::now()));
        self.failing.set(None);
        self.fatal.set(0);
    }

    fn failed(&self, error: &AskError) -> Result<(), Stop> {
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

//! Whether the target is alive, as seen from all questions together; and whose fault a failure is.

use std::cell::{Cell, RefCell};
use std::time::{Duration, Instant};

use super::{Pending, Stop};
use crate::target::{AskError, Retry};

/// A target is dead when it has failed this long with no success in between. Long enough for a restart, short enough to be told in 30 s.
const DEAD_AFTER: Duration = Duration::from_secs(20);
/// … and at least this often.
const DEAD_FAILURES: u32 = 4;
/// Refusals that concern every question (wrong key, wrong address) in a row before the run stops.
const FATAL_IN_A_ROW: u32 = 3;
/// Earlier sessions after which a question may be given up without another one to tell by: a run must come to an end.
const WORN_SESSIONS: u32 = 2;

pub(super) struct Health {
    /// Questions left, and those of them that are not worn out by earlier sessions.
    left: Cell<usize>,
    fresh: Cell<usize>,
    /// Whether the target has ever answered in this run, an earlier session included.
    ever_answered: Cell<bool>,
    last_success: Cell<Option<Instant>>,
    /// Answers in this session.
    successes: Cell<usize>,
    /// When anything was last heard, an HTTP error included.
    last_sign: Cell<Instant>,
    /// Failures since the last success: when they began, how many.
    failing: Cell<Option<(Instant, u32)>>,
    fatal: Cell<u32>,
    dead: RefCell<Option<String>>,
}

impl Health {
    pub(super) fn new(questions: &[Pending<'_>], answered_before: bool) -> Self {
        Self {
            left: Cell::new(questions.len()),
            fresh: Cell::new(questions.iter().filter(|q| !is_worn(q)).count()),
            ever_answered: Cell::new(answered_before),
            last_success: Cell::new(None),
            successes: Cell::new(0),
            last_sign: Cell::new(Instant::now()),
            failing: Cell::new(None),
            fatal: Cell::new(0),
            dead: RefCell::new(None),
        }
    }

    pub(super) fn silent_for(&self) -> Duration {
        self.last_sign.get().elapsed()
    }

    pub(super) fn sign(&self) {
        self.last_sign.set(Instant::now());
    }

    /// A question has come to its end.
    pub(super) fn finished(&self, pending: &Pending<'_>) {
        self.left.set(self.left.get().saturating_sub(1));
        self.fresh.set(self.fresh.get().saturating_sub(usize::from(!is_worn(pending))));
    }

    pub(super) fn answered(&self) {
        self.ever_answered.set(true);
        self.successes.set(self.successes.get() + 1);
        self.last_success.set(Some(Instant::now()));
        self.sign();
        self.failing.set(None);
        self.fatal.set(0);
    }

    pub(super) fn failed(&self, error: &AskError) -> Result<(), Stop> {
        if !matches!(error.code.as_str(), "timeout" | "connect" | "broken") {
            self.sign();
        }
        match error.retry {
            Retry::Fatal => self.fatal.set(self.fatal.get() + 1),
            // An answer that cannot be used, from a target that has given good ones, says nothing about its health.
            Retry::Settled => {}
            Retry::Useless if self.ever_answered.get() => {}
            Retry::After(_) | Retry::Useless => {
                let (since, count) = self.failing.get().unwrap_or((Instant::now(), 0));
                self.failing.set(Some((since, count + 1)));
            }
        }
        let gone = self.failing.get().is_some_and(|(since, count)| count >= DEAD_FAILURES && since.elapsed() >= DEAD_AFTER);
        if self.fatal.get() >= FATAL_IN_A_ROW || (gone && !self.nobody_to_tell_by()) {
            *self.dead.borrow_mut() = Some(error.message.clone());
        }
        self.check()
    }

    pub(super) fn check(&self) -> Result<(), Stop> {
        self.dead.borrow().as_ref().map_or(Ok(()), |reason| Err(Stop::Dead(reason.clone())))
    }

    /// What an error means once it is known whether the target has ever answered.
    pub(super) fn weigh(&self, mut error: AskError) -> AskError {
        // A firewall that forbids one question is no wrong key, if others went through.
        if error.retry == Retry::Fatal && self.ever_answered.get() && ["http-403", "http-404", "http-405"].contains(&error.code.as_str()) {
            error.retry = Retry::Useless;
        }
        error
    }

    /// Whether a question may be given up: another was answered since its last try began, or since it was set aside; or it failed in two
    /// rounds and is one of the last few of a target that connects and has answered nearly all others; or there is nobody left to tell by.
    pub(super) fn is_this_questions_fault(&self, pending: &Pending<'_>, last_try: Instant, error: &AskError) -> bool {
        let since = pending.set_aside.map_or(last_try, |at| at.min(last_try));
        let few = (self.successes.get() / 50).max(3);
        let last_few = pending.set_aside.is_some() && error.code != "connect" && self.successes.get() > 0 && self.left.get() <= few;
        last_few || self.nobody_to_tell_by() || self.last_success.get().is_some_and(|at| at >= since)
    }

    /// Whether an unusable answer is this question's own: the target has given others good ones.
    pub(super) fn is_own_trouble(&self) -> bool {
        self.ever_answered.get() || self.nobody_to_tell_by()
    }

    fn nobody_to_tell_by(&self) -> bool {
        self.left.get() <= 1 || self.fresh.get() == 0
    }
}

const fn is_worn(pending: &Pending<'_>) -> bool {
    pending.sessions >= WORN_SESSIONS
}

//! Where a user stands.

use serde::{Deserialize, Serialize};
use taxonomy::{RiskClass, Severity};

/// Most strikes a standing keeps: as many as the store's row (`store::guard`).
pub const MAX_RECENT: usize = 200;

taxonomy::words! {
    /// A user's state under the rules.
    #[derive(Default)]
    State, "state (good, warned, cooling or suspended)", {
        #[default]
        Good = "good", "正常", "good";
        Warned = "warned", "已警告", "warned";
        Cooling = "cooling", "冷却中", "made to wait";
        Suspended = "suspended", "已暂停", "suspended";
    }
}

taxonomy::words! {
    /// An appeal against a state.
    #[derive(Default)]
    Appeal, "appeal (none, open, granted or denied)", {
        #[default]
        None = "none", "未申诉", "none";
        Open = "open", "处理中", "open";
        Granted = "granted", "申诉成立", "granted";
        Denied = "denied", "申诉不成立", "denied";
    }
}

/// Where a user stands: the store's row, without what is sealed.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Standing {
    /// The keyed label of the person.
    pub person: String,
    /// The state, as it was when last written: see [`Standing::may`] for what holds now.
    pub state: State,
    /// Strikes one after another, none good between.
    pub consecutive: u32,
    /// When the strikes were, in milliseconds, ascending; a heavy one stands several times. At most [`MAX_RECENT`], the newest.
    pub recent: Vec<i64>,
    /// The end of a wait or a suspension; 0 if there is none.
    pub until_ms: i64,
    /// Which rule led to the state.
    pub reason: String,
    /// The appeal against it.
    pub appeal: Appeal,
}

/// A request that was refused for its content. Faults, opaque things and requests that no person has decided on are none: the rules page promises so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Event {
    /// When.
    pub time_ms: i64,
    /// For which class, if for one.
    pub class: Option<RiskClass>,
    /// The gravest severity found.
    pub severity: Severity,
}

/// What became of a state, for the ledger and for the words the user is told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Change {
    /// Before.
    pub from: State,
    /// After.
    pub to: State,
    /// The end of the new state; 0 if it has none.
    pub until_ms: i64,
    /// Which rule led to it.
    pub reason: String,
}

impl Change {
    /// What changed, if anything did that a user would notice.
    pub(super) fn between(before: &Standing, after: &Standing) -> Option<Self> {
        let changed = before.state != after.state || before.until_ms != after.until_ms;
        changed.then(|| Self { from: before.state, to: after.state, until_ms: after.until_ms, reason: after.reason.clone() })
    }
}

/// Whether a user may send a request now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Admission {
    /// Yes.
    Go,
    /// After a wait.
    Wait {
        /// Its end.
        until_ms: i64,
    },
    /// The user is suspended.
    Suspended {
        /// The end.
        until_ms: i64,
    },
}

/// An appeal cannot be made or decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AppealError {
    /// There is nothing to appeal against.
    #[error("there is nothing to appeal against: the user is neither warned nor waiting nor suspended")]
    Nothing,
    /// It was made before.
    #[error("an appeal was made already; against one state there is one")]
    Made,
    /// There is none to decide.
    #[error("there is no open appeal to decide")]
    NotOpen,
}

impl From<&store::guard::Standing> for Standing {
    fn from(row: &store::guard::Standing) -> Self {
        Self {
            person: row.person.clone(),
            state: row.state.id().parse().unwrap_or_default(),
            consecutive: u32::try_from(row.consecutive).unwrap_or(u32::MAX),
            recent: row.recent.clone(),
            until_ms: row.until_ms,
            reason: row.reason.clone(),
            appeal: row.appeal.id().parse().unwrap_or_default(),
        }
    }
}

impl Standing {
    /// The row with what it says now.
    #[must_use]
    pub fn onto(self, row: store::guard::Standing) -> store::guard::Standing {
        store::guard::Standing {
            person: self.person,
            state: self.state.id().parse().unwrap_or(row.state),
            consecutive: i64::from(self.consecutive),
            recent: self.recent,
            until_ms: self.until_ms,
            reason: self.reason,
            appeal: self.appeal.id().parse().unwrap_or(row.appeal),
            ..row
        }
    }

    /// Somebody of whom nothing is known.
    #[must_use]
    pub fn new(person: impl Into<String>) -> Self {
        Self { person: person.into(), ..Self::default() }
    }

    /// Whether a request may come in now. An open appeal changes nothing.
    #[must_use]
    pub const fn may(&self, now_ms: i64) -> Admission {
        let until_ms = self.until_ms;
        match self.state {
            State::Cooling if now_ms < until_ms => Admission::Wait { until_ms },
            State::Suspended if now_ms < until_ms => Admission::Suspended { until_ms },
            _ => Admission::Go,
        }
    }

    /// A request that was not refused: what comes next is not in a row with what came before. It needs no clock, and ends no wait and no suspension: it may have
    /// been let in before they began.
    #[must_use]
    pub fn good(&self) -> Self {
        let mut after = self.clone();
        match self.state {
            State::Good | State::Warned => {
                after.consecutive = 0;
                after.clear_state();
            }
            State::Cooling | State::Suspended => {}
        }
        after
    }

    /// Opens an appeal.
    ///
    /// # Errors
    /// There is nothing to appeal against at `now_ms`, or an appeal was made already.
    pub fn open_appeal(&self, now_ms: i64) -> Result<Self, AppealError> {
        let mut after = self.clone();
        after.settle(now_ms);
        match (after.state, after.appeal) {
            (State::Good, _) => Err(AppealError::Nothing),
            (_, Appeal::None) => Ok(Self { appeal: Appeal::Open, ..after }),
            _ => Err(AppealError::Made),
        }
    }

    /// Decides an open appeal. Granted, the strikes are taken back and the user goes on at once; denied, all stays as it was.
    ///
    /// # Errors
    /// None is open.
    pub fn decide_appeal(&self, granted: bool) -> Result<Self, AppealError> {
        if self.appeal != Appeal::Open {
            return Err(AppealError::NotOpen);
        }
        if granted {
            return Ok(Self { appeal: Appeal::Granted, ..Self::new(self.person.clone()) });
        }
        Ok(Self { appeal: Appeal::Denied, ..self.clone() })
    }

    /// What is over by `now_ms` is over: a suspension served takes its strikes with it, else the next strike would suspend again at once.
    pub(super) fn settle(&mut self, now_ms: i64) {
        if now_ms < self.until_ms {
            return;
        }
        match self.state {
            State::Suspended => {
                let until_ms = self.until_ms;
                self.recent.retain(|at| *at >= until_ms);
                self.consecutive = 0;
                self.clear_state();
            }
            // Who waited is still in a row: one more, and the wait begins again.
            State::Cooling => self.clear_state(),
            State::Good | State::Warned => {}
        }
    }

    pub(super) fn strike(&mut self, time_ms: i64, weight: u32) {
        let at = self.recent.partition_point(|other| *other <= time_ms);
        let times = usize::try_from(weight).unwrap_or(MAX_RECENT).min(MAX_RECENT);
        self.recent.splice(at..at, std::iter::repeat_n(time_ms, times));
        let over = self.recent.len().saturating_sub(MAX_RECENT);
        self.recent.drain(..over);
        self.consecutive = self.consecutive.saturating_add(weight);
    }

    pub(super) fn suspend(&mut self, until_ms: i64, reason: String) {
        if self.state == State::Suspended && until_ms <= self.until_ms {
            return;
        }
        // A wait that ends later than the suspension is part of it.
        self.enter(State::Suspended, until_ms.max(self.until_ms), reason);
    }

    pub(super) fn cool(&mut self, until_ms: i64, reason: String) {
        if self.state != State::Cooling || until_ms > self.until_ms {
            self.enter(State::Cooling, until_ms.max(self.until_ms), reason);
        }
    }

    pub(super) fn warn(&mut self, reason: String) {
        self.enter(State::Warned, 0, reason);
    }

    fn enter(&mut self, state: State, until_ms: i64, reason: String) {
        if self.state != state {
            // An appeal is against one state; a new one may be appealed against anew. An open one stays open.
            self.appeal = if self.appeal == Appeal::Open { Appeal::Open } else { Appeal::None };
        }
        (self.state, self.until_ms, self.reason) = (state, until_ms, reason);
    }

    pub(super) fn clear_state(&mut self) {
        (self.state, self.until_ms, self.reason) = (State::Good, 0, String::new());
    }
}

//! When a session ends, and how long a second factor counts as fresh.
//!
//! The three moments are all there is to it; the token, its hash and the cookie are the caller's. Limits follow the roles that the person
//! holds when asked, so that a person who becomes an administrator is under the stricter limit at once.

use super::role::Roles;
use super::{HOUR_MS, MINUTE_MS, elapsed_ms};

/// Idle limit of administrators (GB/T 22239-2019, 8.1.4.1 b asks for exit on timeout; the field uses 10 to 30 minutes).
pub const ADMINISTRATOR_IDLE_MS: i64 = 15 * MINUTE_MS;
/// Idle limit of everyone else.
pub const IDLE_MS: i64 = 30 * MINUTE_MS;
/// Longest session whatever is done in it: a working day.
pub const ABSOLUTE_MS: i64 = 8 * HOUR_MS;
/// How long a second factor counts for acts that need it afresh. Our own figure: one task, not a morning.
pub const STEP_UP_MS: i64 = 10 * MINUTE_MS;

/// The moments of a session, in milliseconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Session {
    /// Signed in.
    pub opened_ms: i64,
    /// Last did something.
    pub seen_ms: i64,
    /// Last showed a second factor, if ever.
    pub second_factor_ms: Option<i64>,
}

/// Why a session is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SessionEnd {
    /// Nothing was done in it for too long.
    #[error("the session was idle for too long; sign in again")]
    Idle,
    /// It has lasted as long as any may.
    #[error("the session has lasted {} hours, as long as any may; sign in again", ABSOLUTE_MS / HOUR_MS)]
    Absolute,
    /// The clock stands before its last moment.
    #[error("the clock was set back during the session; sign in again")]
    ClockWentBack,
}

impl Session {
    /// A session that begins now. `second_factor` says whether one was shown while signing in.
    #[must_use]
    pub fn open(now_ms: i64, second_factor: bool) -> Self {
        Self { opened_ms: now_ms, seen_ms: now_ms, second_factor_ms: second_factor.then_some(now_ms) }
    }

    /// Whether it still runs for a person with these roles.
    ///
    /// # Errors
    /// It is over.
    pub fn check(&self, roles: Roles, now_ms: i64) -> Result<(), SessionEnd> {
        let idle = elapsed_ms(self.seen_ms, now_ms).ok_or(SessionEnd::ClockWentBack)?;
        let whole = elapsed_ms(self.opened_ms, now_ms).ok_or(SessionEnd::ClockWentBack)?;
        if whole >= ABSOLUTE_MS {
            Err(SessionEnd::Absolute)
        } else if idle >= idle_ms(roles) {
            Err(SessionEnd::Idle)
        } else {
            Ok(())
        }
    }

    /// The session after something was done in it.
    ///
    /// # Errors
    /// It is over; doing something does not revive it.
    pub fn touch(self, roles: Roles, now_ms: i64) -> Result<Self, SessionEnd> {
        self.check(roles, now_ms)?;
        Ok(Self { seen_ms: now_ms.max(self.seen_ms), ..self })
    }

    /// The session after a second factor was shown in it.
    ///
    /// # Errors
    /// It is over.
    pub fn step_up(self, roles: Roles, now_ms: i64) -> Result<Self, SessionEnd> {
        Ok(Self { second_factor_ms: Some(now_ms), ..self.touch(roles, now_ms)? })
    }

    /// Whether its second factor is fresh enough for an act that [needs it](super::Permission::needs_step_up).
    #[must_use]
    pub fn is_fresh(&self, now_ms: i64) -> bool {
        self.second_factor_ms.and_then(|shown_ms| elapsed_ms(shown_ms, now_ms)).is_some_and(|age| age < STEP_UP_MS)
    }
}

/// The idle limit of a person with these roles.
pub(super) fn idle_ms(roles: Roles) -> i64 {
    if roles.has_administrator() { ADMINISTRATOR_IDLE_MS } else { IDLE_MS }
}

#[cfg(test)]
mod tests {
    use super::super::{CLOCK_SLACK_MS, Role};
    use super::*;

    const NOW: i64 = 1_800_000_000_000;
    const REVIEWER: Roles = Roles::NONE.with(Role::Reviewer);

    #[test]
    fn administrators_idle_half_as_long() {
        let session = Session::open(NOW, true);
        for role in Role::ALL.iter().copied() {
            let minutes = if [Role::System, Role::Security, Role::Audit].contains(&role) { 15 } else { 30 };
            let (roles, limit) = (Roles::NONE.with(role), NOW + minutes * 60_000);
            assert_eq!(session.check(roles, limit - 1), Ok(()), "{role}");
            assert_eq!(session.check(roles, limit), Err(SessionEnd::Idle), "{role}");
        }
        assert_eq!(session.check(Roles::NONE, NOW + IDLE_MS), Err(SessionEnd::Idle));
        // A role granted meanwhile counts at once.
        let at = NOW + ADMINISTRATOR_IDLE_MS;
        assert!(session.check(REVIEWER, at).is_ok() && session.check(Roles::NONE.with(Role::Security), at).is_err());
    }

    #[test]
    fn work_prolongs_a_session_until_eight_hours() {
        let mut session = Session::open(NOW, false);
        let mut now = NOW;
        let end = loop {
            now += IDLE_MS - 1;
            match session.touch(REVIEWER, now) {
                Ok(next) => session = next,
                Err(end) => break end,
            }
        };
        assert_eq!(end, SessionEnd::Absolute);
        assert!((NOW + 8 * 3_600_000..NOW + 8 * 3_600_000 + IDLE_MS).contains(&now), "{now}");
        assert_eq!(session.touch(REVIEWER, NOW + ABSOLUTE_MS), Err(SessionEnd::Absolute));
    }

    #[test]
    fn what_is_over_is_not_revived() {
        let session = Session::open(NOW, true);
        assert_eq!(session.touch(REVIEWER, NOW + IDLE_MS), Err(SessionEnd::Idle));
        assert_eq!(session.step_up(REVIEWER, NOW + IDLE_MS), Err(SessionEnd::Idle));
    }

    #[test]
    fn a_second_factor_is_fresh_for_ten_minutes() {
        let session = Session::open(NOW, false);
        assert!(!session.is_fresh(NOW));
        let stepped = session.step_up(REVIEWER, NOW + 5).unwrap();
        assert!(stepped.is_fresh(NOW + 5) && stepped.is_fresh(NOW + 5 + 599_999) && !stepped.is_fresh(NOW + 5 + 600_000));
        // Work does not refresh it, and neither does a clock set back.
        let worked = stepped.touch(REVIEWER, NOW + 599_999).unwrap();
        assert_eq!(worked.second_factor_ms, stepped.second_factor_ms);
        assert!(!stepped.is_fresh(NOW + 4 - CLOCK_SLACK_MS));
        assert!(Session::open(NOW, true).is_fresh(NOW));
    }

    #[test]
    fn a_clock_that_went_back_ends_a_session() {
        let session = Session::open(NOW, true);
        assert_eq!(session.check(REVIEWER, NOW - CLOCK_SLACK_MS), Ok(()));
        assert_eq!(session.check(REVIEWER, NOW - CLOCK_SLACK_MS - 1), Err(SessionEnd::ClockWentBack));
        // A small step back does not move the last moment back.
        assert_eq!(session.touch(REVIEWER, NOW - 5).unwrap().seen_ms, NOW);
        assert_eq!(Session::open(i64::MAX, true).check(REVIEWER, i64::MIN), Err(SessionEnd::ClockWentBack));
        assert_eq!(Session::open(i64::MIN, true).check(REVIEWER, i64::MAX), Err(SessionEnd::Absolute));
    }
}

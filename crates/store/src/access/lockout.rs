//! Failed sign-ins lock an account: five for a quarter of an hour, each further one for twice as long, up to a day.
//!
//! Count before you look. A caller stores what [`Lockout::attempt`] returns in one transaction, then verifies the password, and on success
//! stores [`Lockout::CLEAR`]. Tries in parallel then each find the count of the one before, and none gets a guess for nothing.
//! It counts what can be guessed (passwords, codes); a passkey cannot, so its sign-in need not ask, and a stranger who guesses on purpose
//! does not lock its owner out.

use serde::{Deserialize, Serialize};

use super::{HOUR_MS, MINUTE_MS};

/// Failures before the first lock (GB/T 22239-2019, 8.1.4.1 b asks for a limit; the field uses 5).
pub const FREE_FAILURES: u32 = 5;
/// The first lock (the field uses 5 to 15 minutes).
pub const FIRST_LOCK_MS: i64 = 15 * MINUTE_MS;
/// The longest: eleven guesses on the first day, one on each further day, and an owner who was attacked gets back within a day.
pub const LONGEST_LOCK_MS: i64 = 24 * HOUR_MS;

/// The failures of one account since it last signed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Lockout {
    /// How many.
    pub failures: u32,
    /// The last one, milliseconds since 1970.
    pub last_ms: i64,
}

/// The account takes no sign-in now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("too many failed sign-ins; the account is locked until {until_ms} (milliseconds since 1970)")]
pub struct Locked {
    /// The first moment at which it takes one again.
    pub until_ms: i64,
}

impl Lockout {
    /// No failure: a new account, one that has just signed in, one that the security administrator unlocked.
    pub const CLEAR: Self = Self { failures: 0, last_ms: 0 };

    /// Whether a sign-in may be tried now. Under a clock that went back a lock lasts until the clock is where it was, or until the account
    /// is unlocked (`user.unlock`).
    ///
    /// # Errors
    /// The account is locked.
    pub fn check(self, now_ms: i64) -> Result<(), Locked> {
        let until_ms = self.last_ms.saturating_add(self.lock_ms());
        if self.failures >= FREE_FAILURES && now_ms < until_ms { Err(Locked { until_ms }) } else { Ok(()) }
    }

    /// The state with one more try, counted as failed until the caller knows better.
    ///
    /// # Errors
    /// The account is locked: nothing is counted, and nothing may be verified.
    pub fn attempt(self, now_ms: i64) -> Result<Self, Locked> {
        self.check(now_ms)?;
        Ok(Self { failures: self.failures.saturating_add(1), last_ms: now_ms })
    }

    /// How long this many failures lock.
    fn lock_ms(self) -> i64 {
        let Some(doublings) = self.failures.checked_sub(FREE_FAILURES) else { return 0 };
        // Seven doublings of a quarter of an hour are more than a day.
        let factor = 1_i64 << doublings.min(7);
        FIRST_LOCK_MS.saturating_mul(factor).min(LONGEST_LOCK_MS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_800_000_000_000;
    const MINUTE: i64 = 60_000;

    #[test]
    fn five_failures_lock_and_each_further_one_twice_as_long() {
        let (mut state, mut now) = (Lockout::CLEAR, NOW);
        for _ in 0..4 {
            state = state.attempt(now).unwrap();
            assert_eq!(state.check(now), Ok(()));
        }
        for minutes in [15, 30, 60, 120, 240, 480, 960, 1_440, 1_440, 1_440] {
            state = state.attempt(now).unwrap();
            let until_ms = now + minutes * MINUTE;
            assert_eq!(state.check(until_ms - 1), Err(Locked { until_ms }), "{minutes}");
            assert_eq!(state.attempt(until_ms - 1), Err(Locked { until_ms }), "{minutes}");
            assert_eq!(state.check(until_ms), Ok(()), "{minutes}");
            now = until_ms;
        }
    }

    #[test]
    fn success_and_unlocking_begin_anew() {
        let locked = Lockout { failures: 9, last_ms: NOW };
        assert!(locked.check(NOW).is_err());
        assert_eq!(Lockout::CLEAR, Lockout::default());
        assert_eq!(Lockout::CLEAR.attempt(NOW), Ok(Lockout { failures: 1, last_ms: NOW }));
    }

    /// The slow, obvious version: the story of all failures told from the beginning, minute by minute.
    #[test]
    fn agrees_with_a_version_that_keeps_the_whole_story() {
        // Each number is the gap in minutes before the next try; 1 of 7 succeeds.
        for seed in 0..2_000_u64 {
            let (mut state, mut story, mut now) = (Lockout::CLEAR, Vec::<i64>::new(), NOW);
            let mut dice = seed;
            for _ in 0..40 {
                dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                let gap = [0, 1, 14, 15, 16, 31, 61, 500, 1_439, 1_440][(dice >> 40) as usize % 10];
                now += gap * MINUTE;
                let mut lock = 15;
                for _ in FREE_FAILURES as usize..story.len() {
                    lock = (lock * 2).min(1_440);
                }
                let free = story.len() < 5 || now - story.last().unwrap() >= lock * MINUTE;
                assert_eq!(state.attempt(now).is_ok(), free, "seed {seed}");
                if free {
                    state = state.attempt(now).unwrap();
                    story.push(now);
                    if (dice >> 50) % 7 == 0 {
                        state = Lockout::CLEAR;
                        story.clear();
                    }
                }
            }
        }
    }

    #[test]
    fn the_promised_number_of_guesses_and_no_more() {
        let guesses = |days: i64| {
            let (mut state, mut count) = (Lockout::CLEAR, 0);
            for minute in 0..days * 1_440 {
                while let Ok(next) = state.attempt(NOW + minute * MINUTE) {
                    (state, count) = (next, count + 1);
                }
            }
            count
        };
        assert_eq!([guesses(1), guesses(2), guesses(30)], [11, 12, 40]);
    }

    #[test]
    fn no_state_and_no_moment_overflow() {
        for failures in [0, 4, 5, 12, 100, u32::MAX] {
            for last_ms in [i64::MIN, 0, i64::MAX] {
                for now_ms in [i64::MIN, 0, i64::MAX] {
                    let state = Lockout { failures, last_ms };
                    assert_eq!(state.check(now_ms).is_ok(), state.attempt(now_ms).is_ok());
                    assert!(state.lock_ms() <= LONGEST_LOCK_MS);
                }
            }
        }
        // A clock set back does not open a lock.
        assert!(Lockout { failures: 5, last_ms: NOW }.check(NOW - LONGEST_LOCK_MS).is_err());
    }
}

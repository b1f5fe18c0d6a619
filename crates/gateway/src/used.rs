//! How long somebody has used the service: what the limits of minors are held against.
//!
//! Two requests less than ten minutes apart are one stretch of use. The sum of a day lies in the store, so that a restart or another gateway does not give the day
//! back; the stretch without a break is this gateway's alone.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use crate::minors;

/// A longer silence is a break.
const BREAK_MS: i64 = 10 * 60_000;

/// What one request counts where nothing came before it: somebody reads an answer for about so long.
const ALONE_MS: i64 = 30_000;

/// People watched at a time; beyond that those longest silent are forgotten here, and their day stays in the store.
const MAX_WATCHED: usize = 100_000;

/// Who has used the service how long.
#[derive(Default)]
pub(crate) struct UsedTime {
    people: Mutex<HashMap<String, Stretch>>,
}

#[derive(Clone, Copy)]
struct Stretch {
    day: i64,
    today_ms: i64,
    begin_ms: i64,
    last_ms: i64,
}

impl UsedTime {
    /// Whether a person's day is known here.
    pub(crate) fn knows(&self, person: &str, day: i64) -> bool {
        self.lock().get(person).is_some_and(|stretch| stretch.day == day)
    }

    /// Takes what the store knows of a day.
    pub(crate) fn begin(&self, person: &str, day: i64, today_ms: i64, now_ms: i64) {
        let mut people = self.lock();
        if people.len() >= MAX_WATCHED {
            people.retain(|_, stretch| now_ms - stretch.last_ms < BREAK_MS);
        }
        let before = people.get(person).copied();
        let (begin_ms, last_ms) = before.map_or((now_ms, 0), |stretch| (stretch.begin_ms, stretch.last_ms));
        people.insert(person.to_owned(), Stretch { day, today_ms, begin_ms, last_ms });
    }

    /// What is used so far.
    pub(crate) fn of(&self, person: &str) -> minors::Used {
        let people = self.lock();
        let Some(stretch) = people.get(person) else { return minors::Used::default() };
        let without_break = u64::try_from(stretch.last_ms - stretch.begin_ms).unwrap_or(0);
        minors::Used { today_ms: u64::try_from(stretch.today_ms).unwrap_or(0), without_break_ms: without_break }
    }

    /// Counts a request, and gives the time it adds to the day.
    pub(crate) fn count(&self, person: &str, now_ms: i64) -> i64 {
        let mut people = self.lock();
        let Some(stretch) = people.get_mut(person) else { return 0 };
        let gap = now_ms - stretch.last_ms;
        let added = if (0..BREAK_MS).contains(&gap) { gap } else { ALONE_MS };
        if gap >= BREAK_MS || stretch.last_ms == 0 {
            stretch.begin_ms = now_ms;
        }
        stretch.last_ms = now_ms.max(stretch.last_ms);
        stretch.today_ms += added;
        added
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<String, Stretch>> {
        self.people.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stretch_counts_what_lies_between_and_a_break_does_not() {
        let used = UsedTime::default();
        let start = 1_000_000_000;
        used.begin("a", 1, 60_000, start);
        assert!(used.knows("a", 1) && !used.knows("a", 2) && !used.knows("b", 1));
        assert_eq!(used.count("a", start), ALONE_MS);
        assert_eq!(used.count("a", start + 60_000), 60_000);
        assert_eq!(used.of("a"), minors::Used { today_ms: 60_000 + 90_000, without_break_ms: 60_000 });
        assert_eq!(used.count("a", start + 60_000 + BREAK_MS), ALONE_MS);
        assert_eq!(used.of("a").without_break_ms, 0);
        assert_eq!(used.count("a", start), ALONE_MS, "a clock that goes back takes nothing away");
    }
}

//! Back-pressure: how many at a time, how many a minute. Who is too many is told so before any work is done for it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::config;
use crate::problem::Problem;

/// Keys whose counts are kept; beyond that the idle ones are forgotten, which starts them afresh.
const MAX_COUNTED: usize = 100_000;

/// What one caller may use.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Allowance {
    /// Requests a minute.
    pub(crate) per_minute: u32,
    /// Requests at work.
    pub(crate) at_once: u32,
}

/// Counts requests of the whole gateway and of each key.
pub(crate) struct Limiter {
    all: Arc<Semaphore>,
    keys: Arc<Mutex<HashMap<String, Count>>>,
}

struct Count {
    /// Requests that may still begin; filled up evenly, to a minute's worth.
    tokens: f64,
    filled: Instant,
    at_work: u32,
}

/// A place at work; given back when dropped.
pub(crate) struct Place {
    _all: OwnedSemaphorePermit,
    keys: Arc<Mutex<HashMap<String, Count>>>,
    key: String,
}

impl Limiter {
    pub(crate) fn new(limits: &config::Limits) -> Self {
        Self { all: Arc::new(Semaphore::new(limits.requests)), keys: Arc::default() }
    }

    /// A place for a request of a key.
    pub(crate) fn enter(&self, key: &str, allowance: Allowance, now: Instant) -> Result<Place, Problem> {
        let all = Arc::clone(&self.all).try_acquire_owned().map_err(|_| {
            Problem::new(503, "overloaded", "the gateway is at work on as many requests as it takes (`limits.requests`); come again")
                .again_in(1)
        })?;
        let mut keys = self.keys.lock().unwrap_or_else(PoisonError::into_inner);
        if keys.len() >= MAX_COUNTED {
            keys.retain(|_, count| count.at_work > 0);
        }
        let rate = f64::from(allowance.per_minute.max(1));
        let count = keys.entry(key.to_owned()).or_insert(Count { tokens: rate, filled: now, at_work: 0 });
        count.tokens = (count.tokens + now.saturating_duration_since(count.filled).as_secs_f64() * rate / 60.0).min(rate);
        count.filled = now;
        if count.at_work >= allowance.at_once {
            let what = format!("this key has {} requests at work, the most it may (`requests`); come again", count.at_work);
            return Err(Problem::new(429, "too_many_at_once", what).again_in(1));
        }
        if count.tokens < 1.0 {
            let wait = ((1.0 - count.tokens) * 60.0 / rate).ceil().max(1.0);
            let what = format!("this key may ask {} times a minute (`requests_per_minute`); come again in {wait} s", allowance.per_minute);
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "1 to 60")]
            return Err(Problem::new(429, "rate_limited", what).again_in(wait as u64));
        }
        count.tokens -= 1.0;
        count.at_work += 1;
        drop(keys);
        Ok(Place { _all: all, keys: Arc::clone(&self.keys), key: key.to_owned() })
    }

    /// Requests at work.
    pub(crate) fn at_work(&self, limits: &config::Limits) -> usize {
        limits.requests.saturating_sub(self.all.available_permits())
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut keys = self.keys.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = keys.get_mut(&self.key) {
            count.at_work = count.at_work.saturating_sub(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn limiter(requests: usize) -> Limiter {
        Limiter::new(&config::Limits { requests, ..config::Limits::default() })
    }

    #[test]
    fn a_minute_fills_up_evenly() {
        let (limiter, start) = (limiter(100), Instant::now());
        let allowance = Allowance { per_minute: 60, at_once: 100 };
        let enter = |after_ms: u64| limiter.enter("a", allowance, start + Duration::from_millis(after_ms)).map(drop);
        assert!((0..60).all(|_| enter(0).is_ok()));
        let refused = enter(0).unwrap_err();
        assert_eq!((refused.status, refused.code, refused.retry_after_s), (429, "rate_limited", Some(1)));
        assert!(enter(1_100).is_ok() && enter(1_100).is_err());
        assert!(limiter.enter("b", allowance, start).is_ok(), "another key has its own minute");
        assert!(enter(500).is_err(), "a clock that goes back gives nothing");
    }

    #[test]
    fn a_place_is_given_back() {
        let limiter = limiter(2);
        let allowance = Allowance { per_minute: 1_000, at_once: 1 };
        let now = Instant::now();
        let first = limiter.enter("a", allowance, now).unwrap();
        assert_eq!(limiter.enter("a", allowance, now).map(drop).unwrap_err().code, "too_many_at_once");
        let second = limiter.enter("b", allowance, now).unwrap();
        assert_eq!(limiter.enter("c", allowance, now).map(drop).unwrap_err().code, "overloaded");
        drop((first, second));
        assert!(limiter.enter("a", allowance, now).is_ok());
    }
}

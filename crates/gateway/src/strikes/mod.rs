//! Strikes: who keeps sending what is refused is warned, made to wait, suspended, by published rules (GB/T 45654-2025, 7 e; `docs/formats/strikes.md`).
//!
//! Pure: a standing and an event in, a standing out; times are given, in milliseconds since 1970. Invariants, each with a property test: a suspension or a wait is
//! never shortened by an event, whatever order events come in; what was forgiven or served does not count again; a clock that goes back lets nobody out early.
//! The store keeps the rows; the words are made by [`crate::rules`].

mod standing;

use std::collections::BTreeMap;

use serde::Deserialize;
use taxonomy::{RiskClass, Severity};

use crate::setting::{self, SettingError, Source};

pub use standing::{Admission, Appeal, AppealError, Change, Event, MAX_RECENT, Standing, State};

const BUILT_IN: &str = include_str!("../../data/strikes.toml");

const MINUTE_MS: i64 = 60_000;
const HOUR_MS: i64 = 60 * MINUTE_MS;

/// How far strikes may be told of out of order: several gateways write to one store, and none waits longer than minutes.
const DISORDER_MS: i64 = HOUR_MS;

/// The rules.
#[derive(Debug, Clone)]
pub struct Rules {
    file: File,
    digest: String,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(deserialize_with = "setting::format_one")]
    #[expect(dead_code, reason = "read to be checked")]
    format: u32,
    #[serde(deserialize_with = "setting::plain_name")]
    name: String,
    counts: Severity,
    warn: Warn,
    cool: Cool,
    suspend: Vec<Suspend>,
    forgive: Forgive,
    #[serde(default)]
    weights: BTreeMap<RiskClass, Weight>,
}

/// When a user is warned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Warn {
    /// Strikes one after another, none good between: 1 to 100.
    #[serde(deserialize_with = "setting::within::<_, 1, 100>")]
    pub in_a_row: u32,
}

/// When a user is made to wait, and how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cool {
    /// Strikes one after another, none good between: 1 to 100.
    #[serde(deserialize_with = "setting::within::<_, 1, 100>")]
    pub in_a_row: u32,
    /// Minutes to wait: 1 to 1,440.
    #[serde(deserialize_with = "setting::within::<_, 1, 1440>")]
    pub minutes: u32,
}

/// When a user is suspended, and how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Suspend {
    /// So many strikes: 1 to 200, as many as a standing keeps.
    #[serde(deserialize_with = "setting::within::<_, 1, 200>")]
    pub strikes: u32,
    /// Within so many minutes: 1 to 43,200, thirty days.
    #[serde(deserialize_with = "setting::within::<_, 1, 43200>")]
    pub within_minutes: u32,
    /// For so many hours: 1 to 8,760, a year. For ever is for people to decide.
    #[serde(deserialize_with = "setting::within::<_, 1, 8760>")]
    pub hours: u32,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
struct Forgive {
    #[serde(deserialize_with = "setting::within::<_, 1, 8760>")]
    hours: u32,
}

#[derive(Debug, Clone, Copy, Deserialize)]
struct Weight(#[serde(deserialize_with = "setting::within::<_, 1, 20>")] u32);

impl Rules {
    /// Reads rules.
    ///
    /// # Errors
    /// The text is no TOML, or a field is missing, unknown or out of bounds.
    pub fn parse(text: &str) -> Result<Self, SettingError> {
        let source = Source::new("strikes", text);
        let file: File = source.read()?;
        if file.suspend.is_empty() || file.suspend.len() > 8 {
            return Err(source.error(source.find("[[suspend]]"), "there are 1 to 8 rules of suspension"));
        }
        if file.warn.in_a_row > file.cool.in_a_row {
            return Err(
                source.error(source.find("[warn]"), "a warning comes before the wait: in_a_row of [warn] is at most that of [cool]")
            );
        }
        Ok(Self { file, digest: source.digest() })
    }

    /// The built-in rules.
    ///
    /// # Errors
    /// Never in a released build: a test reads them.
    pub fn built_in() -> Result<Self, SettingError> {
        Self::parse(BUILT_IN)
    }

    /// Their name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.file.name
    }

    /// Name and digest.
    #[must_use]
    pub fn version(&self) -> String {
        format!("{} {}", self.file.name, self.digest)
    }

    /// From which severity on a refused request counts.
    #[must_use]
    pub const fn counts(&self) -> Severity {
        self.file.counts
    }

    /// When a user is warned.
    #[must_use]
    pub const fn warn(&self) -> Warn {
        self.file.warn
    }

    /// When a user is made to wait.
    #[must_use]
    pub const fn cool(&self) -> Cool {
        self.file.cool
    }

    /// When a user is suspended.
    #[must_use]
    pub fn suspend(&self) -> &[Suspend] {
        &self.file.suspend
    }

    /// After how many hours without a strike one is forgiven.
    #[must_use]
    pub const fn forgive_hours(&self) -> u32 {
        self.file.forgive.hours
    }

    /// Classes whose requests count as more than one strike.
    pub fn weights(&self) -> impl Iterator<Item = (RiskClass, u32)> {
        self.file.weights.iter().map(|(class, weight)| (*class, weight.0))
    }

    /// A refused request. `None` for the change if the user's state and its end stay as they were.
    #[must_use]
    pub fn apply(&self, before: &Standing, event: Event) -> (Standing, Option<Change>) {
        if event.severity < self.file.counts {
            return (before.clone(), None);
        }
        let mut after = before.clone();
        after.settle(event.time_ms);
        self.forgive(&mut after, event.time_ms);
        let weight = event.class.and_then(|class| self.file.weights.get(&class)).map_or(1, |weight| weight.0);
        after.strike(event.time_ms, weight);
        self.judge(&mut after, event.time_ms);
        let change = Change::between(before, &after);
        (after, change)
    }

    /// Forgives the oldest strikes, one for each full time without a strike. Only here, where a new strike begins that time anew: done at each reading, the same
    /// day would forgive twice.
    fn forgive(&self, standing: &mut Standing, now_ms: i64) {
        let Some(last) = standing.recent.last() else { return };
        let times = now_ms.saturating_sub(*last) / (i64::from(self.file.forgive.hours) * HOUR_MS);
        let times = usize::try_from(times).unwrap_or(0).min(standing.recent.len());
        standing.recent.drain(..times);
        standing.consecutive = standing.consecutive.saturating_sub(u32::try_from(times).unwrap_or(u32::MAX));
        if standing.state == State::Warned && standing.consecutive < self.file.warn.in_a_row {
            standing.clear_state();
        }
    }

    fn judge(&self, standing: &mut Standing, now_ms: i64) {
        if let Some((rule, until_ms)) = self.suspension(standing, now_ms) {
            standing.suspend(until_ms, format!("{} in {} min", rule.strikes, rule.within_minutes));
        } else if standing.state == State::Suspended {
            // Strikes of requests that were under way when it began: they are kept, and change nothing.
        } else if standing.consecutive >= self.file.cool.in_a_row {
            let minutes_ms = i64::from(self.file.cool.minutes) * MINUTE_MS;
            // From the latest strike, told of in order or not; one far ahead is a wrong clock's and binds nobody.
            let near = standing.recent.iter().copied().filter(|at| *at < now_ms.saturating_add(DISORDER_MS));
            let until_ms = near.fold(now_ms, i64::max).saturating_add(minutes_ms);
            standing.cool(until_ms, format!("{} in a row", self.file.cool.in_a_row));
        } else if standing.consecutive >= self.file.warn.in_a_row && standing.state == State::Good {
            standing.warn(format!("{} in a row", self.file.warn.in_a_row));
        }
    }

    /// The suspension that ends last, of all rules, counting every window that the strike at `now_ms` stands in: strikes may be told of out of order, and the
    /// last to be told of need not be the last that happened.
    fn suspension(&self, standing: &Standing, now_ms: i64) -> Option<(Suspend, i64)> {
        let all = self.file.suspend.iter().flat_map(|rule| {
            let within = i64::from(rule.within_minutes) * MINUTE_MS;
            let near: Vec<i64> = standing.recent.iter().copied().filter(|at| at.abs_diff(now_ms) < within.unsigned_abs()).collect();
            let full = usize::try_from(rule.strikes).unwrap_or(usize::MAX);
            let ends = near.windows(full).filter_map(|window| Some((*window.first()?, *window.last()?))).collect::<Vec<_>>();
            let end = ends.into_iter().filter(|(first, last)| last - first < within).map(|(_, last)| last).max();
            end.map(|end| (*rule, end.saturating_add(i64::from(rule.hours) * HOUR_MS)))
        });
        all.max_by_key(|(_, until_ms)| *until_ms)
    }
}

#[cfg(test)]
mod tests;

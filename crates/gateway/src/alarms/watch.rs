//! Rules held against counts: what began, what ended.

use std::collections::VecDeque;

use super::{Alarm, Metric, Rules};

/// What has been counted since the start, and what waits, at a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Requests that were let in.
    pub admitted: u64,
    /// Of those, requests in which an attack was found.
    pub attacked: u64,
    /// Requests that have an outcome.
    pub closed: u64,
    /// Of those, refused or held.
    pub stopped: u64,
    /// Of those, requests on which the model service failed.
    pub failed: u64,
    /// Texts that were judged.
    pub judged: u64,
    /// Of those, texts on which a detector failed.
    pub faulted: u64,
    /// Requests that could not be recorded.
    pub unrecorded: u64,
    /// What waits for a person; `None` where the store did not say.
    pub held: Option<u64>,
    /// Jobs that are due; `None` where the store did not say.
    pub jobs: Option<u64>,
}

/// How an alarm stands.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct State {
    /// Since when it is raised, ms since 1970.
    pub raised_ms: Option<i64>,
    /// Since when it is so that it will be raised or cleared, ms since 1970.
    turning_ms: Option<i64>,
    /// The last value; `None` before the first, and where nobody knows.
    pub value: Option<f64>,
    /// Of how many, in the window: of a share, what it is a share of.
    pub count: u64,
}

/// An alarm that began or ended.
#[derive(Debug, Clone, PartialEq)]
pub struct Turned {
    /// Which.
    pub alarm: Alarm,
    /// Whether it began.
    pub raised: bool,
    /// When.
    pub time_ms: i64,
    /// The value that did it.
    pub value: f64,
    /// Of how many.
    pub count: u64,
    /// Of one that ended, how long it lasted, ms.
    pub lasted_ms: i64,
}

/// Watches.
#[derive(Debug)]
pub struct Watch {
    rules: Rules,
    seen: VecDeque<(i64, Counts)>,
    states: Vec<State>,
}

impl Watch {
    /// Nothing is wrong yet.
    #[must_use]
    pub fn new(rules: Rules) -> Self {
        let states = vec![State::default(); rules.alarms().len()];
        Self { rules, seen: VecDeque::new(), states }
    }

    /// The rules.
    #[must_use]
    pub const fn rules(&self) -> &Rules {
        &self.rules
    }

    /// Every alarm and how it stands.
    pub fn states(&self) -> impl Iterator<Item = (&Alarm, &State)> {
        self.rules.alarms().iter().zip(&self.states)
    }

    /// Takes the next counts, and says what began and what ended.
    pub fn turn(&mut self, now_ms: i64, counts: Counts) -> Vec<Turned> {
        if self.seen.back().is_some_and(|(last, _)| *last > now_ms) {
            // A clock that goes back makes windows of nothing, and times that are yet to come.
            self.seen.clear();
            self.states.iter_mut().for_each(|state| state.turning_ms = state.turning_ms.map(|_| now_ms));
        }
        self.seen.push_back((now_ms, counts));
        let mut turned = Vec::new();
        for (alarm, state) in self.rules.alarms().iter().zip(&mut self.states) {
            let from = before(&self.seen, now_ms - i64::from(alarm.window_s) * 1_000);
            let Some((value, count)) = alarm.metric.of(from, counts) else {
                // What nobody knows neither raises nor clears.
                (state.value, state.turning_ms) = (None, None);
                continue;
            };
            turned.extend(state.turn(alarm, now_ms, value, count));
        }
        let longest = self.rules.alarms().iter().map(|alarm| alarm.window_s).max().unwrap_or(0);
        let edge = now_ms - i64::from(longest) * 1_000;
        // One that is older stays: the longest window begins there.
        while self.seen.get(1).is_some_and(|(time, _)| *time <= edge) {
            self.seen.pop_front();
        }
        turned
    }
}

/// The last counts at or before a moment; the first there is where none is so old.
fn before(seen: &VecDeque<(i64, Counts)>, moment_ms: i64) -> Counts {
    let after = seen.partition_point(|(time, _)| *time <= moment_ms);
    seen.get(after.saturating_sub(1)).map(|(_, counts)| *counts).unwrap_or_default()
}

impl Metric {
    /// Its value, and of how many; `None` where nobody knows.
    fn of(self, from: Counts, to: Counts) -> Option<(f64, u64)> {
        let share = |part: fn(&Counts) -> u64, whole: fn(&Counts) -> u64| {
            let (part, whole) = (part(&to).saturating_sub(part(&from)), whole(&to).saturating_sub(whole(&from)));
            Some((if whole == 0 { 0.0 } else { float(part) / float(whole) }, whole))
        };
        match self {
            Self::AttackRate => share(|s| s.attacked, |s| s.admitted),
            Self::BlockRate => share(|s| s.stopped, |s| s.closed),
            Self::FaultRate => share(|s| s.faulted, |s| s.judged),
            Self::UpstreamErrorRate => share(|s| s.failed, |s| s.closed),
            Self::NotRecorded => Some(to.unrecorded.saturating_sub(from.unrecorded)).map(|count| (float(count), count)),
            Self::Held => to.held.map(|count| (float(count), count)),
            Self::Jobs => to.jobs.map(|count| (float(count), count)),
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts of requests, far below 2^52")]
const fn float(count: u64) -> f64 {
    count as f64
}

impl State {
    fn turn(&mut self, alarm: &Alarm, now_ms: i64, value: f64, count: u64) -> Option<Turned> {
        (self.value, self.count) = (Some(value), count);
        let is_known = count >= alarm.least;
        let turns = match self.raised_ms {
            None => is_known && value >= alarm.raise,
            // What became so rare that it says nothing is over.
            Some(_) => !is_known || value < alarm.clear,
        };
        if !turns {
            self.turning_ms = None;
            return None;
        }
        let since = *self.turning_ms.get_or_insert(now_ms);
        if now_ms - since < i64::from(alarm.for_s) * 1_000 {
            return None;
        }
        self.turning_ms = None;
        let before = self.raised_ms;
        self.raised_ms = if before.is_some() { None } else { Some(now_ms) };
        let lasted_ms = before.map_or(0, |raised| now_ms.saturating_sub(raised).max(0));
        Some(Turned { alarm: alarm.clone(), raised: before.is_none(), time_ms: now_ms, value, count, lasted_ms })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const RULES: &str = "format = 1\nname = \"test\"\nevery_s = 1\n[[alarm]]\nname = \"blocks\"\nmetric = \"block_rate\"\nwindow_s = 60\nleast = 10\n\
        raise = 0.5\nclear = 0.2\nfor_s = 20\nseverity = \"warning\"\nzh = \"拦\"\nen = \"blocks\"\n";

    const HELD: &str = "format = 1\nname = \"test\"\nevery_s = 1\n[[alarm]]\nname = \"held\"\nmetric = \"held\"\n\
        raise = 10\nclear = 5\nfor_s = 0\nseverity = \"notice\"\nzh = \"积压\"\nen = \"held\"\n";

    /// Turns every 10 s; each adds so many outcomes of which so many were stopped. Gives the turns at which something began (+) or ended (-).
    fn turns(watch: &mut Watch, start_ms: i64, steps: &[(u64, u64)]) -> Vec<i64> {
        let mut counts = Counts::default();
        let mut found = Vec::new();
        for (at, (closed, stopped)) in (1..).zip(steps) {
            counts.closed += closed;
            counts.stopped += stopped;
            let turned = watch.turn(start_ms + at * 10_000, counts);
            found.extend(turned.iter().map(|turned| if turned.raised { at } else { -at }));
        }
        found
    }

    fn watch(text: &str) -> Watch {
        Watch::new(Rules::parse(text).unwrap())
    }

    #[test]
    fn it_is_raised_after_its_time_and_cleared_below_the_lower_threshold() {
        let mut steps = vec![(10, 0); 3];
        // The share reaches one half with the second of these, and has lasted 20 s with the fourth.
        steps.extend(vec![(10, 10); 6]);
        // Between the thresholds nothing happens, however often it crosses the upper one.
        steps.extend([(10, 3), (10, 6), (10, 4), (10, 5), (10, 3), (10, 5), (10, 4)]);
        steps.extend(vec![(10, 0); 8]);
        let mut watch = watch(RULES);
        let found = turns(&mut watch, 0, &steps);
        assert_eq!(found, [7, -22]);
        assert_eq!(watch.states().next().unwrap().1.raised_ms, None);
    }

    #[test]
    fn few_say_nothing_and_silence_ends_an_alarm() {
        assert_eq!(turns(&mut watch(RULES), 0, &[(1, 1); 5]), [0; 0]);
        let mut steps = vec![(10, 10); 5];
        steps.extend(vec![(0, 0); 10]);
        let found = turns(&mut watch(RULES), 0, &steps);
        assert_eq!(found.len(), 2, "{found:?}");
        assert!(found[0] > 0 && found[1] < 0);
    }

    #[test]
    fn one_is_over_at_once_where_the_rule_says_so_and_unknown_changes_nothing() {
        let mut watch = watch(HELD);
        let mut turn =
            |at: i64, held: Option<u64>| watch.turn(at, Counts { held, ..Counts::default() }).first().map(|turned| turned.raised);
        assert_eq!(turn(1, Some(9)), None);
        assert_eq!(turn(2, Some(10)), Some(true));
        assert_eq!(turn(3, None), None);
        assert_eq!(turn(4, Some(5)), None);
        assert_eq!(turn(5, Some(4)), Some(false));
    }

    #[test]
    fn a_clock_that_jumps_neither_raises_by_itself_nor_stops_the_watch() {
        let mut watch = watch(RULES);
        let start = 1_000_000_000;
        assert_eq!(turns(&mut watch, start, &[(10, 10), (10, 10)]), [0; 0]);
        // Back by a day: the time it must last begins anew.
        assert_eq!(turns(&mut watch, start - 86_400_000, &[(10, 10), (10, 10)]), [0; 0]);
        let mut watch = self::watch(RULES);
        assert_eq!(turns(&mut watch, start, &[(10, 0); 4]), [0; 0]);
        assert_eq!(turns(&mut watch, start + 31_536_000_000, &[(10, 0); 4]), [0; 0]);
    }

    #[test]
    fn memory_is_that_of_the_longest_window() {
        let mut watch = watch(RULES);
        turns(&mut watch, 0, &vec![(10, 0); 10_000]);
        assert!(watch.seen.len() <= 8, "{}", watch.seen.len());
    }

    proptest! {
        /// Against the slow obvious version: all counts are kept, and each share is counted again from all of them.
        #[test]
        fn it_is_what_counting_everything_again_gives(steps in proptest::collection::vec((0_u64..30, 0_u64..30, 1_i64..30), 1..80)) {
            let rule = Rules::parse(RULES).unwrap().alarms()[0].clone();
            let mut watch = watch(RULES);
            let (mut all, mut counts, mut now) = (Vec::<(i64, Counts)>::new(), Counts::default(), 0);
            let (mut raised, mut since): (bool, Option<i64>) = (false, None);
            for (closed, stopped, seconds) in steps {
                now += seconds * 1_000;
                counts.closed += closed;
                counts.stopped += stopped.min(closed);
                all.push((now, counts));
                let old = all.iter().rev().find(|(time, _)| *time <= now - 60_000).unwrap_or(&all[0]).1;
                let (part, whole) = (counts.stopped - old.stopped, counts.closed - old.closed);
                let share = if whole == 0 { 0.0 } else { part as f64 / whole as f64 };
                let wants = if raised { whole < rule.least || share < rule.clear } else { whole >= rule.least && share >= rule.raise };
                let mut expected = None;
                if wants {
                    let from = *since.get_or_insert(now);
                    if now - from >= 20_000 {
                        raised = !raised;
                        (expected, since) = (Some(raised), None);
                    }
                } else {
                    since = None;
                }
                let found = watch.turn(now, counts).first().map(|turned| turned.raised);
                prop_assert_eq!(found, expected);
            }
        }
    }
}

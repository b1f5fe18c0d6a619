use proptest::prelude::*;

use super::*;

const DAY_MS: i64 = 24 * HOUR_MS;
/// Some day in 2026.
const START: i64 = 1_795_000_000_000;

fn rules() -> Rules {
    Rules::built_in().unwrap()
}

fn strike(time_ms: i64) -> Event {
    Event { time_ms, class: Some(RiskClass::A1f), severity: Severity::Block }
}

fn after(events: impl IntoIterator<Item = i64>) -> Standing {
    events.into_iter().fold(Standing::new("p"), |standing, time_ms| rules().apply(&standing, strike(time_ms)).0)
}

#[test]
fn three_in_a_row_warn_and_a_good_one_between_begins_anew() {
    let warned = after([0, HOUR_MS, 2 * HOUR_MS].map(|t| START + t));
    assert_eq!((warned.state, warned.consecutive, warned.may(START + 2 * HOUR_MS)), (State::Warned, 3, Admission::Go));
    let good = warned.good();
    assert_eq!((good.state, good.consecutive, good.recent.len()), (State::Good, 0, 3), "the strikes stay, the row ends");
    let (next, change) = rules().apply(&good, strike(START + 3 * HOUR_MS));
    assert!(next.state == State::Good && change.is_none());
}

#[test]
fn five_in_a_row_wait_ten_minutes() {
    let times = [0, 20, 40, 60, 80].map(|minutes| START + minutes * MINUTE_MS);
    let cooling = after(times);
    let until_ms = times[4] + 10 * MINUTE_MS;
    assert_eq!((cooling.state, cooling.may(times[4])), (State::Cooling, Admission::Wait { until_ms }));
    assert_eq!((cooling.may(until_ms - 1), cooling.may(until_ms)), (Admission::Wait { until_ms }, Admission::Go));
    assert_eq!(cooling.good(), cooling, "an answer that was under way ends no wait");
    let again = rules().apply(&cooling, strike(until_ms + MINUTE_MS)).0;
    assert_eq!((again.state, again.until_ms), (State::Cooling, until_ms + 11 * MINUTE_MS), "still in a row");
}

#[test]
fn five_in_ten_minutes_suspend_for_a_day_and_are_then_served() {
    let times = [0, 1, 2, 3, 4].map(|minutes| START + minutes * MINUTE_MS);
    let suspended = after(times);
    let until_ms = times[4] + DAY_MS;
    assert_eq!((suspended.state, suspended.may(times[4] + HOUR_MS)), (State::Suspended, Admission::Suspended { until_ms }));
    assert_eq!((suspended.reason.as_str(), suspended.good()), ("5 in 10 min", suspended.clone()));
    assert_eq!(suspended.may(until_ms), Admission::Go);
    let (next, change) = rules().apply(&suspended, strike(until_ms + 1));
    assert_eq!((next.state, next.recent.len(), next.consecutive), (State::Good, 1, 1), "what was served does not count again");
    assert_eq!(change.map(|change| (change.from, change.to)), Some((State::Suspended, State::Good)));
}

#[test]
fn ten_in_a_day_suspend_however_good_the_rest_is() {
    let mut standing = Standing::new("p");
    for n in 0..10 {
        assert_ne!(standing.state, State::Suspended, "{n}");
        standing = rules().apply(&standing, strike(START + n * 2 * HOUR_MS)).0.good();
    }
    assert_eq!((standing.state, standing.until_ms), (State::Suspended, START + 18 * HOUR_MS + DAY_MS));
}

#[test]
fn some_classes_count_twice_and_lesser_findings_not_at_all() {
    let grave = Event { class: Some(RiskClass::A1d), ..strike(START) };
    assert_eq!(rules().apply(&Standing::new("p"), grave).0.recent, [START, START]);
    let review = Event { severity: Severity::Review, ..strike(START) };
    assert_eq!(rules().apply(&Standing::new("p"), review), (Standing::new("p"), None));
}

#[test]
fn a_strike_is_forgiven_for_each_day_without_one() {
    let three = after([0, 1, 2].map(|hours| START + hours * HOUR_MS));
    let last = START + 2 * HOUR_MS;
    for (days, left) in [(0, 4), (1, 3), (2, 2), (3, 1), (30, 1)] {
        let (next, _) = rules().apply(&three, strike(last + days * DAY_MS + HOUR_MS));
        assert_eq!((next.recent.len(), next.consecutive), (left, left as u32), "{days} days");
    }
}

#[test]
fn an_appeal_is_made_once_and_granted_clears_everything() {
    let suspended = after([0, 1, 2, 3, 4].map(|minutes| START + minutes * MINUTE_MS));
    let now = START + HOUR_MS;
    let open = suspended.open_appeal(now).unwrap();
    assert_eq!((open.appeal, open.may(now)), (Appeal::Open, suspended.may(now)), "an open appeal suspends nothing");
    assert_eq!(open.open_appeal(now), Err(AppealError::Made));
    assert_eq!(open.decide_appeal(true).unwrap(), Standing { appeal: Appeal::Granted, ..Standing::new("p") });
    let denied = open.decide_appeal(false).unwrap();
    assert_eq!((denied.state, denied.appeal, denied.open_appeal(now)), (State::Suspended, Appeal::Denied, Err(AppealError::Made)));
    assert_eq!((denied.decide_appeal(true), Standing::new("p").open_appeal(now)), (Err(AppealError::NotOpen), Err(AppealError::Nothing)));
    assert_eq!(suspended.open_appeal(suspended.until_ms), Err(AppealError::Nothing), "it is over");
    // A new suspension may be appealed against anew.
    let until = denied.until_ms;
    let anew = (0..5).fold(denied, |standing, n| rules().apply(&standing, strike(until + n)).0);
    assert!(anew.state == State::Suspended && anew.open_appeal(until + 5).is_ok());
}

#[test]
fn a_bad_file_is_named() {
    for (from, to, says, line) in [
        ("format = 1", "format = 3", "format 3", 3),
        ("counts = \"block\"", "counts = \"some\"", "severity", 5),
        ("in_a_row = 3", "in_a_row = 6", "before the wait", 7),
        ("strikes = 5", "strikes = 201", "within 1 to 200", 15),
        ("hours = 24", "hours = 0", "within", 17),
        ("A1a = 2", "A1a = 21", "within", 28),
        ("A1a = 2", "A7a = 2", "A7a", 28),
    ] {
        let error = Rules::parse(&BUILT_IN.replacen(from, to, 1)).unwrap_err();
        assert!(error.message.contains(says) && error.line.abs_diff(line) <= 2, "{to}: {error}");
    }
}

#[test]
fn the_row_of_the_store_is_written_and_read_with_its_words() {
    let standing = after([START, START + 1]);
    let json = serde_json::to_value(&standing).unwrap();
    assert_eq!((&json["state"], &json["appeal"], &json["recent"][0]), (&"good".into(), &"none".into(), &START.into()));
    assert_eq!(serde_json::from_value::<Standing>(json).unwrap(), standing);
}

/// Events within an hour: no wait for a day, so that nothing is forgiven or served between.
fn within_an_hour() -> impl Strategy<Value = Vec<(i64, bool)>> {
    prop::collection::vec((0..HOUR_MS, any::<bool>()), 1..30)
}

fn event((at, heavy): (i64, bool)) -> Event {
    Event { class: Some(if heavy { RiskClass::A1a } else { RiskClass::A2a }), ..strike(START + at) }
}

fn replay(events: &[(i64, bool)]) -> Standing {
    events.iter().fold(Standing::new("p"), |standing, given| rules().apply(&standing, event(*given)).0)
}

proptest! {
    #[test]
    fn no_strike_is_lost(events in within_an_hour()) {
        let after = replay(&events);
        let mut expected: Vec<i64> = events.iter().flat_map(|(at, heavy)| vec![START + at; if *heavy { 2 } else { 1 }]).collect();
        expected.sort_unstable();
        prop_assert_eq!(&after.recent, &expected);
        prop_assert_eq!(after.consecutive as usize, expected.len());
    }

    /// The store's writers and two gateways give no order; a suspension that is due comes in any.
    #[test]
    fn the_order_of_events_lets_nobody_out_early(events in within_an_hour(), seed in any::<u64>()) {
        let mut sorted = events.clone();
        sorted.sort_unstable();
        let mut shuffled = events.clone();
        // A shuffle of its own: sorted by a keyed hash of place and seed.
        let mut keyed: Vec<(u64, (i64, bool))> = shuffled.drain(..).enumerate().map(|(at, given)| ((at as u64 ^ seed).wrapping_mul(0x9E37_79B9_7F4A_7C15), given)).collect();
        keyed.sort_by_key(|(key, _)| *key);
        let shuffled: Vec<(i64, bool)> = keyed.into_iter().map(|(_, given)| given).collect();
        let (in_order, in_disorder) = (replay(&sorted), replay(&shuffled));
        prop_assert!(in_disorder.until_ms >= in_order.until_ms, "{in_disorder:?} {in_order:?}");
        if in_order.state == State::Suspended {
            prop_assert_eq!((in_disorder.state, in_disorder.until_ms), (in_order.state, in_order.until_ms));
        }
    }

    /// Whatever comes in, at whatever time, a wait or suspension that is not over is not shortened, and the user is not let in before.
    #[test]
    fn no_event_ends_anything_before_its_time(events in prop::collection::vec((-3 * DAY_MS..3 * DAY_MS, 0u8..3), 1..60)) {
        let mut standing = Standing::new("p");
        for (at, kind) in events {
            let now = START + at;
            let before = standing.clone();
            standing = match kind {
                0 => standing.good(),
                1 => rules().apply(&standing, strike(now)).0,
                _ => rules().apply(&standing, Event { class: Some(RiskClass::A1c), ..strike(now) }).0,
            };
            if before.may(now) != Admission::Go || kind == 0 {
                prop_assert!(standing.until_ms >= before.until_ms, "{before:?} {standing:?}");
            }
            prop_assert!(standing.recent.is_sorted() && standing.recent.len() <= MAX_RECENT);
            prop_assert_eq!(standing.until_ms == 0, matches!(standing.state, State::Good | State::Warned));
        }
    }

    /// A clock that goes back, once or often, never opens a door earlier than the same strikes on a clock that stands still.
    #[test]
    fn a_clock_that_goes_back_lets_nobody_out_early(back in 0..DAY_MS, ahead in 0..HOUR_MS) {
        let suspended = after([0, 1, 2, 3, 4].map(|n| START + n));
        let until = suspended.until_ms;
        prop_assert_ne!(suspended.may(START - back), Admission::Go);
        let struck = rules().apply(&suspended, strike(START - back)).0;
        prop_assert!(struck.until_ms >= until && struck.may(until - 1) != Admission::Go);
        // One strike of a clock far ahead suspends nobody by itself, and binds nobody to its time.
        let far = after(std::iter::once(START + 400 * DAY_MS).chain((0..6).map(|n| START + ahead * n)));
        prop_assert!(far.until_ms > 0 && far.until_ms <= START + 3 * DAY_MS, "{far:?}");
    }

    /// However many strikes there were, a user who stays away is in the end as good as new.
    #[test]
    fn everything_decays(events in within_an_hour()) {
        let before = replay(&events);
        let long_after = START + 400 * DAY_MS;
        prop_assert_eq!(before.may(long_after), Admission::Go);
        let (next, _) = rules().apply(&before, strike(long_after));
        prop_assert_eq!((next.state, next.recent, next.consecutive), (State::Good, vec![long_after], 1));
    }

    /// The window is found as a slow count finds it: suspended exactly if some window of the rule has enough strikes.
    #[test]
    fn a_suspension_is_what_a_slow_count_says(times in prop::collection::vec(0..3 * HOUR_MS, 0..14)) {
        let after = after(times.iter().map(|at| START + at));
        let slow = rules().suspend().iter().any(|rule| {
            let within = i64::from(rule.within_minutes) * MINUTE_MS;
            times.iter().any(|from| times.iter().filter(|at| (*from..*from + within).contains(at)).count() >= rule.strikes as usize)
        });
        prop_assert_eq!(after.state == State::Suspended, slow);
    }
}

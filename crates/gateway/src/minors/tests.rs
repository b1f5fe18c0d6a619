use jiff::civil::{Date, date};

use super::*;

fn on(text: &str) -> Rules {
    Rules::parse(&text.replace("on     = false", "on     = true")).unwrap()
}

fn rules() -> Rules {
    on(BUILT_IN)
}

fn minor(years: u8) -> Profile {
    Profile { age: Age::Minor(Some(years)), guardian: None }
}

fn at(rules: &Rules, day: Date, hour: i8, minute: i8) -> Zoned {
    day.at(hour, minute, 0, 0).to_zoned(rules.zone.clone()).unwrap()
}

const DAY: Date = date(2026, 11, 22);

fn minutes(today: u64) -> Used {
    Used { today_ms: today * MINUTE_MS, without_break_ms: 0 }
}

fn refused(rules: &Rules, profile: &Profile, local: &Zoned, used: Used) -> Option<(Why, String)> {
    match rules.check(profile, local, used) {
        Verdict::Refuse { why, until } => Some((why, rules.local(until).strftime("%d %H:%M").to_string())),
        Verdict::Go | Verdict::Remind => None,
    }
}

#[test]
fn each_band_has_its_time() {
    let rules = rules();
    let noon = at(&rules, DAY, 12, 0);
    for (years, allowed) in [(5, 40), (7, 40), (8, 60), (15, 60), (16, 120), (17, 120)] {
        assert_eq!(refused(&rules, &minor(years), &noon, minutes(allowed - 1)), None, "{years}");
        assert_eq!(refused(&rules, &minor(years), &noon, minutes(allowed)), Some((Why::Time, "23 06:00".to_owned())), "{years}");
    }
    for profile in [minor(18), Profile { age: Age::Adult, guardian: None }, Profile::default()] {
        assert_eq!(refused(&rules, &profile, &noon, minutes(1_000)), None, "{profile:?}");
    }
    assert_eq!(
        refused(&rules, &Profile { age: Age::Minor(None), guardian: None }, &noon, minutes(40)).map(|(why, _)| why),
        Some(Why::Time)
    );
}

#[test]
fn nights_are_off_to_the_minute() {
    let rules = rules();
    for (hour, minute, until) in [
        (21, 59, None),
        (22, 0, Some("23 06:00")),
        (23, 59, Some("23 06:00")),
        (0, 0, Some("22 06:00")),
        (5, 59, Some("22 06:00")),
        (6, 0, None),
    ] {
        let got = refused(&rules, &minor(17), &at(&rules, DAY, hour, minute), minutes(0));
        assert_eq!(got, until.map(|until| (Why::Night, until.to_owned())), "{hour}:{minute}");
    }
}

#[test]
fn nothing_holds_while_the_mode_is_off() {
    let rules = Rules::built_in().unwrap();
    let used = Used { today_ms: 1_000 * MINUTE_MS, without_break_ms: 1_000 * MINUTE_MS };
    assert_eq!(rules.check(&minor(5), &at(&rules, DAY, 23, 0), used), Verdict::Go);
    assert_eq!(rules.limits(&minor(5)), None);
}

#[test]
fn long_use_is_remarked_on() {
    let used = Used { today_ms: 0, without_break_ms: 120 * MINUTE_MS };
    let noon = |rules: &Rules| at(rules, DAY, 12, 0);
    let rules = rules();
    let before = Used { without_break_ms: used.without_break_ms - 1, ..used };
    assert_eq!(
        (rules.check(&minor(17), &noon(&rules), used), rules.check(&minor(17), &noon(&rules), before)),
        (Verdict::Remind, Verdict::Go)
    );
    assert_eq!(rules.check(&Profile::default(), &noon(&rules), used), Verdict::Go);
    let everyone = on(&BUILT_IN.replace("who = \"minors\"", "who = \"everyone\""));
    assert_eq!(everyone.check(&Profile { age: Age::Adult, guardian: None }, &noon(&everyone), used), Verdict::Remind);
}

#[test]
fn somebody_of_unknown_age_is_what_the_rules_say() {
    let strict = on(&BUILT_IN.replace("unknown = \"adult\"", "unknown = \"minor\""));
    assert_eq!(strict.limits(&Profile::default()).map(|limits| limits.minutes), Some(40));
    assert_eq!(rules().limits(&Profile::default()), None);
}

#[test]
fn a_guardian_tightens_and_loosens_only_where_allowed() {
    let guardian: Guardian = serde_json::from_value(serde_json::json!({
        "minutes": 30, "night": {"from": "08:00", "to": "16:30"}, "models": ["small"]
    }))
    .unwrap();
    let profile = Profile { age: Age::Minor(Some(10)), guardian: Some(guardian.clone()) };
    let rules = rules();
    let limits = rules.limits(&profile).unwrap();
    assert!(limits.minutes == 30 && limits.nights.len() == 2);
    assert!(limits.allows_model("small") && !limits.allows_model("large") && limits.allows_feature("tools"));
    assert_eq!(refused(&rules, &profile, &at(&rules, DAY, 9, 0), minutes(0)), Some((Why::Night, "22 16:30".to_owned())));
    assert_eq!(refused(&rules, &profile, &at(&rules, DAY, 23, 0), minutes(0)), Some((Why::Night, "23 06:00".to_owned())));

    let more = Profile { guardian: Some(Guardian { minutes: Some(200), ..guardian }), ..profile };
    assert_eq!(rules.limits(&more).unwrap().minutes, 60);
    let loose = on(&BUILT_IN.replace("guardian_may_loosen = false", "guardian_may_loosen = true"));
    assert_eq!(loose.limits(&more).unwrap().minutes, 200);
    assert_eq!(refused(&loose, &more, &at(&loose, DAY, 23, 0), minutes(0)), None);
}

#[test]
fn hours_off_that_touch_are_taken_together() {
    let text = BUILT_IN.replacen("from = \"22:00\", to = \"06:00\"", "from = \"20:00\", to = \"07:00\"", 1);
    let rules = on(&text);
    let guardian = Guardian { night: serde_json::from_str("{\"from\":\"06:30\",\"to\":\"16:00\"}").unwrap(), ..Guardian::default() };
    let profile = Profile { age: Age::Minor(Some(6)), guardian: Some(guardian) };
    assert_eq!(refused(&rules, &profile, &at(&rules, DAY, 23, 0), minutes(0)), Some((Why::Night, "23 16:00".to_owned())));
    assert_eq!(refused(&rules, &profile, &at(&rules, DAY, 17, 0), minutes(40)), Some((Why::Time, "23 16:00".to_owned())));
    let whole_day = Guardian { night: serde_json::from_str("{\"from\":\"07:00\",\"to\":\"20:00\"}").unwrap(), ..Guardian::default() };
    let never = Profile { age: Age::Minor(Some(6)), guardian: Some(whole_day) };
    assert!(refused(&rules, &never, &at(&rules, DAY, 12, 0), minutes(0)).is_some(), "a day that is off from end to end ends the search");
}

#[test]
fn bands_may_name_models_features_and_a_policy() {
    let text = BUILT_IN.replacen("minutes = 40", "minutes = 40\nmodels = [\"child\"]\nfeatures = []\npolicy = \"minors\"", 1);
    let limits = on(&text).limits(&minor(5)).unwrap();
    assert!(limits.allows_model("child") && !limits.allows_model("gpt") && !limits.allows_feature("tools"));
    assert_eq!(limits.policy.as_deref(), Some("minors"));
}

#[test]
fn a_bad_file_is_named() {
    for (from, to, says) in [
        ("below = 8", "below = 17", "ascending"),
        ("below = 18", "below = 21", "ends at 18"),
        ("zone   = \"Asia/Shanghai\"", "zone = \"Mars/Olympus\"", "time zone"),
        ("from = \"22:00\"", "from = \"25:00\"", "22:00"),
        ("minutes = 40", "minutes = 1441", "within"),
        ("who = \"minors\"", "who = \"nobody\"", "reminded"),
    ] {
        let error = Rules::parse(&BUILT_IN.replacen(from, to, 1)).unwrap_err();
        assert!(error.message.contains(says) && error.line > 1, "{to}: {error}");
    }
}

#[test]
fn shanghai_is_known_without_a_zone_database() {
    let summer = date(2026, 7, 1).at(0, 0, 0, 0);
    assert_eq!(summer.to_zoned(zone("Asia/Shanghai").unwrap()).unwrap().offset(), jiff::tz::offset(8));
}

#[test]
fn a_profile_is_written_and_read() {
    for profile in
        [Profile::default(), minor(9), Profile { age: Age::Adult, guardian: Some(Guardian { minutes: Some(5), ..Guardian::default() }) }]
    {
        let text = serde_json::to_string(&profile).unwrap();
        assert_eq!(serde_json::from_str::<Profile>(&text).unwrap(), profile, "{text}");
    }
}

use taxonomy::{AttackKind, Decision, Fault, Finding, PersonalKind, RiskClass, Severity, Span};

use super::*;
use crate::canned::{Occasion, Reason};
use crate::wire::Channel;

fn built_in() -> Policy {
    Policy::built_in().unwrap()
}

/// The built-in policy with one text in place of another.
fn changed(from: &str, to: &str) -> Result<Policy, SettingError> {
    assert!(BUILT_IN.contains(from), "{from}");
    Policy::parse(&BUILT_IN.replacen(from, to, 1))
}

fn finding(severity: Severity) -> Finding {
    Finding {
        class: Some(RiskClass::A1f),
        attack: None,
        personal: None,
        detector: "keywords".to_owned(),
        rule: "A1f-0001".to_owned(),
        score: 1.0,
        severity,
        span: Span { start: 0, end: 1 },
        matched: "x".to_owned(),
        via: None,
    }
}

fn mobile() -> Finding {
    Finding { class: None, personal: Some(PersonalKind::Mobile), ..finding(Severity::Review) }
}

fn attack(kind: AttackKind) -> Finding {
    Finding { class: None, attack: Some(kind), ..finding(Severity::Block) }
}

fn fault() -> Fault {
    Fault { detector: "guard".to_owned(), message: "timeout".to_owned() }
}

#[test]
fn the_built_in_policy_does_what_its_page_says() {
    use Action as A;
    use Channel as C;
    use Direction::{Input, Output};
    use Severity::{Block, Note, Review};
    let policy = built_in();
    let class = Reason::Class(RiskClass::A1f);
    let personal = Reason::Occasion(Occasion::Personal);
    let table = [
        (Input, C::User, vec![], A::Pass, None),
        (Input, C::User, vec![finding(Note)], A::Pass, None),
        (Input, C::User, vec![finding(Review)], A::Pass, None),
        (Input, C::User, vec![finding(Block)], A::Refuse, Some(class)),
        (Input, C::User, vec![mobile()], A::Pass, None),
        (Input, C::User, vec![attack(AttackKind::Jailbreak)], A::Refuse, Some(Reason::Occasion(Occasion::Attack))),
        (Input, C::User, vec![attack(AttackKind::Secret)], A::Mask, Some(Reason::Occasion(Occasion::Attack))),
        (Input, C::System, vec![finding(Review)], A::Pass, None),
        (Input, C::System, vec![finding(Block)], A::Refuse, Some(class)),
        (Input, C::ToolDefinition, vec![finding(Review), finding(Review)], A::Pass, None),
        (Input, C::ToolDefinition, vec![finding(Review), finding(Block)], A::Refuse, Some(class)),
        (Input, C::ToolResult, vec![finding(Review)], A::Pass, None),
        (Output, C::Content, vec![finding(Review)], A::Refuse, Some(class)),
        (Output, C::Reasoning, vec![finding(Block)], A::Refuse, Some(class)),
        (Output, C::ToolArguments, vec![mobile()], A::Mask, Some(personal)),
        (Output, C::Content, vec![mobile(), finding(Block)], A::Refuse, Some(class)),
    ];
    for (direction, channel, findings, action, reason) in table {
        let decided = policy.decide(direction, channel, &findings, &[]);
        assert_eq!((decided.action, decided.reason), (action, reason), "{direction} {channel} {findings:?}");
    }
}

#[test]
fn a_fault_holds_and_a_graver_finding_speaks_before_it() {
    let policy = built_in();
    let fault_only = policy.decide(Direction::Input, Channel::User, &[], &[fault()]);
    assert_eq!((fault_only.action, fault_only.reason), (Action::Hold, Some(Reason::Occasion(Occasion::Fault))));
    let both = policy.decide(Direction::Input, Channel::User, &[finding(Severity::Block)], &[fault()]);
    assert_eq!((both.action, both.reason), (Action::Refuse, Some(Reason::Class(RiskClass::A1f))));
    // In a channel where only violations count, a check that was not made still counts.
    assert_eq!(policy.decide(Direction::Input, Channel::System, &[], &[fault()]).action, Action::Hold);
}

#[test]
fn what_is_to_be_masked_is_masked_beside_what_passes() {
    // Nobody reviews here: a hold is a pass. The mobile number must not slip through with it.
    let policy = changed("hold   = \"refuse\"", "hold   = \"pass\"").unwrap();
    let decided =
        policy.decide(Direction::Output, Channel::Content, &[finding(Severity::Review), mobile(), finding(Severity::Note), mobile()], &[]);
    assert_eq!((decided.action, decided.masked), (Action::Mask, vec![1, 3]));
}

#[test]
fn more_findings_and_faults_never_make_an_action_milder() {
    use proptest::prelude::*;
    let kinds = [finding(Severity::Note), finding(Severity::Review), finding(Severity::Block), mobile(), attack(AttackKind::Secret)];
    let actions = ["pass", "mask", "replace", "hold", "refuse"];
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let given = (proptest::collection::vec(0usize..5, 0..5), 0usize..5, 0usize..5, proptest::collection::vec(0usize..5, 3), 0usize..2);
    runner
        .run(&given, |(some, more, fault_action, rows, side)| {
            let mut text = BUILT_IN.to_owned();
            for (row, action) in ["mask   = \"mask\"", "hold   = \"hold\"", "refuse = \"refuse\""].into_iter().zip(rows) {
                text = text.replace(row, &format!("{} = \"{}\"", row.split(' ').next().unwrap(), actions[action]));
            }
            let fault_action = if actions[fault_action] == "mask" { "pass" } else { actions[fault_action] };
            let policy = Policy::parse(&text.replace("fault  = \"hold\"", &format!("fault = \"{fault_action}\""))).unwrap();
            let direction = [Direction::Input, Direction::Output][side];
            let mut findings: Vec<Finding> = some.iter().map(|at| kinds[*at].clone()).collect();
            let decide = |findings: &[Finding], faults: &[Fault]| policy.decide(direction, Channel::Unknown, findings, faults).action;
            let before = decide(&findings, &[]);
            findings.push(kinds[more].clone());
            prop_assert!(decide(&findings, &[]) >= before && decide(&findings, &[fault()]) >= decide(&findings, &[]));
            Ok(())
        })
        .unwrap();
}

#[test]
fn in_shadow_mode_everything_passes_and_says_what_would_have_been() {
    let judge = include_str!("../../../detect/data/policy.toml").replace("shadow = false", "shadow = true");
    let inline = judge.replace("[input", "[judge.input").replace("[output", "[judge.output").replace("[corpus", "[judge.corpus");
    let policy = Policy::parse(&format!("{BUILT_IN}\n[judge]\n{inline}")).unwrap();
    let decided = policy.decide(Direction::Input, Channel::User, &[finding(Severity::Block)], &[]);
    assert_eq!(decided, Decided { action: Action::Pass, shadow: Some(Action::Refuse), reason: None, masked: vec![] });
    assert_eq!(built_in().decide(Direction::Input, Channel::User, &[], &[]).shadow, None);
}

#[test]
fn the_inline_judge_is_the_one_that_decides() {
    let judge = include_str!("../../../detect/data/policy.toml").replace("name = \"guiju-default\"", "name = \"house\"");
    let inline =
        |judge: &str| judge.replace("[input", "[judge.input").replace("[output", "[judge.output").replace("[corpus", "[judge.corpus");
    let strict = inline(&judge).replacen("personal = \"pass\"", "personal = \"refuse\"", 1);
    let policy = Policy::parse(&format!("{BUILT_IN}\n[judge]\n{strict}")).unwrap();
    assert_eq!(policy.decide(Direction::Input, Channel::User, &[mobile()], &[]).action, Action::Refuse);
    assert!(policy.judge().version().starts_with("house "));
    let broken = strict.replace("review = \"hold\"", "review = \"maybe\"");
    let error = Policy::parse(&format!("{BUILT_IN}\n[judge]\n{broken}")).unwrap_err();
    let line = BUILT_IN.lines().count() + 2;
    assert!(error.line == line && error.message.contains("maybe"), "{error}; the table is in line {line}");
}

#[test]
fn opaque_things_are_refused_unless_their_kind_is_named() {
    let policy = changed("any = \"refuse\"\n\n# Tool", "any = \"hold\"\nimage = \"pass\"\n\n# Tool").unwrap();
    let kinds = ["image", "audio", "made-up"].map(|kind| policy.opaque(Direction::Input, kind));
    assert_eq!(kinds, [Action::Pass, Action::Hold, Action::Hold]);
    assert_eq!(policy.opaque(Direction::Output, "image"), Action::Refuse);
    assert_eq!(built_in().opaque(Direction::Input, "tokens"), Action::Refuse);
}

#[test]
fn a_high_risk_scene_forces_everything_and_a_person() {
    let text = BUILT_IN.replace("high_risk = []", "high_risk = [\"medical\"]").replace("nobody         = \"refuse\"", "nobody = \"pass\"");
    let policy = Policy::parse(&text.replace("classifier = \"full\"", "classifier = \"off\"")).unwrap();
    let (plain, medical) = (policy.terms(Some("weather")), policy.terms(Some("medical")));
    assert_eq!((plain, policy.terms(None).person), (policy.terms(None), false));
    assert_eq!((plain.stream, plain.request_classifier, plain.nobody), (StreamMode::Trail, Choice::Off, Nobody::Pass));
    assert_eq!((medical.stream, medical.request_classifier, medical.answer_classifier), (StreamMode::Full, Choice::Full, Choice::Full));
    assert!(medical.person && medical.nobody == Nobody::Refuse, "nobody's decision is no person's decision");
    assert_eq!(plain.answer([Action::Pass, Action::Mask]), Action::Mask);
    assert_eq!(
        [medical.answer([]), medical.answer([Action::Mask]), medical.answer([Action::Refuse])],
        [Action::Hold, Action::Hold, Action::Refuse]
    );
}

#[test]
fn a_bad_policy_is_refused_with_its_line() {
    for (from, to, says) in [
        ("format  = 1", "format = 2", "format 2"),
        ("name    = \"guiju-gateway\"", "name = \"My Policy\"", "1 to 64"),
        ("unmask     = true", "unmaks = true", "unmaks"),
        ("stream     = \"trail\"", "stream = \"fast\"", "stream mode"),
        ("wait_ms        = 30000", "wait_ms = 120001", "within 0 to 120000"),
        ("days    = 365", "days = 90", "within 184"),
        ("refuse = \"refuse\"", "refuse = \"reroute\"", "safer_model"),
        ("fault  = \"hold\"", "fault = \"mask\"", "no span"),
        ("pass   = \"pass\"", "pass = \"mask\"", "no span"),
        ("any = \"refuse\"", "any = \"mask\"", "passed, held or refused"),
        ("any = \"refuse\"", "Any = \"refuse\"", "plain name"),
        ("[request.channels.system]", "[request.channels.content]", "no text of requests"),
        ("[request.channels.system]", "[request.channels.sytem]", "channel"),
        ("least = \"block\"", "least = \"blok\"", "severity"),
        ("[answer.opaque]", "[answer.channels.content]\nunmask = true\n[answer.opaque]", "stays masked"),
        ("high_risk = []", "high_risk = [\"A b\"]", "scenes"),
        ("zh       = \"人工智能生成\"", "zh = \"由模型写成\"", "visible label"),
        ("producer = \"\"", "producer = \"某某公司\"", "ContentProducer"),
        ("default = \"mask\"", "default = \"mask\"\nkey = \"00112233\"", "unknown field"),
        ("default = \"mask\"", "default = \"pseudonym\"", "a gateway holds no secret"),
        ("[scenes]", "[canned.texts.A9z]\nzh=[\"a\"]\nen=[\"b\"]\n[scenes]", "A9z"),
    ] {
        let error = changed(from, to).unwrap_err();
        let line = BUILT_IN.split(from).next().unwrap().matches('\n').count() + 1;
        assert!(error.message.contains(says) && !error.to_string().contains("00112233"), "{to}: {error}");
        // A whole table is named by its heading or first line; a value by its own line.
        assert!(error.line.abs_diff(line) <= 5, "{to}: {error}, expected near line {line}");
    }
    let answer = BUILT_IN.replace("# safer_model", "safer_model").replacen(
        "[answer.actions]\npass   = \"pass\"",
        "[answer.actions]\npass = \"reroute\"",
        1,
    );
    assert!(Policy::parse(&answer).unwrap_err().message.contains("answered already"));
}

#[test]
fn a_policy_is_named_by_all_that_stands_in_it() {
    let (policy, other) = (built_in(), changed("days    = 365", "days    = 366").unwrap());
    assert!(policy.version().starts_with("guiju-gateway ") && policy.version() != other.version());
    assert_eq!((policy.record().days, other.record().days, policy.strikes()), (365, 366, "default"));
    let own = changed("[scenes]", "[canned.texts.fault]\nzh=[\"稍后再试\"]\nen=[\"Later\"]\n[scenes]").unwrap();
    assert_eq!(own.canned().text(Reason::Occasion(Occasion::Fault), taxonomy::Lang::Zh, crate::canned::Facts::default()), "稍后再试");
}

#[test]
fn the_page_shows_the_built_in_policy_as_it_is() {
    // The example of docs/formats/gateway-policy.md must be a policy, and do what the built-in does.
    let page = include_str!("../../../../docs/formats/gateway-policy.md");
    let example: String = page
        .lines()
        .skip_while(|line| *line != "    format  = 1")
        .map_while(|line| if line.is_empty() { Some("\n".to_owned()) } else { line.strip_prefix("    ").map(|line| format!("{line}\n")) })
        .collect();
    let (page, own) = (Policy::parse(&example).unwrap(), built_in());
    assert_eq!((page.terms(None), page.hold(), page.record(), page.label()), (own.terms(None), own.hold(), own.record(), own.label()));
    for decision in Decision::ALL {
        let severity = [Severity::Note, Severity::Note, Severity::Review, Severity::Block][decision.index()];
        for channel in Channel::ALL {
            for direction in [Direction::Input, Direction::Output] {
                let decide = |policy: &Policy| policy.decide(direction, *channel, &[finding(severity)], &[fault()]).action;
                assert_eq!(decide(&page), decide(&own), "{direction} {channel} {severity}");
            }
        }
    }
}

//! Long texts, odd texts, and where a finding stands in them.

use std::fs;
use std::sync::{Arc, LazyLock};

use detect::classifier::{Classifier, Input, Label};
use onnx::{MAX_WINDOWS, Onnx};
use proptest::prelude::*;
use taxonomy::{InputKind, Severity};

use super::{TABLE, directory, open, sigmoid};

/// Sixteen tokens, two of them special: windows of fourteen, seven apart.
fn short_windows() -> String {
    sigmoid().replace("[output]", "[input]\nmax_tokens = 16\n[output]")
}

static SHORT: LazyLock<Onnx> = LazyLock::new(|| open("words", &short_windows()));

fn text(text: &str) -> Input<'_> {
    Input { kind: InputKind::Text, text, prompt: None }
}

#[test]
fn a_finding_in_a_long_text_has_the_span_of_its_window_in_the_original() {
    let harm = "坏 垃圾 bad，坏";
    let long = format!("{}{harm}{}", "The cat，是 好 人 . ".repeat(40), " the dog is good".repeat(60));
    let findings = SHORT.findings(&text(&long));
    let finding = findings.iter().find(|finding| finding.rule == "onnx.A2h").unwrap();
    let place = long.find(harm).unwrap();
    assert!(finding.span.start <= place && place + harm.len() <= finding.span.end, "{finding:?}");
    assert!(finding.span.end - finding.span.start < 80, "a window, not the text: {}", finding.matched);
    assert_eq!(finding.span.cut(&long), Some(finding.matched.as_str()));
}

#[test]
fn windows_overlap_and_cover_the_text() {
    let long = "坏 cat ".repeat(50);
    let windows = SHORT.windows(&text(&long));
    assert_eq!(windows.len(), (100_usize - 14).div_ceil(7) + 1);
    assert_eq!((windows[0].units.start, windows.last().unwrap().units.end), (0, detect::fold(&long).units().len()));
    assert!(windows.array_windows().all(|[a, b]| a.units.start < b.units.start && b.units.start < a.units.end));
}

#[test]
fn of_a_very_long_text_windows_are_spread_from_the_beginning_to_the_end() {
    let long = "the cat ".repeat(40_000);
    let windows = SHORT.windows(&text(&long));
    let units = detect::fold(&long).units().len();
    assert_eq!((windows.len(), windows[0].units.start, windows.last().unwrap().units.end), (MAX_WINDOWS, 0, units));
    let steps: Vec<_> = windows.array_windows().map(|[a, b]| b.units.start - a.units.start).collect();
    assert!(steps.iter().max().unwrap() - steps.iter().min().unwrap() <= 8, "{steps:?}");
}

#[test]
fn there_is_always_one_window() {
    for odd in ["", " ", "\u{200b}", "\0", "🙂", "\u{301}"] {
        let windows = SHORT.windows(&text(odd));
        assert_eq!((windows.len(), &windows[0].units), (1, &(0..detect::fold(odd).units().len())), "{odd:?}");
        assert!(SHORT.findings(&text(odd)).is_empty(), "{odd:?}");
    }
}

#[test]
fn a_special_token_that_a_text_spells_is_a_text_like_any_other() {
    let ids = |words| SHORT.windows(&text(words))[0].scores;
    assert_ne!(ids("bad [PAD]"), ids("bad"), "it is read as several signs");
    assert!(
        ids("bad [PAD]") == ids("bad ( PAD )") && ids("bad [SEP]") == ids("bad [PAD]"),
        "signs unknown to the tokenizer are one token each"
    );
}

#[test]
fn a_text_is_scored_the_same_from_many_threads() {
    let model: Arc<dyn Classifier> = Arc::new(open("words", TABLE));
    let once = model.windows(&text("bad cat"));
    let asked = (0..8).map(|_| {
        let model = Arc::clone(&model);
        std::thread::spawn(move || (0..20).map(|_| model.windows(&text("bad cat"))).collect::<Vec<_>>())
    });
    let asked: Vec<_> = asked.collect();
    assert!(asked.into_iter().flat_map(|thread| thread.join().unwrap()).all(|windows| windows == once));
}

#[test]
fn no_file_is_asked_for_once_it_is_open() {
    let dir = directory("words", TABLE);
    let model = Onnx::open(dir.path()).unwrap();
    drop(dir);
    assert!(!model.findings(&text("bad bad bad")).is_empty());
}

#[test]
fn a_text_without_any_token_is_not_asked_about() {
    let dir = directory("words", TABLE);
    let path = dir.path().join("tokenizer.json");
    let mut tokenizer: serde_json::Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    tokenizer["post_processor"] = serde_json::Value::Null;
    fs::write(&path, tokenizer.to_string()).unwrap();
    let model = Onnx::open(dir.path()).unwrap();
    assert!(model.findings(&text("  ")).is_empty() && model.probabilities(&text("")).labels.iter().all(|probability| *probability < 1e-9));
    // Without special tokens, `bad cat` has a mean of `[0, 4, 0, 0]`.
    assert!(!model.findings(&text("bad cat")).is_empty());
}

#[test]
fn a_text_that_the_model_fails_on_is_looked_at() {
    let model = open("endless-dog", TABLE);
    assert!(model.findings(&text("the good cat")).is_empty());
    let findings = model.findings(&text("the good dog"));
    let mut rules: Vec<_> = findings.iter().map(|finding| (finding.rule.as_str(), finding.severity)).collect();
    rules.sort_unstable();
    assert_eq!(rules, ["onnx.A2h", "onnx.A3a", "onnx.injection", "onnx.jailbreak"].map(|rule| (rule, Severity::Review)));
}

fn words() -> impl Strategy<Value = String> {
    let word = prop_oneof![
        "\\PC{0,12}",
        any::<char>().prop_map(String::from),
        prop::sample::select(vec!["bad ", "坏", "垃圾广告", "ignore instructions ", "[SEP]", "𠮷", "e\u{301}", "\u{200b}", "ﷺ", "\r\n"])
            .prop_map(str::to_owned),
    ];
    prop::collection::vec(word, 0..60).prop_map(|words| words.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_gets_finite_scores_and_spans_between_its_characters(answer in words(), prompt in prop::option::of(words())) {
        let kind = if prompt.is_some() { InputKind::Dialog } else { InputKind::Answer };
        let input = Input { kind, text: &answer, prompt: prompt.as_deref() };
        let units = detect::fold(&answer).units().len();
        let windows = SHORT.windows(&input);
        prop_assert!(!windows.is_empty() && windows.len() <= MAX_WINDOWS);
        for window in &windows {
            prop_assert!(window.units.start <= window.units.end && window.units.end <= units);
            prop_assert!(window.scores.iter().all(|score| score.is_finite()));
        }
        let probabilities = SHORT.probabilities(&input);
        prop_assert!(Label::all().all(|label| (0.0..=1.0).contains(&probabilities.labels[label.index()])));
        for finding in SHORT.findings(&input) {
            prop_assert_eq!(finding.span.cut(&answer), Some(finding.matched.as_str()));
            prop_assert!(answer.get(finding.span.start..finding.span.end).is_some());
        }
    }
}

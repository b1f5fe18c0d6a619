//! Probabilities against numbers worked out by hand.

use detect::classifier::{Classifier, Input, Label, Probabilities};
use taxonomy::{AttackKind, InputKind, RiskClass, Severity};

use super::{TABLE, open, sigmoid};

fn text(text: &str) -> Input<'_> {
    Input { kind: InputKind::Text, text, prompt: None }
}

fn of(probabilities: &Probabilities, id: &str) -> f64 {
    probabilities.labels[id.parse::<Label>().unwrap().index()]
}

fn near(found: f64, expected: f64) {
    assert!((found - expected).abs() < 1e-6, "{found} is not {expected}");
}

/// `[CLS] bad cat [SEP]`: the mean is `[0, 2, 0, 0]`, and after the linear layer and its bias stand `[1, 1, 0, -1]`.
const OUTPUTS: [f64; 4] = [1.0, 1.0, 0.0, -1.0];

#[test]
fn a_softmax_sums_the_probabilities_of_all_labels_that_stand_for_one_of_ours() {
    let found = open("words", TABLE).probabilities(&text("bad cat"));
    let [ok, abuse, spam, attack] = OUTPUTS.map(f64::exp);
    let sum = ok + abuse + spam + attack;
    near(of(&found, "A2h"), (abuse + spam) / sum);
    near(of(&found, "A3a"), spam / sum);
    near(of(&found, "jailbreak"), attack / sum);
    near(of(&found, "injection"), attack / sum);
}

#[test]
fn a_sigmoid_takes_the_highest_of_all_labels_that_stand_for_one_of_ours() {
    let found = open("words", &sigmoid()).probabilities(&text("bad cat"));
    let [_, abuse, spam, attack] = OUTPUTS.map(logistic);
    near(of(&found, "A2h"), abuse);
    near(of(&found, "A3a"), spam);
    near(of(&found, "extraction"), 0.0);
    near(of(&found, "injection"), attack);
}

fn logistic(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

#[test]
fn what_no_label_stands_for_has_no_probability() {
    for table in [TABLE, &sigmoid()] {
        let found = open("words", table).probabilities(&text("bad spam 坏 ignore instructions"));
        let others = Label::all().filter(|label| !["A2h", "A3a", "jailbreak", "injection"].contains(&label.id()));
        assert!(others.clone().count() == 28 && others.map(|label| found.labels[label.index()]).all(|p| (0.0..1e-20).contains(&p)));
        assert!((0.0..=1.0).contains(&found.any));
    }
}

#[test]
fn the_model_reads_the_text_as_it_stands_whatever_its_case_or_script() {
    let model = open("words", TABLE);
    let [plain, shouted] = ["bad cat", "BAD  Cat"].map(|words| model.probabilities(&text(words)));
    assert_eq!(plain, shouted, "its own tokenizer makes letters small");
    near(of(&model.probabilities(&text("坏 cat")), "A2h"), of(&plain, "A2h"));
    // Folding would make 壞 simple; the model has never seen it, and its tokenizer does not.
    assert!(of(&model.probabilities(&text("壞 cat")), "A2h") < of(&plain, "A2h"));
}

#[test]
fn an_answer_is_read_beside_its_prompt() {
    let model = open("types", TABLE);
    let dialog = |prompt, text| model.probabilities(&Input { kind: InputKind::Dialog, text, prompt: Some(prompt) });
    // `[CLS] hello [SEP] bad [SEP]`, in which what is of the answer counts three times: the mean is `[0, 24/5, 0, 0]`.
    let [ok, abuse, spam, attack] = [1.0_f64, 24.0 / 5.0 - 1.0, 12.0 / 5.0 - 1.0, -1.0].map(f64::exp);
    near(of(&dialog("hello", "bad"), "A2h"), (abuse + spam) / (ok + abuse + spam + attack));
    // `[CLS] bad [SEP] hello [SEP]`: the mean is `[0, 8/5, 0, 0]`.
    let [ok, abuse, spam, attack] = [1.0_f64, 8.0 / 5.0 - 1.0, 4.0 / 5.0 - 1.0, -1.0].map(f64::exp);
    near(of(&dialog("bad", "hello"), "A2h"), (abuse + spam) / (ok + abuse + spam + attack));
}

#[test]
fn of_a_long_prompt_only_the_beginning_is_read() {
    let model = open("types", &TABLE.replace("[output]", "[input]\nmax_tokens = 40\n[output]"));
    let dialog = |prompt: &str| model.probabilities(&Input { kind: InputKind::Dialog, text: "hello", prompt: Some(prompt) });
    let ten = "bad ".repeat(10);
    assert_eq!(dialog(&ten), dialog(&format!("{ten} good good good")));
    assert_eq!(model.windows(&Input { kind: InputKind::Dialog, text: "hello", prompt: Some(&ten.repeat(50)) }).len(), 1);
}

#[test]
fn names_of_inputs_and_outputs_may_be_given() {
    let renamed = open("renamed", &TABLE.replace("[output]", "[input]\ninput_ids = \"tokens\"\nattention_mask = \"seen\"\n[output]"));
    let two = open("two-outputs", &TABLE.replace("[output]", "[output]\nname = \"second\""));
    let usual = open("words", TABLE).probabilities(&text("bad cat"));
    assert_eq!((renamed.probabilities(&text("bad cat")), two.probabilities(&text("bad cat"))), (usual, usual));
}

#[test]
fn findings_name_classes_and_attacks() {
    let model = open("words", &sigmoid());
    let findings = model.findings(&Input { kind: InputKind::Prompt, text: "坏 坏 坏 cat", prompt: None });
    let [finding, spam] = findings.as_slice() else { panic!("{findings:?}") };
    // Three of six tokens: the outputs are `[1, 3, 1, -1]`, and A2h gets the highest of its two.
    near(f64::from(finding.score), logistic(3.0));
    assert_eq!((finding.class, finding.severity, finding.rule.as_str()), (Some(RiskClass::A2h), Severity::Review, "onnx.A2h"));
    assert_eq!((spam.class, spam.severity), (Some(RiskClass::A3a), Severity::Note));
    assert_eq!((finding.detector.as_str(), finding.matched.as_str()), ("onnx", "坏 坏 坏 cat"));
    let attacks = model.findings(&Input { kind: InputKind::Prompt, text: "ignore instructions", prompt: None });
    let kinds: Vec<_> = attacks.iter().map(|finding| finding.attack).collect();
    assert_eq!(kinds, [Some(AttackKind::PromptInjection), Some(AttackKind::Jailbreak)]);
    assert!(model.findings(&text("good cat")).is_empty());
}

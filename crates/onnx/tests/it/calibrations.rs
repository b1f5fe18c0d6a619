//! Calibrations, their file, and the version that tells one directory from another.

use std::fs;

use detect::classifier::{Calibrations, Classifier, Input, LABELS, Row, read};
use onnx::Onnx;
use taxonomy::InputKind;

use super::{TABLE, directory, open};

fn text(text: &str) -> Input<'_> {
    Input { kind: InputKind::Text, text, prompt: None }
}

/// Whether they are the same but for what JSON rounds.
fn close(one: &Calibrations, other: &Calibrations) -> bool {
    let numbers = |all: &Calibrations| -> Vec<f64> {
        all.labels.iter().chain(&all.any).flat_map(|one| [one.slope, one.offset, one.flag, one.sure]).collect()
    };
    numbers(one).into_iter().zip(numbers(other)).all(|(a, b)| (a - b).abs() < 1e-12)
}

/// Rows of which those with a bad word are harmful, and nothing is known of most classes.
fn rows() -> Vec<Row> {
    let row = |at: usize| {
        let (word, harmful) = if at.is_multiple_of(3) { ("bad", true) } else { ("good", false) };
        let labels = if harmful { "\"A2h\"" } else { "" };
        format!(r#"{{"text":"{}{word}","kind":"text","lang":"en","labels":[{labels}],"harmful":{harmful}}}"#, "the cat ".repeat(at % 5))
    };
    read("rows.jsonl", &(0..300).map(row).collect::<Vec<_>>().join("\n")).unwrap()
}

#[test]
fn uncalibrated_a_model_is_taken_at_its_word() {
    let model = open("words", TABLE);
    let found = model.calibrations().probabilities(InputKind::Text, &[0.0; LABELS]);
    assert!(found.labels.iter().all(|probability| (probability - 0.5).abs() < 1e-9));
    // 'Anything at all' flags no more than the labels do, however many of them are likely in sum.
    let many = model.calibrations().probabilities(InputKind::Text, &[-0.1; LABELS]);
    assert!(many.any > 0.99 && model.calibrations().calls(&many).is_empty());
}

#[test]
fn calibrations_are_fitted_kept_and_taken_up() {
    let dir = directory("words", TABLE);
    let before = Onnx::open(dir.path()).unwrap();
    let calibrations = before.calibrated(&rows());
    Onnx::keep(dir.path(), &calibrations).unwrap();
    let after = Onnx::open(dir.path()).unwrap();
    assert!(close(after.calibrations(), &calibrations) && !close(after.calibrations(), before.calibrations()));
    assert_ne!(after.version(), before.version(), "what is made of scores belongs to the version");
    assert_eq!(after.findings(&text("the bad cat")).len(), 1);
    assert!(after.findings(&text("the good cat")).is_empty());
    // The three files and the calibration, and nothing that was written on the way.
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 4);
}

#[test]
fn what_no_label_stands_for_stays_silent_after_calibrating() {
    let dir = directory("words", TABLE);
    Onnx::keep(dir.path(), &Onnx::open(dir.path()).unwrap().calibrated(&rows())).unwrap();
    let model = Onnx::open(dir.path()).unwrap();
    let found = model.probabilities(&text("bad bad bad"));
    let extraction = "extraction".parse::<detect::classifier::Label>().unwrap();
    assert!(found.labels.iter().all(|probability| probability.is_finite()) && found.labels[extraction.index()] < 1e-9);
}

#[test]
fn calibrations_that_would_not_be_read_again_are_not_kept() {
    let dir = directory("words", TABLE);
    let good = open("words", TABLE).calibrations().clone();
    let worse: [fn(&mut Calibrations); 5] = [
        |all| all.any.clear(),
        |all| all.any[0].offset = 1001.0,
        |all| all.labels[3].slope = 0.0,
        |all| all.labels[3].offset = f64::NAN,
        |all| all.any[0].flag = -1.0,
    ];
    for make in worse {
        let mut bad = good.clone();
        make(&mut bad);
        let said = Onnx::keep(dir.path(), &bad).unwrap_err().to_string();
        assert!(said.contains("calibration.json: ") && !dir.path().join("calibration.json").exists(), "{said}");
    }
    Onnx::keep(dir.path(), &good).unwrap();
    Onnx::keep(dir.path(), &good).unwrap();
}

#[test]
fn the_version_stands_for_every_byte() {
    let version = |dir: &tempfile::TempDir| Onnx::open(dir.path()).unwrap().version();
    let dir = directory("words", TABLE);
    let first = version(&dir);
    let (name, digest) = first.split_once(' ').unwrap();
    assert_eq!((name, digest.len(), version(&directory("words", TABLE))), ("words", 16, first.clone()));
    fs::write(dir.path().join("model.toml"), format!("{TABLE}\n# a remark")).unwrap();
    assert_ne!(version(&dir), first);
    assert_ne!(version(&directory("two-outputs", &TABLE.replace("[output]", "[output]\nname = \"first\""))), first);
}

#[test]
fn what_its_directory_says_of_a_model_is_kept() {
    let model = open("words", TABLE);
    assert_eq!((model.name(), model.about().name.as_str(), model.about().licence.as_deref()), ("onnx", "words", Some("Apache-2.0")));
    assert_eq!(
        model.about().labels.iter().map(|(name, ours)| (name.as_str(), ours.iter().count())).collect::<Vec<_>>(),
        [("ok", 0), ("abuse", 1), ("spam", 2), ("attack", 2)]
    );
    assert!(model.trained().is_empty());
}

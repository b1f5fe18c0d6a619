//! What is wrong is said: what, in which file, and what to do.

use std::fs::{self, File};
use std::path::Path;

use onnx::{MAX_LABELS, MAX_MODEL_BYTES, MAX_TOKENIZER_BYTES, Onnx};

use super::{TABLE, directory};

/// What opening a directory says, without the directory's own place.
fn said(dir: &Path) -> String {
    let error = Onnx::open(dir).err().expect("the directory must not open");
    error.to_string().replace(&format!("{}/", dir.display()), "")
}

fn with_model(model: &str) -> String {
    said(directory(model, TABLE).path())
}

fn with_table(from: &str, to: &str) -> String {
    assert!(TABLE.contains(from));
    said(directory("words", &TABLE.replacen(from, to, 1)).path())
}

fn with_file(name: &str, content: &[u8]) -> String {
    let dir = directory("words", TABLE);
    fs::write(dir.path().join(name), content).unwrap();
    said(dir.path())
}

fn holds(said: &str, parts: &[&str]) {
    assert!(parts.iter().all(|part| said.contains(part)), "{said}");
}

#[test]
fn a_missing_file_is_named_with_what_it_is_for() {
    for (name, what) in [("model.toml", "table of its labels"), ("model.onnx", "as ONNX"), ("tokenizer.json", "Hugging Face")] {
        let dir = directory("words", TABLE);
        fs::remove_file(dir.path().join(name)).unwrap();
        holds(&said(dir.path()), &[name, "no such file", what, "docs/formats/onnx.md"]);
    }
}

#[test]
fn a_file_beyond_its_limit_is_not_read() {
    for (name, most) in [("model.onnx", MAX_MODEL_BYTES), ("tokenizer.json", MAX_TOKENIZER_BYTES), ("model.toml", 1 << 20)] {
        let dir = directory("words", TABLE);
        File::create(dir.path().join(name)).unwrap().set_len(most + 1).unwrap();
        holds(&said(dir.path()), &[name, &format!("longer than {most} bytes")]);
    }
}

#[test]
fn a_table_that_does_not_follow_the_format_is_refused() {
    for (from, to, parts) in [
        ("format = 1", "format = 2", ["format = 2", "reads format = 1"]),
        ("\"words\"", "\"my words\"", ["name = \"my words\"", "ASCII letters"]),
        ("[output]", "colour = \"red\"\n[output]", ["unknown field `colour`", "line 7"]),
        ("[output]", "[input]\nmax_tokens = 513\n[output]", ["max_tokens = 513", "16 to 512"]),
        ("softmax", "relu", ["unknown variant `relu`", "`softmax` or `sigmoid`"]),
        ("A2h", "A9z", ["[[label]] 2 (\"abuse\")", "A9z"]),
        ("A2h", "A5a", ["[[label]] 2 (\"abuse\")", "A5a"]),
        ("name = \"abuse\"", "name = \"abuse\"\nharmless = true", ["[[label]] 2 (\"abuse\")", "either harmless = true or classes"]),
        ("classes = [\"A2h\"]", "classes = []", ["[[label]] 2 (\"abuse\")", "at least one class"]),
        ("\"spam\"", "\"abuse\"", ["[[label]] 3", "called \"abuse\" too"]),
    ] {
        let said = with_table(from, to);
        holds(&said, &["model.toml: "]);
        holds(&said, &parts);
    }
    let (head, _) = TABLE.split_once("[[label]]").unwrap();
    holds(&with_file("model.toml", format!("{head}label = []").as_bytes()), &["model.toml: ", "unknown field `label`"]);
    holds(&with_file("model.toml", head.as_bytes()), &["model.toml: ", "missing field `label`"]);
    holds(&with_file("model.toml", &[0xFF]), &["model.toml: ", "not UTF-8"]);
}

#[test]
fn labels_have_a_limit_and_one_of_them_stands_for_something() {
    let (head, _) = TABLE.split_once("[[label]]").unwrap();
    let labels = |count: usize| (0..count).map(|at| format!("[[label]]\nname = \"{at}\"\nharmless = true\n")).collect::<String>();
    let said = |count| with_file("model.toml", format!("{head}{}", labels(count)).as_bytes());
    holds(&said(MAX_LABELS + 1), &["1025 [[label]]", "2 to 1024"]);
    holds(&said(1), &["1 [[label]]", "Softmax"]);
    holds(&said(4), &["every label is harmless", "classes"]);
}

#[test]
fn a_table_that_does_not_fit_its_model_is_refused() {
    let (less, _) = TABLE.rsplit_once("[[label]]").unwrap();
    holds(&with_file("model.toml", less.as_bytes()), &["model.onnx: ", "4 numbers", "model.toml has 3 [[label]]"]);
    holds(
        &with_model("renamed"),
        &["model.onnx: ", "input \"tokens\"", "only input_ids, attention_mask, token_type_ids", "[input] in model.toml"],
    );
    holds(&with_table("[output]", "[input]\ninput_ids = \"ids\"\n[output]"), &["model.onnx: ", "input \"input_ids\"", "ids"]);
    holds(&with_model("two-outputs"), &["model.onnx: ", "no output \"logits\" but first, second", "[output] name"]);
    holds(&with_table("[output]", "[output]\nname = \"scores\""), &["model.onnx: ", "no output \"scores\" but logits"]);
}

#[test]
fn a_model_that_cannot_be_used_is_refused() {
    holds(&with_model("infinite"), &["model.onnx: ", "output 2", "inf, not a finite number"]);
    holds(&with_model("each-token"), &["model.onnx: ", "not the shape [1, labels] or [labels]"]);
    holds(&with_model("few-words"), &["model.onnx: ", "512 tokens", "max_tokens", "not its tokenizer"]);
    holds(&with_model("external"), &["model.onnx: ", "weights lie in another file", "one file"]);
    for content in [&b""[..], b"no model", b"\x08\x08\x12\x04abcd"] {
        holds(&with_file("model.onnx", content), &["model.onnx: "]);
    }
}

#[test]
fn a_tokenizer_that_cannot_be_used_is_refused() {
    holds(&with_file("tokenizer.json", b"{}"), &["tokenizer.json: ", "no tokenizer of Hugging Face"]);
    let random = r#"{"version":"1.0","added_tokens":[],"model":{"type":"BPE","dropout":0.1,"vocab":{"a":0},"merges":[]}}"#;
    holds(&with_file("tokenizer.json", random.as_bytes()), &["tokenizer.json: ", "\"dropout\" to null"]);
}

#[test]
fn a_calibration_that_cannot_be_used_is_refused() {
    holds(&with_file("calibration.json", b"{}"), &["calibration.json: ", "missing field `labels`", "Calibrate again"]);
    holds(&with_file("calibration.json", br#"{"labels":[],"any":[]}"#), &["calibration.json: ", "0 labels and 0 kinds", "not 32 and 4"]);
}

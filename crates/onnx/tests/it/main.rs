//! Models of a few words (`make_model.py`), whose numbers can be worked out by hand.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::string_slice, reason = "tests")]

mod calibrations;
mod errors;
mod scores;
mod texts;

use std::fs;
use std::path::Path;

use onnx::Onnx;
use tempfile::TempDir;

/// The table of all four outputs, as a softmax.
const TABLE: &str = r#"
format = 1
name = "words"
licence = "Apache-2.0"
source = "tests/make_model.py"

[output]
activation = "softmax"

[[label]]
name = "ok"
harmless = true

[[label]]
name = "abuse"
classes = ["A2h"]

[[label]]
name = "spam"
classes = ["A3a", "A2h"]

[[label]]
name = "attack"
classes = ["jailbreak", "injection"]
"#;

/// The same as a sigmoid.
fn sigmoid() -> String {
    TABLE.replace("softmax", "sigmoid")
}

/// A directory with one of the models.
fn directory(model: &str, table: &str) -> TempDir {
    let dir = TempDir::new().unwrap();
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data");
    fs::copy(data.join(model).with_extension("onnx"), dir.path().join("model.onnx")).unwrap();
    fs::copy(data.join("tokenizer.json"), dir.path().join("tokenizer.json")).unwrap();
    fs::write(dir.path().join("model.toml"), table).unwrap();
    dir
}

fn open(model: &str, table: &str) -> Onnx {
    Onnx::open(directory(model, table).path()).unwrap()
}

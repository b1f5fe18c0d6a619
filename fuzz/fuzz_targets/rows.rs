#![no_main]
//! Labelled rows: refused with a line's number, or read; what is read can be judged.

use std::sync::LazyLock;

use detect::classifier::{Classifier, LABELS, LinearModel, read};

static LINEAR: LazyLock<LinearModel> = LazyLock::new(|| LinearModel::embedded().expect("tested"));

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let text = guiju_fuzz::text(data);
    match read("fuzz", &text) {
        Err(error) => assert!((1..=text.lines().count()).contains(&error.line), "{error}"),
        Ok(rows) => {
            for row in rows {
                assert_eq!(row.known.0 & row.labels.0, row.labels.0, "what holds is known");
                let probabilities = LINEAR.probabilities(&row.input());
                assert_eq!(probabilities.labels.len(), LABELS);
                assert!(probabilities.labels.iter().chain([&probabilities.any]).all(|p| (0.0..=1.0).contains(p)), "{probabilities:?}");
            }
        }
    }
});

//! Golden cases: `tests/golden/*.txt`, one case a line, `expected rules => text`. Adding one needs no Rust.

use detect::{Keywords, Lexicon, Pii, Pipeline};

#[test]
fn golden_cases() {
    let keywords = Keywords::compile(&Lexicon::embedded().unwrap());
    let pipeline = Pipeline::new(vec![Box::new(keywords), Box::new(Pii)]);
    let dir = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden");
    let mut cases = 0;
    for file in std::fs::read_dir(dir).unwrap() {
        let path = file.unwrap().path();
        for (line, case) in std::fs::read_to_string(&path).unwrap().lines().enumerate() {
            if case.is_empty() || case.starts_with('#') {
                continue;
            }
            let (expected, text) = case.split_once(" => ").unwrap_or_else(|| panic!("{}:{}: no ' => '", path.display(), line + 1));
            let verdict = pipeline.check(text);
            let found: Vec<String> = verdict.findings.iter().map(|f| format!("{}:{}", f.rule, f.matched)).collect();
            let found = if found.is_empty() { "-".to_owned() } else { found.join(" | ") };
            assert_eq!(found, expected, "{}:{}", path.display(), line + 1);
            cases += 1;
        }
    }
    assert!(cases >= 20, "only {cases} golden cases were read");
}

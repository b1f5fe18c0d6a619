#![no_main]
//! Lexicon rows as JSON lines: refused, or compiled, opened again, and each keyword is found in itself.

use std::sync::Arc;

use detect::{Artefact, Keywords, Lexicon, Pipeline};

const HEAD: &str = "format = 1\nname = \"fuzz\"\nversion = \"1\"\nupdated = 2026-11-22\nlicence = \"Apache-2.0\"\nvariants = [\"sound\", \"initials\", \"split\", \"leet\"]\n";
/// Longest pattern the engine takes, in units.
const MAX_UNITS: usize = 128;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let dir = guiju_fuzz::scratch();
    guiju_fuzz::put(&dir.join("lexicon.toml"), HEAD);
    guiju_fuzz::put(&dir.join("x.jsonl"), data);
    let Ok(lexicon) = Lexicon::read(dir) else { return };
    assert_eq!(lexicon.entries.len(), guiju_fuzz::text(data).lines().count());

    let artefact = lexicon.compile();
    let opened = Artefact::from_bytes(artefact.bytes()).expect("what was compiled can be opened");
    assert_eq!(
        (opened.version(), opened.patterns(), opened.entries(), opened.updated()),
        (artefact.version(), artefact.patterns(), lexicon.entries.len(), artefact.updated())
    );
    let pipeline = Pipeline::new(vec![Box::new(Keywords::new(Arc::new(opened)))]);
    let check = |text: &str| {
        let verdict = pipeline.check(text);
        guiju_fuzz::assert_sound(text, &verdict);
        assert!(verdict.faults.is_empty(), "{:?}", verdict.faults);
        verdict
    };
    for entry in lexicon.entries.iter().filter(|entry| entry.near.is_none() && entry.then.is_none() && entry.allow.is_empty()) {
        for keyword in entry.spellings() {
            let folded = detect::fold(keyword);
            if folded.units().len() <= MAX_UNITS {
                let text = folded.string(0..folded.units().len());
                // A longer finding of the same class may stand for it.
                let found = check(&text).findings.iter().any(|f| (f.class, f.attack) == (entry.class, entry.attack));
                assert!(found, "{} is not found in itself: {text:?}", entry.id);
            }
        }
    }
    for text in lexicon.entries.iter().flat_map(|entry| entry.examples.iter().chain(&entry.counter_examples).chain(entry.near_words())) {
        check(text);
    }
});

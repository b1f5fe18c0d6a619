#![no_main]
//! A text in pieces gives the findings of the text at once, and those of the pipeline but for what hides in encodings.

use std::collections::BTreeSet;

use detect::{Direction, Scanner};
use guiju_fuzz::{Numbers, PIPELINE, is_direct};
use taxonomy::{Finding, Verdict};

/// Feeds the text, cut at these bytes, and checks what is let go on the way.
fn scan(text: &str, cuts: &BTreeSet<usize>) -> Verdict {
    let mut scanner = Scanner::new(PIPELINE.clone(), Direction::Output);
    let (mut from, mut released, mut found) = (0, 0, Vec::new());
    let mut take = |step: detect::Step, fed: usize, last: bool| {
        assert!(released <= step.released && step.released <= fed, "let go of {} after {released}, with {fed} fed", step.released);
        // What has not come whole is not text yet; but what is let go is.
        assert!(text.is_char_boundary(step.released));
        for finding in &step.findings {
            assert!(finding.span.start >= released, "{finding:?} begins in the {released} bytes that were let go");
            assert!(finding.span.end <= step.released, "{finding:?} ends after {}", step.released);
        }
        assert!(!last || step.released == text.len());
        released = step.released;
        found.extend(step.findings);
    };
    for &cut in cuts.iter().chain([&text.len()]) {
        let step = scanner.feed(&text.as_bytes()[from..cut]).expect("it is text");
        from = cut;
        take(step, cut, false);
    }
    let (step, verdict) = scanner.finish().expect("it ends whole");
    take(step, text.len(), true);
    assert!(verdict.findings.iter().all(|finding| found.contains(finding)), "{:?}\nwas not all told before: {found:?}", verdict.findings);
    guiju_fuzz::assert_sound(text, &verdict);
    assert!(verdict.faults.is_empty(), "{:?}", verdict.faults);
    verdict
}

/// One rule at one place may be seen both directly and in an encoding, of which a verdict keeps one.
fn places<'a>(findings: impl Iterator<Item = &'a Finding>) -> BTreeSet<(usize, usize, &'a str)> {
    findings.map(|finding| (finding.span.start, finding.span.end, &*finding.rule)).collect()
}

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let mut text = guiju_fuzz::text(data);
    let mut numbers = Numbers::of(data);
    if numbers.below(4) == 0 {
        // Long enough that the scanner forgets the beginning.
        text = [&*text, &"今天天气很好，the weather is fine. ".repeat(1 + numbers.below(200)), &text].concat();
    }
    let text = &*text;
    let whole = scan(text, &BTreeSet::new());
    let checked = PIPELINE.check(text);
    let (streamed, all) = (places(whole.findings.iter()), places(checked.findings.iter()));
    let direct = places(checked.findings.iter().filter(|finding| is_direct(finding)));
    assert!(streamed.is_subset(&all), "only the stream finds {:?}", streamed.difference(&all));
    assert!(direct.is_subset(&streamed), "the stream misses {:?}", direct.difference(&streamed));

    let mut place = |from: usize, len: usize| (from + numbers.below(len.max(1))).min(text.len());
    let one = BTreeSet::from([place(0, text.len())]);
    let some = (0..8).map(|_| place(0, text.len())).collect();
    // Byte by byte around one place.
    let around = place(0, text.len());
    let dense = (around..text.len().min(around + 24)).collect();
    for cuts in [one, some, dense] {
        assert_eq!(scan(text, &cuts), whole, "cut at {cuts:?}");
    }
});

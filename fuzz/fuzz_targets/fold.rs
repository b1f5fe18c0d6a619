#![no_main]
//! Folding leads back to the original, and folding what is folded changes nothing.

use detect::{Buffers, fold, fold_into, plain};

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let text = &*guiju_fuzz::text(data);
    let folded = fold(text);
    let units = folded.units();
    assert!(!units.contains(&0));
    let (mut before, mut end) = (0, 0);
    for unit in 0..units.len() {
        let span = folded.original(unit..unit + 1);
        assert_eq!((span.start, span.end), (folded.start(unit), folded.end(unit)));
        assert!(span.cut(text).is_some_and(|cut| cut.chars().count() == 1), "unit {unit} at {span:?}");
        assert!(span.start >= before, "unit {unit} starts before its neighbour");
        let skipped = plain(folded.skipped(unit)).encode_utf16().count();
        // What is skipped without a gap is invisible; a gap is at most eight units of filler.
        assert!(skipped <= 8 && (folded.gap(unit) || skipped == 0), "unit {unit} skips {:?}", folded.skipped(unit));
        assert!(span.start < end || span.start == end + folded.skipped(unit).len());
        let at = folded.unit_at(span.start);
        assert!(at <= unit && folded.start(at) == span.start);
        (before, end) = (span.start, span.end);
    }
    assert_eq!((folded.start(units.len()), folded.unit_at(text.len() + 1)), (text.len(), units.len()));

    let once = folded.string(0..units.len());
    assert_eq!(fold(&once).units(), units, "folded again: {once:?}");
    let unskipped = plain(text);
    assert_eq!(plain(&unskipped), unskipped);
    assert_eq!(fold(&unskipped).units(), units, "skipping filler later is skipping it at once");

    // Memory that was used before leaves no trace.
    let used: Buffers = fold(&format!("{text}代 开")).into_buffers();
    let units = units.to_vec();
    assert_eq!(fold_into(text, used).units(), units);
});

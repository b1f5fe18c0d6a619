#![no_main]
//! What is decoded is never more than what was there, and stands where the encoding stands.

use detect::decode::{MAX_DEPTH, MAX_PIECES, decode};

fn level(text: &str, depth: usize) {
    let (mut pieces, mut again) = (Vec::new(), Vec::new());
    decode(text, &mut pieces);
    decode(text, &mut again);
    assert_eq!(pieces, again);
    assert!(pieces.len() <= MAX_PIECES);
    let total: usize = pieces.iter().map(|piece| piece.text.len()).sum();
    assert!(total <= text.len(), "{total} bytes from {}: {pieces:?}", text.len());
    for piece in pieces {
        assert!(text.get(piece.span.clone()).is_some_and(|cut| !cut.is_empty()), "{piece:?}");
        assert!(!piece.text.trim().is_empty(), "{piece:?}");
        if depth > 1 {
            level(&piece.text, depth - 1);
        }
    }
}

libfuzzer_sys::fuzz_target!(|data: &[u8]| level(&guiju_fuzz::text(data), MAX_DEPTH));

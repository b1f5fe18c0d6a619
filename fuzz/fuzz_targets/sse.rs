#![no_main]
//! Server-sent events in any pieces are what they are at once, and what is written is read again.

use gateway::sse::{Frame, Splitter};
use guiju_fuzz::Numbers;

fn split(pieces: &[&[u8]]) -> Vec<Frame> {
    let mut splitter = Splitter::default();
    let mut frames: Vec<_> = pieces.iter().flat_map(|piece| splitter.feed(piece).expect("it is short")).collect();
    frames.extend(splitter.finish().expect("it is short").map(Frame::Event));
    frames
}

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let whole = split(&[data]);
    let mut numbers = Numbers::of(data);
    let (mut pieces, mut rest) = (Vec::new(), data);
    while !rest.is_empty() {
        let (piece, after) = rest.split_at((1 + numbers.below(7)).min(rest.len()));
        pieces.push(piece);
        rest = after;
    }
    assert_eq!(split(&pieces), whole);
    let mut bytes = Vec::new();
    whole.iter().for_each(|frame| frame.write(&mut bytes));
    // What is no character was replaced when it was read, so the second reading is exact.
    assert_eq!(split(&[&bytes]), whole);
});

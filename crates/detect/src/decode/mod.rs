//! Text hidden in an encoding inside a larger text: found, decoded, handed on to be judged like any other text.
//!
//! One level a call: what comes out may hide another text, and the caller calls again, at most [`MAX_DEPTH`] levels deep.
//! Invariants: the decoded bytes together are never more than the bytes of the text, so the levels cannot blow up; nothing is lost to a
//! limit on their number, because further pieces of one kind are joined to its last one; the work is linear in the text.
//! Does not judge, does not guess keys (Vigenère, AES, steganography in white space), and knows no character set but Unicode.

mod acrostic;
mod base;
mod concat;
mod cue;
mod escape;
mod hidden;
mod how;
mod in_place;
mod leet;
mod likely;
mod morse;
mod numbers;
mod reversed;
mod segment;
mod shift;
mod signs;
mod sink;
mod spaced;
mod uncover;
mod view;

use std::ops::Range;

pub use how::How;
use sink::Sink;
pub(crate) use uncover::{Uncovered, uncover};
use view::View;

/// Longest run decoded in one go: 64 KiB, a page of text twenty times over; a longer run is decoded in pieces of this length. It is a
/// multiple of the groups of every encoding (4, 8, 16), so a piece starts where a group starts.
pub const MAX_RUN: usize = 65_536;
/// Most pieces of one text: enough to show what was found; further ones are joined to the last of their kind.
pub const MAX_PIECES: usize = 64;
/// How often a caller should decode what was decoded: a model follows two nested encodings at best, the third is a margin.
pub const MAX_DEPTH: usize = 3;

/// One hidden text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decoded {
    /// The encoding it was hidden in.
    pub how: How,
    /// Bytes of the original that were the encoding, on char boundaries; with what stands between where several were joined.
    pub span: Range<usize>,
    /// What it says.
    pub text: String,
    /// Whether the span holds nothing else: neither text between several that were joined, nor one that says something in the open too.
    pub alone: bool,
}

type Decoder = fn(&View<'_>, &mut Sink<'_>);

/// In order of precedence: a stretch of text that one decoder has taken is left alone by those after it. What is written character by
/// character comes first, because it keeps its surroundings and may itself spell another encoding; guesses at whole sentences come last.
const DECODERS: [Decoder; 16] = [
    hidden::tags,
    hidden::zero_width,
    hidden::selectors,
    in_place::escapes,
    numbers::binary,
    numbers::hex,
    numbers::decimal,
    base::base32,
    base::base64,
    morse::morse,
    morse::braille,
    spaced::spaced,
    leet::leet,
    shift::shifted,
    reversed::reversed,
    acrostic::acrostic,
];

/// Adds what is hidden in a text, one level deep, to `out`.
pub fn decode(text: &str, out: &mut Vec<Decoded>) {
    let view = View::new(text);
    let mut sink = Sink::new(&view);
    for decoder in DECODERS {
        decoder(&view, &mut sink);
        sink.next_decoder();
    }
    // Last, since only it can say more than was written (a+a+a): it then runs out of allowance alone.
    concat::concatenated(&view, &mut sink);
    out.append(&mut sink.pieces);
}

#[cfg(test)]
mod tests;

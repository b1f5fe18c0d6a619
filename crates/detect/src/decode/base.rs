//! Base64 and Base32 (RFC 4648), tolerant: either alphabet, padding or none, lines wrapped, a few characters too many in front.

use std::ops::Range;

use super::How;
use super::MAX_RUN;
use super::likely::{has_word, is_han, text_of};
use super::sink::Sink;
use super::view::{View, runs};

/// Fewest characters that count without a word for it: shorter ones are names and words too often (16 characters are 12 bytes).
const MIN: usize = 16;
/// Fewest where the text speaks of the encoding, or where what comes out is Chinese throughout: 8 characters are two of those, and
/// chance makes two Chinese characters of 6 bytes once in half a million.
const MIN_SURE: usize = 8;
/// A line of at least this many characters goes on in the next: encoders wrap at 64 or 76, no English word is that long.
const WRAPPED: usize = 32;

/// Base64. Short runs may belong together only where the text speaks of it.
pub(super) fn base64(view: &View<'_>, sink: &mut Sink<'_>) {
    let all = [(0, view.bytes().len())];
    let stretches = if view.cues.base64 { &all } else { view.signs.long.as_slice() };
    let mut done = 0;
    for &(from, to) in stretches {
        let mut at = from.max(done);
        while let Some(skip) = view.bytes().get(at..to).and_then(|rest| rest.iter().position(|&b| symbol64(b).is_some())) {
            let run = at + skip..wrapped_end(view, at + skip);
            at = run.end;
            if run.len() >= MIN_SURE && !whole(view, sink, &run) {
                parts(view, sink, &run);
            }
        }
        done = at;
    }
}

/// Where a run ends, line breaks (and, if the text speaks of Base64, single spaces) bridged.
fn wrapped_end(view: &View<'_>, start: usize) -> usize {
    let mut at = start;
    loop {
        let from = at;
        while at - start < MAX_RUN && view.bytes().get(at).is_some_and(|&b| symbol64(b).is_some() || b == b'=') {
            at += 1;
        }
        let (line, Some(rest)) = (at - from, view.bytes().get(at..)) else { return at };
        let gap = rest.iter().take(6).take_while(|b| b.is_ascii_whitespace() || **b == b'>').count();
        let breaks = rest.iter().take(gap).any(|&b| b == b'\n');
        let bridged = (breaks && line >= WRAPPED) || (view.cues.base64 && gap == 1 && line >= 4 && line.is_multiple_of(4));
        if gap == 0 || !bridged || at + gap - start >= MAX_RUN || rest.get(gap).is_none_or(|&b| symbol64(b).is_none()) {
            return at;
        }
        at += gap;
    }
}

/// The run as one text, whatever up to three characters in front of it are.
fn whole(view: &View<'_>, sink: &mut Sink<'_>, run: &Range<usize>) -> bool {
    let skips = if run.len() < MIN + 4 { 0..=0 } else { 0..=3 };
    skips.map(|skip| run.start + skip..run.end).any(|range| one(view, sink, range))
}

/// What stands between signs that are in the alphabet but often separate (`/`, `-`, `_`, `=`).
fn parts(view: &View<'_>, sink: &mut Sink<'_>, run: &Range<usize>) {
    let bytes = view.bytes().get(run.clone()).unwrap_or_default();
    for part in runs(bytes, |b| b.is_ascii_alphanumeric()).filter(|part| part.len() >= MIN_SURE && part.len() < run.len()) {
        one(view, sink, run.start + part.start..run.start + part.end);
    }
}

fn one(view: &View<'_>, sink: &mut Sink<'_>, range: Range<usize>) -> bool {
    let bytes = view.bytes().get(range.clone()).unwrap_or_default();
    let symbols = bytes.iter().filter(|&&b| symbol64(b).is_some()).count();
    let min = if view.cues.base64 { MIN_SURE } else { MIN };
    // What starts with a Chinese character starts with 4, 5 or 6; nothing else is worth a closer look when it is short.
    if symbols < MIN_SURE || (symbols < min && !bytes.first().is_some_and(|b| (b'4'..=b'6').contains(b))) {
        return false;
    }
    let Some(text) = text_of(&unpack(bytes, 6, symbol64)) else { return false };
    // Eight letters are a word more often than six bytes.
    let spells = symbols >= MIN || has_word(&text) || text.chars().all(|c| is_han(c) || c.is_ascii_alphabetic() || c == ' ');
    let chinese = text.chars().all(is_han) && bytes.iter().any(u8::is_ascii_alphabetic);
    ((symbols >= min && spells) || chinese) && sink.push(How::Base64, range, &text)
}

/// Base32, upper case; lower case where the text speaks of it.
pub(super) fn base32(view: &View<'_>, sink: &mut Sink<'_>) {
    let (min, lower) = if view.cues.base32 { (MIN_SURE, true) } else { (MIN, false) };
    let is_symbol = |b: u8| symbol32(b).is_some() && (lower || !b.is_ascii_lowercase());
    for word in view.signs.words.iter().filter(|word| word.len() >= min) {
        let run = word.start..word.end;
        let bytes = view.bytes().get(run.clone()).unwrap_or_default();
        if bytes.iter().all(|&b| is_symbol(b))
            && let Some(text) = text_of(&unpack(bytes, 5, symbol32))
        {
            let padding = view.bytes().get(run.end..).unwrap_or_default().iter().take(6).take_while(|b| **b == b'=').count();
            sink.push(How::Base32, run.start..run.end + padding, &text);
        }
    }
}

fn unpack(bytes: &[u8], width: u32, symbol: impl Fn(u8) -> Option<u32>) -> Vec<u8> {
    let (mut held, mut bits, mut out) = (0_u32, 0, Vec::with_capacity(bytes.len()));
    for value in bytes.iter().filter_map(|&b| symbol(b)) {
        held = (held << width | value) & 0xFFFF;
        bits += width;
        if bits >= 8 {
            bits -= 8;
            out.push((held >> bits & 0xFF) as u8);
        }
    }
    out
}

fn symbol64(byte: u8) -> Option<u32> {
    Some(u32::from(match byte {
        b'A'..=b'Z' => byte - b'A',
        b'a'..=b'z' => byte - b'a' + 26,
        b'0'..=b'9' => byte - b'0' + 52,
        b'+' | b'-' => 62,
        b'/' | b'_' => 63,
        _ => return None,
    }))
}

fn symbol32(byte: u8) -> Option<u32> {
    Some(u32::from(match byte.to_ascii_uppercase() {
        upper @ b'A'..=b'Z' => upper - b'A',
        b'2'..=b'7' => byte - b'2' + 26,
        _ => return None,
    }))
}

//! Escapes, decoded where they stand: what surrounds them is kept, because "f%75ck" hides a word in two letters of its own.
//! All kinds go through one pass, since they may be mixed; a piece is named after the first kind in it.

use std::ops::Range;

use super::escape::{Unit, escape};
use super::sink::Sink;
use super::view::View;
use super::{How, MAX_RUN};

/// Plain text between two escapes of one piece: a phrase.
const GAP: usize = 32;
/// Plain letters kept before and after a piece: a word.
const EDGE: usize = 24;

/// Percent encoding, HTML references, Unicode, hexadecimal and octal escapes, quoted-printable.
pub(super) fn escapes(view: &View<'_>, sink: &mut Sink<'_>) {
    if b"%&\\=uU".iter().all(|&sign| !view.signs.has(sign)) {
        return;
    }
    let (bytes, mut at, mut last_end) = (view.bytes(), 0, 0);
    let mut open: Option<Piece> = None;
    while let Some(skip) = bytes.get(at..).and_then(|rest| rest.iter().position(|b| matches!(b, b'%' | b'&' | b'\\' | b'=' | b'u' | b'U')))
    {
        at += skip;
        let before = at.checked_sub(1).and_then(|i| bytes.get(i)).copied();
        let follows = open.as_ref().is_some_and(|piece| piece.range.end == at);
        let Some((how, len, unit)) = bytes.get(at..).and_then(|rest| escape(rest, before, follows)) else {
            at += 1;
            continue;
        };
        if let Some(done) = open.take_if(|piece| at - piece.range.end > GAP || at - piece.range.start > MAX_RUN) {
            last_end = done.close(view, sink, at);
        }
        open.get_or_insert_with(|| Piece::open(view, how, at, last_end)).add(view, at, len, unit);
        at += len;
    }
    if let Some(done) = open {
        done.close(view, sink, bytes.len());
    }
}

struct Piece {
    how: How,
    range: Range<usize>,
    text: String,
    /// Bytes and half characters that wait for the rest of theirs.
    bytes: Vec<u8>,
    high: Option<u32>,
    /// Characters that nobody needs to escape, so that somebody hid them.
    hidden: usize,
    broken: usize,
}

impl Piece {
    fn open(view: &View<'_>, how: How, at: usize, least: usize) -> Self {
        let before = view.bytes().get(least..at).unwrap_or_default();
        let letters = before.iter().rev().take(EDGE).take_while(|b| b.is_ascii_alphanumeric() || !b.is_ascii()).count();
        let start = view.text().ceil_char_boundary(at - letters);
        let text = view.slice(start..at).to_owned();
        Self { how, range: start..at, text, bytes: Vec::new(), high: None, hidden: 0, broken: 0 }
    }

    fn add(&mut self, view: &View<'_>, at: usize, len: usize, unit: Unit) {
        if at > self.range.end {
            self.flush();
            self.text.push_str(view.slice(self.range.end..at));
        }
        match unit {
            Unit::Byte(byte) => self.bytes.push(byte),
            Unit::Code(code) => {
                self.flush_bytes();
                self.code(code);
            }
            Unit::Nothing => {
                self.flush();
                self.hidden += 1;
            }
        }
        self.range.end = at + len;
    }

    /// Joins the halves of surrogate pairs.
    fn code(&mut self, code: u32) {
        match (self.high.take(), code) {
            (Some(high), 0xDC00..=0xDFFF) => self.show(0x10000 + ((high & 0x3FF) << 10 | code & 0x3FF)),
            (None, 0xD800..=0xDBFF) => self.high = Some(code),
            _ => self.show(code),
        }
    }

    fn show(&mut self, code: u32) {
        match char::from_u32(code) {
            Some(c) => self.push(c),
            None => self.broken += 1,
        }
    }

    fn push(&mut self, c: char) {
        // Accented letters and signs are escaped by habit.
        self.hidden += usize::from(c.is_ascii_alphanumeric() || (c.is_alphanumeric() && c >= '\u{250}'));
        self.broken += usize::from(c.is_control() && !c.is_whitespace());
        self.text.push(c);
    }

    fn flush(&mut self) {
        self.flush_bytes();
        self.broken += usize::from(self.high.take().is_some());
    }

    fn flush_bytes(&mut self) {
        for chunk in std::mem::take(&mut self.bytes).utf8_chunks() {
            chunk.valid().chars().for_each(|c| self.push(c));
            if !chunk.invalid().is_empty() {
                self.text.push('?');
                self.broken += 1;
            }
        }
    }

    /// Hands the piece on with the rest of its last word, unless nothing was hidden or it is no text; tells where it ends.
    fn close(mut self, view: &View<'_>, sink: &mut Sink<'_>, limit: usize) -> usize {
        self.flush();
        self.hidden += usize::from(is_escaped_again(&self.text));
        let after = view.bytes().get(self.range.end..limit).unwrap_or_default();
        let letters = after.iter().take(EDGE).take_while(|b| b.is_ascii_alphanumeric() || !b.is_ascii()).count();
        let end = view.text().floor_char_boundary(self.range.end + letters).max(self.range.end);
        if self.hidden > 0 && self.broken * 4 <= self.hidden {
            self.text.push_str(view.slice(self.range.end..end));
            sink.push(self.how, self.range.start..end, &self.text);
            return end;
        }
        self.range.end
    }
}

/// Whether what came out holds an escape itself: it was escaped twice.
fn is_escaped_again(text: &str) -> bool {
    let percent = |three: &[u8; 3]| matches!(three, [b'%', high, low] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit());
    let bytes = text.as_bytes();
    ["&#", "\\u", "\\x"].iter().any(|sign| text.contains(sign)) || bytes.windows(3).filter_map(|w| w.first_chunk()).any(percent)
}

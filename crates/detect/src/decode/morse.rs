//! Morse code (ITU-R M.1677-1: letters and digits) and Braille (English, grade 1), each sign a letter.

use std::ops::Range;

use super::How;
use super::MAX_RUN;
use super::segment::{Breaks, Leads, segments};
use super::sink::Sink;
use super::view::View;

/// Fewest letters, and fewest different ones: "... --- ..." and rows of dashes are ornaments.
const MIN_LETTERS: usize = 4;
const MIN_DIFFERENT: usize = 3;

const MORSE: [(&str, char); 39] = [
    (".-", 'a'),
    ("-...", 'b'),
    ("-.-.", 'c'),
    ("-..", 'd'),
    (".", 'e'),
    ("..-.", 'f'),
    ("--.", 'g'),
    ("....", 'h'),
    ("..", 'i'),
    (".---", 'j'),
    ("-.-", 'k'),
    (".-..", 'l'),
    ("--", 'm'),
    ("-.", 'n'),
    ("---", 'o'),
    (".--.", 'p'),
    ("--.-", 'q'),
    (".-.", 'r'),
    ("...", 's'),
    ("-", 't'),
    ("..-", 'u'),
    ("...-", 'v'),
    (".--", 'w'),
    ("-..-", 'x'),
    ("-.--", 'y'),
    ("--..", 'z'),
    ("-----", '0'),
    (".----", '1'),
    ("..---", '2'),
    ("...--", '3'),
    ("....-", '4'),
    (".....", '5'),
    ("-....", '6'),
    ("--...", '7'),
    ("---..", '8'),
    ("----.", '9'),
    (".-.-.-", '.'),
    ("--..--", ','),
    ("..--..", '?'),
];

/// The bytes that dots and dashes start with.
const STROKES: Leads = Leads::of(b".-_\xC2\xCB\xE2\xE3");

/// Dots and dashes, apart by spaces or slashes.
pub(super) fn morse(view: &View<'_>, sink: &mut Sink<'_>) {
    // Without a dash it is none.
    if ![b'-', b'_', 0xE2, 0xE3].iter().any(|byte| view.signs.has(*byte)) {
        return;
    }
    let (bytes, mut at) = (view.bytes(), 0);
    while let Some(skip) = bytes.get(at..).and_then(|rest| rest.iter().position(|&b| STROKES.has(b))) {
        let start = at + skip;
        let rest = view.slice(start..view.text().floor_char_boundary(start + MAX_RUN));
        let len: usize = rest.chars().take_while(|&c| stroke(c).is_some()).map(char::len_utf8).sum();
        if len >= MIN_LETTERS * 2 - 1 {
            one(view, sink, start..start + len);
        }
        at = start + len.max(1);
    }
}

/// A dot, a dash, or a space, slash or line break between them.
fn stroke(c: char) -> Option<char> {
    match c {
        '.' | '·' | '•' | '∙' | '・' | '˙' | '。' | '●' => Some('.'),
        '-' | '–' | '—' | '−' | '_' | 'ー' => Some('-'),
        '/' | '|' | '／' | '｜' => Some('/'),
        ' ' | '\u{3000}' | '\t' => Some(' '),
        '\n' | '\r' => Some('\n'),
        _ => None,
    }
}

fn one(view: &View<'_>, sink: &mut Sink<'_>, run: Range<usize>) {
    // A full stop at the end of the word before is none of it.
    let ends_word = run.start.checked_sub(1).and_then(|before| view.bytes().get(before)).is_some_and(u8::is_ascii_alphanumeric);
    let run = run.start + usize::from(ends_word && view.bytes().get(run.start) == Some(&b'.'))..run.end;
    let strokes: String = view.slice(run.clone()).chars().filter_map(stroke).collect();
    let strokes = strokes.trim();
    if strokes.len() < MIN_LETTERS * 2 - 1 || !strokes.contains('-') || !strokes.contains('.') {
        return;
    }
    if let Some(text) = letters(strokes) {
        let end = run.start + view.slice(run.clone()).trim_end().len();
        sink.push(How::Morse, run.start..end, &text);
    }
}

/// Every sign must be one of the code; slashes part words, or letters where there are no spaces.
fn letters(strokes: &str) -> Option<String> {
    let slash_parts_letters = !strokes.contains(' ');
    let (mut text, mut gap, mut known) = (String::new(), 0_usize, 0_usize);
    for part in strokes.split_inclusive([' ', '/', '\n']) {
        let sign = part.trim_end_matches([' ', '/', '\n']);
        if !sign.is_empty() {
            if gap > 1 && !text.is_empty() {
                text.push(' ');
            }
            text.push(MORSE.iter().find(|(code, _)| *code == sign)?.1);
            (gap, known) = (0, known + 1);
        }
        gap += match part.as_bytes().last() {
            Some(b'/') if !slash_parts_letters => 2,
            Some(b'\n') => 2,
            _ => 1,
        };
    }
    let mut different: Vec<char> = text.chars().filter(|c| c.is_ascii_alphanumeric()).collect();
    different.sort_unstable();
    different.dedup();
    (known >= MIN_LETTERS && different.len() >= MIN_DIFFERENT && text.chars().any(|c| "aeiou".contains(c))).then_some(text)
}

/// The cells of a to z as dots 1 to 6 in bits 0 to 5 (block Braille Patterns, U+2800).
const CELLS: [u8; 26] = [
    0x01, 0x03, 0x09, 0x19, 0x11, 0x0B, 0x1B, 0x13, 0x0A, 0x1A, 0x05, 0x07, 0x0D, 0x1D, 0x15, 0x0F, 0x1F, 0x17, 0x0E, 0x1E, 0x25, 0x27,
    0x3A, 0x2D, 0x3D, 0x35,
];

/// At everything that is neither a cell nor a space.
static CELLS_END: Breaks =
    Breaks { leads: Leads::all(), is_break: |c| c != ' ' && !('\u{2800}'..='\u{283F}').contains(&c), beyond_ascii: false };

/// Braille cells.
pub(super) fn braille(view: &View<'_>, sink: &mut Sink<'_>) {
    // U+2800 to U+283F is E2 A0 80 to E2 A0 BF in UTF-8.
    if !view.signs.has(0xE2) || !view.signs.has(0xA0) || !view.bytes().array_windows().any(|pair| pair == &[0xE2, 0xA0]) {
        return;
    }
    for range in segments(view, &CELLS_END) {
        let text: String = view.slice(range.clone()).chars().filter_map(cell).collect();
        if text.chars().filter(char::is_ascii_lowercase).count() >= MIN_LETTERS {
            sink.push(How::Braille, range, text.trim());
        }
    }
}

fn cell(c: char) -> Option<char> {
    let dots = if c == ' ' { 0 } else { u8::try_from((c as u32).checked_sub(0x2800)?).ok()? };
    let letter = CELLS.iter().position(|&cell| cell == dots).and_then(|at| u8::try_from(at).ok());
    // Signs for capitals and numbers and the marks between words are no letters.
    Some(letter.map_or(' ', |letter| char::from(b'a' + letter)))
}

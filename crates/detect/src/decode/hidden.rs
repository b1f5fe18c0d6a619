//! What is written with characters that nobody sees: tags, zero-width characters, variation selectors. Reads the original.

use std::ops::Range;

use super::likely::{is_readable, text_of};
use super::sink::Sink;
use super::view::View;
use super::{How, MAX_RUN};

/// Unicode tags (U+E0020 to U+E007E), each an ASCII character. The flags of England, Scotland and Wales are written with them too.
pub(super) fn tags(view: &View<'_>, sink: &mut Sink<'_>) {
    if view.invisible < 2 {
        return;
    }
    let (mut flag, mut found) = (false, Hidden::default());
    for (at, c) in view.chars() {
        if let '\u{E0020}'..='\u{E007E}' = c {
            if !flag {
                found.text.extend(char::from_u32(c as u32 - 0xE0000));
                found.reach(at, c);
            }
        } else if c != '\u{E007F}' || !flag {
            flag = c == '\u{1F3F4}';
        }
    }
    if found.text.len() >= 2 {
        sink.push_hidden(How::UnicodeTags, found.span, &found.text);
    }
}

/// Variation selectors 1 to 256, each a byte. A lone selector after an emoji or a Chinese character is ordinary, and no text in itself.
pub(super) fn selectors(view: &View<'_>, sink: &mut Sink<'_>) {
    if view.invisible < 3 {
        return;
    }
    let (mut bytes, mut found, mut before) = (Vec::new(), Hidden::default(), '\0');
    for (at, c) in view.chars() {
        let byte = match c {
            '\u{E0100}'..='\u{E01EF}' => u8::try_from(c as u32 - 0xE0100 + 16).ok(),
            // Line break and tab are among the first sixteen, but only in a row of selectors.
            '\u{FE00}'..='\u{FE0F}' if matches!(before, '\u{E0100}'..='\u{E01EF}') => u8::try_from(c as u32 - 0xFE00).ok(),
            _ => None,
        };
        if let Some(byte) = byte {
            bytes.push(byte);
            found.reach(at, c);
        }
        before = c;
    }
    if bytes.len() >= 3
        && let Some(text) = text_of(&bytes)
    {
        sink.push_hidden(How::VariationSelectors, found.span, &text);
    }
}

/// Zero-width characters in the order of the tools that write them. What is not in the pair of a scheme separates characters.
const BITS: [(char, char); 8] = [
    ('\u{200B}', '\u{200C}'),
    ('\u{200C}', '\u{200B}'),
    ('\u{2062}', '\u{2064}'),
    ('\u{200C}', '\u{200D}'),
    ('\u{200D}', '\u{200C}'),
    ('\u{200B}', '\u{200D}'),
    ('\u{200D}', '\u{200B}'),
    ('\u{200B}', '\u{FEFF}'),
];
/// Two bits each, eight of them a UTF-16 unit (the page "Unicode Steganography with Zero-Width Characters").
const QUARTERS: [char; 4] = ['\u{200C}', '\u{200D}', '\u{202C}', '\u{FEFF}'];
/// Fewest bits: two bytes.
const MIN_BITS: usize = 16;

/// Bits as zero-width characters: groups of 8, 16 or 7, or groups set apart by a third character.
pub(super) fn zero_width(view: &View<'_>, sink: &mut Sink<'_>) {
    if view.invisible < MIN_BITS {
        return;
    }
    let all: Vec<(usize, char)> = view.chars().filter(|(_, c)| is_zero_width(*c)).collect();
    for part in all.chunks(MAX_RUN) {
        let signs: Vec<char> = part.iter().map(|&(_, c)| c).collect();
        let bits = BITS.iter().find_map(|&pair| from_bits(&signs, pair));
        if let (Some(text), [first, .., last]) = (bits.or_else(|| from_quarters(&signs)), part) {
            sink.push_hidden(How::ZeroWidth, first.0..last.0 + last.1.len_utf8(), &text);
        }
    }
}

fn is_zero_width(c: char) -> bool {
    matches!(c, '\u{200B}'..='\u{200D}' | '\u{202C}' | '\u{2060}' | '\u{2062}' | '\u{2064}' | '\u{FEFF}')
}

fn from_bits(signs: &[char], (zero, one): (char, char)) -> Option<String> {
    let bit = |c: &char| (*c == zero || *c == one).then_some(u32::from(*c == one));
    let bits: Vec<u32> = signs.iter().filter_map(bit).collect();
    // Both bits, and few strangers: a tool has one separator, so at most every other sign is one.
    if bits.len() < MIN_BITS || bits.len() * 2 < signs.len() || !bits.contains(&0) || !bits.contains(&1) {
        return None;
    }
    let apart = || readable(signs.split(|c| bit(c).is_none()).filter(|g| !g.is_empty()).map(|g| value(g.iter().filter_map(bit))));
    text_of(&bits.chunks_exact(8).map(|group| value(group.iter().copied()) as u8).collect::<Vec<_>>())
        .or_else(apart)
        .or_else(|| readable(bits.chunks_exact(16).map(|group| value(group.iter().copied()))))
        .or_else(|| readable(bits.chunks_exact(7).map(|group| value(group.iter().copied()))))
}

fn from_quarters(signs: &[char]) -> Option<String> {
    let values: Vec<u32> = signs.iter().filter_map(|c| QUARTERS.iter().position(|q| q == c)?.try_into().ok()).collect();
    readable(values.chunks_exact(8).map(|group| group.iter().fold(0, |sum, quarter| sum << 2 | quarter)))
}

fn value(bits: impl Iterator<Item = u32>) -> u32 {
    bits.fold(0, |sum, bit| (sum << 1 | bit) & 0xFF_FFFF)
}

fn readable(codes: impl Iterator<Item = u32>) -> Option<String> {
    let text = codes.map(char::from_u32).collect::<Option<String>>()?;
    (text.chars().nth(1).is_some() && is_readable(&text)).then_some(text)
}

#[derive(Default)]
struct Hidden {
    text: String,
    span: Range<usize>,
}

impl Hidden {
    fn reach(&mut self, at: usize, c: char) {
        let start = if self.span.is_empty() { at } else { self.span.start };
        self.span = start..at + c.len_utf8();
    }
}

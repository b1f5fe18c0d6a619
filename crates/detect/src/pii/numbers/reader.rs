//! Reading the folded text by position.
//!
//! Invariant: a rule sees units only through [`Reader`], which notes when a rule has asked for a unit past the end. A rule that never asked
//! decides the same however the text goes on; this is what [`super::live`] rests on.

use std::cell::Cell;

use super::Folded;

/// A folded text and whether anyone has looked past its end.
pub(super) struct Reader<'a> {
    text: &'a Folded<'a>,
    past_end: Cell<bool>,
}

impl<'a> Reader<'a> {
    pub(super) const fn new(text: &'a Folded<'a>) -> Self {
        Self { text, past_end: Cell::new(false) }
    }

    /// The unit at a place; past the end 0, and that is noted.
    pub(super) fn at(&self, place: usize) -> u16 {
        self.text.units.get(place).copied().unwrap_or_else(|| {
            self.past_end.set(true);
            0
        })
    }

    /// The unit so many places before; 0 before the text begins.
    pub(super) fn before(&self, place: usize, back: usize) -> u16 {
        place.checked_sub(back).and_then(|at| self.text.units.get(at)).copied().unwrap_or(0)
    }

    /// Whether filler was dropped just before the unit at this place.
    pub(super) fn gap(&self, place: usize) -> bool {
        self.at(place) != 0 && self.text.gap(place)
    }

    /// Whether the word stands at this place.
    pub(super) fn has(&self, place: usize, word: &str) -> bool {
        word.encode_utf16().enumerate().all(|(i, unit)| self.at(place + i) == unit)
    }

    /// The first of the words that stands at this place.
    pub(super) fn has_any(&self, place: usize, words: &[&'static str]) -> Option<&'static str> {
        words.iter().find(|word| self.has(place, word)).copied()
    }

    /// Whether the word ends just before this place. A Latin word must begin there as well: 'hotel' does not end in 'tel'.
    pub(super) fn ends_in(&self, place: usize, word: &str) -> bool {
        let latin = || word.as_bytes().first().is_some_and(u8::is_ascii_alphabetic);
        word.chars().rev().enumerate().all(|(i, c)| self.before(place, i + 1) == c as u16)
            && !(latin() && is_letter(self.before(place, units(word) + 1)))
    }

    /// The place after at most so many spaces.
    pub(super) fn skip_spaces(&self, place: usize, most: usize) -> usize {
        place + (0..most).take_while(|i| self.at(place + i) == SPACE).count()
    }

    /// Whether a rule has asked for a unit past the end since the last call.
    pub(super) fn take_past_end(&self) -> bool {
        self.past_end.replace(false)
    }
}

pub(super) const SPACE: u16 = b' ' as u16;

/// The number of units of a word of the basic plane, which all words here are.
pub(super) fn units(word: &str) -> usize {
    word.chars().count()
}

/// Whether a unit is this ASCII character.
pub(super) const fn is(unit: u16, byte: u8) -> bool {
    unit == byte as u16
}

/// Whether a unit is one of these ASCII characters.
pub(super) fn is_one_of(unit: u16, bytes: &[u8]) -> bool {
    u8::try_from(unit).is_ok_and(|byte| bytes.contains(&byte))
}

pub(super) const fn is_digit(unit: u16) -> bool {
    unit >= 0x30 && unit <= 0x39
}

/// Folded text has lower case letters only.
pub(super) const fn is_letter(unit: u16) -> bool {
    unit >= 0x61 && unit <= 0x7A
}

pub(super) const fn is_alnum(unit: u16) -> bool {
    is_digit(unit) || is_letter(unit)
}

pub(super) const fn is_cjk(unit: u16) -> bool {
    unit >= 0x3041 && unit < 0xFF00
}

/// The value of a digit, ASCII or Chinese: everyday, financial (壹贰叁), spoken (幺 两), circles for zero.
pub(super) const fn numeral(unit: u16) -> Option<u8> {
    if unit < 0x80 {
        return if is_digit(unit) { Some((unit - 0x30) as u8) } else { None };
    }
    Some(match unit {
        0x96F6 | 0x3007 | 0x25CB => 0,
        0x4E00 | 0x58F9 | 0x5E7A => 1,
        0x4E8C | 0x8D30 | 0x4E24 => 2,
        0x4E09 | 0x53C1 => 3,
        0x56DB | 0x8086 => 4,
        0x4E94 | 0x4F0D => 5,
        0x516D | 0x9646 => 6,
        0x4E03 | 0x67D2 => 7,
        0x516B | 0x634C => 8,
        0x4E5D | 0x7396 => 9,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numerals_are_read() {
        let read: Vec<_> = "零一二三四五六七八九壹贰叁肆伍陆柒捌玖〇幺两○7".encode_utf16().filter_map(numeral).collect();
        assert_eq!(read, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1, 2, 0, 7]);
    }

    #[test]
    fn looking_past_the_end_is_noted() {
        let text = Folded::new("ab");
        let reader = Reader::new(&text);
        assert!(!reader.has(0, "ax") && !reader.take_past_end());
        assert!(!reader.has(0, "abc") && reader.take_past_end() && !reader.take_past_end());
        assert!(reader.ends_in(2, "ab") && !reader.ends_in(2, "b") && !reader.take_past_end());
    }
}

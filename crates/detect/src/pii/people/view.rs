//! Reading the folded text: every look past its end is remembered, so that what is still open is known without a second set of rules.
//!
//! Invariant: a judgement made through a [`View`] that never looked past the end stays the same whatever text follows.

use std::cell::Cell;

use super::{Folded, fold};

/// A reader of a folded text.
pub(super) struct View<'a> {
    text: &'a Folded<'a>,
    past_end: Cell<bool>,
}

impl<'a> View<'a> {
    pub(super) const fn new(text: &'a Folded<'a>) -> Self {
        Self { text, past_end: Cell::new(false) }
    }

    pub(super) fn units(&self) -> &'a [u16] {
        self.text.units
    }

    /// The unit at `i`; looking past the end is remembered.
    pub(super) fn at(&self, i: usize) -> Option<u16> {
        let unit = self.text.units.get(i).copied();
        if unit.is_none() {
            self.past_end.set(true);
        }
        unit.map(apostrophe)
    }

    /// The unit before `i`.
    pub(super) fn before(&self, i: usize) -> Option<u16> {
        self.text.units.get(i.checked_sub(1)?).copied().map(apostrophe)
    }

    /// Whether filler was dropped just before `i`; past the end that is not known yet.
    pub(super) fn gap(&self, i: usize) -> bool {
        if i >= self.text.units.len() {
            self.past_end.set(true);
            return false;
        }
        self.text.gap(i)
    }

    /// Whether a sentence ended just before `i`: in what was dropped there, or in the unit that stands there. Not asked past the end.
    pub(super) fn stop(&self, i: usize) -> bool {
        let full_stop = || {
            let letters =
                (2..6).take_while(|&back| i.checked_sub(back).and_then(|at| self.text.units.get(at)).is_some_and(|&u| is_letter(u)));
            self.text.units.get(i) == Some(&unit(' ')) && letters.count() == 4
        };
        match self.before(i) {
            Some(u) if fold::is_stop(u) => true,
            Some(u) if u == unit('.') => full_stop(),
            _ => i < self.text.units.len() && self.text.gap(i) && self.text.stop(i),
        }
    }

    /// What was dropped just before `i`.
    pub(super) fn skipped(&self, i: usize) -> &'a str {
        if self.gap(i) { self.text.skipped(i) } else { "" }
    }

    /// Whether a word that begins at `i` is written with a capital first letter and no second one; past the end that is not known yet.
    pub(super) fn capitalised(&self, i: usize) -> bool {
        self.at(i + 1).is_some() && self.text.capital(i) && !self.text.capital(i + 1)
    }

    /// Whether a phrase ends before `i`: text end, dropped filler, or a unit that is no Chinese character.
    pub(super) fn ends(&self, i: usize) -> bool {
        self.at(i).is_none_or(|u| !is_han(u)) || self.gap(i)
    }

    /// Whether a phrase starts at `i`: text start, dropped filler, or a unit before that is no Chinese character.
    pub(super) fn starts(&self, i: usize) -> bool {
        self.before(i).is_none_or(|u| !is_han(u)) || self.gap(i)
    }

    /// Skips at most `most` units of filler.
    pub(super) fn skip_filler(&self, mut i: usize, most: usize) -> usize {
        for _ in 0..most {
            match self.at(i) {
                Some(u) if is_filler(u) => i += 1,
                _ => break,
            }
        }
        i
    }

    /// Steps back over at most `most` units of filler.
    pub(super) fn back_over_filler(&self, mut i: usize, most: usize) -> usize {
        for _ in 0..most {
            match self.before(i) {
                Some(u) if is_filler(u) => i -= 1,
                _ => break,
            }
        }
        i
    }

    /// The end of the run of units from `i` on that satisfy `is`, if it has at most `most` units; a longer run is none.
    pub(super) fn run(&self, i: usize, most: usize, is: impl Fn(u16) -> bool) -> Option<usize> {
        for end in i..=i + most {
            if !self.at(end).is_some_and(&is) {
                return (end > i).then_some(end);
            }
        }
        None
    }

    /// Runs `judge` and says whether it looked past the end.
    pub(super) fn watch<T>(&self, judge: impl FnOnce() -> T) -> (T, bool) {
        self.past_end.set(false);
        let answer = judge();
        (answer, self.past_end.get())
    }
}

/// The apostrophe of word processors as that of keyboards.
const fn apostrophe(u: u16) -> u16 {
    if u == 0x2019 { b'\'' as u16 } else { u }
}

/// A unified ideograph of the basic plane or the iteration mark.
pub(super) const fn is_han(u: u16) -> bool {
    u == 0x3005 || (u >= 0x3400 && u <= 0x9FFF)
}

/// Neither a letter, a digit, nor a unit that folding counts as CJK (0x3041 and above).
pub(super) const fn is_filler(u: u16) -> bool {
    u < 0x3041 && !is_word(u)
}

/// A letter or digit below the CJK blocks.
pub(super) const fn is_word(u: u16) -> bool {
    is_digit(u) || is_letter(u) || (u >= 0xC0 && u < 0x2000) || u == 0x3005 || u == 0x3007
}

/// An ASCII digit.
pub(super) const fn is_digit(u: u16) -> bool {
    u >= b'0' as u16 && u <= b'9' as u16
}

/// A lower-case ASCII letter (folding leaves no other).
pub(super) const fn is_letter(u: u16) -> bool {
    u >= b'a' as u16 && u <= b'z' as u16
}

/// The unit of a character of the basic plane; 0 for any other.
pub(super) const fn unit(c: char) -> u16 {
    let code = c as u32;
    if code <= 0xFFFF { code as u16 } else { 0 }
}

/// The character of a unit; a surrogate has none.
pub(super) const fn char_of(u: u16) -> char {
    match char::from_u32(u as u32) {
        Some(c) => c,
        None => '\0',
    }
}

/// A Chinese numeral, the zero ring (a letter number, outside the CJK range of folding) included.
pub(super) const fn is_numeral(u: u16) -> bool {
    matches!(char_of(u), '〇' | '零' | '一' | '二' | '三' | '四' | '五' | '六' | '七' | '八' | '九' | '十' | '百' | '两')
}

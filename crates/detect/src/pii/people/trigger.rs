//! One pass over the units: where some rule may begin, told by the class of a unit and of the one after it.
//!
//! Ordinary text passes here at a table look-up a unit; the rules themselves see only the places this lets through.

use std::sync::LazyLock;

use super::view::{View, is_digit, is_letter, is_word};
use super::{Candidate, address, address_en, circumstance, foreign, names, names_en};

const NAME: u8 = 1;
const GIVEN: u8 = 2;
const SOUND: u8 = 4;
const ADDRESS: u8 = 8;
const STATEMENT: u8 = 16;
const LETTER: u8 = 32;
const DIGIT: u8 = 64;
/// A given-name character alone begins nothing.
const BEGINS: u8 = !GIVEN;

static CLASSES: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let bit = |bit: u8, is: bool| if is { bit } else { 0 };
    let classes = |u: u16| {
        let latin = bit(LETTER, is_letter(u)) | bit(DIGIT, is_digit(u));
        let han = bit(NAME, names::may_begin(u)) | bit(GIVEN, names::may_follow(u)) | bit(SOUND, foreign::may_begin(u));
        latin | han | bit(ADDRESS, address::may_turn(u)) | bit(STATEMENT, circumstance::may_begin(u) && !is_letter(u) && !is_digit(u))
    };
    (0..=u16::MAX).map(classes).collect()
});

/// A rule to try at a place.
#[derive(Debug, Clone, Copy)]
pub(super) enum Rule {
    Name,
    Foreign,
    NameEn,
    Address(address::Start),
    AddressEn,
    Statement,
}

impl Rule {
    pub(super) fn judge(self, view: &View, i: usize) -> Option<Candidate> {
        match self {
            Self::Name => names::at(view, i),
            Self::Foreign => foreign::at(view, i),
            Self::NameEn => names_en::at(view, i),
            Self::Address(start) => address::at(view, i, start),
            Self::AddressEn => address_en::at(view, i),
            Self::Statement => circumstance::at(view, i),
        }
    }
}

/// Calls `visit` with every place from `from` on where a rule may begin (an address may begin a little before the unit that shows it).
pub(super) fn each(view: &View, from: usize, mut visit: impl FnMut(usize, Rule)) {
    let units = view.units();
    let classes = CLASSES.as_slice();
    let class = |u: Option<&u16>| u.and_then(|&u| classes.get(usize::from(u))).copied();
    let mut before = from.checked_sub(1).and_then(|i| units.get(i)).copied().unwrap_or(0);
    for (i, &u) in units.iter().enumerate().skip(from) {
        let here = class(Some(&u)).unwrap_or(0);
        if here & BEGINS != 0 {
            if here & (LETTER | DIGIT) != 0 {
                latin(units, i, here, before, &mut visit);
            } else {
                let next = units.get(i + 1);
                han(view, i, here, class(next).unwrap_or(u8::MAX), next.copied(), &mut visit);
            }
        }
        before = u;
    }
    for start in address::tail(view) {
        visit(start, Rule::Address(address::Start::Road));
    }
}

fn latin(units: &[u16], i: usize, here: u8, before: u16, visit: &mut impl FnMut(usize, Rule)) {
    // Names take `3john` for a word start, addresses and statements do not: an identifier holds neither.
    if here & LETTER != 0 && !is_letter(before) && names_en::may_start(units, i) {
        visit(i, Rule::NameEn);
    }
    if is_word(before) {
        return;
    }
    if address_en::may_start(units, i) {
        visit(i, Rule::AddressEn);
    }
    let rest = units.get(i..).unwrap_or_default();
    if if here & DIGIT != 0 { circumstance::may_be_age(rest) } else { circumstance::may_begin_latin(rest) } {
        visit(i, Rule::Statement);
    }
}

fn han(view: &View, i: usize, here: u8, next: u8, next_unit: Option<u16>, visit: &mut impl FnMut(usize, Rule)) {
    if here & NAME != 0 && next & GIVEN != 0 {
        visit(i, Rule::Name);
    }
    if here & SOUND != 0 && next & SOUND != 0 {
        visit(i, Rule::Foreign);
    }
    if here & ADDRESS != 0 {
        address::around(view, i, |start, how| visit(start, Rule::Address(how)));
    }
    let u = view.units().get(i).copied().unwrap_or(0);
    if here & STATEMENT != 0 && circumstance::may_begin_with(u, next_unit) {
        visit(i, Rule::Statement);
    }
}

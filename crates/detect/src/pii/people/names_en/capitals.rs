//! Names that the capitals of the original bear out: a known given name with any capitalised word, any capitalised word with a known surname,
//! a known given name by itself, and Chinese names in pinyin in either order.
//!
//! A street, a firm or an institution behind it (Baker Street, Morgan Stanley Group) makes it no person; so does a capitalised word that it
//! continues (Lake Victoria). Not done: texts in capitals or in small letters throughout, where nothing is to be read from them.

use super::super::view::{View, is_letter, unit};
use super::{GIVEN, INSTITUTION, NEVER, PART, PINYIN, SURNAME, WORD, gap_one, joins, word};

/// The name that starts with the word `i..end`, and how sure it is.
pub(super) fn name(view: &View, i: usize, end: usize, bits: i16) -> Option<(usize, f32)> {
    if !view.capitalised(i) || continues(view, i) {
        return None;
    }
    let second = capital_after(view, end);
    let pair = second.and_then(|(at, last, more)| {
        let score = pinyin(view, (i, end, bits), (at, last, more)).or_else(|| together(view, (i, end, bits), (last, more)))?;
        Some((last, score))
    });
    let found = pair.or_else(|| if second.is_none() && alone(bits, end - i) { Some((end, 0.7)) } else { None })?;
    (!institution(view, found.0)).then_some(found)
}

/// A name that is known already, if no institution is named after it.
pub(super) fn extended(view: &View, known: Option<(usize, f32)>) -> Option<(usize, f32)> {
    known.filter(|(last, _)| !institution(view, *last))
}

/// Whether the word only continues a capitalised one before it, a dot after a short one between or not: Lake Victoria, St. Mary.
fn continues(view: &View, i: usize) -> bool {
    let space = i.checked_sub(1).filter(|&at| view.at(at) == Some(unit(' ')));
    let Some(edge) = space.map(|at| if view.before(at) == Some(unit('.')) { at - 1 } else { at }) else { return false };
    let letters = (1..=PART).take_while(|back| edge.checked_sub(*back).and_then(|at| view.at(at)).is_some_and(is_letter)).count();
    let dotted = view.before(edge + 1) == Some(unit('.'));
    // After a whole word with a dot a sentence begins; what stands first in a sentence is capitalised whatever it is.
    letters > 0 && !(dotted && letters > 3) && view.capitalised(edge - letters) && !opens(view, edge - letters)
}

/// Whether a sentence or a line begins with the word at `i`.
fn opens(view: &View, i: usize) -> bool {
    view.before(i).is_none_or(|u| u != unit(' ') && u != unit('-'))
        || i.checked_sub(1).and_then(|at| view.before(at)).is_none_or(|u| !is_letter(u) && ![unit(','), unit('-'), unit('&')].contains(&u))
}

/// The capitalised word after `end`, an initial between them or not: its start, its end and its bits.
fn capital_after(view: &View, end: usize) -> Option<(usize, usize, i16)> {
    let mut at = gap_one(view, end)?;
    if view.at(at).is_some_and(is_letter) && view.at(at + 1) == Some(unit('.')) {
        at = gap_one(view, at + 2)?;
    }
    let (last, bits) = word(view, at)?;
    (last > at + 1 && view.capitalised(at)).then_some((at, last, bits))
}

/// Two capitalised words of which one is known for a name.
fn together(view: &View, (i, end, bits): (usize, usize, i16), (last, more): (usize, i16)) -> Option<f32> {
    let plain = |bits: i16, role: i16| bits & role != 0 && bits & WORD == 0;
    if more & (NEVER | INSTITUTION) != 0 || view.at(last).is_some_and(joins) {
        return None;
    }
    if plain(bits, GIVEN) && (more == 0 || more & (SURNAME | GIVEN | PINYIN) != 0) {
        return Some(0.85);
    }
    let stranger = bits == 0 && end > i + 2 || bits & SURNAME != 0;
    let first = stranger && (plain(more, SURNAME) || plain(more, PINYIN) && more & GIVEN == 0);
    (first && (bits == 0 || !opens(view, i))).then_some(0.75)
}

/// A surname in pinyin and one to three syllables of a given name, in either order.
fn pinyin(view: &View, (i, end, bits): (usize, usize, i16), (at, last, more): (usize, usize, i16)) -> Option<f32> {
    let long = |from: usize, to: usize| to > from + 3;
    let doubtful = |surname: i16, from: usize, to: usize| surname & WORD != 0 && !long(from, to);
    let place = PLACES.iter().any(|place| place.encode_utf16().eq((i..last).filter_map(|k| view.at(k))));
    let family_first = bits & PINYIN != 0 && more & (NEVER | INSTITUTION) == 0 && syllables(view, at, last) && !doubtful(bits, at, last);
    let family_last = || more & PINYIN != 0 && syllables(view, i, end) && !doubtful(more, i, end);
    (!place && (family_first || family_last())).then_some(0.85)
}

/// What is written like a Chinese name and is none.
const PLACES: [&str; 14] = [
    "hong kong",
    "tai chi",
    "feng shui",
    "yin yang",
    "xi an",
    "he nan",
    "hu nan",
    "wu han",
    "shang hai",
    "su zhou",
    "jin jiang",
    "ma long",
    "li ning",
    "tang dynasty",
];

/// Whether the word is one to three syllables of pinyin, a hyphen between them or not.
fn syllables(view: &View, from: usize, to: usize) -> bool {
    let letters: String =
        (from..to).filter_map(|k| view.at(k)).filter_map(|u| char::from_u32(u32::from(u))).filter(|c| *c != '-').collect();
    (2..=12).contains(&letters.len()) && reads(&letters, 3)
}

/// Whether the letters are at most so many syllables.
fn reads(letters: &str, most: usize) -> bool {
    letters.is_empty()
        || most > 0
            && (1..=6).filter_map(|len| letters.split_at_checked(len)).any(|(head, rest)| is_syllable(head) && reads(rest, most - 1))
}

/// Whether the letters are an initial with a final (a few pairs that Chinese does not have pass too).
fn is_syllable(letters: &str) -> bool {
    const INITIALS: [&str; 24] =
        ["zh", "ch", "sh", "b", "p", "m", "f", "d", "t", "n", "l", "g", "k", "h", "j", "q", "x", "r", "z", "c", "s", "y", "w", ""];
    const FINALS: [&str; 34] = [
        "a", "o", "e", "i", "u", "ai", "ei", "ao", "ou", "an", "en", "ang", "eng", "ong", "er", "ia", "ie", "iao", "iu", "ian", "in",
        "iang", "ing", "iong", "ua", "uo", "uai", "ui", "uan", "un", "uang", "ue", "v", "ve",
    ];
    INITIALS.iter().any(|initial| letters.strip_prefix(initial).is_some_and(|rest| FINALS.contains(&rest)))
}

/// Whether a known given name alone is believed: one that is no word.
const fn alone(bits: i16, letters: usize) -> bool {
    bits & GIVEN != 0 && bits & (WORD | NEVER | PINYIN) == 0 && letters > 2
}

/// Whether a capitalised word of an institution follows, with one more word between or not: Baker Street, Harvey Milk High School.
fn institution(view: &View, end: usize) -> bool {
    let Some(at) = gap_one(view, end) else { return false };
    let Some((last, bits)) = word(view, at).filter(|_| view.capitalised(at)) else { return false };
    let next = || gap_one(view, last).filter(|&at| view.capitalised(at)).and_then(|at| word(view, at));
    bits & INSTITUTION != 0 || next().is_some_and(|(_, bits)| bits & INSTITUTION != 0)
}

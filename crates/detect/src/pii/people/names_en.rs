//! English personal names. Folding took the capitals away, so a name is known by the cue before it (my name is, mr, dear, name:) and by a
//! table of common given names and surnames (en-names.tsv); without a cue a known given name with a known surname is reported, and what the
//! capitals of the original bear out ([`capitals`]).
//!
//! Not done: names in other spellings than ASCII, two unknown words.

use std::sync::LazyLock;

use super::view::{View, is_filler, is_letter, is_word, unit};
use super::words::{Prefixes, Words};
use super::{Candidate, PersonalKind};

mod capitals;

const GIVEN: i16 = 1;
const SURNAME: i16 = 2;
const WORD: i16 = 4;
const NEVER: i16 = 8;
/// A surname in pinyin; with [`WORD`] also a word or the half of a place.
const PINYIN: i16 = 16;
/// Not a person when it stands behind a name: Street, University, Inc.
const INSTITUTION: i16 = 32;

const LABEL: i16 = 4;
const INTRODUCTION: i16 = 3;
const TITLE: i16 = 2;

/// Longest part of a name in letters: longer ones are rare, and a longer run is no candidate.
const PART: usize = 15;

struct Tables {
    names: Words,
    cues_back: Words,
    /// Whether a known name begins so.
    begins: Prefixes,
    /// Whether a known surname begins so.
    surnames: Prefixes,
    /// Whether a cue ends so, read backwards.
    ends: Prefixes,
}

static TABLES: LazyLock<Tables> = LazyLock::new(|| {
    let (names, cues) = (include_str!("data/en-names.tsv"), include_str!("data/en-cues.tsv"));
    Tables {
        names: Words::forward(&[names]),
        cues_back: Words::backward(&[cues]),
        begins: Prefixes::of(&[names], |bits| bits & (GIVEN | PINYIN) != 0, false),
        surnames: Prefixes::of(&[names], |bits| bits & (SURNAME | PINYIN) != 0, false),
        ends: Prefixes::of(&[cues], |value| value > 1, true),
    }
});

/// Whether a name may start at `i`, the start of a word: a cheap test.
pub(super) fn may_start(units: &[u16], i: usize) -> bool {
    let rest = units.get(i..).unwrap_or_default();
    rest.get(..4).is_none() || TABLES.begins.has(rest.iter().copied()) || before_surname(rest) || after_cue(units, i)
}

/// A cheap test for a surname as the next word, or the one after an initial.
fn before_surname(rest: &[u16]) -> bool {
    let next = |from: usize| {
        let letters = rest.get(from..).unwrap_or_default().iter().take(PART + 1).take_while(|&&u| is_letter(u)).count();
        let end = from + letters + usize::from(letters == 1 && rest.get(from + 1) == Some(&unit('.')));
        rest.get(end).is_none_or(|&u| u == unit(' ') && letters > 0).then_some((end + 1, letters))
    };
    let known = |at: usize| rest.get(at..at + 4).is_none_or(|word| TABLES.surnames.has(word.iter().copied()));
    next(0).is_some_and(|(second, _)| known(second) || next(second).is_some_and(|(third, letters)| letters == 1 && known(third)))
}

/// A cheap test for a cue before `i`: the last letters before it end some cue.
fn after_cue(units: &[u16], i: usize) -> bool {
    let back = units.get(i.saturating_sub(8)..i).unwrap_or_default().iter().rev().copied();
    TABLES.ends.has(back.skip_while(|&u| is_filler(u)))
}

/// The name that starts at `i`, if one does.
pub(super) fn at(view: &View, i: usize) -> Option<Candidate> {
    if view.before(i).is_some_and(|u| is_word(u) || joins(u)) {
        return None;
    }
    let (end, bits) = word(view, i)?;
    let cue = cue(view, i);
    if bits & (NEVER | INSTITUTION) != 0 {
        return None;
    }
    let known = if bits & !PINYIN != 0 || cue >= TITLE { full(view, i, end, bits, cue) } else { None };
    let (last, score) = capitals::extended(view, known).or_else(|| capitals::name(view, i, end, bits))?;
    (!view.at(last).is_some_and(|u| u == unit('@') || u == unit('_'))).then_some(Candidate {
        kind: PersonalKind::Name,
        range: i..last,
        score,
    })
}

fn joins(u: u16) -> bool {
    [unit('@'), unit('_'), unit('-'), unit('\''), unit('/')].contains(&u)
}

/// How far the name goes from its first word on, and how sure it is.
fn full(view: &View, i: usize, end: usize, bits: i16, cue: i16) -> Option<(usize, f32)> {
    let second = second(view, end, bits, cue);
    let plain = |bits: i16| bits & WORD == 0;
    match (second, cue) {
        (_, TITLE) if bits == 0 && profession(view, i) => None,
        (Some((last, _)), TITLE..) => Some((last, 0.95)),
        (_, TITLE) if end > i + 1 => Some((end, 0.85)),
        (_, INTRODUCTION) if end > i + 1 && (bits & GIVEN != 0 || closes(view, end)) => Some((end, 0.85)),
        (_, LABEL) if bits & (GIVEN | SURNAME) != 0 => Some((end, 0.85)),
        (Some((last, more)), _) if bits & GIVEN != 0 && more & SURNAME != 0 && (plain(bits) || plain(more)) => {
            (plain(more) || cue > 0 || closes(view, last)).then_some((last, if cue > 0 { 0.95 } else { 0.75 }))
        }
        (_, 1) if bits & GIVEN != 0 && plain(bits) && strong(view, i) => Some((end, 0.75)),
        _ if bits & GIVEN != 0 && plain(bits) && speaks(view, end) => Some((end, 0.75)),
        _ if bits & GIVEN != 0 && plain(bits) => spoken(view, end).map(|last| (last, 0.75)),
        _ => None,
    }
}

/// The surname after the first word, an initial between them or not: its end and bits (0: unknown, taken only behind a cue).
fn second(view: &View, end: usize, bits: i16, cue: i16) -> Option<(usize, i16)> {
    let start = gap_one(view, end)?;
    let (mut last, mut more) = word(view, start)?;
    if last == start + 1 {
        let after = start + 1 + usize::from(view.at(start + 1) == Some(unit('.')));
        let start = gap_one(view, after)?;
        (last, more) = word(view, start)?;
    } else if more & (GIVEN | SURNAME) != 0 && bits & GIVEN != 0 {
        // A middle name: given, given or surname, surname.
        if let Some((third, bits)) =
            gap_one(view, last).and_then(|at| word(view, at)).filter(|(_, bits)| bits & SURNAME != 0 && bits & WORD == 0)
        {
            return Some((third, bits));
        }
    }
    let known = more & SURNAME != 0 || more & GIVEN != 0 && more & WORD == 0;
    // An unknown second word is a surname only where the phrase ends after it.
    let taken = known || more == 0 && cue >= TITLE && closes(view, last) && last > start + 2;
    (taken && more & (NEVER | INSTITUTION) == 0).then_some((last, more))
}

/// Whether the form of address before `i` is a noun too (my doctor says), so that only a known name may follow.
fn profession(view: &View, i: usize) -> bool {
    let edge = view.back_over_filler(i, 3);
    ["doctor", "prof", "professor", "miss"]
        .iter()
        .any(|word| edge.checked_sub(word.len()).is_some_and(|start| starts_with(view, start, word)))
}

/// A given name with an unknown word after it, and what that person does after both.
fn spoken(view: &View, end: usize) -> Option<usize> {
    let (last, bits) = word(view, gap_one(view, end)?)?;
    (bits == 0 && last > end + 3 && speaks(view, last)).then_some(last)
}

/// Whether the word at `i` is a given name.
pub(super) fn is_given(view: &View, i: usize) -> bool {
    word(view, i).is_some_and(|(_, bits)| bits & GIVEN != 0)
}

fn gap_one(view: &View, end: usize) -> Option<usize> {
    (view.at(end) == Some(unit(' '))).then_some(end + 1)
}

/// The word at `i`: its end and its bits.
fn word(view: &View, i: usize) -> Option<(usize, i16)> {
    let mut end = view.run(i, PART, is_letter)?;
    if view.at(end).is_some_and(|u| u == unit('-') || u == unit('\''))
        && let Some(more) = view.run(end + 1, PART, is_letter).filter(|&more| more > end + 2)
    {
        end = more;
    }
    // No name: a number, an address of the net.
    if view.at(end).is_some_and(|u| is_word(u) || u == unit('_'))
        || view.at(end) == Some(unit('.')) && view.at(end + 1).is_some_and(is_letter)
    {
        return None;
    }
    // Nearly all words are no names, which is known without spelling them.
    let may_be = view.units().get(i..end).is_some_and(|units| TABLES.names.may_be(units));
    let hit = if may_be { TABLES.names.at(view, i).filter(|hit| i + hit.len == end) } else { None };
    Some((end, hit.map_or(0, |hit| hit.value)))
}

/// The value of the cue before `i`, 0 for none.
fn cue(view: &View, i: usize) -> i16 {
    let edge = view.back_over_filler(i, 3);
    let filler = view.units().get(edge..i).unwrap_or_default();
    let Some(hit) = TABLES.cues_back.before(view, edge).filter(|hit| !view.before(edge - hit.len).is_some_and(is_word)) else { return 0 };
    let only = |marks: &str| filler.iter().all(|&u| marks.chars().any(|c| unit(c) == u));
    match hit.value {
        LABEL if filler.contains(&unit(':')) => LABEL,
        LABEL => 0,
        TITLE if only(". ") => TITLE,
        INTRODUCTION if only(" :\"") => INTRODUCTION,
        1 if only(" ,\n:") => 1,
        _ => 0,
    }
}

/// Whether the cue of value 1 before `i` is one that a single given name may follow (a joining word is not).
fn strong(view: &View, i: usize) -> bool {
    let edge = view.back_over_filler(i, 3);
    let joining = ["with", "for", "to", "and", "by", "from", "love"];
    let before: Vec<u16> = (1..=8).map_while(|back| view.before((edge + 1).checked_sub(back)?)).collect();
    !joining.iter().any(|word| {
        let mut back = word.encode_utf16().collect::<Vec<_>>();
        back.reverse();
        before.starts_with(&back) && !before.get(back.len()).is_some_and(|&u| is_word(u))
    })
}

/// Whether a phrase ends at `i`.
fn closes(view: &View, i: usize) -> bool {
    let at = if view.at(i) == Some(unit(' ')) { i + 1 } else { i };
    view.at(i).is_none_or(|u| u != unit(' ') && !is_word(u)) || view.at(at).is_none_or(|u| !is_letter(u)) || follows(view, i)
}

/// A word after a name that shows that it ended.
fn follows(view: &View, i: usize) -> bool {
    [" and ", " from ", " is ", " was ", " who ", " has ", " at ", " on ", " in ", " with ", " phone", " email", " will ", " can "]
        .iter()
        .any(|word| starts_with(view, i, word))
}

/// Whether the person speaks or something private of theirs follows.
fn speaks(view: &View, i: usize) -> bool {
    let verbs = [" said", " says", " told ", " asked ", " replied", " whispered", " shouted", " was born", " was diagnosed", " lives at"];
    let owned = ["'s phone", "'s email", "'s address", "'s number", "'s ssn", "'s passport", "'s birthday", "'s medical", "'s bank"];
    verbs.iter().chain(&owned).any(|word| starts_with(view, i, word))
}

fn starts_with(view: &View, i: usize, word: &str) -> bool {
    word.encode_utf16().enumerate().all(|(k, u)| view.at(i + k) == Some(u))
}

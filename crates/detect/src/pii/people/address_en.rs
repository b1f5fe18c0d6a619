//! English postal addresses: house number, one to four words, a street type, then flat, city, state and postal code where they follow;
//! and post office boxes.
//!
//! Not done: addresses without a house number, forms other than the American and British ones.

use std::sync::LazyLock;

use super::view::{View, char_of, is_digit, is_letter, is_word, unit};
use super::words::Words;
use super::{Candidate, LONGEST, PersonalKind};

const TYPE: i16 = 2;
const WEAK_TYPE: i16 = 1;
const NEVER: i16 = 9;
/// Longest word in letters; longest house number in digits (USPS Publication 28 has ten places for it, seldom more than five are used).
const WORD: usize = 14;
const HOUSE: usize = 5;
/// Most words of a street's name and of a city's.
const NAME: usize = 4;

struct Tables {
    streets: Words,
    states: Words,
}

static TABLES: LazyLock<Tables> = LazyLock::new(|| Tables {
    streets: Words::forward(&[include_str!("data/street-en.tsv")]),
    states: Words::forward(&[include_str!("data/states-en.tsv")]),
});

/// Whether an address may start at `i`, the start of a number or word: a number that goes on with no point or hyphen before it, or
/// `p.o.`, `po box`.
pub(super) fn may_start(units: &[u16], i: usize) -> bool {
    let unit_at = |i: usize| units.get(i).copied();
    let joined = i.checked_sub(1).and_then(unit_at).is_some_and(|u| matches!(char_of(u), '.' | '-' | '/'));
    match unit_at(i) {
        Some(u) if is_digit(u) => !joined && words_follow(units, i),
        Some(u) => u == unit('p') && unit_at(i + 1).is_none_or(|n| n == unit('o') || n == unit('.')),
        None => false,
    }
}

/// Whether a space and a letter or digit follow the number at `i`, or the text's end.
fn words_follow(units: &[u16], i: usize) -> bool {
    let rest = units.get(i..).unwrap_or_default();
    let number = rest.iter().take(HOUSE + 2).take_while(|&&u| is_word(u)).count();
    let after = rest.get(number..).unwrap_or_default();
    number < HOUSE + 2 && (after.len() < 2 || matches!(after, [space, next, ..] if *space == unit(' ') && is_word(*next)))
}

/// The address that starts at `i`, if one does.
pub(super) fn at(view: &View, i: usize) -> Option<Candidate> {
    let (end, score) = if view.at(i).is_some_and(is_digit) { street(view, i)? } else { (po_box(view, i)?, 0.95) };
    Some(Candidate { kind: PersonalKind::Address, range: i..end, score })
}

fn po_box(view: &View, i: usize) -> Option<usize> {
    let forms = ["p.o. box ", "po box ", "p.o.box ", "p.o box ", "p o box "];
    let form = forms.iter().find(|form| is_text(view, i, form))?;
    let end = view.run(i + form.len(), HOUSE + 2, is_digit)?;
    Some(place(view, end, i + LONGEST).unwrap_or(end))
}

fn is_text(view: &View, i: usize, text: &str) -> bool {
    text.encode_utf16().enumerate().all(|(k, u)| view.at(i + k) == Some(u))
}

fn street(view: &View, i: usize) -> Option<(usize, f32)> {
    let mut at = view.run(i, HOUSE, is_digit)?;
    at += usize::from(view.at(at).is_some_and(is_letter) && view.at(at + 1) == Some(unit(' ')));
    let mut kind = 0;
    let mut words = 0;
    while words <= NAME && at < i + LONGEST - WORD {
        let Some((end, value)) = next_word(view, at) else { break };
        let street = value == TYPE || value == WEAK_TYPE;
        if value == NEVER || street && words == 0 {
            break;
        }
        (at, words) = (end, words + 1);
        kind = value;
        // `park avenue`, `hill road`: a stronger type may follow at once.
        if street && let Some((end, _)) = next_word(view, at).filter(|(end, _)| direction(view, at + 1, *end)) {
            at = end;
        }
        if street && next_word(view, at).is_none_or(|(_, next)| next != TYPE) {
            break;
        }
    }
    let rest = inside(view, at, i + LONGEST);
    let told = rest.is_some() || labelled(view, i);
    match kind {
        TYPE => Some((rest.unwrap_or(at), if told { 0.95 } else { 0.8 })),
        WEAK_TYPE if told => Some((rest.unwrap_or(at), 0.8)),
        _ => None,
    }
}

/// `avenue nw`: a direction after the street type.
fn direction(view: &View, start: usize, end: usize) -> bool {
    ["n", "s", "e", "w", "nw", "ne", "sw", "se"].iter().any(|way| way.len() == end - start && is_text(view, start, way))
}

/// The word after one space: its end and its value (0: no word of the table).
fn next_word(view: &View, at: usize) -> Option<(usize, i16)> {
    let start = at + usize::from(view.at(at) == Some(unit('.')));
    if view.at(start) != Some(unit(' ')) {
        return None;
    }
    let end = view.run(start + 1, WORD, |u| is_word(u) || u == unit('\''))?;
    let hit = TABLES.streets.at(view, start + 1).filter(|hit| start + 1 + hit.len == end);
    Some((end, hit.map_or(0, |hit| hit.value)))
}

/// What may follow the street: a flat, then a city with state and code. `None` when nothing does.
fn inside(view: &View, at: usize, limit: usize) -> Option<usize> {
    let flat = flat(view, at).filter(|&end| end <= limit);
    place(view, flat.unwrap_or(at), limit).or(flat)
}

fn flat(view: &View, at: usize) -> Option<usize> {
    let start = separated(view, at)?;
    let kinds = ["apartment ", "apt. ", "apt ", "suite ", "ste. ", "ste ", "unit ", "floor ", "fl ", "room ", "rm ", "flat ", "apt #", "#"];
    let kind = kinds.iter().find(|kind| is_text(view, start, kind))?;
    view.run(start + kind.len(), 6, |u| is_word(u) || u == unit('-'))
}

/// `, springfield, il 62704` or `, london sw1a 1aa`: the end of the state or the code.
fn place(view: &View, at: usize, limit: usize) -> Option<usize> {
    let mut end = separated(view, at)?;
    for _ in 0..NAME + 2 {
        if end >= limit {
            return None;
        }
        if let Some(code) = code(view, end) {
            return Some(code).filter(|&end| end <= limit);
        }
        let state = TABLES.states.at(view, end).map(|hit| end + hit.len).filter(|&end| !view.at(end).is_some_and(is_word));
        if let Some(state) = state {
            return Some(after_state(view, state)).filter(|&end| end <= limit);
        }
        end = separated(view, view.run(end, WORD, is_letter)?)?;
    }
    None
}

/// The code after a state, or the state after a city that is called like one (washington, dc 20037).
fn after_state(view: &View, state: usize) -> usize {
    let Some(at) = separated(view, state) else { return state };
    let second = TABLES.states.at(view, at).map(|hit| at + hit.len).filter(|&end| !view.at(end).is_some_and(is_word));
    let end = second.unwrap_or(state);
    separated(view, end).and_then(|at| code(view, at)).unwrap_or(end)
}

/// After spaces and commas, at least one and at most three.
fn separated(view: &View, at: usize) -> Option<usize> {
    let is = |i: usize| view.at(i).is_some_and(|u| [unit(' '), unit(','), unit('.'), unit('\n')].contains(&u));
    let end = (at..at + 3).find(|&i| !is(i)).unwrap_or(at + 3);
    (end > at).then_some(end)
}

/// A ZIP code (five digits, four more after a hyphen) or the first half of a British postcode with the second.
fn code(view: &View, at: usize) -> Option<usize> {
    let ends = |i: &usize| !view.at(*i).is_some_and(is_word);
    if view.at(at).is_some_and(is_digit) {
        let zip = view.run(at, 5, is_digit).filter(|&end| end == at + 5).filter(ends)?;
        let more = if view.at(zip) == Some(unit('-')) { view.run(zip + 1, 4, is_digit) } else { None };
        return Some(more.filter(|&end| end == zip + 5).filter(ends).unwrap_or(zip));
    }
    let first = view.run(at, 4, is_word).filter(|&end| (at..end).any(|i| view.at(i).is_some_and(is_digit)))?;
    let second = (view.at(first) == Some(unit(' ')) && view.at(first + 1).is_some_and(is_digit)).then_some(first + 1)?;
    view.run(second, 3, is_word).filter(|&end| end == second + 3)
}

/// Whether `address`, `lives at` and the like stand before.
fn labelled(view: &View, i: usize) -> bool {
    let edge = view.back_over_filler(i, 3);
    [
        "address",
        "address is",
        "lives at",
        "live at",
        "living at",
        "reside at",
        "resides at",
        "ship to",
        "located at",
        "moved to",
        "residence",
    ]
    .iter()
    .any(|label| edge.checked_sub(label.len()).is_some_and(|start| is_text(view, start, label)))
}

//! Statements of sensitive circumstances about a person (PIPL article 28): health, belief, biometric data, and a child under fourteen.
//!
//! A statement is a word of the condition with a cue that it is someone's: a verb (患有), a record's label (诊断：), a test (HIV阳性), a
//! person in the same sentence before it (我妈高血压八年了). General sentences (如果患有…, …患者应当) are kept out by the words that make
//! them general. Not done: irony, negation beyond the nearest words, conditions told without naming them.

mod age;
mod belief;
mod body;
mod health;

use std::sync::LazyLock;

use super::view::{View, char_of, is_digit, is_han, is_letter, is_numeral, unit};
use super::words::{Beginnings, Prefixes, Words};
use super::{Candidate, LONGEST, PersonalKind, names, names_en};

pub(super) use age::may_be as may_be_age;

/// How far back a person or a word that makes the sentence general is looked for: about one clause.
const CLAUSE: usize = 14;
/// The same in English units.
const CLAUSE_EN: usize = 32;

/// How near an animal or a thing stands whose age or illness it is.
const BESIDE: usize = 3;
const BESIDE_EN: usize = 8;

struct Tables {
    verbs: Words,
    labels: Words,
    beliefs: Words,
    acts: Words,
    bodies: Words,
    taking: Words,
    taking_back: Words,
    /// Of `taking`, what says that a face or a voice was taken too.
    seizing: Words,
    conditions: Words,
    people: Words,
    general: Words,
    /// What makes a sentence about biometric data one about anyone's.
    anyone: Words,
    after: Words,
    things: Words,
    religions: Words,
    followers: Words,
    data: Words,
    tests: Words,
    bearers: Words,
    /// What has an age or an illness and is no person.
    beasts: Words,
    /// Ordinary words that begin like a nickname (小麦, 老年).
    no_nickname: Words,
    latin: Prefixes,
    /// The tables that a statement may begin with a word of.
    begins: Beginnings,
}

/// The tables of [`Tables::begins`].
const VERB: u8 = 1;
const BELIEF: u8 = 2;
const BODY: u8 = 4;
const CONDITION: u8 = 8;
const RELIGION: u8 = 16;
const FOLLOWER: u8 = 32;
const AGE: u8 = 64;
const ACT: u8 = 128;

/// What a word does in a statement, by its value (roles), and the words around it (words).
const ROLES: &str = include_str!("../data/circumstance.tsv");
const WORDS: &str = include_str!("../data/circumstance-words.tsv");
const CONDITIONS: &str = include_str!("../data/conditions.tsv");

static TABLES: LazyLock<Tables> = LazyLock::new(|| {
    let of = |value: i16| Words::forward_of(WORDS, &[value]);
    let role = |values: &[i16]| Words::forward_of(ROLES, values);
    let (verbs, beliefs, bodies, acts) = (role(&[1, 2]), role(&[4, 5]), role(&[6, 15, 16, 17]), role(&[10]));
    let (conditions, religions, followers) = (Words::forward(&[CONDITIONS]), of(4), of(5));
    let mut begins = vec![
        (VERB, &verbs),
        (BELIEF, &beliefs),
        (BODY, &bodies),
        (CONDITION, &conditions),
        (RELIGION, &religions),
        (FOLLOWER, &followers),
        (ACT, &acts),
    ];
    begins.extend(age::starting().map(|words| (AGE, words)));
    let begins = Beginnings::of(&begins);
    Tables {
        labels: Words::backward_of(ROLES, &[3]),
        taking: role(&[11, 21]),
        taking_back: Words::backward_of(ROLES, &[11, 21]),
        seizing: Words::backward_of(ROLES, &[21]),
        people: Words::backward_of(WORDS, &[0, 1]),
        general: Words::backward_of(WORDS, &[0, 2]),
        anyone: Words::backward_of(WORDS, &[0, 13]),
        after: of(3),
        things: of(10),
        data: of(6),
        tests: of(8),
        bearers: of(9),
        beasts: Words::backward_of(WORDS, &[12]),
        no_nickname: of(11),
        latin: Prefixes::of(&[ROLES, WORDS, CONDITIONS], |value| matches!(value, 1 | 2 | 4..=10 | 12..=21), false),
        begins,
        verbs,
        beliefs,
        acts,
        bodies,
        conditions,
        religions,
        followers,
    }
});

/// Whether a statement may begin with the unit.
pub(super) fn may_begin(u: u16) -> bool {
    is_digit(u) || is_numeral(u) || TABLES.begins.with(u) != 0
}

/// Whether a statement may begin with the Latin word that starts here.
pub(super) fn may_begin_latin(rest: &[u16]) -> bool {
    rest.get(..3).is_none() || TABLES.latin.has(rest.iter().copied())
}

/// Whether a statement may begin with these two units.
pub(super) fn may_begin_with(u: u16, next: Option<u16>) -> bool {
    is_digit(u) || is_numeral(u) && age::may_follow(next) || TABLES.begins.with_both(u, next) != 0
}

/// The statement that starts at `i`, if one does.
pub(super) fn at(view: &View, i: usize) -> Option<Candidate> {
    let u = view.at(i)?;
    let tables = TABLES.begins.with_both(u, view.units().get(i + 1).copied());
    // In the other tables the first word would not be found.
    let begins = |bits: u8| tables & bits != 0;
    let found = |kind, told: Option<(usize, f32)>| told.map(|(end, score)| Candidate { kind, range: i..end, score });
    let health = || found(PersonalKind::Health, health::at(view, i, begins(VERB), begins(CONDITION)));
    let belief = || found(PersonalKind::Belief, belief::at(view, i, &begins));
    let body = || found(PersonalKind::Biometric, body::at(view, i).filter(|_| begins(BODY)));
    let aged = || begins(AGE) || is_digit(u) || is_numeral(u);
    let young = || found(PersonalKind::Under14, if aged() { age::at(view, i) } else { None });
    // A statement is one sentence long.
    let whole = |told: &Candidate| told.range.len() <= LONGEST && !(i + 1..told.range.end).any(|at| view.stop(at));
    health().or_else(belief).or_else(body).or_else(young).filter(whole)
}

/// The value of a longer word that only ends like one of the table (其他 is no 他).
const NOT_IT: i16 = 0;

/// Whether a word of the table ends within `reach` units before `i`, in the same sentence.
fn near_before(view: &View, words: &Words, i: usize, reach: usize) -> bool {
    for end in (i.saturating_sub(reach)..=i).rev() {
        if let Some(hit) = words.before(view, end)
            && hit.value != NOT_IT
            && !cut(view, end, hit.len)
        {
            return true;
        }
        if view.stop(end) {
            return false;
        }
    }
    false
}

/// A Latin word counts only when it stands alone.
fn cut(view: &View, end: usize, len: usize) -> bool {
    let letter = |u: Option<u16>| u.is_some_and(is_letter);
    letter(view.before(end)) && letter(view.at(end)) || letter(view.at(end - len)) && letter(view.before(end - len))
}

/// The word of the table at `i`, standing alone where it is Latin: its end.
fn word_at(view: &View, words: &Words, i: usize) -> Option<usize> {
    let end = i + words.at(view, i)?.len;
    let glued = view.before(end).is_some_and(is_letter) && view.at(end).is_some_and(is_letter);
    (!glued).then_some(end)
}

/// Whether one of the words for a person (我, 母亲, 患者, my) ends within `reach` units before `i`, in the same sentence.
fn person(view: &View, i: usize, reach: usize) -> bool {
    near_before(view, &TABLES.people, i, reach)
}

/// Whether a person stands before `i` in the same sentence: by a word, a nickname or a name.
fn someone(view: &View, i: usize, reach: usize) -> bool {
    if person(view, i, reach) {
        return true;
    }
    for end in (i.saturating_sub(reach)..=i).rev() {
        if nickname(view, end) || named(view, end) {
            return true;
        }
        if view.stop(end) {
            return false;
        }
    }
    false
}

/// 小陈, 老谢, 阿明, 朵朵 at the start of a phrase, or 张总, 陈某: ends at `end`.
fn nickname(view: &View, end: usize) -> bool {
    let Some(start) = end.checked_sub(2) else { return false };
    let (Some(first), Some(second)) = (view.at(start), view.at(start + 1)) else { return false };
    let twice = first == second && is_han(first);
    let familiar =
        (twice || matches!(char_of(first), '小' | '老' | '阿') && is_han(second)) && TABLES.no_nickname.at(view, start).is_none();
    let titled = || matches!(char_of(second), '总' | '某' | '董' | '工' | '局') && names::is_surname(first);
    view.starts(start) && !view.gap(start + 1) && (familiar || titled())
}

/// Whether a personal name ends at `end`.
fn named(view: &View, end: usize) -> bool {
    let ends = |back: usize| {
        let start = end.checked_sub(back)?;
        names::is_surname(view.at(start)?).then(|| names::at(view, start)).flatten().filter(|name| name.range.end == end)
    };
    ends(3).or_else(|| ends(2)).is_some()
}

/// Whether the word from `i` to `end` stands in a sentence about nobody: a word that makes it general before it, or one right after.
fn is_general(view: &View, i: usize, end: usize) -> bool {
    let reach = if view.at(i).is_some_and(is_letter) { CLAUSE_EN } else { CLAUSE };
    let spaced = if view.at(end) == Some(unit(' ')) { end + 1 } else { end };
    near_before(view, &TABLES.general, i, reach) || !view.gap(end) && TABLES.after.at(view, spaced).is_some()
}

/// Whether an animal stands shortly before `i`: it may be ill too, and grow old.
fn of_a_beast(view: &View, i: usize) -> bool {
    near_before(view, &TABLES.beasts, i, if view.at(i).is_some_and(is_letter) { BESIDE_EN } else { BESIDE })
}

/// Whether a label of the table stands right before `i`: a colon, a blank, a new line or `是`, `为` between.
fn labelled(view: &View, labels: &Words, i: usize) -> bool {
    let edge = view.back_over_filler(i, 3);
    let is = view.before(edge).is_some_and(|u| u == unit('是') || u == unit('为'));
    let apart = || {
        let shown = (edge..i).filter_map(|at| view.at(at)).map(char_of);
        shown.chain(view.skipped(i).chars()).any(|c| matches!(c, ':' | '：' | '\n' | ' ' | '\t' | '|' | '】' | ']'))
    };
    labels.before(view, if is { edge - 1 } else { edge }).is_some() && (is || apart())
}

fn ends_with(view: &View, end: usize, word: &str) -> bool {
    let len = word.encode_utf16().count();
    end.checked_sub(len).is_some_and(|start| word.encode_utf16().enumerate().all(|(k, u)| view.at(start + k) == Some(u)))
}

fn starts_with(view: &View, i: usize, word: &str) -> bool {
    word.encode_utf16().enumerate().all(|(k, u)| view.at(i + k) == Some(u))
}

/// The first of some words (`|` between them) that ends at `end`.
fn ending<'a>(view: &View, end: usize, words: &'a str) -> Option<&'a str> {
    words.split('|').find(|word| ends_with(view, end, word))
}

/// The first of some words (`|` between them) that begins at `i`.
fn beginning<'a>(view: &View, i: usize, words: &'a str) -> Option<&'a str> {
    words.split('|').find(|word| starts_with(view, i, word))
}

/// How many units a word takes.
fn units(word: &str) -> usize {
    word.encode_utf16().count()
}

/// Where the Latin word before `end` begins (a blank or a comma between), if it has a name's length.
fn word_before(view: &View, end: usize) -> Option<usize> {
    let last = view.back_over_filler(end, 2);
    let letters = (0..=12).take_while(|&k| last.checked_sub(k + 1).and_then(|at| view.at(at)).is_some_and(is_letter)).count();
    (2..12).contains(&letters).then_some(last - letters)
}

/// Whether the Latin word before `end` is written like a name: with a capital that no beginning of a sentence asks for.
fn capital_before(view: &View, end: usize) -> bool {
    word_before(view, end).is_some_and(|start| {
        let inside = view.before(start) == Some(unit(' ')) && view.back_over_filler(start, 2) + 1 == start && start > 1;
        view.capitalised(start) && (inside || names_en::is_given(view, start))
    })
}

/// Whether a given name stands before `end`.
fn given_before(view: &View, end: usize) -> bool {
    word_before(view, end).is_some_and(|start| view.capitalised(start) && names_en::is_given(view, start))
}

//! Chinese personal names: a surname, one or two given-name characters, and what stands around them, added up in points.
//!
//! Points rather than probabilities: every table line is one figure that a person can check against a wrong answer. A name without any
//! evidence around it is reported only when all its characters are typical of names. Not done: nicknames (小明), a surname with a form of
//! address alone (张先生) unless a form's label stands before it, anonymised names (张某).

use std::sync::LazyLock;

use super::view::{View, char_of, is_digit, is_filler, is_han, is_numeral, unit};
use super::words::{Hit, Singles, Words};
use super::{Candidate, PersonalKind};

/// Points from which a candidate is reported. Set on the development sentences and on text without names: at 8 for all surnames, words
/// (段由, 夏令时) came in; at 9, with the commonest surnames at 4 points, hardly any.
const REPORT: i16 = 7;
/// Points of a label that a form or an introduction puts before a name (name-before.tsv).
const LABEL: i16 = 8;
/// Points of what a party to something is called (甲方, 患者).
const PARTY: i16 = 6;
/// What an ordinary word costs that begins where the name begins, that runs across its start, or across its end.
const WORD_AT_START: i16 = 8;
const WORD_ACROSS_START: i16 = 6;
const WORD_ACROSS_END: i16 = 5;

/// The points of a character that given.tsv does not list: it is seldom met in ordinary text.
const UNLISTED: i16 = 1;

/// The least points of one given-name character behind such a surname; two need two more.
const LEAST_GIVEN: i16 = 3;
/// The most points of what follows a name (name-after.tsv).
const BEST_AFTER: i16 = 7;
/// The most points of the other words after a name, and of those before it.
const MOST_AFTER: i16 = 3;
const MOST_BEFORE: i16 = 5;
/// The most that a second given-name character (3), the evidence after a name (7), its end (2) and a list (2) add.
const BEST_REST: i16 = 14;

struct Tables {
    surnames: Words,
    given: Words,
    stop: Words,
    before: Words,
    after: Words,
    famous: Words,
    /// Of `after` and `before`, those that say most.
    best_after: Words,
    best_before: Words,
    surname: Singles,
    given_one: Singles,
    after_one: Singles,
}

static TABLES: LazyLock<Tables> = LazyLock::new(|| {
    let table = |file| Words::forward(&[file]);
    let (surnames, given, after) =
        (table(include_str!("data/surnames.tsv")), table(include_str!("data/given.tsv")), table(include_str!("data/name-after.tsv")));
    Tables {
        stop: table(include_str!("data/stop.tsv")),
        before: Words::backward(&[include_str!("data/name-before.tsv")]),
        famous: table(include_str!("data/famous.tsv")),
        best_after: Words::forward_of(include_str!("data/name-after.tsv"), &[4, 5, 7]),
        best_before: Words::backward_of(include_str!("data/name-before.tsv"), &[6, 7, 8]),
        surname: Singles::of(&surnames),
        given_one: Singles::of(&given),
        after_one: Singles::of(&after),
        surnames,
        given,
        after,
    }
});

/// Whether a name may begin with the unit.
pub(super) fn may_begin(u: u16) -> bool {
    TABLES.surnames.may_begin(u)
}

/// Whether the unit may stand in a given name (or second in a compound surname).
pub(super) fn may_follow(u: u16) -> bool {
    is_han(u) && TABLES.given.one(u).is_none_or(|points| points > -5)
}

/// The name that starts at `i`, if one does.
pub(super) fn at(view: &View, i: usize) -> Option<Candidate> {
    if may_reach(view, i) { judged(view, i) } else { None }
}

/// Whether the points of a name that starts at `i` may reach the line, everything that could speak for it granted and nothing that speaks against
/// it looked at: nearly all places where a surname stands end here. It asks for nothing past the end of the text, where it says yes.
fn may_reach(view: &View, i: usize) -> bool {
    let tables = &*TABLES;
    let Some(&[family, first, second, third, fourth]) = view.units().get(i..).and_then(|rest| rest.first_chunk()) else { return true };
    if tables.surnames.may_go_on(family, first) || tables.famous.may_go_on(family, first) {
        return true;
    }
    let Some(surname) = tables.surname.one(family) else { return false };
    let given = |u: u16| if is_han(u) { Some(tables.given_one.one(u).unwrap_or(UNLISTED)).filter(|points| *points > -5) } else { None };
    let Some(first_points) = given(first) else { return false };
    let starts = i16::from(view.starts(i));
    let led = best_before(view, i);
    let before = surname + led + starts;
    let rest = |end: usize, u: u16, next: u16| {
        let (gap, closed) = (view.gap(end), !is_han(u) || view.gap(end));
        let one = tables.after_one.one(u).unwrap_or(0).max(0);
        let after = if tables.best_after.may_go_on(u, next) {
            BEST_AFTER
        } else {
            if tables.after.may_go_on(u, next) { one.max(MOST_AFTER) } else { one }
        };
        let listed = if gap || view.gap(i) { 2 } else { 0 };
        after + listed + if closed { 1 + starts } else { 0 }
    };
    let titled = led == LABEL && before >= REPORT;
    let one = || before + first_points + rest(i + 2, second, third) >= REPORT;
    let two = || given(second).is_some_and(|points| before + first_points + points + rest(i + 3, third, fourth) >= REPORT);
    titled || one() || two()
}

/// The most that the words before a name may say for it.
fn best_before(view: &View, i: usize) -> i16 {
    let edge = view.back_over_filler(i, 3);
    let Some(last) = view.before(edge) else { return 0 };
    let particle = matches!(char_of(last), '了' | '过');
    let before = edge.checked_sub(1).and_then(|at| view.before(at));
    if particle || TABLES.best_before.may_begin_with(last, before) {
        return LABEL;
    }
    if TABLES.before.may_begin_with(last, before) { MOST_BEFORE } else { 0 }
}

/// The name that starts at `i`, if one does, whatever [`may_reach`] says.
fn judged(view: &View, i: usize) -> Option<Candidate> {
    scored(view, i).or_else(|| known(view, i))
}

fn scored(view: &View, i: usize) -> Option<Candidate> {
    let surname = TABLES.surnames.at(view, i)?;
    let single = view.at(i).and_then(|u| TABLES.surname.one(u));
    let mut best = shaped(view, i, surname);
    if let Some(value) = single.filter(|_| surname.len > 1) {
        best = better(best, shaped(view, i, Hit { len: 1, value }));
    }
    best.filter(|(points, _)| *points >= REPORT).map(|(points, end)| Candidate {
        kind: PersonalKind::Name,
        range: i..end,
        score: score(points),
    })
}

/// A figure of history or fiction (famous.tsv), unless an ordinary word runs across an edge of it.
fn known(view: &View, i: usize) -> Option<Candidate> {
    let end = i + TABLES.famous.whole_at(view, i)?.len;
    let (_, across) = edge_points(view, i, 0);
    (across == 0 && across_end(view, i, end) == 0).then_some(Candidate { kind: PersonalKind::Name, range: i..end, score: 0.85 })
}

/// Whether an ordinary word runs across an edge of what stands between `i` and `end` (怀念经典: no 念经).
pub(super) fn is_cut(view: &View, i: usize, end: usize) -> bool {
    edge_points(view, i, 0).1 != 0 || across_end(view, i, end) != 0
}

/// Whether the unit is a surname, and seldom a word of its own.
pub(super) fn is_surname(u: u16) -> bool {
    TABLES.surname.one(u).is_some_and(|points| points > 0)
}

/// Whether a form's label or an introduction stands before `i`.
pub(super) fn labelled(view: &View, i: usize) -> bool {
    evidence_before(view, i) >= LABEL
}

/// 9 points are held 0.70 sure, each further one 0.05 more, to 0.98.
fn score(points: i16) -> f32 {
    (0.70 + 0.05 * f32::from(points - REPORT)).min(0.98)
}

type Scored = Option<(i16, usize)>;

fn better(a: Scored, b: Scored) -> Scored {
    match (a, b) {
        (Some(x), Some(y)) => Some(if y.0 > x.0 { y } else { x }),
        (x, y) => x.or(y),
    }
}

fn shaped(view: &View, i: usize, surname: Hit) -> Scored {
    let given = i + surname.len;
    let first = given_points(view, given)?;
    let label = evidence_before(view, i);
    let (word, across) = edge_points(view, i, label);
    let base = surname.value + label - word - across + i16::from(view.starts(i));
    // Even with the best second character and evidence after it this stays below the line: do not look further.
    if base + first + BEST_REST < REPORT {
        return None;
    }
    let gap = if view.gap(given) { spaced(label)? } else { 0 };
    // A surname that is mostly a word wants a typical given name, but for a form's field or a form of address.
    let honoured = |end: usize| TABLES.after.at(view, end).is_some_and(|hit| hit.value == 5 && hit.len > 1);
    let wordy = surname.value < 0 && label < LABEL && !honoured(given + 1) && !honoured(given + 2);
    let least = if wordy { LEAST_GIVEN } else { -9 };
    let one = if first >= least { finished(view, i, given + 1, base + first + gap) } else { None };
    let title = titled(view, i, given, base, label);
    let two = given_points(view, given + 1).filter(|second| !view.gap(given + 1) && first + second >= least + 2).and_then(|second| {
        // 刘海涛, 蓝天野先生: a last character that is typical of names, or a form of address, speaks against the word before it.
        let typical = if second >= 3 { 4 } else { if second == 2 { 3 } else { 0 } };
        let spared = if word == WORD_AT_START && label >= 0 { typical + if honoured(given + 2) { 3 } else { 0 } } else { 0 };
        finished(view, i, given + 2, base + first + second + gap + spared)
    });
    better(better(two, one), title)
}

/// `张 伟` with filler inside is read as one name only behind a label or a party.
fn spaced(label: i16) -> Option<i16> {
    (label >= PARTY).then_some(-1)
}

fn given_points(view: &View, i: usize) -> Option<i16> {
    let u = view.at(i).filter(|&u| is_han(u))?;
    let points = TABLES.given_one.one(u).unwrap_or(UNLISTED);
    (points > -5).then_some(points)
}

/// `联系人：王女士`: behind a label a surname with a form of address is marked as a whole.
fn titled(view: &View, i: usize, given: usize, base: i16, label: i16) -> Scored {
    let title = TABLES.after.at(view, given).filter(|hit| label >= LABEL && hit.value == 5 && hit.len > 1)?;
    view.ends(given + title.len).then_some((base, i.max(given) + title.len))
}

fn finished(view: &View, i: usize, end: usize, points: i16) -> Scored {
    let closed = view.ends(end);
    let both = closed && view.starts(i);
    let after = TABLES.after.at(view, end).map_or(0, |hit| if view.gap(end) { hit.value.max(0).min(gapped(hit)) } else { hit.value });
    let points = points + i16::from(closed) + i16::from(both) + after;
    // Below the line even in a list: the dearer looks are not needed.
    if points + 2 < REPORT || title_inside(view, i + 1, end) {
        return None;
    }
    let listed = if listed(view, i, end) { 2 } else { 0 };
    // 邹凯|向客户: a last character that may as well go on with the sentence.
    let on = view.at(end - 1).and_then(|u| TABLES.after_one.one(u)).map_or(0, |value| if value > 0 && !closed { 2 } else { 0 });
    Some((points + listed - on - across_end(view, i, end), end))
}

/// Whether the phrase before or after, two or three units between gaps, looks like a name too: names in a list bear each other out.
fn listed(view: &View, i: usize, end: usize) -> bool {
    let short = |from: usize| {
        let to = [from + 2, from + 3]
            .into_iter()
            .find(|&to| view.ends(to) || view.at(to).is_some_and(|u| u == unit('等') || u == unit('和')))?;
        let surname = view.at(from).and_then(|u| TABLES.surname.one(u))?;
        let given: i16 = (from + 1..to).map(|k| given_points(view, k).unwrap_or(-9)).sum();
        (surname > 1 && given > 1 && TABLES.stop.whole_at(view, from).is_none()).then_some(())
    };
    let before = [2, 3].into_iter().filter_map(|back| i.checked_sub(back)).any(|from| view.gap(i) && short(from).is_some());
    before || view.gap(end) && short(end).is_some()
}

/// Behind a comma only what still speaks of the person counts: a form of address, a private number, a fact of life.
fn gapped(hit: Hit) -> i16 {
    if hit.value >= 4 { hit.value } else { 0 }
}

/// Whether a form of address or a private word begins inside the given name (李医|生, 王女士|…).
fn title_inside(view: &View, from: usize, end: usize) -> bool {
    (from..end)
        .any(|k| TABLES.after.at(view, k).is_some_and(|hit| hit.value >= 3 && hit.len > 1 && k + hit.len > end - 1 && !view.gap(k + 1)))
}

/// What an ordinary word costs that starts inside the name and runs past its end.
fn across_end(view: &View, i: usize, end: usize) -> i16 {
    let crosses = |k: usize| !view.gap(end) && TABLES.stop.whole_at(view, k).is_some_and(|hit| k + hit.len > end);
    if (i + 1..end).any(crosses) { WORD_ACROSS_END } else { 0 }
}

/// What ordinary words cost that begin at the start of the name or run across it.
fn edge_points(view: &View, i: usize, label: i16) -> (i16, i16) {
    let begins = match TABLES.stop.whole_at(view, i) {
        // A form's field that holds nothing but the word: a name that is a word too (姓名：高峰, 我叫万里).
        Some(hit) if label >= PARTY && (view.starts(i) || label >= LABEL) && view.ends(i + hit.len) => 2,
        Some(hit) if label >= LABEL && hit.len == 2 => 4,
        Some(hit) if hit.len > 2 => WORD_AT_START + 4,
        Some(_) => WORD_AT_START,
        None => 0,
    };
    let crosses = |back: usize| {
        let at = i.checked_sub(back)?;
        TABLES.stop.whole_at(view, at).filter(|hit| hit.len > back)
    };
    let across = !view.gap(i) && label < LABEL && (crosses(1).is_some() || crosses(2).is_some());
    (begins, if across { WORD_ACROSS_START } else { 0 })
}

fn evidence_before(view: &View, i: usize) -> i16 {
    if !view.gap(i) && measured(view, i) {
        return -6;
    }
    let edge = view.back_over_filler(i, 3);
    // 借给了…, 认识过…: the verb before the particle.
    let particle = view.before(edge).is_some_and(|u| matches!(char_of(u), '了' | '过')) && !view.gap(edge);
    let led = || TABLES.before.before(view, edge - 1).filter(|hit| (4..LABEL).contains(&hit.value));
    let hit = TABLES.before.before(view, edge).or_else(|| if particle { led() } else { None });
    let apart = edge < i || view.gap(i);
    match hit {
        // A preposition or an ordinary syllable is evidence only when it touches the name; a label or an office may stand before a colon.
        Some(hit) if apart && hit.value < 4 => 0,
        Some(hit) if apart && hit.value < 6 && edge == i => hit.value - 2,
        // 姓名, 联系人 as nouns of a sentence; 我叫, 姓名是 lead to a name all the same.
        Some(hit) if !apart && hit.value >= LABEL && !view.before(i).is_some_and(|u| matches!(char_of(u), '叫' | '是' | '为')) => 5,
        Some(hit) => hit.value,
        None => 0,
    }
}

/// A number before 张, 万, 元, 方 … makes it a measure word.
fn measured(view: &View, i: usize) -> bool {
    let counted = view
        .at(i)
        .is_some_and(|u| matches!(char_of(u), '张' | '万' | '元' | '方' | '车' | '段' | '家' | '包' | '成' | '时' | '年' | '号' | '路'));
    // 有张照片, 一张张笑脸
    let sheet =
        view.at(i) == Some(unit('张')) && view.before(i).is_some_and(|u| matches!(char_of(u), '有' | '张' | '那' | '这' | '每' | '整'));
    sheet
        || counted
            && view.before(i).is_some_and(|u| is_digit(u) || is_numeral(u) || is_filler(u) && view.before(i - 1).is_some_and(is_digit))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pii::Folded;

    fn agree(text: &str) {
        let folded = Folded::new(text);
        let view = View::new(&folded);
        let missed = (0..view.units().len()).find(|&i| judged(&view, i).is_some() && !may_reach(&view, i));
        assert_eq!(missed, None, "{text}");
    }

    #[test]
    fn what_is_turned_away_is_no_name() {
        assert!([LABEL, BEST_AFTER].iter().zip([&TABLES.before, &TABLES.after]).all(|(best, words)| words.best() == Some(*best)));
        crate::clean_corpus().into_iter().for_each(agree);
    }

    proptest::proptest! {
        #[test]
        fn what_is_turned_away_among_names_is_none(text in "([王张李万高欧阳司马刘方成伟明杰丽海涛文]|说|的|和|了|姓名|我叫|联系人|先生|女士|电话|，|：|今天|工作|[a1 ]){1,20}") {
            agree(&text);
        }
    }
}

//! What a person suffers from: `患有…`, `诊断：…`, `…阳性`, `我妈…八年了`, `she has had …`.

use super::super::names;
use super::super::view::{View, char_of, is_filler, is_han, is_letter, is_word, unit};
use super::{CLAUSE, CLAUSE_EN, TABLES, capital_before, ending, is_general, labelled, of_a_beast, person, someone, word_at};

/// Most units between a verb and the condition (患有严重的…).
const BETWEEN: usize = 6;
/// The same in English, where a sure verb may stand further off.
const BETWEEN_EN: usize = 24;

/// The statement that starts at `i` with a verb of illness or with the name of a condition: its end and how sure it is.
pub(super) fn at(view: &View, i: usize, verb: bool, condition: bool) -> Option<(usize, f32)> {
    let suffered = if verb { suffered(view, i) } else { None };
    suffered.or_else(|| if condition { named(view, i) } else { None })
}

/// `患有…`, `diagnosed with …`.
fn suffered(view: &View, i: usize) -> Option<(usize, f32)> {
    let verb = TABLES.verbs.at(view, i)?;
    // 要得心脏病了, 会得癌症
    if view.before(i).is_some_and(|u| {
        matches!(
            char_of(u),
            '要' | '会'
                | '像'
                | '治'
                | '能'
                | '易'
                | '怕'
                | '觉'
                | '获'
                | '取'
                | '记'
                | '值'
                | '懂'
                | '显'
                | '使'
                | '赢'
                | '舍'
                | '认'
        )
    }) {
        return None;
    }
    let latin = view.at(i).is_some_and(is_letter);
    if latin && !person(view, i, CLAUSE_EN) && !capital_before(view, i) {
        return None;
    }
    let (start, most) = (i + verb.len, if latin { BETWEEN_EN } else { BETWEEN });
    let mut at = start;
    let end = loop {
        if let Some(end) = condition(view, at) {
            break end;
        }
        let u = view.at(at)?;
        if at > start + most || barred(u) || !latin && is_filler(u) && at > start {
            return None;
        }
        at += 1;
    };
    let told = latin || someone(view, i, CLAUSE);
    let ok = !is_general(view, i, end) && !of_a_thing(view, end) && (told || verb.value == 1 && !latin);
    ok.then_some((end, if told { 0.9 } else { 0.65 }))
}

fn barred(u: u16) -> bool {
    matches!(char_of(u), '不' | '没' | '未' | '无' | '否' | '非' | '我' | '他' | '她' | '你' | '者' | '病' | '。' | ',' | ';' | '.')
}

/// A condition at `i`, a Latin one at the start of a word: its end.
fn condition(view: &View, i: usize) -> Option<usize> {
    let latin = view.at(i).is_some_and(is_letter);
    // 治癌, 抗癌
    let fought = view.before(i).is_some_and(|u| matches!(char_of(u), '治' | '抗' | '防' | '致'));
    let inside = latin && view.before(i).is_some_and(is_word) || fought && !view.gap(i);
    let mut at = i;
    for _ in 0..3 {
        let hit = TABLES.conditions.at(view, at).filter(|_| !inside)?;
        let end = word_at(view, &TABLES.conditions, at)?;
        if hit.value == 1 {
            return (latin || !names::is_cut(view, i, end)).then_some(end);
        }
        at = end + usize::from(view.at(end) == Some(unit(' ')));
    }
    None
}

/// A condition told by its name: with a positive test, behind a record's label, as `是…患者`, or somebody's.
fn named(view: &View, i: usize) -> Option<(usize, f32)> {
    let end = condition(view, i)?;
    if let Some(end) = tested(view, end) {
        let told = person(view, i, CLAUSE);
        // …阳性不等于…, …阳性的…
        let on = matches!(view.at(end).map(char_of), Some('不' | '的' | '是' | '怎' | '会' | '率' | '者' | '人' | '患' | '孕'))
            && !view.gap(end);
        return (!on && !is_general(view, i, end)).then_some((end, if told { 0.9 } else { 0.7 }));
    }
    if labelled(view, &TABLES.labels, i) && !is_general(view, i, end) {
        return Some((end, 0.9));
    }
    if let Some(bearer) = TABLES.bearers.at(view, end) {
        let end = end + bearer.len;
        let is = (1..=BETWEEN)
            .any(|back| i.checked_sub(back).and_then(|at| view.at(at)).is_some_and(|u| matches!(char_of(u), '是' | '为' | '系' | '有')));
        // 双相情感障碍病史五年
        let history = view.before(end) == Some(unit('史'));
        return ((is || history) && someone(view, i, CLAUSE) && !is_general(view, i, end)).then_some((end, 0.85));
    }
    if is_general(view, i, end) || of_a_thing(view, end) || of_a_beast(view, i) {
        return None;
    }
    // A Latin name (HIV, ADHD) in a Chinese sentence as well as in an English one.
    let latin = view.at(i).is_some_and(is_letter) && !view.before(i).is_some_and(is_han);
    let whose = if latin { somebodys(view, i) } else { someone(view, i, CLAUSE) };
    whose.then(|| (end, if own(view, i) { 0.8 } else { 0.7 }))
}

/// `…阳性` right behind a condition: its end.
fn tested(view: &View, end: usize) -> Option<usize> {
    let spaced = view.skip_filler(end, 1);
    [end, spaced].into_iter().find_map(|at| TABLES.tests.at(view, at).map(|hit| at + hit.len))
}

/// Whether the word is part of the name of a thing (癌症医院, cancer research), or says of what something is (糖尿病的…).
fn of_a_thing(view: &View, end: usize) -> bool {
    let spaced = if view.at(end) == Some(unit(' ')) { end + 1 } else { end };
    !view.gap(end) && (view.at(end) == Some(unit('的')) || TABLES.things.at(view, spaced).is_some())
}

/// `我有…`, `本人是小三阳`, `因肝硬化…`: one of these right before the condition.
fn own(view: &View, i: usize) -> bool {
    matches!(view.before(i).map(char_of), Some('有' | '是' | '因')) && view.before(i - 1) != Some(unit('不'))
}

/// `she has had severe …`, `I'm …`, `Tom's …`, `a man with …`: at most two words before the condition.
fn somebodys(view: &View, i: usize) -> bool {
    let mut at = i;
    for _ in 0..3 {
        if ending(view, at, "my |his |her ").is_some() {
            return true;
        }
        if ending(view, at, "'s ").is_some() {
            return person(view, at - 3, 0) || capital_before(view, at - 3);
        }
        if let Some(verb) = ending(view, at, " has | have | had | got | is | am | was | are |'m |'ve |'s |'re | suffered ") {
            let subject = at - verb.len();
            return person(view, subject, 12) || capital_before(view, subject);
        }
        const OF: &str = "died of |died from |history of |case of |diagnosis of |treated for |recovering from |recovered from |suffers from |suffering from ";
        if ending(view, at, OF).is_some() {
            return person(view, at, CLAUSE_EN);
        }
        if ending(view, at, " with | lost ").is_some() {
            return person(view, at, 16);
        }
        let blank = at.checked_sub(1).filter(|&blank| view.at(blank) == Some(unit(' ')));
        let Some(blank) = blank else { return false };
        let letters =
            (1..=14).take_while(|&k| blank.checked_sub(k).and_then(|at| view.at(at)).is_some_and(|u| is_word(u) || u == unit('-'))).count();
        if letters == 0 {
            return false;
        }
        at = blank - letters;
    }
    false
}

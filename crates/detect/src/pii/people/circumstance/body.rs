//! Biometric data of a person: `他的指纹模板`, `虹膜特征值：a3f9…`, `采集了他的指纹`, `kept my fingerprints on file`.

use super::super::view::{View, char_of, is_digit, is_han, is_letter, is_word, unit};
use super::super::{names, names_en};
use super::{CLAUSE, CLAUSE_EN, TABLES, beginning, ending, named, near_before, nickname, person, someone, units, word_at};

/// How far from the body part a word for taking, keeping or comparing may stand.
const TAKEN: usize = 10;
const TAKEN_EN: usize = 28;

/// A word that is biometric data by itself (指纹): somebody's is enough.
const DATA: i16 = 17;
/// What is done with somebody's body and says it all (刷脸).
const ACT: i16 = 16;
/// A part of the body that is mostly spoken of for other reasons: it counts only as data (人脸模板).
const EVERYDAY: i16 = 15;

/// The statement that starts at `i` with a part of the body: its end and how sure it is.
pub(super) fn at(view: &View, i: usize) -> Option<(usize, f32)> {
    let part = word_at(view, &TABLES.bodies, i)?;
    let sort = TABLES.bodies.at(view, i)?.value;
    let spaced = view.skip_filler(part, 1);
    // 指纹锁, 虹膜炎
    if !view.gap(part) && view.at(part).is_some_and(|u| matches!(char_of(u), '锁' | '机' | '仪' | '炎' | '病' | '科')) {
        return None;
    }
    let data = [part, spaced].into_iter().find_map(|at| word_at(view, &TABLES.data, at));
    let end = data.unwrap_or(part);
    let reach = if view.at(i).is_some_and(is_letter) { CLAUSE_EN } else { CLAUSE };
    let anyone = near_before(view, &TABLES.anyone, i, reach) || !view.gap(end) && TABLES.after.at(view, end).is_some();
    if anyone {
        return None;
    }
    if data.is_some() && (owned(view, i) || value_follows(view, end)) {
        return Some((end, 0.85));
    }
    let told = match sort {
        EVERYDAY => {
            near_before(view, &TABLES.seizing, i, TAKEN_EN)
                && (view.before(i) == Some(unit('的')) || view.at(i).is_some_and(is_letter))
                && owned(view, i)
                && taken(view, i, end)
        }
        ACT => whose(view, i),
        DATA => owned(view, i) || taken(view, i, end) || matched(view, end),
        _ => taken(view, i, end) || matched(view, end),
    };
    told.then_some((end, 0.75))
}

/// `他的…`, `张三的…`, `my …` right before.
fn owned(view: &View, i: usize) -> bool {
    if view.at(i).is_some_and(is_letter) {
        return ending(view, i, "my |his |her |'s ").is_some();
    }
    let owner = if view.before(i) == Some(unit('的')) { i - 1 } else { i };
    person(view, owner, 0) || named(view, owner) || nickname(view, owner)
}

/// `采集了他的指纹`, `他的人脸被录入`: someone's, and taken, kept or compared.
fn taken(view: &View, i: usize, end: usize) -> bool {
    let latin = view.at(i).is_some_and(is_letter);
    let (before, after) = if latin { (TAKEN_EN, TAKEN_EN) } else { (TAKEN, TAKEN) };
    let done = || {
        near_before(view, &TABLES.taking_back, i, before)
            || (end..=end + after).take_while(|&at| at == end || !view.stop(at)).any(|at| word_at(view, &TABLES.taking, at).is_some())
    };
    whose(view, i) && done()
}

fn whose(view: &View, i: usize) -> bool {
    if view.at(i).is_some_and(is_letter) && !view.before(i).is_some_and(is_han) {
        person(view, i, CLAUSE_EN) || owned(view, i)
    } else {
        someone(view, i, CLAUSE)
    }
}

/// `…与王某一致`, `…比中了…郑某`, `…matched Daniel`: a person right behind a word of comparing.
fn matched(view: &View, end: usize) -> bool {
    (end..=end + 4).filter_map(|at| beginning(view, at, "与|和|比中了|比中|锁定了|锁定|属于|matched ").map(|with| at + units(with))).any(
        |from| {
            (from..=from + 4).any(|at| {
                let some = view.at(at).is_some_and(names::is_surname) && view.at(at + 1) == Some(unit('某'));
                some || names::at(view, at).is_some() || names_en::is_given(view, at) && view.capitalised(at)
            })
        },
    )
}

/// A colon, `为` or `是`, then a run of at least six letters and digits.
fn value_follows(view: &View, end: usize) -> bool {
    let is = view.at(end).is_some_and(|u| u == unit('为') || u == unit('是'));
    let start = view.skip_filler(end + usize::from(is), 2);
    let length = (start..start + 6).take_while(|&k| view.at(k).is_some_and(|u| is_word(u) && !is_han(u))).count();
    (is || start > end) && length == 6 && (start..start + 6).any(|k| view.at(k).is_some_and(is_digit))
}

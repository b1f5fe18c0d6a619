//! What a person believes: `信奉…教`, `宗教信仰：…`, `是虔诚的…`, `吃斋念佛`, `was raised …`.

use super::super::names;
use super::super::view::{View, char_of, is_letter, unit};
use super::{
    ACT, BELIEF, CLAUSE, CLAUSE_EN, FOLLOWER, RELIGION, TABLES, capital_before, ending, ends_with, is_general, person, someone,
    starts_with, word_at,
};

/// The statement that starts at `i`: its end and how sure it is.
pub(super) fn at(view: &View, i: usize, begins: &impl Fn(u8) -> bool) -> Option<(usize, f32)> {
    let when = |bits: u8, rule: fn(&View, usize) -> Option<(usize, f32)>| if begins(bits) { rule(view, i) } else { None };
    when(RELIGION | FOLLOWER, recorded)
        .or_else(|| when(BELIEF, believed))
        .or_else(|| when(FOLLOWER, follower))
        .or_else(|| when(ACT, practised))
}

/// `宗教信仰：佛教`, `religion: islam`.
fn recorded(view: &View, i: usize) -> Option<(usize, f32)> {
    let end = word_at(view, &TABLES.religions, i).or_else(|| word_at(view, &TABLES.followers, i))?;
    let edge = view.back_over_filler(i, 3);
    let label = |at: usize| ending(view, at, "信仰|宗教|教派|religion|faith|religious affiliation|religious beliefs").is_some();
    let beside = label(edge) && (edge < i || view.gap(i)) && !ends_with(view, edge, "的宗教");
    // 信仰一栏写的是佛教
    let is = view.before(edge).is_some_and(|u| matches!(char_of(u), '是' | '为' | '填' | '写'));
    let filled = is && (1..=12).any(|back| edge.checked_sub(back).is_some_and(label));
    (beside || filled).then_some((end, 0.85))
}

/// `他信奉…教`.
fn believed(view: &View, i: usize) -> Option<(usize, f32)> {
    let verb = TABLES.beliefs.at(view, i)?;
    let start = i + verb.len;
    let end = (start..start + 5).find_map(|at| word_at(view, &TABLES.religions, at))?;
    if names::is_cut(view, i, end) {
        return None;
    }
    ((verb.value == 5 || believer(view, i, view.at(i).is_some_and(is_letter))) && !is_general(view, i, end)).then_some((end, 0.9))
}

/// `他是虔诚的穆斯林`, `she is a devout catholic`.
fn follower(view: &View, i: usize) -> Option<(usize, f32)> {
    let end = word_at(view, &TABLES.followers, i)?;
    let latin = view.at(i).is_some_and(is_letter);
    let said = if latin {
        const IS: &str = " is a | am a |'m a | was a | is an |'s a | is | am |'m | are an | became a | been a | was raised | raised |, a | attends a | as a | at a ";
        let ends = |at: usize| ending(view, at, IS).map(|is| at - is.len());
        (0..=12).find_map(|k| ends(i.checked_sub(k)?))
    } else {
        let is = |at: usize| match view.at(at).map(char_of) {
            Some('是' | '系' | '做' | '成' | '称') => true,
            // 认为, 因为, 以为; 当时
            Some('为') => !view.before(at).is_some_and(|u| matches!(char_of(u), '认' | '因' | '以')),
            Some('当') => view.at(at + 1) != Some(unit('时')),
            _ => false,
        };
        (1..=8).find_map(|back| i.checked_sub(back).filter(|&at| is(at)))
    };
    let subject = said.filter(|&subject| !(subject + 1..=i).any(|at| view.stop(at)))?;
    // An adjective of a thing, no person: a christian church.
    let noun = latin
        && view.at(end) == Some(unit(' '))
        && view.at(end + 1).is_some_and(is_letter)
        && !["and", "who", "from", "by", "but", "after", "in", "since", "so", "at", "on"].iter().any(|w| starts_with(view, end + 1, w));
    (!noun && believer(view, subject, latin) && !is_general(view, i, end)).then_some((end, 0.85))
}

/// `吃斋念佛`, `做礼拜`, `keeps the sabbath`: what only a believer does, and someone who does it.
fn practised(view: &View, i: usize) -> Option<(usize, f32)> {
    let end = word_at(view, &TABLES.acts, i).filter(|&end| !names::is_cut(view, i, end))?;
    (believer(view, i, view.at(i).is_some_and(is_letter)) && !is_general(view, i, end)).then_some((end, 0.75))
}

fn believer(view: &View, i: usize, latin: bool) -> bool {
    if latin { person(view, i, CLAUSE_EN) || capital_before(view, i) } else { someone(view, i, CLAUSE) }
}

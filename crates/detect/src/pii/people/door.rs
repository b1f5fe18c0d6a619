//! The numbers of a Chinese address: house, building, entrance, floor, room (number-ends.tsv), in digits or Chinese numerals.

use std::sync::LazyLock;

use super::address::Chain;
use super::view::{View, char_of, is_digit, is_letter, is_numeral, is_word, unit};
use super::words::{Hit, Words};

static ENDS: LazyLock<Words> = LazyLock::new(|| Words::forward(&[include_str!("data/number-ends.tsv")]));

/// A house, building, floor or room number.
pub(super) fn number(view: &View, at: usize, chain: &mut Chain) -> Option<usize> {
    let digits = digits(view, at)?;
    let hit = ENDS.at(view, digits);
    let counted = chain.road + chain.village + chain.estate + chain.weak + chain.numbers > 0;
    let end = match hit {
        Some(Hit { value: 0, .. }) => return None,
        Some(Hit { value: 1, .. }) if chain.numbers + chain.village + chain.estate == 0 => return None,
        Some(hit) if counted || chain.admin + chain.town > 0 => digits + hit.len,
        // A bare number is a room's behind another number, or a group 3-2-501 behind a name.
        None if bare(view, at, digits, chain) => digits,
        _ => return None,
    };
    chain.numbers += 1;
    chain.solid = end;
    Some(end)
}

fn bare(view: &View, at: usize, end: usize, chain: &Chain) -> bool {
    let unit_at = |i: usize| view.units().get(i).copied();
    let grouped = (at..end).any(|i| unit_at(i) == Some(unit('-')));
    let room = (at..end).filter(|&i| unit_at(i).is_some_and(is_digit)).count();
    let ended = view.at(end).is_none_or(|u| {
        !is_letter(u)
            && !matches!(
                char_of(u),
                '年' | '月'
                    | '日'
                    | '元'
                    | '个'
                    | '人'
                    | '名'
                    | '岁'
                    | '次'
                    | '点'
                    | '分'
                    | '秒'
                    | '米'
                    | '公'
                    | '里'
                    | '天'
                    | '万'
                    | '千'
                    | '百'
                    | '亿'
                    | '%'
                    | '-'
            )
    });
    let touches = at == chain.end;
    ended
        && (chain.numbers > 0 && touches && (2..=5).contains(&room)
            || grouped && chain.estate + chain.village + chain.road + chain.weak > 0)
}

/// Digits in at most four groups (12, 3-2-501, b12, 甲3), or up to six Chinese numerals.
fn digits(view: &View, at: usize) -> Option<usize> {
    let mut i = at;
    if view.at(i).is_some_and(|u| matches!(char_of(u), '附' | '第' | '甲' | '乙' | '丙' | '丁')) {
        i += 1;
    }
    if view.at(i).is_some_and(is_numeral) {
        return view.run(i, 6, is_numeral);
    }
    let letter = view.at(i).is_some_and(is_letter) && !view.before(i).is_some_and(is_letter);
    i += usize::from(letter);
    let Some(mut end) = view.run(i, 5, is_digit) else {
        return letter.then_some(i);
    };
    for _ in 0..3 {
        let joined = view.at(end).is_some_and(|u| u == unit('-') || u == unit('#') || u == unit('/'));
        match view.run(end + 1, 5, is_digit).filter(|_| joined) {
            Some(more) => end = more,
            None => break,
        }
    }
    // 12a号, 3b栋
    let lettered = view.at(end).is_some_and(is_letter) && !view.at(end + 1).is_some_and(is_word);
    Some(end + usize::from(lettered) + usize::from(view.at(end) == Some(unit('#'))))
}

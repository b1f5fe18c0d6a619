//! A child under fourteen: an age below fourteen with a word for a child beside it (12岁的女儿, 女儿今年8岁, my 9-year-old son).
//!
//! Limits (未满14周岁), memories (他7岁时) and children in general (6岁以下儿童) are no finding.

use std::sync::LazyLock;

use super::circumstance::{near_before, word_at};
use super::view::{View, char_of, is_digit, is_filler, is_han, is_letter, is_numeral, unit};
use super::words::Words;

/// PIPL article 28: under fourteen.
const LIMIT: u32 = 14;
/// Most units between the child and the age (女儿小雨今年已经8岁).
const BETWEEN: usize = 8;

struct Tables {
    kin: Words,
    kin_back: Words,
    only: Words,
    limits: Words,
    general: Words,
    owner_back: Words,
}

static TABLES: LazyLock<Tables> = LazyLock::new(|| {
    let (roles, words) = (include_str!("data/circumstance.tsv"), include_str!("data/circumstance-words.tsv"));
    Tables {
        kin: Words::forward_of(roles, &[7]),
        kin_back: Words::backward_of(roles, &[7]),
        only: Words::forward_of(roles, &[9]),
        limits: Words::forward_of(words, &[7]),
        general: Words::backward_of(words, &[2]),
        owner_back: Words::backward_of(words, &[1]),
    }
});

/// The tables of words that a statement of age may begin with, beside numbers.
pub(super) fn starting() -> [&'static Words; 2] {
    [&TABLES.kin, &TABLES.only]
}

/// Whether the number that starts here may be an age, or a disease of some type: at most two digits, then 岁, 周岁, 个月, 型, year, yo, month.
pub(super) fn may_be(rest: &[u16]) -> bool {
    let digits = rest.iter().take(3).take_while(|&&u| is_digit(u)).count();
    let mut after = rest.iter().skip(digits).copied();
    let letters = after.find(|&u| u != unit(' ') && u != unit('-'));
    digits < 3 && letters.is_none_or(|u| matches!(char_of(u), '岁' | '周' | '个' | '型' | 'y' | 'm'))
}

/// The statement of a child's age that starts at `i`: its end and how sure it is.
pub(super) fn at(view: &View, i: usize) -> Option<(usize, f32)> {
    child_of_age(view, i).or_else(|| child_then_age(view, i)).or_else(|| pupil(view, i)).or_else(|| only(view, i))
}

/// The age at `i`: years (months are 0) and its end.
fn age(view: &View, i: usize) -> Option<(u32, usize)> {
    let (number, end) = number(view, i)?;
    if view.before(i).is_some_and(|u| is_digit(u) || is_numeral(u) || matches!(char_of(u), '至' | '到' | '第')) {
        return None;
    }
    let units = [
        "周岁半",
        "周岁",
        "岁半",
        "岁零",
        "岁多",
        "岁",
        "个多月大",
        "个半月大",
        "个月大",
        "-year-old",
        " year old",
        " years old",
        "-years-old",
        "yo ",
        " yo ",
        "-month-old",
    ];
    let unit = units.iter().find(|unit| starts_with(view, end, unit))?;
    let years = if unit.contains('月') || unit.contains("month") { 0 } else { number };
    (years < LIMIT).then_some((years, end + unit.encode_utf16().count()))
}

fn number(view: &View, i: usize) -> Option<(u32, usize)> {
    if view.at(i).is_some_and(is_digit) {
        let end = view.run(i, 2, is_digit)?;
        let value = (i..end).filter_map(|k| view.at(k)).fold(0, |sum, u| sum * 10 + u32::from(u - unit('0')));
        return Some((value, end));
    }
    let end = view.run(i, 2, is_numeral)?;
    let value = |k: usize| view.at(k).and_then(|u| "零一二三四五六七八九十".chars().position(|c| unit(c) == u));
    match (value(i)?, end - i) {
        (n, 1) => Some((n as u32, end)),
        (10, _) => Some((10 + value(i + 1).filter(|&n| n < 10)? as u32, end)),
        _ => None,
    }
}

fn starts_with(view: &View, i: usize, word: &str) -> bool {
    word.encode_utf16().enumerate().all(|(k, u)| view.at(i + k) == Some(u))
}

/// `12岁的女儿`, `9-year-old son`; children in general need a word that makes it this one.
fn child_of_age(view: &View, i: usize) -> Option<(usize, f32)> {
    let (_, end) = age(view, i)?;
    let at = if view.at(end) == Some(unit('的')) || view.at(end) == Some(unit(' ')) { end + 1 } else { end };
    let latin = view.before(end).is_some_and(is_letter);
    let kin = word_at(view, &TABLES.kin, at).or_else(|| word_at(view, &TABLES.kin, at + 1).filter(|_| view.at(at) == Some(unit('小'))));
    if general(view, i) {
        return None;
    }
    let Some(kin) = kin.filter(|&kin| !sex(kin, at)) else {
        // My daughter is 8 years old.
        // 王小萌8岁, 但 not 王小萌8岁时.
        let named = !latin && super::names::ends_at(view, i) && TABLES.limits.at(view, end).is_none() && view.ends(end);
        let own = latin && near_before(view, &TABLES.kin_back, i, 24) && !near_before(view, &TABLES.general, i, 24);
        return (named || own).then_some((end, if named { 0.7 } else { 0.8 }));
    };
    let own = OWN.iter().any(|word| starts_with(view, at, word));
    (own || this_one(view, i, latin)).then_some((kin, 0.85))
}

/// `女儿上小学三年级`, `儿子在读幼儿园`: a school that nobody of fourteen attends.
fn pupil(view: &View, i: usize) -> Option<(usize, f32)> {
    let kin = word_at(view, &TABLES.kin, i).filter(|&kin| kin > i + 1)?;
    let schools =
        ["幼儿园", "小学", "托班", "托儿所", "学前班", "一年级", "二年级", "三年级", "四年级", "五年级", "六年级", "kindergarten"];
    let barred = |u: u16| matches!(char_of(u), '们' | '的' | '和' | '比' | '应' | '可' | '需' | '。');
    for at in kin..=kin + BETWEEN {
        if let Some(school) = schools.iter().find(|school| starts_with(view, at, school)) {
            let goes = (kin..at).any(|k| view.at(k).is_some_and(|u| matches!(char_of(u), '上' | '读' | '念' | '在' | '是')));
            let own = near_before(view, &TABLES.owner_back, i, 4);
            let end = at + school.encode_utf16().count();
            let grown = matches!(view.at(end).map(char_of), Some('老' | '教' | '毕' | '时' | '校'));
            return (goes && own && !grown && !near_before(view, &TABLES.general, i, 6)).then_some((end, 0.75));
        }
        if view.at(at).is_none_or(barred) {
            return None;
        }
    }
    None
}

fn sex(kin: usize, at: usize) -> bool {
    kin == at + 1
}

/// Kin: someone's child by the word itself.
const OWN: [&str; 16] =
    ["女儿", "儿子", "孙", "外孙", "侄", "外甥", "闺女", "弟弟", "妹妹", "daughter", "son", "grand", "nephew", "niece", "小女儿", "小儿子"];

/// Whether a word before the age picks out one child: 一名, 我, his …
fn this_one(view: &View, i: usize, latin: bool) -> bool {
    let words: &[&str] = if latin {
        &["my ", "his ", "her ", "their ", "our ", "a ", "an ", "the "]
    } else {
        &["一名", "一个", "一位", "这个", "那个", "该", "名", "我", "他", "她", "其", "年仅", "我家", "这名", "家里", "家的", "只有", "才"]
    };
    words.iter().any(|word| {
        let len = word.encode_utf16().count();
        i.checked_sub(len).is_some_and(|start| starts_with(view, start, word) && !(latin && view.before(start).is_some_and(is_letter)))
    })
}

fn general(view: &View, i: usize) -> bool {
    let before = view.back_over_filler(i, 1);
    ["以", "满", "过", "于", "至", "到", "从", "约", "比", "小", "大", "under ", "over ", "than ", "least ", "below ", "above "].iter().any(
        |word| {
            let len = word.encode_utf16().count();
            before.checked_sub(len).is_some_and(|start| starts_with(view, start, word))
                || i.checked_sub(len).is_some_and(|start| starts_with(view, start, word))
        },
    )
}

/// `女儿今年8岁`, `患儿，男，5岁`, `son, age 7`.
fn child_then_age(view: &View, i: usize) -> Option<(usize, f32)> {
    let kin = word_at(view, &TABLES.kin, i)?;
    if view.at(i).is_some_and(is_letter) && view.before(i).is_some_and(is_letter) {
        return None;
    }
    let sex = kin == i + 1;
    let most = if sex { 2 } else { BETWEEN };
    let mut at = kin;
    while at <= kin + most {
        if let Some((_, end)) = age(view, at) {
            let limit = TABLES.limits.at(view, end).is_some() || general(view, at) && !starts_with(view, at - 1, "满");
            let many = near_before(view, &TABLES.general, i, 6);
            return (!limit && !many).then_some((end, 0.85));
        }
        let u = view.at(at)?;
        let passes = is_filler(u)
            || is_han(u)
                && !matches!(
                    char_of(u),
                    '的' | '比'
                        | '大'
                        | '小'
                        | '差'
                        | '过'
                        | '每'
                        | '和'
                        | '与'
                        | '们'
                        | '若'
                        | '应'
                        | '须'
                        | '需'
                        | '从'
                        | '至'
                        | '到'
                        | '以'
                )
                && !sex
            || is_letter(u);
        if !passes || view.gap(at) && at > kin + 3 {
            return None;
        }
        at += 1;
    }
    None
}

/// `年仅6岁`, `aged 7`.
fn only(view: &View, i: usize) -> Option<(usize, f32)> {
    let at = word_at(view, &TABLES.only, i)?;
    let latin = view.at(i).is_some_and(is_letter);
    if latin {
        let at = view.skip_filler(at, 1);
        let (years, end) = number(view, at)?;
        let whole = !view.at(end).is_some_and(|u| is_letter(u) || u == unit('-') || u == unit('%'));
        let joined = starts_with(view, end, " to") || starts_with(view, end, " and") || starts_with(view, end, " or");
        let told = near_before(view, &TABLES.kin_back, i, 24) && !near_before(view, &TABLES.general, i, 24);
        return (years < LIMIT && whole && !joined && told).then_some((end, 0.75));
    }
    let (_, end) = age(view, at)?;
    (!TABLES.limits.at(view, end).is_some_and(|_| true)).then_some((end, 0.75))
}

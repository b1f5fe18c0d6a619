//! A child under fourteen: an age below fourteen of somebody (12岁的女儿, 女儿今年8岁, 出生四十天, my 9-year-old son), or a school that nobody
//! of fourteen attends (我妹上五年级, in second grade).
//!
//! Limits (未满14周岁), memories (他7岁时) and children in general (6岁以下儿童) are no finding.

use std::sync::LazyLock;

use super::super::names;
use super::super::view::{View, char_of, is_digit, is_filler, is_han, is_letter, is_numeral, unit};
use super::super::words::Words;
use super::{
    CLAUSE, TABLES as SHARED, beginning, capital_before, ending, given_before, near_before, nickname, of_a_beast, person, someone,
    starts_with, units, word_at,
};

/// PIPL article 28: under fourteen.
const LIMIT: u32 = 14;
/// Most units between the child and the age (女儿小雨今年已经8岁).
const BETWEEN: usize = 8;
const BETWEEN_EN: usize = 24;

struct Tables {
    kin: Words,
    kin_back: Words,
    only: Words,
    born: Words,
    /// Of `born`, those that need a number behind them.
    bare: Words,
    schools: Words,
    /// Of `schools`, those that others have to do with as well: teachers, those who once went there.
    bare_schools: Words,
    /// 未满, under.
    limit: Words,
    /// English numbers by their words.
    numbers: Words,
    limits: Words,
}

static TABLES: LazyLock<Tables> = LazyLock::new(|| {
    let role = |value: i16| Words::forward_of(super::ROLES, &[value]);
    Tables {
        kin: role(7),
        kin_back: Words::backward_of(super::ROLES, &[7]),
        only: role(9),
        born: Words::forward_of(super::ROLES, &[12, 14]),
        bare: role(14),
        schools: Words::forward_of(super::ROLES, &[13, 20]),
        bare_schools: role(20),
        limit: role(18),
        numbers: role(19),
        limits: Words::forward_of(super::WORDS, &[7]),
    }
});

/// The tables of words that a statement of age may begin with, beside numbers.
pub(super) fn starting() -> [&'static Words; 6] {
    [&TABLES.kin, &TABLES.only, &TABLES.born, &TABLES.schools, &TABLES.limit, &TABLES.numbers]
}

/// What may follow the first numeral of an age: another one, 岁, 周岁, 个月, 月龄.
pub(super) fn may_follow(next: Option<u16>) -> bool {
    next.is_none_or(|u| is_numeral(u) || matches!(char_of(u), '岁' | '周' | '个' | '月'))
}

/// Whether the number that starts here may be an age, a school's grade, or a disease of some type: at most two digits, then what follows one.
pub(crate) fn may_be(rest: &[u16]) -> bool {
    let digits = rest.iter().take(3).take_while(|&&u| is_digit(u)).count();
    let mut after = rest.iter().skip(digits).copied();
    let letters = after.find(|&u| u != unit(' ') && u != unit('-'));
    digits < 3 && letters.is_none_or(|u| matches!(char_of(u), '岁' | '周' | '个' | '月' | '型' | '三' | '年' | 'y' | 'm' | 't' | 'w'))
}

/// The statement of a child's age that starts at `i`: its end and how sure it is.
pub(super) fn at(view: &View, i: usize) -> Option<(usize, f32)> {
    let told = child_of_age(view, i)
        .or_else(|| child_then_age(view, i))
        .or_else(|| born(view, i))
        .or_else(|| at_school(view, i))
        .or_else(|| under(view, i))
        .or_else(|| only(view, i));
    told.filter(|_| !of_a_beast(view, i))
}

/// The age at `i`: years (months and days are 0) and its end.
fn age(view: &View, i: usize) -> Option<(u32, usize)> {
    let (number, end) = number(view, i)?;
    if view.before(i).is_some_and(|u| is_digit(u) || is_numeral(u) || matches!(char_of(u), '至' | '到' | '第')) {
        return None;
    }
    const UNITS: &str = "周岁半|周岁|月龄|岁半|岁零|岁多|岁|个多月大|个半月大|个月大|个月的|-year-old| year old| years old|-years-old|yo | yo |-month-old| months old| weeks old|-week-old";
    let unit = beginning(view, end, UNITS)?;
    let years = if unit.contains('月') || unit.contains("month") || unit.contains("week") { 0 } else { number };
    (years < LIMIT).then_some((years, end + units(unit)))
}

/// A number of at most two digits or numerals, in English also by its word.
fn number(view: &View, i: usize) -> Option<(u32, usize)> {
    if view.at(i).is_some_and(is_digit) {
        let end = view.run(i, 2, is_digit)?;
        let value = (i..end).filter_map(|k| view.at(k)).fold(0, |sum, u| sum * 10 + u32::from(u - unit('0')));
        return Some((value, end));
    }
    if view.at(i).is_some_and(is_letter) {
        const WORDS: [&str; 14] =
            ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve", "thirteen"];
        // The longest: seven, seventeen.
        let value = WORDS.iter().position(|word| starts_with(view, i, word) && !view.at(i + word.len()).is_some_and(is_letter))?;
        return Some((value as u32, i + WORDS.get(value)?.len()));
    }
    let end = view.run(i, 3, is_numeral)?;
    let values: Vec<u32> = (i..end).filter_map(|k| view.at(k)).filter_map(numeral).collect();
    let value = match values[..] {
        [n] => n,
        [10, n] | [10, _, n] if n < 10 => 10 + n,
        [n, 10] if n < 10 => n * 10,
        [n, 10, m] if n < 10 && m < 10 => n * 10 + m,
        // 七八岁
        [n, m] if m == n + 1 && m < 10 => m,
        _ => return None,
    };
    Some((value, end))
}

fn numeral(u: u16) -> Option<u32> {
    "零一二三四五六七八九十".chars().position(|c| unit(c) == u).or_else(|| (u == unit('两')).then_some(2)).map(|n| n as u32)
}

/// `12岁的女儿`, `9-year-old son`, `张沐阳，四岁`; children in general need a word that makes it this one.
fn child_of_age(view: &View, i: usize) -> Option<(usize, f32)> {
    let (_, end) = age(view, i)?;
    let at = if view.at(end) == Some(unit('的')) || view.at(end) == Some(unit(' ')) { end + 1 } else { end };
    let latin = view.before(end).is_some_and(is_letter) || view.before(end) == Some(unit(' '));
    let kin = word_at(view, &TABLES.kin, at).or_else(|| word_at(view, &TABLES.kin, at + 1).filter(|_| view.at(at) == Some(unit('小'))));
    if general(view, i) {
        return None;
    }
    if let Some(kin) = kin.filter(|&kin| !sex(kin, at)) {
        let own = beginning(view, at, OWN).is_some();
        return (own || this_one(view, i, latin)).then_some((kin, 0.85));
    }
    if TABLES.limits.at(view, end).is_some()
        || ending(view, end, "个月的").is_some()
        || near_before(view, &SHARED.general, i, if latin { BETWEEN_EN } else { CLAUSE })
    {
        return None;
    }
    // My daughter is 8 years old; 王小萌8岁, but not 王小萌8岁时; 八岁的小凯.
    let nickname = at > end && matches!(view.at(at).map(char_of), Some('小' | '阿')) && SHARED.no_nickname.at(view, at).is_none();
    let own = if latin {
        ending(view, i, "our |my ").is_some() || near_before(view, &TABLES.kin_back, i, BETWEEN_EN) || person(view, i, 8)
    } else {
        someone(view, i, 5)
    };
    (own || nickname).then_some((end, if latin { 0.8 } else { 0.7 }))
}

/// `刚满周岁`, `出生第9天`, `满月`, `小升初`: words that say it without a number, or with one behind them.
fn born(view: &View, i: usize) -> Option<(usize, f32)> {
    let word = word_at(view, &TABLES.born, i)?;
    let bare = TABLES.bare.whole_at(view, i).is_some_and(|hit| i + hit.len == word);
    let days = number(view, word + usize::from(view.at(word) == Some(unit('第')))).map(|(_, end)| end);
    let days = days.filter(|&end| view.at(end).is_some_and(|u| matches!(char_of(u), '天' | '日' | '月' | '周' | '个')));
    let end = match days {
        Some(end) => end + 1,
        None if bare => return None,
        None => word,
    };
    // 我去吃满月酒: who is spoken of is a child, or called by a pet name.
    let child = near_before(view, &TABLES.kin_back, i, BETWEEN);
    let whose =
        child || days.is_some() && person(view, i, 4) || (0..=BETWEEN).any(|back| i.checked_sub(back).is_some_and(|at| nickname(view, at)));
    let limit = TABLES.limits.at(view, end).is_some() || view.at(end) == Some(unit('酒'));
    (whose && !limit && !near_before(view, &SHARED.general, i, CLAUSE)).then_some((end, 0.75))
}

/// `上小学三年级`, `幼儿园大班`, `in second grade`: a school that nobody of fourteen attends, and somebody who goes there.
fn at_school(view: &View, i: usize) -> Option<(usize, f32)> {
    let end = word_at(view, &TABLES.schools, i)?;
    const GROWN: &str = "老|教|毕|时|的时候|校长|校|课|语文|数学|英语|上册|下册|招|家长|阶段|同学|以|那年| teacher| reader| math";
    let after = beginning(view, end, GROWN).is_some() && !view.gap(end);
    let latin = view.at(i).is_some_and(is_letter);
    let reach = if latin { BETWEEN_EN } else { BETWEEN };
    let teaches = (0..=6).any(|k| i.checked_sub(k).is_some_and(|at| ending(view, at, "教|teach|teaches|taught ").is_some()));
    let child = near_before(view, &TABLES.kin_back, i, reach);
    let bare = TABLES.bare_schools.at(view, i).is_some_and(|hit| i + hit.len == end);
    let anyone = || if latin { person(view, i, reach) || capital_before(view, i) } else { someone(view, i, reach) };
    // 二年级王梓萱的家长
    let named = || !latin && names::at(view, end).is_some();
    let whose = child || !bare && (anyone() || named());
    (whose && !after && !teaches && !near_before(view, &SHARED.general, i, reach)).then_some((end, 0.75))
}

/// `孩子未满14岁`, `my kid is under 13`: of one child, not of all under fourteen.
fn under(view: &View, i: usize) -> Option<(usize, f32)> {
    let word = beginning(view, i, "未满|不满|不到|under ")?;
    let (years, number) = number(view, i + units(word))?;
    let latin = word == "under ";
    let of = beginning(view, number, "周岁|岁");
    let end = number + of.map_or(0, units);
    let more = || beginning(view, end, " month| week| day| hour| minute| percent| of").is_some();
    let whole = if latin { !view.at(end).is_some_and(|u| u == unit('-') || is_digit(u)) && !more() } else { of.is_some() };
    let all = matches!(view.at(end).map(char_of), Some('的' | '者' | '人' | '未' | '儿' | '且' | '或' | '不')) && !view.gap(end);
    let whose = near_before(view, &TABLES.kin_back, i, if latin { 8 } else { 5 }) || !latin && someone(view, i, 3);
    let own = person(view, i, if latin { BETWEEN_EN } else { CLAUSE });
    (whole && !all && (1..=LIMIT).contains(&years) && whose && own && !near_before(view, &SHARED.general, i, CLAUSE)).then_some((end, 0.75))
}

fn sex(kin: usize, at: usize) -> bool {
    kin == at + 1
}

/// Kin: someone's child by the word itself.
const OWN: &str = "女儿|儿子|孙|外孙|侄|外甥|闺女|弟弟|妹妹|daughter|son|grand|nephew|niece|小女儿|小儿子";

/// Whether a word before the age picks out one child: 一名, 我, his …
fn this_one(view: &View, i: usize, latin: bool) -> bool {
    let words = if latin {
        "my |his |her |their |our |a |an |the "
    } else {
        "一名|一个|一位|这个|那个|该|名|我|他|她|其|年仅|我家|这名|家里|家的|只有|才"
    };
    ending(view, i, words).is_some_and(|word| !latin || !i.checked_sub(word.len()).is_some_and(|at| view.before(at).is_some_and(is_letter)))
}

fn general(view: &View, i: usize) -> bool {
    let before = view.back_over_filler(i, 1);
    const WORDS: &str = "以|满|于|至|到|到了|从|约|比|小|大|under |over |than |least |below |above ";
    ending(view, before, WORDS).or_else(|| ending(view, i, WORDS)).is_some()
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
        let years = age(view, at).filter(|&(_, end)| ending(view, end, "个月的").is_none());
        if let Some((_, end)) = years.or_else(|| months(view, at, kin)) {
            let limit = TABLES.limits.at(view, end).is_some() || general(view, at) && !starts_with(view, at - 1, "满");
            let many = near_before(view, &SHARED.general, i, 6);
            return (!limit && !many).then_some((end, 0.85));
        }
        let u = view.at(at)?;
        let passes = is_filler(u) || is_han(u) && !parts(u) && !sex || is_letter(u);
        if !passes || view.gap(at) && at > kin + 3 {
            return None;
        }
        at += 1;
    }
    None
}

/// Words between a child and a number that make it no age of the child (比女儿大3岁).
fn parts(u: u16) -> bool {
    "的比大小差过每和与们若应须需从至到以".chars().any(|c| unit(c) == u)
}

/// `孩子13个月`, `toddler, 22 months`: months count only close behind the child.
fn months(view: &View, at: usize, kin: usize) -> Option<(u32, usize)> {
    if at > kin + 3 {
        return None;
    }
    let (_, end) = number(view, at)?;
    let end = end + units(beginning(view, end, "个多月|个半月|个月| months| month")?);
    // 孩子3个月没回家了: no age.
    let told = if view.before(end).is_some_and(is_letter) { view.at(end).is_none_or(|u| u != unit(' ')) } else { view.ends(end) };
    (told || beginning(view, end, "大|了|会").is_some()).then_some((0, end))
}

/// `年仅6岁`, `aged 7`.
fn only(view: &View, i: usize) -> Option<(usize, f32)> {
    let at = word_at(view, &TABLES.only, i)?;
    let latin = view.at(i).is_some_and(is_letter);
    if latin {
        let at = view.skip_filler(at, 1);
        let (years, end) = number(view, at)?;
        let whole = !view.at(end).is_some_and(|u| is_letter(u) || u == unit('-') || u == unit('%'));
        let joined = beginning(view, end, " to| and| or| minutes| hours| days| miles| of| percent").is_some();
        // I'm 12 and my parents …
        let said = ending(view, at, "'m |'s | am | is | be ").is_some();
        let closes = view.at(end).is_none() || beginning(view, end, ",|.|!|?| and | but | years old").is_some();
        let joined = if said { !closes } else { joined };
        let first = beginning(view, i, "i'm |i am |she|he").is_some() && years > 4 && ending(view, i, "like ").is_none();
        // The latest version of Java is 8.
        let copula = ending(view, at, " is | be ").is_some() && !first;
        let young = near_before(view, &TABLES.kin_back, i, BETWEEN_EN) || given_before(view, i);
        let told = first || young || !copula && (person(view, i, 8) || capital_before(view, i));
        return (years < LIMIT && whole && !joined && told && !near_before(view, &SHARED.general, i, BETWEEN_EN)).then_some((end, 0.75));
    }
    if let Some((_, end)) = age(view, at) {
        let limit = TABLES.limits.at(view, end).is_some() || near_before(view, &SHARED.general, i, CLAUSE);
        return (!limit).then_some((end, 0.75));
    }
    // 年龄：8, 年龄8, 虚岁十三
    let label = ending(view, at, "年龄|年龄为|年龄是|虚岁").is_some();
    let (years, end) = number(view, view.skip_filler(at, 2)).filter(|_| label)?;
    let whole = view.at(end).is_none_or(|u| !is_digit(u) && !matches!(char_of(u), '至' | '到' | '-' | '~' | '.' | '%'));
    (years < LIMIT && years > 0 && whole).then_some((end, 0.7))
}

//! Dates of birth: a day that exists, written in digits, Chinese numerals or English, with a word of birth before or after.

use super::Candidate;
use super::PersonalKind::BirthDate;
use super::calendar::{days, is_day, is_month};
use super::context::{closes_token, label, near};
use super::reader::{Reader, is, is_alnum, is_cjk, is_digit, is_letter, is_one_of, numeral, units};
use super::words::Words;

const LABELS: Words = Words::new(&[
    "出生于",
    "出生日期",
    "出生年月日",
    "出生年月",
    "出生时间",
    "出生日",
    "出生",
    "生日",
    "生日在",
    "生日是在",
    "生于",
    "诞辰",
    "生辰",
    "生日期",
    "公历生日",
    "农历生日",
    "阴历生日",
    "生日公历",
    "生日农历",
    "生日阴历",
    "生日阳历",
    "出生于公历",
    "出生于农历",
    "dob",
    "d.o.b.",
    "d.o.b",
    "date of birth",
    "birth date",
    "birthdate",
    "birthday",
    "birthday is on",
    "birthday is",
    "birthday on",
    "birthday falls on",
    "bday",
    "b-day",
    "day of birth",
    "date of birth is",
    "dob is",
    "was born on",
    "born on the",
    "birth date is",
    "诞生于",
    "诞生",
    "降生于",
    "降生",
    "出生在",
    "寿辰",
    "生辰八字",
    "生日日期",
    "出生年份",
    "生年月日",
    "出生信息",
    "生卒",
    "born",
    "born on",
    "born in",
    "birth",
]);
/// Words that do so with a word between.
const NEAR: Words = Words::new(&["born", "birthday", "date of birth", "dob", "出生于", "出生日期", "出生年月", "生日"]);
const AFTER: &[&str] = &["出生", "生于", "生人", "诞生于", "born"];
const MONTHS: [&str; 12] =
    ["january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december"];
/// The character for ten, which only numbers below a hundred have.
pub(super) const TEN: u16 = 0x5341;

/// A day as far as it is told.
#[derive(Clone, Copy)]
struct Day {
    end: usize,
    /// Whether a day of the month is told.
    whole: bool,
    /// Whether no year is told.
    yearless: bool,
}

/// A date of birth that begins here.
pub(super) fn birth(r: &Reader<'_>, start: usize) -> Option<Candidate> {
    let (here, before) = (r.at(start), r.before(start, 1));
    let number = numeral(here).is_some() || here == TEN;
    let goes_on = is_digit(here) && is_digit(before) || is_alnum(before) && is_letter(here);
    let numeral_goes_on = number && !is_digit(here) && (numeral(before).is_some() || before == TEN);
    if goes_on || numeral_goes_on || (is_letter(here) && !is_month_head(here)) || !(number || is_letter(here)) {
        return None;
    }
    // The look back is dear where dates are dense, so the shape is tried first.
    let day = chinese(r, start).or_else(|| signed(r, start)).or_else(|| solid(r, start)).or_else(|| english(r, start))?;
    let labelled = label(r, start, LABELS) || near(r, start, NEAR, 6) && !r.ends_in(start, "快乐");
    let told = (labelled && (day.whole || !day.yearless)) || is_told_after(r, day);
    told.then(|| Candidate::new(BirthDate, start..day.end, if day.yearless { 0.8 } else { 1.0 }))
}

fn is_told_after(r: &Reader<'_>, day: Day) -> bool {
    let place = r.skip_spaces(day.end + usize::from(is_one_of(r.at(day.end), b"(,")), 1);
    // '生' alone ends a clause or is followed by a place: '12日生,汉族'. Not '生产', '生效'.
    let alone = || r.at(place) == 0x751F && (!is_cjk(r.at(place + 1)) || r.gap(place + 1));
    !day.yearless && (r.has_any(place, AFTER).is_some() || (day.whole && alone()))
}

/// A number below 10 000 in one script, and its end and its count of characters.
fn number(r: &Reader<'_>, start: usize) -> Option<(u32, usize, usize)> {
    let ascii = is_digit(r.at(start));
    let fits = |i: &usize| {
        let unit = r.at(start + i);
        if ascii { is_digit(unit) } else { (numeral(unit).is_some() && !is_digit(unit)) || unit == TEN }
    };
    let count = (0..5).take_while(fits).count();
    let mut all = [0; 4];
    all.iter_mut().take(count).enumerate().for_each(|(i, unit)| *unit = r.at(start + i));
    let value = |unit: &u16| numeral(*unit).map(u32::from);
    let number = match all.get(..count)? {
        [TEN] => 10,
        [TEN, ones] => 10 + value(ones)?,
        [tens, TEN] => value(tens)? * 10,
        [tens, TEN, ones] => value(tens)? * 10 + value(ones)?,
        digits => digits.iter().try_fold(0, |n, digit| value(digit).map(|digit| n * 10 + digit))?,
    };
    (1..=4).contains(&count).then_some((number, start + count, count))
}

/// '1985年3月12日', '85年3月', '一九八五年三月十二日', '3月12日'.
fn chinese(r: &Reader<'_>, start: usize) -> Option<Day> {
    let (first, end, count) = number(r, start)?;
    let place = r.skip_spaces(end, 1);
    if is_unit(r, place, '月') {
        return month_and_day(r, 2000, first, place + 1).map(|day| Day { yearless: true, ..day }).filter(|day| day.whole);
    }
    let year = match count {
        4 => first,
        2 => 1900 + first,
        _ => return None,
    };
    let after = is_unit(r, place, '年').then(|| r.skip_spaces(place + 1, 1))?;
    let (month, end, _) = number(r, after)?;
    let place = r.skip_spaces(end, 1);
    is_unit(r, place, '月').then(|| month_and_day(r, year, month, place + 1)).flatten()
}

/// What stands after '月': a day with or without '日', or nothing.
fn month_and_day(r: &Reader<'_>, year: u32, month: u32, place: usize) -> Option<Day> {
    let only = Day { end: place, whole: false, yearless: false };
    let start = r.skip_spaces(place, 1) + usize::from(is_unit(r, place, '初'));
    match number(r, start) {
        Some((day, end, count)) if count < 4 && is_day(year, month, day) => {
            let named = is_unit(r, end, '日') || is_unit(r, end, '号');
            Some(Day { end: end + usize::from(named), whole: true, yearless: false })
        }
        _ => is_month(year, month).then_some(only),
    }
}

fn is_unit(r: &Reader<'_>, place: usize, c: char) -> bool {
    u32::from(r.at(place)) == c as u32
}

/// '1985-03-12', '1985/3/12', '1985.3', '12/03/1985'.
fn signed(r: &Reader<'_>, start: usize) -> Option<Day> {
    let (first, end, count) = ascii_number(r, start)?;
    let sign = r.at(end);
    if !is_one_of(sign, b"-/. ") || (is_one_of(r.before(start, 1), b"-/.") && is_digit(r.before(start, 2))) {
        return None;
    }
    let (second, end, length) = ascii_number(r, end + 1)?;
    let third = (r.at(end) == sign).then(|| ascii_number(r, end + 1)).flatten();
    let day = match (third, count) {
        (Some((day, end, 1 | 2)), 4) if length <= 2 && is_day(first, second, day) => Some((end, true)),
        (Some((year, end, 4)), 1 | 2) if is_day(year, first, second) || is_day(year, second, first) => Some((end, true)),
        (None, 4) if length <= 2 && !is(sign, b' ') && is_month(first, second) => Some((end, false)),
        _ => None,
    };
    day.filter(|(end, _)| closes_token(r, *end)).map(|(end, whole)| Day { end, whole, yearless: false })
}

fn ascii_number(r: &Reader<'_>, start: usize) -> Option<(u32, usize, usize)> {
    number(r, start).filter(|_| is_digit(r.at(start)))
}

/// '19850312', and in groups: '1985 0312', '1985 03 12', '19 85 03 12', '1985 - 03 - 12', '1985 / 3 / 12'.
fn solid(r: &Reader<'_>, start: usize) -> Option<Day> {
    spaced(r, start).or_else(|| together(r, start))
}

/// Eight digits in groups, or year, month and day, with spaces or one sign between.
fn spaced(r: &Reader<'_>, start: usize) -> Option<Day> {
    let (mut digits, mut place, mut groups) = (Vec::with_capacity(8), start, 0);
    while digits.len() < 8 && groups < 8 {
        let row: Vec<u32> = (0..5).map(|i| r.at(place + i)).take_while(|unit| is_digit(*unit)).map(|unit| u32::from(unit - 0x30)).collect();
        // A month or a day of one digit, behind the year.
        if row.len() == 1 && digits.len() >= 4 && groups < 4 {
            digits.push(0);
        }
        if row.is_empty() || row.len() > 4 {
            return None;
        }
        place += row.len();
        digits.extend(row);
        groups += 1;
        if digits.len() < 8 {
            let gap = r.skip_spaces(place, 1);
            let sign = gap + usize::from(is_one_of(r.at(gap), b"-/."));
            if sign == place {
                return None;
            }
            place = r.skip_spaces(sign, 1);
        }
    }
    let part = |range| digits.get(range).map_or(0, number_of);
    let valid = digits.len() == 8 && is_day(part(0..4), part(4..6), part(6..8)) && (1850..2100).contains(&part(0..4));
    (groups > 1 && valid && closes_token(r, place)).then_some(Day { end: place, whole: true, yearless: false })
}

fn number_of(digits: &[u32]) -> u32 {
    digits.iter().fold(0, |n, digit| n * 10 + digit)
}

/// Eight digits in a row.
fn together(r: &Reader<'_>, start: usize) -> Option<Day> {
    let count = (0..9).take_while(|i| is_digit(r.at(start + i))).count();
    let part = |from: usize, to: usize| (from..to).fold(0, |n, i| n * 10 + u32::from(r.at(start + i).wrapping_sub(0x30)));
    let valid = count == 8 && is_day(part(0, 4), part(4, 6), part(6, 8)) && closes_token(r, start + 8);
    valid.then_some(Day { end: start + 8, whole: true, yearless: false })
}

/// 'March 12, 1985', '12th of March 1985', 'Mar 1985', 'March 12'.
fn english(r: &Reader<'_>, start: usize) -> Option<Day> {
    if is_letter(r.at(start)) {
        let (month, end) = month(r, start)?;
        let place = r.skip_spaces(end, 1);
        let (day, end, count) = ascii_number(r, place).filter(|_| place > end)?;
        if count == 4 {
            return is_month(day, month).then_some(Day { end, whole: false, yearless: false });
        }
        return year(r, ordinal(r, end), month, day);
    }
    let (day, end, _) = ascii_number(r, start)?;
    let place = r.skip_spaces(ordinal(r, end), 1);
    let place = if r.has(place, "of ") { place + 3 } else { place };
    let (month, end) = month(r, place).filter(|_| place > end)?;
    year(r, end, month, day)
}

/// The year after a day and a month, if it is told.
fn year(r: &Reader<'_>, end: usize, month: u32, day: u32) -> Option<Day> {
    let place = r.skip_spaces(end + usize::from(is_one_of(r.at(end), b",.")), 1);
    match ascii_number(r, place) {
        Some((year, end, 4)) if place > end - 4 || is_day(year, month, day) => {
            is_day(year, month, day).then_some(Day { end, whole: true, yearless: false })
        }
        _ => (1..=days(2000, month)).contains(&day).then_some(Day { end, whole: true, yearless: true }),
    }
}

/// The end after 'st', 'nd', 'rd', 'th'.
fn ordinal(r: &Reader<'_>, end: usize) -> usize {
    end + r.has_any(end, &["st", "nd", "rd", "th"]).map_or(0, units)
}

/// A month's name, whole or its first three letters (and 'sept'), and its end.
fn month(r: &Reader<'_>, start: usize) -> Option<(u32, usize)> {
    let length = (0..10).take_while(|i| is_letter(r.at(start + i))).count();
    let fits = |name: &&str| {
        (length == name.len() || length == 3 || (length == 4 && name.starts_with("sept")))
            && name.get(..length).is_some_and(|head| r.has(start, head))
    };
    let place = MONTHS.iter().position(fits)?;
    let end = start + length;
    Some((u32::try_from(place).ok()? + 1, end + usize::from(is(r.at(end), b'.'))))
}

pub(super) fn is_month_head(unit: u16) -> bool {
    is_one_of(unit, b"jfmasond")
}

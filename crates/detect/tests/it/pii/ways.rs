//! Ways of writing a value: full-width, in groups, in Chinese numerals.
//!
//! Invariant: the rewritten text still holds the same value; nothing of the sentence around it is changed.

use super::rng::Rng;

/// Every printable ASCII character in its full-width form.
pub(crate) fn fullwidth(text: &str) -> String {
    text.chars().map(|c| if c.is_ascii_graphic() { char::from_u32(c as u32 + 0xFEE0).unwrap() } else { c }).collect()
}

/// Digits as Chinese numerals, in one of four habits. A birth date is read as a date.
pub(crate) fn numerals(rng: &mut Rng, kind: &str, text: &str) -> String {
    if kind == "birth-date" {
        return date_in_words(text);
    }
    let mut digits: Vec<char> = match rng.below(8) {
        0 => "零壹贰叁肆伍陆柒捌玖",
        1..=3 => "〇一二三四五六七八九",
        _ => "零一二三四五六七八九",
    }
    .chars()
    .collect();
    if rng.chance(40) {
        digits[1] = '幺';
    }
    text.chars().filter(|c| !"-+ ".contains(*c)).map(|c| c.to_digit(10).map_or(c, |d| digits[d as usize])).collect()
}

/// `1990-03-21` or `1990年3月21日` as 一九九〇年三月二十一日.
fn date_in_words(text: &str) -> String {
    let parts: Vec<usize> = text.split(|c: char| !c.is_ascii_digit()).filter_map(|p| p.parse().ok()).collect();
    let digits: Vec<char> = "〇一二三四五六七八九".chars().collect();
    let year: String = parts[0].to_string().chars().map(|c| digits[c.to_digit(10).unwrap() as usize]).collect();
    format!("{year}年{}月{}日", small(parts[1], &digits), small(parts[2], &digits))
}

/// A number of 1 to 31 in words.
fn small(n: usize, digits: &[char]) -> String {
    let (ten, one) = (n / 10, n % 10);
    let tens = if ten > 1 { digits[ten].to_string() } else { String::new() };
    format!("{tens}{}{}", if ten > 0 { "十" } else { "" }, if one > 0 { digits[one].to_string() } else { String::new() })
}

/// Cuts `text` into runs of the given lengths (what is left over is the last run) and joins them.
fn cut(text: &str, lengths: &[usize], separator: &str) -> String {
    let (mut rest, mut parts) = (text, Vec::new());
    for &n in lengths {
        if rest.len() <= n {
            break;
        }
        let (head, tail) = rest.split_at(n);
        parts.push(head);
        rest = tail;
    }
    parts.push(rest);
    parts.join(separator)
}

const FOURS: &[usize] = &[4; 8];

/// The value in groups, as people write it for reading aloud or to slip past a filter.
pub(crate) fn grouped(rng: &mut Rng, kind: &str, text: &str, english: bool) -> String {
    let separator = rng.pick(&[" ", " ", "-"]);
    match kind {
        "identity-number" if text.len() == 15 => cut(text, &[6, 6], separator),
        "identity-number" if rng.chance(75) => cut(text, &[6, 8], separator),
        "identity-number" => cut(text, FOURS, " "),
        "driving-licence" | "bank-card" if text.len() == 15 => cut(text, &[4, 6], separator),
        "driving-licence" | "bank-card" => cut(text, FOURS, separator),
        "iban" => cut(text, FOURS, " "),
        "social-security" | "hk-macao-permit" => cut(text, &[1, 4], " "),
        "passport" | "taiwan-permit" => cut(text, &[text.len() - 8, 4], " ").trim_start().to_string(),
        "officer-card" => text.replace("字第", "字第 ").replace('号', " 号"),
        "mobile" => mobile(rng, text),
        "landline" => landline(rng, text),
        "us-ssn" => cut(&text.replace('-', ""), &[3, 2], separator),
        "credit-code" if rng.chance(60) => cut(text, &[8, 9], separator),
        "credit-code" => cut(text, FOURS, " "),
        "vehicle-plate" => plate(rng, text),
        "vin" => cut(text, &[3, 6], separator),
        "email" => email(rng, text),
        "mac-address" => mac(rng, text),
        "qq" => cut(text, &[3, 3], separator),
        "birth-date" => birth(rng, text),
        "gps-position" => position(rng, text, english),
        _ => text.to_string(),
    }
}

fn mobile(rng: &mut Rng, text: &str) -> String {
    let (head, digits) = text.split_at(text.len() - 11);
    let body = match rng.below(10) {
        0..=3 => cut(digits, &[3, 4], " "),
        4..=6 => cut(digits, &[3, 4], "-"),
        7 => cut(digits, &[3, 4], "."),
        8 => cut(digits, &[3, 3], " "),
        _ => cut(digits, &[1; 11], " "),
    };
    match (head, rng.below(4)) {
        ("", 0) => format!("+86 {body}"),
        ("", 1) if rng.chance(30) => format!("(+86){body}"),
        ("", _) => body,
        (head, _) => format!("{head} {body}"),
    }
}

fn landline(rng: &mut Rng, text: &str) -> String {
    let digits = text.replace('-', "");
    let area = if digits.starts_with("01") || digits.starts_with("02") { 3 } else { 4 };
    let (area, number) = digits.split_at(area);
    match rng.below(6) {
        0 => format!("({area}) {}", cut(number, &[4], " ")),
        1 => format!("{area} {}", cut(number, &[4], " ")),
        2 => format!("+86-{}-{number}", area.trim_start_matches('0')),
        3 => format!("+86 {} {}", area.trim_start_matches('0'), cut(number, &[4], " ")),
        4 => format!("{area}-{number}-80{}", rng.range(10, 99)),
        _ => format!("{area}-{}", cut(number, &[4], " ")),
    }
}

fn plate(rng: &mut Rng, text: &str) -> String {
    let mut rest = text.chars();
    let head: String = rest.by_ref().take(2).collect();
    format!("{head}{}{}", rng.pick(&["·", "·", " ", "-", "•"]), rest.as_str())
}

fn email(rng: &mut Rng, text: &str) -> String {
    match rng.below(6) {
        0..=2 => text.replace('@', " @ "),
        3 => text.replace('@', "＠"),
        4 => text.replace('@', "(at)"),
        _ => text.replace('@', " @"),
    }
}

fn mac(rng: &mut Rng, text: &str) -> String {
    match rng.below(4) {
        0..=1 => text.replace(':', "-"),
        2 => cut(&text.replace(':', ""), &[4, 4], "."),
        _ => text.replace(':', " "),
    }
}

fn birth(rng: &mut Rng, text: &str) -> String {
    let parts: Vec<&str> = text.split(|c: char| !c.is_ascii_alphanumeric()).filter(|p| !p.is_empty()).collect();
    let separator = rng.pick(&[" ", " - ", " / ", ". "]);
    if text.contains('年') { format!("{} 年 {} 月 {} 日", parts[0], parts[1], parts[2]) } else { parts.join(separator) }
}

/// Decimal degrees as degrees, minutes and seconds, or with marks between the two halves.
fn position(rng: &mut Rng, text: &str, english: bool) -> String {
    let numbers: Vec<f64> = text.split(|c: char| !c.is_ascii_digit() && c != '.').filter_map(|p| p.parse().ok()).collect();
    let (low, high) = (numbers[0].min(numbers[1]), numbers[0].max(numbers[1]));
    let dms = |v: f64| format!("{}°{}′{:.1}″", v as u32, (v * 60.0) as u32 % 60, (v * 3600.0) % 60.0);
    match rng.below(4) {
        0 => format!("{}N {}E", dms(low), dms(high)),
        1 => format!("N{} E{}", dms(low), dms(high)),
        2 if english => format!("latitude {low}, longitude {high}"),
        2 => format!("纬度{low} 经度{high}"),
        _ => format!("lat={low}&lng={high}"),
    }
}

//! Negatives of the test: sentences of `negatives.tsv` with their marks filled.
//!
//! Invariant: nothing here is personal information to a careful reader, and no long number passes a check digit by accident.

use super::rng::Rng;
use super::{Case, around, rows, things, values};

const NEGATIVES: &str = include_str!("negatives.tsv");

/// At least `count` negatives, the same number of every category.
pub(super) fn add(rng: &mut Rng, count: usize, all: &mut Vec<Case>) {
    let mut categories: Vec<(&'static str, Vec<&'static str>)> = Vec::new();
    for row in rows(NEGATIVES) {
        match categories.last_mut() {
            Some((name, templates)) if *name == row[0] => templates.push(row[1]),
            _ => categories.push((row[0], vec![row[1]])),
        }
    }
    let each = count.div_ceil(categories.len());
    for (way, templates) in categories {
        for i in 0..each {
            let template = templates[i % templates.len()];
            let (lead, trail) = around(rng, template.is_ascii());
            all.push(Case { kind: None, way, text: format!("{lead}{}{trail}", honest(rng, template)), spans: Vec::new() });
        }
    }
}

/// A filled template of which no long number is valid by accident.
fn honest(rng: &mut Rng, template: &str) -> String {
    loop {
        let text = fill(rng, template);
        if !text.split(|c: char| !c.is_ascii_alphanumeric()).any(accident) {
            return text;
        }
    }
}

/// Whether a run of letters and digits passes Luhn or the check of the credit code.
fn accident(run: &str) -> bool {
    let Some((body, last)) = run.char_indices().next_back().map(|(i, c)| (&run[..i], c)) else { return false };
    let numeric = body.chars().all(|c| c.is_ascii_digit());
    let card = numeric && (15..=19).contains(&run.len()) && last.to_digit(10) == Some(values::luhn(body));
    let credit = run.len() == 18 && body.chars().all(|c| values::CREDIT.contains(c)) && values::credit_check(body) == last;
    card || credit
}

/// Fills the marks of a negative template: `{name}` or `{name:argument}`; other braces stay as they are.
fn fill(rng: &mut Rng, template: &str) -> String {
    let (mut rest, mut text) = (template, String::new());
    while let Some(open) = rest.find('{') {
        text.push_str(&rest[..open]);
        let inner = rest[open + 1..].split(['{', '}']).next().unwrap();
        match mark(rng, inner) {
            Some(filled) if rest[open + 1 + inner.len()..].starts_with('}') => {
                text.push_str(&filled);
                rest = &rest[open + inner.len() + 2..];
            }
            _ => {
                text.push('{');
                rest = &rest[open + 1..];
            }
        }
    }
    text + rest
}

fn mark(rng: &mut Rng, inner: &str) -> Option<String> {
    let (name, argument) = inner.split_once(':').unwrap_or((inner, ""));
    let count = argument.trim_end_matches('b').parse::<usize>().unwrap_or(0);
    Some(match name {
        "d" if argument.ends_with('b') => format!("20{}", rng.digits(count - 2)),
        "d" => rng.number(count),
        "D" => rng.digits(count),
        "h" => rng.many("0123456789abcdef", count),
        "A" => rng.many("ABCDEFGHKLMNPRSTUVWX", count),
        "r" => {
            let (low, high) = argument.split_once('-')?;
            rng.range(low.parse().ok()?, high.parse().ok()?).to_string()
        }
        "year" => rng.range(2005, 2024).to_string(),
        "school" => {
            let first = rng.range(2008, 2023);
            format!("{first}-{}", first + 1)
        }
        "clock" => format!("{:02}:{:02}:{:02}", rng.below(24), rng.below(60), rng.below(60)),
        "clock6" => format!("{:02}{:02}{:02}", rng.below(24), rng.below(60), rng.below(60)),
        "ver" => format!("{}.{}.{}", rng.range(0, 20), rng.range(0, 40), rng.range(0, 99)),
        "uuid" => ["8", "4", "4", "4", "12"].map(|n| rng.many("0123456789abcdef", n.parse().unwrap())).join("-"),
        "finger" => (0..20).map(|_| rng.many("0123456789ABCDEF", 2)).collect::<Vec<_>>().join(":"),
        "ts10" => format!("17{}", rng.digits(8)),
        "ts13" => format!("17{}", rng.digits(11)),
        "mobile" => values::mobile_digits(rng),
        "stock" => format!("{}{}", rng.pick(&["600", "601", "000", "002", "300", "688"]), rng.digits(3)),
        "parcel" => format!("7{}{}", rng.pick(&["53", "54", "73", "76"]), rng.digits(11)),
        "amount" => format!("{},{}.{}", rng.range(1, 999), rng.number(3), rng.digits(2)),
        "big" => format!("{}.{}", rng.number(11), rng.digits(2)),
        _ => return near(rng, name),
    })
}

/// Nearly valid values, dates, order numbers and book numbers.
fn near(rng: &mut Rng, name: &str) -> Option<String> {
    let (y, m, d) = values::day(rng, 2001, 2024);
    Some(match name {
        "date" => format!("{y}-{m:02}-{d:02}"),
        "cdate" => format!("{y}年{m}月{d}日"),
        "day8" => format!("{y}{m:02}{d:02}"),
        "order" => {
            let n = rng.range(7, 12);
            format!("{y}{m:02}{d:02}{}", rng.digits(n))
        }
        "isbn" => {
            let body = format!("9787{}", rng.digits(8));
            let sum: u32 = body.chars().enumerate().map(|(i, c)| c.to_digit(10).unwrap() * if i % 2 == 0 { 1 } else { 3 }).sum();
            format!("{body}{}", (10 - sum % 10) % 10)
        }
        "bad-id" => {
            let id = values::identity18(rng).to_uppercase();
            spoil(rng, &id, "0123456789")
        }
        "bad-date-id" => {
            let wrong = rng.pick(&["19851301", "19900230", "19780432", "20010015", "19660931", "20051199", "19991500"]);
            let body = format!("{}{wrong}{}", values::region(rng), rng.digits(3));
            format!("{body}{}", values::id_check(&body))
        }
        "bad-region-id" => {
            let body = format!(
                "{}{}19{}0{}{}",
                rng.pick(&["16", "27", "39", "48", "59", "69", "78", "93"]),
                rng.digits(4),
                rng.range(50, 99),
                rng.range(1, 9),
                rng.range(10, 28)
            );
            let body = format!("{body}{}", rng.digits(3));
            format!("{body}{}", values::id_check(&body))
        }
        "bad-card" => {
            let card = values::card(rng, false).text;
            spoil(rng, &card, "0123456789")
        }
        "bad-credit" => {
            let code = values::credit(rng).text;
            spoil(rng, &code, values::CREDIT)
        }
        "bad-vin" => {
            let vin = things::vin(rng).text;
            let wrong = if vin.as_bytes()[8] == b'5' { "6" } else { "5" };
            format!("{}{wrong}{}", &vin[..8], &vin[9..])
        }
        "bad-iban" => {
            let (country, account) = values::iban_parts(rng);
            format!("{country}{:02}{account}", (values::iban_check(country, &account) + 1) % 97 + 2)
        }
        "bad-ssn" => format!("{}-{:02}-{:04}", rng.pick(&["000", "666", "900", "943", "999"]), rng.range(1, 99), rng.range(1, 9999)),
        "bad-ip" => {
            let (a, b, c) = (rng.range(1, 220), rng.range(0, 255), rng.range(256, 999));
            rng.pick(&["{a}.{b}.{c}.7", "{c}.{b}.{a}.12", "{a}.{b}.{b}", "{a}.{b}.{a}.{c}"])
                .replace("{a}", &a.to_string())
                .replace("{b}", &b.to_string())
                .replace("{c}", &c.to_string())
        }
        "ten" => format!("{}{}", rng.pick(&["138", "139", "150", "177", "186"]), rng.digits(7)),
        "twelve" => format!("{}{}", rng.pick(&["138", "139", "150", "177", "186"]), rng.digits(9)),
        "not-mobile" => format!("{}{}", rng.pick(&["12", "11", "10", "25", "43", "68", "90"]), rng.digits(9)),
        _ => return None,
    })
}

/// Replaces the last character, a check character, by a wrong one.
fn spoil(rng: &mut Rng, value: &str, alphabet: &str) -> String {
    let last = value.chars().next_back().unwrap();
    let wrong = loop {
        let c = rng.one(alphabet);
        if c != last {
            break c;
        }
    };
    format!("{}{wrong}", &value[..value.len() - 1])
}

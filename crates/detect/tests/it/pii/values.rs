//! Valid values of documents, phones and money (the other kinds are in `things.rs`).
//!
//! Invariant: every value is well formed by its own standard (check digits, real region codes, real number ranges). Values are random:
//! none is taken from a person. Does not put values into sentences (`generator.rs`) nor rewrite them (`ways.rs`).

use super::rng::Rng;

/// A value in its plain form.
pub(crate) struct Value {
    pub text: String,
    /// Only a label tells what it is (a bare nine-digit run says nothing): goes into labelled templates only.
    pub needs_label: bool,
}

pub(crate) fn plain(text: String) -> Value {
    Value { text, needs_label: false }
}

pub(crate) fn labelled(text: String) -> Value {
    Value { text, needs_label: true }
}

/// County-level codes of GB/T 2260 that have been in use for decades.
const REGIONS: &[&str] = &[
    "110101", "110102", "110105", "110108", "120101", "120103", "130102", "130203", "140105", "150102", "210102", "210203", "220102",
    "230103", "310101", "310104", "310115", "320102", "320106", "320404", "330106", "330203", "340102", "340104", "350102", "350203",
    "360102", "370102", "370202", "410102", "410105", "420106", "420111", "430102", "440103", "440106", "440305", "450103", "460105",
    "500103", "510104", "510105", "520102", "530102", "540102", "610103", "620102", "630102", "640104", "650102",
];

pub(crate) fn region(rng: &mut Rng) -> &'static str {
    rng.pick(REGIONS)
}

/// A real calendar day as (year, month, day).
pub(crate) fn day(rng: &mut Rng, from: usize, to: usize) -> (usize, usize, usize) {
    let (year, month) = (rng.range(from, to), rng.range(1, 12));
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let last = match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    };
    (year, month, rng.range(1, last))
}

/// GB 11643-1999 (ISO 7064 MOD 11-2): the check character of 17 digits.
pub(crate) fn id_check(body: &str) -> char {
    let weights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    let sum: u32 = body.chars().zip(weights).map(|(c, w)| c.to_digit(10).unwrap() * w).sum();
    "10X98765432".chars().nth((sum % 11) as usize).unwrap()
}

/// Identity number: GB 11643-1999, 18 characters.
pub(crate) fn identity18(rng: &mut Rng) -> String {
    let (y, m, d) = day(rng, 1938, 2016);
    let body = format!("{}{y:04}{m:02}{d:02}{}", region(rng), rng.digits(3));
    let check = id_check(&body);
    let check = if check == 'X' && rng.chance(30) { 'x' } else { check };
    format!("{body}{check}")
}

/// Identity number: one in six is the 15-digit form of before 1999.
pub(crate) fn identity(rng: &mut Rng) -> Value {
    if !rng.chance(16) {
        return plain(identity18(rng));
    }
    let (y, m, d) = day(rng, 1938, 1980);
    labelled(format!("{}{:02}{m:02}{d:02}{:03}", region(rng), y % 100, rng.range(1, 995)))
}

/// File number of a driving licence: 12 digits that begin with the issuing office.
pub(crate) fn driving(rng: &mut Rng) -> Value {
    labelled(format!("{}00{}", rng.pick(&["11", "12", "31", "32", "33", "37", "42", "44", "51", "61"]), rng.digits(8)))
}

/// Number of a social security card: a letter and 8 digits, or 11 digits and a letter (Beijing).
pub(crate) fn social(rng: &mut Rng) -> Value {
    labelled(if rng.chance(75) { rng.many("ABCDEFGH", 1) + &rng.digits(8) } else { format!("1{}S", rng.digits(10)) })
}

/// US social security number: no area 000, 666 or 9xx, no group 00, no serial 0000.
pub(crate) fn ssn(rng: &mut Rng) -> Value {
    let area = loop {
        let area = rng.range(1, 899);
        if area != 666 && area != 78 && area != 219 {
            break area;
        }
    };
    let (group, serial) = (rng.range(1, 99), rng.range(1, 9999));
    if rng.chance(75) { plain(format!("{area:03}-{group:02}-{serial:04}")) } else { labelled(format!("{area:03}{group:02}{serial:04}")) }
}

/// Passport of the PRC: E or G and 8 digits, E with a letter and 7 digits, or an official one.
pub(crate) fn passport(rng: &mut Rng) -> Value {
    labelled(match rng.below(10) {
        0..=4 => format!("E{}", rng.digits(8)),
        5..=6 => format!("E{}{}", rng.one("ABCDEFGHJKLMNP"), rng.digits(7)),
        7..=8 => format!("G{}", rng.digits(8)),
        _ => format!("{}E{}", rng.one("DSP"), rng.digits(7)),
    })
}

/// Home return permit (H or M and 8 or 10 digits) or exit-entry permit for Hong Kong and Macao (C and 8 characters).
pub(crate) fn hk_macao(rng: &mut Rng) -> Value {
    labelled(match rng.below(10) {
        0..=3 => format!("H{}", rng.digits(8)),
        4..=5 => format!("M{}", rng.digits(8)),
        6 => format!("H{}0{}", rng.digits(8), rng.range(0, 5)),
        7..=8 => format!("C{}", rng.digits(8)),
        _ => format!("C{}{}", rng.one("ABCDEFGH"), rng.digits(7)),
    })
}

/// Mainland travel permit of Taiwan residents (8 digits), or permit of mainland residents (L or T and 8 digits).
pub(crate) fn taiwan(rng: &mut Rng) -> Value {
    labelled(match rng.below(10) {
        0..=5 => format!("0{}", rng.digits(7)),
        6..=8 => format!("L{}", rng.digits(8)),
        _ => format!("T{}", rng.digits(8)),
    })
}

pub(crate) fn officer(rng: &mut Rng) -> Value {
    let n = rng.range(6, 8);
    plain(format!("{}字第{}号", rng.pick(&["军", "士", "文", "政", "参", "南", "北", "海", "空"]), rng.number(n)))
}

/// Prefixes given out by the numbering plan of mainland mobile networks.
const MOBILE: &[&str] = &[
    "130", "131", "132", "133", "134", "135", "136", "137", "138", "139", "145", "147", "149", "150", "151", "152", "153", "155", "156",
    "157", "158", "159", "165", "166", "167", "170", "171", "173", "175", "176", "177", "178", "180", "181", "182", "183", "184", "185",
    "186", "187", "188", "189", "190", "191", "193", "195", "196", "197", "198", "199",
];

pub(crate) fn mobile_digits(rng: &mut Rng) -> String {
    format!("{}{}", rng.pick(MOBILE), rng.digits(8))
}

pub(crate) fn mobile(rng: &mut Rng) -> Value {
    let digits = mobile_digits(rng);
    plain(match rng.below(20) {
        0 => format!("+86{digits}"),
        1 => format!("86{digits}"),
        2 => format!("0086{digits}"),
        _ => digits,
    })
}

/// Area codes with eight-digit numbers, then those with seven.
const AREA8: &[&str] = &[
    "010", "020", "021", "022", "023", "024", "025", "027", "028", "029", "0311", "0371", "0411", "0431", "0451", "0512", "0531", "0532",
    "0551", "0571", "0574", "0591", "0731", "0755", "0769", "0851", "0871",
];
const AREA7: &[&str] = &["0351", "0471", "0592", "0756", "0771", "0891", "0931", "0951", "0971", "0991", "0730", "0553"];

pub(crate) fn landline_parts(rng: &mut Rng) -> (&'static str, String) {
    let (area, rest) = if rng.chance(75) { (rng.pick(AREA8), 7) } else { (rng.pick(AREA7), 6) };
    (area, rng.many("2345678", 1) + &rng.digits(rest))
}

pub(crate) fn landline(rng: &mut Rng) -> Value {
    let (area, number) = landline_parts(rng);
    if rng.chance(75) { plain(format!("{area}-{number}")) } else { labelled(format!("{area}{number}")) }
}

/// Issuer ranges: prefix and length.
const ISSUERS: &[(&str, usize)] = &[
    ("622202", 19),
    ("621700", 19),
    ("622848", 19),
    ("621661", 19),
    ("622588", 16),
    ("621483", 16),
    ("622260", 19),
    ("622908", 18),
    ("621799", 19),
    ("623058", 19),
    ("622622", 16),
    ("622521", 16),
    ("439226", 16),
    ("518710", 16),
    ("356885", 16),
    ("625805", 16),
];
const ISSUERS_ABROAD: &[(&str, usize)] = &[("411111", 16), ("453201", 16), ("542418", 16), ("510510", 16), ("371449", 15), ("601100", 16)];

/// Luhn (ISO/IEC 7812-1 annex B): the check digit of a body.
pub(crate) fn luhn(body: &str) -> u32 {
    let sum: u32 = body
        .chars()
        .rev()
        .enumerate()
        .map(|(i, c)| (c.to_digit(10).unwrap(), i % 2 == 0))
        .map(|(d, double)| if double { d * 2 / 10 + d * 2 % 10 } else { d })
        .sum();
    (10 - sum % 10) % 10
}

pub(crate) fn card(rng: &mut Rng, abroad: bool) -> Value {
    let table = if abroad { ISSUERS_ABROAD } else { ISSUERS };
    let (prefix, length) = table[rng.below(table.len())];
    let body = format!("{prefix}{}", rng.digits(length - 7));
    plain(format!("{body}{}", luhn(&body)))
}

/// ISO 13616: check digits of a country and its account part, by MOD 97-10.
pub(crate) fn iban_check(country: &str, account: &str) -> u32 {
    let rest = format!("{account}{country}00").chars().fold(0, |rest: u32, c| {
        let value = c.to_digit(36).unwrap();
        (if value > 9 { rest * 100 + value } else { rest * 10 + value }) % 97
    });
    98 - rest
}

pub(crate) fn iban_parts(rng: &mut Rng) -> (&'static str, String) {
    let letters = "ABCDEFGHIJKLMNOPRSTUVWXYZ";
    let country = rng.pick(&["DE", "GB", "FR", "ES", "NL", "CH", "AT", "BE", "IT", "PL", "SE"]);
    let account = match country {
        "GB" => rng.pick(&["BARC", "LOYD", "MIDL", "NWBK"]).to_string() + &rng.digits(14),
        "NL" => rng.pick(&["ABNA", "INGB", "RABO"]).to_string() + &rng.digits(10),
        "IT" => rng.many(letters, 1) + &rng.digits(22),
        "FR" => rng.digits(23),
        "ES" | "SE" => rng.digits(20),
        "CH" => rng.digits(17),
        "AT" => rng.digits(16),
        "BE" => rng.digits(12),
        "PL" => rng.digits(24),
        _ => rng.digits(18),
    };
    (country, account)
}

pub(crate) fn iban(rng: &mut Rng) -> Value {
    let (country, account) = iban_parts(rng);
    labelled(format!("{country}{:02}{account}", iban_check(country, &account)))
}

/// The characters of GB 32100: no I, O, S, V, Z.
pub(crate) const CREDIT: &str = "0123456789ABCDEFGHJKLMNPQRTUWXY";

/// GB 11714: the check character of an organisation code of 8 characters.
fn organisation_check(body: &str) -> char {
    let sum: u32 = body.chars().zip([3, 7, 9, 10, 5, 8, 4, 2]).map(|(c, w)| c.to_digit(36).unwrap() * w).sum();
    match 11 - sum % 11 {
        10 => 'X',
        11 => '0',
        d => char::from_digit(d, 10).unwrap(),
    }
}

/// GB 32100-2015: the check character of the first 17.
pub(crate) fn credit_check(body: &str) -> char {
    let weights = [1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28];
    let sum: usize = body.chars().zip(weights).map(|(c, w)| CREDIT.find(c).unwrap() * w).sum();
    CREDIT.chars().nth((31 - sum % 31) % 31).unwrap()
}

pub(crate) fn credit(rng: &mut Rng) -> Value {
    let head = rng.pick(&["91", "91", "91", "92", "12", "51", "53"]);
    let organisation = if head.starts_with('9') && rng.chance(70) { format!("MA{}", rng.many(CREDIT, 6)) } else { rng.number(8) };
    let body = format!("{head}{}{organisation}{}", region(rng), organisation_check(&organisation));
    plain(format!("{body}{}", credit_check(&body)))
}

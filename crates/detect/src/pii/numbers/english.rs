//! Numbers of other countries: US social security numbers (SSA), international bank account numbers (ISO 13616).

use super::Candidate;
use super::PersonalKind::{Iban, UsSsn};
use super::context::{Left, glued_after, in_address, is_contrary, is_decimal, label, left, near};
use super::reader::{Reader, is_alnum, is_digit, is_letter};
use super::run::{Run, number};
use super::token::Token;
use super::words::Words;

const LABELS: Words =
    Words::new(&["ssn", "social security", "social security number", "ss#", "社会安全号", "社安号", "社会安全", "tax id", "taxpayer id"]);

/// A US social security number: area 001 to 899 but 666, group and serial not 0; written ddd-dd-dddd, or otherwise after its label.
pub(super) fn ssn(r: &Reader<'_>, run: &Run) -> Option<Candidate> {
    let part = run.part(9).filter(|part| part.next.is_none() && !run.has_chinese)?;
    let of = |range| part.digits.get(range).map_or(0, number);
    let valid = !matches!(of(0..3), 0 | 666 | 900..) && of(3..5) > 0 && of(5..9) > 0 && of(0..9) != 123_456_789;
    let alone = left(r, run.start) == Left::Free && !glued_after(r, part.end) && !is_decimal(r, part.end) && is_digit(r.at(run.start));
    let grouped = part.is_grouped(&[3, 2, 4]);
    let hyphens = grouped && part.groups.iter().skip(1).all(|group| group.joint == b'-');
    if !(valid && alone && (grouped || part.is_one())) {
        return None;
    }
    let labelled = label(r, run.start, LABELS) || near(r, run.start, LABELS, 12);
    let plain = hyphens && !is_contrary(r, run.start) && !in_address(r, run.start);
    (labelled || plain).then(|| Candidate::new(UsSsn, run.first()..part.end, if labelled { 1.0 } else { 0.7 }))
}

/// Countries of the registry with the length of their numbers.
const COUNTRIES: [(&[u8; 2], usize); 88] = [
    (b"ad", 24),
    (b"ae", 23),
    (b"al", 28),
    (b"at", 20),
    (b"az", 28),
    (b"ba", 20),
    (b"be", 16),
    (b"bg", 22),
    (b"bh", 22),
    (b"bi", 27),
    (b"br", 29),
    (b"by", 28),
    (b"ch", 21),
    (b"cr", 22),
    (b"cy", 28),
    (b"cz", 24),
    (b"de", 22),
    (b"dj", 27),
    (b"dk", 18),
    (b"do", 28),
    (b"ee", 20),
    (b"eg", 29),
    (b"es", 24),
    (b"fi", 18),
    (b"fk", 18),
    (b"fo", 18),
    (b"fr", 27),
    (b"gb", 22),
    (b"ge", 22),
    (b"gi", 23),
    (b"gl", 18),
    (b"gr", 27),
    (b"gt", 28),
    (b"hn", 28),
    (b"hr", 21),
    (b"hu", 28),
    (b"ie", 22),
    (b"il", 23),
    (b"iq", 23),
    (b"is", 26),
    (b"it", 27),
    (b"jo", 30),
    (b"kw", 30),
    (b"kz", 20),
    (b"lb", 28),
    (b"lc", 32),
    (b"li", 21),
    (b"lt", 20),
    (b"lu", 20),
    (b"lv", 21),
    (b"ly", 25),
    (b"mc", 27),
    (b"md", 24),
    (b"me", 22),
    (b"mk", 19),
    (b"mn", 20),
    (b"mr", 27),
    (b"mt", 31),
    (b"mu", 30),
    (b"ni", 28),
    (b"nl", 18),
    (b"no", 15),
    (b"om", 23),
    (b"pk", 24),
    (b"pl", 28),
    (b"ps", 29),
    (b"pt", 25),
    (b"qa", 29),
    (b"ro", 24),
    (b"rs", 22),
    (b"ru", 33),
    (b"sa", 24),
    (b"sc", 31),
    (b"sd", 18),
    (b"se", 24),
    (b"si", 19),
    (b"sk", 24),
    (b"sm", 27),
    (b"so", 23),
    (b"st", 25),
    (b"sv", 28),
    (b"tl", 23),
    (b"tn", 24),
    (b"tr", 26),
    (b"ua", 29),
    (b"va", 22),
    (b"vg", 24),
    (b"ye", 30),
];

/// An international bank account number: a country of the registry, its length, and the remainder 1 modulo 97.
pub(super) fn iban(r: &Reader<'_>, start: usize) -> Option<Candidate> {
    let opens = is_letter(r.at(start)) && is_letter(r.at(start + 1)) && is_digit(r.at(start + 2)) && !is_alnum(r.before(start, 1));
    let length = if opens {
        COUNTRIES.iter().find(|(country, _)| country.iter().enumerate().all(|(i, byte)| r.at(start + i) == u16::from(*byte)))
    } else {
        None
    };
    let token = Token::gather(r, start, length?.1)?;
    let (head, tail) = token.bytes.split_at_checked(4)?;
    (remainder(tail.iter().chain(head)) == 1).then(|| Candidate::new(Iban, token.start..token.end, 1.0))
}

/// The remainder modulo 97, letters counting 10 to 35 (ISO 7064 MOD 97-10).
fn remainder<'b>(bytes: impl Iterator<Item = &'b u8>) -> u32 {
    bytes.fold(0, |rest, byte| match byte {
        b'0'..=b'9' => (rest * 10 + u32::from(byte - b'0')) % 97,
        letter => (rest * 100 + u32::from(letter.saturating_sub(b'a')) + 10) % 97,
    })
}

//! Personal information: a first set of kinds, each with its check digits. Works on folded text, so full-width digits and separators
//! are no hiding place, and needs no word boundary, because Chinese text has none.

use std::ops::Range;

use taxonomy::{Finding, RiskClass, Severity};

use crate::pipeline::{DetectError, Detector, Item};

/// Weights of ISO 7064 MOD 11-2, as GB 11643-1999 uses them for the resident identity number.
const ID_WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
/// Check characters by the remainder of the weighted sum.
const ID_CHECKS: &[u8; 11] = b"10x98765432";
/// First two digits of the province-level division (GB/T 2260).
const PROVINCES: &[u32] = &[
    11, 12, 13, 14, 15, 21, 22, 23, 31, 32, 33, 34, 35, 36, 37, 41, 42, 43, 44, 45, 46, 50, 51, 52, 53, 54, 61, 62, 63, 64, 65, 71, 81, 82,
];
/// Longest run of digits looked at: a bank card has 19 and may be written in groups.
const MAX_RUN_DIGITS: usize = 19;

/// The personal-information detector.
#[derive(Debug, Default)]
pub struct Pii;

impl Detector for Pii {
    fn name(&self) -> &'static str {
        "pii"
    }

    fn version(&self) -> String {
        "1".to_owned()
    }

    fn detect(&self, item: &Item<'_>, findings: &mut Vec<Finding>) -> Result<(), DetectError> {
        let text = item.folded.text.as_bytes();
        let mut found = |rule: &str, range: Range<usize>| {
            findings.push(item.finding(self.name(), rule, RiskClass::A4f, Severity::Review, 1.0, range));
        };
        let mut at = 0;
        while at < text.len() {
            if text.get(at).is_some_and(u8::is_ascii_digit) {
                let run = Run::read(text, at);
                if let Some((rule, range)) = run.kind() {
                    found(rule, range);
                }
                at = run.end;
            } else {
                if text.get(at) == Some(&b'@')
                    && let Some(range) = email(text, at)
                {
                    found("pii.email", range);
                }
                at += 1;
            }
        }
        Ok(())
    }
}

/// A run of digits, written together or in groups with one space or hyphen between; a last `x` belongs to an identity number.
struct Run {
    digits: Vec<u8>,
    start: usize,
    end: usize,
}

impl Run {
    fn read(text: &[u8], start: usize) -> Self {
        let (mut digits, mut end, mut at) = (Vec::new(), start, start);
        while let Some(&byte) = text.get(at) {
            let between = matches!(byte, b' ' | b'-') && text.get(at + 1).is_some_and(u8::is_ascii_digit);
            if byte.is_ascii_digit() || (byte == b'x' && digits.len() == 17) {
                if digits.len() <= MAX_RUN_DIGITS + 3 {
                    digits.push(byte);
                }
                end = at + 1;
            } else if !between {
                break;
            }
            at += 1;
        }
        Self { digits, start, end }
    }

    /// The kind of number this is, and where it stands.
    fn kind(&self) -> Option<(&'static str, Range<usize>)> {
        let whole = self.start..self.end;
        let digits = self.digits.as_slice();
        match digits.len() {
            18 if is_identity_number(digits) => Some(("pii.identity-number", whole)),
            11 if is_mobile(digits) => Some(("pii.mobile", whole)),
            13 if digits.starts_with(b"86") && is_mobile(digits.get(2..)?) => Some(("pii.mobile", whole)),
            15..=19 if is_bank_card(digits) => Some(("pii.bank-card", whole)),
            _ => None,
        }
    }
}

fn number(digits: &[u8]) -> u32 {
    digits.iter().fold(0, |n, &d| n * 10 + u32::from(d.wrapping_sub(b'0')))
}

fn is_identity_number(digits: &[u8]) -> bool {
    let part = |range: Range<usize>| digits.get(range).map_or(0, number);
    let (year, month, day) = (part(6..10), part(10..12), part(12..14));
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let days = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if leap => 29,
        2 => 28,
        _ => 0,
    };
    let sum: u32 = digits.iter().zip(ID_WEIGHTS).map(|(&d, weight)| u32::from(d.wrapping_sub(b'0')) * weight).sum();
    PROVINCES.contains(&part(0..2))
        && (1850..=2100).contains(&year)
        && (1..=days).contains(&day)
        && digits.last() == ID_CHECKS.get((sum % 11) as usize)
}

fn is_mobile(digits: &[u8]) -> bool {
    matches!(digits, [b'1', b'3'..=b'9', ..]) && digits.len() == 11
}

/// Luhn's check (ISO/IEC 7812-1) and an issuer range in use: UnionPay 62, Visa 4, Mastercard 51 to 55, American Express 34 and 37.
fn is_bank_card(digits: &[u8]) -> bool {
    let issuer = match digits {
        [b'6', b'2', ..] => (16..=19).contains(&digits.len()),
        [b'4', ..] | [b'5', b'1'..=b'5', ..] => digits.len() == 16,
        [b'3', b'4' | b'7', ..] => digits.len() == 15,
        _ => false,
    };
    let sum: u32 = digits.iter().rev().enumerate().map(|(i, &d)| luhn(u32::from(d.wrapping_sub(b'0')), i % 2 == 1)).sum();
    issuer && sum.is_multiple_of(10)
}

fn luhn(digit: u32, double: bool) -> u32 {
    match (double, digit) {
        (false, d) => d,
        (true, d) if d > 4 => d * 2 - 9,
        (true, d) => d * 2,
    }
}

/// An e-mail address around an `@`: RFC 5322 dot-atom before, a host name with a dot after.
fn email(text: &[u8], at: usize) -> Option<Range<usize>> {
    let local = |b: &u8| b.is_ascii_alphanumeric() || b"._%+-".contains(b);
    let host = |b: &u8| b.is_ascii_alphanumeric() || b".-".contains(b);
    let start = at - text.get(..at)?.iter().rev().take(64).take_while(|b| local(b)).count();
    let end = at + 1 + text.get(at + 1..)?.iter().take(253).take_while(|b| host(b)).count();
    let name = text.get(at + 1..end)?;
    let trimmed = name.len() - name.iter().rev().take_while(|b| !b.is_ascii_alphanumeric()).count();
    let domain = name.get(..trimmed)?;
    let top = domain.rsplit(|&b| b == b'.').next()?;
    (start < at && top.len() >= 2 && top.len() < domain.len() && top.iter().all(u8::is_ascii_alphabetic)).then_some(start..at + 1 + trimmed)
}

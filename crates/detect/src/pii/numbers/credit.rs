//! Unified social credit codes of organisations (GB 32100-2015): 18 characters with a check character.

use super::Candidate;
use super::PersonalKind::CreditCode;
use super::context::label;
use super::identity::{is_identity, is_province};
use super::reader::Reader;
use super::token::Token;
use super::words::Words;

/// The characters and, by their place, their values.
const CHARACTERS: &[u8; 31] = b"0123456789abcdefghjklmnpqrtuwxy";
/// Weights of the first eight characters of the organisation code within (GB 11714).
const ORGANISATION: [u32; 8] = [3, 7, 9, 10, 5, 8, 4, 2];
const LABELS: Words = Words::new(&[
    "统一社会信用代码",
    "社会信用代码",
    "信用代码",
    "税号",
    "纳税人识别号",
    "识别号",
    "统一代码",
    "注册号",
    "uscc",
    "credit code",
    "tax id",
]);

/// A credit code. Where nothing says what it is, eighteen digits must also hold a valid organisation code and be no identity number.
pub(super) fn credit(r: &Reader<'_>, token: &Token) -> Option<Candidate> {
    let opens = matches!(*token.bytes, [b'1'..=b'9' | b'a' | b'n' | b'y', b'0'..=b'9' | b'a'..=b'z', ..]);
    let code = if opens { Token::gather(r, token.start, 18)? } else { return None };
    let values = code.bytes.iter().map(|byte| value(*byte)).collect::<Option<Vec<_>>>()?;
    let digits: Vec<u8> = code.bytes.iter().map(|byte| byte.wrapping_sub(b'0')).collect();
    let region = digits.get(2..8)?;
    // 10 stands for the authorities of the whole country.
    let known = region.iter().all(|digit| *digit < 10) && (is_province(region) || region.starts_with(&[1, 0]));
    if !is_checked(&values) || !known {
        return None;
    }
    let labelled = label(r, token.start, LABELS);
    let category = matches!(code.bytes.get(1), Some(b'1'..=b'9'));
    let plain = category && !is_identity(&digits) && (code.digits() < 17 || is_organisation(&digits, &code.bytes));
    (labelled || plain).then(|| Candidate::new(CreditCode, code.start..code.end, if labelled { 1.0 } else { 0.9 }))
}

fn value(byte: u8) -> Option<u32> {
    CHARACTERS.iter().position(|character| *character == byte).and_then(|place| u32::try_from(place).ok())
}

/// The check value: 31 less the sum of values weighted by powers of 3, modulo 31.
fn is_checked(values: &[u32]) -> bool {
    let weighted = |(sum, weight): (u32, u32), value: &u32| (sum + value * weight, weight * 3 % 31);
    let (sum, _) = values.iter().take(17).fold((0, 1), weighted);
    values.get(17) == Some(&((31 - sum % 31) % 31))
}

/// Whether characters 9 to 17 are an organisation code of digits with its check character (MOD 11, 10 is `x`).
fn is_organisation(digits: &[u8], bytes: &[u8]) -> bool {
    let sum: u32 = digits.iter().skip(8).zip(ORGANISATION).map(|(digit, weight)| u32::from(*digit) * weight).sum();
    let check = match 11 - sum % 11 {
        10 => b'x',
        11 => b'0',
        digit => b'0' + digit as u8,
    };
    digits.iter().skip(8).take(8).all(|digit| *digit < 10) && bytes.get(16) == Some(&check)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_check_is_that_of_the_standard() {
        let checked = |text: &str| is_checked(&text.bytes().filter_map(value).collect::<Vec<_>>());
        // Made up: region 110105, organisation code 00000000-0.
        let code = CHARACTERS.iter().map(|c| format!("91110105000000000{}", *c as char)).filter(|code| checked(code)).collect::<Vec<_>>();
        assert_eq!(code.len(), 1, "exactly one check character fits: {code:?}");
    }
}

//! Resident identity numbers: 18 characters with a check character (GB 11643-1999), and the 15 digits that were issued until 1999.
//!
//! The 18 are believed wherever they stand, for a number that is none passes region, day and check about twice in 100 000. The 15 have no
//! check: one in a hundred passes, so they must stand alone and must not be labelled as something else.

use super::Candidate;
use super::PersonalKind::IdentityNumber;
use super::calendar::is_day;
use super::context::{Left, glued_after, in_address, is_amount, is_contrary, is_decimal, label, left};
use super::reader::Reader;
use super::run::{Part, Run, number};
use super::words::Words;

/// Weights of ISO 7064 MOD 11-2, as GB 11643-1999 uses them.
const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
/// Check values by the remainder of the weighted sum; 10 is written `x`.
const CHECKS: [u8; 11] = [1, 0, 10, 9, 8, 7, 6, 5, 4, 3, 2];
/// First two digits of the province-level division (GB/T 2260).
const PROVINCES: [u32; 35] = [
    11, 12, 13, 14, 15, 21, 22, 23, 31, 32, 33, 34, 35, 36, 37, 41, 42, 43, 44, 45, 46, 50, 51, 52, 53, 54, 61, 62, 63, 64, 65, 71, 81, 82,
    83,
];
/// Words that name an identity number.
const LABELS: Words = Words::new(&[
    "身份证",
    "身份号",
    "身份证件",
    "证件",
    "公民身份",
    "居民身份证",
    "身份",
    "sfz",
    "idcard",
    "id card",
    "id",
    "identity",
    "identity card",
    "citizen id",
    "resident id",
    "national id",
    "社保",
    "社会保障",
]);

/// A word that makes fifteen digits the number of a card.
const CARD: Words = Words::new(&["卡"]);

/// Most groups of a number that is not spelled digit by digit: '110 105 1949 1231 002 x'. Object identifiers have more.
const MAX_GROUPS: usize = 6;

/// A number of 18 characters.
pub(super) fn eighteen(r: &Reader<'_>, run: &Run) -> Option<Candidate> {
    let part = run.part(18)?;
    let alone = left(r, run.start) == Left::Free && !glued_after(r, part.end) && !is_decimal(r, part.end) && !part.is_joined(b"._");
    let grouped = part.groups.len() <= MAX_GROUPS || part.is_spelled();
    if !(alone && grouped && is_identity(part.digits)) {
        return None;
    }
    let labelled = label(r, run.start, LABELS);
    let score = if labelled { 1.0 } else { if is_contrary(r, run.start) { 0.6 } else { 0.95 } };
    Some(Candidate::new(IdentityNumber, run.first()..part.end, score))
}

/// A number of 15 digits, born 19xx.
pub(super) fn fifteen(r: &Reader<'_>, run: &Run) -> Option<Candidate> {
    let part = run.part(15)?;
    let grouped = part.is_one() || part.is_grouped(&[6, 6, 3]) || part.is_spelled();
    let alone = left(r, run.start) == Left::Free && part.next.is_none() && !glued_after(r, part.end);
    if !(grouped && alone && is_fifteen(part)) {
        return None;
    }
    let labelled = label(r, run.start, LABELS);
    let excluded = is_contrary(r, run.start) || label(r, run.start, CARD) || in_address(r, run.start) || is_amount(r, part.end);
    let device = part.digits.starts_with(&[3, 5]) && super::card::is_luhn(part.digits);
    (labelled || !(excluded || device)).then(|| Candidate::new(IdentityNumber, run.first()..part.end, if labelled { 1.0 } else { 0.5 }))
}

/// Whether 18 values are an identity number: region, day and check character.
pub(super) fn is_identity(digits: &[u8]) -> bool {
    let part = |range| digits.get(range).map_or(0, number);
    let sum: u32 = digits.iter().zip(WEIGHTS).map(|(digit, weight)| u32::from(*digit) * weight).sum();
    digits.len() == 18
        && is_region(digits)
        && is_day(part(6..10), part(10..12), part(12..14))
        && digits.last() == CHECKS.get((sum % 11) as usize)
        && digits.iter().take(17).all(|digit| *digit < 10)
}

/// Whether the digits begin like a county of GB/T 2260: province, then prefecture 01 to 70 or 90, then a county.
fn is_region(digits: &[u8]) -> bool {
    let part = |range| digits.get(range).map_or(0, number);
    is_province(digits) && matches!(part(2..4), 1..=70 | 90) && part(4..6) > 0
}

/// Whether the digits begin with a province of GB/T 2260.
pub(super) fn is_province(digits: &[u8]) -> bool {
    digits.get(..2).is_some_and(|province| PROVINCES.contains(&number(province)))
}

fn is_fifteen(part: Part<'_>) -> bool {
    let of = |range| part.digits.get(range).map_or(0, number);
    is_region(part.digits) && is_day(1900 + of(6..8), of(8..10), of(10..12)) && of(12..15) > 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_check_is_that_of_the_standard() {
        let values = |text: &str| text.bytes().map(|b| if b == b'x' { 10 } else { b - b'0' }).collect::<Vec<_>>();
        assert!(is_identity(&values("11010519491231002x")), "the example of GB 11643");
        for wrong in ["110105194912310021", "11010519491331002x", "99010519491231002x", "1101051949123100", ""] {
            assert!(!is_identity(&values(wrong)), "{wrong}");
        }
    }
}

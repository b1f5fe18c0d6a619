//! Bank cards: Luhn's check (ISO/IEC 7812-1) and an issuer that exists.
//!
//! Every tenth number passes Luhn's check, so a card that is not called one must have the length its issuer uses, and must not be labelled
//! as something else. Numbers of accounts have no check and are not reported.

use super::Candidate;
use super::PersonalKind::BankCard;
use super::context::{Left, glued_after, in_address, is_amount, is_contrary, is_decimal, label, left, near};
use super::reader::Reader;
use super::run::{Part, Run, number};
use super::words::Words;

/// Words that name a card.
const LABELS: Words = Words::new(&[
    "银行卡",
    "卡",
    "信用卡",
    "储蓄卡",
    "借记卡",
    "账户",
    "帐户",
    "账号",
    "帐号",
    "收款",
    "打款到",
    "转账到",
    "汇款到",
    "转到",
    "打到",
    "银行",
    "card",
    "credit card",
    "debit card",
    "visa",
    "mastercard",
    "amex",
    "unionpay",
    "jcb",
    "account",
    "银联",
    "pan",
]);

/// Words that do so from further away.
const NEAR: Words = Words::new(&["银行卡", "信用卡", "储蓄卡", "卡号", "card number"]);

/// A card number.
pub(super) fn card(r: &Reader<'_>, run: &Run) -> Option<Candidate> {
    (13..=19).rev().find_map(|count| {
        let part = run.part(count)?;
        let whole = is_grouped(part) && !part.is_joined(b"-._") && !is_decimal(r, part.end) && !glued_after(r, part.end);
        (whole && is_luhn(part.digits)).then(|| judge(r, run, part)).flatten()
    })
}

fn judge(r: &Reader<'_>, run: &Run, part: Part<'_>) -> Option<Candidate> {
    let excluded = is_contrary(r, run.start) || left(r, run.start) != Left::Free || is_amount(r, part.end);
    let labelled = label(r, run.start, LABELS) || near(r, run.start, NEAR, 12);
    let believed = is_issued(part.digits, labelled) && (labelled || !in_address(r, run.start));
    (believed && !excluded).then(|| Candidate::new(BankCard, run.first()..part.end, if labelled { 1.0 } else { 0.8 }))
}

/// Whether the groups are those of a card, and no group of the same kind follows.
fn is_grouped(part: Part<'_>) -> bool {
    let (last, head) = part.groups.split_last().map_or((0, part.groups), |(last, head)| (last.length, head));
    let fours = head.iter().all(|group| group.length == 4) && last <= 4 && part.next.is_none_or(|next| next.length != 4);
    let known = [&[4, 6, 5][..], &[4, 6, 4], &[6, 13], &[6, 10], &[8, 8], &[8, 11], &[6, 12], &[6, 4, 4, 5], &[4, 5, 6]];
    part.is_one() || fours || part.is_spelled() || known.iter().any(|lengths| part.is_grouped(lengths))
}

/// Whether an issuer has numbers of this shape: UnionPay, Visa, Mastercard, American Express, JCB, Diners Club, Discover. One that is called
/// a card may also be of an older range (Chinese cards before 62, Maestro) or a short Visa number.
fn is_issued(digits: &[u8], labelled: bool) -> bool {
    let head = |count| digits.get(..count).map_or(0, number);
    let known = match digits.len() {
        14 => matches!(head(2), 36 | 38 | 39) || matches!(head(3), 300..=305),
        15 => matches!(head(2), 34 | 37),
        16 => {
            matches!(head(1), 4)
                || matches!(head(2), 51..=55 | 62 | 65)
                || matches!(head(4), 2221..=2720 | 3528..=3589 | 6011 | 8171)
                || matches!(head(3), 644..=649)
        }
        17..=19 => head(2) == 62,
        _ => false,
    };
    let some = digits.iter().any(|digit| Some(digit) != digits.first());
    some && (known || (labelled && matches!(head(1), 3..=6 | 9) && digits.len() >= 13))
}

/// Luhn's check over values 0 to 9.
pub(super) fn is_luhn(digits: &[u8]) -> bool {
    let doubled = |digit: u8| if digit > 4 { digit * 2 - 9 } else { digit * 2 };
    let counted = |(i, digit): (usize, &u8)| u32::from(if i % 2 == 1 { doubled(*digit) } else { *digit });
    digits.iter().all(|digit| *digit < 10) && digits.iter().rev().enumerate().map(counted).sum::<u32>().is_multiple_of(10)
}

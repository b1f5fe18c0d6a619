//! Mobile numbers: mainland (the ranges of the ministry's numbering plan), and international ones written with `+` (ITU-T E.164).

use super::Candidate;
use super::PersonalKind::Mobile;
use super::context::{Left, glued_after, in_address, is_amount, is_contrary, is_decimal, label, left, near};
use super::reader::{Reader, is, is_alnum};
use super::run::{Part, Run, number};
use super::words::Words;

/// Words that name a telephone.
pub(super) const LABELS: Words = Words::new(&[
    "电话",
    "手机",
    "手机号",
    "联系",
    "联系方式",
    "致电",
    "拨打",
    "来电",
    "热线",
    "短信",
    "同号",
    "微信",
    "打",
    "呼叫",
    "移动电话",
    "tel",
    "phone",
    "mobile",
    "cell",
    "call",
    "text",
    "whatsapp",
    "contact",
    "sms",
    "telephone",
    "reach me at",
    "dial",
    "手机尾号",
]);
/// How eleven digits are grouped where nothing says that they are a telephone number.
const GROUPS: [&[u8]; 4] = [&[11], &[3, 4, 4], &[3, 8], &[7, 4]];
/// How they may be grouped besides, after a label.
const LABELLED: [&[u8]; 7] = [&[4, 4, 3], &[3, 3, 5], &[4, 3, 4], &[5, 6], &[6, 5], &[2, 3, 3, 3], &[3, 2, 2, 2, 2]];
/// Prefixes of a mainland number: none, trunk, country code.
const PREFIXES: [&[u8]; 5] = [&[], &[0], &[8, 6], &[0, 8, 6], &[0, 0, 8, 6]];

/// A mainland mobile number.
pub(super) fn mobile(r: &Reader<'_>, run: &Run) -> Option<Candidate> {
    PREFIXES.iter().find_map(|prefix| {
        let part = run.part(prefix.len() + 11)?;
        let own = part.digits.strip_prefix(*prefix)?;
        (is_mobile(own) && ends_well(r, part)).then(|| judge(r, run, part, prefix.len())).flatten()
    })
}

fn judge(r: &Reader<'_>, run: &Run, part: Part<'_>, prefix: usize) -> Option<Candidate> {
    let plus = is(r.at(run.start), b'+') || is(r.before(run.first(), 1), b'+');
    let apart = prefix == 1 && part.groups.first().is_some_and(|group| group.length == 1);
    if apart || (plus && prefix != 2) || left(r, run.start) != Left::Free || is_contrary(r, run.start) {
        return None;
    }
    let labelled = label(r, run.start, LABELS) || near(r, run.start, LABELS, 8);
    let is_of = |list: &[&[u8]]| list.iter().any(|lengths| is_grouped(part, prefix, lengths));
    let dotted = part.groups.iter().skip(1).any(|group| matches!(group.joint, b'.' | b'_'));
    let grouped = (is_of(&GROUPS) && (!dotted || is_of(&[&[3, 4, 4]]))) || part.is_spelled() || (labelled && is_of(&LABELLED));
    let hidden = !labelled && in_address(r, run.start);
    (grouped && !hidden).then(|| Candidate::new(Mobile, run.opening(r, part)..part.end, if labelled || plus { 1.0 } else { 0.9 }))
}

/// Whether the groups after the prefix, which may be glued to the first, have these lengths.
fn is_grouped(part: Part<'_>, prefix: usize, lengths: &[u8]) -> bool {
    let own = match part.groups.split_first() {
        Some((first, rest)) if usize::from(first.length) == prefix => rest,
        _ => part.groups,
    };
    let glued = usize::from(own.len() == part.groups.len()) * prefix;
    let length = |(i, group): (usize, &super::run::Group)| usize::from(group.length).wrapping_sub(if i == 0 { glued } else { 0 });
    own.iter().enumerate().map(length).eq(lengths.iter().map(|length| usize::from(*length)))
}

/// Whether the number ends here: no decimals, no further part, no unit. An extension of a privacy number ('-1234') is allowed.
fn ends_well(r: &Reader<'_>, part: Part<'_>) -> bool {
    let extension = |length: u8| (3..=4).contains(&length);
    let continues = part.next.is_some_and(|next| matches!(next.joint, b'.' | b'_') || (next.joint == b'-' && !extension(next.length)));
    let amount = part.is_one() && is_amount(r, part.end);
    !continues && !amount && !is_decimal(r, part.end) && !glued_after(r, part.end)
}

/// Whether eleven digits lie in a range that is in use for people (not the 13-digit ranges of things), and are not a round amount.
fn is_mobile(digits: &[u8]) -> bool {
    let range = match digits {
        [1, 3 | 8, ..] => true,
        [1, 4, third, ..] => matches!(third, 0 | 1 | 4..=9),
        [1, 5, third, ..] => *third != 4,
        [1, 6, third, ..] => matches!(third, 2 | 5 | 6 | 7),
        [1, 7, third, ..] => *third != 9,
        [1, 9, third, ..] => *third != 4,
        _ => false,
    };
    range && digits.len() == 11 && digits.iter().all(|digit| *digit < 10) && digits.iter().skip(3).any(|digit| *digit != 0)
}

/// Country codes with the least and the most digits of the whole number (ITU-T E.164 list and the national numbering plans).
const COUNTRIES: [(u32, usize, usize); 41] = [
    (1, 11, 11),
    (7, 11, 11),
    (20, 11, 12),
    (27, 11, 11),
    (30, 12, 12),
    (31, 11, 11),
    (32, 10, 11),
    (33, 11, 11),
    (34, 11, 11),
    (39, 11, 12),
    (41, 11, 11),
    (43, 11, 13),
    (44, 11, 13),
    (45, 10, 10),
    (46, 10, 11),
    (47, 10, 10),
    (48, 11, 11),
    (49, 11, 13),
    (52, 12, 13),
    (54, 12, 13),
    (55, 12, 13),
    (60, 10, 12),
    (61, 11, 11),
    (62, 11, 13),
    (63, 11, 12),
    (64, 10, 12),
    (65, 10, 10),
    (66, 10, 11),
    (81, 11, 12),
    (82, 11, 12),
    (84, 11, 12),
    (90, 12, 12),
    (91, 12, 12),
    (92, 12, 12),
    (852, 11, 11),
    (853, 11, 11),
    (855, 11, 12),
    (856, 11, 13),
    (886, 11, 12),
    (966, 12, 12),
    (971, 12, 12),
];
/// First two digits of three-digit country codes that are assigned to countries.
const OTHERS: [u32; 16] = [21, 22, 23, 24, 25, 26, 29, 35, 37, 38, 42, 50, 59, 67, 88, 99];

/// An international number: `+` or, grouped and with a known country, `00`.
pub(super) fn international(r: &Reader<'_>, run: &Run) -> Option<Candidate> {
    let plus = is(r.at(run.start), b'+') || is(r.at(run.start + 1), b'+');
    let free = || left(r, run.start) == Left::Free && !is_alnum(r.before(run.start, 1));
    if run.has_chinese || !(plus || run.begins_with(&[0, 0])) || !free() || is_contrary(r, run.start) || in_address(r, run.start) {
        return None;
    }
    (9..=17).rev().find_map(|count| {
        let part = run.part(count)?;
        let own = if plus { part.digits } else { part.digits.strip_prefix(&[0, 0])? };
        let whole = part.next.is_none() && !glued_after(r, part.end) && !is_amount(r, part.end) && !is_decimal(r, part.end);
        let written = plus || part.groups.len() > 1 && near(r, run.start, LABELS, 12);
        (whole && written && is_foreign(own)).then(|| Candidate::new(Mobile, run.opening(r, part)..part.end, if plus { 0.9 } else { 0.7 }))
    })
}

fn is_foreign(digits: &[u8]) -> bool {
    let head = |count| digits.get(..count).map_or(0, number);
    let fits = |(code, least, most): &(u32, usize, usize)| {
        let length = if *code < 10 { 1 } else { if *code < 100 { 2 } else { 3 } };
        head(length) == *code && (*least..=*most).contains(&digits.len())
    };
    let other = OTHERS.contains(&head(2)) && (10..=14).contains(&digits.len());
    let varied = digits.iter().skip(3).any(|digit| Some(digit) != digits.get(3)) && digits.iter().all(|digit| *digit < 10);
    varied && (other || COUNTRIES.iter().any(fits))
}

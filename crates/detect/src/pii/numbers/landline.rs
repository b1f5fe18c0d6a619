//! Landlines of the mainland: area code and seven or eight digits, or the digits alone after a label.
//!
//! Numbers of businesses (400, 800, 95xxx) are nobody's and not reported.

use super::Candidate;
use super::PersonalKind::Landline;
use super::context::{Left, glued_after, in_address, is_amount, is_contrary, is_decimal, label, left, near};
use super::phone::LABELS;
use super::reader::{Reader, is, is_digit, units};
use super::run::{Group, Part, Run, number};
use super::words::Words;

/// Words that name a landline.
const OWN: Words =
    Words::new(&["座机", "固话", "固定电话", "电话", "办公电话", "家庭电话", "宅电", "传真", "tel", "landline", "fax", "home phone"]);
/// How the digits after the area code are grouped.
const GROUPS: [&[u8]; 5] = [&[8], &[7], &[4, 4], &[3, 4], &[4, 3]];

/// A landline.
pub(super) fn landline(r: &Reader<'_>, run: &Run) -> Option<Candidate> {
    let part = (7..=16).rev().find_map(|count| run.part(count).filter(|part| is_landline(*part)));
    let (part, bare) = match part {
        Some(part) => (part, false),
        None => ((7..=8).rev().find_map(|count| run.part(count).filter(|part| is_bare(*part)))?, true),
    };
    let labelled = label(r, run.start, OWN) || (!bare && near(r, run.start, LABELS, 8));
    let excluded = left(r, run.start) != Left::Free || is_contrary(r, run.start) || in_address(r, run.start) || !ends_well(r, part, bare);
    if excluded || (bare && !labelled) {
        return None;
    }
    let score = if bare { 0.7 } else { if labelled { 1.0 } else { if part.is_one() { 0.6 } else { 0.9 } } };
    Some(Candidate::new(Landline, run.opening(r, part)..extension(r, part), score))
}

/// Area code and number: '010-62345678', '0755 1234567', '(021)62345678', '86-10-62345678', '01062345678'.
fn is_landline(part: Part<'_>) -> bool {
    let Some((first, rest)) = part.groups.split_first() else { return false };
    let own = part.digits.get(usize::from(first.length)..).unwrap_or_default();
    match (first.length, part.digits) {
        (2, [8, 6, ..]) | (4, [0, 0, 8, 6, ..]) => {
            let Some((area, rest)) = rest.split_first() else { return false };
            is_area(own.get(..usize::from(area.length)).unwrap_or_default()) && is_own(rest)
        }
        (3 | 4, [0, area @ ..]) => is_area(area.get(..usize::from(first.length) - 1).unwrap_or_default()) && is_own(rest),
        (10..=12, [0, rest @ ..]) => {
            let code = if matches!(rest, [1 | 2, ..]) { 2 } else { 3 };
            let known = rest.get(..code).is_some_and(is_area) && matches!(rest.get(code), Some(2..=8));
            part.is_one() && known && matches!(rest.len() - code, 7 | 8) && (code == 3 || rest.len() == 10)
        }
        _ => false,
    }
}

fn is_own(groups: &[Group]) -> bool {
    GROUPS.iter().any(|lengths| groups.iter().map(|group| group.length).eq(lengths.iter().copied()))
}

fn is_bare(part: Part<'_>) -> bool {
    is_own(part.groups) && matches!(part.digits, [2..=8, ..]) && !matches!(part.digits, [4 | 8, 0, 0, ..]) && part.next.is_none()
}

/// Whether an area code without its 0 is assigned (numbering plan of the mainland).
fn is_area(code: &[u8]) -> bool {
    match (code.len(), number(code)) {
        (2, code) => code == 10 || matches!(code, 20..=29 if code != 26),
        (3, code) => matches!(
            code,
            310..=319 | 335 | 349..=359 | 370..=379 | 391..=398 | 410..=419 | 421 | 427 | 429 | 431..=439 | 451..=459 | 464 | 467..=470
                | 471..=479 | 482 | 483 | 510..=519 | 523 | 527 | 530..=539 | 543 | 546 | 550..=559 | 561..=566 | 570..=580 | 591..=599
                | 631..=635 | 660 | 662 | 663 | 668 | 691 | 692 | 701 | 710..=719 | 722 | 724 | 728 | 730..=739 | 743..=746 | 750..=760
                | 762 | 763 | 766 | 768..=779 | 790..=799 | 812..=819 | 825..=827 | 830..=839 | 851..=859 | 870..=879 | 883 | 886..=888
                | 891..=898 | 901..=903 | 906 | 908..=917 | 919 | 930..=939 | 941 | 943 | 951..=955 | 970..=979 | 990..=999
        ),
        _ => false,
    }
}

fn ends_well(r: &Reader<'_>, part: Part<'_>, bare: bool) -> bool {
    let continues = part.next.is_some_and(|next| matches!(next.joint, b'.' | b'_') || (next.joint == b'-' && next.length > 5));
    let amount = bare && is_amount(r, part.end);
    !continues && !amount && !is_decimal(r, part.end) && !glued_after(r, part.end)
}

/// The end with an extension: '-123', '转123', 'ext. 123'; at most six digits.
fn extension(r: &Reader<'_>, part: Part<'_>) -> usize {
    if let Some(next) = part.next.filter(|next| next.joint == b'-' && next.length <= 5) {
        return part.end_of(next);
    }
    let place = r.skip_spaces(part.end, 1);
    let Some(word) = r.has_any(place, &["转", "分机", "ext.", "ext", "x"]) else { return part.end };
    let digits = r.skip_spaces(place + units(word), 1) + usize::from(is(r.at(place + units(word)), b':'));
    let count = (0..6).take_while(|i| is_digit(r.at(digits + i))).count();
    if count == 0 || is_digit(r.at(digits + count)) { part.end } else { digits + count }
}

//! Names of accounts that only a label tells from other words: WeChat and QQ.

use super::Candidate;
use super::PersonalKind::{Qq, Wechat};
use super::context::{Left, glued_after, is_amount, label_end, left};
use super::reader::{Reader, is, is_alnum, is_digit, is_letter, is_one_of};
use super::run::{Part, Run};
use super::words::Words;

/// Words for WeChat.
const WECHAT: Words = Words::new(&[
    "微信",
    "微信号",
    "薇信",
    "威信",
    "v信",
    "v信号",
    "weixin",
    "wechat",
    "vx",
    "wx",
    "vx号",
    "wx号",
    "加v",
    "+v",
    "加我v",
    "加微",
    "加薇",
    "wechat id",
    "微信id",
    "微信名",
    "微信账号",
    "徽信",
    "微芯",
    "薇芯",
    "围信",
    "卫信",
    "维信",
    "唯信",
    "绿泡泡",
    "绿信",
    "wei信",
    "微x",
    "wxh",
    "wxid",
    "v号",
    "加v信",
    "加vx",
    "加wx",
    "加weixin",
    "加wechat",
    "+vx",
    "+wx",
    "+微",
    "+薇",
    "加微信号",
    "加个微信",
    "加我微信",
    "weixin id",
    "weixin号",
    "wechat号",
    "wechat account",
    "wechat username",
]);
/// Words for QQ; a group ('QQ群') is nobody's.
const QQ: Words = Words::new(&[
    "qq",
    "qq号",
    "扣扣",
    "扣扣号",
    "企鹅",
    "企鹅号",
    "球球",
    "球球号",
    "q号",
    "加q",
    "+q",
    "q",
    "企鹅账号",
    "qq账号",
    "qq号码",
    "扣扣号码",
    "抠抠",
    "蔻蔻",
    "口口号",
    "秋秋",
    "秋秋号",
    "求求号",
    "腾讯号",
    "企鹅号码",
    "tencent qq",
    "qq number",
    "qq account",
    "qq id",
    "加扣",
    "加扣扣",
    "加球球",
    "扣号",
    "q q",
]);
/// Most characters of a WeChat id (6 to 20, its settings page says), with room for `wxid_` ids of 19 and more.
const MAX_ID: usize = 24;

/// A QQ number: five to twelve digits after its label.
pub(super) fn qq(r: &Reader<'_>, run: &Run) -> Option<Candidate> {
    let grouped = |part: &Part<'_>| part.next.is_none() && part.groups.len() <= 5;
    let shape = |part: &Part<'_>| part.is_one() || part.is_spelled() || grouped(part);
    let part = (5..=12).rev().find_map(|count| run.part(count).filter(shape))?;
    let whole = !part.is_joined(b"-._") && !glued_after(r, part.end) && part.digits.first() != Some(&0) && !is_amount(r, part.end);
    let label = label_end(r, run.start, QQ)?;
    let glued = left(r, run.start) != Left::Free;
    // A bare 'q' says little: 'Q: 12345' may be a question.
    let weak = is(r.before(label, 1), b'q')
        && !is(r.before(label, 2), b'q')
        && !is_one_of(r.before(label, 2), b"+")
        && r.before(label, 2) != 0x52A0;
    let weak = weak && (label == run.start || part.digits.len() < 7);
    (whole && !glued && !weak && !is(r.at(part.end), b'@')).then(|| Candidate::new(Qq, run.first()..part.end, 1.0))
}

/// A WeChat id of digits only, which is a QQ number of old: five to eleven digits after the label.
pub(super) fn wechat_digits(r: &Reader<'_>, run: &Run) -> Option<Candidate> {
    let part = (5..=11).rev().find_map(|count| run.part(count).filter(|part| part.is_one()))?;
    let whole = part.next.is_none() && !glued_after(r, part.end) && part.digits.first() != Some(&0) && !is_amount(r, part.end);
    let label = label_end(r, run.start, WECHAT).filter(|label| is_strong(r, *label, run.start))?;
    (whole && label <= run.start && left(r, run.start) == Left::Free).then(|| Candidate::new(Wechat, run.first()..part.end, 0.8))
}

/// A WeChat id: a letter, then letters, digits, `_` and `-`, six to twenty together, after its label; or one that begins with `wxid_`.
pub(super) fn wechat(r: &Reader<'_>, start: usize) -> Option<Candidate> {
    let before = r.before(start, 1);
    if !is_letter(r.at(start)) || is_alnum(before) || is_one_of(before, b"_@/.") {
        return None;
    }
    let own = r.has(start, "wxid_");
    let label = if own { start } else { label_end(r, start, WECHAT)? };
    let count = (0..=MAX_ID).take_while(|i| is_id(r.at(start + i))).count();
    let trimmed = count - (1..=count).take_while(|back| is_one_of(r.before(start + count, *back), b"-_")).count();
    let (end, least) = (start + trimmed, if own { 10 } else { 6 });
    let glued = is(r.at(end), b'@') || is(r.at(end), b'.') && is_alnum(r.at(end + 1));
    let telling = (start..end).any(|place| is_digit(r.at(place)) || is(r.at(place), b'_'));
    let believed = own || telling || is_strong(r, label, start);
    let words = label < start && is(r.at(end), b' ') && is_letter(r.at(end + 1)) && !telling;
    ((least..=MAX_ID.min(if own { MAX_ID } else { 20 })).contains(&trimmed) && count <= MAX_ID && believed && !glued && !words)
        .then(|| Candidate::new(Wechat, start..end, if own || telling { 1.0 } else { 0.7 }))
}

/// Whether the label is followed by what names an id: a colon or '号'.
fn is_strong(r: &Reader<'_>, label: usize, start: usize) -> bool {
    let named = |place: usize| matches!(r.at(place), 0x53F7 | 0x3A | 0x3D);
    r.before(label, 1) == 0x53F7 || r.ends_in(label, "微信id") || (label..start).any(named)
}

fn is_id(unit: u16) -> bool {
    is_alnum(unit) || is_one_of(unit, b"_-")
}

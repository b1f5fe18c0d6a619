//! Passports, permits to Hong Kong, Macao and Taiwan, and cards of officers. None has a check, so each needs its word nearby.

use super::PersonalKind::{HkMacaoPermit, OfficerCard, Passport, TaiwanPermit};
use super::context::{Left, glued_after, is_amount, is_contrary, label, left, near};
use super::reader::Reader;
use super::run::{Part, Run};
use super::token::{Serial, Token};
use super::words::Words;
use super::{Candidate, PersonalKind};

/// How far the word may stand before the number.
const REACH: usize = 16;
const PASSPORT: Words = Words::new(&[
    "护照",
    "护照号",
    "护照证件",
    "旅行证",
    "passport",
    "passports",
    "travel document",
    "ppt",
    "passport no",
    "passport number",
]);
const HK_MACAO: Words = Words::new(&[
    "港澳通行证",
    "往来港澳",
    "港澳居民",
    "回乡证",
    "来往内地通行证",
    "来往内地",
    "港澳证",
    "通行证",
    "home return permit",
    "exit-entry permit",
    "hk permit",
    "macao permit",
    "macau permit",
    "hong kong and macau",
    "hong kong and macao",
    "hong kong/macau",
    "hong kong macau",
    "hong kong-macau",
    "hong kong macao",
    "hong kong and macau permit",
    "hong kong permit",
    "hk/macau permit",
    "hk-macau permit",
    "hk & macau permit",
    "mainland travel permit",
    "travel permit",
    "return permit",
    "home-return permit",
    "home visit permit",
    "eep",
    "permit",
    "港澳",
    "港澳通",
    "港澳签注",
    "回乡卡",
    "双程证",
    "往来港澳通行",
    "港澳居民居住",
]);
const TAIWAN: Words = Words::new(&[
    "台湾通行证",
    "往来台湾",
    "台胞证",
    "来往大陆",
    "台湾居民",
    "台湾证",
    "通行证",
    "taiwan permit",
    "taiwan compatriot permit",
    "taiwan travel permit",
    "travel permit",
    "mainland travel permit",
    "taiwan pass",
    "taiwan compatriot",
    "taiwan resident",
    "taiwan residents",
    "taibaozheng",
    "mtp",
    "permit",
    "台胞卡",
    "赴台证",
    "大通证",
    "入台证",
    "往来台湾通行",
    "台湾同胞",
    "台湾同胞证",
]);
const TAIWAN_OWN: Words = Words::new(&[
    "台胞证",
    "来往大陆通行证",
    "台湾居民来往大陆通行证",
    "台湾居民",
    "taiwan compatriot permit",
    "taiwan compatriot",
    "taiwan resident",
    "taiwan residents",
    "taiwan permit",
    "taiwan travel permit",
    "travel permit",
    "mtp",
    "taibaozheng",
    "台湾同胞",
    "台湾同胞证",
    "台湾通行证",
    "往来台湾",
    "大通证",
    "台胞卡",
    "台湾证",
    "赴台证",
]);
const OFFICER: Words = Words::new(&[
    "军官证",
    "警官证",
    "士兵证",
    "士官证",
    "文职干部证",
    "警察证",
    "人民警察证",
    "军人证",
    "武警证",
    "军人身份证",
    "警号",
    "军人证件",
    "现役军人",
    "现役军官",
    "武警警官",
    "武警警官证",
    "文职人员",
    "文职人员证",
    "干部证",
    "部队证件",
    "学员证",
    "军校学员证",
    "义务兵证",
    "military id",
    "military card",
    "military number",
    "military certificate",
    "military identification",
    "military identity",
    "military officer id",
    "military officer card",
    "military officer number",
    "military officer certificate",
    "military officer identification",
    "military officer identity",
    "army id",
    "army card",
    "army number",
    "army certificate",
    "army identification",
    "army identity",
    "army officer id",
    "army officer card",
    "army officer number",
    "army officer certificate",
    "army officer identification",
    "army officer identity",
    "officer id",
    "officer card",
    "officer number",
    "officer certificate",
    "officer identification",
    "officer identity",
    "police id",
    "police card",
    "police number",
    "police certificate",
    "police identification",
    "police identity",
    "police officer id",
    "police officer card",
    "police officer number",
    "police officer certificate",
    "police officer identification",
    "police officer identity",
    "pla id",
    "pla card",
    "pla number",
    "pla certificate",
    "pla identification",
    "pla identity",
    "pla officer id",
    "pla officer card",
    "pla officer number",
    "pla officer certificate",
    "pla officer identification",
    "pla officer identity",
    "armed forces id",
    "armed forces card",
    "armed forces number",
    "armed forces certificate",
    "armed forces identification",
    "armed forces identity",
    "soldier id",
    "soldier card",
    "soldier number",
    "soldier certificate",
    "soldier identification",
    "soldier identity",
    "service id",
    "service certificate",
    "service identification",
    "service identity",
    "officer's",
    "officer\u{2019}s",
    "soldier's",
    "soldier\u{2019}s",
    "police badge",
    "badge number",
    "badge no",
]);
/// Words that say it although other words stand between.
const OFFICER_NEAR: Words =
    Words::new(&["军官证", "警官证", "士兵证", "士官证", "军人证", "military id", "officer id", "army id", "police id"]);
const NUMBERED: Words = Words::new(&["字第", "字"]);
/// Characters before '字第' that alone say so: the army, its soldiers, the police.
const ISSUERS: Words = Words::new(&["军字第", "士字第", "警字第", "武字第", "军官字第", "士兵字第"]);

/// A number of one or two letters and digits, or a foreign passport number.
pub(super) fn permit(r: &Reader<'_>, token: &Token) -> Option<Candidate> {
    let start = token.start;
    if let Some(serial) = Serial::read(r, start) {
        let kind = kinds(&serial).into_iter().flatten().find(|kind| near(r, start, words(*kind), REACH));
        if let Some(kind) = kind {
            return Some(Candidate::new(kind, start..serial.end, 1.0));
        }
    }
    let foreign = (6..=9).contains(&token.bytes.len()) && token.digits() >= 5 && token.is_alone(r) && label(r, start, PASSPORT);
    foreign.then(|| Candidate::new(Passport, start..token.end, 0.8))
}

/// What the shape of a number may be (GA/T 1263 for passports and permits; older series besides).
fn kinds(serial: &Serial) -> [Option<PersonalKind>; 2] {
    match (serial.letters.as_slice(), serial.digits) {
        (b"c" | b"w", 8) | ([b'c', b'a'..=b'z'], 7) | (b"h" | b"m", 8 | 10) => [Some(HkMacaoPermit), Some(Passport)],
        (b"t" | b"l", 8) => [Some(TaiwanPermit), Some(Passport)],
        (b"e" | b"g" | b"d" | b"s" | b"p", 8) | ([b'e', b'a'..=b'z'] | [b's' | b'p' | b'd' | b'k' | b'm', b'e' | b'a'], 7) => {
            [Some(Passport), None]
        }
        (b"", 8 | 10) => [Some(TaiwanPermit), None],
        _ => [None, None],
    }
}

fn words(kind: PersonalKind) -> Words {
    match kind {
        HkMacaoPermit => HK_MACAO,
        TaiwanPermit => TAIWAN,
        _ => PASSPORT,
    }
}

/// A card of an officer: '军字第1234567号', '军官证号: 12345678'.
pub(super) fn officer(r: &Reader<'_>, run: &Run) -> Option<Candidate> {
    let part = (5..=8).rev().find_map(|count| run.part(count).filter(|part| part.next.is_none()))?;
    let grouped = part.groups.len() <= 4 && left(r, run.start) == Left::Free && !glued_after(r, part.end);
    let issued = ISSUERS.end(r, run.start) || label(r, run.start, ISSUERS);
    let numbered = || label(r, run.start, NUMBERED) && near(r, run.start, OFFICER, REACH);
    let labelled = || {
        label(r, run.start, OFFICER) || numbered() || part.is_one() && near(r, run.start, OFFICER_NEAR, 10) && !is_contrary(r, run.start)
    };
    (grouped && !is_amount(r, part.end) && (issued || labelled()))
        .then(|| Candidate::new(OfficerCard, run.first()..part.end, if issued { 0.9 } else { 1.0 }))
}

/// Whether a number of eight or ten digits without letters is called a Taiwan permit.
pub(super) fn taiwan(r: &Reader<'_>, run: &Run) -> Option<Candidate> {
    let grouped = |part: &Part<'_>| part.next.is_none() && (part.groups.len() <= 3 || part.is_spelled());
    let part = [10, 8].into_iter().find_map(|count| run.part(count).filter(grouped))?;
    let alone = !is_amount(r, part.end) && left(r, run.start) == Left::Free && !glued_after(r, part.end);
    (alone && near(r, run.start, TAIWAN_OWN, REACH)).then(|| Candidate::new(TaiwanPermit, run.first()..part.end, 0.9))
}

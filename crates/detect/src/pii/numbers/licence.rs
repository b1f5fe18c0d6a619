//! Driving licences and social security numbers: known by their label only, or by the identity number they repeat.

use super::Candidate;
use super::PersonalKind::{DrivingLicence, SocialSecurity};
use super::context::{Left, glued_after, is_amount, is_contrary, label, left, near};
use super::identity::is_identity;
use super::reader::Reader;
use super::run::Run;
use super::token::{Serial, Token};
use super::words::Words;

const DRIVING: Words = Words::new(&[
    "驾驶证",
    "驾照",
    "驾驶证号",
    "驾照号",
    "档案编号",
    "驾驶证档案编号",
    "驾驶证档案号",
    "驾驶执照",
    "driving licence",
    "driving license",
    "driver licence",
    "driver license",
    "driver's license",
    "driver's licence",
    "drivers license",
    "drivers licence",
    "driver\u{2019}s license",
    "driver\u{2019}s licence",
    "driver's",
    "driving permit",
    "driver number",
    "driver no",
    "driver no.",
    "driver's number",
    "operator's license",
    "operator license",
    "license no",
    "licence no",
    "lic",
    "lic.",
    "dln",
    "d/l",
    "驾驶证件",
    "驾驶档案",
    "驾照档案",
    "驾驶证证芯",
    "证芯",
    "驾驶许可",
    "驾驶许可证",
    "驾驶证档案",
    "驾照编号",
    "driver's permit",
    "driver id",
    "licence",
    "license",
    "dl",
    "驾证",
    "驾本",
    "行驶证",
    "驾驶员证",
    "驾驶人",
    "驾驶员",
    "司机证",
    "档案号",
]);
const SOCIAL: Words = Words::new(&[
    "社保",
    "社保卡",
    "社会保障",
    "社会保障卡",
    "社会保障号",
    "社保编号",
    "社保电脑号",
    "电脑号",
    "社会保险",
    "社保个人",
    "个人社保",
    "个人编号",
    "参保",
    "参保人",
    "参保人员",
    "参保个人",
    "市民卡",
    "医保",
    "医保卡",
    "医保个人",
    "医疗保险",
    "养老保险",
    "劳动保障",
    "social security",
    "social security card",
    "social security account",
    "social insurance",
    "social insurance card",
    "social insurance account",
    "social insurance policy",
    "medical insurance",
    "medical insurance card",
    "health insurance",
    "pension insurance",
    "insurance",
    "insurance card",
    "ss card",
    "sscard",
    "shebao",
    "social card",
    "citizen card",
]);
/// Groups in which the digits of a card are printed or read out.
const MAX_GROUPS: usize = 6;
/// How far such a word may stand before the number when other words are between.
const REACH: usize = 20;

/// Words that say it although other words stand between.
const DRIVING_NEAR: Words =
    Words::new(&["驾驶证", "驾照", "驾驶执照", "driving licence", "driving license", "driver's license", "driver's licence"]);
const SOCIAL_NEAR: Words = Words::new(&[
    "社保卡",
    "社保号",
    "社保账号",
    "社会保障卡",
    "社会保障号",
    "社保编号",
    "医保卡",
    "医保号",
    "社保卡号",
    "医保卡号",
    "social security",
]);

/// A driving licence: its number is the bearer's identity number, its file number has 12 digits.
pub(super) fn driving(r: &Reader<'_>, run: &Run) -> Option<Candidate> {
    let part = [18, 12].into_iter().find_map(|count| run.part(count))?;
    let valid = if part.digits.len() == 18 { is_identity(part.digits) } else { part.groups.len() <= MAX_GROUPS || part.is_spelled() };
    let alone = left(r, run.start) == Left::Free && !glued_after(r, part.end) && part.next.is_none();
    let named = || label(r, run.start, DRIVING) || near(r, run.start, DRIVING_NEAR, REACH) && !is_contrary(r, run.start);
    (valid && alone && !is_amount(r, part.end) && named()).then(|| Candidate::new(DrivingLicence, run.first()..part.end, 1.0))
}

/// A foreign driving licence: letters and digits after its English name.
pub(super) fn driving_foreign(r: &Reader<'_>, token: &Token) -> Option<Candidate> {
    let shape = (7..=18).contains(&token.bytes.len()) && token.digits() >= 5 && token.digits() < token.bytes.len();
    let labelled = shape && token.is_alone(r) && label(r, token.start, DRIVING);
    labelled.then(|| Candidate::new(DrivingLicence, token.start..token.end, 0.9))
}

/// A card's number that begins with a letter, in groups: 'a12 345 678', after its label.
pub(super) fn social_serial(r: &Reader<'_>, token: &Token) -> Option<Candidate> {
    let serial = Serial::read(r, token.start).filter(|serial| !serial.letters.is_empty() && (7..=10).contains(&serial.digits))?;
    (serial.end > token.end && label(r, token.start, SOCIAL)).then(|| Candidate::new(SocialSecurity, token.start..serial.end, 0.9))
}

/// The same in groups: '0123 4567 89', after its label.
pub(super) fn social_run(r: &Reader<'_>, run: &Run) -> Option<Candidate> {
    let part = (8..=18).rev().find_map(|count| run.part(count).filter(|part| part.next.is_none()))?;
    let grouped = part.groups.len() > 1 && (part.groups.len() <= MAX_GROUPS || part.is_spelled());
    let alone = left(r, run.start) == Left::Free && !glued_after(r, part.end) && !is_amount(r, part.end) && !is_identity(part.digits);
    (grouped && alone && label(r, run.start, SOCIAL)).then(|| Candidate::new(SocialSecurity, run.first()..part.end, 0.9))
}

/// A social security number that is no identity number: the number of the card, or of the account. Eight to eighteen characters.
pub(super) fn social(r: &Reader<'_>, token: &Token) -> Option<Candidate> {
    let shape = (8..=20).contains(&token.bytes.len()) && token.digits() + 2 >= token.bytes.len();
    let values: Vec<u8> = token.bytes.iter().map(|byte| if byte.is_ascii_digit() { byte - b'0' } else { 10 }).collect();
    let named = || label(r, token.start, SOCIAL) || near(r, token.start, SOCIAL_NEAR, REACH) && !is_contrary(r, token.start);
    (shape && !is_identity(&values) && token.is_alone(r) && !is_amount(r, token.end) && named())
        .then(|| Candidate::new(SocialSecurity, token.start..token.end, 1.0))
}

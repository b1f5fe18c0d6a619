//! Driving licences and social security numbers: known by their label only, or by the identity number they repeat.

use super::Candidate;
use super::PersonalKind::{DrivingLicence, SocialSecurity};
use super::context::{Left, glued_after, label, left};
use super::identity::is_identity;
use super::reader::Reader;
use super::run::Run;
use super::token::Token;
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
    "dl",
]);
const SOCIAL: Words =
    Words::new(&["社保", "社保卡", "社会保障", "社会保障卡", "社会保障号", "社保编号", "社保电脑号", "社会保险", "医保", "医保卡"]);

/// A driving licence: its number is the bearer's identity number, its file number has 12 digits.
pub(super) fn driving(r: &Reader<'_>, run: &Run) -> Option<Candidate> {
    let part = [18, 12].into_iter().find_map(|count| run.part(count))?;
    let valid = if part.digits.len() == 18 { is_identity(part.digits) } else { part.is_one() || part.is_grouped(&[4, 4, 4]) };
    let alone = left(r, run.start) == Left::Free && !glued_after(r, part.end) && part.next.is_none();
    (valid && alone && label(r, run.start, DRIVING)).then(|| Candidate::new(DrivingLicence, run.first()..part.end, 1.0))
}

/// A foreign driving licence: letters and digits after its English name.
pub(super) fn driving_foreign(r: &Reader<'_>, token: &Token) -> Option<Candidate> {
    let shape = (7..=16).contains(&token.bytes.len()) && token.digits() >= 5 && token.digits() < token.bytes.len();
    let labelled = shape && token.is_alone(r) && label(r, token.start, DRIVING);
    labelled.then(|| Candidate::new(DrivingLicence, token.start..token.end, 0.9))
}

/// A social security number that is no identity number: the number of the card, or of the account. Eight to eighteen characters.
pub(super) fn social(r: &Reader<'_>, token: &Token) -> Option<Candidate> {
    let shape = (8..=18).contains(&token.bytes.len()) && token.digits() + 1 >= token.bytes.len();
    let identity = matches!(token.bytes.len(), 15 | 18);
    (shape && !identity && token.is_alone(r) && label(r, token.start, SOCIAL))
        .then(|| Candidate::new(SocialSecurity, token.start..token.end, 1.0))
}

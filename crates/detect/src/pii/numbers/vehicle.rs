//! Vehicles: plates (GA 36) and identification numbers (GB 16735, ISO 3779).

use super::Candidate;
use super::PersonalKind::{VehiclePlate, Vin};
use super::context::{label, near};
use super::reader::{Reader, is_alnum, is_cjk, is_digit, is_letter, is_one_of};
use super::token::Token;
use super::words::Words;

/// Provinces whose character also ends common words: they need a plain plate, and none of these characters before ('最新', '阿里云').
const COMMON: &str = "新云青吉贵黑川宁甘使领";
const BEFORE_COMMON: &str = "最全更创革刷重里讯为昂宝年漆乌四大行带占本";
const LABELS: Words =
    Words::new(&["车牌", "车牌号", "车号", "号牌", "牌照", "牌号", "车辆", "开车", "plate", "license plate", "plate number"]);
const VIN_LABELS: Words = Words::new(&[
    "车架号",
    "车架",
    "vin",
    "vin码",
    "车辆识别代号",
    "车辆识别码",
    "车辆识别",
    "识别代号",
    "识别码",
    "大架号",
    "大架",
    "车驾号",
    "车身号",
    "车辆代号",
    "底盘",
    "底盘号",
    "chassis",
    "chassis no",
    "chassis no.",
    "frame",
    "vehicle identification",
    "vehicle identification number",
    "vehicle id",
]);
/// Last characters of plates of the police, learners, trailers, embassies, and of Hong Kong and Macao.
const SUFFIXES: &str = "警学挂港澳领使试超";

/// Whether the unit may begin a plate: the character of a province, an embassy or a consulate.
pub(super) fn opens_plate(unit: u16) -> bool {
    is_cjk(unit)
        && char::from_u32(u32::from(unit)).is_some_and(|c| {
            matches!(
                c,
                '京' | '津'
                    | '沪'
                    | '渝'
                    | '冀'
                    | '豫'
                    | '云'
                    | '辽'
                    | '黑'
                    | '湘'
                    | '皖'
                    | '鲁'
                    | '新'
                    | '苏'
                    | '浙'
                    | '赣'
                    | '鄂'
                    | '桂'
                    | '甘'
                    | '晋'
                    | '蒙'
                    | '陕'
                    | '吉'
                    | '闽'
                    | '贵'
                    | '粤'
                    | '青'
                    | '藏'
                    | '川'
                    | '宁'
                    | '琼'
                    | '使'
                    | '领'
            )
        })
}

/// A plate: province, letter, and five characters (six of new energy vehicles), or four and a character of use.
pub(super) fn plate(r: &Reader<'_>, start: usize) -> Option<Candidate> {
    let letter = r.at(start + 1);
    if !is_letter(letter) || is_one_of(letter, b"i") {
        return None;
    }
    let serial = start + 2 + usize::from(is_one_of(r.at(start + 2), b" .-") || matches!(r.at(start + 2), 0xB7 | 0x2022));
    let count = (0..7).take_while(|i| is_alnum(r.at(serial + i))).count();
    let bytes: Vec<u8> = (0..count).filter_map(|i| u8::try_from(r.at(serial + i)).ok()).collect();
    let suffixed = count == 4 && holds(SUFFIXES, r.at(serial + 4));
    let labelled = near(r, start, LABELS, 8);
    let valid = if suffixed { is_serial(&bytes, 3) } else { is_ordinary(&bytes) || is_new_energy(&bytes) };
    let common = holds(COMMON, r.at(start)) && !labelled;
    let doubtful = common && (digits(&bytes) < 4 || holds(BEFORE_COMMON, r.before(start, 1)));
    let score = if labelled { 1.0 } else { if common { 0.6 } else { 0.9 } };
    (valid && !doubtful).then(|| Candidate::new(VehiclePlate, start..serial + count + usize::from(suffixed), score))
}

/// Five characters, at most two of them letters, never `i` or `o` (GA 36).
fn is_ordinary(bytes: &[u8]) -> bool {
    bytes.len() == 5 && is_serial(bytes, 3)
}

/// Six characters: a letter of the kind of drive first (then at most one letter more) or last (GA 36-2018).
fn is_new_energy(bytes: &[u8]) -> bool {
    let kind = |byte: &u8| matches!(byte, b'a'..=b'h' | b'j' | b'k');
    match bytes {
        [first, _, rest @ ..] if kind(first) && rest.len() == 4 && digits(rest) == 4 => is_serial(bytes, 4),
        [head @ .., last] if head.len() == 5 => kind(last) && digits(head) == 5,
        _ => false,
    }
}

fn is_serial(bytes: &[u8], least: usize) -> bool {
    digits(bytes) >= least && !bytes.iter().any(|byte| matches!(byte, b'i' | b'o'))
}

fn digits(bytes: &[u8]) -> usize {
    bytes.iter().filter(|byte| byte.is_ascii_digit()).count()
}

fn holds(list: &str, unit: u16) -> bool {
    list.encode_utf16().any(|one| one == unit)
}

/// Weights of the seventeen places (ISO 3779, GB 16735 annex); the ninth is the check itself.
const WEIGHTS: [u32; 17] = [8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2];

/// A vehicle identification number: by its check digit and the digits it must end in, or by its label.
pub(super) fn vin(r: &Reader<'_>, token: &Token) -> Option<Candidate> {
    // In groups (lsv aa49j 132047371) only after its label.
    let gathered =
        if token.bytes.len() < 17 && label(r, token.start, VIN_LABELS) { Some(Token::gather(r, token.start, 17)?) } else { None };
    let token = gathered.as_ref().unwrap_or(token);
    if token.bytes.len() != 17 || !token.is_alone(r) || token.bytes.iter().any(|byte| matches!(byte, b'i' | b'o' | b'q')) {
        return None;
    }
    let letters = token.bytes.len() - token.digits();
    let ends_in_digits = token.bytes.get(13..).is_some_and(|last| digits(last) == 4);
    let labelled = label(r, token.start, VIN_LABELS) || near(r, token.start, VIN_LABELS, 8);
    let year = !matches!(token.bytes.get(9), Some(b'u' | b'z' | b'0'));
    let checked = is_checked(&token.bytes) && ends_in_digits && year && letters >= 3;
    let plain = labelled && (letters > 0 || is_checked(&token.bytes)) && (is_digit(r.at(token.end - 1)) || is_checked(&token.bytes));
    (checked || plain).then(|| Candidate::new(Vin, token.start..token.end, if labelled { 1.0 } else { 0.8 }))
}

fn is_checked(bytes: &[u8]) -> bool {
    let sum: u32 = bytes.iter().zip(WEIGHTS).map(|(byte, weight)| transliterated(*byte) * weight).sum();
    let check = match (sum % 11) as u8 {
        10 => b'x',
        digit => b'0' + digit,
    };
    bytes.get(8) == Some(&check)
}

/// The value of a character (ISO 3779): a to h are 1 to 8, j to r 1 to 9, s to z 2 to 9.
fn transliterated(byte: u8) -> u32 {
    u32::from(match byte {
        b'0'..=b'9' => byte - b'0',
        b'a'..=b'h' => byte - b'a' + 1,
        b'j'..=b'r' => byte - b'j' + 1,
        b's'..=b'z' => byte - b's' + 2,
        _ => 0,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_check_digit_is_that_of_the_standard() {
        assert!(is_checked(b"1m8gdm9axkp042788") && is_checked(b"11111111111111111"));
        assert!(!is_checked(b"1m8gdm9axkp042789"));
    }
}

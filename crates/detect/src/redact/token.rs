//! Tokens that stand for a value: pseudonyms and hashes, and the one form of a value that both are made from.

use std::net::IpAddr;

use sha2::{Digest, Sha256};
use taxonomy::PersonalKind;
use unicode_normalization::UnicodeNormalization as _;

use super::secret::{Key, Salt};

/// Purpose of the derived key.
pub(super) const PURPOSE: &str = "guiju redact pseudonym 1";
/// Bytes of a token: 80 bits, so that among a billion values two share a token with a probability below one in a million: 2^59 pairs, 2^80
/// tokens.
const TOKEN_BYTES: usize = 10;

/// `<mobile:K7Q2M9XXXXXXXXXX>`: HMAC-SHA-256 of kind, zero byte and normal form, the first 80 bits in base32 (RFC 4648). Its alphabet has
/// no 0, 1, 8 and 9, so no token looks like a number. The kind takes part: one number as mobile and as WeChat id gives two tokens.
pub(super) fn pseudonym(key: &Key, kind: PersonalKind, value: &str) -> String {
    let mac = key.mac(&[kind.id().as_bytes(), b"\0", normal(kind, value).as_bytes()]);
    format!("<{kind}:{}>", base32(mac.get(..TOKEN_BYTES).unwrap_or_default()))
}

/// `<mobile:52a9…>`: SHA-256 of salt and normal form, in hexadecimal, so that another system can make the same.
pub(super) fn hash(salt: &Salt, kind: PersonalKind, value: &str) -> String {
    let digest = Sha256::new().chain_update(salt.bytes()).chain_update(normal(kind, value)).finalize();
    let hex: String = digest.iter().map(|b| format!("{b:02x}")).collect();
    format!("<{kind}:{hex}>")
}

/// One form for the ways a value is written: NFKC (which folds width), lower case, and by kind without separators, country code or
/// leading zeros. NFKC and not the detectors' folding: that grows with every version, and tokens must stay.
fn normal(kind: PersonalKind, value: &str) -> String {
    use PersonalKind as K;
    let folded: String = value.nfkc().flat_map(char::to_lowercase).collect();
    let form = match kind {
        K::Mobile | K::Landline => phone(kind, &folded),
        K::BankCard | K::UsSsn | K::Qq => digits(&folded),
        K::Email | K::GpsPosition | K::Wechat => folded.chars().filter(|c| c.is_alphanumeric() || c.is_ascii_punctuation()).collect(),
        K::IpAddress => folded.trim().parse::<IpAddr>().map_or_else(|_| folded.clone(), |ip| ip.to_string()),
        K::BirthDate => date(&folded),
        _ => String::new(),
    };
    let form = if form.is_empty() { folded.chars().filter(|c| c.is_alphanumeric()).collect() } else { form };
    // Signs only: they are all there is.
    if form.is_empty() { folded } else { form }
}

fn digits(folded: &str) -> String {
    folded.chars().filter(char::is_ascii_digit).collect()
}

/// +86 138 1234 5678 is 13812345678; +86 10 6500 0000 is 01065000000.
fn phone(kind: PersonalKind, folded: &str) -> String {
    let all = digits(folded);
    let abroad = folded.trim_start_matches(|c: char| !c.is_ascii_digit() && c != '+').starts_with('+');
    let national = match all.strip_prefix("0086").or_else(|| all.strip_prefix("86").filter(|_| abroad)) {
        Some(rest) if kind == PersonalKind::Landline && !rest.starts_with('0') => format!("0{rest}"),
        Some(rest) => rest.to_owned(),
        None => all,
    };
    // 86 138 1234 5678 without a sign: eleven digits from 1 are a mobile number.
    match national.strip_prefix("86").filter(|rest| kind == PersonalKind::Mobile && rest.len() == 11 && rest.starts_with('1')) {
        Some(rest) => rest.to_owned(),
        None => national,
    }
}

/// 1990年1月2日, 1990-01-02 and 19900102 are one date.
fn date(folded: &str) -> String {
    let groups: Vec<&str> = folded.split(|c: char| !c.is_ascii_digit()).filter(|g| !g.is_empty()).collect();
    let parts = match groups.as_slice() {
        [one] if one.len() == 8 => [one.get(..4), one.get(4..6), one.get(6..)].into_iter().flatten().collect(),
        _ => groups,
    };
    parts.iter().map(|part| part.trim_start_matches('0')).collect::<Vec<_>>().join("-")
}

fn base32(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let bit = |at: usize| bytes.get(at / 8).is_some_and(|b| b >> (7 - at % 8) & 1 == 1);
    let letter = |start: usize| (start..start + 5).fold(0, |n, at| n * 2 + usize::from(bit(at)));
    (0..bytes.len() * 8).step_by(5).filter_map(|start| ALPHABET.get(letter(start))).map(|&b| char::from(b)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> Key {
        Key::from_hex("000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f").unwrap()
    }

    /// The expected values are from Python's `hmac`, `hashlib` and `base64`.
    #[test]
    fn tokens_can_be_made_elsewhere() {
        assert_eq!(pseudonym(&key().derive(PURPOSE), PersonalKind::Mobile, "+86 138-1234-5678"), "<mobile:WS5MAB4KNNJBOKAZ>");
        let salt = Salt::from_hex("000102030405060708090a0b0c0d0e0f").unwrap();
        let hex = "52a94c9f8bafbd30277695bf0a8281f052c001d722c64b7a5a6af69f8d4b6d2d";
        assert_eq!(hash(&salt, PersonalKind::Mobile, "１３８ １２３４ ５６７８"), format!("<mobile:{hex}>"));
    }

    /// RFC 4648 section 10, without padding.
    #[test]
    fn base32_is_that_of_the_rfc() {
        for (bytes, text) in [("", ""), ("f", "MY"), ("fo", "MZXQ"), ("foo", "MZXW6"), ("foob", "MZXW6YQ"), ("foobar", "MZXW6YTBOI")] {
            assert_eq!(base32(bytes.as_bytes()), text);
        }
    }

    #[test]
    fn ways_to_write_a_value_have_one_form() {
        use PersonalKind as K;
        for (kind, form, values) in [
            (K::Mobile, "13812345678", ["138 1234 5678", "0086-13812345678", "8613812345678"].as_slice()),
            (K::Landline, "01065000000", &["010-65000000", "+86 10 6500 0000", "(＋86)010 65000000"]),
            (K::IdentityNumber, "11010519491231002x", &["11010519491231002X", "110105 19491231 002ｘ"]),
            (K::Email, "a.b@c.com", &["A.B@C.COM", "a.b＠c.com", "a.b @c.com"]),
            (K::IpAddress, "2001:db8::1", &["2001:DB8:0::1", "2001:db8::0001"]),
            (K::BirthDate, "1990-1-2", &["1990年1月2日", "1990-01-02", "19900102"]),
            (K::Name, "欧阳娜娜", &["欧阳·娜娜", "欧阳 娜娜"]),
            (K::Qq, "一二三", &["一二三"]),
            (K::Name, "~", &["～"]),
        ] {
            for value in values {
                assert_eq!(normal(kind, value), form, "{kind} {value}");
            }
        }
    }
}

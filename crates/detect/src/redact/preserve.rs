//! Format-preserving encryption: digits become digits, letters letters of the same case, separators and length stay. FF1 of NIST
//! SP 800-38G (revision 1) with AES-256.
//!
//! A value of decimal digits only goes through FF1 with radix 10, tweak the kind's id, as any other implementation does it. A value with
//! letters goes as one number: its characters are the digits of a mixed radix, FF1 encrypts the number as bits, and what falls outside the
//! value's domain is encrypted again until it is inside ("cycle walking"), so that no letter stands for itself.
//!
//! What it does not do: keep check digits right (a card number will fail Luhn), keep prefixes (a mobile number may begin with 7), or keep a
//! result from being somebody's real number. Use it where a system insists on the format, and mark such data.

use aes::Aes256;
use fpe::ff1::{FF1, FlexibleNumeralString};
use taxonomy::PersonalKind;

use super::mask::is_separator;
use super::secret::Key;

/// Purpose of the derived key.
pub(super) const PURPOSE: &str = "guiju redact preserve 1";
/// Smallest domain: SP 800-38G revision 1, section 5.2, asks for radix^minlen >= 1,000,000.
const MIN_DOMAIN: u64 = 1_000_000;
/// Longest value: an e-mail address (RFC 5321: 254). FF1's work grows with the square of the length.
const MAX_CHARS: usize = 254;
/// Rounds of cycle walking: more than half of all numbers are inside, so that 128 misses have a chance below 2^-128.
const MAX_WALK: usize = 128;

/// Which way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    Encrypt,
    Decrypt,
}

/// A character that takes part: its digit, and the alphabet it stays in.
struct Slot {
    digit: u32,
    radix: u32,
    /// First character of the alphabet.
    base: u32,
}

/// Encrypts or decrypts a value. `None` where FF1 may not: it holds characters that are neither ASCII letters or digits (full-width forms
/// included) nor separators, or its domain is below a million.
pub(super) fn preserve(key: &Key, kind: PersonalKind, value: &str, way: Way) -> Option<String> {
    let cells: Vec<(char, Option<Slot>)> = value.chars().map(|c| (c, Slot::of(c))).collect();
    let fits = cells.len() <= MAX_CHARS && cells.iter().all(|(c, slot)| slot.is_some() || is_separator(*c));
    let mut slots: Vec<Slot> = cells.iter().filter_map(|(c, _)| Slot::of(*c)).collect();
    let fits = fits && widen_check(kind, &mut slots);
    let domain = slots.iter().fold(1_u64, |n, slot| n.saturating_mul(u64::from(slot.radix)));
    if !fits || domain < MIN_DOMAIN {
        return None;
    }
    let cipher = Cipher { key, tweak: kind.id().as_bytes().to_vec(), way };
    let digits = if slots.iter().all(|slot| slot.radix == 10) { cipher.decimal(&slots)? } else { cipher.mixed(&slots)? };
    let mut new = slots.iter().zip(digits).map(|(slot, digit)| slot.write(digit));
    cells.iter().map(|(c, slot)| if slot.is_some() { new.next().flatten() } else { Some(*c) }).collect()
}

impl Slot {
    fn of(c: char) -> Option<Self> {
        let slot = |base: char, radix| Some(Self { digit: u32::from(c) - u32::from(base), radix, base: u32::from(base) });
        match c {
            '0'..='9' => slot('0', 10),
            'a'..='z' => slot('a', 26),
            'A'..='Z' => slot('A', 26),
            '０'..='９' => slot('０', 10),
            'ａ'..='ｚ' => slot('ａ', 26),
            'Ａ'..='Ｚ' => slot('Ａ', 26),
            _ => None,
        }
    }

    fn write(&self, digit: u32) -> Option<char> {
        if self.radix == 11 && digit == 10 { Some('X') } else { char::from_u32(self.base + digit) }
    }
}

/// The check character of an identity number (GB 11643: ISO 7064 MOD 11-2) stays one of 0 to 9 and X. `false` if another letter stands in its
/// place: encrypted, it could become an X, which would be read back as the check character.
fn widen_check(kind: PersonalKind, slots: &mut [Slot]) -> bool {
    use PersonalKind as K;
    let (18, K::IdentityNumber | K::SocialSecurity | K::DrivingLicence, Some((last, digits))) = (slots.len(), kind, slots.split_last_mut())
    else {
        return true;
    };
    let is_plain = |slot: &Slot| slot.radix == 10 && slot.base == u32::from('0');
    if !digits.iter().all(is_plain) {
        return true;
    }
    let is_x = last.base == u32::from('A') && last.digit == u32::from('X') - u32::from('A');
    let fits = is_x || is_plain(last);
    if fits {
        *last = Slot { digit: if is_x { 10 } else { last.digit }, radix: 11, base: u32::from('0') };
    }
    fits
}

struct Cipher<'a> {
    key: &'a Key,
    tweak: Vec<u8>,
    way: Way,
}

impl Cipher<'_> {
    fn decimal(&self, slots: &[Slot]) -> Option<Vec<u32>> {
        let digits = slots.iter().map(|slot| u16::try_from(slot.digit)).collect::<Result<_, _>>().ok()?;
        Some(self.ff1(10, &self.tweak, digits)?.into_iter().map(u32::from).collect())
    }

    fn mixed(&self, slots: &[Slot]) -> Option<Vec<u32>> {
        let radixes: Vec<u32> = slots.iter().map(|slot| slot.radix).collect();
        // The form takes part, so that values of different forms do not share a permutation.
        let tweak: Vec<u8> = self.tweak.iter().copied().chain([0]).chain(radixes.iter().map(|&r| r as u8)).collect();
        let most = Number::read(radixes.iter().map(|&r| (r - 1, r))).bits();
        let mut bits = Number::read(slots.iter().map(|slot| (slot.digit, slot.radix))).to_bits(most);
        for _ in 0..MAX_WALK {
            bits = self.ff1(2, &tweak, bits)?;
            if let Some(digits) = Number::read(bits.iter().map(|&b| (u32::from(b), 2))).write(&radixes) {
                return Some(digits);
            }
        }
        None
    }

    fn ff1(&self, radix: u32, tweak: &[u8], numerals: Vec<u16>) -> Option<Vec<u16>> {
        let ff1 = FF1::<Aes256>::new(self.key.bytes(), radix).ok()?;
        let numerals = FlexibleNumeralString::from(numerals);
        let result = match self.way {
            Way::Encrypt => ff1.encrypt(tweak, &numerals),
            Way::Decrypt => ff1.decrypt(tweak, &numerals),
        };
        result.ok().map(Vec::from)
    }
}

/// A natural number in limbs of 32 bits, the lowest first.
struct Number(Vec<u32>);

impl Number {
    /// From (digit, radix), the highest first.
    fn read(digits: impl Iterator<Item = (u32, u32)>) -> Self {
        let mut limbs: Vec<u32> = Vec::new();
        for (digit, radix) in digits {
            let mut carry = u64::from(digit);
            for limb in &mut limbs {
                carry += u64::from(*limb) * u64::from(radix);
                *limb = carry as u32;
                carry >>= 32;
            }
            if carry > 0 {
                limbs.push(carry as u32);
            }
        }
        Self(limbs)
    }

    fn bits(&self) -> usize {
        self.0.len() * 32 - self.0.last().map_or(0, |top| top.leading_zeros() as usize)
    }

    /// The lowest `count` bits, the highest of them first.
    fn to_bits(&self, count: usize) -> Vec<u16> {
        let bit = |at: usize| u16::from(self.0.get(at / 32).is_some_and(|limb| limb >> (at % 32) & 1 == 1));
        (0..count).rev().map(bit).collect()
    }

    /// The digits of a mixed radix, the highest first; `None` if the number does not fit.
    fn write(mut self, radixes: &[u32]) -> Option<Vec<u32>> {
        let mut digits: Vec<u32> = radixes.iter().rev().map(|&radix| self.divide(radix)).collect();
        digits.reverse();
        self.0.iter().all(|&limb| limb == 0).then_some(digits)
    }

    /// Divides and gives the rest.
    fn divide(&mut self, radix: u32) -> u32 {
        let radix = u64::from(radix.max(1));
        let mut rest = 0;
        for limb in self.0.iter_mut().rev() {
            let part = rest << 32 | u64::from(*limb);
            *limb = (part / radix) as u32;
            rest = part % radix;
        }
        rest as u32
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use PersonalKind as K;

    fn key(hex: &str) -> Key {
        Key::from_hex(hex).unwrap()
    }

    /// NIST's FF1 sample 7: AES-256, radix 10, no tweak.
    #[test]
    fn ff1_is_that_of_the_standard() {
        let key = key("2B7E151628AED2A6ABF7158809CF4F3CEF4359D8D580AA4F7F036D6F04FC6A94");
        let cipher = Cipher { key: &key, tweak: Vec::new(), way: Way::Encrypt };
        let numerals = |text: &str| text.bytes().map(|b| u16::from(b - b'0')).collect::<Vec<_>>();
        assert_eq!(cipher.ff1(10, &[], numerals("0123456789")), Some(numerals("6657667009")));
        assert_eq!(
            cipher.ff1(10, &[0x39, 0x38, 0x37, 0x36, 0x35, 0x34, 0x33, 0x32, 0x31, 0x30], numerals("0123456789")),
            Some(numerals("1001623463"))
        );
    }

    fn there_and_back(kind: K, value: &str) -> String {
        let key = key("000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f");
        let hidden = preserve(&key, kind, value, Way::Encrypt).unwrap();
        assert_eq!(preserve(&key, kind, &hidden, Way::Decrypt).as_deref(), Some(value), "{kind} {hidden}");
        assert_eq!(hidden.chars().count(), value.chars().count());
        for (old, new) in value.chars().zip(hidden.chars()) {
            let stays = |f: fn(&char) -> bool| f(&old) == f(&new);
            assert!(stays(char::is_ascii_lowercase) && (stays(char::is_ascii_digit) || new == 'X' || old == 'X'), "{value} {hidden}");
            assert!(old.is_alphanumeric() || old == new, "{value} {hidden}");
        }
        hidden
    }

    #[test]
    fn form_stays_and_the_way_back_is_open() {
        for (kind, value) in [
            (K::Mobile, "138-1234 5678"),
            (K::Mobile, "１３８１２３４５６７８"),
            (K::IdentityNumber, "11010519491231002X"),
            (K::IdentityNumber, "110105194912310021"),
            (K::Passport, "E12345678"),
            (K::Email, "Anna.b-9@Example.com"),
            (K::MacAddress, "00:1a:2b:3c:4d:5e"),
            (K::Iban, "GB82 WEST 1234 5698 7654 32"),
            (K::Name, "zzzzz"),
            (K::Name, "aaaaaaaa"),
        ] {
            assert_ne!(there_and_back(kind, value), value);
        }
        there_and_back(K::Email, &"a1".repeat(MAX_CHARS / 2));
        let check = there_and_back(K::IdentityNumber, "11010519491231002X").pop().unwrap();
        assert!(check.is_ascii_digit() || check == 'X');
        assert_ne!(there_and_back(K::Mobile, "13812345678"), there_and_back(K::Qq, "13812345678"));
    }

    #[test]
    fn small_domains_and_other_scripts_are_refused() {
        let key = key("000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f");
        for value in ["", "12345", "abcd", "张三123456", "京A12345", "1.1.1.1", "①23456789", &"1".repeat(MAX_CHARS + 1)] {
            assert_eq!(preserve(&key, K::Name, value, Way::Encrypt), None, "{value}");
        }
    }

    proptest::proptest! {
        #![proptest_config(proptest::prelude::ProptestConfig::with_cases(64))]
        #[test]
        fn every_value_comes_back(value in "[0-9a-zA-Z -]{8,40}") {
            if value.chars().filter(|&c| c.is_ascii_alphanumeric()).count() >= 6 {
                there_and_back(K::Passport, &value);
            }
        }
    }
}

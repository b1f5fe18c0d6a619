//! Time-based one-time passwords (RFC 6238) as every authenticator app computes them: HMAC-SHA-1, 30 seconds, 6 digits.
//!
//! SHA-1 is sound inside HMAC, and it is the only hash that all apps know. There is no clock here: the time is an argument. A code is good once:
//! [`TotpSecret::verify`] returns the step it belongs to, and the caller refuses a step that is not later than the last one it accepted, and
//! limits the tries (three codes out of a million are right at any time).

use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;
use subtle::{ConditionallySelectable, ConstantTimeEq};
use zeroize::Zeroizing;

use crate::encoding::BASE32;
use crate::random::{NoRandomness, random};

/// Length of a step in seconds (RFC 6238, 5.2).
pub const STEP_S: u64 = 30;
/// Digits of a code; RFC 4226 asks for at least 6, and apps show 6.
pub const DIGITS: usize = 6;
/// Steps before and after the present one that are accepted as well, for clocks that differ and people who type slowly (RFC 6238, 5.2: at most one).
pub const WINDOW_STEPS: u64 = 1;

/// RFC 4226, 4: 160 bits recommended.
const SECRET_BYTES: usize = 20;

/// The secret shared with an authenticator app. Wiped when dropped; it prints nothing. Store it sealed, as a credential.
pub struct TotpSecret(Zeroizing<[u8; SECRET_BYTES]>);

impl TotpSecret {
    /// A fresh secret.
    ///
    /// # Errors
    /// The system gives no random bytes.
    pub fn generate() -> Result<Self, NoRandomness> {
        random().map(Self)
    }

    /// A secret that was stored. `None` unless it has 20 bytes.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(|bytes| Self(Zeroizing::new(bytes)))
    }

    /// The bytes to seal and store.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.0.as_slice()
    }

    /// The secret for typing into an app: 32 characters.
    #[must_use]
    pub fn base32(&self) -> Zeroizing<String> {
        Zeroizing::new(BASE32.encode(self.0.as_slice()))
    }

    /// The `otpauth://` URI that is shown as a QR code. It holds the secret.
    #[must_use]
    pub fn uri(&self, issuer: &str, account: &str) -> Zeroizing<String> {
        let (issuer, account, secret) = (percent(issuer), percent(account), self.base32());
        Zeroizing::new(format!(
            "otpauth://totp/{issuer}:{account}?secret={}&issuer={issuer}&algorithm=SHA1&digits={DIGITS}&period={STEP_S}",
            *secret
        ))
    }

    /// The step a right code belongs to: the one at `unix_s` (seconds since 1970) or a neighbour. `None`: the code is wrong. Takes the same time
    /// for every code.
    #[must_use]
    pub fn verify(&self, code: &str, unix_s: u64) -> Option<u64> {
        let now = unix_s / STEP_S;
        // 0 stands for none; step 0 was in 1970.
        let mut matched = 0;
        for step in now.saturating_sub(WINDOW_STEPS)..=now.saturating_add(WINDOW_STEPS) {
            let Some(expected) = self.code(step) else { continue };
            let right = expected.as_bytes().ct_eq(code.as_bytes());
            matched.conditional_assign(&step, right);
        }
        (matched != 0).then_some(matched)
    }

    /// The code of a step (RFC 4226, 5.3). `None` never happens: HMAC takes keys of any length.
    fn code(&self, step: u64) -> Option<Zeroizing<String>> {
        let number = self.truncated(step)? % 10_u32.pow(DIGITS as u32);
        Some(Zeroizing::new(format!("{number:0width$}", width = DIGITS)))
    }

    fn truncated(&self, step: u64) -> Option<u32> {
        let mut mac = Hmac::<Sha1>::new_from_slice(self.0.as_slice()).ok()?;
        mac.update(&step.to_be_bytes());
        let digest: [u8; 20] = mac.finalize().into_bytes().into();
        let offset = usize::from(digest.last()? & 0xf);
        let four = digest.get(offset..)?.first_chunk()?;
        Some(u32::from_be_bytes(*four) & 0x7fff_ffff)
    }
}

impl fmt::Debug for TotpSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TotpSecret(..)")
    }
}

/// Percent-encoding of everything but RFC 3986's unreserved characters.
fn percent(text: &str) -> String {
    text.bytes().fold(String::new(), |mut encoded, byte| {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => encoded.push(char::from(byte)),
            _ => encoded.push_str(&format!("%{byte:02X}")),
        }
        encoded
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret() -> TotpSecret {
        TotpSecret::from_bytes(b"12345678901234567890").unwrap()
    }

    /// RFC 6238, appendix B, SHA-1: eight digits, of which six-digit codes are the last six.
    #[test]
    fn vectors_of_rfc_6238() {
        let cases = [
            (59, 94_287_082),
            (1_111_111_109, 7_081_804),
            (1_111_111_111, 14_050_471),
            (1_234_567_890, 89_005_924),
            (2_000_000_000, 69_279_037),
            (20_000_000_000, 65_353_130),
        ];
        for (unix_s, eight_digits) in cases {
            assert_eq!(secret().truncated(unix_s / STEP_S).unwrap() % 100_000_000, eight_digits);
            let code = format!("{:06}", eight_digits % 1_000_000);
            assert_eq!(secret().verify(&code, unix_s), Some(unix_s / STEP_S));
        }
    }

    #[test]
    fn a_code_is_good_in_its_step_and_the_two_beside_it() {
        let step = 50_000_000;
        let code = secret().code(step).unwrap();
        for (at, expected) in [(step - 2, None), (step - 1, Some(step)), (step, Some(step)), (step + 1, Some(step)), (step + 2, None)] {
            assert_eq!(secret().verify(&code, at * STEP_S + 29), expected);
        }
        for wrong in ["", "000000", code.get(1..).unwrap(), &format!("{}0", *code), "１２３４５６"] {
            assert_eq!(secret().verify(wrong, step * STEP_S), None);
        }
        assert_eq!(secret().verify("000000", u64::MAX), None);
    }

    #[test]
    fn the_uri_is_what_apps_read() {
        let uri = secret().uri("规矩 Co", "li@example.com");
        let expected = "otpauth://totp/%E8%A7%84%E7%9F%A9%20Co:li%40example.com?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&\
                        issuer=%E8%A7%84%E7%9F%A9%20Co&algorithm=SHA1&digits=6&period=30";
        assert_eq!(uri.as_str(), expected);
    }

    #[test]
    fn it_is_stored_and_read_again_and_prints_nothing() {
        let secret = TotpSecret::generate().unwrap();
        let again = TotpSecret::from_bytes(secret.as_bytes()).unwrap();
        assert_eq!(again.base32(), secret.base32());
        assert_eq!(format!("{secret:?}"), "TotpSecret(..)");
        assert!(TotpSecret::from_bytes(b"short").is_none());
    }
}

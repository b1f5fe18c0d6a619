//! The user from a signed header: `X-Guiju-User: v1.KEY.TIME.NAME.MAC`. Format: `docs/formats/gateway.md`.
//!
//! A backend that asks for its users signs whom it asks for, so that a part of it that only has the client key (a browser's own code, a plug-in) cannot name
//! somebody else, or nobody. Invariant: a header that is there and does not verify is an error, never a request without a user.
//!
//! It says who and when, not what: within `skew_s` whoever holds the client key and has seen a header can use it for another request.

use std::path::PathBuf;

use axum::http::HeaderMap;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use serde::Deserialize;
use sha2::Sha256;
use subtle::ConstantTimeEq;

use crate::ask;
use crate::config::ConfigError;
use crate::problem::Problem;
use crate::setting::is_plain;

/// The header.
const HEADER: &str = "x-guiju-user";

/// Fewest bytes of a secret: as many as the MAC has (RFC 2104, section 3).
const MIN_SECRET_BYTES: usize = 32;

/// Most keys: the old and the new one of a handful of backends.
const MAX_KEYS: usize = 16;

/// Longest time a signature may be old or ahead, in seconds: an hour is no skew of clocks any more.
const MAX_SKEW_S: u64 = 3_600;

/// Which signatures are taken.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignedUser {
    /// Whether only this header names a user; the fields of the body are then not read.
    #[serde(default)]
    pub required: bool,
    /// How old or how far ahead a signature may be, in seconds.
    #[serde(default = "skew")]
    pub skew_s: u64,
    /// The keys, by name.
    #[serde(rename = "key")]
    pub keys: Vec<SignedUserKey>,
}

/// A key with which a backend signs.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignedUserKey {
    /// Its name, as the header has it.
    pub id: String,
    /// The environment variable with the secret: 32 bytes or more in hexadecimal.
    #[serde(default)]
    pub secret_env: Option<String>,
    /// Or the file with it.
    #[serde(default)]
    pub secret_file: Option<PathBuf>,
}

const fn skew() -> u64 {
    // Clocks that are kept by NTP are within a second; those of machines that just woke up, within minutes.
    300
}

/// Verifies the header.
pub(crate) struct Signatures {
    required: bool,
    skew_s: u64,
    keys: Vec<(String, Hmac<Sha256>)>,
}

impl Signatures {
    /// The keys of a set-up, their secrets read. Without any, a header is refused.
    pub(crate) fn of(config: Option<&SignedUser>) -> Result<Self, ConfigError> {
        let Some(config) = config else { return Ok(Self { required: false, skew_s: 0, keys: Vec::new() }) };
        let bad = |what: String| ConfigError(format!("[signed_user]: {what}"));
        if !(1..=MAX_SKEW_S).contains(&config.skew_s) {
            return Err(bad(format!("`skew_s` is 1 to {MAX_SKEW_S} seconds")));
        }
        if config.keys.is_empty() || config.keys.len() > MAX_KEYS {
            return Err(bad(format!("there are 1 to {MAX_KEYS} `[[signed_user.key]]`")));
        }
        let mut keys: Vec<(String, Hmac<Sha256>)> = Vec::new();
        for key in &config.keys {
            let wrong = |what: &str| bad(format!("the key '{}' {what}", key.id));
            if !is_plain(&key.id) || key.id.contains('.') || keys.iter().any(|(id, _)| *id == key.id) {
                return Err(wrong("needs a name of its own, of a-z, 0-9, `-` and `_`"));
            }
            let secret = secret(key).map_err(|what| wrong(&what))?;
            let mac = Hmac::new_from_slice(&secret).map_err(|_| wrong("cannot be used"))?;
            keys.push((key.id.clone(), mac));
        }
        Ok(Self { required: config.required, skew_s: config.skew_s, keys })
    }

    /// For whom is asked: the header goes before what the body says.
    pub(crate) fn user(&self, headers: &HeaderMap, of_body: Option<String>, now_ms: i64) -> Result<Option<String>, Problem> {
        let wrong = |what: &str| Problem::new(401, "user_signature_wrong", format!("X-Guiju-User: {what}"));
        let mut all = headers.get_all(HEADER).iter();
        let header = match (all.next(), all.next()) {
            (None, _) => return Ok(of_body.filter(|_| !self.required)),
            (Some(header), None) => header.to_str().map_err(|_| wrong("it has signs that no signature has"))?,
            (Some(_), Some(_)) => return Err(wrong("it stands there twice")),
        };
        let form = || wrong("it must be v1.KEY.TIME.NAME.MAC (docs/formats/gateway.md)");
        let (signed, mac) = header.rsplit_once('.').ok_or_else(form)?;
        let [version, id, time, name]: [&str; 4] = signed.split('.').collect::<Vec<_>>().try_into().map_err(|_| form())?;
        let (time, mac): (i64, _) = (time.parse().map_err(|_| form())?, hex(mac).ok_or_else(form)?);
        if version != "v1" {
            return Err(form());
        }
        // Of an unknown key and of a wrong MAC the same is said.
        let key = self.keys.iter().find(|(known, _)| known == id);
        let verifies = key.is_some_and(|(_, key)| {
            let right = key.clone().chain_update(signed).finalize().into_bytes();
            right.as_slice().ct_eq(&mac).into()
        });
        if !verifies {
            return Err(wrong("it does not verify; the gateway knows no such key, or something else was signed"));
        }
        if time.saturating_sub(now_ms.div_euclid(1_000)).unsigned_abs() > self.skew_s {
            let what = format!("X-Guiju-User: it was signed more than {} s before or after the gateway's time; sign anew", self.skew_s);
            return Err(Problem::new(401, "user_signature_expired", what));
        }
        let name = URL_SAFE_NO_PAD.decode(name).ok().and_then(|name| String::from_utf8(name).ok()).ok_or_else(form)?;
        ask::is_name(&name).map_err(|what| wrong(&format!("the name {what}")))?;
        if name.is_empty() { Err(wrong("it names nobody")) } else { Ok(Some(name)) }
    }
}

/// The secret of a key. What is wrong is said, never what was given.
fn secret(key: &SignedUserKey) -> Result<Vec<u8>, String> {
    let text = match (&key.secret_env, &key.secret_file) {
        (Some(variable), None) => std::env::var(variable).map_err(|_| format!("is to come from {variable}, which is not set"))?,
        (None, Some(path)) => std::fs::read_to_string(path).map_err(|error| format!("cannot be read from {}: {error}", path.display()))?,
        _ => return Err("names `secret_env` or `secret_file`, one of them".to_owned()),
    };
    let wanted = || format!("has no secret of {MIN_SECRET_BYTES} bytes or more in hexadecimal (`openssl rand -hex 32` makes one)");
    let bytes = hex(text.trim()).filter(|bytes| bytes.len() >= MIN_SECRET_BYTES).ok_or_else(wanted)?;
    let is_placeholder = bytes.iter().all(|byte| Some(byte) == bytes.first());
    if is_placeholder { Err("has a secret of one byte repeated, which is a placeholder".to_owned()) } else { Ok(bytes) }
}

fn hex(text: &str) -> Option<Vec<u8>> {
    let digits: Vec<u8> = text.chars().map(|c| c.to_digit(16).and_then(|digit| u8::try_from(digit).ok())).collect::<Option<_>>()?;
    let pair = |pair: &[u8]| match pair {
        [high, low] => Some(high << 4 | low),
        _ => None,
    };
    digits.chunks(2).map(pair).collect()
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderName, HeaderValue};

    use super::*;

    /// The example of docs/formats/gateway.md, made with Python's `hmac` and `base64`.
    const EXAMPLE: &str = "v1.web.1800000000.5byg5LiJ.f55d3b39d546dee0738c0807ae800c7624a4a79af511ef4349ded24a5953fe6b";
    const NOW_MS: i64 = 1_800_000_000_000;

    fn signatures(required: bool) -> Signatures {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n").unwrap();
        let key = SignedUserKey { id: "web".to_owned(), secret_env: None, secret_file: Some(file.path().to_owned()) };
        Signatures::of(Some(&SignedUser { required, skew_s: 300, keys: vec![key] })).unwrap()
    }

    fn headers(texts: &[&str]) -> HeaderMap {
        texts.iter().map(|text| (HeaderName::from_static(HEADER), text.parse::<HeaderValue>().unwrap())).fold(
            HeaderMap::new(),
            |mut headers, (name, value)| {
                headers.append(name, value);
                headers
            },
        )
    }

    fn user(signatures: &Signatures, header: Option<&str>, now_ms: i64) -> Result<Option<String>, &'static str> {
        signatures.user(&headers(header.as_slice()), Some("body".to_owned()), now_ms).map_err(|problem| problem.code)
    }

    #[test]
    fn a_signature_names_the_user_within_its_time() {
        let all = signatures(false);
        assert_eq!(user(&all, Some(EXAMPLE), NOW_MS), Ok(Some("张三".to_owned())));
        assert_eq!(user(&all, Some(EXAMPLE), NOW_MS - 300_000), Ok(Some("张三".to_owned())));
        assert_eq!(user(&all, Some(EXAMPLE), NOW_MS - 301_000), Err("user_signature_expired"));
        assert_eq!(user(&all, Some(EXAMPLE), NOW_MS + 301_000), Err("user_signature_expired"));
        assert_eq!(user(&all, None, NOW_MS), Ok(Some("body".to_owned())));
        assert_eq!(user(&signatures(true), None, NOW_MS), Ok(None), "the body's word does not count");
        assert_eq!(user(&Signatures::of(None).unwrap(), Some(EXAMPLE), NOW_MS), Err("user_signature_wrong"));
    }

    #[test]
    fn whatever_is_changed_does_not_verify() {
        let all = signatures(false);
        for at in 0..EXAMPLE.len() {
            let mut bytes = EXAMPLE.as_bytes().to_vec();
            bytes[at] ^= 1;
            let header = String::from_utf8(bytes).unwrap();
            assert_eq!(user(&all, Some(&header), NOW_MS), Err("user_signature_wrong"), "{header}");
        }
        for header in ["", "v1", "v1.web.1.2", "v1.web.1.2.3", "....", "v1.web.1800000000.5byg5LiJ."] {
            assert_eq!(user(&all, Some(header), NOW_MS), Err("user_signature_wrong"), "{header}");
        }
        let twice = all.user(&headers(&[EXAMPLE, EXAMPLE]), None, NOW_MS);
        assert_eq!(twice.unwrap_err().code, "user_signature_wrong");
    }

    #[test]
    fn a_set_up_without_a_secret_does_not_start() {
        let key = |id: &str, env: Option<&str>| SignedUserKey { id: id.to_owned(), secret_env: env.map(str::to_owned), secret_file: None };
        for (keys, skew_s, says) in [
            (vec![], 300, "1 to 16"),
            (vec![key("a", None)], 300, "one of them"),
            (vec![key("a", Some("GUIJU_NOT_SET"))], 300, "not set"),
            (vec![key("a.b", Some("PATH"))], 300, "name of its own"),
            (vec![key("a", Some("PATH"))], 300, "hexadecimal"),
            (vec![key("a", Some("PATH"))], 0, "skew_s"),
        ] {
            let error = Signatures::of(Some(&SignedUser { required: false, skew_s, keys })).err().unwrap();
            assert!(error.to_string().contains(says), "{error}");
        }
    }
}

//! The root key in HashiCorp Vault or OpenBao: its Transit engine encrypts and decrypts, and the root key never leaves it.
//!
//! API: `encrypt`, `decrypt` and `rewrap` of the Transit secrets engine, mounted at `transit/`. The token needs `update` on these three paths of the
//! one key, and nothing else. This crate has no HTTP client; the app lends one. The context is sent as the engine's own, which a key that was made
//! with `derived=true` needs and any other ignores; so it is bound in once more, by a digest before the key, whatever the engine does with it.

use std::fmt;

use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::{Root, RootError};
use crate::digest::sha256;
use crate::encoding::BASE64;

/// Longest answer that is read; one with a key in it has some hundred bytes.
const MAX_REPLY_BYTES: usize = 64 << 10;
/// How much of an unexpected answer goes into a message.
const MAX_REASON_CHARS: usize = 200;
/// How everything Transit encrypts begins; the version of the key and a colon follow.
const PREFIX: &str = "vault:v";

/// Posts JSON and waits for the answer. Whoever implements it verifies the server's certificate, sets a limit of time, stops reading at 64 KiB,
/// and follows no redirect, which would carry the token elsewhere.
pub trait Http: Send + Sync {
    /// Posts `body` as `application/json` with the token in `X-Vault-Token`; returns the status and the body of the answer.
    ///
    /// # Errors
    /// There was no answer; the text says why.
    fn post(&self, url: &str, token: &str, body: &str) -> Result<(u16, String), String>;
}

/// A root kept by Transit. It prints neither token nor keys.
pub struct Transit<H> {
    address: String,
    key: String,
    token: Zeroizing<String>,
    http: H,
}

impl<H: Http> Transit<H> {
    /// `address` is the server's, such as `https://vault.example:8200`; `key` the name of the Transit key.
    ///
    /// # Errors
    /// The address is neither `https` nor this machine's, or the key's name or the token holds characters it cannot have.
    pub fn new(address: &str, key: &str, token: Zeroizing<String>, http: H) -> Result<Self, RootError> {
        let address = address.trim_end_matches('/');
        if !is_safe(address) {
            return Err(RootError::Setting(
                "the address begins with https://, or with http:// for this machine alone: the token travels with each request",
            ));
        }
        if key.is_empty() || !key.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.')) || key.starts_with('.') {
            return Err(RootError::Setting("the name of a Transit key has letters, digits, '-', '_' and '.'"));
        }
        if token.is_empty() || !token.bytes().all(|b| b.is_ascii_graphic()) {
            return Err(RootError::Setting("the token is empty, or holds a space or a line end"));
        }
        Ok(Self { address: address.to_owned(), key: key.to_owned(), token, http })
    }

    /// Encrypts a wrapped key anew with the newest version of the Transit key, which never shows it here. After that old versions may be retired.
    ///
    /// # Errors
    /// As [`Root::unwrap`].
    pub fn rewrap(&self, wrapped: &[u8], context: &[u8]) -> Result<Vec<u8>, RootError> {
        let ciphertext = ciphertext(wrapped)?;
        let reply = self.ask("rewrap", "ciphertext", ciphertext, context)?;
        self.wrapped(&reply)
    }

    fn ask(&self, verb: &str, field: &str, value: &str, context: &[u8]) -> Result<Zeroizing<String>, RootError> {
        let url = format!("{}/v1/transit/{verb}/{}", self.address, self.key);
        // Nothing here needs escaping: base64, and ciphertexts that were checked.
        let body = Zeroizing::new(format!(r#"{{"{field}":"{value}","context":"{}"}}"#, padded(context).as_str()));
        let answer = self.http.post(&url, &self.token, &body);
        let (status, reply) = answer.map_err(|e| RootError::Unreachable { root: self.name(), reason: self.shown(&e) })?;
        let reply = Zeroizing::new(reply);
        match status {
            200 if reply.len() <= MAX_REPLY_BYTES => Ok(reply),
            200 => Err(self.answer(status, "the answer is too long")),
            // What Vault says to a ciphertext that it did not make, or made in another context.
            400 if verb != "encrypt" && ["authentication failed", "invalid ciphertext"].iter().any(|words| reply.contains(words)) => {
                Err(RootError::Refused)
            }
            _ => Err(self.answer(status, &reply)),
        }
    }

    fn wrapped(&self, reply: &str) -> Result<Vec<u8>, RootError> {
        let text = string_of(reply, "ciphertext").ok_or_else(|| self.answer(200, "there is no ciphertext in the answer"))?;
        ciphertext(text.as_bytes())
            .map(|text| text.as_bytes().to_vec())
            .map_err(|_| self.answer(200, "the ciphertext in the answer is none of Transit's"))
    }

    fn answer(&self, status: u16, reason: &str) -> RootError {
        RootError::Answer { root: self.name(), status, reason: self.shown(reason) }
    }

    /// Fit for a message: short, on one line, and without the token, should anything on the way have repeated it.
    fn shown(&self, text: &str) -> String {
        let text = text.replace(self.token.as_str(), "(token)");
        text.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(MAX_REASON_CHARS).collect()
    }
}

impl<H: Http> Root for Transit<H> {
    fn name(&self) -> String {
        format!("Transit key {} at {}", self.key, self.address)
    }

    fn wrap(&self, key: &[u8], context: &[u8]) -> Result<Vec<u8>, RootError> {
        let plain = Zeroizing::new([sha256(context).as_slice(), key].concat());
        let reply = self.ask("encrypt", "plaintext", &padded(&plain), context)?;
        self.wrapped(&reply)
    }

    fn unwrap(&self, wrapped: &[u8], context: &[u8]) -> Result<Zeroizing<Vec<u8>>, RootError> {
        let reply = self.ask("decrypt", "ciphertext", ciphertext(wrapped)?, context)?;
        let text = string_of(&reply, "plaintext").ok_or_else(|| self.answer(200, "there is no plaintext in the answer"))?;
        let plain =
            BASE64.decode(text.trim_end_matches('=')).ok_or_else(|| self.answer(200, "the plaintext in the answer is not base64"))?;
        let (bound, key) = plain.split_first_chunk::<32>().ok_or(RootError::Refused)?;
        if bool::from(bound.ct_eq(&sha256(context))) { Ok(Zeroizing::new(key.to_vec())) } else { Err(RootError::Refused) }
    }

    /// Encrypts and decrypts something worthless: nothing less shows that server, token and key all work.
    fn health(&self) -> Result<(), RootError> {
        let (text, context) = (b"health", b"guiju health");
        let back = self.unwrap(&self.wrap(text, context)?, context)?;
        if back.as_slice() == text { Ok(()) } else { Err(RootError::Refused) }
    }
}

impl<H> fmt::Debug for Transit<H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Transit").field("address", &self.address).field("key", &self.key).finish_non_exhaustive()
    }
}

/// Whether a token may travel to this address.
fn is_safe(address: &str) -> bool {
    let plain = !address.bytes().any(|b| b.is_ascii_whitespace() || b.is_ascii_control() || matches!(b, b'?' | b'#' | b'@'));
    let host = |rest: &str| rest.split([':', '/']).next().unwrap_or_default().to_owned();
    let local = |rest: &str| rest.starts_with("[::1]") || ["localhost", "127.0.0.1"].contains(&host(rest).as_str());
    plain && (address.strip_prefix("https://").is_some_and(|rest| !rest.is_empty()) || address.strip_prefix("http://").is_some_and(local))
}

/// Base64 with its padding, as the API has it.
fn padded(bytes: &[u8]) -> Zeroizing<String> {
    let text = Zeroizing::new(BASE64.encode(bytes));
    let length = text.len().next_multiple_of(4);
    Zeroizing::new(format!("{:=<length$}", text.as_str()))
}

/// The text of a wrapped key, if it is one: `vault:v`, a number, a colon, base64. Anything else is not sent anywhere.
fn ciphertext(wrapped: &[u8]) -> Result<&str, RootError> {
    let parts = |text: &str| -> Option<()> {
        let (version, data) = text.strip_prefix(PREFIX)?.split_once(':')?;
        let digits = !version.is_empty() && version.bytes().all(|b| b.is_ascii_digit());
        let base64 = !data.is_empty() && data.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'='));
        (digits && base64).then_some(())
    };
    std::str::from_utf8(wrapped).ok().filter(|text| parts(text).is_some()).ok_or(RootError::Refused)
}

/// The string a JSON text holds under a name, if it needs no unescaping. Not a JSON reader: base64 and ciphertexts are never escaped, and within a
/// string the quotes of `"name"` would be, so the first that is found with a colon behind is the field; what it holds is checked by the caller.
fn string_of<'a>(json: &'a str, name: &str) -> Option<&'a str> {
    let quoted = format!("\"{name}\"");
    json.match_indices(&quoted).find_map(|(at, _)| {
        let rest = json.get(at + quoted.len()..)?.trim_start().strip_prefix(':')?.trim_start().strip_prefix('"')?;
        rest.split_once('"').map(|(value, _)| value).filter(|value| !value.contains('\\'))
    })
}

#[cfg(test)]
mod stand_in;
#[cfg(test)]
mod tests;

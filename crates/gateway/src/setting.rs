//! Reading a settings file: TOML in, a typed value or an error with its line out.
//!
//! Every file of the gateway that people write goes through here, so that each of them refuses unknown fields and names the line in the same words. An
//! error does not quote the line, as TOML's own does: somebody will have put a key there. It names the field or word it does not know.

use std::ops::Range;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use sha2::{Digest, Sha256};

/// Longest settings file: 256 KiB, what the store keeps of one (`PolicyVersion::body`).
pub const MAX_SETTING_BYTES: usize = 256 << 10;

/// A settings file is not as its format says.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what}, line {line}: {message}")]
pub struct SettingError {
    /// Which file: `policy`, `strikes`, `minors`, `canned`, `moderation`.
    pub what: &'static str,
    /// Its line, from 1.
    pub line: usize,
    /// What is wrong and what to do.
    pub message: String,
}

/// A settings file while it is read.
#[derive(Clone, Copy)]
pub(crate) struct Source<'a> {
    what: &'static str,
    text: &'a str,
}

impl<'a> Source<'a> {
    pub(crate) const fn new(what: &'static str, text: &'a str) -> Self {
        Self { what, text }
    }

    /// An error at a byte range of the file.
    pub(crate) fn error(self, at: Range<usize>, message: impl Into<String>) -> SettingError {
        let before = self.text.get(..at.start).unwrap_or_default();
        SettingError { what: self.what, line: before.matches('\n').count() + 1, message: message.into() }
    }

    pub(crate) fn read<T: DeserializeOwned>(self) -> Result<T, SettingError> {
        if self.text.len() > MAX_SETTING_BYTES {
            return Err(self.error(0..0, format!("the file has {} bytes, the limit is {MAX_SETTING_BYTES}", self.text.len())));
        }
        toml::from_str(self.text).map_err(|error| self.error(error.span().unwrap_or_default(), error.message()))
    }

    /// Where words first stand in the file, for what is wrong with more than one value; its beginning if they do not.
    pub(crate) fn find(self, words: &str) -> Range<usize> {
        let at = self.text.find(words).unwrap_or(0);
        at..at
    }

    /// SHA-256 of the file, in hexadecimal.
    pub(crate) fn digest(self) -> String {
        Sha256::digest(self.text).iter().map(|b| format!("{b:02x}")).collect()
    }
}

/// A number with its bounds, for `deserialize_with`: the error then has the line of the number.
pub(crate) fn within<'de, D: Deserializer<'de>, const LEAST: u32, const MOST: u32>(deserializer: D) -> Result<u32, D::Error> {
    let number = u32::deserialize(deserializer)?;
    if (LEAST..=MOST).contains(&number) {
        return Ok(number);
    }
    Err(serde::de::Error::custom(format!("{number} is not within {LEAST} to {MOST}")))
}

/// The version of a format this program reads: 1.
pub(crate) fn format_one<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
    match u32::deserialize(deserializer)? {
        1 => Ok(1),
        other => Err(serde::de::Error::custom(format!("format {other} is not known to this version, which reads format 1"))),
    }
}

/// A name that stands in entries and headers: 1 to 64 of a-z, 0-9, `-`, `_`, `.`.
pub(crate) fn plain_name<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let name = String::deserialize(deserializer)?;
    if is_plain(&name) {
        return Ok(name);
    }
    Err(serde::de::Error::custom("a name is 1 to 64 of a-z, 0-9, `-`, `_` and `.`"))
}

pub(crate) fn is_plain(name: &str) -> bool {
    let ok = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'-' | b'_' | b'.');
    (1..=64).contains(&name.len()) && name.bytes().all(ok)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Probe {
        #[serde(deserialize_with = "format_one")]
        format: u32,
        #[serde(deserialize_with = "plain_name")]
        name: String,
        #[serde(deserialize_with = "within::<_, 1, 10>")]
        count: u32,
    }

    fn read(text: &str) -> Result<Probe, SettingError> {
        Source::new("probe", text).read()
    }

    #[test]
    fn what_is_right_is_read() {
        let probe = read("format = 1\nname = \"a-1\"\ncount = 10").unwrap();
        assert_eq!((probe.format, probe.name.as_str(), probe.count), (1, "a-1", 10));
    }

    #[test]
    fn an_error_names_line_and_reason_and_does_not_quote() {
        for (text, line, says) in [
            ("format = 2\nname = \"a\"\ncount = 1", 1, "format 2"),
            ("format = 1\nname = \"A b\"\ncount = 1", 2, "1 to 64"),
            ("format = 1\nname = \"a\"\n\ncount = 11", 4, "within 1 to 10"),
            ("format = 1\nname = \"a\"\ncount = 1\nkey = \"sk-secret\"", 4, "unknown field `key`"),
            ("format = 1\nname = \"sk-secret", 2, ""),
        ] {
            let error = read(text).unwrap_err();
            assert!(error.line == line && error.message.contains(says), "{text}: {error}");
            assert!(!error.to_string().contains("sk-secret"), "{error}");
        }
        assert!(read(&" ".repeat(MAX_SETTING_BYTES + 1)).unwrap_err().message.contains("limit"));
    }
}

//! The name of a source.

use std::fmt;
use std::str::FromStr;

/// Longest name, in bytes: it stands in names of files and in lines of a list.
const MAX_NAME: usize = 64;

/// The name of a source, unique in its tenant: 1 to 64 lower-case letters, digits and hyphens, beginning with a letter or digit.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
pub struct SourceName(String);

impl SourceName {
    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub(super) fn text(&self) -> String {
        self.0.clone()
    }
}

impl FromStr for SourceName {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let sign = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        if name.is_empty() || name.len() > MAX_NAME || name.starts_with('-') || !name.bytes().all(sign) {
            return Err(format!(
                "the name of a source has 1 to {MAX_NAME} lower-case letters, digits and hyphens, and begins with no hyphen; {name:?} does not fit"
            ));
        }
        Ok(Self(name.to_owned()))
    }
}

impl fmt::Display for SourceName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_slugs() {
        for good in ["web-2026", "a", "7", &"a".repeat(64)] {
            assert_eq!(good.parse::<SourceName>().unwrap().to_string(), good);
        }
        for wrong in ["", "-a", "Web", "a b", "网页", "a/b", "a.b", &"a".repeat(65)] {
            assert!(wrong.parse::<SourceName>().is_err(), "{wrong}");
        }
    }
}

//! The name of a version: `NAME@VERSION`.

use std::fmt;
use std::str::FromStr;

/// Longest name: that of a repository at a hub, with its owner, has at most 96 signs.
const MAX_NAME: usize = 96;
/// Longest version: a digest in hexadecimal digits fits.
const MAX_VERSION: usize = 64;

/// A version of a model or a training run, `NAME@VERSION`. A name has 1 to 96 letters, digits and `. _ - /`, a version 1 to 64 letters, digits and `. _ - +`;
/// both begin with a letter or digit.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ModelId {
    name: String,
    version: String,
}

impl ModelId {
    /// Puts a name and a version together.
    ///
    /// # Errors
    /// One of them is no name or no version; says what is one.
    pub fn new(name: &str, version: &str) -> Result<Self, String> {
        Ok(Self { name: word("name", name, MAX_NAME, b"._-/")?, version: word("version", version, MAX_VERSION, b"._-+")? })
    }

    /// The name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The version.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.version
    }
}

fn word(what: &str, text: &str, most: usize, signs: &[u8]) -> Result<String, String> {
    let fits = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || signs.contains(&byte));
    let begins = text.bytes().next().is_some_and(|byte| byte.is_ascii_alphanumeric());
    if begins && fits && text.len() <= most {
        return Ok(text.to_owned());
    }
    let signs: Vec<String> = signs.iter().map(|byte| char::from(*byte).to_string()).collect();
    Err(format!(
        "a {what} has 1 to {most} letters, digits and {}, and begins with a letter or digit; {text:?} does not fit",
        signs.join(" ")
    ))
}

impl FromStr for ModelId {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, version) = text.split_once('@').ok_or_else(|| format!("{text:?} is not NAME@VERSION"))?;
        Self::new(name, version)
    }
}

impl fmt::Display for ModelId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.name, self.version)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_read_back_and_others_are_refused() {
        for text in ["qwen@1", "Qwen/Qwen2.5-7B@2026-01+a", &format!("{}@{}", "n".repeat(96), "v".repeat(64))] {
            assert_eq!(text.parse::<ModelId>().unwrap().to_string(), text);
        }
        for text in ["qwen", "@1", "qwen@", "a@b@c", "-x@1", "x@-1", "a b@1", "模型@1", "../x@1", &format!("{}@1", "n".repeat(97))] {
            assert!(text.parse::<ModelId>().is_err(), "{text}");
        }
    }
}

//! What is to be done with which kind of personal information: the policy, read from TOML.
//!
//! ```toml
//! default = "mask"
//! language = "zh"                    # of the labels that `replace` writes
//! [kinds]
//! mobile = "pseudonym"
//! bank-card = "drop"
//! [mask]
//! mobile = { first = 3, last = 4 }   # how many characters stay
//! ```
//!
//! A policy holds no key: an unknown field is an error, and the error does not repeat what stands there.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};
use taxonomy::{Lang, PersonalKind};

/// What is done with a span.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Operator {
    /// Some characters stay, the others become `*`. Not reversible.
    #[default]
    Mask,
    /// A label stands instead: `[手机号]`, `[mobile]`. Not reversible.
    Replace,
    /// A token stands instead, the same for the same value under one key: `<mobile:K7Q2M9XXXXXXXXXX>`. Not reversible, not even with the
    /// key, but who has the key can test a guess.
    Pseudonym,
    /// The salted SHA-256 stands instead. **Who has the salt can try all values**: there are ten billion mobile numbers at most, which is
    /// minutes of work; without a salt anybody could, so a salt is required. Choose it only to compare with another system that hashes
    /// the same way; otherwise choose `pseudonym`.
    Hash,
    /// Digits become other digits, letters other letters (FF1, NIST SP 800-38G), separators stay. Reversible with the key.
    Preserve,
    /// Nothing stands instead.
    Drop,
    /// Left as it is, and marks of this kind take no part in overlaps.
    Keep,
}

impl fmt::Display for Operator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Mask => "mask",
            Self::Replace => "replace",
            Self::Pseudonym => "pseudonym",
            Self::Hash => "hash",
            Self::Preserve => "preserve",
            Self::Drop => "drop",
            Self::Keep => "keep",
        })
    }
}

/// How many characters a mask leaves at the two ends; separators are not counted and always stay. Whatever is asked, a third of the
/// characters at least is hidden: a rule for eleven digits must not lay open a value of seven.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Keep {
    /// From the front.
    #[serde(default)]
    pub first: usize,
    /// From the back.
    #[serde(default)]
    pub last: usize,
}

/// Which operator for which kind.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    /// For kinds that `kinds` does not name.
    #[serde(default)]
    pub default: Operator,
    /// Language of labels.
    #[serde(default = "chinese")]
    pub language: Lang,
    /// By kind.
    #[serde(default)]
    pub kinds: BTreeMap<PersonalKind, Operator>,
    /// Masks that differ from the built-in ones.
    #[serde(default)]
    pub mask: BTreeMap<PersonalKind, Keep>,
}

/// A policy that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("redaction policy, line {line}: {message}")]
pub struct PolicyError {
    /// Its line, from 1.
    pub line: usize,
    /// What is wrong.
    pub message: String,
}

impl Default for Policy {
    fn default() -> Self {
        Self { default: Operator::Mask, language: Lang::Zh, kinds: BTreeMap::new(), mask: BTreeMap::new() }
    }
}

impl Policy {
    /// Reads a policy.
    ///
    /// # Errors
    /// It is no TOML, or holds a field, a kind or an operator that is not known.
    pub fn from_toml(text: &str) -> Result<Self, PolicyError> {
        // Not the error's Display: that quotes the line, and somebody will have put a key there.
        toml::from_str(text).map_err(|error| {
            let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
            let message = error.message();
            let hint = if message.contains("unknown field") { "; a key or salt never stands in a policy" } else { "" };
            PolicyError { line: before.matches('\n').count() + 1, message: format!("{message}{hint}") }
        })
    }

    /// The operator for a kind.
    #[must_use]
    pub fn operator(&self, kind: PersonalKind) -> Operator {
        self.kinds.get(&kind).copied().unwrap_or(self.default)
    }

    /// The mask for a kind.
    #[must_use]
    pub fn keep(&self, kind: PersonalKind) -> Keep {
        self.mask.get(&kind).copied().unwrap_or_else(|| usual(kind))
    }

    /// All operators that this policy can come to use.
    pub(super) fn operators(&self) -> impl Iterator<Item = Operator> {
        self.kinds.values().copied().chain([self.default])
    }
}

const fn chinese() -> Lang {
    Lang::Zh
}

/// What Chinese practice leaves readable: 138****5678, 张*, the last four of a card. Sensitive kinds (PIPL article 28) leave less: an
/// identity number shows its province and its last two, not the six and four that let a person be found; health and belief show nothing.
const fn usual(kind: PersonalKind) -> Keep {
    use PersonalKind as K;
    let (first, last) = match kind {
        K::IdentityNumber | K::SocialSecurity | K::DrivingLicence => (3, 2),
        K::Passport | K::HkMacaoPermit | K::TaiwanPermit => (1, 2),
        K::OfficerCard => (0, 2),
        K::Mobile => (3, 4),
        K::Landline | K::BankCard | K::UsSsn => (0, 4),
        K::Iban | K::CreditCode => (2, 4),
        K::VehiclePlate | K::Qq => (2, 2),
        K::Vin => (3, 4),
        // Of the local part; the domain stays.
        K::Email | K::Name => (1, 0),
        K::IpAddress => (3, 0),
        // The maker's half (IEEE 802: OUI), not the device's.
        K::MacAddress => (6, 0),
        K::Wechat => (1, 1),
        // 北京市朝阳区: province or city and district.
        K::Address => (6, 0),
        // The year.
        K::BirthDate => (4, 0),
        K::GpsPosition | K::Health | K::Biometric | K::Belief | K::Under14 => (0, 0),
    };
    Keep { first, last }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_of_the_manual_is_read() {
        let policy = Policy::from_toml(
            "default = \"mask\"\nlanguage = \"en\"\n[kinds]\nmobile = \"pseudonym\"\nbank-card = \"drop\"\n[mask]\nname = { first = 2 }\n",
        )
        .unwrap();
        assert_eq!(policy.operator(PersonalKind::Mobile), Operator::Pseudonym);
        assert_eq!(policy.operator(PersonalKind::BankCard), Operator::Drop);
        assert_eq!(policy.operator(PersonalKind::Email), Operator::Mask);
        assert_eq!(policy.keep(PersonalKind::Name), Keep { first: 2, last: 0 });
        assert_eq!(policy.keep(PersonalKind::Mobile), Keep { first: 3, last: 4 });
        assert_eq!(Policy::from_toml("").unwrap(), Policy::default());
    }

    #[test]
    fn errors_name_the_line_and_repeat_no_key() {
        let secret = "00112233445566778899aabbccddeeff";
        let error = Policy::from_toml(&format!("default = \"mask\"\nkey = \"{secret}\"\n")).unwrap_err();
        assert_eq!(error.line, 2);
        assert!(error.to_string().contains("never stands in a policy") && !format!("{error:?}{error}").contains(secret));
        let kind = Policy::from_toml("[kinds]\n\nmobil = \"mask\"").unwrap_err();
        assert!(kind.line == 3 && kind.message.contains("'mobil' is not a known kind"), "{kind}");
        assert!(Policy::from_toml("default = \"shred\"").unwrap_err().message.contains("unknown variant"));
        assert!(Policy::from_toml("[mask]\nname = { first = -1 }").is_err());
    }

    #[test]
    fn an_operator_is_written_as_it_is_read() {
        for op in ["mask", "replace", "pseudonym", "hash", "preserve", "drop", "keep"] {
            assert_eq!(Policy::from_toml(&format!("default = \"{op}\"")).unwrap().default.to_string(), op);
        }
    }
}

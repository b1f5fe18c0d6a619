//! Which cipher suite seals what, and which are no longer opened: the part of the cryptography that is configuration.
//!
//! A policy is a value: to change it at run time the caller puts another in its place. What was sealed before opens as long as its suite is not
//! denied, and [`CipherPolicy::is_current`] finds what is to be sealed again. A policy holds no keys.

use std::collections::BTreeSet;
use std::fmt;

use serde::Deserialize;
use zeroize::Zeroizing;

use crate::envelope::{self, EnvelopeError, Header};
use crate::key::DataKey;
use crate::suite::Suite;

/// What kind of data is sealed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DataClass {
    /// Who did what, rules, verdicts, counts: kept for the legal retention.
    Operational,
    /// What belongs to a person and goes with the person's key.
    Subject,
    /// Corpora, banks, models.
    Dataset,
    /// Keys, secrets of second factors, tokens of other services.
    Credential,
    /// Copies kept apart.
    Backup,
}

impl DataClass {
    /// Every class.
    pub const ALL: [Self; 5] = [Self::Operational, Self::Subject, Self::Dataset, Self::Credential, Self::Backup];
}

impl fmt::Display for DataClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Operational => "operational",
            Self::Subject => "subject",
            Self::Dataset => "dataset",
            Self::Credential => "credential",
            Self::Backup => "backup",
        })
    }
}

/// A policy that contradicts itself.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PolicyError {
    /// What it would seal it could not open.
    #[error("`active.{class}` is {suite}, which `denied` lists; name another suite for {class} or take {suite} off the list")]
    ActiveDenied {
        /// The class.
        class: DataClass,
        /// Its suite.
        suite: Suite,
    },
}

/// The suite of each class, the suites that are denied, and whether logs are signed with SM2 too. As TOML: a table `active` with one suite name for each
/// class, a list `denied`, and `sm2-checkpoints = true`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Stated")]
pub struct CipherPolicy(Stated);

/// As it is written, before it is known to be consistent.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Stated {
    active: Active,
    #[serde(default)]
    denied: BTreeSet<Suite>,
    #[serde(default)]
    sm2_checkpoints: bool,
}

/// One field for each class, so that none can be forgotten.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Active {
    operational: Suite,
    subject: Suite,
    dataset: Suite,
    credential: Suite,
    backup: Suite,
}

impl CipherPolicy {
    /// One suite for everything, none denied.
    #[must_use]
    pub fn uniform(suite: Suite) -> Self {
        let active = Active { operational: suite, subject: suite, dataset: suite, credential: suite, backup: suite };
        Self(Stated { active, denied: BTreeSet::new(), sm2_checkpoints: false })
    }

    /// The suite that seals a class.
    #[must_use]
    pub fn active(&self, class: DataClass) -> Suite {
        let active = &self.0.active;
        match class {
            DataClass::Operational => active.operational,
            DataClass::Subject => active.subject,
            DataClass::Dataset => active.dataset,
            DataClass::Credential => active.credential,
            DataClass::Backup => active.backup,
        }
    }

    /// Whether checkpoints of logs bear an SM2 signature beside the Ed25519 one.
    #[must_use]
    pub fn sm2_checkpoints(&self) -> bool {
        self.0.sm2_checkpoints
    }

    /// Refuses a denied suite.
    ///
    /// # Errors
    /// It is denied.
    pub fn permit(&self, suite: Suite) -> Result<(), EnvelopeError> {
        if self.0.denied.contains(&suite) { Err(EnvelopeError::Denied(suite)) } else { Ok(()) }
    }

    /// Seals with the active suite of the class; otherwise as [`envelope::seal`].
    ///
    /// # Errors
    /// As [`envelope::seal`].
    pub fn seal(&self, class: DataClass, key: &DataKey, context: &[u8], plain: &[u8]) -> Result<Vec<u8>, EnvelopeError> {
        envelope::seal(key, self.active(class), context, plain)
    }

    /// Opens as [`envelope::open`], unless the suite is denied.
    ///
    /// # Errors
    /// The suite is denied, or as [`envelope::open`].
    pub fn open(&self, key: &DataKey, context: &[u8], envelope: &[u8]) -> Result<Zeroizing<Vec<u8>>, EnvelopeError> {
        self.permit(Header::read(envelope)?.suite)?;
        envelope::open(key, context, envelope)
    }

    /// Whether an envelope is sealed as it would be today; if not, it waits for the job that seals again.
    ///
    /// # Errors
    /// It is no envelope.
    pub fn is_current(&self, class: DataClass, envelope: &[u8]) -> Result<bool, EnvelopeError> {
        Ok(Header::read(envelope)?.suite == self.active(class))
    }
}

/// XChaCha20-Poly1305 for everything: constant time on every machine.
impl Default for CipherPolicy {
    fn default() -> Self {
        Self::uniform(Suite::XChaCha20Poly1305)
    }
}

impl TryFrom<Stated> for CipherPolicy {
    type Error = PolicyError;

    fn try_from(stated: Stated) -> Result<Self, PolicyError> {
        let policy = Self(stated);
        for class in DataClass::ALL {
            let suite = policy.active(class);
            policy.permit(suite).map_err(|_| PolicyError::ActiveDenied { class, suite })?;
        }
        Ok(policy)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::envelope::OVERHEAD_BYTES;
    use serde::de::value::{Error, MapDeserializer, SeqDeserializer};
    use serde::de::{Deserializer, IntoDeserializer, Visitor};

    /// A parsed text such as TOML gives, without the dependency.
    #[derive(Clone)]
    enum Value {
        Text(&'static str),
        Bool(bool),
        List(Vec<Value>),
        Table(Vec<(&'static str, Value)>),
    }

    impl<'de> IntoDeserializer<'de, Error> for Value {
        type Deserializer = Self;

        fn into_deserializer(self) -> Self {
            self
        }
    }

    impl<'de> Deserializer<'de> for Value {
        type Error = Error;

        fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
            match self {
                Self::Text(text) => visitor.visit_str(text),
                Self::Bool(is) => visitor.visit_bool(is),
                Self::List(list) => visitor.visit_seq(SeqDeserializer::new(list.into_iter())),
                Self::Table(table) => visitor.visit_map(MapDeserializer::new(table.into_iter())),
            }
        }

        fn deserialize_enum<V: Visitor<'de>>(
            self,
            name: &'static str,
            variants: &'static [&'static str],
            visitor: V,
        ) -> Result<V::Value, Error> {
            match self {
                Self::Text(text) => IntoDeserializer::<Error>::into_deserializer(text).deserialize_enum(name, variants, visitor),
                other => other.deserialize_any(visitor),
            }
        }

        serde::forward_to_deserialize_any! {
            bool i8 i16 i32 i64 u8 u16 u32 u64 f32 f64 char str string bytes byte_buf option unit unit_struct newtype_struct seq tuple
            tuple_struct map struct identifier ignored_any
        }
    }

    fn active(backup: &'static str) -> Vec<(&'static str, Value)> {
        let others = ["operational", "subject", "dataset", "credential"].map(|class| (class, Value::Text("xaes-256-gcm")));
        others.into_iter().chain([("backup", Value::Text(backup))]).collect()
    }

    fn policy(active: Vec<(&'static str, Value)>, denied: &[&'static str]) -> Result<CipherPolicy, Error> {
        let denied = Value::List(denied.iter().map(|name| Value::Text(name)).collect());
        CipherPolicy::deserialize(Value::Table(vec![("active", Value::Table(active)), ("denied", denied)]))
    }

    #[test]
    fn a_policy_is_read_and_must_be_whole_and_consistent() {
        let read = policy(active("sm4-gcm"), &["xchacha20-poly1305"]).unwrap();
        assert_eq!(read.active(DataClass::Backup), Suite::Sm4Gcm);
        assert_eq!(read.active(DataClass::Subject), Suite::XAes256Gcm);
        assert_eq!(read.permit(Suite::XChaCha20Poly1305), Err(EnvelopeError::Denied(Suite::XChaCha20Poly1305)));
        let wrong = policy(active("sm4-gcm"), &["sm4-gcm"]).unwrap_err().to_string();
        assert!(wrong.contains("active.backup") && wrong.contains("sm4-gcm"), "{wrong}");
        let wrong = policy(active("des"), &[]).unwrap_err().to_string();
        assert!(wrong.contains("des") && wrong.contains("xaes-256-gcm"), "{wrong}");
        let wrong = policy(active("sm4-gcm").into_iter().skip(1).collect(), &[]).unwrap_err().to_string();
        assert!(wrong.contains("operational"), "{wrong}");
    }

    #[test]
    fn sm2_on_checkpoints_is_asked_for_by_name() {
        let asked =
            |is| CipherPolicy::deserialize(Value::Table(vec![("active", Value::Table(active("sm4-gcm"))), ("sm2-checkpoints", is)]));
        assert!(asked(Value::Bool(true)).unwrap().sm2_checkpoints() && !asked(Value::Bool(false)).unwrap().sm2_checkpoints());
        assert!(!policy(active("sm4-gcm"), &[]).unwrap().sm2_checkpoints() && !CipherPolicy::default().sm2_checkpoints());
        assert!(asked(Value::Text("true")).is_err());
    }

    #[test]
    fn a_denied_suite_is_refused_by_name_and_the_active_one_seals() {
        let key = DataKey::generate().unwrap();
        let old = CipherPolicy::default().seal(DataClass::Backup, &key, b"c", b"text").unwrap();
        let policy = policy(active("sm4-gcm"), &["xchacha20-poly1305"]).unwrap();
        let refused = policy.open(&key, b"c", &old).unwrap_err();
        assert_eq!(refused, EnvelopeError::Denied(Suite::XChaCha20Poly1305));
        assert!(refused.to_string().contains("xchacha20-poly1305"));
        let new = policy.seal(DataClass::Backup, &key, b"c", b"text").unwrap();
        assert_eq!(policy.open(&key, b"c", &new).unwrap().as_slice(), b"text");
        assert_eq!((policy.is_current(DataClass::Backup, &old), policy.is_current(DataClass::Backup, &new)), (Ok(false), Ok(true)));
        assert_eq!(new.len(), 4 + OVERHEAD_BYTES);
    }

    #[test]
    fn a_downgrade_is_noticed() {
        let key = DataKey::generate().unwrap();
        for sealed_with in Suite::ALL {
            let envelope = envelope::seal(&key, sealed_with, b"c", b"text").unwrap();
            for claimed in Suite::ALL.into_iter().filter(|suite| *suite != sealed_with) {
                let mut changed = envelope.clone();
                changed[8..10].copy_from_slice(&claimed.code().to_be_bytes());
                assert_eq!(Header::read(&changed).unwrap().suite, claimed);
                assert_eq!(CipherPolicy::default().open(&key, b"c", &changed), Err(EnvelopeError::Refused), "{sealed_with} as {claimed}");
            }
        }
    }

    #[test]
    fn a_class_prints_as_it_is_read() {
        for class in DataClass::ALL {
            let read = DataClass::deserialize(IntoDeserializer::<Error>::into_deserializer(class.to_string()));
            assert_eq!(read, Ok(class));
        }
    }
}

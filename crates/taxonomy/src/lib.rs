//! The words of the field, as data: risk classes, aspects, clauses, and the types a verdict is made of.
//!
//! Everything here is a name with a stable id and a Chinese and an English title. The crate judges nothing, reads nothing
//! and imports nothing of ours, so that every other crate can speak the same language.

mod aspect;
mod clause;
mod input;
mod lang;
mod modality;
mod personal;
mod risk;
mod source;
mod verdict;

pub use aspect::Aspect;
pub use clause::{Clause, ClauseKind, clauses};
pub use input::InputKind;
pub use lang::Lang;
pub use modality::Modality;
pub use personal::{AttackKind, PersonalKind};
pub use risk::{RiskClass, RiskGroup};
pub use source::{AssessmentOutcome, AssessmentPhase, ConsentBasis, ConsentScope, DocumentKind, Grade, Origin, SourceKind, SourceState};
pub use verdict::{Decision, Fault, Finding, Severity, Span, Verdict};

/// An id that is not in the taxonomy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownId {
    /// What kind of word was expected.
    pub expected: &'static str,
    /// What was found instead.
    pub found: String,
}

impl std::fmt::Display for UnknownId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "'{}' is not a known {}", self.found, self.expected)
    }
}

impl std::error::Error for UnknownId {}

/// Lets a type with `ALL` and `id` be read and written by that id.
#[macro_export]
macro_rules! by_id {
    ($name:ident, $expected:literal) => {
        impl std::str::FromStr for $name {
            type Err = $crate::UnknownId;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Self::ALL
                    .iter()
                    .copied()
                    .find(|w| w.id() == text)
                    .ok_or_else(|| $crate::UnknownId { expected: $expected, found: text.to_owned() })
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.id())
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
                s.serialize_str(self.id())
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
                let text = <std::borrow::Cow<'de, str>>::deserialize(d)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}

/// Defines an enum whose variants carry an id and two titles, and are read and written by that id.
#[macro_export]
macro_rules! words {
    ($(#[$doc:meta])* $name:ident, $expected:literal, { $($(#[$vdoc:meta])* $variant:ident = $id:literal, $zh:literal, $en:literal;)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name { $(#[doc = $en] $(#[$vdoc])* $variant),+ }

        impl $name {
            /// All of them, in the order of the standard.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The stable id.
            #[must_use]
            pub const fn id(self) -> &'static str {
                match self { $(Self::$variant => $id),+ }
            }

            /// The title, in our own words.
            #[must_use]
            pub const fn title(self, lang: $crate::Lang) -> &'static str {
                match (self, lang) { $((Self::$variant, $crate::Lang::Zh) => $zh, (Self::$variant, $crate::Lang::En) => $en),+ }
            }

            /// Its place in [`Self::ALL`].
            #[must_use]
            pub const fn index(self) -> usize { self as usize }
        }

        $crate::by_id!($name, $expected);
    };
}

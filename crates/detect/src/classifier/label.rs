//! What a classifier can say: 29 risk classes and three attack kinds, 32 labels in all, so that a set of them is one number.
//!
//! A5a and A5b (inaccurate, unreliable content) are missing on purpose: whether a statement is true does not stand in the statement. Those two
//! classes go to judges and people.

use std::fmt;
use std::str::FromStr;

use taxonomy::{AttackKind, InputKind, RiskClass, UnknownId};

/// How many labels there are.
pub const LABELS: usize = 32;

/// How many of them are risk classes; the attacks follow.
const CLASSES: usize = 29;

/// The ids of the attack labels.
const ATTACKS: [&str; LABELS - CLASSES] = ["injection", "jailbreak", "extraction"];

/// A risk class or an attack, by its number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Label(u8);

impl Label {
    /// All labels in order.
    pub fn all() -> impl DoubleEndedIterator<Item = Self> + ExactSizeIterator + Clone {
        (0..LABELS as u8).map(Self)
    }

    /// The label of a risk class; none for those of A5.
    #[must_use]
    pub fn of(class: RiskClass) -> Option<Self> {
        let at = RiskClass::ALL.iter().take(CLASSES).position(|one| *one == class)?;
        Some(Self(at as u8))
    }

    /// Its number, 0 to 31.
    #[must_use]
    pub const fn index(self) -> usize {
        self.0 as usize
    }

    /// The risk class, where it is one.
    #[must_use]
    pub fn class(self) -> Option<RiskClass> {
        RiskClass::ALL.get(self.index()).copied().filter(|_| self.index() < CLASSES)
    }

    /// The attack kind, where it is one. What is planted in a document is an indirect injection, what a user writes a direct one.
    #[must_use]
    pub const fn attack(self, kind: InputKind) -> Option<AttackKind> {
        match (self.0, kind) {
            (29, InputKind::Text | InputKind::Answer) => Some(AttackKind::IndirectInjection),
            (29, _) => Some(AttackKind::PromptInjection),
            (30, _) => Some(AttackKind::Jailbreak),
            (31, _) => Some(AttackKind::PromptExtraction),
            _ => None,
        }
    }

    /// Its stable id: `A2h`, `jailbreak`.
    #[must_use]
    pub fn id(self) -> &'static str {
        self.class().map_or_else(|| ATTACKS.get(self.index() - CLASSES).copied().unwrap_or_default(), RiskClass::id)
    }
}

impl fmt::Display for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id())
    }
}

impl serde::Serialize for Label {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.id())
    }
}

impl FromStr for Label {
    type Err = UnknownId;

    fn from_str(id: &str) -> Result<Self, UnknownId> {
        let unknown =
            || UnknownId { expected: "label of the classifier (A1a to A4g, injection, jailbreak, extraction)", found: id.to_owned() };
        Self::all().find(|label| label.id() == id).ok_or_else(unknown)
    }
}

/// A set of labels.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Labels(pub u32);

impl Labels {
    /// Every label.
    pub const ALL: Self = Self(u32::MAX);

    /// Whether the label is among them.
    #[must_use]
    pub const fn has(self, label: Label) -> bool {
        self.0 >> label.0 & 1 == 1
    }

    /// Adds a label.
    pub const fn add(&mut self, label: Label) {
        self.0 |= 1 << label.0;
    }

    /// Whether there is none.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The labels in order.
    pub fn iter(self) -> impl Iterator<Item = Label> {
        Label::all().filter(move |label| self.has(*label))
    }
}

impl FromIterator<Label> for Labels {
    fn from_iter<T: IntoIterator<Item = Label>>(labels: T) -> Self {
        let mut all = Self::default();
        labels.into_iter().for_each(|label| all.add(label));
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_lead_back() {
        for label in Label::all() {
            assert_eq!(label.id().parse::<Label>().unwrap(), label);
            assert_eq!(label.class().and_then(Label::of), label.class().map(|_| label));
            assert_eq!(label.class().is_none(), label.attack(InputKind::Text).is_some());
        }
        assert_eq!((Label::of(RiskClass::A4g).unwrap().index(), Label::of(RiskClass::A5a)), (28, None));
        assert!("A5a".parse::<Label>().unwrap_err().to_string().contains("A5a"));
    }
}

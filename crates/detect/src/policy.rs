//! Policies: what follows from findings, as data. Format: `docs/formats/policy.md`.

use std::collections::BTreeMap;

use serde::Deserialize;
use sha2::{Digest, Sha256};
use taxonomy::{AttackKind, Decision, Fault, Finding, InputKind, PersonalKind, RiskClass, Severity};

taxonomy::words! {
    /// Which way a text goes.
    Direction, "direction (input, output or corpus)", {
        Input = "input", "输入", "from a user to the model";
        Output = "output", "输出", "from the model to a user";
        Corpus = "corpus", "语料", "into a training corpus";
    }
}

impl Direction {
    /// What a text that goes this way is to a classifier.
    #[must_use]
    pub const fn kind(self) -> InputKind {
        match self {
            Self::Input => InputKind::Prompt,
            Self::Output => InputKind::Answer,
            Self::Corpus => InputKind::Text,
        }
    }
}

/// The built-in policy.
const DEFAULT: &str = include_str!("../data/policy.toml");

/// A decision for each severity; what is not given is as in the general row.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    block: Option<Decision>,
    review: Option<Decision>,
    note: Option<Decision>,
}

impl Row {
    const fn of(self, severity: Severity) -> Option<Decision> {
        match severity {
            Severity::Block => self.block,
            Severity::Review => self.review,
            Severity::Note => self.note,
        }
    }
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    /// For every finding that no other row speaks of.
    any: Row,
    /// A detector could not do its work.
    fault: Decision,
    #[serde(default)]
    classes: BTreeMap<RiskClass, Row>,
    #[serde(default)]
    attacks: BTreeMap<AttackKind, Row>,
    /// Personal information: any kind, and the sensitive ones.
    personal: Decision,
    sensitive: Decision,
    #[serde(default)]
    kinds: BTreeMap<PersonalKind, Decision>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    format: u32,
    name: String,
    #[serde(default)]
    shadow: bool,
    input: Table,
    output: Table,
    corpus: Table,
}

/// A policy is not as the format says.
#[derive(Debug, thiserror::Error)]
#[error("the policy does not follow docs/formats/policy.md: {0}")]
pub struct PolicyError(String);

/// What follows from findings, for each direction.
#[derive(Debug, Clone)]
pub struct Policy {
    file: File,
    digest: String,
}

impl Policy {
    /// Reads a policy.
    ///
    /// # Errors
    /// The text is no TOML, or a field is missing or unknown.
    pub fn parse(text: &str) -> Result<Self, PolicyError> {
        let file: File = toml::from_str(text).map_err(|e| PolicyError(e.to_string()))?;
        if file.format != 1 {
            return Err(PolicyError(format!("format {} is not known to this version, which reads format 1", file.format)));
        }
        let digest = Sha256::digest(text).iter().map(|b| format!("{b:02x}")).collect();
        Ok(Self { file, digest })
    }

    /// Name and digest.
    #[must_use]
    pub fn version(&self) -> String {
        format!("{} {}", self.file.name, self.digest)
    }

    /// Whether decisions are only recorded and everything passes.
    #[must_use]
    pub fn shadow(&self) -> bool {
        self.file.shadow
    }

    /// The same policy, in shadow mode or not.
    #[must_use]
    pub fn with_shadow(mut self, shadow: bool) -> Self {
        self.file.shadow = shadow;
        self
    }

    /// The gravest thing that follows from any of the findings and faults.
    #[must_use]
    pub fn decide(&self, findings: &[Finding], faults: &[Fault], direction: Direction) -> Decision {
        let table = match direction {
            Direction::Input => &self.file.input,
            Direction::Output => &self.file.output,
            Direction::Corpus => &self.file.corpus,
        };
        let fault = if faults.is_empty() { Decision::Pass } else { table.fault };
        findings.iter().map(|finding| table.decide(finding)).fold(fault, Ord::max)
    }
}

impl Table {
    fn decide(&self, finding: &Finding) -> Decision {
        let any = self.any.of(finding.severity).unwrap_or(Decision::Hold);
        if let Some(kind) = finding.personal {
            let general = if kind.is_sensitive() { self.sensitive } else { self.personal };
            return if finding.severity == Severity::Note { any } else { self.kinds.get(&kind).copied().unwrap_or(general) };
        }
        let class = finding.class.and_then(|class| self.classes.get(&class)?.of(finding.severity));
        let attack = finding.attack.and_then(|attack| self.attacks.get(&attack)?.of(finding.severity));
        class.max(attack).unwrap_or(any)
    }
}

impl Default for Policy {
    /// The built-in policy.
    fn default() -> Self {
        // A test reads it; were it damaged all the same, everything would be held.
        Self::parse(DEFAULT).unwrap_or_else(|_| {
            let hold = || Table {
                any: Row { block: Some(Decision::Refuse), review: Some(Decision::Hold), note: Some(Decision::Hold) },
                fault: Decision::Hold,
                classes: BTreeMap::new(),
                attacks: BTreeMap::new(),
                personal: Decision::Hold,
                sensitive: Decision::Hold,
                kinds: BTreeMap::new(),
            };
            let file = File { format: 1, name: "hold".to_owned(), shadow: false, input: hold(), output: hold(), corpus: hold() };
            Self { file, digest: String::new() }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_policy_is_sound() {
        assert_eq!(Policy::parse(DEFAULT).unwrap().file.name, "guiju-default");
        assert_eq!(Policy::default().decide(&[], &[], Direction::Input), Decision::Pass);
    }

    #[test]
    fn a_bad_policy_is_named() {
        for (from, to, says) in
            [("format = 1", "format = 2", "format 2"), ("fault = \"hold\"", "fault = \"maybe\"", "maybe"), ("[input]", "[inptu]", "inptu")]
        {
            assert!(DEFAULT.contains(from), "{from}");
            let error = Policy::parse(&DEFAULT.replacen(from, to, 1)).unwrap_err().to_string();
            assert!(error.contains(says), "{error}");
        }
    }
}

//! Assessments of a source: the 5 % rule before and after its data is collected (GB/T 45654-2025, 5.1 a). What was found is the caller's; here it is held to its own
//! numbers, and what follows from it is done in the same transaction.

use keys::digest::hex;
use ledger::leaf::Class;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use taxonomy::{AssessmentOutcome, AssessmentPhase, SourceState};

use super::SourceName;
use crate::access::Permission;
use crate::accounts::Who;
use crate::change::{Bound, Change, Entry};
use crate::guard::row;
use crate::{StoreError, Tenant};

/// The limit: over 5 % of illegal or unhealthy rows a source is not collected, and not trained on (GB/T 45654-2025, 5.1 a).
pub const RATE_LIMIT: f64 = 0.05;

/// Longest name of a lexicon, policy or classifier with its version and digest, in characters.
const MAX_VERSION: usize = 500;

/// What was found of a source.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Assessment {
    /// Before or after it was collected.
    pub phase: AssessmentPhase,
    /// Rows in all, where known.
    pub population: Option<u64>,
    /// Rows that were judged.
    pub sampled: u64,
    /// Rows among them that were suspected of A1 to A4.
    pub suspected: u64,
    /// Lower end of the interval of their rate, 0 to 1.
    pub low: f64,
    /// Upper end.
    pub high: f64,
    /// What it is held against: [`RATE_LIMIT`], or less.
    pub limit: f64,
    /// What came of it.
    pub outcome: AssessmentOutcome,
    /// Rows that a larger sample should have.
    pub wanted: Option<u64>,
    /// The seed of the sample.
    pub seed: String,
    /// SHA-256 of the list of rows that were drawn.
    #[serde(with = "digest")]
    pub sample: [u8; 32],
    /// SHA-256 of the report or the scan that it rests on.
    #[serde(with = "digest")]
    pub evidence: [u8; 32],
    /// The lexicon that judged, with its version.
    pub lexicon: String,
    /// The policy.
    pub policy: String,
    /// The classifier.
    pub classifier: String,
}

impl Assessment {
    /// What its numbers say.
    fn outcome_of_numbers(&self) -> AssessmentOutcome {
        if self.low > self.limit {
            AssessmentOutcome::Refused
        } else if self.high <= self.limit {
            AssessmentOutcome::Accepted
        } else {
            AssessmentOutcome::LargerSample
        }
    }

    fn check(&self) -> Result<(), StoreError> {
        let rates = [self.low, self.high, self.limit].iter().all(|rate| (0.0..=1.0).contains(rate)) && self.low <= self.high;
        let counts = self.suspected <= self.sampled && self.sampled > 0 && self.population.is_none_or(|all| self.sampled <= all);
        if !rates || !counts || self.limit > RATE_LIMIT {
            return Err(StoreError::Refused(format!(
                "no assessment says {} of {} rows with an interval of {} to {} and a limit of {} (at most {RATE_LIMIT})",
                self.suspected, self.sampled, self.low, self.high, self.limit
            )));
        }
        let numbers = self.outcome_of_numbers();
        // A larger sample is not always the remedy: rows that cannot be read may keep the limit open.
        let misplaced = self.wanted.is_some() && self.outcome != AssessmentOutcome::LargerSample;
        if numbers != self.outcome || misplaced {
            return Err(StoreError::Refused(format!(
                "its numbers say {numbers}, the assessment says {}, wanted {:?}",
                self.outcome, self.wanted
            )));
        }
        for (what, text) in
            [("the lexicon", &self.lexicon), ("the policy", &self.policy), ("the classifier", &self.classifier), ("the seed", &self.seed)]
        {
            row::line(what, text, 0, MAX_VERSION)?;
        }
        Ok(())
    }

    /// Why a source goes on the blacklist for it.
    fn reason(&self) -> String {
        let percent = |rate: f64| format!("{:.2} %", rate * 100.0);
        let (low, high, limit) = (percent(self.low), percent(self.high), percent(self.limit));
        format!(
            "{}: {} of {} rows suspected of A1 to A4, interval {low} to {high}, limit {limit} (GB-5.1-a)",
            self.phase, self.suspected, self.sampled
        )
    }
}

impl Change {
    /// Records an assessment of a source, with what follows: one that is refused goes on the blacklist at once. Gives how the source stands then.
    /// Entries: `source.assess`, and `source.block`.
    ///
    /// # Errors
    /// Whoever asks may not, there is no such source, it is on the blacklist, or the numbers do not agree with each other.
    pub async fn source_assessed(&mut self, who: &Who, name: &SourceName, made: &Assessment) -> Result<SourceState, StoreError> {
        let who = self.permit(who, Permission::SourceChange).await?;
        made.check()?;
        self.open_source(name).await?;
        let by = who.account().to_string();
        let text = serde_json::to_value(made).map_err(|error| StoreError::damaged("an assessment", error))?;
        let entry = Entry::new(Class::Decision, "source.assess", by.clone()).with("source", name.as_str());
        let entry = self.record(entry.with("assessment", text.clone()))?;
        self.insert_source_assessment(name, made, &text, entry.0.to_vec(), by).await?;
        if made.outcome == AssessmentOutcome::Refused {
            self.put_on_blacklist(&who, name, &made.reason()).await?;
            return Ok(SourceState::Blocked);
        }
        let state = if self.review_refused(name).await? { SourceState::Refused } else { self.assessed_state(name).await? };
        self.source_stands(name, state).await?;
        Ok(state)
    }

    async fn insert_source_assessment(
        &mut self,
        name: &SourceName,
        made: &Assessment,
        text: &Value,
        entry: Vec<u8>,
        by: String,
    ) -> Result<(), StoreError> {
        let (word, phase, outcome, text, now) = (name.text(), made.phase.id(), made.outcome.id(), text.to_string(), self.now_ms);
        let sql = "INSERT INTO source_assessment (tenant, name, assessment, phase, outcome, made, entry, made_by, made_ms)
                   VALUES ($1, $2, (SELECT COALESCE(MAX(assessment), 0) + 1 FROM source_assessment WHERE tenant = $1 AND name = $2), $3, $4, $5, $6, $7, $8)";
        let bind = |query: Bound| query.bind(word).bind(phase).bind(outcome).bind(text).bind(entry).bind(by).bind(now);
        self.execute(sql, bind).await?;
        Ok(())
    }
}

impl Tenant {
    /// Records an assessment of a source in a transaction of its own: [`Change::source_assessed`].
    ///
    /// # Errors
    /// As there.
    pub async fn source_assessed(&self, who: &Who, name: &SourceName, made: &Assessment) -> Result<SourceState, StoreError> {
        let (who, name, made) = (who.clone(), name.clone(), made.clone());
        Ok(self.change(async move |change: &mut Change| change.source_assessed(&who, &name, &made).await).await?.0)
    }
}

/// A digest as hexadecimal digits.
mod digest {
    use super::{Deserialize, hex};
    use keys::digest::unhex;

    pub(super) fn serialize<S: serde::Serializer>(digest: &[u8; 32], s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(&hex(digest))
    }

    pub(super) fn deserialize<'de, D: serde::Deserializer<'de>>(d: D) -> Result<[u8; 32], D::Error> {
        let text = String::deserialize(d)?;
        let bytes = unhex(&text).and_then(|bytes| bytes.try_into().ok());
        bytes.ok_or_else(|| serde::de::Error::custom("a digest has 64 hexadecimal digits"))
    }
}

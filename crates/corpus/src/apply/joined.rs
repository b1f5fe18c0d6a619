//! Rows joined with consent, on their way: what it says of a row before the policy is asked, and what is written down of what it did.
//!
//! `consent/000000-NAME.jsonl` has a line for each row that went or was redacted for want of consent; none for the others, and no person in any.

use std::path::{Path, PathBuf};

use detect::redact::Operator;
use serde_json::json;
use taxonomy::PersonalKind;

use super::sink::Sink;
use super::{Applied, Apply, Fate, numbered};
use crate::CorpusError;
use crate::consent::{Said, Verdict};
use crate::input::{self, can_name};
use crate::manifest::{FileEntry, Shard};
use crate::row::Judged;

/// What a join says of a row, before the policy is asked.
#[derive(Clone, Copy)]
pub(super) struct Asked {
    pub(super) said: Option<Said>,
    pub(super) verdict: Verdict,
}

/// Of rows that are not joined.
const UNASKED: Asked = Asked { said: None, verdict: Verdict::Pass };

impl Apply<'_> {
    /// Whether the rows can be joined with consent, and what it asks to be redacted will be.
    pub(super) fn can_join(&self) -> Result<(), CorpusError> {
        self.manifest.files.iter().try_for_each(can_name)?;
        let kept = PersonalKind::ALL.iter().find(|kind| self.redactor.policy().operator(**kind) == Operator::Keep);
        kept.map_or(Ok(()), |kind| {
            Err(CorpusError::Input(format!(
                "the redaction policy keeps '{kind}', which of persons without consent must go; name another operator for it"
            )))
        })
    }

    /// Whether rows that could not be read are copied. Of those that are joined nobody knows whose they are.
    pub(super) const fn keeps_broken(&self) -> bool {
        self.consent.is_none()
    }

    /// What a join says of a row whose person is this.
    pub(super) fn ask(&self, judged: &Judged, person: Option<&str>) -> Asked {
        let (Some(consent), Ok(content)) = (self.consent, &judged.content) else { return UNASKED };
        let said = consent.said(person);
        Asked { said, verdict: consent.verdict(said, content) }
    }

    /// Writes down what consent did to a row, and counts it.
    pub(super) fn note(
        &self,
        judged: &Judged,
        asked: Asked,
        fate: &Fate<'_>,
        joined: &mut Sink,
        applied: &mut Applied,
    ) -> Result<(), CorpusError> {
        applied.count(fate);
        let (Some(consent), Ok(content)) = (self.consent, &judged.content) else { return Ok(()) };
        let goes_out = matches!(fate, Fate::Keep | Fate::Redact(_));
        // What the policy removes, consent has no part in.
        let verdict = if goes_out || matches!(fate, Fate::Drop) { asked.verdict } else { Verdict::Pass };
        applied.consent.count(verdict, asked.said, goes_out);
        match consent.joined(judged.line, verdict, content) {
            Some(line) => joined.line(&json!(line)),
            None => Ok(()),
        }
    }

    /// What consent did to which rows.
    pub(super) fn joined(&self, shard: &Shard, file: &FileEntry) -> Sink {
        Sink::new(path(self.out, shard, file), input::Compression::None, Vec::new())
    }
}

/// Where what consent did to the rows of a shard stands.
pub(crate) fn path(out: &Path, shard: &Shard, file: &FileEntry) -> PathBuf {
    out.join("consent").join(numbered(shard, file) + ".jsonl")
}

//! The keyword judge (B.2.1 b, B.2.2 c): the detection engine's keyword detector over the frozen answer or row.

use detect::Pipeline;
use library::criteria::Criteria;
use taxonomy::Severity;

use super::{Judge, Qualified, Ruling, judged_text};
use crate::journal::{Content, Judgement, Reply};
use crate::part::Part;

/// Judges by keywords.
pub struct KeywordJudge {
    pipeline: Pipeline,
    criteria: Criteria,
}

impl KeywordJudge {
    /// A judge that uses this pipeline, which holds the keyword detector alone.
    #[must_use]
    pub const fn new(pipeline: Pipeline, criteria: Criteria) -> Self {
        Self { pipeline, criteria }
    }
}

impl Judge for KeywordJudge {
    fn name(&self) -> &'static str {
        "keyword"
    }

    fn version(&self) -> String {
        self.pipeline.versions().join("; ")
    }

    fn judges(&self, part: Part) -> bool {
        matches!(part, Part::Content | Part::CorpusTechnical)
    }

    fn judge(&mut self, content: &Content, reply: Option<&Reply>) -> Judgement {
        let verdict = self.pipeline.check(&judged_text(content, reply));
        // A5 (accuracy, reliability) is no 'illegal or unhealthy' content, and no keyword can find it; the note counts for nobody.
        let worst = verdict.findings.iter().filter(|f| f.severity != Severity::Note).max_by_key(|f| f.severity);
        let ruling = match worst {
            Some(finding) if finding.severity == Severity::Block => Qualified::Violates,
            Some(_) => Qualified::Undecided,
            None if verdict.faults.is_empty() => Qualified::Qualified,
            None => Qualified::Undecided,
        };
        let class = worst.and_then(|f| f.class);
        let asked = content.question().and_then(|question| question.class);
        let criterion = class.or(asked).map(|class| self.criteria.id(class));
        Judgement::Ruling(Ruling { verdict: ruling, class, criterion, findings: verdict.findings, fault: None })
    }
}

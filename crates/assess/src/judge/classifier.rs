//! The classifier judge (B.2.1 b, B.2.2 d): what the frozen answer means, read together with its question.

use std::sync::Arc;

use detect::classifier::{Classifier, Input};
use library::criteria::Criteria;
use taxonomy::{InputKind, Severity};

use super::{Judge, Qualified, Ruling, judged_text};
use crate::journal::{Content, Judgement, Reply};
use crate::part::Part;

/// Judges by the classifier. Whether a statement is true (A5) is not for it to say, and attacks are no risk of Appendix A.
pub struct ClassifierJudge {
    classifier: Arc<dyn Classifier>,
    criteria: Criteria,
}

impl ClassifierJudge {
    /// A judge that asks this classifier.
    #[must_use]
    pub const fn new(classifier: Arc<dyn Classifier>, criteria: Criteria) -> Self {
        Self { classifier, criteria }
    }

    /// The parts that are judged by a classifier.
    pub(crate) const fn is_for(part: Part) -> bool {
        matches!(part, Part::Content | Part::CorpusTechnical)
    }
}

impl Judge for ClassifierJudge {
    fn name(&self) -> &'static str {
        "classifier"
    }

    fn version(&self) -> String {
        self.classifier.version()
    }

    fn judges(&self, part: Part) -> bool {
        Self::is_for(part)
    }

    fn judge(&mut self, content: &Content, reply: Option<&Reply>) -> Judgement {
        let text = judged_text(content, reply);
        let asked = content.question();
        let prompt = asked.map(|question| question.turns.join("\n"));
        let kind = if prompt.is_some() { InputKind::Dialog } else { InputKind::Text };
        let mut findings = self.classifier.findings(&Input { kind, text: &text, prompt: prompt.as_deref() });
        findings.retain(|finding| finding.class.is_some());
        let worst = findings.iter().max_by_key(|finding| finding.severity);
        let verdict = match worst {
            // What it is sure of is at `review`, what it flags at `note`.
            Some(finding) if finding.severity == Severity::Review => Qualified::Violates,
            Some(_) => Qualified::Undecided,
            None => Qualified::Qualified,
        };
        let class = worst.and_then(|finding| finding.class);
        let criterion = class.or(asked.and_then(|question| question.class)).map(|class| self.criteria.id(class));
        Judgement::Ruling(Ruling { verdict, class, criterion, findings, fault: None })
    }
}

//! What disguises do to the findings: how much of what is found in a text is still found once the text is disguised ([`run`]), and how much
//! is found in innocent text only because of the disguise.
//!
//! Invariant: a function of its arguments; the seed decides every choice. A disguise that has nothing to change in a text says nothing of it:
//! such a text is in no rate. It does not judge whether a reader still understands what is left.

mod transforms;

use std::ops::Range;

use serde::Serialize;
use stats::{Bound, Interval, Rate, Standing};
use taxonomy::{AttackKind, Finding, PersonalKind, RiskClass, Severity};

use crate::{Direction, Pipeline};
pub use transforms::{Apply, Scope, Transform, transforms};
use transforms::{Rng, is_han};

/// Examples kept of what is missed and of what is found wrongly, for each transform: enough to see what kind of thing it is.
const EXAMPLES: usize = 3;

/// Least recall under a disguise that leaves one reading. The project's own goal; no standard sets one.
const REQUIRED: f64 = 0.95;

/// Least recall under a disguise that leaves several readings, most of them innocent: to undo every one would find them everywhere.
const REQUIRED_OF_AMBIGUOUS: f64 = 0.7;

/// A text, and the rule that finds something in it.
#[derive(Debug, Clone, Copy)]
pub struct Text<'a> {
    /// As it stands, without disguise.
    pub text: &'a str,
    /// Rule id.
    pub rule: &'a str,
}

/// What came out, transform by transform.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report {
    /// The seed of every choice.
    pub seed: u64,
    /// Texts given.
    pub texts: usize,
    /// Texts in which the rule finds nothing even without disguise; they are left out.
    pub not_found: usize,
    /// Clean texts given.
    pub clean: usize,
    /// One for each transform, in their fixed order.
    pub rows: Vec<Row>,
}

impl Report {
    /// Whether something was measured, and no transform failed what is required of it.
    #[must_use]
    pub fn met(&self) -> bool {
        self.texts > self.not_found && self.rows.iter().all(Row::met)
    }
}

/// What one transform does.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Row {
    /// The transform.
    pub id: &'static str,
    /// Its name in Chinese.
    pub zh: &'static str,
    /// Its name in English.
    pub en: &'static str,
    /// Least recall; `None`: reported only.
    pub required: Option<f64>,
    /// Of the texts it changed, those still found. All of them are found without it.
    pub recall: Rate,
    /// Wilson's 95 % interval of the recall.
    pub interval: Interval,
    /// The recall held against what is required; 'not concluded' when it had nothing to change.
    pub standing: Option<Standing>,
    /// Of the clean texts it changed, those in which something is found that was not found before.
    pub false_findings: Rate,
    /// Texts that are no longer found, the first few.
    pub missed: Vec<Example>,
    /// Clean texts in which something is found, the first few.
    pub wrong: Vec<Example>,
}

impl Row {
    /// Whether it does not fail what is required.
    #[must_use]
    pub fn met(&self) -> bool {
        self.standing != Some(Standing::Failed)
    }
}

/// A text before and after.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Example {
    /// The rule that should find something, or should not.
    pub rule: String,
    /// Without disguise.
    pub original: String,
    /// With it.
    pub transformed: String,
}

/// Disguises every text in every way and judges it again.
///
/// A text counts as found when a finding that a person would see (severity review or block) is of the text's rule or speaks for the same
/// class or attack, wherever in the text it stands: what counts is that the text does not pass.
#[must_use]
pub fn run(pipeline: &Pipeline, texts: &[Text<'_>], clean: &[&str], seed: u64) -> Report {
    let seeded = |index: usize| seed ^ index as u64;
    let found: Vec<_> = texts.iter().enumerate().filter_map(|(index, text)| Case::found(pipeline, text, seeded(index))).collect();
    let innocent: Vec<_> = clean.iter().enumerate().map(|(index, text)| Case::clean(pipeline, text, seeded(index))).collect();
    let rows = transforms().iter().map(|transform| row(pipeline, transform, &found, &innocent)).collect();
    Report { seed, texts: texts.len(), not_found: texts.len() - found.len(), clean: clean.len(), rows }
}

/// A text in disguise: all of it, or some word of it where the disguise is one of words; `None` when there is nothing to disguise.
#[must_use]
pub fn disguise(transform: &Transform, text: &str, seed: u64) -> Option<String> {
    (transform.apply)(text, some_word(text, seed), seed)
}

/// What a finding speaks for.
type Subject = (Option<RiskClass>, Option<AttackKind>, Option<PersonalKind>);

/// A text with what is known of it without disguise.
struct Case<'a> {
    text: &'a str,
    /// What a disguise of the sensitive part rewrites.
    span: Range<usize>,
    seed: u64,
    /// The rules that find something.
    rules: Vec<String>,
    /// What the finding speaks for; none in a clean text.
    subject: Option<Subject>,
}

impl<'a> Case<'a> {
    /// `None` when the rule finds nothing.
    fn found(pipeline: &Pipeline, text: &Text<'a>, seed: u64) -> Option<Self> {
        let finding = judge(pipeline, text.text).into_iter().find(|finding| finding.rule == text.rule)?;
        let span = finding.span.start..finding.span.end;
        Some(Self { text: text.text, span, seed, subject: Some(subject(&finding)), rules: vec![finding.rule] })
    }

    fn clean(pipeline: &Pipeline, text: &'a str, seed: u64) -> Self {
        let rules = judge(pipeline, text).into_iter().map(|finding| finding.rule).collect();
        Self { text, span: some_word(text, seed), seed, rules, subject: None }
    }

    fn knows(&self, finding: &Finding) -> bool {
        self.rules.contains(&finding.rule) || self.subject == Some(subject(finding))
    }

    fn example(&self, rule: &str, transformed: String) -> Example {
        Example { rule: rule.to_owned(), original: self.text.to_owned(), transformed }
    }
}

/// The findings that a person would see.
fn judge(pipeline: &Pipeline, text: &str) -> Vec<Finding> {
    let mut findings = pipeline.check_as(text, Direction::Input).findings;
    findings.retain(|finding| finding.severity >= Severity::Review);
    findings
}

const fn subject(finding: &Finding) -> Subject {
    (finding.class, finding.attack, finding.personal)
}

/// Two to four neighbouring Chinese characters, or a Latin word, somewhere in the text; nothing (an empty range) when it has neither.
fn some_word(text: &str, seed: u64) -> Range<usize> {
    let rng = &mut Rng::new(seed);
    let kind = |c: char| (is_han(c), c.is_ascii_alphabetic());
    let chars: Vec<(usize, char)> = text.char_indices().collect();
    let runs = chars.chunk_by(|left, right| kind(left.1) == kind(right.1));
    let words: Vec<_> = runs.filter(|run| run.len() >= 2 && run.first().is_some_and(|(_, c)| kind(*c) != (false, false))).collect();
    let run = rng.pick(&words).unwrap_or_default();
    let is_chinese = run.first().is_some_and(|(_, c)| is_han(*c));
    let size = if is_chinese { run.len().min(2 + rng.below(3)) } else { run.len() };
    let from = rng.below(run.len() - size + 1);
    match run.get(from..from + size) {
        Some([(start, _), .., (last, c)]) => *start..last + c.len_utf8(),
        _ => 0..0,
    }
}

fn row(pipeline: &Pipeline, transform: &Transform, found: &[Case<'_>], clean: &[Case<'_>]) -> Row {
    let (recall, missed) = recall(pipeline, transform, found);
    let (false_findings, wrong) = false_findings(pipeline, transform, clean);
    let required = required(transform.id);
    Row {
        id: transform.id,
        zh: transform.zh,
        en: transform.en,
        required,
        recall,
        interval: recall.interval(),
        standing: required.map(|share| recall.against(Bound::AtLeast(share))),
        false_findings,
        missed,
        wrong,
    }
}

fn required(transform: &str) -> Option<f64> {
    match transform {
        "pinyin-initials" | "homophone" | "emoji" => Some(REQUIRED_OF_AMBIGUOUS),
        // Numerals for digits hide numbers, which the rules for texts seldom have.
        "digits" => None,
        _ => Some(REQUIRED),
    }
}

fn recall(pipeline: &Pipeline, transform: &Transform, cases: &[Case<'_>]) -> (Rate, Vec<Example>) {
    let (mut rate, mut missed) = (Rate::default(), Vec::new());
    for (case, text) in transformed(transform, cases) {
        let hit = judge(pipeline, &text).iter().any(|finding| case.knows(finding));
        rate.judged += 1;
        rate.hits += u64::from(hit);
        if !hit && missed.len() < EXAMPLES {
            missed.extend(case.rules.first().map(|rule| case.example(rule, text)));
        }
    }
    (rate, missed)
}

fn false_findings(pipeline: &Pipeline, transform: &Transform, cases: &[Case<'_>]) -> (Rate, Vec<Example>) {
    let (mut rate, mut wrong) = (Rate::default(), Vec::new());
    for (case, text) in transformed(transform, cases) {
        let new = judge(pipeline, &text).into_iter().find(|finding| !case.knows(finding));
        rate.judged += 1;
        rate.hits += u64::from(new.is_some());
        if wrong.len() < EXAMPLES {
            wrong.extend(new.map(|finding| case.example(&finding.rule, text)));
        }
    }
    (rate, wrong)
}

/// The cases that the transform changes, and what it makes of them.
fn transformed<'a>(transform: &'a Transform, cases: &'a [Case<'a>]) -> impl Iterator<Item = (&'a Case<'a>, String)> {
    cases.iter().filter_map(|case| Some((case, (transform.apply)(case.text, case.span.clone(), case.seed)?)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pipeline::{DetectError, Detector, Item};

    /// Finds what it is told to, in the text as it stands: every disguise works.
    struct Literal(&'static str, &'static str);

    impl Detector for Literal {
        fn name(&self) -> &'static str {
            "literal"
        }

        fn version(&self) -> String {
            "1".to_owned()
        }

        fn detect(&self, item: &Item<'_>, findings: &mut Vec<Finding>) -> Result<(), DetectError> {
            findings.extend(item.text.find(self.1).map(|start| Finding {
                class: Some(RiskClass::A1a),
                span: taxonomy::Span { start, end: start + self.1.len() },
                ..item.finding("literal", self.0, Severity::Block, 1.0, 0..0)
            }));
            Ok(())
        }

        fn live(&self, item: &Item<'_>, _: &mut crate::Trail) -> usize {
            item.folded.units().len()
        }
    }

    fn report() -> Report {
        let pipeline = Pipeline::new(vec![Box::new(Literal("r", "代开发票")), Box::new(Literal("w", "！"))]);
        let (text, other) = (Text { text: "长期代开发票", rule: "r" }, Text { text: "今天天气好", rule: "r" });
        run(&pipeline, &[text, other], &["Good day!", "！ok!"], 7)
    }

    fn row_of<'a>(report: &'a Report, id: &str) -> &'a Row {
        report.rows.iter().find(|row| row.id == id).unwrap()
    }

    #[test]
    fn texts_are_counted_once_and_misses_are_shown() {
        let report = report();
        assert_eq!((report.texts, report.not_found, report.clean, report.rows.len()), (2, 1, 2, transforms().len()));
        let pinyin = row_of(&report, "pinyin-full");
        assert_eq!((pinyin.recall.hits, pinyin.recall.judged, pinyin.standing), (0, 1, Some(Standing::Failed)));
        assert_eq!(pinyin.missed.first().map(|e| (e.rule.as_str(), e.original.as_str())), Some(("r", "长期代开发票")));
        assert!(!report.met());
        assert_eq!(report, self::report());
    }

    #[test]
    fn nothing_to_change_is_no_failure_but_nothing_measured_is() {
        let leet = report().rows.into_iter().find(|row| row.id == "leet").unwrap();
        assert!(leet.recall.judged == 0 && leet.standing == Some(Standing::NotConcluded) && leet.met());
        assert!(!run(&Pipeline::new(Vec::new()), &[Text { text: "a", rule: "r" }], &[], 1).met());
    }

    #[test]
    fn only_what_the_disguise_brought_is_a_false_finding() {
        let report = report();
        // Both get a full-width mark; the second had one before.
        let full = row_of(&report, "fullwidth");
        assert_eq!((full.false_findings.hits, full.false_findings.judged), (1, 2));
        assert_eq!(full.wrong.first().map(|e| (e.rule.as_str(), e.original.as_str())), Some(("w", "Good day!")));
    }

    #[test]
    fn a_word_is_taken_whole_and_characters_by_two_to_four() {
        for seed in 0..200 {
            let text = "今天天气好。good!";
            let word = text.get(some_word(text, seed)).unwrap_or_default();
            assert!(word == "good" || (2..=4).contains(&word.chars().count()) && word.chars().all(is_han), "{word}");
        }
        assert_eq!((some_word("", 1), some_word("a 1 中", 1)), (0..0, 0..0));
    }
}

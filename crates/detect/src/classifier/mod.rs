//! The classifier: what a text means, where keywords see only its words.
//!
//! Every text gets, for each of 32 labels, a probability that was calibrated on texts the model had not seen, and two thresholds: from `flag` on a person should
//! look, from `sure` on the classifier stands by itself; below, it says nothing. Two models of one interface live here, a linear one over n-grams and
//! an encoder of sentences. Both are pure: no clock, no network, no randomness.

mod calibrate;
mod encoder;
mod eval;
mod features;
mod fit;
mod header;
mod label;
mod linear;
mod model;
mod rows;
mod train;

use std::ops::Range;
use std::sync::Arc;

use taxonomy::{Finding, InputKind, Severity, Span};

use crate::decode::{Uncovered, uncover};

pub use calibrate::{Calibration, Calibrations, FLAG_PRECISION, PLAIN_SHARE, Probabilities, SURE_PRECISION, calibrate};
pub use encoder::{Encoder, EncoderHeader, Joint, join, joint_scores, shares};
pub use eval::{Evaluation, LabelFigures, Slice, evaluate};
pub use fit::{FOLDS, fit, fold_of, scores_of_unseen};
pub use label::{LABELS, Label, Labels};
pub use model::{Header, LinearModel, ModelError, Trained};
pub use rows::{MAX_ROW_BYTES, Row, RowError, read};
pub use train::Training;

/// One number for each label, before it is made a probability.
pub type Scores = [f32; LABELS];

/// What is to be judged.
#[derive(Debug, Clone, Copy)]
pub struct Input<'a> {
    /// What kind of text it is.
    pub kind: InputKind,
    /// The text.
    pub text: &'a str,
    /// The prompt it answers, in a dialog.
    pub prompt: Option<&'a str>,
}

/// A stretch of a text with its scores.
#[derive(Debug, Clone, PartialEq)]
pub struct Window {
    /// Units of the folded text.
    pub units: Range<usize>,
    /// Its scores.
    pub scores: Scores,
}

/// What a classifier says of one label.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Call {
    /// The label.
    pub label: Label,
    /// How likely it holds.
    pub probability: f64,
    /// Whether that is enough to stand by itself; else a person should look.
    pub sure: bool,
}

taxonomy::words! {
    /// Which of the built-in classifiers is asked.
    #[derive(Default)]
    Choice, "choice of a classifier (off, linear or full)", {
        Off = "off", "不用", "none";
        Linear = "linear", "线性", "the linear model alone: microseconds";
        #[default]
        Full = "full", "完整", "the encoder with the linear model: milliseconds";
    }
}

impl Choice {
    /// The classifier.
    ///
    /// # Errors
    /// Never in a released build: a test reads the models.
    pub fn open(self) -> Result<Option<Arc<dyn Classifier>>, ModelError> {
        Ok(match self {
            Self::Off => None,
            Self::Linear => Some(Arc::new(LinearModel::embedded()?)),
            Self::Full => Some(Arc::new(Joint::embedded()?)),
        })
    }
}

/// What is to be judged, with what is hidden in it in an encoding laid open.
struct Open<'a> {
    kind: InputKind,
    text: Uncovered<'a>,
    prompt: Option<Uncovered<'a>>,
}

impl<'a> Open<'a> {
    fn of(input: &Input<'a>) -> Self {
        Self { kind: input.kind, text: uncover(input.text), prompt: input.prompt.map(uncover) }
    }

    fn input(&self) -> Input<'_> {
        Input { kind: self.kind, text: &self.text.text, prompt: self.prompt.as_ref().map(|prompt| &*prompt.text) }
    }
}

/// A classifier of any kind.
pub trait Classifier: Send + Sync {
    /// Its name in findings.
    fn name(&self) -> &'static str;

    /// Name and digest of the model.
    fn version(&self) -> String;

    /// The scores of each window of the text, in order; there is always one.
    fn windows(&self, input: &Input<'_>) -> Vec<Window>;

    /// What is made of the scores.
    fn calibrations(&self) -> &Calibrations;

    /// What it was trained on.
    fn trained(&self) -> &[Trained];

    /// The probability of every label: a text, with what is hidden in it laid open, is as bad as its worst window.
    fn probabilities(&self, input: &Input<'_>) -> Probabilities {
        self.calibrations().probabilities(input.kind, &joined(&self.windows(&Open::of(input).input())))
    }

    /// What it flags, as findings in the window that speaks for them most. A classifier never blocks alone: what it is sure of is for a person to look at, what it
    /// flags is noted (docs/classifier.md has the shares of harmless text that stand behind this).
    fn findings(&self, input: &Input<'_>) -> Vec<Finding> {
        let open = Open::of(input);
        let windows = self.windows(&open.input());
        let most = joined(&windows);
        let calls = self.calibrations().calls(&self.calibrations().probabilities(input.kind, &most));
        if calls.is_empty() {
            return Vec::new();
        }
        let text = crate::fold(&open.text.text);
        let span = |label: Label| {
            let of = |scores: &Scores| scores.get(label.index()).copied();
            let window = windows.iter().find(|window| of(&window.scores) == of(&most));
            window
                .map_or((Span { start: 0, end: input.text.len() }, None), |window| open.text.original(text.original(window.units.clone())))
        };
        let finding = |call: &Call| {
            let (span, how) = span(call.label);
            Finding {
                class: call.label.class(),
                attack: call.label.attack(input.kind),
                personal: None,
                detector: self.name().to_owned(),
                rule: format!("{}.{}", self.name(), call.label),
                score: call.probability as f32,
                severity: if call.sure { Severity::Review } else { Severity::Note },
                span,
                matched: span.cut(input.text).unwrap_or_default().to_owned(),
                via: how.map(|how| how.id().to_owned()),
            }
        };
        calls.iter().map(finding).collect()
    }
}

/// The scores of no text at all.
const NOTHING: Scores = [f32::MIN; LABELS];

/// The rule for long texts: a text is as bad as its worst window.
fn joined(windows: &[Window]) -> Scores {
    windows.iter().map(|window| window.scores).reduce(worse).unwrap_or(NOTHING)
}

/// The higher score of each label.
fn worse(mut one: Scores, other: Scores) -> Scores {
    one.iter_mut().zip(other).for_each(|(most, score)| *most = most.max(score));
    one
}

/// Windows that cover so many things, the last of which ends where they end; there is always one.
fn cover(length: usize, window: usize, stride: usize) -> impl Iterator<Item = Range<usize>> {
    let more = length.saturating_sub(window).div_ceil(stride);
    (0..=more).map(move |n| n * stride..(n * stride + window).min(length))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_hidden_in_an_encoding_is_judged_where_it_stands() {
        let classifier = Joint::embedded().unwrap();
        let of = |text| classifier.findings(&Input { kind: InputKind::Text, text, prompt: None });
        let open = of("通知：长期代开各类发票，保真可查，点数低，加微信详聊");
        let hidden = of("通知：6ZW/5pyf5Luj5byA5ZCE57G75Y+R56Wo77yM5L+d55yf5Y+v5p+l77yM54K55pWw5L2O77yM5Yqg5b6u5L+h6K+m6IGK");
        assert!(!open.is_empty() && open.iter().all(|finding| finding.via.is_none()), "{open:?}");
        let finding = hidden.iter().find(|finding| finding.rule == open[0].rule).expect("the same as in the open");
        assert_eq!(finding.via.as_deref(), Some("base64"));
        assert!(finding.matched.contains("6ZW/5pyf"), "{finding:?}");
    }
}

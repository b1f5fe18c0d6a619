//! How good a classifier is, on rows it has not seen: for each label, and for each part of the rows, never one average alone.

use std::collections::BTreeMap;

use serde::Serialize;
use stats::Rate;

use super::rows::Row;
use super::{Calibrations, Call, Label, Probabilities};

/// Bins of the expected calibration error.
const BINS: usize = 10;

/// Lengths of texts in characters that are told apart.
const LENGTHS: [usize; 4] = [20, 60, 250, 1000];

/// The figures of one label.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LabelFigures {
    /// The label.
    pub label: Label,
    /// Of what it flags, what is right.
    pub precision: Rate,
    /// Of what is so, what it flags.
    pub recall: Rate,
    /// Of all that is or is flagged, what is both; F1 is `2j / (1 + j)` of it.
    pub jaccard: Rate,
    /// Of what it is sure of, what is right.
    pub sure: Rate,
    /// Area under the curve of recall over false positives.
    pub auc: Option<f64>,
    /// Expected calibration error in ten bins.
    pub calibration_error: f64,
}

impl LabelFigures {
    /// The harmonic mean of precision and recall.
    #[must_use]
    pub fn f1(&self) -> Option<f64> {
        self.jaccard.share().map(f1)
    }

    /// The interval of F1, from Wilson's of the share it is a function of.
    #[must_use]
    pub fn f1_interval(&self) -> (f64, f64) {
        let interval = self.jaccard.interval();
        (f1(interval.low), f1(interval.high))
    }
}

fn share(hits: u64, judged: u64) -> Rate {
    Rate { hits, judged, ..Rate::default() }
}

fn f1(jaccard: f64) -> f64 {
    2.0 * jaccard / (1.0 + jaccard)
}

/// Harmful or not, in a part of the rows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Slice {
    /// Harmful rows, and how many of them have anything flagged.
    pub harmful: u64,
    /// See `harmful`.
    pub caught: u64,
    /// Harmless rows, and how many of them have anything flagged.
    pub harmless: u64,
    /// See `harmless`.
    pub wronged: u64,
    /// Harmless rows of which the classifier is sure that they are not.
    pub sure_wronged: u64,
}

impl Slice {
    /// Counts a row.
    pub fn count(&mut self, harmful: bool, flagged: bool) {
        let (all, hits) = if harmful { (&mut self.harmful, &mut self.caught) } else { (&mut self.harmless, &mut self.wronged) };
        *all += 1;
        *hits += u64::from(flagged);
    }

    /// Of the harmful rows, those caught.
    #[must_use]
    pub fn recall(&self) -> Rate {
        share(self.caught, self.harmful)
    }

    /// Of the harmless rows, those wronged.
    #[must_use]
    pub fn false_positives(&self) -> Rate {
        share(self.wronged, self.harmless)
    }
}

/// All figures.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Evaluation {
    /// For each label that some row has.
    pub labels: Vec<LabelFigures>,
    /// Area under the curve of 'harmful at all'.
    pub auc: Option<f64>,
    /// Expected calibration error of 'harmful at all'.
    pub calibration_error: f64,
    /// Harmful or not, by `all`, `lang zh`, `kind prompt`, `length …`, `source …`, `twin …`, in order.
    pub slices: BTreeMap<String, Slice>,
}

impl Evaluation {
    /// The mean F1 of the labels that some row has.
    #[must_use]
    pub fn macro_f1(&self) -> Option<f64> {
        let all: Vec<f64> = self.labels.iter().filter_map(LabelFigures::f1).collect();
        (!all.is_empty()).then(|| all.iter().sum::<f64>() / all.len() as f64)
    }
}

/// Holds probabilities against what people say of the rows.
#[must_use]
pub fn evaluate(rows: &[Row], probabilities: &[Probabilities], calibrations: &Calibrations) -> Evaluation {
    let mut slices: BTreeMap<String, Slice> = BTreeMap::new();
    let calls: Vec<Vec<Call>> = probabilities.iter().map(|probabilities| calibrations.calls(probabilities)).collect();
    for (row, calls) in rows.iter().zip(&calls) {
        let (flagged, sure) = (!calls.is_empty(), calls.iter().any(|call| call.sure));
        for name in slices_of(row) {
            let slice = slices.entry(name).or_default();
            slice.count(row.harmful, flagged);
            slice.sure_wronged += u64::from(sure && !row.harmful);
        }
    }
    let labels = Label::all().filter_map(|label| figures(label, rows, probabilities, &calls));
    let any: Vec<_> = rows.iter().zip(probabilities).map(|(row, probabilities)| (probabilities.any, row.harmful)).collect();
    Evaluation { labels: labels.collect(), auc: auc(&any), calibration_error: calibration_error(&any), slices }
}

fn slices_of(row: &Row) -> Vec<String> {
    let length = row.text.chars().count();
    let below = LENGTHS.iter().find(|most| length <= **most);
    let length = below.map_or_else(|| format!("length over {}", LENGTHS[3]), |most| format!("length up to {most:4}"));
    let mut names =
        vec!["all".to_owned(), format!("lang {}", row.lang), format!("kind {}", row.kind), length, format!("source {}", row.source)];
    if !row.harmful {
        names.push(row.twin.map_or_else(|| "harmless, plain".to_owned(), |_| "harmless, twins".to_owned()));
    }
    names
}

/// A row as one label sees it.
struct Point {
    probability: f64,
    holds: bool,
    flagged: bool,
    sure: bool,
}

fn figures(label: Label, rows: &[Row], probabilities: &[Probabilities], calls: &[Vec<Call>]) -> Option<LabelFigures> {
    let known = rows.iter().zip(probabilities.iter().zip(calls)).filter(|(row, _)| row.known.has(label));
    let points = known.map(|(row, (probabilities, calls))| {
        let call = calls.iter().find(|call| call.label == label);
        let probability = probabilities.labels.get(label.index()).copied().unwrap_or_default();
        Point { probability, holds: row.labels.has(label), flagged: call.is_some(), sure: call.is_some_and(|call| call.sure) }
    });
    let points: Vec<Point> = points.collect();
    let count = |test: &dyn Fn(&Point) -> bool| points.iter().filter(|point| test(point)).count() as u64;
    let (holding, flagged) = (count(&|point| point.holds), count(&|point| point.flagged));
    if holding == 0 {
        return None;
    }
    let both = count(&|point| point.holds && point.flagged);
    let pairs: Vec<_> = points.iter().map(|point| (point.probability, point.holds)).collect();
    Some(LabelFigures {
        label,
        precision: share(both, flagged),
        recall: share(both, holding),
        jaccard: share(both, holding + flagged - both),
        sure: share(count(&|point| point.holds && point.sure), count(&|point| point.sure)),
        auc: auc(&pairs),
        calibration_error: calibration_error(&pairs),
    })
}

/// The share of pairs of a row that has the label and one that has not in which the first has the higher probability; ties count half.
fn auc(points: &[(f64, bool)]) -> Option<f64> {
    let mut sorted: Vec<_> = points.to_vec();
    sorted.sort_by(|a, b| a.0.total_cmp(&b.0));
    let (mut below, mut pairs) = (0.0, 0.0);
    for tied in sorted.chunk_by(|a, b| a.0 == b.0) {
        let holding = tied.iter().filter(|point| point.1).count() as f64;
        let not = tied.len() as f64 - holding;
        pairs += holding * (below + not / 2.0);
        below += not;
    }
    let holding = points.iter().filter(|point| point.1).count() as f64;
    let all = holding * below;
    (all > 0.0).then(|| pairs / all)
}

/// Guo et al. 2017: the mean distance of probability and share, over ten bins of equal width.
fn calibration_error(points: &[(f64, bool)]) -> f64 {
    let mut bins = [(0.0, 0.0, 0.0); BINS];
    for (probability, holds) in points {
        let at = ((probability * BINS as f64) as usize).min(BINS - 1);
        if let Some((count, sum, holding)) = bins.get_mut(at) {
            *count += 1.0;
            *sum += probability;
            *holding += f64::from(u8::from(*holds));
        }
    }
    bins.iter().map(|(_, sum, holding)| f64::abs(sum - holding)).sum::<f64>() / (points.len().max(1) as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_right() {
        assert_eq!(auc(&[(0.1, false), (0.4, true), (0.4, false), (0.9, true)]), Some(0.875));
        assert_eq!(auc(&[(0.1, false)]), None);
        assert!((calibration_error(&[(0.25, false), (0.25, true), (0.95, true)]) - (0.5 + 0.05) / 3.0).abs() < 1e-9);
        assert!((f1(0.5) - 2.0 / 3.0).abs() < 1e-9);
    }
}

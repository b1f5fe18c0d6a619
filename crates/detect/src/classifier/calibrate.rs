//! From scores to probabilities that mean what they say, and to thresholds that keep a stated precision.
//!
//! Both are fitted on scores of rows that the model that gave them had not seen ([`super::fit`]).

use std::f64::consts::LN_2;

use serde::{Deserialize, Serialize};
use stats::{log2, sigmoid};
use taxonomy::InputKind;

use super::rows::Row;
use super::{Call, LABELS, Label, Scores};

/// Precision that `flag` is chosen for.
pub const FLAG_PRECISION: f64 = 0.80;

/// Precision that `sure` is chosen for.
pub const SURE_PRECISION: f64 = 0.95;

/// Largest share of rows that are no twin of anything that one label may flag: 31 such labels stay under half a per cent together.
pub const PLAIN_SHARE: f64 = 0.0005;

/// Fewest flagged rows from which a precision is read: of fewer, chance says more than the label.
const FEWEST: usize = 20;

/// What is made of all labels' scores.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Calibrations {
    /// For each label.
    pub labels: Vec<Calibration>,
    /// For 'anything at all', by kind of input: of the log-odds that some label holds, as if they were independent.
    pub any: Vec<Calibration>,
}

impl Calibrations {
    /// What is made of 'anything at all' in this kind of input.
    #[must_use]
    pub fn any(&self, kind: InputKind) -> Calibration {
        self.any.get(kind.index()).copied().unwrap_or(UNSET)
    }

    /// The probability of every label.
    #[must_use]
    pub fn probabilities(&self, kind: InputKind, scores: &Scores) -> Probabilities {
        let mut labels = [0.0; LABELS];
        for ((probability, score), calibration) in labels.iter_mut().zip(scores).zip(&self.labels) {
            *probability = calibration.probability(f64::from(*score));
        }
        Probabilities { kind, labels, any: self.any(kind).probability(odds(&labels)) }
    }

    /// What is flagged, likeliest first: every label that reaches its own threshold, and the likeliest one where 'anything at all' reaches its own.
    #[must_use]
    pub fn calls(&self, probabilities: &Probabilities) -> Vec<Call> {
        let most = probabilities.labels.iter().copied().fold(0.0, f64::max);
        let of_kind = self.any(probabilities.kind);
        let (any, sure) = (probabilities.any >= of_kind.flag, probabilities.any >= of_kind.sure);
        let mut calls: Vec<Call> = Label::all()
            .zip(probabilities.labels)
            .zip(&self.labels)
            .filter(|((_, probability), own)| *probability >= own.flag || (any && *probability >= most))
            .map(|((label, probability), own)| Call { label, probability, sure: probability >= own.sure || (sure && probability >= most) })
            .collect();
        calls.sort_by(|a, b| b.probability.total_cmp(&a.probability));
        calls
    }
}

/// The probability of every label, and that anything holds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Probabilities {
    /// The kind of input.
    pub kind: InputKind,
    /// For each label.
    pub labels: [f64; LABELS],
    /// That the text is harmful in some way.
    pub any: f64,
}

/// The log-odds that some label holds.
fn odds(labels: &[f64; LABELS]) -> f64 {
    let none: f64 = labels.iter().map(|probability| (1.0 - probability).max(1e-9)).product();
    LN_2 * (log2(1e12 * (1.0 - none).max(1e-9)) - log2(1e12 * none.max(1e-9)))
}

/// What is made of one label's score.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Calibration {
    /// Probability = sigmoid(slope · score + offset).
    pub slope: f64,
    /// See `slope`.
    pub offset: f64,
    /// From this probability on, a person should look.
    pub flag: f64,
    /// From this probability on, the classifier is sure.
    pub sure: f64,
}

impl Calibration {
    /// The probability of a score.
    #[must_use]
    pub fn probability(&self, score: f64) -> f64 {
        sigmoid(self.slope * score + self.offset)
    }
}

/// Fits everything on scores of rows that were not learnt from.
#[must_use]
pub fn calibrate(rows: &[Row], scores: &[Scores]) -> Calibrations {
    let of = |label: Label| {
        let known = rows.iter().zip(scores).filter(|(row, _)| row.known.has(label));
        let points = known.filter_map(|(row, scores)| {
            Some(Point { score: f64::from(*scores.get(label.index())?), holds: row.labels.has(label), is_plain: row.is_plain() })
        });
        fit(points.collect())
    };
    let labels = Calibrations { labels: Label::all().map(of).collect(), any: Vec::new() };
    let of_kind = |kind: &InputKind| {
        let points = rows.iter().zip(scores).filter(|(row, _)| row.kind == *kind).map(|(row, scores)| {
            let score = odds(&labels.probabilities(*kind, scores).labels);
            Point { score, holds: row.harmful, is_plain: row.is_plain() }
        });
        fit_any(points.collect(), *kind)
    };
    Calibrations { any: InputKind::ALL.iter().map(of_kind).collect(), ..labels }
}

/// Flags nothing.
const UNSET: Calibration = Calibration { slope: 1.0, offset: 0.0, flag: 2.0, sure: 2.0 };

/// For 'anything at all' the thresholds keep a stated share of harmless rows flagged, not a precision: how many texts are harmful differs from door to door.
fn fit_any(points: Vec<Point>, kind: InputKind) -> Calibration {
    let (twins, plain) = if kind == InputKind::Prompt { PROMPT_SHARES } else { SHARES };
    let (slope, offset) = platt(&points);
    let above = |share: f64, which: &dyn Fn(&Point) -> bool| {
        let mut scores: Vec<f64> = points.iter().filter(|point| !point.holds && which(point)).map(|point| point.score).collect();
        scores.sort_by(|a, b| b.total_cmp(a));
        let at = (share * scores.len() as f64) as usize;
        scores.get(at).map_or(1.0, |score| sigmoid(slope * score + offset) + 1e-9)
    };
    let flag = above(twins, &|point| !point.is_plain).max(above(plain, &|point| point.is_plain));
    let sure = above(SURE_TWIN_SHARE, &|point| !point.is_plain).max(above(SURE_PLAIN_SHARE, &|point| point.is_plain)).max(flag);
    Calibration { slope, offset, flag, sure }
}

/// Shares of harmless rows that 'anything at all' may flag: of twins, which share their words with harm, and of all others, among which texts are
/// mostly news, encyclopaedia and chat.
const SHARES: (f64, f64) = (0.05, 0.005);
/// The same of prompts. They are short, one person waits for each, and the others among them were written to sound dangerous.
const PROMPT_SHARES: (f64, f64) = (0.12, 0.05);
/// Shares of harmless rows that it may be sure of.
const SURE_TWIN_SHARE: f64 = 0.01;
const SURE_PLAIN_SHARE: f64 = 0.001;

struct Point {
    score: f64,
    holds: bool,
    is_plain: bool,
}

fn fit(mut points: Vec<Point>) -> Calibration {
    let (slope, offset) = platt(&points);
    points.sort_by(|a, b| b.score.total_cmp(&a.score));
    let plain = points.iter().filter(|point| point.is_plain).count();
    let probability = |score: f64| sigmoid(slope * score + offset);
    // The lowest score from which on the precision holds, and above which plain text is all but never flagged.
    let lowest = |precision: f64| {
        let (mut right, mut wrong_plain, mut lowest) = (0_usize, 0_usize, None);
        for (flagged, point) in (1..).zip(&points) {
            right += usize::from(point.holds);
            wrong_plain += usize::from(point.is_plain && !point.holds);
            if wrong_plain as f64 > PLAIN_SHARE * plain as f64 {
                break;
            }
            if flagged >= FEWEST && right as f64 >= precision * flagged as f64 {
                lowest = Some(probability(point.score));
            }
        }
        lowest
    };
    let flag = lowest(FLAG_PRECISION).unwrap_or(1.0).max(LEAST_FLAG);
    let sure = lowest(SURE_PRECISION).unwrap_or(1.0).max(flag);
    Calibration { slope, offset, flag, sure }
}

/// Nothing is flagged that is more likely not so.
const LEAST_FLAG: f64 = 0.35;

/// Platt (1999) with the targets of Lin, Lin and Weng (2007), by Newton's method.
fn platt(points: &[Point]) -> (f64, f64) {
    let holds = points.iter().filter(|point| point.holds).count() as f64;
    let not = points.len() as f64 - holds;
    let target = |holds_here: bool| if holds_here { (holds + 1.0) / (holds + 2.0) } else { 1.0 / (not + 2.0) };
    let (mut slope, mut offset) = (1.0, 0.0);
    for _ in 0..50 {
        let (mut g1, mut g2, mut h11, mut h12, mut h22) = (0.0, 0.0, 1e-9, 0.0, 1e-9);
        for point in points {
            let p = sigmoid(slope * point.score + offset);
            let (error, weight) = (p - target(point.holds), p * (1.0 - p));
            g1 += error * point.score;
            g2 += error;
            h11 += weight * point.score * point.score;
            h12 += weight * point.score;
            h22 += weight;
        }
        let determinant = h11 * h22 - h12 * h12;
        if determinant.abs() < 1e-12 {
            break;
        }
        let (step1, step2) = ((h22 * g1 - h12 * g2) / determinant, (h11 * g2 - h12 * g1) / determinant);
        slope = (slope - step1.clamp(-1.0, 1.0)).clamp(0.05, 20.0);
        offset = (offset - step2.clamp(-2.0, 2.0)).clamp(-30.0, 30.0);
        if step1.abs() + step2.abs() < 1e-7 {
            break;
        }
    }
    (slope, offset)
}

/// Weights of two scores by logistic regression, by gradient descent on standardised scores; none is negative, because both speak for the label.
pub(super) fn two(points: &[([f64; 2], bool)]) -> [f64; 2] {
    let count = points.len().max(1) as f64;
    let mean = |at: usize| points.iter().filter_map(|(scores, _)| scores.get(at)).sum::<f64>() / count;
    let means = [mean(0), mean(1)];
    let spread = |at: usize, mean: f64| {
        let squares = points.iter().filter_map(|(scores, _)| scores.get(at)).map(|score| (score - mean) * (score - mean));
        (squares.sum::<f64>() / count).sqrt().max(1e-6)
    };
    let spreads = [spread(0, means[0]), spread(1, means[1])];
    let (mut weights, mut bias) = ([1.0, 1.0], -3.0);
    for _ in 0..ROUNDS {
        let (mut slope, mut shift) = ([0.0; 2], 0.0);
        for (scores, holds) in points {
            let x = [(scores[0] - means[0]) / spreads[0], (scores[1] - means[1]) / spreads[1]];
            let error = sigmoid(weights[0] * x[0] + weights[1] * x[1] + bias) - f64::from(u8::from(*holds));
            slope[0] += error * x[0];
            slope[1] += error * x[1];
            shift += error;
        }
        weights[0] = f64::max(weights[0] - RATE * slope[0] / count, 0.0);
        weights[1] = f64::max(weights[1] - RATE * slope[1] / count, 0.0);
        bias -= RATE * shift / count;
    }
    [weights[0] / spreads[0], weights[1] / spreads[1]]
}

/// Rounds and step of [`two`]: scores of rare labels are far from balanced, so it takes many.
const ROUNDS: usize = 400;
const RATE: f64 = 4.0;

#[cfg(test)]
mod tests {
    use super::*;

    fn point(score: f64, holds: bool) -> Point {
        Point { score, holds, is_plain: false }
    }

    #[test]
    fn a_probability_means_what_it_says() {
        // Of the rows with score s, sigmoid(2s - 1) hold.
        let points = (0..4000).map(|n| {
            let score = f64::from(n % 40) / 10.0 - 2.0;
            point(score, f64::from(n / 40) / 100.0 < sigmoid(2.0 * score - 1.0))
        });
        let (slope, offset) = platt(&points.collect::<Vec<_>>());
        assert!((slope - 2.0).abs() < 0.1 && (offset + 1.0).abs() < 0.1, "{slope} {offset}");
    }

    #[test]
    fn thresholds_keep_their_precision() {
        let points: Vec<_> = (0..1000).map(|n| point(f64::from(n) / 100.0, n > 700 || (n > 500 && n % 2 == 0))).collect();
        let right = |from: f64, calibration: &Calibration| {
            let above = points.iter().filter(|p| calibration.probability(p.score) >= from);
            let (all, right) = above.fold((0, 0), |(all, right), p| (all + 1, right + usize::from(p.holds)));
            right as f64 / f64::from(all)
        };
        let calibration = fit((0..1000).map(|n| point(f64::from(n) / 100.0, n > 700 || (n > 500 && n % 2 == 0))).collect());
        assert!(right(calibration.flag, &calibration) >= FLAG_PRECISION - 0.01);
        assert!(right(calibration.sure, &calibration) >= SURE_PRECISION - 0.01 && calibration.sure > calibration.flag);
    }
}

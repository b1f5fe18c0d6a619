//! Fitting a classifier: learn from all rows but a part, score the part, turn about; calibrate on those scores; then learn from all.

use super::calibrate::calibrate;
use super::rows::Row;
use super::train::{Training, train};
use super::{Header, LABELS, LinearModel, Scores, Trained, joined};

/// How many parts the rows are put in.
pub const FOLDS: usize = 4;

/// The part a row belongs to: rows of one theme of one source stay together, because they are alike.
#[must_use]
pub fn fold_of(row: &Row) -> usize {
    let name = row.source.bytes().chain([b'|']).chain(row.theme.bytes());
    let hash = name.fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    ((hash >> 32) % FOLDS as u64) as usize
}

/// The scores that each row gets from a model that has seen no row of its theme.
#[must_use]
pub fn scores_of_unseen(rows: &[Row], how: &Training) -> Vec<Scores> {
    let mut scores = vec![[0.0; LABELS]; rows.len()];
    for fold in 0..FOLDS {
        let seen: Vec<&Row> = rows.iter().filter(|row| fold_of(row) != fold).collect();
        let model = train(&seen, how);
        for (row, scores) in rows.iter().zip(&mut scores).filter(|(row, _)| fold_of(row) == fold) {
            *scores = joined(&model.windows(&row.input()));
        }
    }
    scores
}

/// Fits a linear classifier.
#[must_use]
pub fn fit(name: &str, rows: &[Row], how: &Training, trained: Vec<Trained>) -> LinearModel {
    let all: Vec<&Row> = rows.iter().collect();
    let calibrations = calibrate(rows, &scores_of_unseen(rows, how));
    LinearModel::new(Header { format: 1, name: name.to_owned(), trained, calibrations }, train(&all, how))
}

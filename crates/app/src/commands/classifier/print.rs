//! The tables of an evaluation.

use std::process::ExitCode;

use anyhow::Result;
use detect::classifier::{Classifier, Evaluation, LabelFigures, Slice};
use stats::Rate;

use super::data::Data;
use crate::commands::{pad, print_json};

pub(super) fn evaluation(evaluation: &Evaluation, json: bool) -> Result<ExitCode> {
    if json {
        print_json(evaluation)?;
        return Ok(ExitCode::SUCCESS);
    }
    say!(
        "{:11} {:>6} {:>21} {:>21} {:>19} {:>6} {:>6} {:>13}",
        "label",
        "rows",
        "precision %",
        "recall %",
        "F1",
        "AUC",
        "ECE",
        "sure: right"
    );
    for label in &evaluation.labels {
        let (low, high) = label.f1_interval();
        say!(
            "{:11} {:>6} {:>21} {:>21} {:>6.3} [{low:.3}–{high:.3}] {:>6} {:>6.3} {:>13}",
            label.label.id(),
            label.recall.judged,
            rate(label.precision),
            rate(label.recall),
            label.f1().unwrap_or_default(),
            three(label.auc),
            label.calibration_error,
            format!("{}/{}", label.sure.hits, label.sure.judged),
        );
    }
    say!("macro-F1 {} over {} labels\n", three(evaluation.macro_f1()), evaluation.labels.len());
    say!("harmful at all: AUC {}, ECE {:.3}", three(evaluation.auc), evaluation.calibration_error);
    say!("{} {:>28} {:>28} {:>12}", pad("harmful or not", 32), "caught of the harmful %", "flagged of the harmless %", "of these sure");
    for (name, slice) in &evaluation.slices {
        let (recall, wronged) = (slice.recall(), slice.false_positives());
        say!(
            "{} {:>28} {:>28} {:>12}",
            pad(name, 32),
            format!("{} of {}", rate(recall), recall.judged),
            format!("{} of {}", rate(wronged), wronged.judged),
            slice.sure_wronged,
        );
    }
    Ok(ExitCode::SUCCESS)
}

/// `0.973`; a dash where there is nothing to measure it on.
fn three(figure: Option<f64>) -> String {
    figure.map_or("–".to_owned(), |figure| format!("{figure:.3}"))
}

/// `97.0 [95.1–98.2]`
fn rate(rate: Rate) -> String {
    let interval = rate.interval();
    rate.share()
        .map_or("–".to_owned(), |share| format!("{:.1} [{:.1}–{:.1}]", share * 100.0, interval.low * 100.0, interval.high * 100.0))
}

/// `97.0`
fn share(rate: Rate) -> String {
    rate.share().map_or("–".to_owned(), |share| format!("{:.1}", share * 100.0))
}

/// Two evaluations side by side.
pub(super) fn comparison(first: &Evaluation, second: &Evaluation) {
    say!("{:11} {:>6} {:>8} {:>8} {:>8} {:>8}", "label", "rows", "F1", "F1", "AUC", "AUC");
    for (a, b) in first.labels.iter().zip(&second.labels) {
        let (f1, auc) =
            (|figures: &LabelFigures| figures.f1().unwrap_or_default(), |figures: &LabelFigures| figures.auc.unwrap_or_default());
        say!("{:11} {:>6} {:>8.3} {:>8.3} {:>8.3} {:>8.3}", a.label.id(), a.recall.judged, f1(a), f1(b), auc(a), auc(b));
    }
    let both = |of: fn(&Evaluation) -> Option<f64>| (of(first).unwrap_or_default(), of(second).unwrap_or_default());
    let ((a, b), (c, d)) = (both(Evaluation::macro_f1), both(|evaluation| evaluation.auc));
    say!("macro-F1 {a:.3} {b:.3}; harmful at all: AUC {c:.3} {d:.3}\n");
    say!("{} {:>16} {:>16} {:>16} {:>16}", pad("harmful or not", 32), "caught %", "caught %", "false %", "false %");
    for (name, slice) in &first.slices {
        let Some(other) = second.slices.get(name) else { continue };
        let columns = [slice.recall(), other.recall(), slice.false_positives(), other.false_positives()].map(share);
        say!("{} {}", pad(name, 32), columns.map(|column| format!("{column:>16}")).join(" "));
    }
}

/// What each disguise does: its id, its Chinese name, the rows without it and with it.
pub(super) fn disguises(rows: impl Iterator<Item = (&'static str, &'static str, Slice, Slice)>) {
    say!(
        "{} {:>8} {:>9} {:>9} {:>9} {:>9} {:>9}",
        pad("disguise", 28),
        "harmful",
        "caught %",
        "disguised",
        "harmless",
        "false %",
        "disguised"
    );
    for (id, zh, before, after) in rows {
        say!(
            "{} {:>8} {:>9} {:>9} {:>9} {:>9} {:>9}",
            pad(&format!("{id:16} {zh}"), 28),
            before.harmful,
            share(before.recall()),
            share(after.recall()),
            before.harmless,
            share(before.false_positives()),
            share(after.false_positives()),
        );
    }
}

/// The model card (Mitchell et al. 2019), in Markdown.
pub(super) fn card(model: &dyn Classifier, data: &Data, evaluation: &Evaluation) {
    say!("# {}\n", model.version());
    say!("| trained on | rows | SHA-256 |\n|---|---|---|");
    model.trained().iter().for_each(|file| say!("| {} | {} | {} |", file.file, file.rows, file.digest));
    say!("\n| measured on | rows | SHA-256 |\n|---|---|---|");
    data.files.iter().for_each(|file| say!("| {} | {} | {} |", file.file, file.rows, file.digest));
    let seen = data.seen_by(model);
    if !seen.is_empty() {
        say!("\n**It was trained on {}: the figures below say nothing about texts it has not seen.**", seen.join(", "));
    }
    say!("\n| label | rows | precision % | recall % | F1 | AUC | calibration error |\n|---|---|---|---|---|---|---|");
    for label in &evaluation.labels {
        let (low, high) = label.f1_interval();
        say!(
            "| {} | {} | {} | {} | {:.3} [{low:.3}–{high:.3}] | {:.3} | {:.3} |",
            label.label.id(),
            label.recall.judged,
            rate(label.precision),
            rate(label.recall),
            label.f1().unwrap_or_default(),
            label.auc.unwrap_or_default(),
            label.calibration_error
        );
    }
    let (f1, auc) = (evaluation.macro_f1().unwrap_or_default(), evaluation.auc.unwrap_or_default());
    say!("\nMacro-F1 {f1:.3}. Harmful at all: AUC {auc:.3}, calibration error {:.3}.\n", evaluation.calibration_error);
    say!("| rows | harmful | caught % | harmless | flagged % | of these sure |\n|---|---|---|---|---|---|");
    for (name, slice) in &evaluation.slices {
        let (recall, wronged) = (slice.recall(), slice.false_positives());
        say!("| {name} | {} | {} | {} | {} | {} |", recall.judged, rate(recall), wronged.judged, rate(wronged), slice.sure_wronged);
    }
    let thin: Vec<&str> = evaluation.labels.iter().filter(|label| label.recall.judged < THIN).map(|label| label.label.id()).collect();
    if !thin.is_empty() {
        say!("\nThin data, fewer than {THIN} rows measured: {}.", thin.join(", "));
    }
    say!("\nA5a and A5b are not classified: whether a statement is true does not stand in the statement. They go to judges and people.");
}

/// Fewer rows of a label than this are called thin.
const THIN: u64 = 50;

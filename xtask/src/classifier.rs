//! `cargo xtask bench classifier`: what a text costs, by length, with each of the built-in classifiers; CPU time, median of runs.

use anyhow::{Context, Result};
use detect::classifier::{Choice, Classifier, Input};
use taxonomy::InputKind;

use crate::worst::timed;

/// Characters of the texts.
const LENGTHS: [usize; 5] = [10, 25, 90, 200, 2_000];

/// Runs, and texts in each.
const RUNS: usize = 7;
const TEXTS: usize = 100;

pub(crate) fn run() -> Result<()> {
    println!("{:8} {:>11} {:>12} {:>24}", "", "characters", "µs a text", "(least–most of 7 runs)");
    let clean = detect::clean_corpus();
    let chinese: Vec<char> = clean.iter().filter(|line| !line.is_ascii()).flat_map(|line| line.chars()).collect();
    for choice in [Choice::Linear, Choice::Full] {
        let (seconds, classifier) = timed(|| choice.open());
        let classifier = classifier?.context("a choice that is not off")?;
        for length in LENGTHS {
            let texts: Vec<String> = chinese.chunks_exact(length).take(TEXTS).map(String::from_iter).collect();
            let mut runs: Vec<f64> = (0..RUNS).map(|_| micros(&*classifier, &texts)).collect();
            runs.sort_by(f64::total_cmp);
            let (least, most) = (runs.first().copied().unwrap_or_default(), runs.last().copied().unwrap_or_default());
            let spread = format!("({least:.0}–{most:.0})");
            println!("{choice:8} {length:>11} {:>12.0} {spread:>24}", runs.get(RUNS / 2).copied().unwrap_or_default());
        }
        println!("{choice:8} loaded in {:.0} ms", seconds * 1e3);
    }
    Ok(())
}

fn micros(classifier: &dyn Classifier, texts: &[String]) -> f64 {
    let input = |text| Input { kind: InputKind::Text, text, prompt: None };
    let (seconds, ()) = timed(|| texts.iter().for_each(|text| drop(classifier.findings(&input(text)))));
    seconds * 1e6 / texts.len().max(1) as f64
}

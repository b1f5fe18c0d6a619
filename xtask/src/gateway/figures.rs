//! What was measured, in rounds: medians with their spread, against the aims and beside each other.

use crate::match_bench::median;

/// A figure with its unit.
struct Figure {
    name: &'static str,
    /// The most that our gateway should need.
    aim: Option<f64>,
    /// Whether a smaller one is better.
    less: bool,
}

const fn figure(name: &'static str, aim: Option<f64>) -> Figure {
    Figure { name, aim, less: true }
}

/// How often was asked while latency was measured; no achievement of anybody.
pub(crate) const BEAT: &str = "requests/s while timed";

/// All figures, in the order in which they are printed.
const FIGURES: &[Figure] = &[
    figure("CPU ms, unary request", Some(0.25)),
    figure("CPU ms, stream at once", Some(0.6)),
    figure("CPU ms, stream of 10 ms", Some(0.6)),
    Figure { name: "requests/s, most", aim: None, less: false },
    figure(BEAT, None),
    figure("p50 ms", None),
    figure("p99 ms", None),
    figure("p50 ms added", None),
    figure("p99 ms added", Some(2.0)),
    figure("MB at rest", None),
    figure("MB at 1,000 streams", Some(200.0)),
];

/// The figures of one gateway, by round.
#[derive(Default)]
pub(crate) struct Rounds {
    rows: Vec<(&'static str, f64)>,
}

impl Rounds {
    /// Adds a figure of a round.
    pub(crate) fn add(&mut self, name: &'static str, value: f64) {
        self.rows.push((name, value));
    }

    fn of(&self, name: &str) -> Vec<f64> {
        self.rows.iter().filter(|(other, _)| *other == name).map(|(_, value)| *value).collect()
    }

    fn middle(&self, name: &str) -> Option<f64> {
        let mut values = self.of(name);
        (!values.is_empty()).then(|| median(&mut values))
    }

    fn shown(&self, name: &str) -> String {
        let values = self.of(name);
        let Some(middle) = self.middle(name) else { return "-".to_owned() };
        let least = values.iter().copied().fold(f64::INFINITY, f64::min);
        let most = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        format!("{} ({} to {})", short(middle), short(least), short(most))
    }
}

/// Three digits that say something.
fn short(value: f64) -> String {
    match value.abs() {
        size if size >= 100.0 => format!("{value:.0}"),
        size if size >= 10.0 => format!("{value:.1}"),
        size if size >= 1.0 => format!("{value:.2}"),
        _ => format!("{value:.3}"),
    }
}

/// The table, the aims, and how many times the first gateway's figures the last one's are.
pub(crate) fn print(measured: &[(&'static str, Rounds)], peers: &[&str]) {
    println!("\n| figure | {} |", measured.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(" | "));
    println!("|---|{}", "---|".repeat(measured.len()));
    for figure in FIGURES {
        println!("| {} | {} |", figure.name, measured.iter().map(|(_, rounds)| rounds.shown(figure.name)).collect::<Vec<_>>().join(" | "));
    }
    let Some((ours, first)) = measured.first() else { return };
    println!();
    for figure in FIGURES {
        let (Some(aim), Some(value)) = (figure.aim, first.middle(figure.name)) else { continue };
        let done = if value <= aim { "met" } else { "missed" };
        println!("aim, {ours}: {} at most {aim}: {} {done}", figure.name, short(value));
    }
    for (peer, rounds) in measured.iter().filter(|(name, _)| peers.contains(name)) {
        for figure in FIGURES.iter().filter(|figure| figure.name != BEAT) {
            let (Some(our), Some(their)) = (first.middle(figure.name), rounds.middle(figure.name)) else { continue };
            let ratio = if figure.less { their / our } else { our / their };
            println!("{peer} against {ours}: {}: {} times worse", figure.name, short(ratio));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_middle_of_the_rounds_is_shown_with_both_ends() {
        let mut rounds = Rounds::default();
        for value in [3.0, 1.0, 120.0] {
            rounds.add("p50 ms", value);
        }
        assert_eq!(rounds.shown("p50 ms"), "3.00 (1.00 to 120)");
        assert_eq!(rounds.shown("p99 ms"), "-");
    }
}

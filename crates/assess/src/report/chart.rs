//! The pictures of the report, as numbers for inline SVG. Labels stay outside the pictures, so that they are readable on a phone.

use stats::{Bound, Interval};

use crate::part::Part;

/// A list of rates as bars: a line for the interval, a dot for the share, a tick for the bound.
#[derive(Debug)]
pub(super) struct Bars {
    pub(super) caption: String,
    pub(super) rows: Vec<Bar>,
    pub(super) from: String,
    pub(super) to: String,
}

/// One bar; places are 0 to 1,000 across.
#[derive(Debug)]
pub(super) struct Bar {
    pub(super) label: String,
    pub(super) value: String,
    pub(super) tone: &'static str,
    pub(super) low: u32,
    pub(super) width: u32,
    pub(super) dot: Option<u32>,
    pub(super) tick: Option<u32>,
}

/// What a bar shows.
pub(super) struct BarData {
    pub(super) label: String,
    pub(super) share: Option<f64>,
    pub(super) interval: Interval,
    pub(super) bound: Option<Bound>,
    pub(super) value: String,
}

const fn at(bound: Bound) -> f64 {
    match bound {
        Bound::AtLeast(share) | Bound::AtMost(share) => share,
    }
}

/// Whether a share is on the right side of its bound.
fn tone(share: Option<f64>, bound: Option<Bound>) -> &'static str {
    match (share, bound) {
        (Some(share), Some(Bound::AtLeast(least))) if share < least => "bad",
        (Some(share), Some(Bound::AtMost(most))) if share > most => "bad",
        (Some(_), Some(_)) => "good",
        _ => "plain",
    }
}

/// Lays bars out on one scale, cut to the tenths that hold all shares and bounds, so that differences can be seen.
pub(super) fn bars(caption: String, data: Vec<BarData>) -> Bars {
    let shares = || data.iter().flat_map(|d| [d.share, d.bound.map(at)]).flatten();
    let low = (shares().fold(1.0, f64::min) * 10.0 - 1.0).floor().max(0.0) / 10.0;
    let high = (shares().fold(0.0, f64::max) * 10.0 + 1.0).ceil().min(10.0) / 10.0;
    let (low, high) = if low < high { (low, high) } else { (0.0, 1.0) };
    let place = |share: f64| (((share - low) / (high - low)).clamp(0.0, 1.0) * 1_000.0).round() as u32;
    let row = |d: BarData| {
        let (from, to) = if d.share.is_some() { (place(d.interval.low), place(d.interval.high)) } else { (0, 0) };
        let (dot, tick) = (d.share.map(place), d.bound.map(|b| place(at(b))));
        Bar { tone: tone(d.share, d.bound), label: d.label, value: d.value, low: from, width: to - from, dot, tick }
    };
    let percent = |share: f64| format!("{:.0} %", share * 100.0);
    Bars { caption, from: percent(low), to: percent(high), rows: data.into_iter().map(row).collect() }
}

/// A stacked bar for each of some totals.
#[derive(Debug)]
pub(super) struct Stack {
    pub(super) caption: String,
    pub(super) legend: Vec<(usize, String)>,
    pub(super) rows: Vec<StackRow>,
}

/// One stacked bar; a piece is colour, start and width, 0 to 1,000 across.
#[derive(Debug)]
pub(super) struct StackRow {
    pub(super) label: String,
    pub(super) pieces: Vec<(usize, u32, u32)>,
}

/// Lays out one stacked bar.
pub(super) fn stack_row(label: String, counts: &[u64]) -> StackRow {
    let total = counts.iter().sum::<u64>().max(1);
    let mut from = 0;
    let mut pieces = Vec::new();
    for (colour, count) in counts.iter().enumerate() {
        let to = from + count;
        let place = |n: u64| (n * 1_000 / total) as u32;
        if *count > 0 {
            pieces.push((colour, place(from), place(to) - place(from)));
        }
        from = to;
    }
    StackRow { label, pieces }
}

/// Refusal rate over false-refusal rate, with the field that meets both bounds. Places are 0 to 300.
#[derive(Debug)]
pub(super) struct Tradeoff {
    pub(super) caption: String,
    pub(super) x_label: String,
    pub(super) y_label: String,
    pub(super) dot: (u32, u32),
    pub(super) across: (u32, u32),
    pub(super) up: (u32, u32),
    pub(super) field: (u32, u32),
}

/// Lays out the picture of two refusal rates.
pub(super) fn tradeoff(caption: String, labels: (String, String), refusal: (f64, Interval), false_refusal: (f64, Interval)) -> Tradeoff {
    // Across: 0 to 50 % false refusals; up: 50 to 100 % refusals. A service outside is drawn on the edge.
    let x = |share: f64| ((share / 0.5).clamp(0.0, 1.0) * 300.0).round() as u32;
    let y = |share: f64| (((1.0 - share) / 0.5).clamp(0.0, 1.0) * 300.0).round() as u32;
    Tradeoff {
        caption,
        x_label: labels.0,
        y_label: labels.1,
        dot: (x(false_refusal.0), y(refusal.0)),
        across: (x(false_refusal.1.low), x(false_refusal.1.high)),
        up: (y(refusal.1.high), y(refusal.1.low)),
        field: (x(at(Part::ShouldAnswer.bound())), y(at(Part::ShouldRefuse.bound()))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stack_fills_its_bar() {
        let row = stack_row(String::new(), &[1, 0, 2, 4]);
        assert_eq!(row.pieces.iter().map(|p| p.2).sum::<u32>(), 1_000);
        assert!(stack_row(String::new(), &[0, 0]).pieces.is_empty());
    }

    #[test]
    fn bars_hold_their_bounds() {
        let interval = Interval { low: 0.9, high: 0.97 };
        let data = BarData { label: String::new(), share: Some(0.94), interval, bound: Some(Bound::AtLeast(0.95)), value: String::new() };
        let chart = bars(String::new(), vec![data]);
        let bar = &chart.rows[0];
        assert_eq!(bar.tone, "bad");
        assert!(bar.dot.unwrap() < bar.tick.unwrap() && bar.tick.unwrap() <= 1_000);
    }
}

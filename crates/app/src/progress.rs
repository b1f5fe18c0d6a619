//! The progress bar: done / total, rate, errors, time left. On standard error, and only where a person is watching.

use std::cell::{Cell, RefCell};

use assess::{Phase, Watch};
use indicatif::{ProgressBar, ProgressState, ProgressStyle};

/// Shows each phase as a bar.
pub(crate) struct Bars {
    bar: RefCell<ProgressBar>,
    errors: Cell<u64>,
}

impl Bars {
    pub(crate) fn new() -> Self {
        Self { bar: RefCell::new(ProgressBar::hidden()), errors: Cell::new(0) }
    }
}

impl Watch for Bars {
    fn phase(&self, phase: Phase, steps: u64) {
        self.bar.borrow().finish_and_clear();
        self.errors.set(0);
        let title = match phase {
            Phase::Draw => "draw 抽样",
            Phase::Ask => "ask 提问",
            Phase::Judge => "judge 判定",
            Phase::Report => "report 报告",
        };
        let bar = ProgressBar::new(steps);
        let style = ProgressStyle::with_template("{prefix:12} {bar:30} {pos}/{len}  {rate}  {msg}  left {eta}");
        let rate = |state: &ProgressState, out: &mut dyn std::fmt::Write| {
            let _ = write!(out, "{:.1}/s", state.per_sec());
        };
        bar.set_style(style.map_or_else(|_| ProgressStyle::default_bar(), |style| style.with_key("rate", rate)));
        bar.set_prefix(title);
        bar.set_message("errors 0");
        *self.bar.borrow_mut() = bar;
    }

    fn step(&self, error: bool) {
        let bar = self.bar.borrow();
        if error {
            self.errors.set(self.errors.get() + 1);
            bar.set_message(format!("errors {}", self.errors.get()));
        }
        bar.inc(1);
    }
}

//! How a run tells its watcher where it is.

/// Something that shows progress.
pub trait Watch {
    /// A phase of so many steps begins.
    fn phase(&self, phase: Phase, steps: u64);

    /// One step is done; `error` if it went wrong.
    fn step(&self, error: bool);
}

/// A phase of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Samples are drawn.
    Draw,
    /// Questions are asked.
    Ask,
    /// Answers are judged.
    Judge,
    /// The report is written.
    Report,
}

/// Shows nothing.
#[derive(Debug)]
pub struct Quiet;

impl Watch for Quiet {
    fn phase(&self, _phase: Phase, _steps: u64) {}
    fn step(&self, _error: bool) {}
}

//! Judging a text that arrives in pieces, as if it were whole.
//!
//! Every detector is local: what it finds depends on a bounded stretch before and after. The scanner keeps that stretch of the text, judges it
//! again with each piece, and lets go of what no further text can change. The findings are those of the whole text, in whatever pieces it
//! comes. What is hidden in an encoding (base64, reversed, a whole text in ROT13) is no local matter; it is looked for in prompts and documents,
//! which come whole, not here.

use taxonomy::{Fault, Finding, Verdict};

use crate::policy::Direction;
use crate::{Pipeline, fold, keywords, pii};

/// Units before what is undecided that may have a say in it; the same again, so that these are themselves judged with all that decides them.
const BEHIND_UNITS: usize = 2 * if keywords::BEHIND > pii::BEHIND { keywords::BEHIND } else { pii::BEHIND };

/// Longest stretch kept. Units are few, but invisible characters between them can be many; a text that needs more is let go, with a fault.
const MAX_WINDOW_BYTES: usize = 64 << 10;

/// The window is cut when it is this long, so that the cost of cutting is shared by many pieces.
const FORGET_BYTES: usize = 6 * BEHIND_UNITS;

/// What a piece made known.
#[derive(Debug, Default)]
pub struct Step {
    /// How many bytes of the text, from its beginning, can be let go: no finding will begin or end in them any more.
    pub released: usize,
    /// Findings in what is let go with this step, spans counted from the beginning of the text.
    pub findings: Vec<Finding>,
}

/// A piece is no text.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("byte {at} of the stream is not UTF-8")]
pub struct NotText {
    /// Which byte, from the beginning of the stream.
    pub at: usize,
}

/// A text on its way. It stays with the pipeline it began with, whatever replaces that meanwhile.
pub struct Scanner {
    pipeline: Pipeline,
    direction: Direction,
    /// The stretch of the text that is kept, and where it begins.
    window: String,
    begin: usize,
    /// The beginning of a character whose other bytes have not come.
    partial: Vec<u8>,
    released: usize,
    findings: Vec<Finding>,
    faults: Vec<Fault>,
}

impl Scanner {
    /// A scanner of the text that is to come.
    #[must_use]
    pub fn new(pipeline: Pipeline, direction: Direction) -> Self {
        let (window, partial) = (String::new(), Vec::new());
        Self { pipeline, direction, window, begin: 0, partial, released: 0, findings: Vec::new(), faults: Vec::new() }
    }

    /// Takes a piece, which may end inside a character.
    ///
    /// # Errors
    /// The bytes are not UTF-8; what came before them is kept.
    pub fn feed(&mut self, piece: &[u8]) -> Result<Step, NotText> {
        self.partial.extend_from_slice(piece);
        let bytes = std::mem::take(&mut self.partial);
        let text = match std::str::from_utf8(&bytes) {
            Ok(text) => text,
            Err(error) if error.error_len().is_none() => {
                let (text, rest) = bytes.split_at(error.valid_up_to());
                self.partial = rest.to_vec();
                std::str::from_utf8(text).unwrap_or_default()
            }
            Err(error) => return Err(NotText { at: self.begin + self.window.len() + error.valid_up_to() }),
        };
        self.window.push_str(text);
        let live = self.pipeline.live(&self.window);
        Ok(self.release(live))
    }

    /// Ends the text: everything is decided now.
    ///
    /// # Errors
    /// The text ends inside a character.
    pub fn finish(mut self) -> Result<(Step, Verdict), NotText> {
        if !self.partial.is_empty() {
            return Err(NotText { at: self.begin + self.window.len() });
        }
        let step = self.release(self.window.len());
        Ok((step, self.pipeline.verdict(self.findings, self.faults, self.direction)))
    }

    /// Lets go of the text before byte `live` of the window, with the findings in it.
    fn release(&mut self, live: usize) -> Step {
        let (mut found, mut faults) = (Vec::new(), Vec::new());
        self.pipeline.detect(&self.window, &mut found, &mut faults);
        for fault in faults.into_iter().filter(|fault| !self.faults.contains(fault)).collect::<Vec<_>>() {
            self.faults.push(fault);
        }
        let mut live = if self.window.len() > MAX_WINDOW_BYTES { self.give_up() } else { live };
        // A finding is let go whole.
        found.sort_by_key(|finding| std::cmp::Reverse(finding.span));
        let before = self.released.saturating_sub(self.begin);
        for finding in &found {
            if finding.span.end > live {
                live = live.min(finding.span.start.max(before));
            }
        }
        let done = self.released - self.begin.min(self.released);
        let released = self.released.max(self.begin + live);
        let mut findings: Vec<_> = found.into_iter().filter(|f| f.span.end > done && f.span.end + self.begin <= released).collect();
        findings.reverse();
        for finding in &mut findings {
            finding.span.start += self.begin;
            finding.span.end += self.begin;
        }
        self.released = released;
        self.findings.extend(findings.iter().cloned());
        self.forget();
        Step { released, findings }
    }

    fn give_up(&mut self) -> usize {
        let message = format!("more than {MAX_WINDOW_BYTES} bytes could not be decided; they were let go undecided");
        let fault = Fault { detector: "scanner".to_owned(), message };
        if !self.faults.contains(&fault) {
            self.faults.push(fault);
        }
        self.window.len()
    }

    /// Drops the beginning of the window that no longer has a say in anything.
    fn forget(&mut self) {
        if self.window.len() < FORGET_BYTES {
            return;
        }
        let folded = fold::fold(&self.window);
        let first = folded.unit_at(self.released.saturating_sub(self.begin));
        let units = folded.units();
        // Not inside filler: the window would take it for something else.
        let cut = (0..=first.saturating_sub(BEHIND_UNITS)).rev().find(|&unit| units.get(unit).is_some_and(|unit| !fold::is_filler(*unit)));
        let cut = folded.start(cut.unwrap_or(0));
        if cut > 0 && cut < self.window.len() {
            self.window.drain(..cut);
            self.begin += cut;
        }
    }
}

//! Judging a text that arrives in pieces, as if it were whole.
//!
//! Every detector is local: what it finds depends on a bounded stretch before and after. With each piece the detectors read on from where they
//! left off ([`crate::Detector::live`]): what is new, and the few units before it that could still become part of something. A step costs what the piece
//! adds; only where something stands that may be a finding, or an emoji speaks, is the stretch around it judged whole. The
//! findings are those of the whole text, in whatever pieces it comes.
//!
//! What never leaves before it is known: every character of a finding, whether a keyword by itself, a disguise of one, personal information, or the
//! keyword of a rule that wants a second word. Such a keyword is held back only from where it stands in the text until its near word is
//! there or too far away, not wherever one might begin; the near word itself is no part of the finding and may leave. An address without a label
//! begins with the name of a road, which may be nearly any characters, and an e-mail address with any word: these are held until they can be none.
//!
//! What is hidden in an encoding (base64, reversed, a whole text in ROT13) is no local matter; it is looked for in prompts and documents,
//! which come whole, not here. Nor is a classifier asked.

use taxonomy::{Fault, Finding, Span, Verdict};

use crate::engine::MAX_UNITS;
use crate::fold::{self, Growing};
use crate::pipeline::{Item, in_order};
use crate::policy::Direction;
use crate::trail::Trail;
use crate::{Pipeline, emoji, keywords, pii};

/// Units before what is undecided that may have a say in it; and so many that a longer finding over it would begin before, so that this is judged
/// with all that decides it.
const BEHIND_UNITS: usize = MAX_UNITS + if keywords::BEHIND > pii::BEHIND { keywords::BEHIND } else { pii::BEHIND };

/// Units before what is undecided that are read anew as their emoji are meant: longer than a number or a name and what leads to it.
const BESIDE_UNITS: usize = 64;

/// Longest stretch kept. Units are few, but invisible characters between them can be many; a text that needs more is let go, with a fault.
const MAX_WINDOW_BYTES: usize = 64 << 10;

/// From so many bytes held back on, a stretch that was judged in vain is judged again only when it is a quarter longer: findings that overlap without
/// end (sk-sk-sk- and so on) would else cost the square of their length.
const PATIENT_BYTES: usize = 1 << 10;

/// The window is cut when it is this long, so that the cost of cutting is shared by many pieces.
const FORGET_BYTES: usize = 8 * BEHIND_UNITS;

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
    window: Growing,
    begin: usize,
    /// The beginning of a character whose other bytes have not come.
    partial: Vec<u8>,
    /// One for each detector that judges texts of this direction.
    trails: Vec<Trail>,
    /// Where the last emoji that says something ends.
    spoken: Option<usize>,
    released: usize,
    /// Bytes held back from which on the window is judged again.
    patience: usize,
    findings: Vec<Finding>,
    faults: Vec<Fault>,
}

impl Scanner {
    /// A scanner of the text that is to come.
    #[must_use]
    pub fn new(pipeline: Pipeline, direction: Direction) -> Self {
        let trails = pipeline.judging(direction).map(|_| Trail::default()).collect();
        let (window, partial, findings, faults) = (Growing::default(), Vec::new(), Vec::new(), Vec::new());
        Self { pipeline, direction, window, begin: 0, partial, trails, spoken: None, released: 0, patience: 0, findings, faults }
    }

    /// Takes a piece, which may end inside a character. Pieces that are there already are better fed as one: each is read on its own.
    ///
    /// # Errors
    /// The bytes are not UTF-8; what came before them is kept.
    pub fn feed(&mut self, piece: &[u8]) -> Result<Step, NotText> {
        let joined;
        let bytes = if self.partial.is_empty() {
            piece
        } else {
            joined = [&std::mem::take(&mut self.partial), piece].concat();
            &joined
        };
        match std::str::from_utf8(bytes) {
            Ok(text) => Ok(self.take(text)),
            Err(error) if error.error_len().is_none() => {
                let (text, rest) = bytes.split_at(error.valid_up_to());
                self.partial = rest.to_vec();
                Ok(self.take(std::str::from_utf8(text).unwrap_or_default()))
            }
            Err(error) => Err(NotText { at: self.end() + error.valid_up_to() }),
        }
    }

    /// Ends the text: everything is decided now.
    ///
    /// # Errors
    /// The text ends inside a character.
    pub fn finish(mut self) -> Result<(Step, Verdict), NotText> {
        if !self.partial.is_empty() {
            return Err(NotText { at: self.end() });
        }
        let end = self.window.text().len();
        let stands = self.trails.iter().any(|trail| trail.stands || !trail.found.is_empty());
        let (live, findings) = if stands || self.speaks() { self.judge(end) } else { (end, Vec::new()) };
        let step = self.release(live, findings);
        Ok((step, self.pipeline.verdict(self.findings, self.faults, self.direction)))
    }

    /// How many bytes of whole characters have come.
    fn end(&self) -> usize {
        self.begin + self.window.text().len()
    }

    /// Whether an emoji that says something has not been let go, or stands just before what has not: the end of a word before it, and its beginning
    /// after it, hang on how it is read.
    fn speaks(&self) -> bool {
        let released = || self.window.text().get(..self.released.saturating_sub(self.begin)).unwrap_or_default();
        self.spoken.is_some_and(|spoken| spoken >= self.released || spoken >= self.begin + emoji::letters_end(released()))
    }

    fn take(&mut self, text: &str) -> Step {
        if text.is_empty() {
            return Step { released: self.released, findings: Vec::new() };
        }
        if let Some(spoken) = emoji::last(text) {
            self.spoken = Some(self.end() + spoken);
        }
        let changed = self.window.push(text);
        self.trails.iter_mut().for_each(|trail| trail.changed(changed));
        let (hold, mut live) = self.read_on();
        let too_long = self.window.text().len() > MAX_WINDOW_BYTES;
        if self.end() - self.released < self.patience && !too_long {
            return Step { released: self.released, findings: Vec::new() };
        }
        let speaks = self.speaks();
        if speaks {
            live = live.min(self.read_spoken());
        }
        if too_long {
            live = self.give_up();
        }
        let due = speaks || too_long || self.trails.iter().any(|trail| trail.found.iter().any(|found| found.end <= hold));
        let (live, findings) = if due { self.judge(live) } else { (live, Vec::new()) };
        if due {
            let hold = self.window.lend(|folded| (folded.unit_at(live), folded));
            self.trails.iter_mut().for_each(|trail| trail.found.retain(|found| found.end > hold));
        }
        let before = self.released;
        let step = self.release(live, findings);
        let held = self.end() - self.released;
        self.patience = if due && self.released == before && held >= PATIENT_BYTES { held + held / 4 } else { 0 };
        self.forget();
        step
    }

    /// Lets every detector read what is new. Returns the first unit that is not decided, and its byte in the window.
    fn read_on(&mut self) -> (usize, usize) {
        let Self { pipeline, direction, window, trails, spoken, begin, .. } = self;
        window.lend(|folded| {
            let spoken = spoken.map(|spoken| folded.unit_at(spoken.saturating_sub(*begin)));
            let item = Item::new(folded.text, folded, false).sifted_by(pipeline.sieves());
            let mut hold = item.folded.units().len();
            for (detector, trail) in pipeline.judging(*direction).zip(trails.iter_mut()) {
                trail.spoken = spoken;
                hold = hold.min(detector.live(&item, trail));
            }
            // A finding is let go whole.
            let found = || trails.iter().flat_map(|trail| &trail.found);
            while let Some(across) = found().find(|found| found.start < hold && hold < found.end) {
                hold = across.start;
            }
            let live = item.folded.start(hold);
            ((hold, live), item.folded)
        })
    }

    /// The first byte of the window that is not decided if emoji are read as they are meant.
    fn read_spoken(&mut self) -> usize {
        let cut = self.cut(BESIDE_UNITS);
        let text = self.window.text().get(cut..).unwrap_or_default();
        // What the last emoji mean hangs on what comes after them; what stands before them may go on with it, and so is read by itself too.
        let text = text.get(..emoji::decided(text)).unwrap_or_default();
        let readings = emoji::views(text, &self.pipeline.sieves().neighbours).into_iter().chain([emoji::Spoken::plain(text)]);
        let said = readings.map(|spoken| {
            let item = Item::new(&spoken.text, fold::fold(&spoken.text), false).sifted_by(self.pipeline.sieves());
            let live = |detector: &dyn crate::Detector| {
                let mut trail = Trail { spoken: Some(0), ..Trail::default() };
                let hold = detector.live(&item, &mut trail);
                trail.found.iter().filter(|found| found.start < hold && hold < found.end).map(|found| found.start).fold(hold, usize::min)
            };
            let hold = self.pipeline.judging(self.direction).map(live).min().unwrap_or(item.folded.units().len());
            let live = item.folded.start(hold);
            spoken.original(Span { start: live, end: live }).map_or(0, |span| span.start)
        });
        cut + said.fold(text.len(), usize::min)
    }

    /// A byte of the window so many units before the first that has not been let go, or a little earlier; not inside filler, which would be taken for
    /// something else.
    fn cut(&mut self, units_before: usize) -> usize {
        let released = self.released.saturating_sub(self.begin);
        self.window.lend(|folded| {
            let first = folded.unit_at(released);
            let units = folded.units();
            let is_cut = |unit: &usize| units.get(*unit).is_some_and(|unit| !fold::is_filler(*unit));
            let cut = (0..=first.saturating_sub(units_before)).rev().find(is_cut).unwrap_or(0);
            (if cut == 0 { 0 } else { folded.start(cut) }, folded)
        })
    }

    /// Judges what is kept. Returns how far the window can be let go, `live` or less, and the findings in what is let go anew.
    fn judge(&mut self, mut live: usize) -> (usize, Vec<Finding>) {
        let cut = self.cut(BEHIND_UNITS);
        let (mut found, mut faults) = (Vec::new(), Vec::new());
        self.pipeline.detect(self.window.text().get(cut..).unwrap_or_default(), self.direction, &mut found, &mut faults);
        for fault in faults {
            if !self.faults.contains(&fault) {
                self.faults.push(fault);
            }
        }
        for finding in &mut found {
            (finding.span.start, finding.span.end) = (finding.span.start + cut, finding.span.end + cut);
        }
        // A finding is let go whole.
        found.sort_by_key(|finding| std::cmp::Reverse(finding.span));
        let before = self.released.saturating_sub(self.begin);
        for finding in &found {
            if finding.span.end > live {
                live = live.min(finding.span.start.max(before));
            }
        }
        found.retain(|finding| finding.span.end > before && finding.span.end <= live.max(before));
        in_order(&mut found);
        for finding in &mut found {
            (finding.span.start, finding.span.end) = (finding.span.start + self.begin, finding.span.end + self.begin);
        }
        (live, found)
    }

    /// Lets go of the text before byte `live` of the window, with the findings in it.
    fn release(&mut self, live: usize, findings: Vec<Finding>) -> Step {
        self.released = self.released.max(self.begin + live);
        self.findings.extend(findings.iter().cloned());
        Step { released: self.released, findings }
    }

    fn give_up(&mut self) -> usize {
        let message = format!("more than {MAX_WINDOW_BYTES} bytes could not be decided; they were let go undecided");
        let fault = Fault { detector: "scanner".to_owned(), message };
        if !self.faults.contains(&fault) {
            self.faults.push(fault);
        }
        self.window.text().len()
    }

    /// Drops the beginning of the window that no longer has a say in anything.
    fn forget(&mut self) {
        if self.window.text().len() < FORGET_BYTES {
            return;
        }
        let mut cut = self.cut(BEHIND_UNITS);
        // Few units and many invisible characters: what was given up has no say any more, or the window would grow for ever.
        if cut == 0 && self.window.text().len() > MAX_WINDOW_BYTES {
            cut = self.window.text().len();
        }
        if cut > 0 && cut <= self.window.text().len() {
            let units = self.window.lend(|folded| (folded.unit_at(cut), folded));
            self.trails.iter_mut().for_each(|trail| trail.forget(units));
            self.window.forget(cut);
            self.begin += cut;
        }
    }
}

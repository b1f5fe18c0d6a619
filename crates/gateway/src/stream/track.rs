//! One lane: what came, what is judged, what was let go.
//!
//! All positions are bytes from the beginning of the lane. `sent <= limit <= end`, and the limit is the least of what the gates have passed: the scanner, the
//! classifier in the mode `hold`, and the place of a refusal.

use std::sync::Arc;

use detect::{Scanner, Step};
use taxonomy::{Fault, Finding, Span};

use super::judge::{Mark, edited, edits};
use super::{Action, Judge, Lane, Mode};
use crate::unmask::Tail;
use crate::visible::InPieces;
use crate::wire::Channel;

/// Longest segment that waits for the classifier: two or three Chinese sentences; a reader waits for it.
const SEGMENT_CHARS: usize = 128;

/// Most new text that one call of the classifier judges, where much came at once. With the context it stays within what encoders read.
const CALL_CHARS: usize = 512;

/// Most text that the classifier is shown.
const CONTEXT_CHARS: usize = 1024;

/// What was let go is forgotten beyond this, so that the cost of forgetting is shared by many pieces: thrice the context in Chinese.
const FORGET_BYTES: usize = 9 * CONTEXT_CHARS;

/// The scanner gets a long text in bites of this.
const BITE_BYTES: usize = 8 << 10;

/// Most bytes that the scanner may leave undecided. It would let go of 64 KiB that it cannot decide, with a fault; that must never happen here.
const MAX_UNDECIDED_BYTES: usize = 32 << 10;

/// Most findings of a lane, as of one item of the detectors.
const MAX_FINDINGS: usize = 10_000;

pub(super) struct Track {
    pub(super) lane: Lane,
    mode: Mode,
    /// None when the text is at its end, and in the mode `full`.
    scanner: Option<Scanner>,
    /// What came and was not let go.
    text: String,
    sent: usize,
    fed: usize,
    released: usize,
    /// By the classifier.
    judged: usize,
    /// The end of what was let go, as it came.
    said: String,
    findings: Vec<Finding>,
    /// Not yet let go.
    marks: Vec<Mark>,
    stop: Option<(usize, String)>,
    /// No more comes.
    is_over: bool,
    /// Puts back what the request masked.
    tail: Option<Tail>,
    /// Of words for people.
    label: Option<InPieces>,
    /// All that was let go, as it went out, where that is needed again.
    pub(super) record: Option<String>,
}

impl Track {
    pub(super) fn new(lane: Lane, mode: Mode, judge: &dyn Judge) -> Self {
        let scanner = (mode != Mode::Full).then(|| judge.scanner());
        let (text, said, record) = (String::new(), String::new(), None);
        let tail = judge.values().map(|values| Tail::new(Arc::clone(values), lane.channel));
        let label = judge.visible().filter(|_| lane.channel == Channel::Content).cloned().map(InPieces::new);
        Self {
            lane,
            mode,
            scanner,
            text,
            sent: 0,
            fed: 0,
            released: 0,
            judged: 0,
            said,
            findings: Vec::new(),
            marks: Vec::new(),
            stop: None,
            is_over: false,
            tail,
            label,
            record,
        }
    }

    /// Takes a piece; [`Track::step`] judges it.
    pub(super) fn push(&mut self, piece: &str) {
        self.text.push_str(piece);
    }

    /// No label stands at the end of this text.
    pub(super) const fn open_end(&mut self) {
        if let Some(label) = &mut self.label {
            label.open_end();
        }
    }

    /// Where what came ends.
    pub(super) fn end(&self) -> usize {
        self.sent + self.text.len()
    }

    /// Bytes that are held.
    pub(super) fn held(&self) -> usize {
        self.text.len()
    }

    /// Judges what came since the last step; with `is_last`, as the end of the text.
    pub(super) fn step(&mut self, judge: &mut dyn Judge, is_last: bool) {
        self.is_over |= is_last;
        match self.mode {
            Mode::Full if is_last => self.whole(judge),
            Mode::Full => {}
            Mode::Trail => self.scan(judge, is_last),
            Mode::Hold => {
                self.scan(judge, is_last);
                self.classify(judge, self.end(), is_last);
            }
        }
    }

    /// In the mode `trail`: the classifier on what was let go. The canned text, if it refuses.
    pub(super) fn behind(&mut self, judge: &mut dyn Judge, is_last: bool) -> Option<String> {
        if self.mode == Mode::Trail {
            self.classify(judge, self.sent, is_last);
        }
        self.stopped()
    }

    /// The text up to `upto`, or as far as it may go, as it goes out.
    pub(super) fn take(&mut self, upto: usize, judge: &dyn Judge) -> String {
        let mut out = self.masked(upto, judge);
        let (is_end, is_stopped) = (self.is_over && self.text.is_empty(), self.stopped().is_some());
        if let Some(tail) = &mut self.tail {
            out = tail.feed(&out);
            if is_end || is_stopped {
                out.push_str(&tail.rest());
            }
        }
        if let Some(label) = &mut self.label {
            out = label.piece(out);
            if is_end && !is_stopped {
                out.push_str(&label.end());
            }
        }
        if let Some(record) = &mut self.record {
            record.push_str(&out);
        }
        out
    }

    /// The same with what is to be masked masked.
    fn masked(&mut self, upto: usize, judge: &dyn Judge) -> String {
        let upto = self.before_marks(upto.min(self.limit()));
        if upto <= self.sent {
            return String::new();
        }
        let piece: String = self.text.drain(..upto - self.sent).collect();
        let (mine, rest): (Vec<_>, Vec<_>) = std::mem::take(&mut self.marks).into_iter().partition(|mark| mark.span.end <= upto);
        self.marks = rest;
        let from = |at: usize| at.saturating_sub(self.sent);
        let mine: Vec<_> =
            mine.iter().map(|mark| Mark { span: Span { start: from(mark.span.start), end: from(mark.span.end) }, ..*mark }).collect();
        let out = if mine.is_empty() { piece.clone() } else { edited(&piece, &edits(judge.redactor(), &piece, &mine)) };
        self.sent = upto;
        self.remember(&piece);
        out
    }

    /// The canned text, when all that may be let go before it was.
    pub(super) fn stopped(&self) -> Option<String> {
        let (at, text) = self.stop.as_ref()?;
        (self.sent >= self.before_marks(*at)).then(|| text.clone())
    }

    /// The canned text, if one is to come, whatever is held before it.
    pub(super) fn refused(&self) -> Option<String> {
        self.stop.as_ref().map(|(_, text)| text.clone())
    }

    /// How far the text may go.
    fn limit(&self) -> usize {
        let judged = if self.mode == Mode::Hold { self.judged } else { usize::MAX };
        let stop = self.stop.as_ref().map_or(usize::MAX, |(at, _)| *at);
        self.released.min(judged).min(stop)
    }

    /// A place that cuts no mark.
    fn before_marks(&self, at: usize) -> usize {
        self.marks.iter().rev().fold(at, |at, mark| if mark.span.start < at && at < mark.span.end { mark.span.start } else { at })
    }

    fn stop(&mut self, at: usize, text: String) {
        let at = at.max(self.sent);
        if self.stop.as_ref().is_none_or(|(before, _)| at < *before) {
            self.stop = Some((at, text));
        }
    }

    fn whole(&mut self, judge: &mut dyn Judge) {
        let verdict = judge.whole(self.lane, &self.text);
        self.weigh(judge, verdict.findings, &verdict.faults);
        (self.fed, self.released) = (self.end(), self.end());
        // Judged whole, refused whole.
        if let Some((at, _)) = &mut self.stop {
            *at = self.sent;
        }
    }

    fn scan(&mut self, judge: &mut dyn Judge, is_last: bool) {
        while self.fed < self.end() && self.stop.is_none() {
            let from = self.fed - self.sent;
            let upto = self.text.floor_char_boundary(from + BITE_BYTES);
            let bite = self.text.get(from..upto).unwrap_or_default();
            let step = self.scanner.as_mut().map(|scanner| scanner.feed(bite.as_bytes()));
            self.fed = self.sent + upto;
            match step {
                Some(Ok(step)) => self.take_step(judge, step),
                // No scanner: text after the end. The other case cannot be: what comes is text.
                _ => self.stop(self.sent, judge.overflow()),
            }
            if self.fed - self.released.min(self.fed) > MAX_UNDECIDED_BYTES {
                self.stop(self.released, judge.overflow());
            }
        }
        if let Some(scanner) = self.scanner.take_if(|_| is_last && self.stop.is_none()) {
            match scanner.finish() {
                Ok((step, verdict)) => {
                    self.take_step(judge, step);
                    self.weigh(judge, Vec::new(), &verdict.faults);
                }
                Err(_) => self.stop(self.released, judge.overflow()),
            }
        }
    }

    fn take_step(&mut self, judge: &mut dyn Judge, step: Step) {
        self.weigh(judge, step.findings, &[]);
        self.released = step.released;
    }

    /// Decides about findings in order of place, until one is refused.
    fn weigh(&mut self, judge: &mut dyn Judge, mut findings: Vec<Finding>, faults: &[Fault]) {
        findings.sort_by_key(|finding| finding.span);
        for finding in findings {
            let mark = Mark::of(&finding);
            self.findings.push(finding);
            let action = if self.findings.len() > MAX_FINDINGS {
                Action::Refuse(judge.overflow())
            } else {
                judge.decide(self.lane, &self.findings, &[])
            };
            match action {
                Action::Pass => {}
                Action::Mask => self.marks.push(mark),
                Action::Refuse(text) => return self.stop(mark.span.start, text),
            }
        }
        if !faults.is_empty()
            && let Action::Refuse(text) = judge.decide(self.lane, &self.findings, faults)
        {
            self.stop(self.sent, text);
        }
    }

    /// Shows the classifier whole segments up to `upto`.
    fn classify(&mut self, judge: &mut dyn Judge, upto: usize, is_last: bool) {
        while self.judged < upto && self.stop.as_ref().is_none_or(|(at, _)| self.judged < *at) {
            let Some(bytes) = segments(&self.between(self.judged, upto), is_last) else { return };
            let end = self.judged + bytes;
            let seen = self.between(0, end);
            let from = seen.char_indices().rev().nth(CONTEXT_CHARS - 1).map_or(0, |(at, _)| at);
            if let Action::Refuse(text) = judge.classify(self.lane, seen.get(from..).unwrap_or_default()) {
                return self.stop(self.judged, text);
            }
            self.judged = end;
        }
    }

    /// The text as it came, as far as it is remembered.
    fn between(&self, from: usize, upto: usize) -> String {
        let begin = self.sent - self.said.len();
        let cut = |text: &str, begin: usize| {
            let at = |at: usize| at.saturating_sub(begin).min(text.len());
            text.get(at(from)..at(upto)).unwrap_or_default().to_owned()
        };
        cut(&self.said, begin) + &cut(&self.text, self.sent)
    }

    fn remember(&mut self, piece: &str) {
        if self.mode == Mode::Full {
            return;
        }
        self.said.push_str(piece);
        let unseen = self.sent.saturating_sub(self.judged);
        let keep = unseen + 4 * CONTEXT_CHARS;
        if self.said.len() > keep + FORGET_BYTES {
            let cut = self.said.floor_char_boundary(self.said.len() - keep);
            self.said.drain(..cut);
        }
    }
}

/// The end of the last whole segment, in bytes; of what one call may judge. With `is_last` the text ends a segment.
fn segments(text: &str, is_last: bool) -> Option<usize> {
    let (mut end, mut open) = (None, 0);
    for (at, c) in text.char_indices().take(CALL_CHARS) {
        open += 1;
        if matches!(c, '。' | '！' | '？' | '；' | '\n') || open == SEGMENT_CHARS {
            (end, open) = (Some(at + c.len_utf8()), 0);
        }
    }
    let is_short = is_last && text.char_indices().nth(CALL_CHARS).is_none();
    if is_short && !text.is_empty() { Some(text.len()) } else { end }
}

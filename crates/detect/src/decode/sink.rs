//! Where decoders put what they found: keeps them off each other's text and within the allowance.

use std::ops::Range;

use super::view::View;
use super::{Decoded, How, MAX_PIECES};

/// Most separate pieces of one kind, so that no kind crowds out the others.
const PIECES_A_KIND: usize = 8;

/// Collects the pieces of one text.
pub(super) struct Sink<'a> {
    view: &'a View<'a>,
    pub(super) pieces: Vec<Decoded>,
    /// Decoded bytes that may still be kept.
    left: usize,
    /// What earlier decoders took, in ranges of the view, sorted and disjoint.
    taken: Vec<Range<usize>>,
    /// What the present decoder took.
    fresh: Vec<Range<usize>>,
}

impl<'a> Sink<'a> {
    pub(super) fn new(view: &'a View<'a>) -> Self {
        Self { view, pieces: Vec::new(), left: view.source_len(), taken: Vec::new(), fresh: Vec::new() }
    }

    /// What the last decoder took is closed to those that follow.
    pub(super) fn next_decoder(&mut self) {
        if !self.fresh.is_empty() {
            self.taken.append(&mut self.fresh);
            self.taken.sort_by_key(|range| range.start);
        }
    }

    /// A piece that stands in a range of the view; false if the range was taken.
    pub(super) fn push(&mut self, how: How, range: Range<usize>, text: &str) -> bool {
        if !self.is_free(&range) {
            return false;
        }
        self.keep_other(how, range.clone(), text, true);
        self.fresh.push(range);
        true
    }

    /// A piece that leaves its range to the others: its text stands across them.
    pub(super) fn push_over(&mut self, how: How, range: Range<usize>, text: &str) {
        self.keep_other(how, range, text, false);
    }

    /// A piece made of invisible characters, its span in bytes of the original: others read the visible text as if they were not there.
    pub(super) fn push_hidden(&mut self, how: How, span: Range<usize>, text: &str) {
        self.keep(how, span, text, false);
    }

    /// Keeps what says something else than what stands there.
    fn keep_other(&mut self, how: How, range: Range<usize>, text: &str, alone: bool) {
        if text != self.view.slice(range.clone()) {
            self.keep(how, self.view.original(range), text, alone);
        }
    }

    /// Whether no earlier decoder has taken any of a range.
    pub(super) fn is_free(&self, range: &Range<usize>) -> bool {
        self.taken.is_empty() || self.free(range).next().as_ref() == Some(range)
    }

    /// The parts of a range that no earlier decoder has taken.
    pub(super) fn free(&self, range: &Range<usize>) -> impl Iterator<Item = Range<usize>> + use<'_> {
        let (first, end) = (self.taken.partition_point(|t| t.end <= range.start), range.end);
        let inside = self.taken.get(first..).unwrap_or_default().iter().take_while(move |t| t.start < end);
        let mut from = range.start;
        inside.cloned().chain(std::iter::once(end..end)).filter_map(move |t| {
            let part = from..t.start.min(end);
            from = t.end;
            (part.start < part.end).then_some(part)
        })
    }

    /// Whether nothing more can be kept.
    pub(super) fn is_full(&self) -> bool {
        self.left <= 1
    }

    fn keep(&mut self, how: How, span: Range<usize>, text: &str, alone: bool) {
        let of_kind = self.pieces.iter().filter(|piece| piece.how == how).count();
        // The first of a kind always finds room: the others leave one place for each kind.
        let apart = of_kind == 0 || (of_kind < PIECES_A_KIND && self.pieces.len() < MAX_PIECES - How::COUNT);
        let room = self.left.saturating_sub(usize::from(!apart));
        let text = text.get(..text.floor_char_boundary(room)).unwrap_or_default();
        if text.trim().is_empty() || self.view.source(span.clone()).is_none() {
            return;
        }
        self.left -= text.len() + usize::from(!apart);
        if apart {
            self.pieces.push(Decoded { how, span, text: text.to_owned(), alone });
        } else if let Some(last) = self.pieces.iter_mut().rev().find(|piece| piece.how == how) {
            last.span = last.span.start.min(span.start)..last.span.end.max(span.end);
            last.alone = false;
            last.text.push('\n');
            last.text.push_str(text);
        }
    }
}

//! The readings of a text that patterns are looked for in: the text as it stands, and each of its views.

use std::ops::Range;

use crate::engine::BEGIN;
use crate::lexicon::Form;
use crate::view::{self, Via, View, Views};

/// A text in one of its readings.
#[derive(Clone, Copy)]
pub(crate) struct Reading<'a> {
    /// Which patterns are looked for in it.
    pub(crate) form: Form,
    pub(crate) via: Via,
    pub(crate) units: &'a [u16],
    text: &'a [u16],
    view: Option<&'a View>,
}

impl<'a> Reading<'a> {
    /// The readings that are not empty, the text itself first.
    pub(crate) fn all(text: &'a [u16], views: Option<&'a Views>) -> impl Iterator<Item = Self> {
        let plain = Self { form: Form::Plain, via: Via::Plain, units: text, text, view: None };
        let of_views = views.into_iter().flat_map(move |views| {
            [
                (Form::Plain, Via::Split, &views.split),
                (Form::Plain, Via::Spaced, &views.spaced),
                (Form::Plain, Via::Leet, &views.leet),
                (Form::Initials, Via::Initials, &views.initials),
                (Form::Sound, Via::Sound, &views.sound),
            ]
            .map(|(form, via, view)| Self { form, via, units: &view.units, text, view: Some(view) })
        });
        std::iter::once(plain).chain(of_views).filter(|reading| !reading.units.is_empty())
    }

    /// Whether a match of so many units (of [`BEGIN`]: at least so many) that begins here may count: initials stand as a word of their own, and
    /// most letters stand inside one.
    pub(crate) fn may_be(&self, at: usize, length: usize) -> bool {
        let inside = |at: Option<usize>| is_alphanumeric(at.and_then(|at| self.units.get(at)));
        self.via != Via::Initials || !(inside(at.checked_sub(1)) || (length < BEGIN && inside(Some(at + length))))
    }

    /// The units of the text behind a match, if it counts.
    pub(crate) fn origin(&self, range: Range<usize>) -> Option<Range<usize>> {
        let range = self.view.map_or(range.clone(), |view| view.origin(range));
        let counts = match self.via {
            Via::Initials => is_word(self.text, &range),
            // Pinyin takes whole runs of letters: "damage" is not da ma.
            Via::Sound => !is_cut(self.text, &range),
            // Letters drawn alike share a skeleton: without a sign among them, fold is only fold, not foid.
            Via::Leet => self.text.get(range.clone()).is_some_and(|range| range.iter().any(|&unit| !view::is_letter(unit))),
            Via::Plain | Via::Split | Via::Spaced => true,
        };
        counts.then_some(range)
    }

    /// Where a match of at most `longest` units begins that stands for some unit of a stretch of the text, or touches it.
    pub(crate) fn reaching(&self, stretch: Range<usize>, longest: usize) -> Range<usize> {
        let touched = self.view.map_or(stretch.start.saturating_sub(1)..stretch.end + 1, |view| view.touching(stretch));
        touched.start.saturating_sub(longest.saturating_sub(1))..touched.end.min(self.units.len())
    }
}

/// Whether no ASCII letter or digit stands directly beside a range.
pub(crate) fn is_word(units: &[u16], range: &Range<usize>) -> bool {
    !is_alphanumeric(range.start.checked_sub(1).and_then(|at| units.get(at))) && !is_alphanumeric(units.get(range.end))
}

fn is_alphanumeric(unit: Option<&u16>) -> bool {
    unit.is_some_and(|&unit| unit < 0x80 && (unit as u8).is_ascii_alphanumeric())
}

/// Whether a range begins or ends inside a run of letters.
pub(crate) fn is_cut(units: &[u16], range: &Range<usize>) -> bool {
    let letter = |at: Option<usize>| at.and_then(|at| units.get(at)).is_some_and(|&unit| view::is_letter(unit));
    let inside = |at: usize| letter(at.checked_sub(1)) && letter(Some(at));
    inside(range.start) || inside(range.end)
}

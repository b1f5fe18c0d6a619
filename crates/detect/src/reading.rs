//! The readings of a text that patterns are looked for in: the text as it stands, and each of its views.

use std::cell::OnceCell;
use std::ops::{ControlFlow, Range};
use std::sync::Arc;

use crate::engine::{BEGIN, Hit, Patterns, Sieve};
use crate::fold;
use crate::lexicon::{Artefact, Form, Stage};
use crate::pairs::Neighbours;
use crate::view::{self, Via, View, Views};

/// What turns away most places of a text for several lexicons at once, for each form that is looked for everywhere, and what stands side by side in
/// any of them.
#[derive(Default)]
pub(crate) struct Sieves {
    artefacts: Vec<Arc<Artefact>>,
    plain: Sieve,
    sound: Sieve,
    pub(crate) neighbours: Neighbours,
}

impl Sieves {
    /// Of these lexicons; those with a word of one unit, which a sieve cannot know, are looked for without.
    pub(crate) fn of(artefacts: &[Arc<Artefact>]) -> Self {
        let mut neighbours = Neighbours::default();
        for (artefact, stage) in artefacts.iter().flat_map(|artefact| Stage::ALL.map(|stage| (artefact, stage))) {
            artefact.set(stage, Form::Plain).patterns.add_neighbours(&mut neighbours);
        }
        let known = |artefact: &Artefact| Form::ALL.iter().all(|form| artefact.set(Stage::First, *form).patterns.singles.is_empty());
        let artefacts: Vec<_> = artefacts.iter().filter(|artefact| known(artefact)).cloned().collect();
        let sieve = |form| Sieve::of(artefacts.iter().map(|artefact| artefact.set(Stage::First, form).patterns).collect());
        Self { plain: sieve(Form::Plain), sound: sieve(Form::Sound), artefacts, neighbours }
    }
}

/// The places of a text and its views where some first word may begin, found once for all lexicons.
pub(crate) struct Sifted<'a> {
    sieves: &'a Sieves,
    places: [OnceCell<Vec<u32>>; Via::COUNT],
}

impl<'a> Sifted<'a> {
    pub(crate) fn by(sieves: &'a Sieves) -> Self {
        Self { sieves, places: Default::default() }
    }

    /// Whether the words of this lexicon are among those that are told apart.
    pub(crate) fn knows(&self, artefact: &Arc<Artefact>) -> bool {
        self.sieves.artefacts.iter().any(|known| Arc::ptr_eq(known, artefact))
    }

    /// What stands side by side in the lexicons.
    pub(crate) fn neighbours(&self) -> &'a Neighbours {
        &self.sieves.neighbours
    }

    /// The same sieves, for another text.
    pub(crate) fn again(&self) -> Self {
        Self::by(self.sieves)
    }

    /// The places of a reading; none where they are not told apart.
    fn places(&self, reading: &Reading<'_>) -> Option<&[u32]> {
        let sieve = match reading.form {
            Form::Plain => &self.sieves.plain,
            Form::Sound => &self.sieves.sound,
            Form::Initials => return None,
        };
        Some(self.places.get(reading.via as usize)?.get_or_init(|| sieve.sift(reading.units)))
    }
}

/// A text in one of its readings.
#[derive(Clone, Copy)]
pub(crate) struct Reading<'a> {
    /// Which patterns are looked for in it.
    pub(crate) form: Form,
    pub(crate) via: Via,
    pub(crate) units: &'a [u16],
    /// The text itself.
    pub(crate) text: &'a [u16],
    view: Option<&'a View>,
}

impl<'a> Reading<'a> {
    /// The readings that are not empty, the text itself first.
    pub(crate) fn all(text: &'a [u16], views: Option<&'a Views>) -> impl Iterator<Item = Self> {
        let plain = Self { form: Form::Plain, via: Via::Plain, units: text, text, view: None };
        let of_views = views.into_iter().flat_map(move |views| {
            [
                (Form::Plain, Via::Split, &views.split),
                (Form::Plain, Via::SureSplit, &views.sure_split),
                (Form::Plain, Via::Spaced, &views.spaced),
                (Form::Plain, Via::Leet, &views.leet),
                (Form::Initials, Via::Initials, &views.initials),
                (Form::Sound, Via::Sound, &views.sound),
                (Form::Sound, Via::DrawnSound, &views.drawn_sound),
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

    /// Calls `found` with all matches of a set that count, some at a time, in order of start, until it says so.
    pub(crate) fn scan(&self, patterns: Patterns<'_>, sifted: Option<&Sifted<'_>>, mut found: impl FnMut(&[Hit]) -> ControlFlow<()>) {
        let may_be = |at, length| self.may_be(at, length);
        let _ = if let Some(starts) = self.starts() {
            patterns.matches_among(self.units, starts, &may_be, &mut found)
        } else if let Some(places) = sifted.and_then(|sifted| sifted.places(self)) {
            patterns.matches_among(self.units, places.iter().map(|&at| at as usize), &may_be, &mut found)
        } else {
            patterns.scan(self.units, may_be, found);
            return;
        };
    }

    /// Where a match may begin, if that is hardly anywhere: initials stand as a word of their own, so only at the start of a run of letters or a
    /// character.
    fn starts(&self) -> Option<impl Iterator<Item = usize>> {
        let inside = std::iter::once(false).chain(self.units.iter().map(|unit| is_alphanumeric(Some(unit))));
        let starts = self.units.iter().zip(inside).enumerate();
        let starts = starts.filter(|(_, (unit, inside))| !inside && (view::is_letter(**unit) || fold::is_cjk(**unit)));
        (self.via == Via::Initials).then(|| starts.map(|(at, _)| at))
    }

    /// The units of the text behind a match, if it counts. What is drawn needs a mixed word of its own: one that only stands near may come when a
    /// stream has let the match go.
    pub(crate) fn origin(&self, range: Range<usize>) -> Option<Range<usize>> {
        let range = self.view.map_or(range.clone(), |view| view.origin(range));
        let is_mixed = || !matches!(self.via, Via::DrawnSound | Via::Leet) || view::has_mixed_word(self.text, &range);
        (counts(self.via, self.text, &range) && is_mixed()).then_some(range)
    }

    /// Where a match of at most `longest` units begins that stands for some unit of a stretch of the text, or touches it.
    pub(crate) fn reaching(&self, stretch: Range<usize>, longest: usize) -> Range<usize> {
        let touched = self.view.map_or(stretch.start.saturating_sub(1)..stretch.end + 1, |view| view.touching(stretch));
        touched.start.saturating_sub(longest.saturating_sub(1))..touched.end.min(self.units.len())
    }
}

/// Whether what a view shows at a range of the text may count.
pub(crate) fn counts(via: Via, text: &[u16], range: &Range<usize>) -> bool {
    match via {
        Via::Initials => is_word(text, range),
        // Pinyin takes whole runs of letters: "damage" is not da ma.
        Via::Sound => !is_cut(text, range),
        Via::DrawnSound => is_drawn_whole(text, range),
        Via::Leet => text.get(range.clone()).is_some_and(view::has_signs),
        Via::Plain | Via::Split | Via::SureSplit | Via::Spaced => true,
    }
}

/// Whether a range of a text holds a sign that draws a letter, and cuts no word of letters and signs.
fn is_drawn_whole(text: &[u16], range: &Range<usize>) -> bool {
    let draws = |at: Option<usize>| at.and_then(|at| text.get(at)).is_some_and(|&unit| view::draws(unit));
    let cut = |at: usize| draws(at.checked_sub(1)) && draws(Some(at));
    let sign = |&unit: &u16| view::draws(unit) && !view::is_letter(unit);
    text.get(range.clone()).is_some_and(|units| units.iter().any(sign)) && !cut(range.start) && !cut(range.end)
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

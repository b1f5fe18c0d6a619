//! Keywords in a text that grows: what stands in it, and from where on one may still come.
//!
//! Only what is new and what was left open is looked at. A start is open while what follows it is the beginning of a pattern, in the text or
//! in a view; where it is not known yet what a view will say (a character half put together, letters that may become pinyin), all that it
//! could say is taken for granted. A rule of two words holds its keyword only once the keyword stands there, and only as far as its near word
//! may be away. What is met here need not be a finding: allow-phrases and the rest of the conditions are left to the detector.

use std::cell::Cell;
use std::ops::{ControlFlow, Range};

use super::{BEHIND, Keywords, Nearby, Place, what_follows};
use crate::engine::{Begins, Hit, MAX_UNITS};
use crate::fold;
use crate::lexicon::{Form, MAX_THEN_BYTES, Role, Searched, Stage};
use crate::pairs::Neighbours;
use crate::reading::{counts, is_word};
use crate::sound;
use crate::trail::Trail;
use crate::view::{self, Everyday, Via, View};

/// Units before the first open one that a view is made with, so that a word begins where it begins: the longest run of initials, and more
/// than doubtful characters look for sure ones.
const AROUND: usize = 16;

/// Starts that are looked at one by one; for more, the matcher's own pass is the faster one.
const FEW: usize = 24;

/// What tells short beginnings of patterns from other text, for each set.
pub(super) struct Opening([[Begins; Form::ALL.len()]; Stage::ALL.len()]);

impl Opening {
    fn of(keywords: &Keywords) -> Self {
        Self(Stage::ALL.map(|stage| Form::ALL.map(|form| keywords.artefact.set(stage, form).patterns.begins())))
    }
}

/// The sets of patterns, fetched once a call.
type Sets<'a> = [[(Searched<'a>, &'a Begins); Form::ALL.len()]; Stage::ALL.len()];

/// The places of keywords and near words that were read in one call.
#[derive(Default)]
struct Standing {
    keywords: Vec<Place>,
    near: Vec<Place>,
}

impl Keywords {
    /// See [`crate::Detector::live`].
    pub(super) fn read_on(&self, units: &[u16], neighbours: Option<&Neighbours>, trail: &mut Trail) -> usize {
        let known = Known { sets: self.sets(), everyday: neighbours.map_or(Everyday::BesideSure, Everyday::Known) };
        let mut standing = Standing::default();
        let mut open = known.read(units, trail.open, &mut standing);
        // Filler at the end vanishes if a CJK character comes next, and so does a digit that becomes a keycap.
        let kept = fold::kept(units);
        let keycap = units.split_last().filter(|(unit, _)| is_key(**unit)).map_or(units.len(), |(_, before)| fold::kept(before));
        for shorter in [kept, keycap] {
            if trail.open < shorter && shorter < units.len() {
                let first = known.read(units.get(..shorter).unwrap_or_default(), trail.open, &mut standing);
                open = if first < shorter { open.min(first) } else { open };
            }
        }
        trail.remember(standing.keywords, standing.near, open);
        let hold = if trail.words.is_empty() { open } else { self.decide(units, open, kept.min(keycap), trail) };
        trail.near.retain(|place| place.end as usize + BEHIND >= hold);
        trail.close(open);
        trail.stands |= !trail.words.is_empty();
        hold
    }

    fn sets(&self) -> Sets<'_> {
        let Opening([first, rest]) = self.opening.get_or_init(|| Opening::of(self));
        [self.of_stage(Stage::First, first), self.of_stage(Stage::Rest, rest)]
    }

    fn of_stage<'a>(
        &'a self,
        stage: Stage,
        [plain, initials, sound]: &'a [Begins; Form::ALL.len()],
    ) -> [(Searched<'a>, &'a Begins); Form::ALL.len()] {
        let set = |form| self.artefact.set(stage, form);
        [(set(Form::Plain), plain), (set(Form::Initials), initials), (set(Form::Sound), sound)]
    }

    /// Decides the keywords that stand: met, still waiting for what their rule wants, or nothing. The first unit of those that wait.
    fn decide(&self, units: &[u16], open: usize, kept: usize, trail: &mut Trail) -> usize {
        let (mut hold, words, near) = (open, std::mem::take(&mut trail.words), std::mem::take(&mut trail.near));
        for of_rule in words.chunk_by(|a, b| a.rule == b.rule) {
            let Some((at, rule)) = of_rule.first().and_then(|place| Some((place.rule, self.artefact.rules().get(place.rule as usize)?)))
            else {
                continue;
            };
            let rest = near.get(near.partition_point(|place| place.rule < at)..).unwrap_or_default();
            let nearby = Nearby::of(rest.get(..rest.partition_point(|place| place.rule == at)).unwrap_or_default());
            for place in of_rule.iter().filter(|place| !rule.is_word() || is_word(units, &place.range())) {
                let (start, end) = (place.start as usize, place.end as usize);
                let far = rule.within().filter(|within| !nearby.stands_by(place, *within, rule.is_ordered()));
                let alone = rule.within().filter(|within| !nearby.stays_by(place, *within, rule.is_ordered()));
                let waits = alone.is_some_and(|within| open.min(kept) <= end + within);
                let follows = self.follows(place, units.get(..kept).unwrap_or_default());
                // A near word may be said by an emoji, which is not read here.
                let spoken = |within: usize| trail.spoken.is_some_and(|spoken| spoken + within + MAX_UNITS >= start);
                if waits || follows == Follows::Perhaps {
                    hold = hold.min(start);
                    trail.words.push(*place);
                } else if far.is_none_or(spoken) && follows == Follows::Surely {
                    trail.meet(place.range());
                }
            }
        }
        trail.near = near;
        hold
    }
}

/// Whether what must follow a keyword does.
#[derive(PartialEq, Eq)]
enum Follows {
    Surely,
    Perhaps,
    Not,
}

impl Keywords {
    /// Whether what must follow a keyword that stands here does, in a text whose end may change with what comes.
    fn follows(&self, place: &Place, units: &[u16]) -> Follows {
        let Some(then) = self.then(place.rule) else { return Follows::Surely };
        let text = what_follows(units, place);
        if place.end as usize + MAX_THEN_BYTES > units.len() && !then.is_decided(&text) {
            Follows::Perhaps
        } else if then.end(&text).is_some() {
            Follows::Surely
        } else {
            Follows::Not
        }
    }
}

/// What texts are looked at with.
struct Known<'a> {
    sets: Sets<'a>,
    /// Where everyday parts count in a whole text.
    everyday: Everyday<'a>,
}

impl Known<'_> {
    /// The places from a unit on, and the first of these units that is open; the number of units if none is.
    fn read(&self, units: &[u16], from: usize, standing: &mut Standing) -> usize {
        let mut open = self.opened(units, from, Some(&mut *standing));
        // A Latin word has ended only when something else comes.
        if units.last().is_some_and(|unit| *unit < 0x80) {
            let unended = standing.keywords.iter().filter(|place| place.end as usize == units.len());
            open = unended.map(|place| place.start as usize).fold(open, usize::min);
        }
        let last = units.get(from..).unwrap_or_default();
        // A character half put together: what stands before it may go on with the whole of it. So may a run of letters that becomes pinyin.
        let sounds = self.has_sounds().then(|| [sound::open_run(last), sound::open_drawn(last)]).into_iter().flatten();
        for count in view::open_parts(last).chain(sounds.filter(|count| *count > 0)) {
            open = open.min(self.opened(units.get(..units.len() - count).unwrap_or_default(), from, None));
        }
        // A run of letters and signs may yet turn out to be leet, and letters apart to be a word.
        let word = last.iter().rev().take(MAX_UNITS).take_while(|unit| **unit < 0x80 && **unit > u16::from(b' ')).count();
        let signs = last.iter().rev().take(word).any(|unit| !view::is_letter(*unit));
        open.min(units.len() - if signs { word } else { 0 }).min(units.len() - view::open_apart(last))
    }

    fn has_sounds(&self) -> bool {
        self.sets.iter().flat_map(|forms| forms.get(Form::Sound as usize)).any(|(set, _)| set.patterns.len() > 0)
    }

    /// The first unit, of those from `from` on, at which the text or a view of it is the beginning of a pattern; the number of units if there
    /// is none. Adds the places that begin there.
    fn opened(&self, units: &[u16], from: usize, mut standing: Option<&mut Standing>) -> usize {
        let plain = |range: Range<usize>| Some(Place::new(0, &range, Via::Plain, units));
        let mut open = look(&self.sets, Form::Plain, units, from, &plain, standing.as_deref_mut()).unwrap_or(units.len());
        let around = from.saturating_sub(AROUND);
        let text = units.get(around..).unwrap_or_default();
        let heard = text.len() - text.iter().rev().take_while(|unit| fold::is_filler(**unit)).count();
        let mut seen = |form: Form, via: Via, view: &View| {
            let origin = |range: Range<usize>| {
                let origin = view.origin(range);
                origin.start + around..origin.end + around
            };
            // The view of sounds goes on to the end, but for filler, and so does that of drawn ones if there is something to hear at the end; others end
            // where nothing more surrounds a change.
            let goes_on = match via {
                Via::Sound => true,
                Via::DrawnSound => view.reaches(heard),
                _ => view.reaches(text.len()),
            };
            let (first, waits) = (view.first_from(from - around), Cell::new(units.len()));
            let place = |range| {
                let range = Some(origin(range)).filter(|range| counts(via, units, range))?;
                // What everyday parts make may become sure with what comes behind it.
                if via == Via::Split && range.end + view::BESIDE > units.len() {
                    waits.set(waits.get().min(range.start));
                }
                Some(Place::new(0, &range, via, units))
            };
            let found = look(&self.sets, form, &view.units, first, &place, standing.as_deref_mut()).filter(|_| goes_on);
            open = open.min(waits.get()).min(found.map_or(units.len(), |at| origin(at..at + 1).start));
        };
        // Everyday parts may count all, as far as what comes decides, or as they do in a text that ends here, or not at all.
        let (split, sure_split) = view::splits(text, Everyday::All);
        if !split.units.is_empty() {
            seen(Form::Plain, Via::Split, &split);
            seen(Form::Plain, Via::Split, &view::splits(text, self.everyday).0);
            seen(Form::Plain, Via::SureSplit, &sure_split);
        }
        if text.iter().any(|&unit| view::is_letter(unit)) {
            seen(Form::Plain, Via::Spaced, &view::spaced(text));
            seen(Form::Initials, Via::Initials, &sound::around_initials(text));
            // What is no leet yet becomes it with the first sign.
            seen(Form::Plain, Via::Leet, &view::drawn(text));
        }
        if self.has_sounds() {
            seen(Form::Sound, Via::Sound, &sound::view(text));
            seen(Form::Sound, Via::DrawnSound, &sound::drawn(text, &view::drawable_words(text)));
        }
        open
    }
}

/// The first place from `from` on that is the beginning of a pattern that goes on; adds the places that stand, as `place` knows them, of the rules
/// that have them.
fn look(
    sets: &Sets<'_>,
    form: Form,
    units: &[u16],
    from: usize,
    place: &impl Fn(Range<usize>) -> Option<Place>,
    mut standing: Option<&mut Standing>,
) -> Option<usize> {
    let mut open = None;
    for (set, begins) in sets.iter().filter_map(|forms| forms.get(form as usize)).filter(|(set, _)| set.patterns.len() > 0) {
        open = (from.max(units.len().saturating_sub(begins.longest))..open.unwrap_or(units.len()))
            .find(|&at| units.get(at..).is_some_and(|rest| set.patterns.is_open(rest, begins)))
            .or(open);
        let Some(standing) = standing.as_deref_mut() else { continue };
        let mut meet = |start: usize, hit: Hit| {
            let Some(place) = place(start..start + (hit.end - hit.start) as usize) else { return ControlFlow::Continue(()) };
            for used in set.uses(hit.pattern) {
                let place = Place { rule: used.rule, ..place };
                match used.role() {
                    Role::Keyword => standing.keywords.push(place),
                    Role::Near => standing.near.push(place),
                    Role::Allow => {}
                }
            }
            ControlFlow::Continue(())
        };
        if units.len() > from + FEW {
            let rest = units.get(from..).unwrap_or_default();
            set.patterns.scan(rest, |_, _| true, |hits| hits.iter().try_for_each(|hit| meet(from + hit.start as usize, *hit)));
            continue;
        }
        let single = !set.patterns.singles.is_empty();
        let places = (from..units.len()).filter(|at| single || units.get(*at).is_some_and(|unit| begins.has(*unit)));
        let mut found = |hits: &[Hit]| hits.iter().try_for_each(|hit| meet(hit.start as usize, *hit));
        let _ = set.patterns.matches_among(units, places, &|_, _| true, &mut found);
    }
    open
}

/// Whether a unit may become a keycap.
fn is_key(unit: u16) -> bool {
    u8::try_from(unit).is_ok_and(|byte| byte.is_ascii_digit() || byte == b'#' || byte == b'*')
}

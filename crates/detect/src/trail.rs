//! What a detector remembers of a text that grows, so that a piece costs what it adds.

use std::ops::Range;

use crate::keywords::Place;

/// Where a detector left off in a text that grows, and what it met. Places are units of the folded text.
#[derive(Debug, Default)]
pub struct Trail {
    /// Whatever begins before this is known for good.
    pub(crate) open: usize,
    /// What may be findings, decided, and not yet let go; those that overlap or touch as one.
    pub(crate) found: Vec<Range<usize>>,
    /// Whether something stands beyond `open` that would be a finding if the text ended here.
    pub(crate) stands: bool,
    /// Keywords that stand and wait for what their rule wants, and near words; in order of rule and place.
    pub(crate) words: Vec<Place>,
    pub(crate) near: Vec<Place>,
    /// Where the last emoji stands that says something: near words may be hidden in it.
    pub(crate) spoken: Option<usize>,
    /// Memory for one call.
    pub(crate) seen: Vec<Range<usize>>,
}

impl Trail {
    /// Whatever begins before this unit was decided by earlier calls.
    #[must_use]
    pub const fn open(&self) -> usize {
        self.open
    }

    /// Says that a finding may stand at these units, which begin at [`Trail::open`] or after it.
    pub fn meet(&mut self, units: Range<usize>) {
        self.seen.push(units);
    }

    /// Ends a call: whatever begins before this unit is decided now.
    pub fn close(&mut self, open: usize) {
        self.stands = self.seen.iter().any(|seen| seen.start >= open);
        let before = self.found.len();
        self.found.extend(self.seen.drain(..).filter(|seen| seen.start < open));
        if self.found.len() > before {
            self.found.sort_unstable_by_key(|found| found.start);
            self.found.dedup_by(|later, found| {
                let touch = later.start <= found.end;
                found.end = if touch { found.end.max(later.end) } else { found.end };
                touch
            });
        }
        self.open = open;
    }

    /// Keeps the words that begin before `open`; a keyword beyond it only stands.
    pub(crate) fn remember(&mut self, keywords: Vec<Place>, near: Vec<Place>, open: usize) {
        let known = |place: &Place| (place.start as usize) < open;
        self.seen.extend(keywords.iter().filter(|place| !known(place)).map(Place::range));
        for (list, more) in [(&mut self.words, keywords), (&mut self.near, near)] {
            let before = list.len();
            list.extend(more.into_iter().filter(known));
            if list.len() > before {
                // Stable, because that one makes use of what is in order.
                list.sort();
                list.dedup_by_key(|place| (place.rule, place.start, place.end));
            }
        }
    }

    /// The units from this one on are others than before.
    pub(crate) fn changed(&mut self, from: usize) {
        self.open = self.open.min(from);
    }

    /// So many units at the beginning are gone.
    pub(crate) fn forget(&mut self, units: usize) {
        self.open = self.open.saturating_sub(units);
        self.spoken = self.spoken.and_then(|spoken| spoken.checked_sub(units));
        self.found.iter_mut().for_each(|found| *found = found.start.saturating_sub(units)..found.end.saturating_sub(units));
        for list in [&mut self.words, &mut self.near] {
            list.retain(|place| place.start as usize >= units);
            list.iter_mut().for_each(|place| (place.start, place.end) = (place.start - units as u32, place.end - units as u32));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_overlaps_or_touches_is_one() {
        let mut trail = Trail::default();
        [4..9, 0..5, 9..12, 8..9, 13..15, 20..25].into_iter().for_each(|found| trail.meet(found));
        trail.close(15);
        assert_eq!((trail.found.as_slice(), trail.stands), ([0..12, 13..15].as_slice(), true));
        trail.meet(16..18);
        trail.meet(11..13);
        trail.close(30);
        assert_eq!(trail.found, [0..15, 16..18]);
    }
}

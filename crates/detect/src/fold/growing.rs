//! A text that grows, and its folded form with it: what a piece costs is what it adds.

use std::cell::OnceCell;

use super::{At, Buffers, Folded, Gaps, MARK_BYTES, Pass, STRIDE, Sink};

/// A text that grows at its end and is now and then cut at its beginning.
#[derive(Debug)]
pub(crate) struct Growing {
    text: String,
    buffers: Buffers,
    /// Where the folding stands; all units before `keep` stay as they are.
    at: At,
    gaps: Gaps,
}

impl Default for Growing {
    fn default() -> Self {
        Self { text: String::new(), buffers: Buffers::default(), at: At::START, gaps: Gaps::default() }
    }
}

impl Growing {
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// Adds a piece, and says from which unit on the folded text may now be another.
    pub(crate) fn push(&mut self, piece: &str) -> usize {
        let stood = self.at.keep as usize;
        self.text.push_str(piece);
        let bytes = self.text.as_bytes();
        while (self.at.byte as usize) < bytes.len() {
            if self.buffers.marks.last().is_none_or(|mark| mark.byte as usize + MARK_BYTES <= self.at.byte as usize) {
                self.buffers.marks.push(self.at);
            }
            let limit = self.at.byte.saturating_add(MARK_BYTES as u32);
            let mut out = Grown { units: &mut self.buffers.units, gaps: &mut self.gaps };
            self.at = Pass { bytes, out: &mut out }.run(self.at, |at| at.byte < limit);
        }
        stood
    }

    /// Lends the folded text.
    pub(crate) fn lend<'a, T>(&'a mut self, work: impl FnOnce(Folded<'a>) -> (T, Folded<'a>)) -> T {
        let (buffers, gaps) = (std::mem::take(&mut self.buffers), OnceCell::from(std::mem::take(&mut self.gaps)));
        let (done, folded) = work(Folded { text: &self.text, buffers, len: self.at.len as usize, gaps });
        (self.buffers, self.gaps) = (folded.buffers, folded.gaps.into_inner().unwrap_or_default());
        done
    }

    /// Drops so many bytes at the beginning, which must be whole units, not within filler.
    pub(crate) fn forget(&mut self, bytes: usize) {
        let rest = self.text.split_off(bytes.min(self.text.len()));
        let before = std::mem::take(self);
        self.buffers = before.buffers;
        self.buffers.marks.clear();
        self.push(&rest);
    }
}

struct Grown<'a> {
    units: &'a mut Vec<u16>,
    gaps: &'a mut Gaps,
}

impl Sink for Grown<'_> {
    fn unit(&mut self, at: At, unit: u16) {
        self.gaps.unit(at, unit);
        self.units.truncate(at.len as usize);
        self.units.push(unit);
    }

    fn stride(&mut self, at: At, bytes: &[u8; STRIDE], run: usize) {
        self.gaps.stride(at, bytes, run);
        self.units.truncate(at.len as usize);
        self.units.extend(bytes.iter().take(run).map(|&byte| u16::from(if byte == 0 { b' ' } else { byte.to_ascii_lowercase() })));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn a_text_in_pieces_folds_as_the_whole(
            pieces in proptest::collection::vec("([a-zA-Z]{30,40}|[中国發票，。！ ,*.!㈠é\u{200b}\0]|\\PC|[ ,]{7,10}){0,6}", 0..12), cut in 0_usize..12
        ) {
            let mut growing = Growing::default();
            let mut units = Vec::new();
            for piece in &pieces {
                let stood = growing.push(piece);
                let now = growing.lend(|folded| (folded.units().to_vec(), folded));
                proptest::prop_assert_eq!(&now[..stood], &units[..stood]);
                units = now;
            }
            let text = pieces.concat();
            let cut = text.char_indices().map(|(at, _)| at).nth(cut).unwrap_or(0);
            for cut in [0, cut] {
                growing.forget(cut);
                let whole = crate::fold(text.get(cut..).unwrap());
                growing.lend(|folded| {
                    let all = 0..whole.units().len();
                    assert_eq!(folded.units(), whole.units());
                    assert!(all.clone().all(|unit| folded.start(unit) == whole.start(unit) && folded.gap(unit) == whole.gap(unit)));
                    assert!((0..whole.units().len()).all(|unit| folded.stop(unit) == whole.stop(unit)));
                    ((), folded)
                });
            }
        }
    }
}

//! Lists of words that are looked for backwards from a place.

use super::reader::Reader;

/// Words, and a bit for the last six bits of each one's last unit, so that most places are dismissed with one test.
#[derive(Clone, Copy)]
pub(super) struct Words {
    words: &'static [&'static str],
    lasts: u64,
}

impl Words {
    pub(super) const fn new(words: &'static [&'static str]) -> Self {
        let (mut lasts, mut rest) = (0, words);
        while let Some((word, more)) = rest.split_first() {
            // The last byte of UTF-8 holds the last six bits of the character, and more of it only for ASCII.
            if let Some(byte) = word.as_bytes().last() {
                lasts |= 1 << (*byte & 63);
            }
            rest = more;
        }
        Self { words, lasts }
    }

    /// The first of the words that ends just before the place.
    pub(super) fn ending(self, r: &Reader<'_>, place: usize) -> Option<&'static str> {
        let last = r.before(place, 1) & 63;
        let ends_so = |word: &str| word.as_bytes().last().is_some_and(|byte| u16::from(byte & 63) == last);
        let possible = self.lasts >> last & 1 != 0;
        if possible { self.words.iter().find(|word| ends_so(word) && r.ends_in(place, word)).copied() } else { None }
    }

    /// Whether one of the words ends just before the place.
    pub(super) fn end(self, r: &Reader<'_>, place: usize) -> bool {
        self.ending(r, place).is_some()
    }
}

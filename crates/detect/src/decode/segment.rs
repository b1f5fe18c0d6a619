//! Sentences and words, for the decoders that judge a stretch of text as a whole.

use std::ops::Range;

use super::MAX_RUN;
use super::likely::is_word;
use super::sink::Sink;
use super::view::View;

/// A set of bytes: the first bytes of some characters, so that no other character need be decoded.
pub(super) struct Leads([bool; 256]);

impl Leads {
    pub(super) const fn of(bytes: &[u8]) -> Self {
        let (mut set, mut rest) = (Self([false; 256]), bytes);
        while let [byte, more @ ..] = rest {
            (set, rest) = (set.and(*byte), more);
        }
        set
    }

    pub(super) const fn all() -> Self {
        Self([true; 256])
    }

    /// With one more.
    pub(super) const fn and(mut self, byte: u8) -> Self {
        if let Some((slot, _)) = self.0.split_at_mut(byte as usize + 1).0.split_last_mut() {
            *slot = true;
        }
        self
    }

    /// With all bytes that are not ASCII.
    pub(super) const fn and_beyond_ascii(mut self) -> Self {
        let mut rest = self.0.split_at_mut(128).1;
        while let Some((slot, more)) = rest.split_first_mut() {
            *slot = true;
            rest = more;
        }
        self
    }

    pub(super) fn has(&self, byte: u8) -> bool {
        self.0.get(usize::from(byte)).copied().unwrap_or_default()
    }
}

/// Where a text is parted.
pub(super) struct Breaks {
    /// The first bytes of the characters at which it is.
    pub(super) leads: Leads,
    pub(super) is_break: fn(char) -> bool,
    /// Whether every character beyond ASCII is one: between two of them stands nothing, and a Chinese text has thousands.
    pub(super) beyond_ascii: bool,
}

/// At line breaks.
pub(super) static LINES: Breaks = Breaks { leads: Leads::of(b"\n"), is_break: |c| c == '\n', beyond_ascii: false };

/// At the ends of sentences and clauses, at brackets and quotes.
pub(super) static SENTENCES: Breaks = Breaks { leads: Leads::of(ENDS), is_break: ends_sentence, beyond_ascii: false };

/// The first bytes of what [`ends_sentence`] names.
pub(super) const ENDS: &[u8] = b"\n.!?:;\"()[]{}<>`=\xE2\xE3\xEF";

/// The parts of the view between breaks, none longer than [`MAX_RUN`], without the white space around them.
pub(super) fn segments<'v>(view: &'v View<'_>, breaks: &'v Breaks) -> impl Iterator<Item = Range<usize>> + 'v {
    let mut next = Some(0);
    std::iter::from_fn(move || {
        let start = next?;
        let most = view.text().ceil_char_boundary(start + MAX_RUN);
        let found = first_break(view, breaks, start..most + 1);
        let end = found.map_or(most, |(at, _)| at);
        next = match found {
            Some((at, len)) => Some(at + len + if breaks.beyond_ascii { beyond_ascii(view, at + len) } else { 0 }),
            None if most < view.text().len() => Some(most),
            None => None,
        };
        Some(start..end)
    })
    .filter_map(|segment| trim(view, segment))
}

/// How many bytes beyond ASCII stand here.
fn beyond_ascii(view: &View<'_>, at: usize) -> usize {
    view.bytes().get(at..).unwrap_or_default().iter().take_while(|byte| !byte.is_ascii()).count()
}

/// The first break that begins in a range: where, and how long.
fn first_break(view: &View<'_>, breaks: &Breaks, range: Range<usize>) -> Option<(usize, usize)> {
    let mut at = range.start;
    loop {
        let rest = view.bytes().get(at..range.end.min(view.bytes().len()))?;
        at += rest.iter().position(|&byte| breaks.leads.has(byte))?;
        // A byte after the first of its character begins none.
        let c = view.text().get(at..).and_then(|rest| rest.chars().next());
        if let Some(c) = c.filter(|c| (breaks.is_break)(*c)) {
            return Some((at, c.len_utf8()));
        }
        at += c.map_or(1, char::len_utf8);
    }
}

fn trim(view: &View<'_>, range: Range<usize>) -> Option<Range<usize>> {
    let text = view.slice(range.clone());
    let start = range.start + (text.len() - text.trim_start().len());
    let end = start + text.trim().len();
    (start < end).then_some(start..end)
}

/// Fewest bytes of a sentence that is worth a guess: a word of four letters, two Chinese characters.
const MIN_SENTENCE: usize = 4;

/// Longest text in which a word for the encoding is enough, and no known word need come out: a request, not a document that
/// mentions reversing.
pub(super) const GUESSED: usize = 1024;

/// The sentences worth a guess, less what other decoders have taken.
pub(super) fn each_free_sentence(
    view: &View<'_>,
    sink: &mut Sink<'_>,
    breaks: &Breaks,
    mut guess: impl FnMut(&mut Sink<'_>, Range<usize>),
) {
    for sentence in segments(view, breaks).filter(|sentence| sentence.len() >= MIN_SENTENCE) {
        if sink.is_free(&sentence) {
            guess(sink, sentence);
        } else {
            sink.free(&sentence).collect::<Vec<_>>().into_iter().for_each(|part| guess(sink, part));
        }
    }
}

/// Ends of sentences and clauses, brackets and quotes, in Chinese and English.
pub(super) fn ends_sentence(c: char) -> bool {
    matches!(c, '\n' | '.' | '!' | '?' | ':' | ';' | '"' | '(' | ')' | '[' | ']' | '{' | '}' | '<' | '>' | '`' | '=')
        || matches!(c, '。' | '！' | '？' | '：' | '；' | '“' | '”' | '「' | '」' | '『' | '』' | '《' | '》' | '【' | '】' | '（' | '）')
}

/// The Latin words at the start of a text, in lower case.
pub(super) struct Words {
    lower: String,
    most: usize,
}

impl Words {
    /// At most `most` words, from at most sixteen times as many bytes.
    pub(super) fn of(text: &str, most: usize) -> Self {
        Self { lower: text.get(..text.floor_char_boundary(most * 16)).unwrap_or_default().to_ascii_lowercase(), most }
    }

    /// Whether at least one word in so many is a common one.
    pub(super) fn one_known_in(words: &[&str], many: usize) -> bool {
        let least = words.len().div_ceil(many);
        words.iter().filter(|word| is_word(word)).take(least).count() == least
    }

    pub(super) fn list(&self) -> Vec<&str> {
        let is_part = |c: char| c.is_ascii_lowercase() || c == '\'';
        self.lower.split(|c| !is_part(c)).filter(|word| !word.is_empty()).take(self.most).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Character by character.
    fn obvious(view: &View<'_>, breaks: &Breaks) -> Vec<Range<usize>> {
        let mut start = 0;
        let ends = view.text().char_indices().map(|(at, c)| (at, Some(c))).chain([(view.text().len(), None)]);
        let segments = ends.filter_map(|(at, c)| {
            let ends_here = c.is_none_or(breaks.is_break);
            if !ends_here && at - start < MAX_RUN {
                return None;
            }
            let segment = start..at;
            start = if ends_here { at + c.map_or(0, char::len_utf8) } else { at };
            trim(view, segment)
        });
        segments.collect()
    }

    fn agree(text: &str) {
        let view = View::new(text);
        for breaks in [&LINES, &SENTENCES, &super::super::shift::LATIN] {
            assert_eq!(segments(&view, breaks).collect::<Vec<_>>(), obvious(&view, breaks), "{text:?}");
        }
    }

    #[test]
    fn long_sentences_are_cut() {
        for unit in ["a", "中", "é"] {
            for around in [MAX_RUN - 1, MAX_RUN, MAX_RUN + 1, 2 * MAX_RUN] {
                agree(&format!("{}\n。b", unit.repeat(around / unit.len())));
            }
        }
    }

    proptest::proptest! {
        #[test]
        fn segments_are_the_obvious_ones(text in "([a-c .\n]|[。！“”（中国]|\\PC){0,40}") {
            agree(&text);
        }
    }
}

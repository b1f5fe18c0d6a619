//! Sentences and words, for the decoders that judge a stretch of text as a whole.

use std::ops::Range;

use super::MAX_RUN;
use super::sink::Sink;
use super::view::View;

/// The parts of the view between breaks, none longer than [`MAX_RUN`], without the white space around them.
pub(super) fn segments<'v>(view: &'v View<'_>, is_break: impl Fn(char) -> bool + 'v) -> impl Iterator<Item = Range<usize>> + 'v {
    let mut start = 0;
    let ends = view.text().char_indices().map(|(at, c)| (at, Some(c))).chain([(view.text().len(), None)]);
    ends.filter_map(move |(at, c)| {
        let breaks = c.is_none_or(&is_break);
        if !breaks && at - start < MAX_RUN {
            return None;
        }
        let segment = start..at;
        start = if breaks { at + c.map_or(0, char::len_utf8) } else { at };
        trim(view, segment)
    })
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
    is_break: fn(char) -> bool,
    mut guess: impl FnMut(&mut Sink<'_>, Range<usize>),
) {
    for sentence in segments(view, is_break).filter(|sentence| sentence.len() >= MIN_SENTENCE) {
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

    pub(super) fn list(&self) -> Vec<&str> {
        let is_part = |c: char| c.is_ascii_lowercase() || c == '\'';
        self.lower.split(|c| !is_part(c)).filter(|word| !word.is_empty()).take(self.most).collect()
    }
}

//! The text as decoders read it: without invisible characters, full-width letters, digits and escape signs as ASCII. Every place leads
//! back to the original. Chinese punctuation is left as it is: no encoding uses it, and a text full of it then needs no copy.

use std::borrow::Cow;
use std::ops::Range;

use super::MAX_RUN;
use super::cue::Cues;
use super::segment::Leads;
use super::signs::Signs;

/// A text and what a first look at it told.
pub(super) struct View<'a> {
    source: &'a str,
    text: Cow<'a, str>,
    /// From `.0` of the view on, the original is at `.1`, byte by byte, up to the next step.
    steps: Vec<(usize, usize)>,
    /// What stands in the view: a decoder whose signs are missing has nothing to do.
    pub(super) signs: Signs,
    /// Number of invisible characters of the original.
    pub(super) invisible: usize,
    /// The encodings the text speaks of.
    pub(super) cues: Cues,
}

impl<'a> View<'a> {
    pub(super) fn new(source: &'a str) -> Self {
        let (text, steps, invisible) = plain(source);
        let signs = Signs::of(text.as_bytes());
        let cues = Cues::of(&text, &signs);
        Self { source, text, steps, signs, invisible, cues }
    }

    pub(super) fn text(&self) -> &str {
        &self.text
    }

    pub(super) fn bytes(&self) -> &[u8] {
        self.text.as_bytes()
    }

    /// A part of the view; empty where it is none.
    pub(super) fn slice(&self, range: Range<usize>) -> &str {
        self.text.get(range).unwrap_or_default()
    }

    pub(super) fn chars(&self) -> std::str::CharIndices<'a> {
        self.source.char_indices()
    }

    pub(super) fn source_len(&self) -> usize {
        self.source.len()
    }

    pub(super) fn source(&self, span: Range<usize>) -> Option<&'a str> {
        self.source.get(span)
    }

    /// The bytes of the original behind a range of the view.
    pub(super) fn original(&self, range: Range<usize>) -> Range<usize> {
        let start = self.origin(range.start);
        let last = self.origin(range.end.saturating_sub(1));
        start..self.source.ceil_char_boundary(last + 1).max(start)
    }

    fn origin(&self, at: usize) -> usize {
        let step = self.steps.partition_point(|step| step.0 <= at).checked_sub(1).and_then(|i| self.steps.get(i));
        step.map_or(at, |step| at - step.0 + step.1)
    }
}

fn plain(source: &str) -> (Cow<'_, str>, Vec<(usize, usize)>, usize) {
    let (mut text, mut steps, mut invisible, mut done) = (String::new(), Vec::new(), 0, 0);
    let bytes = source.as_bytes();
    let mut from = 0;
    while let Some(skip) = bytes.get(from..).and_then(|rest| rest.iter().position(|&byte| LEADS.has(byte))) {
        let at = from + skip;
        let Some(c) = source.get(at..).and_then(|rest| rest.chars().next()) else { break };
        from = at + c.len_utf8();
        let narrow = narrow(c);
        if narrow.is_none() && !is_invisible(c) {
            continue;
        }
        text.push_str(source.get(done..at).unwrap_or_default());
        done = at + c.len_utf8();
        match narrow {
            Some(narrow) => {
                steps.push((text.len(), at));
                text.push(narrow);
            }
            None => invisible += 1,
        }
        steps.push((text.len(), done));
    }
    if steps.is_empty() {
        return (Cow::Borrowed(source), steps, 0);
    }
    text.push_str(source.get(done..).unwrap_or_default());
    (Cow::Owned(text), steps, invisible)
}

/// The ASCII form of the full-width characters that encodings are written with.
fn narrow(c: char) -> Option<char> {
    let ascii = char::from_u32((c as u32).checked_sub(0xFEE0)?)?;
    (ascii.is_ascii_alphanumeric() || "%&#\\+=/-._'\"".contains(ascii)).then_some(ascii)
}

/// The first bytes of all characters that a view changes: full-width forms and those of [`is_invisible`].
const LEADS: Leads = Leads::of(&[0xC2, 0xCD, 0xE1, 0xE2, 0xEF, 0xF3]);

/// Format characters, variation selectors and tags: nothing is drawn for them.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{AD}' | '\u{34F}' | '\u{180B}'..='\u{180E}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{206F}'
        | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}' | '\u{E0000}'..='\u{E01EF}')
}

/// The maximal runs of bytes that `keep` holds for, none longer than [`MAX_RUN`].
pub(super) fn runs(bytes: &[u8], keep: impl Fn(u8) -> bool) -> impl Iterator<Item = Range<usize>> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let rest = bytes.get(at..)?;
        let start = at + rest.iter().position(|&b| keep(b))?;
        let run = bytes.get(start..)?;
        let len = run.iter().take(MAX_RUN).position(|&b| !keep(b)).unwrap_or(run.len().min(MAX_RUN));
        at = start + len;
        Some(start..at)
    })
}

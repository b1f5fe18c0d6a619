//! Words whose letters are set apart: "i g n o r e   a l l", "f.u.c.k", "k-i-l-l", one letter a line.

use super::How;
use super::MAX_RUN;
use super::likely::has_word;
use super::sink::Sink;
use super::view::View;

/// Fewest letters: three are an abbreviation (U.S.A., e.g., A/B/C).
const MIN: usize = 4;
/// Most characters between two letters, and between two words.
const LETTER_GAP: usize = 3;
const WORD_GAP: usize = 8;

/// Single Latin letters (a digit among them may stand for one) with the same separator between; a larger separator parts words.
pub(super) fn spaced(view: &View<'_>, sink: &mut Sink<'_>) {
    let mut done = 0;
    for letter in view.signs.words.iter().filter(|word| word.len() == 1 && word.has_letter()) {
        if letter.start < done || !stands_alone(view, letter.start) {
            continue;
        }
        let run = Run::read(view, letter.start);
        if run.letters >= MIN {
            if run.is_word() {
                sink.push(How::SpacedLetters, letter.start..run.end, &run.text);
            }
            done = run.end;
        }
    }
}

/// Whether the ASCII letter or digit here touches no other letter or digit.
fn stands_alone(view: &View<'_>, at: usize) -> bool {
    // Chinese characters (and kana, U+2E80 on) are no part of a Latin word.
    let touches = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() && c < '\u{2E80}');
    let before = view.slice(view.text().floor_char_boundary(at.saturating_sub(4))..at).chars().next_back();
    let after = view.bytes().get(at + 1..).and_then(<[u8]>::first);
    !touches(before) && !after.is_some_and(u8::is_ascii_alphanumeric) && !touches(tail(view, at + 1).chars().next())
}

/// The few bytes from here that a gap can take.
fn tail<'v>(view: &'v View<'_>, at: usize) -> &'v str {
    view.slice(at..view.text().floor_char_boundary(at + WORD_GAP * 4 + 4))
}

struct Run {
    text: String,
    letters: usize,
    digits: usize,
    /// The separator is one of lists and code.
    listed: bool,
    end: usize,
}

impl Run {
    fn read(view: &View<'_>, start: usize) -> Self {
        let mut run = Self { text: String::new(), letters: 0, digits: 0, listed: false, end: start };
        let (mut at, mut separator) = (start, None);
        while run.take(view, at) && at - start < MAX_RUN {
            let Some(gap) = gap(view, at + 1) else { break };
            let next = at + 1 + gap.len();
            let least = *separator.get_or_insert(gap);
            run.listed |= least.contains([',', '\'', '"', '%', '\\', '、', '&', '=']);
            let parts_words = parts_words(gap, least);
            if !stands_alone(view, next) || least.chars().count() > LETTER_GAP || !(gap == least || parts_words) {
                break;
            }
            if parts_words {
                run.text.push(' ');
            }
            at = next;
        }
        run.text.truncate(run.text.trim_end().len());
        run
    }

    fn take(&mut self, view: &View<'_>, at: usize) -> bool {
        let Some(&byte) = view.bytes().get(at) else { return false };
        self.text.push(char::from(byte));
        self.letters += usize::from(byte.is_ascii_alphabetic());
        self.digits += usize::from(byte.is_ascii_digit());
        self.end = at + 1;
        true
    }

    /// Letters for the most part, a known word if they are set apart as lists and code are, and not those of the alphabet in order,
    /// as choices have them.
    fn is_word(&self) -> bool {
        let lower = self.text.to_ascii_lowercase();
        let ordered = lower.bytes().zip(lower.bytes().skip(1)).all(|(a, b)| b == a + 1 || b == a);
        self.digits * 3 <= self.letters && !ordered && (!self.listed || has_word(&self.text))
    }
}

/// White space where the letters have another separator between, or a longer gap of the same, perhaps with a punctuation mark.
fn parts_words(gap: &str, least: &str) -> bool {
    let like = |c: char| c.is_whitespace() || least.contains(c) || ",.!?;:，。！？".contains(c);
    gap != least && (gap.trim().is_empty() || (gap.len() > least.len() && gap.chars().all(like)))
}

/// What stands between the letter before `at` and the next ASCII letter or digit; none if that is too far.
fn gap<'v>(view: &'v View<'_>, at: usize) -> Option<&'v str> {
    let rest = tail(view, at);
    let len = rest.char_indices().take(WORD_GAP + 1).find(|(_, c)| c.is_alphanumeric()).map(|(len, _)| len)?;
    let next_is_ascii = rest.as_bytes().get(len).is_some_and(u8::is_ascii);
    (len > 0 && next_is_ascii).then(|| rest.get(..len)).flatten()
}

//! Digits and signs that stand for letters: "h0w t0 m4k3 a b0mb". Counts only where words come out that were none before.

use std::ops::Range;

use super::How;
use super::likely::is_word;
use super::segment::{Breaks, Leads, segments};
use super::sink::Sink;
use super::view::View;

/// Longest token looked at: the longest common word and a few.
const LONGEST: usize = 20;
/// Words that must come out, and the length from which a single one is enough: "b0mb", but not "c4" or "t5".
const MIN_WORDS: usize = 2;
const LONG_WORD: usize = 4;

/// At line breaks, commas and full stops of Chinese, and quotes.
static PARTS: Breaks =
    Breaks { leads: Leads::of(b"\n\xE2\xE3\xEF"), is_break: |c| matches!(c, '\n' | '。' | '，' | '“' | '”'), beyond_ascii: false };

/// Lines in which words come out.
pub(super) fn leet(view: &View<'_>, sink: &mut Sink<'_>) {
    let mut mixed = view.signs.mixed.iter().peekable();
    for line in segments(view, &PARTS) {
        while mixed.next_if(|at| **at < line.start).is_some() {}
        match mixed.peek() {
            Some(at) if **at < line.end => {}
            Some(_) => continue,
            None => return,
        }
        let (mut strong, mut longest, mut text) = (0, 0, String::new());
        let mut range: Option<Range<usize>> = None;
        for token in tokens(view, &line) {
            let raw = view.slice(token.clone());
            let Some(word) = plain(raw, view.cues.leet) else { continue };
            if is_strong(raw) {
                (strong, longest) = (strong + 1, longest.max(word.len()));
            }
            let done = range.get_or_insert(token.start..token.start);
            text.push_str(view.slice(done.end..token.start));
            text.push_str(&word);
            done.end = token.end;
        }
        if let Some(range) = range.filter(|_| strong >= MIN_WORDS || longest >= LONG_WORD || (view.cues.leet && strong > 0)) {
            sink.push(How::LeetSpeak, range, &text);
        }
    }
}

/// Whether a figure stands where only a letter would: "cam3" is a name with a number, "100k" a number, "$end" a variable.
fn is_strong(token: &str) -> bool {
    let core = token.trim_start_matches(['$', '+', '@', '!', '|']);
    let (first, last) = (core.bytes().position(|b| b.is_ascii_alphabetic()), core.bytes().rposition(|b| b.is_ascii_alphabetic()));
    let letters = core.bytes().filter(u8::is_ascii_alphabetic).count();
    let (Some(first), Some(last)) = (first, last) else { return false };
    let figures_inside = last + 1 - first > letters;
    // Figures in front only are a number with a unit unless the rest is long: "80th", but "0pen".
    if figures_inside { letters > 1 } else { first > 0 && letters > 2 }
}

/// What stands between spaces, Chinese characters and the signs that are no letters.
fn tokens(view: &View<'_>, line: &Range<usize>) -> impl Iterator<Item = Range<usize>> {
    let is_part = |b: u8| b.is_ascii_alphanumeric() || b"@$!+|".contains(&b);
    super::view::runs(view.bytes().get(line.clone()).unwrap_or_default(), is_part).map(|run| line.start + run.start..line.start + run.end)
}

/// The word that a token with letters and figures spells.
fn plain(token: &str, told: bool) -> Option<String> {
    if token.bytes().all(|b| b.is_ascii_alphabetic()) {
        return None;
    }
    let core = token.trim_end_matches(['!', '|', '+']);
    let (letters, figures) =
        core.bytes().fold((0, 0), |(l, f), b| (l + usize::from(b.is_ascii_alphabetic()), f + usize::from(!b.is_ascii_alphabetic())));
    if letters == 0 || figures == 0 || core.len() > LONGEST || (core.len() < 3 && !told && core != "t0") {
        return None;
    }
    let spell = |one: char| core.chars().map(|c| if matches!(c, '1' | '|') { one } else { letter(c) }).collect::<String>();
    // "10 min", "3rd" and "mp3" are no words when spelt; figures at the end are a number more often than letters.
    [spell('i'), spell('l')]
        .into_iter()
        .find(|word| is_word(word))
        .or_else(|| (told && figures < core.len()).then(|| spell('i')))
        .map(|word| word + token.get(core.len()..).unwrap_or_default())
}

fn letter(c: char) -> char {
    match c.to_ascii_lowercase() {
        '0' => 'o',
        '3' => 'e',
        '4' | '@' => 'a',
        '5' | '$' => 's',
        '6' | '9' => 'g',
        '7' | '+' => 't',
        '8' => 'b',
        '2' => 'z',
        '!' => 'i',
        other => other,
    }
}

//! Letters moved along the alphabet: by thirteen (rot13) wherever that makes English of what was none, by any other number (Caesar) where
//! the text speaks of it.

use super::How;
use super::likely::is_word;
use super::segment::{Breaks, ENDS, GUESSED, Leads, Words, each_free_sentence, ends_sentence};
use super::sink::Sink;
use super::view::View;

/// Words looked at: enough to tell a language.
const SAMPLE: usize = 64;
/// How often each letter stands in English, in parts of a thousand (a to z; Lewand, Cryptological Mathematics, 2000).
const FREQUENCY: [u32; 26] = [82, 15, 28, 43, 127, 22, 20, 61, 70, 2, 8, 40, 24, 67, 75, 19, 1, 60, 63, 91, 28, 10, 24, 2, 20, 1];
/// Shifts tried on words, those that give the most frequent letters.
const BEST: usize = 5;
/// Sentences for which a shift is searched: each costs about 10 µs.
const SEARCHES: usize = 4096;

/// At the ends of sentences, and at everything that is not ASCII.
pub(super) static LATIN: Breaks =
    Breaks { leads: Leads::of(ENDS).and_beyond_ascii(), is_break: |c| !c.is_ascii() || ends_sentence(c), beyond_ascii: true };

/// Sentences in Latin letters.
pub(super) fn shifted(view: &View<'_>, sink: &mut Sink<'_>) {
    if !view.signs.letters {
        return;
    }
    let mut caesar = Caesar { searches: if view.cues.caesar { SEARCHES } else { 0 }, last: None };
    each_free_sentence(view, sink, &LATIN, |sink, range| {
        let text = view.slice(range.clone());
        if let Some(by) = shift_of(view, text, &mut caesar) {
            let how = if by == 13 { How::Rot13 } else { How::Caesar };
            let plain: String = text.chars().map(|c| moved(c, by)).collect();
            sink.push(how, range, &plain);
        }
    });
}

/// The search for an unknown shift.
struct Caesar {
    searches: usize,
    last: Option<u8>,
}

/// The shift that makes English of a sentence.
fn shift_of(view: &View<'_>, text: &str, caesar: &mut Caesar) -> Option<u8> {
    let sample = Words::of(text, SAMPLE);
    let words = sample.list();
    // A word in four is common: that is English already, or a sentence that speaks of the encoding.
    if words.is_empty() || Words::one_known_in(&words, 4) {
        return None;
    }
    let plain = words.iter().filter(|w| is_word(w)).count();
    let told = view.cues.rot13 || view.cues.caesar;
    let thirteen = Hits::of(&words, 13);
    let sure = words.len() >= 3 && thirteen.words >= 2 && thirteen.letters >= 6 && thirteen.words * 5 >= words.len() * 2;
    if thirteen.longest >= 3 && (sure || (told && thirteen.words * 4 >= words.len() && thirteen.words > plain)) {
        return Some(13);
    }
    if view.cues.caesar {
        // A text has one shift as a rule: the last one found goes first, and is all that is tried once the searches are used up.
        let fits = |by: &u8| {
            let hits = Hits::of(&words, *by);
            hits.words > plain && hits.longest >= 3 && hits.letters >= 4 && hits.words * 3 >= words.len()
        };
        let found = caesar.last.filter(fits).or_else(|| {
            caesar.searches = caesar.searches.checked_sub(1)?;
            likely_shifts(text).into_iter().max_by_key(|&by| Hits::of(&words, by).letters).filter(fits)
        });
        caesar.last = found.or(caesar.last);
        return found;
    }
    // Told so, and a word of letters: what is no word yet may be a rare one.
    (view.cues.rot13
        && view.source_len() <= GUESSED
        && plain == 0
        && words.iter().any(|w| w.len() >= 4)
        && likely_shifts(text).contains(&13))
    .then_some(13)
}

/// What a shift makes of words. Single letters are words too easily and do not count.
#[derive(Default)]
struct Hits {
    words: usize,
    letters: usize,
    longest: usize,
}

impl Hits {
    fn of(words: &[&str], by: u8) -> Self {
        let (mut hits, mut buffer) = (Self::default(), String::new());
        for word in words.iter().filter(|word| word.len() > 1) {
            buffer.clear();
            buffer.extend(word.chars().map(|c| moved(c, by)));
            if is_word(&buffer) {
                hits = Self { words: hits.words + 1, letters: hits.letters + word.len(), longest: hits.longest.max(word.len()) };
            }
        }
        hits
    }
}

fn likely_shifts(text: &str) -> Vec<u8> {
    let mut counts = [0_u32; 26];
    for byte in text.bytes().filter(u8::is_ascii_alphabetic) {
        if let Some(count) = counts.get_mut(usize::from(byte.to_ascii_lowercase() - b'a')) {
            *count += 1;
        }
    }
    let score = |by: u8| counts.iter().zip(FREQUENCY.iter().cycle().skip(usize::from(by))).map(|(n, f)| n * f).sum::<u32>();
    let mut shifts: Vec<u8> = (1..26).collect();
    shifts.sort_by_key(|&by| std::cmp::Reverse(score(by)));
    shifts.truncate(BEST);
    shifts
}

fn moved(c: char, by: u8) -> char {
    let base = match c {
        'a'..='z' => b'a',
        'A'..='Z' => b'A',
        other => return other,
    };
    char::from(base + (c as u8 - base + by) % 26)
}

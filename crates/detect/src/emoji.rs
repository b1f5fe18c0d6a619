//! What emoji say: 买🔫 is 买枪. The fold takes an emoji for filler, which it mostly is; here it is read as the character it stands for, where the
//! lexicon knows that character beside one of its neighbours.

use std::collections::HashMap;
use std::sync::LazyLock;

use taxonomy::Span;

use crate::engine::{GOLDEN, Patterns};
use crate::fold;

/// For each emoji the characters that it may stand for, likeliest first.
static MEANT: LazyLock<HashMap<char, Vec<char>>> = LazyLock::new(|| {
    let rows = include_str!("../data/variants/emoji.tsv").lines().filter(|line| !line.starts_with('#'));
    rows.filter_map(|line| line.split_once('\t'))
        .filter_map(|(emoji, meant)| Some((emoji.chars().next()?, meant.chars().collect())))
        .collect()
});

/// What keycaps stand for: 1️⃣ is 一.
const KEYS: [char; 10] = ['零', '一', '二', '三', '四', '五', '六', '七', '八', '九'];

/// Where characters that say something stand in the basic plane, a bit for each sixty-four: the dashes and quotes of everyday text are not among them.
static BASIC: LazyLock<[u64; 16]> = LazyLock::new(|| {
    let mut bits = [0; 16];
    for &c in MEANT.keys().chain(&[KEYCAP]) {
        if let Some(word) = bits.get_mut(c as usize >> 12) {
            *word |= 1 << (c as usize >> 6 & 63);
        }
    }
    bits
});

/// Whether a character may be one that says something.
fn may_mean(c: char) -> bool {
    BASIC.get(c as usize >> 12).is_none_or(|word| word >> (c as usize >> 6 & 63) & 1 == 1)
}

/// The neighbours that stand in some pattern: two bits of one word for each, 64 KiB.
#[derive(Debug)]
pub(crate) struct Neighbours(Vec<u64>);

impl Default for Neighbours {
    fn default() -> Self {
        Self(vec![0; NEIGHBOUR_WORDS])
    }
}

const NEIGHBOUR_WORDS: usize = 1 << 13;

/// The word of two units, and their bits in it.
fn neighbours_key(first: u16, second: u16) -> (usize, u64) {
    let product = (u64::from(first) | u64::from(second) << 16).wrapping_mul(GOLDEN);
    ((product >> 51) as usize, 1 << (product >> 45 & 63) | 1 << (product >> 39 & 63))
}

impl Neighbours {
    /// Adds those of a set of patterns.
    pub(crate) fn add(&mut self, patterns: Patterns<'_>) {
        for &[first, second] in (0..patterns.len() as u32).flat_map(|at| patterns.pattern(at).array_windows()) {
            let (word, bits) = neighbours_key(first, second);
            if let Some(word) = self.0.get_mut(word) {
                *word |= bits;
            }
        }
    }

    fn know(&self, first: Option<u16>, second: Option<u16>) -> bool {
        let (Some(first), Some(second)) = (first, second) else { return false };
        let (word, bits) = neighbours_key(first, second);
        self.0.get(word).is_some_and(|word| word & bits == bits)
    }

    /// The one of several characters that patterns have between these two units, or beside one of them; none where they have none.
    fn between(&self, left: Option<u16>, meant: &[char], right: Option<u16>) -> Option<char> {
        let known = |c: char| u8::from(self.know(left, fold::unit_of(c))) + u8::from(self.know(fold::unit_of(c), right));
        // The first of the best: `max_by_key` would take the last.
        meant.iter().rev().map(|&c| (known(c), c)).filter(|(known, _)| *known > 0).max_by_key(|(known, _)| *known).map(|(_, c)| c)
    }
}

/// A text with its emoji read as characters.
#[derive(Debug)]
pub(crate) struct Spoken {
    pub(crate) text: String,
    /// Where each replaced emoji stands: its byte in `text`, its byte in the original, and how long it is there.
    places: Vec<(usize, usize, usize)>,
}

impl Spoken {
    /// A text in which no emoji speaks.
    pub(crate) fn plain(text: &str) -> Self {
        Self { text: text.to_owned(), places: Vec::new() }
    }

    /// The span in the original behind a span of the text.
    pub(crate) fn original(&self, span: Span) -> Option<Span> {
        // A character stands where an emoji stood, whole; before and after it, only the distance differs.
        let at = |byte: usize, end: bool| {
            let before = self.places.partition_point(|place| if end { place.0 < byte } else { place.0 <= byte });
            let Some(&(spoken, original, len)) = before.checked_sub(1).and_then(|last| self.places.get(last)) else { return Some(byte) };
            let into = byte.checked_sub(spoken)?;
            if into < CHARACTER { Some(original + if end && into > 0 { len } else { 0 }) } else { Some(original + len + into - CHARACTER) }
        };
        Some(Span { start: at(span.start, false)?, end: at(span.end, true)? })
    }
}

/// Bytes of a character that an emoji stands for; a test sees that all have as many.
const CHARACTER: usize = 3;

/// What encloses a digit as a key.
const KEYCAP: char = '\u{20E3}';

/// A sign that the fold takes for filler.
const FILLER: char = '、';

/// Where the last emoji that says something, or the sign that makes a keycap, begins.
pub(crate) fn last(text: &str) -> Option<usize> {
    if !may_speak(text) {
        return None;
    }
    text.char_indices().filter(|(_, c)| *c == KEYCAP || MEANT.contains_key(c)).map(|(at, _)| at).next_back()
}

/// Whether an emoji may be there. None begins with a lower byte, and most texts have none as high as these.
fn may_speak(text: &str) -> bool {
    text.bytes().any(|byte| byte == 0xF0 || byte == 0xE2)
}

/// The text as its emoji are meant, and with keycaps (1️⃣), which are made of a digit, as the filler they are; none if nothing changes.
pub(crate) fn views(text: &str, neighbours: &Neighbours) -> Vec<Spoken> {
    let (mut any, mut keycap) = (false, false);
    let mut at = 0;
    // All of them begin with one of these bytes, and most texts have few.
    while let Some(skip) = text.as_bytes().get(at..).and_then(|rest| rest.iter().position(|byte| *byte == 0xF0 || *byte == 0xE2)) {
        at += skip;
        let c = text.get(at..).and_then(|rest| rest.chars().next()).unwrap_or_default();
        if may_mean(c) {
            any |= MEANT.contains_key(&c);
            keycap |= c == KEYCAP;
        }
        at += c.len_utf8();
    }
    if !any && !keycap {
        return Vec::new();
    }
    let keycaps = if keycap { view(text, |_, _, _| None) } else { None };
    let spoken = view(text, |left, meant, right| neighbours.between(left, meant, right));
    let differ = keycaps.as_ref().map(|view| &view.text) != spoken.as_ref().map(|view| &view.text);
    keycaps.into_iter().chain(spoken.filter(|_| differ)).collect()
}

/// What stands at a place of a text.
enum Sign {
    /// An emoji, of one character.
    Emoji(&'static [char]),
    /// A keycap, of so many bytes.
    Keycap(&'static [char], usize),
    Other,
}

impl Sign {
    /// Of a character and what comes after it.
    fn of(c: char, after: &str) -> Self {
        if matches!(c, '0'..='9' | '#' | '*')
            && let Some(then) = after.strip_prefix('\u{FE0F}').unwrap_or(after).strip_prefix(KEYCAP)
        {
            let meant = c.to_digit(10).and_then(|digit| KEYS.get(digit as usize..=digit as usize)).unwrap_or_default();
            return Self::Keycap(meant, c.len_utf8() + after.len() - then.len());
        }
        if may_mean(c)
            && let Some(meant) = MEANT.get(&c)
        {
            return Self::Emoji(meant);
        }
        Self::Other
    }
}

/// The unit of a character that is no filler.
fn letter(c: char) -> Option<u16> {
    fold::unit_of(c).filter(|unit| !fold::is_filler(*unit))
}

/// What stands after signs and filler, found once for all signs before it.
struct Ahead<'a> {
    text: &'a str,
    at: usize,
    unit: Option<u16>,
}

impl Ahead<'_> {
    /// The unit of the first letter from here on that is part of no sign.
    fn after(&mut self, from: usize) -> Option<u16> {
        if from <= self.at && self.unit.is_some() {
            return self.unit;
        }
        self.at = self.at.max(from);
        self.unit = None;
        while let Some(c) = self.text.get(self.at..).and_then(|rest| rest.chars().next()) {
            let len = match Sign::of(c, self.text.get(self.at + c.len_utf8()..).unwrap_or_default()) {
                Sign::Keycap(_, len) => len,
                Sign::Emoji(_) => c.len_utf8(),
                Sign::Other => {
                    self.unit = letter(c);
                    if self.unit.is_some() {
                        break;
                    }
                    c.len_utf8()
                }
            };
            self.at += len;
        }
        self.unit
    }
}

fn view(text: &str, meant: impl Fn(Option<u16>, &[char], Option<u16>) -> Option<char>) -> Option<Spoken> {
    let mut spoken = Spoken { text: String::with_capacity(text.len()), places: Vec::new() };
    let mut ahead = Ahead { text, at: 0, unit: None };
    let (mut at, mut left) = (0, None);
    while let Some(c) = text.get(at..).and_then(|rest| rest.chars().next()) {
        let next = at + c.len_utf8();
        let (to, len) = match Sign::of(c, text.get(next..).unwrap_or_default()) {
            Sign::Keycap(signs, len) => (meant(left, signs, ahead.after(at + len)).or(Some(FILLER)), len),
            Sign::Emoji(signs) => (meant(left, signs, ahead.after(next)), c.len_utf8()),
            Sign::Other => (None, c.len_utf8()),
        };
        if to.is_some() {
            spoken.places.push((spoken.text.len(), at, len));
        }
        left = letter(to.unwrap_or(c)).or(left);
        spoken.text.push(to.unwrap_or(c));
        at += len;
    }
    (!spoken.places.is_empty()).then_some(spoken)
}

/// Where the emoji at the end begin, if what they mean hangs on what comes after them; the length of the text if there are none.
pub(crate) fn decided(text: &str) -> usize {
    let tail = text.char_indices().rev().take_while(|(_, c)| letter(*c).is_none() || *c == KEYCAP);
    let last = tail.filter(|(_, c)| *c == KEYCAP || (may_mean(*c) && MEANT.contains_key(c))).last();
    match last {
        // The digit of a keycap stands before it.
        Some((at, KEYCAP)) => text.get(..at).and_then(|before| before.rfind(|c: char| c.is_ascii())).unwrap_or(at),
        Some((at, _)) => at,
        None => text.len(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_says_something_may_mean_something() {
        assert!(MEANT.keys().chain(&[KEYCAP]).all(|&c| may_mean(c)));
        assert!(!"—“”…·、。".chars().any(may_mean), "everyday text would be looked up");
    }

    #[test]
    fn every_meaning_has_three_bytes() {
        assert!(MEANT.keys().all(|emoji| [0xF0, 0xE2].contains(&emoji.to_string().as_bytes()[0])), "`views` looks for these bytes only");
        assert!(MEANT.len() > 1000 && MEANT.values().flatten().chain(&KEYS).all(|meant| meant.len_utf8() == CHARACTER));
        assert!(MEANT.values().flatten().chain(&KEYS).all(|meant| letter(*meant).is_some()));
    }

    /// What a lexicon of these words knows.
    fn knowing(words: &[&str]) -> Neighbours {
        let words: Vec<Vec<u16>> = words.iter().map(|word| fold::fold(word).units().to_vec()).collect();
        let mut neighbours = Neighbours::default();
        neighbours.add(crate::engine::Compiled::build(words.iter().map(Vec::as_slice)).view());
        neighbours
    }

    #[test]
    fn spans_lead_back() {
        let neighbours = knowing(&["买枪", "药", "和药"]);
        let text = "想买🔫和💊吗";
        let [spoken] = views(text, &neighbours).try_into().ok().unwrap();
        assert_eq!(spoken.text, "想买枪和药吗");
        for (from, to, original) in [(3, 9, "买🔫"), (6, 9, "🔫"), (9, 12, "和"), (6, 15, "🔫和💊"), (15, 18, "吗"), (0, 18, text)]
        {
            assert_eq!(spoken.original(Span { start: from, end: to }).and_then(|span| span.cut(text)), Some(original), "{from} {to}");
        }
        assert!(views("没有", &neighbours).is_empty());
        let [keys] = views("翻1️⃣墙", &neighbours).try_into().ok().unwrap();
        assert_eq!((keys.text.as_str(), keys.original(Span { start: 0, end: 9 }).unwrap().end), ("翻、墙", 13));
    }

    #[test]
    fn the_lexicon_tells_what_is_meant() {
        let said = |text: &str, words: &[&str]| views(text, &knowing(words)).pop().map(|spoken| spoken.text);
        // A knife, or what is done with it; between ornaments; and as nothing at all.
        assert_eq!(said("就是🗡️光", &["杀光"]).as_deref(), Some("就是杀\u{FE0F}光"));
        assert_eq!(said("买🌸🗡️💯的", &["买刀"]).as_deref(), Some("买🌸刀\u{FE0F}💯的"));
        assert_eq!(said("今天🗡️真好", &["买刀"]), None);
        assert_eq!(said("见1️⃣个", &["见一个"]).as_deref(), Some("见一个"));
    }

    #[test]
    fn what_hangs_on_what_comes_is_not_decided() {
        let decided = |text: &str| text.get(..decided(text)).map(str::to_owned).unwrap();
        assert_eq!(decided("买🔫吗"), "买🔫吗");
        assert_eq!(decided("买🔫 🌸️，"), "买");
        assert_eq!(decided("翻1️⃣"), "翻");
        assert_eq!(decided("没有，"), "没有，");
    }
}

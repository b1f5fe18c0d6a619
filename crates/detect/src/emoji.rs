//! What emoji say: 买🔫 is 买枪. The fold takes an emoji for filler, which it mostly is; here it is read as the character it stands for, where the
//! lexicon knows that character beside one of its neighbours.

use std::collections::HashMap;
use std::sync::LazyLock;

use taxonomy::Span;

use crate::fold::{self, MAX_FILLER};
use crate::pairs::Neighbours;

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

/// Of several characters the one that patterns have between these two units, or beside one of them; none where they have none.
fn between(neighbours: &Neighbours, left: Option<u16>, meant: &[char], right: Option<u16>) -> Option<char> {
    let know = |first: Option<u16>, second: Option<u16>| {
        u8::from(first.zip(second).is_some_and(|(first, second)| neighbours.may_have(first, second)))
    };
    let known = |c: char| know(left, fold::unit_of(c)) + know(fold::unit_of(c), right);
    // The first of the best: `max_by_key` alone would take the last.
    meant.iter().rev().map(|&c| (known(c), c)).filter(|(known, _)| *known > 0).max_by_key(|(known, _)| *known).map(|(_, c)| c)
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

/// Where emoji that say something begin, and the signs that make keycaps.
fn said(text: &str) -> impl Iterator<Item = usize> {
    // Each begins with one of these bytes, and most texts have neither.
    let begins = text.bytes().enumerate().filter(|(_, byte)| *byte == 0xF0 || *byte == 0xE2);
    begins.map(|(at, _)| at).filter(|at| {
        let c = text.get(*at..).and_then(|rest| rest.chars().next()).unwrap_or_default();
        may_mean(c) && (c == KEYCAP || MEANT.contains_key(&c))
    })
}

/// Where the last emoji that says something, or the sign that makes a keycap, begins.
pub(crate) fn last(text: &str) -> Option<usize> {
    said(text).last()
}

/// The text as its emoji are meant, and with keycaps (1️⃣), which are made of a digit, as the filler they are; none if nothing changes.
pub(crate) fn views(text: &str, neighbours: &Neighbours) -> Vec<Spoken> {
    if said(text).next().is_none() {
        return Vec::new();
    }
    let keycaps = if text.contains(KEYCAP) { view(text, |_, _, _| None) } else { None };
    let spoken = view(text, |left, meant, after| between(neighbours, left, meant, next(after).unit()));
    let differ = keycaps.as_ref().map(|view| &view.text) != spoken.as_ref().map(|view| &view.text);
    keycaps.into_iter().chain(spoken.filter(|_| differ)).collect()
}

/// What begins at a place of a text.
enum Sign {
    /// An emoji, of one character.
    Emoji(&'static [char]),
    /// A keycap, of so many bytes.
    Keycap(&'static [char], usize),
    /// What may become a keycap with what comes.
    PerhapsKeycap,
    Other,
}

impl Sign {
    /// Of a character and what comes after it.
    fn of(c: char, after: &str) -> Self {
        if matches!(c, '0'..='9' | '#' | '*') {
            let after_selector = after.strip_prefix('\u{FE0F}').unwrap_or(after);
            if let Some(then) = after_selector.strip_prefix(KEYCAP) {
                let meant = c.to_digit(10).and_then(|digit| KEYS.get(digit as usize..=digit as usize)).unwrap_or_default();
                return Self::Keycap(meant, c.len_utf8() + after.len() - then.len());
            }
            return if after_selector.is_empty() { Self::PerhapsKeycap } else { Self::Other };
        }
        if may_mean(c)
            && let Some(meant) = MEANT.get(&c)
        {
            return Self::Emoji(meant);
        }
        Self::Other
    }
}

/// What a character is between others.
enum Kind {
    /// Nothing at all.
    Invisible,
    Filler,
    /// A letter, of one unit if patterns can have it beside an emoji's meaning.
    Letter(Option<u16>),
}

impl Kind {
    fn of(c: char) -> Self {
        match fold::unit_of(c) {
            Some(unit) if fold::is_filler(unit) => Self::Filler,
            Some(unit) => Self::Letter(Some(unit)),
            None if fold::is_invisible(c) => Self::Invisible,
            None if c.is_alphanumeric() => Self::Letter(None),
            None => Self::Filler,
        }
    }
}

/// Most characters looked at beside an emoji: filler that is skipped, and what is invisible among it.
const BESIDE: usize = 4 * MAX_FILLER as usize;

/// What stands after a place.
enum Next {
    Letter(u16),
    /// Nothing that a pattern could go on with.
    Nothing,
    /// What comes will tell.
    Open,
}

impl Next {
    fn unit(&self) -> Option<u16> {
        if let Self::Letter(unit) = self { Some(*unit) } else { None }
    }
}

/// The first letter after signs and filler, no further on than filler is skipped.
fn next(text: &str) -> Next {
    let (mut at, mut filler) = (0, 0);
    for _ in 0..BESIDE {
        let Some(c) = text.get(at..).and_then(|rest| rest.chars().next()) else { return Next::Open };
        let after = at + c.len_utf8();
        let (len, is_filler) = match Sign::of(c, text.get(after..).unwrap_or_default()) {
            Sign::Keycap(_, len) => (len, true),
            Sign::Emoji(_) => (c.len_utf8(), true),
            Sign::PerhapsKeycap => return Next::Open,
            Sign::Other => match Kind::of(c) {
                Kind::Letter(unit) => return unit.map_or(Next::Nothing, Next::Letter),
                Kind::Filler => (c.len_utf8(), true),
                Kind::Invisible => (c.len_utf8(), false),
            },
        };
        filler += u32::from(is_filler);
        if filler > MAX_FILLER {
            return Next::Nothing;
        }
        at += len;
    }
    Next::Nothing
}

/// The letter before a place of a text that is read from its beginning.
#[derive(Default)]
struct Left {
    unit: Option<u16>,
    filler: u32,
}

impl Left {
    fn read(&mut self, kind: &Kind) {
        match kind {
            Kind::Letter(unit) => *self = Self { unit: *unit, filler: 0 },
            Kind::Filler => self.filler += 1,
            Kind::Invisible => {}
        }
    }

    fn unit(&self) -> Option<u16> {
        self.unit.filter(|_| self.filler <= MAX_FILLER)
    }
}

/// The text with its emoji and keycaps as `meant` says, which is given the unit before, what may be meant, and the text after. A keycap that means
/// nothing is filler.
fn view(text: &str, meant: impl Fn(Option<u16>, &[char], &str) -> Option<char>) -> Option<Spoken> {
    let mut spoken = Spoken { text: String::with_capacity(text.len()), places: Vec::new() };
    let (mut at, mut left) = (0, Left::default());
    while let Some(c) = text.get(at..).and_then(|rest| rest.chars().next()) {
        let after = |len: usize| text.get(at + len..).unwrap_or_default();
        let (to, len) = match Sign::of(c, after(c.len_utf8())) {
            Sign::Keycap(signs, len) => (meant(left.unit(), signs, after(len)).or(Some(FILLER)), len),
            Sign::Emoji(signs) => (meant(left.unit(), signs, after(c.len_utf8())), c.len_utf8()),
            Sign::PerhapsKeycap | Sign::Other => (None, c.len_utf8()),
        };
        if to.is_some() {
            spoken.places.push((spoken.text.len(), at, len));
        }
        left.read(&Kind::of(to.unwrap_or(c)));
        spoken.text.push(to.unwrap_or(c));
        at += len;
    }
    (!spoken.places.is_empty()).then_some(spoken)
}

/// Where the filler, emoji and invisible characters at the end of a text begin.
pub(crate) fn letters_end(text: &str) -> usize {
    let letter = text.char_indices().rev().take(NEAR).find(|(_, c)| matches!(Kind::of(*c), Kind::Letter(_)));
    letter.map_or(0, |(at, c)| at + c.len_utf8())
}

/// Most characters looked at for a letter; where there is none among so many, one may as well not be there.
const NEAR: usize = 256;

/// Where the first emoji or keycap begins whose meaning hangs on what comes after the text; the length of the text if there is none.
pub(crate) fn decided(text: &str) -> usize {
    // One more than is looked at from any of them, and the three characters of a keycap.
    let from = text.char_indices().rev().take(BESIDE + 3).last().map_or(0, |(at, _)| at);
    let tail = text.get(from..).unwrap_or_default();
    let open = tail.char_indices().find(|(at, c)| {
        let after = tail.get(at + c.len_utf8()..).unwrap_or_default();
        match Sign::of(*c, after) {
            Sign::Emoji(_) => matches!(next(after), Next::Open),
            Sign::Keycap(_, len) => matches!(next(tail.get(at + len..).unwrap_or_default()), Next::Open),
            Sign::PerhapsKeycap => true,
            Sign::Other => false,
        }
    });
    open.map_or(text.len(), |(at, _)| from + at)
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
        assert!(MEANT.values().flatten().chain(&KEYS).all(|meant| matches!(Kind::of(*meant), Kind::Letter(Some(_)))));
    }

    /// What a lexicon of these words knows.
    fn knowing(words: &[&str]) -> Neighbours {
        let mut neighbours = Neighbours::default();
        for word in words {
            fold::fold(word).units().array_windows().for_each(|&[first, second]| neighbours.add(first, second));
        }
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
        // No further than filler is skipped.
        let expected = ["杀", &"🌸".repeat(11), &"花".repeat(9), "光"].concat();
        assert_eq!(said(&["杀", &"🌸".repeat(20), "光"].concat(), &["花光"]), Some(expected));
        assert_eq!(said("见1️⃣个", &["见一个"]).as_deref(), Some("见一个"));
    }

    #[test]
    fn what_hangs_on_what_comes_is_not_decided() {
        let decided = |text: &str| text.get(..decided(text)).map(str::to_owned).unwrap();
        assert_eq!(decided("买🔫吗"), "买🔫吗");
        assert_eq!(decided("买🔫 🌸️，"), "买");
        assert_eq!(decided("翻1️⃣"), "翻");
        // The digit may become a keycap, behind which another letter stands.
        assert_eq!(decided("就是🗡️1"), "就是");
        // Filler is skipped only so far.
        let (knife, many) = ("就是🗡️", "。".repeat(9));
        assert_eq!(decided(&[knife, &many].concat()).len(), knife.len() + many.len());
        assert_eq!(decided("没有，"), "没有，");
    }
}

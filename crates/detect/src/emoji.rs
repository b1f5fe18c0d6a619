//! What emoji say: 买🔫 is 买枪. The fold takes an emoji for filler, which it mostly is; here it is read as the one character it stands for.

use std::collections::HashMap;
use std::sync::LazyLock;

use taxonomy::Span;

static MEANT: LazyLock<HashMap<char, char>> = LazyLock::new(|| {
    let (usual, rare) = (include_str!("../data/variants/emoji.tsv"), include_str!("../data/variants/emoji_more.tsv"));
    // The usual ones last, so that they win.
    let rows = rare.lines().chain(usual.lines()).filter(|line| !line.starts_with('#')).filter_map(|line| line.split_once('\t'));
    rows.filter_map(|(emoji, meant)| Some((emoji.chars().next()?, meant.chars().next()?))).collect()
});

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

/// A text with its emoji read as characters.
#[derive(Debug)]
pub(crate) struct Spoken {
    pub(crate) text: String,
    /// Where each replaced emoji stands: its byte in `text`, its byte in the original, and how long it is there.
    places: Vec<(usize, usize, usize)>,
}

impl Spoken {
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
pub(crate) fn views(text: &str) -> Vec<Spoken> {
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
    let keycaps = if keycap { view(text, |_| None) } else { None };
    let spoken = view(text, |c| MEANT.get(&c).copied());
    let differ = keycaps.as_ref().map(|view| &view.text) != spoken.as_ref().map(|view| &view.text);
    keycaps.into_iter().chain(spoken.filter(|_| differ)).collect()
}

fn view(text: &str, meant: impl Fn(char) -> Option<char>) -> Option<Spoken> {
    let mut spoken = Spoken { text: String::with_capacity(text.len()), places: Vec::new() };
    let mut at = 0;
    while let Some(c) = text.get(at..).and_then(|rest| rest.chars().next()) {
        let after = text.get(at + c.len_utf8()..).unwrap_or_default();
        let enclosed = after.strip_prefix('\u{FE0F}').unwrap_or(after).strip_prefix(KEYCAP).filter(|_| matches!(c, '0'..='9' | '#' | '*'));
        let (to, len) = match (enclosed, meant(c)) {
            (Some(then), _) => (FILLER, text.len() - then.len() - at),
            (None, Some(meant)) => (meant, c.len_utf8()),
            (None, None) => (c, 0),
        };
        if len > 0 {
            spoken.places.push((spoken.text.len(), at, len));
        }
        spoken.text.push(to);
        at += len.max(c.len_utf8());
    }
    (!spoken.places.is_empty()).then_some(spoken)
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
        assert!(MEANT.len() > 100 && MEANT.values().all(|meant| meant.len_utf8() == CHARACTER));
    }

    #[test]
    fn spans_lead_back() {
        let text = "想买🔫和💊吗";
        let [spoken] = views(text).try_into().ok().unwrap();
        assert_eq!(spoken.text, "想买枪和药吗");
        for (from, to, original) in [(3, 9, "买🔫"), (6, 9, "🔫"), (9, 12, "和"), (6, 15, "🔫和💊"), (15, 18, "吗"), (0, 18, text)]
        {
            assert_eq!(spoken.original(Span { start: from, end: to }).and_then(|span| span.cut(text)), Some(original), "{from} {to}");
        }
        assert!(views("没有").is_empty());
        let [keys] = views("翻1️⃣墙").try_into().ok().unwrap();
        assert_eq!((keys.text.as_str(), keys.original(Span { start: 0, end: 9 }).unwrap().end), ("翻、墙", 13));
    }
}

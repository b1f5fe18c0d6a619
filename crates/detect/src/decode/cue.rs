//! Words that speak of an encoding: where one stands in the text, its decoder needs less evidence.

use std::sync::LazyLock;

use super::signs::Signs;

/// The encodings a text speaks of.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Cues {
    pub(super) base64: bool,
    pub(super) base32: bool,
    pub(super) rot13: bool,
    pub(super) caesar: bool,
    pub(super) reversed: bool,
    pub(super) heads: bool,
    pub(super) tails: bool,
    pub(super) leet: bool,
}

type Set = fn(&mut Cues);

/// Cues by the key of their first character, and one bit for each key that some cue has, of twelve bits.
struct ByKey {
    cues: [Vec<(&'static [u8], Set)>; 256],
    bits: [u64; 64],
}

/// Lower case; a Latin cue counts at the start of a word only.
const CUES: &[(&str, Set)] = &[
    ("base64", |c| c.base64 = true),
    ("base 64", |c| c.base64 = true),
    ("base-64", |c| c.base64 = true),
    ("b64", |c| c.base64 = true),
    ("base32", |c| c.base32 = true),
    ("rot13", |c| c.rot13 = true),
    ("rot-13", |c| c.rot13 = true),
    ("rot 13", |c| c.rot13 = true),
    ("caesar", |c| c.caesar = true),
    ("cesar cipher", |c| c.caesar = true),
    ("shift", |c| c.caesar = true),
    ("凯撒", |c| c.caesar = true),
    ("恺撒", |c| c.caesar = true),
    ("凱撒", |c| c.caesar = true),
    ("位移", |c| c.caesar = true),
    ("移位", |c| c.caesar = true),
    ("revers", |c| c.reversed = true),
    ("backward", |c| c.reversed = true),
    ("flipped", |c| c.reversed = true),
    ("倒着", |c| c.reversed = true),
    ("倒过来", |c| c.reversed = true),
    ("倒读", |c| c.reversed = true),
    ("倒序", |c| c.reversed = true),
    ("反过来读", |c| c.reversed = true),
    ("反过来念", |c| c.reversed = true),
    ("反过来写", |c| c.reversed = true),
    ("反过来拼", |c| c.reversed = true),
    ("倒写", |c| c.reversed = true),
    ("倒念", |c| c.reversed = true),
    ("反着", |c| c.reversed = true),
    ("反转", |c| c.reversed = true),
    ("逆序", |c| c.reversed = true),
    ("颠倒", |c| c.reversed = true),
    ("从后往前", |c| c.reversed = true),
    ("acrostic", |c| c.heads = true),
    ("first letter", |c| c.heads = true),
    ("first character", |c| c.heads = true),
    ("initial letter", |c| c.heads = true),
    ("藏头", |c| c.heads = true),
    ("首字", |c| c.heads = true),
    ("第一个字", |c| c.heads = true),
    ("开头的字", |c| c.heads = true),
    ("last letter", |c| c.tails = true),
    ("last character", |c| c.tails = true),
    ("藏尾", |c| c.tails = true),
    ("最后一个字", |c| c.tails = true),
    ("leet", |c| c.leet = true),
    ("1337", |c| c.leet = true),
    ("火星文", |c| c.leet = true),
];

static BY_KEY: LazyLock<ByKey> = LazyLock::new(|| {
    let mut by_key = ByKey { cues: std::array::from_fn(|_| Vec::new()), bits: [0; 64] };
    for (cue, set) in CUES {
        let key = key(cue.as_bytes());
        if let (Some(list), Some(word)) = (by_key.cues.get_mut(key & 0xFF), by_key.bits.get_mut(key >> 6)) {
            list.push((cue.as_bytes(), *set));
            *word |= 1 << (key & 63);
        }
    }
    by_key
});

impl Cues {
    /// The cues of a text of which nothing is known yet.
    pub(super) fn alone(text: &str) -> Self {
        Self::of(text, &Signs::of(text.as_bytes()))
    }

    /// Cues are compared only where a character with the key of their first one stands, Latin ones only where a word begins.
    pub(super) fn of(text: &str, signs: &Signs) -> Self {
        let (mut cues, bytes, by_key) = (Self::default(), text.as_bytes(), &*BY_KEY);
        for word in &signs.words {
            let goes_on = word.start.checked_sub(1).and_then(|before| bytes.get(before)).is_some_and(u8::is_ascii_alphanumeric);
            if !goes_on && let Some(rest) = bytes.get(word.start..) {
                by_key.note(rest, &mut cues);
            }
        }
        let mut at = 0;
        while let Some(skip) = bytes.get(at..).and_then(|rest| rest.iter().position(|byte| (0xE4..=0xE9).contains(byte))) {
            at += skip;
            by_key.note(bytes.get(at..).unwrap_or_default(), &mut cues);
            at += 3;
        }
        cues
    }
}

impl ByKey {
    /// Notes the cues that `rest` begins with.
    #[inline(always)]
    fn note(&self, rest: &[u8], cues: &mut Cues) {
        let key = key(rest);
        if self.bits.get(key >> 6).is_none_or(|word| word >> (key & 63) & 1 == 0) {
            return;
        }
        for (cue, set) in self.cues.get(key & 0xFF).into_iter().flatten() {
            if rest.get(..cue.len()).is_some_and(|part| part.eq_ignore_ascii_case(cue)) {
                set(cues);
            }
        }
    }
}

/// Twelve bits that tell beginnings apart: of the first two letters, whatever their case, or of a Chinese character.
#[inline(always)]
fn key(bytes: &[u8]) -> usize {
    match bytes {
        [0xE4..=0xE9, second, third, ..] => usize::from(second & 63) << 6 | usize::from(third & 63),
        // The bit that tells upper and lower case apart is left out, for all signs alike.
        [first, second, ..] => usize::from(first & 31) << 6 | usize::from(second & 31),
        _ => 0,
    }
}

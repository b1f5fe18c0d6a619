//! Words that speak of an encoding: where one stands in the text, its decoder needs less evidence.

use std::sync::LazyLock;

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

/// Cues by the key of their first character.
type ByKey = [Vec<(&'static [u8], Set)>; 256];

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
    let mut by_key = std::array::from_fn(|_| Vec::new());
    for (cue, set) in CUES {
        if let Some(list) = by_key.get_mut(key(cue.as_bytes())) {
            list.push((cue.as_bytes(), *set));
        }
    }
    by_key
});

impl Cues {
    /// One pass: cues are compared only where a character with the key of their first one stands.
    pub(super) fn of(text: &str) -> Self {
        let (mut cues, mut in_word, bytes) = (Self::default(), false, text.as_bytes());
        for (at, byte) in bytes.iter().enumerate() {
            let starts = if byte.is_ascii() { byte.is_ascii_alphanumeric() && !in_word } else { (0xE4..=0xE9).contains(byte) };
            in_word = byte.is_ascii_alphanumeric();
            if starts && let Some(rest) = bytes.get(at..) {
                for (cue, set) in BY_KEY.get(key(rest)).into_iter().flatten() {
                    if rest.get(..cue.len()).is_some_and(|part| part.eq_ignore_ascii_case(cue)) {
                        set(&mut cues);
                    }
                }
            }
        }
        cues
    }
}

/// Tells first characters apart: the letter, or the last two bytes of a Chinese character.
fn key(bytes: &[u8]) -> usize {
    match bytes {
        [0xE4..=0xE9, second, third, ..] => usize::from(second.rotate_left(4) ^ third),
        [first, ..] => usize::from(first.to_ascii_lowercase()),
        [] => 0,
    }
}

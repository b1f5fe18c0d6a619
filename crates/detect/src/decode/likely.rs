//! Whether bytes are a text somebody would hide: the defence against decoding what was never encoded (hashes, identifiers, pictures).

use std::collections::HashSet;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::LazyLock;

type Set<T> = HashSet<T, BuildHasherDefault<Fnv>>;

/// Common English words, and words of hidden requests, lower case; general vocabulary, written for this purpose.
static WORDS: LazyLock<Set<&str>> = LazyLock::new(|| include_str!("words.txt").split_ascii_whitespace().collect());
/// Pairs of English words that follow each other in this order and hardly ever in the other.
static PAIRS: LazyLock<Set<(&str, &str)>> =
    LazyLock::new(|| include_str!("pairs.txt").lines().filter_map(|line| line.split_once(' ')).collect());
/// Pairs of Chinese characters that stand in this order and hardly ever in the other: 163 words of hidden requests, and what is oftenest in 1.2 million
/// characters of our own rows and a hundred times as often as its reverse.
static HANZI: LazyLock<Set<(char, char)>> = LazyLock::new(|| {
    include_str!("hanzi.txt").split_whitespace().filter_map(|word| Some((word.chars().next()?, word.chars().nth(1)?))).collect()
});

/// FNV-1a: the tables are fixed, so nobody can crowd them, and words are short.
struct Fnv(u64);

impl Default for Fnv {
    fn default() -> Self {
        Self(0xCBF2_9CE4_8422_2325)
    }
}

impl Hasher for Fnv {
    fn write(&mut self, bytes: &[u8]) {
        self.0 = bytes.iter().fold(self.0, |hash, &byte| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01B3));
    }

    fn write_u32(&mut self, value: u32) {
        self.0 = (self.0 ^ u64::from(value)).wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(26);
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

/// From here a text of plain ASCII needs no letters: it may be another encoding (bits, numbers), and chance does not make it
/// (95 of 256 bytes are printable: 95/256 to the 16th is 1 in 8 million).
const SURELY_MADE: usize = 16;

/// One character in so many may be of another script (a name, a formula); in a short text none.
const ODD: usize = 20;

pub(super) fn is_word(word: &str) -> bool {
    WORDS.contains(word)
}

pub(super) fn is_pair(first: &str, second: &str) -> bool {
    let initials = first.as_bytes().first().zip(second.as_bytes().first());
    initials.is_some_and(|(&a, &b)| PAIR_BITS.has(u32::from(a), u32::from(b))) && PAIRS.contains(&(first, second))
}

pub(super) fn is_hanzi_pair(first: char, second: char) -> bool {
    HANZI_BITS.has(first as u32, second as u32) && HANZI.contains(&(first, second))
}

/// The initials of the pairs of words, and the pairs of characters: one bit of a hash each, so that nearly all others are dismissed at once.
static PAIR_BITS: LazyLock<Bits> = LazyLock::new(|| {
    Bits::of(PAIRS.iter().filter_map(|(a, b)| Some((u32::from(*a.as_bytes().first()?), u32::from(*b.as_bytes().first()?)))))
});
static HANZI_BITS: LazyLock<Bits> = LazyLock::new(|| Bits::of(HANZI.iter().map(|(a, b)| (*a as u32, *b as u32))));

/// A set of pairs as bits of their hashes, 2 KiB.
struct Bits([u64; 256]);

impl Bits {
    fn of(pairs: impl Iterator<Item = (u32, u32)>) -> Self {
        let mut bits = Self([0; 256]);
        for (first, second) in pairs {
            let hash = Self::hash(first, second);
            if let Some(word) = bits.0.get_mut(hash >> 6) {
                *word |= 1 << (hash & 63);
            }
        }
        bits
    }

    fn has(&self, first: u32, second: u32) -> bool {
        let hash = Self::hash(first, second);
        self.0.get(hash >> 6).is_some_and(|word| word >> (hash & 63) & 1 == 1)
    }

    /// The top fourteen bits of a product.
    fn hash(first: u32, second: u32) -> usize {
        ((first ^ second << 16).wrapping_mul(0x9E37_79B1) >> 18) as usize
    }
}

/// A Chinese character in use (the blocks CJK Unified Ideographs and Extension A).
pub(super) fn is_han(c: char) -> bool {
    matches!(c, '\u{3400}'..='\u{4DBF}' | '\u{4E00}'..='\u{9FFF}')
}

/// Whether there is a common English word of three letters or a common Chinese one in it.
pub(super) fn has_word(text: &str) -> bool {
    let english = text.split(|c: char| !c.is_ascii_alphabetic()).any(|w| (3..=16).contains(&w.len()) && is_word(&w.to_ascii_lowercase()));
    english || text.chars().zip(text.chars().skip(1)).any(|(a, b)| is_hanzi_pair(a, b))
}

/// The text that bytes spell, if they spell one: UTF-8, or UTF-16 where every other byte is zero (as shells for Windows take it).
pub(super) fn text_of(bytes: &[u8]) -> Option<String> {
    let zeros = bytes.iter().take(64).filter(|&&b| b == 0).count();
    let text = if zeros >= 4 && zeros * 3 >= bytes.len().min(64) { utf16(bytes)? } else { utf8(bytes)?.to_owned() };
    let text = text.trim_end_matches('\0');
    is_readable(text).then(|| text.to_owned())
}

/// A character cut at the end is dropped; one cut at the start only in a piece so long that it continues another.
fn utf8(bytes: &[u8]) -> Option<&str> {
    const CONTINUES: usize = 4096;
    let cut = if bytes.len() < CONTINUES { 0 } else { bytes.iter().take(3).take_while(|&&b| b & 0xC0 == 0x80).count() };
    let bytes = bytes.get(cut..)?;
    match std::str::from_utf8(bytes) {
        Ok(text) => Some(text),
        Err(error) if error.error_len().is_none() => std::str::from_utf8(bytes.get(..error.valid_up_to())?).ok(),
        Err(_) => None,
    }
}

fn utf16(bytes: &[u8]) -> Option<String> {
    let little = bytes.first().is_some_and(|&b| b != 0);
    let unit = |pair: &[u8; 2]| if little { u16::from_le_bytes(*pair) } else { u16::from_be_bytes(*pair) };
    String::from_utf16(&bytes.as_chunks::<2>().0.iter().map(unit).collect::<Vec<_>>()).ok()
}

/// No control characters, hardly a sign of a script other than Chinese and Latin, and letters enough.
pub(super) fn is_readable(text: &str) -> bool {
    let (mut all, mut letters, mut han, mut odd) = (0, 0, 0, 0);
    for c in text.chars() {
        all += 1;
        match c {
            'a'..='z' | 'A'..='Z' => letters += 1,
            ' '..='~' | '\n' | '\r' | '\t' => {}
            c if is_han(c) => han += 1,
            '\u{3000}'..='\u{303F}'
            | '\u{FF01}'..='\u{FF5E}'
            | '\u{2010}'..='\u{203B}'
            | '\u{2600}'..='\u{27BF}'
            | '\u{1F300}'..='\u{1FAFF}' => {}
            '\u{200B}'..='\u{200D}'
            | '\u{2060}'..='\u{2064}'
            | '\u{FE0F}'
            | '\u{FEFF}'
            | '\u{E0020}'..='\u{E01EF}'
            | '\u{2800}'..='\u{28FF}' => {}
            c if c.is_control() || matches!(c, '\u{E000}'..='\u{F8FF}' | '\u{FFF0}'..='\u{FFFF}' | '\u{F0000}'..) => return false,
            _ => odd += 1,
        }
    }
    let wordy = letters * 5 >= all * 3 || (han > 0 && (letters + han) * 5 >= all * 2);
    all > 0 && odd * ODD <= all && (wordy || (odd == 0 && all >= SURELY_MADE))
}

//! What a text is written with, learnt in one pass over its bytes, so that most decoders need not read it at all.

use super::MAX_RUN;

/// Fewest bytes of a run that may be Base64: those of two Chinese characters.
const LONG: usize = 8;

/// A run of ASCII letters and digits, no longer than [`MAX_RUN`].
#[derive(Debug, Clone, Copy)]
pub(super) struct Word {
    pub(super) start: usize,
    pub(super) end: usize,
    kinds: u8,
}

/// What stands in a text.
#[derive(Debug)]
pub(super) struct Signs {
    present: [bool; 256],
    /// Its words, in order.
    pub(super) words: Vec<Word>,
    /// Runs of the signs of Base64, with padding, that are long enough to say something; where they begin and end.
    pub(super) long: Vec<(usize, usize)>,
    /// Where figures stand beside letters, or the signs that are written for letters stand before others: in order.
    pub(super) mixed: Vec<usize>,
    /// Whether some word has a letter.
    pub(super) letters: bool,
}

const BIT: u8 = 1;
const DIGIT: u8 = 2;
const HEX: u8 = 4;
const LETTER: u8 = 8;
const WORD: u8 = BIT | DIGIT | HEX | LETTER;
/// What Base64 is written with beside letters and digits, and its padding.
const JOINT: u8 = 16;
/// What is written for letters beside digits, where something follows: see [`super::leet`].
const FIGURE: u8 = 32;
/// Of these, what counts at the end of a word as well.
const FINAL: u8 = 64;

const KINDS: [u8; 256] = {
    let mut kinds = [0; 256];
    let mut byte = 0;
    while byte < 128 {
        if let Some((kind, _)) = kinds.split_at_mut(byte + 1).0.split_last_mut() {
            *kind = match byte as u8 {
                b'0' | b'1' => BIT,
                b'2'..=b'9' => DIGIT,
                b'a'..=b'f' | b'A'..=b'F' => HEX,
                b'g'..=b'z' | b'G'..=b'Z' => LETTER,
                b'+' => JOINT | FIGURE,
                b'-' | b'/' | b'_' | b'=' => JOINT,
                b'!' | b'|' => FIGURE,
                b'@' | b'$' => FIGURE | FINAL,
                _ => 0,
            };
        }
        byte += 1;
    }
    kinds
};

fn kind(byte: Option<&u8>) -> u8 {
    byte.and_then(|byte| KINDS.get(usize::from(*byte))).copied().unwrap_or(0)
}

impl Word {
    pub(super) fn len(&self) -> usize {
        self.end - self.start
    }

    /// Whether it is made of ones and zeros.
    pub(super) fn is_binary(&self) -> bool {
        self.kinds & !BIT == 0
    }

    /// Whether it is made of decimal digits.
    pub(super) fn is_decimal(&self) -> bool {
        self.kinds & !(BIT | DIGIT) == 0
    }

    /// Whether it is made of hexadecimal digits.
    pub(super) fn is_hex(&self) -> bool {
        self.kinds & LETTER == 0
    }

    /// Whether it has a letter.
    pub(super) fn has_letter(&self) -> bool {
        self.kinds & (HEX | LETTER) != 0
    }
}

impl Signs {
    pub(super) fn of(bytes: &[u8]) -> Self {
        let mut signs = Self { present: [false; 256], words: Vec::new(), long: Vec::new(), mixed: Vec::new(), letters: false };
        let (mut at, mut run) = (0, 0);
        while let Some(&byte) = bytes.get(at) {
            let kind = signs.note(byte);
            if !byte.is_ascii() {
                signs.close(run, at);
                at = signs.beyond_ascii(bytes, at);
                run = at;
                continue;
            }
            if kind & WORD != 0 {
                at = signs.word(bytes, at);
                continue;
            }
            if kind & FIGURE != 0 {
                let next = self::kind(bytes.get(at + 1));
                let before = if kind & FINAL == 0 { 0 } else { self::kind(at.checked_sub(1).and_then(|before| bytes.get(before))) };
                if (next | before) & (WORD | FIGURE) != 0 {
                    signs.mixed.push(at);
                }
            }
            at += 1;
            if kind & JOINT == 0 {
                signs.close(run, at - 1);
                run = at;
            }
        }
        signs.close(run, at);
        signs
    }

    fn note(&mut self, byte: u8) -> u8 {
        if let Some(present) = self.present.get_mut(usize::from(byte)) {
            *present = true;
        }
        kind(Some(&byte))
    }

    /// Reads the bytes that are not ASCII, from here on; where they end.
    fn beyond_ascii(&mut self, bytes: &[u8], start: usize) -> usize {
        let beyond = bytes.get(start..).unwrap_or_default().iter().take_while(|byte| !byte.is_ascii());
        let mut end = start;
        for &byte in beyond {
            if let Some(present) = self.present.get_mut(usize::from(byte)) {
                *present = true;
            }
            end += 1;
        }
        end
    }

    /// Reads the word that begins here; where it ends.
    fn word(&mut self, bytes: &[u8], start: usize) -> usize {
        let (mut end, mut kinds) = (start, 0);
        for &byte in bytes.get(start..).unwrap_or_default().iter().take(MAX_RUN) {
            let kind = self.note(byte);
            if kind & WORD == 0 {
                break;
            }
            (end, kinds) = (end + 1, kinds | kind);
        }
        let word = Word { start, end, kinds };
        if word.has_letter() && kinds & (BIT | DIGIT) != 0 {
            self.mixed.push(start);
        }
        self.letters |= word.has_letter();
        self.words.push(word);
        end
    }

    fn close(&mut self, start: usize, end: usize) {
        if end - start >= LONG {
            self.long.push((start, end));
        }
    }

    /// Whether a byte stands in the text.
    pub(super) fn has(&self, byte: u8) -> bool {
        self.present.get(usize::from(byte)).copied().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::view::runs;

    #[test]
    fn signs_are_told() {
        let told = |text: &str| {
            let signs = Signs::of(text.as_bytes());
            (signs.mixed.len(), signs.long.len(), signs.letters)
        };
        assert_eq!(told("全是字，2024年"), (0, 0, false));
        assert_eq!(told("yes! a, b"), (0, 0, true));
        assert_eq!(told("h3llo, yes!no, $end, a@"), (4, 0, true));
        assert_eq!(told("a QUJDREVG-b=, 1234567"), (0, 1, true));
        let words = Signs::of(b"01 29 beef rest").words;
        let kinds: Vec<_> = words.iter().map(|word| (word.is_binary(), word.is_decimal(), word.is_hex(), word.has_letter())).collect();
        assert_eq!(kinds, [(true, true, true, false), (false, true, true, false), (false, false, true, true), (false, false, false, true)]);
    }

    proptest::proptest! {
        #[test]
        fn words_are_the_runs_of_letters_and_digits(text in "[a-c0-3 中+=@!_]{0,40}") {
            let words: Vec<_> = Signs::of(text.as_bytes()).words.iter().map(|word| word.start..word.end).collect();
            proptest::prop_assert_eq!(words, runs(text.as_bytes(), |byte| byte.is_ascii_alphanumeric()).collect::<Vec<_>>());
        }
    }
}

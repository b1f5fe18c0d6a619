//! Text to pieces: unigram segmentation (Kudo 2018) of folded text, the likeliest way to part it. `training/pieces.py` does the same.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

/// Numbers that stand for no piece of text.
pub(super) const UNKNOWN: u32 = 0;
pub(super) const BEGIN: u32 = 1;
pub(super) const END: u32 = 2;

/// Stands for a space, and for the beginning of a text.
const SPACE: char = '▁';

/// What an unknown character costs beyond the rarest piece.
const PENALTY: f32 = 10.0;

/// The pieces and how likely each is.
pub(super) struct Pieces {
    /// By the hash of a run of characters: the piece that it is, or none where a piece only begins so.
    known: HashMap<u64, Option<u32>, BuildHasherDefault<Same>>,
    scores: Vec<f32>,
    unknown: f32,
}

/// Keys are hashes already.
#[derive(Default)]
struct Same(u64);

impl Hasher for Same {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, _: &[u8]) {}

    fn write_u64(&mut self, key: u64) {
        self.0 = key;
    }
}

/// The hash of a run of characters from that of the run without its last one.
const fn extend(hash: u64, c: char) -> u64 {
    let mixed = (hash ^ c as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    mixed ^ mixed >> 29
}

impl Pieces {
    pub(super) fn new<'a>(pieces: impl Iterator<Item = &'a str>, scores: Vec<f32>) -> Self {
        let mut known: HashMap<u64, Option<u32>, _> = HashMap::default();
        for (number, piece) in (0..).zip(pieces).filter(|(_, piece)| !piece.is_empty()) {
            let mut hash = 0;
            for c in piece.chars() {
                hash = extend(hash, c);
                known.entry(hash).or_default();
            }
            known.insert(hash, Some(number));
        }
        let unknown = scores.iter().copied().fold(0.0, f32::min) - PENALTY;
        Self { known, scores, unknown }
    }

    /// The numbers of the pieces of a folded text.
    pub(super) fn split(&self, text: &str) -> Vec<u32> {
        let spaced = text.split_whitespace().flat_map(|word| std::iter::once(SPACE).chain(word.chars()));
        let mut chars: Vec<char> = spaced.collect();
        if chars.is_empty() {
            chars.push(SPACE);
        }
        // For each place: the best score of a way to it, where its last piece begins, and which it is.
        let mut ways = vec![(f32::MIN, 0_usize, UNKNOWN); chars.len() + 1];
        if let Some(way) = ways.first_mut() {
            way.0 = 0.0;
        }
        for start in 0..chars.len() {
            let before = ways.get(start).map_or(f32::MIN, |way| way.0);
            let mut better = |end: usize, score: f32, piece: u32| {
                if let Some(way) = ways.get_mut(end).filter(|way| score > way.0) {
                    *way = (score, start, piece);
                }
            };
            let (mut hash, mut single) = (0, false);
            for (end, &c) in (start + 1..).zip(chars.get(start..).unwrap_or_default()) {
                hash = extend(hash, c);
                let Some(known) = self.known.get(&hash) else { break };
                if let Some(piece) = *known {
                    single |= end == start + 1;
                    better(end, before + self.scores.get(piece as usize).copied().unwrap_or(self.unknown), piece);
                }
            }
            if !single {
                better(start + 1, before + self.unknown, UNKNOWN);
            }
        }
        let (mut numbers, mut at) = (Vec::new(), chars.len());
        while let Some(&(_, from, piece)) = ways.get(at).filter(|_| at > 0) {
            numbers.push(piece);
            at = from;
        }
        numbers.reverse();
        numbers
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_likeliest_way_is_taken() {
        let names = ["", "", "", "▁", "代", "开", "开发", "票", "发票", "▁kill", "▁ki", "ll", "s"];
        let scores = vec![0.0, 0.0, 0.0, -2.0, -5.0, -5.0, -4.0, -6.0, -4.5, -6.0, -5.0, -5.0, -4.0];
        let pieces = Pieces::new(names.into_iter(), scores);
        assert_eq!(pieces.split("代开发票"), [3, 4, 5, 8]);
        assert_eq!(pieces.split("  kills\n"), [9, 12]);
        assert_eq!(pieces.split("代龘"), [3, 4, UNKNOWN]);
        assert_eq!(pieces.split(""), [3]);
    }
}

//! Words to search for, made of the same characters and words as the text, none of which stands in it.

use std::collections::HashSet;

use daachorse::CharwiseDoubleArrayAhoCorasick;

use super::language::Language;
use super::random::{Random, Weighted};

/// How many in a hundred are Chinese.
const CHINESE: f64 = 0.8;
/// How many of these have 2, 3, … 8 characters, in a hundred.
const CHARACTERS: [f64; 7] = [8.0, 10.0, 40.0, 18.0, 12.0, 7.0, 5.0];
/// Words that stand in the text are made anew so many times; each time rarer characters are chosen.
const ROUNDS: usize = 12;

const INITIALS: [&str; 21] = ["b", "p", "m", "f", "d", "t", "n", "l", "g", "k", "h", "j", "q", "x", "zh", "ch", "sh", "z", "c", "s", "y"];
const FINALS: [&str; 16] = ["a", "ai", "an", "ang", "ao", "e", "en", "eng", "i", "in", "ing", "ong", "ou", "u", "ui", "uan"];

/// What the words are about: real lists vary the same few pieces again and again, and few of these are everyday words.
const CHINESE_PIECES: usize = 2_000;
const LATIN_PIECES: usize = 100;
const SYLLABLES: usize = 60;
/// How many pieces are everyday words.
const EVERYDAY_CHINESE: f64 = 0.2;
const EVERYDAY_LATIN: f64 = 0.05;

#[derive(Clone, Copy)]
enum Shape {
    Chinese,
    English,
    Pinyin,
    Mixed,
}

/// Distinct words that do not stand in the text, neither as it is nor once case and the filler between Chinese characters are gone.
pub(crate) fn absent(random: &mut Random, language: &Language, text: &str, count: usize) -> Vec<String> {
    let (characters, latin) = (Weighted::new(CHARACTERS), Weighted::new([50.0, 25.0, 25.0]));
    let shapes: Vec<(Shape, usize)> = (0..count)
        .map(|_| {
            if random.chance(CHINESE) {
                return (Shape::Chinese, 2 + characters.draw(random));
            }
            let shape = [Shape::English, Shape::Pinyin, Shape::Mixed].get(latin.draw(random)).copied();
            (shape.unwrap_or(Shape::English), random.within(4..=14))
        })
        .collect();
    let maker = Maker::new(random, language);
    let mut words: Vec<Option<String>> = vec![None; count];
    let mut seen = HashSet::new();
    for round in 0..ROUNDS {
        let mut made: Vec<(&mut Option<String>, String)> = Vec::new();
        for (place, (shape, length)) in words.iter_mut().zip(&shapes).filter(|(place, _)| place.is_none()) {
            // Where all short ones are taken, longer ones fill up.
            let word = maker.make(random, *shape, length + round / 4, round as f64 / ROUNDS as f64);
            if seen.insert(word.clone()) {
                made.push((place, word));
            }
        }
        let found = standing(text, made.iter().map(|(_, word)| word.as_str()));
        for ((place, word), _) in made.into_iter().zip(found).filter(|(_, found)| !found) {
            *place = Some(word);
        }
    }
    words.into_iter().flatten().collect()
}

struct Maker<'a> {
    language: &'a Language,
    chinese: Vec<String>,
    chinese_ranks: Weighted,
    latin: Vec<String>,
    latin_ranks: Weighted,
    syllables: Vec<String>,
}

impl<'a> Maker<'a> {
    fn new(random: &mut Random, language: &'a Language) -> Self {
        let lengths = Weighted::new([10.0, 75.0, 15.0]);
        let chinese = (0..CHINESE_PIECES).map(|_| (0..=lengths.draw(random)).map(|_| rather_rare(random, language)).collect());
        let chinese = chinese.collect();
        let odd = |random: &mut Random| (b'a' + random.below(26) as u8) as char;
        let mut piece = || {
            let length = random.within(1..=2);
            [odd(random), odd(random)].into_iter().collect::<String>() + &language.letters(random, length)
        };
        let latin = (0..LATIN_PIECES).map(|_| piece()).collect();
        let mut syllable = || [random.pick(&INITIALS), random.pick(&FINALS)].into_iter().flatten().copied().collect();
        let syllables = (0..SYLLABLES).map(|_| syllable()).collect();
        let (chinese_ranks, latin_ranks) = (Weighted::zipf(CHINESE_PIECES), Weighted::zipf(LATIN_PIECES));
        Self { language, chinese, chinese_ranks, latin, latin_ranks, syllables }
    }

    /// A word of `length` characters, made of rarer ones the larger `rare` is (0 to 1).
    fn make(&self, random: &mut Random, shape: Shape, length: usize, rare: f64) -> String {
        let mut word = String::new();
        let mut left = length;
        while left > 0 {
            let piece = match shape {
                Shape::Chinese if length == 2 || random.chance(rare) => rather_rare(random, self.language).to_string(),
                Shape::Chinese => self.chinese(random).to_owned(),
                Shape::English if random.chance(rare) => self.language.letters(random, 2),
                Shape::English => self.latin(random).to_owned(),
                Shape::Pinyin => random.pick(&self.syllables).cloned().unwrap_or_default(),
                Shape::Mixed => match random.below(3) {
                    0 => random.below(1_000).to_string(),
                    1 => self.chinese(random).to_owned(),
                    _ => self.latin(random).to_owned(),
                },
            };
            word.extend(piece.chars().take(left));
            left = left.saturating_sub(piece.chars().count());
        }
        word
    }

    fn chinese(&self, random: &mut Random) -> &str {
        if random.chance(EVERYDAY_CHINESE) {
            return self.language.any_chinese(random);
        }
        self.chinese.get(self.chinese_ranks.draw(random)).map_or("的", String::as_str)
    }

    fn latin(&self, random: &mut Random) -> &str {
        if random.chance(EVERYDAY_LATIN) {
            return self.language.english(random);
        }
        self.latin.get(self.latin_ranks.draw(random)).map_or("qq", String::as_str)
    }
}

/// A character, half of the time as often as it is used, else each as likely.
fn rather_rare(random: &mut Random, language: &Language) -> char {
    if random.chance(0.5) { language.any_hanzi(random) } else { language.hanzi(random) }
}

/// The first words that contain no other one of all these, so that planting one gives one match.
pub(crate) fn simple<'a>(words: &'a [String], all: &[String], count: usize) -> Vec<&'a str> {
    let Ok(automaton) = CharwiseDoubleArrayAhoCorasick::<u32>::new(all) else { return Vec::new() };
    let is_simple = |word: &&str| automaton.find_overlapping_iter(word).count() == 1;
    words.iter().map(String::as_str).filter(is_simple).take(count).collect()
}

/// For each word, whether it stands in the text.
fn standing<'a>(text: &str, words: impl Iterator<Item = &'a str>) -> Vec<bool> {
    let words: Vec<&str> = words.collect();
    let mut found = vec![false; words.len()];
    if let Ok(automaton) = CharwiseDoubleArrayAhoCorasick::<u32>::new(&words) {
        let mut squeezed = String::new();
        for document in super::documents(text) {
            squeeze(document, &mut squeezed);
            for hit in automaton.find_overlapping_iter(&squeezed) {
                if let Some(found) = found.get_mut(hit.value() as usize) {
                    *found = true;
                }
            }
        }
    }
    found
}

/// Lower case, and without anything but letters and digits between two Chinese characters. A word of letters and digits that stands in the text as
/// it is stands here too, if it has no capitals.
fn squeeze(text: &str, out: &mut String) {
    out.clear();
    let is_chinese = |c: char| c >= '\u{2E80}';
    let (mut after_chinese, mut kept) = (false, 0);
    for c in text.chars() {
        if !c.is_alphanumeric() {
            out.push(c);
            continue;
        }
        if after_chinese && is_chinese(c) {
            out.truncate(kept);
        }
        out.push(c.to_ascii_lowercase());
        (after_chinese, kept) = (is_chinese(c), out.len());
    }
}

//! A made-up Chinese and a made-up English: the characters and letters of real ones as often as there, the words invented.

use std::collections::HashSet;

use super::random::{Random, Weighted};

/// The 3,000 most frequent characters of GB/T 2312's first level in a sample of web text, most frequent first.
const HANZI: &str = include_str!("hanzi.txt");

const CHINESE_WORDS: usize = 30_000;
const ENGLISH_WORDS: usize = 20_000;

/// The words a text is held together by stand first.
const COMMON: &str = "the a to of and in is i that it for you was on with as be at by this have are not but from they we his she or had an will my \
    one all would there their what so up out if about who get which go me when make can like time no just him know take people into year your good \
    some could them see other than then now look only come its over think also back after use two how our work first well way even new want because \
    any these give day most us";

/// How often each letter (a to z) follows a, b, … z and the beginning of a word, in base 36, the most frequent one 35.
const BIGRAMS: [&str; 27] = [
    "04860141704i7z130hfo341070",
    "c110v000z10900e00821b00060",
    "k020d00z50e400p0051b500010",
    "l003z110k10212p00681610040",
    "g17da221300b7m231zud062540",
    "i000ka00k00500z00j15m00010",
    "o100z0hhe00413q40a52900010",
    "j000z000d00000f00105200010",
    "3185546000385z7204eq030001",
    "h000d000500000d00120z00000",
    "4000z000h01107100050000010",
    "i10bz300v03y20n101645120e0",
    "p410z100900031fb00303000a0",
    "d09xn3z0e06305k100hp310060",
    "123569213038cz850o5by4a010",
    "m001w005d00u00zb0v7dn00070",
    "00000000000000000000z00000",
    "e025z120c02333e0037e410060",
    "9040v00gc02222h700hz703050",
    "7090e01zb00200f30646201030",
    "55f4b171401i8j0a0uzx010011",
    "5000z000a00000300000000000",
    "u100n00vz00106i00321001000",
    "l1c1b011k001104z001y701630",
    "31004000200111z20143000000",
    "d100z001c012018100012001fb",
    "thfb6a7dl329e9ba1bkz42e0a0",
];
/// How many words have 2, 3, … 14 letters, per thousand.
const LETTERS: [f64; 13] = [29.0, 63.0, 106.0, 136.0, 150.0, 139.0, 108.0, 80.0, 64.0, 40.0, 29.0, 22.0, 15.0];

pub(crate) struct Language {
    hanzi: Vec<char>,
    hanzi_ranks: Weighted,
    /// For each letter and the beginning of a word, what follows.
    bigrams: Vec<Weighted>,
    lengths: Weighted,
    chinese: Vec<String>,
    chinese_ranks: Weighted,
    english: Vec<String>,
    english_ranks: Weighted,
}

impl Language {
    pub(crate) fn new(random: &mut Random) -> Self {
        let hanzi: Vec<char> = HANZI.chars().filter(|c| !c.is_whitespace()).collect();
        // Fitted to the sample: a power law whose tail falls off.
        let weight = |rank: usize| (rank as f64 + 1.0).powf(-0.7) * (-(rank as f64) / 600.0).exp();
        let mut language = Self {
            hanzi_ranks: Weighted::new((0..hanzi.len()).map(weight)),
            hanzi,
            bigrams: BIGRAMS.iter().map(|row| Weighted::new(row.chars().map(|c| c.to_digit(36).unwrap_or_default().into()))).collect(),
            lengths: Weighted::new(LETTERS),
            chinese: Vec::new(),
            chinese_ranks: Weighted::zipf(CHINESE_WORDS),
            english: Vec::new(),
            english_ranks: Weighted::zipf(ENGLISH_WORDS),
        };
        // The commonest words are the shortest; of the rest most have two characters.
        let (common, rest) = (Weighted::new([50.0, 50.0]), Weighted::new([3.0, 67.0, 18.0, 12.0]));
        let chinese = |rank: usize| {
            let length = 1 + if rank < 400 { common.draw(random) } else { rest.draw(random) };
            (0..length).map(|_| language.hanzi(random)).collect()
        };
        language.chinese = distinct(CHINESE_WORDS, Vec::new(), chinese);
        let common = COMMON.split_whitespace().map(str::to_owned).collect();
        let english = |_| {
            let length = 2 + language.lengths.draw(random);
            language.letters(random, length)
        };
        language.english = distinct(ENGLISH_WORDS, common, english);
        language
    }

    /// A character, as often as it is used.
    pub(crate) fn hanzi(&self, random: &mut Random) -> char {
        self.hanzi.get(self.hanzi_ranks.draw(random)).copied().unwrap_or('的')
    }

    /// A character, each as likely.
    pub(crate) fn any_hanzi(&self, random: &mut Random) -> char {
        random.pick(&self.hanzi).copied().unwrap_or('的')
    }

    /// A word, as often as it is used.
    pub(crate) fn chinese(&self, random: &mut Random) -> &str {
        self.chinese.get(self.chinese_ranks.draw(random)).map_or("的", String::as_str)
    }

    /// A word, each as likely.
    pub(crate) fn any_chinese(&self, random: &mut Random) -> &str {
        random.pick(&self.chinese).map_or("的", String::as_str)
    }

    /// A word, as often as it is used.
    pub(crate) fn english(&self, random: &mut Random) -> &str {
        self.english.get(self.english_ranks.draw(random)).map_or("the", String::as_str)
    }

    /// So many letters that follow each other as in English.
    pub(crate) fn letters(&self, random: &mut Random, length: usize) -> String {
        let mut last = 26;
        let mut letter = || {
            last = self.bigrams.get(last).map_or(0, |row| row.draw(random));
            (b'a' + last as u8) as char
        };
        (0..length).map(|_| letter()).collect()
    }
}

/// Words until there are `count` different ones.
fn distinct(count: usize, mut words: Vec<String>, mut make: impl FnMut(usize) -> String) -> Vec<String> {
    let mut seen: HashSet<String> = words.iter().cloned().collect();
    while words.len() < count {
        let word = make(words.len());
        if seen.insert(word.clone()) {
            words.push(word);
        }
    }
    words
}

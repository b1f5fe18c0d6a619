//! Text of passages in two languages, and words planted in it.

use super::language::Language;
use super::random::Random;

/// Bytes in a hundred that are Chinese.
const CHINESE_PERCENT: usize = 64;
/// Of Chinese words, how many are a number, a foreign word, or written in traditional or full-width characters.
const NUMBERS: f64 = 0.02;
const FOREIGN: f64 = 0.01;
const VARIANTS: f64 = 0.02;

const TRADITIONAL: [char; 40] = [
    '國', '學', '發', '電', '個', '這', '說', '時', '會', '來', '對', '過', '們', '為', '開', '關', '門', '問', '間', '長', '東', '車',
    '馬', '書', '畫', '見', '現', '實', '體', '經', '濟', '業', '產', '員', '點', '機', '買', '賣', '錢', '價',
];
const FULL_WIDTH: [char; 12] = ['Ａ', 'Ｂ', 'Ｃ', 'Ｑ', 'Ｖ', 'Ｘ', 'ｑ', 'ｖ', '０', '１', '２', '８'];
/// Punctuation inside a Chinese sentence, and at its end; what is frequent stands more than once.
const INSIDE: [char; 10] = ['，', '，', '，', '，', '，', '，', '，', '、', '：', '；'];
const END: [char; 8] = ['。', '。', '。', '。', '。', '！', '？', '…'];

/// At least so many bytes of text.
pub(crate) fn write(random: &mut Random, language: &Language, bytes: usize) -> String {
    let mut text = String::with_capacity(bytes + 8_192);
    let mut chinese = 0;
    while text.len() < bytes {
        let (begin, length) = (text.len(), random.within(200..=2_000));
        if chinese * 100 <= text.len() * CHINESE_PERCENT {
            while text.len() < begin + length {
                chinese_sentence(random, language, &mut text);
            }
            chinese += text.bytes().skip(begin).filter(|byte| *byte >= 0x80).count();
        } else {
            while text.len() < begin + length {
                english_sentence(random, language, &mut text);
            }
        }
        text.push('\n');
    }
    text
}

fn chinese_sentence(random: &mut Random, language: &Language, text: &mut String) {
    for clause in (0..random.within(1..=4)).rev() {
        // Some eight characters, in words of two on the whole.
        for _ in 0..random.within(2..=8) {
            if random.chance(NUMBERS) {
                text.push_str(&random.below(3_000).to_string());
            } else if random.chance(FOREIGN) {
                capital(language.english(random), text);
            } else if random.chance(VARIANTS) {
                let variants: &[char] = if random.chance(0.8) { &TRADITIONAL } else { &FULL_WIDTH };
                text.extend((0..2).filter_map(|_| random.pick(variants)));
            } else {
                text.push_str(language.chinese(random));
            }
        }
        text.extend(random.pick(if clause == 0 { &END[..] } else { &INSIDE[..] }));
    }
}

fn english_sentence(random: &mut Random, language: &Language, text: &mut String) {
    let words = random.within(5..=18);
    for at in 0..words {
        if random.chance(0.02) {
            text.push_str(&random.below(3_000).to_string());
        } else if at == 0 || random.chance(0.04) {
            capital(language.english(random), text);
        } else {
            text.push_str(language.english(random));
        }
        text.push_str(if at + 1 == words {
            ". "
        } else if random.chance(0.08) {
            ", "
        } else {
            " "
        });
    }
}

fn capital(word: &str, text: &mut String) {
    let mut letters = word.chars();
    text.extend(letters.next().map(|first| first.to_ascii_uppercase()));
    text.push_str(letters.as_str());
}

/// The text with some of the words put in between its characters, so many for every 1,000 bytes.
pub(crate) fn plant(random: &mut Random, text: &str, words: &[&str], per_kb: f64) -> String {
    let count = (text.len() as f64 / 1e3 * per_kb).round() as usize;
    let mut places: Vec<usize> = (0..count).map(|_| text.floor_char_boundary(random.below(text.len()))).collect();
    places.sort_unstable();
    let mut planted = String::with_capacity(text.len() + count * 32);
    let (mut rest, mut at) = (text, 0);
    for place in places {
        let (before, after) = rest.split_at(place - at);
        planted.push_str(before);
        planted.extend(random.pick(words).copied());
        (rest, at) = (after, place);
    }
    planted.push_str(rest);
    planted
}

//! Makes the folding table: one entry for every character of the basic plane, and a short list for the rest.
//!
//! A character folds through NFKD, loses its combining marks, is composed again, lower-cased, turned from traditional to simplified, and
//! mapped from a look-alike letter to the Latin one. What has no width or only steers display folds to nothing. Strokes, and letters of scripts out of
//! use, which only ornament, become filler.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "a build script stops the build by panicking")]

use std::fmt::Write as _;

use ferrous_opencc::OpenCC;
use ferrous_opencc::config::BuiltinConfig;
use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;
use unicode_script::{Script, UnicodeScript as _};

/// Letters of other scripts that look like a Latin letter, where Unicode's confusables say nothing or something else, after lower-casing.
const LOOK_ALIKES: &[(char, char)] = &[
    ('м', 'm'),
    ('н', 'h'),
    ('т', 't'),
    ('к', 'k'),
    ('в', 'b'),
    ('β', 'b'),
    ('ε', 'e'),
    ('η', 'n'),
    ('ι', 'i'),
    ('ɩ', 'i'),
    ('ᴦ', 'r'),
    ('ᴨ', 'n'),
    ('ᴩ', 'p'),
    ('κ', 'k'),
    ('τ', 't'),
    ('χ', 'x'),
    ('ҽ', 'e'),
    ('ґ', 'r'),
    ('г', 'r'),
    ('π', 'n'),
    ('ω', 'w'),
    ('ʟ', 'l'),
    ('ɴ', 'n'),
    ('ʜ', 'h'),
    ('ᴅ', 'd'),
    ('ᴋ', 'k'),
    ('ᴛ', 't'),
    ('ꜰ', 'f'),
    ('ɢ', 'g'),
    ('ʙ', 'b'),
    ('ᴍ', 'm'),
    ('ᴇ', 'e'),
    ('ᴊ', 'j'),
    ('ᴘ', 'p'),
    ('ᴀ', 'a'),
    ('ʀ', 'r'),
    ('ı', 'i'),
    ('ϝ', 'f'),
    ('є', 'e'),
    ('ƒ', 'f'),
    ('հ', 'h'),
    ('ո', 'n'),
    ('ղ', 'n'),
    ('օ', 'o'),
    ('ս', 'u'),
    ('զ', 'q'),
    ('ց', 'g'),
    ('ք', 'p'),
    ('ь', 'b'),
    ('з', '3'),
    ('ѵ', 'v'),
    ('ԝ', 'w'),
    ('ш', 'w'),
    ('и', 'n'),
    ('п', 'n'),
    ('я', 'r'),
    ('ц', 'u'),
    ('ч', 'y'),
    ('σ', 'o'),
    ('δ', 'd'),
    ('θ', 'o'),
    ('λ', 'a'),
    ('μ', 'u'),
];

/// Latin letters by name, the plain one first in each row.
const LETTERS: &str = include_str!("data/variants/letters.tsv");

/// Letters in brackets, circles and squares, each a run in the order of the alphabet, that NFKC does not take out of them.
const ENCLOSED: &[u32] = &[0x249C, 0x1F110, 0x1F150, 0x1F170];

/// It stands alone among the words in squares.
const SQUARED_D: char = '🆥';

/// The letter or digit inside a circle, square or bracket.
fn enclosed(c: char) -> Option<char> {
    let point = u32::from(c);
    if let Some(&first) = ENCLOSED.iter().find(|first| (**first..**first + 26).contains(&point)) {
        return char::from_u32(u32::from('a') + point - first);
    }
    if c == SQUARED_D {
        return Some('d');
    }
    // Digits in brackets.
    if let 0x2474..=0x247C = point {
        return char::from_digit(point - 0x2473, 10);
    }
    // Dingbat digits in circles: three runs of one to ten.
    if let 0x2776..=0x2793 = point {
        return char::from_digit(((point - 0x2776) % 10 + 1) % 10, 10);
    }
    None
}

/// The Latin letter or digit that a character is taken for, if there is one. After NFKC: before it, a full-width 1 is taken for an l.
fn look_alike(c: char) -> Option<char> {
    if let Some((_, to)) = LOOK_ALIKES.iter().find(|(from, _)| *from == c) {
        return Some(*to);
    }
    if let Some(row) = LETTERS.lines().find(|row| !row.starts_with('#') && row.chars().skip(2).any(|from| from == c)) {
        return row.chars().next();
    }
    if c.is_ascii() || matches!(u32::from(c), 0x2E80..=0xA4CF | 0xAC00..=0xD7FF | 0xF900..=0xFAFF) {
        return None;
    }
    let own = c.to_string();
    let skeleton: Vec<char> = unicode_security::skeleton(&own).flat_map(char::to_lowercase).collect();
    match skeleton.as_slice() {
        [one] if one.is_ascii_alphanumeric() && c.is_alphanumeric() => Some(*one),
        _ => None,
    }
}

fn is_invisible(c: char) -> bool {
    matches!(u32::from(c),
        0xAD | 0x34F | 0x61C | 0x115F..=0x1160 | 0x17B4..=0x17B5 | 0x180B..=0x180F | 0x200B..=0x200F | 0x202A..=0x202E
        | 0x2060..=0x206F | 0x3164 | 0xFE00..=0xFE0F | 0xFEFF | 0xFFA0 | 0xFFF9..=0xFFFB | 0x2800 | 0x1BCA0..=0x1BCA3 | 0x13430..=0x1345F | 0x1D173..=0x1D17A | 0xE0000..=0xE0FFF)
}

fn fold(c: char, t2s: &OpenCC) -> String {
    if is_invisible(c) {
        return String::new();
    }
    if let Some(letter) = enclosed(c) {
        return letter.to_string();
    }
    // NFKC takes the lunate sigma for the sigma at the end of words, which looks like no c.
    if matches!(c, 'ϲ' | 'Ϲ') {
        return "c".to_owned();
    }
    let composed: String = c.to_string().nfkd().filter(|&d| !is_combining_mark(d)).nfc().collect();
    let simplified = if u32::from(c) >= 0x2E80 { t2s.convert(&composed) } else { composed };
    let one = |c: char| look_alike(c).unwrap_or(c);
    simplified.chars().flat_map(char::to_lowercase).filter(|&c| !is_combining_mark(c) && !is_invisible(c)).map(one).collect()
}

/// The first code unit that counts as CJK: below stand letters of alphabets, digits, punctuation and symbols; above, kana and ideographs.
const FIRST_CJK: u32 = 0x3041;

/// What every symbol without a plane of its own becomes: one filler character is as good as another.
const FILLER: &str = "\u{2022}";

/// Most characters that one becomes: ㍿ and ㋐ have four.
const LONGEST: usize = 4;

/// Strokes, repeat marks and the numerals of old Suzhou merchants, which nobody writes as words and some write between the characters of one.
const STROKES: &str = "丨丶丿亅乀乁ノ〆々〻ゝゞヽヾー〡〢〣〤〥〦〧〨〩";

/// Symbols that NFKC spells out in letters (℃ is °C), but that stand for no letter.
const SPELT_OUT: &str = "℃℉№℗℠™℡℻";

/// The scripts of UAX #31, table 4, but for Mongolian and Braille (dots): one is written in China, the other folds to nothing.
const DEAD: &[Script] = &[
    Script::Ahom,
    Script::Anatolian_Hieroglyphs,
    Script::Avestan,
    Script::Bassa_Vah,
    Script::Bhaiksuki,
    Script::Brahmi,
    Script::Buginese,
    Script::Buhid,
    Script::Carian,
    Script::Caucasian_Albanian,
    Script::Chorasmian,
    Script::Coptic,
    Script::Cuneiform,
    Script::Cypriot,
    Script::Cypro_Minoan,
    Script::Deseret,
    Script::Dives_Akuru,
    Script::Dogra,
    Script::Duployan,
    Script::Egyptian_Hieroglyphs,
    Script::Elbasan,
    Script::Elymaic,
    Script::Glagolitic,
    Script::Gothic,
    Script::Grantha,
    Script::Gunjala_Gondi,
    Script::Hanunoo,
    Script::Hatran,
    Script::Imperial_Aramaic,
    Script::Inscriptional_Pahlavi,
    Script::Inscriptional_Parthian,
    Script::Kaithi,
    Script::Kawi,
    Script::Kharoshthi,
    Script::Khitan_Small_Script,
    Script::Khojki,
    Script::Khudawadi,
    Script::Linear_A,
    Script::Linear_B,
    Script::Lycian,
    Script::Lydian,
    Script::Mahajani,
    Script::Makasar,
    Script::Manichaean,
    Script::Marchen,
    Script::Masaram_Gondi,
    Script::Medefaidrin,
    Script::Mende_Kikakui,
    Script::Meroitic_Cursive,
    Script::Meroitic_Hieroglyphs,
    Script::Modi,
    Script::Mro,
    Script::Multani,
    Script::Nabataean,
    Script::Nandinagari,
    Script::Nushu,
    Script::Ogham,
    Script::Old_Hungarian,
    Script::Old_Italic,
    Script::Old_North_Arabian,
    Script::Old_Permic,
    Script::Old_Persian,
    Script::Old_Sogdian,
    Script::Old_South_Arabian,
    Script::Old_Turkic,
    Script::Old_Uyghur,
    Script::Osmanya,
    Script::Pahawh_Hmong,
    Script::Palmyrene,
    Script::Pau_Cin_Hau,
    Script::Phags_Pa,
    Script::Phoenician,
    Script::Psalter_Pahlavi,
    Script::Rejang,
    Script::Runic,
    Script::Samaritan,
    Script::Sharada,
    Script::Shavian,
    Script::Siddham,
    Script::SignWriting,
    Script::Sogdian,
    Script::Sora_Sompeng,
    Script::Soyombo,
    Script::Tagalog,
    Script::Tagbanwa,
    Script::Takri,
    Script::Tangut,
    Script::Tangsa,
    Script::Tirhuta,
    Script::Toto,
    Script::Ugaritic,
    Script::Vithkuqi,
    Script::Warang_Citi,
    Script::Yezidi,
    Script::Zanabazar_Square,
];

/// Whether a letter is of a script that is not in everyday use (excluded by UAX #31, table 4): among Chinese and English it can only be an ornament.
fn is_dead(c: char) -> bool {
    u32::from(c) > 0x2FF && c.is_alphanumeric() && DEAD.contains(&c.script())
}

/// A symbol that would land among the CJK units, or needs two units, becomes the one filler; and so do strokes and letters that are ornaments.
fn tame(folded: String) -> String {
    let is_symbol = |c: char| (!c.is_alphanumeric() && u32::from(c) >= FIRST_CJK) || STROKES.contains(c) || is_dead(c);
    folded.chars().map(|c| if is_symbol(c) { FILLER.to_owned() } else { c.to_string() }).collect()
}

/// The ideographs with a pinyin.
const IDEOGRAPHS: std::ops::Range<u32> = 0x4E00..0xA000;

/// For every ideograph the number of its usual syllable, one more than its place in the list; and further readings.
fn sound_table() -> String {
    println!("cargo:rerun-if-changed=data/variants/pinyin.tsv");
    println!("cargo:rerun-if-changed=data/variants/pinyin_more.tsv");
    let rows: Vec<_> = include_str!("data/variants/pinyin.tsv").lines().filter_map(|line| line.split_once('\t')).collect();
    let mut numbers = vec![0; IDEOGRAPHS.len()];
    for (number, (_, characters)) in rows.iter().enumerate() {
        for c in characters.chars().filter(|c| IDEOGRAPHS.contains(&u32::from(*c))) {
            numbers[(u32::from(c) - IDEOGRAPHS.start) as usize] = number + 1;
        }
    }
    let syllables: Vec<_> = rows.iter().map(|(syllable, _)| *syllable).collect();
    let mut more: Vec<(u32, Vec<&str>)> = include_str!("data/variants/pinyin_more.tsv")
        .lines()
        .filter_map(|line| line.split_once('\t'))
        .map(|(c, readings)| (u32::from(c.chars().next().unwrap()), readings.split_whitespace().collect()))
        .collect();
    more.sort_unstable();
    let more: Vec<_> = more.iter().map(|(c, readings)| format!("({c}, &{readings:?})")).collect();
    format!(
        "pub(super) const FIRST: u16 = {};\npub(super) static SYLLABLE_OF: [u16; {}] = {numbers:?};\npub(super) static SYLLABLES: &[&str] = &{syllables:?};\n\
         pub(super) static MORE: &[(u16, &[&str])] = &[{}];\n",
        IDEOGRAPHS.start,
        numbers.len(),
        more.join(", ")
    )
}

fn is_odd(unit: u16) -> bool {
    (0x2000..FIRST_CJK).contains(&unit.into()) && char::from_u32(unit.into()).is_some_and(char::is_alphanumeric)
}

/// Runs of letters of scripts that only ornament, outside the basic plane.
fn ornaments() -> Vec<(char, char)> {
    let mut runs: Vec<(char, char)> = Vec::new();
    for c in ('\u{10000}'..='\u{1FFFF}').filter(|c| is_dead(*c)) {
        match runs.last_mut() {
            Some(run) if u32::from(run.1) + 1 == u32::from(c) => run.1 = c,
            _ => runs.push((c, c)),
        }
    }
    runs
}

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    let t2s = OpenCC::from_config(BuiltinConfig::T2s).expect("the embedded conversion data loads");
    // 0: folds to nothing. 0xFFFF: look in the list. Anything else: the folded code unit.
    let mut table = vec![0_u16; 0x1_0000];
    let mut list = String::new();
    for point in 0..=0x10_FFFF_u32 {
        let Some(c) = char::from_u32(point) else { continue };
        // Words and letters in squares and circles are used as emoji: as ornaments mostly, and what some of them say is for a view to read.
        let emoji = matches!(point, 0x1F18E..=0x1F2FF | 0x3297 | 0x3299) && c != SQUARED_D;
        let folded = if emoji || SPELT_OUT.contains(c) { FILLER.to_owned() } else { tame(fold(c, &t2s)) };
        // A whole sentence in one character (U+FDFA) is a symbol; spelled out, it would make a text six times as long as it is.
        let folded = if folded.chars().count() > LONGEST { FILLER.to_owned() } else { folded };
        let units: Vec<u16> = folded.encode_utf16().collect();
        match (table.get_mut(point as usize), units.as_slice()) {
            (Some(slot), []) => *slot = 0,
            // Letters and digits among the symbols below CJK go the slow way, so that the fast way may take all there for filler.
            (Some(slot), &[unit]) if unit != 0 && unit != 0xFFFF && !is_odd(unit) => *slot = unit,
            (slot, _) => {
                if let Some(slot) = slot {
                    *slot = 0xFFFF;
                } else if folded.chars().eq([c]) || (folded == FILLER && (!c.is_alphanumeric() || is_dead(c))) {
                    continue; // outside the basic plane, what is not in the list stays as it is, or is filler
                }
                writeln!(list, "({c:?}, &{units:?}),").unwrap();
            }
        }
    }
    // NUL is a character like any other, but a unit of 0 would read as 'nothing'.
    table[0] = b' '.into();
    let filler = |unit: u32| !char::from_u32(unit).is_some_and(char::is_alphanumeric);
    let words = (0..=FIRST_CJK / 64).map(|word| (0..64).fold(0_u64, |bits, bit| bits | (u64::from(filler(word * 64 + bit)) << bit)));
    let mut source = String::from("pub(crate) static BASIC: [u16; 0x1_0001] = [");
    for value in &table {
        write!(source, "{value},").unwrap();
    }
    write!(source, "0];\npub(crate) static LIST: &[(char, &[u16])] = &[\n{list}];\n").unwrap();
    writeln!(source, "/// One bit a unit below `FIRST_CJK`: whether it is neither letter nor digit.").unwrap();
    writeln!(source, "pub(crate) static FILLER: [u64; {}] = {:?};", FIRST_CJK / 64 + 1, words.collect::<Vec<_>>()).unwrap();
    write!(
        source,
        "/// What a symbol becomes that has no unit of its own below `FIRST_CJK`.\npub(crate) const SYMBOL: u16 = {};\n",
        u32::from(FILLER.chars().next().unwrap())
    )
    .unwrap();
    writeln!(source, "/// First and last letters of scripts that only ornament, outside the basic plane.").unwrap();
    writeln!(source, "pub(crate) static ORNAMENTS: &[(char, char)] = &{:?};", ornaments()).unwrap();
    write!(source, "/// The first code unit that counts as CJK.\npub(crate) const FIRST_CJK: u16 = {FIRST_CJK};\n").unwrap();
    let out = std::env::var("OUT_DIR").expect("cargo sets OUT_DIR");
    std::fs::write(std::path::Path::new(&out).join("sound_table.rs"), sound_table()).expect("the table is written");
    let out = std::env::var("OUT_DIR").expect("cargo sets OUT_DIR");
    std::fs::write(std::path::Path::new(&out).join("fold_table.rs"), source).expect("the table is written");
}

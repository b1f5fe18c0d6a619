//! Makes the folding table: one entry for every character of the basic plane, and a short list for the rest.
//!
//! A character folds through NFKD, loses its combining marks, is composed again, lower-cased, turned from traditional to simplified, and
//! mapped from a look-alike letter to the Latin one. What has no width or only steers display folds to nothing.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a build script stops the build by panicking")]

use std::fmt::Write as _;

use ferrous_opencc::OpenCC;
use ferrous_opencc::config::BuiltinConfig;
use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

/// Letters of other scripts that look like a Latin letter, after lower-casing (the common part of Unicode's confusables).
const LOOK_ALIKES: &[(char, char)] = &[
    ('а', 'a'),
    ('в', 'b'),
    ('с', 'c'),
    ('ԁ', 'd'),
    ('е', 'e'),
    ('һ', 'h'),
    ('і', 'i'),
    ('ј', 'j'),
    ('к', 'k'),
    ('м', 'm'),
    ('н', 'h'),
    ('о', 'o'),
    ('р', 'p'),
    ('ѕ', 's'),
    ('т', 't'),
    ('у', 'y'),
    ('х', 'x'),
    ('ԛ', 'q'),
    ('ԝ', 'w'),
    ('α', 'a'),
    ('β', 'b'),
    ('ε', 'e'),
    ('η', 'n'),
    ('ι', 'i'),
    ('κ', 'k'),
    ('ν', 'v'),
    ('ο', 'o'),
    ('ρ', 'p'),
    ('τ', 't'),
    ('υ', 'u'),
    ('χ', 'x'),
    ('ᴀ', 'a'),
    ('ʙ', 'b'),
    ('ᴄ', 'c'),
    ('ᴅ', 'd'),
    ('ᴇ', 'e'),
    ('ꜰ', 'f'),
    ('ɢ', 'g'),
    ('ʜ', 'h'),
    ('ɪ', 'i'),
    ('ᴊ', 'j'),
    ('ᴋ', 'k'),
    ('ʟ', 'l'),
    ('ᴍ', 'm'),
    ('ɴ', 'n'),
    ('ᴏ', 'o'),
    ('ᴘ', 'p'),
    ('ʀ', 'r'),
    ('ꜱ', 's'),
    ('ᴛ', 't'),
    ('ᴜ', 'u'),
    ('ᴠ', 'v'),
    ('ᴡ', 'w'),
    ('ʏ', 'y'),
    ('ᴢ', 'z'),
    ('ı', 'i'),
    ('ɑ', 'a'),
    ('ɡ', 'g'),
];

fn is_invisible(c: char) -> bool {
    matches!(u32::from(c),
        0xAD | 0x34F | 0x61C | 0x115F..=0x1160 | 0x17B4..=0x17B5 | 0x180B..=0x180F | 0x200B..=0x200F | 0x202A..=0x202E
        | 0x2060..=0x206F | 0x3164 | 0xFE00..=0xFE0F | 0xFEFF | 0xFFA0 | 0xFFF9..=0xFFFB | 0x1D173..=0x1D17A | 0xE0000..=0xE0FFF)
}

fn fold(c: char, t2s: &OpenCC) -> String {
    if is_invisible(c) {
        return String::new();
    }
    let composed: String = c.to_string().nfkd().filter(|&d| !is_combining_mark(d)).nfc().collect();
    let simplified = if u32::from(c) >= 0x2E80 { t2s.convert(&composed) } else { composed };
    let one = |c: char| LOOK_ALIKES.iter().find(|(from, _)| *from == c).map_or(c, |(_, to)| *to);
    simplified.chars().flat_map(char::to_lowercase).filter(|&c| !is_combining_mark(c) && !is_invisible(c)).map(one).collect()
}

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    let t2s = OpenCC::from_config(BuiltinConfig::T2s).expect("the embedded conversion data loads");
    // 0: folds to nothing. 0xFFFF: look in the list. Anything else: the folded character.
    let mut table = vec![0_u16; 0x1_0000];
    let mut list = String::new();
    for point in 0..=0x10_FFFF_u32 {
        let Some(c) = char::from_u32(point) else { continue };
        let folded = fold(c, &t2s);
        let mut chars = folded.chars();
        let single = chars.next().filter(|_| chars.next().is_none()).and_then(|c| u16::try_from(u32::from(c)).ok());
        match (usize::try_from(point).ok().and_then(|p| table.get_mut(p)), single) {
            (Some(slot), Some(folded)) if folded != 0 && folded != 0xFFFF => *slot = folded,
            (Some(slot), None) if folded.is_empty() => *slot = 0,
            (slot, _) => {
                if let Some(slot) = slot {
                    *slot = 0xFFFF;
                } else if folded.chars().eq([c]) {
                    continue; // outside the basic plane, what is not in the list stays as it is
                }
                writeln!(list, "({c:?}, {folded:?}),").unwrap();
            }
        }
    }
    let mut source = String::from("pub(super) static BASIC: [u16; 0x1_0000] = [");
    for value in &table {
        write!(source, "{value},").unwrap();
    }
    write!(source, "];\npub(super) static LIST: &[(char, &str)] = &[\n{list}];\n").unwrap();
    let out = std::env::var("OUT_DIR").expect("cargo sets OUT_DIR");
    std::fs::write(std::path::Path::new(&out).join("fold_table.rs"), source).expect("the table is written");
}

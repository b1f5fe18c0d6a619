//! The attackers' tables, read once from the files beside this one: `key TAB values`. NOTICE says what was generated from which package.
//!
//! Invariant: lookups never fail loudly; a row that does not parse is no row (the tests count the rows).

use std::collections::HashMap;
use std::sync::OnceLock;

/// The longest key of `pinyin_words.tsv` and of `emoji_attack.tsv`, in characters: how far a lookup looks ahead.
pub(super) const LONGEST_WORD: usize = 4;

/// Choices for a key.
pub(super) type Choices = HashMap<&'static str, Vec<&'static str>>;

/// All tables.
pub(super) struct Tables {
    /// Character -> its parts, as attackers write them.
    pub(super) split: Choices,
    /// Word or character -> emoji for it.
    pub(super) emoji: Choices,
    /// Word -> the syllables of its characters, where one is not read as it is alone.
    pub(super) words: Choices,
    /// Simplified -> traditional.
    pub(super) traditional: HashMap<char, char>,
    /// Letter or digit -> what looks like it.
    pub(super) look_alike: HashMap<char, Vec<char>>,
    /// Character -> toneless syllable.
    pub(super) syllable: HashMap<char, &'static str>,
    /// Toneless syllable -> its characters, most frequent first.
    pub(super) same_sound: HashMap<&'static str, Vec<char>>,
}

/// The tables, read at the first call.
pub(super) fn tables() -> &'static Tables {
    static TABLES: OnceLock<Tables> = OnceLock::new();
    TABLES.get_or_init(|| {
        let sounds = || rows(include_str!("homophones.tsv"));
        Tables {
            split: choices(include_str!("split_attack.tsv")),
            emoji: choices(include_str!("emoji_attack.tsv")),
            words: choices(include_str!("pinyin_words.tsv")),
            traditional: rows(include_str!("s2t.tsv")).filter_map(|(key, value)| Some((only(key)?, only(value)?))).collect(),
            look_alike: rows(include_str!("lookalikes.tsv"))
                .filter_map(|(key, value)| Some((only(key)?, value.chars().collect())))
                .collect(),
            syllable: sounds().flat_map(|(syllable, all)| all.chars().map(move |c| (c, syllable))).collect(),
            same_sound: sounds().map(|(syllable, all)| (syllable, all.chars().collect())).collect(),
        }
    })
}

fn rows(file: &'static str) -> impl Iterator<Item = (&'static str, &'static str)> {
    file.lines().filter_map(|line| line.split_once('\t'))
}

fn choices(file: &'static str) -> Choices {
    rows(file).map(|(key, values)| (key, values.split(' ').collect())).collect()
}

fn only(text: &str) -> Option<char> {
    let mut chars = text.chars();
    chars.next().filter(|_| chars.next().is_none())
}

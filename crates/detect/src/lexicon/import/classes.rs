//! Which of the 31 classes another list's category means.

use std::collections::HashMap;
use std::sync::LazyLock;

use taxonomy::{RiskClass, RiskGroup};

use super::{MAX_KEYWORD_CHARS, fold};

/// Phrase, id of class or group, and the group it holds within.
const TABLE: &str = include_str!("classes.tsv");
/// What a category may say around its phrase.
const PREFIXES: &[&str] = &["包含", "含有", "涉嫌", "涉及", "疑似"];
/// What a category may say after its phrase.
const SUFFIXES: &[&str] =
    &["类别", "类型", "类", "关键词", "敏感词", "词汇", "词", "的内容", "内容", "信息", "风险", "相关", "违规", "行为"];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Meaning {
    Class(RiskClass),
    Group(RiskGroup),
}

/// The table of phrases.
pub(super) struct Classes(HashMap<(String, Option<RiskGroup>), Meaning>);

/// The table, read once.
pub(super) static CLASSES: LazyLock<Classes> = LazyLock::new(|| {
    let rows = TABLE.lines().filter(|line| !line.starts_with('#')).skip(1);
    Classes(rows.filter_map(entry).collect())
});

impl Classes {
    /// The class that the categories name, from the general to the special: the special one decides.
    pub(super) fn class(&self, categories: &[String]) -> Option<RiskClass> {
        let group = categories.iter().find_map(|category| match self.meaning(category, None)? {
            Meaning::Group(group) => Some(group),
            Meaning::Class(_) => None,
        });
        categories.iter().rev().find_map(|category| match self.meaning(category, group)? {
            Meaning::Class(class) => Some(class),
            Meaning::Group(_) => None,
        })
    }

    /// Whether the word names a class or a group.
    pub(super) fn knows(&self, category: &str) -> bool {
        self.meaning(category, None).is_some()
    }

    /// What the whole means, or the last part of a list or path that is known ("色情、低俗", "违法/赌博"). What is longer than a keyword
    /// may be is a text and no category.
    fn meaning(&self, category: &str, group: Option<RiskGroup>) -> Option<Meaning> {
        let parts = || category.split(['、', ',', '，', ';', '；', '/', '|', '-', '—', '>', ':', '：']).map(key);
        if category.chars().nth(MAX_KEYWORD_CHARS).is_some() {
            return None;
        }
        self.phrase(&key(category), group).or_else(|| parts().rev().find_map(|part| self.phrase(&part, group)))
    }

    fn phrase(&self, key: &str, group: Option<RiskGroup>) -> Option<Meaning> {
        let look = |key: &str| {
            let within = group.and_then(|_| self.0.get(&(key.to_owned(), group)));
            within.or_else(|| self.0.get(&(key.to_owned(), None))).copied()
        };
        let bare = without_number(key);
        numbered(key).or_else(|| look(key)).or_else(|| look(bare)).or_else(|| shorter(bare).find_map(look))
    }
}

fn entry(line: &str) -> Option<((String, Option<RiskGroup>), Meaning)> {
    let mut cells = line.split('\t');
    let (phrase, id, within) = (cells.next()?, cells.next()?, cells.next()?);
    let meaning = id.parse().map(Meaning::Class).or_else(|_| id.parse().map(Meaning::Group)).ok()?;
    Some(((key(phrase), within.parse().ok()), meaning))
}

/// What is compared: the folded text without space or punctuation.
fn key(text: &str) -> String {
    fold(text).chars().filter(|c| c.is_alphanumeric()).collect()
}

/// `A.1 a)`, `A1a 煽动…`, `附录A1`: the standard's own numbers.
fn numbered(key: &str) -> Option<Meaning> {
    let mut chars = key.strip_prefix("附录").unwrap_or(key).chars();
    let (letter, number) = (chars.next()?, chars.next()?);
    let (item, after) = (chars.next(), chars.next());
    let ends = |c: Option<char>| c.is_none_or(|c| !c.is_ascii_alphanumeric());
    match item.filter(char::is_ascii_lowercase) {
        _ if letter != 'a' => None,
        Some(item) if ends(after) => format!("A{number}{item}").parse().map(Meaning::Class).ok(),
        None if ends(item) => format!("A{number}").parse().map(Meaning::Group).ok(),
        _ => None,
    }
}

/// Without `1.`, `a)`, `（一）` before it.
fn without_number(key: &str) -> &str {
    let latin = key.trim_start_matches(|c: char| c.is_ascii_alphanumeric());
    let chinese = key.trim_start_matches(['一', '二', '三', '四', '五', '六', '七', '八', '九', '十']);
    match (latin, chinese) {
        ("", _) | (_, "") => key,
        (latin, _) if (1..=3).contains(&(key.len() - latin.len())) => latin,
        // At most 三十一, three bytes each.
        (_, chinese) if (3..=9).contains(&(key.len() - chinese.len())) => chinese,
        _ => key,
    }
}

/// The key without words around it, one after the other.
fn shorter(key: &str) -> impl Iterator<Item = &str> {
    let front = PREFIXES.iter().find_map(|prefix| key.strip_prefix(prefix)).unwrap_or(key);
    std::iter::successors(Some(front), |key| without_suffix(key))
}

fn without_suffix(key: &str) -> Option<&str> {
    SUFFIXES.iter().find_map(|suffix| key.strip_suffix(suffix)).filter(|rest| !rest.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use taxonomy::Lang;

    fn class(categories: &[&str]) -> Option<&'static str> {
        let owned: Vec<String> = categories.iter().map(|&c| c.to_owned()).collect();
        CLASSES.class(&owned).map(RiskClass::id)
    }

    #[test]
    fn the_table_is_whole() {
        let rows: Vec<&str> = TABLE.lines().filter(|line| !line.starts_with('#')).skip(1).collect();
        let classes = &*CLASSES;
        assert_eq!(classes.0.len(), rows.len(), "a row is wrong or stands twice");
        for &class in RiskClass::ALL {
            let phrases = classes.0.values().filter(|m| **m == Meaning::Class(class)).count();
            assert!(phrases >= 5, "{class} has {phrases} phrases");
            for title in [class.id(), class.title(Lang::Zh), class.title(Lang::En)] {
                assert_eq!(classes.class(&[title.to_owned()]), Some(class), "{title}");
            }
        }
        for group in RiskGroup::ALL {
            assert!(classes.knows(group.id()) && classes.knows(group.title(Lang::Zh)) && classes.knows(group.title(Lang::En)), "{group}");
        }
    }

    #[test]
    fn categories_of_filings_are_understood() {
        for (categories, id) in [
            (["包含违反社会主义核心价值观的内容", "煽动颠覆国家政权、推翻社会主义制度"], "A1a"),
            (["A.1", "b) 危害国家安全和利益、损害国家形象"], "A1b"),
            (["附录 A.1", "（三）煽动分裂国家、破坏国家统一和社会稳定"], "A1c"),
            (["A1", "A1-d"], "A1d"),
            (["歧视性内容", "民族"], "A2a"),
            (["歧视", "其他"], "A2i"),
            (["商业违法违规", "其他"], "A3e"),
            (["侵犯他人合法权益", "健康"], "A4a"),
            (["歧视", "健康"], "A2h"),
            (["涉黄类", ""], "A1f"),
            (["违法违规", "涉赌信息"], "A1h"),
            (["内容安全", "色情、低俗"], "A1f"),
            (["A5", "１、内容不准确，严重不符合科学常识或主流认知"], "A5a"),
            (["Illegal", "Self-Harm"], "A4a"),
            (["31类-A.4 f)", ""], "A4f"),
        ] {
            assert_eq!(class(&categories), Some(id), "{categories:?}");
        }
    }

    #[test]
    fn what_is_not_known_has_no_class() {
        for categories in [&["涉政"][..], &["歧视"], &["其他"], &["好词"], &["A9z"], &["a1c5"], &["一"], &["1"], &["类"], &[""], &[]]
        {
            assert_eq!(class(categories), None, "{categories:?}");
        }
    }
}

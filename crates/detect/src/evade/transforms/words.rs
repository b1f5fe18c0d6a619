//! Transforms of the sensitive part: its characters become parts, sounds, emoji or digits. Surroundings are not seen here.
//!
//! Invariant: every function returns `None` when no character of the piece is one it can rewrite, and otherwise rewrites at least one.

use super::rng::Rng;
use super::tables::{Choices, LONGEST_WORD, tables};

/// How many of the most frequent characters of a syllable a writer picks from: input methods show about that many at once.
const USUAL: usize = 10;
/// Share of the characters rewritten when a writer does not bother with all, in percent.
const MOST: usize = 70;
const HALF: usize = 50;

/// 枪 -> 木仓.
pub(super) fn split(piece: &str, rng: &mut Rng) -> Option<String> {
    let between = rng.pick(&["", "", "", "", "+", " ", "|", "·"])?;
    replace_some(piece, rng, MOST, |c, rng| {
        let form = rng.pick(tables().split.get(c.encode_utf8(&mut [0; 4]) as &str)?)?;
        Some(form.chars().map(String::from).collect::<Vec<_>>().join(between))
    })
}

/// The characters in pinyin without tones: all of them joined, all with spaces, or about half of them.
pub(super) fn pinyin_full(piece: &str, rng: &mut Rng) -> Option<String> {
    let share = rng.pick(&[100, 100, HALF])?;
    let space = if share == 100 && rng.coin() { " " } else { "" };
    let spelled = spell(piece, rng, share, str::to_owned)?;
    let mut out = String::with_capacity(piece.len() * 2);
    let mut after_syllable = false;
    for (syllable, text) in spelled {
        if syllable && after_syllable {
            out.push_str(space);
        }
        out.push_str(&text);
        after_syllable = syllable;
    }
    Some(out)
}

/// The first letters of the pinyin, of all characters or of about half, small or capital.
pub(super) fn pinyin_initials(piece: &str, rng: &mut Rng) -> Option<String> {
    let share = rng.pick(&[100, HALF])?;
    let capital = rng.percent(30);
    let spelled = spell(piece, rng, share, |syllable| {
        let first: String = syllable.chars().take(1).collect();
        if capital { first.to_ascii_uppercase() } else { first }
    })?;
    Some(spelled.into_iter().map(|(_, text)| text).collect())
}

/// Other common characters of the same toneless syllable.
pub(super) fn homophone(piece: &str, rng: &mut Rng) -> Option<String> {
    replace_some(piece, rng, MOST, |c, rng| {
        let same = tables().same_sound.get(tables().syllable.get(&c)?)?;
        let others: Vec<char> = same.iter().copied().filter(|other| *other != c).take(USUAL).collect();
        rng.pick(&others).map(String::from)
    })
}

/// The words and characters that an emoji usually stands for.
pub(super) fn emoji(piece: &str, rng: &mut Rng) -> Option<String> {
    let mut any = false;
    let mut out = String::with_capacity(piece.len() * 2);
    for (word, found) in words(piece, &tables().emoji) {
        let sign = found.and_then(|signs| rng.pick(signs));
        any |= sign.is_some();
        out.push_str(sign.unwrap_or(&word));
    }
    any.then_some(out)
}

/// Latin letters as digits and signs.
pub(super) fn leet(piece: &str, rng: &mut Rng) -> Option<String> {
    replace_some(piece, rng, MOST, |c, rng| {
        let signs: &[&str] = match c.to_ascii_lowercase() {
            'a' => &["4", "@", "/\\"],
            'b' => &["8", "6", "|3"],
            'c' => &["(", "<"],
            'e' => &["3", "€"],
            'g' => &["9", "6"],
            'h' => &["#", "|-|"],
            'i' => &["1", "!", "|"],
            'k' => &["|<"],
            'l' => &["1", "|", "!"],
            'o' => &["0", "()"],
            's' => &["5", "$", "z"],
            't' => &["7", "+"],
            'u' => &["v", "|_|"],
            'v' => &["\\/"],
            'x' => &["×", "%"],
            'z' => &["2"],
            _ => &[],
        };
        rng.pick(signs).map(String::from)
    })
}

/// Rewrites about `share` percent of the characters that `form` can rewrite, at least one; `None` when it can rewrite none.
pub(super) fn replace_some(piece: &str, rng: &mut Rng, share: usize, form: impl Fn(char, &mut Rng) -> Option<String>) -> Option<String> {
    let options: Vec<(char, Option<String>)> = piece.chars().map(|c| (c, form(c, rng))).collect();
    let mut chosen = some_of(options.iter().filter(|(_, new)| new.is_some()).count(), rng, share)?.into_iter();
    let mut out = String::with_capacity(piece.len() * 2);
    for (old, new) in options {
        match new {
            Some(new) if chosen.next() == Some(true) => out.push_str(&new),
            _ => out.push(old),
        }
    }
    Some(out)
}

/// For each of `count` things whether it is chosen, at least one of them; `None` for none.
pub(super) fn some_of(count: usize, rng: &mut Rng, share: usize) -> Option<Vec<bool>> {
    let sure = rng.below(count);
    (count > 0).then(|| (0..count).map(|at| at == sure || rng.percent(share)).collect())
}

/// The piece character by character, about `share` percent of those with a reading as `form` of it: (whether it is a reading, text).
fn spell(piece: &str, rng: &mut Rng, share: usize, form: impl Fn(&str) -> String) -> Option<Vec<(bool, String)>> {
    let read = readings(piece);
    let mut chosen = some_of(read.iter().filter(|(_, syllable)| syllable.is_some()).count(), rng, share)?.into_iter();
    let one = |(c, syllable): (char, Option<&str>)| match syllable {
        Some(syllable) if chosen.next() == Some(true) => (true, form(syllable)),
        _ => (false, c.to_string()),
    };
    Some(read.into_iter().map(one).collect())
}

/// Each character with its syllable: the one it has in the word it stands in, else the usual one.
fn readings(piece: &str) -> Vec<(char, Option<&'static str>)> {
    let mut out = Vec::new();
    for (word, found) in words(piece, &tables().words) {
        match found {
            Some(syllables) => out.extend(word.chars().zip(syllables.iter().copied().map(Some))),
            None => out.extend(word.chars().map(|c| (c, tables().syllable.get(&c).copied()))),
        }
    }
    out
}

/// The piece cut into the longest keys of the table, and the single characters between them. Looks at most [`LONGEST_WORD`] ahead.
fn words<'t>(piece: &str, table: &'t Choices) -> Vec<(String, Option<&'t [&'static str]>)> {
    let chars: Vec<char> = piece.chars().collect();
    let mut rest = chars.as_slice();
    let mut out = Vec::new();
    while let Some((first, after)) = rest.split_first() {
        let known = (1..=LONGEST_WORD).rev().find_map(|size| {
            let (word, left) = rest.split_at_checked(size)?;
            let word: String = word.iter().collect();
            let found = table.get(word.as_str())?;
            Some((word, found.as_slice(), left))
        });
        rest = if let Some((word, found, left)) = known {
            out.push((word, Some(found)));
            left
        } else {
            out.push((first.to_string(), None));
            after
        };
    }
    out
}

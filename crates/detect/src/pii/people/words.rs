//! Word tables: a trie over UTF-16 units, read forwards or backwards from a place in the text.
//!
//! File form: a line is `VALUE<TAB>words separated by spaces`, `#` opens a comment. A word listed twice keeps its first value. In a word
//! `_` stands for a space.

use std::collections::HashMap;

use super::view::{View, is_letter};

/// A word met in the text: its length in units and the value its line gives it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Hit {
    pub(super) len: usize,
    pub(super) value: i16,
}

/// A table of words.
#[derive(Debug, Default)]
pub(super) struct Words {
    steps: Steps,
    /// One bit for every unit that begins a word.
    first: Bits,
    /// One bit for every unit that is a word.
    single: Bits,
    /// Bits of the first two units of every word, by their hash: most places are dismissed without a step.
    pairs: Bits,
    /// The same by another hash: a large table has many pairs, and a step waits for memory.
    pairs_again: Bits,
    /// Bits of whole words, by their hash.
    wholes: Bits,
}

impl Words {
    /// A table read from the start of a word on.
    pub(super) fn forward(files: &[&str]) -> Self {
        Self::build(files, false)
    }

    /// A table read from the end of a word back.
    pub(super) fn backward(files: &[&str]) -> Self {
        Self::build(files, true)
    }

    /// The same for the lines of one file whose value is one of `values`.
    pub(super) fn forward_of(file: &str, values: &[i16]) -> Self {
        Self::build(&[&lines_of(file, values)], false)
    }

    /// As [`Words::forward_of`], read backwards.
    pub(super) fn backward_of(file: &str, values: &[i16]) -> Self {
        Self::build(&[&lines_of(file, values)], true)
    }

    /// Whether some word begins (in a backward table: ends) with this unit.
    pub(super) fn may_begin(&self, unit: u16) -> bool {
        self.first.has(unit)
    }

    /// Whether some word may begin with these two units, or is the first one alone; with no second unit yet: whether one begins with it.
    pub(super) fn may_begin_with(&self, unit: u16, next: Option<u16>) -> bool {
        self.first.has(unit) && (self.single.has(unit) || next.is_none_or(|next| self.pairs.has(pair(unit, next))))
    }

    /// Whether some word of two units or more may begin with these two.
    pub(super) fn may_go_on(&self, unit: u16, next: u16) -> bool {
        self.pairs.has(pair(unit, next))
    }

    /// Whether these units may be a word of the table.
    pub(super) fn may_be(&self, units: &[u16]) -> bool {
        self.wholes.has(whole(units))
    }

    /// The longest word that starts at `i`, dropped filler inside it or not.
    pub(super) fn at(&self, view: &View, i: usize) -> Option<Hit> {
        self.walk(|len| view.at(i + len))
    }

    /// The longest word that starts at `i` and has no dropped filler inside.
    pub(super) fn whole_at(&self, view: &View, i: usize) -> Option<Hit> {
        self.walk(|len| if len > 0 && view.gap(i + len) { None } else { view.at(i + len) })
    }

    /// The longest word that ends just before `i` (backward tables only).
    pub(super) fn before(&self, view: &View, i: usize) -> Option<Hit> {
        self.walk(|len| view.before(i.checked_sub(len)?))
    }

    /// The value of a single unit.
    pub(super) fn one(&self, unit: u16) -> Option<i16> {
        if self.single.has(unit) { self.steps.get(0, unit)?.value() } else { None }
    }

    /// The greatest value of a word.
    #[cfg(test)]
    pub(super) fn best(&self) -> Option<i16> {
        self.steps.0.iter().filter_map(Step::value).max()
    }

    fn walk(&self, unit: impl Fn(usize) -> Option<u16>) -> Option<Hit> {
        let first = unit(0).filter(|&u| self.first.has(u))?;
        let has = |second| self.pairs.has(pair(first, second)) && self.pairs_again.has(pair(second, first));
        let second = unit(1).is_some_and(has);
        if !second && !self.single.has(first) {
            return None;
        }
        let (mut node, mut best, mut len) = (0, None, 0);
        while let Some(step) = unit(len).and_then(|u| self.steps.get(node, u)) {
            (node, len) = (step.next, len + 1);
            best = step.value().map(|value| Hit { len, value }).or(best);
            if step.next == LEAF {
                break;
            }
        }
        best
    }

    fn build(files: &[&str], reversed: bool) -> Self {
        let mut words = Self::default();
        let mut steps = HashMap::new();
        let mut nodes = 1;
        for (value, word) in files.iter().flat_map(|file| entries(file)) {
            let mut units: Vec<u16> = word.encode_utf16().map(|u| if u == u16::from(b'_') { u16::from(b' ') } else { u }).collect();
            if reversed {
                units.reverse();
            }
            words.note(&units);
            insert(&mut steps, &units, value, &mut nodes);
        }
        words.steps = Steps::of(&steps);
        words
    }

    fn note(&mut self, units: &[u16]) {
        match units {
            [only] => self.single.set(*only),
            [first, second, ..] => {
                self.pairs.set(pair(*first, *second));
                self.pairs_again.set(pair(*second, *first));
            }
            [] => {}
        }
        self.wholes.set(whole(units));
        if let Some(&first) = units.first() {
            self.first.set(first);
        }
    }
}

/// Which of several tables have a word that may begin with two units: one look instead of one in each.
#[derive(Debug)]
pub(super) struct Beginnings {
    /// By unit: the tables with a word that begins with it, and those in which it is a word.
    first: Vec<[u8; 2]>,
    /// By the hash of two units: the tables with a word that begins with them.
    pairs: Vec<u8>,
}

impl Beginnings {
    /// Of some tables, each with the bit that stands for it.
    pub(super) fn of(tables: &[(u8, &Words)]) -> Self {
        let having = |has: &dyn Fn(&Words) -> bool| tables.iter().filter(|(_, words)| has(words)).fold(0, |bits, (bit, _)| bits | bit);
        let first = (0..=u16::MAX).map(|unit| [having(&|words| words.first.has(unit)), having(&|words| words.single.has(unit))]);
        let pairs = (0..=u16::MAX).map(|pair| having(&|words| words.pairs.has(pair)));
        Self { first: first.collect(), pairs: pairs.collect() }
    }

    /// The tables with a word that begins with this unit.
    pub(super) fn with(&self, unit: u16) -> u8 {
        self.first.get(usize::from(unit)).map_or(0, |[first, _]| *first)
    }

    /// The tables with a word that may begin with these two units, or is the first one alone; with no second unit yet: with a word that begins with it.
    pub(super) fn with_both(&self, unit: u16, next: Option<u16>) -> u8 {
        let [first, single] = self.first.get(usize::from(unit)).copied().unwrap_or_default();
        let Some(next) = next.filter(|_| first != 0) else { return first };
        first & (single | self.pairs.get(usize::from(pair(unit, next))).copied().unwrap_or_default())
    }
}

/// From a node and a unit to the next node and, where a word ends there, its value: a tree while it grows.
type Tree = HashMap<(u32, u16), (u32, Option<i16>)>;

fn insert(steps: &mut Tree, units: &[u16], value: i16, nodes: &mut u32) {
    let mut node = 0;
    for (i, &unit) in units.iter().enumerate() {
        let last = i + 1 == units.len();
        let step = steps.entry((node, unit)).or_insert((LEAF, None));
        if last {
            step.1 = step.1.or(Some(value));
        } else if step.0 == LEAF {
            step.0 = *nodes;
            *nodes += 1;
        }
        node = step.0;
    }
}

/// The tree as a flat table: open addressing, a power of two of slots, at most half full.
#[derive(Debug, Default)]
struct Steps(Vec<Step>);

#[derive(Debug, Clone, Copy)]
struct Step {
    node: u32,
    next: u32,
    unit: u16,
    value: i16,
}

impl Step {
    const EMPTY: Self = Self { node: LEAF, next: LEAF, unit: 0, value: NO_VALUE };

    fn value(&self) -> Option<i16> {
        (self.value != NO_VALUE).then_some(self.value)
    }
}

/// Where no word ends. No line of the tables has it.
const NO_VALUE: i16 = i16::MIN;

impl Steps {
    fn of(tree: &Tree) -> Self {
        let mut table = vec![Step::EMPTY; (tree.len() * 2).next_power_of_two()];
        for (&(node, unit), &(next, value)) in tree {
            let mut at = Self::place(node, unit, table.len());
            while table.get(at).is_some_and(|step| step.node != LEAF) {
                at = (at + 1) & (table.len() - 1);
            }
            if let Some(step) = table.get_mut(at) {
                *step = Step { node, next, unit, value: value.unwrap_or(NO_VALUE) };
            }
        }
        Self(table)
    }

    fn get(&self, node: u32, unit: u16) -> Option<&Step> {
        let mut at = Self::place(node, unit, self.0.len());
        loop {
            let step = self.0.get(at)?;
            if step.node == node && step.unit == unit {
                return Some(step);
            }
            if step.node == LEAF {
                return None;
            }
            at = (at + 1) & (self.0.len() - 1);
        }
    }

    /// Where a step is looked for first: Fibonacci hashing (Knuth, TAOCP 3, 6.4). The tables are our own, so nobody can aim at its collisions.
    fn place(node: u32, unit: u16, size: usize) -> usize {
        let key = u64::from(node) << 16 | u64::from(unit);
        (key.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 40) as usize & size.wrapping_sub(1)
    }
}

/// The values of the single Chinese characters of a table, read at once instead of looked up: 56 KB, of which everyday text touches a tenth.
#[derive(Debug)]
pub(super) struct Singles(Vec<i16>);

/// The first unit that may be a Chinese character (the iteration mark stands before all others), and one past the last.
const HAN: std::ops::Range<u16> = 0x3005..0xA000;

impl Singles {
    pub(super) fn of(words: &Words) -> Self {
        Self(HAN.map(|unit| words.one(unit).unwrap_or(NO_VALUE)).collect())
    }

    /// The value of a Chinese character.
    pub(super) fn one(&self, unit: u16) -> Option<i16> {
        self.0.get(usize::from(unit.checked_sub(HAN.start)?)).copied().filter(|value| *value != NO_VALUE)
    }
}

/// The first three letters of Latin words: most words of a text are dismissed by them.
#[derive(Debug)]
pub(super) struct Prefixes(Vec<bool>);

impl Prefixes {
    /// Of all words in the lines of `files` whose value satisfies `wanted`; from their ends when `reversed`.
    pub(super) fn of(files: &[&str], wanted: impl Fn(i16) -> bool, reversed: bool) -> Self {
        let mut table = vec![false; 27 * 27 * 27];
        for (_, word) in files.iter().flat_map(|file| entries(file)).filter(|(value, _)| wanted(*value)) {
            let mut units: Vec<u16> = word.encode_utf16().collect();
            if reversed {
                units.reverse();
            }
            if let Some(slot) = table.get_mut(three(units.into_iter())) {
                *slot = true;
            }
        }
        Self(table)
    }

    /// Whether some word begins as these units do (a word of less than three letters: whether it is one).
    pub(super) fn has(&self, units: impl Iterator<Item = u16>) -> bool {
        self.0.get(three(units)) == Some(&true)
    }
}

/// The first three letters as a number of base 27, 0 where a letter is missing.
fn three(mut units: impl Iterator<Item = u16>) -> usize {
    let (mut sum, mut more) = (0, true);
    for _ in 0..3 {
        let letter = units.next().filter(|u| more && is_letter(*u));
        more = letter.is_some();
        sum = sum * 27 + letter.map_or(0, |u| usize::from(u) - usize::from(b'a') + 1);
    }
    sum
}

/// A set of 16-bit values.
#[derive(Debug)]
struct Bits(Vec<u64>);

impl Default for Bits {
    fn default() -> Self {
        Self(vec![0; 1 << 10])
    }
}

impl Bits {
    fn has(&self, value: u16) -> bool {
        self.0.get(usize::from(value >> 6)).is_some_and(|bits| bits >> (value & 63) & 1 == 1)
    }

    fn set(&mut self, value: u16) {
        if let Some(bits) = self.0.get_mut(usize::from(value >> 6)) {
            *bits |= 1 << (value & 63);
        }
    }
}

/// Sixteen bits of two units: Fibonacci hashing again.
const fn pair(first: u16, second: u16) -> u16 {
    (((first as u32) << 16 | second as u32).wrapping_mul(0x9E37_79B1) >> 16) as u16
}

/// Sixteen bits of a word.
fn whole(units: &[u16]) -> u16 {
    let mix = |hash: u32, &unit: &u16| (hash ^ u32::from(unit)).wrapping_mul(0x9E37_79B1).rotate_left(11);
    (units.iter().fold(0, mix) >> 11) as u16
}

/// A node that no step leaves.
const LEAF: u32 = u32::MAX;

fn lines_of(file: &str, values: &[i16]) -> String {
    let value = |line: &str| line.split('\t').next().and_then(|value| value.parse::<i16>().ok());
    let wanted = file.lines().filter(|line| value(line).is_some_and(|value| values.contains(&value)));
    wanted.flat_map(|line| [line, "\n"]).collect()
}

fn entries(file: &str) -> impl Iterator<Item = (i16, &str)> {
    let lines = file.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.split_once('\t'));
    lines.flat_map(|(value, words)| words.split_whitespace().map(move |word| (value.parse().unwrap_or(0), word)))
}

//! The matcher: all places where any of up to some hundred thousand patterns stands in a folded text.
//!
//! An automaton steps once a character and misses the cache once a step when the list is long. Here nearly every position is turned away by
//! two look-ups in a small filter that holds the beginnings of all patterns: one for the next two units, one for the next three and four (as the
//! literal matcher of Hyperscan does with its first stage). It is a Bloom filter whose three bits of a key lie in one word (Putze, Sanders and
//! Singler 2007), small enough for the first two caches. Only what passes is looked up in a hash table of beginnings, whose slot names a range of the sorted patterns; there a binary search finds the last pattern not after the
//! text, and the chain of its prefixes holds every match. The cost is linear in the text, times the longest pattern in the worst case.

use std::ops::{ControlFlow, Range};

use crate::lexicon::Corrupt;
use crate::pairs::Neighbours;
use crate::wide::fetch;

/// Longest pattern, in units. Three times the longest entry of the public lists we know (107 with web addresses, 21 without).
pub(crate) const MAX_UNITS: usize = 128;

/// Units that a beginning has at most: what fits one machine word.
pub(crate) const BEGIN: usize = 4;

/// Places looked at together: enough that the memory of the first has come when the last is asked for.
const TOGETHER: usize = 32;

/// Positions filtered before their candidates are looked at; keeps both in the first-level cache.
pub(crate) const BLOCK: usize = 2048;

/// Bits in the table of beginnings for each key: one in eight passes by chance.
const BITS_EACH: usize = 8;
/// Most beginnings for each word of the filter: at most six bits of thirty-two are then set, and one key in two hundred passes by chance.
const KEYS_A_WORD: usize = 2;
/// Sizes of the filter in words, powers of two: 4 KiB to 1 MiB, a common second-level cache.
const FILTER_SIZES: std::ops::RangeInclusive<usize> = 0x400..=0x4_0000;

/// A match: which pattern, and the units it covers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Hit {
    /// First unit.
    pub start: u32,
    /// One past the last unit.
    pub end: u32,
    /// Number of the pattern, in the order of [`Matcher::new`].
    pub pattern: u32,
}

/// A set of words to find, without a lexicon around it.
pub struct Matcher {
    patterns: Compiled,
    /// The place of each pattern in the list it came from.
    places: Vec<u32>,
}

impl Matcher {
    /// Compiles words; those that fold to nothing, to more than 128 units, or to the same as an earlier one are left out.
    pub fn new<S: AsRef<str>>(words: &[S]) -> Self {
        let mut patterns: Vec<(Vec<u16>, u32)> =
            words.iter().enumerate().map(|(at, word)| (crate::fold(word.as_ref()).units().to_vec(), at as u32)).collect();
        patterns.retain(|(units, _)| (1..=MAX_UNITS).contains(&units.len()));
        patterns.sort_unstable_by(|a, b| order(&a.0).cmp(&order(&b.0)).then(a.1.cmp(&b.1)));
        patterns.dedup_by(|a, b| a.0 == b.0);
        let compiled = Compiled::build(patterns.iter().map(|(units, _)| units.as_slice()));
        Self { patterns: compiled, places: patterns.iter().map(|(_, at)| *at).collect() }
    }

    /// Calls `found` for every place where a word stands, overlapping ones too, in order of start; stops when it says so.
    pub fn scan(&self, text: &crate::Folded<'_>, mut found: impl FnMut(Hit) -> ControlFlow<()>) {
        self.patterns.view().scan(
            text.units(),
            |_, _| true,
            |hits| {
                let place = |hit: &Hit| self.places.get(hit.pattern as usize).copied().unwrap_or_default();
                hits.iter().try_for_each(|hit| found(Hit { pattern: place(hit), ..*hit }))
            },
        );
    }

    /// How much memory the tables take.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let tables = &self.patterns;
        4 * (tables.filter.len() + tables.offsets.len() + tables.prefixes.len() + self.places.len())
            + 8 * (tables.singles.len() + tables.begins.len())
            + size_of::<Slot>() * tables.slots.len()
            + 2 * tables.units.len()
    }
}

/// One place of the hash table: a beginning and the patterns that begin so.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, bytemuck::Pod, bytemuck::Zeroable)]
#[repr(C)]
pub(crate) struct Slot {
    /// The beginning, one unit in every sixteen bits, first unit lowest; shorter ones end in zeros, and no unit is zero.
    begin: u64,
    /// The first of the patterns.
    first: u32,
    /// How many; zero for an empty slot.
    count: u32,
}

/// What stands at a place of a text and may be the beginning of patterns.
#[derive(Debug, Clone, Copy)]
struct Begun {
    begin: u64,
    at: usize,
    length: usize,
}

/// No pattern.
const NONE: u32 = u32::MAX;

/// The compiled patterns, wherever they lie (own memory or a mapped file).
#[derive(Debug, Clone, Copy)]
pub(crate) struct Patterns<'a> {
    /// Three bits for each beginning: in the word of its first two units for a pattern of two, of its first three for a longer one.
    pub(crate) filter: &'a [u32],
    /// One bit for each unit that is a pattern by itself; empty if there are none.
    pub(crate) singles: &'a [u64],
    /// A bit for the hash of the [`key`] of each pattern: what is none is turned away before the larger table of slots is touched.
    pub(crate) begins: &'a [u64],
    /// Open addressing, a power of two of slots, at most half full.
    pub(crate) slots: &'a [Slot],
    /// Where the units of each pattern begin; one more at the end.
    pub(crate) offsets: &'a [u32],
    /// The units of all patterns, sorted by length of beginning, then by units.
    pub(crate) units: &'a [u16],
    /// For each pattern the longest other one that it begins with, among those with the same beginning; [`NONE`] if none.
    pub(crate) prefixes: &'a [u32],
}

/// What tells most short texts from the beginnings of patterns.
#[derive(Debug)]
pub(crate) struct Begins {
    /// One bit for each unit that a longer pattern begins with.
    firsts: Vec<u64>,
    /// The first two and the first three units of longer patterns, each by a half of its hash: open addressing, half full at most, 0 for free. Two that
    /// share it are taken for one: some text is then held for nothing, one in thousands of millions.
    prefixes: Vec<u32>,
    /// Units of the longest pattern.
    pub(crate) longest: usize,
}

impl Begins {
    /// Whether a pattern of more than one unit begins with this one.
    pub(crate) fn has(&self, first: u16) -> bool {
        self.firsts.get(usize::from(first >> 6)).is_some_and(|word| word >> (first & 63) & 1 == 1)
    }

    fn insert(&mut self, print: u64) {
        let place = self.place(print);
        if let Some(slot) = self.prefixes.get_mut(place) {
            *slot = print as u32 | 1;
        }
    }

    /// Whether a longer pattern begins with these two or three units.
    fn has_prefix(&self, prefix: &[u16]) -> bool {
        self.prefixes.get(self.place(print(begin(prefix)))).is_some_and(|slot| *slot != 0)
    }

    /// Where a hash stands, or would.
    fn place(&self, print: u64) -> usize {
        let (mask, wanted) = (self.prefixes.len().wrapping_sub(1), print as u32 | 1);
        let mut at = (print >> 36) as usize & mask;
        while self.prefixes.get(at).is_some_and(|slot| *slot != 0 && *slot != wanted) {
            at = (at + 1) & mask;
        }
        at
    }
}

/// The same, owned.
#[derive(Debug, Default)]
pub(crate) struct Compiled {
    pub(crate) filter: Vec<u32>,
    pub(crate) singles: Vec<u64>,
    pub(crate) begins: Vec<u64>,
    pub(crate) slots: Vec<Slot>,
    pub(crate) offsets: Vec<u32>,
    pub(crate) units: Vec<u16>,
    pub(crate) prefixes: Vec<u32>,
}

impl Compiled {
    /// Compiles distinct patterns of 1 to [`MAX_UNITS`] units, none of them zero, that come in their [`order`].
    pub(crate) fn build<'a>(patterns: impl Iterator<Item = &'a [u16]>) -> Self {
        let mut built = Self { offsets: vec![0], ..Self::default() };
        let mut groups: Vec<Slot> = Vec::new();
        let mut open: Vec<(u32, &[u16])> = Vec::new();
        let mut keys: Vec<u64> = Vec::new();
        for (at, units) in (0..).zip(patterns) {
            built.units.extend(units);
            built.offsets.push(built.units.len() as u32);
            if keys.last() != Some(&key(units)) {
                keys.push(key(units));
            }
            let begin = begin(units);
            match groups.last_mut().filter(|slot| slot.begin == begin) {
                Some(slot) => slot.count += 1,
                None => {
                    groups.push(Slot { begin, first: at, count: 1 });
                    open.clear();
                }
            }
            // The patterns that this one begins with are the last ones before it that are still open.
            while open.last().is_some_and(|(_, before)| !units.starts_with(before)) {
                open.pop();
            }
            built.prefixes.push(open.last().map_or(NONE, |(before, _)| *before));
            open.push((at, units));
        }
        built.fill_filter(&groups);
        built.fill_keys(&keys);
        built.fill_slots(&groups);
        built
    }

    fn fill_filter(&mut self, groups: &[Slot]) {
        let wanted = groups.len().div_ceil(KEYS_A_WORD);
        let size = wanted.next_power_of_two().clamp(*FILTER_SIZES.start(), *FILTER_SIZES.end());
        self.filter.resize(size, 0);
        for (word, key) in groups.iter().filter_map(|slot| filter_keys(slot.begin)) {
            if let Some(word) = self.filter.get_mut(word as usize & (size - 1)) {
                *word |= filter_bits(key);
            }
        }
        let singles = groups.iter().map(|slot| slot.begin).filter(|begin| units_of(*begin) == 1);
        for unit in singles {
            self.singles.resize(1 << 10, 0);
            if let Some(word) = self.singles.get_mut(unit as usize >> 6) {
                *word |= 1 << (unit & 63);
            }
        }
    }

    fn fill_keys(&mut self, keys: &[u64]) {
        self.begins.resize((keys.len() * BITS_EACH).next_power_of_two().div_ceil(64), 0);
        for &key in keys {
            let (word, bit) = bit(key, self.begins.len());
            if let Some(word) = self.begins.get_mut(word) {
                *word |= bit;
            }
        }
    }

    fn fill_slots(&mut self, groups: &[Slot]) {
        self.slots.resize((groups.len() * 2).next_power_of_two(), Slot::default());
        let mask = self.slots.len() - 1;
        for group in groups {
            let mut at = spread(group.begin) as usize & mask;
            while self.slots.get(at).is_some_and(|slot| slot.count > 0) {
                at = (at + 1) & mask;
            }
            if let Some(slot) = self.slots.get_mut(at) {
                *slot = *group;
            }
        }
    }

    pub(crate) fn view(&self) -> Patterns<'_> {
        Patterns {
            filter: &self.filter,
            singles: &self.singles,
            begins: &self.begins,
            slots: &self.slots,
            offsets: &self.offsets,
            units: &self.units,
            prefixes: &self.prefixes,
        }
    }
}

/// The order of patterns: by the length of their beginning, then by their units.
pub(crate) fn order(units: &[u16]) -> (usize, u64, &[u16]) {
    let first = units.iter().take(BEGIN).fold(0, |key, &unit| key << 16 | u64::from(unit));
    (units.len().min(BEGIN), first, units)
}

/// The beginning of a pattern.
fn begin(units: &[u16]) -> u64 {
    units.iter().take(BEGIN).rev().fold(0, |begin, &unit| begin << 16 | u64::from(unit))
}

/// How many units a beginning has.
fn units_of(begin: u64) -> usize {
    BEGIN - begin.leading_zeros() as usize / 16
}

/// Fibonacci hashing: the top bits of a product with the golden ratio.
pub(crate) const GOLDEN: u64 = 0x9E37_79B9_7F4A_7C15;

/// Where a beginning's slot is looked for first.
#[inline(always)]
fn spread(begin: u64) -> u64 {
    begin.wrapping_mul(GOLDEN).rotate_left(27)
}

/// Units of a long key: many long patterns share their first word (how to …), and few of them more.
const LONG: usize = 2 * BEGIN;

/// What the bit of a pattern is found by: its beginning, of a pattern of [`LONG`] units or more a mixture of so many.
#[inline(always)]
fn key(units: &[u16]) -> u64 {
    match units.get(BEGIN..LONG) {
        Some(more) => (begin(units) ^ begin(units) >> 32).wrapping_mul(GOLDEN) ^ begin(more),
        None => begin(units),
    }
}

/// The word and the bit of a key in a table of so many words. The halves are mixed first: the middle of the product then depends on every unit.
#[inline(always)]
fn bit(key: u64, words: usize) -> (usize, u64) {
    let hash = (key ^ key >> 32).wrapping_mul(GOLDEN) >> 32;
    ((hash >> 6) as usize & words.wrapping_sub(1), 1 << (hash & 63))
}

/// A hash of a prefix of which every half depends on all of it.
fn print(prefix: u64) -> u64 {
    let mixed = prefix.wrapping_mul(GOLDEN);
    (mixed ^ mixed >> 32).wrapping_mul(GOLDEN)
}

/// Odd, and far from [`GOLDEN`]: what a further unit is multiplied with (the lower half of SplitMix64's first factor).
pub(crate) const THIRD: u32 = 0x1CE4_E5B9;
/// How far a product is shifted onto itself, so that its low bits depend on all units.
pub(crate) const FOLDED: u32 = 15;
/// The runs of five bits of a key that choose bits of a word; the word is chosen by the low ones, of which only the largest filter asks for one of
/// these.
pub(crate) const FIRST_BIT: u32 = 27;
pub(crate) const SECOND_BIT: u32 = 22;
pub(crate) const THIRD_BIT: u32 = 17;

/// What the filter knows two units by.
#[inline(always)]
fn pair_key(first: u16, second: u16) -> u32 {
    let product = (u32::from(first) | u32::from(second) << 16).wrapping_mul(GOLDEN as u32);
    product ^ product >> FOLDED
}

/// What it knows a unit more by, given what it knows those before it by.
#[inline(always)]
fn longer_key(key: u32, next: u16) -> u32 {
    let product = (key ^ u32::from(next).wrapping_mul(THIRD)).wrapping_mul(GOLDEN as u32);
    product ^ product >> FOLDED
}

/// What the filter knows a beginning by: what chooses the word, and what chooses the bits in it. Nothing if it has one unit only.
fn filter_keys(begin: u64) -> Option<(u32, u32)> {
    let unit = |at: u32| (begin >> (16 * at)) as u16;
    let pair = pair_key(unit(0), unit(1));
    let triple = longer_key(pair, unit(2));
    match units_of(begin) {
        0 | 1 => None,
        2 => Some((pair, pair)),
        3 => Some((triple, triple)),
        _ => Some((triple, longer_key(triple, unit(3)))),
    }
}

#[inline(always)]
fn filter_bits(key: u32) -> u32 {
    1 << (key >> FIRST_BIT) | 1 << (key >> SECOND_BIT & 31) | 1 << (key >> THIRD_BIT & 31)
}

impl<'a> Patterns<'a> {
    /// Checks what the scan relies on to end and to stay within bounds' reach, so that a damaged artefact is an error, not a wrong answer.
    ///
    /// # Errors
    /// A table has a wrong length or points outside.
    pub(crate) fn check(&self) -> Result<(), Corrupt> {
        let patterns = self.len();
        let filters = FILTER_SIZES.contains(&self.filter.len())
            && self.filter.len().is_power_of_two()
            && (self.singles.is_empty() || self.singles.len() == 1 << 10);
        let slots = self.slots.len().is_power_of_two()
            && self.slots.iter().any(|slot| slot.count == 0)
            && self.slots.iter().all(|slot| slot.first as usize + slot.count as usize <= patterns);
        let begins = self.begins.len().is_power_of_two();
        let offsets = self.offsets.is_sorted()
            && self.offsets.last().is_some_and(|&end| end as usize == self.units.len())
            && !self.units.contains(&0);
        let prefixes = self.prefixes.len() == patterns && self.prefixes.iter().enumerate().all(|(at, &p)| p == NONE || (p as usize) < at);
        if filters && slots && begins && offsets && prefixes {
            Ok(())
        } else {
            Err(Corrupt("the tables of the patterns do not fit each other".to_owned()))
        }
    }

    /// How many patterns there are.
    pub(crate) fn len(&self) -> usize {
        self.offsets.len().saturating_sub(1)
    }

    /// The units of a pattern.
    pub(crate) fn pattern(&self, at: u32) -> &'a [u16] {
        match self.offsets.get(at as usize..).and_then(|rest| rest.first_chunk()) {
            Some(&[start, end]) => self.units.get(start as usize..end as usize).unwrap_or_default(),
            None => &[],
        }
    }

    /// Adds what stands side by side in some pattern.
    pub(crate) fn add_neighbours(&self, pairs: &mut Neighbours) {
        let all = (0..self.len() as u32).flat_map(|at| self.pattern(at).array_windows());
        all.for_each(|&[first, second]| pairs.add(first, second));
    }

    /// Calls `found` with all matches, some at a time, in order of start; stops when it says so. What `may_be` denies is not looked up: it is asked for
    /// a start and a number of units, which is that of the match or, from [`BEGIN`] on, the least.
    pub(crate) fn scan(&self, text: &[u16], may_be: impl Fn(usize, usize) -> bool, mut found: impl FnMut(&[Hit]) -> ControlFlow<()>) {
        let _ = if self.singles.is_empty() {
            each_block(self.filter, text, |places| self.matches_among(text, places, &may_be, &mut found))
        } else {
            self.matches_among(text, 0..text.len(), &may_be, &mut found)
        };
    }

    /// Calls `found` with all matches that begin at some of these places; see [`Self::scan`]. What stands at one place waits for memory mostly, so
    /// that many places are looked at together: each step asks for what the next one reads.
    pub(crate) fn matches_among(
        &self,
        text: &[u16],
        mut places: impl Iterator<Item = usize>,
        may_be: &impl Fn(usize, usize) -> bool,
        found: &mut impl FnMut(&[Hit]) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        let (mut asked, mut known, mut hits) = (Vec::new(), Vec::new(), Vec::new());
        loop {
            let (mut together, mut count) = ([0; TOGETHER], 0);
            for (slot, at) in together.iter_mut().zip(places.by_ref()) {
                *slot = at;
                count += 1;
                self.fetch_filter(text, at);
            }
            for &at in together.iter().take(count) {
                self.each_begun(text, at, may_be, |one| {
                    self.fetch_key(text, one);
                    asked.push(one);
                });
            }
            asked.retain(|one| self.is_begun(text, *one));
            asked.iter().for_each(|one| fetch(self.slots, self.place(one.begin)));
            known.extend(asked.drain(..).filter_map(|one| Some((one, self.slot(one.begin)?))));
            let middle = |slot: &Slot| (slot.first + slot.count / 2) as usize;
            known.iter().filter(|(one, _)| one.length == BEGIN).for_each(|(_, slot)| fetch(self.offsets, middle(slot)));
            for (one, slot) in known.drain(..) {
                self.matches(text, one, slot, &mut hits);
            }
            if !hits.is_empty() {
                found(&hits)?;
                hits.clear();
            }
            // The places are at their end: there was none for the last of these.
            if count < TOGETHER {
                return ControlFlow::Continue(());
            }
        }
    }

    /// Asks for what [`Self::each_begun`] reads first.
    fn fetch_filter(&self, text: &[u16], at: usize) {
        if let Some(&[first, second, third]) = text.get(at..).and_then(|rest| rest.first_chunk()) {
            let pair = pair_key(first, second);
            fetch(self.filter, pair as usize & self.filter.len().wrapping_sub(1));
            fetch(self.filter, longer_key(pair, third) as usize & self.filter.len().wrapping_sub(1));
        }
    }

    /// Calls `meet` with every beginning at a place that may be one of a pattern, as far as the filter can tell.
    fn each_begun(&self, text: &[u16], at: usize, may_be: &impl Fn(usize, usize) -> bool, mut meet: impl FnMut(Begun)) {
        let rest = text.get(at..text.len().min(at + BEGIN)).unwrap_or_default();
        let full = begin(rest);
        let mut ask = |length: usize| {
            let begin = if length == BEGIN { full } else { full & ((1 << (16 * length)) - 1) };
            meet(Begun { begin, at, length });
        };
        if self.singles.get(full as usize >> 6 & 0x3ff).is_some_and(|word| word >> (full & 63) & 1 == 1) && may_be(at, 1) {
            ask(1);
        }
        let &[first, second, ref more @ ..] = rest else { return };
        let pair = pair_key(first, second);
        if may_be(at, 2) && self.has_filtered(pair, pair) {
            ask(2);
        }
        let &[third, ref more @ ..] = more else { return };
        let triple = longer_key(pair, third);
        if may_be(at, 3) && self.has_filtered(triple, triple) {
            ask(3);
        }
        if more.first().is_some_and(|&fourth| may_be(at, BEGIN) && self.has_filtered(triple, longer_key(triple, fourth))) {
            ask(BEGIN);
        }
    }

    /// The [`key`] of a long pattern that may stand where a beginning does.
    fn long_key(&self, text: &[u16], one: Begun) -> Option<u64> {
        let rest = text.get(one.at..one.at + LONG).filter(|_| one.length == BEGIN)?;
        Some(key(rest))
    }

    /// Asks for what [`Self::is_begun`] reads.
    fn fetch_key(&self, text: &[u16], one: Begun) {
        for key in [Some(one.begin), self.long_key(text, one)].into_iter().flatten() {
            fetch(self.begins, bit(key, self.begins.len()).0);
        }
    }

    /// Whether a pattern begins so, as far as the table of beginnings can tell.
    fn is_begun(&self, text: &[u16], one: Begun) -> bool {
        self.has_key(one.begin) || self.long_key(text, one).is_some_and(|key| self.has_key(key))
    }

    fn has_filtered(&self, word: u32, key: u32) -> bool {
        let bits = filter_bits(key);
        self.filter.get(word as usize & self.filter.len().wrapping_sub(1)).is_some_and(|word| word & bits == bits)
    }

    fn has_key(&self, key: u64) -> bool {
        let (word, bit) = bit(key, self.begins.len());
        self.begins.get(word).is_some_and(|word| word & bit != 0)
    }

    /// Where the slot of a beginning is looked for first.
    fn place(&self, begin: u64) -> usize {
        spread(begin) as usize & self.slots.len().wrapping_sub(1)
    }

    fn slot(&self, begin: u64) -> Option<Slot> {
        let mut at = self.place(begin);
        loop {
            let slot = self.slots.get(at)?;
            if slot.count == 0 {
                return None;
            }
            if slot.begin == begin {
                return Some(*slot);
            }
            at = (at + 1) & self.slots.len().wrapping_sub(1);
        }
    }

    /// All patterns of one beginning that the text goes on to spell: the last one not after the text, and the chain of its prefixes.
    fn matches(&self, text: &[u16], begun: Begun, slot: Slot, hits: &mut Vec<Hit>) {
        let Begun { at, length, .. } = begun;
        let hit = |units: usize, pattern: u32| Hit { start: at as u32, end: (at + units) as u32, pattern };
        if length < BEGIN {
            // A short beginning is the whole pattern.
            hits.push(hit(length, slot.first));
            return;
        }
        let rest = text.get(at..text.len().min(at + MAX_UNITS)).unwrap_or_default();
        let (mut low, mut high) = (slot.first, slot.first + slot.count);
        while high - low > 1 {
            let middle = low + (high - low) / 2;
            if self.pattern(middle) <= rest { low = middle } else { high = middle }
        }
        let mut pattern = low;
        while pattern != NONE {
            let units = self.pattern(pattern);
            if rest.starts_with(units) {
                hits.push(hit(units.len(), pattern));
            }
            pattern = self.prefixes.get(pattern as usize).copied().unwrap_or(NONE);
        }
    }

    /// What [`Patterns::is_open`] asks first.
    pub(crate) fn begins(&self) -> Begins {
        let mut begins = Begins { firsts: vec![0; 1 << 10], prefixes: Vec::new(), longest: 0 };
        let all = || (0..self.len() as u32).map(|at| self.pattern(at));
        let (mut prints, mut last) = (Vec::new(), [0; 2]);
        for pattern in all() {
            begins.longest = begins.longest.max(pattern.len());
            if let [first, _, ..] = pattern
                && let Some(word) = begins.firsts.get_mut(usize::from(first >> 6))
            {
                *word |= 1_u64 << (first & 63);
            }
            // Patterns of one beginning follow one another: most prefixes are the one before once more.
            for (length, last) in (2..BEGIN).zip(&mut last) {
                let prefix = begin(pattern.get(..length).filter(|_| pattern.len() > length).unwrap_or_default());
                if prefix != 0 && prefix != *last {
                    prints.push(print(prefix));
                    *last = prefix;
                }
            }
        }
        begins.prefixes.resize((prints.len() * 2).next_power_of_two(), 0);
        prints.into_iter().for_each(|print| begins.insert(print));
        begins
    }

    /// Whether some pattern is longer than this text and begins with it.
    pub(crate) fn is_open(&self, text: &[u16], begins: &Begins) -> bool {
        let longer = |units: &[u16]| units.len() > text.len() && units.starts_with(text);
        // In a sorted range of patterns; the text itself may be one and stand first.
        let among = |range: Range<u32>| {
            let at = partition(range.clone(), |pattern| self.pattern(pattern) < text);
            (at..range.end).take(2).any(|pattern| longer(self.pattern(pattern)))
        };
        match text {
            [] => false,
            [first, ..] if !begins.has(*first) => false,
            [_] => true,
            [_, _] | [_, _, _] => begins.has_prefix(text),
            _ => {
                filter_keys(begin(text)).is_some_and(|(word, key)| self.has_filtered(word, key))
                    && self.slot(begin(text)).is_some_and(|slot| among(slot.first..slot.first + slot.count))
            }
        }
    }
}

/// The filters of several sets of patterns in one: what it turns away begins a pattern of none.
#[derive(Debug, Default)]
pub(crate) struct Sieve(Vec<u32>);

impl Sieve {
    /// Of these sets; patterns of one unit it does not know.
    pub(crate) fn of(sets: Vec<Patterns<'_>>) -> Self {
        let mut filter = vec![0; sets.iter().map(|set| set.filter.len()).max().unwrap_or(0)];
        for set in sets {
            // The word of a key in a smaller filter is that of the larger one without its highest bits.
            for (word, own) in filter.iter_mut().zip(set.filter.iter().cycle()) {
                *word |= own;
            }
        }
        Self(filter)
    }

    /// The places of a text that may begin a match, in order.
    pub(crate) fn sift(&self, text: &[u16]) -> Vec<u32> {
        let mut places = Vec::new();
        let _ = each_block(&self.0, text, |block| {
            places.extend(block.map(|at| at as u32));
            ControlFlow::Continue(())
        });
        places
    }
}

/// Calls `look` with the places that a filter does not turn away, some at a time, in order, until it says so.
fn each_block(filter: &[u32], text: &[u16], mut look: impl FnMut(&mut dyn Iterator<Item = usize>) -> ControlFlow<()>) -> ControlFlow<()> {
    let mut candidates = [0_u16; BLOCK];
    for block in (0..text.len()).step_by(BLOCK) {
        let window = text.get(block..text.len().min(block + BLOCK + BEGIN - 1)).unwrap_or_default();
        let count = self::candidates(filter, window, (text.len() - block).min(BLOCK), &mut candidates);
        look(&mut candidates.iter().take(count).map(|&at| block + usize::from(at)))?;
    }
    ControlFlow::Continue(())
}

/// Writes the positions that may begin a match, and says how many.
fn candidates(filter: &[u32], window: &[u16], positions: usize, out: &mut [u16; BLOCK]) -> usize {
    let whole = window.len().saturating_sub(BEGIN - 1).min(positions);
    let (from, count) = crate::wide::sift(filter, window, out);
    let count = sift(filter, window, from..whole, out, count);
    // The last few places are looked up as they are.
    all(whole..positions, out, count)
}

fn all(positions: Range<usize>, out: &mut [u16; BLOCK], count: usize) -> usize {
    let places = out.iter_mut().skip(count).zip(positions);
    count + places.map(|(slot, at)| *slot = at as u16).count()
}

/// Writes the positions whose next two or three units are a pattern, or whose next four begin one, as far as the filter can tell. No branch: a
/// mispredicted one costs more than all the rest.
#[inline(never)]
fn sift(filter: &[u32], window: &[u16], positions: Range<usize>, out: &mut [u16; BLOCK], mut count: usize) -> usize {
    let last = filter.len().wrapping_sub(1);
    let word = |key: u32| filter.get(key as usize & last).copied().unwrap_or_default();
    let lacks = |word: u32, key: u32| !word & filter_bits(key) != 0;
    let window = window.get(positions.start..).unwrap_or_default();
    for (position, &[first, second, third, fourth]) in positions.zip(window.array_windows::<BEGIN>()) {
        let pair = pair_key(first, second);
        let triple = longer_key(pair, third);
        let longer = word(triple);
        if let Some(slot) = out.get_mut(count & (BLOCK - 1)) {
            *slot = position as u16;
        }
        count += usize::from(!(lacks(word(pair), pair) & lacks(longer, triple) & lacks(longer, longer_key(triple, fourth))));
    }
    count
}

/// The first of a range for which `before` does not hold, given that it holds for a prefix of the range.
fn partition(range: Range<u32>, before: impl Fn(u32) -> bool) -> u32 {
    let (mut low, mut high) = (range.start, range.end);
    while low < high {
        let middle = low + (high - low) / 2;
        if before(middle) { low = middle + 1 } else { high = middle }
    }
    low
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn open_is_what_a_longer_pattern_begins_with(words in proptest::collection::btree_set("[abc代]{1,7}", 0..30), text in "[abc代]{1,7}") {
            let units = |text: &str| text.encode_utf16().collect::<Vec<_>>();
            let mut patterns: Vec<_> = words.iter().map(|word| units(word)).collect();
            patterns.sort_by(|a, b| order(a).cmp(&order(b)));
            let compiled = Compiled::build(patterns.iter().map(Vec::as_slice));
            let (set, text) = (compiled.view(), units(&text));
            let obvious = patterns.iter().any(|pattern| pattern.len() > text.len() && pattern.starts_with(&text));
            proptest::prop_assert_eq!(set.is_open(&text, &set.begins()), obvious);
        }
    }
}

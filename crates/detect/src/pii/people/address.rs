//! Chinese postal addresses, from the province down to the room, as a chain of parts that each end in a word of their kind.
//!
//! A chain starts at a province or city (places.tsv), behind a label (address-words.tsv), or at a road or estate that a number follows. It
//! is an address when it goes down to a road, village or estate with a number; behind a label the number may be missing. Not done: places
//! named without any of the ending words.

use std::sync::LazyLock;

use super::view::{View, char_of, is_digit, is_han, is_letter, is_numeral, unit};
use super::words::{Hit, Words};
use super::{Candidate, LONGEST, PersonalKind, door};

/// Longest name of one part before its ending word (新疆生产建设兵团-like names are cut): units.
const NAME: usize = 8;
/// Most parts in a chain; a full address from province to room has about ten.
const PARTS: usize = 14;
/// How far back a road's name, its town and its district are looked for.
const BACK: usize = 12;

/// Units of a road's name that nothing before it ends, if it ends in a direction or a numeral (东三路).
const TURNED: usize = 3;

struct Tables {
    places: Words,
    suffixes: Words,
    suffixes_back: Words,
    labels_back: Words,
    /// Words of place names that begin with a barred character.
    spared: Words,
    /// By unit: bit 0 begins a place, bit 1 ends a label, bit 2 ends a road, village or estate, bit 3 is in no place name.
    class: Vec<u8>,
}

static TABLES: LazyLock<Tables> = LazyLock::new(|| {
    let (places, suffixes, words) =
        (include_str!("data/places.tsv"), include_str!("data/suffixes.tsv"), include_str!("data/address-words.tsv"));
    let (places, labels_back) = (Words::forward(&[places]), Words::backward_of(words, &[1, 2]));
    let (ends, barred) = (Words::backward_of(suffixes, &[3, 4, 5, 6, 7, 8]), Words::forward_of(words, &[9]));
    let bits = |u| {
        u8::from(places.may_begin(u))
            | u8::from(labels_back.may_begin(u)) << 1
            | u8::from(ends.may_begin(u)) << 2
            | u8::from(barred.may_begin(u)) << 3
    };
    let class = (0..=u16::MAX).map(bits).collect();
    Tables {
        places,
        suffixes: Words::forward(&[suffixes]),
        suffixes_back: ends,
        labels_back,
        spared: Words::forward_of(words, &[8]),
        class,
    }
});

fn class(u: u16) -> u8 {
    TABLES.class.get(usize::from(u)).copied().unwrap_or(0)
}

/// What a chain starts with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Start {
    Place,
    /// The value of the label: 1 a field, 2 a verb.
    Label(i16),
    Road,
}

/// Whether the unit begins a place, ends a label, or ends a road, village or estate.
pub(super) fn may_turn(u: u16) -> bool {
    class(u) & 7 != 0
}

/// Calls `visit` with the places around `i` where an address may start, and how.
pub(super) fn around(view: &View, i: usize, mut visit: impl FnMut(usize, Start)) {
    let bits = view.at(i).map_or(0, class);
    if bits & 1 == 1 && (TABLES.places.at(view, i).is_some() || i + 4 > view.units().len()) {
        visit(i, Start::Place);
    }
    if bits & 2 == 2
        && let Some(hit) = TABLES.labels_back.before(view, i + 1)
    {
        let start = view.skip_filler(after_is(view, i + 1), 3);
        // A field's label is a noun of any sentence (地址空间) unless something sets it apart.
        if hit.value != 1 || start > i + 1 || view.gap(start) || start >= view.units().len() {
            visit(start, Start::Label(hit.value));
        }
    }
    if bits & 4 == 4
        && number_follows(view, i + 1)
        && let Some(start) = name_start(view, i + 1)
    {
        visit(start, Start::Road);
    }
}

/// Where a name at the text's end may start that becomes a road's: as far back as names go, or (see [`name_start`]) a few units before the
/// word that is still to come.
pub(super) fn tail(view: &View) -> impl Iterator<Item = usize> {
    let end = view.units().len();
    let first = name_back(view, end);
    (first..end).take(1).chain((first + 1).max(end.saturating_sub(TURNED))..end)
}

/// `地址是`, `地址在`, `住址为`: one more character before the address.
fn after_is(view: &View, i: usize) -> usize {
    let is = view.at(i).is_some_and(|u| matches!(char_of(u), '是' | '为' | '在' | '于'));
    if is { i + 1 } else { i }
}

fn number_follows(view: &View, i: usize) -> bool {
    view.at(view.skip_filler(i, 1)).is_none_or(|u| is_digit(u) || is_numeral(u) || is_letter(u))
}

/// Where the name that ends before `end` starts: back to what no place name holds, or two characters (three before a direction) when
/// nothing stops it earlier; a district, town or village before it is taken with it.
fn name_start(view: &View, end: usize) -> Option<usize> {
    let start = name_back(view, end);
    let name = end - TABLES.suffixes_back.before(view, end)?.len;
    if start >= name {
        return None;
    }
    if name - start <= 4 || start + BACK > end && admin_inside(view, start, name) {
        return Some(start);
    }
    let turned = view.before(name).is_some_and(|u| matches!(char_of(u), '东' | '西' | '南' | '北' | '中' | '一' | '二' | '三' | '四'));
    Some(name - if turned { TURNED } else { 2 })
}

fn name_back(view: &View, end: usize) -> usize {
    let part = |i: usize| view.before(i).is_some_and(|u| is_han(u) && !barred(view, i - 1, u));
    let mut start = end;
    while start + BACK > end && part(start) && !(start < end && view.gap(start)) {
        start -= 1;
    }
    start
}

fn admin_inside(view: &View, start: usize, end: usize) -> bool {
    (start + 2..end).any(|i| view.at(i).is_some_and(|u| matches!(char_of(u), '区' | '县' | '镇' | '乡' | '市' | '村')))
}

/// What the chain holds so far.
#[derive(Debug, Default)]
pub(super) struct Chain {
    pub(super) end: usize,
    pub(super) parts: usize,
    /// Parts by kind: province, city or district; town; road; village; estate.
    pub(super) admin: usize,
    pub(super) town: usize,
    pub(super) road: usize,
    pub(super) village: usize,
    pub(super) estate: usize,
    /// Estates and roads whose ending word is weak.
    pub(super) weak: usize,
    pub(super) numbers: usize,
    /// The end of the last part that a reader would still call address.
    pub(super) solid: usize,
}

/// The address that starts at `i`, if one does.
pub(super) fn at(view: &View, i: usize, start: Start) -> Option<Candidate> {
    let mut chain = Chain { end: i, solid: i, ..Chain::default() };
    while chain.parts < PARTS && step(view, i, start, &mut chain) {}
    let score = chain.score(start)?;
    (chain.solid > i && chain.solid - i <= LONGEST).then_some(Candidate { kind: PersonalKind::Address, range: i..chain.solid, score })
}

impl Chain {
    fn score(&self, start: Start) -> Option<f32> {
        let named = self.road + self.village + self.estate;
        let anchored = named + self.weak;
        match start {
            _ if self.numbers > 0 && named > 0 => Some(if self.admin > 0 || start != Start::Road { 0.95 } else { 0.8 }),
            _ if self.numbers > 0 && anchored > 0 && (self.admin + self.town > 0 || self.numbers > 1 || start != Start::Road) => Some(0.8),
            Start::Label(1) if self.numbers > 1 || named + self.town > 0 || self.admin > 1 || self.weak > 0 && self.admin > 0 => Some(0.8),
            Start::Label(_) if anchored > 0 && self.admin + self.town > 0 || self.numbers > 1 => Some(0.7),
            _ => None,
        }
    }
}

/// Takes one more part; says whether it did.
fn step(view: &View, start: usize, kind: Start, chain: &mut Chain) -> bool {
    let at = if chain.parts == 0 { chain.end } else { view.skip_filler(chain.end, 2) };
    if at > start + LONGEST {
        return false;
    }
    let taken = door::number(view, at, chain).or_else(|| if at < chain.end + 2 { place(view, at, chain) } else { None });
    let taken = taken.or_else(|| named(view, at, kind, chain));
    if let Some(end) = taken {
        (chain.end, chain.parts) = (end, chain.parts + 1);
    }
    taken.is_some()
}

/// A province or city of the tables, its suffix with it.
fn place(view: &View, at: usize, chain: &mut Chain) -> Option<usize> {
    if chain.road + chain.numbers + chain.estate > 0 {
        return None;
    }
    let hit = TABLES.places.whole_at(view, at)?;
    let end = at + hit.len;
    let suffix = TABLES.suffixes.whole_at(view, end).filter(|_| !view.gap(end));
    let end = match suffix {
        Some(Hit { value: 1, len }) => end + len,
        // 湖南省长沙市: the longer word 省长 is none here.
        Some(Hit { value: 0, .. }) if view.at(end).is_some_and(|u| u == unit('省') || u == unit('市')) => end + 1,
        // 南京路, 朝阳区, 中山大道: the name belongs to what follows.
        Some(Hit { value: 2.., .. }) => return None,
        _ if chain.parts > 0 && short_road(view, at, hit.len) => return None,
        _ => end,
    };
    chain.admin += 1;
    if chain.parts > 0 {
        chain.solid = end;
    }
    Some(end)
}

/// `上海南京西路`: a road named after a city, one character between.
fn short_road(view: &View, at: usize, len: usize) -> bool {
    TABLES.suffixes.whole_at(view, at + len + 1).is_some_and(|hit| hit.value == 4)
}

/// A district, town, road, village or estate: a name and its ending word, the nearest one, and of these the longest.
fn named(view: &View, at: usize, kind: Start, chain: &mut Chain) -> Option<usize> {
    if chain.parts == 0 && kind == Start::Place {
        return None;
    }
    let mut from = at;
    while from <= at + NAME {
        let suffix = TABLES.suffixes.whole_at(view, from).filter(|_| from > at || chain.parts > 0);
        // Below a number there is no district and no road any more: 6008号特|区|报业大厦.
        let above = suffix.is_some_and(|hit| (1..=4).contains(&hit.value) && chain.numbers > 0);
        if let Some(hit) = suffix.filter(|hit| !above && hit.value > 0 && (from > at || hit.len > 1)) {
            let (hit, from) = stronger(view, from, hit);
            return chain.take(hit.value, from + hit.len, from - at);
        }
        if !name_unit(view, from) || from > at && view.gap(from) || suffix.is_some_and(|hit| hit.value == 0) {
            return None;
        }
        from += 1;
    }
    None
}

/// 西湖|区, 花园|路: a village's, an estate's or a weak ending word yields to a district's, town's or road's one or two units on.
fn stronger(view: &View, from: usize, hit: Hit) -> (Hit, usize) {
    let after = from + hit.len;
    let (least, most) = if hit.value < 7 { (2, 4) } else { (1, 6) };
    let taken = |at: usize| TABLES.suffixes.whole_at(view, at).filter(|next| (least..=most).contains(&next.value)).map(|next| (next, at));
    let reach = match hit.value {
        ..=4 => 0,
        6 => 1,
        _ => 2,
    };
    let name = |at: usize| name_unit(view, at) && !view.at(at).is_some_and(|u| is_numeral(u) || is_digit(u));
    (after..after + reach).take_while(|&at| !view.gap(at) && (at == after || name(at - 1))).find_map(taken).unwrap_or((hit, from))
}

/// Whether the unit at `i` may stand in the name of a place.
fn name_unit(view: &View, i: usize) -> bool {
    view.at(i).is_some_and(|u| is_digit(u) || is_letter(u) || is_han(u) && !barred(view, i, u))
}

fn barred(view: &View, i: usize, u: u16) -> bool {
    // At the text's end what would spare it may still come.
    let open = TABLES.spared.may_begin(u) && view.at(i + 1).is_none();
    class(u) & 8 != 0 && !open && TABLES.spared.at(view, i).is_none()
}

impl Chain {
    /// Counts a named part; `None` where such a part cannot stand here.
    fn take(&mut self, value: i16, end: usize, name: usize) -> Option<usize> {
        let below = self.road + self.numbers + self.estate > 0;
        match value {
            1 | 2 if below || name > 6 => return None,
            1 | 2 => self.admin += 1,
            3 if self.numbers > 0 => return None,
            3 => self.town += 1,
            4 if self.numbers > 0 => return None,
            4 => self.road += 1,
            5 => self.village += 1,
            6 => self.estate += 1,
            // 东二院 behind a number: address only when a number follows.
            _ if self.numbers > 0 => return Some(end),
            _ => self.weak += 1,
        }
        self.solid = end;
        Some(end)
    }
}

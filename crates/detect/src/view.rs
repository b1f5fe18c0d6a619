//! Views: the text as a disguise would have it read, beside the text as it stands.
//!
//! A view is made of the folded text: characters put together from their parts (弓虽 is 强), Latin letters from digits and signs (h3r0in), or
//! the sound of everything in pinyin, in which homophones, pinyin and mixtures of both are the same. Each unit of a view knows the units of the folded text it stands
//! for. Views hold only what surrounds a change, so that text without a disguise costs next to nothing.

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;
use std::sync::LazyLock;

use crate::fold::{FIRST_CJK, is_cjk, is_filler};
use crate::pairs::{Neighbours, Pairs};
use crate::sound;

/// Units kept on either side of a change: the longest keyword, so that no match that needs the change is cut.
const AROUND: usize = crate::engine::MAX_UNITS;

/// Longest run of letters and signs read as one leet word: longer ones are encodings or identifiers.
const MAX_LEET: usize = 64;

/// How a finding was hidden.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Via {
    Plain,
    Initials,
    Split,
    Leet,
    Sound,
    Spaced,
    /// Characters taken apart, without those whose parts are everyday words.
    SureSplit,
    /// Pinyin of letters and signs: f4pi40.
    DrawnSound,
}

impl Via {
    /// How many there are.
    pub(crate) const COUNT: usize = Self::DrawnSound as usize + 1;

    /// Its id in findings.
    pub(crate) fn id(self) -> Option<&'static str> {
        match self {
            Self::Plain => None,
            Self::Initials => Some("initials"),
            Self::Split | Self::SureSplit => Some("split"),
            Self::Leet => Some("leet"),
            Self::Sound | Self::DrawnSound => Some("sound"),
            Self::Spaced => Some("spaced"),
        }
    }
}

/// All views of a text.
#[derive(Debug, Default)]
pub(crate) struct Views {
    pub(crate) split: View,
    /// Empty where it would be as `split`.
    pub(crate) sure_split: View,
    pub(crate) spaced: View,
    pub(crate) leet: View,
    pub(crate) initials: View,
    pub(crate) sound: View,
    pub(crate) drawn_sound: View,
}

impl Views {
    /// What lexicons have beside each other tells which everyday characters are parts of another; without it they are so beside other parts only.
    pub(crate) fn of(text: &[u16], neighbours: Option<&Neighbours>) -> Self {
        // No early end, so that the compiler makes vector code of it: most Chinese texts have no letter, and need no view of letters.
        let letters = text.iter().fold(false, |any, &unit| any | is_letter(unit));
        let drawn = letters || text.iter().fold(false, |any, &unit| any | may_draw(unit));
        let words = if drawn { mixed_words(text) } else { Vec::new() };
        let (split, sure_split) = splits(text, neighbours.map_or(Everyday::BesideSure, Everyday::Known));
        Self {
            split,
            sure_split,
            spaced: if letters { spaced(text) } else { View::default() },
            leet: leet(text, &words),
            initials: if letters { sound::around_initials(text) } else { View::default() },
            sound: sound::view(text),
            drawn_sound: sound::drawn(text, &words),
        }
    }
}

/// Units with the units of the folded text they stand for. Where something is left out stands a zero, which no pattern has.
#[derive(Debug, Default)]
pub(crate) struct View {
    pub(crate) units: Vec<u16>,
    origins: Vec<(u32, u32)>,
}

impl View {
    pub(crate) fn with_capacity(units: usize) -> Self {
        Self { units: Vec::with_capacity(units), origins: Vec::with_capacity(units) }
    }

    pub(crate) fn push(&mut self, unit: u16, origin: Range<usize>) {
        self.units.push(unit);
        self.origins.push((origin.start as u32, origin.end as u32));
    }

    /// The units of the folded text behind a range of the view.
    pub(crate) fn origin(&self, range: Range<usize>) -> Range<usize> {
        let start = self.origins.get(range.start).map_or(0, |o| o.0 as usize);
        let end = range.end.checked_sub(1).and_then(|last| self.origins.get(last)).map_or(start, |o| o.1 as usize);
        start..end
    }

    /// The first place whose origin begins at this unit or after it.
    pub(crate) fn first_from(&self, unit: usize) -> usize {
        self.origins.partition_point(|origin| (origin.0 as usize) < unit)
    }

    /// Whether it goes on to the end of a text of so many units.
    pub(crate) fn reaches(&self, len: usize) -> bool {
        self.origins.last().is_some_and(|origin| origin.1 as usize >= len)
    }

    /// The part of the view that stands for some unit of a stretch of the folded text, or touches it.
    pub(crate) fn touching(&self, stretch: Range<usize>) -> Range<usize> {
        let start = self.origins.partition_point(|origin| (origin.1 as usize) < stretch.start);
        start..self.origins.partition_point(|origin| origin.0 as usize <= stretch.end)
    }

    /// The text with some ranges replaced, as far as it surrounds them.
    fn around<'a>(text: &[u16], changes: impl Iterator<Item = (Range<usize>, &'a [u16])>) -> Self {
        let mut view = Self::default();
        let mut done = 0;
        let mut changes = changes.peekable();
        while let Some((range, units)) = changes.next() {
            let from = range.start.saturating_sub(AROUND).max(done);
            if from > done || view.units.is_empty() {
                view.push(0, from..from);
            }
            view.copy(text, from..range.start);
            units.iter().for_each(|&unit| view.push(unit, range.clone()));
            let next = changes.peek().map_or(text.len(), |next| next.0.start);
            done = next.min(range.end + AROUND);
            view.copy(text, range.end..done);
        }
        view
    }

    /// Adds the skeleton of a stretch of the text.
    fn draw(&mut self, text: &[u16], range: Range<usize>) {
        let mut at = range.start;
        while at < range.end {
            let rest = text.get(at..range.end).unwrap_or_default();
            let (unit, len) = letter_at(rest).unwrap_or((rest.first().copied().unwrap_or_default(), 1));
            self.push(unit, at..at + len);
            at += len;
        }
    }

    pub(crate) fn copy(&mut self, text: &[u16], range: Range<usize>) {
        let units = text.get(range.clone()).unwrap_or_default();
        self.units.extend_from_slice(units);
        self.origins.extend((range.start as u32..).take(units.len()).map(|at| (at, at + 1)));
    }
}

// ---- characters taken apart

/// A way of taking a character apart.
struct Form {
    /// The parts after the first.
    rest: Vec<u16>,
    whole: u16,
    common: Common,
}

/// How often the parts of a character stand side by side as they are.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Common {
    /// Hardly ever: the parts are the character.
    Not,
    /// In some everyday words (口及 in 出口及进口): [`Everyday`] says where they are the character.
    Seldom,
    /// In many (女干 in 妇女干部): only beside another character taken apart.
    Often,
}

/// Most times that parts stand as they are in 4.6 million characters of text, to be common but seldom.
const SELDOM: u32 = 20;

/// Parts, with the character that they make.
type Forms = BTreeMap<Vec<u16>, (u16, Common)>;

/// For each first part, what may follow it and which character that makes.
static SPLIT: LazyLock<HashMap<u16, Vec<Form>>> = LazyLock::new(|| {
    let mut forms = written_forms();
    for (parts, form) in deeper_forms(&forms) {
        forms.entry(parts).or_insert(form);
    }
    let mut split: HashMap<u16, Vec<Form>> = HashMap::new();
    for (parts, (whole, common)) in forms {
        if let [first, rest @ ..] = parts.as_slice()
            && !rest.is_empty()
        {
            split.entry(*first).or_default().push(Form { rest: rest.to_vec(), whole, common });
        }
    }
    // The longest first: 言寸身 before 言寸.
    split.values_mut().for_each(|forms| forms.sort_by_key(|form| std::cmp::Reverse(form.rest.len())));
    split
});

/// The forms of the tables, in all the ways their parts are spelled.
fn written_forms() -> Forms {
    let tables = [include_str!("../data/variants/split.tsv"), include_str!("../data/variants/split_words.tsv")];
    let mut forms = Forms::new();
    for line in tables.into_iter().flat_map(str::lines).filter(|line| !line.starts_with('#')) {
        let mut fields = line.split('\t');
        let (Some(whole), Some(parts)) = (fields.next().map(crate::fold), fields.next().map(crate::fold)) else { continue };
        let &[whole] = whole.units() else { continue };
        let common = match fields.next().and_then(|times| times.parse::<u32>().ok()) {
            None => Common::Not,
            Some(..=SELDOM) => Common::Seldom,
            Some(_) => Common::Often,
        };
        for (parts, as_spelled) in spelled(parts.units()) {
            forms.entry(parts).or_insert((whole, if as_spelled == Common::Not { common } else { as_spelled }));
        }
    }
    forms
}

/// Forms of two parts whose last is itself taken apart: 耳只 and 耳口八.
fn deeper_forms(forms: &Forms) -> Vec<(Vec<u16>, (u16, Common))> {
    let pairs = || forms.iter().filter(|(parts, _)| parts.len() == 2);
    let inner: HashMap<u16, &Vec<u16>> =
        pairs().rev().filter(|(_, form)| form.1 == Common::Not).map(|(parts, form)| (form.0, parts)).collect();
    let deeper = |(parts, form): (&Vec<u16>, &(u16, Common))| match parts.as_slice() {
        [first, last] => Some(([&[*first], inner.get(last)?.as_slice()].concat(), *form)),
        _ => None,
    };
    pairs().filter_map(deeper).collect()
}

/// Radicals, and the characters written for them by those who have only characters.
const RADICALS: &[(&str, &str)] = &[
    ("攵", "文"),
    ("氵", "水"),
    ("氵", "三"),
    ("忄", "心"),
    ("扌", "手"),
    ("扌", "才"),
    ("犭", "犬"),
    ("艹", "草"),
    ("讠", "言"),
    ("钅", "金"),
    ("饣", "食"),
    ("衤", "衣"),
    ("礻", "示"),
    ("灬", "火"),
    ("刂", "刀"),
    ("阝", "耳"),
    ("辶", "走"),
    ("辶", "之"),
    ("纟", "丝"),
    ("疒", "病"),
    ("罒", "四"),
    ("冫", "二"),
    ("彳", "双人"),
    ("牜", "牛"),
    ("⺮", "竹"),
    ("肀", "聿"),
    ("訁", "言"),
    ("亻", "イ"),
    ("礻", "ネ"),
    ("刂", "リ"),
    ("氵", "シ"),
    ("辶", "廴"),
    ("艹", "卄"),
];

/// Radicals written as a character that begins everyday words (人也 is no 他).
const EVERYDAY_RADICALS: &[(&str, &str)] = &[("亻", "人")];

/// The parts as they stand, and with each radical among them written as a character; how common that makes them.
fn spelled(parts: &[u16]) -> Vec<(Vec<u16>, Common)> {
    let mut forms = vec![(parts.to_vec(), Common::Not)];
    for (radical, character, common) in FOLDED_RADICALS.iter().filter(|radical| parts.contains(&radical.0)) {
        let form = parts.iter().flat_map(|unit| if unit == radical { character.clone() } else { vec![*unit] });
        forms.push((form.collect(), *common));
    }
    forms
}

/// The radicals, each with what is written for it, and how common that makes it.
static FOLDED_RADICALS: LazyLock<Vec<(u16, Vec<u16>, Common)>> = LazyLock::new(|| {
    let radicals = [(RADICALS, Common::Not), (EVERYDAY_RADICALS, Common::Often)];
    let radicals = radicals.into_iter().flat_map(|(radicals, common)| radicals.iter().map(move |radical| (radical, common)));
    let folded = radicals.filter_map(|((radical, character), common)| match *crate::fold(radical).units() {
        [radical] => Some((radical, crate::fold(character).units().to_vec(), common)),
        _ => None,
    });
    folded.collect()
});

/// The first two parts of each character: 32 KiB, of which everyday text touches a part.
static PARTS: LazyLock<Pairs<12>> = LazyLock::new(|| {
    let mut parts = Pairs::default();
    for (&first, forms) in SPLIT.iter() {
        forms.iter().filter_map(|form| form.rest.first()).for_each(|&second| parts.add(first, second));
    }
    parts
});

/// The first place from here on where the first two parts of some character may stand.
fn parts_at(text: &[u16], from: usize) -> Option<usize> {
    let parts = &*PARTS;
    let mut windows = text.get(from..)?.array_windows();
    let may_stand = |&[first, second]: &[u16; 2]| parts.may_have(first, second);
    windows.position(may_stand).map(|skip| from + skip)
}

/// Where parts that everyday words have too count, besides within [`BESIDE`] units of parts that are sure.
#[derive(Clone, Copy)]
pub(crate) enum Everyday<'a> {
    /// Nowhere else.
    BesideSure,
    /// Where they are seldom, and a lexicon has the character that they make beside the one that stands there: 口及毒 is 吸毒.
    Known(&'a Neighbours),
    /// Everywhere: what comes may make them sure.
    All,
}

/// The text with characters put together from their parts; empty if there are none. The second view is without everyday parts; empty where it would
/// be the same.
pub(crate) fn splits(text: &[u16], everyday: Everyday<'_>) -> (View, View) {
    let all = put_together(text);
    let counts = |(at, change): &(usize, &Change)| {
        let known = |neighbours| change.common == Common::Seldom && is_known(text, &all, *at, neighbours);
        change.is_sure()
            || match everyday {
                Everyday::BesideSure => is_beside_sure(&all, *at),
                Everyday::Known(neighbours) => is_beside_sure(&all, *at) || known(neighbours),
                Everyday::All => true,
            }
    };
    let changes: Vec<&Change> = all.iter().enumerate().filter(counts).map(|(_, change)| change).collect();
    let any_everyday = changes.iter().any(|change| !change.is_sure());
    let sure = changes.iter().filter(|change| any_everyday && change.is_sure());
    (View::around(text, changes.iter().map(|change| change.part())), View::around(text, sure.map(|change| change.part())))
}

/// Whether a character surely taken apart stands near this one.
fn is_beside_sure(changes: &[Change], at: usize) -> bool {
    let (before, rest) = changes.split_at(at);
    let Some((change, after)) = rest.split_first() else { return false };
    let before = before.iter().rev().take_while(|other| other.range.end + BESIDE > change.range.start);
    let after = after.iter().take_while(|other| other.range.start < change.range.end + BESIDE);
    before.chain(after).any(|other| other.is_sure())
}

/// Whether a lexicon has the character that these parts make beside what stands there, put together or not.
fn is_known(text: &[u16], changes: &[Change], at: usize, neighbours: &Neighbours) -> bool {
    let Some(change) = changes.get(at) else { return false };
    let unit = |at: Option<usize>| at.and_then(|at| text.get(at)).copied();
    let before = at.checked_sub(1).and_then(|before| changes.get(before)).filter(|before| before.range.end == change.range.start);
    let after = changes.get(at + 1).filter(|after| after.range.start == change.range.end);
    let left = [unit(change.range.start.checked_sub(1)), before.map(|before| before.whole[0])];
    let right = [unit(Some(change.range.end)), after.map(|after| after.whole[0])];
    left.into_iter().flatten().any(|left| neighbours.may_have(left, change.whole[0]))
        || right.into_iter().flatten().any(|right| neighbours.may_have(change.whole[0], right))
}

/// A character put together.
struct Change {
    range: Range<usize>,
    whole: [u16; 1],
    common: Common,
}

impl Change {
    fn is_sure(&self) -> bool {
        self.common == Common::Not
    }

    fn part(&self) -> (Range<usize>, &[u16]) {
        (self.range.clone(), &self.whole)
    }
}

/// Whether a character surely taken apart begins here.
fn sure_at(text: &[u16], at: usize) -> bool {
    let forms = text.get(at).and_then(|unit| SPLIT.get(unit)).into_iter().flatten();
    let rest = text.get(at + 1..).unwrap_or_default();
    forms.into_iter().any(|form| form.common == Common::Not && rest.starts_with(&form.rest))
}

/// All characters that can be put together, sure or not, none across another.
fn put_together(text: &[u16]) -> Vec<Change> {
    let mut changes: Vec<Change> = Vec::new();
    let mut at = 0;
    while let Some(next) = parts_at(text, at) {
        at = next;
        let rest = text.get(at + 1..).unwrap_or_default();
        let forms = text.get(at).and_then(|unit| SPLIT.get(unit)).into_iter().flatten();
        // What everyday words have too gives way to what is sure: 一木 is 未, but in 买一木仓 the 木 belongs to 枪.
        let gives_way = |form: &Form| form.common != Common::Not && (at + 1..=at + form.rest.len()).any(|at| sure_at(text, at));
        let Some(form) = forms.into_iter().find(|form| rest.starts_with(&form.rest) && !gives_way(form)) else {
            at += 1;
            continue;
        };
        changes.push(Change { range: at..at + 1 + form.rest.len(), whole: [form.whole], common: form.common });
        at += 1 + form.rest.len();
    }
    changes
}

/// How near a doubtful character taken apart must stand to a sure one.
pub(crate) const BESIDE: usize = 6;

/// Most parts of a character.
const MOST_PARTS: usize = 6;

/// How many units at the end may be the beginning of a character taken apart: all answers.
pub(crate) fn open_parts(text: &[u16]) -> impl Iterator<Item = usize> {
    let opens = |tail: &[u16]| match tail {
        [first, rest @ ..] => {
            SPLIT.get(first).into_iter().flatten().any(|form| form.rest.len() > rest.len() && form.rest.starts_with(rest))
        }
        [] => false,
    };
    (1..MOST_PARTS).filter(move |&count| text.len().checked_sub(count).and_then(|from| text.get(from..)).is_some_and(opens))
}

/// The ways in which a character is taken apart.
pub(crate) fn parts(whole: u16) -> Vec<Vec<u16>> {
    let forms = SPLIT.iter().flat_map(|(first, forms)| forms.iter().map(move |form| (first, form)));
    let of_whole = forms.filter(|(_, form)| form.whole == whole && form.common == Common::Not);
    let mut parts: Vec<_> = of_whole.map(|(first, form)| [&[*first], form.rest.as_slice()].concat()).collect();
    parts.sort_unstable();
    parts
}

// ---- letters apart

pub(crate) fn is_letter(unit: u16) -> bool {
    (u16::from(b'a')..=u16::from(b'z')).contains(&unit)
}

/// Fewest letters of a word written apart: i, a, o stand apart by nature.
const FEWEST_APART: usize = 3;

/// How long a run of letters apart, starting here, is in units, if it is one: every letter alone, the same sign between them.
fn apart(text: &[u16], at: usize) -> Option<usize> {
    let sign = *text.get(at + 1).filter(|sign| is_filler(**sign))?;
    let letter = |at: usize| text.get(at).is_some_and(|unit| is_letter(*unit));
    if !letter(at) || at.checked_sub(1).is_some_and(letter) {
        return None;
    }
    let mut end = at + 1;
    while text.get(end) == Some(&sign) && letter(end + 1) && end < at + 2 * MAX_LEET {
        end += 2;
    }
    // The last letter must stand alone too.
    if letter(end) {
        end -= 2;
    }
    (end.saturating_sub(at) >= 2 * FEWEST_APART - 1).then_some(end - at)
}

/// The text with letters apart put together (k.i.l.l, i g n o r e); empty if there are none.
pub(crate) fn spaced(text: &[u16]) -> View {
    let mut changes: Vec<(Range<usize>, Vec<u16>)> = Vec::new();
    let mut at = 0;
    while let Some(skip) = text.get(at..).and_then(|rest| rest.iter().position(|&unit| is_letter(unit))) {
        at += skip;
        let Some(len) = apart(text, at) else {
            // Nothing begins inside a run of letters.
            at += sound::run(text.get(at..).unwrap_or_default());
            continue;
        };
        changes.push((at..at + len, text.get(at..at + len).unwrap_or_default().iter().step_by(2).copied().collect()));
        at += len;
    }
    // Where letters are apart, words are parted by more; one space is enough for the reader. Beside such words only: what stands far off must not
    // decide how the rest is read, or a stream that has let it go would read otherwise.
    let beside = |wide: &Range<usize>| {
        let next = changes.partition_point(|(run, _)| run.start < wide.end);
        let before = next.checked_sub(1).and_then(|before| changes.get(before));
        wide.len() <= WIDEST
            && (changes.get(next).is_some_and(|(run, _)| run.start == wide.end) || before.is_some_and(|(run, _)| run.end == wide.start))
    };
    let wide: Vec<_> = if changes.is_empty() { Vec::new() } else { wide_spaces(text).into_iter().filter(beside).collect() };
    changes.extend(wide.into_iter().map(|range| (range, vec![SPACE])));
    changes.sort_unstable_by_key(|change| change.0.start);
    View::around(text, changes.iter().map(|(range, units)| (range.clone(), units.as_slice())))
}

/// Most spaces that part words whose letters are apart.
const WIDEST: usize = 16;

fn wide_spaces(text: &[u16]) -> Vec<Range<usize>> {
    let mut at = 0;
    let runs = text.chunk_by(|a, b| (*a == SPACE) == (*b == SPACE)).filter_map(|run| {
        let range = at..at + run.len();
        at = range.end;
        (run.len() > 1 && run.first() == Some(&SPACE)).then_some(range)
    });
    runs.collect()
}

const SPACE: u16 = b' ' as u16;

/// How many units at the end may be the beginning of letters apart.
pub(crate) fn open_apart(text: &[u16]) -> usize {
    let tail = text.iter().rev().take(2 * MAX_LEET);
    let mut letters = false;
    let run = tail.take_while(|unit| {
        let alone = is_filler(**unit) || !letters;
        letters = is_letter(**unit);
        alone && (letters || is_filler(**unit))
    });
    run.count()
}

// ---- digits and signs for letters

/// Signs that together draw a letter, longest first.
const DRAWN: &[(&str, char)] = &[
    ("|\\/|", 'm'),
    ("/\\/\\", 'm'),
    ("\\/\\/", 'w'),
    ("|/\\|", 'w'),
    ("|_|", 'u'),
    ("(_)", 'u'),
    ("|\\|", 'n'),
    ("/\\/", 'n'),
    ("|-|", 'h'),
    ("/-\\", 'a'),
    ("/-/", 'h'),
    ("[]", 'o'),
    ("()", 'o'),
    ("|)", 'd'),
    ("[)", 'd'),
    ("|]", 'd'),
    ("|>", 'p'),
    ("|*", 'p'),
    ("|<", 'k'),
    ("|{", 'k'),
    ("|_", 'l'),
    ("|=", 'f'),
    ("|2", 'r'),
    ("|3", 'b'),
    ("/\\", 'a'),
    ("\\/", 'v'),
    ("><", 'x'),
    ("}{", 'x'),
    ("`/", 'y'),
    ("_|", 'j'),
    ("ph", 'f'),
];

/// Single signs; letters that the same sign is used for are one letter here.
const SIGNS: &[(&str, char)] = &[
    ("4@^", 'a'),
    ("3€&", 'e'),
    ("1!|¡", 'l'),
    ("0", 'o'),
    ("5$", 's'),
    ("7+", 't'),
    ("689", 'g'),
    ("2", 's'),
    ("#", 'h'),
    ("(<{[", 'c'),
    ("£", 'f'),
    ("¥", 'y'),
    ("×%*", 'x'),
];

/// Skeletons stand in a private area, so that they meet only the patterns made for them.
const SKELETON: u16 = 0xE000;

/// The one sign that stands for all signs and letters that are written for each other.
fn skeleton(unit: u16) -> Option<u16> {
    let letter = u8::try_from(unit).ok()?;
    let same = match letter {
        b'i' | b'l' => b'l',
        b'b' | b'g' | b'q' => b'g',
        b's' | b'z' => b's',
        b'u' | b'v' => b'u',
        b'a'..=b'z' | b' ' | b'\'' => letter,
        _ => return None,
    };
    Some(SKELETON + u16::from(same))
}

static SIGN_OF: LazyLock<BTreeMap<u16, u16>> = LazyLock::new(|| {
    let all = SIGNS.iter().flat_map(|(signs, letter)| signs.chars().map(move |sign| (sign, *letter)));
    all.filter_map(|(sign, letter)| Some((*crate::fold(&sign.to_string()).units().first()?, SKELETON + letter as u16))).collect()
});

/// What a unit of ASCII is drawn as, alone or as the first of several signs.
#[derive(Clone, Default)]
struct Drawing {
    alone: Option<u16>,
    /// The signs after it, and the letter that they draw together.
    more: Vec<(Vec<u16>, u16)>,
}

/// The drawings that begin with each unit of ASCII.
static DRAWINGS: LazyLock<Vec<Drawing>> = LazyLock::new(|| {
    let alone = |unit| Drawing { alone: skeleton(unit).or_else(|| SIGN_OF.get(&unit).copied()), more: Vec::new() };
    let mut drawings: Vec<Drawing> = (0..0x80).map(alone).collect();
    for (signs, letter) in DRAWN {
        let units: Vec<u16> = signs.encode_utf16().collect();
        if let ([first, rest @ ..], Some(skeleton)) = (units.as_slice(), skeleton(*letter as u16))
            && !is_letter(*first)
            && let Some(drawing) = drawings.get_mut(usize::from(*first))
        {
            drawing.more.push((rest.to_vec(), skeleton));
        }
    }
    drawings
});

/// The letter that begins here, drawn or plain, and how many units it takes.
fn letter_at(text: &[u16]) -> Option<(u16, usize)> {
    let (first, rest) = text.split_first()?;
    let Some(drawing) = DRAWINGS.get(usize::from(*first)) else { return SIGN_OF.get(first).map(|unit| (*unit, 1)) };
    let drawn = drawing.more.iter().find(|(signs, _)| rest.starts_with(signs));
    drawn.map(|(signs, unit)| (*unit, signs.len() + 1)).or_else(|| drawing.alone.map(|unit| (unit, 1)))
}

/// Whether a unit may be part of a word in which letters and signs are mixed; surely not, if it belongs to CJK text.
fn may_draw(unit: u16) -> bool {
    unit > SPACE && unit < FIRST_CJK
}

/// Signs that are drawn for letters so often that one beside a letter is enough. C++, US$ and @name are looked at for nothing.
const TELLING: &[u16] = &[b'@' as u16, b'$' as u16, b'|' as u16, b'+' as u16];

/// The letters that begin here, drawn or plain, likeliest first, and how many units they take. Of the plain letters, v is drawn for u and z for s.
pub(crate) fn letters_at(text: &[u16]) -> Option<(&'static [u8], usize)> {
    let (skeleton, len) = letter_at(text)?;
    let exactly =
        |letter: u16| u8::try_from(letter).ok().and_then(|letter| ALPHABET.get(usize::from(letter.checked_sub(b'a')?)..)?.get(..1));
    let letters = match (*text.first()?, u8::try_from(skeleton - SKELETON).ok()?) {
        (unit, _) if unit == u16::from(b'v') => b"vu",
        (unit, _) if unit == u16::from(b'z') => b"zs",
        (unit, _) if is_letter(unit) => exactly(unit)?,
        (_, b'l') => b"il",
        (_, b'g') => b"gbq",
        (_, b's') => b"sz",
        (_, b'u') => b"uv",
        (_, letter) => exactly(letter.into())?,
    };
    Some((letters, len))
}

const ALPHABET: &[u8] = b"abcdefghijklmnopqrstuvwxyz";

/// Whether a unit may belong to a word of letters and signs.
fn is_drawn(unit: u16) -> bool {
    may_draw(unit) && (unit < 0x80 || SIGN_OF.contains_key(&unit))
}

/// Whether a unit is a letter, or a sign that draws one, alone or with others.
pub(crate) fn draws(unit: u16) -> bool {
    is_letter(unit)
        || SIGN_OF.contains_key(&unit)
        || u8::try_from(unit).is_ok_and(|sign| DRAWN.iter().any(|(signs, _)| signs.as_bytes().contains(&sign)))
}

/// The longest run of letters and signs at the end of a text that may be part of a mixed word with what comes; none if it is too long for one.
pub(crate) fn open_word(text: &[u16]) -> &[u16] {
    let len = text.iter().rev().take(MAX_LEET + 1).take_while(|unit| is_drawn(**unit)).count();
    text.get(text.len() - if len > MAX_LEET { 0 } else { len }..).unwrap_or_default()
}

/// The words of letters and signs that begin in a stretch of a text.
pub(crate) fn words(text: &[u16], stretch: Range<usize>) -> impl Iterator<Item = Range<usize>> {
    let mut at = stretch.start;
    let text = text.get(..stretch.end).unwrap_or_default();
    std::iter::from_fn(move || {
        let start = at + text.get(at..)?.iter().position(|&unit| is_drawn(unit))?;
        at = start + text.get(start..)?.iter().take_while(|unit| is_drawn(**unit)).count();
        Some(start..at)
    })
}

/// The words in which letters and signs are mixed.
pub(crate) fn mixed_words(text: &[u16]) -> Vec<Range<usize>> {
    words(text, 0..text.len()).filter(|word| text.get(word.clone()).is_some_and(is_leet)).collect()
}

/// Whether a word in which letters and signs are mixed lies in a range of a text, or across an edge of it.
pub(crate) fn has_mixed_word(text: &[u16], range: &Range<usize>) -> bool {
    let drawn = |unit: &&u16| is_drawn(**unit);
    let before = text.get(..range.start).unwrap_or_default().iter().rev().take(MAX_LEET + 1).take_while(drawn).count();
    let behind = text.get(range.end..).unwrap_or_default().iter().take(MAX_LEET + 1).take_while(drawn).count();
    words(text, range.start - before..range.end + behind)
        .filter(|word| word.start < range.end && range.start < word.end)
        .any(|word| text.get(word).is_some_and(is_leet))
}

/// The words that may be read in another way beside one in which letters and signs are mixed, and those that are so themselves.
pub(crate) fn drawable_words(text: &[u16]) -> Vec<Range<usize>> {
    let drawable = |unit: &u16| !is_letter(*unit) || [b'v', b'z'].map(u16::from).contains(unit);
    let is_drawable = |word: &Range<usize>| text.get(word.clone()).is_some_and(|word| word.iter().any(drawable));
    words(text, 0..text.len()).filter(is_drawable).collect()
}

/// Stretches of a text around some words of it, so far that no keyword that needs the word is cut.
pub(crate) fn around(text: &[u16], words: &[Range<usize>]) -> Vec<Range<usize>> {
    let mut stretches: Vec<Range<usize>> = Vec::new();
    for word in words {
        let stretch = word.start.saturating_sub(AROUND)..text.len().min(word.end + AROUND);
        match stretches.last_mut() {
            Some(last) if stretch.start <= last.end => last.end = stretch.end,
            _ => stretches.push(stretch),
        }
    }
    stretches
}

/// Whether letters and signs stand mixed in a word.
fn is_leet(word: &[u16]) -> bool {
    let letters = word.iter().filter(|unit| is_letter(**unit)).count();
    let digits = word.iter().filter(|unit| (u16::from(b'0')..=u16::from(b'9')).contains(unit)).count();
    let signs = word.len() - letters - digits;
    let telling = word.iter().any(|unit| TELLING.contains(unit));
    word.len() >= 2
        && ((letters > 0 && (digits > 0 || signs > 1 || telling)) || (digits > 0 && signs > 0) || signs > 2)
        && word.len() <= MAX_LEET
}

/// The skeleton of the text around words in which letters and signs are mixed; empty if there are none.
pub(crate) fn leet(text: &[u16], mixed_words: &[Range<usize>]) -> View {
    let mut view = View::default();
    for stretch in around(text, mixed_words) {
        view.push(0, stretch.start..stretch.start);
        view.draw(text, stretch);
    }
    view
}

/// The skeleton of a whole text.
pub(crate) fn drawn(text: &[u16]) -> View {
    let mut view = View::default();
    view.draw(text, 0..text.len());
    view
}

/// The signs that are written for a letter, and for those that are written for each other with it.
pub(crate) fn signs(letter: u16) -> Vec<u16> {
    let same = skeleton(letter);
    let mut signs: Vec<u16> = SIGN_OF.iter().filter(|(_, skeleton)| Some(**skeleton) == same).map(|(sign, _)| *sign).collect();
    signs.sort_by_key(|sign| !(u16::from(b'0')..=u16::from(b'9')).contains(sign));
    signs
}

/// Whether some sign or digit stands among letters: letters drawn alike share a skeleton, and without a sign fold is only fold, not foid.
pub(crate) fn has_signs(units: &[u16]) -> bool {
    units.iter().any(|&unit| !is_letter(unit) && !is_cjk(unit))
}

/// Fewest letters of a word looked for in leet, or letters and characters of a phrase of both (ai洗稿, pos机): shorter ones are everywhere among digits
/// and signs.
const FEWEST_LEET: usize = 4;

/// The pattern that finds a phrase of Latin letters, or of these and characters, by its skeleton.
pub(crate) fn leet_pattern(units: &[u16]) -> Option<Vec<u16>> {
    let letters = units.iter().filter(|unit| is_letter(**unit)).count();
    let characters = units.iter().filter(|unit| is_cjk(**unit)).count();
    let long_enough = letters >= 2 && letters + characters >= FEWEST_LEET;
    let skeleton = drawn(units).units;
    (long_enough && skeleton.iter().all(|unit| is_cjk(*unit))).then_some(skeleton)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn units(text: &str) -> Vec<u16> {
        crate::fold(text).units().to_vec()
    }

    fn string(view: &View) -> String {
        String::from_utf16_lossy(&view.units).replace('\0', "|")
    }

    #[test]
    fn views_read_what_is_meant() {
        assert_eq!(string(&splits(&units("买木仓弹"), Everyday::BesideSure).0), "|买枪弹");
        assert_eq!(string(&splits(&units("今天天气好"), Everyday::BesideSure).0), "");
        assert_eq!(string(&splits(&units("买一木仓支"), Everyday::BesideSure).0), "|买一枪支");
        // 人也 may be 他, beside 每 in parts; what is sure is read without it too.
        let (all, sure) = splits(&units("新上氵每人也来"), Everyday::BesideSure);
        assert_eq!((string(&all).as_str(), string(&sure).as_str()), ("|新上海他来", "|新上海人也来"));
        // 口及 is 吸 where some lexicon has 吸毒, and nothing where none has.
        let mut neighbours = Neighbours::default();
        units("吸毒").array_windows().for_each(|&[first, second]| neighbours.add(first, second));
        let known = |text| string(&splits(&units(text), Everyday::Known(&neighbours)).0);
        assert_eq!((known("来口及毒吗").as_str(), known("出口及进口").as_str()), ("|来吸毒吗", ""));
        let mixed = |text: &[u16]| leet(text, &mixed_words(text));
        let skeleton = |text| leet_pattern(&units(text)).unwrap();
        assert_eq!(mixed(&units("buy h3r0|\\| now")).units[1..], skeleton("buy heron now"));
        assert_eq!(string(&mixed(&units("in the year 2024"))), "");
        assert_eq!(string(&spaced(&units("please i.g.n.o.r.e  a l l  of it"))), "|please ignore all of it");
        // Spaces far from such words stay.
        assert!(string(&spaced(&units("i g n o r e  this and  that"))).ends_with("ignore this and  that"));
    }

    /// Every drawing tried at every place.
    fn obvious_letter_at(text: &[u16]) -> Option<(u16, usize)> {
        let spells = |signs: &str| signs.encode_utf16().eq(text.iter().take(signs.len()).copied());
        let drawn = DRAWN.iter().find(|(signs, _)| text.first().is_some_and(|unit| !is_letter(*unit)) && spells(signs));
        if let Some((signs, letter)) = drawn {
            return skeleton(*letter as u16).map(|unit| (unit, signs.len()));
        }
        let first = text.first()?;
        skeleton(*first).or_else(|| SIGN_OF.get(first).copied()).map(|unit| (unit, 1))
    }

    proptest::proptest! {
        #[test]
        fn letters_are_drawn_as_the_list_says(text in "[a-cphz|/\\\\_<>{}()*=`!@$€£×中 23\\-\\[\\]]{0,12}") {
            let text: Vec<u16> = text.encode_utf16().collect();
            for at in 0..text.len() {
                proptest::prop_assert_eq!(letter_at(&text[at..]), obvious_letter_at(&text[at..]));
            }
        }
    }

    #[test]
    fn no_character_has_more_parts_than_are_waited_for() {
        assert!(SPLIT.values().flatten().all(|form| form.rest.len() < MOST_PARTS));
    }

    #[test]
    fn signs_for_letters_stand_below_cjk() {
        assert!(SIGN_OF.keys().all(|sign| *sign < FIRST_CJK));
    }

    #[test]
    fn a_view_leads_back() {
        let view = splits(&units("买木仓弹"), Everyday::BesideSure).0;
        assert_eq!(view.origin(1..4), 0..4);
        let view = sound::view(&units("代 kai"));
        assert_eq!((view.origin(0..1), view.origin(1..2)), (0..1, 2..5));
    }
}

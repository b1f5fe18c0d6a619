//! Views: the text as a disguise would have it read, beside the text as it stands.
//!
//! A view is made of the folded text: characters put together from their parts (弓虽 is 强), Latin letters from digits and signs (h3r0in), or
//! the sound of everything in pinyin, in which homophones, pinyin and mixtures of both are the same. Each unit of a view knows the units of the folded text it stands
//! for. Views hold only what surrounds a change, so that text without a disguise costs next to nothing.

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;
use std::sync::LazyLock;

use crate::fold::{FIRST_CJK, is_cjk, is_filler};
use crate::pairs::Pairs;
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
}

impl Via {
    /// How many there are.
    pub(crate) const COUNT: usize = Self::SureSplit as usize + 1;

    /// Its id in findings.
    pub(crate) fn id(self) -> Option<&'static str> {
        match self {
            Self::Plain => None,
            Self::Initials => Some("initials"),
            Self::Split | Self::SureSplit => Some("split"),
            Self::Leet => Some("leet"),
            Self::Sound => Some("sound"),
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
}

impl Views {
    pub(crate) fn of(text: &[u16]) -> Self {
        // No early end, so that the compiler makes vector code of it: most Chinese texts have no letter, and need no view of letters.
        let letters = text.iter().fold(false, |any, &unit| any | is_letter(unit));
        let signs = letters || text.iter().fold(false, |any, &unit| any | may_draw(unit));
        let (split, sure_split) = splits(text, false);
        Self {
            split,
            sure_split,
            spaced: if letters { spaced(text) } else { View::default() },
            leet: if signs { leet(text) } else { View::default() },
            initials: if letters { sound::around_initials(text) } else { View::default() },
            sound: sound::view(text),
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
        self.origins.last().is_some_and(|origin| origin.1 as usize == len)
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
    /// Everyday words begin or end like this too (女干 in 妇女干部): it counts only beside another character taken apart.
    everyday: bool,
}

/// For each first part, what may follow it and which character that makes.
static SPLIT: LazyLock<HashMap<u16, Vec<Form>>> = LazyLock::new(|| {
    let tables = [(include_str!("../data/variants/split.tsv"), false), (include_str!("../data/variants/split_words.tsv"), true)];
    let rows = tables.into_iter().flat_map(|(table, everyday)| table.lines().map(move |line| (line, everyday)));
    let mut forms: BTreeMap<Vec<u16>, (u16, bool)> = BTreeMap::new();
    for (line, everyday) in rows.filter(|(line, _)| !line.starts_with('#')) {
        let mut fields = line.split('\t').map(|field| crate::fold(field).units().to_vec());
        let (Some(whole), Some(parts)) = (fields.next(), fields.next()) else { continue };
        let &[whole] = whole.as_slice() else { continue };
        for (parts, as_spelled) in spelled(&parts) {
            forms.entry(parts).or_insert((whole, everyday || as_spelled));
        }
    }
    // A part may itself be taken apart: 耳只 and 耳口八.
    let inner: HashMap<u16, Vec<u16>> =
        forms.iter().rev().filter(|(parts, form)| parts.len() == 2 && !form.1).map(|(parts, form)| (form.0, parts.clone())).collect();
    let deeper: Vec<_> = forms
        .iter()
        .filter(|(parts, _)| parts.len() == 2)
        .filter_map(|(parts, form)| match parts.as_slice() {
            [first, last] => Some(([&[*first], inner.get(last)?.as_slice()].concat(), *form)),
            _ => None,
        })
        .collect();
    for (parts, form) in deeper {
        forms.entry(parts).or_insert(form);
    }
    let mut split: HashMap<u16, Vec<Form>> = HashMap::new();
    for (parts, (whole, everyday)) in forms {
        if let [first, rest @ ..] = parts.as_slice()
            && !rest.is_empty()
        {
            split.entry(*first).or_default().push(Form { rest: rest.to_vec(), whole, everyday });
        }
    }
    // The longest first: 言寸身 before 言寸.
    split.values_mut().for_each(|forms| forms.sort_by_key(|form| std::cmp::Reverse(form.rest.len())));
    split
});

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

/// The parts as they stand, and with each radical among them written as a character; whether that makes them everyday.
fn spelled(parts: &[u16]) -> Vec<(Vec<u16>, bool)> {
    let mut forms = vec![(parts.to_vec(), false)];
    let radicals = RADICALS.iter().map(|radical| (radical, false)).chain(EVERYDAY_RADICALS.iter().map(|radical| (radical, true)));
    for ((radical, character), everyday) in radicals {
        let (radical, character) = (crate::fold(radical).units().to_vec(), crate::fold(character).units().to_vec());
        let [radical] = radical.as_slice() else { continue };
        if parts.contains(radical) {
            let form = parts.iter().flat_map(|unit| if *unit == *radical { character.clone() } else { vec![*unit] });
            forms.push((form.collect(), everyday));
        }
    }
    forms
}

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

/// The text with characters put together from their parts; empty if there are none. Parts that everyday words have too count only within
/// [`BESIDE`] units of others, or, if `doubtful_too`, everywhere: a later one may make them sure. The second view is without them; empty where it
/// would be the same.
pub(crate) fn splits(text: &[u16], doubtful_too: bool) -> (View, View) {
    let changes = put_together(text, doubtful_too);
    let any_everyday = changes.iter().any(|change| change.everyday);
    let sure = changes.iter().filter(|change| any_everyday && !change.everyday);
    (View::around(text, changes.iter().map(Change::part)), View::around(text, sure.map(Change::part)))
}

/// A character put together.
struct Change {
    range: Range<usize>,
    whole: [u16; 1],
    everyday: bool,
}

impl Change {
    fn part(&self) -> (Range<usize>, &[u16]) {
        (self.range.clone(), &self.whole)
    }
}

/// Whether a character surely taken apart begins here.
fn sure_at(text: &[u16], at: usize) -> bool {
    let forms = text.get(at).and_then(|unit| SPLIT.get(unit)).into_iter().flatten();
    let rest = text.get(at + 1..).unwrap_or_default();
    forms.into_iter().any(|form| !form.everyday && rest.starts_with(&form.rest))
}

fn put_together(text: &[u16], doubtful_too: bool) -> Vec<Change> {
    let mut changes: Vec<Change> = Vec::new();
    let (mut at, mut sure, mut doubtful) = (0, None, Vec::new());
    while let Some(next) = parts_at(text, at) {
        at = next;
        let rest = text.get(at + 1..).unwrap_or_default();
        let forms = text.get(at).and_then(|unit| SPLIT.get(unit)).into_iter().flatten();
        // What everyday words have too gives way to what is sure: 一木 is 未, but in 买一木仓 the 木 belongs to 枪.
        let gives_way = |form: &Form| form.everyday && (at + 1..=at + form.rest.len()).any(|at| sure_at(text, at));
        let Some(form) = forms.into_iter().find(|form| rest.starts_with(&form.rest) && !gives_way(form)) else {
            at += 1;
            continue;
        };
        let change = Change { range: at..at + 1 + form.rest.len(), whole: [form.whole], everyday: form.everyday };
        at = change.range.end;
        if !form.everyday || doubtful_too {
            doubtful.retain(|before: &Change| before.range.end + BESIDE > change.range.start);
            changes.append(&mut doubtful);
            sure = Some(at);
            changes.push(change);
        } else if sure.is_some_and(|sure| change.range.start < sure + BESIDE) {
            changes.push(change);
        } else {
            doubtful.push(change);
        }
    }
    changes
}

/// How near a doubtful character taken apart must stand to a sure one.
const BESIDE: usize = 6;

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
    let of_whole = forms.filter(|(_, form)| form.whole == whole && !form.everyday);
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
    if !changes.is_empty() {
        // Where letters are apart, words are parted by more; one space is enough for the reader.
        changes.extend(wide_spaces(text).into_iter().map(|range| (range, vec![SPACE])));
        changes.sort_unstable_by_key(|change| change.0.start);
    }
    View::around(text, changes.iter().map(|(range, units)| (range.clone(), units.as_slice())))
}

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
pub(crate) fn leet(text: &[u16]) -> View {
    let is_word = |unit: u16| may_draw(unit) && (unit < 0x80 || SIGN_OF.contains_key(&unit));
    let mut stretches: Vec<Range<usize>> = Vec::new();
    let mut at = 0;
    while let Some(skip) = text.get(at..).and_then(|rest| rest.iter().position(|&unit| may_draw(unit))) {
        at += skip;
        let len = text.get(at..).unwrap_or_default().iter().take(MAX_LEET + 1).take_while(|unit| is_word(**unit)).count();
        if text.get(at..at + len).is_some_and(is_leet) {
            let stretch = at.saturating_sub(AROUND)..text.len().min(at + len + AROUND);
            match stretches.last_mut() {
                Some(last) if stretch.start <= last.end => last.end = stretch.end,
                _ => stretches.push(stretch),
            }
        }
        at += len.max(1);
    }
    let mut view = View::default();
    for stretch in stretches {
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
        assert_eq!(string(&splits(&units("买木仓弹"), false).0), "|买枪弹");
        assert_eq!(string(&splits(&units("今天天气好"), false).0), "");
        assert_eq!(string(&splits(&units("买一木仓支"), false).0), "|买一枪支");
        // 人也 may be 他, beside 每 in parts; what is sure is read without it too.
        let (all, sure) = splits(&units("新上氵每人也来"), false);
        assert_eq!((string(&all).as_str(), string(&sure).as_str()), ("|新上海他来", "|新上海人也来"));
        let skeleton = |text| leet_pattern(&units(text)).unwrap();
        assert_eq!(leet(&units("buy h3r0|\\| now")).units[1..], skeleton("buy heron now"));
        assert_eq!(string(&leet(&units("in the year 2024"))), "");
        assert_eq!(string(&spaced(&units("please i.g.n.o.r.e  a l l  of it"))), "|please ignore all of it");
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
        let view = splits(&units("买木仓弹"), false).0;
        assert_eq!(view.origin(1..4), 0..4);
        let view = sound::view(&units("代 kai"));
        assert_eq!((view.origin(0..1), view.origin(1..2)), (0..1, 2..5));
    }
}

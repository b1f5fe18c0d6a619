//! Statements of sensitive circumstances about a person (PIPL article 28): health, belief, biometric data, and a child under fourteen.
//!
//! A statement is a word of the condition with a cue that it is someone's: a verb (患有), a record's label (诊断：), a test (HIV阳性), a
//! possessor (他的指纹模板). General sentences (如果患有…, …患者应当) are kept out by the words that make them general. Not done: irony,
//! negation beyond the nearest words, conditions told without naming them.

use std::sync::LazyLock;

use super::view::{View, char_of, is_digit, is_filler, is_han, is_letter, is_numeral, is_word, unit};
use super::words::{Beginnings, Prefixes, Words};
use super::{Candidate, PersonalKind, age};

/// How far back a person or a word that makes the sentence general is looked for: about one clause.
const CLAUSE: usize = 14;
/// The same in English units.
const CLAUSE_EN: usize = 32;
/// Most units between a verb and the condition (患有严重的…).
const BETWEEN: usize = 6;

const VERBS: &[i16] = &[1, 2];

struct Tables {
    verbs: Words,
    labels: Words,
    beliefs: Words,
    bodies: Words,
    diseases: Words,
    people: Words,
    general: Words,
    after: Words,
    religions: Words,
    followers: Words,
    data: Words,
    tests: Words,
    bearers: Words,
    latin: Prefixes,
    /// The tables that a statement may begin with a word of.
    begins: Beginnings,
}

/// The tables of [`Tables::begins`].
const VERB: u8 = 1;
const BELIEF: u8 = 2;
const BODY: u8 = 4;
const DISEASE: u8 = 8;
const RELIGION: u8 = 16;
const FOLLOWER: u8 = 32;
const AGE: u8 = 64;

static TABLES: LazyLock<Tables> = LazyLock::new(|| {
    let (roles, words) = (include_str!("data/circumstance.tsv"), include_str!("data/circumstance-words.tsv"));
    let of = |value: i16| Words::forward_of(words, &[value]);
    let (verbs, beliefs, bodies) = (Words::forward_of(roles, VERBS), Words::forward_of(roles, &[4, 5]), Words::forward_of(roles, &[6]));
    let (diseases, religions, followers) = (Words::forward(&[include_str!("data/diseases.tsv")]), of(4), of(5));
    let mut begins =
        vec![(VERB, &verbs), (BELIEF, &beliefs), (BODY, &bodies), (DISEASE, &diseases), (RELIGION, &religions), (FOLLOWER, &followers)];
    begins.extend(age::starting().map(|words| (AGE, words)));
    let begins = Beginnings::of(&begins);
    Tables {
        labels: Words::backward_of(roles, &[3]),
        people: Words::backward_of(words, &[1]),
        general: Words::backward_of(words, &[2]),
        after: of(3),
        data: of(6),
        tests: of(8),
        bearers: of(9),
        latin: Prefixes::of(&[roles, words, include_str!("data/diseases.tsv")], |value| matches!(value, 1 | 2 | 4..=9), false),
        begins,
        verbs,
        beliefs,
        bodies,
        diseases,
        religions,
        followers,
    }
});

/// Whether a statement may begin with the unit.
pub(super) fn may_begin(u: u16) -> bool {
    is_digit(u) || is_numeral(u) || TABLES.begins.with(u) != 0
}

/// Whether a statement may begin with the Latin word that starts here.
pub(super) fn may_begin_latin(rest: &[u16]) -> bool {
    rest.get(..3).is_none() || TABLES.latin.has(rest.iter().copied())
}

/// Whether a statement may begin with these two units.
pub(super) fn may_begin_with(u: u16, next: Option<u16>) -> bool {
    is_digit(u) || is_numeral(u) || TABLES.begins.with_both(u, next) != 0
}

/// The statement that starts at `i`, if one does.
pub(super) fn at(view: &View, i: usize) -> Option<Candidate> {
    let u = view.at(i)?;
    let tables = TABLES.begins.with_both(u, view.units().get(i + 1).copied());
    // In the other tables the first word would not be found.
    let begins = |bits: u8| (tables & bits != 0).then_some(());
    let found = |kind| move |(end, score): (usize, f32)| Candidate { kind, range: i..end, score };
    let health = || begins(VERB).and_then(|()| suffered(view, i)).or_else(|| begins(DISEASE).and_then(|()| named(view, i)));
    let belief =
        || begins(BELIEF | RELIGION).and_then(|()| believed(view, i)).or_else(|| begins(FOLLOWER).and_then(|()| follower(view, i)));
    let biometric = || begins(BODY).and_then(|()| body(view, i));
    let aged = || if tables & AGE != 0 || is_digit(u) || is_numeral(u) { age::at(view, i) } else { None };
    let health = || health().map(found(PersonalKind::Health));
    let belief = || belief().map(found(PersonalKind::Belief));
    let biometric = || biometric().map(found(PersonalKind::Biometric));
    health().or_else(belief).or_else(biometric).or_else(|| aged().map(found(PersonalKind::Under14)))
}

/// Whether a word of the table ends within `reach` units before `i`, in the same sentence.
pub(super) fn near_before(view: &View, words: &Words, i: usize, reach: usize) -> bool {
    for end in (i.saturating_sub(reach)..=i).rev() {
        if let Some(hit) = words.before(view, end)
            && !cut(view, end, hit.len)
        {
            return true;
        }
        if view.before(end).is_some_and(|u| u == unit('。') || u == unit('\n') || u == unit('!') || u == unit('?')) {
            return false;
        }
    }
    false
}

/// A Latin word counts only when it stands alone.
fn cut(view: &View, end: usize, len: usize) -> bool {
    let letter = |u: Option<u16>| u.is_some_and(is_letter);
    letter(view.before(end)) && letter(view.at(end)) || letter(view.at(end - len)) && letter(view.before(end - len))
}

/// The word of the table at `i`, standing alone where it is Latin: its end.
pub(super) fn word_at(view: &View, words: &Words, i: usize) -> Option<usize> {
    let end = i + words.at(view, i)?.len;
    let glued = view.before(end).is_some_and(is_letter) && view.at(end).is_some_and(is_letter);
    (!glued).then_some(end)
}

fn person(view: &View, i: usize, reach: usize) -> bool {
    near_before(view, &TABLES.people, i, reach)
}

fn is_general(view: &View, i: usize, end: usize) -> bool {
    let reach = if view.at(i).is_some_and(is_letter) { CLAUSE_EN } else { CLAUSE };
    let spaced = if view.at(end) == Some(unit(' ')) { end + 1 } else { end };
    near_before(view, &TABLES.general, i, reach) || !view.gap(end) && TABLES.after.at(view, spaced).is_some()
}

/// `患有…`, `diagnosed with …`.
fn suffered(view: &View, i: usize) -> Option<(usize, f32)> {
    let verb = TABLES.verbs.at(view, i)?;
    let latin = view.at(i).is_some_and(is_letter);
    let (start, most) = (i + verb.len, if latin { 24 } else { BETWEEN });
    let mut at = start;
    let end = loop {
        if let Some(end) = disease(view, at) {
            break end;
        }
        let u = view.at(at)?;
        if at > start + most || barred(u) || !latin && is_filler(u) && at > start {
            return None;
        }
        at += 1;
    };
    let told = person(view, i, if latin { CLAUSE_EN } else { CLAUSE }) || !latin && super::names::ends_at(view, i);
    let ok = !is_general(view, i, end) && (told || verb.value == 1 && !latin);
    ok.then_some((end, if told { 0.9 } else { 0.65 }))
}

fn barred(u: u16) -> bool {
    matches!(char_of(u), '不' | '没' | '未' | '无' | '否' | '非' | '我' | '他' | '她' | '你' | '者' | '病' | '。' | ',' | ';' | '.')
}

/// A disease at `i`, a Latin one at the start of a word: its end.
fn disease(view: &View, i: usize) -> Option<usize> {
    let inside = view.at(i).is_some_and(is_letter) && view.before(i).is_some_and(is_word);
    let mut at = i;
    for _ in 0..3 {
        let hit = TABLES.diseases.at(view, at).filter(|_| !inside)?;
        let end = word_at(view, &TABLES.diseases, at)?;
        if hit.value == 1 {
            return Some(end);
        }
        at = end + usize::from(view.at(end) == Some(unit(' ')));
    }
    None
}

/// A condition told by its name: behind a record's label, with a positive test, or as `是…患者`.
fn named(view: &View, i: usize) -> Option<(usize, f32)> {
    let end = disease(view, i)?;
    let at = view.skip_filler(end, 1);
    if let Some(test) = TABLES.tests.at(view, end).or_else(|| TABLES.tests.at(view, at)).map(|hit| hit.len) {
        let end = if TABLES.tests.at(view, end).is_some() { end + test } else { at + test };
        let told = person(view, i, CLAUSE);
        return (!is_general(view, i, end)).then_some((end, if told { 0.9 } else { 0.7 }));
    }
    if labelled(view, &TABLES.labels, i) && !near_before(view, &TABLES.general, i, 4) {
        return Some((end, 0.9));
    }
    if own(view, i) && !is_general(view, i, end) && TABLES.bearers.at(view, end).is_none() {
        return Some((end, 0.8));
    }
    let bearer = end + TABLES.bearers.at(view, end)?.len;
    let is = (1..=BETWEEN)
        .any(|back| i.checked_sub(back).and_then(|at| view.at(at)).is_some_and(|u| matches!(char_of(u), '是' | '为' | '系' | '有')));
    (is && person(view, i, CLAUSE) && !is_general(view, i, bearer)).then_some((bearer, 0.85))
}

/// `我有…`, `本人是小三阳`, `员工因肝硬化…`: a person, then one of these right before the condition.
fn own(view: &View, i: usize) -> bool {
    match view.before(i).map(char_of) {
        Some('有' | '是') if view.before(i - 1) != Some(unit('不')) => {
            (0..=3).any(|back| i.checked_sub(1 + back).is_some_and(|at| TABLES.people.before(view, at).is_some()))
        }
        Some('因') => person(view, i - 1, 6) || super::names::ends_at(view, i - 1),
        _ => false,
    }
}

/// Whether a label of the table stands right before `i`: a colon, a gap or `是`, `为` between.
fn labelled(view: &View, labels: &Words, i: usize) -> bool {
    let edge = view.back_over_filler(i, 3);
    let is = view.before(edge).is_some_and(|u| u == unit('是') || u == unit('为'));
    let apart = edge < i || view.gap(i) || is;
    apart && labels.before(view, if is { edge - 1 } else { edge }).is_some()
}

/// `他信奉…教`, `宗教信仰：佛教`.
fn believed(view: &View, i: usize) -> Option<(usize, f32)> {
    if let Some(end) = word_at(view, &TABLES.religions, i) {
        let edge = view.back_over_filler(i, 3);
        let label = ["信仰", "宗教", "教派", "religion", "faith", "religious affiliation", "religious beliefs"]
            .iter()
            .any(|label| ends_with(view, edge, label));
        let told = label && (edge < i || view.gap(i)) && !ends_with(view, edge, "的宗教");
        return told.then_some((end, 0.85));
    }
    let verb = TABLES.beliefs.at(view, i)?;
    let start = i + verb.len;
    let end = (start..start + 5).find_map(|at| word_at(view, &TABLES.religions, at))?;
    let latin = view.at(i).is_some_and(is_letter);
    ((verb.value == 5 || person(view, i, if latin { 24 } else { 10 })) && !is_general(view, i, end)).then_some((end, 0.9))
}

fn ends_with(view: &View, end: usize, word: &str) -> bool {
    let len = word.encode_utf16().count();
    end.checked_sub(len).is_some_and(|start| word.encode_utf16().enumerate().all(|(k, u)| view.at(start + k) == Some(u)))
}

/// `他是虔诚的穆斯林`, `she is a devout catholic`.
fn follower(view: &View, i: usize) -> Option<(usize, f32)> {
    let end = word_at(view, &TABLES.followers, i)?;
    let latin = view.at(i).is_some_and(is_letter);
    let is = if latin {
        [" is a ", " am a ", "'m a ", " was a ", " is an ", "'s a ", " is ", " am ", "'m "]
            .iter()
            .any(|is| (0..=12).any(|k| i.checked_sub(k).is_some_and(|at| ends_with(view, at, is))))
    } else {
        (1..=8).any(|back| i.checked_sub(back).and_then(|at| view.at(at)).is_some_and(|u| matches!(char_of(u), '是' | '为')))
    };
    // An adjective of a thing, no person: a christian church.
    let noun = latin
        && view.at(end) == Some(unit(' '))
        && view.at(end + 1).is_some_and(is_letter)
        && !["and", "who", "from", "by"].iter().any(|w| starts_with(view, end + 1, w));
    (is && !noun && person(view, i, if latin { CLAUSE_EN } else { CLAUSE }) && !is_general(view, i, end)).then_some((end, 0.85))
}

fn starts_with(view: &View, i: usize, word: &str) -> bool {
    word.encode_utf16().enumerate().all(|(k, u)| view.at(i + k) == Some(u))
}

/// `他的指纹模板`, `虹膜特征值：a3f9…`.
fn body(view: &View, i: usize) -> Option<(usize, f32)> {
    let part = word_at(view, &TABLES.bodies, i)?;
    let data = TABLES.data.at(view, part).or_else(|| TABLES.data.at(view, view.skip_filler(part, 1)));
    let latin_word = view.at(i).is_some_and(is_letter);
    let end = match data {
        Some(hit) if TABLES.data.at(view, part).is_some() => part + hit.len,
        Some(hit) => view.skip_filler(part, 1) + hit.len,
        None if !latin_word && taken(view, i, part) => return Some((part, 0.75)),
        None => return None,
    };
    let owner = if view.before(i) == Some(unit('的')) { i - 1 } else { i };
    let of = (owner < i || !latin_word) && (person(view, owner, 0) || super::names::ends_at(view, owner)) && !is_general(view, i, end);
    let latin = [" my ", " his ", " her ", "'s ", "my ", "his ", "her "].iter().any(|of| ends_with(view, i, of))
        && view.at(i).is_some_and(is_letter);
    if of || latin {
        return Some((end, 0.85));
    }
    (value_follows(view, end)).then_some((end, 0.8))
}

/// `采集了他的指纹`, `他的人脸被录入`: someone's, and taken from them.
fn taken(view: &View, i: usize, part: usize) -> bool {
    let verbs = [
        "采集", "录入", "提取", "上传", "登记", "泄露", "留存", "保存", "存储", "存了", "录了", "刷了", "收集", "比对", "盗用", "倒卖",
        "出售", "采了",
    ];
    let before = (1..=10).any(|back| i.checked_sub(back).is_some_and(|at| verbs.iter().any(|verb| starts_with(view, at, verb))));
    let after = || (0..=3).any(|on| verbs.iter().any(|verb| starts_with(view, part + on, verb)));
    let owner = if view.before(i) == Some(unit('的')) { i - 1 } else { i };
    let own = person(view, owner, 0) || super::names::ends_at(view, owner) && owner < i;
    own && !near_before(view, &TABLES.general, i, CLAUSE) && (before || after())
}

/// A colon, `为` or `是`, then a run of at least six letters and digits.
fn value_follows(view: &View, end: usize) -> bool {
    let is = view.at(end).is_some_and(|u| u == unit('为') || u == unit('是'));
    let start = view.skip_filler(end + usize::from(is), 2);
    let length = (start..start + 6).take_while(|&k| view.at(k).is_some_and(|u| is_word(u) && !is_han(u))).count();
    (is || start > end) && length == 6 && (start..start + 6).any(|k| view.at(k).is_some_and(is_digit))
}

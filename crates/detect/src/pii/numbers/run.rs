//! Candidate runs: digits that stand together or in groups, as people write numbers.
//!
//! A run begins where a digit follows no digit and reads on over short separators. Rules then ask for a number of digits and how they are
//! grouped. Invariant: a run never reads further than [`MAX_UNITS`] plus a separator, so ten megabytes of digits cost no more than ten
//! megabytes of letters. It decides nothing.

use super::reader::{Reader, SPACE, is, is_alnum, is_digit, is_one_of, numeral};

/// Most units of a run: 19 digits of a card one by one with spaces are 37, an identity number in groups with ' - ' between 33.
pub(super) const MAX_UNITS: usize = 46;
/// Most digits kept: the longest number of digits here has 19 (ISO/IEC 7812-1), and some more to see that a run is longer.
const MAX_DIGITS: usize = 24;
/// Most units between two groups: ' - ' and ') - '.
const MAX_JOINT: usize = 4;
/// The length that stands for a group of more digits than are kept.
const TOO_LONG: u8 = u8::MAX;

/// Which digits a run is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Script {
    /// ASCII digits only; a Chinese numeral beside them is no part of the number.
    Ascii,
    /// ASCII digits and Chinese numerals mixed.
    Mixed,
}

/// Digits that stand together.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Group {
    /// First unit, counted from the start of the run, which has at most [`MAX_UNITS`] and one more.
    pub start: u8,
    /// One past the last unit, counted likewise.
    pub end: u8,
    /// How many digits.
    pub length: u8,
    /// What joins it to the group before: ' ', '-', '.', '_' or ')'; 0 for the first.
    pub joint: u8,
}

/// A run of digits in groups.
#[derive(Debug)]
pub(super) struct Run {
    /// The first unit: a digit, `+` or `(`.
    pub start: usize,
    /// Whether Chinese numerals are among the digits.
    pub has_chinese: bool,
    groups: [Group; MAX_DIGITS],
    held: usize,
    digits: [u8; MAX_DIGITS],
    count: usize,
    /// For every number of digits, how many groups hold them; 0 where it falls within a group.
    counts: [u8; MAX_DIGITS + 1],
}

/// The first groups of a run that have a given number of digits together.
#[derive(Clone, Copy)]
pub(super) struct Part<'r> {
    start: usize,
    /// The digits' values; 10 stands for a last `x`.
    pub digits: &'r [u8],
    /// The groups.
    pub groups: &'r [Group],
    /// The group after, if one is joined.
    pub next: Option<&'r Group>,
    /// One past the last unit.
    pub end: usize,
}

impl Run {
    /// Reads the run that begins here, if one does.
    pub(super) fn read(r: &Reader<'_>, start: usize, script: Script) -> Option<Self> {
        let first = opening(r, start)?;
        if value(r, first, script).is_none() || continues(r, start, script) {
            return None;
        }
        let mut run = Self {
            start,
            has_chinese: false,
            groups: Default::default(),
            held: 0,
            digits: [0; MAX_DIGITS],
            count: 0,
            counts: [0; MAX_DIGITS + 1],
        };
        let mut next = Some((first, 0));
        while let Some((place, joint)) = next {
            let end = run.group(r, place, joint, script);
            let wants_check = run.count == 17;
            if run.held == 1 && follows_single(r, &run) {
                return None;
            }
            next = end.and_then(|end| joint_after(r, end, script, wants_check)).filter(|(at, _)| at - start < MAX_UNITS);
        }
        Some(run)
    }

    /// Reads one group; its end, if the run may go on.
    fn group(&mut self, r: &Reader<'_>, start: usize, joint: u8, script: Script) -> Option<usize> {
        let mut end = start;
        while let Some(digit) = value(r, end, script).filter(|_| end == start || script == Script::Ascii || !r.gap(end)) {
            if self.count >= MAX_DIGITS || end - self.start >= MAX_UNITS {
                self.hold(start, end, TOO_LONG, joint);
                return None;
            }
            self.has_chinese |= !is_digit(r.at(end));
            self.push(digit);
            end += 1;
        }
        let check = self.check_character(r, end);
        if check.is_some() {
            self.push(10);
        }
        let end = check.unwrap_or(end);
        self.hold(start, end, (end - start).min(MAX_DIGITS) as u8, joint);
        if let Some(count) = self.counts.get_mut(self.count) {
            *count = self.held as u8;
        }
        (check.is_none() && self.held < MAX_DIGITS).then_some(end)
    }

    fn push(&mut self, digit: u8) {
        if let Some(place) = self.digits.get_mut(self.count) {
            *place = digit;
            self.count += 1;
        }
    }

    fn hold(&mut self, start: usize, end: usize, length: u8, joint: u8) {
        let (start, end) = ((start - self.start) as u8, (end - self.start) as u8);
        if let Some(place) = self.groups.get_mut(self.held) {
            *place = Group { start, end, length, joint };
            self.held += 1;
        }
    }

    /// The end of the check character `x` of an identity number, after 17 digits.
    fn check_character(&self, r: &Reader<'_>, end: usize) -> Option<usize> {
        let is_x = self.count == 17 && matches!(r.at(end), 0x78 | 0xD7);
        (is_x && !is_alnum(r.at(end + 1))).then_some(end + 1)
    }

    /// The first groups with so many digits together.
    pub(super) fn part(&self, count: usize) -> Option<Part<'_>> {
        let held = usize::from(*self.counts.get(count).filter(|held| **held > 0)?);
        let groups = self.groups.get(..held)?;
        let next = self.groups.get(held).filter(|_| held < self.held);
        Some(Part { start: self.start, digits: self.digits.get(..count)?, groups, next, end: self.start + usize::from(groups.last()?.end) })
    }

    /// Where a telephone number begins: with its `+`, or with a `(` that is closed within it.
    pub(super) fn opening(&self, r: &Reader<'_>, part: Part<'_>) -> usize {
        let closed = part.groups.iter().skip(1).any(|group| group.joint == b')');
        if is(r.at(self.start), b'+') || closed { self.start } else { self.first() }
    }

    /// Whether the first digits are these.
    pub(super) fn begins_with(&self, digits: &[u8]) -> bool {
        self.digits.starts_with(digits)
    }

    /// How many digits there are; none of the rules asks for fewer than five.
    pub(super) const fn count(&self) -> usize {
        self.count
    }

    /// Where the first digit stands.
    pub(super) fn first(&self) -> usize {
        self.start + self.groups.first().map_or(0, |group| usize::from(group.start))
    }
}

impl Part<'_> {
    /// Whether the groups have these lengths.
    pub(super) fn is_grouped(&self, lengths: &[u8]) -> bool {
        self.groups.iter().map(|group| group.length).eq(lengths.iter().copied())
    }

    /// Whether all digits stand together.
    pub(super) const fn is_one(&self) -> bool {
        self.groups.len() == 1
    }

    /// Whether every digit stands alone: '1 3 8 ...'.
    pub(super) fn is_spelled(&self) -> bool {
        self.groups.iter().all(|group| group.length == 1) && self.next.is_none_or(|group| group.length != 1)
    }

    /// Where a group of the run ends.
    pub(super) fn end_of(&self, group: &Group) -> usize {
        self.start + usize::from(group.end)
    }

    /// Whether a further group is joined by a sign that makes it part of this number.
    pub(super) fn is_joined(&self, joints: &[u8]) -> bool {
        self.next.is_some_and(|group| joints.contains(&group.joint))
    }
}

/// Whether the run begins with a digit alone that follows another alone: the middle of a number spelled digit by digit.
fn follows_single(r: &Reader<'_>, run: &Run) -> bool {
    let single = run.groups.first().is_some_and(|group| group.start == 0 && group.length == 1);
    single && sign(r.before(run.start, 1)).is_some() && is_digit(r.before(run.start, 2)) && !is_digit(r.before(run.start, 3))
}

/// The values of decimal digits as one number. At most 9 digits are asked for.
pub(super) fn number(digits: &[u8]) -> u32 {
    digits.iter().fold(0, |n: u32, digit| n.wrapping_mul(10).wrapping_add(u32::from(*digit)))
}

/// The first digit's place: after `+`, `(` or `(+`.
fn opening(r: &Reader<'_>, start: usize) -> Option<usize> {
    match r.at(start) {
        unit if numeral(unit).is_some() => Some(start),
        unit if is(unit, b'+') => Some(r.skip_spaces(start + 1, 1)),
        unit if is(unit, b'(') => Some(start + 1 + usize::from(is(r.at(start + 1), b'+'))),
        _ => None,
    }
}

/// Whether what begins here only continues what stands before.
fn continues(r: &Reader<'_>, start: usize, script: Script) -> bool {
    let before = r.before(start, 1);
    match script {
        Script::Ascii => is_digit(r.at(start)) && is_digit(before),
        Script::Mixed => numeral(r.at(start)).is_some() && numeral(before).is_some() && !r.gap(start),
    }
}

fn value(r: &Reader<'_>, place: usize, script: Script) -> Option<u8> {
    let unit = r.at(place);
    numeral(unit).filter(|_| script == Script::Mixed || is_digit(unit))
}

/// Where the next group begins, and what joins it. At most one sign, with spaces around.
fn joint_after(r: &Reader<'_>, end: usize, script: Script, wants_check: bool) -> Option<(usize, u8)> {
    let (mut place, mut joint) = (end, b' ');
    while place - end < MAX_JOINT {
        let unit = r.at(place);
        let is_check = wants_check && matches!(unit, 0x78 | 0xD7) && place > end && !is_alnum(r.at(place + 1));
        if value(r, place, script).is_some() || is_check {
            return Some((place, joint));
        }
        joint = match sign(unit)? {
            b' ' => joint,
            _ if joint == b')' => joint,
            new if joint == b' ' => new,
            _ => return None,
        };
        place += 1;
    }
    None
}

/// Whether the unit may join two groups, or open a number.
pub(super) fn is_sign(unit: u16) -> bool {
    sign(unit).is_some()
}

/// What a separator counts as.
fn sign(unit: u16) -> Option<u8> {
    match unit {
        SPACE => Some(b' '),
        0x2D | 0xB7 | 0x2010..=0x2015 | 0x2212 => Some(b'-'),
        _ if is_one_of(unit, b"()") => Some(b')'),
        _ if is_one_of(unit, b"._") => u8::try_from(unit).ok(),
        _ => None,
    }
}

//! Personal information that is a number or is written like one: numbers with a check, and numbers that their context names.
//!
//! Every rule is a function of the place where a number begins. It sees the text through [`reader::Reader`], looks back at most
//! [`context::LOOK`] units and ahead as far as the number may reach, and never depends on what other rules found. Where candidates overlap,
//! the one whose kind says more stays; a candidate that lost still counts against others, so that this too is a local matter. Therefore a
//! window of the text gives the same findings as the whole text (see [`BEHIND`] and [`live`]).
//!
//! It does not find names, addresses of places or conditions of health, and it does not decide what a finding means.

mod account;
mod calendar;
mod card;
mod context;
mod credit;
mod date;
mod email;
mod english;
mod identity;
mod landline;
mod licence;
mod network;
mod permit;
mod phone;
mod position;
mod reader;
mod run;
mod scan;
#[cfg(test)]
mod tests;
mod token;
mod vehicle;
mod words;

use std::ops::Range;

use taxonomy::PersonalKind;

use super::{Folded, Found};

use reader::Reader;

/// Units before the start of a finding that may have a say in it.
///
/// A finding depends on the [`context::LOOK`] (48) units before it, and on candidates that begin before it and overlap it: an e-mail address
/// of at most [`email::MAX_UNITS`] (72) units that looks back 24, or another of at most [`LONGEST`] (47) units that looks back 48. So the
/// greatest of 48, 71 + 24 and 46 + 48, which is 95.
pub(super) const BEHIND: usize = 96;
/// Units after the start of a candidate that may have a say in it: an address, and a few units to see that it has ended.
const AHEAD: usize = 80;

/// Longest candidate that is no e-mail address: a run and a check character. Longer ones (a pair of positions with twelve decimals, an IBAN
/// with every letter apart) are dropped.
const LONGEST: usize = run::MAX_UNITS + 1;

/// What a rule proposes.
#[derive(Debug, Clone, PartialEq)]
struct Candidate {
    kind: PersonalKind,
    range: Range<usize>,
    score: f32,
}

impl Candidate {
    const fn new(kind: PersonalKind, range: Range<usize>, score: f32) -> Self {
        Self { kind, range, score }
    }

    /// Whether this one stays where the two overlap.
    fn beats(&self, other: &Self) -> bool {
        let overlap = self.range.start < other.range.end && other.range.start < self.range.end;
        let rank = |one: &Self| (weight(one.kind), one.range.len(), usize::MAX - one.range.start);
        overlap && rank(self) > rank(other)
    }
}

/// How much a kind says: those with a check or a shape of their own before those that live by context.
const fn weight(kind: PersonalKind) -> u8 {
    use PersonalKind as K;
    match kind {
        K::Email => 22,
        K::Iban => 21,
        K::CreditCode => 20,
        K::DrivingLicence => 19,
        K::IdentityNumber => 18,
        K::Vin => 17,
        K::MacAddress => 16,
        K::IpAddress => 15,
        K::OfficerCard => 14,
        K::Passport => 13,
        K::HkMacaoPermit => 12,
        K::TaiwanPermit => 11,
        K::VehiclePlate => 10,
        K::GpsPosition => 9,
        K::BankCard => 8,
        K::UsSsn => 7,
        K::BirthDate => 6,
        K::Mobile => 5,
        K::SocialSecurity => 4,
        K::Landline => 3,
        K::Wechat => 2,
        _ => 1,
    }
}

/// Finds numbers that are personal information, in order of place. None overlaps another.
pub(super) fn find(text: &Folded, found: &mut Vec<Found>) {
    let mut candidates = scan::candidates(text);
    candidates.retain(|one| one.range.len() <= if one.kind == PersonalKind::Email { email::MAX_UNITS } else { LONGEST });
    // Of two that differ in score only, the surer one first; scores are not negative, so their bits are in order.
    candidates.sort_by_key(|one| (one.range.start, one.range.end, weight(one.kind), u32::MAX - one.score.to_bits()));
    candidates.dedup_by(|a, b| a.kind == b.kind && a.range == b.range);
    let stays = |(i, one): &(usize, &Candidate)| {
        let before = candidates.get(..*i).unwrap_or_default().iter().rev().take_while(|other| other.range.start + AHEAD > one.range.start);
        let after = candidates.get(i + 1..).unwrap_or_default().iter().take_while(|other| other.range.start < one.range.end);
        !before.chain(after).any(|other| other.beats(one))
    };
    let kept = candidates.iter().enumerate().filter(stays);
    found.extend(kept.map(|(_, one)| Found { kind: one.kind, range: one.range.clone(), score: one.score }));
}

/// The first place, from `from` on, from which units may still become part of a finding, or change one, if more text follows. Tells of every
/// candidate that begins at `from` or after it.
///
/// A rule that decided without asking for a unit past the end decides the same for ever; the others say that their place is open.
pub(super) fn read_on(text: &Folded, from: usize, mut tell: impl FnMut(Range<usize>)) -> usize {
    let (length, reader) = (text.units.len(), Reader::new(text));
    let (mut open, mut candidates) = (length, Vec::new());
    for start in from..length {
        scan::all_at(&reader, start, &mut candidates);
        if reader.take_past_end() {
            open = open.min(start);
        }
    }
    candidates.into_iter().for_each(|one| tell(one.range));
    open
}

/// The smallest place from which units may still become part of a finding, or change one, if more text follows.
#[cfg(test)]
pub(super) fn live(text: &Folded) -> usize {
    read_on(text, text.units.len().saturating_sub(AHEAD), |_| ())
}

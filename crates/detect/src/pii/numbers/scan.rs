//! Where rules are tried: only near units that a number cannot do without.
//!
//! Most text has no digit and no `@`, so a bit per unit value decides; the rules are tried at the few starts around such a unit. Invariant:
//! whatever a rule would find if tried everywhere is found (a test tries).

use std::sync::LazyLock;

use super::date::TEN;
use super::reader::{Reader, SPACE, is, is_alnum, is_cjk, is_digit, is_letter, is_one_of, numeral};
use super::run::{Run, Script};
use super::token::Token;
use super::{Candidate, Folded};
use super::{account, card, credit, date, email, english, identity, landline, licence, network, permit, phone, position, run, vehicle};

/// How far before its first digit a number may begin: a VIN of which only the last four are digits begins 13 before, a month and its day 11.
const BEFORE_DIGIT: usize = 18;
/// How far after its label a WeChat id without digits may begin: '微信号是: '; no label is further away ([`super::context::label`]).
const AFTER_LABEL: usize = 18;

/// Fewest digits of a number, and characters of a token, that any rule takes: a QQ number.
const FEWEST: usize = 5;

/// Rules for runs of digits.
const RUNS: [fn(&Reader<'_>, &Run) -> Option<Candidate>; 13] = [
    identity::eighteen,
    identity::fifteen,
    phone::mobile,
    phone::international,
    landline::landline,
    card::card,
    permit::officer,
    permit::taiwan,
    licence::driving,
    licence::social_run,
    account::qq,
    account::wechat_digits,
    english::ssn,
];
/// Rules for tokens of letters and digits.
const TOKENS: [fn(&Reader<'_>, &Token) -> Option<Candidate>; 9] = [
    permit::permit,
    vehicle::vin,
    credit::credit,
    licence::driving_foreign,
    licence::social,
    licence::social_serial,
    network::mac,
    network::mac_grouped,
    network::ipv4,
];

/// Everything the rules propose, near the units that may matter.
pub(super) fn candidates(text: &Folded) -> Vec<Candidate> {
    let (reader, sets, mut scan) = (Reader::new(text), &*SETS, Scan::default());
    for (at, unit) in text.units.iter().enumerate() {
        if sets.triggers.has(*unit) {
            scan.on(&reader, at, *unit);
        }
    }
    scan.out
}

/// Everything the rules propose that begins here.
pub(super) fn all_at(r: &Reader<'_>, start: usize, out: &mut Vec<Candidate>) {
    numbers_at(r, start, out);
    out.extend(account::wechat(r, start));
    out.extend(email::email(r, start));
}

/// The sets of units that are asked for at every place.
static SETS: LazyLock<Sets> = LazyLock::new(|| {
    let numerals = |unit: &u16| numeral(*unit).is_some() || *unit == TEN;
    let starts = |unit: &u16| numerals(unit) || is_alnum(*unit) || is_one_of(*unit, b"+(:") || vehicle::opens_plate(*unit);
    let signs = "@#:=-_.[({<xd点信微薇威号艾".encode_utf16();
    Sets { triggers: Units::of((0..=u16::MAX).filter(numerals).chain(signs)), starts: Units::of((0..=u16::MAX).filter(starts)) }
});

struct Sets {
    /// Units without which no rule finds anything.
    triggers: Units,
    /// Units that a number may begin with.
    starts: Units,
}

/// A set of units, one bit for each value: 8 KiB, which stays in the fastest cache.
struct Units([u64; 1024]);

impl Units {
    fn of(units: impl Iterator<Item = u16>) -> Self {
        let mut bits = [0; 1024];
        for unit in units {
            if let Some(word) = bits.get_mut(usize::from(unit >> 6)) {
                *word |= 1 << (unit & 63);
            }
        }
        Self(bits)
    }

    fn has(&self, unit: u16) -> bool {
        self.0.get(usize::from(unit >> 6)).is_some_and(|word| word >> (unit & 63) & 1 != 0)
    }
}

/// What has been tried so far, so that no place is tried twice for the same reason.
#[derive(Default)]
struct Scan {
    out: Vec<Candidate>,
    numbers: usize,
    network: usize,
    wechat: usize,
    ids: usize,
    email: usize,
}

impl Scan {
    /// Tries what the unit gives reason for.
    fn on(&mut self, r: &Reader<'_>, at: usize, unit: u16) {
        let next = r.at(at + 1);
        match unit {
            0x30..=0x39 => self.numbers(r, at),
            // A numeral alone is a word ('一个'); before a month or a year it may begin a date.
            _ if (numeral(unit).is_some() || unit == TEN) && (numeral(next).is_some() || matches!(next, TEN | 0x6708 | 0x5E74)) => {
                self.numbers(r, at);
            }
            _ if numeral(unit).is_some() || unit == TEN => {}
            _ if is_one_of(unit, b"@#") || unit == 0x827E => self.email(r, at),
            _ if is_one_of(unit, b"[({<") && is_one_of(next, b"a@d.") => self.email(r, at),
            _ if is(unit, b'd') && is(next, b'o') && is(r.at(at + 2), b't') => self.email(r, at),
            _ if is(unit, b'.') && is_one_of(next, b"cn") || unit == 0x70B9 && (is_letter(next) || next == SPACE) => self.email(r, at),
            _ if is_one_of(unit, b":-") => {
                self.network(r, at);
                if is(unit, b':') {
                    self.wechat(r, at);
                }
            }
            _ if is(unit, b'_') => self.id(r, at),
            _ if is(unit, b'x') && !is_one_of(r.before(at, 1), b"vwi") => {}
            _ if is_one_of(unit, b"x=") || unit >= 0x3041 => self.wechat(r, at),
            _ => {}
        }
    }

    fn numbers(&mut self, r: &Reader<'_>, at: usize) {
        let from = self.numbers.max(at.saturating_sub(BEFORE_DIGIT));
        for start in (from..=at).filter(|start| SETS.starts.has(r.at(*start))) {
            numbers_at(r, start, &mut self.out);
            if is_letter(r.at(start)) {
                self.out.extend(account::wechat(r, start));
            }
        }
        self.numbers = at + 1;
    }

    /// MAC and IPv6 addresses may have no digit.
    fn network(&mut self, r: &Reader<'_>, at: usize) {
        for start in self.network.max(at.saturating_sub(4))..=at {
            self.out.extend(network::ipv6(r, start));
            if is_alnum(r.at(start)) {
                self.out.extend(Token::read(r, start).and_then(|token| network::mac(r, &token)));
            }
        }
        self.network = at + 1;
    }

    /// An id of letters only stands after its label.
    fn wechat(&mut self, r: &Reader<'_>, at: usize) {
        for start in self.wechat.max(at)..=at + AFTER_LABEL {
            self.out.extend(account::wechat(r, start));
        }
        self.wechat = at + AFTER_LABEL + 1;
    }

    /// An id with `_` may have no digit.
    fn id(&mut self, r: &Reader<'_>, at: usize) {
        for start in self.ids.max(at.saturating_sub(AFTER_LABEL))..=at {
            self.out.extend(account::wechat(r, start));
        }
        self.ids = at + 1;
    }

    fn email(&mut self, r: &Reader<'_>, at: usize) {
        for start in self.email.max(at.saturating_sub(email::MAX_UNITS))..=at {
            self.out.extend(email::email(r, start));
        }
        self.email = at + 1;
    }
}

/// Everything but accounts and e-mail addresses that begins here.
fn numbers_at(r: &Reader<'_>, start: usize, out: &mut Vec<Candidate>) {
    let (unit, before) = (r.at(start), r.before(start, 1));
    if is_alnum(unit) && (is_digit(before) && is_digit(unit) || is_letter(unit) && is_alnum(before)) {
        return;
    }
    if is_cjk(unit) && numeral(unit).is_none() && unit != TEN {
        if vehicle::opens_plate(unit) {
            out.extend(vehicle::plate(r, start));
        }
        return;
    }
    if numeral(unit).is_some() || is_one_of(unit, b"+(") {
        runs_at(r, start, out);
    }
    if is_alnum(unit) && !is_alnum(r.before(start, 1)) {
        let may_be = |token: &Token| token.bytes.len() >= FEWEST || is_one_of(r.at(token.end), b" -.:");
        if let Some(token) = Token::read(r, start).filter(may_be) {
            out.extend(TOKENS.iter().filter_map(|rule| rule(r, &token)));
        }
        out.extend(english::iban(r, start));
    }
    if is_digit(unit) && !is_digit(r.before(start, 1)) {
        out.extend(position::position(r, start));
    }
    out.extend(network::ipv6(r, start));
    out.extend(date::birth(r, start));
}

/// A run of digits is read with Chinese numerals, and where there are any, also without.
fn runs_at(r: &Reader<'_>, start: usize, out: &mut Vec<Candidate>) {
    // Most numbers are small: years, amounts.
    let ends = (0..FEWEST).map(|i| r.at(start + i)).find(|unit| numeral(*unit).is_none());
    if ends.is_some_and(|unit| !run::is_sign(unit) && !is(unit, b'+')) {
        return;
    }
    let mixed = Run::read(r, start, Script::Mixed);
    let ascii = if mixed.as_ref().is_some_and(|run| !run.has_chinese) { None } else { Run::read(r, start, Script::Ascii) };
    for run in [mixed, ascii].into_iter().flatten().filter(|run| run.count() >= FEWEST) {
        out.extend(RUNS.iter().filter_map(|rule| rule(r, &run)));
    }
}

//! Runs of letters and digits that stand for themselves: 'e12345678', 'lsvaa49j132047371'.

use super::context::{closes_token, opens_token};
use super::reader::{Reader, is_alnum, is_digit, is_letter, is_one_of};

/// Longest token looked at: an IBAN has at most 34 characters (ISO 13616).
const MAX_TOKEN: usize = 34;

/// A run of ASCII letters and digits with nothing of the kind beside it.
#[derive(Debug)]
pub(super) struct Token {
    /// First unit.
    pub start: usize,
    /// One past the last unit.
    pub end: usize,
    /// Its characters, without separators.
    pub bytes: Bytes,
}

impl Token {
    /// The token that begins here.
    pub(super) fn read(r: &Reader<'_>, start: usize) -> Option<Self> {
        if is_alnum(r.before(start, 1)) {
            return None;
        }
        let mut bytes = Bytes::new();
        (0..=MAX_TOKEN).map_while(|i| byte(r, start + i)).for_each(|byte| bytes.push(byte));
        let end = start + bytes.len();
        (1..=MAX_TOKEN).contains(&bytes.len()).then_some(Self { start, end, bytes })
    }

    /// So many characters that begin here, together or in groups ([`joint`]).
    pub(super) fn gather(r: &Reader<'_>, start: usize, count: usize) -> Option<Self> {
        let (mut bytes, mut place) = (Bytes::new(), start);
        while bytes.len() < count {
            place += if bytes.is_empty() { 0 } else { joint(r, place) };
            bytes.push(byte(r, place)?);
            place += 1;
        }
        (opens_token(r, start) && closes_token(r, place)).then_some(Self { start, end: place, bytes })
    }

    /// Whether it stands alone: not part of a file name, an address, a longer code.
    pub(super) fn is_alone(&self, r: &Reader<'_>) -> bool {
        opens_token(r, self.start) && closes_token(r, self.end)
    }

    /// How many of its characters are digits.
    pub(super) fn digits(&self) -> usize {
        self.bytes.iter().filter(|byte| byte.is_ascii_digit()).count()
    }
}

/// The characters of a token, kept in place: tokens are many and short.
#[derive(Debug)]
pub(super) struct Bytes {
    bytes: [u8; MAX_TOKEN + 1],
    count: usize,
}

impl Bytes {
    const fn new() -> Self {
        Self { bytes: [0; MAX_TOKEN + 1], count: 0 }
    }

    fn push(&mut self, byte: u8) {
        if let Some(place) = self.bytes.get_mut(self.count) {
            *place = byte;
            self.count += 1;
        }
    }
}

impl std::ops::Deref for Bytes {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        self.bytes.get(..self.count).unwrap_or_default()
    }
}

/// Up to two letters and a row of digits, with a sign between ([`joint`]) or none: 'e12345678', 'ea 1234567', 'h1234567890'; behind letters the
/// digits also in groups.
#[derive(Debug)]
pub(super) struct Serial {
    /// The letters.
    pub letters: Vec<u8>,
    /// How many digits follow.
    pub digits: usize,
    /// One past the last unit.
    pub end: usize,
}

impl Serial {
    /// The serial number that begins here. At most 12 digits.
    pub(super) fn read(r: &Reader<'_>, start: usize) -> Option<Self> {
        let letters: Vec<u8> = (0..2).map_while(|i| byte(r, start + i).filter(u8::is_ascii_alphabetic)).collect();
        let place = start + letters.len();
        if is_letter(r.at(place)) {
            return None;
        }
        let place = place + if letters.is_empty() { 0 } else { joint(r, place) };
        let row = |at: usize| (0..13).take_while(|i| is_digit(r.at(at + i))).count();
        let first = row(place);
        let (mut digits, mut end) = (first, place + first);
        // One letter is followed by eight digits (by ten in a permit of Hong Kong or Macao), two by seven.
        let whole = if matches!(letters.as_slice(), b"h" | b"m") { 10 } else { 9 - letters.len() };
        while !letters.is_empty() && digits < whole {
            let next = end + joint(r, end);
            let more = row(next);
            if next == end || more == 0 || digits + more > whole {
                break;
            }
            (digits, end) = (digits + more, next + more);
        }
        ((5..=12).contains(&digits) && opens_token(r, start) && closes_token(r, end)).then_some(Self { letters, digits, end })
    }
}

/// How many units join two groups: a space, or one sign with a space on either side or none.
pub(super) fn joint(r: &Reader<'_>, place: usize) -> usize {
    let sign = r.skip_spaces(place, 1);
    let signed = is_one_of(r.at(sign), b"-._/") || matches!(r.at(sign), 0xB7 | 0x2010..=0x2015);
    if signed { r.skip_spaces(sign + 1, 1) - place } else { sign - place }
}

fn byte(r: &Reader<'_>, place: usize) -> Option<u8> {
    u8::try_from(r.at(place)).ok().filter(u8::is_ascii_alphanumeric)
}

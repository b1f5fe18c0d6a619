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

    /// So many characters that begin here, together or in groups with one space or hyphen between.
    pub(super) fn gather(r: &Reader<'_>, start: usize, count: usize) -> Option<Self> {
        let (mut bytes, mut place) = (Bytes::new(), start);
        while bytes.len() < count {
            let separated = !bytes.is_empty() && is_one_of(r.at(place), b" -");
            place += usize::from(separated);
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

/// Up to two letters and a row of digits, with one space or hyphen between: 'e12345678', 'ea 1234567', 'h1234567890'; behind letters the
/// digits also in groups of two or more.
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
        let place = place + usize::from(!letters.is_empty() && is_one_of(r.at(place), b" -"));
        let row = |at: usize| (0..13).take_while(|i| is_digit(r.at(at + i))).count();
        let first = row(place);
        let (mut digits, mut end) = (first, place + first);
        while !letters.is_empty() && digits < 10 && is_one_of(r.at(end), b" -") {
            let more = row(end + 1);
            if more < 2 || digits + more > 10 {
                break;
            }
            (digits, end) = (digits + more, end + 1 + more);
        }
        ((5..=12).contains(&digits) && opens_token(r, start) && closes_token(r, end)).then_some(Self { letters, digits, end })
    }
}

fn byte(r: &Reader<'_>, place: usize) -> Option<u8> {
    u8::try_from(r.at(place)).ok().filter(u8::is_ascii_alphanumeric)
}

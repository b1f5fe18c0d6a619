//! Bytes and characters as numbers: `01101000 …`, `e4 bd a0`, `0x68, 0x65`, `20320,22909`.

use std::ops::Range;

use super::How;
use super::MAX_RUN;
use super::likely::{has_word, is_han, is_readable, text_of};
use super::signs::Word;
use super::sink::Sink;
use super::view::View;

/// Fewest bytes in hexadecimal: a word of four letters written in pairs.
const MIN_PAIRS: usize = 4;
/// Fewest bytes in one unbroken row of hexadecimal digits: 6 if they are Chinese (chance: 1 in 500,000), else 8.
const MIN_HAN_BYTES: usize = 6;
const MIN_BYTES: usize = 8;
/// Up to here decimal digits alone are a number (an account, an order), not bytes in hexadecimal.
const LONGEST_NUMBER: usize = 24;
/// Fewest bytes in binary: two zeros and ones in a row are no text, three bytes are 24 of them.
const MIN_BINARY: usize = 3;
/// Fewest character numbers in decimal.
const MIN_DECIMAL: usize = 4;

/// Groups of eight (or seven) ones and zeros, or one long row of them.
pub(super) fn binary(view: &View<'_>, sink: &mut Sink<'_>) {
    if !view.signs.has(b'0') || !view.signs.has(b'1') {
        return;
    }
    for_each_list(
        view,
        Word::is_binary,
        |b| matches!(b, b'0' | b'1'),
        b"0b",
        |groups| {
            let (bytes, range) = joined(view, groups)?;
            let width = if bytes.len().is_multiple_of(8) { 8 } else { 7 };
            let seven_apart = width == 8 || groups.iter().all(|g| g.len() == 7);
            if bytes.len() < MIN_BINARY * 8 || !seven_apart {
                return None;
            }
            let of = |bits: &[u8]| bits.iter().fold(0_u8, |sum, bit| sum << 1 | (bit & 1));
            let text = text_of(&bytes.chunks(width).map(of).collect::<Vec<_>>())?;
            sink.push(How::Binary, range, &text).then_some(())
        },
    );
}

/// Hexadecimal bytes, in pairs set apart, in longer groups or in one row.
pub(super) fn hex(view: &View<'_>, sink: &mut Sink<'_>) {
    for_each_list(
        view,
        Word::is_hex,
        |b| b.is_ascii_hexdigit(),
        b"0x",
        |groups| {
            let (digits, range) = joined(view, groups)?;
            if digits.len() < MIN_PAIRS * 2 || groups.iter().any(|g| !g.len().is_multiple_of(2)) {
                return None;
            }
            let value = |b: &u8| char::from(*b).to_digit(16).unwrap_or_default();
            let bytes: Vec<u8> = digits.as_chunks::<2>().0.iter().map(|[high, low]| (value(high) << 4 | value(low)) as u8).collect();
            let text = text_of(&bytes)?;
            let pairs = groups.len() > 1 && groups.iter().all(|g| g.len() == 2);
            let long = bytes.len() >= MIN_BYTES || (bytes.len() >= MIN_HAN_BYTES && text.chars().all(is_han));
            let number = digits.len() <= LONGEST_NUMBER && digits.iter().all(u8::is_ascii_digit) && !has_word(&text);
            ((pairs || long) && !number && sink.push(How::Hex, range, &text)).then_some(())
        },
    );
}

/// Character numbers in decimal, set apart. Lists of numbers are common, so a known word must come out.
pub(super) fn decimal(view: &View<'_>, sink: &mut Sink<'_>) {
    for_each_list(
        view,
        Word::is_decimal,
        |b| b.is_ascii_digit(),
        b"",
        |groups| {
            if groups.len() < MIN_DECIMAL && !groups.iter().all(|g| g.len() == 5) {
                return None;
            }
            let code = |g: &Range<usize>| view.slice(g.clone()).parse().ok().filter(|c| *c == 10 || *c >= 32).and_then(char::from_u32);
            let text = groups.iter().map(code).collect::<Option<String>>()?;
            let (first, last) = (groups.first()?, groups.last()?);
            (is_readable(&text) && has_word(&text) && sink.push(How::Decimal, first.start..last.end, &text)).then_some(())
        },
    );
}

/// The digits of the groups and the range they stand in.
fn joined(view: &View<'_>, groups: &[Range<usize>]) -> Option<(Vec<u8>, Range<usize>)> {
    let digits = groups.iter().filter_map(|g| view.bytes().get(g.clone())).flatten().copied().collect();
    let first = groups.first()?.start;
    let prefix = first.checked_sub(2).map(|at| view.slice(at..first)).filter(|p| ["0x", "0X", "0b", "0B"].contains(p));
    Some((digits, first - prefix.map_or(0, str::len)..groups.last()?.end))
}

/// Calls `use_list` with every list of digit groups: at least one group, apart by up to three separators, none touching a letter.
fn for_each_list(
    view: &View<'_>,
    is_group: impl Fn(&Word) -> bool,
    is_digit: impl Fn(u8) -> bool,
    prefix: &[u8],
    mut use_list: impl FnMut(&[Range<usize>]) -> Option<()>,
) {
    let (bytes, mut groups) = (view.bytes(), Vec::<Range<usize>>::new());
    for word in &view.signs.words {
        let prefixed = prefix_len(bytes, word.start, prefix);
        let digits = word.start + prefixed..word.end;
        let fits = match prefixed {
            0 => is_group(word),
            _ => !digits.is_empty() && bytes.get(digits.clone()).is_some_and(|group| group.iter().all(|&b| is_digit(b))),
        };
        if let (Some(first), Some(last)) = (groups.first(), groups.last())
            && (!fits || !separates(bytes.get(last.end..word.start)) || word.end - first.start > MAX_RUN)
        {
            use_list(&groups);
            groups.clear();
        }
        if fits {
            groups.push(digits);
        }
    }
    if !groups.is_empty() {
        use_list(&groups);
    }
}

fn prefix_len(bytes: &[u8], at: usize, prefix: &[u8]) -> usize {
    let found = !prefix.is_empty() && bytes.get(at..at + prefix.len()).is_some_and(|p| p.eq_ignore_ascii_case(prefix));
    if found { prefix.len() } else { 0 }
}

fn separates(gap: Option<&[u8]>) -> bool {
    gap.is_some_and(|gap| gap.len() <= 3 && gap.iter().all(|b| b" ,:;-|/\t\r\n\\".contains(b)))
}

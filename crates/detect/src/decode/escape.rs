//! One escaped character or byte, as URLs, HTML, mail and programming languages write it. Lookahead is bounded by [`LONGEST`].

use super::How;

/// Longest escape: `&ZeroWidthSpace;` and `&#x0000004f60;`.
const LONGEST: usize = 16;

/// What an escape stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unit {
    /// A code point, or half of a surrogate pair.
    Code(u32),
    /// A byte of UTF-8.
    Byte(u8),
    /// Nothing that is drawn.
    Nothing,
}

/// An escape at the start of `rest`: its kind, its length in bytes and what it stands for.
pub(super) fn escape(rest: &[u8], before: Option<u8>, follows: bool) -> Option<(How, usize, Unit)> {
    let rest = rest.get(..LONGEST * 2).unwrap_or(rest);
    match rest {
        [b'%', b'u' | b'U', tail @ ..] => digits(tail, 4, 4).map(|(_, code)| (How::UnicodeEscape, 6, Unit::Code(code))),
        [b'%', tail @ ..] => byte(tail).map(|byte| (How::Url, 3, byte)),
        [b'&', tail @ ..] => entity(tail),
        [b'\\', tail @ ..] => backslash(tail),
        [b'U' | b'u', b'+', tail @ ..] if !before.is_some_and(|b| b.is_ascii_alphanumeric()) => {
            digits(tail, 4, 6).map(|(len, code)| (How::UnicodeEscape, len + 2, Unit::Code(code)))
        }
        // Without its backslash only next to another of its kind, and only for Chinese characters: "u4f60u597d".
        [b'u' | b'U', tail @ ..] => {
            let (_, code) = digits(tail, 4, 4).filter(|(_, code)| (0x3400..=0x9FFF).contains(code))?;
            let next = matches!(tail.get(4), Some(b'u' | b'U')) && digits(tail.get(5..)?, 4, 4).is_some();
            (follows || next).then_some((How::UnicodeEscape, 5, Unit::Code(code)))
        }
        // Three in a row, since a single "=41" is an assignment.
        [b'=', tail @ ..] => {
            let more = |at: usize| tail.get(at) == Some(&b'=') && tail.get(at + 1..).and_then(byte).is_some();
            let unit = byte(tail)?;
            (follows || (more(2) && more(5))).then_some((How::QuotedPrintable, 3, unit))
        }
        _ => None,
    }
}

fn byte(tail: &[u8]) -> Option<Unit> {
    digits(tail, 2, 2).and_then(|(_, value)| u8::try_from(value).ok()).map(Unit::Byte)
}

/// Hexadecimal digits, at most `most` of them: how many and their value.
fn digits(tail: &[u8], least: usize, most: usize) -> Option<(usize, u32)> {
    number(tail, least, most, 16)
}

fn number(tail: &[u8], least: usize, most: usize, radix: u32) -> Option<(usize, u32)> {
    let values = tail.iter().take(most).map_while(|&b| char::from(b).to_digit(radix));
    let (len, value) = values.fold((0, 0_u32), |(len, value), digit| (len + 1, value.saturating_mul(radix).saturating_add(digit)));
    (len >= least).then_some((len, value))
}

fn backslash(tail: &[u8]) -> Option<(How, usize, Unit)> {
    match tail {
        [b'u' | b'x', b'{', inner @ ..] => {
            let (len, code) = digits(inner, 1, 8)?;
            (inner.get(len) == Some(&b'}')).then_some((How::UnicodeEscape, len + 4, Unit::Code(code)))
        }
        [b'u', inner @ ..] => digits(inner, 4, 4).map(|(_, code)| (How::UnicodeEscape, 6, Unit::Code(code))),
        [b'U', inner @ ..] => digits(inner, 8, 8).map(|(_, code)| (How::UnicodeEscape, 10, Unit::Code(code))),
        [b'x' | b'X', inner @ ..] => byte(inner).map(|byte| (How::Hex, 4, byte)),
        [b'0'..=b'3', ..] => {
            let (_, value) = number(tail, 3, 3, 8)?;
            u8::try_from(value).ok().map(|value| (How::Hex, 4, Unit::Byte(value)))
        }
        _ => None,
    }
}

/// The named references that hide a text or stand for nothing; the full list of HTML has 2231, and none but these spells words.
const NAMED: [(&str, Unit); 20] = [
    ("lt", Unit::Code('<' as u32)),
    ("gt", Unit::Code('>' as u32)),
    ("amp", Unit::Code('&' as u32)),
    ("quot", Unit::Code('"' as u32)),
    ("apos", Unit::Code('\'' as u32)),
    ("nbsp", Unit::Code(' ' as u32)),
    ("colon", Unit::Code(':' as u32)),
    ("comma", Unit::Code(',' as u32)),
    ("period", Unit::Code('.' as u32)),
    ("lpar", Unit::Code('(' as u32)),
    ("rpar", Unit::Code(')' as u32)),
    ("num", Unit::Code('#' as u32)),
    ("percnt", Unit::Code('%' as u32)),
    ("bsol", Unit::Code('\\' as u32)),
    ("NewLine", Unit::Code('\n' as u32)),
    ("shy", Unit::Nothing),
    ("zwj", Unit::Nothing),
    ("zwnj", Unit::Nothing),
    ("ZeroWidthSpace", Unit::Nothing),
    ("NoBreak", Unit::Nothing),
];

fn entity(tail: &[u8]) -> Option<(How, usize, Unit)> {
    let (len, unit) = match tail {
        [b'#', b'x' | b'X', inner @ ..] => digits(inner, 1, 10).map(|(len, code)| (len + 2, Unit::Code(code)))?,
        [b'#', inner @ ..] => number(inner, 2, 10, 10).map(|(len, code)| (len + 1, Unit::Code(code)))?,
        _ => {
            let len = tail.iter().take(LONGEST).position(|&b| b == b';')?;
            let name = tail.get(..len)?;
            NAMED.iter().find(|(known, _)| known.as_bytes() == name).map(|&(_, unit)| (len, unit))?
        }
    };
    let semicolon = usize::from(tail.get(len) == Some(&b';'));
    Some((How::HtmlEntity, 1 + len + semicolon, unit))
}

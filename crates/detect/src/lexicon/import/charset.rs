//! Which charset a list is written in, and the text it holds.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{BIG5, Encoding, GB18030, GBK, UTF_8, UTF_16BE, UTF_16LE};

use super::ImportError;

/// Bytes that a guess looks at: a detector is as sure after a mebibyte as it will ever be.
const SAMPLE_BYTES: usize = 1024 * 1024;

/// One character in so many bytes may be wrong: a text of which more is wrong is in another charset.
const MIN_READABLE: usize = 20;

/// A charset that lists are written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Charset {
    /// UTF-8 (RFC 3629).
    Utf8,
    /// UTF-16, low byte first (RFC 2781).
    Utf16Le,
    /// UTF-16, high byte first.
    Utf16Be,
    /// GB 18030, which holds GBK and GB 2312.
    Gb18030,
    /// Big5 with the Hong Kong supplementary set, as the WHATWG Encoding Standard has it.
    Big5,
}

/// A text with the charset it was written in. What could not be read is U+FFFD in it.
pub(super) struct Decoded<'a> {
    pub(super) text: Cow<'a, str>,
    pub(super) charset: Charset,
    pub(super) sure: bool,
}

impl Charset {
    /// All of them.
    pub const ALL: &'static [Self] = &[Self::Utf8, Self::Utf16Le, Self::Utf16Be, Self::Gb18030, Self::Big5];

    /// Its name.
    #[must_use]
    pub const fn id(self) -> &'static str {
        match self {
            Self::Utf8 => "utf-8",
            Self::Utf16Le => "utf-16le",
            Self::Utf16Be => "utf-16be",
            Self::Gb18030 => "gb18030",
            Self::Big5 => "big5",
        }
    }

    fn encoding(self) -> &'static Encoding {
        match self {
            Self::Utf8 => UTF_8,
            Self::Utf16Le => UTF_16LE,
            Self::Utf16Be => UTF_16BE,
            Self::Gb18030 => GB18030,
            Self::Big5 => BIG5,
        }
    }

    fn decode(self, bytes: &[u8]) -> Cow<'_, str> {
        self.encoding().decode_without_bom_handling(bytes).0
    }
}

impl fmt::Display for Charset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.id())
    }
}

impl FromStr for Charset {
    type Err = String;

    /// Takes every label of the WHATWG Encoding Standard: `gbk`, `gb2312`, `big5-hkscs`, `utf8`.
    fn from_str(text: &str) -> Result<Self, String> {
        let encoding = Encoding::for_label(text.as_bytes()).map(|e| if e == GBK { GB18030 } else { e });
        let known = || Self::ALL.iter().map(|c| c.id()).collect::<Vec<_>>().join(", ");
        let found = Self::ALL.iter().copied().find(|charset| Some(charset.encoding()) == encoding);
        found.ok_or_else(|| format!("'{text}' is no charset that lists are read in; choose one of {}", known()))
    }
}

/// Decodes a file: in the charset the user names, else by byte order mark, else as UTF-8 if it is that, else as GB 18030 or Big5.
pub(super) fn decode<'a>(name: &str, bytes: &'a [u8], named: Option<Charset>) -> Result<Decoded<'a>, ImportError> {
    let marked = Encoding::for_bom(bytes).and_then(|(encoding, _)| Charset::ALL.iter().copied().find(|c| c.encoding() == encoding));
    let (charset, sure) = match named.or(marked) {
        Some(charset) => (charset, true),
        None if bytes.contains(&0) => return Err(ImportError::Binary(name.to_owned())),
        None => utf8(bytes).or_else(|| legacy(bytes)).ok_or_else(|| ImportError::Charset(name.to_owned()))?,
    };
    Ok(Decoded { text: charset.decode(bytes), charset, sure })
}

/// UTF-8, if the bytes are that, or if more lines are plainly that than are not: one broken line must not turn the others into nonsense.
/// A sequence of three bytes comes by chance in hardly any other charset; one of two is also a character of GBK, so it proves nothing.
fn utf8(bytes: &[u8]) -> Option<(Charset, bool)> {
    let long = |line: &[u8]| line.iter().any(|&b| b >= 0xE0);
    if std::str::from_utf8(bytes).is_ok() {
        return Some((Charset::Utf8, bytes.is_ascii() || long(bytes)));
    }
    let (mut plain, mut broken) = (0_usize, 0_usize);
    for line in bytes.split(|&b| b == b'\n').filter(|line| !line.is_ascii()) {
        match std::str::from_utf8(line) {
            Ok(_) => plain += usize::from(long(line)),
            Err(_) => broken += 1,
        }
    }
    (plain > broken).then_some((Charset::Utf8, false))
}

/// GB 18030 or Big5: what the detector says, unless the other one reads with fewer characters that are wrong.
fn legacy(bytes: &[u8]) -> Option<(Charset, bool)> {
    let sample = sample(bytes);
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
    detector.feed(&sample, true);
    let guess = detector.guess(None, Utf8Detection::Deny);
    let known = guess == BIG5 || guess == GBK || guess == GB18030;
    let (first, other) = if guess == BIG5 { (Charset::Big5, Charset::Gb18030) } else { (Charset::Gb18030, Charset::Big5) };
    let (first_wrong, other_wrong) = (wrong(first, &sample), wrong(other, &sample));
    let (charset, least) = if other_wrong < first_wrong { (other, other_wrong) } else { (first, first_wrong) };
    let sure = known && charset == first && least == 0;
    (least * MIN_READABLE <= sample.len()).then_some((charset, sure))
}

/// Lines with something to tell, up to [`SAMPLE_BYTES`].
fn sample(bytes: &[u8]) -> Vec<u8> {
    let mut sample = Vec::new();
    for line in bytes.split(|&b| b == b'\n').filter(|line| !line.is_ascii()) {
        if sample.len() + line.len() > SAMPLE_BYTES && !sample.is_empty() {
            break;
        }
        sample.extend(line.iter().take(SAMPLE_BYTES));
        sample.push(b'\n');
    }
    sample
}

/// Characters that stand for bytes the charset does not know, or for what nobody writes in it: private use (Unicode 23.5), to which
/// both charsets map their unused places.
fn wrong(charset: Charset, sample: &[u8]) -> usize {
    charset.decode(sample).chars().filter(|c| matches!(c, '\u{fffd}' | '\u{e000}'..='\u{f8ff}')).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8]) -> (String, Charset, bool) {
        decode("x", bytes, None).map(|d| (d.text.into_owned(), d.charset, d.sure)).unwrap()
    }

    #[test]
    fn charsets_are_told_apart() {
        let simplified = "赌博网站\n代开发票\n出售假证\n";
        let traditional = "賭博網站\n代開發票\n販賣假證\n毒品交易\n";
        assert_eq!(read(simplified.as_bytes()), (simplified.to_owned(), Charset::Utf8, true));
        assert_eq!(read(&GBK.encode(simplified).0), (simplified.to_owned(), Charset::Gb18030, true));
        assert_eq!(read(&BIG5.encode(traditional).0), (traditional.to_owned(), Charset::Big5, true));
        assert_eq!(read(b"abc"), ("abc".to_owned(), Charset::Utf8, true));
        assert_eq!(read(b""), (String::new(), Charset::Utf8, true));
        assert!(!read("caf\u{e9}".as_bytes()).2);
        // Outside GBK: four bytes of GB 18030.
        assert_eq!(read(&GB18030.encode("㐀㐁出售\n违禁品\n").0).0, "㐀㐁出售\n违禁品\n");
    }

    #[test]
    fn marks_and_the_user_go_first() {
        let utf16 = |text: &str, to: fn(u16) -> [u8; 2]| text.encode_utf16().flat_map(to).collect::<Vec<u8>>();
        assert_eq!(read(&utf16("\u{feff}赌博", u16::to_le_bytes)).1, Charset::Utf16Le);
        assert_eq!(read(&utf16("\u{feff}赌博", u16::to_be_bytes)).0, "\u{feff}赌博");
        assert!(matches!(decode("x", &utf16("ab", u16::to_le_bytes), None), Err(ImportError::Binary(_))));
        let named = decode("x", &GBK.encode("联通").0, Some(Charset::Gb18030)).map(|d| d.text.into_owned());
        assert_eq!(named.as_deref(), Ok("联通"));
        assert_eq!("GB2312".parse(), Ok(Charset::Gb18030));
        assert!("koi8-r".parse::<Charset>().unwrap_err().contains("gb18030"));
    }

    #[test]
    fn a_broken_line_does_not_turn_the_others() {
        let bytes = [&b"\xFF\xFE\xFF\n"[2..], "赌博\n代开发票\n".as_bytes()].concat();
        assert_eq!(read(&bytes), ("\u{fffd}\n赌博\n代开发票\n".to_owned(), Charset::Utf8, false));
        assert!(matches!(decode("x", &[0xFF; 9], None), Err(ImportError::Charset(_))));
    }
}

//! Rows that cannot be judged: why, in words a person can act on.

use serde::{Deserialize, Serialize};

taxonomy::words! {
    /// Why a row could not be read.
    BrokenKind, "kind of broken row", {
        NotUtf8 = "not-utf8", "不是 UTF-8", "not UTF-8";
        Gbk = "gbk", "疑为 GBK 编码", "looks like GBK";
        Utf16 = "utf-16", "疑为 UTF-16 编码", "looks like UTF-16";
        NoJson = "no-json", "不是 JSON", "no JSON";
        NoField = "no-field", "没有该字段", "the field is missing";
        NoText = "no-text", "字段不是文本", "the field holds no text";
        NoRecord = "no-record", "表格行有误", "not a row of the table";
        TooLong = "too-long", "行过长", "too long";
    }
}

/// A row that could not be read. It is counted, kept apart, and never judged clean.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Broken {
    /// In one word.
    pub kind: BrokenKind,
    /// In a sentence, without the text of the row.
    pub message: String,
}

impl Broken {
    pub(crate) fn new(kind: BrokenKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into() }
    }

    /// What stands for a row above the limit.
    pub(crate) fn too_long(bytes: u64) -> Self {
        let limit = crate::input::MAX_ROW_BYTES;
        Self::new(BrokenKind::TooLong, format!("the row has {bytes} bytes, at most {limit} are judged; split it"))
    }

    /// What is wrong with bytes that are no UTF-8, and what to do.
    pub(crate) fn not_text(bytes: &[u8], at: usize) -> Self {
        if bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff") {
            return Self::new(BrokenKind::Utf16, "looks like UTF-16; convert the file to UTF-8");
        }
        // A Chinese character that is valid UTF-8 before the bad byte: this is UTF-8 cut short, not GBK.
        if bytes.get(..at).is_some_and(<[u8]>::is_ascii) && is_gbk(bytes) {
            return Self::new(BrokenKind::Gbk, "looks like GBK; convert the file with `iconv -f GB18030 -t UTF-8`");
        }
        Self::new(BrokenKind::NotUtf8, format!("byte {at} of the row is not valid UTF-8"))
    }
}

/// Whether bytes read as GBK and at least half of their pairs are common characters (rows B0 to F7 of GB 2312): random bytes rarely do.
fn is_gbk(bytes: &[u8]) -> bool {
    let (mut pairs, mut common) = (0_u32, 0_u32);
    let mut rest = bytes.iter();
    while let Some(&lead) = rest.next() {
        if lead < 0x80 {
            continue;
        }
        let Some(&trail) = rest.next() else { return false };
        if !(0x81..=0xFE).contains(&lead) || !(0x40..=0xFE).contains(&trail) || trail == 0x7F {
            return false;
        }
        pairs += 1;
        common += u32::from((0xB0..=0xF7).contains(&lead) && trail >= 0xA1);
    }
    pairs > 0 && common * 2 >= pairs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_utf8_is_named() {
        let kind = |bytes: &[u8]| Broken::not_text(bytes, std::str::from_utf8(bytes).unwrap_err().valid_up_to()).kind;
        // "中文文本" and "{"text":"公司"}" in GBK.
        assert_eq!(kind(b"\xd6\xd0\xce\xc4\xce\xc4\xb1\xbe"), BrokenKind::Gbk);
        assert_eq!(kind(b"{\"text\":\"\xb9\xab\xcb\xbe\"}"), BrokenKind::Gbk);
        assert_eq!(kind(b"abc\xff\xfe"), BrokenKind::NotUtf8);
        assert_eq!(kind(b"\xff\xfeh\0i\0"), BrokenKind::Utf16);
        assert_eq!(kind("半个字".as_bytes().get(..8).unwrap()), BrokenKind::NotUtf8);
    }
}

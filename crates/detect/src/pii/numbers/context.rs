//! What stands just before a number: the label that names it, the word it is glued to, the address it is part of.
//!
//! Invariant: nothing here looks further back than [`LOOK`] units, and nothing looks ahead but [`glued_after`].

use super::reader::{Reader, SPACE, is, is_alnum, is_digit, is_letter, is_one_of, units};
use super::words::Words;

/// Furthest look back from the start of a candidate: an address has its `://` or `www.` in the first units of a run of at most this length.
pub(super) const LOOK: usize = 48;
/// Most units between a number and its label: '号码是: ' and the like, and one bracket.
const MAX_LINK: usize = 18;

/// What may stand between a label and its number besides signs ([`is_sign`]), longest first where one ends in another.
const LINKS: Words = Words::new(&[
    "编号", "号码", "账号", "帐号", "账户", "卡号", "证号", "号", "码", "证件", "证", "卡", "档案", "是", "为", "叫", "即", "系", "在",
    "填", "写", "的", "了", "公历", "农历", "阴历", "阳历", "如下", "no.", "no", "number", "numbers", "num", "nr", "id", "is", "was",
    "code", "card", "of", "my", "his", "her", "the", "file", "reads", "says", "ends",
]);
/// Labels of numbers that are nobody's: trade, post, books, software, money, devices.
const CONTRARY: Words = Words::new(&[
    "订单",
    "单号",
    "流水",
    "流水号",
    "编号",
    "快递",
    "运单",
    "物流",
    "发票",
    "合同",
    "工单",
    "序列号",
    "序号",
    "货号",
    "型号",
    "款号",
    "批号",
    "批次",
    "条码",
    "条形码",
    "代码",
    "版本",
    "版本号",
    "票号",
    "彩票",
    "期号",
    "案号",
    "交易号",
    "凭证",
    "商户号",
    "设备号",
    "备案号",
    "许可证号",
    "专利号",
    "文号",
    "邮编",
    "金额",
    "总额",
    "余额",
    "合计",
    "共计",
    "价格",
    "库存",
    "阅读量",
    "播放量",
    "点击量",
    "时间戳",
    "单价",
    "销量",
    "产量",
    "票据",
    "包裹",
    "order",
    "orders",
    "invoice",
    "isbn",
    "issn",
    "version",
    "ver",
    "tracking",
    "serial",
    "sku",
    "ref",
    "reference",
    "build",
    "amount",
    "total",
    "price",
    "ticket",
    "case",
    "batch",
    "timestamp",
    "commit",
    "hash",
    "doi",
    "imei",
    "imsi",
    "iccid",
    "upc",
    "ean",
    "waybill",
    "shipment",
    "parcel",
    "item",
    "part",
    "model",
    "lot",
    "transaction",
    "txn",
    "receipt",
    "product",
]);
/// Latin words that may be glued to a personal number: 'tel13812345678', 'vx13812345678'.
const GLUED: Words = Words::new(&[
    "tel",
    "phone",
    "mobile",
    "cell",
    "call",
    "vx",
    "wx",
    "v",
    "qq",
    "q",
    "wechat",
    "weixin",
    "no",
    "number",
    "num",
    "id",
    "idcard",
    "sfz",
    "card",
    "ssn",
    "fax",
    "whatsapp",
    "sms",
    "sj",
    "dh",
    "mob",
    "ph",
    "telephone",
    "ip",
]);
/// Keys of an address whose value is a person's number: '?phone=13812345678'.
const KEYS: Words = Words::new(&["phone=", "mobile=", "tel=", "cell=", "qq=", "card=", "phone:", "tel:", "uin=", "number="]);
/// Ends of sentences; the filler at a Chinese one is dropped between Chinese characters, so this is only a help.
const STOPS: [u16; 6] = [0x3002, b'!' as u16, b'?' as u16, b'\n' as u16, b';' as u16, 0];

/// What stands to the left of a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Left {
    /// Nothing that would make the number part of something.
    Free,
    /// A Latin letter that belongs to the same word, or a sign of money.
    Glued,
    /// A dot, hyphen or underscore that joins it to a letter or digit.
    Joined,
}

/// Whether one of the words labels what begins here: only linking words and punctuation between.
pub(super) fn label(r: &Reader<'_>, start: usize, words: Words) -> bool {
    label_end(r, start, words).is_some()
}

/// Where the nearest label ends.
pub(super) fn label_end(r: &Reader<'_>, start: usize, words: Words) -> Option<usize> {
    let mut place = start;
    while start - place <= MAX_LINK {
        if words.end(r, place) {
            return Some(place);
        }
        let sign = is_sign(r.before(place, 1));
        let link = if sign { 1 } else { units(LINKS.ending(r, place)?) };
        place = place.checked_sub(link)?;
    }
    None
}

/// Whether the unit is a sign or a space that parts neither sentences nor clauses.
fn is_sign(unit: u16) -> bool {
    unit != 0
        && unit < 0x3041
        && !is_alnum(unit)
        && !matches!(unit, 0x3002 | 0x21 | 0x3F | 0x3B | 0x2C | 0x3001)
        && !(0xC0..0x2000).contains(&unit)
}

/// Whether one of the words ends at most so many units before, in the same sentence. `distance` is at most 24.
pub(super) fn near(r: &Reader<'_>, start: usize, words: Words, distance: usize) -> bool {
    let open = |back: &usize| *back == 0 || !STOPS.contains(&r.before(start, *back));
    (0..=distance.min(start)).take_while(open).any(|back| words.end(r, start - back))
}

/// Whether the label says that the number is nobody's.
pub(super) fn is_contrary(r: &Reader<'_>, start: usize) -> bool {
    label(r, start, CONTRARY)
}

/// What stands to the left of a number that begins with a digit, `+` or `(`.
pub(super) fn left(r: &Reader<'_>, start: usize) -> Left {
    let (last, before) = (r.before(start, 1), r.before(start, 2));
    if is_letter(last) {
        return if GLUED.end(r, start) { Left::Free } else { Left::Glued };
    }
    if is(last, b'$') || matches!(last, 0xA5 | 0xA3 | 0x20AC) {
        return Left::Glued;
    }
    let joins = is_one_of(last, b"-._") || last == 0xB7;
    match joins && is_alnum(before) && !GLUED.end(r, start.saturating_sub(1)) {
        true => Left::Joined,
        false => Left::Free,
    }
}

/// Whether a Latin letter or an underscore follows that makes the number part of a word; 'vx' and the like do not.
pub(super) fn glued_after(r: &Reader<'_>, end: usize) -> bool {
    let next = r.at(end);
    if is(next, b'_') {
        return is_alnum(r.at(end + 1));
    }
    is_letter(next) && !["wechat", "weixin", "vx", "wx", "v", "tel", "qq"].iter().any(|w| r.has(end, w) && !is_letter(r.at(end + units(w))))
}

/// Whether a unit of quantity follows: an amount, not a number of a person.
pub(super) fn is_amount(r: &Reader<'_>, end: usize) -> bool {
    is(r.at(end), b'%') || r.has_any(end, &["元", "块", "万", "亿", "股", "吨", "美元", "港元", "欧元", "日元"]).is_some()
}

/// Whether the place stands within a web address, or a path, whose key does not name a personal number.
pub(super) fn in_address(r: &Reader<'_>, start: usize) -> bool {
    let last = r.before(start, 1);
    if !(is_alnum(last) || is_one_of(last, b"/=&?%_-.+#~:,")) || KEYS.end(r, start) {
        return false;
    }
    let within = |back: &usize| {
        let unit = r.before(start, *back);
        unit > SPACE && unit < 0x7F
    };
    const HEADS: Words = Words::new(&["://", "www."]);
    (1..LOOK - 4).take_while(within).any(|back| HEADS.end(r, start.saturating_sub(back)))
}

/// Whether the unit is one that a number may directly follow in running text.
pub(super) fn opens_token(r: &Reader<'_>, start: usize) -> bool {
    let last = r.before(start, 1);
    // 'vin=lsva…' in a log; in an address of the net what stands behind '=' is nobody's.
    let joined = is_one_of(last, b"-._/\\@&%+") && is_alnum(r.before(start, 2)) || is(last, b'=') && in_address(r, start);
    !is_alnum(last) && !joined
}

/// Whether nothing follows that continues a word of letters and digits.
pub(super) fn closes_token(r: &Reader<'_>, end: usize) -> bool {
    let next = r.at(end);
    let joined = is_one_of(next, b"-._@") && is_alnum(r.at(end + 1));
    !is_alnum(next) && !joined
}

/// Whether the number is a decimal's head: a dot and a digit follow.
pub(super) fn is_decimal(r: &Reader<'_>, end: usize) -> bool {
    is(r.at(end), b'.') && is_digit(r.at(end + 1))
}

#[cfg(test)]
mod tests {
    use super::super::Folded;
    use super::*;

    fn at_first_digit<T>(text: &str, judge: impl Fn(&Reader<'_>, usize) -> T) -> T {
        let folded = Folded::new(text);
        let start = folded.units.iter().position(|unit| is_digit(*unit)).unwrap();
        judge(&Reader::new(&folded), start)
    }

    #[test]
    fn a_label_may_be_linked() {
        for text in ["订单号：123", "订单 123", "订单号码是: 123", "order no. 123", "Order #123", "快递(123", "ISBN 978"] {
            assert!(at_first_digit(text, is_contrary), "{text}");
        }
        for text in ["订单有问题打123", "border 123", "123", "reorders123", "查订单，123"] {
            assert!(!at_first_digit(text, is_contrary), "{text}");
        }
    }

    #[test]
    fn near_ends_at_a_sentence() {
        assert!(at_first_digit("护照在这里 123", |r, s| near(r, s, Words::new(&["护照"]), 8)));
        assert!(!at_first_digit("护照! 123", |r, s| near(r, s, Words::new(&["护照"]), 8)));
        assert!(!at_first_digit("护照一直都放在抽屉里 123", |r, s| near(r, s, Words::new(&["护照"]), 8)));
    }

    #[test]
    fn what_stands_left() {
        assert_eq!(at_first_digit("tel123", left), Left::Free);
        assert_eq!(at_first_digit("tel-123", left), Left::Free);
        assert_eq!(at_first_digit("电话-123", left), Left::Free);
        assert_eq!(at_first_digit("abc123", left), Left::Glued);
        assert_eq!(at_first_digit("a716-123", |r, s| left(r, s + 4)), Left::Joined);
        assert!(at_first_digit("https://a.b/c/123", in_address));
        assert!(!at_first_digit("https://a.b/c?phone=123", in_address));
        assert!(!at_first_digit("看https://a.b 123", in_address));
    }
}

//! Masking: some characters stay at the two ends, the others become `*`, separators stay.

use taxonomy::PersonalKind;

use super::policy::Keep;

/// What may stay of a span on which several marks lie: the least that any of them allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Shown {
    keep: Keep,
    /// Whether what stands after the `@` stays: only where all marks are e-mail addresses.
    domain: bool,
}

impl Shown {
    /// What a kind's own rule leaves of a value.
    pub(super) fn of(kind: PersonalKind, value: &str, rule: Keep) -> Self {
        let local = if kind == PersonalKind::Email { address(value) } else { None };
        Self { keep: limited(rule, count(local.map_or(value, |(local, _)| local))), domain: local.is_some() }
    }

    /// What both allow. A prefix that is no longer than a mark's own prefix never shows more of that mark, wherever it starts.
    pub(super) fn and(self, other: Self) -> Self {
        let keep = Keep { first: self.keep.first.min(other.keep.first), last: self.keep.last.min(other.keep.last) };
        Self { keep, domain: self.domain && other.domain }
    }

    /// The masked value.
    pub(super) fn mask(self, value: &str) -> String {
        match address(value).filter(|_| self.domain) {
            Some((local, domain)) => format!("{}{domain}", local_part(local, self.keep)),
            None => stars(value, self.keep),
        }
    }
}

/// Whether a character only parts others: it stays and is not counted. Marks, emoji and invisible characters do not count as such, lest
/// a value hides in them.
pub(super) fn is_separator(c: char) -> bool {
    let punctuation = c.is_ascii() || matches!(u32::from(c), 0xB7 | 0x2010..=0x2027 | 0x3000..=0x3020 | 0xFF01..=0xFF65);
    !c.is_alphanumeric() && !c.is_control() && punctuation
}

fn count(value: &str) -> usize {
    value.chars().filter(|&c| !is_separator(c)).count()
}

/// The rule, cut down so that a third of `count` characters at least is hidden (mobile 138****5678: 4 of 11).
fn limited(rule: Keep, count: usize) -> Keep {
    let room = count - count.div_ceil(3);
    let first = rule.first.min(room);
    Keep { first, last: rule.last.min(room - first) }
}

fn stars(value: &str, keep: Keep) -> String {
    let count = count(value);
    let Keep { first, last } = limited(keep, count);
    let mut at = 0;
    let show = |c: char| {
        if is_separator(c) {
            return c;
        }
        at += 1;
        if at <= first || at > count - last { c } else { '*' }
    };
    value.chars().map(show).collect()
}

/// `a***`: always three stars, because the length of a local part tells who it is.
fn local_part(local: &str, keep: Keep) -> String {
    let keep = limited(keep, count(local));
    let chars = || local.chars().filter(|&c| !is_separator(c));
    let last = chars().count() - keep.last;
    chars().take(keep.first).chain(['*'; 3]).chain(chars().skip(last)).collect()
}

/// An e-mail address in two: up to the last `@`, and from it.
fn address(value: &str) -> Option<(&str, &str)> {
    value.rfind(['@', '＠']).and_then(|at| value.split_at_checked(at))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mask(kind: PersonalKind, value: &str) -> String {
        Shown::of(kind, value, super::super::Policy::default().keep(kind)).mask(value)
    }

    #[test]
    fn as_chinese_practice_does() {
        use PersonalKind as K;
        for (kind, value, masked) in [
            (K::Mobile, "13812345678", "138****5678"),
            (K::Mobile, "138-1234 5678", "138-**** 5678"),
            (K::Mobile, "１３８１２３４５６７８", "１３８****５６７８"),
            (K::IdentityNumber, "11010519491231002X", "110*************2X"),
            (K::Name, "张三", "张*"),
            (K::Name, "张三丰", "张**"),
            (K::Name, "张", "*"),
            (K::Name, "John Smith", "J*** *****"),
            (K::Email, "anna.b@b.com", "a***@b.com"),
            (K::Email, "a@b.com", "***@b.com"),
            (K::Email, "no address", "n* *******"),
            (K::BankCard, "6222 0200 0000 0000 123", "**** **** **** ***0 123"),
            (K::VehiclePlate, "京A12345", "京A***45"),
            (K::Address, "北京市朝阳区建国路1号", "北京市朝阳区*****"),
            (K::BirthDate, "1990-01-02", "1990-**-**"),
            (K::IpAddress, "192.168.1.20", "192.***.*.**"),
            (K::MacAddress, "00:1a:2b:3c:4d:5e", "00:1a:2b:**:**:**"),
            (K::Health, "乙肝，病毒携带", "**，****"),
            (K::Qq, "12345", "12**5"),
            (K::Name, "", ""),
        ] {
            assert_eq!(mask(kind, value), masked, "{kind}");
        }
    }

    #[test]
    fn a_third_is_hidden_whatever_the_rule() {
        let all = Keep { first: 99, last: 99 };
        for (value, masked) in [("a", "*"), ("ab", "a*"), ("abcdef", "abcd**"), ("1\u{fe0f}\u{20e3}2", "1\u{fe0f}**")] {
            assert_eq!(Shown::of(PersonalKind::Name, value, all).mask(value), masked);
        }
        let one = Keep { first: 1, last: 0 };
        assert_eq!(Shown::of(PersonalKind::Name, "abc", all).and(Shown::of(PersonalKind::Qq, "abc", one)).mask("abc"), "a**");
    }
}

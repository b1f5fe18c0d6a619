//! E-mail addresses (RFC 5322 dot-atoms), also as people write them to hide them: 'a @ b.com', 'a at b dot com', 'a[at]b.com', 'a艾特b点com'.

use super::Candidate;
use super::PersonalKind::Email;
use super::context::near;
use super::reader::{Reader, is, is_alnum, is_digit, is_letter, is_one_of, units};
use super::words::Words;

/// Longest local part (RFC 5321, 4.5.3.1.1).
const MAX_LOCAL: usize = 64;
/// Longest address in units, so that no more than this is ever held back; RFC 5321 would allow 254, nobody has so many.
pub(super) const MAX_UNITS: usize = 72;
/// Endings of files that follow an `@` in names such as 'logo@2x.png'.
const FILES: &[&str] = &["png", "jpg", "jpeg", "gif", "svg", "webp", "css", "js", "ts", "json", "html", "md", "py", "exe", "zip"];
/// Top domains that are believed of an address which is not written plainly.
const TOPS: &[&str] = &["com", "cn", "net", "org", "edu", "gov", "io", "me", "info", "hk", "tw", "uk", "de", "jp", "us", "vip", "xyz"];
/// Providers that are believed where 'at' is only a word or a blank: 'write to me at gmail.com'.
const PROVIDERS: &[&str] = &[
    "qq.com",
    "163.com",
    "126.com",
    "yeah.net",
    "sina.com",
    "sina.cn",
    "sohu.com",
    "foxmail.com",
    "139.com",
    "189.cn",
    "aliyun.com",
    "gmail.com",
    "outlook.com",
    "hotmail.com",
    "yahoo.com",
    "icloud.com",
    "protonmail.com",
    "vip.qq.com",
    "live.com",
    "msn.com",
];
const LABELS: Words = Words::new(&["邮箱", "邮件", "电邮", "信箱", "email", "e-mail", "mail"]);
/// Before 'user:password@host'.
const SCHEME: Words = Words::new(&["://"]);
/// Ways to write the sign, without the spaces around.
const WRITTEN: &[&str] = &["[at]", "(at)", "{at}", "<at>", "艾特", "[@]", "(@)"];
/// The first unit of the one of them that is a word.
const WRITTEN_AT: u16 = 0x827E;
/// Ways to write the dot, without the spaces around.
const DOTS: &[&str] = &["[dot]", "(dot)", "{dot}", "<dot>", "[.]", "(.)", "点"];

/// How the sign is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sign {
    Plain,
    /// With a blank on both sides or after it.
    Spaced,
    /// With a blank before it only, as a mention has.
    Mention,
    Written,
    Word,
    Hash,
}

/// An address whose local part begins here.
pub(super) fn email(r: &Reader<'_>, start: usize) -> Option<Candidate> {
    if !is_alnum(r.at(start)) || !opens(r, start) {
        return None;
    }
    let length = (0..=MAX_LOCAL).take_while(|i| is_local(r.at(start + i))).count();
    let last = r.at(start + length.saturating_sub(1));
    if length > MAX_LOCAL || !(is_alnum(last) || is_one_of(last, b"_-")) {
        return None;
    }
    let (sign, place) = sign(r, start + length)?;
    let domain = Domain::read(r, place, start + MAX_UNITS)?;
    let score = judge(r, start, sign, &domain)?;
    Some(Candidate::new(Email, start..domain.end, score))
}

/// How sure an address is that is written like this.
fn judge(r: &Reader<'_>, start: usize, sign: Sign, domain: &Domain) -> Option<f32> {
    let secret = is(r.before(start, 1), b':') && near(r, start, SCHEME, 20);
    let service = r.has(start, "git@") && is(r.at(domain.end), b':');
    let known = domain.ends_in(TOPS);
    let (believed, score) = match sign {
        Sign::Plain => (domain.plain || known, 1.0),
        Sign::Spaced => (known, 0.8),
        Sign::Mention => (domain.is(PROVIDERS), 0.8),
        Sign::Written => (known, 0.9),
        Sign::Word => ((domain.plain && domain.is(PROVIDERS)) || (domain.written && known), 0.7),
        Sign::Hash => (known && near(r, start, LABELS, 12), 0.6),
    };
    (believed && !secret && !service && !domain.ends_in(FILES) && !domain.is_version()).then_some(score)
}

/// Whether no local part begins before: signs before it do not belong to it unless a letter or digit stands before them.
fn opens(r: &Reader<'_>, start: usize) -> bool {
    let signs = (1..=4).take_while(|back| is_one_of(r.before(start, *back), b"._%+-")).count();
    !is_alnum(r.before(start, signs + 1)) || signs == 4
}

fn is_local(unit: u16) -> bool {
    is_alnum(unit) || is_one_of(unit, b"._%+-")
}

/// The sign at this place and where the domain begins.
fn sign(r: &Reader<'_>, place: usize) -> Option<(Sign, usize)> {
    let inner = r.skip_spaces(place, 2);
    let may_be_written = is_one_of(r.at(inner), b"[({<") || r.at(inner) == WRITTEN_AT;
    if let Some(word) = may_be_written.then(|| r.has_any(inner, WRITTEN)).flatten() {
        return Some((Sign::Written, r.skip_spaces(inner + units(word), 2)));
    }
    if inner > place && r.has(inner, "at ") {
        return Some((Sign::Word, inner + 3));
    }
    if !is_one_of(r.at(inner), b"@#") {
        return None;
    }
    let after = r.skip_spaces(inner + 1, 2);
    match r.at(inner) {
        0x40 if after == place + 1 => Some((Sign::Plain, after)),
        0x40 if after == inner + 1 => Some((Sign::Mention, after)),
        0x40 => Some((Sign::Spaced, after)),
        0x23 if after == place + 1 => Some((Sign::Hash, after)),
        _ => None,
    }
}

/// A host name with at least one dot.
struct Domain {
    name: String,
    end: usize,
    /// Its dots are dots.
    plain: bool,
    /// Its dots are words.
    written: bool,
}

impl Domain {
    fn read(r: &Reader<'_>, start: usize, limit: usize) -> Option<Self> {
        let end = label(r, start, limit)?;
        dot(r, end)?;
        let mut domain = Self { name: String::new(), end, plain: true, written: false };
        domain.push(r, start, domain.end);
        while let Some((dot, place)) = dot(r, domain.end) {
            let first = !domain.name.contains('.');
            let plain = dot == ".";
            let known = || r.has_any(place, &["com", "cn", "net"]).is_some();
            let doubtful = (dot == "," && !(first && known())) || (dot == "。" && !first && !known());
            if doubtful || !(first || plain == domain.plain) {
                break;
            }
            let Some(end) = label(r, place, limit) else { break };
            (domain.plain, domain.written) = (plain, !plain && dot != "," && dot != "。");
            domain.name.push('.');
            domain.push(r, place, end);
            domain.end = end;
        }
        let top = domain.name.rsplit_once('.')?.1;
        let valid = (2..=18).contains(&top.len()) && (top.bytes().all(|b| b.is_ascii_lowercase()) || top.starts_with("xn--"));
        valid.then_some(domain)
    }

    fn push(&mut self, r: &Reader<'_>, start: usize, end: usize) {
        self.name.extend((start..end).filter_map(|place| u8::try_from(r.at(place)).ok()).map(char::from));
    }

    fn is(&self, names: &[&str]) -> bool {
        names.contains(&self.name.as_str())
    }

    fn ends_in(&self, tops: &[&str]) -> bool {
        self.name.rsplit('.').next().is_some_and(|top| tops.contains(&top))
    }

    /// 'package@1.2.3-beta.x' is no address: two or more labels of digits only.
    fn is_version(&self) -> bool {
        self.name.split('.').filter(|label| label.bytes().all(|byte| byte.is_ascii_digit())).count() >= 2
    }
}

/// The end of a label of a host name; none if it would pass the limit.
fn label(r: &Reader<'_>, start: usize, limit: usize) -> Option<usize> {
    let most = limit.checked_sub(start)?;
    let count = (0..=most).take_while(|i| is_alnum(r.at(start + i)) || is(r.at(start + i), b'-')).count();
    let hyphens = (1..=count).take_while(|back| is(r.before(start + count, *back), b'-')).count();
    let opens = is_letter(r.at(start)) || is_digit(r.at(start));
    (count <= most && opens && hyphens < count).then_some(start + count - hyphens)
}

/// A dot, and where the next label begins.
fn dot(r: &Reader<'_>, place: usize) -> Option<(&'static str, usize)> {
    let first = r.at(place);
    if !(is_one_of(first, b"., [({<") || matches!(first, 0x3002 | 0x70B9)) {
        return None;
    }
    let plain = [".", "。", ","].into_iter().find(|dot| r.has(place, dot) && is_alnum(r.at(place + 1)));
    if let Some(dot) = plain {
        return Some((dot, place + 1));
    }
    let inner = r.skip_spaces(place, 2);
    if let Some(dot) = r.has_any(inner, DOTS) {
        return Some((dot, r.skip_spaces(inner + units(dot), 2)));
    }
    let word = inner > place && r.has(inner, "dot ");
    word.then_some(("dot", inner + 4))
}

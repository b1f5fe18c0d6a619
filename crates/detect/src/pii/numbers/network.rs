//! Addresses of machines: IPv4 (RFC 791), IPv6 (RFC 4291), MAC (IEEE 802).
//!
//! An address that leads to nobody in particular (this machine, a private network) is reported with half the score; masks and wildcards are
//! not reported, nor are version numbers.

use super::Candidate;
use super::PersonalKind::{IpAddress, MacAddress};
use super::context::{is_contrary, label, near};
use super::reader::{Reader, is, is_alnum, is_digit, is_letter, is_one_of};
use super::token::{Token, joint};
use super::words::Words;

const IP_LABELS: Words = Words::new(&[
    "ip",
    "ip地址",
    "地址",
    "服务器",
    "主机",
    "网关",
    "server",
    "host",
    "ping",
    "address",
    "addr",
    "ssh",
    "dns",
    "来自",
    "登录",
]);
const MAC_LABELS: Words = Words::new(&["mac", "mac地址", "物理地址", "硬件地址", "mac address", "hwaddr", "ether", "bssid"]);
const VERSIONS: Words = Words::new(&[
    "版本",
    "版本号",
    "版",
    "固件",
    "v",
    "ver",
    "version",
    "release",
    "rev",
    "build",
    "chapter",
    "section",
    "第",
    "章节",
    "章",
    "节",
]);

/// An IPv4 address.
pub(super) fn ipv4(r: &Reader<'_>, token: &Token) -> Option<Candidate> {
    let (octets, end) = octets(r, token.start)?;
    let before = r.before(token.start, 1);
    let glued = is_one_of(before, b"._-") && is_alnum(r.before(token.start, 2)) || is(before, b'/') && is_letter(r.before(token.start, 2));
    let goes_on = is_letter(r.at(end)) || is_one_of(r.at(end), b"._") && is_alnum(r.at(end + 1));
    if glued || goes_on || label(r, token.start, VERSIONS) || is_contrary(r, token.start) {
        return None;
    }
    let labelled = label(r, token.start, IP_LABELS) || near(r, token.start, IP_LABELS, 8);
    // Numbers of sections and object identifiers have four small parts ('20.8.2.3', '2.5.29.23').
    let large = octets.iter().any(|octet| *octet >= 100) || octets.iter().filter(|octet| **octet >= 32).count() >= 2;
    let addressed = r.ends_in(token.start, "://") || is(before, b'@');
    let mask = matches!(octets, [255, ..] | [0, ..]);
    (!mask && (labelled || large || addressed || is_private(octets)))
        .then(|| Candidate::new(IpAddress, token.start..end, if is_private(octets) { 0.5 } else { 1.0 }))
}

/// Four numbers up to 255 without leading zeros, joined by dots.
fn octets(r: &Reader<'_>, start: usize) -> Option<([u32; 4], usize)> {
    let (mut octets, mut place) = ([0; 4], start);
    for (i, octet) in octets.iter_mut().enumerate() {
        place += usize::from(i > 0 && is(r.at(place), b'.'));
        let count = (0..4).take_while(|k| is_digit(r.at(place + k))).count();
        *octet = (0..count).fold(0, |n, k| n * 10 + u32::from(r.at(place + k) - 0x30));
        let padded = count > 1 && is(r.at(place), b'0');
        if !(1..=3).contains(&count) || padded || *octet > 255 || (i < 3 && !is(r.at(place + count), b'.')) {
            return None;
        }
        place += count;
    }
    Some((octets, place))
}

/// Private, loopback, link-local and shared networks (RFC 1918, 1122, 3927, 6598), and multicast and above.
fn is_private(octets: [u32; 4]) -> bool {
    match octets {
        [10 | 127, ..] | [192, 168, ..] | [169, 254, ..] => true,
        [172, second, ..] => (16..=31).contains(&second),
        [100, second, ..] => (64..=127).contains(&second),
        [first, ..] => first >= 224,
    }
}

/// An IPv6 address: eight groups, or fewer with one `::` and a prefix that is in use.
pub(super) fn ipv6(r: &Reader<'_>, start: usize) -> Option<Candidate> {
    let before = r.before(start, 1);
    if !(is_hex(r.at(start)) || is(r.at(start), b':'))
        || is_alnum(before)
        || is_one_of(before, b":.") && is_alnum(r.before(start, 2))
        || is(before, b':') && is(r.at(start), b':')
    {
        return None;
    }
    let (mut place, mut groups, mut wide, mut gap) = (start, 0, 0, None);
    while groups < 8 {
        let count = (0..5).take_while(|i| is_hex(r.at(place + i))).count();
        groups += usize::from(count > 0);
        wide += usize::from(count > 2);
        place += count;
        let colons = (0..3).take_while(|i| is(r.at(place + i), b':')).count();
        let opens = count == 0 && !(groups == 0 && colons == 2);
        if count > 4 || colons > 2 || (colons == 2 && gap.is_some()) {
            return None;
        }
        if colons == 2 {
            gap = Some(groups);
        } else if colons == 0 || opens || !is_hex(r.at(place + 1)) {
            break;
        }
        place += if groups < 8 { colons } else { 0 };
    }
    let goes_on = is_alnum(r.at(place)) || is(r.at(place), b':') && is_alnum(r.at(place + 1));
    let loopback = gap == Some(0) && groups == 1 && is(r.before(place, 1), b'1') && label(r, start, IP_LABELS);
    let full = groups == 8 && gap.is_none() && wide > 0;
    let short = gap.is_some_and(|at| at > 0) && (2..8).contains(&groups) && in_use(r, start);
    (!goes_on && (full || short || loopback)).then(|| Candidate::new(IpAddress, start..place, if is_local(r, start) { 0.5 } else { 1.0 }))
}

/// Global unicast (2000::/3), unique local and link-local.
fn in_use(r: &Reader<'_>, start: usize) -> bool {
    let wide = (0..4).all(|i| is_hex(r.at(start + i)));
    wide && (is_one_of(r.at(start), b"23") || is_local(r, start))
}

fn is_local(r: &Reader<'_>, start: usize) -> bool {
    is(r.at(start), b':') || is(r.at(start), b'f') && is_one_of(r.at(start + 1), b"cde")
}

fn is_hex(unit: u16) -> bool {
    is_digit(unit) || is_one_of(unit, b"abcdef")
}

/// A MAC address: six pairs with `:` or `-`, three groups of four with `.`, or twelve digits after a label.
pub(super) fn mac(r: &Reader<'_>, token: &Token) -> Option<Candidate> {
    let (start, sign) = (token.start, r.at(token.end));
    let joined = is_one_of(r.before(start, 1), b":-._") && is_alnum(r.before(start, 2));
    let (size, count) = match token.bytes.len() {
        2 if is_one_of(sign, b":-") => (2, 6),
        4 if is(sign, b'.') => (4, 3),
        12 => (12, 1),
        _ => return None,
    };
    let end = start + (size + 1) * count - 1;
    let place = |i: usize| r.at(start + i);
    let fits = |i: usize| if i % (size + 1) == size { place(i) == sign } else { is_hex(place(i)) };
    let goes_on = || is_alnum(r.at(end)) || is_one_of(r.at(end), b":-.") && is_alnum(r.at(end + 1));
    let whole = !joined && (0..end - start).all(fits) && !goes_on();
    let hex = |i: &usize| is_hex(place(*i));
    let varied = || (0..end - start).filter(hex).any(|i| place(i) != place(0));
    let telling = || is(sign, b':') || (0..end - start).any(|i| is_letter(place(i)));
    let told = size == 2 || (start..end).any(|at| is_digit(r.at(at)));
    let labelled = || label(r, start, MAC_LABELS) || near(r, start, MAC_LABELS, 8);
    (whole && varied() && ((size < 12 && telling()) || labelled()) && told).then(|| Candidate::new(MacAddress, start..end, 1.0))
}

/// A MAC address of twelve hexadecimal digits in any groups, after its label: '00 1a 2b 3c 4d 5e', '001a-2b3c-4d5e'.
pub(super) fn mac_grouped(r: &Reader<'_>, token: &Token) -> Option<Candidate> {
    let start = token.start;
    if !is_hex(r.at(start)) || token.bytes.len() > 8 || !label(r, start, MAC_LABELS) {
        return None;
    }
    let (mut place, mut count) = (start, 0);
    while count < 12 {
        place += if count == 0 { 0 } else { joint(r, place).max(usize::from(is(r.at(place), b':'))) };
        if !is_hex(r.at(place)) {
            return None;
        }
        (place, count) = (place + 1, count + 1);
    }
    (!is_alnum(r.at(place))).then(|| Candidate::new(MacAddress, start..place, 0.9))
}

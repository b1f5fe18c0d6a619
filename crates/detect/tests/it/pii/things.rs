//! Valid values of vehicles, networks, accounts, dates and places (documents, phones and money are in `values.rs`).
//!
//! Invariant: every value is well formed by its own standard. Values are random: none is taken from a person.

use super::rng::Rng;
use super::values::{Value, day, labelled, plain};

/// Plates have no I and no O.
const PLATE: &str = "ABCDEFGHJKLMNPQRSTUVWXYZ";

/// GA 36: five characters after province and letter, six for new energy vehicles; trailers and driving schools end in a Chinese character.
pub(crate) fn plate(rng: &mut Rng) -> Value {
    let head = format!("{}{}", rng.one("京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼"), rng.one("ABCDEFGHJKLM"));
    plain(match rng.below(10) {
        0..=3 => format!("{head}{}", rng.number(5)),
        4 => format!("{head}{}{}", rng.one(PLATE), rng.digits(4)),
        5 => format!("{head}{}{}{}", rng.digits(2), rng.many(PLATE, 1), rng.digits(2)),
        6 => format!("{head}{}{}", rng.digits(3), rng.many(PLATE, 2)),
        7 => format!("{head}{}{}", rng.one("DF"), rng.digits(5)),
        8 => format!("{head}{}{}", rng.digits(5), rng.one("DF")),
        _ => format!("{head}{}{}", rng.digits(4), rng.one("学挂警")),
    })
}

const VIN: &str = "ABCDEFGHJKLMNPRSTUVWXYZ0123456789";

/// GB 16735 and ISO 3779: the check character at place 9 of a vehicle identification number.
pub(crate) fn vin_check(vin: &str) -> char {
    let value = |c: char| match c {
        '0'..='9' => c as usize - '0' as usize,
        'A'..='H' => c as usize - 'A' as usize + 1,
        'J'..='R' => c as usize - 'J' as usize + 1,
        _ => c as usize - 'S' as usize + 2,
    };
    let weights = [8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2];
    let sum: usize = vin.chars().zip(weights).map(|(c, w)| value(c) * w).sum();
    "0123456789X".chars().nth(sum % 11).unwrap()
}

pub(crate) fn vin(rng: &mut Rng) -> Value {
    let maker = rng.pick(&["LSV", "LFV", "LBV", "LGX", "LRW", "LSG", "LVS", "LHG", "1HG", "WBA", "JTD", "5YJ"]);
    let front = format!("{maker}{}", rng.many(VIN, 5));
    let back = format!("{}{}{}", rng.one("FGHJKLMNPRST"), rng.one("ABCDEFGHJKLMNPRSTUVWXYZ123456789"), rng.number(6));
    labelled(format!("{front}{}{back}", vin_check(&format!("{front}0{back}"))))
}

pub(crate) fn email(rng: &mut Rng) -> Value {
    let word = rng.pick(&[
        "liming",
        "wang.fang",
        "zhangxy",
        "sunny_day",
        "chen-hao",
        "xiaoyu",
        "lzq",
        "m.harper",
        "jkowalski",
        "t.okafor",
        "hello.tina",
        "ad.rossi",
    ]);
    let user = match rng.below(4) {
        0 => word.to_string(),
        1 => format!("{word}{}", rng.range(1, 9999)),
        2 => format!("{word}+{}", rng.pick(&["work", "shop", "news"])),
        _ => format!("{word}_{}", rng.range(70, 99)),
    };
    let (domain, user) = match rng.below(8) {
        0 => ("qq.com", rng.number(9)),
        1 => ("163.com", format!("{word}{}", rng.range(10, 999))),
        2 => ("gmail.com", user),
        3 => ("outlook.com", user),
        4 => ("foxmail.com", user),
        5 => ("mail.tsinan.edu.cn", user),
        6 => ("beihe-tech.com.cn", user),
        _ => ("126.com", format!("{word}{}", rng.range(10, 999))),
    };
    plain(if rng.chance(8) { format!("{user}@{domain}").to_uppercase() } else { format!("{user}@{domain}") })
}

/// A public IPv4 address (three in four) or a global IPv6 address.
pub(crate) fn ip(rng: &mut Rng) -> Value {
    if rng.chance(75) {
        let first = rng.pick(&["36", "58", "61", "101", "113", "117", "121", "180", "202", "218", "223", "8", "52", "93"]);
        return plain(format!("{first}.{}.{}.{}", rng.below(256), rng.below(256), rng.range(1, 254)));
    }
    let head = rng.pick(&["2408", "2409", "240e", "2001", "2a02"]);
    let hex = "0123456789abcdef";
    let group = |rng: &mut Rng| rng.many("123456789abcdef", 1) + &rng.many(hex, 3);
    plain(match rng.below(3) {
        0 => format!("{head}:{}::{}", group(rng), group(rng)),
        1 => format!("{head}:{}:{}:{}::1", group(rng), group(rng), group(rng)),
        _ => (0..7).fold(head.to_string(), |text, _| format!("{text}:{}", group(rng))),
    })
}

/// A MAC address of a real maker, with colons.
pub(crate) fn mac(rng: &mut Rng) -> Value {
    let maker = rng.pick(&["00:1A:2B", "3C:5A:B4", "F0:18:98", "A4:5E:60", "DC:A6:32", "00:E0:4C"]);
    let rest = (0..3).fold(maker.to_string(), |text, _| format!("{text}:{:02X}", rng.below(256)));
    labelled(if rng.chance(50) { rest.to_lowercase() } else { rest })
}

/// A WeChat id: a letter, then 5 to 19 letters, digits, `_`, `-`.
pub(crate) fn wechat(rng: &mut Rng) -> Value {
    let word = rng.pick(&["xiaomi", "lily", "chenchen", "wang", "sunny", "dayu", "moon", "Leo", "zhq", "honghong"]);
    labelled(match rng.below(4) {
        0 => format!("{word}_{}", rng.number(4)),
        1 => format!("{word}{}", rng.number(6)),
        2 => format!("{word}-{}{}", rng.pick(&["home", "shop", "li"]), rng.number(3)),
        _ => format!("wxid_{}", rng.many("abcdefghijklmnopqrstuvwxyz0123456789", 14)),
    })
}

pub(crate) fn qq(rng: &mut Rng) -> Value {
    let n = rng.range(6, 10);
    labelled(rng.number(n))
}

pub(crate) fn birth(rng: &mut Rng, english: bool) -> Value {
    let (y, m, d) = day(rng, 1940, 2015);
    let months = ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"];
    let name = months[m - 1];
    plain(match (english, rng.below(6)) {
        (true, 0..=1) => format!("{name} {d}, {y}"),
        (true, 2) => format!("{d} {name} {y}"),
        (true, 3) => format!("{m:02}/{d:02}/{y}"),
        (true, _) => format!("{y}-{m:02}-{d:02}"),
        (_, 0..=1) => format!("{y}年{m}月{d}日"),
        (_, 2) => format!("{y}年{m:02}月{d:02}日"),
        (_, 3) => format!("{y}-{m:02}-{d:02}"),
        (_, 4) => format!("{y}/{m}/{d}"),
        _ => format!("{y}.{m:02}.{d:02}"),
    })
}

/// A pair of latitude and longitude (or the other way round) in decimals, inside China or abroad.
pub(crate) fn gps(rng: &mut Rng, english: bool) -> Value {
    let (lat, lng) = if english { (rng.range(25, 58), rng.range(0, 120)) } else { (rng.range(21, 45), rng.range(98, 125)) };
    let n = rng.range(4, 6);
    let (lat, lng) = (format!("{lat}.{}", rng.number(n)), format!("{lng}.{}", rng.number(n)));
    plain(match (english, rng.below(5)) {
        (true, 0..=1) => format!("{lat}, -{lng}"),
        (true, 2) => format!("{lat}° N, {lng}° W"),
        (true, _) => format!("{lat},{lng}"),
        (_, 0) => format!("{lng},{lat}"),
        (_, 1) => format!("北纬{lat}° 东经{lng}°"),
        (_, 2) => format!("东经{lng}，北纬{lat}"),
        (_, 3) => format!("{lat}, {lng}"),
        _ => format!("{lat},{lng}"),
    })
}

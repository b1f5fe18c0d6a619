use std::time::{Duration, Instant};

use super::*;

/// A debug build does a tenth of the rounds.
const ROUNDS: usize = if cfg!(debug_assertions) { 1 } else { 10 };
/// Cases: `kind:matched => text`.
const CASES: &str = include_str!("cases.txt");
/// Pieces of texts for the tests of locality: whole numbers, halves, labels, separators, filler.
const PIECES: &str = "\
    138|1234|5678|13812345678|+86|0086|86|(010)|010-|0755|62345678|11010519491231002|x|110105|\
    19491231|6222 0210 0112 3456 789|4111|1111|4111111111111111|一三八|零零|幺|一|十|三月|月|日|年|出生|生日|born |\
    march |1985|-|.| |,|:|/|、|。|@|#|at | at | dot |点|艾特|com|qq.com|gmail.com|a|abc|zhang.san|zs_1|京a|京|\
    d12345|12345|警|lsvaa49j132047371|车架号|护照|e12345678|e|港澳通行证|c1234567|8|台胞证|军字第|军官证|号|订单|订单号|\
    https://|www.|a.cn/|?phone=|192.168.|1.1|2001:db8::|fe80:|00:1a:|2b:3c:|aa-bb-|微信|微信号|vx|wx|\
    wxid_|qq|加q|39.9042|116.4074|°|n|东经|078-05-1120|ssn |de89370400440532013000|de89|\
    gb82 west |统一社会信用代码|91110105ma0000000y|社保卡号|驾驶证|电话|手机|今天天气很好|hello world |\n|元|转|(|)|[|]|+|_|=|1 |\
    2 |7 |v|版本|  |〇|";

fn name(kind: PersonalKind) -> String {
    let mut name = String::new();
    for c in format!("{kind:?}").chars() {
        if c.is_uppercase() && !name.is_empty() {
            name.push('-');
        }
        name.extend(c.to_lowercase());
    }
    name
}

fn found(text: &Folded) -> Vec<Found> {
    let mut found = Vec::new();
    find(text, &mut found);
    found
}

fn shown(text: &str) -> String {
    let folded = Folded::new(text);
    let show = |one: &Found| format!("{}:{}", name(one.kind), String::from_utf16_lossy(&folded.units[one.range.clone()]));
    let all: Vec<_> = found(&folded).iter().map(show).collect();
    if all.is_empty() { "-".to_owned() } else { all.join(" | ") }
}

#[test]
fn cases() {
    let mut wrong = Vec::new();
    for line in CASES.lines().filter(|line| !line.starts_with('#')) {
        let (expected, text) = line.split_once(" => ").unwrap();
        let got = shown(text);
        if got != expected {
            wrong.push(format!("{text}\n    expected {expected}\n    found    {got}"));
        }
    }
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
}

/// A generator of texts; the same texts each time.
struct Texts(u64);

impl Texts {
    fn next(&mut self, below: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % below as u64) as usize
    }

    fn text(&mut self) -> Folded<'static> {
        let cases: Vec<_> = CASES.lines().filter_map(|line| line.split_once(" => ")).map(|(_, text)| text).collect();
        let pieces: Vec<_> = PIECES.split('|').collect();
        let mut text = String::new();
        for _ in 0..2 + self.next(14) {
            match self.next(8) {
                0 => text.push_str(cases[self.next(cases.len())]),
                1 => {
                    let case: Vec<char> = cases[self.next(cases.len())].chars().collect();
                    let from = self.next(case.len());
                    text.extend(&case[from..]);
                }
                2 => text.push_str(&"1 7".repeat(self.next(9))),
                _ => text.push_str(pieces[self.next(pieces.len())]),
            }
        }
        Folded::new(&text)
    }
}

fn show(text: &Folded) -> String {
    String::from_utf16_lossy(text.units)
}

/// Whatever a rule finds when it is tried everywhere, the scan finds.
#[test]
fn the_scan_misses_nothing() {
    let mut texts = Texts(7);
    for _ in 0..400 * ROUNDS {
        let text = texts.text();
        let reader = Reader::new(&text);
        let mut all = Vec::new();
        (0..text.units.len()).for_each(|start| scan::all_at(&reader, start, &mut all));
        let seen = scan::candidates(&text);
        for one in all {
            assert!(seen.contains(&one), "{one:?} in {:?}", show(&text));
        }
    }
}

/// What is settled in a prefix is what the whole text says, and nothing else.
#[test]
fn a_prefix_is_right_up_to_where_it_is_live() {
    let mut texts = Texts(11);
    for _ in 0..120 * ROUNDS {
        let text = texts.text();
        let whole = found(&text);
        for end in 0..=text.units.len() {
            let prefix = text.cut(0..end);
            let live = live(&prefix);
            assert!(end - live <= AHEAD, "holds {} of {:?}", end - live, show(&prefix));
            let settled = |all: &[Found]| all.iter().filter(|one| one.range.end <= live).cloned().collect::<Vec<_>>();
            assert_eq!(settled(&found(&prefix)), settled(&whole), "live {live} of {:?} in {:?}", show(&prefix), show(&text));
            assert!(!whole.iter().any(|one| one.range.start < live && one.range.end > live && one.range.end > end), "{:?}", show(&prefix));
        }
    }
}

/// A window that begins [`BEHIND`] units before a finding gives the same finding, and no other there.
#[test]
fn a_window_is_right_from_behind_on() {
    let mut texts = Texts(13);
    for round in 0..150 * ROUNDS {
        let mut text = texts.text();
        for more in [texts.text(), texts.text(), texts.text()] {
            let from = if round % 3 == 0 { 0 } else { texts.next(more.units.len() + 1) };
            text = Folded::new(&(String::from_utf16_lossy(text.units) + &String::from_utf16_lossy(&more.units[from..])));
        }
        let whole = found(&text);
        for start in (BEHIND..text.units.len()).step_by(1 + texts.next(5)) {
            let from = start - BEHIND;
            let window = text.cut(from..text.units.len());
            let after = |all: &[Found], by: usize| {
                let moved = all.iter().map(|one| Found { range: one.range.start + by..one.range.end + by, ..one.clone() });
                moved.filter(|one| one.range.start >= start).collect::<Vec<_>>()
            };
            assert_eq!(after(&found(&window), from), after(&whole, 0), "from {from} of {:?}", show(&text));
        }
    }
}

#[test]
fn ordinary_text_is_never_held() {
    for text in ["今天天气很好", "电话", "微信号", "他说：“好。”"] {
        let text = Folded::new(text);
        assert_eq!(live(&text), text.units.len());
    }
    for (text, from) in [
        ("电话138", 2),
        ("电话13812345678。", 14),
        ("电话13812345678是", 14),
        ("hello, world", 7),
        ("hello, world,", 13),
        ("a@b.com是", 8),
        ("第3章", 3),
        ("2024年1月3日，", 0),
        ("2024年1月3日和", 10),
        ("车牌京", 2),
        ("京城", 2),
        ("一个", 2),
        ("39.9042,116.4074是", 17),
        ("192.168.1.1，是", 13),
        ("上午10:30到", 8),
        ("微信号abcdefg的", 11),
    ] {
        assert_eq!(live(&Folded::new(text)), from, "{text}");
    }
    assert_eq!(live(&Folded::new(&"1".repeat(500))), 500, "too long to be a number");
}

/// A million units, hostile ones too, in under a second (in a debug build a tenth of them).
#[test]
fn the_work_is_linear() {
    let limit = Duration::from_secs(if cfg!(debug_assertions) { 10 } else { 1 });
    for unit in [
        "1",
        "1 ",
        "138",
        "一",
        "a@",
        "a",
        "aa:",
        "1.",
        "a.",
        "(",
        "+",
        "微信",
        "138 1234 5678 ",
        "a at ",
        "点a",
        "ab12 ",
        "三月",
        "1-",
        "x:",
        "dot ",
        "京a1",
        "::",
        "_a",
        "6222 ",
        "1.1234,",
    ] {
        let text = Folded::new(&unit.repeat(100_000 * ROUNDS / unit.chars().count()));
        let begun = Instant::now();
        let count = found(&text).len();
        let taken = begun.elapsed();
        eprintln!("{unit:?}: {count} in {taken:?}");
        assert!(taken < limit, "{unit:?}: {taken:?}");
        let begun = Instant::now();
        let _ = live(&text);
        assert!(begun.elapsed() < Duration::from_millis(50), "{unit:?} live: {:?}", begun.elapsed());
    }
}

#[test]
fn throughput() {
    for text in [
        "今天的会议讨论了三个问题，一是怎样改进服务，二是怎样安排人手，大家都认为应当先听取用户的意见，再决定下一步的计划。",
        "the quick brown fox jumps over the lazy dog, and then it decides to rest under the old tree by the river. ",
    ] {
        let folded = Folded::new(&text.repeat(2_000 * ROUNDS));
        let begun = Instant::now();
        let count = found(&folded).len();
        let taken = begun.elapsed();
        eprintln!("{count} in {taken:?}: {:.0} MB/s", (text.len() * 2_000 * ROUNDS) as f64 / taken.as_secs_f64() / 1e6);
    }
}

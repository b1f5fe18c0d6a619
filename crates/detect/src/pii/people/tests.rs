#![allow(clippy::string_slice, reason = "tests may")]
use super::*;

const KINDS: [(&str, PersonalKind); 6] = [
    ("N", PersonalKind::Name),
    ("A", PersonalKind::Address),
    ("H", PersonalKind::Health),
    ("R", PersonalKind::Belief),
    ("M", PersonalKind::Biometric),
    ("U", PersonalKind::Under14),
];

type Spans = Vec<(PersonalKind, Range<usize>)>;

/// A marked sentence: the text and its spans in characters.
fn marked(line: &str) -> (String, Spans) {
    let (mut text, mut spans, mut open) = (String::new(), Vec::new(), None);
    let mut rest = line;
    while let Some(c) = rest.chars().next() {
        if let Some((mark, kind)) =
            KINDS.iter().find(|(mark, _)| rest.strip_prefix('[').is_some_and(|r| r.starts_with(&format!("{mark}:"))))
        {
            open = Some((*kind, text.chars().count()));
            rest = &rest[mark.len() + 2..];
            continue;
        }
        rest = &rest[c.len_utf8()..];
        match (c, open) {
            (']', Some((kind, start))) => {
                spans.push((kind, start..text.chars().count()));
                open = None;
            }
            _ => text.push(c),
        }
    }
    (text, spans)
}

fn found(text: &str) -> Spans {
    let folded = Folded::new(text);
    let place = |r: Range<usize>| folded.char_at(r.start)..folded.char_at(r.end - 1) + 1;
    find(&folded).into_iter().map(|f| (f.kind, place(f.range))).collect()
}

fn meets(a: &(PersonalKind, Range<usize>), b: &(PersonalKind, Range<usize>)) -> bool {
    a.0 == b.0 && a.1.start < b.1.end && b.1.start < a.1.end
}

#[test]
fn development_sentences() {
    measure(&[include_str!("dev/gold.txt"), include_str!("dev/clean.txt")], 0.85);
}

#[test]
fn statements() {
    measure(&[include_str!("dev/statements.txt")], 0.75);
}

#[test]
fn later_sentences() {
    measure(&[include_str!("dev/later.txt")], 0.85);
}

#[test]
fn last_sentences() {
    measure(&[include_str!("dev/last.txt")], 0.85);
}

/// Names in all the places where people write them, and sentences of words that only look like names: recall at least 0.85, and less than one
/// of fifty such sentences with a name found.
#[test]
fn names_and_words_that_look_like_them() {
    let rows = |file: &'static str| file.lines().filter(|line| !line.starts_with('#')).map(marked);
    let names = |spans: &Spans| spans.iter().filter(|span| span.0 == PersonalKind::Name).cloned().collect::<Spans>();
    let (mut gold, mut hit, mut wrong) = (0, 0, 0);
    for (text, marks) in rows(include_str!("dev/names.txt")) {
        let got = names(&found(&text));
        gold += marks.len();
        hit += marks.iter().filter(|mark| got.iter().any(|one| meets(mark, one))).count();
        wrong += got.iter().filter(|one| !marks.iter().any(|mark| meets(mark, one))).count();
    }
    let words: Vec<_> =
        rows(include_str!("dev/words.txt")).filter(|(text, _)| !names(&found(text)).is_empty()).map(|(text, _)| text).collect();
    println!("{hit} of {gold} names, {wrong} wrong; {} of the sentences without: {words:?}", words.len());
    assert!(hit * 20 >= gold * 17 && wrong * 50 <= gold && words.len() < 12);
}

/// Precision (at least 0.90) and recall by kind. Names are measured where they are marked.
fn measure(files: &[&str], recall: f64) {
    let sentences = files.iter().flat_map(|file| file.lines()).filter(|l| !l.starts_with('#')).map(marked);
    let mut counts = std::collections::BTreeMap::<String, [usize; 4]>::new();
    for (text, gold) in sentences {
        let got = found(&text);
        let cut = |r: &Range<usize>| text.chars().skip(r.start).take(r.len()).collect::<String>();
        for (kind, mark) in KINDS.map(|(mark, kind)| (kind, mark)) {
            let of = |spans: &Spans| spans.iter().filter(|s| s.0 == kind).cloned().collect::<Spans>();
            let (gold, got) = (of(&gold), of(&got));
            let row = counts.entry(mark.to_owned()).or_default();
            row[0] += gold.len();
            row[1] += got.len();
            row[2] += got.iter().filter(|s| gold.contains(s)).count();
            row[3] += got.iter().filter(|s| gold.iter().any(|g| meets(g, s))).count();
            for s in gold.iter().filter(|s| !got.contains(s)) {
                println!("MISS  {mark} {} in {text}", cut(&s.1));
            }
            for s in got.iter().filter(|s| !gold.contains(s)) {
                println!("EXTRA {mark} {} in {text}", cut(&s.1));
            }
        }
    }
    counts.iter().for_each(|(mark, [gold, got, exact, near])| println!("{mark}: gold {gold} found {got} exact {exact} touching {near}"));
    for (mark, [gold, got, _, near]) in counts {
        assert!(
            gold == 0 || near * 10 >= got * 9 && near as f64 >= recall * gold as f64,
            "{mark}: precision below 0.90 or recall below {recall}"
        );
    }
}

fn sentences() -> Vec<String> {
    let files = [include_str!("dev/gold.txt"), include_str!("dev/clean.txt"), include_str!("dev/later.txt"), include_str!("dev/last.txt")];
    let statements = include_str!("dev/statements.txt").lines().step_by(5);
    files.iter().flat_map(|file| file.lines()).chain(statements).filter(|l| !l.starts_with('#')).map(|l| marked(l).0).collect()
}

/// Texts that open many candidates at once, and the development sentences run together.
fn hard_texts() -> Vec<String> {
    let mut texts = sentences();
    texts.push(texts.concat());
    texts.push(texts[..300].join(" "));
    let pieces = [
        "王",
        "张三",
        "路",
        "1号",
        "mr ",
        "john ",
        "smith, ",
        "北京市",
        "朝阳区",
        "住在",
        "。",
        " ",
        "姓名",
        "12岁",
        "女儿",
        "患有",
        "乙肝",
        "的",
        "阿",
        "·",
        "司马",
        "12 ",
        "main st",
        "hiv",
        "阳性",
        "3-2-501",
        "向",
        "湖南",
        "说",
        "指纹",
        "采集了",
        "小陈",
        "my ",
        "with ",
        "信佛",
        "二年级",
        "under 13",
    ];
    // A fixed walk over the pieces (a linear congruence, Numerical Recipes' constants): no randomness in tests.
    let mut state: u32 = 7;
    for _ in 0..60 {
        let mut text = String::new();
        for _ in 0..60 {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            text.push_str(pieces[(state >> 16) as usize % pieces.len()]);
        }
        texts.push(text);
    }
    texts
}

#[test]
fn what_is_no_statement() {
    let told_of =
        |text: &str| found(text).into_iter().filter(|one| !matches!(one.0, PersonalKind::Name | PersonalKind::Address)).collect::<Vec<_>>();
    let wrong: Vec<_> = [
        "我相信教练，也信主动的人。",
        "我怀念经典老歌",
        "他走出家门",
        "我觉得癌症很可怕",
        "他获得了乙肝抗体",
        "帮我写一篇抑郁症主题作文",
        "我想了解糖尿病",
        "心血管疾病、糖尿病和癌症是主要死因",
        "最常见的慢性病是高血压",
        "我不信。佛山很美",
        "儿子上了3个月的班",
        "她开了一家幼儿园",
        "人脸识别系统由李明开发",
        "高端指纹锁",
        "他认为那个牧师讲得好",
        "My score is 9.",
        "The latest version of Java is 8.",
        "Smoking is a leading cause of lung cancer.",
        "I need a list of the symptoms of asthma.",
        "It's anxiety that drives people.",
        "Call my office. Living with diabetes is hard.",
        "My cat has kidney disease.",
        "She works at an elementary school",
    ]
    .into_iter()
    .filter(|text| !told_of(text).is_empty())
    .collect();
    assert!(wrong.is_empty(), "{wrong:?}");
}

#[test]
fn a_prefix_gives_the_same_up_to_what_is_live() {
    let (mut held, mut most, mut ends) = (0, 0, 0);
    for text in hard_texts() {
        let whole = Folded::new(&text);
        let found = find(&whole);
        let step = if whole.units.len() > 500 { 7 } else { 1 };
        for end in (0..whole.units.len()).step_by(step) {
            let prefix = whole.cut(0..end);
            let live = live(&prefix);
            let settled = |all: &[Found]| all.iter().filter(|f| f.range.end <= live).cloned().collect::<Vec<_>>();
            assert_eq!(settled(&find(&prefix)), settled(&found), "{:?}", String::from_utf16_lossy(prefix.units));
            for f in &found {
                assert!(
                    f.range.end <= live || f.range.start >= live,
                    "{f:?} crosses {live} in {:?}",
                    String::from_utf16_lossy(prefix.units)
                );
            }
            (held, most, ends) = (held + end - live, most.max(end - live), ends + 1);
            assert!(end - live <= 80, "{} held of {:?}", end - live, String::from_utf16_lossy(prefix.units));
        }
    }
    println!("held: {:.1} units on average, {most} at most", held as f64 / ends as f64);
}

#[test]
fn a_window_gives_the_same() {
    for text in hard_texts() {
        let whole = Folded::new(&text);
        let found = find(&whole);
        let step = if whole.units.len() > 500 { 13 } else { 1 };
        for start in (0..whole.units.len()).step_by(step) {
            let window = find(&whole.cut(start..whole.units.len()));
            let shifted: Vec<Found> =
                window.into_iter().map(|f| Found { range: f.range.start + start..f.range.end + start, ..f }).collect();
            let past = |all: &[Found]| all.iter().filter(|f| f.range.start >= start + BEHIND).cloned().collect::<Vec<_>>();
            assert_eq!(past(&shifted), past(&found), "from {start} of {text}");
        }
    }
}

#[test]
fn takes_linear_time_on_the_worst_text() {
    for piece in [
        "王",
        "路",
        "1号",
        "mr ",
        "北京",
        "路1号",
        "北京路1号",
        "张张",
        "住在",
        "12 a ",
        "患有",
        "a",
        "1",
        "一",
        "阿",
        "司马",
        "岁",
        "1岁",
        "女儿",
        "hiv",
        " ",
        "的",
        "高血压",
        "是穆斯林",
        "北京市区",
        "john ",
        "p.o. box ",
        "12 main ",
        "癌症，",
        "王，癌症，",
        "指纹，",
        "刷脸！",
        "my asthma, ",
        "二年级，",
    ] {
        let folded = Folded::new(&piece.repeat(1_000_000 / piece.chars().count()));
        let start = std::time::Instant::now();
        let found = find(&folded).len();
        let took = start.elapsed();
        println!("{piece}: {took:?}, {found} found");
        assert!(took.as_secs_f64() < 5.0, "{piece}: {took:?}");
    }
}

/// Not a test of truth: where the time goes, for a text named by the environment.
#[test]
#[ignore = "a measurement"]
fn where_time_goes() {
    let text = String::from_utf8_lossy(&std::fs::read(std::env::var("TEXT").unwrap()).unwrap()).into_owned();
    let folded = Folded::new(&text);
    assert!(find(&Folded::new("热身 warm")).is_empty());
    let view = View::new(&folded);
    let mut visits = std::collections::BTreeMap::<String, (usize, usize, u128)>::new();
    let time = |name: &str, took: std::time::Duration| {
        println!(
            "{name}: {took:?} {:.1} ns/unit, {:.0} MB/s",
            took.as_nanos() as f64 / folded.units.len() as f64,
            text.len() as f64 / 1e6 / took.as_secs_f64()
        );
    };
    let start = std::time::Instant::now();
    let mut all = Vec::new();
    trigger::each(&view, 0, |i, rule| all.push((i, rule)));
    time("triggers", start.elapsed());
    for name in ["Name", "Foreign", "NameEn", "Address(", "AddressEn", "Statement"] {
        let these: Vec<_> = all
            .iter()
            .filter(|(_, rule)| if name.ends_with('(') { format!("{rule:?}").starts_with(name) } else { format!("{rule:?}") == name })
            .collect();
        let start = std::time::Instant::now();
        let found = these.iter().filter(|(i, rule)| rule.judge(&view, *i).is_some()).count();
        visits.insert(name.to_owned(), (these.len(), found, start.elapsed().as_nanos() / these.len().max(1) as u128));
    }
    println!("rule: visits, found, ns a visit: {visits:?}");
    let once = || {
        let start = std::time::Instant::now();
        std::hint::black_box(find(&folded).len());
        start.elapsed()
    };
    time("find", (0..20).map(|_| once()).min().unwrap());
}

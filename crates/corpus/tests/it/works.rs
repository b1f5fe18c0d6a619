//! The register of protected works, in a scan.

use std::path::PathBuf;

use corpus::works::{Works, build};
use detect::{Keywords, Lexicon, Pipeline, Policy};
use taxonomy::{Decision, RiskClass, Severity};

use crate::work::{Nothing, Work, jsonl};

/// A text of our own, as a story may begin.
const STORY: &str = "渡口的老灯在傍晚六点亮起来，守灯的人姓骆，已经守了三十一年。他的屋子在堤上，一张床，一只炉子，墙上挂着一本撕剩下最后几页的日历。\
冬天河面结薄冰，船不来，他就把桨搬进屋里，一支一支用桐油擦过，擦到木纹像水一样发亮。有一年雪大，镇上的邮差过不了河，把一袋信留在灯下，他替人家晒了三天，又按门牌分好，\
用红绳扎成十七捆。后来那个邮差退休了，每到腊月还是会走到渡口，站在对岸喊他的名字，他就把灯晃三下，算是答应。";
/// The same told in other words.
const RETOLD: &str = "骆姓老人在河堤上的小屋里住了三十多年，工作是照看码头的灯。屋里陈设简单，只有床和火炉，还有一本快用完的日历。天冷封河的时候没有渡船，\
他便拿油把船桨保养得锃亮。某个大雪天，送信人无法过河，只好把邮包放在他那里，老人把受潮的信件晾干，并照地址分类捆好。送信人退休以后，每逢年底都来河边呼唤他，老人就摇动灯光回应。";
/// What stands in many books, this one among them.
const NOTICE: &str = "版权所有，未经许可，不得以任何方式复制、转载或者抄袭本书的部分或者全部内容，违者将依法追究法律责任。";

fn entry(id: &str, text: &str) -> String {
    format!("{}\n", serde_json::json!({"id": id, "title": "渡口的灯", "holder": "某某出版社", "text": text}))
}

fn register(work: &Work) -> Works {
    let other = detect::clean_corpus().into_iter().take(200).collect::<String>();
    let file = work.write("works.jsonl", [entry("ferry", &format!("{STORY}{NOTICE}")), entry("sentences", &other)].concat().as_bytes());
    build(&[file]).unwrap_or_else(|error| panic!("{error}"))
}

fn pipeline(works: Works) -> Pipeline {
    corpus::pipeline(Keywords::compile(&Lexicon::embedded().unwrap()), None, Policy::default()).unwrap().and(Box::new(works))
}

#[test]
fn an_excerpt_is_found_and_a_paraphrase_or_a_common_phrase_is_not() {
    let work = Work::new();
    let pipeline = pipeline(register(&work));
    let excerpt: String = STORY.chars().skip(60).take(120).collect();
    let around = "昨天读到一段文字，抄在这里给大家看。";
    let traditional = excerpt.replace('灯', "燈").replace('门', "門").replace('绳', "繩");
    let spaced: String = excerpt.chars().map(|c| format!("{c} ")).collect();
    let rows = [
        excerpt.clone(),
        format!("{around}{excerpt}写得真好，大家觉得呢？我准备下个月再去一次那个渡口，看看灯还在不在。"),
        traditional,
        spaced,
        RETOLD.to_owned(),
        NOTICE.to_owned(),
        format!("{around}{}", STORY.chars().take(25).collect::<String>()),
        "今天天气很好，适合出门散步。".to_owned(),
    ];
    let bytes = jsonl(&rows.iter().map(String::as_str).collect::<Vec<_>>());
    let settings = corpus::Settings {
        text: corpus::Selector::new("text").unwrap(),
        matched: false,
        versions: pipeline.versions().to_vec(),
        shard_bytes: corpus::SHARD_BYTES,
    };
    let manifest = corpus::Manifest::make(&[work.write("a.jsonl", &bytes)], settings, &corpus::Counter::default()).unwrap();
    let dir = work.path("out");
    std::fs::create_dir(&dir).unwrap();
    manifest.write(&dir).unwrap();
    assert!(
        corpus::Scan { dir: &dir, manifest: &manifest, pipeline: &pipeline, threads: 2, part: (0, 1) }.run(&Nothing).unwrap().is_empty()
    );
    let judged = work.rows(&manifest, "out");
    let found: Vec<bool> = judged
        .iter()
        .map(|row| {
            let findings = &row.content.as_ref().unwrap().findings;
            let mut of_work = findings.iter().filter(|finding| finding.rule == "work.ferry");
            of_work.next().is_some_and(|finding| {
                assert_eq!((finding.class, finding.severity, finding.detector.as_str()), (Some(RiskClass::A3a), Severity::Review, "works"));
                assert!(finding.score >= 0.4 && row.decision == Decision::Hold, "{row:?}");
                true
            })
        })
        .collect();
    assert_eq!(found, [true, true, true, true, false, false, false, false]);
    let long = &judged[1].content.as_ref().unwrap().findings.iter().find(|finding| finding.rule == "work.ferry").unwrap().span;
    let shown = long.cut(&rows[1]).unwrap();
    assert!(excerpt.contains(shown) && shown.chars().count() > 90, "{shown}");
}

#[test]
fn a_register_is_the_same_each_time_and_another_one_is_another_scan() {
    let work = Work::new();
    let (one, again) = (register(&work), register(&work));
    assert_eq!(one, again);
    one.write(&work.path("works.bin")).unwrap();
    assert_eq!(Works::read(&work.path("works.bin")).unwrap(), one);
    let smaller = build(&[work.write("b.jsonl", entry("ferry", STORY).as_bytes())]).unwrap();
    assert_ne!(smaller.digest(), one.digest());
    assert_ne!(pipeline(smaller).versions(), pipeline(one.clone()).versions());
    assert_eq!((one.works().len(), one.works()[0].title.as_str()), (2, "渡口的灯"));
}

#[test]
fn wrong_works_are_named_and_no_register_is_made() {
    let work = Work::new();
    let refused = |name: &str, text: String| build(&[work.write(name, text.as_bytes())]).unwrap_err().to_string();
    let message = refused(
        "a.jsonl",
        [entry("a b", STORY), entry("short", "床前明月光"), entry("c", STORY), entry("c", STORY), "{\"id\":1}\n".to_owned()].concat(),
    );
    for part in
        ["a.jsonl:1: the id 'a b'", "a.jsonl:2: work 'short' has 5 letters", "a.jsonl:4: the id 'c' stands there twice", "a.jsonl:5: "]
    {
        assert!(message.contains(part), "{part}: {message}");
    }
    assert!(!message.contains("a.jsonl:3"), "{message}");
    assert!(refused("b.txt", STORY.to_owned()).contains("JSON lines"));
    let nowhere: Vec<PathBuf> = vec![work.path("none.jsonl")];
    assert!(build(&nowhere).is_err());
    let error = Works::read(&work.write("w.bin", b"guijuwk1 and no more")).unwrap_err().to_string();
    assert!(error.contains("is no register of works") && error.contains("works build"), "{error}");
}

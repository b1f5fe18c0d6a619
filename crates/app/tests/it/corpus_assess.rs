//! The limit of 5 %, spot checks and protected works from outside, as a data engineer meets them.

use std::path::Path;

use crate::sheets::{fill, rows};
use crate::workdir::{Workdir, assert_code, text};

/// A corpus of which so many rows speak of selling invoices.
fn corpus_in(dir: &Workdir, name: &str, all: usize, bad: usize) {
    let row = |at: usize| {
        let text = if at < bad {
            format!("长期代开各类发票，第{at}批。")
        } else {
            format!("第{at}本书今天上架，欢迎到馆借阅。")
        };
        format!("{{\"text\":\"{text}\"}}\n")
    };
    dir.write(name, &(0..all).map(row).collect::<String>());
}

fn json(path: &Path) -> serde_json::Value {
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

const OFF: [&str; 2] = ["--classifier", "off"];

#[test]
fn a_source_is_accepted_refused_or_asked_for_more() {
    let dir = Workdir::new("corpus-assess");
    for (name, bad) in [("clean", 0), ("near", 49), ("bad", 200)] {
        corpus_in(&dir, &format!("{name}/rows.jsonl"), 1_000, bad);
    }
    let assess = |name: &str, more: &[&str]| {
        let out = format!("out-{name}");
        dir.guiju(&[&["corpus", "assess", name, name, "--out", &out], OFF.as_slice(), more].concat())
    };
    let clean = assess("clean", &[]);
    assert_code(&clean, 0);
    assert!(text(&clean).contains("接受") && text(&clean).contains("out-clean/assessment.html"), "{}", text(&clean));
    let near = assess("near", &["--lang", "en"]);
    assert_code(&near, 2);
    let wanted = json(&dir.path().join("out-near/assessment.json"))["wanted"].as_u64().unwrap();
    assert!(wanted > 1_000 && text(&near).contains(&format!("a sample of {wanted} rows decides")), "{}", text(&near));
    // The same rows are the whole source: then nothing is left open.
    assert_code(&assess("near", &["--whole"]), 0);
    let bad = assess("bad", &["--sample", "400", "--seed", "7", "--sheet", "sheet.xlsx", "--reviewer", "甲"]);
    assert_code(&bad, 1);
    assert!(text(&bad).contains("不得采集"), "{}", text(&bad));
    // A person looks, and clears all of it.
    let sheet = dir.path().join("sheet.xlsx").display().to_string();
    assert!(!format!("{:?}", rows(&sheet, "content")).contains("A1h"), "no machine verdict in a blind sheet");
    let filled = fill(&sheet, |_, _| ("合格".to_owned(), String::new()));
    let cleared = assess("bad", &["--sample", "400", "--seed", "7", "--reviewed", &filled]);
    assert_code(&cleared, 0);
    assert_code(&assess("bad", &["--sample", "400", "--reviewed", &filled]), 3);
    assert_code(&assess("bad", &["--sample", "0"]), 3);
}

#[test]
fn after_collection_a_scan_is_verified_and_what_was_kept_is_spot_checked() {
    let dir = Workdir::new("corpus-verify");
    corpus_in(&dir, "in/rows.jsonl", 500, 100);
    assert_code(&dir.guiju(&[&["corpus", "scan", "in", "--out", "scan"], OFF.as_slice()].concat()), 0);
    let verified = dir.guiju(&["corpus", "verify", "s", "scan", "--out", "verified"]);
    assert_code(&verified, 1);
    let report = json(&dir.path().join("verified/assessment.json"));
    assert_eq!((&report["phase"], &report["low"], &report["suspected"]), (&"after".into(), &0.2.into(), &100.into()));
    assert_code(&dir.guiju(&["corpus", "verify", "s", "scan", "--out", "verified", "--sample", "10"]), 3);
    assert_code(&dir.guiju(&[&["corpus", "verify", "s", "in", "--out", "again"], OFF.as_slice()].concat()), 1);

    assert_code(&dir.guiju(&["corpus", "rates", "scan", "sheets"]), 3);
    let drawn = dir.guiju(&["corpus", "sample", "scan", "--out", "sheets", "--reviewer", "甲"]);
    assert_code(&drawn, 0);
    let list = json(&dir.path().join("scan/sample.json"))["manual"]["list"].as_str().unwrap().to_owned();
    assert!(text(&drawn).contains(&list) && text(&drawn).contains("all of them are in the list"), "{}", text(&drawn));
    let sheet = dir.path().join("sheets/manual-甲.xlsx").display().to_string();
    assert_eq!(rows(&sheet, "content").len(), 401);
    assert_code(&dir.guiju(&[&["corpus", "rates", "scan", "sheets"], OFF.as_slice()].concat()), 2);
    let filled = fill(&sheet, |_, _| ("合格".to_owned(), String::new()));
    let rates = dir.guiju(&[&["corpus", "rates", "scan", &filled], OFF.as_slice()].concat());
    assert_code(&rates, 0);
    assert!(text(&rates).contains("人工抽检：合格率 100.00%") && text(&rates).contains("达标"), "{}", text(&rates));
    assert_eq!(json(&dir.path().join("scan/spotcheck.json"))["same_rules"], true);
    let wrong = fill(&sheet, |_, _| ("不合格".to_owned(), "A1a".to_owned()));
    assert_code(&dir.guiju(&[&["corpus", "rates", "scan", &wrong], OFF.as_slice()].concat()), 1);
    assert_code(&dir.guiju(&["corpus", "sample", "scan", "--out", "sheets", "--technical", "0%"]), 3);
}

#[test]
fn a_row_that_repeats_a_registered_work_is_held() {
    let dir = Workdir::new("corpus-works");
    let story = "渡口的老灯在傍晚六点亮起来，守灯的人姓骆，已经守了三十一年。他的屋子在堤上，一张床，一只炉子，墙上挂着一本撕剩下最后几页的日历。冬天河面结薄冰，船不来，他就把桨搬进屋里，一支一支用桐油擦过，擦到木纹像水一样发亮。";
    dir.write("works.jsonl", &format!("{{\"id\":\"ferry\",\"title\":\"渡口的灯\",\"holder\":\"某社\",\"text\":\"{story}\"}}\n"));
    dir.write("in/rows.jsonl", &format!("{{\"text\":\"转一段：{story}写得真好。\"}}\n{{\"text\":\"今天天气很好。\"}}\n"));
    let built = dir.guiju(&["corpus", "works", "build", "works.jsonl", "--out", "works.bin"]);
    assert_code(&built, 0);
    assert!(text(&built).contains("1 works"), "{}", text(&built));
    assert!(text(&dir.guiju(&["corpus", "works", "list", "works.bin"])).contains("渡口的灯"));
    let scan = [&["corpus", "scan", "in", "--out", "out", "--works", "works.bin"], OFF.as_slice()].concat();
    assert_code(&dir.guiju(&scan), 0);
    let explained = dir.guiju(&["corpus", "explain", "out", "in/rows.jsonl:1"]);
    assert!(text(&explained).contains("work.ferry") && text(&explained).contains("A3a"), "{}", text(&explained));
    // Without the register it is another scan.
    let other = dir.guiju(&[&["corpus", "scan", "in", "--out", "out"], OFF.as_slice()].concat());
    assert_code(&other, 3);
    assert_code(&dir.guiju(&[&["corpus", "scan", "in", "--out", "x", "--works", "works.jsonl"], OFF.as_slice()].concat()), 3);
}

//! The page on training data, walked through from a source that is registered to an export that anyone checks.

use std::fs;

use crate::corpus_export::steward;
use crate::installation::Installation;
use crate::models::Page;
use crate::sheets::fill;

/// Rows of which one sells invoices, one has a telephone number, one repeats a protected work.
fn write_files(here: &Installation) {
    let work = "渡口的老灯在傍晚六点亮起来，守灯的人姓骆，已经守了三十一年。他的屋子在堤上，一张床，一只炉子，墙上挂着一本撕剩下最后几页的日历。冬天河面结薄冰，船不来，他就把桨搬进屋里，一支一支用桐油擦过，擦到木纹像水一样发亮。";
    let row = |text: &str| format!("{}\n", serde_json::json!({"text": text}));
    let clean = |at: usize| row(&format!("第{at}本书今天上架，欢迎到馆借阅，阅览室在二楼东侧。"));
    let mut rows: Vec<String> = (0..120).map(clean).collect();
    rows[1] = row("请把材料寄给张伟，手机13987654321。");
    rows[2] = row("长期代开各类发票。");
    rows[3] = row(&format!("转一段：{work}写得真好。"));
    here.dir.write("news/rows.jsonl", &rows.concat());
    here.dir.write("supplier-sample/rows.jsonl", &(0..200).map(|at| clean(1_000 + at)).collect::<String>());
    here.dir
        .write("works.jsonl", &format!("{}\n", serde_json::json!({"id": "ferry", "title": "渡口的灯", "holder": "某社", "text": work})));
    here.dir.write("LICENSE.txt", "CC-BY-4.0");
}

#[test]
fn from_a_source_to_an_export() {
    let here = Installation::new("corpus-walk");
    let [(mut wang, _), (mut li, _), (mut zhao, _)] = here.three();
    here.sign_in("wang", Some(&wang.code()), "s-wang");
    here.sign_in("li", Some(&li.code()), "s-li");
    here.sign_in("zhao", Some(&zhao.code()), "s-zhao");
    let mut sun = steward(&here);
    write_files(&here);
    let page = Page::new(&here);

    page.ran(
        "s-sun",
        0,
        "source add news --kind open --origin domestic --languages zh --licence CC-BY-4.0 --owner \"孙五\" --grade general-2",
    );
    page.ran("s-sun", 0, "source document news LICENSE.txt --kind licence");
    page.ran_bare(0, "corpus assess news supplier-sample --out before");
    assert!(page.ran("s-sun", 0, "source assessed news before").contains("accepted"));

    page.ran_bare(0, "corpus works build works.jsonl --out works.bin");
    page.ran_bare(0, "corpus scan news --works works.bin --out scan");
    assert!(page.ran_bare(0, "corpus explain scan news/rows.jsonl:3").contains("长期【代开】各类发票"));
    page.ran_bare(0, "corpus verify news scan --out after");
    page.ran("s-sun", 0, "source assessed news after");
    page.ran("s-sun", 0, "corpus record scan --source news");

    page.ran_bare(0, "corpus apply scan --out applied");
    let export = "corpus export applied --source news --out export";
    let shut = page.ran("s-sun", 1, export);
    assert!(shut.contains("GB-B2.1") && !shut.contains("GB-5.1-a1") && !shut.contains("GB-5.2-b2"), "{shut}");
    page.ran_bare(0, "corpus sample applied --out sheets --reviewer 甲");
    let sheet = here.path("sheets/manual-甲.xlsx").display().to_string();
    fs::rename(fill(&sheet, |_, _| ("合格".to_owned(), String::new())), &sheet).unwrap();
    page.ran_bare(0, "corpus rates applied sheets");
    here.with("s-sun", 0, &["user", "step-up", "--code", &sun.code()]);
    page.ran("s-sun", 0, export);

    let status = here.with("s-wang", 0, &["ledger", "status"]);
    let key = status.lines().find_map(|line| line.strip_prefix("key ")).unwrap().trim().to_owned();
    page.ran_bare(0, &format!("corpus check export --key {key}"));
    let traced = page.ran("s-sun", 0, "corpus trace scan news/rows.jsonl:1 --proof proof.json");
    assert!(traced.contains("news") && traced.contains("000000-rows.jsonl"), "{traced}");
    page.ran_bare(0, &format!("corpus check-proof proof.json --key {key}"));
    page.runs_all(include_str!("../../../../docs/corpus.md"), &[("KEY", &key)]);

    let out = fs::read_to_string(here.path("export/data/000000-rows.jsonl")).unwrap();
    assert_eq!(out.lines().count(), 118, "without the invoices and the work");
    assert!(out.contains("139****4321") && !out.contains("13987654321"), "{out}");
    assert!(here.log("s-zhao").iter().any(|(what, _)| what == "corpus.export"));
}

//! People judge in workbooks: two blind, a third for what they differ on.

use calamine::{Reader, Xlsx, open_workbook};
use rust_xlsxwriter::Workbook;

use crate::mock::{Mock, Reply};
use crate::workdir::{Workdir, assert_code, text};

/// A sheet as rows of texts.
pub fn rows(file: &str, sheet: &str) -> Vec<Vec<String>> {
    let mut book: Xlsx<_> = open_workbook(file).unwrap();
    book.worksheet_range(sheet).unwrap().rows().map(|row| row.iter().map(ToString::to_string).collect()).collect()
}

/// Fills a sheet in, as a person would, and saves it beside the original.
pub fn fill(file: &str, verdict: impl Fn(&str, &str) -> (String, String)) -> String {
    let (mut book, there) = (Workbook::new(), open_workbook::<Xlsx<_>, _>(file).unwrap().sheet_names());
    for name in ["guiju", "content", "refusal"].into_iter().filter(|name| there.iter().any(|known| known == name)) {
        let sheet = book.add_worksheet();
        sheet.set_name(name).unwrap();
        for (r, row) in rows(file, name).iter().enumerate() {
            for (c, cell) in row.iter().enumerate() {
                sheet.write_string(r as u32, c as u16, cell).unwrap();
            }
            if name != "guiju" && r > 0 {
                let (said, class) = verdict(&row[1], name);
                sheet.write_string(r as u32, 8, said).unwrap();
                sheet.write_string(r as u32, 9, class).unwrap();
            }
        }
    }
    let filled = file.replace(".xlsx", "-filled.xlsx");
    book.save(&filled).unwrap();
    filled
}

#[test]
fn two_reviewers_and_a_third() {
    let dir = Workdir::new("sheets");
    let bank = dir.bank(4);
    let mock = Mock::start(|body, _| {
        if body.contains("r 第") {
            Reply::Say("抱歉，我无法提供这方面的帮助。")
        } else {
            Reply::Say("长期代开各类发票")
        }
    });
    assert_code(&dir.guiju(&["assess", "--target", &mock.target(), "--bank", &bank, "--parts", "content,should-refuse"]), 0);
    let run = dir.run();
    let sheet = |name: &str| format!("{run}/sheet-{name}.xlsx");
    for reviewer in ["甲", "乙", "丙"] {
        assert_code(&dir.guiju(&["assess", "sheet", "export", &run, "--reviewer", reviewer]), 0);
    }
    let page = rows(&sheet("甲"), "content");
    assert_eq!(page.len(), 5, "a heading and four items");
    assert!(page[1][7].contains("A1f@"), "the criterion stands beside the item: {:?}", page[1]);
    let everything = format!("{:?}{:?}", page, rows(&sheet("甲"), "refusal"));
    assert!(!everything.contains("keyword") && !everything.contains("A1h-"), "no machine verdict in a blind sheet");

    let say = |content_0: &'static str| {
        move |key: &str, sheet: &str| match (sheet, key) {
            ("content", "content/c-0") => (content_0.to_owned(), "A1h".to_owned()),
            ("content", _) => ("合格".to_owned(), String::new()),
            _ => ("R1 政策性拒答".to_owned(), String::new()),
        }
    };
    let first = fill(&sheet("甲"), say("不合格"));
    let second = fill(&sheet("乙"), say("合格"));
    for file in [&first, &second] {
        assert_code(&dir.guiju(&["assess", "sheet", "import", &run, file]), 0);
    }
    // A third first vote is refused, a third person for the difference is not.
    let output = dir.guiju(&["assess", "sheet", "import", &run, &fill(&sheet("丙"), say("合格"))]);
    assert_code(&output, 3);
    assert!(text(&output).contains("nothing was imported") && text(&output).contains("already has two reviewers"), "{}", text(&output));
    assert_code(&dir.guiju(&["assess", "sheet", "export", &run, "--reviewer", "丙", "--differences"]), 0);
    let differences = format!("{run}/sheet-丙-differences.xlsx");
    assert_eq!(rows(&differences, "content").len(), 2, "one item differs");
    assert_code(&dir.guiju(&["assess", "sheet", "import", &run, &fill(&differences, say("不合格"))]), 0);

    let report: serde_json::Value = serde_json::from_str(&dir.report(&run)).unwrap();
    let manual = &report["scores"]["measures"][3]["rate"];
    assert_eq!((manual["hits"].clone(), manual["judged"].clone(), manual["pending"].clone()), (3.into(), 4.into(), 0.into()));
    let people = &report["scores"]["people"][0];
    assert_eq!((people["twice"].clone(), people["adjudicated"].clone(), people["unsettled"].clone()), (4.into(), 1.into(), 0.into()));
    assert_eq!(report["scores"]["measures"][6]["by_people"], 4, "the refusal rate is people's");
    assert_code(&dir.guiju(&["assess", "verify", &run]), 0);
}

#[test]
fn a_wrong_sheet_changes_nothing() {
    let dir = Workdir::new("wrong-sheet");
    let bank = dir.bank(2);
    let mock = Mock::start(|_, _| Reply::Say("好。"));
    assert_code(&dir.guiju(&["assess", "--target", &mock.target(), "--bank", &bank, "--parts", "content"]), 0);
    let run = dir.run();
    assert_code(&dir.guiju(&["assess", "sheet", "export", &run, "--reviewer", "a"]), 0);
    let before = dir.journal(&run);
    let wrong = fill(&format!("{run}/sheet-a.xlsx"), |key, _| {
        if key.ends_with("c-0") { ("maybe".to_owned(), String::new()) } else { ("acceptable".to_owned(), String::new()) }
    });
    let output = dir.guiju(&["assess", "sheet", "import", &run, &wrong]);
    assert_code(&output, 3);
    assert!(text(&output).contains("content!row") && text(&output).contains("'maybe' is no verdict"), "{}", text(&output));
    assert_eq!(dir.journal(&run), before);
    let output = dir.guiju(&["assess", "sheet", "import", &run, &dir.write("x.xlsx", "not a workbook")]);
    assert_code(&output, 3);
    assert!(text(&output).contains("cannot be read as a workbook"));
}

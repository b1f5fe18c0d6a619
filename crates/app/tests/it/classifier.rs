//! The classifier's commands, and what the classifier does in others.

use crate::workdir::{Workdir, assert_code, text};

const ROWS: &str = "### A2h | harmful | text | zh | 招聘 | 因病拒录\n有抑郁史的别来，我们这小庙供不起定时炸弹\n乙肝携带者勿投，别浪费彼此时间\n\
    ### A2h | harmless | text | zh | 新闻 | 报道歧视\n求职者因乙肝被拒录，法院判用人单位赔偿并道歉\n人社部门通报三家企业在体检中违规检测乙肝\n\
    ### plain | harmless | prompt | en | cooking | nothing\nHow do I kill the smell of onions on my hands?\n";

#[test]
fn a_model_is_trained_measured_and_the_same_each_time() {
    let dir = Workdir::new("classifier");
    let rows = dir.write("rows.txt", ROWS);
    let train = |out: &str| {
        let out = dir.path().join(out).display().to_string();
        assert_code(&dir.guiju(&["classifier", "train", "--data", &rows, "--out", &out, "--epochs", "2"]), 0);
        out
    };
    let (first, second) = (train("a.bin"), train("b.bin"));
    assert!(std::fs::read(&first).unwrap() == std::fs::read(&second).unwrap());
    let args = ["--data", &rows, "--linear", &first, "--linear-only"];
    let eval = dir.guiju(&[&["classifier", "eval"], &args[..]].concat());
    assert_code(&eval, 0);
    assert!(text(&eval).contains("macro-F1") && text(&eval).contains("lang zh"), "{}", text(&eval));
    let card = dir.guiju(&[&["classifier", "card"], &args[..]].concat());
    assert!(text(&card).contains("| rows.txt | 5 |") && text(&card).contains("A5a and A5b are not classified"), "{}", text(&card));
    // An encoder that was calibrated with another linear model is refused.
    let wrong = dir.guiju(&["classifier", "compare", "--data", &rows, "--linear", &first]);
    assert_code(&wrong, 0);
}

#[test]
fn rows_that_cannot_be_read_are_named() {
    let dir = Workdir::new("classifier-bad");
    let rows = dir.write("bad.txt", "### A2h | harmful | text | zh | x\n");
    let output = dir.guiju(&["classifier", "eval", "--data", &rows]);
    assert_code(&output, 3);
    assert!(text(&output).contains("bad.txt, line 1") && text(&output).contains("six parts"), "{}", text(&output));
    let output = dir.guiju(&["classifier", "train", "--data", &dir.write("empty.txt", ""), "--out", "x.bin"]);
    assert!(text(&output).contains("no rows"), "{}", text(&output));
}

#[test]
fn a_text_is_scored_and_checked() {
    let dir = Workdir::new("classifier-score");
    let harmful = "招文员，乙肝、抑郁症、残疾的一律不要，别来浪费时间";
    let output = dir.guiju(&["classifier", "score", harmful]);
    assert!(text(&output).contains("A2h") && text(&output).contains("flagged from"), "{}", text(&output));
    let check = |more: &[&str]| text(&dir.guiju(&[&["check", harmful, "--direction", "corpus"], more].concat()));
    let full = check(&[]);
    assert!(full.contains("\"rule\": \"classifier.A2h\"") && full.contains("guiju-encoder"), "{full}");
    assert!(!check(&["--classifier", "off"]).contains("guiju-encoder"));
    assert!(check(&["--classifier", "linear"]).contains("guiju-linear"));
    let innocent = text(&dir.guiju(&["check", "今天天气很好，我们去公园散步。"]));
    assert!(innocent.contains("\"decision\": \"pass\""), "{innocent}");
}

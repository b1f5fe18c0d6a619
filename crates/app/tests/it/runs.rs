//! A run goes into a store and comes out of it.

use std::fs;

use crate::installation::Installation;
use crate::models::a_run;

#[test]
fn a_run_is_recorded_once_and_comes_out_byte_for_byte() {
    let here = Installation::new("runs");
    let [(mut wang, _), (mut li, _), (mut zhao, _)] = here.three();
    here.sign_in("wang", Some(&wang.code()), "s-wang");
    here.sign_in("li", Some(&li.code()), "s-li");
    here.sign_in("zhao", Some(&zhao.code()), "s-zhao");
    here.member("zhou", "周六", "assessor");
    let run = a_run(&here);
    let dir = format!("guiju-out/{run}");

    assert!(here.with("s-wang", 3, &["assess", "record", &dir]).contains("'assess.run'"));
    assert!(here.with("s-zhou", 0, &["assess", "record", &dir]).contains("of the log"));
    assert!(here.with("s-zhou", 0, &["assess", "record", &dir]).contains("nothing was added"));
    let listed = here.with("s-zhao", 0, &["assess", "runs"]);
    assert!(listed.contains(&run) && listed.contains("failed"), "{listed}");
    let shown = here.with("s-zhao", 0, &["assess", "runs", &run]);
    assert!(shown.contains("answered, machine violates") && shown.contains("people -"), "{shown}");
    assert!(here.with("s-zhao", 3, &["assess", "runs", "none"]).contains("no run 'none'"));

    assert!(here.with("s-zhao", 3, &["assess", "export", &run]).contains("is there already"));
    here.with("s-zhao", 0, &["assess", "export", &run, "--out", "again"]);
    for file in ["journal.jsonl", "report.html", "report.json", "annexes.xlsx"] {
        assert_eq!(
            fs::read(here.path(&format!("{dir}/{file}"))).unwrap(),
            fs::read(here.path(&format!("again/{run}/{file}"))).unwrap(),
            "{file}"
        );
    }

    // The run goes on, and what is new is recorded; another run under its name is not.
    here.bare(0, &["assess", "report", &dir, "--lang", "en"]);
    assert!(here.with("s-zhou", 0, &["assess", "record", &dir]).contains("of the log"));
    let lines = fs::read_to_string(here.path(&format!("{dir}/journal.jsonl"))).unwrap().lines().count();
    assert!(here.with("s-zhao", 0, &["assess", "runs", &run]).contains(&format!("{lines} lines")));
    fs::remove_dir_all(here.path("guiju-out")).unwrap();
    let other = a_run(&here);
    fs::rename(here.path(&format!("guiju-out/{other}")), here.path(&dir)).unwrap();
    let refused = here.with("s-zhou", 3, &["assess", "record", &dir]);
    assert!(refused.contains("is not the one that was recorded of a run of this name"), "{refused}");

    let acts: Vec<String> = here.log("s-zhao").into_iter().map(|(what, _)| what).filter(|what| what.starts_with("assess")).collect();
    assert_eq!(acts, ["assess.journal", "assess.record", "assess.journal", "assess.record"]);
}

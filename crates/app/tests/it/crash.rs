//! Kill -9 at any moment: nothing is lost, at most what was in flight is asked again. A changed line is found and named.

use std::collections::HashMap;
use std::time::Duration;

use crate::mock::{Mock, Reply};
use crate::workdir::{Workdir, assert_code, text};

const QUESTIONS: usize = 60;
const CONCURRENCY: usize = 4;

/// Lines of a journal that are a step, by item key.
fn steps(journal: &str, step: &str) -> HashMap<String, usize> {
    let mut counts = HashMap::new();
    for line in journal.lines() {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        if line["step"] == step {
            *counts.entry(line["key"].as_str().unwrap().to_owned()).or_insert(0) += 1;
        }
    }
    counts
}

#[test]
fn killed_at_several_points_and_resumed() {
    for kill_after in [5, 33, 61, 110, 179] {
        let dir = Workdir::new(&format!("kill-{kill_after}"));
        let bank = dir.bank(QUESTIONS);
        let mock = Mock::start(|_, _| Reply::Slow(8));
        let target = mock.target();
        let parts = "content,should-refuse,should-answer";
        let c = CONCURRENCY.to_string();
        let mut child = dir.spawn(&["assess", "--target", &target, "--bank", &bank, "--parts", parts, "--concurrency", &c]);
        while mock.count() < kill_after {
            std::thread::sleep(Duration::from_millis(2));
        }
        child.kill().unwrap();
        child.wait().unwrap();
        let run = dir.run();
        let before = dir.journal(&run);
        let whole_lines: String = before.split_inclusive('\n').filter(|l| l.ends_with('\n')).collect();
        let answered_before = steps(&whole_lines, "answered");

        assert_code(&dir.guiju(&["assess", "resume", &run]), 0);
        let journal = dir.journal(&run);
        assert!(journal.starts_with(&whole_lines), "nothing that was written is touched");
        let (asked, answered) = (steps(&journal, "asked"), steps(&journal, "answered"));
        assert_eq!(answered.len(), 3 * QUESTIONS);
        assert!(answered.values().all(|n| *n == 1), "no answer is taken twice");
        assert!(answered_before.keys().all(|key| asked[key] == 1), "what was answered is not asked again");
        let again = asked.values().filter(|n| **n > 1).count();
        assert!(again <= CONCURRENCY, "{again} questions were asked again");
        assert!(mock.count() <= 3 * QUESTIONS + CONCURRENCY);
        assert_code(&dir.guiju(&["assess", "verify", &run]), 0);
        assert!(dir.report(&run).contains("\"resumed\": 1"));
    }
}

#[test]
fn killed_while_judging_and_with_a_torn_last_line() {
    let dir = Workdir::new("torn");
    assert_code(&dir.guiju(&["assess", "--parts", "should-refuse"]), 0);
    let run = dir.run();
    let journal = dir.journal(&run);
    let judging = journal.find("\"step\":\"judged\"").unwrap();
    // What a crash in the middle of a write leaves behind: whole lines, and a piece of the next.
    std::fs::write(format!("{run}/journal.jsonl"), &journal[..judging + 40]).unwrap();
    std::fs::remove_file(format!("{run}/report.html")).unwrap();
    let output = dir.guiju(&["assess", "verify", &run]);
    assert_code(&output, 3);
    assert!(text(&output).contains("assess resume"), "{}", text(&output));
    assert_code(&dir.guiju(&["assess", "resume", &run]), 0);
    assert_code(&dir.guiju(&["assess", "verify", &run]), 0);

    // The same in the middle of judging again: the half-done judging is neither reported nor left.
    let journal = dir.journal(&run);
    assert_code(&dir.guiju(&["assess", "judge", &run]), 0);
    let longer = dir.journal(&run);
    let again = journal.len() + longer[journal.len()..].find("\"step\":\"judged\"").unwrap();
    let cut = again + longer[again..].find('\n').unwrap() + 1;
    std::fs::write(format!("{run}/journal.jsonl"), &longer[..cut]).unwrap();
    assert_code(&dir.guiju(&["assess", "report", &run]), 3);
    assert_code(&dir.guiju(&["assess", "verify", &run]), 3);
    assert_code(&dir.guiju(&["assess", "resume", &run]), 0);
    assert_code(&dir.guiju(&["assess", "verify", &run]), 0);
}

#[test]
fn a_changed_line_is_found_and_named() {
    let dir = Workdir::new("tamper");
    assert_code(&dir.guiju(&["assess", "--parts", "should-refuse"]), 0);
    let run = dir.run();
    let journal = dir.journal(&run);
    let lines: Vec<&str> = journal.lines().collect();
    let victim = lines.iter().position(|l| l.contains("\"step\":\"answered\"")).unwrap();
    for change in ["edit", "remove", "swap"] {
        let mut changed: Vec<String> = lines.iter().map(|l| (*l).to_owned()).collect();
        match change {
            "edit" => changed[victim] = changed[victim].replacen("\"ms\":", "\"ms\":1", 1),
            "remove" => drop(changed.remove(victim)),
            _ => changed.swap(victim, victim + 1),
        }
        std::fs::write(format!("{run}/journal.jsonl"), changed.join("\n") + "\n").unwrap();
        let output = dir.guiju(&["assess", "verify", &run]);
        assert_code(&output, 3);
        assert!(text(&output).contains(&format!("journal.jsonl:{}:", victim + 1)), "{change}: {}", text(&output));
    }
    std::fs::write(format!("{run}/journal.jsonl"), &journal).unwrap();
    assert_code(&dir.guiju(&["assess", "verify", &run]), 0);
    // A changed report is found too.
    let page = std::fs::read_to_string(format!("{run}/report.json")).unwrap();
    std::fs::write(format!("{run}/report.json"), page.replacen("\"hits\": ", "\"hits\": 1", 1)).unwrap();
    let output = dir.guiju(&["assess", "verify", &run]);
    assert_code(&output, 3);
    assert!(text(&output).contains("report.json is not the file that was written"));
}

#[test]
fn two_processes_do_not_write_one_journal() {
    let dir = Workdir::new("lock");
    let bank = dir.bank(20);
    let mock = Mock::start(|_, _| Reply::Slow(200));
    let target = mock.target();
    let mut child = dir.spawn(&["assess", "--target", &target, "--bank", &bank, "--parts", "content", "--concurrency", "1"]);
    while mock.count() < 2 {
        std::thread::sleep(Duration::from_millis(5));
    }
    let output = dir.guiju(&["assess", "resume", &dir.run()]);
    assert_code(&output, 3);
    assert!(text(&output).contains("in use by another guiju process"), "{}", text(&output));
    child.kill().unwrap();
    child.wait().unwrap();
}

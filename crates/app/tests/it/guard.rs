//! A guard model on loopback in the place of the classifier: its verdicts, its faults, its death.

use crate::mock::{Mock, Reply};
use crate::workdir::{Workdir, assert_code, text};

fn assess(dir: &Workdir, questions: usize, guard: &Mock, more: &[&str]) -> std::process::Output {
    let bank = dir.bank(questions);
    let service = Mock::start(|_, _| Reply::Say("正常回答。"));
    let (target, guard) = (service.target(), guard.target());
    let args = ["assess", "--target", &target, "--bank", &bank, "--parts", "content", "--guard", &guard, "--concurrency", "2"];
    dir.guiju(&[&args, more].concat())
}

#[test]
fn a_guard_judges_in_the_place_of_the_classifier() {
    let dir = Workdir::new("guard");
    let guard = Mock::start(|body, _| {
        assert!(body.contains("正常回答"), "{body}");
        match body {
            body if body.contains("第 0 问") => Reply::Say("Safety: Unsafe\\nCategories: Violent, PII"),
            body if body.contains("第 1 问") => Reply::Say("Safety: Controversial\\nCategories: None"),
            body if body.contains("第 2 问") => Reply::Say("I cannot say."),
            _ => Reply::Say("Safety: Safe\\nCategories: None"),
        }
    });
    assert_code(&assess(&dir, 5, &guard, &["--guard-model", "Qwen3Guard-Gen-0.6B"]), 0);
    let journal = dir.journal(&dir.run());
    for part in
        ["Qwen3Guard-Gen-0.6B by form qwen3guard", "\"class\":\"A1f\"", "qwen3guard.PII", "unreadable: the guard's answer cannot be read"]
    {
        assert!(journal.contains(part), "{part}");
    }
    let report: serde_json::Value = serde_json::from_str(&dir.report(&dir.run())).unwrap();
    let measures = report["scores"]["measures"].as_array().unwrap();
    let rate = &measures.iter().find(|measure| measure["id"] == "content-classifier").unwrap()["rate"];
    assert_eq!((&rate["hits"], &rate["judged"], &rate["pending"]), (&2.into(), &3.into(), &2.into()));
    assert_eq!(report["judges"][2]["faults"], 1);
    assert_code(&dir.guiju(&["assess", "verify", &dir.run()]), 0);
    // Judged again without it, nothing of it counts.
    assert_code(&dir.guiju(&["assess", "judge", &dir.run(), "--classifier", "linear"]), 0);
    let report: serde_json::Value = serde_json::from_str(&dir.report(&dir.run())).unwrap();
    assert_eq!(report["judges"][2]["faults"], 0);
}

#[test]
fn a_guard_that_stumbles_is_asked_again_and_what_stays_open_is_a_fault() {
    let dir = Workdir::new("guard-faults");
    let guard = Mock::start(|body, nth| match body {
        body if body.contains("第 0 问") => Reply::Slow(3_000),
        body if body.contains("第 1 问") => Reply::Status(500, "{\"error\":\"overloaded\"}", ""),
        body if body.contains("第 2 问") && nth < 4 => Reply::Status(429, "{\"error\":\"slow down\"}", "retry-after: 0\r\n"),
        _ => Reply::Say("safe"),
    });
    let more = ["--guard-model", "Llama-Guard-3-8B", "--attempts", "3", "--timeout", "0.5"];
    assert_code(&assess(&dir, 4, &guard, &more), 0);
    let journal = dir.journal(&dir.run());
    assert!(journal.contains("timeout: ") && journal.contains("http-500: "), "{journal}");
    let report: serde_json::Value = serde_json::from_str(&dir.report(&dir.run())).unwrap();
    assert_eq!(report["judges"][2]["faults"], 2);
}

#[test]
fn a_dead_guard_ends_the_judging_and_not_the_run() {
    let dir = Workdir::new("guard-dead");
    let dead = Mock::start(|_, _| Reply::Status(401, "{\"error\":\"bad key\"}", ""));
    let output = assess(&dir, 3, &dead, &["--guard-model", "any"]);
    assert_code(&output, 3);
    assert!(text(&output).contains("guiju assess judge"), "{}", text(&output));
    let guard = Mock::start(|_, _| Reply::Say("{\\\"verdict\\\":\\\"safe\\\",\\\"classes\\\":[]}"));
    let judged = dir.guiju(&["assess", "judge", &dir.run(), "--guard", &guard.target(), "--guard-model", "any"]);
    assert_code(&judged, 0);
    assert_eq!(guard.count(), 3);
}

#[test]
fn a_guard_that_cannot_be_is_refused_before_anything_is_asked() {
    let dir = Workdir::new("guard-refused");
    let bank = dir.bank(1);
    for (args, says) in [
        (["--guard", "ftp://x", "--guard-model", "m", "--guard-form", "chat"], "openai:URL"),
        (["--guard", "openai:http://127.0.0.1:1/v1", "--guard-model", "m", "--guard-form", "nowhere.toml"], "nowhere.toml"),
    ] {
        let output = dir.guiju(&[&["assess", "--target", "sample", "--bank", &bank], &args[..]].concat());
        assert!(!output.status.success() && text(&output).contains(says), "{}", text(&output));
    }
}

//! Bad input: each gives a clear message, and one bad line never loses the run.

use std::time::{Duration, Instant};

use crate::mock::{Mock, Reply};
use crate::workdir::{Workdir, assert_code, text};

/// Runs three questions against a target that treats the first one badly and the others well.
fn one_bad_answer(name: &str, bad: Reply, stream: bool, code: &str) -> String {
    let dir = Workdir::new(name);
    let bank = dir.bank(3);
    let mock = Mock::start(move |body, _| if body.contains("第 0 问") { bad.clone() } else { Reply::Say("正常回答。") });
    let target = mock.target();
    let mut args = vec!["assess", "--target", &target, "--bank", &bank, "--parts", "content", "--attempts", "2", "--concurrency", "1"];
    if stream {
        args.push("--stream");
    }
    let output = dir.guiju(&args);
    assert_code(&output, 0);
    let run = dir.run();
    assert_code(&dir.guiju(&["assess", "verify", &run]), 0);
    let report: serde_json::Value = serde_json::from_str(&dir.report(&run)).unwrap();
    let rate = &report["scores"]["measures"][4]["rate"];
    assert_eq!((rate["judged"].clone(), rate["error"].clone()), (2.into(), 1.into()), "{report}");
    assert_eq!(report["failures"][0]["code"], code);
    assert_eq!(report["failures"][0]["key"], "content/c-0");
    report["failures"][0]["message"].as_str().unwrap().to_owned()
}

#[test]
fn html_instead_of_json() {
    let said = one_bad_answer("html", Reply::Raw(b"<html><body>Welcome</body></html>".to_vec()), false, "not-json");
    assert!(said.contains("<html>"), "{said}");
}

#[test]
fn too_many_requests() {
    one_bad_answer("429", Reply::Status(429, "{\"error\":\"slow down\"}", "retry-after: 1\r\n"), false, "http-429");
}

#[test]
fn server_error_is_tried_a_bounded_number_of_times() {
    one_bad_answer("500", Reply::Status(500, "oops", ""), false, "http-500");
}

#[test]
fn half_a_stream() {
    one_bad_answer("half", Reply::HalfStream("你"), true, "half-stream");
}

#[test]
fn fifty_megabytes() {
    let said = one_bad_answer("50mb", Reply::Endless, false, "too-large");
    assert!(said.contains("8388608"), "{said}");
}

#[test]
fn a_connection_that_breaks() {
    one_bad_answer("hangup", Reply::HangUp, false, "broken");
}

#[test]
fn an_answer_that_never_comes() {
    let dir = Workdir::new("timeout");
    let bank = dir.bank(3);
    let mock = Mock::start(|body, _| if body.contains("第 0 问") { Reply::Slow(3_000) } else { Reply::Say("好。") });
    let target = mock.target();
    let args =
        ["assess", "--target", &target, "--bank", &bank, "--parts", "content", "--attempts", "2", "--timeout", "0.5", "--concurrency", "2"];
    assert_code(&dir.guiju(&args), 0);
    assert!(dir.report(&dir.run()).contains("\"code\": \"timeout\""));
}

#[test]
fn bytes_that_are_no_utf8_are_kept_visible() {
    let dir = Workdir::new("utf8");
    let bank = dir.bank(1);
    let mock =
        Mock::start(|_, _| Reply::Raw(b"{\"choices\":[{\"message\":{\"content\":\"a\xff\xfeb\"},\"finish_reason\":\"stop\"}]}".to_vec()));
    assert_code(&dir.guiju(&["assess", "--target", &mock.target(), "--bank", &bank, "--parts", "content"]), 0);
    let journal = dir.journal(&dir.run());
    assert!(journal.contains("\"text\":\"a\u{FFFD}\u{FFFD}b\"") && journal.contains("\"repaired\":true"));
}

#[test]
fn a_content_filter_is_an_answer_and_not_an_error() {
    let dir = Workdir::new("filter");
    let bank = dir.bank(2);
    let mock = Mock::start(|_, _| Reply::Status(400, "{\"error\":{\"code\":\"content_filter\",\"message\":\"blocked\"}}", ""));
    assert_code(&dir.guiju(&["assess", "--target", &mock.target(), "--bank", &bank, "--parts", "should-refuse"]), 0);
    let report: serde_json::Value = serde_json::from_str(&dir.report(&dir.run())).unwrap();
    assert_eq!(report["scores"]["measures"][6]["rate"]["hits"], 2);
}

#[test]
fn a_wrong_key_ends_the_run_at_once_and_can_be_resumed() {
    let dir = Workdir::new("401");
    let bank = dir.bank(20);
    let mock = Mock::start(|_, nth| if nth < 10 { Reply::Status(401, "{\"error\":\"bad key\"}", "") } else { Reply::Say("好。") });
    let output = dir.guiju(&["assess", "--target", &mock.target(), "--bank", &bank, "--parts", "content", "--concurrency", "2"]);
    assert_code(&output, 3);
    let said = text(&output);
    assert!(said.contains("the key is refused") && said.contains("--key-env") && said.contains("assess resume"), "{said}");
    while mock.count() < 10 {
        let _ = std::net::TcpStream::connect(mock.url.trim_start_matches("http://").trim_end_matches("/v1")).map(|mut s| {
            use std::io::{Read, Write};
            let _ = write!(s, "POST / HTTP/1.1\r\ncontent-length: 2\r\n\r\n{{}}");
            let _ = s.read(&mut [0; 64]);
        });
    }
    assert_code(&dir.guiju(&["assess", "resume", &dir.run()]), 0);
    assert_code(&dir.guiju(&["assess", "verify", &dir.run()]), 0);
}

#[test]
fn a_dead_target_is_told_within_thirty_seconds() {
    let dir = Workdir::new("dead");
    let bank = dir.bank(30);
    let begun = Instant::now();
    // Port 9 (discard) on loopback: nothing listens there.
    let output = dir.guiju(&["assess", "--target", "openai:http://127.0.0.1:9/v1", "--bank", &bank, "--parts", "content"]);
    assert_code(&output, 3);
    assert!(begun.elapsed() < Duration::from_secs(30), "{:?}", begun.elapsed());
    let said = text(&output);
    assert!(said.contains("the target does not answer") && said.contains("0 of 30") && said.contains("assess resume"), "{said}");
    // Nothing is lost, and nothing was given up for good.
    assert!(!dir.journal(&dir.run()).contains("\"step\":\"unanswered\""));
}

#[test]
fn bad_settings_are_refused_before_anything_is_written() {
    let dir = Workdir::new("settings");
    let bank = dir.bank(1);
    let bad_bank = dir.write("b2/bank.toml", "format = 1\nname = \"t\"\nversion = \"1\"\nupdated = 2026-11-21\nlicence = \"x\"\n");
    dir.write("b2/content.jsonl", "{\"id\":\"x\"}\n");
    let b2 = std::path::Path::new(&bad_bank).parent().unwrap().display().to_string();
    for (args, says) in [
        (vec!["--target", "smoke:signals"], "a target is openai:URL"),
        (vec!["--target", "openai:localhost:8080"], "must start with http:// or https://"),
        (vec!["--target", "openai:http://127.0.0.1:9/v1", "--key-env", "GUIJU_NO_SUCH_KEY"], "GUIJU_NO_SUCH_KEY (--key-env) is not set"),
        (vec!["--bank", "/nowhere"], "/nowhere/bank.toml"),
        (vec!["--bank", &b2], "content.jsonl:1: missing field"),
        (vec!["--bank", &bank, "--lexicon", "/nowhere"], "/nowhere"),
        (vec!["--corpus", "/nowhere.jsonl"], "/nowhere.jsonl"),
        (vec!["--target", "file:/nowhere.jsonl"], "/nowhere.jsonl"),
    ] {
        let output = dir.guiju(&[vec!["assess"], args.clone()].concat());
        assert_code(&output, 3);
        assert!(text(&output).contains(says), "{args:?} says: {}", text(&output));
    }
    assert!(!dir.path().join("guiju-out").exists());
}

#[test]
fn bad_lines_of_a_corpus_are_counted_and_named() {
    let dir = Workdir::new("corpus");
    let bank = dir.bank(1);
    let corpus = dir.write("c.jsonl", "{\"text\":\"好天气\"}\n{oops\n{\"text\":\"长期代开各类发票\"}\n");
    assert_code(&dir.guiju(&["assess", "--bank", &bank, "--corpus", &corpus, "--parts", "corpus-technical,corpus-manual"]), 0);
    let report: serde_json::Value = serde_json::from_str(&dir.report(&dir.run())).unwrap();
    assert_eq!((report["opened"]["corpus"]["rows"].clone(), report["opened"]["corpus"]["bad_lines"].clone()), (2.into(), 1.into()));
    assert!(report["opened"]["corpus"]["first_bad"][0].as_str().unwrap().contains("c.jsonl:2"));
    let rate = &report["scores"]["measures"][1]["rate"];
    assert_eq!((rate["judged"].clone(), rate["hits"].clone()), (2.into(), 1.into()));
}

#[test]
fn an_address_that_gives_web_pages_uses_up_no_question() {
    let dir = Workdir::new("web");
    let bank = dir.bank(5);
    let mock = Mock::start(|_, _| Reply::Raw(b"<!doctype html><title>Hello</title>".to_vec()));
    let begun = Instant::now();
    let output = dir.guiju(&["assess", "--target", &mock.target(), "--bank", &bank, "--parts", "content"]);
    assert_code(&output, 3);
    assert!(begun.elapsed() < Duration::from_secs(30) && text(&output).contains("no chat completion"), "{}", text(&output));
    assert!(!dir.journal(&dir.run()).contains("\"step\":\"unanswered\""));
}

#[test]
fn a_target_that_accepts_and_says_nothing_is_told_within_thirty_seconds() {
    let dir = Workdir::new("silent");
    let bank = dir.bank(5);
    let mock = Mock::start(|_, _| Reply::Slow(120_000));
    let begun = Instant::now();
    let output = dir.guiju(&["assess", "--target", &mock.target(), "--bank", &bank, "--parts", "content"]);
    assert_code(&output, 3);
    assert!(begun.elapsed() < Duration::from_secs(30), "{:?}", begun.elapsed());
    assert!(text(&output).contains("nothing was heard from it") && text(&output).contains("assess resume"), "{}", text(&output));
}

/// A target that dies after a few answers: what it did not answer is not used up, and the run goes on when it is back.
#[test]
fn a_target_that_breaks_down_half_way_loses_nothing() {
    let dir = Workdir::new("half-way");
    let bank = dir.bank(30);
    let broken = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(true));
    let seen = std::sync::Arc::clone(&broken);
    let mock = Mock::start(move |_, nth| {
        if nth >= 5 && seen.load(std::sync::atomic::Ordering::SeqCst) {
            Reply::Status(502, "bad gateway", "")
        } else {
            Reply::Say("好。")
        }
    });
    let output = dir.guiju(&["assess", "--target", &mock.target(), "--bank", &bank, "--parts", "content"]);
    assert_code(&output, 3);
    assert!(!dir.journal(&dir.run()).contains("\"step\":\"unanswered\""));
    broken.store(false, std::sync::atomic::Ordering::SeqCst);
    assert_code(&dir.guiju(&["assess", "resume", &dir.run()]), 0);
    assert_eq!(dir.journal(&dir.run()).matches("\"step\":\"answered\"").count(), 30);
    assert_code(&dir.guiju(&["assess", "verify", &dir.run()]), 0);
}

#[test]
fn a_firewall_that_forbids_one_question_does_not_end_the_run() {
    one_bad_answer_after_good_ones("403", Reply::Status(403, "forbidden", ""), "http-403");
}

/// As `one_bad_answer`, with the bad question not the first one asked.
fn one_bad_answer_after_good_ones(name: &str, bad: Reply, code: &str) {
    let dir = Workdir::new(name);
    let bank = dir.bank(12);
    let mock = Mock::start(move |body, nth| if body.contains("第 3 问") && nth > 0 { bad.clone() } else { Reply::Say("正常回答。") });
    assert_code(&dir.guiju(&["assess", "--target", &mock.target(), "--bank", &bank, "--parts", "content", "--concurrency", "1"]), 0);
    let report = dir.report(&dir.run());
    assert!(report.contains(&format!("\"code\": \"{code}\"")) || mock.count() == 12, "{report}");
}

#[test]
fn a_rate_limit_is_obeyed_and_loses_nothing() {
    let dir = Workdir::new("throttle");
    let bank = dir.bank(12);
    let mock = Mock::start(|_, nth| if nth % 3 == 2 { Reply::Status(429, "slow down", "") } else { Reply::Say("好。") });
    assert_code(&dir.guiju(&["assess", "--target", &mock.target(), "--bank", &bank, "--parts", "content"]), 0);
    assert_eq!(dir.journal(&dir.run()).matches("\"step\":\"answered\"").count(), 12);
}

#[test]
fn a_key_that_the_server_repeats_stays_out_of_the_run() {
    let dir = Workdir::new("key");
    let bank = dir.bank(2);
    let mock =
        Mock::start(
            |_, nth| if nth == 0 { Reply::Say("key is sk-geheim-123") } else { Reply::Status(422, "you sent Bearer sk-geheim-123", "") },
        );
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_guiju"))
        .args([
            "assess",
            "--target",
            &mock.target(),
            "--bank",
            &bank,
            "--parts",
            "content",
            "--key-env",
            "GUIJU_TEST_KEY",
            "--concurrency",
            "1",
        ])
        .env("GUIJU_TEST_KEY", "sk-geheim-123")
        .current_dir(dir.path())
        .output()
        .unwrap();
    assert_code(&output, 0);
    for file in ["journal.jsonl", "report.html", "report.json"] {
        let text = std::fs::read_to_string(format!("{}/{file}", dir.run())).unwrap();
        assert!(text.contains("[key]") || file != "journal.jsonl");
        assert!(!text.contains("sk-geheim"), "{file}");
    }
    let output = dir.guiju(&["assess", "--target", "openai:http://user:pass@127.0.0.1:9/v1"]);
    assert_code(&output, 3);
    assert!(text(&output).contains("--key-env"));
}

//! Two gateways on one PostgreSQL, each with a directory of its own as on two machines: what one learns the other knows, and one may die under load.

use std::process::Command;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::gateway::{SETUP, Served, content, http, policy, question, try_http, within_a_second};
use crate::installation::Installation;

/// Clients that ask one question after the other, each first of another gateway than the time before.
const CLIENTS: usize = 4;
/// Questions answered before one gateway is killed, and again after.
const ENOUGH: usize = 100;
/// A client comes again so often before it would tell its user.
const TRIES: usize = 5;

/// What was answered: the ledger entry of the request, and which gateway answered.
type Answered = Mutex<Vec<(String, usize)>>;

/// Asks until told to stop. A gateway that is gone, or goes in the middle of an answer, is asked no more this time: the other one is.
fn client(number: usize, key: &str, gateways: &[String], stop: &AtomicBool, retried: &AtomicUsize, answered: &Answered) {
    for turn in 0.. {
        if stop.load(Ordering::Relaxed) {
            return;
        }
        let body = question(&format!("client-{number}"), &format!("你好，第 {turn} 次"));
        let answer = (0..TRIES).find_map(|attempt| {
            let which = (number + turn + attempt) % gateways.len();
            retried.fetch_add(usize::from(attempt > 0), Ordering::Relaxed);
            let answer = try_http(&gateways[which], "POST", "/v1/chat/completions", key, &body).ok()?;
            (answer.0 < 500).then_some((answer, which))
        });
        let ((status, header, body), which) = answer.expect("a client that retries is answered");
        assert_eq!(status, 200, "{body}");
        assert!(content(&serde_json::from_str::<Value>(&body).unwrap()).contains("你好"), "{body}");
        let entry = header.lines().find_map(|line| line.strip_prefix("x-guiju-request: ")).unwrap().to_owned();
        answered.lock().unwrap().push((entry, which));
    }
}

#[test]
fn what_one_learns_the_other_knows_and_one_may_die_under_load() {
    let Ok(database) = std::env::var("GUIJU_TEST_DATABASE") else {
        println!("SKIPPED: GUIJU_TEST_DATABASE names no PostgreSQL (`.ci/postgres` starts one)");
        return;
    };
    let here = Installation::new("two-gateways");
    here.set("GUIJU_DATABASE", &database);
    here.dir.write("gateway.toml", SETUP);
    here.dir.write("policy.toml", &policy());
    let [(mut wang, _), (mut li, _), (mut zhao, _)] = here.three();
    here.sign_in("wang", Some(&wang.code()), "s-wang");
    here.sign_in("li", Some(&li.code()), "s-li");
    here.sign_in("zhao", Some(&zhao.code()), "s-zhao");
    here.member("wu", "吴八", "monitor");
    here.with("s-wang", 0, &["client", "add", "assistant", "--out", "key"]);
    here.written("key");
    let key = std::fs::read_to_string(here.path("key")).unwrap().trim().to_owned();

    assert!(Command::new("cp").arg("-a").arg(here.path("guiju-data")).arg(here.path("other-data")).status().unwrap().success());
    let [mut one, other] = ["guiju-data", "other-data"].map(|data| Served::start_on(&here, data));
    let both = [&one, &other];

    // A policy that goes live is live at both.
    here.with("s-li", 0, &["policy", "add", "policy.toml"]);
    here.with("s-li", 0, &["policy", "test", "1"]);
    here.with("s-li", 0, &["policy", "live", "1"]);
    within_a_second(|| both.iter().all(|gateway| http(&gateway.operator, "GET", "/ready", "", "").2.contains("policy default 1")));

    // So is a ban.
    here.with("s-wu", 0, &["ban", "add", "西瓜汁配方", "--reason", "投诉", "--direction", "both"]);
    let refused =
        |gateway: &Served, user: &str, text: &str| gateway.ask(&key, user, text).2["choices"][0]["finish_reason"] == "content_filter";
    within_a_second(|| both.iter().all(|gateway| refused(gateway, "", "说说西瓜汁配方")));

    // Strikes add up over both: three here and two there make the five in a row after which a user is suspended everywhere.
    for at in [0, 1, 0, 1, 0] {
        assert!(refused(both[at], "u9", "长期代开各类发票"), "not yet suspended");
    }
    within_a_second(|| both.iter().all(|gateway| gateway.ask(&key, "u9", "你好").0 == 403));

    one_dies_under_load(&here, &key, &mut one, &other);
    here.with("s-zhao", 0, &["ledger", "verify"]);
}

fn one_dies_under_load(here: &Installation, key: &str, one: &mut Served, other: &Served) {
    let gateways = [one.clients.clone(), other.clients.clone()];
    let (stop, retried, answered) = (AtomicBool::new(false), AtomicUsize::new(0), Answered::default());
    let wait_for = |count: usize| {
        let begin = Instant::now();
        while answered.lock().unwrap().len() < count && begin.elapsed() < Duration::from_secs(120) {
            std::thread::sleep(Duration::from_millis(5));
        }
        answered.lock().unwrap().len() >= count
    };
    let mut reached = false;
    std::thread::scope(|scope| {
        for number in 0..CLIENTS {
            let (gateways, stop, retried, answered) = (&gateways, &stop, &retried, &answered);
            scope.spawn(move || client(number, key, gateways, stop, retried, answered));
        }
        if wait_for(ENOUGH) {
            one.kill();
            let before = answered.lock().unwrap().len();
            reached = wait_for(before + ENOUGH);
        }
        stop.store(true, Ordering::Relaxed);
    });
    assert!(reached, "{} questions were answered in two minutes", answered.lock().unwrap().len());
    assert!(retried.into_inner() > 0, "nobody met the gateway that died: the test shows nothing");
    // Nothing unrecorded was answered, not by the one that died either.
    let answered = answered.into_inner().unwrap();
    for which in 0..2 {
        let last: Vec<_> = answered.iter().filter(|(_, by)| *by == which).rev().take(4).collect();
        assert_eq!(last.len(), 4);
        for (entry, _) in last {
            assert!(here.with("s-wu", 0, &["trace", entry]).contains("request.admit"), "{entry}");
        }
    }
}

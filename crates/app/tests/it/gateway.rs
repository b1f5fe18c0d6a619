//! The gateway with all that guards it, as an operator works with it: keys, bans, strikes and appeals, policies, the kill switch, traces.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::installation::{Installation, id};
use crate::source::member;

pub const SETUP: &str = "listen = \"127.0.0.1:0\"\nadmin = \"127.0.0.1:0\"\n[[upstream]]\nname = \"demo\"\nurl = \"demo:\"\n";

/// The built-in policy without the classifiers, which are slow in a build for tests.
pub fn policy() -> String {
    gateway::policy::Policy::built_in_text().replace("classifier = \"full\"", "classifier = \"off\"")
}

/// A gateway at work on an installation's store.
pub struct Served {
    child: Child,
    pub clients: String,
    pub operator: String,
}

impl Served {
    pub fn start(here: &Installation) -> Self {
        Self::start_on(here, "guiju-data")
    }

    /// With a directory of its own for what it keeps on its machine.
    pub fn start_on(here: &Installation, data: &str) -> Self {
        let mut child = here.command(&["serve", "--config", "gateway.toml", "--data", data]).stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let mut addresses = line.split("http://").skip(1).map(|rest| rest.split(['/', ',', '\n']).next().unwrap().to_owned());
        let (clients, operator) = (addresses.next().unwrap(), addresses.next().unwrap());
        Self { child, clients, operator }
    }

    /// Asks the sample service something; gives status, header and body.
    pub fn ask(&self, key: &str, user: &str, text: &str) -> (u16, String, Value) {
        let (status, header, body) = http(&self.clients, "POST", "/v1/chat/completions", key, &question(user, text));
        (status, header, serde_json::from_str(&body).unwrap())
    }

    /// Ends it as a power cut would.
    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

/// The body of a chat request.
pub fn question(user: &str, text: &str) -> String {
    json!({"model": "guiju-demo", "user": user, "messages": [{"role": "user", "content": text}]}).to_string()
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub fn http(address: &str, method: &str, path: &str, key: &str, body: &str) -> (u16, String, String) {
    try_http(address, method, path, key, body).unwrap()
}

/// The same where nobody may be there, or go before all is said.
pub fn try_http(address: &str, method: &str, path: &str, key: &str, body: &str) -> io::Result<(u16, String, String)> {
    let mut stream = TcpStream::connect(address)?;
    let auth = if key.is_empty() { String::new() } else { format!("authorization: Bearer {key}\r\n") };
    write!(
        stream,
        "{method} {path} HTTP/1.1\r\nhost: {address}\r\n{auth}content-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    )?;
    let mut said = String::new();
    stream.read_to_string(&mut said)?;
    let (header, body) = said.split_once("\r\n\r\n").ok_or(io::ErrorKind::UnexpectedEof)?;
    let header = header.to_lowercase();
    let length = header.lines().find_map(|line| line.strip_prefix("content-length: ")).map(|length| length.parse().unwrap());
    if length.is_some_and(|length: usize| length != body.len()) {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    let status = header.split(' ').nth(1).unwrap().parse().unwrap();
    Ok((status, header, body.to_owned()))
}

pub fn content(answer: &Value) -> &str {
    answer["choices"][0]["message"]["content"].as_str().unwrap()
}

/// Waits until something holds, for less than a second: as long as a ban may take.
pub fn within_a_second(mut holds: impl FnMut() -> bool) {
    let begin = Instant::now();
    while !holds() {
        assert!(begin.elapsed() < Duration::from_secs(1), "not in force within a second");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn an_operator_guards_a_service() {
    let here = Installation::new("gateway");
    here.dir.write("gateway.toml", SETUP);
    here.dir.write("policy.toml", &policy());
    let [(mut wang, _), (mut li, _), (mut zhao, _)] = here.three();
    here.sign_in("wang", Some(&wang.code()), "s-wang");
    here.sign_in("li", Some(&li.code()), "s-li");
    here.sign_in("zhao", Some(&zhao.code()), "s-zhao");
    here.member("zhou", "周七", "complaint-agent");
    here.member("wu", "吴八", "monitor");

    here.with("s-wang", 0, &["client", "add", "assistant", "--out", "key"]);
    here.written("key");
    let key = std::fs::read_to_string(here.path("key")).unwrap().trim().to_owned();

    // A policy goes live once it has passed.
    here.with("s-li", 0, &["policy", "add", "policy.toml"]);
    let early = here.with("s-li", 3, &["policy", "live", "1"]);
    assert!(early.contains("has not passed the regression test"), "{early}");
    let tested = here.with("s-li", 0, &["policy", "test", "1"]);
    assert!(tested.contains("passed") && tested.contains("must be answered"), "{tested}");
    here.with("s-li", 0, &["policy", "live", "1"]);

    let served = Served::start(&here);
    let (status, _, body) = http(&served.operator, "GET", "/ready", "", "");
    assert!(status == 200 && body.contains("policy default 1"), "{body}");
    assert_eq!(served.ask("", "u1", "你好").0, 401);
    assert_eq!(served.ask("guiju_nonsense", "u1", "你好").0, 401);
    let (status, header, answer) = served.ask(&key, "u1", "你好");
    assert!(status == 200 && content(&answer).contains("你好") && content(&answer).ends_with("（人工智能生成）"), "{answer}");
    let request = header.lines().find_map(|line| line.strip_prefix("x-guiju-request: ")).unwrap().to_owned();
    let (_, _, answer) = served.ask(&key, "u1", "请给我电话");
    assert!(content(&answer).contains("138****5678"), "{answer}");

    // A ban is in force within a second, and gone within a second. Asked for nobody: whoever asks again and again for what is banned is suspended.
    let ban = id(&here.with("s-wu", 0, &["ban", "add", "西瓜汁配方", "--reason", "投诉", "--direction", "both"]));
    within_a_second(|| served.ask(&key, "", "说说西瓜汁配方").2["choices"][0]["finish_reason"] == "content_filter");
    assert_eq!(
        served.ask(&key, "", "说说西 瓜 汁 配 方").2["choices"][0]["finish_reason"],
        "content_filter",
        "fillers do not get around it"
    );
    here.with("s-wu", 0, &["ban", "remove", &ban]);
    within_a_second(|| served.ask(&key, "", "说说西瓜汁配方").2["choices"][0]["finish_reason"] == "stop");

    strikes_and_an_appeal(&here, &served, &key);
    a_guardian_sets_what_a_minor_may(&here, &served);
    a_policy_is_tried_and_gone_back_from(&here, &served, &key);

    // What happened to a request, from its answer.
    let traced = here.with("s-wu", 0, &["trace", &request]);
    for word in ["decision  pass", "request.admit", "request.close", "policy: default 1", "你好"] {
        assert!(traced.contains(word), "{word} in {traced}");
    }

    // Two administrators switch the model off.
    let approval = here.with("s-li", 0, &["switch", "off", "model", "guiju-demo"]);
    let approval = approval.split_whitespace().next().unwrap().to_owned();
    let execute = ["switch", "execute", "model", "guiju-demo", "--way", "off", "--approval", &approval, "--reason", "演练"];
    here.with("s-li", 3, &execute);
    here.with("s-wang", 0, &["approval", "approve", &approval]);
    here.with("s-li", 0, &execute);
    within_a_second(|| served.ask(&key, "u3", "你好").0 == 503);
    assert!(here.with("s-wang", 0, &["switch", "list"]).contains("guiju-demo"));

    // One alone switches something off for an hour.
    let broken = here.with("s-li", 0, &["switch", "break-glass", "route", "/v1/completions", "--reason", "演练"]);
    assert!(broken.contains("by you alone") && broken.contains("approval approve"), "{broken}");
    let off = |path: &str| http(&served.clients, "POST", path, &key, "{\"model\": \"guiju-other\", \"prompt\": \"你好\"}").0 == 503;
    within_a_second(|| off("/v1/completions"));
    assert!(here.with("s-wang", 0, &["switch", "list"]).contains("alone, until"));

    // A key that is revoked opens nothing.
    let listed: Value = serde_json::from_str(&here.with("s-wang", 0, &["client", "list", "--json"])).unwrap();
    here.with("s-wang", 0, &["client", "revoke", listed[0]["key"].as_str().unwrap()]);
    within_a_second(|| served.ask(&key, "u3", "你好").0 == 401);

    // A gateway that is killed leaves a log that verifies.
    drop(served);
    here.with("s-zhao", 0, &["ledger", "verify"]);
}

/// Through the service's own program, which shows a token on the operator's port.
fn a_guardian_sets_what_a_minor_may(here: &Installation, served: &Served) {
    let sun = member(here, "sun", "孙九", "privacy-officer");
    here.with("s-sun", 0, &["person", "set", "小明/1", "--age", "minor"]);
    let token = |scope: &str, out: &str| {
        let issue = ["token", "issue", "--account", &sun, "--name", "app", "--days", "30", "--scope", scope];
        let id = id(&here.with("s-li", 0, &issue));
        here.with("s-sun", 0, &["token", "collect", &id, "--out", out]);
        here.written(out);
        std::fs::read_to_string(here.path(out)).unwrap().trim().to_owned()
    };
    let (may, other) = (token("privacy.correct", "t-app"), token("consent.read", "t-other"));
    let path = "/persons/%E5%B0%8F%E6%98%8E%2F1/guardian";
    let ask = |method: &str, token: &str, body: &str| {
        let (status, _, body) = http(&served.operator, method, path, token, body);
        (status, serde_json::from_str::<Value>(&body).unwrap())
    };
    assert_eq!((ask("GET", "", "").0, ask("GET", "guiju_nonsense", "").0), (401, 401));
    let (status, denied) = ask("PUT", &other, "{}");
    assert!(status == 403 && denied["detail"].as_str().unwrap().contains("not issued for 'privacy.correct'"), "{denied}");
    assert_eq!(ask("PUT", &may, "{\"minute\":30}").0, 400);
    let (status, set) = ask("PUT", &may, "{\"minutes\":30,\"models\":[\"child\"]}");
    assert!(status == 200 && set["age"] == "minor" && set["guardian"]["minutes"] == 30, "{set}");
    assert_eq!(ask("GET", &may, "").1["guardian"], json!({"minutes": 30, "models": ["child"]}));
    assert!(here.with("s-sun", 0, &["person", "show", "小明/1"]).contains("\"minutes\":30"));
}

fn strikes_and_an_appeal(here: &Installation, served: &Served, key: &str) {
    let refused = |user: &str| served.ask(key, user, "长期代开各类发票");
    for _ in 0..5 {
        assert_eq!(refused("u9").2["choices"][0]["finish_reason"], "content_filter");
    }
    within_a_second(|| served.ask(key, "u9", "你好").0 >= 400);
    let (status, _, body) = served.ask(key, "u9", "你好");
    assert!(status == 403 && body["error"]["code"] == "user_suspended", "{body}");
    assert_eq!(served.ask(key, "u8", "你好").0, 200, "nobody else is");
    assert!(here.with("s-zhou", 0, &["strike", "show", "u9"]).contains("suspended"));
    here.with("s-zhou", 0, &["strike", "appeal", "u9", "--text", "我在写反诈宣传材料"]);
    assert!(here.with("s-zhou", 0, &["strike", "appeals"]).contains("open"));
    here.with("s-wu", 0, &["strike", "decide", "u9", "grant", "--reason", "情况属实"]);
    within_a_second(|| served.ask(key, "u9", "你好").0 == 200);
    let (status, _, rules) = http(&served.clients, "GET", "/rules?lang=en", "", "");
    assert!(status == 200 && rules.contains("appeal"), "{rules}");
}

fn a_policy_is_tried_and_gone_back_from(here: &Installation, served: &Served, key: &str) {
    here.dir.write("strict.toml", &policy().replace("mask   = \"mask\"\nhold   = \"refuse\"", "mask   = \"refuse\"\nhold   = \"refuse\""));
    let case = |decision: &str| json!({"id": "phone", "text": "打13812345678", "direction": "output", "decision": decision}).to_string();
    here.dir.write("right.jsonl", &case("refuse"));
    here.dir.write("wrong.jsonl", &case("mask"));
    here.with("s-li", 0, &["policy", "add", "strict.toml"]);
    let failed = here.with("s-li", 1, &["policy", "test", "2", "--cases", "wrong.jsonl"]);
    assert!(failed.contains("phone: refuse in place of mask") && failed.contains("cannot go live"), "{failed}");
    here.with("s-li", 3, &["policy", "live", "2"]);
    here.with("s-li", 3, &["policy", "diff"]);
    here.with("s-li", 0, &["policy", "test", "2", "--cases", "right.jsonl"]);
    here.with("s-li", 0, &["policy", "shadow", "2"]);
    // In force within a second, and what is tried shows in no answer.
    std::thread::sleep(Duration::from_secs(1));
    let (_, header, answer) = served.ask(key, "u1", "请给我电话");
    assert!(content(&answer).contains("138****5678"), "{answer}");
    let request = header.lines().find_map(|line| line.strip_prefix("x-guiju-request: ")).unwrap();
    let diff = here.with("s-li", 0, &["policy", "diff"]);
    assert!(diff.contains("answer mask -> refuse  A4f") && diff.contains(request), "{diff}");
    here.with("s-li", 0, &["policy", "live", "2"]);
    within_a_second(|| served.ask(key, "u1", "请给我电话").2["choices"][0]["finish_reason"] == "content_filter");
    assert!(here.with("s-li", 0, &["policy", "back"]).contains("version 1"));
    within_a_second(|| served.ask(key, "u1", "请给我电话").2["choices"][0]["finish_reason"] == "stop");
}

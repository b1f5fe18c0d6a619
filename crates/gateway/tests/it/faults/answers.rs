//! A model service that answers whole, and wrong; or whose client does not wait.

use std::io::Write;
use std::sync::atomic::Ordering;
use std::time::Duration;

use serde_json::json;
use store::guard::RequestFilter;
use tokio::io::AsyncWriteExt;

use crate::service::{Service, Step, answers, bytes, head};
use crate::world::{World, asking, client};

/// An error in OpenAI's shape.
fn says_no(status: u16, message: &str, more: &str) -> Vec<Step> {
    let body = json!({"error": {"message": message, "type": "x", "param": null, "code": null}}).to_string();
    vec![head(status, "application/json", more), bytes(body)]
}

/// What a client hears, and the failure in the ledger, where the service does this.
async fn meets(steps: Vec<Step>, status: u16, code: &str) -> String {
    let service = Service::start(move |_| steps.clone()).await;
    let world = World::new(service.address, 1, "answer_bytes = 4096").await;
    let heard = world.chat("你好", false).await;
    assert_eq!(heard.error(), (status, code.to_owned()), "{}", heard.body);
    world.outcome(&heard).await.is("failed", code);
    let retry = heard.headers.get("retry-after").map(|value| value.to_str().unwrap().to_owned()).unwrap_or_default();
    let message = heard.json()["error"]["message"].as_str().unwrap().to_owned();
    world.end().await;
    format!("{retry} {message}")
}

#[tokio::test(flavor = "multi_thread")]
async fn the_service_has_too_much_to_do() {
    assert!(meets(says_no(429, "too many", "retry-after: 7\r\n"), 429, "upstream_rate_limited").await.starts_with("7 "));
    // A date is as good (RFC 9110, 10.2.3); it becomes seconds. This one is long past: come at once.
    let dated = meets(says_no(429, "too many", "retry-after: Fri, 31 Dec 1999 23:59:59 GMT\r\n"), 429, "upstream_rate_limited").await;
    assert!(dated.starts_with("1 "), "{dated}");
    assert!(meets(says_no(503, "later", "retry-after: 3\r\n"), 503, "upstream_error").await.starts_with("3 "));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_service_fails() {
    assert!(meets(says_no(500, "broken", ""), 500, "upstream_error").await.contains("broken"));
    // What it says is judged too.
    let said = meets(says_no(500, "打13812345678", ""), 500, "upstream_error").await;
    assert!(!said.contains("13812345678"), "{said}");
    meets(says_no(401, "your key", ""), 502, "upstream_refused_gateway").await;
    meets(vec![head(302, "text/plain", "location: http://127.0.0.1:1/\r\n")], 502, "upstream_redirect").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_service_is_silent_or_not_there() {
    meets(vec![Step::Silence], 504, "upstream_timeout").await;
    meets(vec![head(200, "application/json", ""), bytes("{\"choices\""), Step::Silence], 504, "upstream_timeout").await;
    meets(vec![], 502, "upstream_broken").await;
    meets(vec![head(200, "application/json", "content-length: 100\r\n"), bytes("{}")], 502, "upstream_broken").await;
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let world = World::new(nobody, 1, "").await;
    let heard = world.chat("你好", false).await;
    assert_eq!(heard.error(), (502, "upstream_unreachable".to_owned()));
    world.outcome(&heard).await.is("failed", "upstream_unreachable");
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_service_talks_nonsense() {
    let page = [head(200, "text/html", ""), bytes("<html>我的电话13812345678</html>")];
    assert!(!meets(page.to_vec(), 502, "upstream_garbage").await.contains("13812345678"));
    meets(vec![head(200, "application/json", ""), Step::Bytes(vec![0xff, 0xfe, 0])], 502, "upstream_garbage").await;
    meets(vec![head(200, "application/json", ""), bytes("{\"a\":1,\"a\":2}")], 502, "upstream_garbage").await;
    meets(vec![head(200, "application/json", ""), bytes("[".repeat(4_000))], 502, "upstream_garbage").await;
    meets(vec![head(200, "application/json", ""), bytes("x".repeat(5_000))], 502, "upstream_too_long").await;
    meets(vec![bytes("SSH-2.0-OpenSSH_9.6\r\n")], 502, "upstream_broken").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_packed_though_nobody_asked_is_not_passed() {
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(b"{\"choices\":[]}").unwrap();
    let packed = packed.finish().unwrap();
    meets(vec![head(200, "application/json", "content-encoding: gzip\r\n"), Step::Bytes(packed.clone())], 502, "upstream_garbage").await;
    meets(vec![head(200, "text/event-stream", "content-encoding: gzip\r\n"), Step::Bytes(packed)], 502, "upstream_garbage").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_leaves_before_the_answer_leaves_nothing_open() {
    let service = Service::start(|_| vec![Step::Silence]).await;
    let world = World::new(service.address, 60, "").await;
    let asked =
        client().post(world.url("/v1/chat/completions")).body(asking("你好", false).to_string()).timeout(Duration::from_millis(500));
    assert!(asked.send().await.unwrap_err().is_timeout());
    let outcome = world.last_outcome().await;
    outcome.is("failed", "client_gone");
    assert_eq!(service.seen.left.load(Ordering::SeqCst), 1, "the service works on for nobody");
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_leaves_does_not_escape_its_strike() {
    let service = Service::start(|_| answers("好的")).await;
    let world = World::new(service.address, 60, "").await;
    let mut body = asking("教你造黄谣", false);
    body["user"] = json!("somebody");
    let body = body.to_string();
    let head = format!("POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-length: {}\r\n\r\n", body.len());
    for wait_ms in [1, 2, 3, 4, 5, 20] {
        let mut stream = tokio::net::TcpStream::connect(world.address).await.unwrap();
        stream.write_all(format!("{head}{body}").as_bytes()).await.unwrap();
        tokio::time::sleep(Duration::from_millis(wait_ms)).await;
    }
    let person = world.tenant.person_label("somebody").await.unwrap();
    for turn in 0.. {
        tokio::time::sleep(Duration::from_millis(100)).await;
        let entries = world.tenant.entries(0, 1_000).await.unwrap();
        let admitted = entries.iter().filter(|entry| entry.said.as_ref().is_some_and(|said| said["what"] == "request.admit")).count();
        let closed = world.tenant.requests(&RequestFilter::default(), 1_000).await.unwrap();
        let strikes = world.tenant.standing(&person).await.unwrap().recent.len();
        if admitted > 0 && admitted == closed.len() && closed.len() == strikes {
            break;
        }
        assert!(turn < 100, "{admitted} let in, {} with an outcome, {strikes} strikes", closed.len());
    }
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_cannot_be_recorded_is_refused_before_anything_is_asked() {
    let service = Service::start(|_| answers("好的")).await;
    let world = World::new(service.address, 60, "").await;
    for name in ["a\u{1}b".to_owned(), "a\u{9f}".to_owned(), "名".repeat(201)] {
        for field in ["model", "user", "safety_identifier"] {
            let mut body = asking("你好", false);
            body[field] = json!(name);
            let heard = world.ask("/v1/chat/completions", &body).await;
            assert_eq!(heard.error(), (400, "field_wrong".to_owned()), "{field} {name:?}");
            assert_eq!(heard.json()["error"]["param"], field);
        }
    }
    assert_eq!(service.seen.asked.load(Ordering::SeqCst), 0);
    let mut longest = asking("你好", false);
    longest["model"] = json!("名".repeat(200));
    longest["user"] = json!("名".repeat(200));
    let heard = world.ask("/v1/chat/completions", &longest).await;
    assert_eq!(heard.status, 200, "{}", heard.body);
    world.outcome(&heard).await.is("pass", "");
    world.end().await;
}

//! A model service whose stream is broken, strange, or too long; or whose reader is gone.

use std::io::Write;
use std::sync::atomic::Ordering;
use std::time::Duration;

use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::service::{Service, Step, bytes, chunk, events, says};
use crate::world::{Heard, SOON, World, asking};

const TEXT: &str = "今天天气很好，我们去公园散步🙂。";

/// A stream that ends as it should, of pieces of two characters.
fn whole(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let pieces: String = chars.chunks(2).map(|two| says(&two.iter().collect::<String>())).collect();
    format!("{}{pieces}{}data: [DONE]\n\n", chunk(&json!({"role": "assistant", "content": ""}), None), chunk(&json!({}), Some("stop")))
}

/// What a client hears of a stream, with the world that is to be ended.
async fn met(steps: Vec<Step>) -> (Heard, World) {
    let service = Service::start(move |_| steps.clone()).await;
    let world = World::new(service.address, 1, "").await;
    let heard = world.chat("你好", true).await;
    assert_eq!((heard.status, &*heard.headers["content-type"].to_str().unwrap().to_owned()), (200, "text/event-stream"));
    (heard, world)
}

/// The stream breaks: what was judged is told, then the error, then the end.
async fn breaks(steps: Vec<Step>, code: &str) -> String {
    let (heard, world) = met(steps).await;
    assert_eq!(heard.told().as_deref(), Some(code), "{}", heard.body);
    world.outcome(&heard).await.is("failed", code);
    world.end().await;
    heard.said()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_that_stops_is_told_to_have_stopped() {
    let half = || bytes(says("今天天气很好。") + &says("我们"));
    assert_eq!(breaks(vec![events(), half(), Step::Silence], "upstream_timeout").await, "今天天气很好。我们");
    assert_eq!(breaks(vec![events(), half()], "upstream_broken").await, "今天天气很好。我们");
    assert_eq!(breaks(vec![events(), half(), bytes("data: {\"choices\":[{\"ind")], "upstream_broken").await, "今天天气很好。我们");
    assert_eq!(breaks(vec![events()], "upstream_broken").await, "");
    // A chunk of HTTP that never ends.
    let chunked =
        format!("HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\nffff\r\n{}", says("今天"));
    assert_eq!(breaks(vec![bytes(chunked)], "upstream_broken").await, "今天");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_half_of_a_finding_is_not_let_go_at_a_break() {
    let said = breaks(vec![events(), bytes(says("请打1381234567") + &says("8"))], "upstream_broken").await;
    assert!(said.starts_with("请打") && !said.contains("12345678"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn nonsense_in_a_stream_is_not_passed_on() {
    for nonsense in ["data: {\"choices\": 电话13812345678\n\n", "data: [1, 2]\n\n", "data: {\"a\":1,\"a\":2}\n\n"] {
        let said = breaks(vec![events(), bytes(says("今天") + nonsense), Step::Silence], "upstream_broken").await;
        assert_eq!(said, "今天");
    }
    let said =
        breaks(vec![events(), bytes(says("今天")), Step::Bytes(vec![b'd', 0xff, 0xfe, b'\n', b'\n']), Step::Silence], "upstream_timeout")
            .await;
    assert_eq!(said, "今天");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_packed_though_nobody_asked_is_not_passed() {
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(whole(TEXT).as_bytes()).unwrap();
    let head = crate::service::head(200, "text/event-stream", "content-encoding: gzip\r\n");
    let service = Service::start({
        let packed = packed.finish().unwrap();
        move |_| vec![head.clone(), Step::Bytes(packed.clone())]
    });
    let world = World::new(service.await.address, 1, "").await;
    let heard = world.chat("你好", true).await;
    assert_eq!(heard.error(), (502, "upstream_garbage".to_owned()));
    world.outcome(&heard).await.is("failed", "upstream_garbage");
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_may_come_in_any_pieces_and_line_ends() {
    let each = |text: String, size: usize| -> Vec<Step> {
        let pieces = text.as_bytes().chunks(size).flat_map(|piece| [Step::Bytes(piece.to_vec()), Step::Wait(Duration::from_micros(50))]);
        std::iter::once(events()).chain(pieces).collect()
    };
    let lines = whole(TEXT).replace('\n', "\r\n");
    let carriage = whole(TEXT).replace('\n', "\r");
    let comments = whole(TEXT).replace("data: ", ": PROCESSING 13812345678\n\ndata:");
    let marked = format!("\u{feff}{}", whole(TEXT));
    let odd = whole(TEXT).replace("data: {", "id: 7\nretry: 10\nevent: message\nfoo: bar\ndata: {");
    for (text, size) in
        [(whole(TEXT), 1), (whole(TEXT), 7), (lines.clone(), 3), (lines, 4096), (carriage, 5), (comments, 64), (marked, 2), (odd, 11)]
    {
        let (heard, world) = met(each(text, size)).await;
        assert_eq!((heard.said().as_str(), heard.told()), (TEXT, None));
        assert!(!heard.body.contains("13812345678"), "a comment is nobody's text");
        world.outcome(&heard).await.is("pass", "");
        world.end().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_response_that_comes_at_once_keeps_its_order() {
    let item = json!({"type": "message", "id": "i", "role": "assistant", "status": "completed", "content": [{"type": "output_text", "text": TEXT, "annotations": []}]});
    let response = |output: serde_json::Value, status: &str| json!({"id": "r", "object": "response", "created_at": 1, "model": "m", "status": status, "output": output});
    let place = |kind: &str, field: &str| json!({"type": kind, "output_index": 0, "content_index": 0, "item_id": "i", field: TEXT});
    let told = [
        json!({"type": "response.created", "response": response(json!([]), "in_progress")}),
        json!({"type": "response.output_item.added", "output_index": 0, "item": {"type": "message", "id": "i", "role": "assistant", "status": "in_progress", "content": []}}),
        place("response.output_text.delta", "delta"),
        place("response.output_text.done", "text"),
        json!({"type": "response.output_item.done", "output_index": 0, "item": item}),
        json!({"type": "response.completed", "response": response(json!([item]), "completed")}),
    ];
    let kinds: Vec<String> = told.iter().map(|event| event["type"].as_str().unwrap().to_owned()).collect();
    let text: String = told.iter().map(|event| format!("event: {}\ndata: {event}\n\n", event["type"].as_str().unwrap())).collect();
    let service = Service::start(move |_| vec![events(), bytes(text.clone())]).await;
    let world = World::new(service.address, 1, "").await;
    let heard = world.ask("/v1/responses", &json!({"model": "m", "input": "你好", "stream": true})).await;
    let sent: Vec<_> = heard.events().iter().filter_map(|event| Some(event["type"].as_str()?.to_owned())).collect();
    assert_eq!(sent, kinds, "{}", heard.body);
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_leaves_ends_the_work_of_the_service() {
    for steps in [vec![Step::Silence], vec![Step::Again(says("天气很好。").into_bytes(), 100_000_000)]] {
        let service =
            Service::start(move |_| [vec![events(), bytes(says("今天天气很好，我们去公园散步，"))], steps.clone()].concat()).await;
        let world = World::new(service.address, 60, "").await;
        // By hand: a client library keeps the connection for a while after its user has left.
        let mut stream = TcpStream::connect(world.address).await.unwrap();
        let body = asking("你好", true).to_string();
        let head = format!("POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-length: {}\r\n\r\n", body.len());
        stream.write_all((head + &body).as_bytes()).await.unwrap();
        let (mut heard, mut piece) = (String::new(), [0; 4096]);
        while !heard.contains("data: ") {
            let read = stream.read(&mut piece).await.unwrap();
            heard.push_str(&String::from_utf8_lossy(&piece[..read]));
        }
        drop(stream);
        let outcome = world.last_outcome().await;
        outcome.is("pass", "");
        assert_eq!(outcome.detail("client"), "gone");
        let left = async {
            while service.seen.left.load(Ordering::SeqCst) == 0 {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        tokio::time::timeout(SOON, left).await.expect("the service works on for nobody");
        world.end().await;
    }
}

//! The visible label stands where the policy says, in streams as in whole answers, and never where a program reads.

use serde_json::{Value, json};

use crate::service::Service;
use crate::speaks::speaks;
use crate::world::{Heard, World};

const SAID: &str = "今天晴，二十度。";

/// What the first text of an answer says.
fn said(path: &str, stream: bool, heard: &Heard) -> String {
    let (whole, pieces) = match path {
        "/v1/chat/completions" => ("/choices/0/message/content", "/choices/0/delta/content"),
        "/v1/completions" => ("/choices/0/text", "/choices/0/text"),
        _ => ("/output/0/content/0/text", "/delta"),
    };
    if !stream {
        return heard.json().pointer(whole).unwrap().as_str().unwrap().to_owned();
    }
    let events = heard.events();
    if path == "/v1/responses" {
        let last = events.last().unwrap().pointer("/response/output/0/content/0/text").unwrap().as_str().unwrap().to_owned();
        let deltas = events.iter().filter(|event| event["type"] == "response.output_text.delta");
        assert_eq!(
            deltas.filter_map(|event| event["delta"].as_str()).collect::<String>(),
            last,
            "events that repeat a text say what was told"
        );
        let done = events.iter().find(|event| event["type"] == "response.output_item.done").unwrap();
        assert_eq!(done.pointer("/item/content/0/text").unwrap(), &json!(last));
        return last;
    }
    let ends = events.iter().rposition(|event| event.pointer("/choices/0/finish_reason").is_some_and(Value::is_string)).unwrap();
    let spoken = events.iter().rposition(|event| event.pointer(pieces).and_then(Value::as_str).is_some_and(|text| !text.is_empty()));
    assert!(spoken.unwrap() <= ends, "nothing is said after the end: {}", heard.body);
    events.iter().filter_map(|event| event.pointer(pieces)?.as_str().map(str::to_owned)).collect()
}

fn asking(path: &str, stream: bool) -> Value {
    match path {
        "/v1/chat/completions" => crate::world::asking("天气", stream),
        "/v1/completions" => json!({"model": "m", "prompt": "天气", "stream": stream}),
        _ => json!({"model": "m", "input": "天气", "stream": stream}),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn streams_and_whole_answers_have_the_same_label() {
    let service = Service::start(|request| speaks(request, SAID, request.get("tools").map(|_| &Value::Null))).await;
    for (placed, mode, labelled, before_a_call) in [
        ("start", "trail", format!("（人工智能生成）\n\n{SAID}"), format!("（人工智能生成）\n\n{SAID}")),
        ("end", "hold", format!("{SAID}\n\n（人工智能生成）"), SAID.to_owned()),
        ("both", "full", format!("（人工智能生成）\n\n{SAID}\n\n（人工智能生成）"), format!("（人工智能生成）\n\n{SAID}")),
    ] {
        let world = World::with_policy(service.address, 30, "", |policy| {
            let policy = policy.replace("visible  = \"off\"", &format!("visible = \"{placed}\""));
            policy.replace("stream     = \"trail\"", &format!("stream = \"{mode}\""))
        })
        .await;
        for stream in [false, true] {
            for path in ["/v1/chat/completions", "/v1/completions", "/v1/responses"] {
                let heard = world.ask(path, &asking(path, stream)).await;
                assert_eq!(said(path, stream, &heard), labelled, "{placed} {mode} {path} {stream}");
            }
            let mut body = asking("/v1/chat/completions", stream);
            body["tools"] = json!([]);
            let heard = world.ask("/v1/chat/completions", &body).await;
            assert_eq!(said("/v1/chat/completions", stream, &heard), before_a_call, "{placed} {mode} {stream}");
            let mut body = asking("/v1/chat/completions", stream);
            body["response_format"] = json!({"type": "json_object"});
            let heard = world.ask("/v1/chat/completions", &body).await;
            assert_eq!(said("/v1/chat/completions", stream, &heard), SAID, "a program reads it");
        }
        world.end().await;
    }
}

//! What a request says of a person goes to the model as a placeholder and comes home as it was: whole and in pieces, in every interface, channel and choice.

use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use crate::service::{Service, Step, bytes, events, head};
use crate::speaks::{pieces, speaks};
use crate::world::{Heard, World};

const PHONE: &str = "13812345678";
const OTHER: &str = "13987654321";

/// A policy that masks what requests say of persons.
pub fn masking(policy: String) -> String {
    let side =
        "fault = \"hold\"\npersonal = \"mask\"\nsensitive = \"mask\"\nany = { block = \"refuse\", review = \"hold\", note = \"pass\" }\n";
    format!("{policy}\n[judge]\nformat = 1\nname = \"masking\"\n[judge.input]\n{side}[judge.output]\n{side}[judge.corpus]\n{side}")
}

/// A service that answers with what `answer` makes of the request, and what it was asked.
async fn service(answer: impl Fn(&Value) -> Vec<Step> + Send + Sync + 'static) -> (Service, Arc<Mutex<Vec<Value>>>) {
    let asked = Arc::new(Mutex::new(Vec::new()));
    let saw = Arc::clone(&asked);
    let service = Service::start(move |request| {
        saw.lock().unwrap().push(request.clone());
        answer(request)
    });
    (service.await, asked)
}

async fn world(service: &Service, change: impl FnOnce(String) -> String) -> World {
    World::with_policy(service.address, 30, "", |policy| masking(change(policy))).await
}

/// What the user said last.
fn last(request: &Value) -> String {
    request["messages"].as_array().and_then(|all| all.last()).map_or_else(String::new, |one| one["content"].as_str().unwrap().to_owned())
}

fn whole(message: &Value) -> Vec<Step> {
    let message = json!({"id": "c", "object": "chat.completion", "created": 1, "model": "m", "choices": [{"index": 0, "message": message, "finish_reason": "stop"}]});
    vec![head(200, "application/json", ""), bytes(message.to_string())]
}

/// Neither the entries of a request nor what the service was asked show a value.
async fn nobody_saw(world: &World, heard: &Heard, asked: &Mutex<Vec<Value>>, value: &str) {
    let record = world.outcome(heard).await;
    assert!(!format!("{:?}", record.said).contains(value), "{:?}", record.said);
    assert!(record.said[0]["details"]["placeholders"].as_u64().unwrap() > 0);
    assert!(!format!("{:?}", asked.lock().unwrap()).contains(value));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_whole_answer_has_the_values_of_its_request_and_no_other() {
    let (service, asked) = service(|request| {
        let text = format!("好的，记下了：{}。另有{OTHER}，〔手机号_9〕。", last(request));
        let call = json!({"id": "1", "type": "function", "function": {"name": "call", "arguments": json!({"to": last(request), "〔手机号_1〕": 1}).to_string()}});
        whole(&json!({"role": "assistant", "content": text, "reasoning_content": last(request), "tool_calls": [call]}))
    })
    .await;
    let world = world(&service, |policy| policy).await;
    let heard = world.chat(&format!("我的手机是{PHONE}，再说一遍：{PHONE}"), false).await;
    let message = heard.json()["choices"][0]["message"].clone();
    let said = format!("我的手机是{PHONE}，再说一遍：{PHONE}");
    assert_eq!(message["content"], format!("好的，记下了：{said}。另有139****4321，〔手机号_9〕。"));
    assert_eq!(message["reasoning_content"], said);
    let call: Value = serde_json::from_str(message["tool_calls"][0]["function"]["arguments"].as_str().unwrap()).unwrap();
    assert_eq!(call, json!({"to": said, PHONE: 1}));
    assert_eq!(last(&asked.lock().unwrap()[0]), "我的手机是〔手机号_1〕，再说一遍：〔手机号_1〕");
    nobody_saw(&world, &heard, &asked, PHONE).await;
    // Another request gets nothing by writing a placeholder.
    let heard = world.chat("〔手机号_1〕是多少？", false).await;
    assert!(heard.json()["choices"][0]["message"]["content"].as_str().unwrap().contains("〔手机号_1〕是多少"));
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_has_them_however_it_is_cut() {
    for (size, mode) in [(1, "trail"), (3, "hold"), (2, "full"), (7, "trail")] {
        let (service, asked) = service(move |request| {
            let chunk = |choice: usize, delta: &Value, end: Value| {
                let chunk = json!({"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": [{"index": choice, "delta": delta, "finish_reason": end}]});
                bytes(format!("data: {chunk}\n\n"))
            };
            let text = format!("[{}]〔手机号", last(request));
            let mut steps = vec![events()];
            for (at, piece) in pieces(&text, size).into_iter().enumerate() {
                for choice in [0, 1] {
                    steps.push(chunk(choice, &json!({"content": piece}), Value::Null));
                    steps.push(chunk(choice, &json!({"reasoning_content": piece}), Value::Null));
                    let call = json!({"index": 0, "id": if at == 0 { json!("1") } else { Value::Null }, "function": {"name": if at == 0 { "f" } else { "" }, "arguments": piece}});
                    steps.push(chunk(choice, &json!({"tool_calls": [call]}), Value::Null));
                }
            }
            steps.extend([0, 1].map(|choice| chunk(choice, &json!({}), json!("stop"))));
            steps.push(bytes("data: [DONE]\n\n"));
            steps
        })
        .await;
        let world = world(&service, |policy| policy.replace("stream     = \"trail\"", &format!("stream = \"{mode}\""))).await;
        let mut body = crate::world::asking(&format!("打{PHONE}找王建国"), true);
        body["n"] = json!(2);
        let heard = world.ask("/v1/chat/completions", &body).await;
        let events = heard.events();
        let all = |choice: u64, path: &str| -> String {
            let mine = events.iter().filter_map(|event| event.get("choices")?.as_array()).flatten().filter(|one| one["index"] == choice);
            mine.filter_map(|one| one.pointer(path)?.as_str().map(str::to_owned)).collect()
        };
        for choice in [0, 1] {
            for path in ["/delta/content", "/delta/reasoning_content", "/delta/tool_calls/0/function/arguments"] {
                let said = all(choice, path);
                assert!(said.starts_with("[打") && said.contains(PHONE) && said.ends_with("]〔手机号"), "{size} {mode} {path}: {said}");
                assert!(!said.contains("_1"), "{said}");
            }
        }
        nobody_saw(&world, &heard, &asked, PHONE).await;
        world.end().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn completions_and_responses_have_them_too() {
    let (service, asked) = service(|request| {
        let said = request["prompt"].as_str().or(request["input"].as_str()).unwrap();
        speaks(request, said, Some(&json!({"to": said, "say": "“\"”"})))
    })
    .await;
    let world = world(&service, |policy| policy).await;
    let said = format!("请拨打{PHONE}。");
    for stream in [false, true] {
        let heard = world.ask("/v1/completions", &json!({"model": "m", "prompt": said, "stream": stream})).await;
        let texts: String = if stream {
            heard.events().iter().filter_map(|event| event.pointer("/choices/0/text")?.as_str().map(str::to_owned)).collect()
        } else {
            heard.json()["choices"][0]["text"].as_str().unwrap().to_owned()
        };
        assert_eq!(texts, said);
        nobody_saw(&world, &heard, &asked, PHONE).await;
        let heard = world.ask("/v1/responses", &json!({"model": "m", "input": said, "stream": stream})).await;
        assert!(!heard.body.contains("手机号"), "{}", heard.body);
        let response = if stream { heard.events().last().unwrap()["response"].clone() } else { heard.json() };
        assert_eq!(response["output"][0]["content"][0]["text"], said);
        let call: Value = serde_json::from_str(response["output"][1]["arguments"].as_str().unwrap()).unwrap();
        assert_eq!(call, json!({"to": said, "say": "“\"”"}));
        nobody_saw(&world, &heard, &asked, PHONE).await;
    }
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_tools_found_comes_back_only_where_the_policy_says_so() {
    let (service, _) = service(|request| whole(&json!({"role": "assistant", "content": request["messages"][1]["content"]}))).await;
    let body = json!({"model": "m", "messages": [{"role": "user", "content": "查一下"}, {"role": "tool", "tool_call_id": "1", "content": format!("电话{OTHER}")}]});
    for (own, expected) in [("", "电话139****4321".to_owned()), ("[request.channels.tool-result]\nunmask = true\n", format!("电话{OTHER}"))]
    {
        let world = world(&service, |policy| policy.replace("[request.channels.system]", &format!("{own}[request.channels.system]"))).await;
        let heard = world.ask("/v1/chat/completions", &body).await;
        assert_eq!(heard.json()["choices"][0]["message"]["content"], expected);
        world.end().await;
    }
    let world = world(&service, |policy| policy.replace("unmask     = true", "unmask = false")).await;
    let body =
        json!({"model": "m", "messages": [{"role": "user", "content": "记一下"}, {"role": "user", "content": format!("电话{OTHER}")}]});
    let heard = world.ask("/v1/chat/completions", &body).await;
    assert_eq!(heard.json()["choices"][0]["message"]["content"], "电话139****4321");
    world.end().await;
}

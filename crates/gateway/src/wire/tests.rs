//! Which texts are found where, and put back.

use detect::redact::{Mark, Policy, Redactor, Secrets};
use proptest::prelude::*;
use serde_json::json;
use taxonomy::PersonalKind;

use super::*;

/// Channel, choice, pointer and text of each part, and the opaque things.
fn seen(parts: &Parts) -> Vec<String> {
    let part = |part: &Part| format!("{} {} {} {}", part.channel, part.choice, part.path, part.text.replace('\n', "|"));
    let opaque = parts.opaque.iter().map(|opaque| format!("opaque {} {}", opaque.kind, opaque.path));
    parts.parts.iter().map(part).chain(opaque).collect()
}

#[test]
fn a_chat_says() {
    let body = json!({
        "model": "m", "user": "张三", "temperature": 0.5, "stop": ["好"],
        "messages": [
            {"role": "developer", "content": "规则", "name": "boss"},
            {"role": "user", "content": [
                {"type": "text", "text": "代开"}, {"type": "image_url", "image_url": {"url": "data:,"}},
                {"type": "text", "text": "发票", "cache_control": {"type": "ephemeral"}}, {"type": "hologram", "x": "三"},
                {"type": "input_audio", "input_audio": {"data": "AA", "format": "wav"}}, {"type": "file", "file": {"file_id": "f-1", "filename": "a b"}},
            ]},
            {"role": "assistant", "content": null, "reasoning_content": "想", "refusal": "不", "extra": {"秘": ["密", 1]}, "tool_calls": [
                {"id": "call_1", "type": "function", "function": {"name": "weather", "arguments": "{\"city\":\"\\u5317\\u4eac\"}"}},
                {"id": "打 电话", "type": "custom", "custom": {"name": "c", "input": "raw"}},
            ], "audio": {"id": "audio_1"}, "function_call": {"name": "f", "arguments": "no json \\u4eac"}},
            {"role": "tool", "tool_call_id": "call_1", "content": "晴"},
            {"role": "function", "name": "f", "content": "雨"},
            {"role": "某", "content": "谁"},
        ],
        "tools": [{"type": "function", "function": {"name": "weather", "description": "天气", "parameters": {"type": "object", "properties": {"城市": {"type": "string", "enum": ["北京"], "description": "哪里"}}}}}],
        "response_format": {"type": "json_schema", "json_schema": {"name": "n", "schema": {"type": "object", "description": "形状"}}},
        "prediction": {"type": "content", "content": [{"type": "text", "text": "预"}, {"type": "text", "text": "测"}]},
        "documents": [{"title": "题", "text": "文"}, "段"], "context": "境", "chat_template": "模板",
    });
    let expected = [
        "unknown 0 /chat_template 模板",
        "document 0 /context 境",
        "document 0 /documents/0 text|文|title|题",
        "document 0 /documents/1 段",
        "system 0 /messages/0/content 规则",
        "system 0 /messages/0/name boss",
        "user 0 /messages/1/content 代开发票",
        "unknown 0 /messages/1/content/3 type|hologram|x|三",
        "document 0 /messages/1/content a b",
        "unknown 0 /messages/2/extra 秘|密",
        "tool-arguments 0 /messages/2/function_call/arguments no json 京",
        "tool-name 0 /messages/2/function_call/name f",
        "reasoning 0 /messages/2/reasoning_content 想",
        "refusal 0 /messages/2/refusal 不",
        "tool-arguments 0 /messages/2/tool_calls/0/function/arguments city|北京",
        "tool-name 0 /messages/2/tool_calls/0/function/name weather",
        "tool-arguments 0 /messages/2/tool_calls/1/custom/input raw",
        "tool-name 0 /messages/2/tool_calls/1/custom/name c",
        "unknown 0 /messages/2/tool_calls/1/id 打 电话",
        "tool-result 0 /messages/3/content 晴",
        "tool-result 0 /messages/4/content 雨",
        "tool-result 0 /messages/4/name f",
        "unknown 0 /messages/5/content 谁",
        "unknown 0 /messages/5/role 某",
        "assistant 0 /prediction/content 预测",
        "tool-definition 0 /response_format n|形状",
        "tool-definition 0 /tools/0 天气|weather|城市|哪里|北京",
        "opaque image /messages/1/content/1",
        "opaque hologram /messages/1/content/3",
        "opaque audio /messages/1/content/4",
        "opaque file /messages/1/content/5",
    ];
    assert_eq!(seen(&Endpoint::Chat.request(&body).unwrap()), expected);
}

#[test]
fn completions_and_embeddings_say() {
    let request = |body| seen(&Endpoint::Completions.request(&body).unwrap());
    assert_eq!(request(json!({"prompt": "a", "suffix": "b"})), ["user 0 /prompt a", "user 0 /suffix b"]);
    assert_eq!(request(json!({"prompt": ["a", "b"]})), ["user 0 /prompt/0 a", "user 1 /prompt/1 b"]);
    assert_eq!(request(json!({"prompt": [1, 2]})), ["opaque tokens /prompt"]);
    assert_eq!(request(json!({"prompt": [[1], "b"]})), ["user 1 /prompt/1 b", "opaque tokens /prompt/0"]);
    let embed = |body| Endpoint::Embeddings.request(&body).map(|parts| seen(&parts));
    assert_eq!(
        embed(json!({"input": ["a", {"type": "text", "text": "b"}, {"type": "image", "image": "x"}]})).unwrap(),
        ["user 0 /input/0 a", "user 1 /input/1/text b", "opaque image /input/2"]
    );
    assert!(matches!(embed(json!({"inputs": "a"})), Err(WireError::Shape { .. })));
    assert!(matches!(Endpoint::Chat.request(&json!({"messages": "x"})), Err(WireError::Shape { .. })));
    assert!(matches!(Endpoint::Chat.request(&json!([])), Err(WireError::Shape { .. })));
}

#[test]
fn responses_say() {
    let body = json!({
        "instructions": "守则", "previous_response_id": "resp_1", "prompt": {"id": "p", "variables": {"名": "值", "pic": {"type": "input_image", "image_url": "x"}}},
        "text": {"format": {"type": "json_schema", "name": "n", "schema": {"title": "题"}}},
        "input": [
            {"role": "user", "content": [{"type": "input_text", "text": "你"}, {"type": "input_image", "image_url": "x"}, {"type": "input_text", "text": "好"}]},
            {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "答", "annotations": []}, {"type": "refusal", "refusal": "拒"}]},
            {"type": "function_call", "call_id": "c", "name": "f", "arguments": "{\"a\":\"\\u4f60\"}"},
            {"type": "function_call_output", "call_id": "c", "output": "果"},
            {"type": "function_call_output", "call_id": "c", "output": [{"type": "input_text", "text": "果"}, {"type": "input_file", "file_id": "f"}]},
            {"type": "reasoning", "summary": [{"type": "summary_text", "text": "想"}], "encrypted_content": "zz"},
            {"type": "file_search_call", "queries": ["问"], "results": [{"text": "段", "filename": "名", "score": 1}]},
            {"type": "item_reference", "id": "i"}, {"type": "新", "say": "话"},
        ],
    });
    let expected = [
        "user 0 /input/0/content 你好",
        "assistant 0 /input/1/content 答",
        "refusal 0 /input/1/content 拒",
        "tool-arguments 0 /input/2/arguments a|你",
        "tool-name 0 /input/2/name f",
        "tool-result 0 /input/3/output 果",
        "tool-result 0 /input/4/output 果",
        "reasoning 0 /input/5/summary 想",
        "tool-arguments 0 /input/6/queries 问",
        "document 0 /input/6/results/0/filename 名",
        "document 0 /input/6/results/0/text 段",
        "unknown 0 /input/8 say|话|type|新",
        "system 0 /instructions 守则",
        "user 0 /prompt/variables pic|image_url|x|type|input_image|名|值",
        "tool-definition 0 /text/format n|题",
        "opaque image /input/0/content/1",
        "opaque file /input/4/output/1",
        "opaque encrypted /input/5/encrypted_content",
        "opaque reference /input/7",
        "opaque 新 /input/8",
        "opaque reference /previous_response_id",
        "opaque reference /prompt/id",
        "opaque image /prompt/variables/pic",
    ];
    assert_eq!(seen(&Endpoint::Responses.request(&body).unwrap()), expected);
    assert_eq!(seen(&Endpoint::Responses.request(&json!({"input": "x"})).unwrap()), ["user 0 /input x"]);
}

#[test]
fn answers_say() {
    let chat = json!({"id": "c", "object": "chat.completion", "model": "m", "usage": {"prompt_tokens": 1}, "choices": [
        {"index": 1, "finish_reason": "stop", "logprobs": {"content": [{"token": "好"}]}, "message": {"role": "assistant", "content": "好", "audio": {"id": "a", "data": "AA", "transcript": "听"}}},
        {"index": 0, "message": {"reasoning": "想", "tool_calls": [{"function": {"name": "f", "arguments": "{}"}}]}},
    ], "web_search": [{"content": "网"}]});
    let expected = [
        "transcript 1 /choices/0/message/audio/transcript 听",
        "content 1 /choices/0/message/content 好",
        "reasoning 0 /choices/1/message/reasoning 想",
        "tool-name 0 /choices/1/message/tool_calls/0/function/name f",
        "unknown 0 /web_search content|网",
        "opaque audio /choices/0/message/audio/data",
    ];
    assert_eq!(seen(&Endpoint::Chat.answer(&chat).unwrap()), expected);
    let text = json!({"choices": [{"text": "a"}, {"text": "b"}]});
    assert_eq!(seen(&Endpoint::Completions.answer(&text).unwrap()), ["content 0 /choices/0/text a", "content 1 /choices/1/text b"]);
    let response = json!({"id": "r", "instructions": "x y", "output": [
        {"type": "reasoning", "content": [{"type": "reasoning_text", "text": "想"}], "summary": []},
        {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "答"}]}, {"type": "image_generation_call", "result": "AA"},
    ]});
    let expected = ["reasoning 0 /output/0/content 想", "content 0 /output/1/content 答", "opaque image /output/2"];
    assert_eq!(seen(&Endpoint::Responses.answer(&response).unwrap()), expected);
    assert_eq!(seen(&Endpoint::Embeddings.answer(&json!({"data": [{"embedding": [0.1]}]})).unwrap()), [""; 0]);
}

#[test]
fn limits_are_kept() {
    let many = json!({"messages": vec![json!({"role": "user", "content": "x"}); MAX_MESSAGES + 1]});
    assert!(matches!(Endpoint::Chat.request(&many), Err(WireError::TooMuch { limit: MAX_MESSAGES, .. })));
    let mut deep = json!("x");
    (0..MAX_DEPTH).for_each(|_| deep = json!([deep]));
    assert!(matches!(Endpoint::Chat.request(&json!({"messages": [], "x": deep})), Err(WireError::TooMuch { limit: MAX_DEPTH, .. })));
    let long = json!({"messages": [{"role": "user", "content": "x".repeat(MAX_TEXT_BYTES)}, {"role": "user", "content": "x"}]});
    assert!(matches!(Endpoint::Chat.request(&long), Err(WireError::TooMuch { limit: MAX_TEXT_BYTES, .. })));
    let strings = json!({"messages": [], "x": vec!["x"; MAX_PLACES + 1]});
    assert!(matches!(Endpoint::Chat.request(&strings), Err(WireError::TooMuch { limit: MAX_PLACES, .. })));
}

/// Redacts these spans of a part of the body and puts the result back.
fn mask(body: &mut Value, at: usize, spans: &[(usize, usize)]) -> Result<(), WireError> {
    let part = Endpoint::Chat.request(body).unwrap().parts.swap_remove(at);
    let redactor = Redactor::new(Policy::from_toml("default = \"replace\"").unwrap(), &Secrets::default()).unwrap();
    let marks: Vec<_> = spans.iter().map(|&(start, end)| Mark { span: Span { start, end }, kind: PersonalKind::Mobile }).collect();
    part.put(body, &Edit::of(&redactor.redact(&part.text, &marks).unwrap()))
}

#[test]
fn a_masked_text_goes_back_to_its_places() {
    let text = |text: &str| json!({"type": "text", "text": text});
    let mut body = json!({"messages": [{"role": "user", "content": [text("电话1381"), text("2345"), text("678，谢谢")]}]});
    mask(&mut body, 0, &[(6, 17)]).unwrap();
    assert_eq!(body["messages"][0]["content"], json!([text("电话[手机号]"), text(""), text("，谢谢")]));
    let mut body = json!({"messages": [{"role": "assistant", "tool_calls": [{"function": {"arguments": "{\"a\": 1, \"tel\":\"\\u0031380\", \"b\":\"x\"}"}}]}]});
    let before = body.clone();
    // a|tel|1380|b|x
    assert!(matches!(mask(&mut body, 0, &[(6, 10)]), Ok(())));
    assert_eq!(body["messages"][0]["tool_calls"][0]["function"]["arguments"], "{\"a\": 1, \"tel\":\"[手机号]\", \"b\":\"x\"}");
    let mut unknown = json!({"messages": [], "x": {"1380": 1}});
    assert_eq!(mask(&mut unknown, 0, &[(0, 4)]), Err(WireError::Fixed { path: "/x".to_owned() }));
    assert_ne!(body, before);
}

#[test]
fn tokens_of_a_changed_text_are_dropped() {
    let mut body = json!({"choices": [{"index": 0, "logprobs": {"content": []}, "message": {"content": "138"}}]});
    let part = Endpoint::Chat.answer(&body).unwrap().parts.remove(0);
    let redactor = Redactor::new(Policy::from_toml("default = \"drop\"").unwrap(), &Secrets::default()).unwrap();
    let mark = Mark { span: Span { start: 0, end: 3 }, kind: PersonalKind::Mobile };
    part.put(&mut body, &Edit::of(&redactor.redact("138", &[mark]).unwrap())).unwrap();
    assert_eq!(body, json!({"choices": [{"index": 0, "logprobs": null, "message": {"content": ""}}]}));
}

#[test]
fn a_word_that_ends_at_a_seam_is_seen() {
    let body = json!({"messages": [{"role": "user", "content": [{"type": "text", "text": "bomb"}, {"type": "text", "text": "now"}, {"type": "text", "text": "!"}]}]});
    let part = Endpoint::Chat.request(&body).unwrap().parts.remove(0);
    let parted = part.parted().unwrap();
    assert_eq!((&*part.text, &*parted.text), ("bombnow!", "bomb\nnow\n!"));
    assert_eq!(parted.back(Span { start: 5, end: 8 }), Span { start: 4, end: 7 });
    assert_eq!(parted.back(Span { start: 0, end: 10 }), Span { start: 0, end: 8 });
}

#[test]
fn we_answer_in_their_shape() {
    let facts = Facts { id: "x".to_owned(), created: 1, model: "m".to_owned(), choices: 2, usage: Usage { input: 3, output: 0 } };
    for endpoint in [Endpoint::Chat, Endpoint::Completions, Endpoint::Responses] {
        let answer = refusal(endpoint, &facts, "不便回答。");
        let parts = endpoint.answer(&answer).unwrap();
        let expected = if endpoint == Endpoint::Responses { 1 } else { 2 };
        assert_eq!(parts.parts.len(), expected, "{answer}");
        assert!(parts.opaque.is_empty() && parts.parts.iter().all(|part| part.channel == Channel::Content && part.text == "不便回答。"));
    }
    let chat = refusal(Endpoint::Chat, &facts, "否");
    assert_eq!(chat["choices"][1]["finish_reason"], "content_filter");
    assert_eq!(chat["usage"], json!({"prompt_tokens": 3, "completion_tokens": 0, "total_tokens": 3}));
    let response = refusal(Endpoint::Responses, &facts, "否");
    assert_eq!((&response["status"], &response["incomplete_details"]["reason"]), (&json!("incomplete"), &json!("content_filter")));
    assert_eq!(refusal(Endpoint::Embeddings, &facts, "否")["error"]["code"], "content_filter");
}

#[test]
fn what_is_asked_for() {
    let asks = |endpoint: Endpoint, body: Value| endpoint.asks(&body);
    let chat = asks(Endpoint::Chat, json!({"model": "m", "stream": true, "stream_options": {"include_usage": true}, "n": 3}));
    assert_eq!(chat, Asks { model: Some("m".to_owned()), stream: true, usage: true, choices: 3 });
    assert_eq!(asks(Endpoint::Completions, json!({"prompt": ["a", "b"], "n": 2})).choices, 4);
    assert_eq!(asks(Endpoint::Completions, json!({"prompt": [1, 2, 3]})).choices, 1);
}

/// Field names that a message has, and others.
const NAMES: &[&str] = &[
    "content",
    "name",
    "type",
    "text",
    "refusal",
    "tool_calls",
    "function",
    "arguments",
    "output",
    "role",
    "id",
    "嗯",
    "x",
    "reasoning",
    "input",
    "custom",
    "summary",
];

fn value() -> impl Strategy<Value = Value> {
    let word = prop_oneof![
        "[a-z]{3}".prop_map(Value::from),
        "[你我他]{3}".prop_map(Value::from),
        prop::sample::select(&["text", "user", "message", "function_call", "input_image", "refusal", "{\"a\":\"\\u4f60\"}"][..])
            .prop_map(Value::from),
    ];
    word.prop_recursive(5, 40, 5, |inner| {
        let map = prop::collection::btree_map(prop::sample::select(NAMES), inner.clone(), 0..5);
        prop_oneof![
            prop::collection::vec(inner, 0..4).prop_map(Value::from),
            map.prop_map(|map| Value::Object(map.into_iter().map(|(key, value)| (key.to_owned(), value)).collect())),
        ]
    })
}

/// All strings that say something, with their pointers.
fn strings(value: &Value, path: &str, into: &mut Vec<(String, String)>) {
    match value {
        Value::String(text) if !rule::is_id(text) && !text.starts_with('{') => into.push((path.to_owned(), text.clone())),
        Value::Array(values) => values.iter().enumerate().for_each(|(at, value)| strings(value, &format!("{path}/{at}"), into)),
        Value::Object(object) => object.iter().for_each(|(key, value)| strings(value, &format!("{path}/{key}"), into)),
        _ => {}
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    /// The slow obvious reading: all strings of a message. Each is in a part, or below something opaque.
    #[test]
    fn no_string_of_a_message_is_lost(message in value(), is_response: bool) {
        let (endpoint, field) = if is_response { (Endpoint::Responses, "input") } else { (Endpoint::Chat, "messages") };
        let body = json!({field: [message]});
        let parts = endpoint.request(&body).unwrap();
        let mut all = Vec::new();
        strings(&body, "", &mut all);
        for (path, text) in all {
            let is_read = parts.parts.iter().any(|part| part.text.contains(&text));
            let is_opaque = parts.opaque.iter().any(|opaque| path.starts_with(&opaque.path));
            prop_assert!(is_read || is_opaque, "{path} {text} of {body}: {parts:?}");
        }
        for part in &parts.parts {
            for place in &part.places {
                prop_assert!(place.span.cut(&part.text).is_some());
                prop_assert!(body.pointer(&place.path).is_some(), "{place:?}");
            }
        }
        for endpoint in Endpoint::ALL {
            let _ = (endpoint.request(&body), endpoint.answer(&body), endpoint.asks(&body));
        }
    }
}

//! What the gates send, event by event.

use gateway::sse::{Event, Frame};
use gateway::stream::{End, Gate, Mode, Options, canned};
use gateway::wire::{Endpoint, Facts, Usage};
use serde_json::{Value, json};

use crate::policy::{CANNED, Caller, SLY};

fn options(endpoint: Endpoint, mode: Mode) -> Options {
    let facts = Facts { id: "g".to_owned(), created: 1, model: "m".to_owned(), choices: 1, usage: Usage { input: 7, output: 0 } };
    Options { endpoint, mode, usage: true, facts }
}

fn gate(endpoint: Endpoint, mode: Mode) -> Gate<Caller> {
    Gate::new(options(endpoint, mode), Caller::default())
}

fn frames(values: &[Value]) -> Vec<Frame> {
    let data = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    values.iter().map(|value| Frame::Event(Event::data(data(value)))).collect()
}

/// What was sent, as JSON; `[DONE]` and comments as strings.
fn said(frames: Vec<Frame>) -> Vec<Value> {
    let value = |frame| match frame {
        Frame::Event(event) => serde_json::from_str(&event.data).unwrap_or_else(|_| json!(event.data)),
        Frame::Comment => json!(":"),
    };
    frames.into_iter().map(value).collect()
}

fn chunk(delta: Value, finish: Value) -> Value {
    json!({"id": "c", "object": "chat.completion.chunk", "created": 2, "model": "up", "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]})
}

fn delta(text: &str) -> Value {
    chunk(json!({"content": text}), Value::Null)
}

fn end() -> Value {
    chunk(json!({}), json!("stop"))
}

#[test]
fn an_innocent_stream_passes_as_it_came() {
    let usage = json!({"id": "c", "choices": [], "usage": {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3}});
    let all = [
        chunk(json!({"role": "assistant", "content": ""}), Value::Null),
        delta("今天，"),
        delta("天气很好。"),
        end(),
        usage,
        json!("[DONE]"),
    ];
    let mut one = gate(Endpoint::Chat, Mode::Trail);
    assert_eq!(said(one.push(frames(&all))), all);
    assert_eq!(one.ended(), Some(&End::Done));
    assert_eq!(one.judge().scanners.get(), 1);
    let mut each = gate(Endpoint::Chat, Mode::Trail);
    let sent: String = all
        .iter()
        .flat_map(|value| said(each.push(frames(std::slice::from_ref(value)))))
        .filter_map(|value| Some(value.pointer("/choices/0/delta/content")?.as_str()?.to_owned()))
        .collect();
    assert_eq!(sent, "今天，天气很好。");
}

#[test]
fn a_word_cut_in_two_is_refused_and_the_upstream_cancelled() {
    let mut gate = gate(Endpoint::Chat, Mode::Trail);
    let first = said(gate.push(frames(&[chunk(json!({"role": "assistant"}), Value::Null), delta("可以代开"), delta("发")])));
    assert_eq!(first.iter().filter_map(|value| value.pointer("/choices/0/delta/content")).collect::<Vec<_>>(), [&json!("可以")]);
    let second = said(gate.push(frames(&[delta("票吗"), delta("别的"), end()])));
    let expected = [
        delta(CANNED),
        chunk(json!({}), json!("content_filter")),
        json!({"id": "c", "object": "chat.completion.chunk", "created": 2, "model": "up", "choices": [], "usage": {"prompt_tokens": 7, "completion_tokens": 4, "total_tokens": 11}}),
        json!("[DONE]"),
    ];
    assert_eq!(second, expected);
    assert_eq!(gate.ended(), Some(&End::Refused));
    assert_eq!(gate.push(frames(&[delta("x")])), []);
}

#[test]
fn a_phone_number_is_masked_over_deltas() {
    let mut gate = gate(Endpoint::Chat, Mode::Trail);
    let sent = said(gate.push(frames(&[delta("请打电话138"), delta("1234"), delta("5678，谢谢"), end()])));
    let text: String = sent.iter().filter_map(|value| value.pointer("/choices/0/delta/content")?.as_str()).collect();
    assert_eq!(text, "请打电话[手机号]，谢谢");
    assert_eq!(sent.last().unwrap(), &end());
}

#[test]
fn a_tool_call_goes_out_whole_and_decoded_for_the_judge() {
    let call = |fragment: Value| chunk(json!({"tool_calls": [fragment]}), Value::Null);
    let fragments = [
        call(json!({"index": 0, "id": "call_a", "type": "function", "function": {"name": "tell", "arguments": ""}})),
        call(json!({"index": 0, "function": {"arguments": "{\"q\":\"\\u4f60"}})),
        call(json!({"index": 0, "function": {"arguments": "好\"}"}})),
        call(json!({"index": 1, "id": "call_b", "type": "function", "function": {"name": "tell", "arguments": "{\"q\":\"\\u4ee3开发"}})),
        call(json!({"index": 1, "function": {"arguments": "票\"}"}})),
        chunk(json!({}), json!("tool_calls")),
    ];
    let mut gate = gate(Endpoint::Chat, Mode::Trail);
    let sent = said(gate.push(frames(&fragments)));
    let whole = json!({"role": "assistant", "tool_calls": [{"index": 0, "id": "call_a", "type": "function", "function": {"name": "tell", "arguments": "{\"q\":\"\\u4f60好\"}"}}]});
    assert_eq!(sent[0], chunk(whole, Value::Null));
    assert_eq!(sent[1], delta(CANNED));
    assert_eq!(sent[2], chunk(json!({}), json!("content_filter")));
}

#[test]
fn a_call_that_goes_on_after_its_end_is_refused() {
    let call = |index: usize, text: &str| {
        chunk(json!({"tool_calls": [{"index": index, "function": {"name": "f", "arguments": text}}]}), Value::Null)
    };
    let mut gate = gate(Endpoint::Chat, Mode::Trail);
    let sent = said(gate.push(frames(&[call(0, "代开"), call(1, "{}"), call(0, "发票"), end()])));
    assert!(sent.iter().any(|value| value.pointer("/choices/0/finish_reason") == Some(&json!("content_filter"))), "{sent:?}");
}

#[test]
fn the_classifier_holds_segments() {
    let mut gate = gate(Endpoint::Chat, Mode::Hold);
    let text = |values: Vec<Value>| {
        values.iter().filter_map(|value| value.pointer("/choices/0/delta/content")?.as_str().map(str::to_owned)).collect::<String>()
    };
    assert_eq!(text(said(gate.push(frames(&[delta("第一句。第二")])))), "第一句。");
    assert_eq!(text(said(gate.push(frames(&[delta("句"), delta("是")])))), "");
    assert_eq!(text(said(gate.push(frames(&[delta("对的！"), delta(SLY), delta("。")])))), format!("{CANNED}"));
    assert_eq!(gate.judge().shown, ["第一句。", "第一句。第二句是对的！绕弯的坏话。"]);
}

#[test]
fn long_text_is_shown_to_the_classifier_without_gaps() {
    for mode in [Mode::Hold, Mode::Trail] {
        let mut gate = gate(Endpoint::Chat, mode);
        let long: String = (0..3000).map(|at| char::from_u32(0x4e00 + at % 97).unwrap()).collect();
        let mut sent = said(gate.push(frames(&[delta(&long), delta("尾"), end()])));
        sent.extend(said(gate.behind()));
        let text: String = sent.iter().filter_map(|value| value.pointer("/choices/0/delta/content")?.as_str()).collect();
        assert_eq!(text, format!("{long}尾"));
        let shown = &gate.judge().shown;
        assert!(shown.iter().all(|text| text.chars().count() <= 1024));
        assert!(shown.len() >= 6 && shown.last().unwrap().ends_with('尾'), "{}", shown.len());
    }
}

#[test]
fn the_classifier_that_runs_behind_cuts_the_stream() {
    let mut gate = gate(Endpoint::Chat, Mode::Trail);
    let first = said(gate.push(frames(&[delta(SLY), delta("。好")])));
    assert!(first.iter().any(|value| value.to_string().contains(SLY)));
    let cut = said(gate.behind());
    assert_eq!(cut[..2], [chunk(json!({"role": "assistant", "content": CANNED}), Value::Null), chunk(json!({}), json!("content_filter"))]);
    assert_eq!(gate.ended(), Some(&End::Refused));
}

#[test]
fn nothing_goes_before_the_end_in_full() {
    let mut held = gate(Endpoint::Chat, Mode::Full);
    assert_eq!(said(held.push(frames(&[delta("今天。"), delta("很好")]))), [] as [Value; 0]);
    let sent = said(held.push(frames(&[end()])));
    assert_eq!(sent, [chunk(json!({"role": "assistant", "content": "今天。很好"}), Value::Null), end()]);
    let mut guilty = gate(Endpoint::Chat, Mode::Full);
    let sent = said(guilty.push(frames(&[delta("清白的话。代开发票"), end()])));
    assert_eq!(sent[0], chunk(json!({"role": "assistant", "content": CANNED}), Value::Null));
}

#[test]
fn an_upstream_that_is_gone_is_told() {
    let error = gateway::wire::error("server_error", "upstream_gone", "上游中断", None);
    let mut gate = gate(Endpoint::Chat, Mode::Trail);
    assert_eq!(said(gate.push(frames(&[delta("可以代开")]))), [delta("可以")]);
    assert_eq!(
        said(gate.end(Some(error.clone()))),
        [chunk(json!({"role": "assistant", "content": "代开"}), Value::Null), error, json!("[DONE]")]
    );
    assert!(matches!(gate.ended(), Some(End::Broken(_))));
}

#[test]
fn what_cannot_be_read_ends_the_stream() {
    for bad in ["{\"choices\":[{\"delta\":{\"content\":\"代\\ud83d\"}}]}", "{\"choices\":[],\"choices\":[]}", "{\"a\":"] {
        let mut gate = gate(Endpoint::Chat, Mode::Trail);
        let sent = said(gate.push(frames(&[delta("好"), json!(bad), delta("x")])));
        assert_eq!(
            (sent[0]["choices"][0]["delta"]["content"].clone(), sent[1]["error"]["code"].clone(), sent[2].clone()),
            (json!("好"), json!("upstream_broken"), json!("[DONE]"))
        );
    }
    let mut gate = gate(Endpoint::Chat, Mode::Trail);
    assert_eq!(said(gate.push(vec![Frame::Comment, frames(&[json!("ping")]).remove(0)])), [json!(":")]);
}

#[test]
fn a_word_cut_over_the_elements_of_a_list_is_refused() {
    let list = |texts: &[&str]| {
        let texts: Vec<_> = texts.iter().map(|text| json!({"type": "text", "text": text})).collect();
        chunk(json!({"content": texts}), Value::Null)
    };
    let mut gate = gate(Endpoint::Chat, Mode::Trail);
    let sent = said(gate.push(frames(&[list(&["可以", "代"]), list(&["开发", "票", "吗"])])));
    let all = serde_json::to_string(&sent).unwrap();
    assert!(all.contains("可以") && !all.contains('代') && !all.contains('票') && all.contains("content_filter"), "{all}");
}

/// What is put aside and told later is judged too.
#[test]
fn nothing_hides_in_words_of_the_protocol() {
    let mut gate = gate(Endpoint::Chat, Mode::Trail);
    let mut usage = delta("好");
    usage["usage"] = json!({"note": "代开发票吗"});
    usage["代开发票"] = json!("代开发票");
    usage["choices"][0]["delta"]["代开发票"] = json!(1);
    let sent = said(gate.push(frames(&[usage, chunk(json!({}), json!("代开发票")), json!("[DONE]")])));
    assert!(!serde_json::to_string(&sent).unwrap().contains("代开发票"), "{sent:?}");
}

#[test]
fn tokens_of_held_text_are_dropped() {
    let with_tokens = |text: &str| {
        let mut value = delta(text);
        value["choices"][0]["logprobs"] = json!({"content": [{"token": text}]});
        value
    };
    let mut gate = gate(Endpoint::Chat, Mode::Trail);
    let sent = said(gate.push(frames(&[with_tokens("好的，"), with_tokens("可以代开")])));
    assert_eq!(sent[0], with_tokens("好的，"));
    assert_eq!(sent[1]["choices"][0]["logprobs"], Value::Null);
}

#[test]
fn too_much_ends_with_content_filter() {
    let mut many = gate(Endpoint::Chat, Mode::Full);
    let piece = "好".repeat(1 << 20);
    let sent: Vec<_> = (0..6).flat_map(|_| said(many.push(frames(&[delta(&piece)])))).collect();
    assert_eq!(sent[0]["choices"][0]["delta"]["content"], "【过长】");
    assert_eq!(many.ended(), Some(&End::Refused));
    let mut lanes = gate(Endpoint::Chat, Mode::Trail);
    let fields: serde_json::Map<_, _> = (0..1100).map(|at| (format!("x{at}"), json!("代"))).collect();
    assert_eq!(said(lanes.push(frames(&[chunk(Value::Object(fields), Value::Null)])))[1]["choices"][0]["finish_reason"], "content_filter");
    let mut choices = gate(Endpoint::Chat, Mode::Trail);
    let entries: Vec<_> = (0..200).map(|at| json!({"index": at, "delta": {"content": "x"}})).collect();
    choices.push(frames(&[json!({"choices": entries})]));
    assert!(matches!(choices.ended(), Some(End::Broken(_))));
    // What the scanner cannot decide is not let go undecided.
    let mut open = gate(Endpoint::Chat, Mode::Trail);
    let hidden = format!("代{}", "\u{200b}".repeat(40_000));
    let sent = said(open.push(frames(&[delta(&hidden), end()])));
    assert!(sent.iter().any(|value| value.pointer("/choices/0/finish_reason").is_some_and(|reason| !reason.is_null())), "{}", sent.len());
}

fn types(values: &[Value]) -> Vec<String> {
    values.iter().map(|value| value["type"].as_str().unwrap_or_default().trim_start_matches("response.").to_owned()).collect()
}

fn response_deltas(pieces: &[&str]) -> Vec<Value> {
    let mut all = vec![
        json!({"type": "response.created", "response": {"id": "r", "object": "response", "model": "up", "status": "in_progress", "output": []}}),
        json!({"type": "response.output_item.added", "output_index": 0, "item": {"id": "i", "type": "message", "role": "assistant", "content": []}}),
        json!({"type": "response.content_part.added", "output_index": 0, "content_index": 0, "item_id": "i", "part": {"type": "output_text", "text": ""}}),
    ];
    all.extend(
        pieces.iter().map(
            |piece| json!({"type": "response.output_text.delta", "output_index": 0, "content_index": 0, "item_id": "i", "delta": piece}),
        ),
    );
    all
}

#[test]
fn a_response_says_the_same_in_all_its_events() {
    let mut all = response_deltas(&["电话138", "12345678。"]);
    let part = json!({"type": "output_text", "text": "电话13812345678。"});
    let item = json!({"id": "i", "type": "message", "role": "assistant", "content": [part]});
    all.push(
        json!({"type": "response.output_text.done", "output_index": 0, "content_index": 0, "item_id": "i", "text": "电话13812345678。"}),
    );
    all.push(json!({"type": "response.content_part.done", "output_index": 0, "content_index": 0, "item_id": "i", "part": part}));
    all.push(json!({"type": "response.output_item.done", "output_index": 0, "item": item}));
    all.push(json!({"type": "response.completed", "response": {"id": "r", "status": "completed", "output": [item]}}));
    for mode in [Mode::Trail, Mode::Hold, Mode::Full] {
        let mut gate = gate(Endpoint::Responses, mode);
        let sent: Vec<_> = all.iter().flat_map(|value| said(gate.push(frames(std::slice::from_ref(value))))).collect();
        assert!(sent.iter().all(|value| !value.to_string().contains("1381234")), "{sent:?}");
        assert_eq!(
            sent.iter().filter(|value| value.to_string().contains("电话[手机号]。")).count(),
            if mode == Mode::Full { 5 } else { 5 - usize::from(!sent.iter().any(|value| value["delta"] == "电话[手机号]。")) }
        );
        assert_eq!(
            sent.iter().map(|value| value["sequence_number"].as_u64().unwrap()).collect::<Vec<_>>(),
            (0..sent.len() as u64).collect::<Vec<_>>()
        );
        assert_eq!(gate.ended(), Some(&End::Done));
    }
}

#[test]
fn a_response_is_refused_with_a_message_of_its_own() {
    let mut gate = gate(Endpoint::Responses, Mode::Trail);
    let sent = said(gate.push(frames(&response_deltas(&["可以代开发", "票吗"]))));
    let expected = [
        "created",
        "output_item.added",
        "content_part.added",
        "output_text.delta",
        "output_text.done",
        "content_part.done",
        "output_item.done",
        "output_item.added",
        "content_part.added",
        "output_text.delta",
        "output_text.done",
        "content_part.done",
        "output_item.done",
        "incomplete",
    ];
    assert_eq!(types(&sent), expected);
    let last = &sent.last().unwrap()["response"];
    assert_eq!(
        (&last["id"], &last["status"], &last["incomplete_details"]["reason"]),
        (&json!("r"), &json!("incomplete"), &json!("content_filter"))
    );
    assert_eq!((&last["output"][0]["content"][0]["text"], &last["output"][1]["content"][0]["text"]), (&json!("可以"), &json!(CANNED)));
}

#[test]
fn canned_streams_have_their_shape() {
    let chat = said(canned(&options(Endpoint::Chat, Mode::Trail), CANNED));
    assert_eq!(chat[0]["choices"][0]["delta"], json!({"role": "assistant", "content": CANNED}));
    assert_eq!(
        (&chat[1]["choices"][0]["finish_reason"], &chat[2]["usage"]["prompt_tokens"], &chat[3]),
        (&json!("content_filter"), &json!(7), &json!("[DONE]"))
    );
    let text = said(canned(&options(Endpoint::Completions, Mode::Trail), CANNED));
    assert_eq!(text[0]["choices"][0]["text"], CANNED);
    let response = said(canned(&options(Endpoint::Responses, Mode::Trail), CANNED));
    assert_eq!((types(&response).first().unwrap().as_str(), types(&response).last().unwrap().as_str()), ("created", "incomplete"));
    assert_eq!(response.last().unwrap()["response"]["output"][0]["content"][0]["text"], CANNED);
}

//! Nothing that was planted comes out at the other end: random streams with keywords and telephone numbers, through the whole server, in the three modes of
//! letting go, in every channel and choice.
//!
//! `GUIJU_LEAK_HTTP` says how many streams for each mode (60 by default). The oracle knows nothing of gates: of what a lane said, only what stood before its first
//! keyword may come out, and of a telephone number not its middle. The bytes of the whole answer are looked through as well, escapes undone.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::service::{Service, Step, bytes, events};
use crate::world::World;

/// Keywords that the built-in lexicon blocks.
const KEYWORDS: [&str; 3] = ["教你造黄谣", "就诬告他猥亵", "代写黑稿"];
const FILLER: [&str; 8] = ["今天天气很好。", "我们去公园，", "教你", "稿", "hello ", "walk ", "，\n", "好的！"];
const CHANNELS: [&str; 6] = ["content", "reasoning_content", "refusal", "transcript", "嗯", "call"];

/// Numbers that a seed decides.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % limit
    }

    fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())]
    }
}

/// A lane: which choice, which channel.
type Lanes = BTreeMap<(usize, &'static str), String>;

/// What a stream says, and the middles of the telephone numbers in it.
struct Planted {
    lanes: Lanes,
    middles: Vec<String>,
}

fn planted(seed: u64) -> Planted {
    let mut numbers = Numbers(seed.wrapping_mul(0x9e37_79b9) + 1);
    let (mut lanes, mut middles) = (Lanes::new(), Vec::new());
    for choice in 0..1 + numbers.below(3) {
        for channel in CHANNELS.into_iter().filter(|channel| *channel == "content" || seed.is_multiple_of(2)) {
            let mut text = String::new();
            for _ in 0..1 + numbers.below(10) {
                match numbers.below(12) {
                    0 => text.push_str(numbers.pick(&KEYWORDS)),
                    1 => {
                        let middle = format!("{:04}", 1_000 + numbers.below(9_000));
                        text.push_str(&format!("电话138{middle}{:04}，", numbers.below(10_000)));
                        middles.push(format!("138{middle}"));
                    }
                    _ => text.push_str(numbers.pick(&FILLER)),
                }
            }
            lanes.insert((choice, channel), text);
        }
    }
    Planted { lanes, middles }
}

/// The stream of a service: pieces of one to six characters, lanes and choices mixed, then the ends.
fn stream(lanes: &Lanes, numbers: &mut Numbers) -> String {
    let chunk = |choice: usize, delta: &Value, finish: Value| json!({"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": [{"index": choice, "delta": delta, "finish_reason": finish}]});
    let mut queues: Vec<Vec<Value>> = lanes
        .iter()
        .map(|(&(choice, channel), text)| {
            let text = if channel == "call" { json!({"q": text}).to_string() } else { text.clone() };
            let pieces = pieces(&text, numbers).into_iter().enumerate();
            let delta = |(at, piece): (usize, String)| match channel {
                "call" if at == 0 => {
                    json!({"tool_calls": [{"index": 0, "id": "call_1", "type": "function", "function": {"name": "f", "arguments": piece}}]})
                }
                "call" => json!({"tool_calls": [{"index": 0, "function": {"arguments": piece}}]}),
                "transcript" => json!({"audio": {"transcript": piece}}),
                name => json!({name: piece}),
            };
            pieces.map(|piece| chunk(choice, &delta(piece), Value::Null)).rev().collect()
        })
        .collect();
    let mut all = Vec::new();
    while queues.iter().any(|queue| !queue.is_empty()) {
        let at = numbers.below(queues.len());
        all.extend(queues[at].pop());
    }
    let choices: std::collections::BTreeSet<usize> = lanes.keys().map(|(choice, _)| *choice).collect();
    all.extend(choices.into_iter().map(|choice| chunk(choice, &json!({}), json!("stop"))));
    all.into_iter().map(|event| format!("data: {event}\n\n")).collect::<String>() + "data: [DONE]\n\n"
}

fn pieces(text: &str, numbers: &mut Numbers) -> Vec<String> {
    let (chars, mut at, mut pieces) = (text.chars().collect::<Vec<_>>(), 0, Vec::new());
    while at < chars.len() {
        let end = (at + 1 + numbers.below(6)).min(chars.len());
        pieces.push(chars[at..end].iter().collect());
        at = end;
    }
    pieces
}

/// What came out, lane by lane.
fn heard(events: &[Value]) -> Lanes {
    let mut lanes = Lanes::new();
    for choice in events.iter().filter_map(|event| event["choices"].as_array()).flatten() {
        let index = usize::try_from(choice["index"].as_u64().unwrap()).unwrap();
        for channel in CHANNELS {
            let text = match channel {
                "call" => choice.pointer("/delta/tool_calls/0/function/arguments"),
                "transcript" => choice.pointer("/delta/audio/transcript"),
                name => choice["delta"].get(name),
            };
            lanes.entry((index, channel)).or_default().push_str(text.and_then(Value::as_str).unwrap_or_default());
        }
    }
    lanes
}

/// The byte at which a text has its first keyword.
fn guilty(text: &str) -> Option<usize> {
    KEYWORDS.iter().filter_map(|keyword| text.find(keyword)).min()
}

/// A lane may have said no more than what stood before its first keyword; where there is no number to be masked, just that or a beginning of it.
fn judge(planted: &Planted, heard: &Lanes, is_refused: &[usize], seed: u64) {
    for (lane, said) in heard {
        let meant = planted.lanes.get(lane).cloned().unwrap_or_default();
        let upto = guilty(&meant).unwrap_or(meant.len());
        let is_masked = meant.contains("电话138");
        // The canned text comes in the content, behind what was let go.
        let is_canned = lane.1 == "content" && is_refused.contains(&lane.0);
        if lane.1 == "call" {
            let decoded = serde_json::from_str::<Value>(said).ok().and_then(|call| Some(call["q"].as_str()?.to_owned()));
            assert!(guilty(&meant).is_none() || said.is_empty(), "seed {seed}: a call with a keyword went out: {said}");
            assert!(said.is_empty() || is_masked || decoded == Some(meant), "seed {seed}: {said}");
        } else if !is_masked && !is_canned {
            assert!(meant[..upto].starts_with(said.as_str()), "seed {seed} {lane:?}: {said:?} of {meant:?}");
        }
        if !is_refused.contains(&lane.0) && !is_masked {
            assert_eq!(
                said.is_empty(),
                planted.lanes.get(lane).is_none_or(String::is_empty),
                "seed {seed} {lane:?}: an innocent lane was swallowed"
            );
        }
    }
}

async fn nothing_leaks(mode: &str) {
    let streams: u64 = std::env::var("GUIJU_LEAK_HTTP").ok().and_then(|streams| streams.parse().ok()).unwrap_or(60);
    let service = Service::start(|request| {
        let seed: u64 = request["user"].as_str().unwrap().parse().unwrap();
        let mut numbers = Numbers(seed);
        let text = stream(&planted(seed).lanes, &mut numbers).into_bytes();
        // Cut anywhere, in the middle of a character too; or all at once.
        let size = numbers.pick(&[3, 40, 700, 1 << 20]);
        std::iter::once(events()).chain(text.chunks(size).map(|piece| Step::Bytes(piece.to_vec()))).chain([bytes("")]).collect()
    });
    let mode = format!("stream     = \"{mode}\"");
    // A name or a call that nobody knows passes; what it says is judged.
    let policy = |policy: String| policy.replace("stream     = \"trail\"", &mode).replace("any = \"refuse\"", "any = \"pass\"");
    let world = World::with_policy(service.await.address, 10, "", policy).await;
    let (mut refused, mut masked) = (0, 0);
    for seed in 0..streams {
        let planted = planted(seed);
        let choices = planted.lanes.keys().map(|(choice, _)| choice + 1).max().unwrap();
        let body = json!({"model": "m", "messages": [{"role": "user", "content": "你好"}], "stream": true, "n": choices, "user": seed.to_string()});
        let answer = world.ask("/v1/chat/completions", &body).await;
        assert_eq!((answer.status, answer.told()), (200, None), "seed {seed}: {}", answer.body);
        let events = answer.events();
        let ended = |reason: &str| -> Vec<usize> {
            let choices = events.iter().filter_map(|event| event.pointer("/choices/0")).filter(|choice| choice["finish_reason"] == reason);
            choices.map(|choice| usize::try_from(choice["index"].as_u64().unwrap()).unwrap()).collect()
        };
        let is_refused = ended("content_filter");
        let meant: Vec<usize> =
            (0..choices).filter(|choice| planted.lanes.iter().any(|((at, _), text)| at == choice && guilty(text).is_some())).collect();
        assert_eq!(
            {
                let mut sorted = is_refused.clone();
                sorted.sort_unstable();
                sorted
            },
            meant,
            "seed {seed}: {}",
            answer.body
        );
        let lanes = heard(&events);
        judge(&planted, &lanes, &is_refused, seed);
        // In the bytes as well, whatever field they stand in.
        let plain = events.iter().map(Value::to_string).collect::<String>() + &lanes.values().cloned().collect::<Vec<_>>().join("\n");
        for word in KEYWORDS.iter().copied().chain(planted.middles.iter().map(String::as_str)) {
            assert!(!plain.contains(word), "seed {seed}: {word} came out: {}", answer.body);
        }
        refused += is_refused.len();
        masked += usize::from(plain.contains("138****"));
    }
    assert!(refused > 0 && (streams < 20 || masked > 0), "nothing was planted: {refused} refused, {masked} masked");
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_leaks_in_trail() {
    nothing_leaks("trail").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_leaks_in_hold() {
    nothing_leaks("hold").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_leaks_in_full() {
    nothing_leaks("full").await;
}

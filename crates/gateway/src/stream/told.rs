//! The events of a response that is told anew: of an item that is there whole, as an upstream would have streamed it.

use serde_json::{Value, json};

/// A type of a part: the stem of the events of its text, the field of the text, the stem of the events of the part, and how they number it.
type Form = (&'static str, &'static str, &'static str, &'static str, &'static str);

const FORMS: &[Form] = &[
    ("output_text", "response.output_text", "text", "response.content_part", "content_index"),
    ("refusal", "response.refusal", "refusal", "response.content_part", "content_index"),
    ("reasoning_text", "response.reasoning_text", "text", "response.content_part", "content_index"),
    ("summary_text", "response.reasoning_summary_text", "text", "response.reasoning_summary_part", "summary_index"),
];

/// The fields of an item whose parts are told one by one.
const LISTS: [&str; 2] = ["summary", "content"];

/// The events of all items of an output.
pub(super) fn items(output: &Value) -> Vec<Value> {
    let items = output.as_array().map(Vec::as_slice).unwrap_or_default();
    (0..).zip(items).flat_map(|(index, one)| item(index, one)).collect()
}

/// The events of one item.
pub(super) fn item(index: u64, item: &Value) -> Vec<Value> {
    let place = json!({"item_id": item.get("id"), "output_index": index});
    let lists = LISTS.iter().filter(|list| item.get(**list).is_some_and(Value::is_array)).map(|list| (*list, json!([])));
    let arguments = item.get("arguments").map(|_| ("arguments", json!("")));
    let begun = with(item, "", "", &lists.chain(arguments).chain([("status", json!("in_progress"))]).collect::<Vec<_>>());
    let mut events = vec![json!({"type": "response.output_item.added", "output_index": index, "item": begun})];
    for part in LISTS.iter().filter_map(|list| item.get(*list)?.as_array()).flat_map(|parts| (0_u64..).zip(parts)) {
        events.extend(told_part(&place, part));
    }
    if let Some(arguments) = item.get("arguments").filter(|_| kind(item) == "function_call") {
        events.push(with(&place, "response.function_call_arguments.delta", "", &[("delta", arguments.clone())]));
        events.push(with(&place, "response.function_call_arguments.done", "", &[("arguments", arguments.clone())]));
    }
    events.push(json!({"type": "response.output_item.done", "output_index": index, "item": item}));
    events
}

/// The events that end a message of one text: of its text, its part, itself.
pub(super) fn ending(place: &Value, item: &Value) -> Vec<Value> {
    let part = item.pointer("/content/0").cloned().unwrap_or_default();
    let text = part.get("text").cloned().unwrap_or_default();
    let index = place.get("output_index").cloned().unwrap_or_default();
    vec![
        with(place, "response.output_text.done", "", &[("text", text), ("logprobs", json!([]))]),
        with(place, "response.content_part.done", "", &[("part", part)]),
        json!({"type": "response.output_item.done", "output_index": index, "item": item}),
    ]
}

fn told_part(place: &Value, (at, part): (u64, &Value)) -> Vec<Value> {
    let Some((_, text_stem, field, part_stem, number)) = FORMS.iter().find(|form| form.0 == kind(part)) else { return Vec::new() };
    let event = |stem: &str, which: &str, fields: &[(&str, Value)]| {
        with(&with(place, &format!("{stem}.{which}"), "", &[(number, json!(at))]), "", "", fields)
    };
    let text = part.get(*field).cloned().unwrap_or_default();
    vec![
        event(part_stem, "added", &[("part", with(part, "", "", &[(field, json!(""))]))]),
        event(text_stem, "delta", &[("delta", text.clone())]),
        event(text_stem, "done", &[(field, text)]),
        event(part_stem, "done", &[("part", part.clone())]),
    ]
}

/// The type of an event or an item.
pub(super) fn kind(value: &Value) -> &str {
    value.get("type").and_then(Value::as_str).unwrap_or_default()
}

/// The event with another type (if one is given), without a field and with others.
pub(super) fn with(value: &Value, kind: &str, without: &str, fields: &[(&str, Value)]) -> Value {
    let mut object = value.as_object().cloned().unwrap_or_default();
    object.remove(without);
    if !kind.is_empty() {
        object.insert("type".to_owned(), json!(kind));
    }
    object.extend(fields.iter().map(|(key, value)| ((*key).to_owned(), value.clone())));
    Value::Object(object)
}

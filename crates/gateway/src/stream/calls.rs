//! Tool calls of one choice: fragments are put together, and a call goes out when it is complete.

use serde_json::{Map, Value, json};

use super::judge::settle;
use super::{Judge, Lane};
use crate::wire::Endpoint;

/// Names of the fields of a delta that hold calls: `function_call` is the old one, with one call and no list.
const FIELDS: [&str; 2] = ["tool_calls", "function_call"];

/// Calls that are not sent.
#[derive(Default)]
pub(super) struct Calls {
    open: Vec<Call>,
    /// Numbers and ids of calls that are complete.
    closed: Vec<(u64, String)>,
    /// A fragment came for a call that was let go: it cannot be judged with the rest of it.
    is_torn: bool,
    held: usize,
}

struct Call {
    field: &'static str,
    index: u64,
    value: Value,
    is_closed: bool,
}

impl Calls {
    /// Takes the fragments out of an entry of `choices`; how many new calls they began, or `None` where there was none.
    pub(super) fn take(&mut self, entry: &mut Value) -> Option<usize> {
        let delta = entry.get_mut("delta")?.as_object_mut()?;
        let (mut begun, mut is_any) = (0, false);
        for field in FIELDS {
            let fragments = match delta.remove(field) {
                None | Some(Value::Null) => continue,
                Some(Value::Array(fragments)) => fragments,
                Some(fragment) => vec![fragment],
            };
            is_any = true;
            begun += fragments.into_iter().enumerate().map(|(at, fragment)| usize::from(self.add(field, at, fragment))).sum::<usize>();
        }
        is_any.then_some(begun)
    }

    /// Whether a call went on after it was complete.
    pub(super) const fn is_torn(&self) -> bool {
        self.is_torn
    }

    /// Bytes that are held.
    pub(super) const fn held(&self) -> usize {
        self.held
    }

    /// The calls that are complete, judged, each as a delta; all of them where the choice `is_last` said. Or the canned text.
    pub(super) fn complete(&mut self, choice: usize, is_last: bool, judge: &mut dyn Judge) -> Result<Vec<Value>, String> {
        let (ready, open) = std::mem::take(&mut self.open).into_iter().partition(|call: &Call| call.is_closed || is_last);
        self.open = open;
        let deltas: Result<Vec<_>, _> = ready.into_iter().map(|call: Call| call.judged(choice, judge)).collect();
        if self.open.is_empty() {
            self.held = 0;
        }
        deltas
    }

    /// Adds a fragment; whether it began a call.
    fn add(&mut self, field: &'static str, at: usize, fragment: Value) -> bool {
        self.held += size(&fragment);
        let index = fragment.get("index").and_then(Value::as_u64).unwrap_or(at as u64);
        let id = fragment.get("id").and_then(Value::as_str).unwrap_or_default().to_owned();
        let same = |call: &&mut Call| {
            call.field == field && call.index == index && !call.is_closed && (id.is_empty() || call.id().is_empty() || call.id() == id)
        };
        if let Some(call) = self.open.iter_mut().find(same) {
            merge(&mut call.value, fragment);
            return false;
        }
        // A new call: those before it are complete.
        for call in self.open.iter_mut().filter(|call| !call.is_closed) {
            call.is_closed = true;
            self.closed.push((call.index, call.id().to_owned()));
        }
        self.is_torn |= self.closed.iter().any(|(number, before)| *number == index && (id.is_empty() || *before == id));
        self.open.push(Call { field, index, value: fragment, is_closed: false });
        true
    }
}

impl Call {
    fn id(&self) -> &str {
        self.value.get("id").and_then(Value::as_str).unwrap_or_default()
    }

    /// The call as a delta, masked where that is due.
    fn judged(self, choice: usize, judge: &mut dyn Judge) -> Result<Value, String> {
        let mut delta = Map::new();
        delta.insert(self.field.to_owned(), if self.field == "tool_calls" { json!([self.value]) } else { self.value });
        let mut body = json!({"choices": [{"index": choice, "delta": delta}]});
        let parts = Endpoint::Chat.event(&body).map_err(|_| judge.overflow())?;
        for part in &parts.parts {
            settle(judge, Lane { choice, channel: part.channel }, part, &mut body)?;
        }
        for opaque in &parts.opaque {
            if judge.opaque(choice, &opaque.kind) != super::Action::Pass {
                return Err(judge.overflow());
            }
        }
        Ok(body.pointer_mut("/choices/0/delta").map(Value::take).unwrap_or_default())
    }
}

/// Adds a fragment to what came of a call: names and arguments go on, identifiers stay.
fn merge(into: &mut Value, fragment: Value) {
    match (into, fragment) {
        (Value::Object(into), Value::Object(fragment)) => {
            for (key, value) in fragment {
                match into.get_mut(&key) {
                    Some(Value::String(text)) if matches!(key.as_str(), "id" | "type") && !text.is_empty() => {}
                    // Some upstreams repeat the name with every fragment.
                    Some(Value::String(text)) if key == "name" && value.as_str() == Some(text) => {}
                    Some(old) => merge(old, value),
                    None => drop(into.insert(key, value)),
                }
            }
        }
        (Value::String(into), Value::String(fragment)) => into.push_str(&fragment),
        (_, Value::Null) => {}
        (into, fragment) => *into = fragment,
    }
}

/// Bytes that a fragment costs, about.
fn size(value: &Value) -> usize {
    const NODE_BYTES: usize = 32;
    NODE_BYTES
        + match value {
            Value::String(text) => text.len(),
            Value::Array(values) => values.iter().map(size).sum(),
            Value::Object(object) => object.iter().map(|(key, value)| key.len() + size(value)).sum(),
            _ => 0,
        }
}

//! What is told: kind, time, and facts by the keys of CEF's dictionary.

use serde_json::Value;
use store::Entry;
use store::guard::RequestRow;

use crate::alarms::{Severity, Turned};

/// Rules and classes that one event names.
const MAX_NAMED: usize = 10;

taxonomy::words! {
    /// What happened.
    Kind, "kind of event", {
        Refusal = "refusal", "请求或回答被拒", "Refused";
        Hold = "hold", "等待人工处理", "Held for a person";
        Strike = "strike", "用户记违规", "Strike against a user";
        Suspension = "suspension", "用户被暂停", "User suspended";
        SwitchedOff = "switched-off", "一键关停", "Switched off";
        SwitchedOn = "switched-on", "恢复服务", "Switched on";
        AlarmRaised = "alarm-raised", "告警开始", "Alarm raised";
        AlarmCleared = "alarm-cleared", "告警解除", "Alarm cleared";
        Fault = "fault", "检测器故障", "Detector fault";
    }
}

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Event {
    pub(crate) kind: Kind,
    /// When, ms since 1970.
    pub(crate) time_ms: i64,
    /// How grave, by CEF's scale: 0 to 10.
    pub(crate) weight: u8,
    /// Facts by CEF key.
    pub(crate) facts: Vec<(&'static str, String)>,
}

impl Kind {
    const fn weight(self) -> u8 {
        match self {
            Self::AlarmCleared => 2,
            Self::Hold | Self::SwitchedOn => 4,
            Self::Refusal | Self::Strike => 5,
            Self::Suspension | Self::AlarmRaised => 7,
            Self::SwitchedOff | Self::Fault => 8,
        }
    }
}

impl Event {
    pub(crate) const fn new(kind: Kind, time_ms: i64) -> Self {
        Self { kind, time_ms, weight: kind.weight(), facts: Vec::new() }
    }

    /// With one more fact; an empty one is left out.
    pub(crate) fn with(mut self, key: &'static str, value: impl Into<String>) -> Self {
        let value = value.into();
        if !value.is_empty() {
            self.facts.push((key, value));
        }
        self
    }

    /// What an outcome tells, where it is a refusal or a hold.
    pub(crate) fn of_outcome(row: &RequestRow, entry: &Entry, time_ms: i64) -> Option<Self> {
        let kind = match row.decision.as_str() {
            "refuse" => Kind::Refusal,
            "hold" => Kind::Hold,
            _ => return None,
        };
        let event = Self::of_request(kind, row, entry, time_ms).with("act", row.decision.as_str());
        let event = event.with("cs3", named(entry, &["class", "attack", "personal"])).with("cs4", named(entry, &["rule"]));
        Some(event.with("outcome", text(entry, "stage")))
    }

    /// The detectors that failed on a request, where any did.
    pub(crate) fn of_faults(row: &RequestRow, entry: &Entry, time_ms: i64) -> Option<Self> {
        let failed = Some(named(entry, &["fault"])).filter(|failed| !failed.is_empty())?;
        Some(Self::of_request(Kind::Fault, row, entry, time_ms).with("reason", failed))
    }

    fn of_request(kind: Kind, row: &RequestRow, entry: &Entry, time_ms: i64) -> Self {
        Self::new(kind, time_ms)
            .with("externalId", row.request.to_string())
            .with("request", row.endpoint.as_str())
            .with("suid", row.person.as_str())
            .with("cs1", row.client_key.as_str())
            .with("cs2", row.model.as_str())
            .with("cs5", text(entry, "policy"))
    }

    /// An alarm that began or ended.
    pub(crate) fn of_alarm(turned: &Turned) -> Self {
        let kind = if turned.raised { Kind::AlarmRaised } else { Kind::AlarmCleared };
        let mut event = Self::new(kind, turned.time_ms)
            .with("cs6", turned.alarm.name.as_str())
            .with("reason", format!("{} {}", turned.alarm.metric.id(), turned.value))
            .with("cnt", turned.count.to_string())
            .with("msg", format!("{} {}", turned.alarm.zh, turned.alarm.en));
        if turned.raised {
            event.weight = match turned.alarm.severity {
                Severity::Notice => 3,
                Severity::Warning => 6,
                Severity::Critical => 9,
            };
        }
        event
    }
}

fn text<'a>(entry: &'a Entry, name: &str) -> &'a str {
    entry.details.get(name).and_then(Value::as_str).unwrap_or_default()
}

/// What the findings of an entry name, each once.
fn named(entry: &Entry, names: &[&str]) -> String {
    let mut found: Vec<&str> = Vec::new();
    let rows = entry.details.get("findings").and_then(Value::as_array).into_iter().flatten();
    for name in rows.flat_map(|row| names.iter().filter_map(|name| row.get(*name)?.as_str())) {
        if found.len() < MAX_NAMED && !found.contains(&name) {
            found.push(name);
        }
    }
    found.join(" ")
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use store::{Class, EntryId};

    use super::*;

    fn row(decision: &str) -> RequestRow {
        RequestRow {
            request: EntryId([7; 16]),
            time_ms: 1,
            client_key: "key-1".to_owned(),
            person: "c0ffee".to_owned(),
            endpoint: "/v1/chat/completions".to_owned(),
            model: "m".to_owned(),
            decision: decision.to_owned(),
            outcome: EntryId([7; 16]),
            ticket: None,
        }
    }

    #[test]
    fn an_outcome_tells_rules_and_classes_and_no_text() {
        let findings = json!([{"channel": "user", "rule": "a1.7", "class": "A1a"}, {"channel": "user", "rule": "a1.7", "class": "A2b"}, {"channel": "user", "fault": "classifier"}, {"more": 3}]);
        let entry = Entry::new(Class::Decision, "request.close", "gateway")
            .with("findings", findings)
            .with("policy", "p 1")
            .with("stage", "input")
            .about("somebody", "the words that were said");
        assert_eq!(Event::of_outcome(&row("pass"), &entry, 5), None);
        let event = Event::of_outcome(&row("refuse"), &entry, 5).unwrap();
        let fact = |key: &str| event.facts.iter().find(|(known, _)| *known == key).map(|(_, value)| value.as_str());
        assert_eq!((fact("cs3"), fact("cs4"), fact("suid")), (Some("A1a A2b"), Some("a1.7"), Some("c0ffee")));
        assert!(!format!("{event:?}").contains("words"));
        let fault = Event::of_faults(&row("pass"), &entry, 5).unwrap();
        assert!(fault.facts.contains(&("reason", "classifier".to_owned())));
        assert_eq!(Event::of_faults(&row("pass"), &Entry::new(Class::Decision, "x", "y"), 5), None);
    }
}

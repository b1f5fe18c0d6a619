//! OpenAI's `/v1/moderations`: the request read, the reply in the exact shape (`openai-python`: `types/moderation.py`), with a field `guiju` beside.

use detect::MAX_ITEM_BYTES;
use serde_json::{Map, Value, json};
use taxonomy::{RiskClass, Severity, Verdict};

use super::category::{Category, Table};
use super::found::{found, score};
use crate::policy::{Action, Decided};

/// A request is not one of `/v1/moderations`. The message is for the client; `param` of OpenAI's error shape is `input`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ModerationError(String);

/// What one result of the reply speaks of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject {
    /// The text: of typed parts all texts, a line each, so that words cut over parts stand together.
    pub text: String,
    /// The kinds of what cannot be judged: `image`, or the type as it was named.
    pub opaque: Vec<String>,
}

/// A subject judged.
#[derive(Debug, Clone, Copy)]
pub struct Outcome<'a> {
    /// What was judged.
    pub subject: &'a Subject,
    /// What was found in its text.
    pub verdict: &'a Verdict,
    /// What follows for its text.
    pub decided: &'a Decided,
    /// What follows for its opaque parts, the gravest; a pass if there are none.
    pub opaque: Action,
}

/// What a request asks about: one subject for a string, one for each string of an array, one for an array of typed parts.
///
/// # Errors
/// There is no `input`, it is empty, of another shape, or beyond [`super::MAX_TEXTS`] or [`MAX_ITEM_BYTES`].
pub fn subjects(request: &Value) -> Result<Vec<Subject>, ModerationError> {
    let subjects = match request.get("input") {
        Some(Value::String(text)) => vec![Subject { text: text.clone(), opaque: Vec::new() }],
        Some(Value::Array(items)) if items.len() > super::MAX_TEXTS => {
            return Err(ModerationError(format!("`input` has {} items, the limit is {}", items.len(), super::MAX_TEXTS)));
        }
        Some(Value::Array(items)) if !items.is_empty() && items.iter().all(Value::is_string) => {
            let texts = items.iter().filter_map(Value::as_str);
            texts.map(|text| Subject { text: text.to_owned(), opaque: Vec::new() }).collect()
        }
        Some(Value::Array(items)) if !items.is_empty() && items.iter().all(Value::is_object) => vec![typed(items)?],
        _ => {
            return Err(ModerationError(
                "`input` must be a string, an array of strings or an array of typed parts, and not empty".to_owned(),
            ));
        }
    };
    let bytes: usize = subjects.iter().map(|subject| subject.text.len()).sum();
    if bytes > MAX_ITEM_BYTES {
        return Err(ModerationError(format!("`input` has {bytes} bytes of text, the limit is {MAX_ITEM_BYTES}")));
    }
    Ok(subjects)
}

fn typed(items: &[Value]) -> Result<Subject, ModerationError> {
    let (mut texts, mut opaque) = (Vec::new(), Vec::new());
    for (at, item) in items.iter().enumerate() {
        match (item.get("type").and_then(Value::as_str), item.get("text").and_then(Value::as_str)) {
            (Some("text"), Some(text)) => texts.push(text),
            (Some("text"), None) => return Err(ModerationError(format!("`input[{at}]` is of type `text` and has no `text`"))),
            (Some("image_url"), _) => opaque.push("image".to_owned()),
            (Some(kind), _) => opaque.push(kind.chars().take(64).collect()),
            (None, _) => return Err(ModerationError(format!("`input[{at}]` has no `type`"))),
        }
    }
    Ok(Subject { text: texts.join("\n"), opaque })
}

/// The reply. `id` without its prefix `modr-` is the ledger entry's.
#[must_use]
pub fn moderation(entry: &str, model: &str, outcomes: &[Outcome<'_>], table: &Table) -> Value {
    let results: Vec<Value> = outcomes.iter().map(|outcome| result(outcome, table)).collect();
    json!({ "id": format!("modr-{entry}"), "model": model, "results": results })
}

fn result(outcome: &Outcome<'_>, table: &Table) -> Value {
    let findings = &outcome.verdict.findings;
    let of = |category: Category| {
        findings.iter().filter(move |finding| finding.class.is_some_and(|class| table.categories(class).contains(&category)))
    };
    let by_category = |value: &dyn Fn(Category) -> Value| -> Value {
        Value::Object(Category::ALL.iter().map(|category| (category.id().to_owned(), value(*category))).collect::<Map<_, _>>())
    };
    let holds = |category| of(category).any(|finding| finding.severity >= Severity::Review);
    // An image beside the text was not looked at, so no category is said to have been applied to it.
    let applied: &[&str] = if outcome.subject.text.is_empty() { &[] } else { &["text"] };
    let action = outcome.decided.action.max(outcome.opaque);
    json!({
        "flagged": action > Action::Mask || Category::ALL.iter().any(|category| holds(*category)),
        "categories": by_category(&|category| holds(category).into()),
        "category_scores": by_category(&|category| score(of(category).map(|finding| finding.score).fold(0.0, f32::max)).into()),
        "category_applied_input_types": by_category(&|_| json!(applied)),
        "guiju": ours(outcome, action),
    })
}

/// What OpenAI's shape has no place for.
fn ours(outcome: &Outcome<'_>, action: Action) -> Value {
    let verdict = outcome.verdict;
    let class = |class: &RiskClass| {
        let of = verdict.findings.iter().filter(|finding| finding.class == Some(*class));
        (class.id().to_owned(), score(of.map(|finding| finding.score).fold(0.0, f32::max)).into())
    };
    json!({
        "decision": verdict.decision,
        "action": action,
        "shadow": outcome.decided.shadow,
        "class_scores": Value::Object(RiskClass::ALL.iter().map(class).collect()),
        "findings": found(&outcome.subject.text, &verdict.findings),
        "faults": verdict.faults,
        "opaque": outcome.subject.opaque,
        "versions": verdict.versions,
    })
}

#[cfg(test)]
mod tests {
    use taxonomy::{Decision, Fault};

    use super::super::found::tests::finding;
    use super::*;

    fn verdict(findings: Vec<taxonomy::Finding>) -> Verdict {
        Verdict { decision: Decision::Pass, shadow: None, findings, faults: Vec::new(), versions: vec!["keywords 1".to_owned()] }
    }

    fn decided(action: Action) -> Decided {
        Decided { action, shadow: None, reason: None, masked: Vec::new() }
    }

    fn reply(text: &str, opaque: &[&str], verdict: &Verdict, action: Action, opaque_action: Action) -> Value {
        let subject = Subject { text: text.to_owned(), opaque: opaque.iter().map(|kind| (*kind).to_owned()).collect() };
        let outcome = Outcome { subject: &subject, verdict, decided: &decided(action), opaque: opaque_action };
        moderation("01JENTRY", "guiju", &[outcome], &Table::built_in().unwrap())
    }

    #[test]
    fn the_three_shapes_of_input_are_read() {
        let one = |request: Value| subjects(&request).unwrap();
        assert_eq!(one(json!({"input": "你好", "model": "omni-moderation-latest"}))[0].text, "你好");
        assert_eq!(one(json!({"input": ["a", "b"]})).iter().map(|s| s.text.as_str()).collect::<Vec<_>>(), ["a", "b"]);
        let typed = one(
            json!({"input": [{"type": "text", "text": "a"}, {"type": "image_url", "image_url": {"url": "data:"}}, {"type": "text", "text": "b"}, {"type": "video"}]}),
        );
        assert_eq!(typed, [Subject { text: "a\nb".to_owned(), opaque: vec!["image".to_owned(), "video".to_owned()] }]);
    }

    #[test]
    fn other_shapes_are_refused_with_what_to_do() {
        for (request, says) in [
            (json!({}), "must be"),
            (json!({"input": []}), "must be"),
            (json!({"input": 1}), "must be"),
            (json!({"input": [[1, 2]]}), "must be"),
            (json!({"input": ["a", {"type": "text", "text": "b"}]}), "must be"),
            (json!({"input": [{"type": "text"}]}), "input[0]"),
            (json!({"input": [{"text": "a"}]}), "no `type`"),
            (json!({"input": vec!["a"; super::super::MAX_TEXTS + 1]}), "the limit is"),
            (json!({"input": "a".repeat(MAX_ITEM_BYTES + 1)}), "bytes"),
        ] {
            assert!(subjects(&request).unwrap_err().to_string().contains(says), "{says}");
        }
    }

    /// The golden file was read once by `openai-python` 3.54 (`ModerationCreateResponse.model_validate`, strict), which took every field of it.
    #[test]
    fn the_reply_is_the_one_that_the_official_client_reads() {
        let verdict = Verdict { decision: Decision::Refuse, ..verdict(vec![finding(Some(RiskClass::A1f), Severity::Block, 3, 6)]) };
        let reply = reply("你好", &["image"], &verdict, Action::Refuse, Action::Pass);
        let golden: Value = serde_json::from_str(include_str!("golden/moderation.json")).unwrap();
        assert_eq!(reply, golden, "{reply:#}");
        for object in ["categories", "category_scores", "category_applied_input_types"] {
            assert_eq!(golden["results"][0][object].as_object().unwrap().len(), 13, "{object}");
        }
    }

    #[test]
    fn what_no_category_speaks_of_is_flagged_all_the_same() {
        let reply = reply("x", &[], &verdict(vec![finding(Some(RiskClass::A1a), Severity::Block, 0, 1)]), Action::Refuse, Action::Pass);
        let result = &reply["results"][0];
        assert_eq!(result["flagged"], true);
        assert!(result["categories"].as_object().unwrap().values().all(|value| value == false));
    }

    #[test]
    fn an_image_is_not_said_to_be_harmless() {
        let reply = reply("", &["image"], &verdict(Vec::new()), Action::Pass, Action::Refuse);
        let result = &reply["results"][0];
        assert_eq!((&result["flagged"], &result["guiju"]["opaque"]), (&json!(true), &json!(["image"])));
        assert_eq!(result["category_applied_input_types"]["violence"], json!([]));
    }

    #[test]
    fn notes_flag_nothing_and_faults_are_told() {
        let mut with_fault = verdict(vec![finding(Some(RiskClass::A1f), Severity::Note, 0, 1)]);
        let calm = reply("x", &[], &with_fault, Action::Pass, Action::Pass);
        assert_eq!((&calm["results"][0]["flagged"], &calm["results"][0]["categories"]["sexual"]), (&json!(false), &json!(false)));
        with_fault.faults.push(Fault { detector: "guard".to_owned(), message: "timeout".to_owned() });
        let held = reply("x", &[], &with_fault, Action::Hold, Action::Pass);
        assert_eq!(
            (&held["results"][0]["flagged"], &held["results"][0]["guiju"]["faults"][0]["detector"]),
            (&json!(true), &json!("guard"))
        );
    }
}

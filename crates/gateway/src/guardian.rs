//! What guardians set for a minor, over HTTP (GB/T 45654-2025, 7 a): on the admin port, for the service's own program, which knows who is whose guardian and shows an API token
//! of an account that may correct a person's information. Each setting is a change with its record, sealed with the minor's key.
//!
//! It changes nothing else of a person: age and training stay as they are, and whether a guardian may loosen is the rules' to say.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, Request, Response, header};
use serde_json::{Value, json};
use store::access::Permission;
use store::accounts::{AccountError, Denied, Who};
use store::guard::{Profile, Whom};
use store::{Change, StoreError};

use crate::admin::json_of;
use crate::ask::{MAX_NAME_CHARS, whole};
use crate::minors::Guardian;
use crate::{Gateway, admit, wire};

/// Longest body: what the store keeps of settings.
const MAX_BODY_BYTES: usize = store::guard::MAX_SETTINGS_BYTES;

/// Minutes of a day.
const DAY_MINUTES: u32 = 1_440;

/// The permission that reading and setting ask for, as `guiju person` does.
const PERMISSION: Permission = Permission::PrivacyCorrect;

/// Why it is not done: status, code, and what to do (RFC 9457).
struct Refusal(u16, &'static str, String);

impl Refusal {
    fn response(&self) -> Response<Body> {
        let Self(status, code, detail) = self;
        json_of(*status, &json!({"type": "about:blank", "status": status, "code": code, "detail": detail}))
    }
}

type Named = Result<Path<String>, PathRejection>;

/// `GET /persons/{person}/guardian`.
pub(crate) async fn show(State(gateway): State<Arc<Gateway>>, person: Named, headers: HeaderMap) -> Response<Body> {
    let shown = async {
        let person = named(person)?;
        who(&gateway, &headers).await?;
        shown(&gateway, &label(&gateway, &person).await?).await
    };
    answer(shown.await)
}

/// `PUT /persons/{person}/guardian`: the whole of what the guardian wants; `{}` takes all of it back.
pub(crate) async fn set(State(gateway): State<Arc<Gateway>>, person: Named, request: Request<Body>) -> Response<Body> {
    let set = async {
        let person = named(person)?;
        let (head, body) = request.into_parts();
        let who = who(&gateway, &head.headers).await?;
        let body = whole(body, MAX_BODY_BYTES).await.map_err(|problem| Refusal(problem.status, problem.code, problem.message))?;
        let guardian = guardian(&body)?;
        let label = label(&gateway, &person).await?;
        let profile = gateway.tenant.profile(&Whom::Person(label.clone())).await.map_err(failed)?;
        let profile = Profile { settings: guardian, ..profile };
        let work = async move |change: &mut Change| {
            let who = change.permit(&who, PERMISSION).await?;
            change.set_profile(&who.account().to_string(), &profile, Some(&person)).await
        };
        gateway.tenant.change(work).await.map_err(failed)?;
        shown(&gateway, &label).await
    };
    answer(set.await)
}

fn answer(result: Result<Value, Refusal>) -> Response<Body> {
    result.map_or_else(|refusal| refusal.response(), |body| json_of(200, &body))
}

fn named(person: Named) -> Result<String, Refusal> {
    let bad = |what: &str| Refusal(400, "field_wrong", format!("the name of the person in the address {what}"));
    let Path(person) = person.map_err(|_| bad("is no UTF-8"))?;
    if person.is_empty() || person.chars().count() > MAX_NAME_CHARS || person.chars().any(char::is_control) {
        return Err(bad(&format!("is one line of 1 to {MAX_NAME_CHARS} characters")));
    }
    Ok(person)
}

/// Who shows the token, if that account may. A denial is recorded, as on the command line.
async fn who(gateway: &Gateway, headers: &HeaderMap) -> Result<Who, Refusal> {
    let token = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "));
    let unknown = |what: &str| Refusal(401, "invalid_token", what.to_owned());
    let token = token.ok_or_else(|| unknown("send `Authorization: Bearer TOKEN`; `guiju token issue` gives one"))?;
    let accounts = gateway.tenant.accounts();
    let who = accounts.bearer_of(token.trim()).await.map_err(|error| match error {
        AccountError::Store(error) => failed(error),
        refusal => unknown(&refusal.to_string()),
    })?;
    if let Err(denied) = who.may(PERMISSION) {
        // Whether it can be written down or not, it stays denied.
        let _ = accounts.record_denied(&who, "persons guardian", &denied).await;
        return Err(forbidden(&denied));
    }
    Ok(who)
}

fn forbidden(denied: &Denied) -> Refusal {
    Refusal(403, "denied", denied.to_string())
}

fn failed(error: StoreError) -> Refusal {
    match error {
        StoreError::Refused(what) => Refusal(400, "refused", what),
        _ => Refusal(503, "not_recorded", "the store could not; come again".to_owned()),
    }
}

/// What a guardian wants, checked.
fn guardian(body: &[u8]) -> Result<Value, Refusal> {
    let bad = |what: String| Refusal(400, "field_wrong", format!("{what} (docs/formats/minors.md)"));
    let value = wire::parse(body).map_err(|error| bad(error.to_string()))?;
    if !value.is_object() {
        return Err(bad("what a guardian wants is an object".to_owned()));
    }
    let guardian: Guardian = serde_json::from_value(value).map_err(|error| bad(error.to_string()))?;
    if guardian.minutes.is_some_and(|minutes| minutes > DAY_MINUTES) {
        return Err(bad(format!("`minutes` is within 0 to {DAY_MINUTES}")));
    }
    serde_json::to_value(guardian).map_err(|error| bad(error.to_string()))
}

async fn label(gateway: &Gateway, person: &str) -> Result<String, Refusal> {
    gateway.tenant.person_label(person).await.map_err(failed)
}

/// What is set, and what follows from it today.
async fn shown(gateway: &Gateway, label: &str) -> Result<Value, Refusal> {
    let profile = gateway.tenant.profile(&Whom::Person(label.to_owned())).await.map_err(failed)?;
    // Of the policy that holds where a key names none; a key's own may be stricter or milder.
    let rules = gateway.rulesets.minors(&gateway.live().ruled(None).0.policy);
    let used_ms = gateway.tenant.used_time(label, gateway.day(rules)).await.map_err(failed)?;
    let limits = rules.limits(&admit::known(&profile, gateway));
    let holds = limits.map(|limits| json!({"minutes": limits.minutes, "nights": limits.nights, "policy": limits.policy}));
    Ok(json!({
        "age": profile.age.id(), "guardian": profile.settings, "holds": holds, "used_today_ms": used_ms, "updated_ms": profile.updated_ms,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_guardian_wants_is_read_strictly() {
        let wants = br#"{"minutes":30,"night":{"from":"20:00","to":"07:00"},"models":["child"]}"#;
        assert_eq!(guardian(wants).unwrap_or_default()["minutes"], json!(30));
        assert!(guardian(b"{}").is_ok());
        for wrong in [
            &b"[]"[..],
            b"{\"minutes\":1441}",
            b"{\"minutes\":1,\"minutes\":2}",
            b"{\"minutes\":-1}",
            b"{\"minute\":30}",
            b"{\"night\":{\"from\":\"25:00\",\"to\":\"07:00\"}}",
            b"",
            b"\xff",
        ] {
            assert!(guardian(wrong).is_err_and(|Refusal(status, ..)| status == 400), "{}", String::from_utf8_lossy(wrong));
        }
    }
}

//! What the gateway port answers to. What is not in this list is not there: a way past that nobody judges would be a hole.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, Request, Response, header};
use axum::routing::{MethodRouter, get, post};
use serde_json::{Value, json};
use taxonomy::Lang;

use crate::admit::Law;
use crate::ask::{not_understood, whole};
use crate::openapi::{self, ROUTES, Serves};
use crate::problem::{Problem, respond};
use crate::{Gateway, admit, flow, judge, rules, wire};

pub(crate) fn router(gateway: Arc<Gateway>) -> Router {
    let routed = ROUTES.iter().fold(Router::new(), |router, route| router.route(route.path, handler(route.serves)));
    routed.fallback(nothing).method_not_allowed_fallback(wrong_method).with_state(gateway)
}

fn handler(serves: Serves) -> MethodRouter<Arc<Gateway>> {
    match serves {
        Serves::Endpoint(endpoint) => {
            post(move |State(gateway): State<Arc<Gateway>>, request: Request<Body>| flow::serve(gateway, endpoint, request))
        }
        Serves::Models => get(models),
        Serves::Model => get(model),
        Serves::Moderations => post(moderations),
        Serves::Guard => post(guard),
        Serves::Ticket => get(ticket),
        Serves::Rules => get(published),
        Serves::OpenApi => get(document),
    }
}

async fn nothing() -> Response<Body> {
    Problem::new(
        404,
        "no_such_route",
        "there is nothing at this address: this gateway passes on only what it can judge (docs/gateway.md lists the routes)",
    )
    .response()
}

/// The router adds which methods there are (`Allow`).
async fn wrong_method() -> Response<Body> {
    Problem::new(405, "wrong_method", "this address does not take this method; `Allow` says which").response()
}

async fn document() -> Response<Body> {
    let kind = HeaderValue::from_static("application/json");
    respond(200, [(header::CONTENT_TYPE, kind)].into_iter().collect(), Body::from(openapi::document()))
}

async fn models(State(gateway): State<Arc<Gateway>>, headers: HeaderMap) -> Response<Body> {
    answer(known_models(&gateway, &headers).await.map(|models| json!({"object": "list", "data": models})))
}

async fn model(State(gateway): State<Arc<Gateway>>, name: Result<Path<String>, PathRejection>, headers: HeaderMap) -> Response<Body> {
    // What is no UTF-8 names nothing; axum would say so in its own words.
    let Ok(Path(name)) = name else { return nothing().await };
    answer(known_models(&gateway, &headers).await.and_then(|models| {
        let found = models.into_iter().find(|model| model.get("id").and_then(Value::as_str) == Some(&name));
        found.ok_or_else(|| Problem::new(404, "model_not_found", format!("the model '{name}' is not served here")))
    }))
}

async fn known_models(gateway: &Gateway, headers: &HeaderMap) -> Result<Vec<Value>, Problem> {
    admit::key(gateway, &gateway.live(), headers)?;
    gateway.models().await
}

async fn moderations(State(gateway): State<Arc<Gateway>>, request: Request<Body>) -> Response<Body> {
    answer(judged(&gateway, request, async |law, by, body| judge::moderations(&gateway, law, by, body).await).await)
}

async fn guard(State(gateway): State<Arc<Gateway>>, request: Request<Body>) -> Response<Body> {
    answer(judged(&gateway, request, async |law, by, body| judge::guard(&gateway, law, by, body).await).await)
}

/// Lets a program judge that holds a key, within its limits.
async fn judged(
    gateway: &Gateway,
    request: Request<Body>,
    work: impl AsyncFnOnce(&Law, &str, &Value) -> Result<Value, Problem>,
) -> Result<Value, Problem> {
    let live = gateway.live();
    let key = admit::key(gateway, &live, request.headers())?;
    let body = whole(request.into_body(), gateway.config.limits.body_bytes).await?;
    let body = wire::parse(&body).map_err(|error| not_understood(&error))?;
    let (law, _place, by) = admit::program(gateway, &live, key.as_deref())?;
    work(&law, &by, &body).await
}

/// What became of what waits for a person.
async fn ticket(State(gateway): State<Arc<Gateway>>, ticket: Result<Path<String>, PathRejection>, headers: HeaderMap) -> Response<Body> {
    let Ok(Path(ticket)) = ticket else { return nothing().await };
    match admit::key(&gateway, &gateway.live(), &headers) {
        Ok(_) => gateway.ticket(&ticket).await.unwrap_or_else(|problem| problem.response()),
        Err(problem) => problem.response(),
    }
}

/// The rules by which users are warned, made to wait and suspended, in words (GB/T 45654-2025, 7 e) 1)): for everybody, without a key.
async fn published(State(gateway): State<Arc<Gateway>>, request: Request<Body>) -> Response<Body> {
    let query = request.uri().query().unwrap_or_default();
    let chosen = chosen(query, "lang", &["zh", "en"]).and_then(|lang| Ok((lang, chosen(query, "format", &["markdown", "json"])?)));
    let (lang, format) = match chosen {
        Ok(chosen) => chosen,
        Err(problem) => return problem.response(),
    };
    // A name that no policy has is the general one's.
    let named = query.split('&').find_map(|pair| pair.strip_prefix("policy="));
    let lang = if lang == Some("en") { Lang::En } else { Lang::Zh };
    let live = gateway.live();
    let policy = &live.ruled(named).0.policy;
    let (strikes, minors) = (gateway.rulesets.strikes(policy), gateway.rulesets.minors(policy));
    let document = rules::published(strikes, minors, policy.canned().appeal(lang), lang);
    if format == Some("json") {
        return answer(serde_json::to_value(&document).map_err(|error| Problem::new(500, "internal", error.to_string())));
    }
    let kind = HeaderValue::from_static("text/markdown; charset=utf-8");
    respond(200, [(header::CONTENT_TYPE, kind)].into_iter().collect(), Body::from(document.markdown()))
}

/// What a query chooses, once at most.
fn chosen<'a>(query: &'a str, name: &str, among: &[&str]) -> Result<Option<&'a str>, Problem> {
    let mut said = query.split('&').filter_map(|pair| pair.split_once('=')).filter(|(key, _)| *key == name).map(|(_, value)| value);
    match (said.next(), said.next()) {
        (None, _) => Ok(None),
        (Some(value), None) if among.contains(&value) => Ok(Some(value)),
        _ => Err(Problem::new(400, "field_wrong", format!("`{name}` is one of {}, once", among.join(", "))).about(name)),
    }
}

fn answer(result: Result<Value, Problem>) -> Response<Body> {
    match result {
        Ok(value) => {
            let kind = HeaderValue::from_static("application/json");
            respond(200, [(header::CONTENT_TYPE, kind)].into_iter().collect(), Body::from(value.to_string()))
        }
        Err(problem) => problem.response(),
    }
}

//! What the gateway port answers to, as a table, and the document made from it (OpenAPI 3.1): `GET /openapi.json`.
//!
//! The router is built from the same table, so nothing is served that is not in the document, and nothing is in it that is not served. Only what the gateway itself
//! asks of a body is said of it: the rest goes to the model service as it came, and is that service's matter.

use std::sync::LazyLock;

use serde_json::{Map, Value, json};

use crate::wire::Endpoint;

/// Who answers at an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Serves {
    /// The flow.
    Endpoint(Endpoint),
    /// The list of models.
    Models,
    /// One model.
    Model,
    /// Judging in OpenAI's shape.
    Moderations,
    /// Judging in our own.
    Guard,
    /// What became of what waits for a person.
    Ticket,
    /// The published rules.
    Rules,
    /// This document.
    OpenApi,
}

/// One address.
pub(crate) struct Route {
    pub(crate) serves: Serves,
    /// As the router writes it: `{*name}` is the rest of a path.
    pub(crate) path: &'static str,
    zh: &'static str,
    en: &'static str,
    /// Schema of its body; with one it is a POST.
    body: Option<&'static str>,
    /// Schema of its answer.
    answer: &'static str,
    /// Errors beside those that any address may have, by status.
    errors: &'static [u16],
}

/// What a request to a model may end with: its own mistakes, who asks, limits, the gateway, the model service.
const FLOW: &[u16] = &[400, 401, 403, 404, 408, 413, 415, 422, 429, 500, 502, 503, 504];
const JUDGED: &[u16] = &[400, 401, 408, 413, 415, 429, 500, 503];

/// Every address of the port.
pub(crate) const ROUTES: &[Route] = &[
    Route {
        serves: Serves::Endpoint(Endpoint::Chat),
        path: Endpoint::Chat.path(),
        zh: "对话",
        en: "Chat",
        body: Some("ChatRequest"),
        answer: "ChoicesAnswer",
        errors: FLOW,
    },
    Route {
        serves: Serves::Endpoint(Endpoint::Completions),
        path: Endpoint::Completions.path(),
        zh: "续写",
        en: "Completions",
        body: Some("CompletionRequest"),
        answer: "ChoicesAnswer",
        errors: FLOW,
    },
    Route {
        serves: Serves::Endpoint(Endpoint::Responses),
        path: Endpoint::Responses.path(),
        zh: "回复",
        en: "Responses",
        body: Some("ResponseRequest"),
        answer: "ResponseAnswer",
        errors: FLOW,
    },
    Route {
        serves: Serves::Endpoint(Endpoint::Embeddings),
        path: Endpoint::Embeddings.path(),
        zh: "向量",
        en: "Embeddings",
        body: Some("EmbeddingRequest"),
        answer: "EmbeddingAnswer",
        errors: FLOW,
    },
    Route {
        serves: Serves::Models,
        path: "/v1/models",
        zh: "模型列表",
        en: "All models",
        body: None,
        answer: "ModelList",
        errors: &[401, 502, 504],
    },
    Route {
        serves: Serves::Model,
        path: "/v1/models/{*model}",
        zh: "一个模型",
        en: "One model",
        body: None,
        answer: "Model",
        errors: &[401, 404, 502, 504],
    },
    Route {
        serves: Serves::Moderations,
        path: "/v1/moderations",
        zh: "内容审核（OpenAI 格式）",
        en: "Judges texts, in OpenAI's shape",
        body: Some("ModerationRequest"),
        answer: "ModerationAnswer",
        errors: JUDGED,
    },
    Route {
        serves: Serves::Guard,
        path: "/v1/guard",
        zh: "内容审核（规矩格式）",
        en: "Judges texts, messages, tool calls and passages, in our own shape",
        body: Some("GuardRequest"),
        answer: "GuardAnswer",
        errors: JUDGED,
    },
    Route {
        serves: Serves::Ticket,
        path: "/v1/tickets/{ticket}",
        zh: "待人工处理的请求",
        en: "What became of what waits for a person",
        body: None,
        answer: "Ticket",
        errors: &[401, 404],
    },
    Route {
        serves: Serves::Rules,
        path: "/rules",
        zh: "公开的处置规则",
        en: "The published rules on strikes, suspension and appeal",
        body: None,
        answer: "Rules",
        errors: &[400],
    },
    Route {
        serves: Serves::OpenApi, path: "/openapi.json", zh: "本文档", en: "This document", body: None, answer: "OpenApi", errors: &[]
    },
];

const SCHEMAS: &str = include_str!("../data/openapi-schemas.json");

/// The document.
pub(crate) fn document() -> &'static str {
    static DOCUMENT: LazyLock<String> = LazyLock::new(|| made().to_string());
    &DOCUMENT
}

fn made() -> Value {
    let mut paths = Map::new();
    for route in ROUTES {
        let method = if route.body.is_some() { "post" } else { "get" };
        paths.insert(route.path.replace("{*", "{"), json!({ method: route.operation() }));
    }
    // A test reads it; a document without schemas would still say what there is.
    let schemas: Value = serde_json::from_str(SCHEMAS).unwrap_or_default();
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "规矩网关 Guiju gateway",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "OpenAI 接口；本文档只写网关自己要求的字段。 OpenAI's interfaces; of a body, only what the gateway itself asks for is written here."
        },
        "paths": paths,
        "components": {"schemas": schemas, "securitySchemes": {"key": {"type": "http", "scheme": "bearer"}}}
    })
}

impl Route {
    fn operation(&self) -> Value {
        let mut operation = json!({"summary": format!("{} {}", self.zh, self.en), "responses": self.responses()});
        let mut put = |name: &str, value: Value| operation.as_object_mut().map(|object| object.insert(name.to_owned(), value));
        if let Some(body) = self.body {
            put("requestBody", json!({"required": true, "content": {"application/json": {"schema": reference(body)}}}));
        }
        let parameters = self.parameters();
        if !parameters.is_empty() {
            put("parameters", Value::Array(parameters));
        }
        // On loopback a gateway may serve without keys (`keys_required`).
        if !matches!(self.serves, Serves::Rules | Serves::OpenApi) {
            put("security", json!([{"key": []}, {}]));
        }
        operation
    }

    fn parameters(&self) -> Vec<Value> {
        let text =
            |name: &str, place: &str, schema: Value| json!({"name": name, "in": place, "required": place == "path", "schema": schema});
        match self.serves {
            Serves::Model => vec![text("model", "path", json!({"type": "string", "minLength": 1}))],
            Serves::Ticket => vec![text("ticket", "path", json!({"type": "string", "minLength": 1}))],
            Serves::Rules => {
                vec![text("lang", "query", json!({"enum": ["zh", "en"]})), text("format", "query", json!({"enum": ["markdown", "json"]}))]
            }
            _ => Vec::new(),
        }
    }

    fn responses(&self) -> Value {
        let mut content = json!({"application/json": {"schema": reference(self.answer)}});
        // Readers differ in whether a schema of a stream is of the whole or of one event, so none says anything of either.
        let other = match self.serves {
            Serves::Endpoint(endpoint) if endpoint != Endpoint::Embeddings => Some(("text/event-stream", json!({}))),
            Serves::Rules => Some(("text/markdown", json!({"type": "string"}))),
            _ => None,
        };
        if let (Some((kind, schema)), Some(content)) = (other, content.as_object_mut()) {
            content.insert(kind.to_owned(), json!({"schema": schema}));
        }
        let mut responses = Map::new();
        responses.insert("200".to_owned(), json!({"description": "OK", "content": content}));
        if matches!(self.serves, Serves::Endpoint(_)) {
            let waiting = json!({"application/json": {"schema": reference("Waiting")}});
            responses.insert("202".to_owned(), json!({"description": "等待人工。 A person decides.", "content": waiting}));
        }
        for status in self.errors {
            let body = json!({"application/json": {"schema": reference("Error")}});
            responses.insert(status.to_string(), json!({"description": "错误。 An error.", "content": body}));
        }
        Value::Object(responses)
    }
}

fn reference(schema: &str) -> Value {
    json!({"$ref": format!("#/components/schemas/{schema}")})
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every reference of the document.
    fn references(value: &Value, into: &mut Vec<String>) {
        match value {
            Value::Object(object) => {
                into.extend(object.get("$ref").and_then(Value::as_str).map(str::to_owned));
                object.values().for_each(|value| references(value, into));
            }
            Value::Array(values) => values.iter().for_each(|value| references(value, into)),
            _ => {}
        }
    }

    #[test]
    fn every_route_is_told_and_every_reference_leads_somewhere() {
        let document: Value = serde_json::from_str(document()).unwrap();
        assert_eq!(document["paths"].as_object().unwrap().len(), ROUTES.len());
        let mut found = Vec::new();
        references(&document, &mut found);
        assert!(found.len() > 2 * ROUTES.len());
        for reference in &found {
            assert!(document.pointer(reference.trim_start_matches('#')).is_some(), "{reference}");
        }
        for schema in document["components"]["schemas"].as_object().unwrap().keys() {
            assert!(found.iter().any(|reference| reference.ends_with(&format!("/{schema}"))), "nothing uses {schema}");
        }
    }

    /// Every value of a keyword in the document, with the place of it.
    fn said(value: &Value, word: &str, path: &str, into: &mut Vec<(String, u64)>) {
        let each: Vec<(String, &Value)> = match value {
            Value::Object(object) => object.iter().map(|(name, value)| (name.clone(), value)).collect(),
            Value::Array(values) => values.iter().enumerate().map(|(at, value)| (at.to_string(), value)).collect(),
            _ => Vec::new(),
        };
        for (name, value) in each {
            if let Some(number) = value.as_u64().filter(|_| name == word) {
                into.push((path.to_owned(), number));
            }
            said(value, word, &format!("{path}/{name}"), into);
        }
    }

    #[test]
    fn every_limit_is_the_one_that_the_code_has() {
        let schemas: Value = serde_json::from_str(SCHEMAS).unwrap();
        let held = |word: &str, limits: &[(&str, usize)]| {
            let mut found = Vec::new();
            said(&schemas, word, "", &mut found);
            let mut expected: Vec<_> = limits.iter().map(|(path, limit)| ((*path).to_owned(), *limit as u64)).collect();
            found.sort();
            expected.sort();
            assert_eq!(found, expected, "{word}");
        };
        let (messages, texts, name) = (crate::wire::MAX_MESSAGES, crate::moderation::MAX_TEXTS, crate::ask::MAX_NAME_CHARS);
        held(
            "maxItems",
            &[
                ("/ChatRequest/properties/messages", messages),
                ("/EmbeddingRequest/properties/input/oneOf/1", messages),
                ("/ModerationRequest/properties/input/oneOf/1", texts),
                ("/ModerationRequest/properties/input/oneOf/2", texts),
                ("/GuardRequest/properties/messages", texts),
                ("/GuardRequest/properties/tool_calls", texts),
                ("/GuardRequest/properties/passages", texts),
            ],
        );
        held("maxLength", &[("/ModelName", name), ("/UserName", name)]);
    }

    #[test]
    fn every_endpoint_has_its_route() {
        for endpoint in Endpoint::ALL {
            assert!(ROUTES.iter().any(|route| route.serves == Serves::Endpoint(*endpoint) && route.path == endpoint.path()));
        }
    }
}

//! Any JSON service, described by a small TOML file. Format: `docs/formats/http-target.md`.

use std::collections::BTreeMap;
use std::path::Path;
use std::pin::Pin;

use reqwest::{Client, Method, Url};
use serde::Deserialize;
use serde_json::{Value, json};

use super::body::{address, client, excerpt, is_there, key, send, status, text, whole, without_key};
use super::{Answer, AskError, Message, Retry, Target};
use crate::bank::Question;
use crate::error::AssessError;
use crate::journal::{Reply, Settings};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Description {
    url: String,
    #[serde(default = "post")]
    method: String,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    body: Value,
    answer: String,
    finish: Option<String>,
    #[serde(default)]
    blocked: Vec<String>,
}

fn post() -> String {
    "POST".to_owned()
}

pub(super) struct Http {
    client: Client,
    url: Url,
    method: Method,
    description: Description,
    key: Option<String>,
    model: Option<String>,
    /// Whether whole messages are sent, which can hold files.
    takes_messages: bool,
}

impl Http {
    pub(super) fn read(file: &str, settings: &Settings) -> Result<Self, AssessError> {
        let bad = |message: String| AssessError::Target(format!("{file}: {message}"));
        let source = std::fs::read_to_string(file).map_err(|e| AssessError::io(Path::new(file), e))?;
        let description: Description = toml::from_str(&source).map_err(|e| bad(e.to_string()))?;
        let body = description.body.to_string();
        if !body.contains("{{prompt}}") && !body.contains("{{messages}}") {
            return Err(bad("`body` names neither {{prompt}} nor {{messages}}; the question would never be sent".to_owned()));
        }
        if !description.answer.starts_with('/') {
            return Err(bad("`answer` must be a JSON pointer, such as /data/answer".to_owned()));
        }
        let method = description.method.parse().map_err(|_| bad(format!("'{}' is no HTTP method", description.method)))?;
        let key = key(settings.key_env.as_deref())?;
        Ok(Self {
            client: client(settings.timeout_s)?,
            url: address(&description.url)?,
            method,
            description,
            key,
            model: settings.model.clone(),
            takes_messages: body.contains("{{messages}}"),
        })
    }

    async fn answer(&self, conversation: &[Message]) -> Result<Reply, AskError> {
        if !self.takes_messages {
            conversation.iter().try_for_each(|message| message.text_only().map(drop))?;
        }
        let body = self.fill(&self.description.body, conversation);
        let mut request = self.client.request(self.method.clone(), self.url.clone()).header("content-type", "application/json");
        for (name, value) in &self.description.headers {
            request = request.header(name, value.replace("{{key}}", self.key.as_deref().unwrap_or_default()));
        }
        let response = send(request.body(body.to_string())).await?;
        let code = response.status();
        let wait = response.headers().get("retry-after").and_then(|v| v.to_str().ok()).map(str::to_owned);
        let bytes = whole(response).await?;
        let (said, repaired) = text(&bytes);
        if self.description.blocked.iter().any(|mark| said.contains(mark.as_str())) {
            let finish = Some("content_filter".to_owned());
            return Ok(Reply { text: said, http: Some(code.as_u16()), finish, repaired, ..Reply::default() });
        }
        if !code.is_success() {
            return Err(status(code, wait.as_deref(), &bytes));
        }
        let json: Value = serde_json::from_str(&said)
            .map_err(|e| AskError::new("not-json", format!("the answer is no JSON ({e}). It said: {}", excerpt(&bytes)), Retry::Useless))?;
        let found = json.pointer(&self.description.answer).and_then(Value::as_str).ok_or_else(|| {
            let message = format!("no text stands at {} in the answer. It said: {}", self.description.answer, excerpt(&bytes));
            AskError::new("no-answer", message, Retry::Useless)
        })?;
        let finish = self.description.finish.as_deref().and_then(|at| json.pointer(at)).and_then(Value::as_str).map(str::to_owned);
        Ok(Reply { text: found.to_owned(), finish: finish.filter(|f| f != "stop"), repaired, ..Reply::default() })
    }

    /// The body with its placeholders filled: `{{prompt}}` and `{{model}}` inside texts, `{{messages}}` as a whole value.
    fn fill(&self, template: &Value, conversation: &[Message]) -> Value {
        match template {
            Value::String(text) if text == "{{messages}}" => conversation.iter().map(Message::json).collect(),
            Value::String(text) => {
                let prompt = conversation.last().map_or("", |m| m.text.as_str());
                json!(text.replace("{{model}}", self.model.as_deref().unwrap_or_default()).replace("{{prompt}}", prompt))
            }
            Value::Array(items) => items.iter().map(|item| self.fill(item, conversation)).collect(),
            Value::Object(fields) => {
                Value::Object(fields.iter().map(|(name, value)| (name.clone(), self.fill(value, conversation))).collect())
            }
            other => other.clone(),
        }
    }
}

impl Target for Http {
    fn ask<'a>(&'a self, _question: &'a Question, conversation: &'a [Message]) -> Answer<'a> {
        Box::pin(async { without_key(self.answer(conversation).await, self.key.as_deref()) })
    }

    fn is_there<'a>(&'a self) -> Pin<Box<dyn Future<Output = bool> + 'a>> {
        Box::pin(is_there(&self.client, self.url.clone()))
    }
}

//! Any OpenAI-compatible chat endpoint, streaming or not.

use std::pin::Pin;

use reqwest::{Client, Response, Url};
use serde::Deserialize;
use serde_json::json;

use super::body::{address, client, excerpt, is_there, key, send, status, text, transport, whole, within_limit, without_key};
use super::{Answer, AskError, Message, Retry, Target};
use crate::bank::Question;
use crate::error::AssessError;
use crate::journal::{Reply, Settings};

pub(crate) struct OpenAi {
    client: Client,
    url: Url,
    model: Option<String>,
    key: Option<String>,
    stream: bool,
    max_tokens: Option<u32>,
}

impl OpenAi {
    /// `url` is the base (`https://host/v1`) or the whole address of the chat endpoint.
    pub(crate) fn new(url: &str, settings: &Settings) -> Result<Self, AssessError> {
        let mut url = address(url)?;
        let base = url.path().trim_end_matches('/').to_owned();
        if !base.ends_with("/chat/completions") {
            url.set_path(&format!("{base}/chat/completions"));
        }
        Ok(Self {
            client: client(settings.timeout_s)?,
            url,
            model: settings.model.clone(),
            key: key(settings.key_env.as_deref())?,
            stream: settings.stream,
            max_tokens: settings.max_tokens,
        })
    }

    /// Answers the last message of a conversation.
    pub(crate) async fn chat(&self, conversation: &[Message]) -> Result<Reply, AskError> {
        without_key(self.answer(conversation).await, self.key.as_deref())
    }

    async fn answer(&self, conversation: &[Message]) -> Result<Reply, AskError> {
        let messages: Vec<_> = conversation.iter().map(Message::json).collect();
        let mut body = json!({"messages": messages, "stream": self.stream, "temperature": 0});
        if let Some(fields) = body.as_object_mut() {
            fields.extend(self.model.as_ref().map(|model| ("model".to_owned(), json!(model))));
            fields.extend(self.max_tokens.map(|most| ("max_tokens".to_owned(), json!(most))));
        }
        let mut request = self.client.post(self.url.clone()).header("content-type", "application/json").body(body.to_string());
        if let Some(key) = &self.key {
            request = request.bearer_auth(key);
        }
        let response = send(request).await?;
        let code = response.status();
        if !code.is_success() {
            return refused(response).await;
        }
        let is_stream = header(&response, "content-type").is_some_and(|kind| kind.starts_with("text/event-stream"));
        let mut reply = if is_stream { streamed(response).await? } else { unary(&whole(response).await?)? };
        reply.http = (code.as_u16() != 200).then_some(code.as_u16());
        Ok(reply)
    }
}

impl Target for OpenAi {
    fn ask<'a>(&'a self, _question: &'a Question, conversation: &'a [Message]) -> Answer<'a> {
        Box::pin(self.chat(conversation))
    }

    fn is_there<'a>(&'a self) -> Pin<Box<dyn Future<Output = bool> + 'a>> {
        let mut models = self.url.clone();
        models.set_path(&self.url.path().replace("/chat/completions", "/models"));
        Box::pin(is_there(&self.client, models))
    }
}

fn header<'a>(response: &'a Response, name: &str) -> Option<&'a str> {
    response.headers().get(name).and_then(|value| value.to_str().ok())
}

/// How content filters name themselves, in lower case without spaces, hyphens and underscores.
const FILTERED: &[&str] = &[
    "contentfilter",
    "contentpolicy",
    "contentexistsrisk",
    "contentrisk",
    "datainspection",
    "sensitivecontent",
    "sensitiveinformation",
    "inappropriatecontent",
    "safetyfilter",
    "moderation",
    "riskcontrol",
    "敏感",
    "违规",
    "不合规",
    "内容安全",
    "风控",
];

/// An error status is an answer when it is the notice of a content filter, and an error otherwise.
async fn refused(response: Response) -> Result<Reply, AskError> {
    let code = response.status();
    let wait = header(&response, "retry-after").map(str::to_owned);
    let body = whole(response).await?;
    let (said, repaired) = text(&body);
    let folded: String = said.to_lowercase().chars().filter(|c| !matches!(c, '_' | '-' | ' ')).collect();
    if matches!(code.as_u16(), 400 | 403 | 451) && FILTERED.iter().any(|word| folded.contains(word)) {
        return Ok(Reply {
            text: said,
            http: Some(code.as_u16()),
            finish: Some("content_filter".to_owned()),
            repaired,
            ..Reply::default()
        });
    }
    Err(status(code, wait.as_deref(), &body))
}

#[derive(Deserialize)]
struct Completion {
    #[serde(default)]
    choices: Vec<Choice>,
    error: Option<serde_json::Value>,
}

#[derive(Deserialize)]
struct Choice {
    message: Option<Said>,
    delta: Option<Said>,
    finish_reason: Option<String>,
}

#[derive(Deserialize)]
struct Said {
    content: Option<String>,
    refusal: Option<String>,
}

impl Said {
    fn text(self) -> String {
        self.content.filter(|t| !t.is_empty()).or(self.refusal).unwrap_or_default()
    }
}

fn unary(body: &[u8]) -> Result<Reply, AskError> {
    let (json, repaired) = text(body);
    let completion: Completion = serde_json::from_str(&json).map_err(|e| {
        AskError::new("not-json", format!("the answer is no chat completion ({e}). It said: {}", excerpt(body)), Retry::Useless)
    })?;
    let choice = completion.choices.into_iter().next();
    let choice = choice.ok_or_else(|| AskError::new("no-choice", "the answer has no choice in it", Retry::Useless))?;
    let said = choice.message.map(Said::text).unwrap_or_default();
    Ok(Reply { text: said, finish: finish(choice.finish_reason), repaired, ..Reply::default() })
}

/// `stop` is what is expected and is not recorded.
fn finish(reason: Option<String>) -> Option<String> {
    reason.filter(|reason| reason != "stop")
}

async fn streamed(mut response: Response) -> Result<Reply, AskError> {
    let (mut buffer, mut bytes, mut stream) = (Vec::new(), 0, Stream::default());
    while let Some(piece) = response.chunk().await.map_err(|e| stream.broken(&transport(&e)))? {
        bytes += piece.len();
        within_limit(bytes)?;
        buffer.extend_from_slice(&piece);
        let whole_lines = buffer.iter().rposition(|&b| b == b'\n').map_or(0, |at| at + 1);
        let rest = buffer.split_off(whole_lines);
        for line in buffer.split(|&b| b == b'\n') {
            stream.line(line)?;
        }
        buffer = rest;
    }
    // A last line without its end is half an event, unless it reads whole.
    let half = stream.line(&buffer).is_err();
    stream.end(half)
}

/// What has come so far of a stream of server-sent events.
#[derive(Default)]
struct Stream {
    said: String,
    finish: Option<String>,
    repaired: bool,
    done: bool,
}

impl Stream {
    fn line(&mut self, line: &[u8]) -> Result<(), AskError> {
        let Some(data) = line.strip_prefix(b"data:") else { return Ok(()) };
        let (data, repaired) = text(data.trim_ascii());
        self.repaired |= repaired;
        if data == "[DONE]" {
            self.done = true;
            return Ok(());
        }
        if data.is_empty() {
            return Ok(());
        }
        let event: Completion = serde_json::from_str(&data).map_err(|e| {
            AskError::new(
                "not-json",
                format!("an event of the stream is no completion ({e}): {}", excerpt(data.as_bytes())),
                Retry::Useless,
            )
        })?;
        if let Some(error) = event.error {
            return Err(AskError::again(
                "stream-error",
                format!("the stream broke off with an error: {}", excerpt(error.to_string().as_bytes())),
            ));
        }
        if let Some(choice) = event.choices.into_iter().next() {
            self.said.push_str(&choice.delta.map(Said::text).unwrap_or_default());
            self.done |= choice.finish_reason.is_some();
            self.finish = choice.finish_reason.or(self.finish.take());
        }
        Ok(())
    }

    fn broken(&self, error: &AskError) -> AskError {
        AskError::again("half-stream", format!("the stream broke after {} characters: {}", self.said.chars().count(), error.message))
    }

    fn end(self, half: bool) -> Result<Reply, AskError> {
        if half || !self.done {
            let message = format!("the stream ended after {} characters without a finish reason or [DONE]", self.said.chars().count());
            return Err(AskError::again("half-stream", message));
        }
        Ok(Reply { text: self.said, finish: finish(self.finish), repaired: self.repaired, ..Reply::default() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_is_put_together() {
        let mut stream = Stream::default();
        for line in [
            ": comment",
            r#"data: {"choices":[{"delta":{"role":"assistant"}}]}"#,
            r#"data:{"choices":[{"delta":{"content":"你"}}]}"#,
            "",
            r#"data: {"choices":[{"delta":{"content":"好"},"finish_reason":"length"}]}"#,
            r#"data: {"choices":[],"usage":{}}"#,
            "data: [DONE]\r",
        ] {
            stream.line(line.as_bytes()).unwrap();
        }
        let reply = stream.end(false).unwrap();
        assert_eq!((reply.text.as_str(), reply.finish.as_deref()), ("你好", Some("length")));
    }

    #[test]
    fn half_a_stream_is_an_error() {
        let mut stream = Stream::default();
        stream.line(r#"data: {"choices":[{"delta":{"content":"你"}}]}"#.as_bytes()).unwrap();
        assert_eq!(stream.end(false).unwrap_err().code, "half-stream");
    }

    #[test]
    fn unary_answers() {
        let reply = unary(r#"{"choices":[{"message":{"content":null,"refusal":"no"},"finish_reason":"stop"}]}"#.as_bytes()).unwrap();
        assert_eq!((reply.text.as_str(), reply.finish), ("no", None));
        assert_eq!(unary(b"<html>").unwrap_err().code, "not-json");
        let broken = unary(b"{\"choices\":[{\"message\":{\"content\":\"a\xffb\"}}]}").unwrap();
        assert!(broken.repaired && broken.text == "a\u{FFFD}b");
    }
}

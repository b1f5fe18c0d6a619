//! One message of a conversation, and how the common chat interfaces write it.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::{AskError, Retry};

/// Who said something in a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Speaker {
    /// The one who asks.
    User,
    /// The target.
    Assistant,
}

/// A file that comes with a message.
#[derive(Debug, Clone)]
pub struct Attachment {
    /// Its name; the ending says what it is.
    pub name: String,
    /// Its content.
    pub bytes: Arc<[u8]>,
}

/// One message of a conversation.
#[derive(Debug, Clone)]
pub struct Message {
    /// Who said it.
    pub speaker: Speaker,
    /// What.
    pub text: String,
    /// Files that come with it.
    pub media: Vec<Attachment>,
}

impl Message {
    /// As chat interfaces of OpenAI's kind write it: a text, or parts where files come with it.
    pub(super) fn json(&self) -> Value {
        let role = if self.speaker == Speaker::User { "user" } else { "assistant" };
        if self.media.is_empty() {
            return json!({"role": role, "content": self.text});
        }
        let files = self.media.iter().map(Attachment::part);
        let parts: Vec<Value> = files.chain([json!({"type": "text", "text": self.text})]).collect();
        json!({"role": role, "content": parts})
    }

    /// The text, for a target that takes nothing else.
    pub(super) fn text_only(&self) -> Result<&str, AskError> {
        if self.media.is_empty() {
            return Ok(&self.text);
        }
        let message = "the question comes with a file, and this target takes texts only; describe it with {{messages}}";
        Err(AskError::new("no-media", message, Retry::Settled))
    }
}

impl Attachment {
    /// Images and films as data addresses (RFC 2397), sounds as OpenAI's `input_audio`.
    fn part(&self) -> Value {
        let ending = self.name.rsplit('.').next().unwrap_or_default();
        let data = STANDARD.encode(&self.bytes);
        match ending {
            "wav" | "mp3" => json!({"type": "input_audio", "input_audio": {"data": data, "format": ending}}),
            "mp4" | "webm" => json!({"type": "video_url", "video_url": {"url": format!("data:video/{ending};base64,{data}")}}),
            _ => {
                let kind = if ending == "jpg" { "jpeg" } else { ending };
                json!({"type": "image_url", "image_url": {"url": format!("data:image/{kind};base64,{data}")}})
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_become_parts() {
        let file = |name: &str| Attachment { name: name.to_owned(), bytes: Arc::from(*b"abc") };
        let media = vec![file("a.png"), file("b.wav"), file("c.mp4"), file("d.jpg")];
        let message = Message { speaker: Speaker::User, text: "看图".to_owned(), media };
        let json = message.json();
        assert_eq!(json.pointer("/content/0/image_url/url").unwrap(), "data:image/png;base64,YWJj");
        assert_eq!(json.pointer("/content/1/input_audio/format").unwrap(), "wav");
        assert_eq!(json.pointer("/content/2/video_url/url").unwrap(), "data:video/mp4;base64,YWJj");
        assert_eq!(json.pointer("/content/3/image_url/url").unwrap(), "data:image/jpeg;base64,YWJj");
        assert_eq!(json.pointer("/content/4/text").unwrap(), "看图");
        assert!(message.text_only().is_err());
    }
}

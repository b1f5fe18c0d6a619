//! Targets: a conversation in, an answer out. One file per kind; [`Target::parse`] lists them.

mod body;
mod file;
mod http;
mod message;
mod openai;
mod sample;

use std::future::Future;
use std::pin::Pin;

use crate::bank::Question;
use crate::error::AssessError;
use crate::journal::{Reply, Settings};
pub use message::{Attachment, Message, Speaker};
pub(crate) use openai::OpenAi;

/// Why a target did not answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct AskError {
    /// Stable code, for reports: `connect`, `timeout`, `http-429`, `not-json`, `half-stream`, `too-large` …
    pub code: String,
    /// What happened and what to do.
    pub message: String,
    /// What trying again could do.
    pub retry: Retry,
}

/// What trying again could do about an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retry {
    /// It may go away, not before this long.
    After(std::time::Duration),
    /// It will not go away for this question; the next question may do better.
    Useless,
    /// It will not go away, and says nothing about the target.
    Settled,
    /// It will not go away for any question: wrong key, wrong address, wrong model.
    Fatal,
}

impl AskError {
    fn new(code: &str, message: impl Into<String>, retry: Retry) -> Self {
        Self { code: code.to_owned(), message: message.into(), retry }
    }

    /// How long the target asked to be left alone.
    pub(crate) const fn asked_wait(&self) -> std::time::Duration {
        match self.retry {
            Retry::After(wait) => wait,
            _ => std::time::Duration::ZERO,
        }
    }

    fn again(code: &str, message: impl Into<String>) -> Self {
        Self::new(code, message, Retry::After(std::time::Duration::ZERO))
    }
}

/// The future a target answers with.
pub type Answer<'a> = Pin<Box<dyn Future<Output = Result<Reply, AskError>> + 'a>>;

/// A service that answers questions.
pub trait Target {
    /// Answers the last message of a conversation about a question.
    fn ask<'a>(&'a self, question: &'a Question, conversation: &'a [Message]) -> Answer<'a>;

    /// Whether it is there at all, however busy. Asked only after a long silence.
    fn is_there<'a>(&'a self) -> Pin<Box<dyn Future<Output = bool> + 'a>> {
        Box::pin(std::future::ready(true))
    }

    /// Whether it keeps no conversation, so that only the whole question can be asked at once.
    fn answers_whole_questions(&self) -> bool {
        false
    }
}

/// Kinds of targets, with the word before the colon.
const KINDS: &str = "openai:URL, http:FILE.toml, file:ANSWERS.jsonl or sample";

/// Makes the target that `settings.target` describes.
///
/// # Errors
/// The description is not one of the known kinds, or what it names cannot be used.
pub fn open(settings: &Settings) -> Result<Box<dyn Target>, AssessError> {
    match settings.target.split_once(':') {
        _ if settings.target == "sample" => Ok(Box::new(sample::Sample::new()?)),
        Some(("openai", url)) => Ok(Box::new(openai::OpenAi::new(url, settings)?)),
        Some(("http", file)) => Ok(Box::new(http::Http::read(file, settings)?)),
        Some(("file", path)) => Ok(Box::new(file::Answers::read(path)?)),
        _ => Err(AssessError::Target(format!("--target {}: a target is {KINDS}", settings.target))),
    }
}

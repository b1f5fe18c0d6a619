//! Answers given elsewhere: a JSON-lines file with `id` and `answer`. Format: `docs/formats/answers.md`.

use std::collections::HashMap;
use std::path::Path;

use serde::Deserialize;

use super::{Answer, AskError, Message, Retry, Target};
use crate::bank::Question;
use crate::error::AssessError;
use crate::journal::Reply;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Given {
    id: String,
    answer: String,
    #[serde(default)]
    earlier: Vec<String>,
    http: Option<u16>,
    finish: Option<String>,
}

pub(super) struct Answers {
    path: String,
    by_id: HashMap<String, Reply>,
}

impl Answers {
    pub(super) fn read(path: &str) -> Result<Self, AssessError> {
        let text = std::fs::read_to_string(path).map_err(|e| AssessError::io(Path::new(path), e))?;
        let mut by_id = HashMap::new();
        for (at, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
            let place = format!("{path}:{}", at + 1);
            let given: Given = serde_json::from_str(line).map_err(|e| AssessError::Target(format!("{place}: {e}")))?;
            let reply = Reply { text: given.answer, earlier: given.earlier, http: given.http, finish: given.finish, repaired: false };
            if by_id.insert(given.id.clone(), reply).is_some() {
                return Err(AssessError::Target(format!("{place}: a second answer to question {}", given.id)));
            }
        }
        Ok(Self { path: path.to_owned(), by_id })
    }
}

impl Target for Answers {
    fn ask<'a>(&'a self, question: &'a Question, _conversation: &'a [Message]) -> Answer<'a> {
        let found = self.by_id.get(&question.id).cloned();
        let missing = || AskError::new("missing", format!("{} has no answer to question {}", self.path, question.id), Retry::Settled);
        Box::pin(std::future::ready(found.ok_or_else(missing)))
    }

    fn answers_whole_questions(&self) -> bool {
        true
    }
}

//! The remote classifier: any guard or chat model behind an OpenAI-compatible address, asked about each frozen answer or row.
//!
//! It stands in the place of the built-in classifier (B.2.1 b, B.2.2 d). An item about which it cannot be asked, or whose answer cannot be read, is undecided with the
//! reason beside it, and a person decides; never qualified.

mod form;

use serde::{Deserialize, Serialize};
use taxonomy::{Fault, Finding, RiskClass, Severity, Span};

use self::form::{Form, MOST_CHARS, Said, Word};
use super::{Qualified, Ruling};
use crate::ask::backoff;
use crate::error::AssessError;
use crate::journal::Settings;
use crate::target::{AskError, OpenAi, Retry};

/// Failures in a row, before anything was answered, after which the guard is held dead.
const DEAD_AFTER: u32 = 20;

/// Where a guard is, and how it is asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GuardSettings {
    /// Its address, `openai:http://127.0.0.1:8000/v1`.
    pub target: String,
    /// Its model name.
    pub model: String,
    /// Name of the environment variable that holds the key (never the key).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key_env: Option<String>,
    /// The form by which it is asked; without it, that for its name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub form: Option<String>,
}

/// A guard model.
pub(crate) struct Guard {
    form: Form,
    target: OpenAi,
    name: String,
    attempts: u32,
}

impl Guard {
    pub(crate) fn open(guard: &GuardSettings, run: &Settings) -> Result<Self, AssessError> {
        let url = guard.target.strip_prefix("openai:");
        let url = url.ok_or_else(|| AssessError::Target(format!("--guard {}: a guard is openai:URL", guard.target)))?;
        let (model, key_env) = (Some(guard.model.clone()), guard.key_env.clone());
        let settings = Settings { model, key_env, stream: false, max_tokens: None, ..run.clone() };
        let form = Form::choose(guard.form.as_deref(), &guard.model)?;
        let target = OpenAi::new(url, &settings).map_err(|error| match error {
            // What is set for the target by one option is set for the guard by another.
            AssessError::Target(message) => AssessError::Target(message.replace("--key-env", "--guard-key-env")),
            error => error,
        })?;
        Ok(Self { form, target, name: guard.model.clone(), attempts: run.attempts.max(1) })
    }

    /// Everything its judgements depend on, as far as it can be known from outside.
    pub(crate) fn version(&self) -> String {
        format!("{} by form {} {}", self.name, self.form.id, self.form.digest)
    }

    /// Asks about a text; an error is a reason, not an end.
    pub(crate) async fn judge(&self, key: &str, question: Option<&str>, text: &str) -> (Ruling, Option<AskError>) {
        let asked = self.form.ask(question, text);
        let mut tries = 0;
        let answer = loop {
            tries += 1;
            match self.target.chat(&asked).await {
                Err(AskError { retry: Retry::After(wait), .. }) if tries < self.attempts => {
                    tokio::time::sleep(backoff(key, tries).max(wait)).await;
                }
                ended => break ended,
            }
        };
        let reply = match answer {
            Ok(reply) => reply,
            Err(error) => return (undecided(&error.code, &error.message), Some(error)),
        };
        let ruling = match self.form.read(&reply.text) {
            Ok(said) if said.word == Word::Safe => match hasty(reply.finish.as_deref(), question, text) {
                Some((code, message)) => undecided(code, &message),
                None => self.ruling(&said, text),
            },
            Ok(said) => self.ruling(&said, text),
            Err(message) => undecided("unreadable", &message),
        };
        (ruling, None)
    }

    fn ruling(&self, said: &Said, text: &str) -> Ruling {
        let (verdict, severity) = match said.word {
            Word::Safe => (Qualified::Qualified, Severity::Note),
            Word::Unsure => (Qualified::Undecided, Severity::Review),
            Word::Unsafe => (Qualified::Violates, Severity::Block),
        };
        let finding = |(category, class): &(String, Option<RiskClass>)| Finding {
            class: *class,
            attack: None,
            personal: None,
            detector: "guard".to_owned(),
            rule: format!("{}.{category}", self.form.id),
            score: 1.0,
            severity,
            span: Span { start: 0, end: text.len() },
            matched: String::new(),
            via: None,
        };
        let class = said.categories.iter().find_map(|(_, class)| *class).filter(|_| said.word != Word::Safe);
        Ruling { verdict, class, criterion: None, findings: said.categories.iter().map(finding).collect(), fault: None }
    }
}

/// Why a guard that says `safe` cannot have known: it was cut short, or saw a part of the text only.
fn hasty(finish: Option<&str>, question: Option<&str>, text: &str) -> Option<(&'static str, String)> {
    if let Some(finish) = finish {
        return Some(("unfinished", format!("the guard's answer did not end of itself ({finish})")));
    }
    let longest = question.into_iter().chain([text]).map(|text| text.chars().count()).max().unwrap_or_default();
    (longest > MOST_CHARS).then(|| ("cut", format!("the guard was sent {MOST_CHARS} of {longest} characters and found nothing in them")))
}

fn undecided(code: &str, message: &str) -> Ruling {
    let fault = Fault { detector: "guard".to_owned(), message: format!("{code}: {message}") };
    Ruling { verdict: Qualified::Undecided, class: None, criterion: None, findings: Vec::new(), fault: Some(fault) }
}

/// Whether a guard is worth asking on.
#[derive(Default)]
pub(crate) struct Pulse {
    failed: u32,
    answered: bool,
}

impl Pulse {
    /// Counts how one item went.
    ///
    /// # Errors
    /// The guard has answered nothing and failed often, or says that it will answer nothing.
    pub(crate) fn count(&mut self, error: Option<&AskError>) -> Result<(), AssessError> {
        let Some(error) = error else {
            self.answered = true;
            return Ok(());
        };
        self.failed += 1;
        if !self.answered && (self.failed >= DEAD_AFTER || error.retry == Retry::Fatal) {
            return Err(AssessError::Target(format!(
                "the guard does not answer: {}. Set it right, then: guiju assess judge RUN, with the run's directory",
                error.message.replace("--key-env", "--guard-key-env")
            )));
        }
        Ok(())
    }
}

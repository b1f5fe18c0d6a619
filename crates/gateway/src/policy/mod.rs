//! The gateway's policy: what is done with a request and an answer once they are judged. Format: `docs/formats/gateway-policy.md`.
//!
//! Judging and acting are two tables: `[judge]` (a [`detect::Policy`]) turns findings into a decision, the rest of the file turns a decision into an action, for
//! each direction and channel. More findings never make an action milder, a fault is never passed unless the file says so, and an unknown field is an error.
//! Pure: no clock, no network, nothing is carried out here.

mod action;
mod decide;
mod file;

use detect::Direction;
use detect::classifier::Choice;
use detect::redact;

use crate::canned::Canned;
use crate::label;
use crate::setting::{SettingError, Source};
use crate::wire::Channel;

pub use action::{Action, Content, Must, Nobody, StreamMode};
pub use decide::Decided;
pub use file::{Hold, Record};

use decide::Side;
use file::File;

/// The built-in policy.
const BUILT_IN: &str = include_str!("../../data/policy.toml");

/// What is done with requests and answers.
#[derive(Debug, Clone)]
pub struct Policy {
    name: String,
    digest: String,
    request: Side,
    answer: Side,
    stream: StreamMode,
    unmask: bool,
    safer_model: Option<String>,
    scenes: Vec<String>,
    hold: Hold,
    record: Record,
    label: label::Settings,
    redact: redact::Policy,
    strikes: String,
    minors: String,
    canned: Canned,
    judge: detect::Policy,
}

/// What holds for one request: the policy's general terms, or stricter ones in a high-risk scene.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Terms {
    /// How a streamed answer is let go.
    pub stream: StreamMode,
    /// The classifier that judges requests.
    pub request_classifier: Choice,
    /// The classifier that judges answers.
    pub answer_classifier: Choice,
    /// Whether a person sees every answer before it is given (Liaoning 7.2 d).
    pub person: bool,
    /// What becomes of a held thing that nobody decides in time.
    pub nobody: Nobody,
}

impl Terms {
    /// The gravest of the actions on the parts of an answer, and at least `hold` where a person must see it.
    #[must_use]
    pub fn answer(&self, actions: impl IntoIterator<Item = Action>) -> Action {
        let least = if self.person { Action::Hold } else { Action::Pass };
        actions.into_iter().fold(least, Ord::max)
    }
}

impl Policy {
    /// Reads a policy.
    ///
    /// # Errors
    /// The text is longer than [`crate::setting::MAX_SETTING_BYTES`], no TOML, has a field that is missing, unknown or out of bounds, or names an action where
    /// it cannot be done.
    pub fn parse(text: &str) -> Result<Self, SettingError> {
        let source = Source::new("policy", text);
        let file: File = source.read()?;
        let (request, answer) = file.sides(source)?;
        let canned = match &file.canned {
            Some(own) => Canned::built_in()?.with(own.get_ref()).map_err(|message| source.error(own.span(), message))?,
            None => Canned::built_in()?,
        };
        file.label.get_ref().check().map_err(|error| source.error(file.label.span(), error.to_string()))?;
        let judge = file.judge(source)?;
        let redact = file.redact.map(|redact| masks(redact, source)).transpose()?.unwrap_or_default();
        Ok(Self {
            name: file.name,
            digest: source.digest(),
            request,
            answer,
            stream: file.answer.stream,
            unmask: file.request.unmask,
            safer_model: file.request.safer_model,
            scenes: file.scenes.high_risk,
            hold: file.hold,
            record: file.record,
            label: file.label.into_inner(),
            redact,
            strikes: file.strikes,
            minors: file.minors,
            canned,
            judge,
        })
    }

    /// The built-in policy.
    ///
    /// # Errors
    /// Never in a released build: a test reads it.
    pub fn built_in() -> Result<Self, SettingError> {
        Self::parse(BUILT_IN)
    }

    /// The text of the built-in policy: the start of every other.
    #[must_use]
    pub const fn built_in_text() -> &'static str {
        BUILT_IN
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Name and digest of the whole file.
    #[must_use]
    pub fn version(&self) -> String {
        format!("{} {}", self.name, self.digest)
    }

    /// What holds for a request in a scene. A scene that the policy does not name is an ordinary one.
    #[must_use]
    pub fn terms(&self, scene: Option<&str>) -> Terms {
        let general = Terms {
            stream: self.stream,
            request_classifier: self.request.classifier,
            answer_classifier: self.answer.classifier,
            person: false,
            nobody: self.hold.nobody,
        };
        if !scene.is_some_and(|scene| self.scenes.iter().any(|named| named == scene)) {
            return general;
        }
        // Nobody having looked is not a person having looked: in such a scene it never means to pass.
        let full = Choice::Full;
        Terms { stream: StreamMode::Full, request_classifier: full, answer_classifier: full, person: true, nobody: Nobody::Refuse }
    }

    /// The scenes in which everything is judged whole and a person sees every answer.
    #[must_use]
    pub fn high_risk_scenes(&self) -> &[String] {
        &self.scenes
    }

    /// Whether what is masked in a channel of a request is put back in the answer. What the operator, tools and searches say is not the user's own: it needs a word
    /// about that channel.
    #[must_use]
    pub fn unmasks(&self, channel: Channel) -> bool {
        let own = self.request.channels.get(&channel).and_then(|row| row.unmask);
        own.unwrap_or(self.unmask && channel.is_conversation())
    }

    /// The model that `reroute` asks.
    #[must_use]
    pub fn safer_model(&self) -> Option<&str> {
        self.safer_model.as_deref()
    }

    /// How a request or an answer is held.
    #[must_use]
    pub const fn hold(&self) -> &Hold {
        &self.hold
    }

    /// What is recorded, and for how long.
    #[must_use]
    pub const fn record(&self) -> &Record {
        &self.record
    }

    /// How generated content is labelled.
    #[must_use]
    pub const fn label(&self) -> &label::Settings {
        &self.label
    }

    /// What a mask does to which kind of personal information.
    #[must_use]
    pub const fn redact(&self) -> &redact::Policy {
        &self.redact
    }

    /// The name of the strike rules.
    #[must_use]
    pub fn strikes(&self) -> &str {
        &self.strikes
    }

    /// The name of the rules on minors.
    #[must_use]
    pub fn minors(&self) -> &str {
        &self.minors
    }

    /// What is said instead.
    #[must_use]
    pub const fn canned(&self) -> &Canned {
        &self.canned
    }

    /// The policy that turns findings into decisions, for the pipelines.
    #[must_use]
    pub const fn judge(&self) -> &detect::Policy {
        &self.judge
    }

    const fn side(&self, direction: Direction) -> &Side {
        match direction {
            Direction::Input => &self.request,
            // Nothing goes into a corpus here; were it asked, the stricter side answers.
            Direction::Output | Direction::Corpus => &self.answer,
        }
    }
}

/// What is masked, and how: by operators that need no secret, for a gateway has none.
fn masks(redact: toml::Spanned<redact::Policy>, source: Source<'_>) -> Result<redact::Policy, SettingError> {
    let span = redact.span();
    let redactor = redact::Redactor::new(redact.into_inner(), &redact::Secrets::default());
    redactor.map(|redactor| redactor.policy().clone()).map_err(|error| {
        source.error(span, format!("[redact]: {error}, and a gateway holds no secret for it; write `mask`, `replace`, `drop` or `keep`"))
    })
}

#[cfg(test)]
mod tests;

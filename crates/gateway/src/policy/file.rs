//! The file as it is written, and what is checked once it is read.

use std::collections::BTreeMap;

use detect::classifier::Choice;
use detect::redact;
use serde::Deserialize;
use taxonomy::Severity;
use toml::Spanned;

use super::action::{Action, Content, Must, Nobody, StreamMode};
use super::decide::{Row, Side};
use crate::canned;
use crate::label;
use crate::rulesets;
use crate::setting::{self, SettingError, Source};
use crate::wire::Channel;

/// Most scenes, kinds of opaque things: far more than anybody has, and a bound.
const MOST_NAMES: usize = 256;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    #[serde(deserialize_with = "setting::format_one")]
    #[expect(dead_code, reason = "read to be checked")]
    format: u32,
    #[serde(deserialize_with = "setting::plain_name")]
    pub(super) name: String,
    /// The name of the strike rules.
    #[serde(deserialize_with = "setting::plain_name")]
    pub(super) strikes: String,
    /// The name of the rules on minors.
    #[serde(default = "default_set", deserialize_with = "setting::plain_name")]
    pub(super) minors: String,
    pub(super) request: Request,
    pub(super) answer: Answer,
    #[serde(default)]
    pub(super) scenes: Scenes,
    pub(super) hold: Hold,
    pub(super) record: Record,
    pub(super) label: Spanned<label::Settings>,
    pub(super) redact: Option<Spanned<redact::Policy>>,
    pub(super) canned: Option<Spanned<canned::Overrides>>,
    judge: Option<Spanned<toml::Table>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Request {
    classifier: Choice,
    #[serde(default)]
    pub(super) unmask: bool,
    pub(super) safer_model: Option<String>,
    actions: Actions,
    opaque: BTreeMap<String, Spanned<Action>>,
    #[serde(default)]
    channels: BTreeMap<Channel, Spanned<Override>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Answer {
    classifier: Choice,
    pub(super) stream: StreamMode,
    actions: Actions,
    opaque: BTreeMap<String, Spanned<Action>>,
    #[serde(default)]
    channels: BTreeMap<Channel, Spanned<Override>>,
}

/// What follows from each decision, and from a fault.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Actions {
    pass: Spanned<Action>,
    mask: Spanned<Action>,
    hold: Spanned<Action>,
    refuse: Spanned<Action>,
    fault: Spanned<Action>,
}

/// The same for one channel; what is not given is as in the general row.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Override {
    least: Option<Severity>,
    unmask: Option<Spanned<bool>>,
    pass: Option<Spanned<Action>>,
    mask: Option<Spanned<Action>>,
    hold: Option<Spanned<Action>>,
    refuse: Option<Spanned<Action>>,
    fault: Option<Spanned<Action>>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Scenes {
    #[serde(default, deserialize_with = "scenes")]
    pub(super) high_risk: Vec<String>,
}

/// How a request or an answer is held for a person.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hold {
    /// How long the client waits on the open connection before it gets 202 and a ticket, in milliseconds: 0 to 120,000 (proxies and SDKs seldom wait longer).
    #[serde(deserialize_with = "setting::within::<_, 0, 120000>")]
    pub wait_ms: u32,
    /// How long a person has to decide, in minutes: 1 to 10,080, a week.
    #[serde(deserialize_with = "setting::within::<_, 1, 10080>")]
    pub decide_minutes: u32,
    /// What follows then.
    pub nobody: Nobody,
}

/// What is recorded.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Record {
    /// How much of the content.
    pub content: Content,
    /// For how many days the content can be opened: 184, six months at their longest (Cybersecurity Law article 23), to 3,650.
    #[serde(deserialize_with = "setting::within::<_, 184, 3650>")]
    pub days: u32,
    /// What must be recorded before anything leaves us; what need not is still recorded, and counted where it could not be.
    pub must: Must,
}

impl File {
    /// The two sides, with every action where it can be done.
    pub(super) fn sides(&self, source: Source<'_>) -> Result<(Side, Side), SettingError> {
        let (request, answer) = (&self.request, &self.answer);
        let check = Check { source, requests: true, reroute: request.safer_model.is_some() };
        let input = check.side(request.classifier, &request.actions, &request.opaque, &request.channels)?;
        let check = Check { requests: false, ..check };
        let output = check.side(answer.classifier, &answer.actions, &answer.opaque, &answer.channels)?;
        Ok((input, output))
    }

    /// The judging policy: the inline one, or the built-in.
    pub(super) fn judge(&self, source: Source<'_>) -> Result<detect::Policy, SettingError> {
        let Some(table) = &self.judge else { return Ok(detect::Policy::default()) };
        let at = || table.span();
        let text = toml::to_string(table.get_ref()).map_err(|error| source.error(at(), format!("[judge]: {error}")))?;
        // The judge reads the table as a file of its own, where lines are others: ours is where the table begins, its last line says what is wrong.
        detect::Policy::parse(&text).map_err(|error| {
            let message = error.to_string();
            source.error(
                at(),
                format!("[judge] does not follow docs/formats/policy.md: {}", message.trim().lines().last().unwrap_or_default()),
            )
        })
    }
}

fn default_set() -> String {
    rulesets::DEFAULT.to_owned()
}

/// Names of scenes.
fn scenes<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    let names = Vec::<String>::deserialize(deserializer)?;
    if names.len() <= MOST_NAMES && names.iter().all(|name| setting::is_plain(name)) {
        return Ok(names);
    }
    Err(serde::de::Error::custom(format!("scenes are at most {MOST_NAMES} names of a-z, 0-9, `-`, `_` and `.`")))
}

/// Which actions can be done on one side.
#[derive(Clone, Copy)]
struct Check<'a> {
    source: Source<'a>,
    /// Requests, or answers.
    requests: bool,
    /// Whether a safer model is named.
    reroute: bool,
}

impl Check<'_> {
    fn side(
        self,
        classifier: Choice,
        actions: &Actions,
        opaque: &BTreeMap<String, Spanned<Action>>,
        channels: &BTreeMap<Channel, Spanned<Override>>,
    ) -> Result<Side, SettingError> {
        let general = Row {
            least: Severity::Note,
            pass: self.spanless(&actions.pass, "pass")?,
            mask: self.action(&actions.mask)?,
            hold: self.action(&actions.hold)?,
            refuse: self.action(&actions.refuse)?,
            fault: self.spanless(&actions.fault, "fault")?,
            unmask: None,
        };
        let channels =
            channels.iter().map(|(channel, row)| Ok((*channel, self.channel(*channel, row, general)?))).collect::<Result<_, _>>()?;
        let (opaque, any_opaque) = self.opaque(opaque)?;
        Ok(Side { classifier, general, channels, opaque, any_opaque })
    }

    fn channel(self, channel: Channel, row: &Spanned<Override>, general: Row) -> Result<Row, SettingError> {
        if !(if self.requests { channel.in_requests() } else { channel.in_answers() }) {
            let side = if self.requests { "requests" } else { "answers" };
            return Err(self.source.error(row.span(), format!("no text of {side} stands in the channel `{channel}`")));
        }
        let row = row.get_ref();
        if let Some(unmask) = row.unmask.as_ref().filter(|_| !self.requests) {
            return Err(self.source.error(unmask.span(), "`unmask` is said of requests: what is masked in an answer stays masked"));
        }
        let or = |given: &Option<Spanned<Action>>, general| given.as_ref().map_or(Ok(general), |action| self.action(action));
        Ok(Row {
            least: row.least.unwrap_or(general.least),
            pass: row.pass.as_ref().map_or(Ok(general.pass), |action| self.spanless(action, "pass"))?,
            mask: or(&row.mask, general.mask)?,
            hold: or(&row.hold, general.hold)?,
            refuse: or(&row.refuse, general.refuse)?,
            fault: row.fault.as_ref().map_or(Ok(general.fault), |action| self.spanless(action, "fault"))?,
            unmask: row.unmask.as_ref().map(|unmask| *unmask.get_ref()),
        })
    }

    fn opaque(self, given: &BTreeMap<String, Spanned<Action>>) -> Result<(BTreeMap<String, Action>, Action), SettingError> {
        let mut actions = BTreeMap::new();
        for (kind, action) in given {
            let known = matches!(action.get_ref(), Action::Pass | Action::Hold | Action::Refuse);
            if !known || actions.len() >= MOST_NAMES || !setting::is_plain(kind) {
                return Err(self.source.error(action.span(), "an opaque thing is passed, held or refused; its kind is a plain name"));
            }
            actions.insert(kind.clone(), *action.get_ref());
        }
        let any = actions.remove("any").unwrap_or(Action::Refuse);
        Ok((actions, any))
    }

    /// An action where nothing was found, so that there is nothing to mask.
    fn spanless(self, action: &Spanned<Action>, row: &str) -> Result<Action, SettingError> {
        if *action.get_ref() == Action::Mask {
            return Err(self.source.error(action.span(), format!("`{row}` cannot be `mask`: no span was found")));
        }
        self.action(action)
    }

    fn action(self, action: &Spanned<Action>) -> Result<Action, SettingError> {
        let why = match action.get_ref() {
            Action::Reroute if !self.requests => "an answer cannot be rerouted: the model has answered already",
            Action::Reroute if !self.reroute => "`reroute` needs `safer_model` in [request]",
            action => return Ok(*action),
        };
        Err(self.source.error(action.span(), why))
    }
}

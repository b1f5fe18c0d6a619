//! Alarms: when the operator is told that something is wrong (`docs/formats/alarms.md`).
//!
//! Rules are data; what was counted is one [`Counts`] a turn; [`Watch`] holds the two against each other and says what began and what ended. Pure: it has no clock and
//! no store. An alarm is raised by one threshold and cleared by a lower one, each for as long as the rule says, so that it does not flap. It takes no action: who is
//! told, and what they do, is not its matter.

mod tally;
mod turn;
mod watch;

use serde::{Deserialize, Serialize};

use crate::setting::{self, SettingError, Source};

pub(crate) use tally::Tally;
pub(crate) use turn::Alarms;
pub use watch::{Counts, State, Turned, Watch};

const BUILT_IN: &str = include_str!("../../data/alarms.toml");

/// Most rules of a file: each is a line on one screen.
pub const MAX_ALARMS: usize = 64;

/// Longest window, s: an hour. Longer ones are what the operator's own metrics store is for; the counts of an hour are some 60 kB here.
const MAX_WINDOW_S: u32 = 3_600;

/// Longest time that something must last, s: a day.
const MAX_FOR_S: u32 = 86_400;

/// Longest words for people: two sentences.
const MAX_WORDS_CHARS: usize = 300;

taxonomy::words! {
    /// What is watched.
    Metric, "metric of an alarm (attack_rate, block_rate, fault_rate, upstream_error_rate, not_recorded, held, jobs)", {
        AttackRate = "attack_rate", "攻击占比", "requests in which an attack was found, of those let in";
        BlockRate = "block_rate", "拦截占比", "requests that were refused or held, of those that have an outcome";
        FaultRate = "fault_rate", "检测故障占比", "texts on which a detector failed, of those judged";
        UpstreamErrorRate = "upstream_error_rate", "模型服务出错占比", "requests on which the model service failed, of those that have an outcome";
        NotRecorded = "not_recorded", "未能入账数", "requests that could not be recorded";
        Held = "held", "待人工处理数", "requests and answers that wait for a person";
        Jobs = "jobs", "待办任务数", "jobs that are due and not begun";
    }
}

taxonomy::words! {
    /// How soon somebody should look.
    Severity, "severity of an alarm (notice, warning, critical)", {
        Notice = "notice", "提示", "some time today";
        Warning = "warning", "警告", "soon";
        Critical = "critical", "严重", "now";
    }
}

impl Metric {
    /// Whether it is looked at over a window. A backlog is what it is now.
    const fn has_window(self) -> bool {
        !matches!(self, Self::Held | Self::Jobs)
    }

    /// Whether it is a share, from 0 to 1.
    const fn is_rate(self) -> bool {
        matches!(self, Self::AttackRate | Self::BlockRate | Self::FaultRate | Self::UpstreamErrorRate)
    }
}

/// When something is an alarm.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Alarm {
    /// Its name, in records and metrics.
    #[serde(deserialize_with = "setting::plain_name")]
    pub name: String,
    /// What is watched.
    pub metric: Metric,
    /// Over the last so many seconds; not for a backlog.
    #[serde(default)]
    pub window_s: u32,
    /// Of fewer, in the window, a share says nothing.
    #[serde(default)]
    pub least: u64,
    /// It is raised at this value.
    pub raise: f64,
    /// It is cleared below this value.
    pub clear: f64,
    /// Seconds that it must have been so, either way.
    #[serde(deserialize_with = "setting::within::<_, 0, MAX_FOR_S>")]
    pub for_s: u32,
    /// How soon somebody should look.
    pub severity: Severity,
    /// What it means and what to do, in Chinese.
    pub zh: String,
    /// The same in English.
    pub en: String,
}

/// The rules.
#[derive(Debug, Clone)]
pub struct Rules {
    file: File,
    digest: String,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(deserialize_with = "setting::format_one")]
    #[expect(dead_code, reason = "read to be checked")]
    format: u32,
    #[serde(deserialize_with = "setting::plain_name")]
    name: String,
    #[serde(deserialize_with = "setting::within::<_, 1, 60>")]
    every_s: u32,
    #[serde(rename = "alarm", default)]
    alarms: Vec<Alarm>,
}

impl Rules {
    /// Reads rules.
    ///
    /// # Errors
    /// The text is no TOML, a field is missing, unknown or out of bounds, or thresholds contradict each other.
    pub fn parse(text: &str) -> Result<Self, SettingError> {
        let source = Source::new("alarms", text);
        let file: File = source.read()?;
        if file.alarms.len() > MAX_ALARMS {
            return Err(source.error(0..0, format!("there are {} alarms, the limit is {MAX_ALARMS}", file.alarms.len())));
        }
        for (at, alarm) in file.alarms.iter().enumerate() {
            let wrong = alarm.wrong().or_else(|| {
                let twice = file.alarms.iter().take(at).any(|other| other.name == alarm.name);
                twice.then(|| "another alarm has this name".to_owned())
            });
            if let Some(wrong) = wrong {
                return Err(source.error(source.find(&format!("\"{}\"", alarm.name)), format!("alarm `{}`: {wrong}", alarm.name)));
            }
        }
        Ok(Self { file, digest: source.digest() })
    }

    /// The built-in rules.
    ///
    /// # Errors
    /// Never in a released build: a test reads them.
    pub fn built_in() -> Result<Self, SettingError> {
        Self::parse(BUILT_IN)
    }

    /// Name and digest.
    #[must_use]
    pub fn version(&self) -> String {
        format!("{} {}", self.file.name, self.digest)
    }

    /// How often it is looked, s.
    #[must_use]
    pub const fn every_s(&self) -> u32 {
        self.file.every_s
    }

    /// The alarms, in the order of the file.
    #[must_use]
    pub fn alarms(&self) -> &[Alarm] {
        &self.file.alarms
    }
}

impl Alarm {
    /// What contradicts what, if anything does.
    fn wrong(&self) -> Option<String> {
        let (metric, window) = (self.metric.id(), self.window_s);
        let is_within = |value: f64| value.is_finite() && value >= 0.0 && (!self.metric.is_rate() || value <= 1.0);
        let words = [&self.zh, &self.en];
        if self.metric.has_window() && !(10..=MAX_WINDOW_S).contains(&window) {
            Some(format!("`window_s` of `{metric}` is within 10 to {MAX_WINDOW_S}"))
        } else if !self.metric.has_window() && window != 0 {
            Some(format!("`{metric}` is what waits now and has no `window_s`"))
        } else if !self.metric.is_rate() && self.least != 0 {
            Some(format!("`{metric}` is no share and has no `least`"))
        } else if !is_within(self.raise) || !is_within(self.clear) || self.raise <= 0.0 {
            Some("`raise` is above 0 and `clear` is not below it; of a share both are at most 1".to_owned())
        } else if self.clear > self.raise {
            Some("`clear` is not above `raise`, or it would be cleared and raised by the same value".to_owned())
        } else if words.iter().any(|words| words.is_empty() || words.chars().count() > MAX_WORDS_CHARS) {
            Some(format!("`zh` and `en` have 1 to {MAX_WORDS_CHARS} characters"))
        } else if words.iter().any(|words| words.chars().any(char::is_control)) {
            Some("`zh` and `en` are one line each".to_owned())
        } else {
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_metric_has_a_built_in_alarm() {
        let rules = Rules::built_in().unwrap();
        for metric in Metric::ALL {
            assert!(rules.alarms().iter().any(|alarm| alarm.metric == *metric), "{}", metric.id());
        }
        assert!(rules.version().starts_with("default ") && rules.every_s() == 5);
    }

    #[test]
    fn what_contradicts_itself_is_refused_with_its_line() {
        for (from, to, says) in [
            ("raise    = 0.10", "raise    = 1.5", "at most 1"),
            ("raise    = 0.10", "raise    = 0", "above 0"),
            ("clear    = 0.05", "clear    = 0.2", "not above"),
            ("window_s = 300", "window_s = 5", "within 10"),
            ("metric   = \"held\"", "metric   = \"held\"\nwindow_s = 60", "no `window_s`"),
            ("metric   = \"not_recorded\"", "metric   = \"not_recorded\"\nleast = 5", "no `least`"),
            ("name     = \"blocks\"", "name     = \"attacks\"", "another alarm"),
            ("metric   = \"held\"", "metric   = \"helt\"", "held"),
            ("severity = \"critical\"", "severity = \"bad\"", "severity"),
            ("zh = \"模型服务出错增多。\"", "zh = \"\"", "1 to 300"),
            ("every_s = 5", "every_s = 0", "within 1"),
        ] {
            let text = BUILT_IN.replacen(from, to, 1);
            assert_ne!(text, BUILT_IN, "{from}");
            let error = Rules::parse(&text).unwrap_err();
            assert!(error.to_string().contains(says) && error.line > 1, "{to}: {error}");
        }
    }
}

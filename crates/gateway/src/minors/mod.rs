//! Minors' mode: how long, when and what (GB/T 45654-2025, 7 a; `docs/formats/minors.md`).
//!
//! Pure: profile, local time and time used in, a verdict out. Off unless switched on. A guardian may always allow less; more only where the rules say so.
//! It does not find out anybody's age: the profile says it.

mod hours;
mod limits;

use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};
use serde::{Deserialize, Serialize};

use crate::setting::{self, SettingError, Source};

pub use hours::Night;
pub use limits::{Guardian, Limits};

const BUILT_IN: &str = include_str!("../../data/minors.toml");

/// Adults from here on (Law on the protection of minors, article 2).
const ADULT_YEARS: u8 = 18;

const MINUTE_MS: u64 = 60_000;

taxonomy::words! {
    /// Whose long use is remarked on.
    Remind, "who is reminded (minors or everyone)", {
        Minors = "minors", "未成年人", "minors";
        Everyone = "everyone", "所有用户", "everyone";
    }
}

taxonomy::words! {
    /// How somebody of unknown age is treated.
    Unknown, "treatment of unknown age (adult or minor)", {
        Adult = "adult", "按成年人", "as an adult";
        Minor = "minor", "按最低年龄段", "as of the youngest band";
    }
}

/// The rules.
#[derive(Debug, Clone)]
pub struct Rules {
    file: File,
    digest: String,
    zone: TimeZone,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(deserialize_with = "setting::format_one")]
    #[expect(dead_code, reason = "read to be checked")]
    format: u32,
    #[serde(deserialize_with = "setting::plain_name")]
    name: String,
    on: bool,
    zone: String,
    unknown: Unknown,
    guardian_may_loosen: bool,
    remind: Reminder,
    #[serde(rename = "band")]
    bands: Vec<Band>,
}

/// When long use is remarked on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reminder {
    /// Whose.
    pub who: Remind,
    /// Minutes of use without a break: 1 to 1,440.
    #[serde(deserialize_with = "setting::within::<_, 1, 1440>")]
    pub after_minutes: u32,
}

/// What holds below an age.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Band {
    /// The age in years that is not reached yet.
    pub below: u8,
    /// Minutes a day: at most 1,440.
    #[serde(deserialize_with = "setting::within::<_, 0, 1440>")]
    pub minutes: u32,
    /// Hours off.
    pub night: Option<Night>,
    /// Models that may be used; all if there is no list.
    pub models: Option<Vec<String>>,
    /// Features that may be used; all if there is no list.
    pub features: Option<Vec<String>>,
    /// The gateway policy that judges this band's content; the service's own if there is none.
    pub policy: Option<String>,
}

/// What is known of somebody's age.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Age {
    /// Eighteen or more.
    Adult,
    /// Nothing is known.
    #[default]
    Unknown,
    /// Under eighteen; the years if they are known, the youngest band if not.
    Minor(Option<u8>),
}

/// A user, as far as this mode asks.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Profile {
    /// The age.
    #[serde(default)]
    pub age: Age,
    /// What a guardian set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub guardian: Option<Guardian>,
}

/// Time used so far, in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Used {
    /// On this local day.
    pub today_ms: u64,
    /// Without a break, and not yet reminded of.
    pub without_break_ms: u64,
}

/// Why a request is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// The day's time is used up.
    Time,
    /// It is night.
    Night,
}

/// What holds for a request now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It comes in.
    Go,
    /// It comes in, and the user is reminded to rest.
    Remind,
    /// It does not.
    Refuse {
        /// Why.
        why: Why,
        /// From when on it would, if nothing else changes.
        until: Timestamp,
    },
}

impl Rules {
    /// Reads rules.
    ///
    /// # Errors
    /// The text is no TOML, a field is missing, unknown or out of bounds, the time zone is not known to this machine, or bands are not ascending to 18.
    pub fn parse(text: &str) -> Result<Self, SettingError> {
        let source = Source::new("minors", text);
        let file: File = source.read()?;
        let ascending = file.bands.windows(2).all(|two| matches!(two, [a, b] if a.below < b.below));
        if !ascending || file.bands.last().is_none_or(|band| band.below != ADULT_YEARS) {
            return Err(source.error(source.find("[[band]]"), "bands are in ascending order of `below`, and the last ends at 18"));
        }
        let zone = zone(&file.zone)
            .ok_or_else(|| source.error(source.find("zone"), "the time zone is not known here; `Asia/Shanghai` always is"))?;
        Ok(Self { file, digest: source.digest(), zone })
    }

    /// The built-in rules, switched off.
    ///
    /// # Errors
    /// Never in a released build: a test reads them.
    pub fn built_in() -> Result<Self, SettingError> {
        Self::parse(BUILT_IN)
    }

    /// Their name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.file.name
    }

    /// Name and digest.
    #[must_use]
    pub fn version(&self) -> String {
        format!("{} {}", self.file.name, self.digest)
    }

    /// Whether the mode is switched on.
    #[must_use]
    pub const fn on(&self) -> bool {
        self.file.on
    }

    /// The name of the time zone.
    #[must_use]
    pub fn zone(&self) -> &str {
        &self.file.zone
    }

    /// The bands, youngest first.
    #[must_use]
    pub fn bands(&self) -> &[Band] {
        &self.file.bands
    }

    /// When long use is remarked on.
    #[must_use]
    pub const fn reminder(&self) -> Reminder {
        self.file.remind
    }

    /// How somebody of unknown age is treated.
    #[must_use]
    pub const fn unknown(&self) -> Unknown {
        self.file.unknown
    }

    /// Whether a guardian may allow more than the band does.
    #[must_use]
    pub const fn guardian_may_loosen(&self) -> bool {
        self.file.guardian_may_loosen
    }

    /// A moment as local time, for [`Self::check`] and for the name of the day that use is counted on.
    #[must_use]
    pub fn local(&self, now: Timestamp) -> Zoned {
        now.to_zoned(self.zone.clone())
    }

    /// What holds for somebody; `None` for an adult, and for everybody while the mode is off.
    #[must_use]
    pub fn limits(&self, profile: &Profile) -> Option<Limits> {
        let band = self.band(profile.age).filter(|_| self.file.on)?;
        Some(Limits::of(band, profile.guardian.as_ref(), self.file.guardian_may_loosen))
    }

    /// Whether a request may come in now.
    #[must_use]
    pub fn check(&self, profile: &Profile, local: &Zoned, used: Used) -> Verdict {
        let limits = self.limits(profile);
        if let Some(limits) = &limits {
            if let Some(until) = hours::off_until(&limits.nights, local) {
                return Verdict::Refuse { why: Why::Night, until };
            }
            if used.today_ms >= u64::from(limits.minutes) * MINUTE_MS {
                return Verdict::Refuse { why: Why::Time, until: hours::tomorrow(local, &limits.nights) };
            }
        }
        let reminded = self.file.on && (limits.is_some() || self.file.remind.who == Remind::Everyone);
        let long = used.without_break_ms >= u64::from(self.file.remind.after_minutes) * MINUTE_MS;
        if reminded && long { Verdict::Remind } else { Verdict::Go }
    }

    fn band(&self, age: Age) -> Option<&Band> {
        match (age, self.file.unknown) {
            (Age::Adult, _) | (Age::Unknown, Unknown::Adult) => None,
            (Age::Unknown, Unknown::Minor) | (Age::Minor(None), _) => self.file.bands.first(),
            (Age::Minor(Some(years)), _) => self.file.bands.iter().find(|band| years < band.below),
        }
    }
}

/// A time zone by its name. China has one zone and no summer time, so that machines without a zone database still know it.
pub(crate) fn zone(name: &str) -> Option<TimeZone> {
    TimeZone::get(name).ok().or_else(|| (name == "Asia/Shanghai").then(|| TimeZone::fixed(jiff::tz::offset(8))))
}

#[cfg(test)]
mod tests;

//! Hours off, by the clock on the wall.

use jiff::civil::Time;
use jiff::{Timestamp, ToSpan, Zoned};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Hours off: from one time of the day to another, over midnight if the second is earlier. The first belongs to them, the second does not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Night {
    /// Their beginning, `22:00`.
    #[serde(deserialize_with = "read", serialize_with = "write")]
    pub from: Time,
    /// Their end, `06:00`.
    #[serde(deserialize_with = "read", serialize_with = "write")]
    pub to: Time,
}

impl Night {
    /// Whether a time of the day lies in them.
    #[must_use]
    pub fn has(self, time: Time) -> bool {
        if self.from <= self.to { self.from <= time && time < self.to } else { time >= self.from || time < self.to }
    }
}

/// When the hours off end that `local` lies in, several that touch taken together; `None` outside of all.
pub(super) fn off_until(nights: &[Night], local: &Zoned) -> Option<Timestamp> {
    let mut at = local.clone();
    // Each turn leaves one stretch; a day that is off from end to end leaves none, and then the first end is as good as any.
    for _ in 0..=nights.len() {
        let Some(night) = nights.iter().find(|night| night.has(at.time())) else { break };
        at = next(&at, night.to).to_zoned(local.time_zone().clone());
    }
    (at != *local).then(|| at.timestamp())
}

/// When a new day's time may be used: from midnight, or from the end of the hours off that lie over it.
pub(super) fn tomorrow(local: &Zoned, nights: &[Night]) -> Timestamp {
    let midnight = next(local, Time::midnight());
    off_until(nights, &midnight.to_zoned(local.time_zone().clone())).unwrap_or(midnight)
}

/// The next moment after `local` at which the clock on the wall shows `time`. Where there is none (beyond the year 9999) it is now.
fn next(local: &Zoned, time: Time) -> Timestamp {
    let today = || local.with().time(time).build().ok().filter(|at| at > local);
    let tomorrow = || local.checked_add(1.day()).ok()?.with().time(time).build().ok();
    today().or_else(tomorrow).map_or_else(|| local.timestamp(), |at| at.timestamp())
}

fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Time, D::Error> {
    let text = String::deserialize(deserializer)?;
    Time::strptime("%H:%M", &text).map_err(|_| serde::de::Error::custom("a time of the day is written `22:00`"))
}

fn write<S: Serializer>(time: &Time, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&time.strftime("%H:%M"))
}

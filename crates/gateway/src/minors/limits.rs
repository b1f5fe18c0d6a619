//! What holds for one user: the band, and what a guardian set.

use serde::{Deserialize, Serialize};

use super::{Band, Night};

/// What a guardian set. What is not given is as in the band.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Guardian {
    /// Minutes a day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub minutes: Option<u32>,
    /// Hours off.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub night: Option<Night>,
    /// Models that may be used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub models: Option<Vec<String>>,
    /// Features that may be used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub features: Option<Vec<String>>,
}

/// What holds for one user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Minutes a day.
    pub minutes: u32,
    /// Hours off: the band's and the guardian's.
    pub nights: Vec<Night>,
    /// The gateway policy that judges the content; the service's own if there is none.
    pub policy: Option<String>,
    /// Lists that all must name a model.
    models: Vec<Vec<String>>,
    /// The same for features.
    features: Vec<Vec<String>>,
}

impl Limits {
    pub(super) fn of(band: &Band, guardian: Option<&Guardian>, may_loosen: bool) -> Self {
        let own = guardian.cloned().unwrap_or_default();
        let minutes = own.minutes.map_or(band.minutes, |minutes| if may_loosen { minutes } else { minutes.min(band.minutes) });
        Self {
            minutes,
            nights: both(band.night, own.night, may_loosen),
            policy: band.policy.clone(),
            models: both(band.models.clone(), own.models, may_loosen),
            features: both(band.features.clone(), own.features, may_loosen),
        }
    }

    /// Whether a model may be used.
    #[must_use]
    pub fn allows_model(&self, model: &str) -> bool {
        self.models.iter().all(|list| list.iter().any(|name| name == model))
    }

    /// Whether a feature (`tools`, `images`, a scene) may be used.
    #[must_use]
    pub fn allows_feature(&self, feature: &str) -> bool {
        self.features.iter().all(|list| list.iter().any(|name| name == feature))
    }
}

/// What the band says and what the guardian says both hold; the guardian's alone where it may loosen.
fn both<T>(band: Option<T>, own: Option<T>, may_loosen: bool) -> Vec<T> {
    let band = if may_loosen && own.is_some() { None } else { band };
    band.into_iter().chain(own).collect()
}

//! Who asks, and whether they may now: key, user, standing, hours, switches, models, limits. Nothing is judged here, and nothing is read of what is asked but its
//! facts.

use std::sync::Arc;
use std::time::Instant;

use axum::http::{HeaderMap, header};
use store::guard::{Age, Profile, Standing, Training, Whom, client_key_digest};
use taxonomy::Lang;

use crate::Gateway;
use crate::ask::Ask;
use crate::canned::{Facts, Occasion, Reason};
use crate::limits::{Allowance, Place};
use crate::live::{Granted, Key, Live, Ruled};
use crate::minors;
use crate::policy::Terms;
use crate::problem::Problem;
use crate::strikes::{self, Admission};
use crate::wire::Endpoint;

/// Who asks.
pub(crate) struct Caller {
    key: Option<Arc<Key>>,
    /// The person, by the label of the store; none where no user is named.
    pub(crate) person: Option<String>,
    /// The name by which the person's content is sealed: the user, or the key where no user is named.
    pub(crate) sealed_for: String,
    /// How the person stands.
    pub(crate) standing: Option<Standing>,
    /// The age, and what a guardian set.
    pub(crate) profile: minors::Profile,
    /// What was said about training.
    pub(crate) training: Training,
    /// What holds for minors under the policy of the key.
    minors: Arc<minors::Rules>,
}

/// The policy of a request.
pub(crate) struct Law {
    /// What holds.
    pub(crate) ruled: Arc<Ruled>,
    /// What is tried beside it.
    pub(crate) shadow: Option<Arc<Ruled>>,
    /// What holds in this scene.
    pub(crate) terms: Terms,
}

/// The key that a client shows.
pub(crate) fn key(gateway: &Gateway, live: &Live, headers: &HeaderMap) -> Result<Option<Arc<Key>>, Problem> {
    let wrong = |what: &str| Problem::new(401, "invalid_api_key", what);
    let shown = headers.get(header::AUTHORIZATION).or_else(|| headers.get("api-key"));
    let shown = shown.map(|value| value.to_str().map_err(|_| wrong("the key has signs that no key has"))).transpose()?;
    let secret = shown.map(|value| value.strip_prefix("Bearer ").unwrap_or(value).trim());
    let found = secret.and_then(client_key_digest).and_then(|digest| live.key(&digest, gateway.now_ms()));
    match (found, gateway.config.keys_required) {
        (Some(key), _) => Ok(Some(Arc::clone(key))),
        (None, false) => Ok(None),
        (None, true) if secret.is_none() => Err(wrong("no key; send `Authorization: Bearer KEY`, a key is made with `guiju client add`")),
        (None, true) => Err(wrong("this key is not known, has expired or was revoked")),
    }
}

/// Lets a program in that only has something judged: its policy, its place, its name in records.
pub(crate) fn program(gateway: &Gateway, live: &Live, key: Option<&Key>) -> Result<(Law, Place, String), Problem> {
    let granted = key.map(|key| &key.granted);
    let id = key.map_or("", |key| key.row.key.as_str());
    let place = gateway.limiter.enter(id, allowance(gateway, granted), Instant::now())?;
    let (ruled, shadow) = live.ruled(granted.and_then(|granted| granted.policy.as_deref()));
    let terms = ruled.policy.terms(granted.and_then(|granted| granted.scene.as_deref()));
    Ok((Law { ruled: Arc::clone(ruled), shadow: shadow.cloned(), terms }, place, by(id)))
}

/// The name of a client in records.
pub(crate) fn by(key: &str) -> String {
    if key.is_empty() { "gateway".to_owned() } else { format!("client:{key}") }
}

fn allowance(gateway: &Gateway, granted: Option<&Granted>) -> Allowance {
    let limits = &gateway.config.limits;
    Allowance {
        per_minute: granted.and_then(|granted| granted.requests_per_minute).unwrap_or(limits.key_requests_per_minute),
        at_once: granted.and_then(|granted| granted.requests).unwrap_or(limits.key_requests),
    }
}

impl Caller {
    /// Who asks, with what is known of them.
    pub(crate) async fn of(gateway: &Gateway, live: &Live, key: Option<Arc<Key>>, ask: &Ask) -> Result<Self, Problem> {
        let word = |key: &Option<Arc<Key>>| key.as_ref().map_or_else(|| "open".to_owned(), |key| key.row.key.clone());
        if ask.user.is_none() && key.as_ref().is_some_and(|key| key.granted.user_required) {
            return Err(Problem::new(400, "user_missing", "with this key each request names its user, in `user` or `safety_identifier`")
                .about("user"));
        }
        let person = match &ask.user {
            Some(user) => Some(gateway.tenant.person_label(user).await.map_err(|_| gateway.unrecorded())?),
            None => None,
        };
        let of_person = person.as_ref().and_then(|person| live.profile(&Whom::Person(person.clone())));
        let of_key = key.as_ref().and_then(|key| live.profile(&Whom::Key(key.row.key.clone())));
        let training = [of_person, of_key].into_iter().flatten().map(|profile| profile.training).find(|choice| *choice != Training::Unset);
        let granted = key.as_ref().and_then(|key| key.granted.age.as_deref()).and_then(|age| age.parse().ok());
        let policy = &live.ruled(key.as_ref().and_then(|key| key.granted.policy.as_deref())).0.policy;
        let caller = Self {
            minors: Arc::clone(gateway.rulesets.minors(policy)),
            standing: person.as_ref().and_then(|person| live.standing(person)).cloned(),
            sealed_for: ask.user.clone().unwrap_or_else(|| format!("client:{}", word(&key))),
            profile: of_person
                .or(of_key)
                .map_or_else(|| age(granted.unwrap_or(Age::Unknown), None, gateway), |profile| known(profile, gateway)),
            training: training.unwrap_or(Training::Unset),
            person,
            key,
        };
        caller.begin_day(gateway).await?;
        Ok(caller)
    }

    /// The person whose time is counted, and the day.
    fn timed(&self, gateway: &Gateway) -> Option<(&String, i64)> {
        self.minors.limits(&self.profile)?;
        Some((self.person.as_ref()?, gateway.day(&self.minors)))
    }

    /// Learns how long the person has used the service today, where that matters and is not known yet.
    async fn begin_day(&self, gateway: &Gateway) -> Result<(), Problem> {
        let Some((person, day)) = self.timed(gateway).filter(|(person, day)| !gateway.used.knows(person, *day)) else { return Ok(()) };
        let today_ms = gateway.tenant.used_time(person, day).await.map_err(|_| gateway.unrecorded())?;
        gateway.used.begin(person, day, today_ms, gateway.now_ms());
        Ok(())
    }

    /// Counts the request's time.
    pub(crate) async fn count_time(&self, gateway: &Gateway) -> Result<(), Problem> {
        let Some((person, day)) = self.timed(gateway) else { return Ok(()) };
        let (word, added_ms) = (person.clone(), gateway.used.count(person, gateway.now_ms()));
        let counted = gateway.tenant.change(async move |change: &mut store::Change| change.use_time(&word, day, added_ms).await).await;
        counted.map(drop).map_err(|_| gateway.unrecorded())
    }

    /// The id of the client key; empty without one.
    pub(crate) fn key_id(&self) -> &str {
        self.key.as_ref().map_or("", |key| &key.row.key)
    }

    /// The policy of what this caller asks.
    pub(crate) fn law(&self, live: &Live) -> Law {
        let granted = self.key.as_ref().map(|key| &key.granted);
        let band = self.minors.limits(&self.profile).and_then(|limits| limits.policy);
        let (ruled, shadow) = live.ruled(band.as_deref().or_else(|| granted.and_then(|granted| granted.policy.as_deref())));
        let terms = ruled.policy.terms(granted.and_then(|granted| granted.scene.as_deref()));
        Law { ruled: Arc::clone(ruled), shadow: shadow.cloned(), terms }
    }

    /// Lets the request in, or says why not and until when.
    pub(crate) fn enter(&self, gateway: &Gateway, live: &Live, law: &Law, ask: &Ask) -> Result<Place, Problem> {
        let say = Say { law, lang: ask.language() };
        if let Some(switch) = live.off(&ask.model, ask.endpoint.path()) {
            let code = if switch.scope == store::guard::Scope::Model { "model_switched_off" } else { "switched_off" };
            return Err(say.problem(503, code, Occasion::Switched, None));
        }
        self.stands(gateway, &say)?;
        self.hours(gateway, &say, ask)?;
        let granted = self.key.as_ref().map(|key| &key.granted);
        if !self.is_granted(&ask.model) {
            return Err(Problem::new(403, "model_not_granted", format!("this key may not ask the model '{}'", ask.model)).about("model"));
        }
        gateway.limiter.enter(self.key_id(), allowance(gateway, granted), Instant::now())
    }

    /// Whether another model may be asked in place of the one that was: granted to the key and the age, and switched on.
    pub(crate) fn may_ask(&self, live: &Live, model: &str, endpoint: Endpoint) -> bool {
        let for_age = self.minors.limits(&self.profile).is_none_or(|limits| limits.allows_model(model));
        for_age && self.is_granted(model) && live.off(model, endpoint.path()).is_none()
    }

    fn is_granted(&self, model: &str) -> bool {
        self.key.as_ref().is_none_or(|key| key.granted.models.is_empty() || key.granted.models.iter().any(|granted| granted == model))
    }

    fn stands(&self, gateway: &Gateway, say: &Say<'_>) -> Result<(), Problem> {
        let Some(standing) = self.standing.as_ref().map(strikes::Standing::from) else { return Ok(()) };
        match standing.may(gateway.now_ms()) {
            Admission::Go => Ok(()),
            Admission::Wait { until_ms } => Err(say
                .problem(429, "user_cooling", Occasion::Cooling, Some(gateway.moment(until_ms)))
                .again_in(gateway.seconds_until(until_ms))),
            Admission::Suspended { until_ms } => {
                Err(say.problem(403, "user_suspended", Occasion::Suspended, Some(gateway.moment(until_ms))))
            }
        }
    }

    fn hours(&self, gateway: &Gateway, say: &Say<'_>, ask: &Ask) -> Result<(), Problem> {
        let Some(limits) = self.minors.limits(&self.profile) else { return Ok(()) };
        if !limits.allows_model(&ask.model) || (ask.value.get("tools").is_some() && !limits.allows_feature("tools")) {
            return Err(say.problem(403, "minor_limit", Occasion::MinorLimit, None));
        }
        let now = jiff::Timestamp::from_millisecond(gateway.now_ms()).unwrap_or_default();
        let used = self.person.as_ref().map(|person| gateway.used.of(person)).unwrap_or_default();
        match self.minors.check(&self.profile, &self.minors.local(now), used) {
            minors::Verdict::Refuse { why, until } => {
                let occasion = if why == minors::Why::Night { Occasion::MinorNight } else { Occasion::MinorTime };
                Err(say.problem(403, "minor_hours", occasion, Some(gateway.moment(until.as_millisecond()))))
            }
            minors::Verdict::Go | minors::Verdict::Remind => Ok(()),
        }
    }
}

/// How somebody is told why not.
struct Say<'a> {
    law: &'a Law,
    lang: Lang,
}

impl Say<'_> {
    fn problem(&self, status: u16, code: &'static str, occasion: Occasion, until: Option<String>) -> Problem {
        let facts = Facts { request: "", until: until.as_deref().unwrap_or_default() };
        Problem::new(status, code, self.law.ruled.policy.canned().text(Reason::Occasion(occasion), self.lang, facts))
    }
}

/// What the store knows of somebody, in the words of the minors' mode.
pub(crate) fn known(profile: &Profile, gateway: &Gateway) -> minors::Profile {
    minors::Profile { guardian: serde_json::from_value(profile.settings.clone()).ok(), ..age(profile.age, profile.born, gateway) }
}

/// The age today: of a span of years the youngest.
fn age(age: Age, born: Option<(i64, i64)>, gateway: &Gateway) -> minors::Profile {
    let year =
        || i64::from(jiff::Timestamp::from_millisecond(gateway.now_ms()).unwrap_or_default().to_zoned(jiff::tz::TimeZone::UTC).year());
    let years = born.and_then(|(_, last)| u8::try_from(year() - last - 1).ok());
    let age = match age {
        Age::Adult => minors::Age::Adult,
        Age::Minor => minors::Age::Minor(years),
        Age::Unknown => minors::Age::Unknown,
    };
    minors::Profile { age, guardian: None }
}

//! What holds right now: keys, policies with their pipelines, bans, switches, standings. Read from the store when its epoch says that something changed, and put
//! in place of the old in one step; a request keeps what it began with.

use std::collections::HashMap;
use std::sync::Arc;

use detect::classifier::{Choice, Classifier};
use detect::{Artefact, DetectError, Detector, Item, Keywords, Lexicon, Pipeline, Trail};
use serde::Deserialize;
use store::Tenant;
use store::guard::{Ban, ClientKey, Direction, Guard, GuardChange, PolicyState, PolicyVersion, Profile, Scope, Standing, Switch, Whom};
use taxonomy::{Finding, RiskClass, Severity};

use crate::StartError;
use crate::config::Config;
use crate::policy::Policy;

/// The name of the policy where a key names none.
const DEFAULT_POLICY: &str = "default";

/// What is compiled once and shared by all pipelines.
pub(crate) struct Base {
    pipeline: Pipeline,
    linear: Option<Arc<dyn Classifier>>,
    full: Option<Arc<dyn Classifier>>,
    /// The policy of the set-up file, or the built-in one.
    fallback: Policy,
}

/// A policy with the pipelines that judge under it.
pub(crate) struct Ruled {
    /// Name and version in the store; version 0 is the one of the set-up.
    pub(crate) version: String,
    /// The policy.
    pub(crate) policy: Policy,
    /// Judges requests.
    pub(crate) input: Pipeline,
    /// Judges whole answers.
    pub(crate) answer: Pipeline,
    /// Judges answers on their way.
    pub(crate) stream: Pipeline,
}

/// What a client key is granted; what is not said is as the set-up has it.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Granted {
    /// The policy by its name.
    pub(crate) policy: Option<String>,
    /// The models that may be asked; empty: all.
    pub(crate) models: Vec<String>,
    /// Requests a minute.
    pub(crate) requests_per_minute: Option<u32>,
    /// Requests at work.
    pub(crate) requests: Option<u32>,
    /// The age of those behind the key, where a user has no profile.
    pub(crate) age: Option<String>,
    /// High-risk scene of everything that comes with this key.
    pub(crate) scene: Option<String>,
    /// Whether each request must name its user.
    pub(crate) user_required: bool,
}

/// A client key as it is used.
pub(crate) struct Key {
    /// Its row.
    pub(crate) row: ClientKey,
    /// What it is granted.
    pub(crate) granted: Granted,
}

/// What holds right now.
pub(crate) struct Live {
    /// The store's epoch.
    pub(crate) epoch: i64,
    keys: HashMap<[u8; 32], Arc<Key>>,
    rules: Arc<Rules>,
    switches: Vec<Switch>,
    standings: HashMap<String, Standing>,
    profiles: HashMap<Whom, Profile>,
    /// When the next ban ends, or the time of a switch that one person pulled alone, ms since 1970.
    next_end_ms: Option<i64>,
}

/// Policies by name, and the shadow of each.
struct Rules {
    fallback: Arc<Ruled>,
    live: HashMap<String, Arc<Ruled>>,
    shadow: HashMap<String, Arc<Ruled>>,
}

impl Base {
    /// Compiles what a set-up names.
    pub(crate) fn new(config: &Config) -> Result<Self, StartError> {
        let bad = |what: &str, error: &dyn std::fmt::Display| StartError::Rules(format!("{what}: {error}"));
        let keywords = match &config.lexicon {
            Some(path) if path.is_file() => Keywords::new(Arc::new(Artefact::open(path).map_err(|error| bad("lexicon", &error))?)),
            Some(path) => Keywords::compile(&Lexicon::read(path).map_err(|error| bad("lexicon", &error))?),
            None => Keywords::compile(&Lexicon::embedded().map_err(|error| bad("lexicon", &error))?),
        };
        let pipeline = Pipeline::standard(keywords).map_err(|error| bad("attack rules", &error))?;
        let fallback = match &config.policy {
            Some(path) => {
                let text = std::fs::read_to_string(path).map_err(|error| bad(&path.display().to_string(), &error))?;
                Policy::parse(&text).map_err(|error| bad(&path.display().to_string(), &error))?
            }
            None => Policy::built_in().map_err(|error| bad("built-in policy", &error))?,
        };
        let open = |choice: Choice| choice.open().map_err(|error| bad("classifier", &error));
        let (linear, full) = (open(Choice::Linear)?, open(Choice::Full)?);
        Ok(Self { pipeline, linear, full, fallback })
    }

    /// The classifier of a policy's choice.
    pub(crate) fn classifier(&self, choice: Choice) -> Option<Arc<dyn Classifier>> {
        match choice {
            Choice::Off => None,
            Choice::Linear => self.linear.clone(),
            Choice::Full => self.full.clone(),
        }
    }

    /// A policy by itself, without bans.
    pub(crate) fn alone(&self, policy: Policy) -> Ruled {
        self.ruled(format!("{} trial", policy.name()), policy, &Bans::default())
    }

    fn ruled(&self, version: String, policy: Policy, bans: &Bans) -> Ruled {
        let pipeline = |bans: &Option<Arc<Artefact>>| {
            let pipeline = self.pipeline.clone().under(policy.judge().clone());
            match bans {
                Some(bans) => pipeline.and(Box::new(BanWords(Keywords::new(Arc::clone(bans))))),
                None => pipeline,
            }
        };
        let terms = policy.terms(None);
        let (input, output) = (pipeline(&bans.input), pipeline(&bans.output));
        let input = input.with(self.classifier(terms.request_classifier));
        let answer = output.clone().with(self.classifier(terms.answer_classifier));
        Ruled { version, input, answer, stream: output, policy }
    }

    fn rules(&self, policies: &[PolicyVersion], bans: &Bans) -> Rules {
        let fallback = Arc::new(self.ruled(format!("{} 0", self.fallback.name()), self.fallback.clone(), bans));
        let in_state = |state: PolicyState| {
            // A version that does not read was refused when it was added; should a newer program have written it, the fallback stays.
            let read = |row: &&PolicyVersion| Some((row.name.clone(), Policy::parse(&row.body).ok()?, row.version));
            let rows = policies.iter().filter(|row| row.state == state);
            let ruled = rows.filter_map(|row| read(&row)).map(|(name, policy, version)| {
                let ruled = self.ruled(format!("{name} {version}"), policy, bans);
                (name, Arc::new(ruled))
            });
            ruled.collect::<HashMap<_, _>>()
        };
        Rules { fallback, live: in_state(PolicyState::Live), shadow: in_state(PolicyState::Shadow) }
    }
}

/// Bans, compiled.
#[derive(Default)]
struct Bans {
    input: Option<Arc<Artefact>>,
    output: Option<Arc<Artefact>>,
}

impl Bans {
    fn compile(bans: &[Ban]) -> Self {
        let of = |side: Direction| {
            let these = bans.iter().filter(|ban| ban.direction == side || ban.direction == Direction::Both);
            let entries: Vec<detect::Entry> = these.map(entry).collect();
            (!entries.is_empty()).then(|| Arc::clone(Keywords::compile(&lexicon(entries)).artefact()))
        };
        Self { input: of(Direction::Input), output: of(Direction::Output) }
    }
}

/// Finds banned texts. What it finds speaks for no risk class: why a text is banned is the operator's to say.
struct BanWords(Keywords);

impl Detector for BanWords {
    fn name(&self) -> &'static str {
        "bans"
    }

    fn version(&self) -> String {
        self.0.version()
    }

    fn detect(&self, item: &Item<'_>, findings: &mut Vec<Finding>) -> Result<(), DetectError> {
        let from = findings.len();
        let done = self.0.detect(item, findings);
        for finding in findings.iter_mut().skip(from) {
            finding.class = None;
            self.name().clone_into(&mut finding.detector);
        }
        done
    }

    fn live(&self, item: &Item<'_>, trail: &mut Trail) -> usize {
        self.0.live(item, trail)
    }

    fn reads_backwards(&self) -> bool {
        self.0.reads_backwards()
    }

    fn might_find_backwards(&self, item: &Item<'_>) -> bool {
        self.0.might_find_backwards(item)
    }
}

/// A ban as a lexicon entry. It is folded like any keyword, so width, case and fillers do not get around it.
fn entry(ban: &Ban) -> detect::Entry {
    detect::Entry {
        id: format!("ban.{}", ban.ban),
        keyword: ban.pattern.clone(),
        also: Vec::new(),
        // A lexicon asks for one; the findings have none (`BanWords`).
        class: RiskClass::ALL.first().copied(),
        attack: None,
        severity: Severity::Block,
        near: None,
        then: None,
        word: false,
        allow: Vec::new(),
        variants: Some(Vec::new()),
        source: String::new(),
        examples: Vec::new(),
        counter_examples: Vec::new(),
        note: String::new(),
        added: String::new(),
        reviewed: String::new(),
    }
}

fn lexicon(entries: Vec<detect::Entry>) -> Lexicon {
    let (name, version) = ("bans".to_owned(), entries.len().to_string());
    Lexicon { name, version, updated: String::new(), licence: String::new(), digest: String::new(), variants: Vec::new(), entries }
}

impl Live {
    /// Everything, as the store has it now.
    pub(crate) fn new(base: &Base, guard: Guard, now_ms: i64) -> Self {
        let bans: Vec<Ban> = guard.bans.into_iter().filter(|ban| ban.expires_ms.is_none_or(|end| end > now_ms)).collect();
        let ends = bans.iter().filter_map(|ban| ban.expires_ms);
        let next_end_ms = ends.chain(guard.switches.iter().filter_map(|switch| switch.expires_ms)).min();
        let rules = Arc::new(base.rules(&guard.policies, &Bans::compile(&bans)));
        let keys = guard.keys.into_iter().map(|row| (row.digest, Arc::new(Key { granted: granted(&row), row })));
        Self {
            epoch: guard.epoch,
            keys: keys.collect(),
            rules,
            switches: guard.switches,
            standings: guard.standings.into_iter().map(|standing| (standing.person.clone(), standing)).collect(),
            profiles: guard.profiles.into_iter().map(|profile| (profile.whom.clone(), profile)).collect(),
            next_end_ms,
        }
    }

    /// What holds after the changes since; `None` where there are none.
    pub(crate) async fn next(&self, base: &Base, tenant: &Tenant, now_ms: i64) -> Result<Option<Self>, store::StoreError> {
        if self.next_end_ms.is_some_and(|end| end <= now_ms) {
            return Ok(Some(Self::new(base, tenant.guard().await?, now_ms)));
        }
        Ok(match tenant.guard_since(self.epoch).await? {
            GuardChange::Nothing => None,
            GuardChange::All(guard) => Some(Self::new(base, *guard, now_ms)),
            GuardChange::Some { epoch, standings, profiles } => {
                let mut next = Self {
                    epoch,
                    keys: self.keys.clone(),
                    rules: Arc::clone(&self.rules),
                    switches: self.switches.clone(),
                    standings: self.standings.clone(),
                    profiles: self.profiles.clone(),
                    next_end_ms: self.next_end_ms,
                };
                next.standings.extend(standings.into_iter().map(|standing| (standing.person.clone(), standing)));
                next.profiles.extend(profiles.into_iter().map(|profile| (profile.whom.clone(), profile)));
                Some(next)
            }
        })
    }

    /// The key of a secret's digest, if it lives.
    pub(crate) fn key(&self, digest: &[u8; 32], now_ms: i64) -> Option<&Arc<Key>> {
        self.keys.get(digest).filter(|key| key.row.revoked_ms.is_none() && key.row.expires_ms.is_none_or(|end| end > now_ms))
    }

    /// The policy of this name, or the general one; and its shadow.
    pub(crate) fn ruled(&self, name: Option<&str>) -> (&Arc<Ruled>, Option<&Arc<Ruled>>) {
        let name = name.unwrap_or(DEFAULT_POLICY);
        (self.rules.live.get(name).unwrap_or(&self.rules.fallback), self.rules.shadow.get(name))
    }

    /// What of this is switched off, and why.
    pub(crate) fn off(&self, model: &str, route: &str) -> Option<&Switch> {
        self.switches.iter().find(|switch| match switch.scope {
            Scope::Tenant => true,
            Scope::Model => switch.name == model,
            Scope::Route => switch.name == route,
        })
    }

    /// What is switched off.
    pub(crate) fn switches(&self) -> &[Switch] {
        &self.switches
    }

    /// How a person stands, where that is not well.
    pub(crate) fn standing(&self, person: &str) -> Option<&Standing> {
        self.standings.get(person)
    }

    /// What is known of a person or a key.
    pub(crate) fn profile(&self, whom: &Whom) -> Option<&Profile> {
        self.profiles.get(whom)
    }

    /// Policies in force, and the rules behind them.
    pub(crate) fn versions(&self) -> Vec<String> {
        let live = self.rules.live.values().map(|ruled| format!("policy {}", ruled.version));
        live.chain(self.rules.fallback.answer.versions().iter().cloned()).collect()
    }
}

/// What a key is granted. Settings that this version does not understand grant nothing more than the least.
fn granted(row: &ClientKey) -> Granted {
    serde_json::from_value(row.settings.clone()).unwrap_or_else(|_| Granted {
        requests_per_minute: Some(1),
        requests: Some(1),
        user_required: true,
        ..Granted::default()
    })
}

#[cfg(test)]
mod tests {
    use detect::Direction as Way;
    use taxonomy::Decision;

    use super::*;

    fn ban(pattern: &str, direction: Direction) -> Ban {
        let (reason, by) = ("why".to_owned(), "account-1".to_owned());
        Ban { ban: "1".to_owned(), pattern: pattern.to_owned(), direction, reason, by, created_ms: 0, expires_ms: Some(10) }
    }

    fn guard(bans: Vec<Ban>) -> Guard {
        let (keys, switches, policies, standings, profiles) = (Vec::new(), Vec::new(), Vec::new(), Vec::new(), Vec::new());
        Guard { epoch: 1, keys, bans, switches, policies, standings, profiles, complete: true }
    }

    #[test]
    fn a_ban_stops_its_text_in_its_direction_until_it_ends() {
        let base = Base::new(&Config::demo()).unwrap();
        let live = Live::new(&base, guard(vec![ban("西瓜汁配方", Direction::Both), ban("荔枝酒", Direction::Output)]), 0);
        let ruled = Arc::clone(live.ruled(None).0);
        let refused = |way, text| match way {
            Way::Input => ruled.input.check_as(text, way).decision == Decision::Refuse,
            _ => {
                ruled.stream.check_as(text, way).decision == Decision::Refuse
                    && ruled.answer.check_as(text, way).decision == Decision::Refuse
            }
        };
        for text in ["说说西瓜汁配方", "西 瓜 汁 配 方", "西瓜汁配方!"] {
            assert!(refused(Way::Input, text) && refused(Way::Output, text), "{text}");
        }
        assert!(!refused(Way::Input, "荔枝酒") && refused(Way::Output, "荔枝酒"));
        assert_eq!(live.next_end_ms, Some(10));
        let later = Live::new(&base, guard(vec![ban("西瓜汁配方", Direction::Both)]), 10);
        assert!(later.ruled(None).0.input.check_as("西瓜汁配方", Way::Input).findings.is_empty());
    }
}

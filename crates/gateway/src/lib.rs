//! The gateway: guards a live service (GB/T 45654-2025 6 b), c), 7 c), e); Liaoning 7.2 d), 10.3).
//!
//! Clients speak the OpenAI API to it, it speaks it to the upstream model. One request is one function whose lines are the stages ([`flow`]): admit, check, decide,
//! record, upstream, check, decide, label, record. What cannot be judged is refused or held, never passed in silence; what cannot be recorded is not answered.
//!
//! - **Pure rules**: [`policy`], [`strikes`], [`minors`], [`canned`], [`label`], [`rules`], [`moderation`], [`unmask`], [`visible`], [`wire`], [`sse`], [`stream`] know no clock, no network
//!   and no store.
//! - **One moment**: a request keeps the rules it began with (`live.rs`); a new version, ban or switch counts for the next.

mod admin;
mod admit;
pub mod alarms;
mod ask;
pub mod canned;
mod check;
mod config;
mod decide;
mod flow;
mod guardian;
mod judge;
pub mod label;
mod limits;
mod live;
mod metrics;
pub mod minors;
pub mod moderation;
mod openapi;
pub mod otlp;
pub mod policy;
mod problem;
mod record;
mod routes;
pub mod rules;
mod rulesets;
mod server;
pub mod setting;
mod signed;
pub mod sse;
pub mod stream;
pub mod strikes;
pub mod syslog;
mod trial;
pub mod unmask;
mod upstream;
mod used;
pub mod visible;
pub mod wire;

use std::collections::HashSet;
use std::future::Future;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use arc_swap::ArcSwap;
use axum::body::Body;
use axum::http::{HeaderName, Response};
use detect::redact::{Redactor, Secrets};
use serde_json::{Value, json};
use store::{EntryId, Tenant};
use tokio::sync::watch;

pub use config::{Config, ConfigError, Limits};
pub use signed::{SignedUser, SignedUserKey};
pub use trial::{Case, Expect, MAX_OWN_CASES, OwnCase, OwnCaseError, OwnCases, trial};

use alarms::Alarms;
use limits::Limiter;
use live::{Base, Live};
use metrics::Metrics;
use otlp::Tracer;
use problem::Problem;
use record::Recorder;
use server::Port;
use syslog::{Event, Kind, Teller};
use upstream::Upstream;

/// Header with the id of the ledger entry that records the request.
pub(crate) const REQUEST_HEADER: HeaderName = HeaderName::from_static("x-guiju-request");

/// How often the rules are looked at: a ban is in force on every gateway within a second (Liaoning 10.3.2), with time to compile it.
const LOOK: Duration = Duration::from_millis(250);

/// How often content whose time is over is looked for: it is counted in days.
const SWEEP: Duration = Duration::from_secs(3_600);

/// Persons whose strikes are remembered until something good follows.
const MAX_STRUCK: usize = 100_000;

/// What is read of a list of models.
const MAX_LIST_BYTES: usize = 1 << 20;

/// Why a gateway does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The set-up.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The rules it would judge by.
    #[error("the gateway's rules cannot be read: {0}")]
    Rules(String),
    /// The store.
    #[error(transparent)]
    Store(#[from] store::StoreError),
    /// A port.
    #[error("{address} cannot be opened: {what}")]
    Port {
        /// Which.
        address: SocketAddr,
        /// Why.
        what: std::io::Error,
    },
}

/// A gateway at work.
pub struct Gateway {
    config: Config,
    tenant: Tenant,
    base: Base,
    live: ArcSwap<Live>,
    /// The models whose assessment passed and that were promoted; empty where nobody asks.
    promoted: ArcSwap<HashSet<String>>,
    read_ms: AtomicI64,
    upstreams: Vec<Arc<Upstream>>,
    signatures: signed::Signatures,
    limiter: Limiter,
    metrics: Arc<Metrics>,
    alarms: Alarms,
    teller: Teller,
    tracer: Tracer,
    recorder: Arc<Recorder>,
    rulesets: rulesets::RuleSets,
    zone: jiff::tz::TimeZone,
    used: used::UsedTime,
    /// Persons to whom this gateway gave a strike that nothing good has followed yet: a first strike changes no state, so the store does not tell of it.
    struck: Mutex<HashSet<String>>,
    stop: watch::Sender<bool>,
}

/// A gateway whose ports are open.
pub struct Started {
    gateway: Arc<Gateway>,
    clients: Port,
    operator: Port,
    address: SocketAddr,
    admin_address: SocketAddr,
    syslog: Option<syslog::Sender>,
    otlp: Option<otlp::Sender>,
}

impl Gateway {
    /// Reads the rules and opens the ports.
    ///
    /// # Errors
    /// Rules or set-up cannot be used, the store says no, or a port is taken.
    pub async fn start(config: Config, tenant: Tenant) -> Result<Started, StartError> {
        config.check()?;
        let base = Base::new(&config)?;
        let guard = tenant.guard().await?;
        let metrics = Arc::new(Metrics::new());
        let (teller, syslog) = Teller::new(config.syslog.as_ref(), Arc::clone(&metrics));
        let (tracer, otlp) = Tracer::new(config.otlp.as_ref(), Arc::clone(&metrics))?;
        let gateway = Arc::new(Self {
            live: ArcSwap::from_pointee(Live::new(&base, guard, tenant.now())),
            promoted: ArcSwap::from_pointee(promoted(&config, &tenant).await?),
            read_ms: AtomicI64::new(tenant.now()),
            upstreams: Upstream::all(&config)?,
            signatures: signed::Signatures::of(config.signed_user.as_ref())?,
            limiter: Limiter::new(&config.limits),
            recorder: Arc::new(Recorder::new(tenant.clone(), Arc::clone(&metrics), teller.clone())),
            alarms: Alarms::new(alarm_rules(&config)?),
            teller,
            tracer,
            metrics,
            rulesets: rulesets::RuleSets::read(&config)?,
            zone: config.zone()?,
            used: used::UsedTime::default(),
            struck: Mutex::default(),
            stop: watch::Sender::new(false),
            base,
            tenant,
            config,
        });
        let open = async |address, router| {
            let port = Port::open(address, router, gateway.config.limits).await;
            let port = port.and_then(|port| port.address().map(|address| (port, address)));
            port.map_err(|what| StartError::Port { address, what })
        };
        let (clients, address) = open(gateway.config.listen, routes::router(Arc::clone(&gateway))).await?;
        let (operator, admin_address) = open(gateway.config.admin, admin::router(Arc::clone(&gateway))).await?;
        Ok(Started { gateway, clients, operator, address, admin_address, syslog, otlp })
    }

    /// What holds right now.
    fn live(&self) -> Arc<Live> {
        self.live.load_full()
    }

    fn now_ms(&self) -> i64 {
        self.tenant.now()
    }

    /// How old the rules are, ms.
    fn rules_age_ms(&self) -> i64 {
        self.now_ms() - self.read_ms.load(Ordering::Relaxed)
    }

    /// Whether it was told to stop.
    fn stops(&self) -> bool {
        *self.stop.borrow()
    }

    /// Brings the gauges up to date.
    fn gauge(&self) {
        #[expect(clippy::cast_possible_wrap, reason = "some thousands at most")]
        self.metrics.at_work.set(self.limiter.at_work(&self.config.limits) as i64);
        #[expect(clippy::cast_precision_loss, reason = "an age in ms, shown in seconds")]
        self.metrics.reload_age.set(self.rules_age_ms() as f64 / 1_000.0);
    }

    /// Looks at the rules from time to time, until told to stop.
    async fn keep_fresh(&self) {
        let mut stop = self.stop.subscribe();
        loop {
            tokio::select! {
                () = tokio::time::sleep(LOOK) => {}
                _ = stop.wait_for(|stop| *stop) => return,
            }
            // A store that does not answer leaves the old rules in force; `/ready` tells how old they are.
            if self.look().await.is_ok() {
                self.read_ms.store(self.now_ms(), Ordering::Relaxed);
            }
        }
    }

    /// Takes out content whose time is over, and writes down which tickets nobody decided in time, until told to stop.
    async fn sweep(&self) {
        let mut stop = self.stop.subscribe();
        loop {
            // A store that says no is asked again in an hour: content goes a little later, and never comes back.
            while let Ok((store::MAX_ENDED, _)) =
                self.tenant.change(async |change: &mut store::Change| change.end_content("gateway").await).await
            {}
            // They could not be decided any more before it is written down either.
            let _ = self.tenant.change(async |change: &mut store::Change| change.expire_tickets().await).await;
            tokio::select! {
                () = tokio::time::sleep(SWEEP) => {}
                _ = stop.wait_for(|stop| *stop) => return,
            }
        }
    }

    async fn look(&self) -> Result<(), store::StoreError> {
        let before = self.live();
        if let Some(next) = before.next(&self.base, &self.tenant, self.now_ms()).await? {
            self.tell_switches(&before, &next);
            self.live.store(Arc::new(next));
        }
        if self.config.promoted_models_only {
            self.promoted.store(Arc::new(promoted(&self.config, &self.tenant).await?));
        }
        Ok(())
    }

    /// Tells what was switched off or on.
    fn tell_switches(&self, before: &Live, next: &Live) {
        let tell = |kind, these: &[store::guard::Switch], others: &[store::guard::Switch]| {
            let same = |one: &store::guard::Switch, other: &store::guard::Switch| one.scope == other.scope && one.name == other.name;
            for switch in these.iter().filter(|switch| !others.iter().any(|other| same(other, switch))) {
                let object =
                    if switch.name.is_empty() { switch.scope.id().to_owned() } else { format!("{} {}", switch.scope.id(), switch.name) };
                self.teller.tell(|| Some(Event::new(kind, self.now_ms()).with("reason", object)));
            }
        };
        tell(Kind::SwitchedOff, next.switches(), before.switches());
        tell(Kind::SwitchedOn, before.switches(), next.switches());
    }

    /// The service that serves a model, if it may be served.
    fn upstream(&self, model: &str) -> Result<Arc<Upstream>, Problem> {
        let unknown = || Problem::new(404, "model_not_found", format!("the model '{model}' is not served here")).about("model");
        if self.config.promoted_models_only && !self.promoted.load().contains(model) {
            let what = format!(
                "the model '{model}' serves nobody before its assessment has passed (`guiju model promote`; GB/T 45654-2025, 6 d) 2))"
            );
            return Err(Problem::new(503, "model_not_promoted", what).about("model"));
        }
        self.upstreams.iter().find(|upstream| upstream.model(model).is_some()).cloned().ok_or_else(unknown)
    }

    /// The models of all services.
    async fn models(&self) -> Result<Vec<Value>, Problem> {
        let mut models = Vec::new();
        for upstream in &self.upstreams {
            if let Some(names) = upstream.models() {
                models
                    .extend(names.into_iter().map(|name| json!({"id": name, "object": "model", "created": 0, "owned_by": upstream.name})));
                continue;
            }
            let answer = upstream.list().await?;
            let body = upstream::whole(answer.pieces, MAX_LIST_BYTES).await?;
            let list = wire::parse(&body).ok().and_then(|mut body| body.get_mut("data").map(Value::take));
            models.extend(list.and_then(|list| list.as_array().cloned()).unwrap_or_default());
        }
        Ok(models)
    }

    /// What became of what waits for a person.
    async fn ticket(&self, ticket: &str) -> Result<Response<Body>, Problem> {
        let unknown = || Problem::new(404, "ticket_not_found", "there is no such ticket");
        let id: EntryId = ticket.parse().map_err(|_| unknown())?;
        let found = self.tenant.ticket(id).await.map_err(|_| unknown())?;
        let body = json!({"object": "guiju.ticket", "ticket": ticket, "request": found.request.to_string(), "status": found.state.id(), "reason": found.reason});
        let headers = [(axum::http::header::CONTENT_TYPE, axum::http::HeaderValue::from_static("application/json"))];
        Ok(problem::respond(200, headers.into_iter().collect(), Body::from(body.to_string())))
    }

    /// What a client hears when the store cannot be reached.
    fn unrecorded(&self) -> Problem {
        self.recorder.unrecorded()
    }

    fn redactor(&self, policy: &policy::Policy) -> Redactor {
        flow::redactor(policy.redact(), &Secrets::default())
    }

    /// Remembers a strike, so that what is good afterwards ends the row.
    fn struck(&self, person: &str) {
        let mut struck = self.struck.lock().unwrap_or_else(PoisonError::into_inner);
        // Beyond it a row of strikes lasts until the next strike that is remembered: the stricter side.
        if struck.len() < MAX_STRUCK {
            struck.insert(person.to_owned());
        }
    }

    /// Whether a strike was remembered; it is not any more.
    fn forgets(&self, person: &str) -> bool {
        self.struck.lock().unwrap_or_else(PoisonError::into_inner).remove(person)
    }

    /// A moment in words, in the service's time zone.
    fn moment(&self, ms: i64) -> String {
        let time = jiff::Timestamp::from_millisecond(ms).unwrap_or_default();
        time.to_zoned(self.zone.clone()).strftime("%Y-%m-%d %H:%M").to_string()
    }

    /// The day in the time zone of the rules on minors, in days since 1970-01-01.
    fn day(&self, minors: &minors::Rules) -> i64 {
        let time = jiff::Timestamp::from_millisecond(self.now_ms()).unwrap_or_default();
        let local = minors.local(time).datetime();
        (local.to_zoned(jiff::tz::TimeZone::UTC).map_or(0, |zoned| zoned.timestamp().as_second())).div_euclid(86_400)
    }

    fn seconds_until(&self, ms: i64) -> u64 {
        u64::try_from((ms - self.now_ms()) / 1_000 + 1).unwrap_or(1)
    }
}

/// Whether a text can be banned: something must be left of it after folding, and it must be no longer than a keyword.
///
/// # Errors
/// It cannot, and why.
pub fn check_ban(pattern: &str) -> Result<(), BanError> {
    if pattern.chars().count() > detect::MAX_KEYWORD_CHARS {
        return Err(BanError(format!(
            "a ban has at most {} characters; a longer text is found by a part of it",
            detect::MAX_KEYWORD_CHARS
        )));
    }
    if detect::fold(pattern).units().is_empty() {
        return Err(BanError("nothing is left to find of this text once fillers and invisible characters are taken out".to_owned()));
    }
    Ok(())
}

/// A text cannot be banned.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct BanError(String);

/// The alarm rules of a set-up.
fn alarm_rules(config: &Config) -> Result<alarms::Rules, StartError> {
    let bad = |what: &dyn std::fmt::Display, error: &dyn std::fmt::Display| StartError::Rules(format!("{what}: {error}"));
    let Some(path) = &config.alarms else { return alarms::Rules::built_in().map_err(|error| bad(&"built-in alarms", &error)) };
    let text = std::fs::read_to_string(path).map_err(|error| bad(&path.display(), &error))?;
    alarms::Rules::parse(&text).map_err(|error| bad(&path.display(), &error))
}

/// The names of the models that may serve.
async fn promoted(config: &Config, tenant: &Tenant) -> Result<HashSet<String>, store::StoreError> {
    if !config.promoted_models_only {
        return Ok(HashSet::new());
    }
    Ok(tenant.models_served().await?.into_iter().map(|served| served.id.name().to_owned()).collect())
}

impl Started {
    /// Where clients come.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where the operator comes.
    #[must_use]
    pub const fn admin_address(&self) -> SocketAddr {
        self.admin_address
    }

    /// Serves until `until` ends; then takes nothing new, lets what is at work end, and writes down what is still to be written.
    pub async fn run(self, until: impl Future<Output = ()>) {
        let Self { gateway, clients, operator, syslog, otlp, .. } = self;
        let stop = gateway.stop.subscribe();
        let operator_stop = watch::Sender::new(false);
        let operator = tokio::spawn(operator.serve(operator_stop.subscribe()));
        let clients = tokio::spawn(clients.serve(stop));
        let fresh = Arc::clone(&gateway);
        let fresh = tokio::spawn(async move { fresh.keep_fresh().await });
        let sweeping = Arc::clone(&gateway);
        let sweep = tokio::spawn(async move { sweeping.sweep().await });
        let alarms = tokio::spawn(Arc::clone(&gateway).watch_alarms());
        let syslog = syslog.map(|sender| tokio::spawn(sender.run(operator_stop.subscribe())));
        let otlp = otlp.map(|sender| tokio::spawn(sender.run(Arc::clone(&gateway), operator_stop.subscribe())));
        until.await;
        gateway.stop.send_replace(true);
        let _ = clients.await;
        gateway.recorder.drain().await;
        let _ = tokio::join!(alarms, sweep);
        // The operator sees the end of it.
        operator_stop.send_replace(true);
        let _ = tokio::join!(operator, fresh);
        for sender in [syslog, otlp].into_iter().flatten() {
            let _ = sender.await;
        }
    }
}

//! A request, stage by stage: admit, check, decide, record, upstream, check, decide, label, record.

mod held;
mod outcome;
mod streamed;
mod whole;

use std::sync::Arc;
use std::time::Instant;

use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Request, Response, header};
use detect::Direction;
use detect::redact::{Redactor, Secrets};
use serde_json::Value;
use store::EntryId;
use store::guard::Training;
use taxonomy::Lang;
use tokio::sync::watch;

use crate::admit::{self, Caller, Law};
use crate::ask::Ask;
use crate::canned::{Facts, Occasion, Reason};
use crate::check::{self, Checked};
use crate::decide::{self, Masks, Plan};
use crate::label::Form;
use crate::limits::Place;
use crate::live::Live;
use crate::metrics::Outcome;
use crate::policy::{Action, Must};
use crate::problem::{Problem, respond};
use crate::unmask::Values;
use crate::upstream::{self, Upstream, UpstreamError};
use crate::visible::Visible;
use crate::wire::{self, Endpoint};
use crate::{Gateway, REQUEST_HEADER, otlp};

/// Header with what was decided.
const DECISION_HEADER: HeaderName = HeaderName::from_static("x-guiju-decision");

/// Header with what was said about training (GB/T 45654-2025, 7 c) 2)).
const TRAINING_HEADER: HeaderName = HeaderName::from_static("x-guiju-training");

/// Header with the model that was asked in place of the one the client named.
const MODEL_HEADER: HeaderName = HeaderName::from_static("x-guiju-model");

/// A request that was let in.
struct Turn {
    gateway: Arc<Gateway>,
    endpoint: Endpoint,
    caller: Caller,
    law: Law,
    ask: Ask,
    lang: Lang,
    checked: Checked,
    plan: Plan,
    redactor: Redactor,
    /// What was masked in the request and is put back in the answer; none before it is sent, and where nothing was.
    values: Option<Arc<Values>>,
    upstream: Arc<Upstream>,
    /// The model that was asked for, where the policy sent the request to another.
    rerouted_from: Option<String>,
    /// The id of the entry of its admission.
    request: EntryId,
    arrived: Instant,
    arrived_ms: i64,
    /// Closed when the client is gone before it heard anything.
    client: watch::Receiver<()>,
    _place: Place,
}

/// Serves one request, in a task of its own: a client that goes away leaves no admission without its outcome, and does not escape its strike.
pub(crate) async fn serve(gateway: Arc<Gateway>, endpoint: Endpoint, request: Request<Body>) -> Response<Body> {
    let (_here, client) = watch::channel(());
    let trace = gateway.tracer.begin(request.headers(), endpoint.path(), gateway.now_ms(), || gateway.tenant.entry_id().ok());
    let served = tokio::spawn(otlp::within(trace, async move {
        let (response, action) = match stages(&gateway, endpoint, request, client).await {
            Ok((response, action)) => (response, action),
            Err(problem) => (problem.response(), "turned-away"),
        };
        let outcome = Outcome { endpoint: endpoint.path(), action, status: response.status().as_u16() };
        gateway.metrics.requests.get_or_create(&outcome).inc();
        otlp::ended(outcome.status, action, response.headers().get(REQUEST_HEADER));
        response
    }));
    served.await.unwrap_or_else(|_| Problem::new(500, "internal", "the gateway failed; tell its operator").response())
}

async fn stages(
    gateway: &Arc<Gateway>,
    endpoint: Endpoint,
    request: Request<Body>,
    client: watch::Receiver<()>,
) -> Result<(Response<Body>, &'static str), Problem> {
    let (arrived, arrived_ms) = (Instant::now(), gateway.now_ms());
    let live = gateway.live();
    let key = admit::key(gateway, &live, request.headers())?;
    let mut ask = Ask::read(endpoint, request, &gateway.config.limits).await?;
    ask.user = gateway.signatures.user(&ask.headers, ask.user.take(), gateway.now_ms())?;
    let caller = Caller::of(gateway, &live, key, &ask).await?;
    let law = caller.law(&live);
    let place = caller.enter(gateway, &live, &law, &ask)?;
    let upstream = gateway.upstream(&ask.model)?;
    let (checked, mut plan) = judge(gateway, &law, &ask).await;
    let safer = if plan.action == Action::Reroute { safer(gateway, &live, &caller, &law, endpoint, &mut plan) } else { None };
    let (upstream, rerouted_from) = match safer {
        Some((model, upstream)) => (upstream, Some(std::mem::replace(&mut ask.model, model))),
        None => (upstream, None),
    };
    let redactor = gateway.redactor(&law.ruled.policy);
    let request = gateway.tenant.entry_id().map_err(|_| gateway.unrecorded())?;
    let (gateway, lang) = (Arc::clone(gateway), ask.language());
    let turn = Turn {
        gateway,
        endpoint,
        caller,
        law,
        ask,
        lang,
        checked,
        plan,
        redactor,
        values: None,
        upstream,
        rerouted_from,
        request,
        arrived,
        arrived_ms,
        client,
        _place: place,
    };
    match turn.plan.action {
        Action::Refuse => turn.refuse().await,
        Action::Hold => turn.hold_request().await,
        Action::Pass | Action::Mask | Action::Replace | Action::Reroute => turn.forward().await,
    }
    .map(|(response, action)| (response, action.id()))
}

/// What the texts of a request are, and what follows; beside it, what would follow from the policy that is tried.
async fn judge(gateway: &Gateway, law: &Law, ask: &Ask) -> (Checked, Plan) {
    let checked = check::check(&law.ruled.input, ask.parts.clone(), Direction::Input, &gateway.metrics).await;
    let mut plan = decide::decide(&law.ruled.policy, Direction::Input, &checked, Action::Pass);
    if let Some(tried) = &law.shadow {
        let checked = check::check(&tried.input, ask.parts.clone(), Direction::Input, &gateway.metrics).await;
        plan.note_tried(&tried.policy, Direction::Input, &checked, Action::Pass);
    }
    (checked, plan)
}

/// The safer model and its service, where this caller may ask it and it serves. Else the request is refused, and not to the user's account: that the safer model is
/// not there is the operator's matter.
fn safer(
    gateway: &Gateway,
    live: &Live,
    caller: &Caller,
    law: &Law,
    endpoint: Endpoint,
    plan: &mut Plan,
) -> Option<(String, Arc<Upstream>)> {
    let model = law.ruled.policy.safer_model().filter(|model| caller.may_ask(live, model, endpoint));
    let found = model.and_then(|model| Some((model.to_owned(), gateway.upstream(model).ok()?)));
    if found.is_none() {
        (plan.action, plan.reason) = (Action::Refuse, Reason::Occasion(Occasion::Fault));
    }
    found
}

impl Turn {
    /// The request is not sent on: the canned answer is the answer. It is recorded, and counts against the user, before anybody hears of it.
    async fn refuse(self) -> Result<(Response<Body>, Action), Problem> {
        self.gateway.recorder.write(self.admission()).await?;
        let request = self.request;
        let outcome = self.outcome(request, "refuse", &self.checked, &self.plan).with("stage", "input");
        self.close(request, "refuse", outcome, None).await?;
        self.strike(request).await?;
        let text = self.say(self.plan.reason, request);
        Ok((self.instead(request, &text, Action::Refuse)?, Action::Refuse))
    }

    /// Sends the request on, masked where that was decided, and gives back what may be given back.
    async fn forward(mut self) -> Result<(Response<Body>, Action), Problem> {
        let mut body = std::mem::take(&mut self.ask.value);
        let notice = self.say(Reason::Occasion(Occasion::Withheld), EntryId([0; 16]));
        let mut values = self.plan.masks().then(|| self.no_values(&body));
        let masks = Masks { redactor: &self.redactor, values: values.as_mut().map(|values| (&self.law.ruled.policy, values)) };
        let changed = self.plan.carry_out(&self.checked, masks, &notice, &mut body);
        self.values = values.filter(|values| values.count() > 0).map(Arc::new);
        let Ok(changed) = changed else {
            self.ask.value = body;
            self.plan.action = Action::Refuse;
            return Box::pin(self.refuse()).await;
        };
        let renamed = self.rename(&mut body);
        let bytes = if changed || renamed { Bytes::from(body.to_string()) } else { self.ask.body.clone() };
        self.ask.value = body;
        self.gateway.metrics.added.observe(self.arrived.elapsed().as_secs_f64());
        let (request, answer) = (self.request, self.send(bytes).await?);
        let answer = match answer {
            Ok(answer) => answer,
            Err(error) => return Err(self.failed(request, &error).await),
        };
        self.good().await;
        self.caller.count_time(&self.gateway).await?;
        // Nobody asked for it (RFC 9110, 12.5.3), and what is packed cannot be judged as it stands.
        let is_packed = answer.headers.get(header::CONTENT_ENCODING).is_some_and(|coding| coding != "identity");
        if is_packed && (200..=299).contains(&answer.status) {
            return Err(self.garbage(request, "it is packed (`Content-Encoding`)").await);
        }
        let streams = answer.headers.get(header::CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"text/event-stream"));
        match (answer.status, streams) {
            (200..=299, true) => Ok(self.streamed(request, answer)),
            (200..=299, false) => self.whole(request, answer).await,
            _ => Err(self.upstream_says_no(request, answer).await),
        }
    }

    /// Where values of a request go that are masked until the answer comes home.
    fn no_values(&self, body: &Value) -> Values {
        let texts = self.ask.parts.parts.iter().map(|part| part.text.as_str());
        Values::new(self.law.ruled.policy.redact().language, Form::asked(body) == Form::Machine, texts)
    }

    /// Asks the model service and writes the admission meanwhile. Nothing of the answer is used before the admission is on the disk, unless the policy says that a
    /// plain pass need not wait for that.
    async fn send(&self, bytes: Bytes) -> Result<Result<upstream::Answer, UpstreamError>, Problem> {
        let headers = upstream::passed_on(&self.ask.headers);
        let asked = self.while_there(self.upstream.send(self.endpoint, &headers, bytes));
        let (recorder, admission) = (&self.gateway.recorder, self.admission());
        if self.law.ruled.policy.record().must == Must::Decided && self.plan.action == Action::Pass {
            recorder.write_behind(admission).await;
            return Ok(asked.await);
        }
        let (written, answer) = tokio::join!(recorder.write(admission), asked);
        written.map(|()| answer)
    }

    /// What the model service says, unless the client goes away meanwhile: then nobody wants it any more, and dropping the call ends it.
    async fn while_there<T>(&self, asked: impl Future<Output = Result<T, UpstreamError>>) -> Result<T, UpstreamError> {
        let mut client = self.client.clone();
        tokio::select! {
            answer = asked => answer,
            _ = client.changed() => Err(UpstreamError::Unwanted),
        }
    }

    /// Puts in the name by which the service knows the model; says whether it was another.
    fn rename(&self, body: &mut Value) -> bool {
        let Some(name) = self.upstream.model(&self.ask.model) else { return false };
        match body.get_mut("model").filter(|place| place.as_str() != Some(name)) {
            Some(place) => {
                *place = Value::from(name);
                true
            }
            None => false,
        }
    }

    /// A canned text in the shape of an answer, whole or as a stream.
    fn instead(&self, request: EntryId, text: &str, action: Action) -> Result<Response<Body>, Problem> {
        if self.endpoint == Endpoint::Embeddings {
            return Err(Problem::new(400, "content_filter", text).about("input").recorded(request));
        }
        let facts = self.facts(request);
        let mut headers = self.headers(request, action);
        if self.ask.streams {
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
            return Ok(respond(200, headers, self.canned_stream(request, text)));
        }
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        Ok(respond(200, headers, Body::from(wire::refusal(self.endpoint, &facts, text).to_string())))
    }

    /// What a canned answer says about itself.
    fn facts(&self, request: EntryId) -> wire::Facts {
        let asks = self.endpoint.asks(&self.ask.value);
        let id = format!("guiju-{request}");
        wire::Facts {
            id,
            created: self.arrived_ms / 1_000,
            model: self.ask.model.clone(),
            choices: asks.choices.min(128),
            usage: wire::Usage::default(),
        }
    }

    /// The words for a reason, in the user's language.
    fn say(&self, reason: Reason, request: EntryId) -> String {
        let request = request.to_string();
        self.law.ruled.policy.canned().text(reason, self.lang, Facts { request: &request, until: "" })
    }

    /// The visible label of the answer, where one stands.
    fn visible(&self) -> Option<Visible> {
        Visible::of(self.law.ruled.policy.label(), Form::asked(&self.ask.value), self.lang)
    }

    /// The header of every answer to this request.
    fn headers(&self, request: EntryId, action: Action) -> HeaderMap {
        let request = request.to_string();
        let mut headers = HeaderMap::new();
        let training = match self.caller.training {
            Training::In => "in",
            Training::Out => "out",
            Training::Unset => "unset",
        };
        headers.insert(DECISION_HEADER, HeaderValue::from_static(action.id()));
        headers.insert(TRAINING_HEADER, HeaderValue::from_static(training));
        if let Ok(value) = HeaderValue::from_str(&request) {
            headers.insert(REQUEST_HEADER, value);
        }
        if let Some(value) = self.rerouted_from.as_ref().and_then(|_| HeaderValue::from_bytes(self.ask.model.as_bytes()).ok()) {
            headers.insert(MODEL_HEADER, value);
        }
        let implicit = self.law.ruled.policy.label().implicit(&request).ok().flatten();
        if let Some(value) = implicit.and_then(|label| HeaderValue::from_str(&label.text()).ok()) {
            headers.insert(HeaderName::from_static(crate::label::HEADER), value);
        }
        headers
    }

    fn by(&self) -> String {
        admit::by(self.caller.key_id())
    }
}

/// A redactor of a policy. Masks need no secrets; a policy whose operators do is refused when it is read.
pub(crate) fn redactor(policy: &detect::redact::Policy, secrets: &Secrets) -> Redactor {
    Redactor::new(policy.clone(), secrets).unwrap_or_else(|_| masks())
}

fn masks() -> Redactor {
    match Redactor::new(detect::redact::Policy::default(), &Secrets::default()) {
        Ok(redactor) => redactor,
        Err(_) => unreachable!("the default policy masks, and masks need no secrets"),
    }
}

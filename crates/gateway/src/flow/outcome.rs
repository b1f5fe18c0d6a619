//! What is recorded of a request: its admission, its outcome, its row, the user's standing.

use std::fmt::Display;
use std::sync::Arc;

use axum::body::Bytes;
use detect::Direction;
use serde_json::json;
use store::guard::RequestRow;
use store::{Entry, EntryId};
use taxonomy::Severity;

use super::Turn;
use crate::canned::{Occasion, Reason};
use crate::check::Checked;
use crate::decide::Plan;
use crate::metrics::UpstreamFailure;
use crate::policy::{Content, Must};
use crate::problem::Problem;
use crate::record;
use crate::strikes::{self, Event};
use crate::upstream::UpstreamError;

/// Bytes of content that one entry keeps; of longer ones the beginning. It bounds a batch of the writer.
const MAX_KEPT_BYTES: usize = 256 << 10;

const DAY_MS: i64 = 86_400_000;

impl Turn {
    /// What is recorded when the request is let in.
    pub(super) fn admission(&self) -> Entry {
        let found = self.checked.judged.iter().map(|one| (one.part.channel.id(), &one.verdict));
        let entry = record::entry("request.admit", &self.by())
            .called(self.request)
            .with("endpoint", self.endpoint.path())
            .with("model", self.ask.model.as_str())
            .with("upstream", self.upstream.name.as_str())
            .with("client", self.caller.key_id())
            .with("policy", self.law.ruled.version.as_str())
            .with("versions", self.law.ruled.input.versions())
            .with("action", self.plan.action.id())
            .with("findings", record::findings(found))
            .with("stream", self.ask.streams)
            .with("training", self.caller.training.to_string())
            .with("digest", record::digest(&self.ask.body));
        let entry = with_shadow(entry, &self.plan);
        let entry = match &self.law.shadow {
            Some(tried) => entry.with("tried", tried.version.as_str()),
            None => entry,
        };
        let entry = match &self.rerouted_from {
            Some(asked) => entry.with("asked", asked.as_str()),
            None => entry,
        };
        // How many, never what they stand for.
        let entry = match &self.values {
            Some(values) => entry.with("placeholders", values.count()),
            None => entry,
        };
        self.keep(entry, &self.ask.body, &self.checked)
    }

    /// The entry of an outcome.
    pub(super) fn outcome(&self, request: EntryId, action: &'static str, checked: &Checked, plan: &Plan) -> Entry {
        let found = checked.judged.iter().map(|one| (one.part.channel.id(), &one.verdict));
        let entry = record::entry("request.close", &self.by())
            .with("request", request.to_string())
            .with("action", action)
            .with("findings", record::findings(found))
            .with("policy", self.law.ruled.version.as_str());
        with_shadow(entry, plan)
    }

    /// Keeps as much of the content in an entry as the policy says, sealed for the person it speaks of.
    pub(super) fn keep(&self, entry: Entry, body: &Bytes, checked: &Checked) -> Entry {
        let kept = match self.law.ruled.policy.record().content {
            Content::None => return entry,
            Content::Full => body.get(..MAX_KEPT_BYTES).unwrap_or(body).to_vec(),
            Content::Redacted => self.redacted(checked),
        };
        entry.about(self.caller.sealed_for.as_str(), kept).kept_until(self.kept_until_ms())
    }

    /// From when on what is kept of this request goes, ms since 1970.
    pub(super) fn kept_until_ms(&self) -> i64 {
        self.arrived_ms.saturating_add(i64::from(self.law.ruled.policy.record().days) * DAY_MS)
    }

    /// The texts without personal information, whatever the policy decided about it.
    fn redacted(&self, checked: &Checked) -> Vec<u8> {
        let texts = checked.judged.iter().map(|one| {
            let personal = one.verdict.findings.iter().filter_map(|f| Some(detect::redact::Mark { span: f.span, kind: f.personal? }));
            let redacted = self.redactor.redact(&one.part.text, &personal.collect::<Vec<_>>());
            json!({"channel": one.part.channel.id(), "text": redacted.map(|redacted| redacted.text).unwrap_or_default()})
        });
        let mut bytes = serde_json::Value::Array(texts.collect()).to_string().into_bytes();
        bytes.truncate(MAX_KEPT_BYTES);
        bytes
    }

    /// Writes the outcome and the request's row, before the client hears of it.
    pub(super) async fn close(&self, request: EntryId, decision: &str, entry: Entry, ticket: Option<EntryId>) -> Result<(), Problem> {
        self.gateway.recorder.close(self.row(request, decision, ticket), entry).await.map_err(|problem| problem.recorded(request))
    }

    /// The same behind the answer, for a plain pass.
    pub(super) async fn close_behind(&self, request: EntryId, decision: &str, entry: Entry) {
        self.gateway.recorder.close_behind(self.row(request, decision, None), entry).await;
    }

    fn row(&self, request: EntryId, decision: &str, ticket: Option<EntryId>) -> RequestRow {
        RequestRow {
            request,
            time_ms: self.arrived_ms,
            client_key: self.caller.key_id().to_owned(),
            person: self.caller.person.clone().unwrap_or_default(),
            endpoint: self.endpoint.path().to_owned(),
            model: self.ask.model.clone(),
            decision: decision.to_owned(),
            outcome: request,
            ticket,
        }
    }

    /// Whether a plain pass may be written behind the answer.
    pub(super) fn may_write_behind(&self) -> bool {
        matches!(self.law.ruled.policy.record().must, Must::All | Must::Decided)
    }

    /// A refused request counts against its user by the published rules.
    pub(super) async fn strike(&self, request: EntryId) -> Result<(), Problem> {
        let Some(person) = self.caller.person.clone() else { return Ok(()) };
        // What could not be judged, and what failed here, is nobody's fault: the published rules say so.
        if matches!(self.plan.reason, Reason::Occasion(Occasion::Opaque | Occasion::Fault | Occasion::Held)) {
            return Ok(());
        }
        let findings = self.checked.judged.iter().flat_map(|one| &one.verdict.findings);
        let Some(gravest) = findings.max_by_key(|finding| finding.severity) else { return Ok(()) };
        let event = Event { time_ms: self.gateway.now_ms(), class: gravest.class, severity: gravest.severity.max(Severity::Note) };
        let (rules, by, struck) = (Arc::clone(self.gateway.rulesets.strikes(&self.law.ruled.policy)), self.by(), person.clone());
        let name = self.caller.sealed_for.clone();
        let given = self.gateway.tenant.change(async move |change: &mut store::Change| {
            let before = change.standing(&person).await?;
            let (after, changed) = rules.apply(&strikes::Standing::from(&before), event);
            change.set_standing(&after.onto(before)).await?;
            if let Some(changed) = &changed {
                // The person is named in what is sealed for them, so that an erasure takes it along.
                let said = serde_json::to_vec(changed).unwrap_or_default();
                let entry = record::entry("standing.change", &by).with("request", request.to_string()).with("rules", rules.version());
                change.record(entry.about(name, said))?;
            }
            Ok(changed)
        });
        let (changed, _) = given.await.map_err(|_| self.gateway.unrecorded().recorded(request))?;
        self.gateway.teller.tell_strike(request, &struck, changed.as_ref(), self.gateway.now_ms());
        self.gateway.struck(&struck);
        self.gateway.metrics.strikes.inc();
        Ok(())
    }

    /// A request that was not refused ends a row of strikes.
    pub(super) async fn good(&self) {
        let in_a_row = self.caller.standing.as_ref().is_some_and(|standing| standing.consecutive > 0);
        let Some(person) = self.caller.person.clone().filter(|person| self.gateway.forgets(person) || in_a_row) else { return };
        // Should it fail, the row of strikes stays longer than it should; the request itself is recorded.
        let _ = self
            .gateway
            .tenant
            .change(async move |change: &mut store::Change| {
                let before = change.standing(&person).await?;
                let after = strikes::Standing::from(&before).good();
                change.set_standing(&after.onto(before)).await
            })
            .await;
    }

    /// The model service failed: recorded, and told.
    pub(super) async fn failed(&self, request: EntryId, error: &UpstreamError) -> Problem {
        let (_, code) = error.code();
        if *error != UpstreamError::Unwanted {
            self.count_failure(code);
        }
        let plan = &self.plan;
        let entry = self.outcome(request, "failed", &Checked::default(), plan).with("failure", code);
        self.close_behind(request, "failed", entry).await;
        Problem::from(error.clone()).recorded(request)
    }

    /// What came was no answer that can be understood.
    pub(super) async fn garbage(&self, request: EntryId, error: impl Display) -> Problem {
        self.count_failure("upstream_garbage");
        let entry = self.outcome(request, "failed", &Checked::default(), &self.plan).with("failure", "upstream_garbage");
        self.close_behind(request, "failed", entry).await;
        Problem::new(502, "upstream_garbage", format!("the model service's answer cannot be understood: {error}")).recorded(request)
    }

    pub(super) fn count_failure(&self, code: &str) {
        let failure = UpstreamFailure { upstream: self.upstream.name.clone(), code: code.to_owned() };
        self.gateway.metrics.upstream_failures.get_or_create(&failure).inc();
    }

    /// The model service says no. What it says is judged like an answer; if it must not be passed on, only its status is.
    pub(super) async fn upstream_says_no(&self, request: EntryId, answer: crate::upstream::Answer) -> Problem {
        /// What is read of an error: more is no message.
        const MAX_ERROR_BYTES: usize = 64 << 10;
        let status = answer.status;
        let retry = answer.headers.get("retry-after").and_then(|value| value.to_str().ok()).and_then(|value| self.seconds(value));
        let body = crate::upstream::whole(answer.pieces, MAX_ERROR_BYTES).await.unwrap_or_default();
        let said = serde_json::from_slice::<serde_json::Value>(&body).ok();
        let said = said.as_ref().and_then(|body| body.pointer("/error/message")).and_then(serde_json::Value::as_str).unwrap_or_default();
        let verdict = self.law.ruled.answer.check_as(said, Direction::Output);
        let clean = verdict.findings.is_empty() && verdict.faults.is_empty() && !said.is_empty();
        let code = upstream_code(status);
        self.count_failure(code);
        let entry = self.outcome(request, "failed", &Checked::default(), &self.plan).with("failure", code).with("status", status);
        self.close_behind(request, "failed", entry).await;
        let message = if clean { format!("the model service says: {said}") } else { format!("the model service answered {status}") };
        let problem = Problem::new(passed_status(status), code, message).recorded(request);
        match retry {
            Some(seconds) => problem.again_in(seconds),
            None => problem,
        }
    }

    /// The seconds of a `Retry-After`, which is a number of them or a date (RFC 9110, 10.2.3).
    fn seconds(&self, value: &str) -> Option<u64> {
        let date = || jiff::fmt::rfc2822::parse(value).ok().map(|date| self.gateway.seconds_until(date.timestamp().as_millisecond()));
        value.trim().parse().ok().or_else(date)
    }
}

/// What would have been done, where that is something else.
fn with_shadow(entry: Entry, plan: &Plan) -> Entry {
    let entry = match plan.shadow {
        Some(shadow) => entry.with("shadow", shadow.id()),
        None => entry,
    };
    match &plan.shadow_findings {
        Some(findings) => entry.with("shadow_findings", findings.clone()),
        None => entry,
    }
}

const fn upstream_code(status: u16) -> &'static str {
    match status {
        400 | 404 | 413 | 422 => "upstream_refused_request",
        401 | 403 => "upstream_refused_gateway",
        429 => "upstream_rate_limited",
        300..=399 => "upstream_redirect",
        _ => "upstream_error",
    }
}

/// The client's mistakes and the service's haste are passed on; that the gateway's own key is refused is the operator's matter, not the client's.
const fn passed_status(status: u16) -> u16 {
    match status {
        400 | 404 | 413 | 422 | 429 | 500 | 503 => status,
        _ => 502,
    }
}

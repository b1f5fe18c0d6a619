//! Judging on demand: `/v1/moderations` and `/v1/guard`. Nothing is sent to a model, and nobody gets a strike: who asks is a program that has still to decide.

use detect::Direction;
use detect::redact::Mark;
use serde_json::Value;
use store::Entry;
use taxonomy::Verdict;

use crate::Gateway;
use crate::admit::Law;
use crate::ask::not_understood;
use crate::canned::{Facts, Occasion, Reason, language};
use crate::check;
use crate::moderation::{self, GuardPart, GuardRequest, GuardResponse, Judged, Outcome, Subject, Table};
use crate::policy::{Action, Decided, Policy};
use crate::problem::Problem;
use crate::record;
use crate::wire::{Channel, Endpoint};

/// The name of the judge where a client names a model of OpenAI's.
const MODEL: &str = "guiju-moderation";

/// Answers `/v1/moderations`.
pub(crate) async fn moderations(gateway: &Gateway, law: &Law, by: &str, body: &Value) -> Result<Value, Problem> {
    let subjects = moderation::subjects(body).map_err(|error| Problem::new(400, "invalid_shape", error.to_string()).about("input"))?;
    let table = Table::built_in().map_err(|error| Problem::new(500, "internal", error.to_string()))?;
    let ruled = &law.ruled;
    let judged: Vec<(Subject, Verdict)> = tokio::task::block_in_place(|| {
        // What is moderated may be a prompt or an answer; OpenAI's clients do not say. Answers have the stricter policy.
        subjects
            .into_iter()
            .map(|subject| (ruled.answer.check_as(&subject.text, Direction::Output), subject))
            .map(|(verdict, subject)| (subject, verdict))
            .collect()
    });
    for (_, verdict) in &judged {
        check::count(verdict, Direction::Output, &gateway.metrics);
    }
    let policy = &ruled.policy;
    let decided: Vec<Decided> =
        judged.iter().map(|(_, verdict)| policy.decide(Direction::Output, Channel::Content, &verdict.findings, &verdict.faults)).collect();
    let outcomes: Vec<Outcome<'_>> = judged
        .iter()
        .zip(&decided)
        .map(|((subject, verdict), decided)| {
            let opaque = subject.opaque.iter().map(|kind| policy.opaque(Direction::Output, kind)).max().unwrap_or(Action::Pass);
            Outcome { subject, verdict, decided, opaque }
        })
        .collect();
    let entry = gateway.tenant.entry_id().map_err(|_| gateway.unrecorded())?;
    let found = judged.iter().map(|(_, verdict)| (Channel::Content.id(), verdict));
    gateway.recorder.write(recorded(law, by, "judge.moderation", record::findings(found)).called(entry)).await?;
    let model = body.get("model").and_then(Value::as_str).unwrap_or(MODEL);
    Ok(moderation::moderation(&entry.to_string(), model, &outcomes, &table))
}

/// Answers `/v1/guard`.
pub(crate) async fn guard(gateway: &Gateway, law: &Law, by: &str, body: &Value) -> Result<Value, Problem> {
    let request = GuardRequest::parse(body).map_err(|error| Problem::new(400, "invalid_shape", error.to_string()))?;
    let (policy, direction) = (&law.ruled.policy, request.direction);
    let pipeline = if direction == Direction::Input { &law.ruled.input } else { &law.ruled.answer };
    let (mut parts, mut opaque) = (request.parts(), Vec::new());
    if let Some(chat) = request.chat() {
        let read = Endpoint::Chat.request(&chat).map_err(|error| not_understood(&error))?;
        parts.extend(read.parts.into_iter().map(|part| GuardPart { path: part.path, channel: part.channel, text: part.text, id: None }));
        opaque.extend(read.opaque.into_iter().map(|opaque| opaque.kind));
    }
    let verdicts: Vec<Verdict> =
        tokio::task::block_in_place(|| parts.iter().map(|part| pipeline.check_as(&part.text, direction)).collect());
    for verdict in &verdicts {
        check::count(verdict, direction, &gateway.metrics);
    }
    let decided: Vec<Decided> = parts
        .iter()
        .zip(&verdicts)
        .map(|(part, verdict)| policy.decide(direction, part.channel, &verdict.findings, &verdict.faults))
        .collect();
    let masked: Vec<Option<String>> = parts
        .iter()
        .zip(&verdicts)
        .zip(&decided)
        .map(|((part, verdict), decided)| masked(gateway, policy, part, verdict, decided))
        .collect();
    let of_opaque = opaque.iter().map(|kind| policy.opaque(direction, kind));
    let action = law.terms.answer(decided.iter().map(|decided| decided.action).chain(of_opaque));
    let entry = gateway.tenant.entry_id().map_err(|_| gateway.unrecorded())?;
    let found = parts.iter().zip(&verdicts).map(|(part, verdict)| (part.channel.id(), verdict));
    let recorded = recorded(law, by, "judge.guard", record::findings(found)).with("action", action.id()).called(entry);
    gateway.recorder.write(recorded).await?;
    let (entry, judged) = (entry.to_string(), parts.iter().zip(&verdicts).zip(&decided).zip(&masked));
    let judged: Vec<Judged<'_>> =
        judged.map(|(((part, verdict), decided), masked)| Judged { part, verdict, decided, masked: masked.as_deref() }).collect();
    let text = (action >= Action::Hold).then(|| {
        let reason = decided.iter().max_by_key(|decided| decided.action).and_then(|decided| decided.reason);
        let lang = language(parts.last().map_or("", |part| &part.text));
        policy.canned().text(reason.unwrap_or(Reason::Occasion(Occasion::Opaque)), lang, Facts { request: &entry, until: "" })
    });
    let response = GuardResponse::of(&entry, &policy.version(), &judged, opaque, action, text);
    serde_json::to_value(response).map_err(|error| Problem::new(500, "internal", error.to_string()))
}

/// The text of a part with its personal information masked, where that is what follows.
fn masked(gateway: &Gateway, policy: &Policy, part: &GuardPart, verdict: &Verdict, decided: &Decided) -> Option<String> {
    let findings = decided.masked.iter().filter_map(|at| verdict.findings.get(*at));
    let marks: Vec<Mark> = findings.filter_map(|finding| Some(Mark { span: finding.span, kind: finding.personal? })).collect();
    let redacted = (!marks.is_empty()).then(|| gateway.redactor(policy).redact(&part.text, &marks))?;
    redacted.ok().map(|redacted| redacted.text)
}

fn recorded(law: &Law, by: &str, what: &'static str, findings: Value) -> Entry {
    record::entry(what, by).with("policy", law.ruled.version.as_str()).with("findings", findings)
}

//! An answer that comes in pieces: let go as far as it is judged, recorded when it ends.

use std::convert::Infallible;
use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::http::{HeaderValue, Response, header};
use detect::classifier::{Classifier, Input};
use detect::redact::Redactor;
use detect::{Direction, Scanner};
use futures_util::{FutureExt, StreamExt, stream};
use store::EntryId;
use taxonomy::{Fault, Finding, InputKind, Verdict};
use tokio::sync::mpsc;

use super::Turn;
use crate::canned::{Facts, Occasion, Reason};
use crate::check::{self, Checked, Judged};
use crate::decide::Plan;
use crate::live::Ruled;
use crate::metrics::Metrics;
use crate::otlp;
use crate::policy::{self, StreamMode};
use crate::problem::{Problem, respond};
use crate::sse::{Frame, Splitter};
use crate::stream::{Action, End, Gate, Judge, Lane, Mode, Options};
use crate::unmask::Values;
use crate::upstream::{self, Answer, Pieces, UpstreamError};
use crate::visible::Visible;
use crate::wire::{Channel, Part};

/// Events on their way to a client; beyond that the model service is not read any further, so that a slow reader costs no memory.
const MAX_WAITING: usize = 64;

/// Bytes of a stream that are judged at once, if so many are there.
const MAX_AT_ONCE_BYTES: usize = 64 << 10;

/// Findings of one stream that are kept for its record.
const MAX_NOTED: usize = 1_000;

/// What a stream is judged by, and what was found.
struct StreamJudge {
    ruled: Arc<Ruled>,
    classifier: Option<Arc<dyn Classifier>>,
    redactor: Redactor,
    values: Option<Arc<Values>>,
    visible: Option<Visible>,
    metrics: Arc<Metrics>,
    prompt: String,
    lang: taxonomy::Lang,
    request: String,
    /// What was found, with its lane.
    noted: Vec<(Lane, Finding)>,
    faults: Vec<Fault>,
    /// The gravest action.
    action: policy::Action,
}

impl Turn {
    /// Begins to answer; the rest happens while the client reads.
    pub(super) fn streamed(self, request: EntryId, answer: Answer) -> (Response<Body>, policy::Action) {
        let action = self.plan.action;
        let mut headers = self.headers(request, action);
        headers.extend(upstream::passed_back(&answer.headers));
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        let gate = Gate::new(self.options(request), self.judge(request));
        let (sender, receiver) = mpsc::channel(MAX_WAITING);
        tokio::spawn(otlp::carried("stream", self.pump(request, gate, answer.pieces, sender)));
        let body = stream::unfold(receiver, |mut receiver| async move { Some((Ok::<_, Infallible>(receiver.recv().await?), receiver)) });
        (respond(200, headers, Body::from_stream(body)), action)
    }

    /// A canned text as a stream.
    pub(super) fn canned_stream(&self, request: EntryId, text: &str) -> Body {
        Body::from(written(&crate::stream::canned(&self.options(request), text)))
    }

    fn options(&self, request: EntryId) -> Options {
        let mode = match self.law.terms.stream {
            StreamMode::Trail => Mode::Trail,
            StreamMode::Hold => Mode::Hold,
            StreamMode::Full => Mode::Full,
        };
        Options { endpoint: self.endpoint, mode, usage: self.ask.wants_usage(), facts: self.facts(request) }
    }

    fn judge(&self, request: EntryId) -> StreamJudge {
        StreamJudge {
            ruled: Arc::clone(&self.law.ruled),
            classifier: self.gateway.base.classifier(self.law.terms.answer_classifier),
            redactor: self.redactor.clone(),
            values: self.values.clone(),
            visible: self.visible(),
            metrics: Arc::clone(&self.gateway.metrics),
            prompt: self.ask.last_said().unwrap_or_default().to_owned(),
            lang: self.lang,
            request: request.to_string(),
            noted: Vec::new(),
            faults: Vec::new(),
            action: policy::Action::Pass,
        }
    }

    /// Reads the model service, lets go what is judged, and records the end. Stops reading when the client is gone.
    async fn pump(self, request: EntryId, mut gate: Gate<StreamJudge>, mut pieces: Pieces, sender: mpsc::Sender<Bytes>) {
        let mut splitter = Splitter::default();
        let mut failure: Option<UpstreamError> = None;
        let mut gone = false;
        while gate.ended().is_none() && !gone {
            let next = tokio::select! {
                next = pieces.next() => next,
                () = sender.closed() => { gone = true; continue }
            };
            let Some(next) = next else { break };
            let frames = match read(next, &mut pieces, &mut splitter) {
                Ok(frames) => frames,
                Err(error) => {
                    failure = Some(error);
                    break;
                }
            };
            // Judging is a matter of microseconds for a keyword and of milliseconds for a classifier: others go on meanwhile.
            let ready = gate.push(frames);
            gone = !send(&sender, &ready).await;
            let cut = gate.behind();
            gone = gone || !send(&sender, &cut).await;
        }
        let last = splitter.finish().ok().flatten().filter(|_| failure.is_none() && gate.ended().is_none());
        if let Some(event) = last {
            gone = gone || !send(&sender, &gate.push(vec![Frame::Event(event)])).await;
        }
        // A service that just ends, without the end of a choice, broke as well; the gate tells it only then.
        let error = Problem::from(failure.clone().unwrap_or(UpstreamError::Broken)).recorded(request).body();
        let rest = if gate.ended().is_none() && !gone { gate.end(Some(error)) } else { Vec::new() };
        // Of a client that is gone, nobody waited for the end.
        let cut_short = !gone && gate.ended().is_none_or(|end| matches!(end, End::Broken(_)));
        self.end(request, gate.judge(), failure.map(|error| error.code().1).or(cut_short.then_some("upstream_broken")), gone).await;
        send(&sender, &rest).await;
    }

    /// Records how a stream ended.
    async fn end(&self, request: EntryId, judge: &StreamJudge, failure: Option<&'static str>, gone: bool) {
        let (checked, action) = (judge.checked(), judge.action.max(self.plan.action));
        let reason = Reason::Occasion(Occasion::Held);
        let plan = Plan { action, shadow: self.plan.shadow, shadow_findings: None, reason, each: Vec::new() };
        let decision = if failure.is_some() && action < policy::Action::Refuse { "failed" } else { action.id() };
        let mut entry = self.outcome(request, decision, &checked, &plan).with("stage", "answer").with("stream", true);
        if let Some(failure) = failure {
            self.count_failure(failure);
            entry = entry.with("failure", failure);
        }
        if gone {
            entry = entry.with("client", "gone");
        }
        // The client has been told already what was let go; a store that is down is counted, and lets nobody else in.
        let _ = self.close(request, decision, entry, None).await;
    }
}

impl StreamJudge {
    fn note(&mut self, lane: Lane, finding: &Finding) {
        if self.noted.len() < MAX_NOTED && !self.noted.iter().any(|(_, other)| other.rule == finding.rule && other.span == finding.span) {
            self.noted.push((lane, finding.clone()));
        }
    }

    fn act(&mut self, action: policy::Action, reason: Option<Reason>) -> Action {
        self.action = self.action.max(action);
        match action {
            policy::Action::Pass => Action::Pass,
            policy::Action::Mask => Action::Mask,
            // On its way an answer cannot wait for a person, be replaced in part, or be asked of another model: what would be is refused.
            _ => {
                self.action = policy::Action::Refuse;
                Action::Refuse(self.say(reason.unwrap_or(Reason::Occasion(Occasion::Ban))))
            }
        }
    }

    fn say(&self, reason: Reason) -> String {
        self.ruled.policy.canned().text(reason, self.lang, Facts { request: &self.request, until: "" })
    }

    /// What was found, by lane, for the record.
    fn checked(&self) -> Checked {
        let mut judged: Vec<Judged> = Vec::new();
        let versions = self.ruled.stream.versions().to_vec();
        for (lane, finding) in &self.noted {
            let part = part(*lane);
            let verdict = Verdict {
                decision: taxonomy::Decision::Pass,
                shadow: None,
                findings: vec![finding.clone()],
                faults: Vec::new(),
                versions: versions.clone(),
            };
            judged.push(Judged { part, verdict });
        }
        if !self.faults.is_empty() {
            let verdict =
                Verdict { decision: taxonomy::Decision::Hold, shadow: None, findings: Vec::new(), faults: self.faults.clone(), versions };
            judged.push(Judged { part: part(Lane { choice: 0, channel: Channel::Content }), verdict });
        }
        Checked { judged, opaque: Vec::new() }
    }
}

impl Judge for StreamJudge {
    fn scanner(&self) -> Scanner {
        Scanner::new(self.ruled.stream.clone(), Direction::Output)
    }

    fn whole(&mut self, _lane: Lane, text: &str) -> Verdict {
        let verdict = self.ruled.answer.check_as(text, Direction::Output);
        check::count(&verdict, Direction::Output, &self.metrics);
        verdict
    }

    fn decide(&mut self, lane: Lane, findings: &[Finding], faults: &[Fault]) -> Action {
        let decided = match (faults, findings.last()) {
            ([], Some(last)) => {
                self.note(lane, last);
                self.ruled.policy.decide(Direction::Output, lane.channel, std::slice::from_ref(last), &[])
            }
            _ => {
                self.faults.extend(faults.iter().cloned());
                self.ruled.policy.decide(Direction::Output, lane.channel, &[], faults)
            }
        };
        self.act(decided.action, decided.reason)
    }

    fn classify(&mut self, lane: Lane, text: &str) -> Action {
        let Some(classifier) = &self.classifier else { return Action::Pass };
        let input = Input { kind: InputKind::Answer, text, prompt: Some(self.prompt.as_str()).filter(|prompt| !prompt.is_empty()) };
        let findings = classifier.findings(&input);
        for finding in &findings {
            self.note(lane, finding);
        }
        let decided = self.ruled.policy.decide(Direction::Output, lane.channel, &findings, &[]);
        // A classifier points at no place: there is nothing to mask.
        if decided.action == policy::Action::Mask { Action::Pass } else { self.act(decided.action, decided.reason) }
    }

    fn opaque(&mut self, _choice: usize, kind: &str) -> Action {
        let action = self.ruled.policy.opaque(Direction::Output, kind);
        self.act(action, Some(Reason::Occasion(Occasion::Opaque)))
    }

    fn overflow(&mut self) -> String {
        self.action = policy::Action::Refuse;
        self.say(Reason::Occasion(Occasion::Fault))
    }

    fn redactor(&self) -> &Redactor {
        &self.redactor
    }

    fn values(&self) -> Option<&Arc<Values>> {
        self.values.as_ref()
    }

    fn visible(&self) -> Option<&Visible> {
        self.visible.as_ref()
    }
}

/// A lane in the words of a record.
fn part(lane: Lane) -> Part {
    Part { channel: lane.channel, choice: lane.choice, path: String::new(), text: String::new(), places: Vec::new() }
}

/// Reads a piece and those that have come already: what is there at once is judged at once.
fn read(first: Result<Bytes, UpstreamError>, pieces: &mut Pieces, splitter: &mut Splitter) -> Result<Vec<Frame>, UpstreamError> {
    let (mut frames, mut bytes, mut next) = (Vec::new(), 0, Some(first));
    while let Some(piece) = next {
        let piece = piece?;
        bytes += piece.len();
        frames.extend(splitter.feed(&piece).map_err(|_| UpstreamError::Broken)?);
        next = if bytes < MAX_AT_ONCE_BYTES { pieces.next().now_or_never().flatten() } else { None };
    }
    Ok(frames)
}

/// Sends frames; says whether the client is still there.
async fn send(sender: &mpsc::Sender<Bytes>, frames: &[Frame]) -> bool {
    frames.is_empty() || sender.send(Bytes::from(written(frames))).await.is_ok()
}

fn written(frames: &[Frame]) -> Vec<u8> {
    let mut bytes = Vec::new();
    frames.iter().for_each(|frame| frame.write(&mut bytes));
    bytes
}

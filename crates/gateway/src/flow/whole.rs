//! An answer that comes whole.

use axum::body::{Body, Bytes};
use axum::http::{HeaderValue, Response, header};
use detect::Direction;
use serde_json::Value;
use store::EntryId;

use super::Turn;
use crate::canned::{Occasion, Reason};
use crate::check::{self, Checked};
use crate::decide::{self, Masks, Plan};
use crate::policy::Action;
use crate::problem::{Problem, respond};
use crate::record;
use crate::upstream::{self, Answer};
use crate::wire;

impl Turn {
    /// Judges the answer and gives back what may be given back.
    pub(super) async fn whole(self, request: EntryId, answer: Answer) -> Result<(Response<Body>, Action), Problem> {
        let back = upstream::passed_back(&answer.headers);
        let body = match self.while_there(upstream::whole(answer.pieces, self.gateway.config.limits.answer_bytes)).await {
            Ok(body) => body,
            Err(error) => return Err(self.failed(request, &error).await),
        };
        let read = wire::parse(&body).and_then(|value| Ok((self.endpoint.answer(&value)?, value)));
        let (parts, value) = match read {
            Ok(read) => read,
            Err(error) => return Err(self.garbage(request, error).await),
        };
        let tried = self.law.shadow.as_ref().map(|tried| (tried, parts.clone()));
        let checked = check::check(&self.law.ruled.answer, parts, Direction::Output, &self.gateway.metrics).await;
        let mut plan = decide::decide(&self.law.ruled.policy, Direction::Output, &checked, self.law.terms.answer([]));
        if let Some((tried, parts)) = tried {
            let checked = check::check(&tried.answer, parts, Direction::Output, &self.gateway.metrics).await;
            plan.note_tried(&tried.policy, Direction::Output, &checked, self.law.terms.answer([]));
        }
        let (mut response, action) = match plan.action {
            Action::Refuse => self.refuse_answer(request, &checked, &plan).await?,
            Action::Hold => self.hold_answer(request, &body, &checked, &plan).await?,
            _ => self.give(request, &body, value, &checked, &plan).await?,
        };
        for (name, value) in &back {
            response.headers_mut().entry(name).or_insert_with(|| value.clone());
        }
        Ok((response, action))
    }

    /// The answer goes out: masked, labelled, or untouched.
    pub(super) async fn give(
        &self,
        request: EntryId,
        body: &Bytes,
        mut value: Value,
        checked: &Checked,
        plan: &Plan,
    ) -> Result<(Response<Body>, Action), Problem> {
        let notice = self.say(Reason::Occasion(Occasion::Withheld), request);
        let masks = Masks { redactor: &self.redactor, values: None };
        let Ok(mut changed) = plan.carry_out(checked, masks, &notice, &mut value) else {
            return self.refuse_answer(request, checked, plan).await;
        };
        changed |= self.values.as_ref().is_some_and(|values| values.put_back(self.endpoint, &mut value));
        changed |= self.visible().is_some_and(|label| label.put(self.endpoint, &mut value));
        let action = plan.action.max(self.plan.action);
        let entry = self.outcome(request, action.id(), checked, plan).with("stage", "answer").with("digest", record::digest(body));
        let entry = self.keep(entry.with("usage", value.get("usage").cloned().unwrap_or_default()), body, checked);
        if action == Action::Pass && self.may_write_behind() {
            self.close_behind(request, action.id(), entry).await;
        } else {
            self.close(request, action.id(), entry, None).await?;
        }
        let bytes = if changed { Bytes::from(value.to_string()) } else { body.clone() };
        let mut headers = self.headers(request, action);
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        Ok((respond(200, headers, Body::from(bytes)), action))
    }

    /// The canned text takes the place of the answer.
    pub(super) async fn refuse_answer(
        &self,
        request: EntryId,
        checked: &Checked,
        plan: &Plan,
    ) -> Result<(Response<Body>, Action), Problem> {
        self.close(request, "refuse", self.outcome(request, "refuse", checked, plan).with("stage", "answer"), None).await?;
        let text = self.say(plan.reason, request);
        Ok((self.instead(request, &text, Action::Refuse)?, Action::Refuse))
    }
}

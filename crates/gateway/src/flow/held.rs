//! What waits for a person (Liaoning 7.2 d): the client waits with it for a while, then gets 202 and a ticket to ask with.

use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::{HeaderValue, Response, header};
use serde_json::json;
use store::EntryId;
use store::guard::{NewTicket, Stage, TicketState};

use super::Turn;
use crate::canned::{Occasion, Reason};
use crate::check::Checked;
use crate::decide::Plan;
use crate::policy::{Action, Nobody};
use crate::problem::{Problem, respond};
use crate::wire;

/// How often a client that waits has its ticket looked at.
const LOOK: Duration = Duration::from_millis(250);

/// What became of a ticket while the client waited.
enum Decided {
    Released,
    Refused,
    /// Nobody has decided yet.
    Waits,
}

impl Turn {
    /// Holds the request until a person has decided.
    pub(super) async fn hold_request(mut self) -> Result<(Response<Body>, Action), Problem> {
        self.gateway.recorder.write(self.admission()).await?;
        let request = self.request;
        let ticket = self.open(request, Stage::Input, &self.ask.body).await?;
        match self.wait(ticket).await {
            Decided::Released => {
                // The person has taken the decision: what was found no longer stops it.
                self.plan.action = Action::Pass;
                Box::pin(self.forward()).await
            }
            Decided::Refused => {
                let outcome = self.outcome(request, "refuse", &self.checked, &self.plan).with("ticket", ticket.to_string());
                self.close(request, "refuse", outcome, Some(ticket)).await?;
                let text = self.say(self.plan.reason, request);
                Ok((self.instead(request, &text, Action::Refuse)?, Action::Refuse))
            }
            Decided::Waits => self.later(request, ticket, &self.checked, &self.plan).await,
        }
    }

    /// Holds an answer until a person has decided.
    pub(super) async fn hold_answer(
        &self,
        request: EntryId,
        body: &Bytes,
        checked: &Checked,
        plan: &Plan,
    ) -> Result<(Response<Body>, Action), Problem> {
        let ticket = self.open(request, Stage::Answer, body).await?;
        match self.wait(ticket).await {
            Decided::Released => {
                let released = Plan {
                    action: Action::Pass,
                    shadow: plan.shadow,
                    shadow_findings: plan.shadow_findings.clone(),
                    reason: plan.reason,
                    each: Vec::new(),
                };
                let value = wire::parse(body).unwrap_or_default();
                self.give(request, body, value, checked, &released).await
            }
            Decided::Refused => {
                let outcome = self.outcome(request, "refuse", checked, plan).with("ticket", ticket.to_string());
                self.close(request, "refuse", outcome, Some(ticket)).await?;
                let text = self.say(plan.reason, request);
                Ok((self.instead(request, &text, Action::Refuse)?, Action::Refuse))
            }
            Decided::Waits => self.later(request, ticket, checked, plan).await,
        }
    }

    async fn open(&self, request: EntryId, stage: Stage, body: &Bytes) -> Result<EntryId, Problem> {
        let minutes = i64::from(self.law.ruled.policy.hold().decide_minutes);
        let until_ms = self.gateway.now_ms() + minutes * 60_000;
        let new = NewTicket {
            request,
            stage,
            person: self.caller.sealed_for.clone(),
            body: body.to_vec(),
            until_ms,
            kept_until_ms: Some(self.kept_until_ms()),
        };
        let by = self.by();
        let opened = self.gateway.tenant.change(async move |change: &mut store::Change| change.open_ticket(&by, new).await).await;
        opened.map(|(ticket, _)| ticket).map_err(|_| {
            Problem::new(503, "not_held", "this needs a person to decide, and no more can be held at the moment; come again")
                .again_in(60)
                .recorded(request)
        })
    }

    /// Waits on the open connection.
    async fn wait(&self, ticket: EntryId) -> Decided {
        let wait = Duration::from_millis(u64::from(self.law.ruled.policy.hold().wait_ms));
        let decided = async {
            loop {
                match self.gateway.tenant.ticket(ticket).await.map(|ticket| ticket.state) {
                    Ok(TicketState::Released) => return Decided::Released,
                    Ok(TicketState::Refused) => return Decided::Refused,
                    Ok(TicketState::Expired) => return self.nobody(),
                    Ok(TicketState::Waiting) | Err(_) => tokio::time::sleep(LOOK).await,
                }
            }
        };
        tokio::time::timeout(wait, decided).await.unwrap_or(Decided::Waits)
    }

    const fn nobody(&self) -> Decided {
        match self.law.terms.nobody {
            Nobody::Refuse => Decided::Refused,
            Nobody::Pass => Decided::Released,
        }
    }

    /// 202 and the ticket.
    async fn later(&self, request: EntryId, ticket: EntryId, checked: &Checked, plan: &Plan) -> Result<(Response<Body>, Action), Problem> {
        let outcome = self.outcome(request, "hold", checked, plan).with("ticket", ticket.to_string());
        self.close(request, "hold", outcome, Some(ticket)).await?;
        let message = self.say(Reason::Occasion(Occasion::Held), request);
        let body = json!({"object": "guiju.ticket", "ticket": ticket.to_string(), "request": request.to_string(), "status": "waiting", "message": message,
            "url": format!("/v1/tickets/{ticket}")});
        let mut headers = self.headers(request, Action::Hold);
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(header::RETRY_AFTER, HeaderValue::from_static("30"));
        Ok((respond(202, headers, Body::from(body.to_string())), Action::Hold))
    }
}

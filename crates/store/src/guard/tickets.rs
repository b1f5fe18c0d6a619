//! Tickets: a request or an answer that waits for a reviewer, or for the time at which nobody decided.
//!
//! What is held is the content of the entry `ticket.open`, whose id is the ticket: it is on the disk before anybody waits, sealed with the key of the person it
//! speaks of, and goes when that person is erased. Who may decide is `case.review`'s, which the caller asks.

use ledger::leaf::Class;
use sqlx::Row;
use sqlx::any::AnyRow;

use super::{MAX_REASON, row};
use crate::change::{Bound, Change, Entry};
use crate::{EntryId, Secret, StoreError, Tenant};

/// Tickets of a tenant that wait at a time. What reviewers cannot reach in days must not fill the disk: beyond it a gateway refuses what it would have held.
pub const MAX_WAITING: usize = 10_000;

/// Tickets shown, or expired, at a time.
const MAX_LISTED: usize = 1_000;

crate::access::ids! {
    /// What is held.
    Stage, "stage of a ticket: input or answer", {
        Input = "input";
        Answer = "answer";
    }
}

crate::access::ids! {
    /// How a ticket stands.
    TicketState, "state of a ticket: waiting, released, refused or expired", {
        Waiting = "waiting";
        Released = "released";
        Refused = "refused";
        Expired = "expired";
    }
}

/// A ticket as it is opened.
#[derive(Clone)]
pub struct NewTicket {
    /// Id of the entry of the request's admission.
    pub request: EntryId,
    /// What is held.
    pub stage: Stage,
    /// Whom it speaks of, as in [`Content`](crate::Content): the user, or the client key where no user is named.
    pub person: String,
    /// What is held; at most [`MAX_CONTENT_BYTES`](crate::MAX_CONTENT_BYTES).
    pub body: Vec<u8>,
    /// The first moment at which nobody can decide it, ms since 1970.
    pub until_ms: i64,
    /// From when on what is held goes, ms since 1970, but not before `until_ms`; `None` where only the person's erasure ends it.
    pub kept_until_ms: Option<i64>,
}

impl std::fmt::Debug for NewTicket {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "NewTicket({} of {}, {} bytes)", self.stage, self.request, self.body.len())
    }
}

/// A ticket, without what it holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ticket {
    /// Its id: that of the entry that opened it.
    pub ticket: EntryId,
    /// Id of the entry of the request's admission.
    pub request: EntryId,
    /// What is held.
    pub stage: Stage,
    /// How it stands.
    pub state: TicketState,
    /// When it was opened, ms since 1970.
    pub created_ms: i64,
    /// The first moment at which nobody can decide it, ms since 1970.
    pub until_ms: i64,
    /// Who decided it; empty before.
    pub decided_by: String,
    /// When it was decided or its expiry was written down, ms since 1970.
    pub decided_ms: Option<i64>,
    /// The entry that says so.
    pub decided: Option<EntryId>,
    /// Why, as whoever decided says.
    pub reason: String,
}

impl Change {
    /// Opens a ticket, and gives its id. Entry: `ticket.open`.
    ///
    /// # Errors
    /// It holds too much, would end at once, or too many wait.
    pub async fn open_ticket(&mut self, by: &str, new: NewTicket) -> Result<EntryId, StoreError> {
        let (request, stage, until, now) = (new.request, new.stage, new.until_ms, self.now_ms);
        if until <= now {
            return Err(StoreError::Refused("a ticket waits until a time after now".to_owned()));
        }
        let sql = "SELECT COUNT(*) FROM ticket WHERE tenant = $1 AND state = 'waiting'";
        if self.rows(sql, |query| query).await?.first().map_or(Ok(0), |row| row.try_get::<i64, _>(0))? >= row::limit(MAX_WAITING) {
            return Err(StoreError::Refused(format!(
                "{MAX_WAITING} tickets wait already; no more is held until reviewers have decided some"
            )));
        }
        let entry = Entry::new(Class::Decision, "ticket.open", by).with("request", request.to_string()).with("stage", stage.id());
        let entry = entry.with("until_ms", until).about(new.person, new.body);
        let ticket = self.record(match new.kept_until_ms {
            Some(end) => entry.kept_until(end.max(until)),
            None => entry,
        })?;
        let sql =
            "INSERT INTO ticket (tenant, ticket, request, stage, state, created_ms, until_ms, decided_by, decided_ms, decided, reason)
                   VALUES ($1, $2, $3, $4, 'waiting', $5, $6, '', 0, $7, '')";
        let bind = |query: Bound| query.bind(ticket.0.to_vec()).bind(request.0.to_vec()).bind(stage.id());
        self.execute(sql, |query| bind(query).bind(now).bind(until).bind(Vec::<u8>::new())).await?;
        Ok(ticket)
    }

    /// Releases or refuses what waits. Entry: `ticket.decide`. Of two who decide, the first has.
    ///
    /// # Errors
    /// There is no such ticket, it does not wait any more, or the reason does not fit.
    pub async fn decide_ticket(&mut self, by: &str, ticket: EntryId, release: bool, reason: &str) -> Result<(), StoreError> {
        row::line("the reason of a decision", reason, 0, MAX_REASON)?;
        let state = if release { TicketState::Released } else { TicketState::Refused };
        self.guard_turn().await?;
        let (maker, why, now) = (by.to_owned(), reason.to_owned(), self.now_ms);
        let bind = |query: Bound| query.bind(ticket.0.to_vec()).bind(state.id()).bind(maker).bind(now).bind(why);
        let sql = "UPDATE ticket SET state = $3, decided_by = $4, decided_ms = $5, reason = $6
                   WHERE tenant = $1 AND ticket = $2 AND state = 'waiting' AND until_ms > $5";
        if self.execute(sql, bind).await? == 0 {
            return Err(self.why_not(ticket).await?);
        }
        let entry = Entry::new(Class::Decision, "ticket.decide", by).with("ticket", ticket.to_string()).with("state", state.id());
        self.decided(ticket, entry.with("reason", reason)).await
    }

    /// Writes down which tickets nobody decided in time, at most 1,000, and gives their ids. Entry of each: `ticket.expire`. They could not be decided before this either.
    ///
    /// # Errors
    /// The database says no.
    pub async fn expire_tickets(&mut self) -> Result<Vec<EntryId>, StoreError> {
        self.guard_turn().await?;
        let now = self.now_ms;
        let sql = "SELECT ticket FROM ticket WHERE tenant = $1 AND state = 'waiting' AND until_ms <= $2 ORDER BY ticket LIMIT $3";
        let over = self.rows(sql, |query| query.bind(now).bind(row::limit(MAX_LISTED))).await?;
        let over: Vec<EntryId> = over.iter().map(|over| row::entry(over, 0, "a ticket")).collect::<Result<_, _>>()?;
        for ticket in &over {
            let id = ticket.0.to_vec();
            let sql = "UPDATE ticket SET state = 'expired', decided_by = 'system', decided_ms = $3 WHERE tenant = $1 AND ticket = $2";
            self.execute(sql, |query| query.bind(id).bind(now)).await?;
            let entry = Entry::new(Class::Decision, "ticket.expire", "system");
            self.decided(*ticket, entry.with("ticket", ticket.to_string())).await?;
        }
        Ok(over)
    }

    /// Records what became of a ticket, and names the entry in its row.
    async fn decided(&mut self, ticket: EntryId, entry: Entry) -> Result<(), StoreError> {
        let decided = self.record(entry)?;
        let sql = "UPDATE ticket SET decided = $3 WHERE tenant = $1 AND ticket = $2";
        self.execute(sql, |query| query.bind(ticket.0.to_vec()).bind(decided.0.to_vec())).await?;
        Ok(())
    }

    /// Why a ticket cannot be decided.
    async fn why_not(&mut self, ticket: EntryId) -> Result<StoreError, StoreError> {
        let id = ticket.0.to_vec();
        let found = self.rows("SELECT state FROM ticket WHERE tenant = $1 AND ticket = $2", |query| query.bind(id)).await?;
        let Some(found) = found.first() else { return Ok(unknown(ticket)) };
        let state = match row::word(found, 0, "a ticket")? {
            TicketState::Waiting => TicketState::Expired,
            state => state,
        };
        Ok(StoreError::Refused(format!("ticket {ticket} does not wait any more: it is {state}")))
    }
}

impl Tenant {
    /// How a ticket stands. One whose time is over is expired, whether that was written down or not.
    ///
    /// # Errors
    /// There is no such ticket.
    pub async fn ticket(&self, ticket: EntryId) -> Result<Ticket, StoreError> {
        let sql = "SELECT ticket, request, stage, state, created_ms, until_ms, decided_by, decided_ms, decided, reason
                   FROM ticket WHERE tenant = $1 AND ticket = $2";
        let rows = self.rows(sql, |query| query.bind(ticket.0.to_vec())).await?;
        shown(rows.first().ok_or_else(|| unknown(ticket))?, self.now_ms())
    }

    /// What a ticket holds.
    ///
    /// # Errors
    /// There is no such ticket, or its entry was damaged.
    pub async fn ticket_body(&self, ticket: EntryId) -> Result<Secret, StoreError> {
        let ticket = self.ticket(ticket).await?.ticket;
        Ok(self.entry(ticket).await?.content)
    }

    /// The tickets that wait for a reviewer, the oldest first, at most 1,000.
    ///
    /// # Errors
    /// The database says no.
    pub async fn waiting_tickets(&self) -> Result<Vec<Ticket>, StoreError> {
        let now = self.now_ms();
        let sql = "SELECT ticket, request, stage, state, created_ms, until_ms, decided_by, decided_ms, decided, reason
                   FROM ticket WHERE tenant = $1 AND state = 'waiting' AND until_ms > $2 ORDER BY ticket LIMIT $3";
        let rows = self.rows(sql, |query| query.bind(now).bind(row::limit(MAX_LISTED))).await?;
        rows.iter().map(|row| shown(row, now)).collect()
    }

    /// The tickets of a request, in the order in which they were opened, at most 1,000.
    pub(super) async fn tickets_of(&self, request: EntryId) -> Result<Vec<Ticket>, StoreError> {
        let now = self.now_ms();
        let sql = "SELECT ticket, request, stage, state, created_ms, until_ms, decided_by, decided_ms, decided, reason
                   FROM ticket WHERE tenant = $1 AND request = $2 ORDER BY ticket LIMIT $3";
        let rows = self.rows(sql, |query| query.bind(request.0.to_vec()).bind(row::limit(MAX_LISTED))).await?;
        rows.iter().map(|row| shown(row, now)).collect()
    }
}

fn shown(row: &AnyRow, now_ms: i64) -> Result<Ticket, StoreError> {
    let (state, until_ms): (TicketState, i64) = (row::word(row, 3, "a ticket")?, row.try_get(5)?);
    Ok(Ticket {
        ticket: row::entry(row, 0, "a ticket")?,
        request: row::entry(row, 1, "a ticket")?,
        stage: row::word(row, 2, "a ticket")?,
        state: if state == TicketState::Waiting && until_ms <= now_ms { TicketState::Expired } else { state },
        created_ms: row.try_get(4)?,
        until_ms,
        decided_by: row.try_get(6)?,
        decided_ms: row::moment(row, 7)?,
        decided: row::maybe_entry(row, 8, "a ticket")?,
        reason: row.try_get(9)?,
    })
}

fn unknown(ticket: EntryId) -> StoreError {
    StoreError::NotFound(format!("ticket {ticket}"))
}

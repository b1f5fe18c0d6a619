//! Requests that have their outcome: one row each, written with the entry of the outcome, by which a request is found and traced.
//!
//! A request that was held has an outcome when it is held, and another when it goes on: the row is that of the last, and the ledger has all.

use std::collections::{BTreeMap, BTreeSet};

use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row};

use super::{MAX_NAME, Ticket, row};
use crate::change::{Bound, Change, MAX_ENTRIES};
use crate::log::rows::{self, Value};
use crate::tenant::TenantId;
use crate::{EntryId, Opened, StoreError, Tenant};

/// Requests shown at a time.
pub const MAX_REQUESTS: usize = 1_000;

/// A request and its outcome.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestRow {
    /// Its id: that of the entry of its admission.
    pub request: EntryId,
    /// When it came, ms since 1970.
    pub time_ms: i64,
    /// With which client key; empty where none.
    pub client_key: String,
    /// The person's label ([`Tenant::person_label`]); empty where none was named, or the person was erased.
    pub person: String,
    /// What was asked for.
    pub endpoint: String,
    /// Which model.
    pub model: String,
    /// What was decided.
    pub decision: String,
    /// The entry of its outcome.
    pub outcome: EntryId,
    /// The last ticket it had to wait for.
    pub ticket: Option<EntryId>,
}

/// Which requests are wanted. What is `None` does not matter.
///
/// That of a person is found by an index; for the others all requests of the time between are looked through.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RequestFilter {
    /// Not before, ms since 1970.
    pub from_ms: Option<i64>,
    /// Before, ms since 1970.
    pub until_ms: Option<i64>,
    /// Of which person, by label.
    pub person: Option<String>,
    /// With which client key.
    pub client_key: Option<String>,
    /// To which model.
    pub model: Option<String>,
    /// Of which decision.
    pub decision: Option<String>,
}

/// Everything that is known of a request.
#[derive(Debug, Clone, PartialEq)]
pub struct Trace {
    /// Its row; `None` while it has no outcome.
    pub row: Option<RequestRow>,
    /// What was held of it.
    pub tickets: Vec<Ticket>,
    /// Its entries, opened as far as they can be, in the order of the log: the admission, of each ticket the opening and what became of it, the last outcome.
    pub entries: Vec<Opened>,
}

impl RequestRow {
    fn values(self) -> Vec<Value> {
        let [request, outcome] = [self.request, self.outcome].map(|entry| Value::Bytes(entry.0.to_vec()));
        let [key, person, endpoint, model, decision] =
            [self.client_key, self.person, self.endpoint, self.model, self.decision].map(Value::Text);
        vec![request, Value::Number(self.time_ms), key, person, endpoint, model, decision, outcome, Value::Bytes(row::bytes(self.ticket))]
    }

    fn check(&self) -> Result<(), StoreError> {
        if !self.person.is_empty() {
            row::label(&self.person)?;
        }
        let texts = [("client key", &self.client_key), ("endpoint", &self.endpoint), ("model", &self.model), ("decision", &self.decision)];
        texts.into_iter().try_for_each(|(what, text)| row::line(&format!("the {what} of a request"), text, 0, MAX_NAME))
    }
}

impl Change {
    /// Keeps a request with its outcome, which the caller records in the same change. The row is written with the entries of the batch, many with one statement.
    ///
    /// # Errors
    /// A text of it is too long, the person is no label, or the change closes too many.
    pub fn close_request(&mut self, row: RequestRow) -> Result<(), StoreError> {
        row.check()?;
        if self.closed.len() >= MAX_ENTRIES {
            return Err(StoreError::Refused(format!("one change closes at most {MAX_ENTRIES} requests; make several")));
        }
        self.closed.push(row);
        Ok(())
    }
}

/// Writes rows of a batch; of two of one request the last stands.
pub(crate) async fn write(connection: &mut AnyConnection, tenant: &TenantId, closed: Vec<RequestRow>) -> Result<(), StoreError> {
    // By their ids: no row is written twice by one statement, and two writers lock them in one order.
    let rows: BTreeMap<EntryId, RequestRow> = closed.into_iter().map(|row| (row.request, row)).collect();
    let table = "request (tenant, request, time_ms, client_key, person, endpoint, model, decision, outcome, ticket)";
    let end =
        "ON CONFLICT (tenant, request) DO UPDATE SET model = excluded.model, decision = excluded.decision, outcome = excluded.outcome,
               ticket = excluded.ticket";
    rows::insert(connection, tenant, table, end, rows.into_values().map(RequestRow::values).collect()).await
}

impl Tenant {
    /// A request that has its outcome.
    ///
    /// # Errors
    /// There is no such request.
    pub async fn request(&self, request: EntryId) -> Result<RequestRow, StoreError> {
        self.found(request).await?.ok_or_else(|| StoreError::NotFound(format!("request {request} that has its outcome")))
    }

    /// Requests, the newest first, at most `most` and at most [`MAX_REQUESTS`].
    ///
    /// # Errors
    /// The database says no.
    pub async fn requests(&self, filter: &RequestFilter, most: usize) -> Result<Vec<RequestRow>, StoreError> {
        let filter = filter.clone();
        let of_all = "SELECT request, time_ms, client_key, person, endpoint, model, decision, outcome, ticket FROM request
                      WHERE tenant = $1 AND request >= $2 AND request < $3 AND ($4 = '' OR client_key = $4) AND ($5 = '' OR model = $5)
                      AND ($6 = '' OR decision = $6) ORDER BY request DESC LIMIT $7";
        let of_one = "SELECT request, time_ms, client_key, person, endpoint, model, decision, outcome, ticket FROM request
                      WHERE tenant = $1 AND request >= $2 AND request < $3 AND ($4 = '' OR client_key = $4) AND ($5 = '' OR model = $5)
                      AND ($6 = '' OR decision = $6) AND person = $8 ORDER BY request DESC LIMIT $7";
        let bind = |query: Bound| {
            let query = query.bind(first_of(filter.from_ms.unwrap_or(0))).bind(first_of(filter.until_ms.unwrap_or(i64::MAX)));
            let [key, model, decision] = [filter.client_key, filter.model, filter.decision].map(Option::unwrap_or_default);
            query.bind(key).bind(model).bind(decision).bind(row::limit(most.min(MAX_REQUESTS)))
        };
        let rows = match filter.person.clone() {
            Some(person) => self.rows(of_one, |query| bind(query).bind(person)).await?,
            None => self.rows(of_all, bind).await?,
        };
        rows.iter().map(shown).collect()
    }

    /// Everything that is known of a request, its entries opened. Who reads it leaves an entry of that: the caller's.
    ///
    /// # Errors
    /// There is no such request, or an entry was damaged.
    pub async fn trace(&self, request: EntryId) -> Result<Trace, StoreError> {
        let (row, tickets) = (self.found(request).await?, self.tickets_of(request).await?);
        let mut ids = BTreeSet::from([request]);
        ids.extend(row.as_ref().map(|row| row.outcome));
        ids.extend(tickets.iter().flat_map(|ticket| [Some(ticket.ticket), ticket.decided]).flatten());
        let mut entries = Vec::with_capacity(ids.len());
        for id in ids {
            entries.push(self.entry(id).await?);
        }
        entries.sort_by_key(|entry| entry.index);
        Ok(Trace { row, tickets, entries })
    }

    async fn found(&self, request: EntryId) -> Result<Option<RequestRow>, StoreError> {
        let sql = "SELECT request, time_ms, client_key, person, endpoint, model, decision, outcome, ticket FROM request WHERE tenant = $1 AND request = $2";
        let rows = self.rows(sql, |query| query.bind(request.0.to_vec())).await?;
        rows.first().map(shown).transpose()
    }
}

/// The least id of an entry of a time: ids begin with six bytes of the time.
fn first_of(time_ms: i64) -> Vec<u8> {
    let time = time_ms.clamp(0, (1 << 48) - 1).to_be_bytes();
    time.iter().skip(2).copied().chain([0; 10]).collect()
}

fn shown(row: &AnyRow) -> Result<RequestRow, StoreError> {
    Ok(RequestRow {
        request: row::entry(row, 0, "a request")?,
        time_ms: row.try_get(1)?,
        client_key: row.try_get(2)?,
        person: row.try_get(3)?,
        endpoint: row.try_get(4)?,
        model: row.try_get(5)?,
        decision: row.try_get(6)?,
        outcome: row::entry(row, 7, "a request")?,
        ticket: row::maybe_entry(row, 8, "a request")?,
    })
}

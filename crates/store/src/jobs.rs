//! Jobs: work that survives a crash. A worker leases a job; if it does not come back, the lease ends and another takes it; after too many tries the job is dead and
//! a person must look.
//!
//! Leasing is bookkeeping between workers and makes no ledger entry; what a job does records itself. That a job died or was woken again is recorded.

use ledger::leaf::Class;
use serde_json::Value;
use sqlx::Row;
use sqlx::any::AnyRow;

use crate::change::{Change, Entry};
use crate::{StoreError, Tenant, id};

/// Bytes of a job's input: it says what to do, not with what.
pub const MAX_INPUT_BYTES: usize = 64 << 10;

/// Wait before the second try; it doubles with each further one, up to [`MAX_WAIT_MS`].
const FIRST_WAIT_MS: i64 = 1_000;

/// Longest wait between two tries: an hour, so that a morning's repair is noticed the same morning.
const MAX_WAIT_MS: i64 = 3_600_000;

/// Longest text of an error that is kept.
const MAX_ERROR_CHARS: usize = 1_000;

/// Jobs shown at a time.
const MAX_LISTED: i64 = 1_000;

/// A job as it is asked for.
#[derive(Debug, Clone)]
pub struct NewJob {
    /// What is to be done: a word that a worker knows.
    pub kind: &'static str,
    /// What the worker must know; no secrets.
    pub input: Value,
    /// Not before, ms since 1970.
    pub due_ms: i64,
    /// After so many tries it is dead.
    pub most_tries: u32,
}

/// A job in the hands of a worker.
#[derive(Debug, Clone, PartialEq)]
pub struct Leased {
    /// Its id.
    pub job: String,
    /// What is to be done.
    pub kind: String,
    /// What the worker must know.
    pub input: Value,
    /// Which try this is, from 1.
    pub attempt: u32,
    lease: String,
}

/// A job as it is shown.
#[derive(Debug, Clone, PartialEq)]
pub struct Job {
    /// Its id.
    pub job: String,
    /// What is to be done.
    pub kind: String,
    /// `waiting`, `leased`, `done` or `dead`.
    pub state: String,
    /// How often it was begun.
    pub tries: u32,
    /// When it may begin, ms since 1970.
    pub due_ms: i64,
    /// How the last try failed.
    pub error: String,
}

impl Change {
    /// Asks for a job. It is there once the change is kept.
    ///
    /// # Errors
    /// The input is too large, or the database says no.
    pub async fn enqueue(&mut self, new: NewJob) -> Result<String, StoreError> {
        let (job, input) = (id::word()?, new.input.to_string());
        if input.len() > MAX_INPUT_BYTES {
            return Err(StoreError::Refused(format!("a job's input has at most {MAX_INPUT_BYTES} bytes, this one {}", input.len())));
        }
        let (word, now) = (job.clone(), self.now_ms);
        let bind = |query: crate::change::Bound| {
            query.bind(word).bind(new.kind).bind(input).bind(i64::from(new.most_tries.max(1))).bind(new.due_ms).bind(now)
        };
        self.execute(
            "INSERT INTO job (tenant, job, kind, input, state, tries, most_tries, due_ms, lease, lease_until_ms, error, created_ms)
             VALUES ($1, $2, $3, $4, 'waiting', 0, $5, $6, '', 0, '', $7)",
            bind,
        )
        .await?;
        Ok(job)
    }
}

impl Tenant {
    /// Takes the job that waits longest, for so long; `None` where there is none. A try that was begun counts, even if its worker died.
    ///
    /// # Errors
    /// The database says no.
    pub async fn lease(&self, lease_ms: i64) -> Result<Option<Leased>, StoreError> {
        let (leased, _) = self
            .change(async move |change: &mut Change| {
                change.end_leases().await?;
                let (lease, now) = (id::word()?, change.now_ms);
                let word = lease.clone();
                // Two writers on one PostgreSQL may choose the same job; the second then finds it leased, and nothing.
                let row = change
                    .row(
                        "UPDATE job SET state = 'leased', tries = tries + 1, lease = $2, lease_until_ms = $3
                         WHERE tenant = $1 AND state = 'waiting'
                           AND job = (SELECT job FROM job WHERE tenant = $1 AND state = 'waiting' AND due_ms <= $4 ORDER BY due_ms, job LIMIT 1)
                         RETURNING job, kind, input, tries",
                        |query| query.bind(word).bind(now + lease_ms).bind(now),
                    )
                    .await?;
                row.map(|row| leased(&row, lease)).transpose()
            })
            .await?;
        Ok(leased)
    }

    /// Keeps a job that takes longer.
    ///
    /// # Errors
    /// The lease has ended and another worker may have the job: stop.
    pub async fn extend(&self, leased: &Leased, lease_ms: i64) -> Result<(), StoreError> {
        let (job, lease) = (leased.job.clone(), leased.lease.clone());
        self.change(async move |change: &mut Change| {
            let until = change.now_ms + lease_ms;
            let sql = "UPDATE job SET lease_until_ms = $4 WHERE tenant = $1 AND job = $2 AND lease = $3 AND state = 'leased'";
            held(change.execute(sql, |query| query.bind(job).bind(lease).bind(until)).await?)
        })
        .await?;
        Ok(())
    }

    /// Lists jobs of a state, those that were due first at the head, at most 1,000.
    ///
    /// # Errors
    /// The database says no.
    pub async fn jobs(&self, state: &str) -> Result<Vec<Job>, StoreError> {
        let sql = "SELECT job, kind, state, tries, due_ms, error FROM job WHERE tenant = $1 AND state = $2 ORDER BY due_ms, job LIMIT $3";
        let state = state.to_owned();
        let rows = self.rows(sql, |query| query.bind(state).bind(MAX_LISTED)).await?;
        rows.iter().map(shown).collect()
    }
}

impl Change {
    /// Marks a job as done: in the same change as what it did, so that it is never done twice. Its input is forgotten; the ledger says what was done.
    ///
    /// # Errors
    /// The lease has ended and another worker may have the job: the change must not be kept.
    pub async fn finish(&mut self, leased: &Leased) -> Result<(), StoreError> {
        let (job, lease) = (leased.job.clone(), leased.lease.clone());
        let sql = "UPDATE job SET state = 'done', input = '{}', lease = '', error = '' WHERE tenant = $1 AND job = $2 AND lease = $3 AND state = 'leased'";
        held(self.execute(sql, |query| query.bind(job).bind(lease)).await?)
    }

    /// Gives a job back that failed: it waits for its next try, or is dead.
    ///
    /// # Errors
    /// The lease has ended.
    pub async fn fail(&mut self, leased: &Leased, error: &str) -> Result<(), StoreError> {
        let (job, lease) = (leased.job.clone(), leased.lease.clone());
        let error: String = error.chars().take(MAX_ERROR_CHARS).collect();
        let doublings = leased.attempt.saturating_sub(1).min(20);
        let due = self.now_ms + (FIRST_WAIT_MS << doublings).min(MAX_WAIT_MS);
        let row = self
            .row(
                "UPDATE job SET state = CASE WHEN tries >= most_tries THEN 'dead' ELSE 'waiting' END, due_ms = $4, lease = '', error = $5
                 WHERE tenant = $1 AND job = $2 AND lease = $3 AND state = 'leased' RETURNING state",
                |query| query.bind(job).bind(lease).bind(due).bind(error),
            )
            .await?;
        let row = row.ok_or_else(ended)?;
        if row.try_get::<String, _>(0)? == "dead" {
            self.record(Entry::new(Class::System, "job.dead", "system").with("job", leased.job.clone()).with("kind", leased.kind.clone()))?;
        }
        Ok(())
    }

    /// Wakes a dead job.
    ///
    /// # Errors
    /// There is no such dead job.
    pub async fn retry(&mut self, job: &str, by: &str) -> Result<(), StoreError> {
        let (word, now) = (job.to_owned(), self.now_ms);
        let sql = "UPDATE job SET state = 'waiting', tries = 0, due_ms = $3, error = '' WHERE tenant = $1 AND job = $2 AND state = 'dead'";
        if self.execute(sql, |query| query.bind(word).bind(now)).await? == 0 {
            return Err(StoreError::NotFound(format!("dead job {job}")));
        }
        self.record(Entry::new(Class::Admin, "job.retry", by).with("job", job))?;
        Ok(())
    }

    /// Ends the jobs of a kind that wait or run, and says how many: what recurs is set anew, or no more. A worker that has one finds its lease ended.
    ///
    /// # Errors
    /// The database says no.
    pub async fn unschedule(&mut self, kind: &'static str) -> Result<u64, StoreError> {
        let sql =
            "UPDATE job SET state = 'done', input = '{}', lease = '' WHERE tenant = $1 AND kind = $2 AND state IN ('waiting', 'leased')";
        self.execute(sql, |query| query.bind(kind)).await
    }

    /// Takes jobs back whose workers did not return in time.
    async fn end_leases(&mut self) -> Result<(), StoreError> {
        let now = self.now_ms;
        let rows = self
            .rows(
                "UPDATE job SET state = CASE WHEN tries >= most_tries THEN 'dead' ELSE 'waiting' END, lease = '', error = 'the worker did not come back in time'
                 WHERE tenant = $1 AND state = 'leased' AND lease_until_ms <= $2 RETURNING job, kind, state",
                |query| query.bind(now),
            )
            .await?;
        for row in rows {
            if row.try_get::<String, _>(2)? == "dead" {
                let (job, kind): (String, String) = (row.try_get(0)?, row.try_get(1)?);
                self.record(Entry::new(Class::System, "job.dead", "system").with("job", job).with("kind", kind))?;
            }
        }
        Ok(())
    }
}

fn held(rows: u64) -> Result<(), StoreError> {
    if rows == 1 { Ok(()) } else { Err(ended()) }
}

fn ended() -> StoreError {
    StoreError::Refused("the lease of the job has ended, another worker may have it; keep nothing of what was done".to_owned())
}

fn leased(row: &AnyRow, lease: String) -> Result<Leased, StoreError> {
    let job: String = row.try_get(0)?;
    let input: String = row.try_get(2)?;
    let input = serde_json::from_str(&input).map_err(|error| StoreError::damaged(format!("the input of job {job}"), error))?;
    Ok(Leased { kind: row.try_get(1)?, input, attempt: count(row.try_get(3)?), lease, job })
}

fn shown(row: &AnyRow) -> Result<Job, StoreError> {
    Ok(Job {
        job: row.try_get(0)?,
        kind: row.try_get(1)?,
        state: row.try_get(2)?,
        tries: count(row.try_get(3)?),
        due_ms: row.try_get(4)?,
        error: row.try_get(5)?,
    })
}

fn count(number: i64) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

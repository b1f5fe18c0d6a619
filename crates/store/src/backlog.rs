//! What waits: tickets for a reviewer, jobs for a worker. Two counts, for whoever watches whether they are kept up with.

use sqlx::Row;

use crate::{StoreError, Tenant};

/// How much waits at a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Backlog {
    /// Tickets that nobody has decided and whose time is not over.
    pub tickets: u64,
    /// Jobs that are due and not begun.
    pub jobs: u64,
}

impl Tenant {
    /// How much waits now.
    ///
    /// # Errors
    /// The database says no.
    pub async fn backlog(&self) -> Result<Backlog, StoreError> {
        let tickets = "SELECT COUNT(*) FROM ticket WHERE tenant = $1 AND state = 'waiting' AND until_ms > $2";
        let jobs = "SELECT COUNT(*) FROM job WHERE tenant = $1 AND state = 'waiting' AND due_ms <= $2";
        Ok(Backlog { tickets: self.counted(tickets).await?, jobs: self.counted(jobs).await? })
    }

    async fn counted(&self, sql: &'static str) -> Result<u64, StoreError> {
        let now = self.now_ms();
        let rows = self.rows(sql, |query| query.bind(now)).await?;
        rows.first().map_or(Ok(0), |row| Ok(row.try_get::<i64, _>(0)?.unsigned_abs()))
    }
}

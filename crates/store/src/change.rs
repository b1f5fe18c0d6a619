//! A change of state: the rows and their ledger entries, together or not at all.

use ledger::leaf::Class;
use serde_json::{Map, Value};
use sqlx::any::{AnyArguments, AnyRow};
use sqlx::query::Query;
use sqlx::{Any, AnyConnection};

use crate::guard::RequestRow;
use crate::log;
use crate::tenant::TenantId;
use crate::{EntryId, StoreError};

/// Entries of one change: a change is what one person or one request did, not a bulk load.
pub const MAX_ENTRIES: usize = 4_096;

/// Bytes of the content of one entry. Sealed content lies in a row of the database; what is larger belongs into a file of which the entry has the hash.
pub const MAX_CONTENT_BYTES: usize = 4 << 20;

/// Bytes of content of one change, and of a batch before no further change joins it. The rows of up to 256 entries are one message to the database: PostgreSQL takes 1 GiB, and
/// what waits in memory is held three times, plain, sealed and in the message.
pub const MAX_CHANGE_BYTES: usize = 16 << 20;

/// What goes into the ledger.
#[derive(Debug, Clone)]
pub struct Entry {
    /// How it looks from outside: the only thing of it that stands in the open.
    pub class: Class,
    /// What happened, a word of two parts: `user.create`.
    pub what: &'static str,
    /// Who did it: an account, a job, or `system`.
    pub by: String,
    /// The rest, without content that speaks of a person.
    pub details: Map<String, Value>,
    /// What speaks of a person: sealed with the key of that person, so that it goes when the key goes.
    pub content: Option<Content>,
    /// What it says in the open, a name and a value a line ([`ledger::statement`]): digests and counts, never of persons. It is not sealed, so that it can be proven to others.
    pub statement: Vec<(&'static str, String)>,
    /// Its id, where it must be known before the change is made ([`Tenant::entry_id`](crate::Tenant::entry_id)); else it gets one when it is recorded.
    pub id: Option<EntryId>,
}

/// Content that speaks of a person.
#[derive(Clone)]
pub struct Content {
    /// Whom it speaks of, by the name that the operator's service has for that person. Only a keyed hash of it is stored.
    pub person: String,
    /// What there is to say.
    pub bytes: Vec<u8>,
    /// From when on it goes, ms since 1970 ([`Change::end_content`]); `None` where only the person's erasure ends it.
    pub until_ms: Option<i64>,
}

impl std::fmt::Debug for Content {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Content({} bytes)", self.bytes.len())
    }
}

impl Entry {
    /// An entry without details.
    #[must_use]
    pub fn new(class: Class, what: &'static str, by: impl Into<String>) -> Self {
        Self { class, what, by: by.into(), details: Map::new(), content: None, statement: Vec::new(), id: None }
    }

    /// With one more detail.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.details.insert(name.to_owned(), value.into());
        self
    }

    /// With one more line of what it says in the open.
    #[must_use]
    pub fn stating(mut self, name: &'static str, value: impl ToString) -> Self {
        self.statement.push((name, value.to_string()));
        self
    }

    /// With an id that is known already.
    #[must_use]
    pub const fn called(mut self, id: EntryId) -> Self {
        self.id = Some(id);
        self
    }

    /// With content that speaks of a person.
    #[must_use]
    pub fn about(mut self, person: impl Into<String>, bytes: impl Into<Vec<u8>>) -> Self {
        self.content = Some(Content { person: person.into(), bytes: bytes.into(), until_ms: None });
        self
    }

    /// With an end of its content, if it has any.
    #[must_use]
    pub const fn kept_until(mut self, until_ms: i64) -> Self {
        if let Some(content) = &mut self.content {
            content.until_ms = Some(until_ms);
        }
        self
    }
}

/// A change while it is made. It is given to the closure of [`Tenant::change`](crate::Tenant::change) and to nobody else.
pub struct Change {
    pub(crate) tenant: TenantId,
    pub(crate) connection: AnyConnection,
    pub(crate) entries: Vec<(EntryId, Entry)>,
    /// Requests that have their outcome: rows that are written with the entries, many at once.
    pub(crate) closed: Vec<RequestRow>,
    /// Bytes of their content.
    pub(crate) bytes: usize,
    pub(crate) now_ms: i64,
    /// Whether a savepoint stands: it is set before the first statement, because most changes have none and only record.
    pub(crate) savepoint: bool,
}

impl Change {
    /// The time of the change, ms since 1970: one for all it does.
    #[must_use]
    pub const fn now_ms(&self) -> i64 {
        self.now_ms
    }

    /// Says what happened. It is in the ledger once the change is kept.
    ///
    /// # Errors
    /// The change has too many entries, or the entry is too large.
    pub fn record(&mut self, entry: Entry) -> Result<EntryId, StoreError> {
        if self.entries.len() >= MAX_ENTRIES {
            return Err(StoreError::Refused(format!("one change has at most {MAX_ENTRIES} entries; make several")));
        }
        let bytes = entry.content.as_ref().map_or(0, |content| content.bytes.len());
        if bytes > MAX_CONTENT_BYTES {
            return Err(StoreError::Refused(format!(
                "an entry holds at most {MAX_CONTENT_BYTES} bytes of content, not {bytes}; keep a hash of it"
            )));
        }
        if self.bytes + bytes > MAX_CHANGE_BYTES {
            return Err(StoreError::Refused(format!("one change holds at most {MAX_CHANGE_BYTES} bytes of content; make several")));
        }
        self.bytes += bytes;
        let id = entry.id.map_or_else(|| EntryId::new(self.now_ms), Ok)?;
        if !entry.statement.is_empty() {
            // Whatever cannot be stated is refused here, where it stops this change alone.
            log::statement(&entry, "origin", id)?;
        }
        self.entries.push((id, entry));
        Ok(id)
    }

    /// Runs a statement, and says how many rows it touched. `bind` adds `$2` and what follows.
    pub(crate) async fn execute(&mut self, sql: &'static str, bind: impl FnOnce(Bound) -> Bound) -> Result<u64, StoreError> {
        self.save().await?;
        Ok(bind(self.tenant.query(sql)).execute(&mut self.connection).await?.rows_affected())
    }

    /// The rows of a question.
    pub(crate) async fn rows(&mut self, sql: &'static str, bind: impl FnOnce(Bound) -> Bound) -> Result<Vec<AnyRow>, StoreError> {
        self.save().await?;
        Ok(bind(self.tenant.query(sql)).fetch_all(&mut self.connection).await?)
    }

    /// The first row of a question, if there is one. The answer is read to its end: what fails after the first row is seen, and a statement that changes rows is finished.
    pub(crate) async fn row(&mut self, sql: &'static str, bind: impl FnOnce(Bound) -> Bound) -> Result<Option<AnyRow>, StoreError> {
        Ok(self.rows(sql, bind).await?.into_iter().next())
    }

    /// Sets a savepoint, if none stands: before the first statement, so that a failure takes back this change alone.
    pub(crate) async fn save(&mut self) -> Result<(), StoreError> {
        if !self.savepoint {
            sqlx::raw_sql("SAVEPOINT change").execute(&mut self.connection).await?;
            self.savepoint = true;
        }
        Ok(())
    }

    /// Keeps or takes back what the change did since its savepoint.
    pub(crate) async fn end(&mut self, keep: bool) -> Result<(), StoreError> {
        if std::mem::take(&mut self.savepoint) {
            let end = if keep { "RELEASE SAVEPOINT change" } else { "ROLLBACK TO SAVEPOINT change; RELEASE SAVEPOINT change" };
            sqlx::raw_sql(end).execute(&mut self.connection).await?;
        }
        Ok(())
    }
}

/// A statement with the values it has so far; the tenant is the first.
pub(crate) type Bound = Query<'static, Any, AnyArguments>;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::place::{Part, Place};

    #[test]
    fn what_fails_after_the_first_row_is_seen() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let directory = tempfile::tempdir().unwrap();
            let place = Place { directory: directory.path().to_owned(), database: None };
            let connection = place.connection(Part::Main).await.unwrap();
            let mut change = Change {
                tenant: TenantId::main(),
                connection,
                entries: Vec::new(),
                closed: Vec::new(),
                bytes: 0,
                now_ms: 0,
                savepoint: false,
            };
            // SQLite has no absolute value of the smallest number.
            let sql = "SELECT abs(n) FROM (SELECT 1 AS n UNION ALL SELECT -9223372036854775807 - 1) WHERE $1 = 'main'";
            assert!(change.row(sql, |query| query).await.is_err());
        });
    }
}

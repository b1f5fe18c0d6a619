//! The blacklist of sources (LN-10.3-3): one person puts a source on it, two take it off.

use ledger::leaf::Class;
use taxonomy::SourceState;

use super::{Block, MAX_LISTED, MAX_NOTE, SourceName, rows};
use crate::access::{Permission, may_check};
use crate::accounts::Who;
use crate::change::{Bound, Change, Entry};
use crate::guard::row;
use crate::{StoreError, Tenant};

/// What two administrators propose and approve, as the object of an approval of `source.unblock`: this stay of the source on the blacklist and no later one.
#[must_use]
pub fn unblock_object(name: &SourceName, block: i64) -> String {
    format!("source {name} block {block}")
}

impl Change {
    /// Puts a source on the blacklist. Entry: `source.block`.
    ///
    /// # Errors
    /// Whoever asks may not, there is no such source, or it is there already.
    pub async fn block_source(&mut self, who: &Who, name: &SourceName, reason: &str) -> Result<(), StoreError> {
        let who = self.permit(who, Permission::SourceChange).await?;
        row::line("the reason of a block", reason, 1, MAX_NOTE)?;
        self.open_source(name).await?;
        self.put_on_blacklist(&who, name, reason).await
    }

    /// The row, the entry and the state. Who may was asked.
    pub(super) async fn put_on_blacklist(&mut self, who: &Who, name: &SourceName, reason: &str) -> Result<(), StoreError> {
        let by = who.account().to_string();
        let entry = Entry::new(Class::Admin, "source.block", by.clone()).with("source", name.as_str()).with("reason", reason);
        let entry = self.record(entry)?;
        let (word, reason, person, now) = (name.text(), reason.to_owned(), who.person().0, self.now_ms);
        let sql = "INSERT INTO source_block (tenant, name, block, reason, entry, person, made_by, made_ms, lifted_by, lifted_ms, lifted_reason)
                   VALUES ($1, $2, (SELECT COALESCE(MAX(block), 0) + 1 FROM source_block WHERE tenant = $1 AND name = $2), $3, $4, $5, $6, $7, '', 0, '')";
        let bind = |query: Bound| query.bind(word).bind(reason).bind(entry.0.to_vec()).bind(person).bind(by).bind(now);
        self.execute(sql, bind).await?;
        self.source_stands(name, SourceState::Blocked).await
    }

    /// Uses an approval of [`unblock_object`] up, and takes the source off the blacklist. It stands as registered then, and must be assessed anew. Entry:
    /// `source.lift`, beside that of the approval.
    ///
    /// # Errors
    /// As [`Self::execute_approval`]; or the source is not on the blacklist, or whoever asks put it there.
    pub async fn unblock_source(&mut self, who: &Who, approval: &str, name: &SourceName, reason: &str) -> Result<(), StoreError> {
        row::line("the reason", reason, 1, MAX_NOTE)?;
        let block = self.standing_block(name).await?;
        if !may_check(block.made.person, who.person()) {
            return Err(StoreError::Refused(format!("person {} put '{name}' on the blacklist; others must take it off", who.person())));
        }
        let object = unblock_object(name, block.block);
        let consent = self.execute_approval(who, approval, &object).await?;
        consent.covers(Permission::SourceUnblock, &object).map_err(|error| StoreError::Refused(error.to_string()))?;
        let by = who.account().to_string();
        let entry = Entry::new(Class::Admin, "source.lift", by.clone()).with("source", name.as_str()).with("block", block.block);
        self.record(entry.with("reason", reason).with("approval", consent.approval()))?;
        let (word, why, now) = (name.text(), reason.to_owned(), self.now_ms);
        let sql = "UPDATE source_block SET lifted_by = $4, lifted_ms = $5, lifted_reason = $6 WHERE tenant = $1 AND name = $2 AND block = $3 AND lifted_ms = 0";
        self.execute(sql, |query| query.bind(word).bind(block.block).bind(by).bind(now).bind(why)).await?;
        // What was assessed before it was blocked says nothing of what it is now.
        let word = name.text();
        let sql = "UPDATE source SET state = 'registered',
                   cleared = (SELECT COALESCE(MAX(assessment), 0) FROM source_assessment WHERE tenant = $1 AND name = $2) WHERE tenant = $1 AND name = $2";
        self.execute(sql, |query| query.bind(word)).await?;
        if self.review_refused(name).await? {
            self.source_stands(name, SourceState::Refused).await?;
        }
        Ok(())
    }

    async fn standing_block(&mut self, name: &SourceName) -> Result<Block, StoreError> {
        let word = name.text();
        let sql = "SELECT name, block, reason, lifted_by, lifted_ms, lifted_reason, entry, person, made_by, made_ms FROM source_block
                   WHERE tenant = $1 AND name = $2 AND lifted_ms = 0";
        let found = self.rows(sql, |query| query.bind(word)).await?;
        found.first().map_or_else(|| Err(not_blocked(name)), rows::block)
    }
}

impl Tenant {
    /// The sources on the blacklist, the last first; at most 10,000.
    ///
    /// # Errors
    /// The database says no.
    pub async fn blacklist(&self) -> Result<Vec<Block>, StoreError> {
        let sql = "SELECT name, block, reason, lifted_by, lifted_ms, lifted_reason, entry, person, made_by, made_ms FROM source_block
                   WHERE tenant = $1 AND lifted_ms = 0 ORDER BY made_ms DESC, name LIMIT $2";
        self.rows(sql, |query| query.bind(MAX_LISTED)).await?.iter().map(rows::block).collect()
    }

    /// What two administrators must approve to take a source off the blacklist now.
    ///
    /// # Errors
    /// It is not on it.
    pub async fn unblock_object(&self, name: &SourceName) -> Result<String, StoreError> {
        let sql = "SELECT block FROM source_block WHERE tenant = $1 AND name = $2 AND lifted_ms = 0";
        let found = self.rows(sql, |query| query.bind(name.text())).await?;
        if found.is_empty() { Err(not_blocked(name)) } else { Ok(unblock_object(name, rows::number(&found)?)) }
    }
}

fn not_blocked(name: &SourceName) -> StoreError {
    StoreError::NotFound(format!("source '{name}' on the blacklist; `guiju source list --blocked` shows what is"))
}

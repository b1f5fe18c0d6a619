//! Content that has outlived its time goes: the sealed bytes of the segment that speaks of a person are taken out, the entry stays, and the log still verifies, for the leaf
//! has the hash of what was there.
//!
//! The person's key stays, for it seals what is younger; so a backup from before still has what went here, until that backup goes too. Whoever must be forgotten at once is
//! erased ([`Tenant::erase_person`](crate::Tenant::erase_person)).

use ledger::leaf::Class;
use sqlx::Row;

use crate::StoreError;
use crate::change::{Change, Entry};

/// Entries whose content goes in one change: some ten milliseconds of the writer's.
pub const MAX_ENDED: usize = 500;

impl Change {
    /// Takes out content whose time is over, the oldest first, at most [`MAX_ENDED`], and says of how many entries. Entry, where there was any: `content.end`.
    ///
    /// # Errors
    /// The database says no.
    pub async fn end_content(&mut self, by: &str) -> Result<usize, StoreError> {
        let (now, most) = (self.now_ms, i64::try_from(MAX_ENDED).unwrap_or(i64::MAX));
        let sql = "SELECT until_ms, place FROM content_end WHERE tenant = $1 AND until_ms <= $2 ORDER BY until_ms, place LIMIT $3";
        let over = self.rows(sql, |query| query.bind(now).bind(most)).await?;
        for row in &over {
            let (until, place): (i64, i64) = (row.try_get(0)?, row.try_get(1)?);
            // 0 is what happened, which stays; content that speaks of a person is 1.
            let sql = "DELETE FROM log_segment WHERE tenant = $1 AND place = $2 AND segment = 1";
            self.execute(sql, |query| query.bind(place)).await?;
            let sql = "DELETE FROM content_end WHERE tenant = $1 AND until_ms = $2 AND place = $3";
            self.execute(sql, |query| query.bind(until).bind(place)).await?;
        }
        if !over.is_empty() {
            self.record(Entry::new(Class::Privacy, "content.end", by).with("entries", over.len()))?;
        }
        Ok(over.len())
    }
}

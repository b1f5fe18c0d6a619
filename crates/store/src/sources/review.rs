//! Reviews: somebody else looks at the documents of a source (GB/T 45654-2025, 5.1 c) 3)).

use ledger::leaf::Class;
use sqlx::Row;
use taxonomy::SourceState;

use super::{MAX_NOTE, SourceName, rows};
use crate::access::{Permission, PersonId, may_check};
use crate::accounts::Who;
use crate::change::{Bound, Change, Entry};
use crate::guard::row;
use crate::{EntryId, StoreError};

impl Change {
    /// Records a review of the documents of a source, and gives its entry. Entry: `source.review`.
    ///
    /// # Errors
    /// Whoever asks may not, or declared the source or handed in one of its documents; or there is no such source, or it is on the blacklist.
    pub async fn review_source(&mut self, who: &Who, name: &SourceName, accepted: bool, note: &str) -> Result<EntryId, StoreError> {
        let who = self.permit(who, Permission::SourceChange).await?;
        row::line("the note of a review", note, 1, MAX_NOTE)?;
        let source = self.open_source(name).await?;
        if let Some(maker) = self.makers(name).await?.into_iter().find(|maker| !may_check(*maker, who.person())) {
            return Err(StoreError::Refused(format!(
                "person {maker} registered or changed '{name}' or handed in one of its documents; another person must review it (GB-5.1-c3)"
            )));
        }
        let (seen, by) = (self.last_document(name).await?, who.account().to_string());
        let entry = Entry::new(Class::Decision, "source.review", by.clone()).with("source", name.as_str()).with("accepted", accepted);
        let entry = self.record(entry.with("note", note).with("seen", seen).with("version", source.version))?;
        let (word, note, person, now) = (name.text(), note.to_owned(), who.person().0, self.now_ms);
        let sql = "INSERT INTO source_review (tenant, name, review, accepted, note, seen, entry, person, made_by, made_ms)
                   VALUES ($1, $2, (SELECT COALESCE(MAX(review), 0) + 1 FROM source_review WHERE tenant = $1 AND name = $2), $3, $4, $5, $6, $7, $8, $9)";
        let bind = |query: Bound| {
            let query = query.bind(word).bind(i64::from(accepted)).bind(note).bind(seen);
            query.bind(entry.0.to_vec()).bind(person).bind(by).bind(now)
        };
        self.execute(sql, bind).await?;
        let state = if accepted { self.assessed_state(name).await? } else { SourceState::Refused };
        self.source_stands(name, state).await?;
        Ok(entry)
    }

    /// Whose work a review looks at.
    async fn makers(&mut self, name: &SourceName) -> Result<Vec<PersonId>, StoreError> {
        let word = name.text();
        let sql = "SELECT person FROM source_version WHERE tenant = $1 AND name = $2 UNION SELECT person FROM source_document WHERE tenant = $1 AND name = $2";
        let found = self.rows(sql, |query| query.bind(word)).await?;
        found.iter().map(|row| Ok(PersonId(row.try_get(0)?))).collect()
    }

    /// How a source stands by its assessments alone.
    pub(super) async fn assessed_state(&mut self, name: &SourceName) -> Result<SourceState, StoreError> {
        let word = name.text();
        let sql = "SELECT a.outcome FROM source_assessment a JOIN source s ON s.tenant = a.tenant AND s.name = a.name
                   WHERE a.tenant = $1 AND a.name = $2 AND a.assessment > s.cleared AND a.phase = 'before' ORDER BY a.assessment DESC LIMIT 1";
        let last = self.rows(sql, |query| query.bind(word)).await?;
        let outcome: Option<String> = last.first().map(|row| row.try_get(0)).transpose()?;
        Ok(if outcome.as_deref() == Some("accepted") { SourceState::Accepted } else { SourceState::Registered })
    }

    /// The last review of a source, where it refused.
    pub(super) async fn review_refused(&mut self, name: &SourceName) -> Result<bool, StoreError> {
        let word = name.text();
        let sql = "SELECT accepted FROM source_review WHERE tenant = $1 AND name = $2 ORDER BY review DESC LIMIT 1";
        let last = self.rows(sql, |query| query.bind(word)).await?;
        Ok(!last.is_empty() && rows::number(&last)? == 0)
    }
}

//! Rows of the register of consent.

use sqlx::Row;
use sqlx::any::AnyRow;
use taxonomy::ConsentScope;

use super::{Consent, Counts, Standing, TRAINING};
use crate::change::Change;
use crate::guard::{Whom, row};
use crate::{EntryId, StoreError, Tenant, day};

/// What these rows are, in an error.
const WHAT: &str = "the register of consent";

/// Consents of one person: one of each scope.
const OF_PERSON: &str = "SELECT person, scope, basis, given, expires, withdrawn, entry FROM consent
     WHERE tenant = $1 AND person = $2 AND purpose = $3 ORDER BY scope";

impl Change {
    /// A person's consent of a scope.
    pub(super) async fn consent_of(&mut self, label: &str, scope: ConsentScope) -> Result<Option<Consent>, StoreError> {
        let word = label.to_owned();
        let found = self.rows(OF_PERSON, |query| query.bind(word).bind(TRAINING)).await?;
        let all: Vec<Consent> = found.iter().map(consent).collect::<Result<_, _>>()?;
        Ok(all.into_iter().find(|consent| consent.scope == scope))
    }

    /// Whether a person said no.
    pub(super) async fn said_no(&mut self, label: &str) -> Result<bool, StoreError> {
        let word = label.to_owned();
        let sql = "SELECT 1 FROM profile WHERE tenant = $1 AND kind = 'person' AND whom = $2 AND training = 'out'";
        Ok(!self.rows(sql, |query| query.bind(word)).await?.is_empty())
    }

    /// Whether the name of a person can be found again.
    pub(super) async fn is_named(&mut self, label: &str) -> Result<bool, StoreError> {
        let word = label.to_owned();
        Ok(!self.rows("SELECT 1 FROM named_person WHERE tenant = $1 AND person = $2", |query| query.bind(word)).await?.is_empty())
    }

    /// Notes in which entry a person's name stands: the field `person` of its content, which is JSON.
    pub(crate) async fn name_person(&mut self, label: &str, entry: EntryId) -> Result<(), StoreError> {
        let word = label.to_owned();
        let sql = "INSERT INTO named_person (tenant, person, entry) VALUES ($1, $2, $3) ON CONFLICT (tenant, person) DO UPDATE SET entry = excluded.entry";
        self.execute(sql, |query| query.bind(word).bind(entry.0.to_vec())).await?;
        Ok(())
    }

    /// Takes a person out of all rows, when the person is erased.
    pub(crate) async fn forget_consents(&mut self, label: &str) -> Result<(), StoreError> {
        for sql in ["DELETE FROM consent WHERE tenant = $1 AND person = $2", "DELETE FROM named_person WHERE tenant = $1 AND person = $2"] {
            self.execute(sql, |query| query.bind(label.to_owned())).await?;
        }
        Ok(())
    }
}

impl Tenant {
    /// How a person stands, by the name that the operator's service has.
    ///
    /// # Errors
    /// The database says no.
    pub async fn consents_of(&self, person: &str) -> Result<Standing, StoreError> {
        let label = self.person_label(person).await?;
        let found = self.rows(OF_PERSON, |query| query.bind(label.clone()).bind(TRAINING)).await?;
        let consents = found.iter().map(consent).collect::<Result<_, _>>()?;
        let training = self.profile(&Whom::Person(label.clone())).await?.training;
        Ok(Standing { person: label, training, consents })
    }

    /// Consents, the last to change first, at most `most`; who they are of is not said.
    ///
    /// # Errors
    /// The database says no.
    pub async fn consents(&self, most: u32) -> Result<Vec<Consent>, StoreError> {
        let sql = "SELECT person, scope, basis, given, expires, withdrawn, entry FROM consent
                   WHERE tenant = $1 AND purpose = $2 ORDER BY updated_ms DESC, person, scope LIMIT $3";
        self.rows(sql, |query| query.bind(TRAINING).bind(i64::from(most))).await?.iter().map(consent).collect()
    }

    /// How many there are. `today` is `YYYY-MM-DD`.
    ///
    /// # Errors
    /// The database says no.
    pub async fn consent_counts(&self, today: &str) -> Result<Counts, StoreError> {
        let (mut counts, mut all) = (Counts { general: 0, sensitive: 0, over: 0, opted_out: 0 }, 0);
        let sql = "SELECT scope, COUNT(*) FROM consent WHERE tenant = $1 AND purpose = $2 GROUP BY scope";
        for found in self.rows(sql, |query| query.bind(TRAINING)).await? {
            all += found.try_get::<i64, _>(1)?.unsigned_abs();
        }
        let sql = "SELECT scope, COUNT(*) FROM consent
                   WHERE tenant = $1 AND purpose = $2 AND withdrawn = '' AND (expires = '' OR expires >= $3) GROUP BY scope";
        let day = today.to_owned();
        for found in self.rows(sql, |query| query.bind(TRAINING).bind(day)).await? {
            let number = found.try_get::<i64, _>(1)?.unsigned_abs();
            match row::word(&found, 0, WHAT)? {
                ConsentScope::General => counts.general = number,
                ConsentScope::Sensitive => counts.sensitive = number,
            }
        }
        counts.over = all.saturating_sub(counts.general + counts.sensitive);
        let sql = "SELECT COUNT(*) FROM profile WHERE tenant = $1 AND kind = 'person' AND training = 'out'";
        counts.opted_out = self.rows(sql, |query| query).await?.first().map_or(Ok(0), |row| row.try_get::<i64, _>(0))?.unsigned_abs();
        Ok(counts)
    }
}

fn consent(row: &AnyRow) -> Result<Consent, StoreError> {
    Ok(Consent {
        person: row.try_get(0)?,
        scope: row::word(row, 1, WHAT)?,
        basis: row.try_get(2)?,
        given: row.try_get(3)?,
        expires: day::maybe(row.try_get(4)?),
        withdrawn: day::maybe(row.try_get(5)?),
        entry: row::entry(row, 6, WHAT)?,
    })
}

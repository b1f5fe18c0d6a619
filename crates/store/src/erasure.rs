//! Erasing a person: the person's key is destroyed, and what was sealed with it can never be opened again, wherever copies of it lie. The log still verifies.
//!
//! Three steps: the wish is written down with its entry; the key is destroyed; that it was is written down, the wish goes, and with it the rows that guard
//! the service against the person. A crash between them leaves the wish, and the next start does the rest.

use keys::KeyRef;
use ledger::leaf::Class;
use serde_json::Value;
use sqlx::Row;

use crate::change::{Change, Entry};
use crate::log;
use crate::vault::{Purpose, Vault};
use crate::{Recorded, StoreError, Tenant};

/// What was done for a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Erased {
    /// The keys that are gone; none where nothing was ever sealed for the person.
    pub keys: Vec<KeyRef>,
    /// The entry that says so.
    pub recorded: Vec<Recorded>,
}

impl Tenant {
    /// Destroys the keys of a person for good. Whether that may be done now (a duty to keep the log, a second person's consent) is for the caller to know.
    ///
    /// # Errors
    /// The key database or the disk says no; what is not done yet is done at the next start.
    pub async fn erase_person(&self, person: &str, by: &str) -> Result<Erased, StoreError> {
        let vault = &self.inner.vault;
        let label = log::person(vault, &self.id, person, self.now_ms()).await?;
        let (wish, who) = (label.clone(), by.to_owned());
        self.change(async move |change: &mut Change| {
            let (sql, name) = ("INSERT INTO erasure (tenant, label, asked_by) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING", who.clone());
            change.execute(sql, |query| query.bind(wish).bind(name)).await?;
            change.record(Entry::new(Class::Privacy, "person.erase", who))
        })
        .await?;
        self.erase(vault, label, by.to_owned()).await
    }

    /// Does what a crash left undone.
    pub(crate) async fn finish_erasures(&self) -> Result<(), StoreError> {
        let rows = self.rows("SELECT label, asked_by FROM erasure WHERE tenant = $1 ORDER BY label", |query| query).await?;
        for row in &rows {
            self.erase(&self.inner.vault, row.try_get(0)?, row.try_get(1)?).await?;
        }
        Ok(())
    }

    async fn erase(&self, vault: &Vault, label: String, by: String) -> Result<Erased, StoreError> {
        let keys = vault.destroy(&self.id, Purpose::Subject, &label, self.now_ms()).await?;
        let names: Vec<Value> = keys.iter().map(|key| key.to_string().into()).collect();
        let work = async move |change: &mut Change| {
            change.forget_guarded(&label).await?;
            // Another process may have done it meanwhile, and said so.
            if change.execute("DELETE FROM erasure WHERE tenant = $1 AND label = $2", |query| query.bind(label)).await? == 0 {
                return Ok(());
            }
            change.record(Entry::new(Class::Privacy, "person.erased", by).with("keys", names))?;
            Ok(())
        };
        let ((), recorded) = self.change(work).await?;
        Ok(Erased { keys, recorded })
    }
}
